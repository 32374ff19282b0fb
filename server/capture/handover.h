/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several sources as one: the first of the list that has a picture is shown. So a
 * guest is seen over D-Bus from its firmware on, on its vGPU's plane as soon as its
 * driver shows something there, and over D-Bus again once that has ended. The owner
 * sees one source, of which nothing ever goes but the picture; capture_events.source
 * says whose it is.
 *
 * Those before the one that is shown are looked at every HANDOVER_WATCH_NS, those
 * behind it not at all, nobody watching: none. When the one that is shown has no
 * picture any more, the others are looked at in the next turn of the loop, and
 * until they have answered there is no event. That a picture goes for a moment only
 * (a mode set) is for its source to know. If none has one, it is off: the reason is
 * that of the last, which as a rule shows whatever there is, and then that of the
 * first. The cursor is that of the source that is shown.
 *
 * Input goes to the first source that takes it to the guest, else to the one that
 * is shown; a wish for a size to the one that is shown, else to the first that
 * can be wished. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_HANDOVER_H
#define PLANECAST_SERVER_CAPTURE_HANDOVER_H

#include "server/capture/capture.h"
#include "server/clock.h"

/* Of the tenth of a second in which a first picture is to be seen; the rest is for showing it. */
#define HANDOVER_WATCH_NS (40 * NSEC_PER_MSEC)

/*
 * Opens each, the best first; count: 1 to CONFIG_WORDS_MAX. As capture_open(); fails if
 * one does.
 */
int handover_open(struct event_base *base, const struct config_vm *config, const capture_open_fn *opens,
		unsigned int count, const struct capture_events *events, void *user, struct capture **ret);

#endif
