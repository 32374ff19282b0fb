// SPDX-License-Identifier: GPL-2.0-or-later
/* What a broker passes, and that it is given back: the owner ends, gives it up, or the broker does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/capture/attach_broker.h"
#include "server/channel.h"
#include "tests/unit/pump.h"

static struct {
	struct event_base *base;
	struct attach_broker *broker;
	int channel; /* the broker's end; -1: none */
	pid_t owner; /* 0: none */
	int device_fd; /* held; -1: none */
	unsigned int passed, gone, none;
	bool refuses; /* what is passed is no device */
	struct channel_owner passed_owner;
	char reason[CHANNEL_REASON_MAX + 1];
	unsigned int fds;
	unsigned int others, others_at_gone; /* other things that the loop had to do */
} t;

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void on_passed(void *user, int fd, const struct channel_owner *owner)
{
	(void)user;
	assert_int_equal(t.device_fd, -1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	t.passed++;
	t.passed_owner = *owner;
	if (t.refuses) {
		close(fd);
		attach_broker_release(t.broker);
		return;
	}
	t.device_fd = fd;
}

static bool broker_was_told(void)
{
	struct pollfd channel = { .fd = t.channel, .events = POLLIN };

	return t.channel >= 0 && poll(&channel, 1, 0) == 1;
}

static void on_gone(void *user, const char *reason)
{
	(void)user;
	assert_true(t.device_fd >= 0);
	assert_false(broker_was_told());
	close(t.device_fd);
	t.device_fd = -1;
	t.gone++;
	t.others_at_gone = t.others;
	snprintf(t.reason, sizeof(t.reason), "%s", reason);
}

static void on_none(void *user, const char *reason)
{
	(void)user;
	t.none++;
	snprintf(t.reason, sizeof(t.reason), "%s", reason);
}

static const struct attach_broker_events events = { .passed = on_passed, .gone = on_gone, .none = on_none };

static void start_broker(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(attach_broker_open(t.broker, pair[0]), 0);
	t.channel = pair[1];
}

static void end_broker(void)
{
	close(t.channel);
	t.channel = -1;
}

static void start_owner(void)
{
	t.owner = fork();
	assert_true(t.owner >= 0);
	if (!t.owner)
		for (;;)
			pause();
}

static void end_owner(void)
{
	kill(t.owner, SIGKILL);
	waitpid(t.owner, NULL, 0);
	t.owner = 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.fds = count_fds();
	t.device_fd = t.channel = -1;
	t.base = event_base_new();
	assert_non_null(t.base);
	event_base_priority_init(t.base, 2);
	assert_int_equal(attach_broker_new(t.base, &events, NULL, &t.broker), 0);
	start_broker();
	start_owner();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (t.owner)
		end_owner();
	attach_broker_free(t.broker);
	event_base_free(t.base);
	if (t.device_fd >= 0)
		close(t.device_fd);
	if (t.channel >= 0)
		end_broker();
	assert_int_equal(count_fds(), t.fds);
	return 0;
}

static void say(enum channel_kind kind, const void *payload, size_t bytes, int fd)
{
	assert_int_equal(channel_send(t.channel, kind, payload, bytes, fd), 0);
}

static void say_owner(void)
{
	const struct channel_owner owner = { .pid = t.owner, .comm = "qemu\x1b[2J" };
	int fd = (int)syscall(SYS_pidfd_open, t.owner, 0);

	assert_true(fd >= 0);
	say(CHANNEL_DEVICE_OWNER, &owner, sizeof(owner), fd);
	close(fd);
}

static void say_device(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	say(CHANNEL_DEVICE, NULL, 0, fd);
	close(fd);
}

static void pass(void)
{
	say_owner();
	say_device();
	PUMP_UNTIL(t.base, t.passed > 0);
}

/* The broker hears, once, that all was let go. */
static void expect_let_go(void)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	enum channel_kind kind;
	size_t bytes;
	int fd;

	PUMP_UNTIL(t.base, broker_was_told());
	assert_int_equal(channel_receive(t.channel, &kind, payload, &bytes, &fd), 0);
	assert_int_equal(kind, CHANNEL_DEVICE_LET_GO);
	assert_false(broker_was_told());
}

/* Everything that was said has been heard. */
static void settle(void)
{
	static const char text[] = "settled";
	unsigned int before = t.none;

	say(CHANNEL_DEVICE_NONE, text, strlen(text), -1);
	PUMP_UNTIL(t.base, t.none > before);
}

