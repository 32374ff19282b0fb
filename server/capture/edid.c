// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes EDID blocks. */
#include "server/capture/edid.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Offsets in the block. */
#define AT_VENDOR 8
#define AT_VERSION 18
#define AT_COLOURS 25
#define AT_ESTABLISHED 35
#define AT_STANDARD 38
#define AT_DESCRIPTORS 54
#define AT_SUM 127

#define DESCRIPTOR_BYTES 18
#define STANDARD_MAX 8

/* CVT's reduced blanking. */
#define H_BLANK 160u
#define H_FRONT 48u
#define H_SYNC 32u
#define V_FRONT 3u
#define V_BACK_MIN 6u
#define V_BLANK_MIN_NS 460000u
#define CLOCK_STEP_HZ 250000u
#define CLOCK_MAX_HZ 655350000u

#define REFRESH_HZ 60u
#define REFRESH_MIN_HZ 24u
/* Of the common modes, in their usual timing: 1920x1200. */
#define COMMON_LINES_KHZ 76u
#define COMMON_CLOCK_HZ 200000000u

#define FLAG_DIGITAL_8_BITS_DISPLAYPORT 0xa5
/* sRGB, the preferred mode is the native one, any timing within the limits. */
#define FLAGS_FEATURES 0x07
#define GAMMA_2_2 120
#define MODEL_YEAR (2026 - 1990)

enum { TAG_SERIAL = 0xff, TAG_LIMITS = 0xfd, TAG_NAME = 0xfc };
enum { ASPECT_16_10, ASPECT_4_3, ASPECT_5_4, ASPECT_16_9 };

struct timing {
	uint32_t refresh_hz, clock_hz;
	uint32_t v_sync, v_blank;
};

static const struct {
	uint32_t width, height;
	uint8_t byte, bit;
} established[] = {
	{ 640, 480, 0, 0x20 },
	{ 800, 600, 0, 0x01 },
	{ 1024, 768, 1, 0x08 },
};

static const struct {
	uint32_t width, height;
	uint8_t aspect;
} standard[] = {
	{ 1920, 1200, ASPECT_16_10 },
	{ 1920, 1080, ASPECT_16_9 },
	{ 1680, 1050, ASPECT_16_10 },
	{ 1600, 900, ASPECT_16_9 },
	{ 1440, 900, ASPECT_16_10 },
	{ 1280, 1024, ASPECT_5_4 },
	{ 1280, 800, ASPECT_16_10 },
	{ 1280, 720, ASPECT_16_9 },
};

static bool fits(const struct edid_monitor *monitor, uint32_t width, uint32_t height)
{
	return (!monitor->max_width || width <= monitor->max_width) &&
			(!monitor->max_height || height <= monitor->max_height);
}

/* The height of the pulse says the aspect ratio. */
static uint32_t v_sync_of(uint32_t width, uint32_t height)
{
	static const struct {
		uint32_t across, down, lines;
	} ratios[] = { { 4, 3, 4 }, { 16, 9, 5 }, { 16, 10, 6 }, { 5, 4, 7 }, { 15, 9, 7 } };

	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++)
		if (height * ratios[i].across == width * ratios[i].down)
			return ratios[i].lines;
	return 10;
}

static struct timing time_at(uint32_t width, uint32_t height, uint32_t refresh_hz)
{
	struct timing timing = { .refresh_hz = refresh_hz, .v_sync = v_sync_of(width, height) };
	const uint32_t frame_ns = 1000000000u / refresh_hz;
	uint64_t clock_hz;

	/* Lines that the shortest blanking takes. */
	timing.v_blank = (uint32_t)((uint64_t)V_BLANK_MIN_NS * height / (frame_ns - V_BLANK_MIN_NS)) + 1;
	if (timing.v_blank < V_FRONT + timing.v_sync + V_BACK_MIN)
		timing.v_blank = V_FRONT + timing.v_sync + V_BACK_MIN;
	clock_hz = (uint64_t)refresh_hz * (height + timing.v_blank) * (width + H_BLANK);
	clock_hz -= clock_hz % CLOCK_STEP_HZ;
	timing.clock_hz = clock_hz > UINT32_MAX ? UINT32_MAX : (uint32_t)clock_hz;
	return timing;
}

static void put_timing(const struct edid_monitor *monitor, const struct timing *timing, uint32_t width_mm,
		uint32_t height_mm, uint8_t *at)
{
	const uint32_t clock = timing->clock_hz / 10000;

	at[0] = (uint8_t)clock;
	at[1] = (uint8_t)(clock >> 8);
	at[2] = (uint8_t)monitor->width;
	at[3] = H_BLANK;
	at[4] = (uint8_t)(monitor->width >> 8 << 4 | H_BLANK >> 8);
	at[5] = (uint8_t)monitor->height;
	at[6] = (uint8_t)timing->v_blank;
	at[7] = (uint8_t)(monitor->height >> 8 << 4 | timing->v_blank >> 8);
	at[8] = H_FRONT;
	at[9] = H_SYNC;
	at[10] = (uint8_t)(V_FRONT << 4 | timing->v_sync);
	at[11] = 0;
	at[12] = (uint8_t)width_mm;
	at[13] = (uint8_t)height_mm;
	at[14] = (uint8_t)(width_mm >> 8 << 4 | height_mm >> 8);
	/* Digital, separate; rising horizontally, falling vertically: the mark of reduced blanking. */
	at[17] = 0x1a;
}

