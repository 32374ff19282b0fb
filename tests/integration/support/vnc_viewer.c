// SPDX-License-Identifier: GPL-2.0-or-later
/* A test viewer on libvncclient. */
#include "tests/integration/support/vnc_viewer.h"

#include <arpa/inet.h>
#include <endian.h>
#include <getopt.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/rfb.h"
#include "server/capture/mark.h"
#include "server/clock.h"

static uint32_t sample(uint32_t pixel, int shift, uint32_t max)
{
	return (pixel >> shift & max) * 255 / max;
}

struct picture vnc_viewer_picture(struct steer *steer)
{
	const struct vnc_viewer *viewer = (const struct vnc_viewer *)steer;
	const rfbPixelFormat *format = &viewer->client->format;
	const uint8_t *from = viewer->client->frameBuffer;
	size_t bytes = format->bitsPerPixel / 8u;
	struct picture picture;

	if (picture_init(&picture, viewer->client->width, viewer->client->height) < 0)
		exit(2);
	for (size_t i = 0; i < (size_t)picture.width * (size_t)picture.height; i++, from += bytes) {
		uint32_t pixel = 0;

		memcpy(&pixel, from, bytes);
		picture.pixels[i] = sample(pixel, format->redShift, format->redMax) << 16 |
				sample(pixel, format->greenShift, format->greenMax) << 8 |
				sample(pixel, format->blueShift, format->blueMax);
	}
	return picture;
}

/* As the kernel counted them, so that none is hidden. */
uint64_t vnc_viewer_bytes(struct steer *steer)
{
	const struct vnc_viewer *viewer = (const struct vnc_viewer *)steer;
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(viewer->client->sock, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return 0;
	return info.tcpi_bytes_received;
}

static const char tag;

static struct vnc_viewer *viewer_of(rfbClient *client)
{
	return rfbClientGetClientData(client, (void *)(uintptr_t)&tag);
}

static void verify(struct vnc_viewer *viewer)
{
	struct picture picture = vnc_viewer_picture(&viewer->steer);
	struct mark mark;

	/* The first updates may be about other things. */
	if (mark_read(picture.pixels, (size_t)picture.width * 4, (uint32_t)picture.width,
			    (uint32_t)picture.height, &mark) == 0)
		steer_note_whole(&viewer->steer, steer_is_right(viewer->steer.verification, &picture));
	picture_finish(&picture);
}

static void look_at_film(struct vnc_viewer *viewer)
{
	const struct h264_place *place = &viewer->place;
	const pixman_box32_t box = { place->x, place->y, place->x + place->width, place->y + place->height };

	film_watch_look(&viewer->watch, &viewer->steer, &box);
}

static void handle_update(rfbClient *client)
{
	struct vnc_viewer *viewer = viewer_of(client);

	viewer->steer.updates++;
	if (client->format.bitsPerPixel == 32)
		follow_picture(&viewer->steer.follow, client->frameBuffer, (size_t)client->width * 4,
				(uint32_t)client->width, (uint32_t)client->height);
	if (viewer->steer.verification)
		verify(viewer);
	if (viewer->fresh)
		look_at_film(viewer);
	viewer->fresh = false;
}

static void handle_painted(rfbClient *client, int x, int y, int width, int height)
{
	(void)x;
	(void)y;
	viewer_of(client)->pixels += (uint64_t)width * (uint64_t)height;
}

/* A NAL unit of an IDR picture, H.264 7.4.1. */
static bool is_keyframe(const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i + 3 < bytes; i++)
		if (!data[i] && !data[i + 1] && data[i + 2] == 1 && (data[i + 3] & 0x1f) == 5)
			return true;
	return false;
}

static rfbBool show_video(struct vnc_viewer *viewer, uint32_t flags, const uint8_t *data, size_t bytes)
{
	const struct h264_place *place = &viewer->place;

	viewer->video.rects++;
	viewer->video.keyframes += is_keyframe(data, bytes);
	viewer->video.resets += flags != 0;
	viewer->video.bytes += bytes;
	viewer->video.pixels += (uint64_t)place->width * (uint64_t)place->height;
	viewer->fresh = true;
	if (viewer->client->format.bitsPerPixel == 32 && place->x + place->width <= viewer->client->width &&
			place->y + place->height <= viewer->client->height &&
			!h264_view_show(viewer->h264, place, flags, data, bytes,
					(uint32_t *)(void *)viewer->client->frameBuffer, (size_t)viewer->client->width))
		return TRUE;
	fputs("an Open H.264 rectangle cannot be decoded\n", stderr);
	return FALSE;
}

