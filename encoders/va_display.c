// SPDX-License-Identifier: GPL-2.0-or-later
/* VA-API displays, with a device and without. */
#include "encoders/va_display.h"

#include "encoders/va_headless.h"
#include "server/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <va/va_drm.h>

struct va_display {
	VADisplay va;
	int fd; /* -1: no device */
};

static void log_line(enum log_level level, const char *message)
{
	log_at(level, NULL, "libva: %.*s", (int)strcspn(message, "\n"), message);
}

static void log_problem(void *context, const char *message)
{
	(void)context;
	log_line(LOG_LEVEL_WARN, message);
}

static void log_information(void *context, const char *message)
{
	(void)context;
	log_line(LOG_LEVEL_DEBUG, message);
}

static int open_va(struct va_display *display, const char *driver)
{
	int major, minor;
	char *name;

	display->va = display->fd >= 0 ? vaGetDisplayDRM(display->fd) : va_headless_new();
	if (!display->va)
		return display->fd >= 0 ? -ENODEV : -ENOMEM;
	vaSetErrorCallback(display->va, log_problem, NULL);
	vaSetInfoCallback(display->va, log_information, NULL);
	if (driver) {
		VAStatus status;

		/* It takes no constant, and changes nothing. */
		name = strdup(driver);
		if (!name)
			return -ENOMEM;
		status = vaSetDriverName(display->va, name);
		free(name);
		if (status != VA_STATUS_SUCCESS)
			return -EINVAL;
	}
	return vaInitialize(display->va, &major, &minor) == VA_STATUS_SUCCESS ? 0 : -ENODEV;
}

int va_display_new(const char *node, const char *driver, struct va_display **ret)
{
	struct va_display *display;
	int err = 0;

	if (!node && !driver)
		return -EINVAL;
	display = calloc(1, sizeof(*display));
	if (!display)
		return -ENOMEM;
	display->fd = -1;
	if (node) {
		display->fd = open(node, O_RDWR | O_CLOEXEC);
		if (display->fd < 0)
			err = -errno;
	}
	if (!err)
		err = open_va(display, driver);
	if (err) {
		va_display_free(display);
		return err;
	}
	*ret = display;
	return 0;
}

void va_display_free(struct va_display *display)
{
	if (!display)
		return;
	/* Also where it was never initialized. */
	if (display->va)
		vaTerminate(display->va);
	if (display->fd >= 0)
		close(display->fd);
	free(display);
}

VADisplay va_display_get(const struct va_display *display)
{
	return display->va;
}
