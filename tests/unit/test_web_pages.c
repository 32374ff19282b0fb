// SPDX-License-Identifier: GPL-2.0-or-later
/* Files for browsers: which are taken from a folder, and what is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/http_request.h"
#include "net/web_pages.h"

#define SCRIPT "alert(1);\n"
/* printf 'alert(1);\n' | openssl dgst -sha256 -binary | base64 */
#define SCRIPT_HASH "'sha256-vyWxnR5/SfkpBXTjK7tyUvoeEZCT+fK2ayxsse+sBvs='"
#define HTML "<html><script src=\"app/ui.js\"></script><SCRIPT type=\"module\">" SCRIPT "</script></html>"

static char folder[64];
static struct web_pages *pages;

static void put(const char *name, const char *text, size_t bytes)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), bytes);
	close(fd);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void make_folder(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_link(const char *name, const char *target)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(symlink(target, path), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/planecast-test-XXXXXX");
	pages = NULL;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	web_pages_free(pages);
	return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The answer to a GET of path; valid until the next. */
static const char *ask(const char *method, const char *path, int expected)
{
	static struct http_request request;
	static char text[4096];
	struct evbuffer *input = evbuffer_new(), *output = evbuffer_new();
	size_t bytes;

	evbuffer_add_printf(input, "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, path);
	http_request_init(&request);
	assert_int_equal(http_request_read(&request, input), 1);
	assert_int_equal(web_pages_answer(pages, &request, output), expected);
	bytes = evbuffer_get_length(output);
	assert_true(bytes < sizeof(text));
	evbuffer_remove(output, text, bytes);
	text[bytes] = '\0';
	evbuffer_free(input);
	evbuffer_free(output);
	assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
	assert_non_null(strstr(text, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(text, "frame-ancestors 'none'\r\n"));
	return text;
}

static const char *body_of(const char *answer)
{
	return strstr(answer, "\r\n\r\n") + 4;
}

static void files_and_folders(void **state)
{
	const char *answer;

	(void)state;
	put_text("vnc.html", HTML);
	put_text("empty.css", "");
	make_folder("app");
	put_text("app/ui.js", "ui");
	put_text("app/secret.txt", "no page");
	put_text("app/.hidden.js", "hidden");
	put_text(".html", "no name");
	make_folder(".git");
	put_text(".git/a.js", "hidden");
	make_link("passwd.html", "/etc/passwd");
	make_link("up.js", "../../etc/passwd");
	make_link("etc", "/etc");
	make_link("again", ".");
	assert_int_equal(web_pages_load(folder, &pages), 0);
	assert_int_equal(web_pages_count(pages), 3);
	answer = ask("GET", "/vnc.html?any=query", 200);
	assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(answer, "Content-Type: text/html; charset=utf-8\r\n"));
	/* Scripts of this host, and the one that stands in it; no others. */
	assert_non_null(strstr(answer, "script-src 'self' " SCRIPT_HASH ";"));
	assert_string_equal(body_of(answer), HTML);
	answer = ask("GET", "/app/ui.js", 200);
	assert_non_null(strstr(answer, "Content-Type: text/javascript; charset=utf-8\r\nContent-Length: 2\r\n"));
	assert_non_null(strstr(answer, "script-src 'self';"));
	assert_string_equal(body_of(answer), "ui");
	assert_string_equal(body_of(ask("GET", "/empty.css", 200)), "");
	/* They are as they were. */
	put_text("app/ui.js", "changed");
	assert_string_equal(body_of(ask("GET", "/app/ui.js", 200)), "ui");
}

static void paths_that_lead_nowhere(void **state)
{
	static const char *const paths[] = { "/app", "/app/", "//vnc.html", "/./vnc.html", "/app/../vnc.html",
		"/../../../etc/passwd", "/%2e%2e/etc/passwd", "/vnc%2ehtml", "/vnc.html/", "/VNC.html",
		"/passwd.html", "/etc/passwd", "/.html", "/app/ui.js%00", "/vnc.htm", "/vnc.html.", "/etc/hosts.js" };

	(void)state;
	put_text("vnc.html", HTML);
	make_folder("app");
	put_text("app/ui.js", "ui");
	make_link("passwd.html", "/etc/passwd");
	make_link("etc", "/etc");
	assert_int_equal(web_pages_load(folder, &pages), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_non_null(strstr(ask("GET", paths[i], 404), "HTTP/1.1 404 Not Found\r\n"));
}

static void other_requests(void **state)
{
	(void)state;
	put_text("vnc.html", HTML);
	assert_int_equal(web_pages_load(folder, &pages), 0);
	assert_non_null(strstr(ask("GET", "/", 303), "\r\nLocation: /vnc.html?autoconnect=1&"));
	assert_non_null(strstr(ask("POST", "/vnc.html", 405), "\r\nAllow: GET\r\n"));
	ask("HEAD", "/vnc.html", 405);
	ask("DELETE", "/", 405);
}

static void folders_of_no_use(void **state)
{
	char deep[256] = "deep";

	(void)state;
	assert_int_equal(web_pages_load("/nonexistent", &pages), -ENOENT);
	assert_int_equal(web_pages_load("/etc/passwd", &pages), -ENOTDIR);
	assert_int_equal(web_pages_load(folder, &pages), -ENOENT);
	make_folder(deep);
	for (int i = 0; i < WEB_PAGES_DEPTH_MAX; i++) {
		strcat(deep, "/deep");
		make_folder(deep);
	}
	put_text("vnc.html", HTML);
	assert_int_equal(web_pages_load(folder, &pages), -E2BIG);
	assert_null(pages);
}

static void limits(void **state)
{
	static char data[WEB_PAGES_FILE_BYTES_MAX + 1];
	char name[32];

	(void)state;
	put_text("vnc.html", HTML);
	put("a.js", data, WEB_PAGES_FILE_BYTES_MAX);
	assert_int_equal(web_pages_load(folder, &pages), 0);
	web_pages_free(pages);
	pages = NULL;
	put("a.js", data, WEB_PAGES_FILE_BYTES_MAX + 1);
	assert_int_equal(web_pages_load(folder, &pages), -E2BIG);
	for (int i = 0; i < WEB_PAGES_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%d.js", i);
		put_text(name, "");
	}
	put_text("a.js", "");
	assert_int_equal(web_pages_load(folder, &pages), -E2BIG);
	put_text("vnc.html", "<script>1</script><script>2</script><script>3</script><script>4</script>"
			     "<script>5</script>");
	assert_int_equal(web_pages_load(folder, &pages), -E2BIG);
	assert_null(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_and_folders, setup, teardown),
		cmocka_unit_test_setup_teardown(paths_that_lead_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(other_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(folders_of_no_use, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
