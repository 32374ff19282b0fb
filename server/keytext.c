// SPDX-License-Identifier: GPL-2.0-or-later
/* Types what viewers type at a guest whose keyboard has another layout than theirs. */
#include "server/keytext.h"

#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include "server/input.h"
#include "server/keymap.h"
#include "server/keymap_dead.h"

enum { SHIFT_L = 0x2a, SHIFT_R = 0x36, CONTROL_L = 0x1d, CONTROL_R = 0x9d, ALT_L = 0x38, ALT_R = 0xb8,
	CAPS_LOCK = 0x3a, NUM_LOCK = 0x45 };

/* What a change costs: a locked one shows, and a dead key works in text only. */
#define COST_SHIFT 1
#define COST_LEVEL3 2
#define COST_NUM 8
#define COST_CAPS 200
#define COST_DEAD 100
#define COST_NEVER 1000000u

struct target {
	uint8_t qnum;
	unsigned int combo; /* enum keymap_modifier, while it is pressed */
	unsigned int cost;
};

struct job {
	struct keytext *keytext;
	unsigned int locks;
	keytext_press_fn press;
	void *user;
};

static void press(struct job *job, uint32_t qnum, bool down)
{
	job->keytext->guest[qnum] = down;
	job->press(job->user, qnum, down);
}

static void tap(struct job *job, uint32_t qnum)
{
	press(job, qnum, true);
	press(job, qnum, false);
}

static bool is_keypad(uint32_t keysym)
{
	return keysym >= XKB_KEY_KP_Space && keysym <= XKB_KEY_KP_Equal;
}

static bool is_dead(uint32_t keysym)
{
	return keysym >= XKB_KEY_dead_grave && keysym <= XKB_KEY_dead_longsolidusoverlay;
}

static bool is_text(uint32_t keysym)
{
	const uint32_t character = xkb_keysym_to_utf32(keysym);

	return !is_keypad(keysym) && (is_dead(keysym) || (character >= ' ' && character != 0x7f));
}

static bool is_shift(const struct keytext *keytext, uint32_t qnum)
{
	return qnum == SHIFT_L || qnum == SHIFT_R || (qnum && qnum == keymap_level3(keytext->keymap));
}

static bool is_control(uint32_t qnum)
{
	return qnum == CONTROL_L || qnum == CONTROL_R || qnum == ALT_L || qnum == ALT_R;
}

static bool is_shifted(const struct keytext *keytext)
{
	return keytext->viewers[SHIFT_L] || keytext->viewers[SHIFT_R];
}

/* Viewers' modifiers and the guest's locks, as they count for a key. */
static unsigned int combo_now(const struct job *job)
{
	const struct keytext *keytext = job->keytext;
	const uint32_t level3 = keymap_level3(keytext->keymap);

	return (is_shifted(keytext) ? KEYMAP_SHIFT : 0u) |
			(level3 && keytext->viewers[level3] ? KEYMAP_LEVEL3 : 0u) |
			(job->locks & INPUT_LED_CAPS ? KEYMAP_CAPS : 0u) |
			(job->locks & INPUT_LED_NUM ? KEYMAP_NUM : 0u);
}

static unsigned int cost_of(unsigned int changes)
{
	return (changes & KEYMAP_SHIFT ? COST_SHIFT : 0) + (changes & KEYMAP_LEVEL3 ? COST_LEVEL3 : 0) +
			(changes & KEYMAP_CAPS ? COST_CAPS : 0) + (changes & KEYMAP_NUM ? COST_NUM : 0);
}

/* The cheapest way that changes changeable only, from the modifiers as they are. */
static struct target find(const struct job *job, uint32_t keysym, unsigned int changeable)
{
	const unsigned int from = combo_now(job);
	struct target best = { .cost = COST_NEVER };
	const struct keymap_key *keys;
	const size_t count = keymap_find(job->keytext->keymap, keysym, &keys);

