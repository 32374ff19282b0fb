// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Miscellaneous parameters. They lie behind a type of four bytes, so that those with
 * pointers are misaligned by their very definition: always copied.
 */
#include "encoders/softva/rate.h"

#include "encoders/softva/driver.h"

#include <string.h>

struct reader {
	struct driver *driver;
	uint32_t rate_control;
	struct rate *rate;
	struct rate_regions *regions;
};

static VAStatus refuse(const struct reader *reader, const char *what)
{
	return driver_refuse(
			reader->driver, VA_STATUS_ERROR_INVALID_PARAMETER, "encoding: %s", what);
}

static VAStatus read_rate_control(const struct reader *reader, const void *data)
{
	struct rate *rate = reader->rate;
	VAEncMiscParameterRateControl from;

	memcpy(&from, data, sizeof(from));
	if (from.min_qp > 51 || from.max_qp > 51 || from.initial_qp > 51 ||
			(from.max_qp && from.min_qp > from.max_qp))
		return refuse(reader, "rate control: QP beyond 51, or the least above the largest");
	if (from.rc_flags.bits.temporal_id)
		return refuse(reader, "rate control: there are no temporal layers");
	if (reader->rate_control == VA_RC_VBR &&
			(!from.target_percentage || from.target_percentage > 100))
		return refuse(reader, "rate control: target_percentage is not 1 to 100");
	if (reader->rate_control & (VA_RC_CBR | VA_RC_VBR) && !from.bits_per_second)
		return refuse(reader, "rate control: no bits per second");
	if (reader->rate_control == VA_RC_ICQ &&
			(from.ICQ_quality_factor < 1 || from.ICQ_quality_factor > 51))
		return refuse(reader, "rate control: ICQ_quality_factor is not 1 to 51");
	rate->max_bps = from.bits_per_second;
	rate->target_percent = from.target_percentage;
	rate->window_ms = from.window_size;
	rate->min_qp = from.min_qp;
	rate->max_qp = from.max_qp;
	rate->quality_factor = from.ICQ_quality_factor;
	rate->resets += from.rc_flags.bits.reset;
	return VA_STATUS_SUCCESS;
}

static VAStatus read_frame_rate(const struct reader *reader, const void *data)
{
	VAEncMiscParameterFrameRate from;

	memcpy(&from, data, sizeof(from));
	if (!(from.framerate & 0xffff))
		return refuse(reader, "frame rate of zero");
	if (from.framerate_flags.bits.temporal_id)
		return refuse(reader, "frame rate: there are no temporal layers");
	reader->rate->fps_num = from.framerate & 0xffff;
	reader->rate->fps_den = from.framerate >> 16 ? from.framerate >> 16 : 1;
	return VA_STATUS_SUCCESS;
}

static VAStatus read_hrd(const struct reader *reader, const void *data)
{
	VAEncMiscParameterHRD from;

	memcpy(&from, data, sizeof(from));
	if (from.initial_buffer_fullness > from.buffer_size)
		return refuse(reader, "HRD: the buffer begins more than full");
	reader->rate->buffer_bits = from.buffer_size;
	reader->rate->initial_bits = from.initial_buffer_fullness;
	return VA_STATUS_SUCCESS;
}

static VAStatus read_quality(const struct reader *reader, const void *data)
{
	VAEncMiscParameterBufferQualityLevel from;

	memcpy(&from, data, sizeof(from));
	if (from.quality_level > CAPS_QUALITY_LEVELS)
		return refuse(reader, "quality level beyond the last");
	reader->rate->quality = from.quality_level;
	return VA_STATUS_SUCCESS;
}

static int clamp_delta(const VAEncMiscParameterBufferROI *from, int delta)
{
	if (from->min_delta_qp >= from->max_delta_qp)
		return delta;
	if (delta < from->min_delta_qp)
		return from->min_delta_qp;
	return delta > from->max_delta_qp ? from->max_delta_qp : delta;
}

