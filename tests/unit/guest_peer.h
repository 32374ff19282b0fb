/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of guest control: a QEMU that answers as the test says, on a real unix socket, in the same loop. */
#ifndef PLANECAST_TESTS_UNIT_GUEST_PEER_H
#define PLANECAST_TESTS_UNIT_GUEST_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>

#include "server/clock.h"

struct bufferevent;
struct evconnlistener;
struct guest;

#define PEER_DEADLINE_NS (20 * NSEC_PER_SEC)
#define PEER_LINES_MAX 2048
#define PEER_GREETING \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}}, " \
	"\"capabilities\": []}}\r\n"

#define PEER_MOUSE "[{\"name\": \"QEMU PS/2 Mouse\", \"index\": 2, \"current\": true, \"absolute\": false}]"
#define PEER_TABLET \
	"[{\"name\": \"QEMU PS/2 Mouse\", \"index\": 2, \"current\": false, \"absolute\": false}, " \
	"{\"name\": \"QEMU HID Tablet\", \"index\": 3, \"current\": true, \"absolute\": true}]"

struct peer {
	struct event_base *base;
	char directory[64];
	char path[96];
	struct evconnlistener *listener;
	struct bufferevent *bev;
	unsigned int connections;
	const char *opening; /* sent to whoever connects */
	size_t opening_bytes;
	bool answering;
	const char *error; /* answer commands with this description */
	char *lines[PEER_LINES_MAX]; /* "events" lists received, without their frame */
	unsigned int n_lines;
	const char *mice; /* what query-mice is answered with */
	bool asked_mice[PEER_LINES_MAX]; /* by this command */
	unsigned int n_commands, answered, n_asked_mice;
	bool negotiated;
};

/* Makes and frees one, as *state of a cmocka test. It does not listen yet. */
int peer_set_up(void **state);
int peer_tear_down(void **state);
void peer_listen(struct peer *peer);
void peer_hang_up(struct peer *peer);
/* Hangs up and stops listening. */
void peer_vanish(struct peer *peer);
/* What has not been answered, if it answers. */
void peer_answer(struct peer *peer);

#define PEER_WAIT(peer, condition) \
	do { \
		int64_t deadline_ns = clock_now_ns() + PEER_DEADLINE_NS; \
		struct event *waker = evtimer_new((peer)->base, peer_wake, NULL); \
		while (!(condition)) { \
			struct timeval step = clock_timeval(NSEC_PER_SEC); \
			assert_true(clock_now_ns() < deadline_ns); \
			evtimer_add(waker, &step); \
			event_base_loop((peer)->base, EVLOOP_ONCE); \
		} \
		event_free(waker); \
	} while (0)
void peer_wake(evutil_socket_t fd, short what, void *user);

/* What the viewer that sends has down; another one begins with 0. */
extern uint32_t last_buttons;
void send_key(struct guest *guest, uint32_t qnum, bool down);
/* In a picture of 1024x512. */
void send_pointer(struct guest *guest, uint32_t x, uint32_t y, uint32_t buttons);

/*
 * A guest whose connection takes commands. That the peer has been told
 * "capabilities" is not enough: our side must have read the answer, and the
 * only sign of that is that input arrives.
 */
struct guest *connected_guest(struct peer *peer);

/* What the peer's lines are made of. */
#define KEY(state, number) \
	"{\"type\":\"key\",\"data\":{\"down\":" state ",\"key\":{\"type\":\"number\",\"data\":" number "}}}"
#define AXIS(name, value) "{\"type\":\"abs\",\"data\":{\"axis\":\"" name "\",\"value\":" value "}}"
#define BUTTON(state, name) \
	"{\"type\":\"btn\",\"data\":{\"down\":" state ",\"button\":\"" name "\"}}"

#endif
