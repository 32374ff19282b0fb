// SPDX-License-Identifier: GPL-2.0-or-later
/* Birth, settings and one update of a libvncserver client record. */
#include "encoders/rects_engine.h"

#include "encoders/rects.h"
#include "encoders/rects_sink.h"
#include "encoders/rects_streams.h"
#include "server/frame.h"
#include "server/log.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <limits.h>
#include <rfb/rfb.h>
#include <rfb/rfbregion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(4 + 16 * RECTS_ENGINE_RECTS_MAX <= UPDATE_BUF_SIZE, "copies overrun the buffer");
_Static_assert(4 * RECTS_ENGINE_SIZE_MAX <= UPDATE_BUF_SIZE, "a raw line overruns the buffer");

#define LOG_LINE_BYTES 256

struct rects_engine {
	rfbScreenInfoPtr screen;
	rfbClientPtr cl;
	struct rects_encodings encodings;
	rfbExtensionData extension; /* tells us of rfbCloseClient() */
	bool closed;
	/*
	 * cl->sock while no job runs. The library's iterators pass over clients without
	 * a socket, and nothing is ever written outside a job.
	 */
	int idle_sock;
};

const struct rects_pixel_format rects_native_format = {
	.bits_per_pixel = 32,
	.depth = 24,
	.true_colour = true,
	.red_max = 255,
	.green_max = 255,
	.blue_max = 255,
	.red_shift = 16,
	.green_shift = 8,
	.blue_shift = 0,
};

__attribute__((format(printf, 1, 2))) static void log_library(const char *fmt, ...)
{
	char line[LOG_LINE_BYTES];
	va_list args;

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	line[strcspn(line, "\r\n")] = '\0';
	log_debug(NULL, "libvncserver: %s", line);
}

void rects_engine_route_log(void)
{
	if (rfbLog != log_library) {
		rfbLog = log_library;
		rfbErr = log_library;
	}
}

int rects_engine_open_birth(int ret_birth[2])
{
	int birth[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, birth))
		return -errno;
	/* The library puts the number into an fd_set. */
	if (birth[0] >= FD_SETSIZE) {
		close(birth[0]);
		close(birth[1]);
		return -EMFILE;
	}
	ret_birth[0] = birth[0];
	ret_birth[1] = birth[1];
	return 0;
}

static void drain(int fd)
{
	char trash[64];

	while (read(fd, trash, sizeof(trash)) > 0)
		continue;
}

/*
 * rfbCloseClient() would close cl->sock, here a worker's sink: taking the number
 * away first leaves it nothing to close, and says that the record is spoilt.
 */
static void handle_close(rfbClientPtr cl, void *data)
{
	struct rects_engine *engine = data;

	engine->closed = true;
	cl->sock = RFB_INVALID_SOCKET;
}

static rfbProtocolExtension close_extension = { .close = handle_close };

/*
 * rfbNewClient() waits 100 ms for a WebSocket request unless bytes are there
 * already, hence the version line, and then sends its own.
 */
static int open_client(struct rects_engine *engine, int birth[2])
{
	static const char version[] = "RFB 003.008\n";

	if (write(birth[1], version, sizeof(version) - 1) != sizeof(version) - 1) {
		drain(birth[0]);
		return -EIO;
	}
	engine->cl = rfbNewClient(engine->screen, birth[0]);
	if (!engine->cl) {
		/* It may have closed birth[0]; whose number that is by now nobody knows. */
		int fresh[2] = { -1, -1 };
		int err = rects_engine_open_birth(fresh);

		if (err)
			return err;
		close(birth[1]);
		birth[0] = fresh[0];
		birth[1] = fresh[1];
		return -ENOMEM;
	}
	drain(birth[0]);
	drain(birth[1]);
	engine->idle_sock = birth[0];
	return 0;
}

static void set_up_screen(rfbScreenInfoPtr screen)
{
	screen->serverFormat.depth = 24;
	screen->serverFormat.bigEndian = FALSE;
	screen->serverFormat.redShift = 16;
	screen->serverFormat.greenShift = 8;
	screen->serverFormat.blueShift = 0;
	screen->depth = 24;
	screen->cursor = NULL;
	screen->deferUpdateTime = 0;
	/* Otherwise more than 50 rectangles become their bounding box, beyond any clip. */
	screen->maxRectsPerUpdate = 0;
	screen->alwaysShared = TRUE;
}

