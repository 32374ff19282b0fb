// SPDX-License-Identifier: GPL-2.0-or-later
/* Adds up descriptors, and compares them with what the process may have. */
#include "server/worker_fds.h"

#include <inttypes.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "config/config.h"
#include "server/log.h"

/* The loop, the supervisor, the guest, the picture's buffers, the encoder, and room to breathe. */
#define WORKER_FDS 128
#define VNC_VIEWER_FDS 1
/* Four connections, both ends of a socketpair for each, and what the library opens. */
#define SPICE_VIEWER_FDS 28

/* By a listener of its own, or by the gateway. */
static bool may_speak_spice(const struct config_vm *config)
{
	return config->spice.count || config->spice_tls.count || config->tls_certificate;
}

int64_t worker_fds_needed(const struct config_vm *config)
{
	return WORKER_FDS + config->max_handshakes +
			config->max_viewers * (may_speak_spice(config) ? SPICE_VIEWER_FDS : VNC_VIEWER_FDS);
}

void worker_fds_check(const struct config_vm *config)
{
	const int64_t needed = worker_fds_needed(config);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= (rlim_t)needed)
		return;
	log_warn(NULL, "max-viewers = %" PRId64 " and max-handshakes = %" PRId64 " can take %" PRId64
			" descriptors, and this process may have %llu: who comes beyond them is refused",
			config->max_viewers, config->max_handshakes, needed, (unsigned long long)limit.rlim_cur);
}
