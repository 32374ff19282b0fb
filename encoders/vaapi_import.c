// SPDX-License-Identifier: GPL-2.0-or-later
/* The cache of imported surfaces. */
#include "encoders/vaapi_import.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "encoders/vaapi_caps.h"
#include "encoders/vaapi_memory.h"
#include "server/frame.h"

struct vaapi_import {
	struct frame_attachment attachment;
	struct vaapi_imports *imports;
	LIST_ENTRY(vaapi_import) link;
	/* Under the lock. */
	VASurfaceID surface; /* VA_INVALID_SURFACE: none */
	bool orphan; /* its frame is gone */
	bool refused; /* by this display */
};

struct vaapi_imports {
	pthread_mutex_t lock;
	/* Under lock. */
	unsigned int refs; /* the owner's, and one an import */
	LIST_HEAD(, vaapi_import) list;
	void (*wake)(void *user);
	void *user;
};

int vaapi_imports_new(void (*wake)(void *user), void *user, struct vaapi_imports **ret)
{
	struct vaapi_imports *imports = calloc(1, sizeof(*imports));

	if (!imports)
		return -ENOMEM;
	pthread_mutex_init(&imports->lock, NULL);
	LIST_INIT(&imports->list);
	imports->refs = 1;
	imports->wake = wake;
	imports->user = user;
	*ret = imports;
	return 0;
}

/* With the lock, which is released. */
static void unlock_and_unref(struct vaapi_imports *imports)
{
	bool last = !--imports->refs;

	pthread_mutex_unlock(&imports->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&imports->lock);
	free(imports);
}

void vaapi_imports_unref(struct vaapi_imports *imports)
{
	if (!imports)
		return;
	pthread_mutex_lock(&imports->lock);
	unlock_and_unref(imports);
}

void vaapi_imports_mute(struct vaapi_imports *imports)
{
	pthread_mutex_lock(&imports->lock);
	imports->wake = NULL;
	pthread_mutex_unlock(&imports->lock);
}

static void destroy(struct frame_attachment *attachment)
{
	struct vaapi_import *import = (struct vaapi_import *)attachment;
	struct vaapi_imports *imports = import->imports;

	pthread_mutex_lock(&imports->lock);
	if (import->surface != VA_INVALID_SURFACE) {
		import->orphan = true;
		if (imports->wake)
			imports->wake(imports->user);
		pthread_mutex_unlock(&imports->lock);
		return;
	}
	LIST_REMOVE(import, link);
	free(import);
	unlock_and_unref(imports);
}

struct vaapi_import *vaapi_imports_attach(struct vaapi_imports *imports, struct frame *frame)
{
	struct frame_attachment *found = frame_find_attachment(frame, imports);
	struct vaapi_import *import;

	if (found)
		return (struct vaapi_import *)found;
	import = calloc(1, sizeof(*import));
	if (!import)
		return NULL;
	import->attachment.key = imports;
	import->attachment.destroy = destroy;
	import->imports = imports;
	import->surface = VA_INVALID_SURFACE;
	pthread_mutex_lock(&imports->lock);
	imports->refs++;
	LIST_INSERT_HEAD(&imports->list, import, link);
	pthread_mutex_unlock(&imports->lock);
	frame_attach(frame, &import->attachment);
	return import;
}

int vaapi_import_surface(struct vaapi_import *import, VADisplay va, const struct vaapi_caps *caps,
		const struct frame *frame, VASurfaceID *ret)
{
	struct vaapi_imports *imports = import->imports;
	VASurfaceID surface;
	bool refused;
	int err = 0;

	pthread_mutex_lock(&imports->lock);
	surface = import->surface;
	refused = import->refused;
	pthread_mutex_unlock(&imports->lock);
	if (refused)
		return -ENOTSUP;
	if (surface == VA_INVALID_SURFACE) {
		err = vaapi_memory_import(va, caps, frame, &surface);
		pthread_mutex_lock(&imports->lock);
		import->refused = err;
		if (!err)
			import->surface = surface;
		pthread_mutex_unlock(&imports->lock);
	}
	if (err)
		return -ENOTSUP;
	*ret = surface;
	return 0;
}

/* Takes one surface out, of an orphan or of any; which has no frame and no surface is freed. */
static bool take(struct vaapi_imports *imports, bool any, VASurfaceID *ret)
{
	struct vaapi_import *import;
	bool orphan;

	pthread_mutex_lock(&imports->lock);
	LIST_FOREACH(import, &imports->list, link)
	{
		if (any)
			import->refused = false;
		if (import->surface != VA_INVALID_SURFACE && (any || import->orphan))
			break;
	}
	if (!import) {
		pthread_mutex_unlock(&imports->lock);
		return false;
	}
	*ret = import->surface;
	import->surface = VA_INVALID_SURFACE;
	orphan = import->orphan;
	if (orphan) {
		LIST_REMOVE(import, link);
		free(import);
		/* The caller's reference is left. */
		imports->refs--;
	}
	pthread_mutex_unlock(&imports->lock);
	return true;
}

void vaapi_imports_reap(struct vaapi_imports *imports, VADisplay va)
{
	VASurfaceID surface;

	while (take(imports, false, &surface))
		vaDestroySurfaces(va, &surface, 1);
}

void vaapi_imports_close(struct vaapi_imports *imports, VADisplay va)
{
	VASurfaceID surface;

	while (take(imports, true, &surface))
		vaDestroySurfaces(va, &surface, 1);
}
