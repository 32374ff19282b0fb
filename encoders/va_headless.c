// SPDX-License-Identifier: GPL-2.0-or-later
/* A VA-API display out of nothing but va_backend.h. */
#include "encoders/va_headless.h"

#include <stdlib.h>
#include <string.h>
#include <va/va_backend.h>
#include <va/va_drmcommon.h>

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
	*ret_name = strdup(VA_HEADLESS_DRIVER);
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

VADisplay va_headless_new(void)
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
