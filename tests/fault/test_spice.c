// SPDX-License-Identifier: GPL-2.0-or-later
/* The SPICE side when memory or descriptors run out at any point: it costs a viewer or a picture, and nothing leaks. */
#include "tests/fault/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <spice/enums.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/spice.h"
#include "net/spice_link.h"
#include "server/clipboard.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/log.h"
#include "server/update.h"
#include "tests/unit/spice_rig.h"

#define DEADLINE_NS (20 * NSEC_PER_SEC)
/* A server that says nothing for so long is taken to have nothing to say; if it has, it comes later. */
#define SILENCE_NS (8 * NSEC_PER_MSEC)
/* It looks of its own accord at nothing that has come before. */
#define REST_NS (1200 * NSEC_PER_MSEC)
#define NUMBER_MAX 1000

static struct spice_client viewer[SPICE_LINK_CHANNELS];
static uint32_t source;
static struct event *tick; /* wakes the loop */
static rlim_t free_fds = RLIM_INFINITY; /* that the server has once a viewer connects */
static struct frame *frames[2]; /* of two sizes */
static struct packet *film; /* of the first of them */
static char password_file[] = "/tmp/planecast-fault-XXXXXX";

static uint64_t messages(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++)
		n += viewer[i].messages + (viewer[i].fd < 0);
	return n;
}

/* What the test does itself is spared. */
static void hear(void)
{
	alloc_hold(true);
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++) {
		while (spice_client_hear(&viewer[i]))
			;
		spice_client_push(&viewer[i], SIZE_MAX);
	}
	alloc_hold(false);
}

static void wake(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	(void)data;
}

static void turn(void)
{
	event_base_loop(spice_rig.base, EVLOOP_ONCE);
	hear();
}

