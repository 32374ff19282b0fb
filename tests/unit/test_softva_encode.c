// SPDX-License-Identifier: GPL-2.0-or-later
/* The software driver encodes: as well as x264, under the client's headers, as it is told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <va/va.h>
#include <va/va_drmcommon.h>
#include <x264.h>

#include "tests/unit/softva_rig.h"

#define WIDTH 322
#define HEIGHT 182
#define PICTURES 12

/* What a stream came to. */
struct result {
	double psnr; /* the mean of its pictures */
	size_t bytes;
	size_t picture_bytes[PICTURES];
};

static struct rig_packet encode_next(struct rig_stream *stream, bool idr, const uint8_t *nv12)
{
	rig_upload(stream->va, stream->source, nv12, stream->width, stream->height);
	rig_stream_encode(stream, idr);
	return rig_stream_packet(stream);
}

static struct result encode_film(
		VADisplay va, const struct rig_options *options, unsigned int idr_period)
{
	uint8_t *nv12 = malloc(rig_nv12_bytes(options->width, options->height));
	uint8_t *decoded = malloc(rig_nv12_bytes(options->width, options->height));
	struct rig_decoder *decoder = rig_decoder_new();
	struct result result = { 0 };
	struct rig_stream stream;

	assert_true(nv12 && decoded);
	rig_stream_open(&stream, va, options);
	for (unsigned int i = 0; i < PICTURES; i++) {
		struct rig_packet packet;

		rig_paint(nv12, options->width, options->height, i);
		packet = encode_next(&stream, i % idr_period == 0, nv12);
		rig_decode(decoder, &packet, decoded, options->width, options->height);
		result.psnr += rig_psnr(nv12, decoded, options->width, options->height) / PICTURES;
		result.bytes += packet.bytes;
		result.picture_bytes[i] = packet.bytes;
		free(packet.data);
	}
	rig_stream_close(&stream);
	rig_decoder_free(decoder);
	free(nv12);
	free(decoded);
	return result;
}

/* The same film by x264 itself. */
static double encode_reference(int qp, bool high)
{
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT)),
		*decoded = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_decoder *decoder = rig_decoder_new();
	x264_param_t param;
	x264_picture_t in, out;
	x264_nal_t *nals;
	x264_t *x264;
	double psnr = 0;
	int count;

	assert_true(nv12 && decoded);
	x264_param_default_preset(&param, "ultrafast", "zerolatency");
	param.i_log_level = X264_LOG_NONE;
	param.i_threads = 1;
	param.i_csp = X264_CSP_NV12;
	param.i_width = WIDTH;
	param.i_height = HEIGHT;
	param.b_cabac = high;
	param.analyse.b_transform_8x8 = high;
	param.rc.i_rc_method = X264_RC_CQP;
	param.rc.i_qp_constant = qp;
	param.rc.f_ip_factor = 1;
	x264 = x264_encoder_open(&param);
	assert_non_null(x264);
	for (unsigned int i = 0; i < PICTURES; i++) {
		struct rig_packet packet = { 0 };
		int bytes;

		rig_paint(nv12, WIDTH, HEIGHT, i);
		x264_picture_init(&in);
		in.i_type = i ? X264_TYPE_P : X264_TYPE_IDR;
		in.i_pts = i;
		in.img.i_csp = X264_CSP_NV12;
		in.img.i_plane = 2;
		in.img.plane[0] = nv12;
		in.img.plane[1] = nv12 + WIDTH * HEIGHT;
		in.img.i_stride[0] = WIDTH;
		in.img.i_stride[1] = WIDTH;
		bytes = x264_encoder_encode(x264, &nals, &count, &in, &out);
		assert_true(bytes > 0);
		packet.bytes = (size_t)bytes;
		packet.data = calloc(1, packet.bytes + 64);
		assert_non_null(packet.data);
		memcpy(packet.data, nals[0].p_payload, packet.bytes);
		rig_decode(decoder, &packet, decoded, WIDTH, HEIGHT);
		psnr += rig_psnr(nv12, decoded, WIDTH, HEIGHT) / PICTURES;
		free(packet.data);
	}
	x264_encoder_close(x264);
	rig_decoder_free(decoder);
	free(nv12);
	free(decoded);
	return psnr;
}

