/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All protocols of a VM together: made, told, asked, ended as one. Loop thread. */
#ifndef PLANECAST_SERVER_PROTOCOLS_H
#define PLANECAST_SERVER_PROTOCOLS_H

#include <stdbool.h>

#include "net/protocol.h"

#define PROTOCOLS 2

/* All zero: none yet. What follows takes half-made ones, too. */
struct protocols {
	struct protocol *all[PROTOCOLS];
	bool watched[PROTOCOLS]; /* each had a viewer at the last protocols_greet() */
};

/* As vnc_new() and spice_new(). Finish it on failure, too. */
int protocols_init(struct protocols *protocols, struct event_base *base, const struct config_vm *config,
		struct gate *gate, struct tls *tls, const struct protocol_events *events, void *user);
void protocols_finish(struct protocols *protocols);

/* NULL: there is none of that name. */
struct protocol *protocols_find(const struct protocols *protocols, const char *name);
struct protocol_stats protocols_sum_stats(const struct protocols *protocols);
/* Calls each (NULL: none, but their rates are those since this call) with every viewer. */
void protocols_each_viewer(const struct protocols *protocols, protocol_viewer_fn each, void *user);
/* Closes the viewer of that id, 0: all. Returns how many that were. */
unsigned int protocols_close_viewer(const struct protocols *protocols, uint64_t id, const char *why);
/* Closes the viewers of all but one. */
void protocols_close_others(const struct protocols *protocols, const struct protocol *but, const char *why);
/* All of this picture for those whose first viewer has come and would wait for one that rests. NULL: there is none. */
void protocols_greet(struct protocols *protocols, struct frame *frame);

/* As struct protocol_impl has them, for those who have them. */
void protocols_update(const struct protocols *protocols, const struct update *update);
void protocols_video(const struct protocols *protocols, const struct protocol_video *video);
void protocols_packet(const struct protocols *protocols, struct packet *packet);
void protocols_cursor(const struct protocols *protocols, const struct cursor *cursor);
void protocols_leds(const struct protocols *protocols, unsigned int leds);
void protocols_pointer(const struct protocols *protocols, bool absolute);
void protocols_clipboard(const struct protocols *protocols, struct clipboard *clipboard);
void protocols_reconfigure(const struct protocols *protocols, const struct config_vm *config);

#endif
