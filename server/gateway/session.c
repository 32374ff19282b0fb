// SPDX-License-Identifier: GPL-2.0-or-later
/* A hash table of sessions by the digest of their cookies, and a list of them by user. */
#include "server/gateway/session.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/secret.h"

#define DIGEST_BYTES 32
#define SECRET_BYTES 32

/* There as long as it has sessions. */
struct session_owner {
	LIST_ENTRY(session_owner) link;
	TAILQ_HEAD(, session) sessions; /* oldest first */
	size_t count;
	char name[];
};

struct session {
	struct sessions *sessions;
	struct session_owner *owner;
	TAILQ_ENTRY(session) of_owner;
	LIST_ENTRY(session) in_bucket;
	uint64_t serial; /* the lower the older */
	int64_t expires_ns;
	uint8_t digest[DIGEST_BYTES];
	LIST_HEAD(, session_guest) guests;
	unsigned int n_guests;
};

LIST_HEAD(bucket, session);

struct sessions {
	size_t most, count;
	uint64_t serial; /* of the newest */
	LIST_HEAD(, session_owner) owners;
	size_t n_buckets; /* a power of two */
	struct bucket buckets[];
};

int sessions_new(size_t most, struct sessions **ret)
{
	struct sessions *sessions;
	size_t n_buckets = 1;

	while (n_buckets < most)
		n_buckets *= 2;
	sessions = calloc(1, sizeof(*sessions) + n_buckets * sizeof(sessions->buckets[0]));
	if (!sessions)
		return -ENOMEM;
	sessions->most = most;
	sessions->n_buckets = n_buckets;
	*ret = sessions;
	return 0;
}

size_t sessions_count(const struct sessions *sessions)
{
	return sessions->count;
}

const char *session_user(const struct session *session)
{
	return session->owner->name;
}

void session_end(struct session *session, const char *why)
{
	struct session_owner *owner = session->owner;
	struct session_guest *guest;

	while ((guest = LIST_FIRST(&session->guests))) {
		session_leave(guest);
		guest->ended(guest, why);
	}
	LIST_REMOVE(session, in_bucket);
	TAILQ_REMOVE(&owner->sessions, session, of_owner);
	session->sessions->count--;
	if (!--owner->count) {
		LIST_REMOVE(owner, link);
		free(owner);
	}
	free(session);
}

void sessions_end_all(struct sessions *sessions, const char *why)
{
	struct session_owner *owner;

	while ((owner = LIST_FIRST(&sessions->owners)))
		session_end(TAILQ_FIRST(&owner->sessions), why);
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	sessions_end_all(sessions, "the server stops");
	free(sessions);
}

static int digest_of(const char *cookie, uint8_t ret[DIGEST_BYTES])
{
	unsigned int bytes;

	return EVP_Digest(cookie, SESSION_COOKIE_CHARS, ret, &bytes, EVP_sha256(), NULL) == 1 && bytes == DIGEST_BYTES
			? 0 : -ENOMEM;
}

/* Whoever knows neither cookies nor digests has no say in where they go. */
static struct bucket *bucket_of(const struct sessions *sessions, const uint8_t digest[DIGEST_BYTES])
{
	size_t number;

	memcpy(&number, digest, sizeof(number));
	return (struct bucket *)&sessions->buckets[number & (sessions->n_buckets - 1)];
}

