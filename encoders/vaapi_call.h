/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call of libva came to, as the house says it. Any thread. */
#ifndef PLANECAST_ENCODERS_VAAPI_CALL_H
#define PLANECAST_ENCODERS_VAAPI_CALL_H

#include <errno.h>
#include <va/va.h>

#include "server/log.h"

/* 0, -ENOMEM, -ETIMEDOUT or, for all else, -EIO, after a line in the log. */
#define vaapi_result(status, what) vaapi_result_at(__FILE__, __LINE__, status, what)

static inline int vaapi_result_at(const char *file, int line, VAStatus status, const char *what)
{
	if (status == VA_STATUS_SUCCESS)
		return 0;
	log_write(LOG_LEVEL_WARN, file, line, NULL, "VA-API: %s: %s", what, vaErrorStr(status));
	if (status == VA_STATUS_ERROR_ALLOCATION_FAILED)
		return -ENOMEM;
	return status == VA_STATUS_ERROR_TIMEDOUT ? -ETIMEDOUT : -EIO;
}

#endif
