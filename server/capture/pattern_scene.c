// SPDX-License-Identifier: GPL-2.0-or-later
/* Which windows a scene has, where they are, and who gets the input. */
#include "server/capture/pattern_scene.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/pattern_backdrop.h"
#include "server/capture/pattern_ripple.h"
#include "server/capture/pattern_window.h"
#include "server/clock.h"
#include "server/input.h"

#define WINDOWS_MAX 5
/* So much of a window stays where it can be caught again. */
#define DRAG_REST 60
#define WANDER_RADIANS_A_SECOND 0.22f

/*
 * A window with its title but without its shadow, in thousandths of what lies
 * below the panel; at most max where given.
 */
struct placed {
	const struct widget_impl *impl;
	int x, y, width, height;
	int max_width, max_height;
	int needs_width; /* left out of smaller pictures */
	bool wanders;
};

static const struct kind {
	const char *name;
	enum widget_mood mood;
	bool bare; /* the one window is the whole picture, without a panel */
	struct placed windows[WINDOWS_MAX]; /* lowest first */
} kinds[] = {
	{ "desktop", WIDGET_CALM, false,
		{
			{ &widget_photo, 560, 40, 400, 545, 1200, 900, 0, false },
			{ &widget_journal, 40, 40, 420, 375, 900, 0, 640, false },
			{ &widget_controls, 730, 645, 230, 285, 300, 184, 800, false },
			{ &widget_terminal, 95, 475, 470, 465, 1000, 0, 0, false },
			{ &widget_monitor, 420, 285, 210, 295, 380, 310, 900, true },
		} },
	{ "still", WIDGET_STILL, false,
		{
			{ &widget_terminal, 60, 65, 560, 745, 1100, 0, 0, false },
			{ &widget_controls, 690, 65, 250, 285, 300, 184, 800, false },
		} },
	{ "scroll", WIDGET_BUSY, false, { { &widget_journal, 30, 35, 940, 925, 0, 0, 0, false } } },
	{ "video", WIDGET_BUSY, true, { { &widget_photo, 0, 0, 1000, 1000, 0, 0, 0, false } } },
	{ "typing", WIDGET_BUSY, false, { { &widget_terminal, 60, 65, 880, 865, 0, 0, 0, false } } },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *const scene_names[] = { "desktop", "still", "scroll", "video", "typing", NULL };
_Static_assert(sizeof(scene_names) / sizeof(scene_names[0]) == N_KINDS + 1, "one name a scene");

struct scene {
	const struct kind *kind;
	int width, height;
	pixman_image_t *wallpaper; /* with the panel; NULL for a bare scene */
	struct window *stack[WINDOWS_MAX]; /* lowest first */
	unsigned int n_windows;
	pixman_region32_t damage; /* of the picture, but for what windows hold themselves */
	time_t wall; /* what the clock shows */
	int64_t time_ns;

	struct window *wanderer; /* NULL: none, or a viewer took it */
	int wander_x, wander_y, wander_width, wander_height;

	int pointer_x, pointer_y;
	uint32_t buttons;
	struct window *grab; /* has the pointer until the buttons are up */
	bool dragging; /* grab is held by its title bar */
	struct window *hover; /* whose widget knows of the pointer */
	enum pattern_cursor cursor;
	unsigned int shift; /* 1: the left key is down, 2: the right one; for viewers that send places only */
	struct ripples ripples;
};

static int share(int whole, int thousandths, int max)
{
	int part = (int)((int64_t)whole * thousandths / 1000);

	return max && part > max ? max : part;
}

static int add_window(struct scene *scene, const struct placed *placed)
{
	const struct kind *kind = scene->kind;
	int top = kind->bare ? 0 : PANEL_HEIGHT, height = scene->height - top;
	int title = kind->bare ? 0 : WINDOW_TITLE;
	struct window *window;
	int ret;

	if (!placed->impl || scene->width < placed->needs_width)
		return 0;
	ret = window_new(placed->impl, kind->mood, kind->bare, share(scene->width, placed->x, 0),
			top + title + share(height, placed->y, 0),
			share(scene->width, placed->width, placed->max_width),
			share(height, placed->height, placed->max_height) - title, &window);
	if (ret < 0)
		return ret;
	scene->stack[scene->n_windows++] = window;
	if (placed->wanders) {
		scene->wanderer = window;
		scene->wander_x = window->x;
		scene->wander_y = window->y;
		scene->wander_width = scene->width / 5;
		scene->wander_height = scene->height / 7;
	}
	return 0;
}

static struct paint wallpaper_of(const struct scene *scene)
{
	return (struct paint){ pixman_image_get_data(scene->wallpaper),
		(size_t)pixman_image_get_stride(scene->wallpaper), scene->width, scene->height };
}

int scene_new(const char *name, uint32_t width, uint32_t height, struct scene **ret)
{
	struct scene *scene;
	size_t i = 0;
	int r;

	while (i < N_KINDS && strcmp(kinds[i].name, name))
		i++;
	if (i == N_KINDS)
		return -ENOENT;
	if (width < SCENE_WIDTH_MIN || width > SCENE_WIDTH_MAX || height < SCENE_HEIGHT_MIN ||
			height > SCENE_HEIGHT_MAX)
		return -EINVAL;
	scene = calloc(1, sizeof(*scene));
	if (!scene)
		return -ENOMEM;
	scene->kind = &kinds[i];
	scene->width = (int)width;
	scene->height = (int)height;
	pixman_region32_init_rect(&scene->damage, 0, 0, width, height);
	if (!scene->kind->bare) {
		struct paint paint;

		r = -ENOMEM;
		scene->wallpaper = pixman_image_create_bits(PIXMAN_x8r8g8b8, scene->width, scene->height, NULL, 0);
		if (!scene->wallpaper)
			goto fail;
		paint = wallpaper_of(scene);
		backdrop_draw_wallpaper(&paint);
		backdrop_draw_panel(&paint);
	}
	for (i = 0; i < WINDOWS_MAX; i++) {
		r = add_window(scene, &scene->kind->windows[i]);
		if (r < 0)
			goto fail;
	}
	*ret = scene;
	return 0;
fail:
	scene_free(scene);
	return r;
}

void scene_free(struct scene *scene)
{
	if (!scene)
		return;
	for (unsigned int i = 0; i < scene->n_windows; i++)
		window_free(scene->stack[i]);
	if (scene->wallpaper)
		pixman_image_unref(scene->wallpaper);
	pixman_region32_fini(&scene->damage);
	free(scene);
}

static void wander(struct scene *scene)
{
	/* In double: a float would stutter after a day. */
	double angle = (double)scene->time_ns / NSEC_PER_SEC * WANDER_RADIANS_A_SECOND;

	window_move(scene->wanderer, scene->wander_x + (int)(scene->wander_width * sin(angle)),
			scene->wander_y + (int)(scene->wander_height * sin(angle * 1.7)), &scene->damage);
}

static void show_clock(struct scene *scene, time_t wall)
{
	struct paint paint = wallpaper_of(scene);
	pixman_box32_t box;

	scene->wall = wall;
	backdrop_draw_clock(&paint, wall, &box);
	if (box.x2 > box.x1)
		pixman_region32_union_rect(&scene->damage, &scene->damage, box.x1, box.y1,
				(unsigned int)(box.x2 - box.x1), (unsigned int)(box.y2 - box.y1));
}

void scene_advance(struct scene *scene, int64_t time_ns, time_t wall)
{
	scene->time_ns = time_ns;
	if (scene->kind->mood == WIDGET_STILL)
		return;
	for (unsigned int i = 0; i < scene->n_windows; i++)
		if (scene->stack[i]->widget->impl->advance)
			scene->stack[i]->widget->impl->advance(scene->stack[i]->widget, time_ns);
	if (scene->wanderer)
		wander(scene);
	if (scene->wallpaper && wall != scene->wall)
		show_clock(scene, wall);
	ripples_advance(&scene->ripples, time_ns, &scene->damage);
}

static struct window *window_at(const struct scene *scene, int x, int y, enum window_part *ret_part)
{
	for (unsigned int i = scene->n_windows; i--;) {
		*ret_part = window_find_part(scene->stack[i], x, y);
		if (*ret_part != WINDOW_OUTSIDE)
			return scene->stack[i];
	}
	return NULL;
}

static void raise_window(struct scene *scene, struct window *window)
{
	unsigned int i = 0;

	if (scene->stack[scene->n_windows - 1] == window)
		return;
	while (scene->stack[i] != window)
		i++;
	for (; i + 1 < scene->n_windows; i++)
		scene->stack[i] = scene->stack[i + 1];
	scene->stack[i] = window;
	pixman_region32_union_rect(&scene->damage, &scene->damage, window->x, window->y,
			(unsigned int)window->width, (unsigned int)window->height);
}

static void tell_widget(struct window *window, int x, int y, uint32_t buttons)
{
	struct widget *widget = window->widget;

	if (widget->impl->pointer)
		widget->impl->pointer(widget, x - window->x - window->inset_x, y - window->y - window->inset_y,
				buttons);
}

static void drag(struct scene *scene, int by_x, int by_y)
{
	struct window *window = scene->grab;
	int x = window->x + by_x, y = window->y + by_y;
	int x_min = DRAG_REST - window->width, x_max = scene->width - DRAG_REST;
	int y_min = PANEL_HEIGHT - WINDOW_SHADOW, y_max = scene->height - DRAG_REST;

	if (scene->wanderer == window)
		scene->wanderer = NULL;
	x = x < x_min ? x_min : x > x_max ? x_max : x;
	y = y < y_min ? y_min : y > y_max ? y_max : y;
	window_move(window, x, y, &scene->damage);
}

static void handle_press(struct scene *scene, struct window *window, enum window_part part)
{
	ripples_add(&scene->ripples, scene->pointer_x, scene->pointer_y, scene->time_ns);
	if (!window)
		return;
	scene->grab = window;
	scene->dragging = part == WINDOW_TITLE_BAR;
	raise_window(scene, window);
}

static void handle_pointer(struct scene *scene, int x, int y, uint32_t buttons)
{
	enum window_part part = WINDOW_OUTSIDE;
	struct window *window = window_at(scene, x, y, &part), *target;
	uint32_t pressed = buttons & ~scene->buttons;
	int by_x = x - scene->pointer_x, by_y = y - scene->pointer_y;

	scene->pointer_x = x;
	scene->pointer_y = y;
	scene->buttons = buttons;
	if (scene->grab && scene->dragging)
		drag(scene, by_x, by_y);
	if (pressed & INPUT_BUTTON_LEFT && !scene->grab)
		handle_press(scene, window, part);
	target = scene->grab ? scene->grab : part == WINDOW_CONTENT ? window : NULL;
	if (scene->grab && scene->dragging)
		target = NULL;
	if (scene->hover && scene->hover != target && scene->hover->widget->impl->pointer)
		scene->hover->widget->impl->pointer(scene->hover->widget, -1, -1, 0);
	scene->hover = target;
	if (target)
		tell_widget(target, x, y, buttons);
	if (scene->grab && scene->dragging)
		scene->cursor = PATTERN_CURSOR_MOVE;
	else
		scene->cursor = target ? target->widget->impl->cursor : PATTERN_CURSOR_ARROW;
	if (!(buttons & INPUT_BUTTON_LEFT))
		scene->grab = NULL;
}

/* What a key types: from its symbol, or for want of one its place on a US keyboard. 0: nothing. */
static uint32_t letter_of(const struct scene *scene, const struct input_event *event)
{
	static const char places[] = "\0\0"
				     "1234567890-=\b\0qwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
	static const char shifted[] = "\0\0"
				      "!@#$%^&*()_+\b\0QWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
	uint32_t keysym = event->key.keysym;

	_Static_assert(sizeof(places) == sizeof(shifted), "one for each place");
	if ((keysym >= 0x20 && keysym < 0x7f) || (keysym >= 0xa0 && keysym <= 0xff))
		return keysym;
	if (keysym == 0xff0d || keysym == 0xff8d) /* Return, KP_Enter */
		return '\n';
	if (keysym == 0xff08) /* BackSpace */
		return '\b';
	if (!keysym && event->key.qnum < sizeof(places))
		return (uint32_t)(scene->shift ? shifted : places)[event->key.qnum];
	return 0;
}

static void note_shift(struct scene *scene, const struct input_event *event)
{
	unsigned int key = event->key.qnum == 0x2a ? 1 : event->key.qnum == 0x36 ? 2 : 0;

	scene->shift = event->key.down ? scene->shift | key : scene->shift & ~key;
}

/* From a viewer's picture of another size, and never outside. */
static int scale(uint32_t at, uint32_t viewer, int size)
{
	return at < viewer ? (int)((uint64_t)at * (uint32_t)size / viewer) : size - 1;
}

void scene_input(struct scene *scene, const struct input_event *event)
{
	uint32_t letter;

	if (event->kind == INPUT_POINTER) {
		handle_pointer(scene, scale(event->pointer.x, event->pointer.width, scene->width),
				scale(event->pointer.y, event->pointer.height, scene->height),
				event->pointer.buttons);
		return;
	}
	note_shift(scene, event);
	letter = event->key.down ? letter_of(scene, event) : 0;
	for (unsigned int i = 0; letter && i < scene->n_windows; i++)
		if (scene->stack[i]->widget->impl->key)
			scene->stack[i]->widget->impl->key(scene->stack[i]->widget, letter);
}

void scene_pointer(const struct scene *scene, int32_t *ret_x, int32_t *ret_y, enum pattern_cursor *ret_cursor)
{
	*ret_x = scene->pointer_x;
	*ret_y = scene->pointer_y;
	*ret_cursor = scene->cursor;
}

bool scene_changed(const struct scene *scene)
{
	if (pixman_region32_not_empty((pixman_region32_t *)&scene->damage))
		return true;
	for (unsigned int i = 0; i < scene->n_windows; i++)
		if (window_damaged(scene->stack[i]))
			return true;
	return false;
}

int scene_paint(struct scene *scene, void *pixels, size_t stride)
{
	pixman_image_t *picture;
	struct paint paint = { pixels, stride, scene->width, scene->height };

	picture = pixman_image_create_bits_no_clear(PIXMAN_x8r8g8b8, scene->width, scene->height, pixels,
			(int)stride);
	if (!picture)
		return -ENOMEM;
	for (unsigned int i = 0; i < scene->n_windows; i++)
		window_take_damage(scene->stack[i], &scene->damage);
	if (!pixman_image_set_clip_region32(picture, &scene->damage)) {
		pixman_image_unref(picture);
		return -ENOMEM;
	}
	if (scene->wallpaper)
		pixman_image_composite32(PIXMAN_OP_SRC, scene->wallpaper, NULL, picture, 0, 0, 0, 0, 0, 0,
				scene->width, scene->height);
	for (unsigned int i = 0; i < scene->n_windows; i++)
		window_composite(scene->stack[i], picture);
	ripples_paint(&scene->ripples, &paint, scene->time_ns);
	pixman_image_unref(picture);
	pixman_region32_clear(&scene->damage);
	return 0;
}