static uint8_t larger(uint32_t a, uint32_t b)
{
	return (uint8_t)(a > b ? a : b);
}

static void put_limits(const struct edid_monitor *monitor, const struct timing *timing, uint8_t *at)
{
	const uint32_t lines_khz = timing->clock_hz / (monitor->width + H_BLANK) / 1000 + 1;
	const uint32_t clock_hz = timing->clock_hz > COMMON_CLOCK_HZ ? timing->clock_hz : COMMON_CLOCK_HZ;

	at[3] = TAG_LIMITS;
	/* The true rate is a little less than the round one. */
	at[5] = (uint8_t)(REFRESH_MIN_HZ - 1);
	at[6] = (uint8_t)(REFRESH_HZ + 1);
	at[7] = 1;
	at[8] = larger(lines_khz, COMMON_LINES_KHZ);
	at[9] = (uint8_t)((clock_hz + 9999999) / 10000000);
	at[10] = 0x01; /* nothing beyond these limits */
	at[11] = '\n';
	memset(at + 12, ' ', 6);
}

static void put_text(uint8_t tag, const char *text, uint8_t *at)
{
	const size_t length = strnlen(text, EDID_TEXT_MAX);

	at[3] = tag;
	memset(at + 5, ' ', EDID_TEXT_MAX);
	for (size_t i = 0; i < length; i++)
		at[5 + i] = text[i] >= ' ' && text[i] <= '~' ? (uint8_t)text[i] : '?';
	if (length < EDID_TEXT_MAX)
		at[5 + length] = '\n';
}

static void put_vendor(const char *serial, uint8_t *at)
{
	static const char id[] = "PQC";
	const uint32_t letters = (uint32_t)(id[0] - '@') << 10 | (uint32_t)(id[1] - '@') << 5 | (uint32_t)(id[2] - '@');
	uint32_t number = 2166136261u;

	for (const char *c = serial; *c; c++)
		number = (number ^ (uint8_t)*c) * 16777619u;
	at[0] = (uint8_t)(letters >> 8);
	at[1] = (uint8_t)letters;
	at[2] = 1;
	for (unsigned int i = 0; i < 4; i++)
		at[4 + i] = (uint8_t)(number >> 8 * i);
	at[8] = 0xff; /* a year, no week */
	at[9] = MODEL_YEAR;
}

static void put_common_modes(const struct edid_monitor *monitor, uint8_t *block)
{
	uint8_t *at = block + AT_STANDARD;

	for (size_t i = 0; i < sizeof(established) / sizeof(established[0]); i++)
		if (fits(monitor, established[i].width, established[i].height))
			block[AT_ESTABLISHED + established[i].byte] |= established[i].bit;
	memset(at, 1, 2 * STANDARD_MAX);
	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
		if (!fits(monitor, standard[i].width, standard[i].height))
			continue;
		at[0] = (uint8_t)(standard[i].width / 8 - 31);
		at[1] = (uint8_t)(standard[i].aspect << 6); /* 60 Hz */
		at += 2;
	}
}

static uint32_t mm_of(uint32_t pixels)
{
	return pixels * 254 / 960; /* 96 an inch */
}

int edid_make(const struct edid_monitor *monitor, uint8_t ret[EDID_BYTES])
{
	static const uint8_t header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	static const uint8_t srgb[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };
	const uint32_t width_mm = mm_of(monitor->width), height_mm = mm_of(monitor->height);
	uint32_t refresh_hz = REFRESH_HZ;
	uint8_t block[EDID_BYTES] = { 0 };
	struct timing timing;
	uint8_t sum = 0;

	if (monitor->width < EDID_WIDTH_MIN || monitor->height < EDID_HEIGHT_MIN ||
			monitor->width > EDID_SIZE_MAX || monitor->height > EDID_SIZE_MAX)
		return -ERANGE;
	do
		timing = time_at(monitor->width, monitor->height, refresh_hz);
	while (timing.clock_hz > CLOCK_MAX_HZ && --refresh_hz >= REFRESH_MIN_HZ);

	memcpy(block, header, sizeof(header));
	put_vendor(monitor->serial, block + AT_VENDOR);
	block[AT_VERSION] = 1;
	block[AT_VERSION + 1] = 4;
	block[AT_VERSION + 2] = FLAG_DIGITAL_8_BITS_DISPLAYPORT;
	block[AT_VERSION + 3] = (uint8_t)((width_mm + 5) / 10);
	block[AT_VERSION + 4] = (uint8_t)((height_mm + 5) / 10);
	block[AT_VERSION + 5] = GAMMA_2_2;
	block[AT_VERSION + 6] = FLAGS_FEATURES;
	memcpy(block + AT_COLOURS, srgb, sizeof(srgb));
	put_common_modes(monitor, block);
	put_timing(monitor, &timing, width_mm, height_mm, block + AT_DESCRIPTORS);
	put_limits(monitor, &timing, block + AT_DESCRIPTORS + DESCRIPTOR_BYTES);
	put_text(TAG_NAME, monitor->name, block + AT_DESCRIPTORS + 2 * DESCRIPTOR_BYTES);
	put_text(TAG_SERIAL, monitor->serial, block + AT_DESCRIPTORS + 3 * DESCRIPTOR_BYTES);
	for (size_t i = 0; i < AT_SUM; i++)
		sum = (uint8_t)(sum + block[i]);
	block[AT_SUM] = (uint8_t)-sum;
	memcpy(ret, block, sizeof(block));
	return 0;
}
