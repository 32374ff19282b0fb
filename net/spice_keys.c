// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes the next key on a thread while the present one is still shown. */
#include "net/spice_keys.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "net/spice_ticket.h"
#include "server/clock.h"
#include "server/log.h"

struct spice_keys {
	struct spice_ticket_key *key;
	int64_t made_ns;
	unsigned int uses;

	bool making;
	pthread_t maker;
	struct spice_ticket_key *next; /* the maker's until it says made; NULL: it failed */
	struct event *made;
};

static void *make(void *data)
{
	struct spice_keys *keys = data;

	if (spice_ticket_key_new(&keys->next) < 0)
		keys->next = NULL;
	event_active(keys->made, 0, 0);
	return NULL;
}

static void handle_made(evutil_socket_t fd, short what, void *data)
{
	struct spice_keys *keys = data;

	(void)fd;
	(void)what;
	pthread_join(keys->maker, NULL);
	keys->making = false;
	if (keys->next) {
		spice_ticket_key_unref(keys->key);
		keys->key = keys->next;
		keys->next = NULL;
	} else {
		log_warn(NULL, "no new key for SPICE clients; the old one stays");
	}
	keys->made_ns = clock_now_ns();
	keys->uses = 0;
}

static void start_maker(struct spice_keys *keys)
{
	sigset_t all, before;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	keys->making = pthread_create(&keys->maker, NULL, make, keys) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int spice_keys_new(struct event_base *base, struct spice_keys **ret)
{
	struct spice_keys *keys = calloc(1, sizeof(*keys));
	int r = -ENOMEM;

	if (!keys)
		return -ENOMEM;
	keys->made = event_new(base, -1, 0, handle_made, keys);
	if (keys->made)
		r = spice_ticket_key_new(&keys->key);
	if (r < 0) {
		spice_keys_free(keys);
		return r;
	}
	keys->made_ns = clock_now_ns();
	*ret = keys;
	return 0;
}

void spice_keys_free(struct spice_keys *keys)
{
	if (!keys)
		return;
	if (keys->making)
		pthread_join(keys->maker, NULL);
	if (keys->made)
		event_free(keys->made);
	spice_ticket_key_unref(keys->next);
	spice_ticket_key_unref(keys->key);
	free(keys);
}

struct spice_ticket_key *spice_keys_get(struct spice_keys *keys)
{
	keys->uses++;
	if (!keys->making && (keys->uses > SPICE_KEYS_USES || clock_now_ns() - keys->made_ns > SPICE_KEYS_AGE_NS))
		start_maker(keys);
	return spice_ticket_key_ref(keys->key);
}
