// SPDX-License-Identifier: GPL-2.0-or-later
/* The VNC front end when memory runs out at any point: it costs a client at most, and nothing leaks (asan). */
#include "tests/fault/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "config/config.h"
#include "net/gate.h"
#include "net/protocol.h"
#include "server/clipboard.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/update.h"

#define WIDTH 200
#define HEIGHT 100
/* A server that says nothing for so long is taken to have nothing to say; if it has, it comes later. */
#define SILENCE_NS (8 * NSEC_PER_MSEC)
#define DEADLINE_NS (20 * NSEC_PER_SEC)

static struct {
	struct event_base *base;
	struct config_vm config;
	struct gate *gate;
	struct protocol *vnc;
	struct frame *frames[2]; /* of two sizes */
	int fd; /* the viewer's; -1: the server has hung up */
	size_t said; /* bytes of the server */
	struct clipboard *clipboard;
	struct clipboard_peer guest;
} t;

static void on_input(void *user, const void *viewer, const struct input_event *event)
{
	(void)user;
	(void)viewer;
	(void)event;
}

static int on_resize(void *user, const void *viewer, uint32_t width, uint32_t height, bool again)
{
	(void)user;
	(void)viewer;
	(void)again;
	(void)width;
	(void)height;
	return 0;
}

static void on_viewers(void *user)
{
	(void)user;
}

static void on_totals(void *user, struct protocol_stats *ret)
{
	(void)user;
	t.vnc->impl->stats(t.vnc, ret);
}

static void on_alone(void *user, const struct protocol *protocol, const char *why)
{
	(void)user;
	(void)protocol;
	(void)why;
}

static const struct protocol_events events = {
	.input = on_input,
	.resize = on_resize,
	.viewers = on_viewers,
	.totals = on_totals,
	.alone = on_alone,
};

static void accept_viewer(void)
{
	const struct sockaddr peer = { .sa_family = AF_UNIX };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	t.fd = fds[0];
	t.vnc->impl->accept(t.vnc, CONFIG_LISTENERS_VNC, fds[1], &peer, sizeof(sa_family_t));
}

static void say(const void *data, size_t bytes)
{
	if (t.fd >= 0)
		assert_int_equal(send(t.fd, data, bytes, MSG_NOSIGNAL) >= 0 || errno == EPIPE, true);
}

#define SAY(text) say(text, sizeof(text) - 1)

static void say_hello(void)
{
	SAY("RFB 003.008\n\1\1");
}

/* Hextile with all there is: sizes, pointer, keys, lights, name, buttons, fence, flow. */
static void say_encodings(void)
{
	SAY("\2\0\0\x0a\0\0\0\5\0\0\0\1\xff\xff\xfe\xcc\xff\xff\xff\x11\xff\xff\xfe\xfe\xff\xff\xfe\xfb"
	    "\xff\xff\xfe\xcd\xff\xff\xfe\xc4\xff\xff\xfe\xc8\xff\xff\xfe\xc7");
}

static void say_plain_encodings(void)
{
	SAY("\2\0\0\2\0\0\0\0\xff\xff\xff\x21");
}

/* Tight with JPEG. */
static void say_jpeg_encodings(void)
{
	SAY("\2\0\0\5\0\0\0\7\0\0\0\1\xff\xff\xff\x20\xff\xff\xff\x21\xff\xff\xff\xe8");
}

static void say_request(void)
{
	SAY("\3\0\0\0\0\0\0\xc8\0\x64");
}

static void say_the_rest(void)
{
	SAY("\x96\1\0\0\0\0\0\xc8\0\x64\xf8\0\0\0\x80\0\0\4\1x\4\1\0\0\0\0\0a\5\1\0\1\0\1"
	    "\xfb\0\1\0\1\0\1\0\0\0\0\0\0\0\0\0\1\0\1\0\0\0\0\0\6\0\0\0\0\0\0\3abc");
}

static void on_offered(void *user)
{
	(void)user;
}