static rfbBool handle_video(rfbClient *client, rfbFramebufferUpdateRectHeader *rect)
{
	struct vnc_viewer *viewer = viewer_of(client);
	uint32_t head[2];
	uint8_t *data;
	rfbBool shown = FALSE;

	if (rect->encoding != RFB_ENCODING_OPEN_H264 || !viewer->h264 ||
			!ReadFromRFBServer(client, (char *)head, sizeof(head)))
		return FALSE;
	data = malloc(be32toh(head[0]) + 1u);
	viewer->place = (struct h264_place){ rect->r.x, rect->r.y, rect->r.w, rect->r.h };
	if (data && ReadFromRFBServer(client, (char *)data, be32toh(head[0])))
		shown = show_video(viewer, be32toh(head[1]), data, be32toh(head[0]));
	free(data);
	/* The library would go on with the data of what it does not know. */
	viewer->steer.connected = shown;
	return shown;
}

/* The first is 50 or nothing. */
static int video_encodings[] = { 0, 0 };
static rfbClientProtocolExtension video_extension = {
	.encodings = video_encodings,
	.handleEncoding = handle_video,
};

static void offer_video(struct vnc_viewer *viewer, bool on)
{
	video_encodings[0] = on ? RFB_ENCODING_OPEN_H264 : 0;
	if (on && !viewer->h264)
		viewer->h264 = h264_view_new();
}

bool vnc_viewer_set_video(struct vnc_viewer *viewer, bool on)
{
	offer_video(viewer, on);
	return SetFormatAndEncodings(viewer->client);
}

static void handle_copy(rfbClient *client, int from_x, int from_y, int width, int height, int x,
		int y)
{
	size_t bytes = client->format.bitsPerPixel / 8u, stride = (size_t)client->width * bytes;

	viewer_of(client)->copies++;
	for (int i = 0; i < height; i++) {
		/* The last row first where the picture moves down. */
		int row = y > from_y ? height - 1 - i : i;

		memmove(client->frameBuffer + (size_t)(y + row) * stride + (size_t)x * bytes,
				client->frameBuffer + (size_t)(from_y + row) * stride + (size_t)from_x * bytes,
				(size_t)width * bytes);
	}
}

static void handle_shape(rfbClient *client, int hot_x, int hot_y, int width, int height, int pixel_bytes)
{
	struct vnc_viewer *viewer = viewer_of(client);
	const size_t n = (size_t)width * (size_t)height;

	if (pixel_bytes != sizeof(*viewer->pointer.pixels))
		return;
	free(viewer->pointer.pixels);
	free(viewer->pointer.mask);
	viewer->pointer.pixels = malloc(n * sizeof(*viewer->pointer.pixels));
	viewer->pointer.mask = malloc(n);
	memcpy(viewer->pointer.pixels, client->rcSource, n * sizeof(*viewer->pointer.pixels));
	memcpy(viewer->pointer.mask, client->rcMask, n);
	viewer->pointer.width = width;
	viewer->pointer.height = height;
	viewer->pointer.hot_x = hot_x;
	viewer->pointer.hot_y = hot_y;
}

static void note_size(struct vnc_viewer *viewer)
{
	viewer->steer.width = viewer->client->width;
	viewer->steer.height = viewer->client->height;
}

bool vnc_viewer_serve(struct steer *steer, int timeout_ms, int input_fd)
{
	struct vnc_viewer *viewer = (struct vnc_viewer *)steer;
	struct pollfd polled[2] = {
		{ .fd = steer->connected ? (int)viewer->client->sock : -1, .events = POLLIN },
		{ .fd = input_fd, .events = POLLIN },
	};
	bool buffered = steer->connected && viewer->client->buffered;

	if (!steer->connected && input_fd < 0)
		return false;
	poll(polled, 2, buffered ? 0 : timeout_ms);
	if (buffered || polled[0].revents) {
		steer->connected = HandleRFBServerMessage(viewer->client);
		note_size(viewer);
	}
	return steer->connected;
}

bool vnc_viewer_ask_size(struct vnc_viewer *viewer, uint16_t width, uint16_t height)
{
	struct __attribute__((packed)) {
		rfbSetDesktopSizeMsg header;
		rfbExtDesktopScreen screen;
	} message = {
		.header = { .type = rfbSetDesktopSize, .width = htons(width), .height = htons(height),
			.numberOfScreens = 1 },
		.screen = { .width = htons(width), .height = htons(height) },
	};

	return WriteToRFBServer(viewer->client, (char *)&message, sizeof(message));
}

bool vnc_viewer_connect(struct vnc_viewer *viewer)
{
	/* The library frees the client when it fails. */
	viewer->steer.connected = rfbInitClient(viewer->client, NULL, NULL);
	if (viewer->steer.connected)
		note_size(viewer);
	return viewer->steer.connected;
}

