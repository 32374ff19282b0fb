// SPDX-License-Identifier: GPL-2.0-or-later
/* The channel between supervisor and worker: what arrives, what is refused, and no descriptor lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "server/channel.h"

static int ends[2];
static char payload[CHANNEL_PAYLOAD_MAX + 1];
static unsigned int fds_before;

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static int setup(void **state)
{
	(void)state;
	fds_before = count_fds();
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int teardown(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return count_fds() == fds_before ? 0 : -1;
}

/* A message as a hostile peer may build it. */
static void send_raw(const void *bytes, size_t size, unsigned int n_fds)
{
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds) {
		struct cmsghdr *cmsg;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		for (unsigned int i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &ends[0], sizeof(int));
	}
	assert_int_equal(sendmsg(ends[0], &message, 0), size);
}

static void test_kinds_arrive_as_sent(void **state)
{
	struct channel_status status = {
		.viewers = 3, .width = 640, .height = 480, .state = "fine"
	};
	const struct {
		enum channel_kind kind;
		const void *payload;
		size_t bytes;
	} cases[] = {
		{ CHANNEL_CONFIG, "[server]\n", 9 },
		{ CHANNEL_LISTENER_CLOSE, "127.0.0.1:5901", 14 },
		{ CHANNEL_READY, NULL, 0 },
		{ CHANNEL_STOP, NULL, 0 },
		{ CHANNEL_SERVING, NULL, 0 },
		{ CHANNEL_AVOID, "software\n", 9 },
		{ CHANNEL_AVOID, NULL, 0 },
		{ CHANNEL_ENCODING, "/dev/dri/renderD128\n", 20 },
		{ CHANNEL_STATUS, &status, sizeof(status) },
		{ CHANNEL_ASK, "1234{}", 6 },
		{ CHANNEL_ANSWER, "1234{}", 6 },
		{ CHANNEL_EVENT, "{}", 2 },
		{ CHANNEL_DEVICE_GONE, NULL, 0 },
		{ CHANNEL_DEVICE_NONE, "No QEMU has it open.", 20 },
		{ CHANNEL_DEVICE_LET_GO, NULL, 0 },
		{ CHANNEL_DEVICE_HELD, "win11", 5 },
		{ CHANNEL_LOG, "12345678", sizeof(struct channel_log) },
	};
	enum channel_kind kind;
	size_t bytes;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(channel_send(ends[0], cases[i].kind, cases[i].payload,
						 cases[i].bytes, -1),
				0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(payload, 'x', sizeof(payload));
		assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), 0);
		assert_int_equal(kind, cases[i].kind);
		assert_int_equal(bytes, cases[i].bytes);
		assert_int_equal(fd, -1);
		if (bytes)
			assert_memory_equal(payload, cases[i].payload, bytes);
		assert_int_equal(payload[bytes], '\0');
	}
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), -EAGAIN);
}

static void test_descriptor_is_passed(void **state)
{
	struct stat sent, received;
	enum channel_kind kind;
	size_t bytes;
	int fds[2], fd;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(channel_send(ends[0], CHANNEL_LISTENER, "unix:/a", 7, fds[0]), 0);
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), 0);
	assert_int_equal(kind, CHANNEL_LISTENER);
	assert_string_equal(payload, "unix:/a");
	assert_int_equal(fstat(fds[0], &sent), 0);
	assert_int_equal(fstat(fd, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

/* There are kinds that come with one or without. */
static void test_descriptor_may_be_passed(void **state)
{
	enum channel_kind kind;
	size_t bytes;
	int fd;

	(void)state;
	assert_int_equal(channel_send(ends[0], CHANNEL_ANSWER, "1234{}", 6, ends[1]), 0);
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), 0);
	assert_int_equal(kind, CHANNEL_ANSWER);
	assert_true(fd >= 0);
	close(fd);
}

static void test_largest_payload(void **state)
{
	static char sent[CHANNEL_PAYLOAD_MAX + 1];
	enum channel_kind kind;
	size_t bytes;
	int fd;

	(void)state;
	memset(sent, 'c', sizeof(sent));
	assert_int_equal(channel_send(ends[0], CHANNEL_CONFIG, sent, CHANNEL_PAYLOAD_MAX + 1, -1),
			-EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_CONFIG, sent, CHANNEL_PAYLOAD_MAX, -1), 0);
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), 0);
	assert_int_equal(bytes, CHANNEL_PAYLOAD_MAX);
	assert_int_equal(strlen(payload), CHANNEL_PAYLOAD_MAX);
}

static void test_sender_refuses_what_no_kind_allows(void **state)
{
	(void)state;
	assert_int_equal(channel_send(ends[0], 0, NULL, 0, -1), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_LOG + 1, NULL, 0, -1), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_DEVICE, NULL, 0, -1), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_DEVICE_OWNER, "1234", 4, ends[1]), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_DEVICE_NONE, payload, CHANNEL_REASON_MAX + 1, -1), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_LISTENER, "a", 1, -1), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_ASK, "1234{}", 6, ends[1]), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_ANSWER, "1234", 4, -1), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_STOP, NULL, 0, ends[1]), -EINVAL);
	assert_int_equal(channel_send(ends[0], CHANNEL_STOP, "a", 1, -1), -EINVAL);
}

