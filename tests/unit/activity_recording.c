// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads recorded damage; what is wrong with a file fails the test. */
#include "tests/unit/activity_recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/clock.h"

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	long bytes;

	if (!file)
		fail_msg("%s is missing", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	bytes = ftell(file);
	assert_true(bytes > 0);
	rewind(file);
	text = calloc(1, (size_t)bytes + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)bytes, file), bytes);
	fclose(file);
	return text;
}

void activity_recording_open(struct activity_recording *recording, const char *name)
{
	char path[256];
	int length = 0;

	*recording = (struct activity_recording){ 0 };
	snprintf(path, sizeof(path), "tests/activity/%s.txt", name);
	recording->text = read_all(path);
	if (sscanf(recording->text, "size %u %u\n%n", &recording->frame.width, &recording->frame.height,
			&length) < 2)
		fail_msg("%s does not begin with a size", path);
	recording->next = recording->text + length;
	recording->update.frame = &recording->frame;
	recording->update.resized = true;
	pixman_region32_init(&recording->update.damage);
	pixman_region32_init(&recording->update.copy_region);
	pixman_region32_init(&recording->photo);
}

void activity_recording_close(struct activity_recording *recording)
{
	pixman_region32_fini(&recording->photo);
	pixman_region32_fini(&recording->update.copy_region);
	pixman_region32_fini(&recording->update.damage);
	free(recording->text);
}

static int32_t read_number(struct activity_recording *recording)
{
	char *end;
	long value = strtol(recording->next, &end, 10);

	assert_ptr_not_equal(end, recording->next);
	recording->next = end;
	return (int32_t)value;
}

static void read_box(struct activity_recording *recording, pixman_region32_t *region)
{
	int32_t x1 = read_number(recording), y1 = read_number(recording);
	int32_t x2 = read_number(recording), y2 = read_number(recording);

	assert_true(x1 < x2 && y1 < y2);
	assert_true(pixman_region32_union_rect(region, region, x1, y1, (unsigned int)(x2 - x1),
			(unsigned int)(y2 - y1)));
}

static bool take(struct activity_recording *recording, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(recording->next, word, length))
		return false;
	recording->next += length;
	return true;
}

static void read_boxes(struct activity_recording *recording, pixman_region32_t *region)
{
	if (take(recording, " ="))
		return;
	pixman_region32_clear(region);
	for (int32_t n = read_number(recording); n > 0; n--)
		read_box(recording, region);
}

bool activity_recording_next(struct activity_recording *recording)
{
	struct update *update = &recording->update;
	int64_t time_ns;

	if (!*recording->next)
		return false;
	time_ns = read_number(recording) * NSEC_PER_MSEC;
	/* The first picture is of a new size. */
	update->resized = recording->time_ns == 0 && time_ns == 0;
	recording->time_ns = time_ns;
	pixman_region32_clear(&update->copy_region);
	while (!take(recording, "\n")) {
		if (take(recording, " damage")) {
			read_boxes(recording, &update->damage);
		} else if (take(recording, " photo")) {
			read_boxes(recording, &recording->photo);
		} else if (take(recording, " copy")) {
			read_box(recording, &update->copy_region);
			update->copy_dx = read_number(recording);
			update->copy_dy = read_number(recording);
		} else {
			fail_msg("a recording goes on with '%.20s'", recording->next);
		}
	}
	return true;
}

static int64_t area(const pixman_region32_t *region)
{
	int64_t sum = 0;
	int n;
	const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &n);

	for (int i = 0; i < n; i++)
		sum += (int64_t)(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
	return sum;
}

int activity_recording_photo(struct activity_recording *recording, const pixman_box32_t *box)
{
	pixman_region32_t region;
	int64_t all, photo;

	pixman_region32_init_with_extents(&region, box);
	pixman_region32_intersect(&region, &region, &recording->update.damage);
	all = area(&region);
	pixman_region32_intersect(&region, &region, &recording->photo);
	photo = area(&region);
	pixman_region32_fini(&region);
	return all ? (int)(photo * 1000 / all) : 0;
}
