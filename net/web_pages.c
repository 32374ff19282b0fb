// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a folder of static files, and answers browsers with them. */
#include "net/web_pages.h"

#include <dirent.h>
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/http_request.h"

#define VIEWER "/vnc.html"
/* It begins by itself, at the place that it came from, and the guest becomes as large as the window. */
#define VIEWER_QUERY "?autoconnect=1&resize=remote&path=websockify"
#define PATH_BYTES_MAX 256
#define SCRIPTS_MAX 4
#define HASH_BYTES 32
#define HASH_CHARACTERS 44

/* All kinds that pages are made of. */
static const struct {
	const char *end, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".mp3", "audio/mpeg" },
	{ ".oga", "audio/ogg" },
	{ ".woff", "font/woff" },
	{ ".ttf", "font/ttf" },
};

struct page {
	char *path; /* begins with '/' */
	const char *type;
	char scripts[SCRIPTS_MAX * (HASH_CHARACTERS + sizeof(" 'sha256-'"))]; /* that may run in it, for the policy */
	size_t bytes;
	uint8_t *data;
};

struct web_pages {
	size_t n_pages, bytes;
	struct page pages[WEB_PAGES_FILES_MAX]; /* sorted by path */
};

static const char *type_of(const char *name)
{
	size_t bytes = strlen(name);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t end_bytes = strlen(types[i].end);

		if (bytes > end_bytes && !strcmp(name + bytes - end_bytes, types[i].end))
			return types[i].type;
	}
	return NULL;
}

static const char *find(const char *from, const char *end, const char *text)
{
	size_t bytes = strlen(text);

	for (; from + bytes <= end; from++) {
		if (!strncasecmp(from, text, bytes))
			return from;
	}
	return NULL;
}

/* Notes the hashes of scripts that stand in the file itself. -E2BIG: too many. */
static int hash_scripts(struct page *page)
{
	const char *at = (const char *)page->data, *end = at + page->bytes, *close;
	unsigned char hash[EVP_MAX_MD_SIZE], text[HASH_CHARACTERS + 1];
	size_t n = 0, used = 0;
	unsigned int bytes;

	while ((at = find(at, end, "<script"))) {
		const char *tag = at;

		at = memchr(at, '>', (size_t)(end - at));
		close = at ? find(at, end, "</script>") : NULL;
		if (!close)
			break;
		if (!find(tag, at, "src=") && ++at < close) {
			if (n++ == SCRIPTS_MAX)
				return -E2BIG;
			if (EVP_Digest(at, (size_t)(close - at), hash, &bytes, EVP_sha256(), NULL) != 1 ||
					bytes != HASH_BYTES)
				return -ENOMEM;
			EVP_EncodeBlock(text, hash, HASH_BYTES);
			used += (size_t)snprintf(page->scripts + used, sizeof(page->scripts) - used, " 'sha256-%s'",
					(char *)text);
		}
		at = close;
	}
	return 0;
}

/* Takes path and fd. */
static int add_page(struct web_pages *pages, char *path, const char *type, int fd, const struct stat *st)
{
	struct page *page = &pages->pages[pages->n_pages];
	int r = -E2BIG;
	ssize_t n = 0;

	if (pages->n_pages == WEB_PAGES_FILES_MAX || st->st_size > WEB_PAGES_FILE_BYTES_MAX ||
			pages->bytes + (size_t)st->st_size > WEB_PAGES_BYTES_MAX)
		goto err_path;
	*page = (struct page){ .path = path, .type = type, .data = malloc((size_t)st->st_size + 1) };
	r = -ENOMEM;
	if (!page->data)
		goto err_path;
	/* No more than it had: it may grow meanwhile, or shrink. */
	while (page->bytes < (size_t)st->st_size &&
			(n = read(fd, page->data + page->bytes, (size_t)st->st_size - page->bytes)) > 0)
		page->bytes += (size_t)n;
	r = n < 0 ? -errno : !strncmp(type, "text/html", 9) ? hash_scripts(page) : 0;
	if (r < 0)
		goto err_data;
	pages->bytes += page->bytes;
	pages->n_pages++;
	close(fd);
	return 0;

err_data:
	free(page->data);
err_path:
	free(path);
	close(fd);
	return r;
}

static int add_folder(struct web_pages *pages, int fd, const char *path, unsigned int depth);

