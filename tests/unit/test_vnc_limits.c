// SPDX-License-Identifier: GPL-2.0-or-later
/* The VNC front end under many, silent, slow, greedy and hostile clients, and its sharing policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"
#include "tests/unit/pump.h"
#include "tests/unit/vnc_rig.h"

static const int32_t plain[] = { RECTS_RAW };
static const int32_t flowing[] = { RECTS_RAW, RFB_PSEUDO_FENCE, RFB_PSEUDO_CONTINUOUS_UPDATES };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define JOIN(encodings) viewer_join(true, encodings, COUNT(encodings))

/* A viewer that is well, and stays so whatever others do. */
static struct viewer *join_witness(void)
{
	struct viewer *viewer = JOIN(flowing);

	viewer->answers_fences = true;
	viewer_continuous(viewer, true);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	return viewer;
}

static void expect_well(struct viewer *witness)
{
	rig_show(NULL);
	RIG_UNTIL(viewer_is_right(witness, rig.frame));
}

static void exclusive_access_as_configured(void **state)
{
	static const struct {
		int sharing;
		bool first_shared, second_shared;
		bool first_stays, second_stays;
	} cases[] = {
		{ CONFIG_SHARING_ALLOW_EXCLUSIVE, true, true, true, true },
		{ CONFIG_SHARING_ALLOW_EXCLUSIVE, true, false, false, true },
		{ CONFIG_SHARING_ALLOW_EXCLUSIVE, false, true, true, false },
		{ CONFIG_SHARING_ALLOW_EXCLUSIVE, false, false, false, true },
		{ CONFIG_SHARING_FORCE_SHARED, true, true, true, true },
		{ CONFIG_SHARING_FORCE_SHARED, true, false, true, false },
		{ CONFIG_SHARING_FORCE_SHARED, false, true, false, true },
		{ CONFIG_SHARING_IGNORE, true, false, true, true },
		{ CONFIG_SHARING_IGNORE, false, true, true, true },
		{ CONFIG_SHARING_IGNORE, false, false, true, true },
	};

	(void)state;
	rig_start();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct viewer *first, *second;
		bool alone = cases[i].sharing == CONFIG_SHARING_ALLOW_EXCLUSIVE;

		rig.alone_calls = 0;
		rig.config.sharing = cases[i].sharing;
		first = viewer_join(cases[i].first_shared, plain, COUNT(plain));
		second = viewer_join(cases[i].second_shared, plain, COUNT(plain));
		RIG_UNTIL((first->fd >= 0) == cases[i].first_stays &&
				(second->fd >= 0) == cases[i].second_stays);
		assert_int_equal(rig_stats().viewers, cases[i].first_stays + cases[i].second_stays);
		/* Other protocols' viewers go as well, and newcomers there learn that they cannot come. */
		assert_int_equal(rig.alone_calls, alone * (!cases[i].first_shared + !cases[i].second_shared));
		if (alone)
			assert_int_equal(rig_stats().exclusive, rig.alone_calls > 0);
		viewer_free_all();
		RIG_UNTIL(rig_stats().viewers == 0);
		rig_settle();
	}
}

static void as_many_viewers_as_configured(void **state)
{
	struct viewer *viewers[3], *waiting, *refused;

	(void)state;
	rig.config.max_viewers = 3;
	rig_start();
	/* One that stands at the door, authenticated, while others come in. */
	waiting = viewer_new();
	VIEWER_SAY(waiting, "RFB 003.008\n\1");
	VIEWER_EXPECT(waiting, "RFB 003.008\n\1\1\0\0\0\0");
	for (size_t i = 0; i < 3; i++)
		viewers[i] = join_witness();
	refused = viewer_new();
	VIEWER_SAY(refused, "RFB 003.008\n");
	VIEWER_EXPECT(refused, "RFB 003.008\n\0\0\0\0\x10Too many viewers");
	RIG_UNTIL(refused->fd < 0);
	VIEWER_SAY(waiting, "\1");
	RIG_UNTIL(waiting->fd < 0);
	assert_int_equal(waiting->in_bytes, 0);
	assert_int_equal(rig_stats().viewers, 3);
	viewer_free(viewers[0]);
	RIG_UNTIL(rig_stats().viewers == 2);
	expect_well(viewers[1]);
	/* One that another protocol has counts, too. */
	rig.other_viewers = 1;
	refused = viewer_new();
	VIEWER_SAY(refused, "RFB 003.008\n");
	VIEWER_EXPECT(refused, "RFB 003.008\n\0\0\0\0\x10Too many viewers");
	RIG_UNTIL(refused->fd < 0);
	rig.other_viewers = 0;
	assert_true(JOIN(plain)->fd >= 0);
	expect_well(viewers[2]);
}

