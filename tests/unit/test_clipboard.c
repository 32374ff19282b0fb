// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is told of whose text, who gets it, and what becomes of those who wait for it. */
#include "server/clipboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "server/log.h"
#include "tests/unit/pump.h"

#define VIEWERS 3

struct rig_peer {
	struct clipboard_peer peer;
	bool may_not;
	bool leaves; /* when it is told anything */
	bool requests; /* as soon as it is offered something */
	const char *answers; /* as soon as it is asked; NULL: later, or never */
	char heard[256];
};

static struct event_base *base;
static struct config_vm config;
static struct clipboard *clipboard;
static struct rig_peer guest, viewers[VIEWERS];

static void hear(struct rig_peer *peer, const char *word, const char *text, size_t bytes)
{
	size_t at = strlen(peer->heard);

	snprintf(peer->heard + at, sizeof(peer->heard) - at, "%s%.*s ", word, (int)bytes, text);
	if (peer->leaves)
		clipboard_leave(&peer->peer);
}

static bool may(void *user)
{
	return !((struct rig_peer *)user)->may_not;
}

static void offered(void *user)
{
	struct rig_peer *peer = user;

	hear(peer, "offered", "", 0);
	if (peer->requests)
		clipboard_request(&peer->peer);
}

static void withdrawn(void *user)
{
	hear(user, "withdrawn", "", 0);
}

static void wanted(void *user)
{
	struct rig_peer *peer = user;

	hear(peer, "wanted", "", 0);
	if (peer->answers)
		clipboard_answer(&peer->peer, peer->answers, strlen(peer->answers));
}

static void text(void *user, const char *what, size_t bytes)
{
	hear(user, what ? "text:" : "none", what ? what : "", bytes);
}

static void changed(void *user)
{
	(void)user;
}

static const struct clipboard_peer_impl impl = {
	.may = may,
	.offered = offered,
	.withdrawn = withdrawn,
	.wanted = wanted,
	.text = text,
	.changed = changed,
};

static void join(struct rig_peer *peer, enum clipboard_side side)
{
	peer->peer.name = side == CLIPBOARD_GUEST ? "guest" : "viewer";
	peer->peer.impl = &impl;
	peer->peer.user = peer;
	clipboard_join(clipboard, &peer->peer, side);
}

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	memset(&guest, 0, sizeof(guest));
	memset(viewers, 0, sizeof(viewers));
	config = (struct config_vm){ .clipboard_max_bytes = 100 };
	base = event_base_new();
	if (!base || clipboard_new(base, &config, &clipboard) < 0)
		return -1;
	join(&guest, CLIPBOARD_GUEST);
	for (int i = 0; i < VIEWERS; i++)
		join(&viewers[i], CLIPBOARD_VIEWER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < VIEWERS; i++)
		clipboard_leave(&viewers[i].peer);
	clipboard_leave(&guest.peer);
	clipboard_free(clipboard);
	event_base_free(base);
	return 0;
}

/* What it has heard since it was last asked. */
#define HEARD(who, words)                                                                          \
	do {                                                                                       \
		assert_string_equal((who).heard, words);                                           \
		(who).heard[0] = '\0';                                                             \
	} while (0)

static void the_guests_text_is_fetched_once_for_all(void **state)
{
	(void)state;
	clipboard_grab(&guest.peer);
	for (int i = 0; i < VIEWERS; i++)
		HEARD(viewers[i], "offered ");
	clipboard_request(&viewers[0].peer);
	clipboard_request(&viewers[1].peer);
	clipboard_request(&viewers[0].peer);
	HEARD(guest, "wanted ");
	clipboard_answer(&guest.peer, "a\r\nb\0", 5);
	HEARD(viewers[0], "text:a\nb ");
	HEARD(viewers[1], "text:a\nb ");
	HEARD(viewers[2], "");
	/* An answer that nobody waits for is none; the next request is a new one. */
	clipboard_answer(&guest.peer, "c", 1);
	HEARD(viewers[0], "");
	guest.answers = "d";
	clipboard_request(&viewers[2].peer);
	HEARD(viewers[2], "text:d ");
	clipboard_release(&guest.peer);
	HEARD(viewers[1], "withdrawn ");
	clipboard_request(&viewers[1].peer);
	HEARD(viewers[1], "none ");
}

static void a_viewers_text_goes_to_the_guest_only(void **state)
{
	(void)state;
	clipboard_grab(&viewers[0].peer);
	HEARD(guest, "offered ");
	HEARD(viewers[1], "");
	clipboard_request(&viewers[1].peer);
	HEARD(viewers[1], "none ");
	clipboard_request(&guest.peer);
	HEARD(viewers[0], "wanted ");
	/* Nobody else can answer for him. */
	clipboard_answer(&viewers[1].peer, "false", 5);
	HEARD(guest, "");
	clipboard_answer(&viewers[0].peer, "true", 4);
	HEARD(guest, "text:true ");
	/* With him it goes. */
	clipboard_request(&guest.peer);
	clipboard_leave(&viewers[0].peer);
	HEARD(guest, "none withdrawn ");
}

