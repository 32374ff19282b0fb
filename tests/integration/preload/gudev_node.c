// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded, beside gpu_noop.so, into a program that looks for GPUs by libgudev: udev knows of its node,
 * and of no other.
 */
#include <glib-object.h>

#include "tests/gpu/gpu_noop.h"

GList *g_udev_client_query_by_subsystem(void *client, const char *subsystem);
const char *g_udev_device_get_device_file(void *device);
const char *g_udev_device_get_name(void *device);

GList *g_udev_client_query_by_subsystem(void *client, const char *subsystem)
{
	(void)client;
	return g_str_equal(subsystem, "drm") ? g_list_append(NULL, g_object_new(G_TYPE_OBJECT, NULL)) : NULL;
}

const char *g_udev_device_get_device_file(void *device)
{
	(void)device;
	return GPU_NOOP_NODE;
}

const char *g_udev_device_get_name(void *device)
{
	(void)device;
	return "renderD128";
}
