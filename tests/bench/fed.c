// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps the picture that bench_feed paints and reads its notices. */
#include "tests/bench/fed.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/notice.h"

#define SIDE_MAX 16384

static void map(const char *file, struct fed *fed)
{
	size_t bytes = (size_t)fed->width * fed->height * 4;
	int fd = open(file, O_RDWR | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		err(1, "%s", file);
	if ((uint64_t)status.st_size < bytes)
		errx(1, "%s: smaller than a picture of %ux%u", file, fed->width, fed->height);
	fed->pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fed->pixels == MAP_FAILED)
		err(1, "%s", file);
	close(fd);
}

void fed_open(int argc, char **argv, const char *version, struct fed *ret)
{
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts(version);
		exit(0);
	}
	if (argc != 5 || sscanf(argv[2], "%5ux%5u", &ret->width, &ret->height) != 2 || !ret->width ||
			!ret->height || ret->width > SIDE_MAX || ret->height > SIDE_MAX)
		errx(2, "usage: %s FILE WIDTHxHEIGHT PORT NOTICES", argv[0]);
	ret->port = (uint16_t)atoi(argv[3]);
	ret->notices = atoi(argv[4]);
	map(argv[1], ret);
}

int fed_take_notices(const struct fed *fed, pixman_region32_t *damage)
{
	struct bench_notice notice;
	ssize_t got;

	while ((got = recv(fed->notices, &notice, sizeof(notice), MSG_DONTWAIT)) > 0)
		for (uint32_t i = 0; i < notice.n_boxes && i < BENCH_NOTICE_BOXES_MAX; i++) {
			const pixman_box32_t *box = &notice.boxes[i];

			pixman_region32_union_rect(damage, damage, box->x1, box->y1,
					(unsigned int)(box->x2 - box->x1),
					(unsigned int)(box->y2 - box->y1));
		}
	pixman_region32_intersect_rect(damage, damage, 0, 0, fed->width, fed->height);
	return got == 0 ? -EPIPE : 0;
}