/* What is at name in the folder: whatever it is, what is opened is looked at, and links are not followed. */
static int add_entry(struct web_pages *pages, int folder, const char *path, const char *name, unsigned int depth)
{
	const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *type = type_of(name);
	struct stat st;
	char *below;
	int r;

	/* Links, and what is not for us. */
	if (fd < 0)
		return errno == ENOMEM || errno == EMFILE || errno == ENFILE ? -errno : 0;
	if (fstat(fd, &st) < 0 || !(S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && type)) ||
			strlen(path) + 1 + strlen(name) > PATH_BYTES_MAX) {
		close(fd);
		return 0;
	}
	if (asprintf(&below, "%s/%s", path, name) < 0) {
		close(fd);
		return -ENOMEM;
	}
	if (S_ISREG(st.st_mode))
		return add_page(pages, below, type, fd, &st);
	r = depth < WEB_PAGES_DEPTH_MAX ? add_folder(pages, fd, below, depth + 1) : -E2BIG;
	if (depth >= WEB_PAGES_DEPTH_MAX)
		close(fd);
	free(below);
	return r;
}

/* Takes fd. */
static int add_folder(struct web_pages *pages, int fd, const char *path, unsigned int depth)
{
	DIR *folder = fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!folder) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			r = add_entry(pages, dirfd(folder), path, entry->d_name, depth);
	}
	closedir(folder);
	return r;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct page *)a)->path, ((const struct page *)b)->path);
}

static const struct page *find_page(const struct web_pages *pages, const char *path)
{
	const struct page wanted = { .path = (char *)path };

	return bsearch(&wanted, pages->pages, pages->n_pages, sizeof(pages->pages[0]), compare_paths);
}

int web_pages_load(const char *folder, struct web_pages **ret)
{
	struct web_pages *pages = calloc(1, sizeof(*pages));
	int fd, r;

	if (!pages)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : add_folder(pages, fd, "", 0);
	qsort(pages->pages, pages->n_pages, sizeof(pages->pages[0]), compare_paths);
	if (r == 0 && !find_page(pages, VIEWER))
		r = -ENOENT;
	if (r < 0) {
		web_pages_free(pages);
		return r;
	}
	*ret = pages;
	return 0;
}

void web_pages_free(struct web_pages *pages)
{
	if (!pages)
		return;
	for (size_t i = 0; i < pages->n_pages; i++) {
		free(pages->pages[i].path);
		free(pages->pages[i].data);
	}
	free(pages);
}

size_t web_pages_count(const struct web_pages *pages)
{
	return pages->n_pages;
}

/* What all answers have: one file a connection, no guessing at kinds, nothing from or into elsewhere. */
static int put_head(struct evbuffer *output, unsigned int status, const char *type, size_t bytes, const char *scripts)
{
	return evbuffer_add_printf(output,
			"HTTP/1.1 %u %s\r\n"
			"Connection: close\r\n"
			"Content-Type: %s\r\n"
			"Content-Length: %zu\r\n"
			"Cache-Control: no-cache\r\n"
			"X-Content-Type-Options: nosniff\r\n"
			"X-Frame-Options: DENY\r\n"
			"Referrer-Policy: no-referrer\r\n"
			"Cross-Origin-Opener-Policy: same-origin\r\n"
			"Cross-Origin-Resource-Policy: same-origin\r\n"
			"Content-Security-Policy: default-src 'none'; script-src 'self'%s; style-src 'self'; "
			"img-src 'self' data: blob:; font-src 'self'; media-src 'self' data:; connect-src 'self'; "
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n",
			status, http_status_text(status), type, bytes, scripts) < 0 ? -ENOMEM : 0;
}

static int answer(struct evbuffer *output, unsigned int status, const char *extra, const char *text)
{
	int r = put_head(output, status, "text/plain; charset=utf-8", strlen(text), "");

	if (r < 0 || evbuffer_add_printf(output, "%s\r\n%s", extra, text) < 0)
		return -ENOMEM;
	return (int)status;
}

int web_pages_answer(const struct web_pages *pages, const struct http_request *request, struct evbuffer *output)
{
	const struct page *page;

	if (strcmp(request->method, "GET"))
		return answer(output, 405, "Allow: GET\r\n", "Only GET is understood here.\n");
	if (!strcmp(request->path, "/"))
		return answer(output, 303, "Location: " VIEWER VIEWER_QUERY "\r\n", "The viewer is at " VIEWER ".\n");
	page = find_page(pages, request->path);
	if (!page)
		return answer(output, 404, "", "There is no such page.\n");
	if (put_head(output, 200, page->type, page->bytes, page->scripts) < 0 ||
			evbuffer_add(output, "\r\n", 2) < 0 || evbuffer_add(output, page->data, page->bytes) < 0)
		return -ENOMEM;
	return 200;
}