static void the_newest_counts(void **state)
{
	(void)state;
	clipboard_grab(&guest.peer);
	clipboard_request(&viewers[0].peer);
	clipboard_grab(&viewers[1].peer);
	/* Who copies something knows that he has it. */
	HEARD(viewers[0], "offered none withdrawn ");
	HEARD(viewers[1], "offered ");
	HEARD(guest, "wanted offered ");
	clipboard_answer(&guest.peer, "late", 4);
	HEARD(viewers[0], "");
	clipboard_grab(&viewers[2].peer);
	HEARD(guest, "offered ");
	/* Whose text is not the newest has nothing to take back. */
	clipboard_release(&viewers[1].peer);
	HEARD(guest, "");
	clipboard_release(&viewers[2].peer);
	HEARD(guest, "withdrawn ");
}

static void what_came_with_the_grab_is_kept(void **state)
{
	(void)state;
	clipboard_grab_text(&viewers[0].peer, "kept\r", 5);
	HEARD(guest, "offered ");
	clipboard_request(&guest.peer);
	clipboard_request(&guest.peer);
	HEARD(guest, "text:kept\n text:kept\n ");
	HEARD(viewers[0], "");
	clipboard_grab(&viewers[0].peer);
	clipboard_request(&guest.peer);
	HEARD(guest, "offered ");
	clipboard_grab_text(&viewers[0].peer, "new", 3);
	HEARD(guest, "text:new offered ");
}

static void who_may_only_watch_takes_no_part(void **state)
{
	(void)state;
	viewers[0].may_not = true;
	clipboard_grab(&guest.peer);
	HEARD(viewers[0], "");
	HEARD(viewers[1], "offered ");
	clipboard_request(&viewers[0].peer);
	HEARD(viewers[0], "none ");
	clipboard_grab(&viewers[0].peer);
	clipboard_grab_text(&viewers[0].peer, "x", 1);
	HEARD(guest, "");
	/* It did not cost the guest its own. */
	clipboard_request(&viewers[1].peer);
	HEARD(guest, "wanted ");
	/* A right that is lost while he waits. */
	viewers[1].may_not = true;
	clipboard_answer(&guest.peer, "secret", 6);
	HEARD(viewers[1], "none ");
	clipboard_reconfigure(clipboard, &config);
	HEARD(viewers[1], "withdrawn ");
	/* Or while the guest has been offered his. */
	clipboard_grab(&viewers[2].peer);
	HEARD(guest, "offered ");
	viewers[2].may_not = true;
	clipboard_request(&guest.peer);
	HEARD(guest, "none ");
	clipboard_reconfigure(clipboard, &config);
	HEARD(guest, "withdrawn ");
}

