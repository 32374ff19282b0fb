// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLS and WebSocket when memory runs out at any point, OpenSSL's included: it costs that
 * client at most, lets in nobody who had not got in otherwise, and nothing leaks (asan).
 */
#include "tests/fault/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "config/config.h"
#include "net/gate.h"
#include "net/protocol.h"
#include "net/stream_memory.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/make_certs.h"
#include "server/update.h"
#include "tests/unit/tls_rig.h"

#define WIDTH 64
#define HEIGHT 32
#define LISTS "crl.pem"
/* Most allocations are OpenSSL's, which asks many decoders in the same way: so many steps on where it does without. */
#define FEW 31
/* A server that had no memory and says nothing for so long is taken to have nothing to say. */
#define SILENCE_NS (20 * NSEC_PER_MSEC)
#define DEADLINE_NS (20 * NSEC_PER_SEC)

static struct {
	struct event_base *base;
	struct config *config;
	struct gate *gate;
	struct tls *tls;
	struct protocol *vnc;
	struct frame *frame;
	struct tls_client client;
	bool shakes, shaken, gone, wants_picture;
	size_t said; /* bytes of the server, inside TLS where there is TLS */
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
	(void)width;
	(void)height;
	(void)again;
	return 0;
}

/* A VM begins to look when there is who wants to see it. */
static void on_viewers(void *user)
{
	(void)user;
	t.wants_picture = true;
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

/* A client's words, and how many bytes the server has said in all once it is done with them. */
struct line {
	const char *says;
	size_t bytes, answer;
	bool then_tls;
};

#define LINE(text, answers, ...) { .says = (text), .bytes = sizeof(text) - 1, .answer = (answers), ##__VA_ARGS__ }
#define FRAME(length) "\x82" length "\0\0\0\0"
#define RAW_BYTES (WIDTH * HEIGHT * 4)
#define UPGRADE "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define ASKS_RAW "\2\0\0\1\0\0\0\0\3\0\0\0\0\0\0\x40\0\x20"

static const struct line by_vencrypt[] = {
	LINE("", 12),
	LINE("RFB 003.008\n", 12 + 2),
	LINE("\x13", 14 + 2),
	LINE("\0\2", 16 + 6),
	LINE("\0\0\1\4", 22 + 1, .then_tls = true),
	/* As soon as TLS is there. */
	LINE("", 23 + 4),
	LINE("\1", 27 + 24),
	LINE(ASKS_RAW, 51 + RAW_BYTES),
	{ .says = NULL },
};

static const struct line by_websocket[] = {
	LINE("", 0, .then_tls = true),
	LINE(UPGRADE, 100),
	LINE(FRAME("\x8c") "RFB 003.008\n", 120),
	LINE(FRAME("\x81") "\1" "\x89\x84\0\0\0\0ping" FRAME("\x81") "\1", 160),
	LINE(FRAME("\x92") ASKS_RAW, 160 + RAW_BYTES),
	LINE("\x88\x82\0\0\0\0\x03\xe8", 160 + RAW_BYTES),
	{ .says = NULL },
};

static const struct kind {
	int listener;
	const struct line *lines;
	const char *certificate, *key; /* the client's */
	bool is_let_in;
} vencrypt = { CONFIG_LISTENERS_VNC, by_vencrypt, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY, true },
  websocket = { CONFIG_LISTENERS_WEBSOCKET, by_websocket, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY, true },
  /* The CA has not signed anything of this client. */
  stranger = { CONFIG_LISTENERS_VNC, by_vencrypt, TLS_RIG_OTHER MAKE_CERTS_CLIENT,
		TLS_RIG_OTHER MAKE_CERTS_CLIENT_KEY, false };

static void come(const struct kind *kind)
{
	const struct sockaddr peer = { .sa_family = AF_UNIX };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	t.shakes = t.shaken = t.gone = false;
	t.said = 0;
	tls_client_init(&t.client, fds[0]);
	if (kind->certificate)
		tls_client_use(&t.client, kind->certificate, kind->key);
	alloc_hold(false);
	t.vnc->impl->accept(t.vnc, kind->listener, fds[1], &peer, sizeof(sa_family_t));
	alloc_hold(true);
}

static void leave(void)
{
	if (t.client.ssl && t.shaken)
		SSL_shutdown(t.client.ssl);
	tls_client_finish(&t.client);
	t.gone = true;
}

/* Everything that can be read now; true if that was something. */
static bool listen_to_server(void)
{
	char data[16384];
	ssize_t got;
	int r;

	if (t.shakes && !t.shaken) {
		ERR_clear_error();
		r = SSL_do_handshake(t.client.ssl);
		t.shaken = r == 1;
		if (r != 1 && SSL_get_error(t.client.ssl, r) != SSL_ERROR_WANT_READ)
			t.gone = true;
		return t.shaken || t.gone;
	}
	got = t.shakes ? tls_client_read(&t.client, data, sizeof(data)) : recv(t.client.fd, data, sizeof(data), 0);
	if (t.shakes ? got < 0 : !got)
		t.gone = true;
	else if (got > 0)
		t.said += (size_t)got;
	return got > 0 || t.gone;
}

static void say(const struct line *line)
{
	if (!line->bytes)
		return;
	if (t.shakes)
		SSL_write(t.client.ssl, line->says, (int)line->bytes);
	else if (send(t.client.fd, line->says, line->bytes, MSG_NOSIGNAL) < 0)
		assert_int_equal(errno, EPIPE);
}

static void show_picture(void)
{
	struct update update = { .frame = t.frame };

	pixman_region32_init_rect(&update.damage, 0, 0, WIDTH, HEIGHT);
	pixman_region32_init(&update.copy_region);
	t.vnc->impl->update(t.vnc, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

static void work(void)
{
	alloc_hold(false);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
	if (t.wants_picture)
		show_picture();
	t.wants_picture = false;
	alloc_hold(true);
}

/* False: nothing more comes of this client. */
static bool is_answered(const struct line *line)
{
	int64_t start_ns = clock_now_ns(), heard_ns = start_ns;

	for (;;) {
		int64_t now_ns = clock_now_ns();

		work();
		if (listen_to_server())
			heard_ns = now_ns;
		if (t.gone)
			return false;
		if (t.said >= line->answer && (!line->then_tls || t.shaken))
			return true;
		if (line->then_tls && t.said >= line->answer && !t.shakes) {
			tls_client_begin(&t.client);
			t.shakes = true;
		}
		if (now_ns > heard_ns + SILENCE_NS && alloc_has_failed())
			return false;
		assert_true(now_ns < start_ns + DEADLINE_NS);
	}
}

static unsigned int here(void)
{
	struct protocol_stats stats;

	t.vnc->impl->stats(t.vnc, &stats);
	return stats.viewers + stats.handshakes;
}

/* True when the client had all it wanted. The allocation with that number fails on the way. */
static bool live(const struct kind *kind, long number)
{
	const struct line *line = kind->lines;
	int64_t end_ns;

	alloc_hold(true);
	alloc_fail_at(number);
	come(kind);
	for (; line->says; line++) {
		say(line);
		if (!is_answered(line))
			break;
	}
	if (!line->says)
		assert_true(kind->is_let_in);
	leave();
	end_ns = clock_now_ns() + DEADLINE_NS;
	while (here()) {
		work();
		assert_true(clock_now_ns() < end_ns);
	}
	alloc_hold(false);
	return !line->says;
}

static void memory_may_run_out_anywhere(void **state)
{
	const struct kind *kind = *state;
	unsigned int lost = 0;
	bool served = !kind->is_let_in;
	long number;

	assert_int_equal(live(kind, -1), kind->is_let_in);
	for (number = 0;; number += served == kind->is_let_in ? FEW : 1) {
		served = live(kind, number);

		if (!alloc_has_failed())
			break;
		lost += !served;
		/* The next one is served as ever. */
		if (lost % FEW == 0)
			assert_int_equal(live(kind, -1), kind->is_let_in);
	}
	alloc_fail_at(-1);
	assert_int_equal(live(kind, -1), kind->is_let_in);
	print_message("%ld allocations, %u clients lost to them\n", number, lost);
	assert_true(number > 100);
}

static struct tls_files server_files(void)
{
	return (struct tls_files){ .path = {
		[TLS_FILE_CERTIFICATE] = tls_rig_path(MAKE_CERTS_SERVER),
		[TLS_FILE_KEY] = tls_rig_path(MAKE_CERTS_SERVER_KEY),
		[TLS_FILE_CLIENT_CA] = tls_rig_path(MAKE_CERTS_CA),
		[TLS_FILE_CLIENT_CRL] = tls_rig_path(LISTS),
	} };
}

/* The files are read or they are not: never so that fewer are asked for what they are. */
static void files_are_read_or_not(void **state)
{
	struct tls_files files;
	unsigned int read_all_the_same = 0;
	struct tls_fault fault;
	long number;
	int r = 0;

	(void)state;
	tls_rig_revoke(LISTS, "", TLS_RIG_OTHER MAKE_CERTS_CLIENT, -60, 3600);
	for (number = 0;; number += r < 0 ? 1 : FEW) {
		files = server_files();
		alloc_fail_at(number);
		r = tls_load(t.tls, &files, &fault);
		if (!alloc_has_failed())
			break;
		alloc_fail_at(-1);
		assert_true(tls_is_ready(t.tls));
		assert_true(tls_asks_client(t.tls));
		if (r < 0) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		if (read_all_the_same++ % FEW)
			continue;
		assert_true(live(&vencrypt, -1));
		assert_false(live(&stranger, -1));
	}
	alloc_fail_at(-1);
	assert_int_equal(r, 0);
	print_message("%ld allocations, %u tried without effect\n", number, read_all_the_same);
	assert_true(number > 100);
}

static void *allocate_without_memory(size_t bytes)
{
	void *memory;

	alloc_fail_at(0);
	memory = stream_memory_allocate(bytes);
	assert_true(alloc_has_failed());
	alloc_fail_at(-1);
	return memory;
}

static void small_blocks_have_a_reserve(void **state)
{
	void *blocks[STREAM_MEMORY_BLOCKS], *moved;

	(void)state;
	assert_null(allocate_without_memory(STREAM_MEMORY_BLOCK_BYTES + 1));
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < STREAM_MEMORY_BLOCKS; i++) {
			blocks[i] = allocate_without_memory(STREAM_MEMORY_BLOCK_BYTES);
			assert_non_null(blocks[i]);
			memset(blocks[i], (int)i, STREAM_MEMORY_BLOCK_BYTES);
		}
		assert_null(allocate_without_memory(1));
		for (size_t i = 0; i < STREAM_MEMORY_BLOCKS; i++) {
			assert_ptr_equal(stream_memory_reallocate(blocks[i], 1), blocks[i]);
			moved = stream_memory_reallocate(blocks[i], STREAM_MEMORY_BLOCK_BYTES + 1);
			assert_ptr_not_equal(moved, blocks[i]);
			for (size_t at = 0; at < STREAM_MEMORY_BLOCK_BYTES; at++)
				assert_int_equal(((unsigned char *)moved)[at], i);
			stream_memory_release(moved);
		}
	}
}

static int start(void **state)
{
	(void)state;
	t.tls = tls_rig_tls(true);
	if (gate_new(t.config->vms[0], 1, &t.gate) < 0 ||
			vnc_new(t.base, t.config->vms[0], t.gate, t.tls, &events, NULL, &t.vnc) < 0)
		return -1;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	t.vnc->impl->free(t.vnc);
	gate_free(t.gate);
	tls_free(t.tls);
	return 0;
}

static int setup(void **state)
{
	static const char text[] = "[vm \"test\"]\nsource = pattern\npenalty-exempt = unix\n"
			"tls-certificate = /server.pem\ntls-key = /key.pem\n";

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	log_set_level((enum log_level)-1);
	if (tls_rig_start() < 0)
		return -1;
	if (config_parse("test", text, sizeof(text) - 1, config_report_stdio, stderr, &t.config) < 0)
		return -1;
	t.base = event_base_new();
	return !t.base || frame_new_memory(WIDTH, HEIGHT, &t.frame) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	frame_unref(t.frame);
	event_base_free(t.base);
	config_free(t.config);
	tls_rig_stop();
	return 0;
}

static void *allocate(size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(bytes);
}

static void *reallocate(void *memory, size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(memory, bytes);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_blocks_have_a_reserve),
		cmocka_unit_test_setup_teardown(files_are_read_or_not, start, stop),
		cmocka_unit_test_prestate_setup_teardown(memory_may_run_out_anywhere, start, stop, (void *)&vencrypt),
		cmocka_unit_test_prestate_setup_teardown(memory_may_run_out_anywhere, start, stop, (void *)&websocket),
		cmocka_unit_test_prestate_setup_teardown(memory_may_run_out_anywhere, start, stop, (void *)&stranger),
	};

	/* libevent's memory is this program's too, and OpenSSL's. */
	stream_memory_install();
	if (!CRYPTO_set_mem_functions(allocate, reallocate, release))
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