static void test_as_well_as_x264(void **state)
{
	static const VAProfile profiles[] = { VAProfileH264ConstrainedBaseline, VAProfileH264High };
	static const int qps[] = { 18, 34 };

	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int j = 0; j < 2; j++) {
			const struct rig_options options = {
				.profile = profiles[i],
				.width = WIDTH,
				.height = HEIGHT,
				.qp = qps[j],
			};
			double reference = encode_reference(
					qps[j], profiles[i] == VAProfileH264High);
			struct result result = encode_film(*state, &options, PICTURES);

			printf("profile %d, QP %d: %.2f dB, x264 %.2f dB\n", profiles[i], qps[j],
					result.psnr, reference);
			assert_true(result.psnr > reference - 0.5);
		}
	}
}

static void test_sizes_from_one_macroblock_up(void **state)
{
	static const unsigned int sizes[][2] = { { 16, 16 }, { 18, 34 }, { 64, 16 }, { 1022, 66 } };

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct rig_options options = {
			.width = sizes[i][0], .height = sizes[i][1], .qp = 20
		};

		assert_true(encode_film(*state, &options, 5).psnr > 36);
	}
}

static void test_slices(void **state)
{
	for (unsigned int n = 2; n <= 12; n += 5) {
		const struct rig_options options = {
			.width = WIDTH, .height = HEIGHT, .n_slices = n
		};

		assert_true(encode_film(*state, &options, 4).psnr > 36);
	}
}

/* All NAL types of a packet, as a text. */
static void list_nals(const struct rig_packet *packet, char *ret)
{
	const uint8_t *at = packet->data, *end = at + packet->bytes;
	struct h264_nal nal;
	int err;

	while (!(err = h264_nal_next(&at, end, &nal)))
		ret += sprintf(ret, "%u ", nal.type);
	assert_int_equal(err, -ENOENT);
}

static void test_the_clients_headers_are_in_the_stream(void **state)
{
	static const uint8_t delimiter[] = { 0, 0, 0, 1, 9, 0xf0 },
			     message[] = { 0, 0, 1, 6, 3, 1, 0xff, 0x80 };
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT, .n_slices = 3 };
	uint8_t *nv12 = calloc(1, rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_picture *picture = malloc(sizeof(*picture));
	struct rig_stream stream;
	struct rig_packet packet;
	const uint8_t *at, *end;
	struct h264_nal nal;
	char nals[256];

	assert_true(nv12 && picture);
	rig_stream_open(&stream, *state, &options);
	rig_upload(stream.va, stream.source, nv12, WIDTH, HEIGHT);
	rig_picture_make(&stream, true, picture);
	/* A delimiter in front of the SPS, and a message behind the PPS. */
	memcpy(picture->headers[3].data, message, sizeof(message));
	picture->headers[3].type = VAEncPackedHeaderRawData;
	picture->headers[3].bits = sizeof(message) * 8;
	picture->headers[2] = picture->headers[1];
	picture->headers[1] = picture->headers[0];
	memset(&picture->headers[0], 0, sizeof(picture->headers[0]));
	memcpy(picture->headers[0].data, delimiter, sizeof(delimiter));
	picture->headers[0].type = VAEncPackedHeaderRawData;
	picture->headers[0].bits = sizeof(delimiter) * 8;
	picture->n_headers = 4;
	picture->pic.last_picture = H264_LAST_PICTURE_EOSEQ | H264_LAST_PICTURE_EOSTREAM;
	assert_va(rig_picture_send(&stream, picture));
	packet = rig_stream_packet(&stream);
	list_nals(&packet, nals);
	assert_string_equal(nals, "9 7 8 6 5 5 5 10 11 ");
	/* Sets bit by bit, slices with what the client numbers them. */
	at = packet.data;
	end = at + packet.bytes;
	for (unsigned int slice = 0; !h264_nal_next(&at, end, &nal);) {
		struct h264_slice header;

		if (nal.type == H264_NAL_SPS) {
			struct h264_sps sps;

			assert_int_equal(h264_read_sps(&nal, &sps), 0);
			assert_memory_equal(&sps, &stream.sets.sps, sizeof(sps));
		}
		if (nal.type != H264_NAL_IDR)
			continue;
		assert_int_equal(h264_read_slice(&nal, &stream.sets, &header, NULL), 0);
		assert_int_equal(header.first_mb, picture->slices[slice].macroblock_address);
		assert_int_equal(header.idr_pic_id, picture->slices[slice].idr_pic_id);
		assert_int_equal(h264_slice_qp(&stream.sets.pps, &header), stream.qp);
		slice++;
	}
	free(packet.data);
	rig_stream_close(&stream);
	free(picture);
	free(nv12);
}