static void test_peer_that_does_not_read(void **state)
{
	static const char config[1000] = "x";
	unsigned int sent = 0, received = 0;
	enum channel_kind kind;
	size_t bytes;
	int ret, fd;

	(void)state;
	while ((ret = channel_send(ends[0], CHANNEL_CONFIG, config, sizeof(config), -1)) == 0)
		assert_true(++sent < 10000);
	assert_int_equal(ret, -EAGAIN);
	while ((ret = channel_receive(ends[1], &kind, payload, &bytes, &fd)) == 0)
		received++;
	assert_int_equal(ret, -EAGAIN);
	assert_int_equal(sent, received);
	assert_int_equal(channel_send(ends[0], CHANNEL_STOP, NULL, 0, -1), 0);
}

static void test_peer_is_gone(void **state)
{
	enum channel_kind kind;
	size_t bytes;
	int fd;

	(void)state;
	assert_int_equal(channel_send(ends[0], CHANNEL_STOP, NULL, 0, -1), 0);
	close(ends[0]);
	ends[0] = -1;
	/* what was sent before is still received */
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), 0);
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), -EPIPE);
	assert_int_equal(channel_send(ends[1], CHANNEL_SERVING, NULL, 0, -1), -EPIPE);
}

static void test_hostile_messages(void **state)
{
	static const struct {
		uint32_t words[4];
		size_t bytes;
		unsigned int n_fds;
	} cases[] = {
		{ { CHANNEL_STOP, 0 }, 1, 0 }, /* shorter than a header */
		{ { CHANNEL_STOP, 0 }, 7, 1 },
		{ { CHANNEL_CONFIG, 5, 0 }, 12, 0 }, /* says more than it has */
		{ { CHANNEL_CONFIG, 3, 0 }, 12, 0 }, /* says less */
		{ { CHANNEL_CONFIG, UINT32_MAX, 0 }, 12, 0 }, { { 0, 0 }, 8, 0 }, /* no such kind */
		{ { CHANNEL_STATUS + 1, 0 }, 8, 0 }, { { UINT32_MAX, 0 }, 8, 0 },
		{ { CHANNEL_STATUS, 8, 0, 0 }, 16, 0 }, /* not a whole status */
		{ { CHANNEL_LISTENER, 4, 'a' }, 12, 0 }, /* no descriptor */
		{ { CHANNEL_LISTENER, 4, 'a' }, 12, 2 }, /* two, three, eight of them */
		{ { CHANNEL_LISTENER, 4, 'a' }, 12, 3 }, { { CHANNEL_LISTENER, 4, 'a' }, 12, 8 },
		{ { CHANNEL_ENCODING, CHANNEL_NAMES_MAX + 1 }, 0, 0 }, /* too many names */
		{ { CHANNEL_AVOID, CHANNEL_NAMES_MAX + 1 }, 0, 0 },
		{ { CHANNEL_SERVING, 0 }, 8, 1 }, /* one where none belongs */
		{ { CHANNEL_DEVICE_LET_GO, 0 }, 8, 1 },
		{ { CHANNEL_DEVICE, 0 }, 8, 0 }, { { CHANNEL_DEVICE_OWNER, sizeof(struct channel_owner) }, 0, 0 },
		{ { CHANNEL_DEVICE_OWNER, 8 }, 16, 1 }, /* not a whole owner */
		{ { CHANNEL_VM_DEVICE, CHANNEL_NAME_MAX + CHANNEL_DEVICE_MAX + 2 }, 0, 1 },
		{ { CHANNEL_DEVICE_NONE, CHANNEL_REASON_MAX + 1 }, 0, 0 },
	};
	static char huge[8 + CHANNEL_PAYLOAD_MAX + 1];
	enum channel_kind kind = 77;
	size_t bytes = 77;
	int fd = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(huge, cases[i].words, sizeof(cases[i].words));
		/* 0: as many as it says. */
		send_raw(huge, cases[i].bytes ? cases[i].bytes : 8 + cases[i].words[1], cases[i].n_fds);
		assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), -EBADMSG);
	}
	/* Nothing at all, which is not the end. */
	send_raw(huge, 0, 0);
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), -EBADMSG);
	memcpy(huge, (uint32_t[]){ CHANNEL_CONFIG, CHANNEL_PAYLOAD_MAX }, 8);
	send_raw(huge, sizeof(huge), 0);
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), -EBADMSG);
	/* outputs are untouched, and the next message is read as if nothing had been */
	assert_int_equal(kind, 77);
	assert_int_equal(bytes, 77);
	assert_int_equal(fd, 77);
	assert_int_equal(channel_send(ends[0], CHANNEL_SERVING, NULL, 0, -1), 0);
	assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), 0);
	assert_int_equal(kind, CHANNEL_SERVING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds_arrive_as_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_descriptor_is_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_descriptor_may_be_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_largest_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(
				test_sender_refuses_what_no_kind_allows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peer_that_does_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peer_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_messages, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