/* Past the handshake, with all that the library sends of its own accord turned off. */
static void set_up_client(struct rects_engine *engine)
{
	rfbClientPtr cl = engine->cl;

	cl->state = RFB_NORMAL;
	cl->protocolMajorVersion = 3;
	cl->protocolMinorVersion = 8;
	cl->readyForSetColourMapEntries = TRUE;
	/* A client without cursor shapes would have the cursor drawn into the picture. */
	cl->enableCursorShapeUpdates = TRUE;
	cl->cursorWasChanged = FALSE;
	cl->enableCursorPosUpdates = FALSE;
	cl->cursorWasMoved = FALSE;
	cl->enableKeyboardLedState = FALSE;
	cl->enableSupportedMessages = FALSE;
	cl->enableSupportedEncodings = FALSE;
	cl->enableServerIdentity = FALSE;
	cl->useNewFBSize = FALSE;
	cl->useExtDesktopSize = FALSE;
	cl->newFBSizePending = FALSE;
	cl->format = engine->screen->serverFormat;
	/* What is lossy is not the library's business (rects_job.h). */
	cl->tightQualityLevel = -1;
	cl->turboQualityLevel = -1;
	engine->extension = (rfbExtensionData){
		.extension = &close_extension,
		.data = engine,
		.next = cl->extensions,
	};
	cl->extensions = &engine->extension;
	sraRgnMakeEmpty(cl->modifiedRegion);
	sraRgnMakeEmpty(cl->requestedRegion);
	sraRgnMakeEmpty(cl->copyRegion);
}

int rects_engine_new(int birth[2], uint32_t width, uint32_t height, struct rects_engine **ret)
{
	struct rects_engine *engine = calloc(1, sizeof(*engine));
	int err;

	if (!engine)
		return -ENOMEM;
	engine->screen = rfbGetScreen(NULL, NULL, (int)width, (int)height, 8, 3, 4);
	if (!engine->screen) {
		free(engine);
		return -ENOMEM;
	}
	set_up_screen(engine->screen);
	err = open_client(engine, birth);
	if (err) {
		rects_engine_free(engine);
		return err;
	}
	set_up_client(engine);
	engine->encodings = (struct rects_encodings){ .quality = -1, .compression = -1 };
	engine->cl->preferredEncoding = RECTS_RAW;
	*ret = engine;
	return 0;
}

void rects_engine_free(struct rects_engine *engine)
{
	if (!engine)
		return;
	if (engine->cl) {
		engine->cl->sock = RFB_INVALID_SOCKET;
		engine->cl->extensions = engine->extension.next;
		rfbClientConnectionGone(engine->cl);
	}
	engine->screen->frameBuffer = NULL;
	rfbScreenCleanup(engine->screen);
	free(engine);
}

/* RFC 6143 7.4: a maximum is 2^N - 1 for the N bits of its colour. */
static bool check_colour(const struct rects_pixel_format *format, uint16_t max, uint8_t shift,
		uint64_t *mask)
{
	uint64_t bits = (uint64_t)max << (shift & 63);

	if (!max || (max & (max + 1)) || shift >= format->bits_per_pixel ||
			bits >> format->bits_per_pixel || (*mask & bits))
		return false;
	*mask |= bits;
	return true;
}

/* All three colours of eight bits, in the upper three bytes. */
#define HIGH_BYTES_MASK 0xffffff00u
#define TOP_BIT 0x80000000u

static bool check_format(const struct rects_pixel_format *format, uint64_t *ret_mask)
{
	uint64_t mask = 0;
	uint8_t bpp = format->bits_per_pixel;

	if (!format->true_colour || (bpp != 8 && bpp != 16 && bpp != 32) || format->depth > bpp)
		return false;
	if (!check_colour(format, format->red_max, format->red_shift, &mask) ||
			!check_colour(format, format->green_max, format->green_shift, &mask) ||
			!check_colour(format, format->blue_max, format->blue_shift, &mask))
		return false;
	/* The library's ZRLE computes maxima with int: the top bit must not count. */
	if ((mask & TOP_BIT) && mask != HIGH_BYTES_MASK)
		return false;
	/* Three-byte pixels (Tight, ZRLE) are packed by byte. */
	if (bpp == 32 && format->red_max == 255 && format->green_max == 255 &&
			format->blue_max == 255 &&
			((format->red_shift | format->green_shift | format->blue_shift) & 7))
		return false;
	*ret_mask = mask;
	return true;
}

static void apply_compression(struct rects_engine *engine)
{
	const struct rects_encodings *encodings = &engine->encodings;
	rfbClientPtr cl = engine->cl;

	/*
	 * At level 0 the library uses a subencoding (no zlib) that most clients do not
	 * know. It also changes the level itself, so it is set again each time.
	 */
	cl->tightCompressLevel = encodings->compression > 1 ? encodings->compression : 1;
	cl->zlibCompressLevel = encodings->compression >= 0 ? encodings->compression : 5;
}