static void silent_clients_make_room_and_time_out(void **state)
{
	struct viewer *witness, *silent[200];
	unsigned int gone = 0;

	(void)state;
	rig.config.max_handshakes = 8;
	rig_start();
	witness = join_witness();
	for (size_t i = 0; i < COUNT(silent); i++) {
		silent[i] = viewer_new();
		/* Each stopped somewhere else. */
		viewer_say(silent[i], "RFB 003.008\n\1", i % 14);
		rig_round();
	}
	rig_settle();
	assert_int_equal(rig_stats().handshakes, 8);
	/* The oldest went. */
	for (size_t i = 0; i < COUNT(silent); i++)
		gone += silent[i]->fd < 0;
	assert_int_equal(gone, COUNT(silent) - 8);
	assert_true(silent[0]->fd < 0 && silent[COUNT(silent) - 1]->fd >= 0);
	expect_well(witness);
	assert_int_equal(rig_stats().viewers, 1);
}

static void the_handshakes_deadline_is_absolute(void **state)
{
	struct viewer *dribbling;

	(void)state;
	rig.config.handshake_timeout_ns = 300 * NSEC_PER_MSEC;
	rig_start();
	dribbling = viewer_new();
	/* Never silent for long. */
	for (int i = 0; dribbling->fd >= 0; i++) {
		assert_true(i < 2000);
		if (i % 10 == 0 && i < 110)
			viewer_say(dribbling, &"RFB 003.008\n"[i / 10], 1);
		rig_round();
	}
	assert_int_equal(rig_stats().handshakes, 0);
}

static void a_wrong_password_waits_for_its_answer(void **state)
{
	char directory[] = "/tmp/vnc.XXXXXX";
	struct viewer *viewer;
	char path[64];
	int64_t start_ns;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/password", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "secret\n", 7), 7);
	close(fd);
	rig.config.vnc_auth = CONFIG_AUTH_VNCAUTH;
	rig.config.vnc_password_file = path;
	rig_start();
	viewer = viewer_new();
	VIEWER_SAY(viewer, "RFB 003.008\n");
	VIEWER_EXPECT(viewer, "RFB 003.008\n\1\2");
	VIEWER_SAY(viewer, "\2");
	PUMP_UNTIL(rig.base, (viewer_pump(viewer), viewer->in_bytes == 16));
	viewer->in_bytes = 0;
	start_ns = clock_now_ns();
	VIEWER_SAY(viewer, "................");
	/* Talking meanwhile changes nothing. */
	VIEWER_SAY(viewer, "................");
	RIG_UNTIL(viewer->in_bytes > 0);
	assert_true(clock_now_ns() - start_ns >= NSEC_PER_SEC - 10 * NSEC_PER_MSEC);
	VIEWER_EXPECT(viewer, "\0\0\0\1\0\0\0\x15" "Authentication failed");
	RIG_UNTIL(viewer->fd < 0);
	/* One that leaves while it waits. */
	viewer = viewer_new();
	VIEWER_SAY(viewer, "RFB 003.008\n\2................");
	RIG_UNTIL(viewer->in_bytes >= 30);
	viewer_free(viewer);
	RIG_UNTIL(rig_stats().handshakes == 0);
	unlink(path);
	rmdir(directory);
}

