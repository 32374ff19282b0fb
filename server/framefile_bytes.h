/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little endian numbers of a recording, for its reader and its writer. */
#ifndef PLANECAST_SERVER_FRAMEFILE_BYTES_H
#define PLANECAST_SERVER_FRAMEFILE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t framefile_get_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static inline uint64_t framefile_get_u64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

static inline void framefile_put_u32(uint8_t *bytes, uint32_t value)
{
	value = htole32(value);
	memcpy(bytes, &value, sizeof(value));
}

static inline void framefile_put_u64(uint8_t *bytes, uint64_t value)
{
	value = htole64(value);
	memcpy(bytes, &value, sizeof(value));
}

#endif
