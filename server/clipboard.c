// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has the newest text, who may have it, and who waits for it. */
#include "server/clipboard.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "server/clip_text.h"
#include "server/log.h"

/* What peers are still to be told in a round; told one thing, they cause others. */
enum due {
	DUE_OFFER = 1 << 0,
	DUE_WITHDRAWAL = 1 << 1,
	DUE_TEXT = 1 << 2,
	DUE_CHANGE = 1 << 3,
};

TAILQ_HEAD(clipboard_peer_list, clipboard_peer);

struct clipboard {
	const struct config_vm *config;
	struct clipboard_peer_list peers;
	struct clipboard_peer *owner; /* of the newest text; NULL: there is none */
	char *kept; /* that text, of those who gave it with their grab; NULL: others */
	size_t kept_bytes;
	bool asked; /* the owner has been, and peers wait */
	struct event *deadline;
};

bool clipboard_allows(const struct clipboard *clipboard, enum clipboard_side from)
{
	static const bool allowed[][CLIPBOARD_SIDES] = {
		[CONFIG_CLIPBOARD_BOTH] = { [CLIPBOARD_GUEST] = true, [CLIPBOARD_VIEWER] = true },
		[CONFIG_CLIPBOARD_TO_GUEST] = { [CLIPBOARD_VIEWER] = true },
		[CONFIG_CLIPBOARD_FROM_GUEST] = { [CLIPBOARD_GUEST] = true },
		[CONFIG_CLIPBOARD_OFF] = { false },
	};

	return allowed[clipboard->config->clipboard][from];
}

size_t clipboard_max_bytes(const struct clipboard *clipboard)
{
	return (size_t)clipboard->config->clipboard_max_bytes;
}

static bool may(const struct clipboard_peer *peer)
{
	return !peer->impl->may || peer->impl->may(peer->user);
}

/* May the owner's text go to peer? */
static bool passes(const struct clipboard *clipboard, const struct clipboard_peer *peer)
{
	const struct clipboard_peer *owner = clipboard->owner;

	return owner && owner->side != peer->side && clipboard_allows(clipboard, owner->side) && may(owner) &&
			may(peer);
}

/* The next one to be told; peers leave while they are. */
static struct clipboard_peer *next_due(struct clipboard *clipboard, enum due what)
{
	struct clipboard_peer *peer;

	TAILQ_FOREACH(peer, &clipboard->peers, link) {
		if (peer->due & what)
			break;
	}
	if (peer)
		peer->due &= ~(unsigned int)what;
	return peer;
}

/* Ends the request; text is checked. */
static void finish(struct clipboard *clipboard, const char *text, size_t bytes)
{
	struct clipboard_peer *peer;

	clipboard->asked = false;
	event_del(clipboard->deadline);
	TAILQ_FOREACH(peer, &clipboard->peers, link) {
		peer->due |= peer->waiting ? DUE_TEXT : 0;
		peer->waiting = false;
	}
	while ((peer = next_due(clipboard, DUE_TEXT))) {
		const bool has = text && peer->offered && passes(clipboard, peer);

		peer->impl->text(peer->user, has ? text : NULL, has ? bytes : 0);
	}
}

/* Of those who were offered something, whoever may not have it any more; all, if there is nothing any more. */
static void withdraw(struct clipboard *clipboard)
{
	struct clipboard_peer *peer;

	TAILQ_FOREACH(peer, &clipboard->peers, link)
		peer->due |= peer->offered && !passes(clipboard, peer) ? DUE_WITHDRAWAL : 0;
	while ((peer = next_due(clipboard, DUE_WITHDRAWAL))) {
		peer->offered = false;
		peer->impl->withdrawn(peer->user);
	}
}

/* NULL: nobody has anything. */
static void set_owner(struct clipboard *clipboard, struct clipboard_peer *owner)
{
	free(clipboard->kept);
	clipboard->kept = NULL;
	if (clipboard->owner != owner) {
		clipboard->owner = owner;
		finish(clipboard, NULL, 0);
	}
}

static void offer(struct clipboard *clipboard, struct clipboard_peer *to)
{
	to->offered = passes(clipboard, to);
	if (to->offered)
		to->impl->offered(to->user);
}

/* NULL and the log says why, if it is no text that may go on. The caller's to free. */
static char *check(const struct clipboard_peer *peer, const char *text, size_t bytes, size_t *ret_bytes)
{
	const size_t max = clipboard_max_bytes(peer->clipboard);
	char *copy;

	if (bytes > max) {
		log_info(peer->name, "clipboard text of %zu bytes ignored, clipboard-max is %zu", bytes, max);
		return NULL;
	}
	if (!text)
		return NULL;
	/* Some send the end of a string, too. */
	while (bytes && !text[bytes - 1])
		bytes--;
	if (!clip_text_is_valid(text, bytes)) {
		log_info(peer->name, "clipboard text ignored: it is no UTF-8");
		return NULL;
	}
	copy = malloc(bytes + 1);
	if (!copy) {
		log_warn(peer->name, "clipboard text ignored: out of memory");
		return NULL;
	}
	if (bytes)
		memcpy(copy, text, bytes);
	*ret_bytes = clip_text_to_lf(copy, bytes);
	return copy;
}

