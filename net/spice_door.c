// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is it, and may he come in? */
#include "net/spice_door.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/crypto.h>
#include <spice/enums.h>
#include <string.h>

#include "config/config.h"
#include "net/spice.h"
#include "net/spice_front.h"
#include "net/spice_keys.h"
#include "net/spice_relay.h"
#include "net/spice_session.h"
#include "net/spice_ticket.h"
#include "net/stream.h"
#include "server/clock.h"
#include "server/log.h"

static void refuse(struct spice_front *front, uint32_t error, enum log_level level, const char *why)
{
	spice_link_refuse(&front->handshake, error, front->spice->scratch);
	spice_front_write(front, front->spice->scratch);
	spice_front_close(front, level, "%s", why);
}

/* The session that a further channel is for, if it can have it. */
static struct spice_session *find_session(struct spice_front *front)
{
	const struct spice_link_message *message = &front->handshake.message;
	struct spice_session *session = spice_find_session(front->spice, message->connection_id);

	if (!session || session->state != SPICE_SESSION_RUNNING || !session->library_id ||
			session->source.id != front->guest.source.id || session->linked[message->channel])
		return NULL;
	return session;
}

/*
 * Why this stranger is not even asked for a password, or NULL. A viewer's further
 * channels are none: they know its session's id, which cannot be guessed. But it
 * can be overheard: once it has come with a wrong password it counts for nothing.
 */
static const char *why_not(struct spice_front *front)
{
	const bool is_main = front->handshake.message.channel == SPICE_LINK_MAIN;
	const struct spice_session *session = is_main ? NULL : find_session(front);
	struct spice *spice = front->spice;

	if (session && !session->doubted)
		return NULL;
	if (gate_blocks(spice->gate, &front->guest, clock_now_ns()))
		return "too many failed attempts, for now";
	return is_main ? spice_full(spice) : NULL;
}

static void show_key(struct spice_front *front)
{
	struct spice *spice = front->spice;
	const char *full = why_not(front);

	if (front->handshake.message.channel != SPICE_LINK_MAIN && !find_session(front)) {
		refuse(front, SPICE_LINK_ERR_BAD_CONNECTION_ID, LOG_LEVEL_NOTICE,
				"no viewer of that id waits for this channel");
		return;
	}
	if (full) {
		refuse(front, SPICE_LINK_ERR_ERROR, LOG_LEVEL_NOTICE, full);
		return;
	}
	front->key = spice_keys_get(spice->keys);
	if (spice_link_reply(&front->handshake, spice_ticket_key_public(front->key), spice->scratch) < 0)
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
	spice_front_write(front, spice->scratch);
}

/* As spice_ticket_check(). */
static int check_password(struct spice *spice, const struct spice_ticket_password *password,
		struct tickets_bearer *ret_bearer, const char **ret_error)
{
	const struct config_vm *config = spice->config;
	int r = -EACCES;

	*ret_bearer = (struct tickets_bearer){ .role = ROLE_CONTROL };
	if (config->spice_auth == CONFIG_AUTH_NONE)
		return 0;
	if (config->spice_auth == CONFIG_AUTH_TICKET)
		r = spice_ticket_check(config->spice_password_file, config->spice_password_lifetime_ns, password,
				ret_error);
	if (r < 0 && !tickets_take(spice->tickets, clock_now_ns(), password->text, ret_bearer))
		r = 0;
	return r;
}

/* 0, -EACCES for whatever the client could have better, or as spice_ticket_check(). */
static int check_ticket(struct spice_front *front, struct spice_session *session,
		uint8_t ret_digest[SPICE_TICKET_DIGEST_BYTES], struct tickets_bearer *ret_bearer,
		const char **ret_error)
{
	struct spice_ticket_password password;
	int r;

	*ret_error = "wrong password";
	r = spice_ticket_decrypt(front->key, front->handshake.ticket, &password);
	if (r < 0)
		return r == -EBADMSG ? -EACCES : r;
	r = spice_ticket_digest(&password, ret_digest);
	/* A viewer that is in may link its channels though the password has expired since. */
	if (!r && session)
		r = CRYPTO_memcmp(session->digest, ret_digest, SPICE_TICKET_DIGEST_BYTES) ? -EACCES : 0;
	else if (!r)
		r = check_password(front->spice, &password, ret_bearer, ret_error);
	spice_ticket_wipe(&password);
	if (!r)
		r = spice_ticket_take(front->key, front->handshake.ticket);
	/* Sent again by somebody who does not know what is in it. */
	return r == -EALREADY ? -EACCES : r;
}

