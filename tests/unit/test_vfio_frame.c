// SPDX-License-Identifier: GPL-2.0-or-later
/* Device memory that is given back while somebody reads it; a file in memory stands for a dma-buf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/capture/vfio_dmabuf.h"
#include "server/capture/vfio_frame.h"
#include "server/capture/vfio_plane.h"
#include "server/frame.h"

#define WIDTH 64
#define HEIGHT 32
#define BYTES (WIDTH * HEIGHT * 4)

static const struct vfio_plane plane = { .fourcc = DRM_FORMAT_XRGB8888, .width = WIDTH, .height = HEIGHT,
		.stride = WIDTH * 4, .size_bytes = BYTES, .picture_bytes = BYTES };

static int new_buffer(void)
{
	static uint8_t pixels[BYTES];
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	memset(pixels, 0x5a, sizeof(pixels));
	assert_int_equal(write(fd, pixels, sizeof(pixels)), sizeof(pixels));
	return fd;
}

static ino_t inode_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return status.st_ino;
}

/* Whether this process still has the file open or mapped. */
static bool holds(ino_t inode)
{
	char line[512], needle[32];
	bool found = false;
	struct stat status;
	FILE *maps = fopen("/proc/self/maps", "re");

	assert_non_null(maps);
	snprintf(needle, sizeof(needle), " %lu ", (unsigned long)inode);
	while (fgets(line, sizeof(line), maps))
		found = found || (strstr(line, needle) && strstr(line, "memfd:buffer"));
	fclose(maps);
	for (int fd = 0; fd < 256; fd++)
		found = found || (!fstat(fd, &status) && status.st_ino == inode && S_ISREG(status.st_mode));
	return found;
}

static void test_forsaken(void **state)
{
	char reason[VFIO_REASON_BYTES];
	struct frame *frame;
	int fd = new_buffer();
	ino_t inode = inode_of(fd);

	(void)state;
	assert_int_equal(vfio_frame_new(&plane, fd, true, 0, BYTES, &frame, reason), 0);
	assert_int_equal(frame->data[BYTES - 1], 0x5a);
	assert_true(holds(inode));
	frame_ref(frame); /* a reader's */
	vfio_frame_forsake(frame);
	frame_unref(frame);

	assert_false(holds(inode));
	assert_int_equal(frame->data[0], 0);
	assert_int_equal(frame->data[BYTES - 1], 0);
	assert_true(vfio_frame_lost(frame));
	/* The number is still the frame's, and close-on-exec. */
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	frame_unref(frame);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void test_not_shared(void **state)
{
	char reason[VFIO_REASON_BYTES];
	struct frame *frame;
	int fd = new_buffer();
	ino_t inode = inode_of(fd);

	(void)state;
	assert_int_equal(vfio_frame_new(&plane, fd, true, 0, BYTES, &frame, reason), 0);
	vfio_frame_forsake(frame);
	frame_unref(frame);
	assert_false(holds(inode));
	vfio_frame_forsake(NULL);
}

/* A device that goes takes all of its buffers with it. */
static void test_all_of_a_device(void **state)
{
	char reason[VFIO_REASON_BYTES];
	struct vfio_dmabufs dmabufs = { 0 };
	struct frame *held[2];
	ino_t inodes[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd = new_buffer();

		inodes[i] = inode_of(fd);
		assert_int_equal(vfio_frame_new(&plane, fd, true, 0, BYTES, &dmabufs.table[i].frame, reason), 0);
		held[i] = frame_ref(dmabufs.table[i].frame);
	}
	vfio_dmabufs_clear(&dmabufs);
	for (size_t i = 0; i < 2; i++) {
		assert_null(dmabufs.table[i].frame);
		assert_false(holds(inodes[i]));
		assert_int_equal(held[i]->data[BYTES / 2], 0);
		frame_unref(held[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forsaken),
		cmocka_unit_test(test_not_shared),
		cmocka_unit_test(test_all_of_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
