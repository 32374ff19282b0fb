// SPDX-License-Identifier: GPL-2.0-or-later
/* VNC viewers and the clipboard: plain and extended cut texts, both ways, and what hostile ones come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/bytes.h"
#include "net/cut_text.h"
#include "net/rfb_framer.h"
#include "server/clipboard.h"
#include "server/clock.h"
#include "tests/unit/vnc_rig.h"

static const int32_t plain[] = { RECTS_RAW };
static const int32_t extended[] = { RECTS_RAW, RFB_PSEUDO_EXTENDED_CLIPBOARD };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define JOIN(encodings) viewer_join_watching(encodings, COUNT(encodings))
#define MAX 1000
#define EURO "\xe2\x82\xac"

/* The guest. */
static struct clipboard *clipboard;
static struct clipboard_peer guest;
static struct {
	unsigned int offers, withdrawals, wanted, texts, nones;
	char text[MAX + 1];
} heard;
static bool answers; /* at once, with GUEST_TEXT */
#define GUEST_TEXT "5 " EURO "\n\xc3\xa4"

static void offered(void *user)
{
	(void)user;
	heard.offers++;
}

static void withdrawn(void *user)
{
	(void)user;
	heard.withdrawals++;
}

static void wanted(void *user)
{
	(void)user;
	heard.wanted++;
	if (answers)
		clipboard_answer(&guest, GUEST_TEXT, sizeof(GUEST_TEXT) - 1);
}

static void text(void *user, const char *what, size_t bytes)
{
	(void)user;
	heard.texts += what != NULL;
	heard.nones += what == NULL;
	if (what) {
		assert_in_range(bytes, 0, MAX);
		memcpy(heard.text, what, bytes);
		heard.text[bytes] = '\0';
	}
}

static const struct clipboard_peer_impl impl = {
	.offered = offered,
	.withdrawn = withdrawn,
	.wanted = wanted,
	.text = text,
};

static int setup(void **state)
{
	if (rig_setup(state) < 0)
		return -1;
	rig.config.clipboard_max_bytes = MAX;
	memset(&heard, 0, sizeof(heard));
	guest = (struct clipboard_peer){ .impl = &impl };
	answers = true;
	return clipboard_new(rig.base, &rig.config, &clipboard);
}

static int teardown(void **state)
{
	if (rig.vnc)
		rig.vnc->impl->free(rig.vnc);
	rig.vnc = NULL;
	clipboard_leave(&guest);
	clipboard_free(clipboard);
	return rig_teardown(state);
}

static void start(void)
{
	rig_start();
	rig.vnc->impl->clipboard(rig.vnc, clipboard);
	clipboard_join(clipboard, &guest, CLIPBOARD_GUEST);
}

static uint32_t flags_of(const struct viewer *viewer)
{
	struct bytes_reader reader = bytes_reader(viewer->cut.data, 4);

	return viewer->cut.extended ? bytes_get_u32(&reader) : 0;
}

static void say_cut_text(struct viewer *viewer, int32_t length, const void *data, size_t bytes)
{
	uint8_t head[8];
	struct bytes_writer writer = bytes_writer(head, sizeof(head));

	bytes_put_u32(&writer, (uint32_t)RFB_CLIENT_CUT_TEXT << 24);
	bytes_put_s32(&writer, length);
	viewer_say(viewer, head, sizeof(head));
	viewer_say(viewer, data, bytes);
}

static void say_plain(struct viewer *viewer, const char *what)
{
	say_cut_text(viewer, (int32_t)strlen(what), what, strlen(what));
}

static void say_flags(struct viewer *viewer, uint32_t flags)
{
	uint8_t data[4];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u32(&writer, flags);
	say_cut_text(viewer, -4, data, sizeof(data));
}

static void say_provide(struct viewer *viewer, const char *what, size_t bytes)
{
	uint8_t *data = cut_text_pack(what, bytes, &bytes);

	assert_non_null(data);
	say_cut_text(viewer, -(int32_t)bytes, data, bytes);
	free(data);
}

#define CAPS (RFB_CLIPBOARD_CAPS | RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_PEEK | RFB_CLIPBOARD_NOTIFY | \
		RFB_CLIPBOARD_PROVIDE | RFB_CLIPBOARD_TEXT)

static struct viewer *join_extended(void)
{
	struct viewer *viewer = JOIN(extended);

	RIG_UNTIL(viewer->cut.n == 1);
	assert_int_equal(flags_of(viewer), CAPS);
	assert_int_equal(viewer->cut.bytes, 8);
	say_cut_text(viewer, -8, "\x1f\0\0\1\0\0\0\0", 8);
	return viewer;
}