static void refuse_later(struct spice_front *front, int error, const char *why)
{
	struct spice *spice = front->spice;

	if (error == -EACCES)
		gate_blame(spice->gate, &front->guest, PENALTY_AUTH, clock_now_ns());
	else if (error == -EKEYEXPIRED)
		log_notice(front->peer, "the password is right but has expired");
	else
		log_error(NULL, "password file %s %s (%s): nobody can log in",
				spice->config->spice_password_file, why, strerror(-error));
	if ((error == -EACCES || error == -EKEYEXPIRED) && spice->events->auth_failed)
		spice->events->auth_failed(spice->user, &spice->protocol, front->peer);
	spice_front_set_state(front, SPICE_FRONT_REFUSED);
	spice_front_set_timer(front, spice->config->refusal_delay_ns);
}

static void admit(struct spice_front *front, struct spice_session *session)
{
	event_del(front->timer);
	front->session = session;
	session->fronts[front->handshake.message.channel] = front;
	session->linked[front->handshake.message.channel] = true;
	spice_session_expect(session);
	spice_front_set_state(front, SPICE_FRONT_WAITING);
	spice_filter_init(&front->filter, front->handshake.message.channel, session->id);
	stream_set_input_limit(front->stream, SPICE_FILTER_MESSAGE_MAX);
	if (spice_link_admit(&front->handshake, front->spice->scratch) < 0)
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
	spice_front_write(front, front->spice->scratch);
	spice_front_check_waiting(front);
	if (front->state == SPICE_FRONT_WAITING && session->state == SPICE_SESSION_RUNNING)
		spice_relay_start(front);
	else
		spice_session_start(session);
}

static void look_at_ticket(struct spice_front *front)
{
	const bool is_main = front->handshake.message.channel == SPICE_LINK_MAIN;
	struct spice_session *session = is_main ? NULL : find_session(front);
	const char *full = why_not(front), *error;
	uint8_t digest[SPICE_TICKET_DIGEST_BYTES];
	struct tickets_bearer bearer;
	int r;

	if (!is_main && !session) {
		refuse(front, SPICE_LINK_ERR_BAD_CONNECTION_ID, LOG_LEVEL_INFO,
				"its viewer has left, or has the channel already");
		return;
	}
	/* Nothing is learnt about the password by who is not let in anyway. */
	if (full) {
		refuse(front, SPICE_LINK_ERR_ERROR, LOG_LEVEL_NOTICE, full);
		return;
	}
	r = check_ticket(front, session, digest, &bearer, &error);
	if (session && r == -EACCES)
		session->doubted = true;
	if (r < 0) {
		refuse_later(front, r, error);
		return;
	}
	if (is_main && !bucket_take(&front->spice->bucket, front->guest.source,
			front->spice->config->spice_viewer_rate, clock_now_ns())) {
		refuse(front, SPICE_LINK_ERR_ERROR, LOG_LEVEL_NOTICE, "too many viewers from there at once");
		return;
	}
	if (is_main) {
		if (front->spice->config->spice_auth != CONFIG_AUTH_NONE)
			gate_forgive(front->spice->gate, &front->guest);
		r = spice_session_new(front->spice, front, digest, &bearer, &session);
		if (r < 0) {
			refuse(front, SPICE_LINK_ERR_ERROR, LOG_LEVEL_WARN, strerror(-r));
			return;
		}
	}
	admit(front, session);
}

void spice_door_read(struct spice_front *front)
{
	struct spice *spice = front->spice;
	enum spice_link_result result;

	do {
		result = spice_link_input(&front->handshake, stream_input(front->stream), spice->scratch);
		spice_front_write(front, spice->scratch);
		if (front->state != SPICE_FRONT_LINKING)
			return;
		if (front->handshake.message.connection_id)
			front->guest.rank = GATE_KNOWN;
		if (result == SPICE_LINK_BAD) {
			gate_blame(spice->gate, &front->guest, PENALTY_ABORT, clock_now_ns());
			spice_front_close(front, LOG_LEVEL_NOTICE, "%s", front->handshake.error);
		} else if (result == SPICE_LINK_ASKED) {
			show_key(front);
		} else if (result == SPICE_LINK_TICKET) {
			look_at_ticket(front);
		}
	} while (result == SPICE_LINK_ASKED && front->state == SPICE_FRONT_LINKING);
}

void spice_door_tell(struct spice_front *front)
{
	refuse(front, SPICE_LINK_ERR_PERMISSION_DENIED, LOG_LEVEL_NOTICE, "wrong or expired password");
}
