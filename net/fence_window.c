// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides by round trips how many updates may be under way. */
#include "net/fence_window.h"

uint32_t fence_window_send(struct fence_window *window, int64_t now_ns)
{
	window->sent_ns[window->next % FENCE_WINDOW_MAX] = now_ns;
	if (window->in_flight < FENCE_WINDOW_MAX)
		window->in_flight++;
	return window->next++;
}

bool fence_window_answer(struct fence_window *window, uint32_t number, int64_t now_ns)
{
	uint32_t behind = window->next - number; /* wraps as the numbers do */
	int64_t delay_ns;

	if (behind == 0 || behind > window->in_flight)
		return false;
	delay_ns = now_ns - window->sent_ns[number % FENCE_WINDOW_MAX];
	window->in_flight = behind - 1;
	if (!window->quickest_ns || delay_ns < window->quickest_ns)
		window->quickest_ns = delay_ns > 0 ? delay_ns : 1;
	return true;
}

bool fence_window_open(const struct fence_window *window, int64_t now_ns)
{
	uint32_t oldest = window->next - window->in_flight;

	if (window->in_flight < FENCE_WINDOW_ALWAYS)
		return true;
	if (window->in_flight == FENCE_WINDOW_MAX || !window->quickest_ns)
		return false;
	return now_ns - window->sent_ns[oldest % FENCE_WINDOW_MAX] <=
			window->quickest_ns + FENCE_WINDOW_SLACK_NS;
}
