// SPDX-License-Identifier: GPL-2.0-or-later
/* Rates of a VM's status. */
#include "server/vm_window.h"

#include "server/channel.h"
#include "server/clock.h"

void vm_window_add(struct vm_window *window, unsigned int dirty, unsigned int total)
{
	window->changed++;
	if (total)
		window->dirty_permille += dirty * 1000ULL / total;
}

void vm_window_end(struct vm_window *window, uint64_t bytes_sent, int64_t now_ns, struct channel_status *ret)
{
	const int64_t elapsed_ns = now_ns - window->start_ns;

	if (elapsed_ns > 0) {
		double seconds = (double)elapsed_ns / NSEC_PER_SEC;

		ret->frames_per_second_x10 = (uint32_t)((double)window->changed * 10 / seconds + 0.5);
		ret->bits_per_second = (uint64_t)((double)((bytes_sent - window->bytes_before) * 8) / seconds);
	}
	if (window->changed)
		ret->damage_permille = (uint32_t)(window->dirty_permille / window->changed);
	*window = (struct vm_window){ .start_ns = now_ns, .bytes_before = bytes_sent };
}