	for (size_t i = 0; i < count; i++) {
		for (unsigned int to = 0; to < KEYMAP_COMBOS; to++) {
			const unsigned int cost = keys[i].rank + cost_of(to ^ from);

			if (keys[i].combos & 1u << to && !((to ^ from) & ~changeable) && cost < best.cost)
				best = (struct target){ .qnum = keys[i].qnum, .combo = to, .cost = cost };
		}
	}
	return best;
}

static struct target find_text(const struct job *job, uint32_t keysym)
{
	const struct keytext *keytext = job->keytext;

	return find(job, keysym, KEYMAP_SHIFT | (keymap_level3(keytext->keymap) ? KEYMAP_LEVEL3 : 0u) |
			(keytext->guest[CAPS_LOCK] ? 0u : KEYMAP_CAPS));
}

/* Of a dead key and what it changes, the cheapest. */
static unsigned int find_dead(const struct job *job, uint32_t keysym, uint32_t *ret_dead, uint32_t *ret_base)
{
	unsigned int best = COST_NEVER;
	uint32_t dead, base;

	for (size_t i = 0; keymap_dead_find(keymap_normalise(keysym), i, &dead, &base); i++) {
		const unsigned int cost = find_text(job, dead).cost + find_text(job, base).cost + COST_DEAD;

		if (cost >= KEYMAP_RANK_OTHER || cost >= best)
			continue;
		best = cost;
		*ret_dead = dead;
		*ret_base = base;
	}
	return best;
}

static bool is_wanted(const struct keytext *keytext, uint32_t qnum, unsigned int combo)
{
	if (qnum == keymap_level3(keytext->keymap))
		return combo & KEYMAP_LEVEL3;
	if (qnum == SHIFT_L)
		return combo & KEYMAP_SHIFT && (keytext->viewers[SHIFT_L] || !keytext->viewers[SHIFT_R]);
	if (qnum == SHIFT_R)
		return combo & KEYMAP_SHIFT && keytext->viewers[SHIFT_R];
	return keytext->viewers[qnum] && !keytext->hides_control;
}

/* Makes the guest's modifiers and Caps Lock these. */
static void bend(struct job *job, unsigned int combo, bool hide_control)
{
	struct keytext *keytext = job->keytext;
	const uint32_t keys[] = {
		SHIFT_L, SHIFT_R, keymap_level3(keytext->keymap), CONTROL_L, CONTROL_R, ALT_L, ALT_R,
	};
	const size_t count = sizeof(keys) / sizeof(keys[0]);

	keytext->hides_control = hide_control;
	if ((combo ^ combo_now(job)) & KEYMAP_CAPS) {
		tap(job, CAPS_LOCK);
		job->locks ^= INPUT_LED_CAPS;
		keytext->flipped_caps = !keytext->flipped_caps;
	}
	keytext->bent = keytext->flipped_caps || hide_control;
	for (size_t i = 0; i < count; i++) {
		if (is_shift(keytext, keys[i]) && keytext->guest[keys[i]] && !is_wanted(keytext, keys[i], combo))
			press(job, keys[i], false);
	}
	for (size_t i = 0; i < count; i++) {
		const bool wanted = keys[i] && is_wanted(keytext, keys[i], combo);

		if (wanted && !keytext->guest[keys[i]])
			press(job, keys[i], true);
		keytext->bent |= keys[i] && wanted != keytext->viewers[keys[i]];
	}
	/* Alt goes up when something else is down, or it would open a menu. */
	for (size_t i = 0; i < count; i++) {
		if (keys[i] && keytext->guest[keys[i]] && !is_wanted(keytext, keys[i], combo))
			press(job, keys[i], false);
	}
}

/* Modifiers are the viewers' again. */
static void unbend(struct job *job)
{
	const unsigned int caps = job->keytext->flipped_caps ? KEYMAP_CAPS : 0;

	bend(job, combo_now(job) ^ caps, false);
}