static void plain_text_goes_both_ways(void **state)
{
	struct viewer *viewer;

	(void)state;
	start();
	viewer = JOIN(plain);
	/* It cannot ask, and so it is sent. */
	clipboard_grab(&guest);
	RIG_UNTIL(viewer->cut.n == 1);
	assert_false(viewer->cut.extended);
	assert_int_equal(viewer->cut.bytes, 5);
	assert_memory_equal(viewer->cut.data, "5 ?\n\xe4", 5);
	say_plain(viewer, "gr\xfc\xdf" "e");
	RIG_UNTIL(heard.offers == 1);
	clipboard_request(&guest);
	assert_string_equal(heard.text, "gr\xc3\xbc\xc3\x9f" "e");
	/* Nothing is nothing. */
	say_plain(viewer, "");
	RIG_UNTIL(heard.withdrawals == 1);
	clipboard_request(&guest);
	assert_int_equal(heard.nones, 1);
}

static void extended_text_is_fetched_when_it_is_pasted(void **state)
{
	char *back;
	size_t bytes;
	struct viewer *viewer;

	(void)state;
	start();
	viewer = join_extended();
	clipboard_grab(&guest);
	RIG_UNTIL(viewer->cut.n == 2);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_NOTIFY | RFB_CLIPBOARD_TEXT);
	assert_int_equal(heard.wanted, 0);
	say_flags(viewer, RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_TEXT);
	RIG_UNTIL(viewer->cut.n == 3);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_PROVIDE | RFB_CLIPBOARD_TEXT);
	assert_int_equal(cut_text_unpack(viewer->cut.data + 4, viewer->cut.bytes - 4, MAX, &back, &bytes), 0);
	assert_int_equal(bytes, sizeof(GUEST_TEXT));
	assert_memory_equal(back, "5 " EURO "\r\n\xc3\xa4", bytes);
	free(back);
	clipboard_release(&guest);
	RIG_UNTIL(viewer->cut.n == 4);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_NOTIFY);
	say_flags(viewer, RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_TEXT);
	RIG_UNTIL(viewer->cut.n == 5);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_NOTIFY);
	/* The other way. */
	say_flags(viewer, RFB_CLIPBOARD_NOTIFY | RFB_CLIPBOARD_TEXT);
	RIG_UNTIL(heard.offers == 1);
	clipboard_request(&guest);
	RIG_UNTIL(viewer->cut.n == 6);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_TEXT);
	say_provide(viewer, "1\n2 " EURO, 7);
	RIG_UNTIL(heard.texts == 1);
	assert_string_equal(heard.text, "1\n2 " EURO);
	say_flags(viewer, RFB_CLIPBOARD_NOTIFY);
	RIG_UNTIL(heard.withdrawals == 1);
	/* Unasked it counts as well. */
	say_provide(viewer, "unasked", 7);
	RIG_UNTIL(heard.offers == 2);
	clipboard_request(&guest);
	assert_string_equal(heard.text, "unasked");
	/* It may ask how things are. */
	say_flags(viewer, RFB_CLIPBOARD_PEEK);
	RIG_UNTIL(viewer->cut.n == 7);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_NOTIFY);
}

static void who_may_only_watch_takes_no_part(void **state)
{
	struct config_vm watching;
	struct viewer *viewer, *old;

	(void)state;
	watching = rig.config;
	watching.view_only = true;
	start();
	viewer = join_extended();
	old = JOIN(plain);
	clipboard_grab(&guest);
	RIG_UNTIL(viewer->cut.n == 2 && old->cut.n == 1);
	rig.vnc->impl->reconfigure(rig.vnc, &watching);
	clipboard_reconfigure(clipboard, &watching);
	/* Not even that there is something. */
	RIG_UNTIL(viewer->cut.n == 3);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_NOTIFY);
	say_flags(viewer, RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_TEXT);
	RIG_UNTIL(viewer->cut.n == 4);
	assert_int_equal(flags_of(viewer), RFB_CLIPBOARD_NOTIFY);
	clipboard_grab(&guest);
	say_flags(viewer, RFB_CLIPBOARD_NOTIFY | RFB_CLIPBOARD_TEXT);
	say_provide(viewer, "x", 1);
	say_plain(old, "y");
	viewer_fence(viewer, RFB_FENCE_REQUEST, NULL, 0);
	viewer_fence(old, RFB_FENCE_REQUEST, NULL, 0);
	RIG_UNTIL(viewer->fence_answers == 1 && old->fence_answers == 1);
	assert_int_equal(heard.offers, 0);
	assert_int_equal(old->cut.n, 1);
	assert_int_equal(viewer->cut.n, 4);
	assert_int_equal(heard.wanted, 1);
	rig.vnc->impl->reconfigure(rig.vnc, &rig.config);
	clipboard_reconfigure(clipboard, &rig.config);
}

