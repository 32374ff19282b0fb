/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPICE's numbers in memory: little endian, not aligned. Unchecked. Any thread. */
#ifndef PLANECAST_NET_SPICE_WIRE_H
#define PLANECAST_NET_SPICE_WIRE_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t spice_wire_get(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

static inline uint16_t spice_wire_get_u16(const uint8_t *at)
{
	return (uint16_t)spice_wire_get(at, 2);
}

static inline uint32_t spice_wire_get_u32(const uint8_t *at)
{
	return (uint32_t)spice_wire_get(at, 4);
}

static inline void spice_wire_put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++, value >>= 8)
		at[i] = (uint8_t)value;
}

static inline void spice_wire_put_u16(uint8_t *at, uint16_t value)
{
	spice_wire_put(at, value, 2);
}

static inline void spice_wire_put_u32(uint8_t *at, uint32_t value)
{
	spice_wire_put(at, value, 4);
}

#endif
