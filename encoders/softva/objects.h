/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles: the numbers that clients hold instead of pointers.
 *
 * A handle says what kind of object it names, and a place is given out under a new
 * number each time, so that one of another kind or of an object long gone finds
 * nothing. No lock of its own: the driver's is held.
 */
#ifndef PLANECAST_SOFTVA_OBJECTS_H
#define PLANECAST_SOFTVA_OBJECTS_H

#include <stdint.h>

enum objects_kind {
	OBJECTS_CONFIG,
	OBJECTS_CONTEXT,
	OBJECTS_SURFACE,
	OBJECTS_BUFFER,
	OBJECTS_IMAGE,
	OBJECTS_KINDS
};

struct objects_slot {
	void *object; /* NULL: free */
	uint32_t generation;
	uint32_t next_free;
};

struct objects_table {
	struct objects_slot *slots;
	uint32_t n_slots;
	uint32_t first_free; /* n_slots: none */
};

struct objects {
	struct objects_table tables[OBJECTS_KINDS];
};

/* All zero is empty. Frees the tables, not what they name. */
void objects_finish(struct objects *objects);

/* -ENOMEM, -ENOSPC past 65535 of a kind. */
int objects_add(struct objects *objects, enum objects_kind kind, void *object,
		uint32_t *ret_handle);
/* NULL when there is none. */
void *objects_find(const struct objects *objects, enum objects_kind kind, uint32_t handle);
/* The same; the handle is void from here on. */
void *objects_remove(struct objects *objects, enum objects_kind kind, uint32_t handle);
/* Takes out any one of a kind; NULL when none is left. */
void *objects_pop(struct objects *objects, enum objects_kind kind);

#endif
