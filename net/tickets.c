// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of tickets in memory that is kept to ourselves. */
#include "net/tickets.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

#include "net/secret.h"

#define CHARS_MIN 8

struct ticket {
	int64_t expires_ns; /* 0: a free place */
	uint64_t serial; /* the lower the older */
	char secret[TICKETS_CHARS_MAX + 1]; /* zeroes behind its end */
	struct tickets_bearer bearer;
};

struct tickets {
	unsigned int chars;
	uint64_t serial; /* of the last one */
	struct ticket places[TICKETS_MAX];
};

int tickets_new(unsigned int chars, struct tickets **ret)
{
	struct tickets *tickets;

	if (chars < CHARS_MIN || chars > TICKETS_CHARS_MAX)
		return -EINVAL;
	tickets = secret_new(sizeof(*tickets));
	if (!tickets)
		return -ENOMEM;
	tickets->chars = chars;
	*ret = tickets;
	return 0;
}

void tickets_free(struct tickets *tickets)
{
	secret_free(tickets, sizeof(*tickets));
}

static bool counts(const struct ticket *ticket, int64_t now_ns)
{
	return ticket->expires_ns && now_ns < ticket->expires_ns;
}

/* What has expired is of no use to anybody, but for who reads our memory. */
static void wipe_expired(struct tickets *tickets, int64_t now_ns)
{
	for (size_t i = 0; i < TICKETS_MAX; i++) {
		if (!counts(&tickets->places[i], now_ns))
			secret_wipe(&tickets->places[i], sizeof(tickets->places[i]));
	}
}

static int make_secret(unsigned int chars, char *ret)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint8_t random[TICKETS_CHARS_MAX];

	/* So that none is likelier than others. */
	_Static_assert(sizeof(letters) - 1 == 64, "a letter is six bits");
	if (getrandom(random, chars, GRND_NONBLOCK) != (ssize_t)chars)
		return -EIO;
	memset(ret, 0, TICKETS_CHARS_MAX + 1);
	for (unsigned int i = 0; i < chars; i++)
		ret[i] = letters[random[i] % 64];
	secret_wipe(random, sizeof(random));
	return 0;
}

int tickets_issue(struct tickets *tickets, int64_t now_ns, int64_t lifetime_ns, enum role role,
		const char *name, char *ret_secret)
{
	struct ticket *place = &tickets->places[0];
	char secret[TICKETS_CHARS_MAX + 1];
	int r;

	if (lifetime_ns <= 0 || lifetime_ns > TICKETS_LIFETIME_MAX_NS || (name && *name && role_name_fault(name)))
		return -EINVAL;
	r = make_secret(tickets->chars, secret);
	if (r < 0)
		return r;
	wipe_expired(tickets, now_ns);
	/* A free place has serial 0. */
	for (size_t i = 0; i < TICKETS_MAX; i++) {
		if (tickets->places[i].serial < place->serial)
			place = &tickets->places[i];
	}
	secret_wipe(place, sizeof(*place));
	place->expires_ns = now_ns + lifetime_ns;
	place->serial = ++tickets->serial;
	place->bearer.role = role;
	if (name)
		memcpy(place->bearer.name, name, strlen(name));
	memcpy(place->secret, secret, sizeof(secret));
	memcpy(ret_secret, secret, sizeof(secret));
	secret_wipe(secret, sizeof(secret));
	return 0;
}

int tickets_take_matching(struct tickets *tickets, int64_t now_ns,
		bool (*matches)(void *user, const char *secret), void *user, struct tickets_bearer *ret)
{
	struct ticket *taken = NULL;

	wipe_expired(tickets, now_ns);
	for (size_t i = 0; i < TICKETS_MAX; i++) {
		struct ticket *ticket = &tickets->places[i];

		if (counts(ticket, now_ns) && matches(user, ticket->secret))
			taken = ticket;
	}
	if (!taken)
		return -EACCES;
	*ret = taken->bearer;
	secret_wipe(taken, sizeof(*taken));
	return 0;
}

static bool is_text(void *user, const char *secret)
{
	return !CRYPTO_memcmp(user, secret, TICKETS_CHARS_MAX + 1);
}

int tickets_take(struct tickets *tickets, int64_t now_ns, const char *secret, struct tickets_bearer *ret)
{
	char text[TICKETS_CHARS_MAX + 1] = { 0 };
	size_t length = strlen(secret);
	int r;

	if (length != tickets->chars)
		return -EACCES;
	memcpy(text, secret, length);
	r = tickets_take_matching(tickets, now_ns, is_text, text, ret);
	secret_wipe(text, sizeof(text));
	return r;
}