static void test_passed(void **state)
{
	(void)state;
	pass();
	assert_int_equal(t.passed_owner.pid, t.owner);
	/* What a process calls itself is shown to people. */
	assert_string_equal(t.passed_owner.comm, "qemu?[2J");
	assert_false(broker_was_told());
}

static void count_other(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
	t.others++;
}

/* Whatever else there is to be done, the owner's end comes first: its device cannot be opened until then. */
static void test_owner_ends(void **state)
{
	struct event *other;

	(void)state;
	pass();
	other = event_new(t.base, -1, 0, count_other, NULL);
	end_owner();
	event_active(other, EV_TIMEOUT, 0);
	PUMP_UNTIL(t.base, t.gone && t.others);
	event_free(other);
	assert_int_equal(t.gone, 1);
	assert_int_equal(t.others_at_gone, 0);
	assert_non_null(strstr(t.reason, "has ended"));
	expect_let_go();
	/* What the broker says of it, later, is no news. */
	say(CHANNEL_DEVICE_GONE, NULL, 0, -1);
	settle();
	assert_int_equal(t.gone, 1);
	assert_false(broker_was_told());
}

static void test_given_up(void **state)
{
	(void)state;
	pass();
	say(CHANNEL_DEVICE_GONE, NULL, 0, -1);
	PUMP_UNTIL(t.base, t.gone);
	expect_let_go();
	/* Its owner's end is nobody's concern now. */
	end_owner();
	settle();
	assert_int_equal(t.gone, 1);
	start_owner();
	t.passed = 0;
	pass();
	assert_int_equal(t.gone, 1);
}

static void test_refused(void **state)
{
	(void)state;
	t.refuses = true;
	pass();
	expect_let_go();
	end_owner();
	settle();
	assert_int_equal(t.gone, 0);
}

static void test_none(void **state)
{
	static const char text[] = "No QEMU has \x1b it open.";

	(void)state;
	say(CHANNEL_DEVICE_NONE, text, strlen(text), -1);
	PUMP_UNTIL(t.base, t.none);
	assert_string_equal(t.reason, "No QEMU has ? it open.");
	assert_int_equal(t.gone, 0);
	assert_false(broker_was_told());
}

static void test_broker_begins_anew(void **state)
{
	(void)state;
	pass();
	end_broker();
	for (int i = 0; i < 10; i++)
		pump_round(t.base);
	assert_int_equal(t.gone + t.none, 0);
	start_broker();
	/* It finds what we have: that stays as it is. */
	say_owner();
	say_device();
	say(CHANNEL_DEVICE_GONE, NULL, 0, -1);
	PUMP_UNTIL(t.base, t.gone);
	assert_int_equal(t.passed, 1);
	expect_let_go();
	/* And without one: the owner's end is seen all the same. */
	t.passed = t.gone = 0;
	pass();
	end_broker();
	end_owner();
	PUMP_UNTIL(t.base, t.gone);
	start_broker();
	settle();
	assert_false(broker_was_told());
}

/* It has come anew and has found nobody: what we hold may keep others from it. */
static void test_broker_finds_nobody(void **state)
{
	(void)state;
	pass();
	end_broker();
	start_broker();
	settle();
	assert_int_equal(t.gone, 1);
	/* It has passed nothing, and is told nothing. */
	assert_false(broker_was_told());
	t.passed = 0;
	pass();
	say(CHANNEL_DEVICE_GONE, NULL, 0, -1);
	expect_let_go();
}

/* The next QEMU's, without a word of the one before. */
static void test_another_owner(void **state)
{
	pid_t first = t.owner;

	(void)state;
	pass();
	start_owner();
	say_owner();
	say_device();
	PUMP_UNTIL(t.base, t.passed == 2);
	assert_int_equal(t.gone, 1);
	assert_int_equal(t.passed_owner.pid, t.owner);
	kill(first, SIGKILL);
	waitpid(first, NULL, 0);
	end_owner();
	PUMP_UNTIL(t.base, t.gone == 2);
	expect_let_go();
}

/* From a broker that is not ours any more. */
static void test_nonsense(void **state)
{
	(void)state;
	say_device();
	say_owner();
	say_owner();
	say(CHANNEL_STOP, NULL, 0, -1);
	say(CHANNEL_DEVICE_GONE, NULL, 0, -1);
	settle();
	assert_int_equal(t.passed + t.gone, 0);
	/* A device of nobody was given back. */
	expect_let_go();
	assert_int_equal(send(t.channel, "x", 1, MSG_NOSIGNAL), 1);
	PUMP_UNTIL(t.base, t.none == 2);
	assert_non_null(strstr(t.reason, "broker has ended"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broker_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broker_finds_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
