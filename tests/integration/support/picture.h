/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures of tests: in memory, as PPM files, and how much two of them differ. */
#ifndef PLANECAST_TESTS_PICTURE_H
#define PLANECAST_TESTS_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture {
	int width, height;
	uint32_t *pixels; /* 0x00RRGGBB; NULL: none */
};

struct picture_difference {
	bool same_size; /* without it nothing else means anything */
	size_t pixels; /* that differ */
	int x, y; /* the first of them */
	double psnr; /* over all samples, dB; infinite where equal */
	double worst_psnr; /* of the tile that differs most: a letter that is missing shows here */
};

/* Zeroed pixels. 0 or negative errno. */
int picture_init(struct picture *picture, int width, int height);
void picture_finish(struct picture *picture);
/* Binary PPM (P6) with 8 bits a sample. 0 or negative errno. */
int picture_read(const char *path, struct picture *ret);
int picture_write(const char *path, const struct picture *picture);
/* Letters smeared by JPEG or few colours stay above, a missing one does not. */
#define PICTURE_WORST_PSNR_MIN 19

struct picture_difference picture_compare(const struct picture *a, const struct picture *b);
/* Of the same size, and equal, or where psnr is not 0 that near over all and near enough everywhere. */
bool picture_matches(const struct picture_difference *difference, double psnr);

#endif
