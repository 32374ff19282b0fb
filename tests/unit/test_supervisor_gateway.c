// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the supervisor makes of a gateway that is in a stranger's hands, and how it
 * tells one of more VMs than fit into its channel: this program is that gateway,
 * too, and the workers, started as the supervisor starts the real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "server/channel.h"
#include "server/log.h"
#include "server/supervisor.h"
#include "server/supervisor_spawn.h"
#include "tests/unit/pump.h"

#define DEED "PLANECAST_TEST_DEED"
#define SIGN "PLANECAST_TEST_SIGN"
/* More than a channel holds messages; with a sanitizer that many processes take all memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VMS 20
#else
#define VMS 300
#endif

/* The gateway's side. */

static void say(enum channel_kind kind, const void *payload, size_t bytes, int fd)
{
	channel_send(SUPERVISOR_CHANNEL_FD, kind, payload, bytes, fd);
}

static void do_garbage(void)
{
	send(SUPERVISOR_CHANNEL_FD, "garbage", 7, 0);
}

static void do_empty(void)
{
	send(SUPERVISOR_CHANNEL_FD, "", 0, 0);
}

static void do_worker(void)
{
	say(CHANNEL_STATUS, &(struct channel_status){ .viewers = 1 }, sizeof(struct channel_status), -1);
}

static void do_twice(void)
{
	say(CHANNEL_SERVING, NULL, 0, -1);
	say(CHANNEL_SERVING, NULL, 0, -1);
}

static void do_event(void)
{
	say(CHANNEL_EVENT, "{\"event\": \"viewer\"}", 19, -1);
}

static void do_orders(void)
{
	say(CHANNEL_STOP, NULL, 0, -1);
}

static void do_hand_back(void)
{
	say(CHANNEL_HANDED, "websocket", 9, SUPERVISOR_CHANNEL_FD);
}

static void do_flood(void)
{
	for (int i = 0; i < 100000; i++)
		say(CHANNEL_ANSWER, "1234{}", 6, -1);
}

static void do_right(void)
{
	FILE *sign = fopen(getenv(SIGN), "w");

	say(CHANNEL_SERVING, NULL, 0, -1);
	if (sign)
		fclose(sign);
}

static const struct {
	const char *name;
	void (*perform)(void);
} deeds[] = {
	{ "garbage", do_garbage }, { "empty", do_empty }, { "worker", do_worker }, { "twice", do_twice },
	{ "event", do_event }, { "orders", do_orders }, { "hand-back", do_hand_back }, { "flood", do_flood },
	{ "right", do_right },
};

/* Of a gateway that is slow to read. */
static void count_doors(void)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	unsigned int doors = 0;
	enum channel_kind kind;
	size_t bytes;
	int fd, r;

	usleep(100000); /* whatever can be underway is */
	while (doors < VMS && ((r = channel_receive(SUPERVISOR_CHANNEL_FD, &kind, payload, &bytes, &fd)) == 0 ||
			r == -EAGAIN)) {
		doors += !r && kind == CHANNEL_VM_DOOR;
		if (!r && fd >= 0)
			close(fd);
		if (r)
			usleep(1000);
	}
	if (doors == VMS)
		do_right();
}

static void perform(const char *deed)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (!strcmp(deeds[i].name, deed))
			deeds[i].perform();
	}
}

/* Serves nobody, until it is told to end. */
static int play_worker(void)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	enum channel_kind kind = CHANNEL_READY;
	size_t bytes;
	int fd, r;

	while (kind != CHANNEL_STOP) {
		r = channel_receive(SUPERVISOR_CHANNEL_FD, &kind, payload, &bytes, &fd);
		if (r == -EAGAIN)
			poll(&(struct pollfd){ .fd = SUPERVISOR_CHANNEL_FD, .events = POLLIN }, 1, -1);
		else if (r)
			return 1;
		else if (fd >= 0)
			close(fd);
	}
	return 0;
}