static void grab(struct clipboard_peer *peer, char *kept, size_t bytes)
{
	struct clipboard *clipboard = peer->clipboard;
	struct clipboard_peer *to;

	log_debug(peer->name, "has something new in its clipboard");
	/* It has its own now. */
	peer->offered = false;
	set_owner(clipboard, peer);
	if (clipboard->owner != peer) {
		free(kept);
		return;
	}
	clipboard->kept = kept;
	clipboard->kept_bytes = bytes;
	if (clipboard->asked && kept)
		finish(clipboard, kept, bytes);
	withdraw(clipboard);
	TAILQ_FOREACH(to, &clipboard->peers, link)
		to->due |= to->side != peer->side ? DUE_OFFER : 0;
	while (clipboard->owner == peer && (to = next_due(clipboard, DUE_OFFER)))
		offer(clipboard, to);
}

/* Where the guest's is not allowed it counts all the same: it is what viewers do not have. */
static bool may_grab(const struct clipboard_peer *peer)
{
	return peer->clipboard && (peer->side == CLIPBOARD_GUEST ||
			(clipboard_allows(peer->clipboard, peer->side) && may(peer)));
}

void clipboard_grab(struct clipboard_peer *peer)
{
	if (may_grab(peer))
		grab(peer, NULL, 0);
}

void clipboard_grab_text(struct clipboard_peer *peer, const char *text, size_t bytes)
{
	char *copy;

	if (!may_grab(peer))
		return;
	copy = check(peer, text, bytes, &bytes);
	if (copy)
		grab(peer, copy, bytes);
}

void clipboard_release(struct clipboard_peer *peer)
{
	if (!peer->clipboard || peer->clipboard->owner != peer)
		return;
	set_owner(peer->clipboard, NULL);
	withdraw(peer->clipboard);
}

void clipboard_request(struct clipboard_peer *peer)
{
	const struct timeval delay = clock_timeval(CLIPBOARD_WAIT_NS);
	struct clipboard *clipboard = peer->clipboard;

	if (!clipboard || peer->waiting)
		return;
	if (!peer->offered || !passes(clipboard, peer)) {
		peer->impl->text(peer->user, NULL, 0);
		return;
	}
	if (clipboard->kept) {
		peer->impl->text(peer->user, clipboard->kept, clipboard->kept_bytes);
		return;
	}
	peer->waiting = true;
	if (clipboard->asked)
		return;
	clipboard->asked = true;
	if (event_add(clipboard->deadline, &delay) < 0)
		finish(clipboard, NULL, 0);
	else
		clipboard->owner->impl->wanted(clipboard->owner->user);
}

bool clipboard_is_asked(const struct clipboard_peer *peer)
{
	return peer->clipboard && peer->clipboard->owner == peer && peer->clipboard->asked;
}

void clipboard_answer(struct clipboard_peer *peer, const char *text, size_t bytes)
{
	struct clipboard *clipboard = peer->clipboard;
	char *copy;

	if (!clipboard_is_asked(peer))
		return;
	copy = check(peer, text, bytes, &bytes);
	finish(clipboard, copy, bytes);
	free(copy);
}

void clipboard_join(struct clipboard *clipboard, struct clipboard_peer *peer, enum clipboard_side side)
{
	if (!clipboard || peer->clipboard)
		return;
	peer->clipboard = clipboard;
	peer->side = side;
	peer->offered = peer->waiting = false;
	peer->due = 0;
	TAILQ_INSERT_TAIL(&clipboard->peers, peer, link);
	log_debug(peer->name, "takes part in the clipboard");
	if (side == CLIPBOARD_GUEST)
		offer(clipboard, peer);
}

void clipboard_leave(struct clipboard_peer *peer)
{
	struct clipboard *clipboard = peer->clipboard;

	if (!clipboard)
		return;
	TAILQ_REMOVE(&clipboard->peers, peer, link);
	peer->clipboard = NULL;
	if (clipboard->owner != peer)
		return;
	set_owner(clipboard, NULL);
	withdraw(clipboard);
}

static void handle_deadline(evutil_socket_t fd, short what, void *data)
{
	struct clipboard *clipboard = data;

	(void)fd;
	(void)what;
	log_info(clipboard->owner ? clipboard->owner->name : NULL, "a clipboard's text did not come in time");
	finish(clipboard, NULL, 0);
}

void clipboard_reconfigure(struct clipboard *clipboard, const struct config_vm *config)
{
	struct clipboard_peer *peer;

	if (!clipboard)
		return;
	clipboard->config = config;
	/* A viewer's that may not is nobody's; the guest's may be allowed again. */
	if (clipboard->owner && !may_grab(clipboard->owner))
		set_owner(clipboard, NULL);
	withdraw(clipboard);
	TAILQ_FOREACH(peer, &clipboard->peers, link)
		peer->due |= peer->impl->changed ? DUE_CHANGE : 0;
	while ((peer = next_due(clipboard, DUE_CHANGE)))
		peer->impl->changed(peer->user);
}

int clipboard_new(struct event_base *base, const struct config_vm *config, struct clipboard **ret)
{
	struct clipboard *clipboard = calloc(1, sizeof(*clipboard));

	if (!clipboard)
		return -ENOMEM;
	TAILQ_INIT(&clipboard->peers);
	clipboard->config = config;
	clipboard->deadline = evtimer_new(base, handle_deadline, clipboard);
	if (!clipboard->deadline) {
		free(clipboard);
		return -ENOMEM;
	}
	*ret = clipboard;
	return 0;
}

void clipboard_free(struct clipboard *clipboard)
{
	if (!clipboard)
		return;
	event_free(clipboard->deadline);
	free(clipboard->kept);
	free(clipboard);
}