#define UNTIL(condition)                                                                           \
	do {                                                                                       \
		const int64_t end_ns = clock_now_ns() + DEADLINE_NS;                               \
		while (!(condition)) {                                                             \
			if (clock_now_ns() > end_ns)                                               \
				spice_rig_fail(#condition);                                        \
			turn();                                                                    \
		}                                                                                  \
	} while (0)

/* The server works, until it is silent for so long. */
static void settle(int64_t silence_ns)
{
	int64_t end_ns = clock_now_ns() + silence_ns;
	uint64_t before = messages();

	while (clock_now_ns() < end_ns) {
		turn();
		if (messages() != before)
			end_ns = clock_now_ns() + silence_ns;
		before = messages();
	}
}

static void show(struct frame *frame)
{
	struct update update = { .frame = frame, .resized = frame != spice_rig.frame };

	frame_ref(frame);
	frame_unref(spice_rig.frame);
	spice_rig.frame = frame;
	pixman_region32_init_rect(&update.damage, 3, 5, frame->width / 2, frame->height / 2);
	pixman_region32_init(&update.copy_region);
	spice_rig.spice->impl->update(spice_rig.spice, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

static int first_free_descriptor(void)
{
	const int fd = dup(STDERR_FILENO);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

/* Lets the server have so many more. */
static void limit_descriptors(rlim_t n)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n == RLIM_INFINITY ? limit.rlim_max : (rlim_t)first_free_descriptor() + n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void join(enum spice_link_channel channel)
{
	const uint32_t id = channel ? viewer[SPICE_LINK_MAIN].session_id : 0;

	if (channel && !id)
		return;
	viewer[channel].password = "secret";
	viewer[channel].acknowledges = true;
	/* The viewer's descriptors are not the server's. */
	limit_descriptors(RLIM_INFINITY);
	spice_client_connect(&viewer[channel], channel, id, source);
	limit_descriptors(free_fds);
	UNTIL(viewer[channel].fd < 0 || viewer[channel].refused || viewer[channel].messages ||
			(!channel && viewer[channel].state == SPICE_CLIENT_IN));
}

static void join_main(void)
{
	join(SPICE_LINK_MAIN);
}

static void join_display(void)
{
	join(SPICE_LINK_DISPLAY);
}

static void join_inputs(void)
{
	join(SPICE_LINK_INPUTS);
}

static void join_cursor(void)
{
	join(SPICE_LINK_CURSOR);
}

static void show_picture(void)
{
	show(frames[0]);
}

static void show_first_picture(void)
{
	show(frames[0]);
	UNTIL(viewer[SPICE_LINK_MAIN].fd < 0 || viewer[SPICE_LINK_MAIN].messages);
}

static void show_other_size(void)
{
	show(frames[1]);
}

/* From top to bottom, with something new behind it. */
static void scroll(void)
{
	struct update update = { .frame = spice_rig.frame, .copy_dy = 16 };

	pixman_region32_init_rect(&update.damage, 0, 0, spice_rig.frame->width, 16);
	pixman_region32_init_rect(&update.copy_region, 0, 16, spice_rig.frame->width, spice_rig.frame->height - 16);
	spice_rig.spice->impl->update(spice_rig.spice, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

/* More than are given one by one. */
static void show_many(void)
{
	struct update update = { .frame = spice_rig.frame };
	pixman_box32_t boxes[512];

	for (int i = 0; i < 512; i++)
		boxes[i] = (pixman_box32_t){ i % 16 * 16, i / 16 * 4, i % 16 * 16 + 8, i / 16 * 4 + 2 };
	pixman_region32_init_rects(&update.damage, boxes, 512);
	pixman_region32_init(&update.copy_region);
	spice_rig.spice->impl->update(spice_rig.spice, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

static void show_pointer(void)
{
	static unsigned int seed;

	spice_rig_show_cursor(10 * ++seed + 1);
}

static void begin_film(void)
{
	spice_rig_show_video(&film->box);
}

/* The stream begins, or goes on. */
static void show_film(void)
{
	spice_rig.spice->impl->packet(spice_rig.spice, film);
}

static void end_film(void)
{
	spice_rig_show_video(NULL);
}

/* What the viewer's program cannot show is not sent any more, but drawn. */
static void refuse_film(void)
{
	uint8_t report[32] = { (uint8_t)viewer[SPICE_LINK_DISPLAY].stream_id };

	memset(report + 20, 0xff, 4);
	spice_client_tell(&viewer[SPICE_LINK_DISPLAY], SPICE_MSGC_DISPLAY_STREAM_REPORT, report, sizeof(report));
}

static void tell_the_rest(void)
{
	static const uint8_t key[4] = { 0x1e }, press[3] = { 1, 1 }, position[11] = { 5, 0, 0, 0, 6 };
	/* The viewer's wish for 640x480, in the words of the agent. */
	static const uint8_t agent[] = { 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 0xe0, 1, 0, 0, 0x80, 2, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	/* What can the agent do, and this is what I can. */
	static const uint8_t abilities[] = { 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0,
		1, 0, 0, 0, 0x62, 0, 0, 0 };
	static const uint8_t tokens[4] = { 10 }, locks[2] = { 6 };

	spice_client_tell(&viewer[SPICE_LINK_INPUTS], SPICE_MSGC_INPUTS_KEY_MODIFIERS, locks, sizeof(locks));
	spice_client_tell(&viewer[SPICE_LINK_INPUTS], SPICE_MSGC_INPUTS_KEY_DOWN, key, sizeof(key));
	spice_client_tell(&viewer[SPICE_LINK_INPUTS], SPICE_MSGC_INPUTS_MOUSE_PRESS, press, sizeof(press));
	spice_client_tell(&viewer[SPICE_LINK_INPUTS], SPICE_MSGC_INPUTS_MOUSE_POSITION, position, sizeof(position));
	spice_client_tell(&viewer[SPICE_LINK_MAIN], SPICE_MSGC_MAIN_AGENT_START, tokens, sizeof(tokens));
	spice_client_tell(&viewer[SPICE_LINK_MAIN], SPICE_MSGC_MAIN_AGENT_DATA, abilities, sizeof(abilities));
	spice_client_tell(&viewer[SPICE_LINK_MAIN], SPICE_MSGC_MAIN_AGENT_DATA, agent, sizeof(agent));
}

static struct clipboard *clipboard;
static struct clipboard_peer guest;

static void on_offered(void *user)
{
	(void)user;
}

static void on_wanted(void *user)
{
	(void)user;
	clipboard_answer(&guest, "text", 4);
}

static void on_text(void *user, const char *text, size_t bytes)
{
	(void)user;
	(void)text;
	(void)bytes;
}

static const struct clipboard_peer_impl guest_impl = {
	.offered = on_offered,
	.withdrawn = on_offered,
	.wanted = on_wanted,
	.text = on_text,
};

/* A word of that type about the clipboard, and text behind it. */
static void tell_agent(uint8_t type, const char *text)
{
	const uint8_t bytes = (uint8_t)strlen(text);
	uint8_t data[64] = { 1, [4] = type, [16] = 8 + bytes, [24] = 1 };

	memcpy(data + 28, text, bytes);
	spice_client_tell(&viewer[SPICE_LINK_MAIN], SPICE_MSGC_MAIN_AGENT_DATA, data, 28u + bytes);
}

/* In the guest, pasted at the viewer; then there, and somebody pastes it in the guest. */
static void copy_and_paste(void)
{
	clipboard_grab(&guest);
	tell_agent(8, "");
}

static void copy_and_paste_back(void)
{
	tell_agent(7, "");
	spice_rig_turn(0);
	clipboard_request(&guest);
	tell_agent(4, "text");
}

static void leave_display(void)
{
	spice_client_close(&viewer[SPICE_LINK_DISPLAY]);
}

static void leave(void)
{
	alloc_hold(true);
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++) {
		spice_client_close(&viewer[i]);
		viewer[i] = (struct spice_client){ .fd = -1 };
	}
	alloc_hold(false);
}

static void (*const life[])(void) = { join_main, show_first_picture, join_display, join_inputs, join_cursor,
	show_picture, scroll, show_many, show_pointer, begin_film, show_film, show_film, end_film,
	begin_film, show_film, refuse_film, tell_the_rest, copy_and_paste, copy_and_paste_back, show_other_size,
	show_picture, leave_display, leave };

#define STEPS (sizeof(life) / sizeof(life[0]))

/* Of nobody: nobody comes. */
static const struct protocol_events no_events;

static void (*const draws[])(void) = { show_picture, scroll, show_many, end_film, refuse_film, show_other_size };

static bool draws_something(size_t step)
{
	for (size_t i = 0; i < sizeof(draws) / sizeof(draws[0]); i++) {
		if (step < STEPS && life[step] == draws[i])
			return true;
	}
	return false;
}

/* True when the allocation was reached. */
static bool live(size_t step, long number)
{
	const struct spice_client *display = &viewer[SPICE_LINK_DISPLAY];
	bool failed = false;
	uint64_t drawn;

	source = spice_rig_new_source();
	for (size_t i = 0; i < STEPS && !failed; i++) {
		if (i == step && number == 0 && draws_something(step))
			settle(REST_NS);
		drawn = display->draws;
		alloc_fail_at(i == step ? number : -1);
		life[i]();
		settle(SILENCE_NS);
		failed = alloc_has_failed();
		alloc_fail_at(-1);
		/* What is owed comes, memory or not. */
		if (draws_something(i))
			UNTIL(display->fd < 0 || display->draws > drawn);
	}
	leave();
	end_film();
	UNTIL(spice_rig_is_empty());
	return failed;
}

static void memory_may_run_out_anywhere(void **state)
{
	unsigned int failures = 0;
	int fd;

	(void)state;
	assert_false(live(STEPS, 0));
	fd = first_free_descriptor();
	for (size_t step = 0; step < STEPS; step++) {
		for (long number = 0; live(step, number); number++) {
			failures++;
			assert_int_equal(spice_rig_stats().viewers, 0);
			assert_int_equal(spice_rig_stats().handshakes, 0);
			assert_false(spice_rig_holds_anything());
			assert_int_equal(atomic_load(&film->refcount), 1);
			assert_true(number < NUMBER_MAX);
		}
	}
	print_message("%u failed allocations\n", failures);
	assert_int_equal(first_free_descriptor(), fd);
	assert_true(failures > STEPS);
}

static void descriptors_may_run_out_anywhere(void **state)
{
	bool served = false;

	(void)state;
	for (free_fds = 0; !served; free_fds++) {
		source = spice_rig_new_source();
		for (size_t i = 0; i < STEPS - 2; i++) {
			life[i]();
			settle(SILENCE_NS);
		}
		served = true;
		for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++)
			served = served && viewer[i].fd >= 0 && viewer[i].messages;
		leave();
		limit_descriptors(RLIM_INFINITY);
		UNTIL(spice_rig_is_empty());
		assert_true(free_fds < 100);
	}
	print_message("served with %d descriptors\n", (int)free_fds - 1);
	assert_true(free_fds > 8);
	free_fds = RLIM_INFINITY;
}

static void a_start_without_memory_is_an_error(void **state)
{
	long number = 0;

	(void)state;
	for (;; number++) {
		struct protocol *spice = NULL;
		int r;

		alloc_fail_at(number);
		r = spice_new(spice_rig.base, &spice_rig.config, spice_rig.gate, NULL, &no_events, NULL, &spice);
		alloc_fail_at(-1);
		if (r == 0) {
			spice->impl->free(spice);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_null(spice);
		assert_true(number < NUMBER_MAX);
	}
	assert_true(number > 2);
}

static int setup(void **state)
{
	const struct timeval tick_delay = clock_timeval(NSEC_PER_MSEC);
	int fd = mkstemp(password_file);

	(void)state;
	if (fd < 0 || write(fd, "secret\n", 7) != 7 || close(fd) < 0)
		return -1;
	film = packet_new(5000);
	if (!film || frame_new_memory(320, 200, &frames[0]) || frame_new_memory(400, 100, &frames[1]))
		return -1;
	/* Each is a keyframe. */
	film->codec = PACKET_MJPEG;
	film->keyframe = true;
	film->box = (struct packet_box){ 40, 30, 129, 131 };
	film->width = film->box.width;
	film->height = film->box.height;
	leave();
	spice_rig_start();
	guest.impl = &guest_impl;
	if (clipboard_new(spice_rig.base, &spice_rig.config, &clipboard) < 0)
		return -1;
	clipboard_join(clipboard, &guest, CLIPBOARD_GUEST);
	spice_rig.spice->impl->clipboard(spice_rig.spice, clipboard);
	spice_rig.config.spice_auth = CONFIG_AUTH_TICKET;
	spice_rig.config.spice_password_file = password_file;
	spice_rig.hides = true;
	/* libevent forgets to say that it had no memory for a connection's first callback. */
	spice_rig.config.handshake_timeout_ns = 300 * NSEC_PER_MSEC;
	log_set_level((enum log_level)-1);
	tick = event_new(spice_rig.base, -1, EV_PERSIST, wake, NULL);
	return event_add(tick, &tick_delay);
}

static int teardown(void **state)
{
	(void)state;
	event_free(tick);
	clipboard_leave(&guest);
	clipboard_free(clipboard);
	spice_rig_stop();
	frame_unref(frames[0]);
	frame_unref(frames[1]);
	packet_unref(film);
	return unlink(password_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_without_memory_is_an_error),
		cmocka_unit_test(descriptors_may_run_out_anywhere),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	/* libevent's memory is this program's too. */
	event_set_mem_functions(malloc, realloc, free);
	return cmocka_run_group_tests(tests, setup, teardown);
}