static void on_wanted(void *user)
{
	(void)user;
	clipboard_answer(&t.guest, "text", 4);
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

/* Raw, and Extended Clipboard. */
static void say_clipboard_encodings(void)
{
	SAY("\2\0\0\2\0\0\0\0\xc0\xa1\xe5\xce");
}

static void copy_in_guest(void)
{
	clipboard_grab(&t.guest);
}

/* Wants that, and has something itself; then what that is. */
static void say_clipboard(void)
{
	SAY("\6\0\0\0\xff\xff\xff\xfc\2\0\0\1\6\0\0\0\xff\xff\xff\xfc\x8\0\0\1");
}

static void say_text(void)
{
	SAY("\x06\x00\x00\x00\xff\xff\xff\xee\x10\x00\x00\x01\x78\x9c\x63\x60\x60\x60\x4a\x64\x00\x00\x00\xce\x00"
	    "\x64");
}

static void paste_in_guest(void)
{
	clipboard_request(&t.guest);
}

static void show(struct frame *frame, bool resized)
{
	struct update update = { .frame = frame, .resized = resized };

	pixman_region32_init_rect(&update.damage, 0, 0, frame->width, frame->height);
	pixman_region32_init(&update.copy_region);
	t.vnc->impl->update(t.vnc, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

static void show_picture(void)
{
	show(t.frames[0], false);
}

static void show_other_size(void)
{
	show(t.frames[1], true);
}

static void show_pointer(void)
{
	static const uint32_t argb[16] = { 0xffffffff };
	static uint64_t serial;
	const struct cursor cursor = { .visible = true, .width = 4, .height = 4, .position_known = true,
		.x = 10, .y = 10, .argb = argb, .shape_serial = ++serial };

	t.vnc->impl->cursor(t.vnc, &cursor);
}

static void rename_desktop(void)
{
	static struct config_vm renamed;

	renamed = t.config;
	renamed.desktop_name = (char[]){ "another" };
	t.vnc->impl->reconfigure(t.vnc, &renamed);
	t.vnc->impl->reconfigure(t.vnc, &t.config);
}

static void leave(void)
{
	if (t.fd >= 0)
		close(t.fd);
	t.fd = -1;
}

static void refine(void);

static void (*const life[])(void) = { accept_viewer, say_hello, show_picture, say_encodings,
	say_request, show_pointer, say_the_rest, show_picture, say_plain_encodings, say_request,
	show_picture, show_other_size, say_request, rename_desktop, say_jpeg_encodings, say_request,
	refine, copy_in_guest, say_clipboard_encodings, copy_in_guest, say_clipboard, paste_in_guest, say_text,
	leave };

#define STEPS (sizeof(life) / sizeof(life[0]))

/* The server works, until it is silent. */
static void settle(void)
{
	int64_t end_ns = clock_now_ns() + SILENCE_NS;
	uint8_t buffer[65536];
	ssize_t n;

	while (clock_now_ns() < end_ns) {
		event_base_loop(t.base, EVLOOP_NONBLOCK);
		while (t.fd >= 0 && (n = recv(t.fd, buffer, sizeof(buffer), 0)) != -1) {
			if (n == 0)
				leave();
			t.said += (size_t)n;
			end_ns = clock_now_ns() + SILENCE_NS;
		}
	}
}

/* The picture was sent lossily and rests: it comes again, or the viewer is gone. */
static void refine(void)
{
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;

	say("\3\1\0\0\0\0\1\x90\0\x64", 10);
	for (size_t before = t.said; t.fd >= 0 && t.said == before;) {
		settle();
		assert_true(clock_now_ns() < end_ns);
	}
}

/* True when the allocation was reached. */
static bool live(size_t step, long number)
{
	bool failed = false;

	for (size_t i = 0; i < STEPS; i++) {
		alloc_fail_at(i == step ? number : -1);
		life[i]();
		settle();
		failed = failed || alloc_has_failed();
		alloc_fail_at(-1);
		if (failed && i > step)
			break;
	}
	leave();
	settle();
	return failed;
}

static void memory_may_run_out_anywhere(void **state)
{
	unsigned int failures = 0;

	(void)state;
	assert_int_equal(vnc_new(t.base, &t.config, t.gate, NULL, &events, NULL, &t.vnc), 0);
	t.vnc->impl->clipboard(t.vnc, t.clipboard);
	for (size_t step = 0; step < STEPS; step++) {
		for (long number = 0; live(step, number); number++) {
			struct protocol_stats stats;

			failures++;
			t.vnc->impl->stats(t.vnc, &stats);
			assert_int_equal(stats.viewers, 0);
			assert_int_equal(stats.handshakes, 0);
			assert_true(number < 1000);
		}
	}
	print_message("%u failed allocations\n", failures);
	assert_true(failures > STEPS);
	/* And the next viewer is served as ever. */
	accept_viewer();
	say_hello();
	settle();
	show_picture();
	settle();
	say_plain_encodings();
	say_request();
	t.said = 0;
	for (int64_t end_ns = clock_now_ns() + DEADLINE_NS; t.said < WIDTH * HEIGHT * 4;) {
		settle();
		assert_true(clock_now_ns() < end_ns);
	}
	leave();
	settle();
	t.vnc->impl->free(t.vnc);
	t.vnc = NULL;
}

static void a_start_without_memory_is_an_error(void **state)
{
	long number = 0;

	(void)state;
	for (;; number++) {
		struct protocol *vnc = NULL;
		int r;

		alloc_fail_at(number);
		r = vnc_new(t.base, &t.config, t.gate, NULL, &events, NULL, &vnc);
		alloc_fail_at(-1);
		if (r == 0) {
			vnc->impl->free(vnc);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_null(vnc);
		assert_true(number < 1000);
	}
	assert_true(number > 2);
}

/* What a photograph looks like to who takes it for one: small steps everywhere. */
static void draw(struct frame *frame)
{
	for (uint32_t y = 0; y < frame->height; y++) {
		uint32_t *row = (uint32_t *)(void *)(frame_memory_pixels(frame) + y * frame->planes[0].stride);

		for (uint32_t x = 0; x < frame->width; x++)
			row[x] = ((x ^ y) & 0x7f) * 0x010101u;
	}
}

static int setup(void **state)
{
	static const char text[] = "[vm \"test\"]\nsource = pattern\npenalty-exempt = unix\n";

	signal(SIGPIPE, SIG_IGN);
	log_set_level((enum log_level)-1);
	t.fd = -1;
	if (config_parse("test", text, sizeof(text) - 1, config_report_stdio, stderr,
			    (struct config **)state) < 0)
		return -1;
	t.config = *((struct config *)*state)->vms[0];
	t.base = event_base_new();
	if (gate_new(&t.config, 1, &t.gate) < 0)
		return -1;
	t.guest.impl = &guest_impl;
	if (clipboard_new(t.base, &t.config, &t.clipboard) < 0)
		return -1;
	clipboard_join(t.clipboard, &t.guest, CLIPBOARD_GUEST);
	if (!t.base || frame_new_memory(WIDTH, HEIGHT, &t.frames[0]) ||
			frame_new_memory(WIDTH * 2, HEIGHT, &t.frames[1]))
		return -1;
	draw(t.frames[0]);
	draw(t.frames[1]);
	return 0;
}

static int teardown(void **state)
{
	frame_unref(t.frames[0]);
	frame_unref(t.frames[1]);
	gate_free(t.gate);
	clipboard_leave(&t.guest);
	clipboard_free(t.clipboard);
	event_base_free(t.base);
	config_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_without_memory_is_an_error),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	/* libevent's memory is this program's too. */
	event_set_mem_functions(malloc, realloc, free);
	return cmocka_run_group_tests(tests, setup, teardown);
}
