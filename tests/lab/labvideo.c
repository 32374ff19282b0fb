// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real dma-bufs, of everybody in the lab who makes some, on their way from the guest's memory to a
 * decoder: drawn into, handed to the encoder, which imports them through libva into the software
 * VA-API driver, and compared with what was drawn. No CPU of planecast's own may read them.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <va/va_drmcommon.h>

#include <cmocka.h>

#include "encoders/va_display.h"
#include "encoders/vaapi_candidate.h"
#include "server/frame.h"
#include "server/log.h"
#include "tests/lab/support/bochs.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/sample.h"
#include "tests/lab/support/watch.h"
#include "tests/unit/vaapi_rig.h"

/* Whole pages, whole X tiles. */
#define WIDTH 512
#define HEIGHT 320
#define STRIDE (WIDTH * 4)
#define BYTES (STRIDE * HEIGHT)
#define LINEAR DRM_FORMAT_MOD_LINEAR
#define XR24 DRM_FORMAT_XRGB8888
#define QP 18
/* What such a quantiser costs of the test desktop; any other picture of it is below 30. */
#define PSNR_MIN 42

#define PICTURES 4
static struct frame *pictures[PICTURES];
static uint8_t *nv12[PICTURES];
static struct vaapi_rig rig;
static struct rig_decoder *decoder;

static int setup(void **state)
{
	log_set_level(LOG_LEVEL_ERROR);
	if (vaapi_rig_setup(state))
		return -1;
	for (unsigned int i = 0; i < PICTURES; i++) {
		pictures[i] = vaapi_rig_frame(WIDTH, HEIGHT, (int64_t)i * 400000000);
		nv12[i] = vaapi_rig_nv12(pictures[i], NULL);
	}
	decoder = rig_decoder_new();
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	return 0;
}

static int teardown(void **state)
{
	vaapi_rig_close(&rig);
	rig_decoder_free(decoder);
	for (unsigned int i = 0; i < PICTURES; i++) {
		frame_unref(pictures[i]);
		free(nv12[i]);
	}
	return vaapi_rig_teardown(state);
}

/* Older kernels of Debian have neither udmabuf nor dma-heaps; the others have to. */
static void need(const char *path)
{
	const char *kernel = getenv("LAB_KERNEL");

	if (access(path, F_OK) == 0)
		return;
	if (!kernel || strcmp(kernel, "6.1") != 0)
		fail_msg("no %s", path);
	printf("kernel %s has no %s: not tested here\n", kernel, path);
	skip();
}

static void forget_packets(void)
{
	while (rig.n_packets)
		packet_unref(rig.packets[--rig.n_packets]);
	rig.n_failed = 0;
}

/* The frame's packet shows that picture. */
static void assert_shows(struct frame *frame, unsigned int picture)
{
	const struct packet *packet;
	double psnr;

	forget_packets();
	packet = vaapi_rig_encode(&rig, frame, NULL, QP);
	psnr = vaapi_rig_psnr(decoder, packet, nv12[picture]);
	if (psnr < PSNR_MIN)
		fail_msg("%.1f dB", psnr);
}

static void assert_refused(struct frame *frame)
{
	forget_packets();
	vaapi_rig_submit(&rig, frame, NULL, QP, false);
	vaapi_rig_run(&rig, 0, 1);
	assert_int_equal(rig.err, -ENOTSUP);
}

static void *map(int fd, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void synchronize(int fd, uint64_t flags)
{
	const struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_WRITE };

	assert_int_equal(ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync), 0);
}

static const struct {
	uint32_t fourcc;
	const char *order;
	uint64_t modifier;
} layouts[] = {
	{ DRM_FORMAT_XRGB8888, "0123", LINEAR },
	{ DRM_FORMAT_ABGR8888, "2103", LINEAR },
	{ DRM_FORMAT_RGBX8888, "3012", LINEAR },
	{ DRM_FORMAT_XRGB8888, "0123", I915_FORMAT_MOD_X_TILED },
};

/* Each layout of one buffer, twice: what is drawn after the import is seen, too. Takes dmabuf. */
static void show_layouts(int dmabuf, uint8_t *memory)
{
	for (unsigned int i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct frame *frame = vaapi_rig_wrap(fcntl(dmabuf, F_DUPFD_CLOEXEC, 0), WIDTH,
				HEIGHT, STRIDE, layouts[i].fourcc, layouts[i].modifier);

		for (unsigned int j = 0; j < 2; j++) {
			synchronize(dmabuf, DMA_BUF_SYNC_START);
			vaapi_rig_draw(memory, STRIDE, pictures[(i + j) % PICTURES],
					layouts[i].order, layouts[i].modifier);
			synchronize(dmabuf, DMA_BUF_SYNC_END);
			assert_shows(frame, (i + j) % PICTURES);
		}
		frame_unref(frame);
	}
	munmap(memory, BYTES);
	close(dmabuf);
}

