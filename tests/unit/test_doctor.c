// SPDX-License-Identifier: GPL-2.0-or-later
/* What planecastctl doctor reads of /proc, and what it knows of GPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config/address.h"
#include "tools/planecastctl/doctor_gpu.h"
#include "tools/planecastctl/doctor_proc.h"
#include "tools/planecastctl/doctor_who.h"

static void knows_gpus(void **state)
{
	static const struct {
		unsigned int vendor, device;
		const char *name, *converts; /* parts; NULL: none */
	} gpus[] = {
		{ 0x8086, 0x0122, "Sandy", "i965-va-driver" },
		{ 0x8086, 0x0162, "Sandy", "i965-va-driver" },
		{ 0x8086, 0x0412, "Haswell", "i965-va-driver" },
		{ 0x8086, 0x0a16, "Haswell", "i965-va-driver" },
		{ 0x8086, 0x1616, "Broadwell", "non-free" },
		{ 0x8086, 0x22b1, "Broadwell", "non-free" },
		{ 0x8086, 0x1912, "Gen9", "non-free" },
		{ 0x8086, 0x5a84, "Gen9", "non-free" },
		{ 0x8086, 0x0a84, "Gen9", "non-free" },
		{ 0x8086, 0x5912, "Gen9", "non-free" },
		{ 0x8086, 0x3184, "Gen9", "non-free" },
		{ 0x8086, 0x3e92, "Gen9", "non-free" },
		{ 0x8086, 0x9bc5, "Gen9", "non-free" },
		{ 0x8086, 0x8a52, "Gen11", "intel-media-va-driver," },
		{ 0x8086, 0x4571, "Gen11", "intel-media-va-driver," },
		{ 0x8086, 0x9a49, "Gen11", "intel-media-va-driver," },
		{ 0x8086, 0x4c8a, "Gen11", "intel-media-va-driver," },
		{ 0x8086, 0x46a6, "Gen11", "intel-media-va-driver," },
		{ 0x8086, 0x56c0, "Gen11", "intel-media-va-driver," },
		{ 0x1002, 0x1636, "AMD", "mesa-va-drivers" },
		{ 0x10de, 0x1eb8, "NVIDIA", NULL },
		{ 0x1af4, 0x1050, "virtio", "mesa-va-drivers" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(gpus) / sizeof(gpus[0]); i++) {
		const struct doctor_gpu *gpu = doctor_gpu_find(gpus[i].vendor, gpus[i].device);

		print_message("%04x:%04x\n", gpus[i].vendor, gpus[i].device);
		assert_non_null(gpu);
		assert_non_null(strstr(gpu->name, gpus[i].name));
		assert_int_equal(!gpu->converts, !gpus[i].converts);
		assert_int_equal(!gpu->encodes, !gpus[i].converts);
		if (gpu->converts)
			assert_non_null(strstr(gpu->converts, gpus[i].converts));
	}
	assert_null(doctor_gpu_find(0x8086, 0x7121)); /* an i810 */
	assert_null(doctor_gpu_find(0x1234, 0x1111));
	assert_null(doctor_gpu_find(0, 0));
}

static void finds_unix_sockets(void **state)
{
	static const char listens[] = "000000001ea4b5ca: 00000002 00000000 00010000 0001 01 18031 /run/a b";
	static const char connected[] = "000000001ea4b5ca: 00000003 00000000 00000000 0001 03 18032 /run/a b";
	static const char closing[] = "000000001ea4b5ca: 00000003 00000000 00000000 0001 01 18033 /run/a b";
	unsigned long inode = 0;
	bool is_listener;

	(void)state;
	assert_true(doctor_proc_parse_unix(listens, "/run/a b", &is_listener, &inode));
	assert_true(is_listener);
	assert_int_equal(inode, 18031);
	assert_true(doctor_proc_parse_unix(connected, "/run/a b", &is_listener, &inode));
	assert_false(is_listener);
	assert_int_equal(inode, 18032);
	assert_false(doctor_proc_parse_unix(closing, "/run/a b", &is_listener, &inode));
	assert_false(doctor_proc_parse_unix(listens, "/run/a", &is_listener, &inode));
	assert_false(doctor_proc_parse_unix("000000001ea4b5ca: 00000003 00000000 00000000 0001 03 18032",
			"/run/a b", &is_listener, &inode));
	assert_false(doctor_proc_parse_unix("Num       RefCount Protocol Flags    Type St Inode Path", "/run/a b",
			&is_listener, &inode));
	assert_false(doctor_proc_parse_unix("", "/run/a b", &is_listener, &inode));
}

