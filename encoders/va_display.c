// SPDX-License-Identifier: GPL-2.0-or-later
/* VA-API displays, with a device and without. */
#include "encoders/va_display.h"

#include "server/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <va/va_backend.h>
#include <va/va_drm.h>
#include <va/va_drmcommon.h>

struct va_display {
	VADisplay va;
	int fd; /* -1: no device */
};

/* What libva's display libraries allocate, in one piece. */
struct headless {
	struct VADisplayContext display;
	struct VADriverContext driver;
	struct drm_state drm;
};

static int is_valid(VADisplayContextP display)
{
	return display && display->vadpy_magic == VA_DISPLAY_MAGIC;
}

static void destroy(VADisplayContextP display)
{
	free(display);
}

/*
 * Which driver goes with the device: asked for in three ways, by releases of libva.
 * vaSetDriverName() goes before all of them, but does not keep them from being asked.
 */
static VAStatus get_driver_name(VADisplayContextP display, char **ret_name, int index)
{
	(void)display, (void)index;
	*ret_name = strdup(VA_DISPLAY_SOFTWARE);
	return *ret_name ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ALLOCATION_FAILED;
}

static VAStatus get_first_driver_name(VADisplayContextP display, char **ret_name)
{
	return get_driver_name(display, ret_name, 0);
}

static VAStatus count_drivers(VADisplayContextP display, int *ret_count)
{
	(void)display;
	*ret_count = 1;
	return VA_STATUS_SUCCESS;
}

static VAStatus get_driver_names(VADisplayContextP display, char **names, unsigned int *count)
{
	*count = 1;
	return get_driver_name(display, names, 0);
}

/* From the driver to whoever set libva's callbacks. */
static void pass_error(VADriverContextP driver, const char *message)
{
	const struct VADisplayContext *display = driver->pDisplayContext;

	if (display->error_callback)
		display->error_callback(display->error_callback_user_context, message);
}

static void pass_information(VADriverContextP driver, const char *message)
{
	const struct VADisplayContext *display = driver->pDisplayContext;

	if (display->info_callback)
		display->info_callback(display->info_callback_user_context, message);
}

static VADisplay make_headless(void)
{
	struct headless *headless = calloc(1, sizeof(*headless));

	if (!headless)
		return NULL;
	headless->drm.fd = -1;
	headless->driver.pDisplayContext = &headless->display;
	headless->driver.drm_state = &headless->drm;
	headless->driver.error_callback = pass_error;
	headless->driver.info_callback = pass_information;
	headless->driver.display_type = VA_DISPLAY_DRM_RENDERNODES;
	headless->display.vadpy_magic = VA_DISPLAY_MAGIC;
	headless->display.pDriverContext = &headless->driver;
	headless->display.vaIsValid = is_valid;
	headless->display.vaDestroy = destroy;
	headless->display.vaGetDriverName = get_first_driver_name;
	headless->display.vaGetNumCandidates = count_drivers;
	headless->display.vaGetDriverNameByIndex = get_driver_name;
#if VA_CHECK_VERSION(1, 20, 0)
	headless->display.vaGetDriverNames = get_driver_names;
#else
	/* Later releases call it without asking, and have put it where there is the first reserved word now. */
	headless->display.reserved[0] = (unsigned long)get_driver_names;
#endif
	return &headless->display;
}

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

	display->va = display->fd >= 0 ? vaGetDisplayDRM(display->fd) : make_headless();
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
