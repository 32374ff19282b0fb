// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts of a session and their JSON. */
#include "tests/bench/view_counts.h"

#include <inttypes.h>
#include <string.h>

#include "tests/bench/view_session.h"

void view_counts_read(const struct view_session *session, struct view_counts *ret)
{
	*ret = (struct view_counts){ .fences = session->fences, .skimmed = session->decoder.skimmed };
	memcpy(ret->rectangles, session->rectangles, sizeof(session->rectangles));
	memcpy(ret->tight_kinds, session->decoder.tight_kinds, sizeof(session->decoder.tight_kinds));
}

void view_counts_print(const struct view_session *session, const struct view_counts *before, FILE *file)
{
	struct view_counts now;
	const char *comma = "";

	view_counts_read(session, &now);
	fprintf(file, ", \"fences\": %" PRIu64 ", \"skimmed\": %" PRIu64, now.fences - before->fences,
			now.skimmed - before->skimmed);
	fputs(", \"rectangles\": {", file);
	for (unsigned int i = 0; i < VIEW_ENCODINGS; i++) {
		if (now.rectangles[i] == before->rectangles[i])
			continue;
		fprintf(file, "%s\"%s\": %" PRIu64, comma, view_encodings[i].name,
				now.rectangles[i] - before->rectangles[i]);
		comma = ", ";
	}
	fputs("}, \"tight\": {", file);
	comma = "";
	for (unsigned int i = 0; i < VIEW_TIGHT_KINDS; i++) {
		if (now.tight_kinds[i] == before->tight_kinds[i])
			continue;
		fprintf(file, "%s\"%s\": %" PRIu64, comma, view_tight_kind_names[i],
				now.tight_kinds[i] - before->tight_kinds[i]);
		comma = ", ";
	}
	fputc('}', file);
}