static void test_headers_by_the_driver(void **state)
{
	static const uint32_t packed[] = { 0, VA_ENC_PACKED_HEADER_SLICE,
		VA_ENC_PACKED_HEADER_SEQUENCE };

	for (unsigned int i = 0; i < 3; i++) {
		const struct rig_options options = {
			.width = WIDTH,
			.height = HEIGHT,
			.packed = packed[i],
			.no_packed = !packed[i],
			.n_slices = 2,
		};

		assert_true(encode_film(*state, &options, 5).psnr > 36);
	}
}

static void test_bit_rates(void **state)
{
	static const uint32_t kinds[] = { VA_RC_CBR, VA_RC_VBR };
	/* Of sequence parameters alone: a million bits a second, at 30 pictures. */
	const size_t expected = 1000000 / 8 / 30 * PICTURES;

	for (unsigned int i = 0; i < 2; i++) {
		const struct rig_options options = {
			.width = WIDTH, .height = HEIGHT, .rate_control = kinds[i]
		};
		struct result result = encode_film(*state, &options, PICTURES);

		printf("rate control %#x: %zu bytes of %zu\n", kinds[i], result.bytes, expected);
		assert_in_range(result.bytes, expected / 2, expected * 3 / 2);
	}
}

/* Bytes of the last half of a film whose client changes its mind in the middle. */
static size_t encode_second_half(VADisplay va, uint32_t bps)
{
	const struct rig_options options = {
		.width = WIDTH,
		.height = HEIGHT,
		.rate_control = VA_RC_CBR,
	};
	const VAEncMiscParameterRateControl control = { .bits_per_second = bps };
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_picture *picture = malloc(sizeof(*picture));
	struct rig_stream stream;
	size_t bytes = 0;

	assert_true(nv12 && picture);
	rig_stream_open(&stream, va, &options);
	for (unsigned int i = 0; i < 2 * PICTURES; i++) {
		struct rig_packet packet;

		rig_paint(nv12, WIDTH, HEIGHT, i);
		rig_upload(va, stream.source, nv12, WIDTH, HEIGHT);
		rig_picture_make(&stream, i == 0, picture);
		if (i == PICTURES) {
			picture->misc[0].type = VAEncMiscParameterTypeRateControl;
			picture->misc[0].data = &control;
			picture->misc[0].bytes = sizeof(control);
			picture->n_misc = 1;
		}
		assert_va(rig_picture_send(&stream, picture));
		packet = rig_stream_packet(&stream);
		if (i >= PICTURES)
			bytes += packet.bytes;
		free(packet.data);
	}
	rig_stream_close(&stream);
	free(picture);
	free(nv12);
	return bytes;
}

static void test_a_bit_rate_that_changes(void **state)
{
	size_t same = encode_second_half(*state, 1000000),
	       less = encode_second_half(*state, 100000);

	printf("second half: %zu bytes, at a tenth of the rate %zu\n", same, less);
	/* The buffer of a second that was agreed on makes it a gentle fall. */
	assert_true(less * 3 < same * 2);
}

static void test_a_qp_for_each_picture(void **state)
{
	static const int qps[] = { 20, 40, 24, 36, 30 };
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT };
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_stream stream;

	assert_non_null(nv12);
	rig_stream_open(&stream, *state, &options);
	for (unsigned int i = 0; i < sizeof(qps) / sizeof(qps[0]); i++) {
		struct rig_packet packet;

		stream.qp = qps[i];
		rig_paint(nv12, WIDTH, HEIGHT, i);
		packet = encode_next(&stream, i == 0, nv12);
		assert_int_equal(packet.status & VA_CODED_BUF_STATUS_PICTURE_AVE_QP_MASK, qps[i]);
		free(packet.data);
	}
	rig_stream_close(&stream);
	free(nv12);
}

static size_t encode_with_misc(VADisplay va, const struct rig_options *options,
		VAEncMiscParameterType type, const void *data, size_t bytes, bool idr,
		uint8_t *ret_nv12)
{
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_picture *picture = malloc(sizeof(*picture));
	struct rig_decoder *decoder = rig_decoder_new();
	struct rig_stream stream;
	struct rig_packet packet;

	assert_true(nv12 && picture);
	rig_stream_open(&stream, va, options);
	rig_paint(nv12, WIDTH, HEIGHT, 0);
	rig_upload(va, stream.source, nv12, WIDTH, HEIGHT);
	if (!idr) {
		rig_stream_encode(&stream, true);
		packet = rig_stream_packet(&stream);
		rig_decode(decoder, &packet, ret_nv12, WIDTH, HEIGHT);
		free(packet.data);
		rig_paint(nv12, WIDTH, HEIGHT, 1);
		rig_upload(va, stream.source, nv12, WIDTH, HEIGHT);
	}
	rig_picture_make(&stream, idr, picture);
	picture->misc[0].type = type;
	picture->misc[0].data = data;
	picture->misc[0].bytes = bytes;
	picture->n_misc = data ? 1 : 0;
	assert_va(rig_picture_send(&stream, picture));
	packet = rig_stream_packet(&stream);
	rig_decode(decoder, &packet, ret_nv12, WIDTH, HEIGHT);
	free(packet.data);
	rig_stream_close(&stream);
	rig_decoder_free(decoder);
	free(picture);
	free(nv12);
	return packet.bytes;
}