static int make_cookie(char ret[SESSION_COOKIE_CHARS + 1])
{
	/* Padding is one '='; what URLs and cookies do not take is replaced. */
	unsigned char text[SESSION_COOKIE_CHARS + 2];
	uint8_t secret[SECRET_BYTES];

	if (getrandom(secret, sizeof(secret), GRND_NONBLOCK) != sizeof(secret))
		return -EIO;
	EVP_EncodeBlock(text, secret, sizeof(secret));
	for (size_t i = 0; i < SESSION_COOKIE_CHARS; i++)
		ret[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : (char)text[i];
	ret[SESSION_COOKIE_CHARS] = '\0';
	secret_wipe(secret, sizeof(secret));
	secret_wipe(text, sizeof(text));
	return 0;
}

static struct session_owner *find_owner(const struct sessions *sessions, const char *name)
{
	struct session_owner *owner;

	LIST_FOREACH(owner, &sessions->owners, link) {
		if (!strcmp(owner->name, name))
			return owner;
	}
	return NULL;
}

static int get_owner(struct sessions *sessions, const char *name, struct session_owner **ret)
{
	struct session_owner *owner = find_owner(sessions, name);

	if (!owner) {
		owner = calloc(1, sizeof(*owner) + strlen(name) + 1);
		if (!owner)
			return -ENOMEM;
		TAILQ_INIT(&owner->sessions);
		strcpy(owner->name, name);
		LIST_INSERT_HEAD(&sessions->owners, owner, link);
	}
	*ret = owner;
	return 0;
}

/* Of several that have most: whose oldest is the oldest. */
static struct session *find_superfluous(const struct sessions *sessions)
{
	struct session_owner *owner, *busiest = LIST_FIRST(&sessions->owners);

	LIST_FOREACH(owner, &sessions->owners, link) {
		if (owner->count > busiest->count || (owner->count == busiest->count &&
				TAILQ_FIRST(&owner->sessions)->serial < TAILQ_FIRST(&busiest->sessions)->serial))
			busiest = owner;
	}
	return TAILQ_FIRST(&busiest->sessions);
}

int sessions_open(struct sessions *sessions, const char *user, int64_t now_ns, int64_t lifetime_ns,
		char ret_cookie[SESSION_COOKIE_CHARS + 1])
{
	struct session *session = calloc(1, sizeof(*session));
	char cookie[SESSION_COOKIE_CHARS + 1];
	int r;

	if (!session)
		return -ENOMEM;
	r = make_cookie(cookie);
	if (!r)
		r = digest_of(cookie, session->digest);
	if (r < 0)
		goto err_free;
	sessions_expire(sessions, now_ns);
	if (sessions->count == sessions->most)
		session_end(find_superfluous(sessions), "there are too many sessions");
	r = get_owner(sessions, user, &session->owner);
	if (r < 0)
		goto err_free;
	session->sessions = sessions;
	session->serial = ++sessions->serial;
	session->expires_ns = now_ns + lifetime_ns;
	TAILQ_INSERT_TAIL(&session->owner->sessions, session, of_owner);
	session->owner->count++;
	LIST_INSERT_HEAD(bucket_of(sessions, session->digest), session, in_bucket);
	sessions->count++;
	memcpy(ret_cookie, cookie, sizeof(cookie));
	secret_wipe(cookie, sizeof(cookie));
	return 0;

err_free:
	secret_wipe(cookie, sizeof(cookie));
	free(session);
	return r;
}

struct session *sessions_find(const struct sessions *sessions, const char *cookie, size_t bytes, int64_t now_ns)
{
	uint8_t digest[DIGEST_BYTES];
	struct session *session;

	if (bytes != SESSION_COOKIE_CHARS || digest_of(cookie, digest) < 0)
		return NULL;
	LIST_FOREACH(session, bucket_of(sessions, digest), in_bucket) {
		if (!CRYPTO_memcmp(session->digest, digest, sizeof(digest)))
			return now_ns < session->expires_ns ? session : NULL;
	}
	return NULL;
}

int64_t sessions_expire(struct sessions *sessions, int64_t now_ns)
{
	struct session_owner *owner, *next_owner;
	struct session *session, *next;
	int64_t earliest_ns = INT64_MAX;

	for (owner = LIST_FIRST(&sessions->owners); owner; owner = next_owner) {
		next_owner = LIST_NEXT(owner, link);
		/* The last one takes its owner with it. */
		for (session = TAILQ_FIRST(&owner->sessions); session; session = next) {
			next = TAILQ_NEXT(session, of_owner);
			if (now_ns >= session->expires_ns)
				session_end(session, "the login has expired");
			else if (session->expires_ns < earliest_ns)
				earliest_ns = session->expires_ns;
		}
	}
	return earliest_ns;
}

int session_join(struct session *session, struct session_guest *guest)
{
	if (session->n_guests == SESSION_GUESTS_MAX)
		return -EBUSY;
	guest->session = session;
	LIST_INSERT_HEAD(&session->guests, guest, link);
	session->n_guests++;
	return 0;
}

void session_leave(struct session_guest *guest)
{
	if (!guest->session)
		return;
	LIST_REMOVE(guest, link);
	guest->session->n_guests--;
	guest->session = NULL;
}