static int make_udmabuf(int memfd)
{
	const struct udmabuf_create create = { .memfd = (uint32_t)memfd, .flags = UDMABUF_FLAGS_CLOEXEC,
		.size = BYTES };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	assert_true(device >= 0);
	fd = ioctl(device, UDMABUF_CREATE, &create);
	assert_true(fd >= 0);
	close(device);
	return fd;
}

static void test_udmabuf(void **state)
{
	int memfd;

	(void)state;
	need("/dev/udmabuf");
	memfd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(memfd, BYTES), 0);
	assert_int_equal(fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	show_layouts(make_udmabuf(memfd), map(memfd, BYTES));
	close(memfd);
}

static void test_heap(void **state)
{
	struct dma_heap_allocation_data allocation = { .len = BYTES, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap;

	(void)state;
	need("/dev/dma_heap/system");
	heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	assert_int_equal(ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &allocation), 0);
	close(heap);
	show_layouts((int)allocation.fd, map((int)allocation.fd, BYTES));
}

/* Our device, its guest, and what the source sees of it. */
struct pcmdev {
	struct mdev mdev;
	struct fake_guest guest;
	struct watch watch;
};

static void open_pcmdev(struct pcmdev *device)
{
	device->mdev = mdev_create("pcmdev-dmabuf");
	device->guest = fake_guest_open(&device->mdev);
	watch_open_own(&device->watch, &device->mdev);
}

static bool has_no_exports(void *user)
{
	return !fake_guest_get((struct fake_guest *)user, exports);
}

/* Nobody keeps a buffer whose frames are gone. */
static void close_pcmdev(struct pcmdev *device)
{
	watch_close(&device->watch);
	vaapi_rig_run_until(&rig, has_no_exports, &device->guest);
	fake_guest_close(&device->guest);
	mdev_remove(&device->mdev);
}

static void show(struct pcmdev *device, const struct pcmdev_plane *plane)
{
	fake_guest_show(&device->guest, PCMDEV_PRIMARY, plane);
	if (!watch_look(&device->watch))
		fail_msg("%s", device->watch.reason);
}

/* The source's buffer, for the GPU alone. */
static struct frame *blind(const struct frame *frame)
{
	return vaapi_rig_wrap(fcntl(frame->planes[0].fd, F_DUPFD_CLOEXEC, 0), frame->width,
			frame->height, frame->planes[0].stride, frame->fourcc, frame->modifier);
}

static void test_pcmdev(void **state)
{
	struct frame *frames[3];
	struct pcmdev device;

	(void)state;
	open_pcmdev(&device);
	for (unsigned int i = 0; i < 3; i++) {
		struct pcmdev_plane plane = fake_guest_plane(WIDTH, HEIGHT, i << 20);

		/* The first two are a guest's. */
		plane.fourcc = layouts[i % 2].fourcc;
		plane.stride += 32 * i;
		vaapi_rig_draw(device.guest.vram + plane.offset, plane.stride, pictures[i],
				layouts[i % 2].order, LINEAR);
		show(&device, &plane);
		frames[i] = blind(device.watch.frame);
	}
	/* The guest flips between them: each is mapped once, and each access is announced to its driver. */
	for (unsigned int round = 0; round < 2; round++) {
		uint32_t mmaps = fake_guest_get(&device.guest, mmaps);
		uint32_t begins = fake_guest_get(&device.guest, read_begins);

		for (unsigned int i = 0; i < 3; i++)
			assert_shows(frames[i], i);
		/* An import asks whether it is a dma-buf by announcing an access. */
		assert_int_equal(fake_guest_get(&device.guest, mmaps) - mmaps, round ? 0 : 3);
		assert_int_equal(fake_guest_get(&device.guest, read_begins) - begins, round ? 3 : 6);
		assert_int_equal(fake_guest_get(&device.guest, read_ends),
				fake_guest_get(&device.guest, read_begins));
	}
	for (unsigned int i = 0; i < 3; i++)
		frame_unref(frames[i]);
	close_pcmdev(&device);
}

