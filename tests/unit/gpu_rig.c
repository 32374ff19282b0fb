// SPDX-License-Identifier: GPL-2.0-or-later
/* Trials of GPUs' drivers, in processes of their own. */
#include "tests/unit/gpu_rig.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <va/va.h>

#include <cmocka.h>

#include "encoders/vaapi_import.h"
#include "server/frame.h"
#include "server/log.h"
#include "tests/gpu/gpu_noop.h"

#define DEADLINE_S 60
#define BUFFERS_MAX 4096

struct gpu_rig gpu_rig;

void gpu_must_at(bool condition, const char *file, int line, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s:%d: %s; last complaint: %s\n", file, line, what, gpu_rig.complaint);
	_exit(EXIT_FAILURE);
}

uint64_t gpu_rig_try(const struct gpu_row *row, gpu_trial trial, uintptr_t argument)
{
	uint64_t result = 0;
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		/* A driver that hangs is not waited for. */
		alarm(DEADLINE_S);
		gpu_must(gpu_noop_choose(row->device));
		gpu_must(!setenv("LIBVA_DRIVER_NAME", row->driver, 1));
		trial(row, argument, &result);
		gpu_must(write(fds[1], &result, sizeof(result)) == sizeof(result));
		_exit(EXIT_SUCCESS);
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[0], &result, sizeof(result)), sizeof(result));
	close(fds[0]);
	return result;
}

/* iHD writes it into what it submits, which has to be equal in equal trials. */
pid_t getpid(void)
{
	return 4711;
}

static void release(struct frame *frame)
{
	frame_finish(frame);
	close(frame->planes[0].fd);
	free(frame);
}

static const struct frame_impl impl = { .release = release };

struct frame *gpu_rig_frame(uint32_t width, uint32_t height, uint32_t fourcc, uint64_t modifier)
{
	struct frame *frame = calloc(1, sizeof(*frame));
	char path[64];
	int fd = memfd_create("guest", MFD_CLOEXEC);

	gpu_must(frame && fd >= 0);
	frame_init(frame, &impl);
	frame->width = width;
	frame->height = height;
	frame->fourcc = fourcc;
	frame->modifier = modifier;
	frame->n_planes = 1;
	/* Whole tiles of any kind. */
	frame->planes[0].stride = (width * vaapi_format_find(fourcc)->bytes_per_pixel + 511) / 512 * 512;
	gpu_must(!ftruncate(fd, (off_t)frame->planes[0].stride * ((height + 31) / 32 * 32)));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	frame->planes[0].fd = open(path, O_WRONLY | O_CLOEXEC);
	gpu_must(frame->planes[0].fd >= 0);
	close(fd);
	gpu_must(mmap(NULL, 4096, PROT_READ, MAP_SHARED, frame->planes[0].fd, 0) == MAP_FAILED);
	gpu_must(read(frame->planes[0].fd, path, 1) < 0);
	return frame;
}

/* What the module says of failures. */
void __wrap_log_write(enum log_level level, const char *file, int line, const char *peer, const char *fmt, ...)
		__attribute__((format(printf, 5, 6)));
void __wrap_log_write(enum log_level level, const char *file, int line, const char *peer, const char *fmt, ...)
{
	va_list args;

	(void)file;
	(void)line;
	(void)peer;
	if (level > LOG_LEVEL_INFO)
		return;
	va_start(args, fmt);
	vsnprintf(gpu_rig.complaint, sizeof(gpu_rig.complaint), fmt, args);
	va_end(args);
	gpu_rig.complaints++;
}

/* Types of buffers, by identifier. */
static struct {
	VABufferID id;
	VABufferType type;
	uint32_t misc;
} buffers[BUFFERS_MAX];

static unsigned int n_buffers;
static VABufferID held = VA_INVALID_ID;

/* The newest of that identifier, which drivers use again. */
static unsigned int find_buffer(VABufferID id)
{
	for (unsigned int i = n_buffers; i--;)
		if (buffers[i].id == id)
			return i;
	gpu_must(!"a buffer that is none");
	return 0;
}

static void take_header(const void *data, size_t bytes)
{
	struct gpu_header *header = &gpu_rig.headers[gpu_rig.n_headers++];
	/* Drivers take its length in bits: the last byte's others are the driver's. Start codes are theirs, too. */
	const size_t start_code = 4;

	gpu_must(gpu_rig.n_headers <= GPU_RIG_HEADERS_MAX && bytes <= sizeof(header->bytes) && bytes > start_code + 1);
	memcpy(header->bytes, data, bytes);
	header->count = bytes;
	header->needle = gpu_noop_seek(header->bytes + start_code, bytes - 1 - start_code);
}

