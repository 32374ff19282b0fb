// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that goes away while it is read: a file that shrinks stands for the device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/capture/mapping.h"

#define PAGES 4

static size_t page_bytes;

static int new_file(void)
{
	int fd = memfd_create("device", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(PAGES * page_bytes)), 0);
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(pwrite(fd, "x", 1, (off_t)(i * page_bytes)), 1);
	return fd;
}

static uint8_t read_byte(const struct mapping *mapping, size_t at)
{
	return *(const volatile uint8_t *)(mapping_data(mapping) + at);
}

static void test_reads(void **state)
{
	struct mapping *mapping;
	int fd = new_file();

	(void)state;
	assert_int_equal(mapping_new(fd, page_bytes, 2 * page_bytes + 1, &mapping), 0);
	assert_int_equal(pwrite(fd, "y", 1, (off_t)(2 * page_bytes)), 1);
	assert_int_equal(read_byte(mapping, 0), 'x');
	assert_int_equal(read_byte(mapping, page_bytes), 'y');
	assert_false(mapping_lost(mapping));
	mapping_free(mapping);
	close(fd);
}

static void test_loses(void **state)
{
	struct mapping *lost, *kept;
	int fd = new_file(), other = new_file();

	(void)state;
	assert_int_equal(mapping_new(fd, 0, PAGES * page_bytes, &lost), 0);
	assert_int_equal(mapping_new(other, 0, PAGES * page_bytes, &kept), 0);
	assert_int_equal(read_byte(lost, 0), 'x');
	assert_int_equal(ftruncate(fd, (off_t)page_bytes), 0);
	/* What is still there stays readable; the first page that is not costs all of it. */
	assert_int_equal(read_byte(lost, 0), 'x');
	assert_false(mapping_lost(lost));
	assert_int_equal(read_byte(lost, page_bytes), 0);
	assert_true(mapping_lost(lost));
	assert_int_equal(read_byte(lost, 3 * page_bytes), 0);
	assert_int_equal(read_byte(lost, 0), 0);
	assert_false(mapping_lost(kept));
	assert_int_equal(read_byte(kept, 3 * page_bytes), 'x');
	mapping_free(lost);
	mapping_free(kept);
	/* And again, with the slot used anew. */
	assert_int_equal(mapping_new(fd, 0, PAGES * page_bytes, &lost), 0);
	assert_false(mapping_lost(lost));
	assert_int_equal(read_byte(lost, page_bytes), 0);
	assert_true(mapping_lost(lost));
	mapping_free(lost);
	close(fd);
	close(other);
}

static void fault_elsewhere(int fd)
{
	volatile uint8_t *foreign = mmap(NULL, page_bytes, PROT_READ, MAP_SHARED, fd,
			(off_t)((PAGES + 1) * page_bytes));

	if (foreign != MAP_FAILED)
		_exit(*foreign ? 3 : 4);
}

static void send_it(int fd)
{
	(void)fd;
	kill(getpid(), SIGBUS);
}

static void test_other_sigbus_still_kills(void **state)
{
	void (*const ways[])(int fd) = { fault_elsewhere, send_it };
	const struct rlimit no_core = { 0 };
	struct mapping *mapping;
	int fd = new_file(), status;
	pid_t pid;

	(void)state;
	/* Without the handlers of cmocka and the sanitizers, but with ours. */
	assert_true(signal(SIGBUS, SIG_DFL) != SIG_ERR);
	assert_int_equal(mapping_new(fd, 0, page_bytes, &mapping), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			setrlimit(RLIMIT_CORE, &no_core);
			alarm(10);
			ways[i](fd);
			_exit(2);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGBUS);
	}
	mapping_free(mapping);
	close(fd);
}

static void test_refusals(void **state)
{
	struct mapping *many[MAPPINGS_MAX], *mapping = NULL;
	int fd = new_file(), pipes[2];

	(void)state;
	assert_int_equal(mapping_new(fd, 0, 0, &mapping), -EINVAL);
	assert_int_equal(mapping_new(fd, 1, page_bytes, &mapping), -EINVAL);
	assert_int_equal(mapping_new(fd, UINT64_MAX, page_bytes, &mapping), -EINVAL);
	assert_int_equal(mapping_new(-1, 0, page_bytes, &mapping), -EBADF);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(mapping_new(pipes[0], 0, page_bytes, &mapping), -ENODEV);
	assert_null(mapping);
	for (size_t i = 0; i < MAPPINGS_MAX; i++)
		assert_int_equal(mapping_new(fd, 0, page_bytes, &many[i]), 0);
	assert_int_equal(mapping_new(fd, 0, page_bytes, &mapping), -EMFILE);
	mapping_free(many[7]);
	assert_int_equal(mapping_new(fd, 0, page_bytes, &many[7]), 0);
	for (size_t i = 0; i < MAPPINGS_MAX; i++)
		mapping_free(many[i]);
	mapping_free(NULL);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_loses),
		cmocka_unit_test(test_other_sigbus_still_kills),
		cmocka_unit_test(test_refusals),
	};

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