struct waiting {
	struct fake_guest *guest;
	uint32_t begins;
};

static bool has_begun(void *user)
{
	struct waiting *waiting = user;

	return fake_guest_get(waiting->guest, read_begins) != waiting->begins;
}

/* What the GPU has not finished to draw is waited for. */
static void test_fence(void **state)
{
	const struct pcmdev_plane plane = fake_guest_plane(WIDTH, HEIGHT, 0);
	struct waiting waiting;
	struct pcmdev device;
	struct frame *frame;

	(void)state;
	open_pcmdev(&device);
	vaapi_rig_draw(device.guest.vram, STRIDE, pictures[0], "0123", LINEAR);
	show(&device, &plane);
	frame = blind(device.watch.frame);
	assert_shows(frame, 0);
	fake_guest_set(&device.guest, busy, 1);
	waiting = (struct waiting){ &device.guest, fake_guest_get(&device.guest, read_begins) };
	forget_packets();
	vaapi_rig_submit(&rig, frame, NULL, QP, false);
	vaapi_rig_run_until(&rig, has_begun, &waiting);
	vaapi_rig_draw(device.guest.vram, STRIDE, pictures[1], "0123", LINEAR);
	fake_guest_set(&device.guest, busy, 0);
	vaapi_rig_run(&rig, 1, 0);
	assert_true(vaapi_rig_psnr(decoder, rig.packets[0], nv12[1]) > PSNR_MIN);
	frame_unref(frame);
	close_pcmdev(&device);
}

/* Geometry that is not that of the buffer behind it, and the next good picture. */
static void test_lies(void **state)
{
	static const struct {
		uint32_t width, height, stride, fourcc;
		uint64_t modifier;
	} rows[] = {
		{ WIDTH, HEIGHT + 1, STRIDE, XR24, LINEAR },
		{ WIDTH + 1, HEIGHT, STRIDE, XR24, LINEAR },
		{ WIDTH, HEIGHT, STRIDE + 4, XR24, LINEAR },
		{ WIDTH, HEIGHT, 64, XR24, LINEAR },
		{ WIDTH, HEIGHT, 0, XR24, LINEAR },
		{ WIDTH, HEIGHT, UINT32_MAX, XR24, LINEAR },
		{ 16384, 16384, 65536, XR24, LINEAR },
		{ WIDTH - 128, HEIGHT, STRIDE - 12, XR24, I915_FORMAT_MOD_X_TILED },
		{ WIDTH, HEIGHT + 8, STRIDE, XR24, I915_FORMAT_MOD_X_TILED },
		{ WIDTH, HEIGHT, STRIDE, XR24, I915_FORMAT_MOD_4_TILED },
		{ WIDTH, HEIGHT, STRIDE, XR24, DRM_FORMAT_MOD_INVALID },
		{ WIDTH, HEIGHT, STRIDE, XR24, 0xfedcba9876543210 },
		{ WIDTH, HEIGHT, STRIDE, 0x01020304, LINEAR },
	};
	const struct pcmdev_plane plane = fake_guest_plane(WIDTH, HEIGHT, 0);
	struct pcmdev device;
	struct frame *frame;

	(void)state;
	open_pcmdev(&device);
	vaapi_rig_draw(device.guest.vram, STRIDE, pictures[2], "0123", LINEAR);
	show(&device, &plane);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		frame = vaapi_rig_wrap(fcntl(device.watch.frame->planes[0].fd, F_DUPFD_CLOEXEC, 0),
				rows[i].width, rows[i].height, rows[i].stride, rows[i].fourcc,
				rows[i].modifier);
		assert_refused(frame);
		frame_unref(frame);
	}
	/* The driver of the device does not let it be mapped. */
	fake_guest_set(&device.guest, mmap_errno, ENODEV);
	frame = blind(device.watch.frame);
	assert_refused(frame);
	frame_unref(frame);
	fake_guest_set(&device.guest, mmap_errno, 0);
	frame = blind(device.watch.frame);
	assert_shows(frame, 2);
	frame_unref(frame);
	close_pcmdev(&device);
}

