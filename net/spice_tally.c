// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts what goes into the library and what comes out. */
#include "net/spice_tally.h"

void spice_tally_begin(struct spice_tally *tally, uint64_t given, int64_t now_ns)
{
	*tally = (struct spice_tally){ 0 };
	if (given)
		spice_tally_give(tally, given, now_ns);
}

void spice_tally_give(struct spice_tally *tally, uint64_t n, int64_t now_ns)
{
	tally->given += n;
	tally->moved_ns = now_ns;
	if (!tally->stuck_ns)
		tally->stuck_ns = now_ns;
}

bool spice_tally_is_done(struct spice_tally *tally, uint64_t drawn, int64_t now_ns)
{
	const bool all = drawn - tally->base >= tally->given;

	if (drawn != tally->seen) {
		tally->seen = drawn;
		tally->moved_ns = now_ns;
		tally->stuck_ns = all ? 0 : now_ns;
	}
	if (all || now_ns - tally->moved_ns < SPICE_TALLY_PATIENCE_NS)
		return all;
	/* What makes it stuck stays: that is for who waits much longer. */
	tally->base = drawn;
	tally->given = 0;
	return true;
}

int64_t spice_tally_stuck_ns(struct spice_tally *tally, size_t unread_bytes, int64_t now_ns)
{
	if (!tally->stuck_ns)
		return 0;
	if (unread_bytes != tally->unread_bytes)
		tally->stuck_ns = now_ns;
	tally->unread_bytes = unread_bytes;
	return now_ns - tally->stuck_ns;
}
