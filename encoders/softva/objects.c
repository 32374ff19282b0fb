// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of objects by handle: 4 bits of kind, 12 of generation, 16 of place. */
#include "encoders/softva/objects.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define SLOTS_MAX 0xffffu
#define GENERATIONS 0x1000u

static uint32_t make_handle(enum objects_kind kind, uint32_t generation, uint32_t slot)
{
	/* Kinds count from one: no handle is 0, none is VA_INVALID_ID. */
	return (uint32_t)(kind + 1) << 28 | generation << 16 | slot;
}

static struct objects_slot *find_slot(
		const struct objects *objects, enum objects_kind kind, uint32_t handle)
{
	const struct objects_table *table = &objects->tables[kind];
	uint32_t slot = handle & SLOTS_MAX;

	if (slot >= table->n_slots || !table->slots[slot].object ||
			make_handle(kind, table->slots[slot].generation, slot) != handle)
		return NULL;
	return &table->slots[slot];
}

static int grow(struct objects_table *table)
{
	uint32_t n = table->n_slots ? table->n_slots * 2 : 16;
	struct objects_slot *slots;

	if (n > SLOTS_MAX)
		n = SLOTS_MAX;
	if (n == table->n_slots)
		return -ENOSPC;
	slots = realloc(table->slots, n * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (uint32_t i = table->n_slots; i < n; i++)
		slots[i] = (struct objects_slot){ .next_free = i + 1 };
	table->slots = slots;
	table->n_slots = n;
	return 0;
}

int objects_add(struct objects *objects, enum objects_kind kind, void *object, uint32_t *ret_handle)
{
	struct objects_table *table = &objects->tables[kind];
	struct objects_slot *slot;
	int err;

	if (table->first_free == table->n_slots) {
		err = grow(table);
		if (err)
			return err;
	}
	slot = &table->slots[table->first_free];
	*ret_handle = make_handle(kind, slot->generation, table->first_free);
	table->first_free = slot->next_free;
	slot->object = object;
	return 0;
}

void *objects_find(const struct objects *objects, enum objects_kind kind, uint32_t handle)
{
	const struct objects_slot *slot = find_slot(objects, kind, handle);

	return slot ? slot->object : NULL;
}

static void *release(struct objects_table *table, struct objects_slot *slot)
{
	void *object = slot->object;
	uint32_t place = (uint32_t)(slot - table->slots);

	slot->object = NULL;
	slot->generation = (slot->generation + 1) % GENERATIONS;
	slot->next_free = table->first_free;
	table->first_free = place;
	return object;
}

void *objects_remove(struct objects *objects, enum objects_kind kind, uint32_t handle)
{
	struct objects_slot *slot = find_slot(objects, kind, handle);

	return slot ? release(&objects->tables[kind], slot) : NULL;
}

void *objects_pop(struct objects *objects, enum objects_kind kind)
{
	struct objects_table *table = &objects->tables[kind];

	for (uint32_t i = 0; i < table->n_slots; i++)
		if (table->slots[i].object)
			return release(table, &table->slots[i]);
	return NULL;
}

void objects_finish(struct objects *objects)
{
	for (unsigned int kind = 0; kind < OBJECTS_KINDS; kind++)
		free(objects->tables[kind].slots);
	*objects = (struct objects){ 0 };
}
