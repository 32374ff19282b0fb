/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clipboard of a VM: text between the guest and its viewers, both ways.
 *
 * Whoever has something new to paste (grabs) says only that; the others are told that there is something,
 * and the text is fetched when somebody pastes. The text itself is kept only of those who cannot be asked
 * for it, and only until something newer is there.
 *
 *  - Text goes from the guest to viewers and from a viewer to the guest, never from one viewer to
 *    another, and each way only if the key clipboard says so.
 *  - Viewers that may only watch take no part, neither way: what is in a clipboard is not what is on
 *    the screen, and may be a password.
 *  - Who comes is not told of what the guest has from before: he would lose what he has himself.
 *  - A text that is longer than clipboard-max, or no UTF-8, is none, and the log says so.
 *
 * One request at a time goes to whoever has the text, whatever number waits for it, and is given up after
 * CLIPBOARD_WAIT_NS. Nothing is allocated for a peer. Loop thread.
 */
#ifndef PLANECAST_SERVER_CLIPBOARD_H
#define PLANECAST_SERVER_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/clock.h"

struct clipboard;
struct config_vm;
struct event_base;

#define CLIPBOARD_WAIT_NS (5 * NSEC_PER_SEC)

enum clipboard_side { CLIPBOARD_GUEST, CLIPBOARD_VIEWER, CLIPBOARD_SIDES };

/* All mandatory where nothing else is said. They may call back, and leave. */
struct clipboard_peer_impl {
	/* Optional; may it control the VM? NULL: it may. */
	bool (*may)(void *user);
	/* There is a new text for it: clipboard_request() gets it. */
	void (*offered)(void *user);
	/* What it was offered last is not there any more. */
	void (*withdrawn)(void *user);
	/* Somebody wants what it has grabbed: clipboard_answer(). */
	void (*wanted)(void *user);
	/* What it has requested, valid UTF-8 with LF at the ends of lines, borrowed. NULL: none came. */
	void (*text)(void *user, const char *text, size_t bytes);
	/* Optional. What is allowed has changed: clipboard_allows(). */
	void (*changed)(void *user);
};

/* Part of the record of its owner; all zero: it takes no part. */
struct clipboard_peer {
	TAILQ_ENTRY(clipboard_peer) link;
	struct clipboard *clipboard; /* NULL: it takes no part */
	enum clipboard_side side;
	const char *name; /* for the log, or NULL */
	const struct clipboard_peer_impl *impl;
	void *user;
	bool offered; /* and not withdrawn since */
	bool waiting; /* for a text */
	unsigned int due; /* to be told; its own */
};

/* config is borrowed. -ENOMEM. */
int clipboard_new(struct event_base *base, const struct config_vm *config, struct clipboard **ret);
/* All peers have left. NULL is fine. */
void clipboard_free(struct clipboard *clipboard);
/* What is allowed, or who may control, may be another. config is borrowed from now on. */
void clipboard_reconfigure(struct clipboard *clipboard, const struct config_vm *config);

/* May text go from there at all? */
bool clipboard_allows(const struct clipboard *clipboard, enum clipboard_side from);
/* The longest text. */
size_t clipboard_max_bytes(const struct clipboard *clipboard);

/*
 * peer's name, impl and user are set. A guest that comes is offered what a viewer has. Joining twice, and
 * leaving when it takes no part, is nothing; who leaves is asked for nothing and told nothing any more.
 */
void clipboard_join(struct clipboard *clipboard, struct clipboard_peer *peer, enum clipboard_side side);
void clipboard_leave(struct clipboard_peer *peer);

/* What follows is nothing for a peer that takes no part. */

/* It has something new, which can be wanted. A viewer's is ignored where it is not allowed. */
void clipboard_grab(struct clipboard_peer *peer);
/* The same with the text itself, which is copied. */
void clipboard_grab_text(struct clipboard_peer *peer, const char *text, size_t bytes);
/* What it grabbed is not there any more. */
void clipboard_release(struct clipboard_peer *peer);
/* It wants what it was offered: text() follows, once, perhaps from inside. */
void clipboard_request(struct clipboard_peer *peer);
/* It was wanted(), and has not answered yet. */
bool clipboard_is_asked(const struct clipboard_peer *peer);
/* To wanted(). NULL: none; bytes says how long it would be, if that is why. Late or unasked it is nothing. */
void clipboard_answer(struct clipboard_peer *peer, const char *text, size_t bytes);

#endif
