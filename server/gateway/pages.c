// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes HTML. */
#include "server/gateway/pages.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "config/role.h"
#include "config/text.h"
#include "net/http_request.h"
#include "net/login.h"
#include "server/gateway/pages_style.h"

#define DIGEST_BYTES 32
#define DIGEST_CHARS 44
#define STRINGIFY_(number) #number
#define STRINGIFY(number) STRINGIFY_(number)

struct page {
	struct evbuffer *body;
	bool failed; /* something is missing */
};

static void put_bytes(struct page *page, const void *data, size_t bytes)
{
	page->failed = page->failed || evbuffer_add(page->body, data, bytes) < 0;
}

static void put(struct page *page, const char *html)
{
	put_bytes(page, html, strlen(html));
}

static void put_number(struct page *page, unsigned int number)
{
	page->failed = page->failed || evbuffer_add_printf(page->body, "%u", number) < 0;
}

/* As a part of HTML, in an attribute's quotes, too. */
static void put_text(struct page *page, const char *text)
{
	static const char *const escapes[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};

	while (*text) {
		const size_t bytes = strcspn(text, "&<>\"'"), printable = text_printable(text, bytes);

		put_bytes(page, text, printable);
		text += printable;
		if (printable < bytes) {
			put(page, "?");
			text++;
		} else if (*text) {
			put(page, escapes[(unsigned char)*text++]);
		}
	}
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
}

/* As a part of a URL's path that is itself a parameter of another's query: decoded twice on its way. */
static void put_path_in_query(struct page *page, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		const char escaped[] = { '%', '2', '5', digits[(unsigned char)*text >> 4], digits[*text & 15] };

		if (is_plain(*text))
			put_bytes(page, text, 1);
		else
			put_bytes(page, escaped, sizeof(escaped));
	}
}

/* The style stands in the page, and is the only one that may. */
static int put_head(struct evbuffer *output, unsigned int status, size_t bytes, const char *extra)
{
	unsigned char digest[EVP_MAX_MD_SIZE], text[DIGEST_CHARS + 1];
	unsigned int digest_bytes;

	if (EVP_Digest(pages_style, strlen(pages_style), digest, &digest_bytes, EVP_sha256(), NULL) != 1 ||
			digest_bytes != DIGEST_BYTES)
		return -ENOMEM;
	EVP_EncodeBlock(text, digest, DIGEST_BYTES);
	return evbuffer_add_printf(output,
			"HTTP/1.1 %u %s\r\n"
			"Connection: close\r\n"
			"Content-Type: text/html; charset=utf-8\r\n"
			"Content-Length: %zu\r\n"
			"Cache-Control: no-store\r\n"
			"Strict-Transport-Security: max-age=31536000\r\n"
			"X-Content-Type-Options: nosniff\r\n"
			"X-Frame-Options: DENY\r\n"
			/* With none at all browsers would not say where a form comes from. */
			"Referrer-Policy: same-origin\r\n"
			"Cross-Origin-Opener-Policy: same-origin\r\n"
			"Cross-Origin-Resource-Policy: same-origin\r\n"
			"Content-Security-Policy: default-src 'none'; style-src 'sha256-%s'; img-src data:; "
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
			"%s\r\n",
			status, http_status_text(status), bytes, (char *)text, extra) < 0 ? -ENOMEM : 0;
}

static void begin(struct page *page, const char *title)
{
	*page = (struct page){ .body = evbuffer_new() };
	page->failed = !page->body;
	put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<link rel=\"icon\" href=\"" PAGES_ICON "\">\n<title>");
	put_text(page, title);
	put(page, "</title>\n<style>");
	put(page, pages_style);
	put(page, "</style>\n</head>\n<body>\n");
}

/* Sends it: whole or not at all. */
static int end(struct page *page, unsigned int status, struct evbuffer *output)
{
	int r = -ENOMEM;

	put(page, "</body>\n</html>\n");
	if (!page->failed)
		r = put_head(output, status, evbuffer_get_length(page->body), "");
	if (!r && evbuffer_add_buffer(output, page->body) < 0)
		r = -ENOMEM;
	if (page->body)
		evbuffer_free(page->body);
	return r;
}

