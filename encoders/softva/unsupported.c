// SPDX-License-Identifier: GPL-2.0-or-later
/* There is none of it, and each says so in the way libva's headers have for it. */
#include "encoders/softva/unsupported.h"

static VAStatus put_surface(VADriverContextP va, VASurfaceID surface, void *drawable, short src_x,
		short src_y, unsigned short src_width, unsigned short src_height, short dst_x,
		short dst_y, unsigned short dst_width, unsigned short dst_height,
		VARectangle *clips, unsigned int n_clips, unsigned int flags)
{
	(void)va, (void)surface, (void)drawable, (void)src_x, (void)src_y, (void)src_width,
			(void)src_height;
	(void)dst_x, (void)dst_y, (void)dst_width, (void)dst_height, (void)clips, (void)n_clips,
			(void)flags;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus query_surface_error(
		VADriverContextP va, VASurfaceID surface, VAStatus error, void **ret_info)
{
	/* Those of decoders. */
	(void)va, (void)surface, (void)error, (void)ret_info;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus set_palette(VADriverContextP va, VAImageID image, unsigned char *palette)
{
	(void)va, (void)image, (void)palette;
	return VA_STATUS_ERROR_INVALID_IMAGE;
}

static VAStatus query_subpicture_formats(VADriverContextP va, VAImageFormat *formats,
		unsigned int *flags, unsigned int *ret_count)
{
	(void)va, (void)formats, (void)flags;
	*ret_count = 0;
	return VA_STATUS_SUCCESS;
}

static VAStatus create_subpicture(VADriverContextP va, VAImageID image, VASubpictureID *ret_id)
{
	(void)va, (void)image, (void)ret_id;
	return VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;
}

static VAStatus destroy_subpicture(VADriverContextP va, VASubpictureID id)
{
	(void)va, (void)id;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus set_subpicture_image(VADriverContextP va, VASubpictureID id, VAImageID image)
{
	(void)va, (void)id, (void)image;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus set_subpicture_chromakey(VADriverContextP va, VASubpictureID id, unsigned int min,
		unsigned int max, unsigned int mask)
{
	(void)va, (void)id, (void)min, (void)max, (void)mask;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus set_subpicture_alpha(VADriverContextP va, VASubpictureID id, float alpha)
{
	(void)va, (void)id, (void)alpha;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus associate_subpicture(VADriverContextP va, VASubpictureID id, VASurfaceID *surfaces,
		int count, short src_x, short src_y, unsigned short src_width,
		unsigned short src_height, short dst_x, short dst_y, unsigned short dst_width,
		unsigned short dst_height, unsigned int flags)
{
	(void)va, (void)id, (void)surfaces, (void)count, (void)src_x, (void)src_y, (void)src_width,
			(void)src_height;
	(void)dst_x, (void)dst_y, (void)dst_width, (void)dst_height, (void)flags;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus deassociate_subpicture(
		VADriverContextP va, VASubpictureID id, VASurfaceID *surfaces, int count)
{
	(void)va, (void)id, (void)surfaces, (void)count;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

/* libva wants one at least: surfaces are not shown. */
static const VADisplayAttribute shown = {
	.type = VADisplayAttribRenderMode,
	.value = VA_RENDER_MODE_UNDEFINED,
	.flags = VA_DISPLAY_ATTRIB_GETTABLE,
};

static VAStatus query_display_attributes(
		VADriverContextP va, VADisplayAttribute *attribs, int *ret_count)
{
	(void)va;
	attribs[0] = shown;
	*ret_count = 1;
	return VA_STATUS_SUCCESS;
}

static VAStatus get_display_attributes(VADriverContextP va, VADisplayAttribute *attribs, int count)
{
	(void)va;
	for (int i = 0; i < count; i++) {
		if (attribs[i].type == shown.type)
			attribs[i] = shown;
		else
			attribs[i].flags = VA_DISPLAY_ATTRIB_NOT_SUPPORTED;
	}
	return VA_STATUS_SUCCESS;
}

static VAStatus set_display_attributes(VADriverContextP va, VADisplayAttribute *attribs, int count)
{
	(void)va, (void)attribs, (void)count;
	return VA_STATUS_ERROR_ATTR_NOT_SUPPORTED;
}

void unsupported_fill(struct VADriverVTable *table)
{
	table->vaPutSurface = put_surface;
	table->vaQuerySurfaceError = query_surface_error;
	table->vaSetImagePalette = set_palette;
	table->vaQuerySubpictureFormats = query_subpicture_formats;
	table->vaCreateSubpicture = create_subpicture;
	table->vaDestroySubpicture = destroy_subpicture;
	table->vaSetSubpictureImage = set_subpicture_image;
	table->vaSetSubpictureChromakey = set_subpicture_chromakey;
	table->vaSetSubpictureGlobalAlpha = set_subpicture_alpha;
	table->vaAssociateSubpicture = associate_subpicture;
	table->vaDeassociateSubpicture = deassociate_subpicture;
	table->vaQueryDisplayAttributes = query_display_attributes;
	table->vaGetDisplayAttributes = get_display_attributes;
	table->vaSetDisplayAttributes = set_display_attributes;
}