static void long_text_is_skipped(void **state)
{
	static char large[100000];
	struct viewer *viewer, *old;

	(void)state;
	memset(large, 'x', sizeof(large));
	start();
	viewer = join_extended();
	old = JOIN(plain);
	say_cut_text(old, MAX + 1, large, MAX + 1);
	/* As long as that only in UTF-8. */
	memset(large, 0xfc, MAX);
	say_cut_text(old, MAX / 2 + 1, large, MAX / 2 + 1);
	memset(large, 'x', MAX);
	say_flags(viewer, RFB_CLIPBOARD_NOTIFY | RFB_CLIPBOARD_TEXT);
	RIG_UNTIL(heard.offers == 1);
	/* It inflates to more. */
	clipboard_request(&guest);
	RIG_UNTIL(flags_of(viewer) & RFB_CLIPBOARD_REQUEST);
	say_provide(viewer, large, sizeof(large));
	RIG_UNTIL(heard.nones == 1);
	/* It is more already as it comes, and asked for, or not. */
	clipboard_request(&guest);
	RIG_UNTIL(viewer->cut.n == 3);
	for (int i = 0; i < 2; i++)
		say_cut_text(viewer, -(MAX + RFB_FRAMER_EXTENDED_MAX + 1), large, MAX + RFB_FRAMER_EXTENDED_MAX + 1);
	RIG_UNTIL(heard.nones == 2);
	say_cut_text(old, MAX, large, MAX);
	RIG_UNTIL(heard.offers == 2);
	clipboard_request(&guest);
	assert_int_equal(strlen(heard.text), MAX);
}

static void broken_text_costs_nothing_but_itself(void **state)
{
	struct viewer *viewer;

	(void)state;
	start();
	viewer = join_extended();
	say_flags(viewer, RFB_CLIPBOARD_NOTIFY | RFB_CLIPBOARD_TEXT);
	RIG_UNTIL(heard.offers == 1);
	clipboard_request(&guest);
	RIG_UNTIL(viewer->cut.n == 2);
	say_cut_text(viewer, -10, "\x10\0\0\1abcdef", 10);
	RIG_UNTIL(heard.nones == 1);
	clipboard_request(&guest);
	RIG_UNTIL(viewer->cut.n == 3);
	say_provide(viewer, "\xc3\x28", 2);
	RIG_UNTIL(heard.nones == 2);
	/* Nobody knows what these mean. */
	say_flags(viewer, RFB_CLIPBOARD_PROVIDE | RFB_CLIPBOARD_NOTIFY | RFB_CLIPBOARD_TEXT);
	say_flags(viewer, RFB_CLIPBOARD_TEXT);
	say_flags(viewer, 0);
	say_flags(viewer, RFB_CLIPBOARD_PROVIDE | 2);
	say_flags(viewer, RFB_CLIPBOARD_REQUEST | 2);
	viewer_fence(viewer, RFB_FENCE_REQUEST, NULL, 0);
	RIG_UNTIL(viewer->fence_answers == 1);
	assert_int_equal(viewer->cut.n, 3);
	/* But a message without flags is none, and so is one of two gigabytes of them. */
	VIEWER_SAY(viewer, "\6\0\0\0\xff\xff\xff\xfd");
	RIG_UNTIL(viewer->fd < 0);
	RIG_UNTIL(heard.withdrawals == 1);
}

/* It asks and does not read: one text waits for it, and no more is made. */
static void who_does_not_read_is_not_answered_without_end(void **state)
{
	struct viewer *viewer;
	uint64_t updates;

	(void)state;
	start();
	viewer = join_extended();
	clipboard_grab(&guest);
	RIG_UNTIL(viewer->cut.n == 2);
	/* A picture is more than fits into its socket. */
	viewer->reads = false;
	updates = rig_stats().updates_sent;
	rig_show(NULL);
	viewer_request_all(viewer, false);
	RIG_UNTIL(rig_stats().updates_sent > updates);
	for (int i = 0; i < 20; i++)
		say_flags(viewer, RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_TEXT);
	for (int i = 0; i < 200; i++) {
		clipboard_grab(&guest);
		rig_round();
	}
	assert_int_equal(heard.wanted, 0);
	viewer->reads = true;
	RIG_UNTIL(heard.wanted == 20);
	/* All that was copied meanwhile is one word. */
	RIG_UNTIL(viewer->cut.n == 2 + 20 + 1);
}

static void it_is_offered_where_there_is_one(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(extended);
	say_plain(viewer, "x");
	viewer_fence(viewer, RFB_FENCE_REQUEST, NULL, 0);
	RIG_UNTIL(viewer->fence_answers == 1);
	assert_int_equal(viewer->cut.n, 0);
	say_flags(viewer, RFB_CLIPBOARD_PEEK);
	RIG_UNTIL(viewer->fd < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(plain_text_goes_both_ways),
		TEST(extended_text_is_fetched_when_it_is_pasted),
		TEST(who_may_only_watch_takes_no_part),
		TEST(long_text_is_skipped),
		TEST(broken_text_costs_nothing_but_itself),
		TEST(who_does_not_read_is_not_answered_without_end),
		TEST(it_is_offered_where_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
