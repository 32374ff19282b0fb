// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages between processes of ours, checked against one table of kinds. */
#include "server/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct channel_header {
	uint32_t kind;
	uint32_t payload_bytes;
};

_Static_assert(sizeof(struct channel_status) == 256, "no padding: compared as bytes");

static const struct kind_rule {
	size_t payload_min, payload_max;
	bool carries_fd; /* always */
	bool may_carry_fd;
} kind_rules[] = {
	[CHANNEL_CONFIG] = { 1, CHANNEL_PAYLOAD_MAX, false },
	[CHANNEL_LISTENER] = { 1, CHANNEL_PAYLOAD_MAX, true },
	[CHANNEL_LISTENER_CLOSE] = { 1, CHANNEL_PAYLOAD_MAX, false },
	[CHANNEL_AVOID] = { 0, CHANNEL_NAMES_MAX, false },
	[CHANNEL_READY] = { 0, 0, false },
	[CHANNEL_STOP] = { 0, 0, false },
	[CHANNEL_GENERATION] = { sizeof(uint32_t), sizeof(uint32_t), false },
	[CHANNEL_SERVING] = { 0, 0, false },
	[CHANNEL_ENCODING] = { 0, CHANNEL_NAMES_MAX, false },
	[CHANNEL_ASK] = { sizeof(uint32_t) + 2, sizeof(uint32_t) + CHANNEL_ASK_MAX, false },
	[CHANNEL_STATUS] = { sizeof(struct channel_status), sizeof(struct channel_status), false },
	[CHANNEL_ANSWER] = { sizeof(uint32_t) + 2, CHANNEL_PAYLOAD_MAX, false, .may_carry_fd = true },
	[CHANNEL_EVENT] = { 2, CHANNEL_EVENT_MAX, false },
	[CHANNEL_DOOR] = { 0, 0, true },
	[CHANNEL_CONFIG_FILE] = { 0, 0, true },
	[CHANNEL_BOARD] = { 0, 0, true },
	[CHANNEL_VM_DOOR] = { 1, CHANNEL_NAME_MAX, true },
	[CHANNEL_HANDED] = { 1, CHANNEL_NAME_MAX, true },
	[CHANNEL_VIEWER] = { sizeof(struct channel_viewer), sizeof(struct channel_viewer), true },
	[CHANNEL_BROKER] = { 0, 0, true },
	[CHANNEL_VM_DEVICE] = { 3, CHANNEL_NAME_MAX + 1 + CHANNEL_DEVICE_MAX, true },
	[CHANNEL_DEVICE_OWNER] = { sizeof(struct channel_owner), sizeof(struct channel_owner), true },
	[CHANNEL_DEVICE] = { 0, 0, true },
	[CHANNEL_DEVICE_GONE] = { 0, 0, false },
	[CHANNEL_DEVICE_NONE] = { 1, CHANNEL_REASON_MAX, false },
	[CHANNEL_DEVICE_LET_GO] = { 0, 0, false },
	[CHANNEL_DEVICE_HELD] = { 1, CHANNEL_NAME_MAX, false },
	[CHANNEL_LOG] = { sizeof(struct channel_log), sizeof(struct channel_log), false },
};

static bool message_is_valid(uint32_t kind, size_t payload_bytes, bool has_fd)
{
	const struct kind_rule *rule;

	if (kind == 0 || kind >= sizeof(kind_rules) / sizeof(kind_rules[0]))
		return false;
	rule = &kind_rules[kind];
	return payload_bytes >= rule->payload_min && payload_bytes <= rule->payload_max &&
			(has_fd == rule->carries_fd || (has_fd && rule->may_carry_fd));
}

int channel_send(int fd, enum channel_kind kind, const void *payload, size_t payload_bytes,
		int pass_fd)
{
	struct channel_header header = { .kind = kind, .payload_bytes = payload_bytes };
	struct iovec iov[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)payload, .iov_len = payload_bytes },
	};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = payload_bytes ? 2 : 1 };

	if (!message_is_valid(kind, payload_bytes, pass_fd >= 0))
		return -EINVAL;
	if (pass_fd >= 0) {
		struct cmsghdr *cmsg;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &pass_fd, sizeof(int));
	}
	if (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

/* Keeps the first descriptor, closes what came unasked. Returns how many came. */
static unsigned int take_fds(struct msghdr *message, int *ret_fd)
{
	unsigned int count = 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg;
			cmsg = CMSG_NXTHDR(message, cmsg)) {
		size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (count++ == 0)
				*ret_fd = fd;
			else
				close(fd);
		}
	}
	return count;
}

/* A packet without a byte looks like the end, too. */
static bool has_hung_up(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };

	return poll(&end, 1, 0) != 0 && end.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

int channel_receive(
		int fd, enum channel_kind *ret_kind, void *payload, size_t *ret_bytes, int *ret_fd)
{
	struct channel_header header;
	struct iovec iov[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = payload, .iov_len = CHANNEL_PAYLOAD_MAX },
	};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	unsigned int n_fds;
	int passed_fd = -1;
	size_t bytes;
	ssize_t n;

	n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (n < 0 && errno != ECONNRESET)
		return -errno;
	if (n < 0 || (n == 0 && has_hung_up(fd)))
		return -EPIPE;

	n_fds = take_fds(&message, &passed_fd);
	bytes = (size_t)n < sizeof(header) ? 0 : n - sizeof(header);
	if ((size_t)n < sizeof(header) || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
			n_fds > 1 || header.payload_bytes != bytes ||
			!message_is_valid(header.kind, bytes, n_fds == 1)) {
		if (passed_fd >= 0)
			close(passed_fd);
		return -EBADMSG;
	}
	((char *)payload)[bytes] = '\0';
	*ret_kind = header.kind;
	*ret_bytes = bytes;
	*ret_fd = passed_fd;
	return 0;
}