static void each_way_can_be_closed(void **state)
{
	static const struct {
		int which;
		bool to_guest, from_guest;
	} rows[] = {
		{ CONFIG_CLIPBOARD_BOTH, true, true },
		{ CONFIG_CLIPBOARD_TO_GUEST, true, false },
		{ CONFIG_CLIPBOARD_FROM_GUEST, false, true },
		{ CONFIG_CLIPBOARD_OFF, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config.clipboard = rows[i].which;
		assert_int_equal(clipboard_allows(clipboard, CLIPBOARD_GUEST), rows[i].from_guest);
		assert_int_equal(clipboard_allows(clipboard, CLIPBOARD_VIEWER), rows[i].to_guest);
		clipboard_grab(&guest.peer);
		HEARD(viewers[0], rows[i].from_guest ? "offered " : "");
		clipboard_release(&guest.peer);
		clipboard_grab(&viewers[0].peer);
		HEARD(guest, rows[i].to_guest ? "offered " : "");
		clipboard_release(&viewers[0].peer);
		for (int n = 0; n < VIEWERS; n++)
			viewers[n].heard[0] = '\0';
		guest.heard[0] = '\0';
	}
	/* While it is under way. */
	config.clipboard = CONFIG_CLIPBOARD_BOTH;
	clipboard_grab(&guest.peer);
	clipboard_request(&viewers[0].peer);
	config.clipboard = CONFIG_CLIPBOARD_TO_GUEST;
	clipboard_reconfigure(clipboard, &config);
	HEARD(viewers[0], "offered withdrawn ");
	clipboard_answer(&guest.peer, "x", 1);
	HEARD(viewers[0], "none ");
	HEARD(viewers[1], "offered withdrawn ");
}

static void bad_text_is_none(void **state)
{
	char longest[101];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	clipboard_grab(&guest.peer);
	clipboard_request(&viewers[0].peer);
	clipboard_answer(&guest.peer, longest, sizeof(longest));
	HEARD(viewers[0], "offered none ");
	clipboard_request(&viewers[0].peer);
	clipboard_answer(&guest.peer, NULL, SIZE_MAX);
	HEARD(viewers[0], "none ");
	clipboard_request(&viewers[0].peer);
	clipboard_answer(&guest.peer, "\xff", 1);
	HEARD(viewers[0], "none ");
	clipboard_request(&viewers[0].peer);
	clipboard_answer(&guest.peer, "a\0b", 3);
	HEARD(viewers[0], "none ");
	clipboard_request(&viewers[0].peer);
	clipboard_answer(&guest.peer, "", 0);
	HEARD(viewers[0], "text: ");
	/* Nor does it count as a grab. */
	clipboard_grab_text(&viewers[1].peer, longest, sizeof(longest));
	clipboard_grab_text(&viewers[1].peer, "\xc0\xaf", 2);
	HEARD(viewers[0], "");
	clipboard_grab_text(&viewers[1].peer, longest, sizeof(longest) - 1);
	HEARD(viewers[0], "withdrawn ");
}

static void who_comes_keeps_his_own(void **state)
{
	struct rig_peer late = { .heard = "" }, other = { .heard = "" };

	(void)state;
	clipboard_grab(&guest.peer);
	join(&late, CLIPBOARD_VIEWER);
	HEARD(late, "");
	clipboard_grab(&guest.peer);
	HEARD(late, "offered ");
	/* But a guest's agent that comes has nothing to lose. */
	clipboard_grab(&late.peer);
	join(&other, CLIPBOARD_GUEST);
	HEARD(other, "offered ");
	clipboard_leave(&late.peer);
	HEARD(other, "withdrawn ");
	clipboard_leave(&other.peer);
	clipboard_leave(&other.peer);
}

/* In the midst of being told, each of them. */
static void peers_leave_whenever_they_like(void **state)
{
	(void)state;
	viewers[0].leaves = viewers[2].leaves = true;
	clipboard_grab(&guest.peer);
	HEARD(viewers[0], "offered ");
	HEARD(viewers[1], "offered ");
	HEARD(viewers[2], "offered ");
	join(&viewers[0], CLIPBOARD_VIEWER);
	viewers[0].leaves = false;
	clipboard_grab(&guest.peer);
	viewers[0].leaves = true;
	clipboard_request(&viewers[0].peer);
	clipboard_request(&viewers[1].peer);
	clipboard_answer(&guest.peer, "x", 1);
	HEARD(viewers[0], "offered text:x ");
	HEARD(viewers[1], "offered text:x ");
	/* The guest goes as soon as it is asked, or is offered something. */
	guest.leaves = true;
	clipboard_request(&viewers[1].peer);
	HEARD(guest, "wanted wanted ");
	HEARD(viewers[1], "none withdrawn ");
	join(&guest, CLIPBOARD_GUEST);
	clipboard_grab(&viewers[1].peer);
	HEARD(guest, "offered ");
	clipboard_release(&viewers[1].peer);
	HEARD(guest, "");
}

static void who_asks_at_once_is_answered(void **state)
{
	(void)state;
	viewers[0].requests = viewers[1].requests = true;
	guest.answers = "now";
	clipboard_grab(&guest.peer);
	HEARD(viewers[0], "offered text:now ");
	HEARD(viewers[1], "offered text:now ");
	HEARD(viewers[2], "offered ");
}

static void nobody_takes_part_without_a_clipboard(void **state)
{
	struct rig_peer peer = { .heard = "" };

	(void)state;
	peer.peer.impl = &impl;
	peer.peer.user = &peer;
	clipboard_join(NULL, &peer.peer, CLIPBOARD_VIEWER);
	clipboard_grab(&peer.peer);
	clipboard_grab_text(&peer.peer, "x", 1);
	clipboard_request(&peer.peer);
	clipboard_answer(&peer.peer, "x", 1);
	clipboard_release(&peer.peer);
	clipboard_leave(&peer.peer);
	clipboard_reconfigure(NULL, &config);
	clipboard_free(NULL);
	HEARD(peer, "");
}

static void nobody_waits_for_ever(void **state)
{
	(void)state;
	clipboard_grab(&guest.peer);
	clipboard_request(&viewers[0].peer);
	PUMP_UNTIL(base, strstr(viewers[0].heard, "none"));
	clipboard_answer(&guest.peer, "late", 4);
	HEARD(viewers[0], "offered none ");
	clipboard_request(&viewers[0].peer);
	HEARD(guest, "wanted wanted ");
	clipboard_answer(&guest.peer, "in time", 7);
	HEARD(viewers[0], "text:in time ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(the_guests_text_is_fetched_once_for_all),
		TEST(a_viewers_text_goes_to_the_guest_only),
		TEST(the_newest_counts),
		TEST(what_came_with_the_grab_is_kept),
		TEST(who_may_only_watch_takes_no_part),
		TEST(each_way_can_be_closed),
		TEST(bad_text_is_none),
		TEST(who_comes_keeps_his_own),
		TEST(peers_leave_whenever_they_like),
		TEST(who_asks_at_once_is_answered),
		TEST(nobody_takes_part_without_a_clipboard),
		TEST(nobody_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