/* Windows' viewers hold Control and Alt when they mean AltGr. */
static bool means_level3(const struct keytext *keytext, unsigned int combo)
{
	return combo & KEYMAP_LEVEL3 && (keytext->viewers[CONTROL_L] || keytext->viewers[CONTROL_R]) &&
			(keytext->viewers[ALT_L] || keytext->viewers[ALT_R]);
}

static void bend_for(struct job *job, const struct target *target)
{
	bend(job, target->combo, means_level3(job->keytext, target->combo));
}

static unsigned int find_held(const struct keytext *keytext, uint32_t keysym)
{
	unsigned int i = 0;

	while (i < keytext->n_held && keytext->held[i].keysym != keysym)
		i++;
	return i;
}

static unsigned int find_held_key(const struct keytext *keytext, uint32_t qnum)
{
	unsigned int i = 0;

	while (i < keytext->n_held && keytext->held[i].qnum != qnum)
		i++;
	return i;
}

/* Two names of one key, at the guest or on a US keyboard. */
static bool is_same_key(const struct keytext *keytext, uint32_t a, uint32_t b)
{
	const struct keymap_key *keys_a, *keys_b;
	const size_t count_a = keymap_find(keytext->keymap, a, &keys_a);
	const size_t count_b = keymap_find(keytext->keymap, b, &keys_b);

	for (size_t i = 0; i < count_a; i++) {
		for (size_t j = 0; j < count_b; j++) {
			if (keys_a[i].qnum == keys_b[j].qnum &&
					keys_a[i].rank / KEYMAP_RANK_OTHER == keys_b[j].rank / KEYMAP_RANK_OTHER)
				return true;
		}
	}
	return false;
}

static unsigned int find_same_key(const struct keytext *keytext, uint32_t keysym)
{
	unsigned int i = 0;

	while (i < keytext->n_held && !is_same_key(keytext, keytext->held[i].keysym, keysym))
		i++;
	return i;
}

static struct keytext_held drop_held(struct keytext *keytext, unsigned int i)
{
	const struct keytext_held held = keytext->held[i];

	keytext->n_held--;
	for (; i < keytext->n_held; i++)
		keytext->held[i] = keytext->held[i + 1];
	return held;
}

static void hold(struct keytext *keytext, uint32_t keysym, uint8_t qnum, bool text)
{
	if (keytext->n_held < KEYTEXT_HELD_MAX)
		keytext->held[keytext->n_held++] = (struct keytext_held){ keysym, qnum, text };
}

/* Whoever has that key down lets go of it: it is wanted for a character of its own. */
static void free_key(struct job *job, uint32_t qnum)
{
	const unsigned int i = find_held_key(job->keytext, qnum);

	if (i == job->keytext->n_held)
		return;
	drop_held(job->keytext, i);
	press(job, qnum, false);
}

static void compose(struct job *job, uint32_t dead, uint32_t base)
{
	const uint32_t parts[] = { dead, base };

	for (int i = 0; i < 2; i++) {
		const struct target target = find_text(job, parts[i]);

		free_key(job, target.qnum);
		bend_for(job, &target);
		tap(job, target.qnum);
	}
}

static bool holds_text(const struct keytext *keytext)
{
	unsigned int i = 0;

	while (i < keytext->n_held && !(keytext->held[i].is_text && keytext->held[i].qnum))
		i++;
	return i < keytext->n_held;
}

static bool type_text(struct job *job, uint32_t keysym, uint32_t had)
{
	struct target target = find_text(job, keysym);
	uint32_t dead = 0, base = 0;

	if (find_dead(job, keysym, &dead, &base) < target.cost) {
		compose(job, dead, base);
		/* The guest would not repeat two keys, so neither stays down. */
		target = (struct target){ .qnum = 0 };
		if (!holds_text(job->keytext))
			unbend(job);
	} else if (target.cost < COST_NEVER) {
		free_key(job, target.qnum);
		bend_for(job, &target);
		press(job, target.qnum, true);
	}
	if (had && had != target.qnum && job->keytext->guest[had])
		press(job, had, false);
	hold(job->keytext, keysym, target.qnum, true);
	return target.cost < COST_NEVER;
}

