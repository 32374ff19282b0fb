// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A picture that another program keeps in a file mapped into memory. Read where
 * it is: nothing is copied here, and nothing is known of change. The program may
 * come, go, and make its file anew at any time.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "server/capture/capture.h"
#include "server/capture/mapping.h"
#include "server/clock.h"
#include "server/frame.h"

/* So often is the file's name looked up while there is a picture. */
#define CHECK_NS (250 * NSEC_PER_MSEC)

struct memory_frame {
	struct frame frame; /* first */
	struct mapping *mapping;
};

struct memory {
	struct capture capture; /* first */
	char *path;
	uint32_t width, height, stride;
	uint64_t offset;
	struct memory_frame *shown; /* NULL: nothing is mapped */
	dev_t device; /* and inode: of the file that is mapped */
	ino_t inode;
	int64_t checked_ns;
	uint64_t sequence;
};

static uint64_t picture_bytes(const struct memory *memory)
{
	return (uint64_t)memory->stride * (memory->height - 1) + (uint64_t)memory->width * 4;
}

static const char *file_name(const struct memory *memory)
{
	const char *slash = strrchr(memory->path, '/');

	return slash ? slash + 1 : memory->path;
}

static void release(struct frame *frame)
{
	struct memory_frame *shown = (struct memory_frame *)frame;

	frame_finish(frame);
	mapping_free(shown->mapping);
	free(shown);
}

static const struct frame_impl frame_impl = { .release = release };

static void drop(struct memory *memory)
{
	if (memory->shown)
		frame_unref(&memory->shown->frame);
	memory->shown = NULL;
}

/* Whether a file that is there can hold the picture; if not, the reason says why. */
static int check_file(struct memory *memory, const struct stat *status)
{
	uint64_t needed = memory->offset + picture_bytes(memory);

	if (!S_ISREG(status->st_mode)) {
		capture_set_reason(&memory->capture, "The file %.60s is none that can be mapped: let "
				"memory-file name a regular one.",
				file_name(memory));
		return -EINVAL;
	}
	if ((uint64_t)status->st_size < needed) {
		capture_set_reason(&memory->capture, "The file %.40s has %lld bytes, and a picture of "
				"%ux%u there needs %llu. Mend memory-size, or have it drawn so large.",
				file_name(memory), (long long)status->st_size, memory->width, memory->height,
				(unsigned long long)needed);
		return -ENODATA;
	}
	return 0;
}

static int map(struct memory *memory, int fd)
{
	uint64_t lead = memory->offset % (uint64_t)sysconf(_SC_PAGESIZE);
	struct memory_frame *shown = malloc(sizeof(*shown));
	struct frame *frame;
	int r;

	if (!shown) {
		capture_set_reason(&memory->capture, CAPTURE_NO_MEMORY);
		return -ENOMEM;
	}
	r = mapping_new(fd, memory->offset - lead, lead + picture_bytes(memory), &shown->mapping);
	if (r < 0) {
		capture_set_reason(&memory->capture, "The file %.60s cannot be mapped: %s.", file_name(memory),
				strerror(-r));
		free(shown);
		return r;
	}
	frame = &shown->frame;
	frame_init(frame, &frame_impl);
	frame->width = memory->width;
	frame->height = memory->height;
	frame->fourcc = DRM_FORMAT_XRGB8888;
	frame->modifier = DRM_FORMAT_MOD_LINEAR;
	frame->n_planes = 1;
	frame->planes[0].stride = memory->stride;
	frame->data = mapping_data(shown->mapping) + lead;
	frame->data_bytes = picture_bytes(memory);
	memory->shown = shown;
	return 0;
}

static int open_file(struct memory *memory, int64_t now_ns)
{
	/* What is not a file might wait for somebody, or take note of us. */
	int fd = open(memory->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		r = -errno;
		capture_set_reason(&memory->capture, "The file %.60s cannot be opened: %s. %s", file_name(memory),
				strerror(-r), r == -EACCES ? "Let planecast's user read it."
						: "Start the program that draws into it, or mend memory-file.");
		goto out;
	}
	r = check_file(memory, &status);
	if (!r)
		r = map(memory, fd);
	memory->device = status.st_dev;
	memory->inode = status.st_ino;
	memory->checked_ns = now_ns;
out:
	if (fd >= 0)
		close(fd);
	return r;
}

/* Whether what is mapped has gone, or is another file by now. */
static bool is_stale(struct memory *memory, int64_t now_ns)
{
	const struct frame *frame = &memory->shown->frame;
	struct stat status;

	/* What went away between two looks is found here and not by the reader. A file loses its end first. */
	(void)*(const volatile uint8_t *)(frame->data + frame->data_bytes - 1);
	if (mapping_lost(memory->shown->mapping))
		return true;
	if (now_ns - memory->checked_ns < CHECK_NS)
		return false;
	memory->checked_ns = now_ns;
	return stat(memory->path, &status) < 0 || status.st_dev != memory->device ||
			status.st_ino != memory->inode || check_file(memory, &status) < 0;
}

static int memory_poll(struct capture *capture, struct frame **ret_frame)
{
	struct memory *memory = (struct memory *)capture;
	int64_t now_ns = clock_now_ns();
	struct frame *frame;
	int r;

	if (memory->shown && is_stale(memory, now_ns))
		drop(memory);
	if (!memory->shown) {
		r = open_file(memory, now_ns);
		/* Nothing below may be taken for "nothing new". */
		if (r < 0)
			return r == -EAGAIN ? -EIO : r;
	}
	frame = &memory->shown->frame;
	/* A reader that still holds the last look keeps its stamp. */
	if (atomic_load_explicit(&frame->refcount, memory_order_acquire) == 1) {
		frame->sequence = ++memory->sequence;
		frame->capture_ns = now_ns;
	}
	*ret_frame = frame_ref(frame);
	return 0;
}

static void memory_close(struct capture *capture)
{
	struct memory *memory = (struct memory *)capture;

	capture_finish(capture);
	drop(memory);
	free(memory->path);
	free(memory);
}

static const struct capture_impl memory_impl = {
	.name = "memory",
	.poll = memory_poll,
	.close = memory_close,
};

int capture_memory_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	int r;

	if (!memory)
		return -ENOMEM;
	r = capture_init(&memory->capture, &memory_impl, base, events, user);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	memory->path = strdup(config->memory_file ? config->memory_file : "");
	if (!memory->path)
		goto fail;
	memory->width = config->memory_size.width;
	memory->height = config->memory_size.height;
	memory->offset = (uint64_t)config->memory_offset_bytes;
	memory->stride = config->memory_stride_bytes ? (uint32_t)config->memory_stride_bytes : memory->width * 4;
	*ret = &memory->capture;
	return 0;
fail:
	memory_close(&memory->capture);
	return r;
}
