// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The encode module on the drivers that Debian has for Intel's and AMD's GPUs, of many generations: what it sends is
 * what they take. Nothing is executed, so nothing is known here of pictures that come out.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <i915_drm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <va/va_drmcommon.h>

#include <cmocka.h>

#include "encoders/h264_headers.h"
#include "encoders/vaapi_caps.h"
#include "encoders/vaapi_import.h"
#include "encoders/vaapi_memory.h"
#include "encoders/vaapi_session.h"
#include "encoders/va_display.h"
#include "server/frame.h"
#include "tests/gpu/gpu_noop.h"
#include "tests/unit/gpu_rig.h"

/* No whole macroblocks. */
#define WIDTH 760
#define HEIGHT 360
#define QP 24
#define PICTURES 6

#define PRIME VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME
#define PRIME_2 VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2

/*
 * From Broadwell on i965 does not encode without code that is not free (see tests/integration/test_gpu_probe.py); of
 * iHD's video processing the free build has some from Ice Lake on.
 */
static const struct gpu_row rows[] = {
	{ "i965", "sandybridge", "EncSlice", PRIME, DRM_FORMAT_XBGR8888, 0, false },
	{ "i965", "ivybridge", "EncSlice", PRIME, DRM_FORMAT_XRGB8888, 0, false },
	{ "i965", "haswell", "EncSlice", PRIME, DRM_FORMAT_XRGB8888, 0, false },
	{ "iHD", "skylake", "EncSliceLP", 0, 0, 4, false },
	{ "iHD", "apollolake", "EncSliceLP", 0, 0, 4, false },
	{ "iHD", "kabylake", "EncSliceLP", 0, 0, 4, false },
	{ "iHD", "geminilake", "EncSliceLP", 0, 0, 4, false },
	{ "iHD", "coffeelake", "EncSliceLP", 0, 0, 4, false },
	{ "iHD", "icelake", "EncSliceLP", PRIME_2, DRM_FORMAT_XRGB8888, 4, false },
	{ "iHD", "elkhartlake", "EncSliceLP", PRIME_2, DRM_FORMAT_XRGB8888, 4, false },
	{ "iHD", "tigerlake", "EncSliceLP", PRIME_2, DRM_FORMAT_XRGB8888, 4, false },
	{ "iHD", "rocketlake", "EncSliceLP", PRIME_2, DRM_FORMAT_XRGB8888, 4, false },
	{ "iHD", "alderlake-s", "EncSliceLP", PRIME_2, DRM_FORMAT_XRGB8888, 4, false },
	{ "iHD", "alderlake-p", "EncSliceLP", PRIME_2, DRM_FORMAT_XRGB8888, 4, false },
	{ "radeonsi", "raven", "EncSlice", PRIME_2, DRM_FORMAT_XRGB8888, 0, true },
	{ "radeonsi", "renoir", "EncSlice", PRIME_2, DRM_FORMAT_XRGB8888, 0, true },
	{ "radeonsi", "navi10", "EncSlice", PRIME_2, DRM_FORMAT_XRGB8888, 0, true },
	{ "radeonsi", "navi21", "EncSlice", PRIME_2, DRM_FORMAT_XRGB8888, 0, true },
	{ "radeonsi", "navi31", "EncSlice", PRIME_2, DRM_FORMAT_XRGB8888, 0, true },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Mesa submits from several threads, each as soon as it can. */
static bool has_equal_histories(const struct gpu_row *row)
{
	return strcmp(row->driver, "radeonsi") != 0;
}

static void wake(void *user)
{
	(void)user;
}

struct rig {
	struct vaapi_imports *imports;
	struct vaapi_session *session;
	int qp;
	bool is_mesa;
};

static void open_rig(const struct gpu_row *row, struct rig *rig)
{
	rig->is_mesa = !has_equal_histories(row);
	rig->qp = QP;
	gpu_must(!vaapi_imports_new(wake, NULL, &rig->imports));
	gpu_must(!vaapi_session_new(GPU_NOOP_NODE, rig->imports, &rig->session));
}

/* All that was asked was answered, and no answer was one that the module has to say something about. */
static void close_rig(struct rig *rig)
{
	uint32_t last;

	vaapi_session_free(rig->session);
	vaapi_imports_unref(rig->imports);
	gpu_must(!gpu_rig.complaints);
	gpu_must(!gpu_noop_unanswered(&last));
	gpu_must(!gpu_noop_touches());
}

static int encode(struct rig *rig, struct frame *frame, const pixman_region32_t *damage, struct packet **ret)
{
	const struct vaapi_session_picture picture = {
		.frame = frame,
		.import = frame->planes[0].fd >= 0 ? vaapi_imports_attach(rig->imports, frame) : NULL,
		.box = { .width = frame->width, .height = frame->height },
		.qp = rig->qp,
		.damage = damage,
	};

	return vaapi_session_encode(rig->session, &picture, ret);
}

/* Returns whether it is a keyframe. */
static bool must_encode(struct rig *rig, struct frame *frame, const pixman_region32_t *damage)
{
	struct packet *packet;
	bool keyframe;

	gpu_must(!encode(rig, frame, damage, &packet));
	keyframe = packet->keyframe;
	packet_unref(packet);
	return keyframe;
}

static const struct vaapi_caps *check_caps(const struct rig *rig, const struct gpu_row *row)
{
	const struct vaapi_caps *caps = vaapi_session_caps(rig->session);

	gpu_must(!strcmp(vaapi_caps_entrypoint_name(caps), row->entrypoint));
	gpu_must(!strcmp(vaapi_caps_profile_name(caps), "High"));
	gpu_must(caps->packed == (row->own_headers ? 0
						   : VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE |
							VA_ENC_PACKED_HEADER_SLICE));
	gpu_must(caps->stream_qp == row->own_headers);
	gpu_must(caps->process == !!row->memory);
	/* The newer kind where there is one. */
	gpu_must(caps->n_dirty == row->n_dirty);
	gpu_must((caps->memory_types & PRIME_2 ? PRIME_2 : caps->memory_types & PRIME) == row->memory);
	return caps;
}

/* What the module sent is our headers, in their order, and the driver submitted them as they are. */
static void check_headers(const struct rig *rig, unsigned int first, bool idr, uint32_t frame_num)
{
	static struct h264_sets sets;
	struct h264_slice slice;
	unsigned int at = first;

	gpu_must(gpu_rig.n_headers == first + (idr ? 3 : 1));
	/* But by Mesa, which reads them, and writes its own that say the same. */
	for (unsigned int i = first; i < gpu_rig.n_headers && !rig->is_mesa; i++)
		gpu_must(gpu_noop_found(gpu_rig.headers[i].needle));
	for (; at < gpu_rig.n_headers; at++) {
		const uint8_t *bytes = gpu_rig.headers[at].bytes;
		struct h264_nal nal;

		gpu_must(!h264_nal_next(&bytes, bytes + gpu_rig.headers[at].count, &nal));
		if (idr && at == first)
			gpu_must(!h264_read_sps(&nal, &sets.sps));
		else if (idr && at == first + 1)
			gpu_must(!h264_read_pps(&nal, &sets.pps));
		else
			gpu_must(!h264_read_slice(&nal, &sets, &slice, NULL));
	}
	gpu_must(sets.sps.width_mbs == (WIDTH + 15) / 16 && sets.sps.vui.max_num_reorder_frames == 0);
	gpu_must(slice.type == (idr ? H264_SLICE_I : H264_SLICE_P) + H264_SLICE_ALL);
	gpu_must(slice.frame_num == frame_num % 256 && slice.poc_lsb == 2 * frame_num % 256);
	gpu_must(!idr || slice.idr_pic_id == gpu_rig.params.slice.idr_pic_id);
	gpu_must(h264_slice_qp(&sets.pps, &slice) == rig->qp);
}

static void check_params(const struct rig *rig, uint32_t number)
{
	gpu_params_check(&gpu_rig.params, number, rig->qp, (WIDTH + 15) / 16 * ((HEIGHT + 15) / 16));
}

#define PICTURES_A_QP 3

/* A picture that the GPU is said to have coded. */
static void check_picture(const struct gpu_row *row, struct rig *rig, struct frame *frame, unsigned int number)
{
	const bool is_first = number % (row->own_headers ? PICTURES_A_QP : PICTURES) == 0;
	const struct vaapi_caps *caps = vaapi_session_caps(rig->session);
	unsigned int n_headers = gpu_rig.n_headers, executions = gpu_noop_executions(), needle = 0, sps = 0;
	pixman_region32_t damage;

	rig->qp = QP + 1 + (int)(number / PICTURES_A_QP);
	if (is_first && row->own_headers)
		needle = gpu_mesa_seek_qp(rig->qp);
	if (is_first && rig->is_mesa)
		sps = row->own_headers ? gpu_mesa_seek_sps(WIDTH, HEIGHT) : gpu_mesa_seek_our_sps(caps, WIDTH, HEIGHT);
	pixman_region32_init_rect(&damage, (int)number * 32, 32, 64, 48);
	gpu_must(must_encode(rig, frame, number ? &damage : NULL) == is_first);
	pixman_region32_fini(&damage);
	if (!row->own_headers)
		check_headers(rig, n_headers, !number, number);
	else
		gpu_must(gpu_rig.n_headers == n_headers && (!is_first || gpu_noop_found(needle)));
	gpu_must(!is_first || !rig->is_mesa || gpu_noop_found(sps));
	check_params(rig, row->own_headers ? number % PICTURES_A_QP : number);
	gpu_must(gpu_noop_executions() > executions);
}

/* A GPU that does not execute codes nothing, and the module says so. */
static void check_uncoded(struct rig *rig, struct frame *frame)
{
	struct packet *packet;

	gpu_must(encode(rig, frame, NULL, &packet) == -EIO);
	gpu_must(gpu_rig.complaints == 1 && strstr(gpu_rig.complaint, "the driver reports "));
	check_headers(rig, 0, true, 0);
	gpu_rig.complaints = 0;
}

static void encode_film(const struct gpu_row *row, struct rig *rig, struct frame *frame)
{
	/* Mesa reads how much it is from memory that the GPU has not written, and takes headers for a picture. */
	if (!rig->is_mesa)
		check_uncoded(rig, frame);
	gpu_rig.answers = true;
	for (unsigned int i = 0; i < PICTURES; i++)
		check_picture(row, rig, frame, i);
}

/* From the guest's buffer, which the GPU reads, and nobody else. */
static void try_import(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	struct frame *frame = gpu_rig_frame(WIDTH, HEIGHT, row->fourcc, DRM_FORMAT_MOD_LINEAR);
	struct rig rig;

	(void)argument;
	(void)ret;
	open_rig(row, &rig);
	check_caps(&rig, row);
	encode_film(row, &rig, frame);
	gpu_must(gpu_noop_imports(frame->planes[0].fd) == 1);
	/* By the conversion of each picture. */
	gpu_must(gpu_noop_uses(frame->planes[0].fd) >= (rig.is_mesa ? 0u : 1u) + PICTURES);
	frame_unref(frame);
	close_rig(&rig);
}

/* A part of a line of pixels that no other is equal to, as the encoder is to get it. */
#define MARK 64

/* From memory: the CPU converts, into the driver's surface. */
static void try_memory(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	uint32_t *pixels, needle, state = 1;
	uint8_t luma[MARK];
	struct frame *frame;
	struct rig rig;

	(void)argument;
	(void)ret;
	gpu_must(!frame_new_memory(WIDTH, HEIGHT, &frame));
	pixels = (uint32_t *)frame_memory_pixels(frame) + (size_t)100 * frame->planes[0].stride / 4;
	for (unsigned int i = 0; i < MARK; i++) {
		uint32_t grey = (state = state * 1103515245 + 12345) >> 24;

		/* Grey is the same by whichever matrix, but for its range. */
		pixels[128 + i] = grey * 0x010101;
		luma[i] = (uint8_t)(16 + (219 * grey + 127) / 255);
	}
	/* As many bytes as are beside each other in any tiling. */
	needle = gpu_noop_seek(luma + 16, 16);
	open_rig(row, &rig);
	check_caps(&rig, row);
	encode_film(row, &rig, frame);
	gpu_must(gpu_noop_found(needle));
	frame_unref(frame);
	close_rig(&rig);
}

/* Each format and tiling that the driver lists, one after the other. */
static void try_formats(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	const struct vaapi_format *formats;
	const struct vaapi_caps *caps;
	unsigned int count, known = 0;
	struct rig rig;

	(void)argument;
	gpu_rig.answers = true;
	open_rig(row, &rig);
	caps = check_caps(&rig, row);
	formats = vaapi_format_table(&count);
	for (unsigned int i = 0; i < count; i++) {
		struct frame *frame;

		if (!vaapi_caps_has_format(caps, formats[i].va))
			continue;
		known++;
		frame = gpu_rig_frame(WIDTH, HEIGHT, formats[i].drm, DRM_FORMAT_MOD_LINEAR);
		must_encode(&rig, frame, NULL);
		gpu_must(gpu_noop_imports(frame->planes[0].fd) == 1);
		frame_unref(frame);
	}
	close_rig(&rig);
	*ret = known;
}

struct tiling {
	uint64_t modifier;
	uint32_t kernel;
};

/* What the GPU is told of a buffer of that tiling. */
static void try_tiling(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	const struct tiling *tiling = (const struct tiling *)argument;
	struct frame *frame = gpu_rig_frame(WIDTH, HEIGHT, row->fourcc, tiling->modifier);
	struct packet *packet;
	struct rig rig;

	gpu_rig.answers = true;
	gpu_noop_set_tiling(tiling->kernel);
	open_rig(row, &rig);
	if (check_caps(&rig, row)->tilings || tiling->modifier == DRM_FORMAT_MOD_LINEAR) {
		must_encode(&rig, frame, NULL);
		gpu_must(gpu_noop_imports(frame->planes[0].fd) == 1);
	} else {
		/* Which leaves it to the CPU, and that is not let. */
		gpu_must(encode(&rig, frame, NULL, &packet) == -ENOTSUP && !gpu_noop_imports(frame->planes[0].fd));
	}
	*ret = gpu_noop_digest();
	frame_unref(frame);
	close_rig(&rig);
}

/* Rows that are longer than the driver would make them; whether it takes them. */
static void try_rows(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	struct frame *frame = gpu_rig_frame(WIDTH, HEIGHT, row->fourcc, DRM_FORMAT_MOD_LINEAR);
	struct packet *packet;
	struct rig rig;

	(void)argument;
	gpu_rig.answers = true;
	open_rig(row, &rig);
	check_caps(&rig, row);
	/* No more bytes than there are. */
	frame->planes[0].stride += 512;
	frame->height = 256;
	*ret = !encode(&rig, frame, NULL, &packet);
	/* If not it is left to the CPU, and that is not let. */
	gpu_rig.complaints = 0;
	if (*ret)
		packet_unref(packet);
	frame_unref(frame);
	close_rig(&rig);
}

/* A picture larger than the encoder's largest goes through the GPU's scaler. */
static void try_scaling(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	const struct vaapi_caps *caps;
	struct packet *packet;
	struct frame *frame;
	struct rig rig;

	(void)argument;
	(void)ret;
	gpu_rig.answers = true;
	open_rig(row, &rig);
	caps = check_caps(&rig, row);
	frame = gpu_rig_frame(caps->width_max + 1024, 1440, row->fourcc, DRM_FORMAT_MOD_LINEAR);
	gpu_must(!encode(&rig, frame, NULL, &packet));
	gpu_must(packet->scaled && packet->width == caps->width_max);
	gpu_must(gpu_noop_imports(frame->planes[0].fd) == 1 && gpu_noop_uses(frame->planes[0].fd) == 1);
	packet_unref(packet);
	frame_unref(frame);
	close_rig(&rig);
}

/* Numbers wrap around. */
static void try_numbers(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	struct frame *frame;
	struct rig rig;

	(void)argument;
	(void)ret;
	gpu_must(!frame_new_memory(WIDTH, HEIGHT, &frame));
	gpu_rig.answers = true;
	open_rig(row, &rig);
	check_caps(&rig, row);
	for (unsigned int i = 0; i < 260; i++) {
		must_encode(&rig, frame, NULL);
		check_params(&rig, i);
	}
	frame_unref(frame);
	close_rig(&rig);
}

enum order { NO_DIRTY, DIRTY, DIRTY_REVERSED };

/* What a driver makes of three pictures, the last of which has changed in a corner only. */
static void try_order(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	const bool has_dirty = argument == DIRTY || argument == DIRTY_REVERSED;
	struct frame *frame;
	pixman_region32_t damage;
	struct rig rig;

	gpu_must(!frame_new_memory(WIDTH, HEIGHT, &frame));
	gpu_rig.answers = true;
	gpu_rig.reversed = argument == DIRTY_REVERSED;
	open_rig(row, &rig);
	check_caps(&rig, row);
	pixman_region32_init_rect(&damage, 64, 64, 32, 32);
	must_encode(&rig, frame, NULL);
	must_encode(&rig, frame, NULL);
	must_encode(&rig, frame, has_dirty ? &damage : NULL);
	gpu_must(gpu_rig.dirty == (has_dirty && vaapi_session_caps(rig.session)->n_dirty));
	pixman_region32_fini(&damage);
	*ret = gpu_noop_digest();
	frame_unref(frame);
	close_rig(&rig);
}

/* Two pictures, the second of which is said to refer to itself: that is refused, or its GPU would read another one. */
static void try_reference(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	struct frame *frame;
	struct packet *packet;
	struct rig rig;

	gpu_must(!frame_new_memory(WIDTH, HEIGHT, &frame));
	gpu_rig.answers = true;
	gpu_rig.self_reference = argument;
	open_rig(row, &rig);
	check_caps(&rig, row);
	must_encode(&rig, frame, NULL);
	*ret = 0;
	if (!encode(&rig, frame, NULL, &packet)) {
		*ret = gpu_noop_digest();
		packet_unref(packet);
	} else {
		gpu_must(gpu_rig.self_reference);
		gpu_rig.complaints = 0;
	}
	frame_unref(frame);
	close_rig(&rig);
}

/*
 * A driver may accept the newer kind of descriptor without looking at it: the surface is memory of its own. That it
 * does not list the kind is all that tells.
 */
static void try_unlisted(const struct gpu_row *row, uintptr_t argument, uint64_t *ret)
{
	struct frame *frame = gpu_rig_frame(WIDTH, HEIGHT, row->fourcc, DRM_FORMAT_MOD_LINEAR);
	struct va_display *display;
	struct vaapi_caps caps;
	VASurfaceID surface;

	(void)argument;
	(void)ret;
	gpu_must(!va_display_new(GPU_NOOP_NODE, NULL, &display));
	gpu_must(!vaapi_caps_query(va_display_get(display), false, &caps));
	caps.memory_types |= PRIME_2;
	gpu_must(!vaapi_memory_import(va_display_get(display), &caps, frame, &surface));
	gpu_must(!gpu_noop_imports(frame->planes[0].fd));
	va_display_free(display);
	frame_unref(frame);
}

static const struct gpu_row *row_of(void **state)
{
	return *state;
}

static void test_film(void **state)
{
	if (row_of(state)->memory)
		gpu_rig_try(row_of(state), try_import, 0);
	gpu_rig_try(row_of(state), try_memory, 0);
}

static void test_formats(void **state)
{
	if (row_of(state)->memory)
		assert_true(gpu_rig_try(row_of(state), try_formats, 0) >= 3);
}

static void test_tilings(void **state)
{
	static const struct tiling tilings[] = {
		{ DRM_FORMAT_MOD_LINEAR, I915_TILING_NONE },
		{ I915_FORMAT_MOD_X_TILED, I915_TILING_X },
		{ I915_FORMAT_MOD_Y_TILED, I915_TILING_Y },
		{ DRM_FORMAT_MOD_LINEAR, I915_TILING_NONE },
	};
	uint64_t said[4];

	if (!row_of(state)->memory)
		return;
	for (unsigned int i = 0; i < 4; i++)
		said[i] = gpu_rig_try(row_of(state), try_tiling, (uintptr_t)&tilings[i]);
	if (!has_equal_histories(row_of(state)))
		return;
	assert_true(said[0] == said[3]);
	assert_true(said[0] != said[1] && said[1] != said[2] && said[0] != said[2]);
}

/* AMD's Navi wants those that it would make, the later ones with older drivers only. */
static void test_rows(void **state)
{
	const struct gpu_row *row = row_of(state);
	const bool is_strict = !strcmp(row->device, "navi10") || (row->own_headers && !strncmp(row->device, "navi", 4));

	if (row->memory)
		assert_int_equal(gpu_rig_try(row, try_rows, 0), !is_strict);
}

static void test_scaling(void **state)
{
	if (row_of(state)->memory)
		gpu_rig_try(row_of(state), try_scaling, 0);
}

static void test_order(void **state)
{
	const struct gpu_row *row = row_of(state);
	uint64_t none = gpu_rig_try(row, try_order, NO_DIRTY);

	if (!has_equal_histories(row))
		return;
	assert_true(gpu_rig_try(row, try_order, NO_DIRTY) == none);
	if (!row->n_dirty)
		return;
	/* What the module says arrives; the other way round it would be lost without a word. */
	assert_true(gpu_rig_try(row, try_order, DIRTY) != none);
	assert_true(gpu_rig_try(row, try_order, DIRTY_REVERSED) == none);
}

static void test_reference(void **state)
{
	if (has_equal_histories(row_of(state)))
		assert_true(gpu_rig_try(row_of(state), try_reference, false) !=
				gpu_rig_try(row_of(state), try_reference, true));
}

static void test_numbers(void **state)
{
	if (row_of(state)->own_headers)
		gpu_rig_try(row_of(state), try_numbers, 0);
}

static void test_unlisted(void **state)
{
	if (row_of(state)->memory == PRIME)
		gpu_rig_try(row_of(state), try_unlisted, 0);
}

#define N_TESTS 9

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		CMUnitTestFunction run;
	} kinds[N_TESTS] = {
		{ "film", test_film },
		{ "formats", test_formats },
		{ "tilings", test_tilings },
		{ "rows", test_rows },
		{ "scaling", test_scaling },
		{ "order", test_order },
		{ "reference", test_reference },
		{ "numbers", test_numbers },
		{ "unlisted", test_unlisted },
	};
	static struct CMUnitTest tests[N_ROWS * N_TESTS];
	static char names[N_ROWS * N_TESTS][64];
	static struct gpu_row chosen[N_ROWS];
	/* Debian's, whose drivers are found. */
	const char *release = argc > 1 ? argv[1] : GPU_DRIVERS_RELEASE;

	for (size_t i = 0; i < N_ROWS; i++) {
		chosen[i] = rows[i];
		chosen[i].own_headers = rows[i].own_headers && !strcmp(release, "bookworm");
	}

	for (size_t i = 0; i < N_ROWS * N_TESTS; i++) {
		const struct gpu_row *row = &chosen[i / N_TESTS];

		snprintf(names[i], sizeof(names[i]), "%s on %s: %s", row->driver, row->device, kinds[i % N_TESTS].name);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = kinds[i % N_TESTS].run,
			.initial_state = (void *)(uintptr_t)row,
		};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