/* A key that makes no text: whatever its modifiers make of it. */
static bool type_other(struct job *job, uint32_t keysym)
{
	struct keytext *keytext = job->keytext;
	struct target target = { .cost = COST_NEVER };
	bool mine;

	if (is_keypad(keysym))
		target = find(job, keysym, keytext->guest[NUM_LOCK] ? 0 : KEYMAP_NUM);
	if (target.cost == COST_NEVER) {
		const unsigned int now = combo_now(job);

		target = find(job, keysym, ~0u);
		target.combo = now;
	}
	hold(keytext, keysym, target.qnum, false);
	if (target.cost == COST_NEVER)
		return false;
	mine = is_shift(keytext, target.qnum) || is_control(target.qnum);
	if (!mine) {
		unbend(job);
		if ((target.combo ^ combo_now(job)) & KEYMAP_NUM)
			tap(job, NUM_LOCK);
	}
	keytext->viewers[target.qnum] = true;
	if (!mine || !keytext->bent || (is_control(target.qnum) && !keytext->hides_control &&
			!is_shift(keytext, target.qnum)))
		press(job, target.qnum, true);
	return true;
}

static void let_go(struct job *job, const struct keytext_held *held)
{
	struct keytext *keytext = job->keytext;

	keytext->viewers[held->qnum] = false;
	if (!held->qnum)
		return;
	if (keytext->guest[held->qnum] && !(keytext->bent && (is_shift(keytext, held->qnum) ||
			(keytext->hides_control && is_control(held->qnum)))))
		press(job, held->qnum, false);
	if (held->is_text && !holds_text(keytext))
		unbend(job);
}

/* The key that a release is of: many viewers name it by what it would make with the modifiers as they are by now. */
static unsigned int find_released(const struct keytext *keytext, uint32_t keysym)
{
	unsigned int i = find_held(keytext, keysym);

	if (i == keytext->n_held)
		i = find_same_key(keytext, keysym);
	if (i < keytext->n_held || !is_text(keysym))
		return i;
	for (i = 0; i < keytext->n_held && !keytext->held[i].is_text; i++)
		;
	return i;
}

static void pass(struct job *job, uint32_t qnum, bool down)
{
	if (qnum >= KEYTEXT_KEYS)
		return;
	job->keytext->viewers[qnum] = down;
	press(job, qnum, down);
}

bool keytext_key(struct keytext *keytext, const struct input_event *event, unsigned int locks,
		keytext_press_fn press_fn, void *user)
{
	struct job job = { .keytext = keytext, .locks = locks, .press = press_fn, .user = user };
	const uint32_t keysym = event->key.keysym;
	struct keytext_held held = { .qnum = 0 };
	unsigned int i;
	bool found;

	if (event->key.qnum) {
		pass(&job, event->key.qnum, event->key.down);
		return true;
	}
	i = event->key.down ? find_held(keytext, keysym) : find_released(keytext, keysym);
	/* It repeats, and has another name since a modifier went down or up. */
	if (event->key.down && i == keytext->n_held)
		i = find_same_key(keytext, keysym);
	found = i < keytext->n_held;
	if (found)
		held = drop_held(keytext, i);
	if (event->key.down)
		return is_text(keysym) ? type_text(&job, keysym, held.qnum) : type_other(&job, keysym);
	if (found)
		let_go(&job, &held);
	return true;
}

void keytext_forget_guest(struct keytext *keytext)
{
	for (unsigned int i = 0; i < KEYTEXT_KEYS; i++)
		keytext->guest[i] = false;
	/* Characters are written by then; modifiers are still meant. */
	for (unsigned int i = 0; i < keytext->n_held; i++)
		keytext->held[i].qnum = keytext->held[i].is_text ? 0 : keytext->held[i].qnum;
	keytext->flipped_caps = false;
	keytext->bent = false;
}