/* Listens as the gateway does, and does its deed once it has all that it needs. */
static int play_gateway(void)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	unsigned int config = 0, listeners = 0;
	enum channel_kind kind;
	size_t bytes;
	int fd, r;

	if (!strcmp(getenv(DEED), "doors"))
		count_doors();
	while ((r = channel_receive(SUPERVISOR_CHANNEL_FD, &kind, payload, &bytes, &fd)) == 0 || r == -EAGAIN) {
		if (r == -EAGAIN) {
			usleep(1000);
			continue;
		}
		config += kind == CHANNEL_CONFIG_FILE;
		listeners += kind == CHANNEL_LISTENER && !strncmp(payload, "spice-tls unix:", 15);
		/* It is sealed: not even its owner changes it. */
		if (kind == CHANNEL_CONFIG_FILE && write(fd, "x", 1) == 1)
			return 1;
		if (fd >= 0)
			close(fd);
		if (kind == CHANNEL_STOP)
			return 0;
		if (kind == CHANNEL_READY && config && listeners)
			perform(getenv(DEED));
	}
	return 0;
}

/* The supervisor's. */

static unsigned int nonsense, deaths;

static void hear(void *user, const char *vm, const char *message)
{
	(void)user;
	(void)vm;
	nonsense += strstr(message, "sends nonsense") || strstr(message, "sends too much");
	deaths += strstr(message, "died: killed by SIGKILL") != NULL;
}

static void tells_of_all_doors(void **state)
{
	static const struct supervisor_events events = { 0 };
	char directory[] = "/tmp/planecast-test-XXXXXX", sign[64], path[64];
	struct event_base *base = event_base_new();
	struct supervisor *supervisor;
	struct config *config;
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(sign, sizeof(sign), "%s/sign", directory);
	snprintf(path, sizeof(path), "%s/spice", directory);
	fprintf(out, "[server]\nlog-level = warn\ncontrol-socket = off\nspice-tls = unix:%s\n", path);
	for (unsigned int i = 0; i < VMS; i++)
		fprintf(out, "[vm \"%u\"]\nsource = pattern\n", i);
	fclose(out);
	assert_int_equal(config_parse("t", text, bytes, config_report_stdio, stderr, &config), 0);
	free(text);
	setenv(SIGN, sign, 1);
	setenv(DEED, "doors", 1);
	assert_int_equal(supervisor_new(base, config, &events, NULL, &supervisor), 0);
	PUMP_UNTIL(base, access(sign, F_OK) == 0);
	supervisor_stop(supervisor);
	event_base_dispatch(base);
	supervisor_free(supervisor);
	event_base_free(base);
	unlink(sign);
	rmdir(directory);
}

static void kills_who_says_what_no_gateway_says(void **state)
{
	static const struct supervisor_events events = { 0 };
	char directory[] = "/tmp/planecast-test-XXXXXX", text[512], sign[64], path[64];
	struct event_base *base = event_base_new();
	struct supervisor *supervisor;
	struct config *config;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(sign, sizeof(sign), "%s/sign", directory);
	snprintf(path, sizeof(path), "%s/spice", directory);
	snprintf(text, sizeof(text), "[server]\nrestart-delay-max = 100ms\ncontrol-socket = off\nspice-tls = unix:%s\n",
			path);
	assert_int_equal(config_parse("t", text, strlen(text), config_report_stdio, stderr, &config), 0);
	setenv(SIGN, sign, 1);
	setenv(DEED, deeds[0].name, 1);
	log_set_witness(hear, NULL);
	assert_int_equal(supervisor_new(base, config, &events, NULL, &supervisor), 0);
	for (size_t i = 0; i + 1 < sizeof(deeds) / sizeof(deeds[0]); i++) {
		print_message("%s\n", deeds[i].name);
		PUMP_UNTIL(base, nonsense == i + 1);
		/* What the next one does. */
		setenv(DEED, deeds[i + 1].name, 1);
		PUMP_UNTIL(base, deaths == i + 1);
	}
	PUMP_UNTIL(base, access(sign, F_OK) == 0);
	assert_int_equal(nonsense, sizeof(deeds) / sizeof(deeds[0]) - 1);
	assert_int_equal(access(path, F_OK), 0);
	log_set_witness(NULL, NULL);
	supervisor_stop(supervisor);
	event_base_dispatch(base);
	supervisor_free(supervisor);
	assert_int_equal(access(path, F_OK), -1);
	event_base_free(base);
	unlink(sign);
	rmdir(directory);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kills_who_says_what_no_gateway_says),
		cmocka_unit_test(tells_of_all_doors),
	};

	if (argc == 2 && !strcmp(argv[1], "--gateway"))
		return play_gateway();
	if (argc == 3 && !strcmp(argv[1], "--worker"))
		return play_worker();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