int rects_engine_set_format(struct rects_engine *engine, const struct rects_pixel_format *format)
{
	rfbClientPtr cl = engine->cl;
	uint64_t mask;

	if (!check_format(format, &mask))
		return -EINVAL;
	cl->format = (rfbPixelFormat){
		.bitsPerPixel = format->bits_per_pixel,
		.depth = format->depth,
		/* One byte has no order, and the library's tables do not ask. */
		.bigEndian = format->big_endian && format->bits_per_pixel > 8,
		.trueColour = TRUE,
		.redMax = format->red_max,
		.greenMax = format->green_max,
		.blueMax = format->blue_max,
		.redShift = format->red_shift,
		.greenShift = format->green_shift,
		.blueShift = format->blue_shift,
	};
	/* The same bytes in the same places, said in a way that keeps the top bit free. */
	if (mask == HIGH_BYTES_MASK && !format->big_endian) {
		cl->format.bigEndian = TRUE;
		cl->format.redShift = 24 - format->red_shift;
		cl->format.greenShift = 24 - format->green_shift;
		cl->format.blueShift = 24 - format->blue_shift;
	}
	apply_compression(engine);
	if (!engine->screen->setTranslateFunction(cl))
		return -EINVAL;
	/*
	 * With a green of five bits ZRLE sends only the first half of its raw tiles (as of
	 * 0.9.15). Nothing but that choice looks at the maximum now that the tables are made.
	 */
	if (format->bits_per_pixel == 16)
		cl->format.greenMax = 63;
	return 0;
}

int rects_engine_set_encodings(struct rects_engine *engine, const struct rects_encodings *encodings)
{
	rfbClientPtr cl = engine->cl;

	switch (encodings->preferred) {
	case RECTS_RAW:
	case RECTS_HEXTILE:
	case RECTS_ZLIB:
	case RECTS_TIGHT:
	case RECTS_ZRLE:
		break;
	default:
		return -EINVAL;
	}
	if (encodings->quality < -1 || encodings->quality > 9 || encodings->compression < -1 ||
			encodings->compression > 9)
		return -EINVAL;
	engine->encodings = *encodings;
	cl->preferredEncoding = encodings->preferred;
	cl->useCopyRect = encodings->copy_rect;
	cl->enableLastRectEncoding = encodings->last_rect;
	apply_compression(engine);
	return 0;
}

int rects_engine_restart(struct rects_engine *engine)
{
	return rects_streams_restart(engine->cl);
}

static void add_region(sraRegionPtr target, const pixman_region32_t *region)
{
	int n;
	const pixman_box32_t *box =
			pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)region, &n);

	for (int i = 0; i < n; i++) {
		sraRegionPtr one = sraRgnCreateRect(box[i].x1, box[i].y1, box[i].x2, box[i].y2);

		sraRgnOr(target, one);
		sraRgnDestroy(one);
	}
}

void rects_engine_schedule_copy(struct rects_engine *engine, const pixman_region32_t *region,
		int32_t dx, int32_t dy)
{
	sraRegionPtr copy = sraRgnCreate();

	add_region(copy, region);
	engine->cl->sock = engine->idle_sock;
	rfbScheduleCopyRegion(engine->screen, copy, dx, dy);
	sraRgnDestroy(copy);
}

/* The library computes offsets with int, and reads pixels as uint32_t. */
bool rects_engine_accepts(const struct frame *frame)
{
	uint64_t stride = frame->planes[0].stride;
	uint64_t line = (uint64_t)frame->width * 4;

	return frame->data && frame->fourcc == DRM_FORMAT_XRGB8888 &&
			frame->modifier == DRM_FORMAT_MOD_LINEAR && frame->width && frame->height &&
			frame->width <= RECTS_ENGINE_SIZE_MAX && frame->height <= RECTS_ENGINE_SIZE_MAX &&
			!(stride & 3) && !((uintptr_t)frame->data & 3) && stride >= line &&
			stride * frame->height <= INT_MAX &&
			stride * (frame->height - 1) + line <= frame->data_bytes;
}

static int send_update(struct rects_engine *engine, struct frame *frame,
		const pixman_region32_t *damage)
{
	rfbScreenInfoPtr screen = engine->screen;
	rfbClientPtr cl = engine->cl;
	sraRegionPtr all = sraRgnCreateRect(0, 0, (int)frame->width, (int)frame->height);
	rfbBool sent;

	screen->width = (int)frame->width;
	screen->height = (int)frame->height;
	screen->paddedWidthInBytes = (int)frame->planes[0].stride;
	screen->frameBuffer = (char *)(uintptr_t)frame->data;
	add_region(cl->modifiedRegion, damage);
	/* The caller has clipped: whatever is owed is also asked for. */
	sraRgnOr(cl->requestedRegion, all);
	sraRgnDestroy(all);
	sent = rfbSendFramebufferUpdate(cl, cl->modifiedRegion);
	screen->frameBuffer = NULL;
	return sent && !engine->closed ? 0 : -EIO;
}

int rects_engine_run(struct rects_engine *engine, struct frame *frame,
		const pixman_region32_t *damage, struct rects_sink *sink, struct evbuffer *output)
{
	int err = rects_sink_begin(sink, engine->cl, output);
	int end_err;

	if (!err) {
		err = send_update(engine, frame, damage);
		end_err = rects_sink_end(sink, engine->cl);
		err = err ? err : end_err;
	}
	engine->cl->sock = engine->idle_sock;
	return err;
}
