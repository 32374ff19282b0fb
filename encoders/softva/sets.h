/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VA-API's parameters and H.264's parameter sets: one made of the other, where the
 * client leaves that to the driver, or compared, where it sends both. Pure.
 */
#ifndef PLANECAST_SOFTVA_SETS_H
#define PLANECAST_SOFTVA_SETS_H

#include "encoders/h264_headers.h"

#include <va/va.h>

void sets_make_sps(const VAEncSequenceParameterBufferH264 *seq, VAProfile profile,
		struct h264_sps *ret);
void sets_make_pps(const VAEncPictureParameterBufferH264 *pic, VAProfile profile,
		struct h264_pps *ret);
/* NULL, or what is not the same, or not possible here. */
const char *sets_check_sps(const VAEncSequenceParameterBufferH264 *seq, VAProfile profile,
		const struct h264_sps *sps);
const char *sets_check_pps(const VAEncPictureParameterBufferH264 *pic, VAProfile profile,
		const struct h264_pps *pps);

#endif
