/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planecast_drv_video.so: a VA-API driver that computes on the CPU. It processes
 * pictures (convert, scale, detile) and encodes H.264 with x264, so that the way
 * from a dma-buf to a packet is the same on machines without a GPU.
 *
 * It is a stranger to the rest of planecast: any VA-API program can load it, and
 * planecast reaches it through libva alone. The specification is libva's headers.
 * What a client sends is checked as strictly as they allow, because a mistake that
 * passes here would be found on hardware that the tests do not have.
 *
 * Threads: libva locks nothing, clients call from any thread. driver.lock guards the
 * tables and all states of objects; pixels and bitstreams are touched without it,
 * by the worker thread of a context (queue.h) or by the caller, after waiting for
 * the jobs that use them.
 *
 * Functions named in the driver's table take libva's context first and return a
 * VAStatus; all others follow the house's rules.
 */
#ifndef PLANECAST_SOFTVA_DRIVER_H
#define PLANECAST_SOFTVA_DRIVER_H

#include "encoders/softva/objects.h"

#include <pthread.h>
#include <va/va_backend.h>

struct driver {
	VADriverContextP va;
	pthread_mutex_t lock;
	/* Told when a job has ended, or shall. Waits by CLOCK_MONOTONIC. */
	pthread_cond_t progress;
	struct objects objects;
	/* Of the last job submitted. */
	uint64_t serial;
};

static inline struct driver *driver_of(VADriverContextP va)
{
	return va->pDriverData;
}

static inline void driver_lock(struct driver *driver)
{
	pthread_mutex_lock(&driver->lock);
}

static inline void driver_unlock(struct driver *driver)
{
	pthread_mutex_unlock(&driver->lock);
}

/*
 * Returns status, after telling the client (through libva's information callback)
 * what was wrong. With or without the lock.
 */
VAStatus driver_refuse(struct driver *driver, VAStatus status, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* The status that says what a negative errno of this driver's rooms means. */
VAStatus driver_status(int err);

/* What the driver's library exports, and all of it. */
__attribute__((visibility("default"))) VAStatus __vaDriverInit_1_0(VADriverContextP va);

#endif
