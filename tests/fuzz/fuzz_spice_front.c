// SPDX-License-Identifier: GPL-2.0-or-later
/* What SPICE clients do, and when, against the front end with the library behind it: see spice_rig_drive(). */
#include <stdint.h>
#include <stddef.h>

#include "server/clock.h"
#include "tests/unit/spice_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!spice_rig.spice) {
		spice_rig_start();
		spice_rig.config.handshake_timeout_ns = 100 * NSEC_PER_MSEC;
	}
	spice_rig_drive(data, size);
	return 0;
}
