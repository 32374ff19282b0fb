// SPDX-License-Identifier: GPL-2.0-or-later
/* The identity of the server, and what it may, asked of the kernel in a process that has it. */
#include "tools/planecastctl/doctor_who.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/planecastctl/doctor_proc.h"

#define STATUS_MAX 8192

/* The rest of the line that begins so; NULL. */
static const char *find_line(const char *text, const char *name)
{
	const size_t bytes = strlen(name);

	while (text && strncmp(text, name, bytes)) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return text ? text + bytes : NULL;
}

int doctor_who_parse(const char *text, struct doctor_who *ret)
{
	const char *uid = find_line(text, "Uid:"), *gid = find_line(text, "Gid:");
	const char *groups = find_line(text, "Groups:"), *capabilities = find_line(text, "CapEff:");
	unsigned int effective_uid, effective_gid;
	char *end;

	if (!uid || !gid || sscanf(uid, "%*u %u", &effective_uid) != 1 ||
			sscanf(gid, "%*u %u", &effective_gid) != 1)
		return -EINVAL;
	ret->uid = effective_uid;
	ret->gid = effective_gid;
	ret->n_groups = 0;
	while (groups && ret->n_groups < DOCTOR_GROUPS_MAX) {
		groups += strspn(groups, " \t");
		ret->groups[ret->n_groups] = (gid_t)strtoul(groups, &end, 10);
		ret->n_groups += end != groups;
		groups = end == groups ? NULL : end;
	}
	ret->capabilities = capabilities ? strtoumax(capabilities, NULL, 16) : 0;
	return 0;
}

static void set_name(struct doctor_who *who)
{
	const struct passwd *user = getpwuid(who->uid);

	if (user)
		snprintf(who->name, sizeof(who->name), "%s", user->pw_name);
	else
		snprintf(who->name, sizeof(who->name), "%u", who->uid);
}

static int take_process(pid_t pid, struct doctor_who *who)
{
	char path[64], text[STATUS_MAX];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (doctor_proc_read(path, text, sizeof(text)) < 0)
		return -ESRCH;
	return doctor_who_parse(text, who);
}

static int take_service(struct doctor_who *who)
{
	const struct passwd *user = getpwnam(DOCTOR_SERVICE_USER);
	int count = DOCTOR_GROUPS_MAX;

	if (!user)
		return -ENOENT;
	who->uid = user->pw_uid;
	who->gid = user->pw_gid;
	who->n_groups = getgrouplist(DOCTOR_SERVICE_USER, user->pw_gid, who->groups, &count) < 0
			? DOCTOR_GROUPS_MAX
			: (unsigned int)count;
	return 0;
}

void doctor_who_find(pid_t pid, struct doctor_who *ret)
{
	struct doctor_who who = { .pid = pid };

	if (pid && take_process(pid, &who) < 0)
		who.pid = 0;
	if (!who.pid && take_service(&who) < 0) {
		who.guessed = true;
		take_process(getpid(), &who);
	}
	set_name(&who);
	*ret = who;
}

bool doctor_who_has(const struct doctor_who *who, unsigned int capability)
{
	return who->capabilities >> capability & 1;
}

static int try_here(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 ? errno : 0;
}

/* In a process of its own. Its root is the server's, which may be another one (PrivateTmp, ProtectHome). */
static int become(const struct doctor_who *who)
{
	char root[64];

	snprintf(root, sizeof(root), "/proc/%d/root", (int)who->pid);
	if (who->pid && (chroot(root) < 0 || chdir("/") < 0))
		return errno;
	if (setgroups(who->n_groups, who->groups) < 0 || setresgid(who->gid, who->gid, who->gid) < 0 ||
			setresuid(who->uid, who->uid, who->uid) < 0)
		return errno;
	return 0;
}

int doctor_who_may(const struct doctor_who *who, const char *path, int mode)
{
	int status;
	pid_t pid;

	if (geteuid() != 0 || who->guessed)
		return -try_here(path, mode);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		status = become(who);
		_exit(status ? status : try_here(path, mode));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
