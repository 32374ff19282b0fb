// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks through /proc, and asks the kernel for the other ends of unix sockets. */
#include "tools/planecastctl/doctor_proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512
#define CMDLINE_MAX 65536
#define DIAG_BYTES 8192
#define LISTENS 0x10000 /* __SO_ACCEPTCON among a unix socket's flags */
#define CONNECTED 3 /* SS_CONNECTED */
#define TCP_LISTENS 0x0a

ssize_t doctor_proc_read(const char *path, char *ret, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t bytes = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -errno;
	while (bytes < size - 1 && (got = read(fd, ret + bytes, size - 1 - bytes)) > 0)
		bytes += (size_t)got;
	if (got < 0)
		got = -errno;
	close(fd);
	ret[bytes] = '\0';
	return got < 0 ? got : (ssize_t)bytes;
}

ssize_t doctor_proc_read_line(const char *path, char *ret, size_t size)
{
	const ssize_t bytes = doctor_proc_read(path, ret, size);

	if (bytes > 0)
		ret[strcspn(ret, "\n")] = '\0';
	return bytes;
}

void doctor_proc_guest(const char *cmdline, size_t bytes, char *ret, size_t size)
{
	const char *end = cmdline + bytes, *word = cmdline, *next, *name;

	ret[0] = '\0';
	for (; word < end; word = next) {
		next = word + strnlen(word, (size_t)(end - word)) + 1;
		if (strcmp(word, "-name") || next >= end)
			continue;
		name = strstr(next, "guest=");
		name = name ? name + strlen("guest=") : next;
		snprintf(ret, size, "%.*s", (int)strcspn(name, ","), name);
		return;
	}
}

static void describe(pid_t pid, struct doctor_holder *holder)
{
	char path[64], comm[32] = "?", guest[80] = "", *cmdline;
	struct stat st;
	ssize_t bytes;

	holder->pid = pid;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	holder->uid = stat(path, &st) < 0 ? (uid_t)-1 : st.st_uid;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	doctor_proc_read_line(path, comm, sizeof(comm));
	holder->ours = !strncmp(comm, "planecastd", 10) || !strncmp(comm, "pc:", 3);
	cmdline = strncmp(comm, "qemu", 4) && strncmp(comm, "kvm", 3) ? NULL : malloc(CMDLINE_MAX);
	if (cmdline) {
		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
		bytes = doctor_proc_read(path, cmdline, CMDLINE_MAX);
		if (bytes > 0)
			doctor_proc_guest(cmdline, (size_t)bytes, guest, sizeof(guest));
		free(cmdline);
	}
	snprintf(holder->name, sizeof(holder->name), "%s (process %d%s%s)", comm, (int)pid,
			guest[0] ? ", guest " : "", guest);
}

/* 1: it has; 0: it has not; negative errno: one may not look. */
static int holds(pid_t pid, const char *link)
{
	char path[64], target[PATH_MAX];
	struct dirent *entry;
	int found = 0;
	ssize_t bytes;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!found && (entry = readdir(dir))) {
		bytes = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (bytes < 0)
			continue;
		target[bytes] = '\0';
		found = !strcmp(target, link);
	}
	closedir(dir);
	return found;
}

unsigned int doctor_proc_find(const char *link, struct doctor_holder *ret, unsigned int max, bool *ret_blind)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned int count = 0;
	bool blind = !dir;
	pid_t pid;
	int r;

	while (dir && count < max && (entry = readdir(dir))) {
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		r = pid > 0 ? holds(pid, link) : 0;
		blind = blind || r < 0;
		if (r > 0)
			describe(pid, &ret[count++]);
	}
	if (dir)
		closedir(dir);
	*ret_blind = blind;
	return count;
}

unsigned int doctor_proc_find_socket(
		unsigned long inode, struct doctor_holder *ret, unsigned int max, bool *ret_blind)
{
	char link[64];

	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	return doctor_proc_find(link, ret, max, ret_blind);
}

static bool is_child(pid_t pid, pid_t parent, const char *comm)
{
	char path[64], text[512];
	const char *end;
	int found_parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (doctor_proc_read(path, text, sizeof(text)) < 0)
		return false;
	/* "4711 (NAME) S PARENT ...", where the name may be anything. */
	end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %d", &found_parent) == 1 && found_parent == parent &&
			strchr(text, '(') && !strncmp(strchr(text, '(') + 1, comm, strlen(comm)) &&
			strchr(text, '(') + 1 + strlen(comm) == end;
}

