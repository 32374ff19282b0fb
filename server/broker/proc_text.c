// SPDX-License-Identifier: GPL-2.0-or-later
/* Text of /proc and /sys. */
#include "server/broker/proc_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define SYSPATH "vfio-device-syspath:"

/* Up to what ends it. False: no number, or more than max. */
static bool take_number(const char **at, unsigned long max, unsigned long *ret)
{
	unsigned long number = 0;
	const char *digit = *at;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		number = number * 10 + (unsigned long)(*digit - '0');
		if (number > max)
			return false;
	}
	if (digit == *at)
		return false;
	*at = digit;
	*ret = number;
	return true;
}

int proc_text_stat(const char *text, struct proc_stat *ret)
{
	/* The name may have parentheses, but nothing behind it has. */
	const char *name = strchr(text, '('), *end = strrchr(text, ')');
	struct proc_stat stat = { 0 };
	unsigned long parent;

	if (!name || !end || end < name)
		return -EBADMSG;
	name++;
	for (size_t i = 0; i + 1 < PROC_COMM_BYTES && name + i < end; i++)
		stat.comm[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
	/* ") S PARENT " */
	if (end[1] != ' ' || end[2] == '\0' || end[3] != ' ')
		return -EBADMSG;
	end += 4;
	if (!take_number(&end, 1UL << 30, &parent) || *end != ' ')
		return -EBADMSG;
	stat.parent = (pid_t)parent;
	*ret = stat;
	return 0;
}

pid_t proc_text_pid(const char *name)
{
	unsigned long pid;

	return take_number(&name, 1UL << 30, &pid) && !*name ? (pid_t)pid : 0;
}

enum proc_link proc_text_link(const char *target)
{
	if (!strncmp(target, "/dev/vfio/", 10))
		return PROC_LINK_NODE;
	return strcmp(target, "anon_inode:[vfio-device]") ? PROC_LINK_OTHER : PROC_LINK_DEVICE;
}

int proc_text_dev(const char *text, dev_t *ret)
{
	unsigned long major_number, minor_number;

	if (!take_number(&text, 0xfff, &major_number) || *text++ != ':' ||
			!take_number(&text, 0xfffff, &minor_number) || (*text && *text != '\n'))
		return -EBADMSG;
	*ret = makedev(major_number, minor_number);
	return 0;
}

bool proc_text_is_of(const char *fdinfo, const char *path)
{
	const size_t bytes = strlen(path);

	for (const char *line = fdinfo; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, SYSPATH, sizeof(SYSPATH) - 1))
			continue;
		line += sizeof(SYSPATH) - 1;
		line += strspn(line, " \t");
		return !strncmp(line, path, bytes) && (line[bytes] == '\n' || !line[bytes]);
	}
	return false;
}
