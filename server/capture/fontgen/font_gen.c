// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Build-time only: renders the letters of a few TrueType fonts and writes them
 * as the C table that font.c draws from, so that nothing needs a font at run
 * time.
 *
 *   font_gen OUTPUT.c NAME FILE.ttf PIXELS [NAME FILE.ttf PIXELS]...
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ft2build.h>
#include FT_FREETYPE_H

#include "server/capture/font_table.h"

static int emit_glyph(FILE *out, FT_Face face, unsigned int code, char *row, size_t row_bytes,
		unsigned int *offset)
{
	const FT_Bitmap *bitmap;

	if (FT_Load_Char(face, code, FT_LOAD_RENDER)) {
		fprintf(stderr, "font_gen: no glyph for U+%04X\n", code);
		return -1;
	}
	bitmap = &face->glyph->bitmap;
	for (unsigned int y = 0; y < bitmap->rows; y++) {
		for (unsigned int x = 0; x < bitmap->width; x++)
			fprintf(out, "%u,", bitmap->buffer[y * (unsigned int)bitmap->pitch + x]);
		fputc('\n', out);
	}
	snprintf(row, row_bytes, "\t{ %u, %d, %d, %u, %u, %ld },\n", *offset, face->glyph->bitmap_left,
			face->glyph->bitmap_top, bitmap->width, bitmap->rows,
			face->glyph->advance.x >> 6);
	*offset += bitmap->width * bitmap->rows;
	return 0;
}

static int emit_font(FILE *out, FT_Library library, const char *name, const char *path, int pixels)
{
	static char rows[FONT_GLYPHS][80];
	unsigned int offset = 0;
	int result = -1;
	FT_Face face;

	if (FT_New_Face(library, path, 0, &face)) {
		fprintf(stderr, "font_gen: %s: cannot be read as a font\n", path);
		return -1;
	}
	if (pixels <= 0 || FT_Set_Pixel_Sizes(face, 0, (FT_UInt)pixels)) {
		fprintf(stderr, "font_gen: %s: no size %d\n", path, pixels);
		goto out;
	}
	fprintf(out, "static const uint8_t %s_coverage[] = {\n", name);
	for (unsigned int i = 0; i < FONT_GLYPHS; i++) {
		if (emit_glyph(out, face, font_glyph_code(i), rows[i], sizeof(rows[i]), &offset) < 0)
			goto out;
	}
	fprintf(out, "0 };\n\nstatic const struct font_glyph %s_glyphs[FONT_GLYPHS] = {\n", name);
	for (unsigned int i = 0; i < FONT_GLYPHS; i++)
		fputs(rows[i], out);
	fprintf(out, "};\n\nconst struct font_face font_face_%s = { %s_coverage, %s_glyphs, %ld, %ld };\n\n",
			name, name, name, face->size->metrics.ascender >> 6,
			(face->size->metrics.height + 63) >> 6);
	result = 0;
out:
	FT_Done_Face(face);
	return result;
}

int main(int argc, char **argv)
{
	FT_Library library;
	FILE *out;
	int result = 0;

	if (argc < 5 || (argc - 2) % 3) {
		fprintf(stderr, "usage: font_gen OUTPUT.c [NAME FILE.ttf PIXELS]...\n");
		return 2;
	}
	if (FT_Init_FreeType(&library)) {
		fprintf(stderr, "font_gen: no FreeType\n");
		return 1;
	}
	out = fopen(argv[1], "w");
	if (!out) {
		fprintf(stderr, "font_gen: %s: %s\n", argv[1], strerror(errno));
		FT_Done_FreeType(library);
		return 1;
	}
	fprintf(out, "/* Made by font_gen from fonts that are free to embed (DejaVu, public domain changes to\n"
		     " * Bitstream Vera). */\n#include \"server/capture/font_table.h\"\n\n");
	for (int i = 2; i < argc && !result; i += 3)
		result = emit_font(out, library, argv[i], argv[i + 1], atoi(argv[i + 2]));
	if (ferror(out) | fclose(out)) {
		fprintf(stderr, "font_gen: %s: cannot be written\n", argv[1]);
		result = -1;
	}
	if (result)
		remove(argv[1]);
	FT_Done_FreeType(library);
	return result ? 1 : 0;
}
