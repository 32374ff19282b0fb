// SPDX-License-Identifier: GPL-2.0-or-later
/* The log: what a line looks like in each format, escaping, limits, a reader that has stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/log.h"

/* The clock stands in for libc's. */
static int64_t clock_offset_ns;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int ret = syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_MONOTONIC)
		ts->tv_sec += clock_offset_ns / NSEC_PER_SEC;
	return ret;
}

/* What the log writes while captured; the pipe is as small as a pipe can be. */
static int pipe_fds[2];
static int real_stderr;
static char captured[1 << 20];

static int capture_start(void **state)
{
	(void)state;
	clock_offset_ns += 1000 * NSEC_PER_SEC; /* every test begins with fresh limits */
	log_set_level(LOG_LEVEL_INFO);
	log_set_format(LOG_FORMAT_TEXT);
	log_set_vm(NULL);
	real_stderr = dup(STDERR_FILENO);
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	fcntl(pipe_fds[1], F_SETFL, 0);
	return dup2(pipe_fds[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static const char *capture(void)
{
	size_t n = 0;
	ssize_t got;

	while ((got = read(pipe_fds[0], captured + n, sizeof(captured) - 1 - n)) > 0)
		n += got;
	captured[n] = '\0';
	return captured;
}

static int capture_stop(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

static unsigned int count_lines(const char *text)
{
	unsigned int n = 0;

	while ((text = strchr(text, '\n')))
		n++, text++;
	return n;
}

/* The line behind its time stamp. */
static const char *body(const char *line)
{
	int year, month, day, hour, minute, second, milli, n = 0;

	assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour,
					 &minute, &second, &milli, &n),
			7);
	assert_int_equal(n, 25);
	return line + n;
}

static void test_text_line_names_vm_and_peer(void **state)
{
	(void)state;
	log_warn(NULL, "plain %d", 1);
	assert_string_equal(body(capture()), "warn   plain 1\n");
	log_set_vm("win11");
	log_error("127.0.0.1:5000", "gone");
	assert_string_equal(body(capture()), "error  [win11] 127.0.0.1:5000: gone\n");
	log_set_vm(NULL);
	log_notice(NULL, "again");
	assert_string_equal(body(capture()), "notice again\n");
}

static void test_level_decides(void **state)
{
	(void)state;
	log_debug(NULL, "hidden");
	assert_string_equal(capture(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug(NULL, "shown");
	assert_string_equal(body(capture()), "debug  shown\n");
	log_set_level(LOG_LEVEL_ERROR);
	assert_false(log_enabled(LOG_LEVEL_WARN));
	log_warn(NULL, "hidden");
	assert_string_equal(capture(), "");
}

static void test_errno_is_kept_and_shown(void **state)
{
	(void)state;
	errno = ENOSPC;
	log_info(NULL, "cannot write: %m");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(body(capture()), "info   cannot write: No space left on device\n");
}

static void test_escaping(void **state)
{
	static const struct {
		const char *raw, *shown;
	} cases[] = {
			{"two\nlines", "two\\x0alines"},
			{"cr\rtab\tesc\033[31m del\177", "cr\\x0dtab\\x09esc\\x1b[31m del\\x7f"},
			{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
					"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
			{"C1 \xc2\x9b", "C1 \\xc2\\x9b"},
			{"overlong \xc0\xaf \xe0\x80\xaf", "overlong \\xc0\\xaf \\xe0\\x80\\xaf"},
			{"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80"},
			{"beyond \xf4\x90\x80\x80", "beyond \\xf4\\x90\\x80\\x80"},
			{"cut \xe2\x82", "cut \\xe2\\x82"},
			{"bidi \xe2\x80\xae and \xe2\x81\xa6",
					"bidi \\xe2\\x80\\xae and \\xe2\\x81\\xa6"},
			{"separator \xe2\x80\xa8", "separator \\xe2\\x80\\xa8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		log_info(NULL, "%s", cases[i].raw);
		assert_memory_equal(body(capture()), "info   ", 7);
		captured[strcspn(captured, "\n")] = '\0';
		assert_string_equal(body(captured) + 7, cases[i].shown);
	}
	log_set_vm("a\nb");
	log_info("p\nq", "m");
	assert_string_equal(body(capture()), "info   [a\\x0ab] p\\x0aq: m\n");
}

static void test_long_message_is_cut(void **state)
{
	static const char fills[] = {'x', '\n', '"'};
	char *message = malloc(100000);

	(void)state;
	assert_non_null(message);
	for (size_t i = 0; i < sizeof(fills); i++) {
		for (int format = LOG_FORMAT_TEXT; format <= LOG_FORMAT_JSON; format++) {
			memset(message, fills[i], 99999);
			message[99999] = '\0';
			log_set_format(format);
			log_set_vm(message);
			log_info(message, "%s", message);
			capture();
			assert_int_equal(count_lines(captured), 1);
			assert_in_range(strlen(captured), 1000, 4095);
			if (format == LOG_FORMAT_JSON)
				assert_string_equal(captured + strlen(captured) - 2, "}\n");
			assert_non_null(strstr(captured, "..."));
		}
	}
	free(message);
}

static void test_json_line_parses(void **state)
{
	struct json_object *object;

	(void)state;
	log_set_format(LOG_FORMAT_JSON);
	log_set_vm("win \"11\"");
	log_error("[::1]:5", "back\\slash, \"quotes\" and\nnewline");
	object = json_tokener_parse(capture());
	assert_non_null(object);
	assert_string_equal(
			json_object_get_string(json_object_object_get(object, "level")), "error");
	assert_string_equal(
			json_object_get_string(json_object_object_get(object, "vm")), "win \"11\"");
	assert_string_equal(
			json_object_get_string(json_object_object_get(object, "peer")), "[::1]:5");
	assert_string_equal(json_object_get_string(json_object_object_get(object, "message")),
			"back\\slash, \"quotes\" and\\x0anewline");
	assert_string_equal(json_object_get_string(json_object_object_get(object, "file")),
			"tests/unit/test_log.c");
	assert_int_equal(json_object_get_int(json_object_object_get(object, "pid")), getpid());
	json_object_put(object);
}

static char journal_path[64];

/* A journal of our own, whose queue is the kernel's and soon full. */
static int start_journal(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(journal_path, sizeof(journal_path), "/tmp/planecast-journal-%d", (int)getpid());
	unlink(journal_path);
	strcpy(address.sun_path, journal_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	log_set_journal(journal_path);
	log_set_format(LOG_FORMAT_JOURNAL);
	return fd;
}

static void stop_journal(int fd)
{
	close(fd);
	unlink(journal_path);
}

static const char *read_journal(int fd)
{
	static char datagram[8192];
	ssize_t n = recv(fd, datagram, sizeof(datagram) - 1, 0);

	datagram[n < 0 ? 0 : n] = '\0';
	return datagram;
}

static void test_journal_fields(void **state)
{
	int fd = start_journal();

	(void)state;
	log_set_vm("win11");
	log_warn("unix", "slow\nreader");
	assert_string_equal(capture(), "");
	assert_non_null(strstr(read_journal(fd), "\nPRIORITY=4\nCODE_FILE=tests/unit/test_log.c\nCODE_LINE="));
	log_warn("unix", "slow\nreader");
	assert_non_null(strstr(read_journal(fd),
			"\nPLANECAST_VM=win11\nPLANECAST_PEER=unix\nMESSAGE=slow\\x0areader\n"));
	stop_journal(fd);
}

static void test_no_journal_means_stderr(void **state)
{
	(void)state;
	stop_journal(start_journal());
	log_warn(NULL, "still here");
	assert_string_equal(body(capture()), "warn   still here\n");
}

static void test_a_restarted_journal_is_found_again(void **state)
{
	int fd = start_journal();

	(void)state;
	log_warn(NULL, "before");
	stop_journal(fd);
	fd = start_journal();
	log_warn(NULL, "after");
	assert_non_null(strstr(read_journal(fd), "MESSAGE=after\n"));
	assert_string_equal(capture(), "");
	stop_journal(fd);
}

static void test_stopped_journal_does_not_block(void **state)
{
	int fd = start_journal();
	unsigned int taken = 0;

	(void)state;
	/* More than any queue holds; a log that waited would wait for ever. */
	for (int i = 0; i < 5000; i++) {
		clock_offset_ns += 10 * NSEC_PER_SEC;
		log_warn(NULL, "more");
	}
	while (*read_journal(fd))
		taken++;
	assert_in_range(taken, 1, 4999);
	log_warn(NULL, "at last");
	assert_non_null(strstr(read_journal(fd), " lines lost)"));
	assert_string_equal(capture(), "");
	stop_journal(fd);
}

static void complain(const char *peer)
{
	log_warn(peer, "bad message");
}

static void test_limit_is_per_site_and_peer(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		complain("10.0.0.1:5000");
	assert_int_equal(count_lines(capture()), LOG_BURST);
	complain("10.0.0.2:5000");
	assert_int_equal(count_lines(capture()), 1);
	log_warn("10.0.0.1:5000", "another call site");
	assert_int_equal(count_lines(capture()), 1);
	complain("10.0.0.1:5001"); /* the same peer on a new connection */
	assert_string_equal(capture(), "");

	clock_offset_ns += LOG_BURST_NS + NSEC_PER_SEC;
	complain("10.0.0.1:5002");
	assert_string_equal(
			body(capture()), "warn   10.0.0.1:5002: bad message (91 more held back)\n");
	complain("10.0.0.1:5002");
	assert_string_equal(body(capture()), "warn   10.0.0.1:5002: bad message\n");
}

static void test_many_peers_are_limited_together(void **state)
{
	unsigned int lines = 0;
	char peer[64];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		snprintf(peer, sizeof(peer), "[2001:db8::%x]:5000", i);
		complain(peer);
		lines += count_lines(capture());
	}
	assert_in_range(lines, LOG_BURST, 256 * LOG_BURST);
	/* and they drown nothing of our own */
	complain(NULL);
	assert_int_equal(count_lines(capture()), 1);
}

static void test_stopped_reader_does_not_block(void **state)
{
	unsigned int lines, lost = 0;
	const char *said;

	(void)state;
	complain("somebody"); /* says what earlier tests lost */
	capture();
	fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096);
	for (unsigned int i = 0; i < 4000; i++) {
		if (i % LOG_BURST == 0)
			clock_offset_ns += LOG_BURST_NS + NSEC_PER_SEC;
		log_warn(NULL, "line %u", i);
	}
	lines = count_lines(capture());
	assert_in_range(lines, 1, 200);
	clock_offset_ns += LOG_BURST_NS + NSEC_PER_SEC;
	complain("somebody");
	said = strstr(capture(), " bad message (");
	assert_non_null(said);
	assert_int_equal(sscanf(said, " bad message (%u lines lost)", &lost), 1);
	assert_int_equal(lines + lost, 4000);
}

static void *talk(void *arg)
{
	for (int i = 0; i < 2000; i++)
		log_error(arg, "from a thread");
	return NULL;
}

static void test_threads(void **state)
{
	static char *peers[] = {"a:1", "b:1", "c:1", "d:1"};
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, talk, peers[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(count_lines(capture()), 4 * LOG_BURST, 8 * LOG_BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
			cmocka_unit_test_setup_teardown(test_text_line_names_vm_and_peer,
					capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(
					test_level_decides, capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(
					test_errno_is_kept_and_shown, capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(test_escaping, capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(
					test_long_message_is_cut, capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(
					test_json_line_parses, capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(
					test_journal_fields, capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(
					test_no_journal_means_stderr, capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(test_a_restarted_journal_is_found_again,
					capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(test_stopped_journal_does_not_block,
					capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(test_limit_is_per_site_and_peer,
					capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(test_many_peers_are_limited_together,
					capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(test_stopped_reader_does_not_block,
					capture_start, capture_stop),
			cmocka_unit_test_setup_teardown(test_threads, capture_start, capture_stop),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