static void who_does_not_read_costs_the_others_nothing(void **state)
{
	struct viewer *witness, *deaf[20];
	struct config_vm impatient;

	(void)state;
	rig.config.max_viewers = 100;
	rig_start();
	rig_show_size(1024, 768);
	witness = join_witness();
	for (size_t i = 0; i < COUNT(deaf); i++) {
		deaf[i] = JOIN(plain);
		deaf[i]->reads = false;
		viewer_request_all(deaf[i], false);
	}
	for (int i = 0; i < 20; i++)
		expect_well(witness);
	assert_int_equal(rig_stats().viewers, 1 + COUNT(deaf));
	rig_settle();
	/* What they do not take ends with them, by the limit as it is now. */
	impatient = rig.config;
	impatient.stall_timeout_ns = 100 * NSEC_PER_MSEC;
	rig.vnc->impl->reconfigure(rig.vnc, &impatient);
	RIG_UNTIL(rig_stats().viewers == 1);
	rig.vnc->impl->reconfigure(rig.vnc, &rig.config);
	expect_well(witness);
}

static void who_reads_slowly_is_not_stalled(void **state)
{
	struct viewer *slow;
	int64_t start_ns;
	uint64_t bytes = 0;
	uint8_t buffer[8192];

	(void)state;
	rig.config.stall_timeout_ns = 1500 * NSEC_PER_MSEC;
	rig_start();
	rig_show_size(1024, 768);
	slow = JOIN(plain);
	slow->reads = false;
	viewer_request_all(slow, false);
	/* In many pieces over more than twice the timeout. */
	start_ns = clock_now_ns();
	while (bytes < 1024 * 768 * 4) {
		int64_t due_ns = (int64_t)bytes * 3500 / (1024 * 768 * 4) * NSEC_PER_MSEC;
		ssize_t n;

		pump_round(rig.base);
		while (clock_now_ns() - start_ns > due_ns &&
				(n = recv(slow->fd, buffer, sizeof(buffer), 0)) >= 0) {
			assert_int_not_equal(n, 0);
			bytes += (uint64_t)n;
			due_ns = (int64_t)bytes * 3500 / (1024 * 768 * 4) * NSEC_PER_MSEC;
		}
		assert_true(clock_now_ns() - start_ns < 20 * NSEC_PER_SEC);
	}
	assert_int_equal(rig_stats().viewers, 1);
}

static void who_asks_without_reading_has_to_wait(void **state)
{
	const uint8_t fence[9 + 64] = { RFB_CLIENT_FENCE, [4] = 0x80, [8] = 64 };
	struct viewer *witness, *greedy;
	uint64_t taken = 0;
	size_t at = 0;

	(void)state;
	rig_start();
	rig_show_size(1024, 768);
	witness = join_witness();
	greedy = JOIN(flowing);
	greedy->reads = false;
	viewer_request_all(greedy, false);
	/* Fences to be answered, one after the other, until the server reads no more. */
	for (int refused = 0; refused < 50;) {
		ssize_t n = send(greedy->fd, fence + at, sizeof(fence) - at, MSG_NOSIGNAL);

		refused = n < 0 ? refused + 1 : 0;
		at = n < 0 ? at : (at + (size_t)n) % sizeof(fence);
		taken += n < 0 ? 0 : (uint64_t)n;
		pump_round(rig.base);
		assert_true(taken < 1000000);
	}
	assert_true(rig_stats().bytes_sent < 30 * 1024 * 768 * 4);
	expect_well(witness);
	/* It is served when it reads. */
	greedy->reads = true;
	while (at) {
		ssize_t n = send(greedy->fd, fence + at, sizeof(fence) - at, MSG_NOSIGNAL);

		at = n < 0 ? at : (at + (size_t)n) % sizeof(fence);
		rig_round();
	}
	RIG_UNTIL(viewer_is_right(greedy, rig.frame) || greedy->updates > 0);
	RIG_UNTIL(greedy->fence_answers > 64);
}