static double psnr_of_half(const uint8_t *decoded, bool right)
{
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT)),
		*masked = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	double psnr;

	assert_true(nv12 && masked);
	rig_paint(nv12, WIDTH, HEIGHT, 0);
	memcpy(masked, decoded, rig_nv12_bytes(WIDTH, HEIGHT));
	for (unsigned int y = 0; y < HEIGHT; y++)
		for (unsigned int x = 0; x < WIDTH; x++)
			if (right != (x >= 160))
				masked[y * WIDTH + x] = nv12[y * WIDTH + x];
	psnr = rig_psnr(nv12, masked, WIDTH, HEIGHT);
	free(nv12);
	free(masked);
	return psnr;
}

static void test_regions_of_interest(void **state)
{
	static const uint32_t kinds[] = { VA_RC_CQP, VA_RC_ICQ };
	uint8_t *plain = malloc(rig_nv12_bytes(WIDTH, HEIGHT)),
		*with = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	/* The first that covers a place counts. */
	VAEncROI regions[] = {
		{ { 0, 0, 160, HEIGHT }, -12 },
		{ { 0, 0, WIDTH, HEIGHT }, 8 },
	};
	VAEncMiscParameterBufferROI roi = { .num_roi = 2, .roi = regions };

	assert_true(plain && with);
	for (unsigned int i = 0; i < 2; i++) {
		const struct rig_options options = {
			.width = WIDTH, .height = HEIGHT, .qp = 30, .rate_control = kinds[i]
		};

		roi.roi_flags.bits.roi_value_is_qp_delta = kinds[i] != VA_RC_CQP;
		encode_with_misc(*state, &options, 0, NULL, 0, true, plain);
		encode_with_misc(*state, &options, VAEncMiscParameterTypeROI, &roi, sizeof(roi),
				true, with);
		assert_true(psnr_of_half(with, false) > psnr_of_half(plain, false) + 3);
		assert_true(psnr_of_half(with, true) < psnr_of_half(plain, true) - 2);
	}
	free(plain);
	free(with);
}

static void test_what_is_not_dirty_is_not_encoded(void **state)
{
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT };
	uint8_t *decoded = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	VARectangle box = { 0, 0, 64, 64 };
	const VAEncMiscParameterBufferDirtyRect dirty = { .num_roi_rectangle = 1,
		.roi_rectangle = &box };
	size_t all, some;

	assert_non_null(decoded);
	all = encode_with_misc(*state, &options, 0, NULL, 0, false, decoded);
	some = encode_with_misc(*state, &options, VAEncMiscParameterTypeDirtyRect, &dirty,
			sizeof(dirty), false, decoded);
	printf("dirty region: %zu bytes, all %zu\n", some, all);
	assert_true(some * 2 < all);
	free(decoded);
}

/* A sealed memfd with the picture somewhere in it, as a stranger hands it over. */
/* In a memfd with these seals; *ret_fd is the caller's. */
static VASurfaceID import_nv12(VADisplay va, const uint8_t *nv12, int seals, int *ret_fd)
{
	const uint32_t pitch = 384, luma = 4096, chroma = luma + pitch * (HEIGHT + 3);
	const uint32_t bytes = chroma + pitch * HEIGHT / 2;
	int fd = memfd_create("nv12", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	VADRMPRIMESurfaceDescriptor descriptor = {
		.fourcc = VA_FOURCC_NV12,
		.width = WIDTH,
		.height = HEIGHT,
		.num_objects = 1,
		.objects[0] = { .fd = fd, .size = bytes },
		.num_layers = 1,
		.layers[0] = {
			.drm_format = DRM_FORMAT_NV12,
			.num_planes = 2,
			.offset = { luma, chroma },
			.pitch = { pitch, pitch },
		},
	};
	VASurfaceAttrib attribs[] = {
		{ VASurfaceAttribMemoryType, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypeInteger,
						{ .i = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2 } } },
		{ VASurfaceAttribExternalBufferDescriptor, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypePointer, { .p = &descriptor } } },
	};
	VASurfaceID surface;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, bytes), 0);
	for (unsigned int y = 0; y < HEIGHT * 3 / 2; y++) {
		off_t at = y < HEIGHT ? luma + y * pitch : chroma + (y - HEIGHT) * pitch;

		assert_int_equal(pwrite(fd, nv12 + (size_t)y * WIDTH, WIDTH, at), WIDTH);
	}
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	assert_va(vaCreateSurfaces(
			va, VA_RT_FORMAT_YUV420, WIDTH, HEIGHT, &surface, 1, attribs, 2));
	*ret_fd = fd;
	return surface;
}