/* Memory that is taken back before it is encoded: a picture of nothing, and no more than that. */
static void test_vanishing(void **state)
{
	const struct pcmdev_plane plane = fake_guest_plane(WIDTH, HEIGHT, 0);
	struct pcmdev device;

	(void)state;
	open_pcmdev(&device);
	vaapi_rig_draw(device.guest.vram, STRIDE, pictures[3], "0123", LINEAR);
	show(&device, &plane);
	assert_shows(device.watch.frame, 3);
	fake_guest_set(&device.guest, revoked, 1);
	forget_packets();
	assert_true(vaapi_rig_psnr(decoder, vaapi_rig_encode(&rig, device.watch.frame, NULL, QP),
				    nv12[3]) < 30);
	assert_null(watch_look(&device.watch));
	assert_non_null(strstr(device.watch.reason, "took the guest's picture away"));
	fake_guest_set(&device.guest, revoked, 0);
	assert_true(watch_wait_frame(&device.watch));
	assert_shows(device.watch.frame, 3);
	close_pcmdev(&device);
}

static void test_mbochs(void **state)
{
	struct sample sample;

	(void)state;
	sample_open(&sample, "mbochs-medium");
	for (unsigned int i = 0; i < 4; i++) {
		uint16_t row = (uint16_t)(i % 2 * HEIGHT);
		struct frame *frame;

		bochs_set_mode(sample.own.device_fd, WIDTH, HEIGHT, row);
		vaapi_rig_draw(sample.memory + (size_t)row * STRIDE, STRIDE, pictures[i], "0123", LINEAR);
		if (!watch_look(&sample.watch))
			fail_msg("%s", sample.watch.reason);
		frame = blind(sample.watch.frame);
		assert_shows(frame, i);
		frame_unref(frame);
	}
	sample_close(&sample);
}

static void assert_dma_buf(int fd)
{
	const char *kernel = getenv("LAB_KERNEL");
	char path[64], link[128] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_true(readlink(path, link, sizeof(link) - 1) > 0);
	if (!strstr(link, kernel && !strcmp(kernel, "6.1") ? "memfd" : "dmabuf"))
		fail_msg("%s", link);
}

static VADRMPRIMESurfaceDescriptor export(VADisplay va, VASurfaceID surface)
{
	VADRMPRIMESurfaceDescriptor descriptor;

	assert_va(vaExportSurfaceHandle(va, surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
			VA_EXPORT_SURFACE_READ_WRITE | VA_EXPORT_SURFACE_COMPOSED_LAYERS, &descriptor));
	assert_int_equal(descriptor.num_objects, 1);
	assert_dma_buf(descriptor.objects[0].fd);
	return descriptor;
}

static void draw_surface(VADisplay va, VASurfaceID surface, unsigned int picture)
{
	struct rig_image image = rig_map(va, surface);

	vaapi_rig_draw(image.data + image.va.offsets[0], image.va.pitches[0], pictures[picture], "0123",
			LINEAR);
	rig_unmap(va, &image);
}

/* Surfaces of the software driver, as dma-bufs of their own: what others do to either shows in both. */
static void test_export(void **state)
{
	VADRMPRIMESurfaceDescriptor descriptor;
	struct va_display *display;
	VASurfaceID surface;
	struct frame *frame;
	uint8_t *memory;
	VADisplay va;

	(void)state;
	assert_int_equal(va_display_new(NULL, VA_DISPLAY_SOFTWARE, &display), 0);
	va = va_display_get(display);
	surface = rig_surface(va, VA_FOURCC_BGRX, WIDTH, HEIGHT);
	descriptor = export(va, surface);
	frame = vaapi_rig_wrap(fcntl(descriptor.objects[0].fd, F_DUPFD_CLOEXEC, 0), WIDTH, HEIGHT,
			descriptor.layers[0].pitch[0], descriptor.layers[0].drm_format,
			descriptor.objects[0].drm_format_modifier);
	for (unsigned int i = 0; i < 3; i++) {
		draw_surface(va, surface, i);
		assert_shows(frame, i);
	}
	/* It outlives the surface, and the driver. */
	vaDestroySurfaces(va, &surface, 1);
	va_display_free(display);
	memory = map(descriptor.objects[0].fd, descriptor.objects[0].size);
	vaapi_rig_draw(memory + descriptor.layers[0].offset[0], descriptor.layers[0].pitch[0], pictures[3],
			"0123", LINEAR);
	assert_shows(frame, 3);
	munmap(memory, descriptor.objects[0].size);
	close(descriptor.objects[0].fd);
	frame_unref(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udmabuf),
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_pcmdev),
		cmocka_unit_test(test_fence),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_vanishing),
		cmocka_unit_test(test_mbochs),
		cmocka_unit_test(test_export),
	};

	return cmocka_run_group_tests_name("dma-bufs to video", tests, setup, teardown);
}
