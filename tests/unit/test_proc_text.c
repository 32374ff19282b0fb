// SPDX-License-Identifier: GPL-2.0-or-later
/* What /proc and /sys say, also of processes that name themselves and their files to deceive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "server/broker/proc_text.h"

static void a_process_has_a_parent_and_a_name(void **state)
{
	static const struct {
		const char *text, *comm;
		pid_t parent;
	} good[] = {
		{ "42 (qemu-system-x86) S 7 42 42 0 -1 4194560 1\n", "qemu-system-x86", 7 },
		{ "1 (a) R 0 ", "a", 0 },
		{ "1 () R 0 ", "", 0 },
		/* names that look like what comes behind them */
		{ "42 (x) S 1 (y) S 99 42 42\n", "x) S 1 (y", 99 },
		{ "42 (a b) Z 1) S 13 0\n", "a b) Z 1", 13 },
		{ "42 (\n\x1b[31m\xff) S 13 0\n", "??[31m?", 13 },
		{ "42 (longer than any name that is) S 13 0\n", "longer than any", 13 },
	};
	static const char *const bad[] = {
		"", "42", "42 (x", "42 x) S 1 ", ")(", ")", "42 (x)", "42 (x) ", "42 (x) S", "42 (x) S ",
		"42 (x) S  7 ", "42 (x) S -1 ", "42 (x) S 7", "42 (x) S 7x ", "42 (x) S 99999999999999999999 ",
		"42 (x)S 7 ", "42 (x) SS 7 ",
	};
	struct proc_stat stat;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(proc_text_stat(good[i].text, &stat), 0);
		assert_string_equal(stat.comm, good[i].comm);
		assert_int_equal(stat.parent, good[i].parent);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("'%s'\n", bad[i]);
		stat.parent = 77;
		assert_int_equal(proc_text_stat(bad[i], &stat), -EBADMSG);
		assert_int_equal(stat.parent, 77);
	}
}

static void processes_are_numbers(void **state)
{
	static const char *const others[] = { "", ".", "..", "self", "1a", " 1", "-1", "0x1", "99999999999" };

	(void)state;
	assert_int_equal(proc_text_pid("1"), 1);
	assert_int_equal(proc_text_pid("4194304"), 4194304);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(proc_text_pid(others[i]), 0);
}

static void links_say_what_is_worth_a_look(void **state)
{
	(void)state;
	assert_int_equal(proc_text_link("/dev/vfio/42"), PROC_LINK_NODE);
	assert_int_equal(proc_text_link("/dev/vfio/devices/vfio0"), PROC_LINK_NODE);
	/* a node that was removed, or was never one: its number decides */
	assert_int_equal(proc_text_link("/dev/vfio/42 (deleted)"), PROC_LINK_NODE);
	assert_int_equal(proc_text_link("anon_inode:[vfio-device]"), PROC_LINK_DEVICE);
	assert_int_equal(proc_text_link("anon_inode:[vfio-device] "), PROC_LINK_OTHER);
	assert_int_equal(proc_text_link("/tmp/anon_inode:[vfio-device]"), PROC_LINK_OTHER);
	assert_int_equal(proc_text_link("/tmp/dev/vfio/42"), PROC_LINK_OTHER);
	assert_int_equal(proc_text_link("/dev/vfio"), PROC_LINK_OTHER);
	assert_int_equal(proc_text_link("anon_inode:kvm-vm"), PROC_LINK_OTHER);
	assert_int_equal(proc_text_link(""), PROC_LINK_OTHER);
}

static void nodes_have_numbers(void **state)
{
	static const char *const bad[] = { "", ":", "1", "1:", ":1", "1:2x", "x1:2", "-1:2", "1 :2",
		"4096:0", "0:1048576", "99999999999999999999:1" };
	dev_t dev = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("'%s'\n", bad[i]);
		assert_int_equal(proc_text_dev(bad[i], &dev), -EBADMSG);
		assert_int_equal(dev, 77);
	}
	assert_int_equal(proc_text_dev("511:1048575\n", &dev), 0);
	assert_int_equal(dev, makedev(511, 1048575));
	assert_int_equal(proc_text_dev("0:0", &dev), 0);
	assert_int_equal(dev, 0);
}

static void fdinfo_names_the_device(void **state)
{
	static const char path[] = "/sys/devices/virtual/mdpy/mdpy/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
	static const char begin[] = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1058\nvfio-device-syspath: ";
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "%s%s\n", begin, path);
	assert_true(proc_text_is_of(text, path));
	assert_false(proc_text_is_of(text, path + 4));
	assert_false(proc_text_is_of(text, "/sys/devices/virtual/mdpy/mdpy/83b8f4f2-509f-382f-3c1e-e6bfe0fa100"));
	snprintf(text, sizeof(text), "%s%s", begin, path);
	assert_true(proc_text_is_of(text, path));
	snprintf(text, sizeof(text), "%s%s2\n", begin, path);
	assert_false(proc_text_is_of(text, path));
	snprintf(text, sizeof(text), "x%s%s\n", "vfio-device-syspath: ", path);
	assert_false(proc_text_is_of(text, path));
	assert_false(proc_text_is_of("", path));
	assert_false(proc_text_is_of("pos:\t0\n", path));
	assert_false(proc_text_is_of("vfio-device-syspath:", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_has_a_parent_and_a_name),
		cmocka_unit_test(processes_are_numbers),
		cmocka_unit_test(links_say_what_is_worth_a_look),
		cmocka_unit_test(nodes_have_numbers),
		cmocka_unit_test(fdinfo_names_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
