// SPDX-License-Identifier: GPL-2.0-or-later
/* Preloaded into a program that looks for its files in the home that the user database names: it gets $HOME. */
#include <pwd.h>
#include <stdlib.h>

struct passwd *getpwuid(uid_t uid)
{
	static struct passwd passwd;

	passwd = (struct passwd){
		.pw_name = "viewer",
		.pw_uid = uid,
		.pw_dir = getenv("HOME"),
		.pw_shell = "/bin/sh",
	};
	return &passwd;
}
