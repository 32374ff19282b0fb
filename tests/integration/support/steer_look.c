// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands that look at the picture: is it what it should be? */
#include "tests/integration/support/steer.h"

#include <math.h>
#include <stdlib.h>

#include "server/capture/mark.h"
#include "server/clock.h"
#include "tests/integration/support/oracle.h"

struct comparison {
	struct steer *steer;
	const struct picture *picture;
	struct oracle *oracle; /* instead of picture */
	double psnr; /* wanted; 0: exactly */
	bool looked;
	unsigned int updates; /* when last looked at */
	uint32_t sequence;
	unsigned int matched; /* pictures with different marks */
	uint32_t matched_sequence; /* of the last of them */
	struct picture_difference difference;
};

static bool matches(const struct comparison *comparison)
{
	return picture_matches(&comparison->difference, comparison->psnr);
}

/* False: no picture that could be compared. */
static bool compare(struct comparison *comparison, const struct picture *now)
{
	const struct picture *wanted = comparison->picture;
	struct mark mark = { .sequence = 0 };

	if (!comparison->oracle) {
		comparison->difference = picture_compare(now, wanted);
		return true;
	}
	if (!now->pixels || mark_read(now->pixels, (size_t)now->width * 4, (uint32_t)now->width,
			    (uint32_t)now->height, &mark) < 0)
		return false;
	for (unsigned int late = 0; late < 2; late++) {
		if (oracle_picture(comparison->oracle, &mark, late, now->width, now->height, &wanted) < 0)
			return false;
		comparison->difference = picture_compare(now, wanted);
		if (matches(comparison))
			break;
	}
	comparison->sequence = mark.sequence;
	if (matches(comparison) && (!comparison->matched || mark.sequence != comparison->matched_sequence)) {
		comparison->matched++;
		comparison->matched_sequence = mark.sequence;
	}
	return true;
}

/* False: nothing new to look at. */
static bool look(struct comparison *comparison)
{
	struct steer *steer = comparison->steer;
	struct picture now;
	bool comparable;

	if (comparison->looked && comparison->updates == steer->updates)
		return false;
	comparison->looked = true;
	comparison->updates = steer->updates;
	now = steer->impl->picture(steer);
	comparable = compare(comparison, &now);
	picture_finish(&now);
	return comparable;
}

static bool is_expected(void *user)
{
	return look(user) && matches(user);
}

static bool is_changed(void *user)
{
	return look(user) && !matches(user);
}

struct verification {
	struct comparison comparison;
	unsigned int count;
	bool wrong;
};

bool steer_is_right(void *user, const struct picture *picture)
{
	struct comparison *comparison = &((struct verification *)user)->comparison;

	return compare(comparison, picture) && matches(comparison);
}

void steer_note_whole(struct steer *steer, bool right)
{
	steer->verification->wrong |= !right;
}

/* Enough pictures were right, or one was not. */
static bool is_verified(void *user)
{
	const struct verification *verification = user;

	return verification->wrong || verification->comparison.matched >= verification->count;
}

static void answer_difference(struct steer *steer, bool ok, const struct picture_difference *difference)
{
	printf("\"same_size\": %s, \"pixels\": %zu, \"x\": %d, \"y\": %d, \"psnr\": %.2f, "
	       "\"worst_psnr\": %.2f",
			difference->same_size ? "true" : "false", difference->pixels, difference->x,
			difference->y, fmin(difference->psnr, 999), fmin(difference->worst_psnr, 999));
	steer_answer_end(steer, ok);
}

static void do_save(struct steer *steer, char **words)
{
	struct picture picture = steer->impl->picture(steer);

	steer_answer(steer, picture.pixels && picture_write(words[1], &picture) == 0);
	picture_finish(&picture);
}

static void do_expect(struct steer *steer, char **words)
{
	struct picture picture = { .width = 0 };
	struct comparison wanted = { .steer = steer, .picture = &picture, .psnr = words[2] ? atof(words[2]) : 0 };
	bool ok = picture_read(words[1], &picture) == 0 && steer_wait(steer, is_expected, &wanted);

	putchar('{');
	answer_difference(steer, ok, &wanted.difference);
	picture_finish(&picture);
}

static void do_scene(struct steer *steer, char **words)
{
	struct comparison wanted = { .steer = steer, .psnr = words[2] ? atof(words[2]) : 0 };
	bool ok = oracle_new(words[1], 0, &wanted.oracle) == 0 && steer_wait(steer, is_expected, &wanted);

	putchar('{');
	answer_difference(steer, ok, &wanted.difference);
	oracle_free(wanted.oracle);
}

static void do_verify(struct steer *steer, char **words)
{
	struct verification wanted = { .comparison = { .steer = steer }, .count = (unsigned int)atoi(words[3]) };
	bool ok = oracle_new(words[1], atoi(words[2]), &wanted.comparison.oracle) == 0;

	steer->verification = &wanted;
	ok = ok && steer_wait(steer, is_verified, &wanted) && !wanted.wrong;
	steer->verification = NULL;
	printf("{\"matched\": %u, \"sequence\": %u, ", wanted.comparison.matched, wanted.comparison.sequence);
	answer_difference(steer, ok, &wanted.comparison.difference);
	oracle_free(wanted.comparison.oracle);
}

static void do_remember(struct steer *steer, char **words)
{
	(void)words;
	picture_finish(&steer->remembered);
	steer->remembered = steer->impl->picture(steer);
	steer->remembered_ns = clock_now_ns();
	steer_answer(steer, steer->remembered.pixels);
}

static void do_changed(struct steer *steer, char **words)
{
	struct comparison old = { .steer = steer, .picture = &steer->remembered };
	bool ok = steer_wait(steer, is_changed, &old);

	(void)words;
	printf("{\"pixels\": %zu, \"ms\": %.2f", old.difference.pixels,
			(double)(clock_now_ns() - steer->remembered_ns) / NSEC_PER_MSEC);
	steer_answer_end(steer, ok);
}

const struct steer_command steer_look_commands[] = {
	{ "save", 1, do_save, "FILE", "write the picture as PPM" },
	{ "expect", 1, do_expect, "FILE [DB]", "wait until the picture is the file's: exactly, or PSNR >= DB" },
	{ "scene", 1, do_scene, "NAME [DB]", "the same, for a pattern scene that rests" },
	{ "verify", 3, do_verify, "NAME FPS COUNT", "pictures of a moving scene, each exactly" },
	{ "remember", 0, do_remember, "", "keep this picture for changed" },
	{ "changed", 0, do_changed, "", "wait until the picture is another than remembered" },
	{ 0 },
};