static void encode_foreign_memory(VADisplay va, int seals)
{
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT };
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_packet copied, foreign;
	struct rig_stream stream;
	VASurfaceID own;
	int fd;

	assert_non_null(nv12);
	rig_paint(nv12, WIDTH, HEIGHT, 3);
	rig_stream_open(&stream, va, &options);
	copied = encode_next(&stream, true, nv12);
	rig_stream_close(&stream);
	rig_stream_open(&stream, va, &options);
	own = stream.source;
	stream.source = import_nv12(va, nv12, seals, &fd);
	rig_stream_encode(&stream, true);
	foreign = rig_stream_packet(&stream);
	assert_int_equal(copied.bytes, foreign.bytes);
	assert_memory_equal(copied.data, foreign.data, copied.bytes);
	free(copied.data);
	free(foreign.data);
	/* Of memory that goes away meanwhile there is no picture, and of what comes back there is one again. */
	if (!(seals & F_SEAL_SHRINK)) {
		VACodedBufferSegment *segment;
		struct stat before;

		assert_int_equal(fstat(fd, &before), 0);
		assert_int_equal(ftruncate(fd, 8192), 0);
		rig_stream_encode(&stream, true);
		assert_int_equal(vaSyncSurface(va, stream.source), VA_STATUS_ERROR_ENCODING_ERROR);
		assert_va(vaMapBuffer(va, stream.coded, (void **)&segment));
		assert_int_equal(segment->size, 0);
		assert_true(segment->status & VA_CODED_BUF_STATUS_BAD_BITSTREAM);
		assert_va(vaUnmapBuffer(va, stream.coded));
		assert_int_equal(ftruncate(fd, before.st_size), 0);
		rig_stream_encode(&stream, true);
		foreign = rig_stream_packet(&stream);
		assert_int_not_equal(foreign.bytes, 0);
		free(foreign.data);
	}
	close(fd);
	assert_va(vaDestroySurfaces(va, &own, 1));
	rig_stream_close(&stream);
	free(nv12);
}

static void test_straight_from_foreign_memory(void **state)
{
	encode_foreign_memory(*state, F_SEAL_WRITE | F_SEAL_SHRINK);
	encode_foreign_memory(*state, 0);
}


static void test_the_coded_buffer_is_too_small(void **state)
{
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT, .coded_bytes = 700 };
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_stream stream;
	struct rig_packet packet;

	assert_non_null(nv12);
	rig_paint(nv12, WIDTH, HEIGHT, 0);
	rig_stream_open(&stream, *state, &options);
	packet = encode_next(&stream, true, nv12);
	assert_int_equal(packet.bytes, 0);
	assert_true(packet.status & VA_CODED_BUF_STATUS_SLICE_OVERFLOW_MASK);
	free(packet.data);
	/* The stream goes on: nothing has changed, and little fits. */
	packet = encode_next(&stream, false, nv12);
	assert_true(packet.bytes > 0);
	assert_int_equal(packet.status & ~VA_CODED_BUF_STATUS_PICTURE_AVE_QP_MASK, 0);
	free(packet.data);
	rig_stream_close(&stream);
	free(nv12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_well_as_x264),
		cmocka_unit_test(test_sizes_from_one_macroblock_up),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_the_clients_headers_are_in_the_stream),
		cmocka_unit_test(test_headers_by_the_driver),
		cmocka_unit_test(test_bit_rates),
		cmocka_unit_test(test_a_bit_rate_that_changes),
		cmocka_unit_test(test_a_qp_for_each_picture),
		cmocka_unit_test(test_regions_of_interest),
		cmocka_unit_test(test_what_is_not_dirty_is_not_encoded),
		cmocka_unit_test(test_straight_from_foreign_memory),
		cmocka_unit_test(test_the_coded_buffer_is_too_small),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
