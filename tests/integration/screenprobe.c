// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits until a real viewer's window on an Xvfb screen shows a picture:
 *   screenprobe XVFB-FILE EXPECTED.ppm SECONDS [SAVE.ppm]
 * XVFB-FILE is what Xvfb -fbdir keeps, in XWD form. The window is near the top
 * left corner, as windows without a window manager are; where in it the picture
 * begins, below which menus, the pattern's mark tells. Prints one line of JSON;
 * SAVE gets the whole screen, whatever it showed. Status 0 if the picture was
 * there in time, exactly.
 */
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/mark.h"
#include "server/clock.h"
#include "tests/integration/support/picture.h"

#define LOOK_INTERVAL_MS 50
#define OFFSET_MAX 128

/* XWDFile.h: header words, big endian. */
enum xwd_word {
	XWD_HEADER_BYTES,
	XWD_WIDTH = 4,
	XWD_HEIGHT,
	XWD_BITS = 11,
	XWD_STRIDE,
	XWD_COLOURS = 19,
	XWD_WORDS,
};
#define XWD_COLOUR_BYTES 12

static void fail(const char *what)
{
	fprintf(stderr, "screenprobe: %s\n", what);
	exit(2);
}

static struct picture read_screen(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint32_t header[XWD_WORDS];
	struct picture screen;

	if (!file || fread(header, sizeof(header), 1, file) != 1)
		fail("no screen");
	for (int i = 0; i < XWD_WORDS; i++)
		header[i] = ntohl(header[i]);
	if (header[XWD_BITS] != 32 || header[XWD_STRIDE] != header[XWD_WIDTH] * 4 ||
			picture_init(&screen, (int)header[XWD_WIDTH], (int)header[XWD_HEIGHT]) < 0)
		fail("the screen is not 32 bits a pixel");
	fseek(file, header[XWD_HEADER_BYTES] + header[XWD_COLOURS] * XWD_COLOUR_BYTES, SEEK_SET);
	if (fread(screen.pixels, header[XWD_STRIDE], header[XWD_HEIGHT], file) != header[XWD_HEIGHT])
		fail("the screen is cut short");
	fclose(file);
	for (int i = 0; i < screen.width * screen.height; i++)
		screen.pixels[i] &= 0xffffff;
	return screen;
}

/* The picture that begins at x, y. Nothing of it may lie outside the screen. */
static struct picture crop(const struct picture *screen, int x, int y, int width, int height)
{
	struct picture cropped;

	if (picture_init(&cropped, width, height) < 0)
		fail("no memory");
	for (int row = 0; row < height; row++)
		memcpy(cropped.pixels + (size_t)row * (size_t)width,
				screen->pixels + (size_t)(y + row) * (size_t)screen->width + x,
				(size_t)width * 4);
	return cropped;
}

/* How well the mark at x, y agrees with the expected one; the reader alone would take any of 5x5 places. */
static double mark_psnr(const struct picture *screen, const struct picture *expected, int x, int y)
{
	struct picture here = crop(screen, x, y, MARK_WIDTH, MARK_HEIGHT);
	struct picture there = crop(expected, 0, 0, MARK_WIDTH, MARK_HEIGHT);
	double psnr = picture_compare(&here, &there).psnr;

	picture_finish(&here);
	picture_finish(&there);
	return psnr;
}

static bool find(const struct picture *screen, const struct picture *expected, int *ret_x, int *ret_y)
{
	double best = -1;
	struct mark mark;

	for (int y = 0; y <= OFFSET_MAX && y + expected->height <= screen->height; y++) {
		for (int x = 0; x <= OFFSET_MAX && x + expected->width <= screen->width; x++) {
			double psnr;

			if (mark_read(screen->pixels + (size_t)y * (size_t)screen->width + x,
					    (size_t)screen->width * 4, MARK_WIDTH, MARK_HEIGHT, &mark) < 0)
				continue;
			psnr = mark_psnr(screen, expected, x, y);
			if (psnr <= best)
				continue;
			best = psnr;
			*ret_x = x;
			*ret_y = y;
			if (isinf(psnr))
				return true;
		}
	}
	return best >= 0;
}

static bool look(const struct picture *screen, const struct picture *expected)
{
	struct picture_difference difference;
	struct picture shown;
	int x = 0, y = 0;

	if (!find(screen, expected, &x, &y))
		return false;
	shown = crop(screen, x, y, expected->width, expected->height);
	difference = picture_compare(&shown, expected);
	picture_finish(&shown);
	if (!picture_matches(&difference, 0))
		return false;
	printf("{\"x\": %d, \"y\": %d}\n", x, y);
	return true;
}

int main(int argc, char **argv)
{
	struct picture expected, screen;
	int64_t deadline_ns;
	bool shown;

	if (argc < 4)
		fail("usage: screenprobe XVFB-FILE EXPECTED.ppm SECONDS [SAVE.ppm]");
	if (picture_read(argv[2], &expected) < 0)
		fail("no expected picture");
	deadline_ns = clock_now_ns() + atoi(argv[3]) * NSEC_PER_SEC;
	for (;;) {
		screen = read_screen(argv[1]);
		shown = look(&screen, &expected);
		if (shown || clock_now_ns() > deadline_ns)
			break;
		picture_finish(&screen);
		poll(NULL, 0, LOOK_INTERVAL_MS);
	}
	if (argc > 4 && picture_write(argv[4], &screen) < 0)
		fail("cannot save the screen");
	picture_finish(&screen);
	picture_finish(&expected);
	return shown ? 0 : 1;
}
