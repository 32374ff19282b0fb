// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of capabilities. */
#include "server/privileges.h"

#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int capabilities[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };

#define N_CAPABILITIES (sizeof(capabilities) / sizeof(capabilities[0]))

struct sets {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];
};

/* Those that we are about and have: the first 32. 0: none. */
static uint32_t read_sets(struct sets *sets)
{
	uint32_t ours = 0;

	sets->header = (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
	if (syscall(SYS_capget, &sets->header, sets->data) < 0)
		return 0;
	for (size_t i = 0; i < N_CAPABILITIES; i++)
		ours |= UINT32_C(1) << capabilities[i];
	return ours & sets->data[0].permitted;
}

void privileges_put_away(void)
{
	struct sets sets;
	uint32_t ours = read_sets(&sets);

	if (!ours || geteuid() == 0)
		return;
	/* What is no longer inheritable is no longer ambient. */
	sets.data[0].effective &= ~ours;
	sets.data[0].inheritable &= ~ours;
	syscall(SYS_capset, &sets.header, sets.data);
}

void privileges_pass_on(void)
{
	struct sets sets;
	uint32_t ours = read_sets(&sets);

	if (!ours)
		return;
	sets.data[0].inheritable |= ours;
	syscall(SYS_capset, &sets.header, sets.data);
	for (size_t i = 0; i < N_CAPABILITIES; i++)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capabilities[i], 0, 0);
}
