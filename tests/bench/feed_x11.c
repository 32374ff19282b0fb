// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures in a window, as a program that draws by itself would put them there. */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <err.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "tests/bench/feed.h"

struct feed_x11 {
	struct feed_sink sink; /* first */
	Display *display;
	Window window;
	GC gc;
	XShmSegmentInfo segment;
	XImage *image;
	struct paint shared; /* what the image is made of */
};

static void put(struct feed_x11 *x11, const pixman_box32_t *box)
{
	XShmPutImage(x11->display, x11->window, x11->gc, x11->image, box->x1, box->y1, box->x1, box->y1,
			(unsigned int)(box->x2 - box->x1), (unsigned int)(box->y2 - box->y1), False);
}

static void x11_publish(struct feed_sink *sink, const struct paint *canvas, const pixman_region32_t *region)
{
	struct feed_x11 *x11 = (struct feed_x11 *)sink;
	int n;
	const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)region, &n);

	feed_copy(&x11->shared, canvas, region);
	for (int i = 0; i < n; i++)
		put(x11, &boxes[i]);
	XFlush(x11->display);
}

/* The X server reads the image when it comes to it: until then it must stay as it is. */
static void x11_settle(struct feed_sink *sink)
{
	struct feed_x11 *x11 = (struct feed_x11 *)sink;
	pixman_box32_t all = { 0, 0, x11->shared.width, x11->shared.height };
	XEvent event;

	XSync(x11->display, False);
	while (XPending(x11->display)) {
		XNextEvent(x11->display, &event);
		/* Somebody was above it, or the server had dropped what it showed. */
		if (event.type == Expose && !event.xexpose.count) {
			put(x11, &all);
			XSync(x11->display, False);
		}
	}
}

static void x11_close(struct feed_sink *sink)
{
	struct feed_x11 *x11 = (struct feed_x11 *)sink;

	XShmDetach(x11->display, &x11->segment);
	/* Not XDestroyImage: the pixels are the segment. */
	XFree(x11->image);
	XCloseDisplay(x11->display);
	shmdt(x11->segment.shmaddr);
	free(x11);
}

static const struct feed_sink_impl x11_impl = {
	.publish = x11_publish,
	.settle = x11_settle,
	.close = x11_close,
};

static void open_image(struct feed_x11 *x11, uint32_t width, uint32_t height)
{
	int screen = DefaultScreen(x11->display);
	const Visual *visual = DefaultVisual(x11->display, screen);

	x11->image = XShmCreateImage(x11->display, DefaultVisual(x11->display, screen),
			(unsigned int)DefaultDepth(x11->display, screen), ZPixmap, NULL, &x11->segment, width, height);
	if (!x11->image || x11->image->bits_per_pixel != 32 || x11->image->byte_order != LSBFirst ||
			visual->red_mask != 0xff0000 || visual->green_mask != 0xff00 || visual->blue_mask != 0xff)
		errx(1, "%s: not a display of XR24 pixels", DisplayString(x11->display));
	x11->segment.shmid = shmget(IPC_PRIVATE, (size_t)x11->image->bytes_per_line * height, IPC_CREAT | 0600);
	if (x11->segment.shmid < 0)
		err(1, "shared memory");
	x11->segment.shmaddr = x11->image->data = shmat(x11->segment.shmid, NULL, 0);
	if (x11->segment.shmaddr == (void *)-1)
		err(1, "shared memory");
	x11->segment.readOnly = True;
	if (!XShmAttach(x11->display, &x11->segment))
		errx(1, "%s: takes no shared memory", DisplayString(x11->display));
	XSync(x11->display, False);
	/* Goes with the last of us two. */
	shmctl(x11->segment.shmid, IPC_RMID, NULL);
	x11->shared = (struct paint){ (uint32_t *)(void *)x11->segment.shmaddr,
		(size_t)x11->image->bytes_per_line, (int)width, (int)height };
}

static void open_window(struct feed_x11 *x11, uint32_t width, uint32_t height)
{
	int screen = DefaultScreen(x11->display);
	/* Override redirect: no window manager puts it elsewhere. */
	XSetWindowAttributes attributes = {
		.override_redirect = True, .event_mask = ExposureMask, .background_pixmap = None
	};
	XEvent event;

	if (DisplayWidth(x11->display, screen) < (int)width || DisplayHeight(x11->display, screen) < (int)height)
		errx(1, "%s: smaller than %ux%u", DisplayString(x11->display), width, height);
	x11->window = XCreateWindow(x11->display, RootWindow(x11->display, screen), 0, 0, width, height, 0,
			CopyFromParent, InputOutput, CopyFromParent,
			CWOverrideRedirect | CWEventMask | CWBackPixmap, &attributes);
	x11->gc = XCreateGC(x11->display, x11->window, 0, NULL);
	/* Out of the way of the pointer's picture, which some servers put into the frame. */
	XWarpPointer(x11->display, None, RootWindow(x11->display, screen), 0, 0, 0, 0,
			DisplayWidth(x11->display, screen) - 1, DisplayHeight(x11->display, screen) - 1);
	XMapRaised(x11->display, x11->window);
	XWindowEvent(x11->display, x11->window, ExposureMask, &event);
}

struct feed_sink *feed_x11_open(const char *display, uint32_t width, uint32_t height)
{
	struct feed_x11 *x11 = calloc(1, sizeof(*x11));

	if (!x11)
		err(1, "memory");
	x11->sink.impl = &x11_impl;
	x11->display = XOpenDisplay(display);
	if (!x11->display)
		errx(1, "%s: no display", display);
	if (!XShmQueryExtension(x11->display))
		errx(1, "%s: no MIT-SHM", display);
	open_image(x11, width, height);
	open_window(x11, width, height);
	return &x11->sink;
}
