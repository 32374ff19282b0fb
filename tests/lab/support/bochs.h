/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's sample devices as their owner sees them: memory in BAR 0, mbochs' mode registers in BAR 2. */
#ifndef PLANECAST_TESTS_LAB_BOCHS_H
#define PLANECAST_TESTS_LAB_BOCHS_H

#include <stddef.h>
#include <stdint.h>

/* Maps BAR 0 for writing; munmap() it. */
uint8_t *bochs_map_memory(int device_fd, size_t *ret_bytes);
/* width 0: display off. Row n of the picture is row y + n of memory, rows as long as the picture. */
void bochs_set_mode(int device_fd, uint16_t width, uint16_t height, uint16_t y);

#endif