pid_t doctor_proc_child(pid_t parent, const char *comm)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0, pid;

	while (dir && !found && (entry = readdir(dir))) {
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		found = pid > 0 && is_child(pid, parent, comm) ? pid : 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

bool doctor_proc_parse_unix(const char *line, const char *path, bool *ret_listens, unsigned long *ret_inode)
{
	unsigned int flags, state;
	unsigned long inode;
	int at = 0;

	if (sscanf(line, "%*x: %*x %*x %x %*x %x %lu %n", &flags, &state, &inode, &at) != 3 || !at)
		return false;
	if (strcmp(line + at, path) || (!(flags & LISTENS) && state != CONNECTED))
		return false;
	*ret_listens = flags & LISTENS;
	*ret_inode = inode;
	return true;
}

void doctor_proc_unix(const char *path, unsigned long *ret_listener, unsigned long *ret_connection)
{
	FILE *file = fopen("/proc/net/unix", "re");
	char line[LINE_MAX_BYTES];
	unsigned long inode;
	bool listens;

	*ret_listener = *ret_connection = 0;
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (doctor_proc_parse_unix(line, path, &listens, &inode))
			*(listens ? ret_listener : ret_connection) = inode;
	}
	if (file)
		fclose(file);
}

static unsigned long read_peer(const char *buffer, size_t bytes)
{
	const struct nlmsghdr *header = (const void *)buffer;
	const struct unix_diag_msg *message;
	const struct nlattr *attribute;
	const char *at, *end;
	uint32_t peer;

	if (bytes < NLMSG_LENGTH(sizeof(*message)) || header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
			header->nlmsg_len > bytes)
		return 0;
	end = buffer + header->nlmsg_len;
	for (at = buffer + NLMSG_LENGTH(sizeof(*message)); at + NLA_HDRLEN <= end;
			at += NLA_ALIGN(attribute->nla_len)) {
		attribute = (const void *)at;
		if (attribute->nla_len < NLA_HDRLEN)
			return 0;
		if (attribute->nla_type == UNIX_DIAG_PEER && attribute->nla_len >= NLA_HDRLEN + sizeof(peer) &&
				at + attribute->nla_len <= end) {
			memcpy(&peer, at + NLA_HDRLEN, sizeof(peer));
			return peer;
		}
	}
	return 0;
}

unsigned long doctor_proc_peer(unsigned long inode)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = {
			.nlmsg_len = sizeof(question),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.request = {
			.sdiag_family = AF_UNIX,
			.udiag_states = UINT32_MAX,
			.udiag_ino = (uint32_t)inode,
			.udiag_show = UDIAG_SHOW_PEER,
			.udiag_cookie = { UINT32_MAX, UINT32_MAX }, /* of any */
		},
	};
	_Alignas(struct nlmsghdr) char answer[DIAG_BYTES];
	unsigned long peer = 0;
	ssize_t got;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return 0;
	/* The kernel answers before send() returns. */
	if (send(fd, &question, sizeof(question), 0) == sizeof(question)) {
		got = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		peer = got > 0 ? read_peer(answer, (size_t)got) : 0;
	}
	close(fd);
	return peer;
}

static bool is_zero(const void *bytes, size_t count)
{
	const unsigned char *byte = bytes;

	while (count && !*byte)
		byte++, count--;
	return !count;
}

bool doctor_proc_parse_tcp(const char *line, bool v6, const struct sockaddr *address, unsigned long *ret_inode)
{
	const struct sockaddr_in6 *wanted6 = (const void *)address;
	const struct sockaddr_in *wanted4 = (const void *)address;
	const bool is6 = address->sa_family == AF_INET6;
	const unsigned int wanted_port = ntohs(is6 ? wanted6->sin6_port : wanted4->sin_port);
	const void *wanted = is6 ? (const void *)&wanted6->sin6_addr : &wanted4->sin_addr;
	const size_t bytes = v6 ? 16 : 4;
	unsigned int words[4] = { 0 }, port, state;
	unsigned long inode;
	int at = 0, got;

	got = v6 ? sscanf(line, " %*d: %8x%8x%8x%8x:%x %*x:%*x %x %n", &words[0], &words[1], &words[2], &words[3],
				   &port, &state, &at)
		 : sscanf(line, " %*d: %8x:%x %*x:%*x %x %n", &words[0], &port, &state, &at);
	if (got != (v6 ? 6 : 3) || !at || state != TCP_LISTENS || port != wanted_port)
		return false;
	if (sscanf(line + at, "%*x:%*x %*x:%*x %*x %*u %*u %lu", &inode) != 1)
		return false;
	if (!is_zero(words, bytes) && !is_zero(wanted, is6 ? 16 : 4) &&
			(is6 != v6 || memcmp(words, wanted, bytes)))
		return false;
	*ret_inode = inode;
	return true;
}

unsigned long doctor_proc_tcp(const struct sockaddr *address)
{
	static const char *const paths[] = { "/proc/net/tcp", "/proc/net/tcp6" };
	char line[LINE_MAX_BYTES];
	unsigned long inode = 0;

	for (unsigned int v6 = 0; v6 < 2 && !inode; v6++) {
		FILE *file = fopen(paths[v6], "re");

		while (file && fgets(line, sizeof(line), file))
			if (doctor_proc_parse_tcp(line, v6, address, &inode))
				break;
		if (file)
			fclose(file);
	}
	return inode;
}
