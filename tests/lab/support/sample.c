// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's sample devices, passed on by a launcher. */
#include "tests/lab/support/sample.h"

#include <string.h>
#include <sys/mman.h>

#include "server/capture/capture.h"
#include "server/capture/vfio_plane.h"
#include "tests/lab/support/bochs.h"
#include "tests/lab/support/check.h"

#define PATH "/run/lab-launcher"

void sample_open(struct sample *s, const char *type)
{
	char reason[VFIO_REASON_BYTES];

	s->mdev = mdev_create(type);
	if (attach_own_open(s->mdev.uuid, &s->own, reason) < 0)
		check_bail_out("%s", reason);
	s->memory = bochs_map_memory(s->own.device_fd, &s->bytes);
	launcher_listen(&s->launcher, PATH);
	watch_open_socket(&s->watch, PATH);
	watch_look(&s->watch);
	launcher_accept(&s->launcher);
	launcher_pass(&s->launcher, s->own.device_fd);
	/* Until it has arrived the launcher is what there is to complain of. */
	while (!watch_look(&s->watch) && strstr(s->watch.reason, "launcher"))
		;
}

void sample_close(struct sample *s)
{
	watch_close(&s->watch);
	launcher_close(&s->launcher);
	munmap(s->memory, s->bytes);
	attach_own_close(&s->own);
	mdev_remove(&s->mdev);
}