static VAStatus read_interesting(const struct reader *reader, const void *data)
{
	struct rate_regions *regions = reader->regions;
	VAEncMiscParameterBufferROI from;

	memcpy(&from, data, sizeof(from));
	if (from.num_roi > CAPS_REGIONS_MAX || (from.num_roi && !from.roi))
		return refuse(reader,
				"more regions of interest than there may be, or none where some are said to be");
	if (reader->rate_control != VA_RC_CQP && from.num_roi &&
			!from.roi_flags.bits.roi_value_is_qp_delta)
		return refuse(reader,
				"regions of interest have differences of QP here, no priorities");
	for (uint32_t i = 0; i < from.num_roi; i++) {
		VAEncROI roi;
		int delta;

		memcpy(&roi, from.roi + i, sizeof(roi));
		delta = reader->rate_control == VA_RC_CQP ? roi.roi_value
							  : clamp_delta(&from, roi.roi_value);
		if (delta < -51 || delta > 51)
			return refuse(reader,
					"region of interest with a difference of QP beyond 51");
		regions->interesting[i] = (struct rate_region){ .box = roi.roi_rectangle,
			.qp_delta = delta };
	}
	regions->n_interesting = from.num_roi;
	return VA_STATUS_SUCCESS;
}

static VAStatus read_dirty(const struct reader *reader, const void *data)
{
	struct rate_regions *regions = reader->regions;
	VAEncMiscParameterBufferDirtyRect from;

	memcpy(&from, data, sizeof(from));
	if (from.num_roi_rectangle > CAPS_REGIONS_MAX ||
			(from.num_roi_rectangle && !from.roi_rectangle))
		return refuse(reader,
				"more dirty regions than there may be, or none where some are said to be");
	for (uint32_t i = 0; i < from.num_roi_rectangle; i++) {
		regions->dirty[i] = (struct rate_region){ 0 };
		memcpy(&regions->dirty[i].box, from.roi_rectangle + i, sizeof(VARectangle));
	}
	regions->n_dirty = from.num_roi_rectangle;
	return VA_STATUS_SUCCESS;
}

static const struct {
	VAEncMiscParameterType type;
	size_t bytes;
	VAStatus (*read)(const struct reader *reader, const void *data);
} kinds[] = {
	{ VAEncMiscParameterTypeRateControl, sizeof(VAEncMiscParameterRateControl),
			read_rate_control },
	{ VAEncMiscParameterTypeFrameRate, sizeof(VAEncMiscParameterFrameRate), read_frame_rate },
	{ VAEncMiscParameterTypeHRD, sizeof(VAEncMiscParameterHRD), read_hrd },
	{ VAEncMiscParameterTypeQualityLevel, sizeof(VAEncMiscParameterBufferQualityLevel),
			read_quality },
	{ VAEncMiscParameterTypeROI, sizeof(VAEncMiscParameterBufferROI), read_interesting },
	{ VAEncMiscParameterTypeDirtyRect, sizeof(VAEncMiscParameterBufferDirtyRect), read_dirty },
};

VAStatus rate_read(struct driver *driver, uint32_t rate_control, const void *data, size_t bytes,
		struct rate *rate, struct rate_regions *regions)
{
	const struct reader reader = {
		.driver = driver,
		.rate_control = rate_control,
		.rate = rate,
		.regions = regions,
	};
	VAEncMiscParameterType type;

	if (bytes < sizeof(type))
		return refuse(&reader, "miscellaneous parameter without a type");
	memcpy(&type, data, sizeof(type));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type != type)
			continue;
		if (bytes < sizeof(type) + kinds[i].bytes)
			return refuse(&reader, "miscellaneous parameter is cut off");
		return kinds[i].read(&reader, (const uint8_t *)data + sizeof(type));
	}
	return driver_refuse(driver, VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
			"encoding: miscellaneous parameter of type %d", (int)type);
}
