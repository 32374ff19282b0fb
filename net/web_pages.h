/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of static files for browsers, noVNC's, held in memory: what is asked
 * for is looked up among the names that were there when it was read, so that no
 * path leads anywhere else, and nothing waits for a disk.
 *
 * Symbolic links, hidden files and kinds of files that no page needs are left out.
 * Scripts run from these files only: those within an HTML file are named by
 * their hashes in its Content-Security-Policy. Loop thread.
 */
#ifndef PLANECAST_NET_WEB_PAGES_H
#define PLANECAST_NET_WEB_PAGES_H

#include <stddef.h>

struct evbuffer;
struct http_request;
struct web_pages;

/* noVNC 1.6 has about 220 files, of 1.3 MB in sum. */
#define WEB_PAGES_FILES_MAX 1024
#define WEB_PAGES_FILE_BYTES_MAX (1u << 20)
#define WEB_PAGES_BYTES_MAX (8u << 20)
#define WEB_PAGES_DEPTH_MAX 6

/*
 * Blocks on the disk. 0; -E2BIG: more than these limits; -ENOENT: there is no vnc.html in it; other
 * negative errno.
 */
int web_pages_load(const char *folder, struct web_pages **ret);
/* NULL is fine. */
void web_pages_free(struct web_pages *pages);
size_t web_pages_count(const struct web_pages *pages);

/*
 * Answers a request that is no upgrade: with the file, "/" with the way to noVNC,
 * all else with an error. The client is told to close; nothing more of it is
 * to be read. Copies. Returns the status; -ENOMEM.
 */
int web_pages_answer(const struct web_pages *pages, const struct http_request *request, struct evbuffer *output);

#endif