/* Returns what the driver is to get. */
static void *take_params(VABufferType type, void *data)
{
	static struct gpu_params sent;
	struct gpu_params *params = &gpu_rig.params;

	if (type == VAEncPictureParameterBufferType) {
		memcpy(&params->picture, data, sizeof(params->picture));
		sent.picture = params->picture;
		if (gpu_rig.self_reference && !params->picture.pic_fields.bits.idr_pic_flag)
			sent.picture.ReferenceFrames[0] = params->picture.CurrPic;
		return &sent.picture;
	}
	if (type == VAEncSliceParameterBufferType) {
		memcpy(&params->slice, data, sizeof(params->slice));
		sent.slice = params->slice;
		if (gpu_rig.self_reference && !params->picture.pic_fields.bits.idr_pic_flag)
			sent.slice.RefPicList0[0] = params->picture.CurrPic;
		return &sent.slice;
	}
	return data;
}

VAStatus __real_vaCreateBuffer(VADisplay va, VAContextID context, VABufferType type, unsigned int size,
		unsigned int count, void *data, VABufferID *ret);
VAStatus __wrap_vaCreateBuffer(VADisplay va, VAContextID context, VABufferType type, unsigned int size,
		unsigned int count, void *data, VABufferID *ret);
VAStatus __wrap_vaCreateBuffer(VADisplay va, VAContextID context, VABufferType type, unsigned int size,
		unsigned int count, void *data, VABufferID *ret)
{
	VAStatus status;

	status = __real_vaCreateBuffer(va, context, type, size, count, take_params(type, data), ret);
	if (status != VA_STATUS_SUCCESS)
		return status;
	gpu_must(n_buffers < BUFFERS_MAX);
	buffers[n_buffers].id = *ret;
	buffers[n_buffers++].type = type;
	if (type == VAEncPackedHeaderDataBufferType)
		take_header(data, size);
	if (type == VAEncMiscParameterBufferType)
		gpu_rig.dirty += ((const VAEncMiscParameterBuffer *)data)->type == VAEncMiscParameterTypeDirtyRect;
	return status;
}

VAStatus __real_vaRenderPicture(VADisplay va, VAContextID context, VABufferID *ids, int count);
VAStatus __wrap_vaRenderPicture(VADisplay va, VAContextID context, VABufferID *ids, int count);
VAStatus __wrap_vaRenderPicture(VADisplay va, VAContextID context, VABufferID *ids, int count)
{
	VABufferType type = buffers[find_buffer(ids[0])].type;
	VAStatus status = VA_STATUS_SUCCESS;

	gpu_must(count == 1);
	if (gpu_rig.reversed && type == VAEncPictureParameterBufferType) {
		held = ids[0];
		return status;
	}
	if (held == VA_INVALID_ID)
		return __real_vaRenderPicture(va, context, ids, 1);
	if (type == VAEncMiscParameterBufferType)
		status = __real_vaRenderPicture(va, context, ids, 1);
	if (status == VA_STATUS_SUCCESS)
		status = __real_vaRenderPicture(va, context, &held, 1);
	held = VA_INVALID_ID;
	if (status == VA_STATUS_SUCCESS && type != VAEncMiscParameterBufferType)
		status = __real_vaRenderPicture(va, context, ids, 1);
	return status;
}

/* What executed would have left there. */
static uint8_t coded[] = { 0, 0, 0, 1, 0x65, 0x80 };
static VACodedBufferSegment segment = { .size = sizeof(coded), .buf = coded };

VAStatus __real_vaMapBuffer(VADisplay va, VABufferID id, void **ret);
VAStatus __wrap_vaMapBuffer(VADisplay va, VABufferID id, void **ret);
VAStatus __wrap_vaMapBuffer(VADisplay va, VABufferID id, void **ret)
{
	VAStatus status = __real_vaMapBuffer(va, id, ret);
	bool is_coded = false;

	/* Those of images are made by other calls. */
	for (unsigned int i = 0; i < n_buffers; i++)
		is_coded = is_coded || (buffers[i].id == id && buffers[i].type == VAEncCodedBufferType);
	if (status == VA_STATUS_SUCCESS && gpu_rig.answers && is_coded)
		*ret = &segment;
	return status;
}
