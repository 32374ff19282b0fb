// SPDX-License-Identifier: GPL-2.0-or-later
/* What the process does that tries a candidate. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <va/va_drmcommon.h>

#include "encoders/h264_bits.h"
#include "encoders/packet.h"
#include "encoders/vaapi_caps.h"
#include "encoders/vaapi_probe.h"
#include "encoders/vaapi_probe_line.h"
#include "encoders/vaapi_session.h"
#include "server/frame.h"

/* Not whole macroblocks; more than any GPU's smallest. */
#define WIDTH 328
#define HEIGHT 264
#define PICTURES 3
#define QP 26

struct word {
	uint32_t bit;
	const char *name;
};

static const struct word rate_controls[] = {
	{ VA_RC_CQP, "CQP" },
	{ VA_RC_CBR, "CBR" },
	{ VA_RC_VBR, "VBR" },
	{ VA_RC_ICQ, "ICQ" },
	{ VA_RC_QVBR, "QVBR" },
	{ VA_RC_VCM, "VCM" },
};

static void list_words(uint32_t bits, const struct word *words, size_t count, char *text, size_t bytes)
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (!(bits & words[i].bit) || at + strlen(words[i].name) + 2 > bytes)
			continue;
		at += (size_t)snprintf(text + at, bytes - at, "%s%s", at ? " " : "", words[i].name);
	}
}

static void describe(const struct vaapi_caps *caps, struct vaapi_probe_report *report)
{
	const struct word imports[] = {
		{ VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2, "PRIME_2" },
		{ VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME, "PRIME" },
		{ 1u << 31, "CPU" },
	};
	/* What is in system memory always comes that way. */
	uint32_t ways = caps->memory_types | 1u << 31;

	snprintf(report->vendor, sizeof(report->vendor), "%s", caps->vendor);
	snprintf(report->profile, sizeof(report->profile), "%s", vaapi_caps_profile_name(caps));
	snprintf(report->entrypoint, sizeof(report->entrypoint), "%s",
			vaapi_caps_entrypoint_name(caps));
	list_words(ways, imports, 3, report->import, sizeof(report->import));
	list_words(caps->rate_control, rate_controls,
			sizeof(rate_controls) / sizeof(rate_controls[0]), report->rate_control,
			sizeof(report->rate_control));
	snprintf(report->limits, sizeof(report->limits), "%ux%u to %ux%u", caps->width_min,
			caps->height_min, caps->width_max, caps->height_max);
}

static void paint(struct frame *frame, unsigned int index)
{
	uint8_t *pixels = frame_memory_pixels(frame);

	for (uint32_t y = 0; y < HEIGHT; y++) {
		uint32_t *row = (uint32_t *)(pixels + (size_t)y * frame->planes[0].stride);

		for (uint32_t x = 0; x < WIDTH; x++)
			row[x] = ((x + 8 * index) & 0xff) << 16 | (y & 0xff) << 8 |
					(x & y & 0xff);
	}
}

/* Whether it is one slice of the right kind, behind what a decoder needs before the first. */
static bool is_picture(const struct packet *packet, unsigned int index)
{
	const uint8_t *at = packet->data, *end = at + packet->bytes;
	unsigned int slices = 0, sets = 0;
	struct h264_nal nal;
	int err;

	while (!(err = h264_nal_next(&at, end, &nal))) {
		sets += nal.type == H264_NAL_SPS || nal.type == H264_NAL_PPS;
		slices += nal.type == (index ? H264_NAL_SLICE : H264_NAL_IDR);
	}
	return err == -ENOENT && slices && (index || sets == 2) && packet->keyframe == !index;
}

static const char *encode(struct vaapi_session *session, struct frame *frame)
{
	for (unsigned int i = 0; i < PICTURES; i++) {
		const struct vaapi_session_picture picture = {
			.frame = frame,
			.box = { .width = WIDTH, .height = HEIGHT },
			.qp = QP,
		};
		struct packet *packet;
		bool good;

		paint(frame, i);
		if (vaapi_session_encode(session, &picture, &packet))
			return "encoding a picture fails";
		good = is_picture(packet, i);
		packet_unref(packet);
		if (!good)
			return "what it encodes is not H.264";
	}
	return NULL;
}

static const char *explain(int err)
{
	switch (err) {
	case -ENOTSUP:
		return "it does not encode H.264 with a constant quantiser";
	case -ENODEV:
		return "there is no driver for it, or it does not start";
	default:
		return strerror(-err);
	}
}

static const char *try(const char *candidate, struct vaapi_probe_report *report)
{
	struct vaapi_session *session;
	struct frame *frame;
	const char *wrong;
	int err = frame_new_memory(WIDTH, HEIGHT, &frame);

	if (err)
		return explain(err);
	err = vaapi_session_new(candidate, NULL, &session);
	if (err) {
		frame_unref(frame);
		return explain(err);
	}
	describe(vaapi_session_caps(session), report);
	wrong = encode(session, frame);
	vaapi_session_free(session);
	frame_unref(frame);
	return wrong;
}

/* Standard output, which drivers then do not find any more: some print there. */
static FILE *take_output(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return NULL;
	return fdopen(fd, "w");
}

int vaapi_probe_run(const char *candidate)
{
	const struct rlimit no_core = { 0, 0 };
	struct vaapi_probe_report report = { .vendor = "" };
	FILE *out = take_output();
	const char *wrong;

	if (!out)
		return EXIT_FAILURE;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* That it crashes is what this process is for. */
	setrlimit(RLIMIT_CORE, &no_core);
	wrong = try(candidate, &report);
	if (wrong)
		snprintf(report.reason, sizeof(report.reason), "%s", wrong);
	vaapi_probe_line_write(&report, out);
	return fclose(out) || wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
