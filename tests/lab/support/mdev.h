/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mediated devices, made and removed through sysfs. What fails here ends the program. */
#ifndef PLANECAST_TESTS_LAB_MDEV_H
#define PLANECAST_TESTS_LAB_MDEV_H

#include <stdbool.h>
#include <sys/types.h>

#define MDEV_UUID_BYTES 37

struct mdev {
	char uuid[MDEV_UUID_BYTES];
};

/* A UUID that nobody has yet; no device. */
struct mdev mdev_name(void);
/* type as in sysfs: "pcmdev-dmabuf". */
void mdev_create_as(const struct mdev *mdev, const char *type);
struct mdev mdev_create(const char *type);
/* Waits until the device is gone, which is when its last user has let go. */
void mdev_remove(const struct mdev *mdev);
bool mdev_exists(const struct mdev *mdev);
/* Starts a process that removes it; its exit status is 0 when that is done. */
pid_t mdev_remove_in_background(const struct mdev *mdev);
/* "/dev/vfio/7" */
void mdev_group_node(const struct mdev *mdev, char node[32]);

#endif