static void a_flood_is_worked_off_in_turns(void **state)
{
	struct viewer *witness, *flood;
	static uint8_t keys[8 * 1000];
	unsigned int before;

	(void)state;
	rig_start();
	witness = join_witness();
	flood = JOIN(plain);
	rig_settle();
	for (size_t i = 0; i < sizeof(keys); i += 8)
		keys[i] = RFB_KEY_EVENT;
	viewer_say(flood, keys, sizeof(keys));
	before = rig.n_events;
	event_base_loop(rig.base, EVLOOP_ONCE);
	event_base_loop(rig.base, EVLOOP_ONCE);
	/* Some of it, not all. */
	assert_true(rig.n_events - before <= 4 * 64);
	expect_well(witness);
	RIG_UNTIL(rig.n_events == 1000);
}

static void say_key(struct viewer *viewer, unsigned int number)
{
	const uint8_t key[8] = { RFB_KEY_EVENT, number % 2 == 0, 0, 0, 0, 0, 0, (uint8_t)('a' + number / 2 % 26) };

	viewer_say(viewer, key, sizeof(key));
}

/* None is lost, and their order is theirs. */
static void keys_beyond_the_rate_wait(void **state)
{
	struct viewer *witness, *typist;
	int64_t start_ns;

	(void)state;
	rig.config.input_rate = 50;
	rig_start();
	witness = join_witness();
	typist = JOIN(plain);
	rig_settle();
	start_ns = clock_now_ns();
	for (unsigned int i = 0; i < 80; i++)
		say_key(typist, i);
	RIG_UNTIL(rig.n_events == 80);
	assert_true(clock_now_ns() - start_ns >= 600 * NSEC_PER_MSEC);
	for (unsigned int i = 0; i < 80; i++) {
		assert_int_equal(rig.events[i].kind, INPUT_KEY);
		assert_int_equal(rig.events[i].key.keysym, 'a' + i / 2 % 26);
		assert_int_equal(rig.events[i].key.down, i % 2 == 0);
	}
	expect_well(witness);
	/* Who leaves meanwhile lets go of what he holds, and says no more. */
	for (unsigned int i = 0; i < 81; i++)
		say_key(typist, i);
	rig_round();
	viewer_free(typist);
	RIG_UNTIL(rig_stats().viewers == 1);
	rig_settle();
	assert_true(rig.n_events < 80 + 81);
}

/* The pointer is where it was put last, and was not everywhere it had been. */
static void motion_beyond_the_rate_is_left_out(void **state)
{
	struct viewer *viewer;
	unsigned int told;
	int64_t start_ns;

	(void)state;
	rig.config.input_rate = 50;
	rig_start();
	viewer = JOIN(plain);
	rig_settle();
	start_ns = clock_now_ns();
	for (unsigned int i = 1; i <= 300; i++) {
		const uint8_t move[6] = { RFB_POINTER_EVENT, 0, 0, (uint8_t)(i % 200), 0, 7 };

		viewer_say(viewer, move, sizeof(move));
		/* Each comes alone. */
		rig_round();
	}
	RIG_UNTIL(rig.n_events && rig.events[rig.n_events - 1].pointer.x == 100);
	told = rig.n_events;
	assert_true(told >= 50);
	assert_true(told <= 51 + (clock_now_ns() - start_ns) / (NSEC_PER_SEC / 50));
	/* A click is where it was made, however many motions came before. */
	VIEWER_SAY(viewer, "\5\0\0\x10\0\x10" "\5\1\0\x20\0\x20" "\5\0\0\x30\0\x30");
	RIG_UNTIL(rig.events[rig.n_events - 1].pointer.x == 0x30);
	for (unsigned int i = told; i < rig.n_events; i++)
		assert_true(!rig.events[i].pointer.buttons || rig.events[i].pointer.x == 0x20);
}

