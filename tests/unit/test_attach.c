// SPDX-License-Identifier: GPL-2.0-or-later
/* Ways to a device that are not there, refused, or end: what is said, and that nothing leaks. */
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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"
#include "server/capture/attach.h"
#include "server/capture/capture.h"
#include "server/channel.h"
#include "server/clock.h"

#define DEADLINE_NS (20 * NSEC_PER_SEC)

static struct {
	struct event_base *base;
	struct attach *attach;
	char folder[64], path[96], reason[VFIO_REASON_BYTES];
	unsigned int lost, changed;
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

static void on_changed(void *user)
{
	(void)user;
	t.changed++;
}

static void on_lost(void *user)
{
	(void)user;
	t.lost++;
}

static const struct attach_events events = { .changed = on_changed, .lost = on_lost };

static int setup(void **state)
{
	(void)state;
	t.base = event_base_new();
	assert_non_null(t.base);
	strcpy(t.folder, "/tmp/planecast-attach-XXXXXX");
	assert_non_null(mkdtemp(t.folder));
	snprintf(t.path, sizeof(t.path), "%s/launcher", t.folder);
	t.reason[0] = 0;
	t.lost = t.changed = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	attach_free(t.attach);
	t.attach = NULL;
	event_base_free(t.base);
	unlink(t.path);
	rmdir(t.folder);
	return 0;
}

static void start(int mode, const char *device, const char *path)
{
	static struct config_vm config;

	config = (struct config_vm){
		.vfio_attach = mode,
		.vfio_device = (char *)(uintptr_t)device,
		.vfio_socket = (char *)(uintptr_t)path,
	};
	assert_int_equal(attach_new(t.base, &config, &events, NULL, &t.attach), 0);
}

static int look(void)
{
	enum vfio_plane_kind kind;

	return attach_device(t.attach, &kind, t.reason);
}

/* Turns the loop and looks until the reason has the text. */
static void wait_reason(const char *text)
{
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;
	const struct timeval turn = clock_timeval(10 * NSEC_PER_MSEC);

	while (look() < 0 && !strstr(t.reason, text)) {
		if (clock_now_ns() > end_ns)
			fail_msg("does not come to '%s': %s", text, t.reason);
		event_base_loopexit(t.base, &turn);
		event_base_dispatch(t.base);
	}
	if (!strstr(t.reason, text) || t.reason[strlen(t.reason) - 1] != '.')
		fail_msg("no whole sentence with '%s': %s", text, t.reason);
}

static int listen_here(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, t.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void pass(int socket_fd, const int *fds, size_t count)
{
	union {
		char buffer[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	char byte = 'd';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		message.msg_control = control.buffer;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, count * sizeof(int));
	}
	assert_int_equal(sendmsg(socket_fd, &message, MSG_NOSIGNAL), 1);
}

static void test_missing_devices(void **state)
{
	static const struct {
		const char *device, *says;
	} missing[] = {
		{ "aa618089-8b16-4d01-a136-25a0f3c73123", "mdev_bus" },
		{ "ffff:ff:1f.7", "no device ffff:ff:1f.7" },
		{ "/sys/devices/no/such/thing", "no device /sys/devices/no/such/thing" },
		{ "/sys", "IOMMU group" },
		{ "/", "IOMMU group" },
	};
	unsigned int fds;

	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		start(CONFIG_ATTACH_OWN, missing[i].device, NULL);
		fds = count_fds();
		assert_int_equal(look(), -ENODEV);
		wait_reason(missing[i].says);
		assert_int_equal(count_fds(), fds);
		attach_free(t.attach);
		t.attach = NULL;
	}
}

static void test_long_names(void **state)
{
	static char device[2 * 4096];

	(void)state;
	memset(device, 'a', sizeof(device) - 1);
	start(CONFIG_ATTACH_OWN, device, NULL);
	assert_int_equal(look(), -ENODEV);
	wait_reason("There is no device aaa");
	attach_free(t.attach);
	device[0] = '/';
	start(CONFIG_ATTACH_SOCKET, NULL, device);
	assert_int_equal(look(), -ENAMETOOLONG);
	wait_reason("cannot be reached");
}

static void test_config_without_device(void **state)
{
	struct config_vm config = { .vfio_attach = CONFIG_ATTACH_OWN };

	(void)state;
	assert_int_equal(attach_new(t.base, &config, &events, NULL, &t.attach), -EINVAL);
	config.vfio_attach = CONFIG_ATTACH_AUTO;
	assert_int_equal(attach_new(t.base, &config, &events, NULL, &t.attach), -EINVAL);
	config.vfio_attach = CONFIG_ATTACH_SOCKET;
	assert_int_equal(attach_new(t.base, &config, &events, NULL, &t.attach), -EINVAL);
	assert_null(t.attach);
}

static void test_launcher_comes_and_goes(void **state)
{
	int listener, connection, devnull = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	start(CONFIG_ATTACH_SOCKET, NULL, t.path);
	assert_int_equal(look(), -ENOENT);
	wait_reason("Nobody listens");
	listener = listen_here();
	wait_reason("has not passed");
	connection = accept(listener, NULL, NULL);
	assert_true(connection >= 0);
	/* Bytes without a descriptor mean nothing. */
	pass(connection, NULL, 0);
	pass(connection, &devnull, 1);
	wait_reason("What the launcher passed has no display");
	close(connection);
	wait_reason("closed the connection");
	wait_reason("has not passed");
	close(listener);
	/* A device that never was needs no letting go. */
	assert_int_equal(t.lost, 0);
	close(devnull);
}

static void test_many_descriptors_are_closed(void **state)
{
	int listener = listen_here(), connection, fds[40];
	unsigned int before;

	(void)state;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = 0;
	start(CONFIG_ATTACH_SOCKET, NULL, t.path);
	wait_reason("has not passed");
	connection = accept(listener, NULL, NULL);
	before = count_fds();
	pass(connection, fds, sizeof(fds) / sizeof(fds[0]));
	pass(connection, fds, 3);
	wait_reason("What the launcher passed");
	/* The second message is read by then too, or in the next turn. */
	for (int i = 0; i < 10; i++)
		event_base_loop(t.base, EVLOOP_NONBLOCK);
	assert_int_equal(count_fds(), before);
	close(connection);
	close(listener);
}

static void test_no_permission(void **state)
{
	int listener;

	(void)state;
	if (geteuid() == 0) {
		/* Root may everything: ask as nobody. */
		assert_int_equal(chmod(t.folder, 0755), 0);
		listener = listen_here();
		assert_int_equal(chmod(t.path, 0600), 0);
		assert_int_equal(seteuid(65534), 0);
	} else {
		listener = listen_here();
		assert_int_equal(chmod(t.path, 0), 0);
	}
	start(CONFIG_ATTACH_SOCKET, NULL, t.path);
	assert_int_equal(look(), -EACCES);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	wait_reason("No permission to connect");
	close(listener);
}

/* What the broker says reaches the status card, and what it passed is proven before it is used. */
static void test_broker(void **state)
{
	const struct channel_owner owner = { .pid = getpid(), .comm = "qemu" };
	int pair[2], devnull = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	static const char none[] = "No QEMU has this device open.";
	char payload[CHANNEL_PAYLOAD_MAX + 1];
	enum channel_kind kind;
	size_t bytes;
	int fd;

	(void)state;
	start(CONFIG_ATTACH_AUTO, "aa618089-8b16-4d01-a136-25a0f3c73123", NULL);
	assert_int_equal(look(), -ENODEV);
	wait_reason("Nobody looks for");
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	attach_take_broker(t.attach, pair[0]);
	assert_int_equal(channel_send(pair[1], CHANNEL_DEVICE_NONE, none, strlen(none), -1), 0);
	wait_reason("No QEMU has this device open.");
	assert_int_equal(t.changed, 1);
	assert_int_equal(channel_send(pair[1], CHANNEL_DEVICE_OWNER, &owner, sizeof(owner), pidfd), 0);
	assert_int_equal(channel_send(pair[1], CHANNEL_DEVICE, NULL, 0, devnull), 0);
	wait_reason("has no display");
	assert_int_equal(channel_receive(pair[1], &kind, payload, &bytes, &fd), 0);
	assert_int_equal(kind, CHANNEL_DEVICE_LET_GO);
	/* A device that never was needs no letting go. */
	assert_int_equal(t.lost, 0);
	close(pair[1]);
	wait_reason("broker has ended");
	close(devnull);
	close(pidfd);
}

/* Where nobody needs it. */
static void test_broker_for_nobody(void **state)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	start(CONFIG_ATTACH_SOCKET, NULL, t.path);
	attach_take_broker(t.attach, fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_missing_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config_without_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launcher_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_descriptors_are_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_permission, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broker_for_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
