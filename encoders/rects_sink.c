// SPDX-License-Identifier: GPL-2.0-or-later
/* Output of libvncserver into an evbuffer, by its hook or through a memfd. */
#include "encoders/rects_sink.h"

#include <errno.h>
#include <event2/buffer.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef PLANECAST_RFB_WRITE_HOOK

static int write_output(rfbClientPtr cl, const char *data, int len)
{
	struct rects_sink *sink = cl->clientData;

	if (evbuffer_add(sink->output, data, (size_t)len)) {
		sink->error = -ENOMEM;
		errno = ENOMEM;
		return -1;
	}
	return len;
}

int rects_sink_init(struct rects_sink *sink)
{
	*sink = (struct rects_sink){ .fd = -1 };
	return 0;
}

void rects_sink_finish(struct rects_sink *sink)
{
	(void)sink;
}

int rects_sink_begin(struct rects_sink *sink, rfbClientPtr cl, struct evbuffer *output)
{
	sink->output = output;
	sink->error = 0;
	cl->clientData = sink;
	cl->writeToSocket = write_output;
	return 0;
}

int rects_sink_end(struct rects_sink *sink, rfbClientPtr cl)
{
	cl->clientData = NULL;
	sink->output = NULL;
	return sink->error;
}

#else

/* The mapping grows by this much; pages beyond the end of the file cost nothing. */
#define MAP_STEP_BYTES ((size_t)16 << 20)
/* An update beyond this is rare (raw 4K): its memory is given back at once. */
#define KEEP_BYTES ((off_t)16 << 20)

static int map_output(struct rects_sink *sink, size_t bytes)
{
	size_t wanted = (bytes + MAP_STEP_BYTES - 1) / MAP_STEP_BYTES * MAP_STEP_BYTES;
	void *map;

	if (bytes <= sink->map_bytes)
		return 0;
	map = mmap(NULL, wanted, PROT_READ, MAP_SHARED, sink->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	if (sink->map)
		munmap(sink->map, sink->map_bytes);
	sink->map = map;
	sink->map_bytes = wanted;
	return 0;
}

int rects_sink_init(struct rects_sink *sink)
{
	*sink = (struct rects_sink){ .fd = memfd_create("planecast-rects", MFD_CLOEXEC) };
	return sink->fd < 0 ? -errno : 0;
}

void rects_sink_finish(struct rects_sink *sink)
{
	if (sink->map)
		munmap(sink->map, sink->map_bytes);
	if (sink->fd >= 0)
		close(sink->fd);
	sink->map = NULL;
	sink->fd = -1;
}

int rects_sink_begin(struct rects_sink *sink, rfbClientPtr cl, struct evbuffer *output)
{
	if (lseek(sink->fd, 0, SEEK_SET) < 0)
		return -errno;
	sink->output = output;
	cl->sock = sink->fd;
	return 0;
}

int rects_sink_end(struct rects_sink *sink, rfbClientPtr cl)
{
	off_t bytes = lseek(sink->fd, 0, SEEK_CUR);
	int err;

	(void)cl;
	if (bytes < 0)
		return -errno;
	err = map_output(sink, (size_t)bytes);
	if (!err && bytes && evbuffer_add(sink->output, sink->map, (size_t)bytes))
		err = -ENOMEM;
	if (bytes > KEEP_BYTES && ftruncate(sink->fd, 0))
		err = err ? err : -errno;
	sink->output = NULL;
	return err;
}

#endif