static bool parse_tcp(const char *line, bool v6, const char *text, unsigned long *ret)
{
	struct sockaddr_storage address;
	const char *error;
	socklen_t length;

	assert_int_equal(address_parse(text, &address, &length, &error), 0);
	return doctor_proc_parse_tcp(line, v6, (const struct sockaddr *)&address, ret);
}

static void finds_who_listens(void **state)
{
	static const char local[] =
			"   1: 0100007F:170C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0"
			"        0 4711 1 0000000084d29b20 100 0 0 10 0";
	static const char any[] =
			"   0: 00000000:170C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0"
			"        0 4712 1 0000000084d29b20 100 0 0 10 0";
	static const char open[] =
			"   0: 0100007F:170C 0100007F:DB9F 01 00000000:00000000 00:00000000 00000000     0"
			"        0 4713 1 0000000084d29b20 100 0 0 10 0";
	static const char any6[] =
			"   0: 00000000000000000000000000000000:170C 00000000000000000000000000000000:0000 0A "
			"00000000:00000000 00:00000000 00000000     0        0 4714 1 0000000084d29b20 100 0 0 10 0";
	static const char local6[] =
			"   0: 00000000000000000000000001000000:170C 00000000000000000000000000000000:0000 0A "
			"00000000:00000000 00:00000000 00000000     0        0 4715 1 0000000084d29b20 100 0";
	unsigned long inode = 0;

	(void)state;
	assert_true(parse_tcp(local, false, "127.0.0.1:5900", &inode));
	assert_int_equal(inode, 4711);
	assert_true(parse_tcp(local, false, "*:5900", &inode));
	assert_false(parse_tcp(local, false, "127.0.0.1:5901", &inode));
	assert_false(parse_tcp(local, false, "127.0.0.2:5900", &inode));
	assert_false(parse_tcp(local, false, "[::1]:5900", &inode));
	assert_true(parse_tcp(any, false, "127.0.0.2:5900", &inode));
	assert_int_equal(inode, 4712);
	assert_false(parse_tcp(open, false, "127.0.0.1:5900", &inode));
	assert_true(parse_tcp(any6, true, "127.0.0.1:5900", &inode));
	assert_int_equal(inode, 4714);
	assert_true(parse_tcp(local6, true, "[::1]:5900", &inode));
	assert_int_equal(inode, 4715);
	assert_false(parse_tcp(local6, true, "[fe80::1]:5900", &inode));
	assert_false(parse_tcp("  sl  local_address rem_address   st tx_queue", false, "*:5900", &inode));
	assert_false(parse_tcp("", true, "*:5900", &inode));
}

static void reads_the_guests_name(void **state)
{
	static const struct {
		const char *words;
		size_t bytes;
		const char *name;
	} lines[] = {
#define LINE(words, name) { words, sizeof(words), name }
		LINE("qemu\0-name\0guest=win11,debug-threads=on\0-m\0001", "win11"),
		LINE("qemu\0-name\0plain\0-S", "plain"),
		LINE("qemu\0-name\0process=x,guest=b", "b"),
		LINE("qemu\0-name", ""),
		LINE("qemu\0-m\0001", ""),
		LINE("", ""),
#undef LINE
	};
	char name[8];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		doctor_proc_guest(lines[i].words, lines[i].bytes, name, sizeof(name));
		assert_string_equal(name, lines[i].name);
	}
	doctor_proc_guest("qemu\0-name\0a-long-name", 23, name, sizeof(name));
	assert_string_equal(name, "a-long-");
}

static void reads_identities(void **state)
{
	static const char status[] =
			"Name:\tplanecastd\nUmask:\t0077\nUid:\t0\t64055\t0\t0\nGid:\t0\t64056\t0\t0\n"
			"Groups:\t44 104 \nCapInh:\t0000000000000000\nCapEff:\t0000000000000402\n";
	static const char none[] = "Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\nGroups:\t\nCapEff:\t0000000000000000\n";
	struct doctor_who who;

	(void)state;
	assert_int_equal(doctor_who_parse(status, &who), 0);
	assert_int_equal(who.uid, 64055);
	assert_int_equal(who.gid, 64056);
	assert_int_equal(who.n_groups, 2);
	assert_int_equal(who.groups[0], 44);
	assert_int_equal(who.groups[1], 104);
	assert_true(doctor_who_has(&who, 10)); /* CAP_NET_BIND_SERVICE */
	assert_false(doctor_who_has(&who, 19));
	assert_int_equal(doctor_who_parse(none, &who), 0);
	assert_int_equal(who.n_groups, 0);
	assert_int_equal(doctor_who_parse("Name:\tx\n", &who), -22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_gpus),
		cmocka_unit_test(finds_unix_sockets),
		cmocka_unit_test(finds_who_listens),
		cmocka_unit_test(reads_the_guests_name),
		cmocka_unit_test(reads_identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
