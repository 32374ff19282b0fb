/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The web page's answers, head and body: login, list of VMs, errors. They run no
 * script, load nothing, and may not be shown inside others. Whatever text goes into
 * them is escaped, and what would not print is a '?'. Pure; any thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_PAGES_H
#define PLANECAST_SERVER_GATEWAY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

/* Sent to this host by TLS only, and to no script. */
#define PAGES_COOKIE "__Host-planecast"
/* Of the form at /login. */
#define PAGES_FIELD_NAME "name"
#define PAGES_FIELD_PASSWORD "password"

enum pages_state {
	PAGES_ENDED, /* nobody serves it, for now */
	PAGES_RESTING, /* nobody has seen a picture of it so far */
	PAGES_BLANK, /* there is no picture, and viewers are told why */
	PAGES_SHOWN,
};

struct pages_vm {
	const char *name; /* in its address */
	const char *title; /* for people */
	enum pages_state state;
	const char *why; /* BLANK: there is no picture */
	uint32_t width, height; /* SHOWN */
	unsigned int viewers;
	bool may_control; /* or only watch */
};

/* Each puts one answer into output, after which the connection is to be closed. -ENOMEM. */

/* user: of the form, as it was sent, or ""; error: why it did not do, or NULL. */
int pages_put_login(struct evbuffer *output, unsigned int status, const char *user, const char *error);
/* user: who has logged in; NULL: nobody does here. has_viewer: there is noVNC. */
int pages_put_list(struct evbuffer *output, const char *user, bool has_viewer, const struct pages_vm *vms,
		size_t n_vms);
int pages_put_error(struct evbuffer *output, unsigned int status, const char *text);
/* To the first page. cookie: to be kept from now on; "": none any more; NULL: as it is. */
int pages_put_redirect(struct evbuffer *output, const char *cookie);

#endif