static void garbage_ends_only_who_sends_it(void **state)
{
	static const char *const bad[] = { "\1", "\xfa\0\1\2", "\2\0\xff\xff", "\xff\1\0\0",
		"\6\0\0\0\xff\xff\xff\xff" };
	static const size_t lengths[] = { 1, 4, 4, 4, 8 };
	struct viewer *witness;
	uint32_t seed = 1;

	(void)state;
	rig.config.max_viewers = 100;
	rig_start();
	witness = join_witness();
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct viewer *viewer = JOIN(flowing);

		viewer_continuous(viewer, true);
		rig_show(NULL);
		viewer_say(viewer, bad[i], lengths[i]);
		RIG_UNTIL(viewer->fd < 0);
		viewer_free(viewer);
	}
	for (int i = 0; i < 150; i++) {
		struct viewer *viewer = i % 3 ? JOIN(flowing) : viewer_new();
		uint8_t noise[600];

		for (size_t at = 0; at < sizeof(noise); at++)
			noise[at] = (uint8_t)((seed = seed * 1103515245u + 12345u) >> 16);
		/* Half of it is at least a message to begin with. */
		noise[0] = (uint8_t[]){ 0, 2, 3, 4, 5, 6, 150, 248, 251, 255 }[i % 10];
		viewer->reads = i % 2;
		viewer_say(viewer, noise, sizeof(noise));
		if (i % 7 == 0)
			rig_show(&(pixman_box32_t){ 1, 1, 20, 20 });
		rig_round();
		viewer_free(viewer);
	}
	expect_well(witness);
	RIG_UNTIL(rig_stats().viewers == 1 && rig_stats().handshakes == 0);
}

static void colour_maps_are_refused(void **state)
{
	static const struct rects_pixel_format mapped = { 8, 8, false, false, 7, 7, 3, 0, 3, 6 };
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(plain);
	viewer_set_format(viewer, &mapped);
	RIG_UNTIL(viewer->fd < 0);
}

static void clients_may_die_at_every_byte(void **state)
{
	/* Handshake, format, encodings with fence and flow, request, flow, fence, size, key, pointer. */
	static const uint8_t life[] = "RFB 003.008\n\1\1"
			"\0\0\0\0\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0"
			"\2\0\0\4\0\0\0\0\xff\xff\xfe\xc8\xff\xff\xfe\xc7\xff\xff\xfe\xcc"
			"\3\0\0\0\0\0\1\x40\0\xc8"
			"\x96\1\0\0\0\0\1\x40\0\xc8"
			"\xf8\0\0\0\x80\0\0\4\1x"
			"\xfb\0\1\0\1\0\1\0\0\0\0\0\0\0\0\0\1\0\1\0\0\0\0\0"
			"\4\1\0\0\0\0\0a"
			"\5\1\0\1\0\1";

	(void)state;
	rig_start();
	for (size_t n = 0; n < sizeof(life); n++) {
		struct viewer *viewer = viewer_new();

		viewer_say(viewer, life, n);
		rig_round();
		if (n % 3 == 0)
			rig_show(NULL);
		rig_round();
		viewer_free(viewer);
		rig_show(NULL);
	}
	RIG_UNTIL(rig_stats().viewers == 0 && rig_stats().handshakes == 0);
}

static void the_end_may_come_at_any_time(void **state)
{
	(void)state;
	rig_start();
	rig_show_size(1024, 768);
	for (int i = 0; i < 10; i++)
		viewer_continuous(JOIN(flowing), true);
	viewer_new();
	rig_show(NULL);
	/* The teardown frees it all while jobs run and output waits. */
	rig.vnc->impl->free(rig.vnc);
	rig.vnc = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
		TEST(exclusive_access_as_configured),
		TEST(as_many_viewers_as_configured),
		TEST(silent_clients_make_room_and_time_out),
		TEST(the_handshakes_deadline_is_absolute),
		TEST(a_wrong_password_waits_for_its_answer),
		TEST(who_does_not_read_costs_the_others_nothing),
		TEST(who_reads_slowly_is_not_stalled),
		TEST(who_asks_without_reading_has_to_wait),
		TEST(a_flood_is_worked_off_in_turns),
		TEST(keys_beyond_the_rate_wait),
		TEST(motion_beyond_the_rate_is_left_out),
		TEST(garbage_ends_only_who_sends_it),
		TEST(colour_maps_are_refused),
		TEST(clients_may_die_at_every_byte),
		TEST(the_end_may_come_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