int pages_put_login(struct evbuffer *output, unsigned int status, const char *user, const char *error)
{
	struct page page;

	begin(&page, "Sign in");
	put(&page, "<main class=\"middle\">\n<form class=\"panel\" method=\"post\" action=\"/login\">\n"
		"<h1>" PAGES_LOGO "planecast</h1>\n<p class=\"dim\">Sign in to see your virtual machines.</p>\n");
	if (error) {
		put(&page, "<p class=\"error\" role=\"alert\">");
		put_text(&page, error);
		put(&page, "</p>\n");
	}
	put(&page, "<label for=\"name\">Name</label>\n"
		"<input id=\"name\" name=\"" PAGES_FIELD_NAME "\" type=\"text\" required maxlength=\""
		STRINGIFY(ROLE_NAME_MAX) "\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"");
	put(&page, *user ? "" : " autofocus");
	put(&page, " value=\"");
	put_text(&page, user);
	put(&page, "\">\n<label for=\"password\">Password</label>\n"
		"<input id=\"password\" name=\"" PAGES_FIELD_PASSWORD "\" type=\"password\" required maxlength=\""
		STRINGIFY(LOGIN_PASSWORD_MAX) "\" autocomplete=\"current-password\"");
	put(&page, *user ? " autofocus" : "");
	put(&page, ">\n<button>Sign in</button>\n</form>\n</main>\n");
	return end(&page, status, output);
}

static void put_state(struct page *page, const struct pages_vm *vm)
{
	static const char *const classes[] = {
		[PAGES_ENDED] = "ended",
		[PAGES_RESTING] = "shown",
		[PAGES_BLANK] = "blank",
		[PAGES_SHOWN] = "shown",
	};

	put(page, "<p class=\"state ");
	put(page, classes[vm->state]);
	put(page, "\">");
	switch (vm->state) {
	case PAGES_ENDED:
		put(page, "Not running");
		break;
	case PAGES_RESTING:
		put(page, "Ready");
		break;
	case PAGES_BLANK:
		put_text(page, vm->why);
		break;
	case PAGES_SHOWN:
		put_number(page, vm->width);
		put(page, " &times; ");
		put_number(page, vm->height);
		break;
	}
	put(page, "</p>\n<p class=\"dim\">");
	put(page, vm->may_control ? "You may control it" : "You may watch it");
	if (vm->viewers) {
		put(page, " &middot; ");
		put_number(page, vm->viewers);
		put(page, vm->viewers == 1 ? " viewer" : " viewers");
	}
	put(page, "</p>\n");
}

static void put_vm(struct page *page, const struct pages_vm *vm, bool has_viewer)
{
	const bool opens = has_viewer && vm->state != PAGES_ENDED;

	put(page, "<li>");
	if (opens) {
		/* From noVNC's own page, as its versions count paths from there or from the host. */
		put(page, "<a class=\"panel\" href=\"/novnc/vnc.html?autoconnect=1&amp;resize=remote&amp;path=../vm/");
		put_path_in_query(page, vm->name);
		put(page, "\">\n");
	} else {
		put(page, "<div class=\"panel\">\n");
	}
	put(page, "<h2>");
	put_text(page, vm->title);
	put(page, "</h2>\n");
	if (strcmp(vm->title, vm->name)) {
		put(page, "<p class=\"dim name\">");
		put_text(page, vm->name);
		put(page, "</p>\n");
	}
	put_state(page, vm);
	put(page, opens ? "</a></li>\n" : "</div></li>\n");
}

int pages_put_list(struct evbuffer *output, const char *user, bool has_viewer, const struct pages_vm *vms,
		size_t n_vms)
{
	struct page page;

	begin(&page, "Virtual machines");
	put(&page, "<header>\n<div class=\"brand\">" PAGES_LOGO "planecast</div>\n");
	if (user) {
		put(&page, "<form method=\"post\" action=\"/logout\"><span class=\"dim\">Signed in as <b>");
		put_text(&page, user);
		put(&page, "</b></span> <button class=\"plain\">Sign out</button></form>\n");
	}
	put(&page, "</header>\n<main>\n<h1>Virtual machines</h1>\n");
	if (!has_viewer && n_vms)
		put(&page, "<p class=\"error\">The viewer, noVNC, is not on this server. Its administrator finds why "
			  "in the log; <code>web-pages</code> says where it is.</p>\n");
	if (n_vms) {
		put(&page, "<ul>\n");
		for (size_t i = 0; i < n_vms; i++)
			put_vm(&page, &vms[i], has_viewer);
		put(&page, "</ul>\n");
	} else {
		put(&page, "<p class=\"panel dim\">There is no virtual machine that ");
		put(&page, user ? "you may see.</p>\n" : "may be seen without a login.</p>\n");
	}
	put(&page, "</main>\n");
	return end(&page, 200, output);
}

int pages_put_error(struct evbuffer *output, unsigned int status, const char *text)
{
	struct page page;

	begin(&page, http_status_text(status));
	put(&page, "<main class=\"middle\">\n<div class=\"panel\">\n<h1>" PAGES_LOGO "planecast</h1>\n<p>");
	put_text(&page, text);
	put(&page, "</p>\n<p><a href=\"/\">Virtual machines</a></p>\n</div>\n</main>\n");
	return end(&page, status, output);
}

int pages_put_redirect(struct evbuffer *output, const char *cookie)
{
	char extra[256] = "Location: /\r\n";
	const size_t used = strlen(extra);

	/* Until the browser ends: for how long it counts is not the browser's to say. */
	if (cookie)
		snprintf(extra + used, sizeof(extra) - used,
				"Set-Cookie: " PAGES_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s\r\n",
				cookie, *cookie ? "" : "; Max-Age=0");
	return put_head(output, 303, 0, extra);
}