void vnc_viewer_finish(struct vnc_viewer *viewer)
{
	h264_view_free(viewer->h264);
	free(viewer->pointer.pixels);
	free(viewer->pointer.mask);
	free(viewer->client->frameBuffer);
	rfbClientCleanup(viewer->client);
}

static const char *password = "";

static char *get_password(rfbClient *client)
{
	(void)client;
	return strdup(password); /* the library frees it */
}

/* The last is the picture's own, which follow_picture() needs. */
static const rfbPixelFormat formats[] = {
	{ .bitsPerPixel = 8, .depth = 8, .trueColour = 1, .redMax = 7, .greenMax = 7, .blueMax = 3,
		.redShift = 0, .greenShift = 3, .blueShift = 6 },
	{ .bitsPerPixel = 16, .depth = 16, .trueColour = 1, .redMax = 31, .greenMax = 63, .blueMax = 31,
		.redShift = 11, .greenShift = 5, .blueShift = 0 },
	{ .bitsPerPixel = 32, .depth = 24, .trueColour = 1, .redMax = 255, .greenMax = 255, .blueMax = 255,
		.redShift = 16, .greenShift = 8, .blueShift = 0 },
};

static void set_bits(rfbClient *client, int bits)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].bitsPerPixel == bits)
			client->format = formats[i];
}

/* "HOST:PORT" or a path. */
static void set_address(rfbClient *client, const char *address)
{
	char *copy = strdup(address), *colon = strrchr(copy, ':');

	if (address[0] != '/' && colon) {
		*colon = '\0';
		client->serverPort = atoi(colon + 1);
	}
	free(client->serverHost);
	client->serverHost = copy;
}

static const struct option options[] = {
	{ "encodings", required_argument, NULL, 'e' }, /* as libvncclient names them: "tight copyrect" */
	{ "quality", required_argument, NULL, 'q' }, /* 0..9; without it no JPEG */
	{ "compression", required_argument, NULL, 'c' }, /* 0..9 */
	{ "bits", required_argument, NULL, 'b' }, /* a pixel: 8, 16, 32 */
	{ "password", required_argument, NULL, 'p' },
	{ "exclusive", no_argument, NULL, 'x' },
	{ "video", no_argument, NULL, 'V' }, /* Open H.264 as well */
	{ "drawn-cursor", no_argument, NULL, 'd' }, /* the server draws the pointer into the picture */
	{ "patience", required_argument, NULL, 't' }, /* seconds a command may take */
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

void vnc_viewer_print_options(FILE *file)
{
	for (const struct option *option = options; option->name; option++)
		fprintf(file, "  --%s%s\n", option->name, option->has_arg ? " VALUE" : "");
}

bool vnc_viewer_init(struct vnc_viewer *viewer, int argc, char **argv)
{
	rfbClient *client = rfbGetClient(8, 3, 4);
	AppData *data = &client->appData;
	int option;

	rfbEnableClientLogging = FALSE;
	client->canHandleNewFBSize = TRUE;
	client->GetPassword = get_password;
	client->GotCopyRect = handle_copy;
	client->GotCursorShape = handle_shape;
	client->FinishedFrameBufferUpdate = handle_update;
	client->GotFrameBufferUpdate = handle_painted;
	rfbClientRegisterExtension(&video_extension);
	rfbClientSetClientData(client, (void *)(uintptr_t)&tag, viewer);
	set_bits(client, 32);
	data->enableJPEG = FALSE;
	data->compressLevel = -1;
	data->useRemoteCursor = TRUE;
	data->encodingsString = "tight zrle zlib hextile copyrect raw";
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			data->encodingsString = optarg;
			break;
		case 'q':
			data->qualityLevel = atoi(optarg);
			data->enableJPEG = TRUE;
			break;
		case 'c':
			data->compressLevel = atoi(optarg);
			break;
		case 'b':
			set_bits(client, atoi(optarg));
			break;
		case 'p':
			password = optarg;
			break;
		case 'x':
			data->shareDesktop = FALSE;
			break;
		case 'V':
			offer_video(viewer, true);
			break;
		case 'd':
			data->useRemoteCursor = FALSE;
			break;
		case 't':
			viewer->steer.patience_ns = atoi(optarg) * NSEC_PER_SEC;
			break;
		case 'v':
			rfbEnableClientLogging = TRUE;
			break;
		default:
			goto fail;
		}
	}
	if (optind != argc - 1)
		goto fail;
	set_address(client, argv[optind]);
	viewer->client = client;
	return true;
fail:
	rfbClientCleanup(client);
	return false;
}
