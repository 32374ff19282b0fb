// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One VM, the whole flow in one place:
 *
 *   capture --frame--> damage --update--> protocol --bytes--> client
 *                               \-> video --packet-/
 *   client --> protocol --input--> guest, and a faster look at the picture
 */
#include "server/vm.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "config/config.h"
#include "net/gate.h"
#include "net/protocol.h"
#include "net/tls_config.h"
#include "server/capture/capture.h"
#include "server/channel.h"
#include "server/clipboard.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/damage.h"
#include "server/frame.h"
#include "server/guest.h"
#include "server/half.h"
#include "server/input.h"
#include "server/input_route.h"
#include "server/log.h"
#include "server/pacer.h"
#include "server/protocols.h"
#include "server/qemu_bus.h"
#include "server/resizer.h"
#include "server/update.h"
#include "server/video.h"
#include "server/vm_clipboard.h"
#include "server/vm_picture.h"
#include "server/vm_window.h"

/* Shadows: viewers that are being sent to hold one each; past that, looks wait for them. */
#define SHADOWS 6

struct vm {
	struct event_base *base;
	const struct config_vm *config;
	struct capture *capture;
	struct damage *damage;
	struct video *video; /* NULL: off */
	struct gate *gate;
	struct protocols protocols;
	struct vm_clipboard clipboard;
	bool looking; /* somebody wants one picture, although there may be no viewer */
	bool looked; /* and has it */
	unsigned int viewers; /* of all of them */
	struct input_route route;
	struct tls *tls;
	struct pacer pacer;
	struct resizer resizer;
	struct qemu_bus *bus; /* NULL: none configured */

	struct vm_picture picture;
	bool card_shown;
	struct half half; /* what changes, as a rule */
	enum pacer_result seen; /* by the look that is under way */
	bool missed; /* it saw what could not be shown */

	struct vm_window window; /* since the last vm_status() */
	const struct vm_events *events;
	void *user;
};

static void set_pace(struct vm *vm)
{
	/* NULL while the VM comes and goes: protocols close their viewers after it. */
	if (vm->capture)
		capture_set_interval(vm->capture, pacer_interval_ns(&vm->pacer));
}

static void note_changed(struct vm *vm)
{
	unsigned int dirty, total;

	damage_stats(vm->damage, &dirty, &total);
	vm_window_add(&vm->window, dirty, total);
	half_note(&vm->half, dirty);
}

/* 1: viewers were told of a change; 0: nothing changed; negative errno as damage_run(). */
static int show(struct vm *vm, struct frame *frame, bool told, const pixman_region32_t *hint)
{
	struct update update;
	int r;

	if (told)
		r = damage_run(vm->damage, frame, hint, &update);
	else if (vm->half.last != HALF_UNKNOWN && pacer_follows(&vm->pacer))
		r = damage_follow(vm->damage, frame, &update);
	else
		r = damage_look(vm->damage, frame, &update);
	/* All shadows are being sent from, or memory is short: the same picture has to come again. */
	if (r < 0 && r != -ENOTSUP && r != -EAGAIN)
		capture_refresh(vm->capture);
	if (r <= 0)
		return r;
	note_changed(vm);
	if (vm->video)
		video_update(vm->video, &update, frame, vm->half.last == HALF_PERHAPS);
	protocols_update(&vm->protocols, &update);
	update_finish(&update);
	if (vm->looking && !vm->looked) {
		vm->looked = true;
		vm->events->shown(vm->user, damage_shadow(vm->damage));
	}
	return 1;
}

static int show_card(struct vm *vm)
{
	struct frame *card;
	int r;

	if (vm->video)
		video_stop(vm->video);
	r = vm_picture_card(&vm->picture, vm->config->name, &card);
	if (r < 0)
		return r;
	r = show(vm, card, true, NULL);
	frame_unref(card);
	return r;
}

static void handle_off(void *user, const char *reason)
{
	struct vm *vm = user;
	const bool news = vm_picture_note_off(&vm->picture, reason);

	if (news)
		vm->events->picture(vm->user, 0, 0, reason);
	/* Without a shadow there was no viewer to see it, and now there is. */
	if (news || !vm->card_shown || !damage_shadow(vm->damage))
		vm->card_shown = show_card(vm) >= 0;
}

static void handle_source(void *user, const char *name)
{
	struct vm *vm = user;

	(void)name;
	/* What moved there does not move here. */
	if (vm->video)
		video_stop(vm->video);
	vm_picture_forget(&vm->picture);
	pacer_note_motion(&vm->pacer, clock_now_ns());
}

static void handle_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	struct vm *vm = user;
	char reason[CAPTURE_REASON_BYTES];
	int r;

	if (!vm_picture_fits(frame, reason)) {
		handle_off(vm, reason);
		return;
	}
	/* What follows a status card differs everywhere. */
	r = show(vm, frame, hint || vm->capture->impl->knows_change || vm->picture.reason[0], hint);
	if (r == -ENOTSUP) {
		handle_off(vm, "The picture's pixels cannot be read on this host: choose a 32-bit mode in the guest.");
		return;
	}
	if (r == -EAGAIN) {
		vm->seen = PACER_EARLY;
		return;
	}
	if (r < 0) {
		/* -EBUSY: viewers are still being served the last change; this one is due soon. */
		if (r != -EBUSY)
			log_warn(NULL, "picture dropped: %s", strerror(-r));
		vm->missed = true;
		pacer_note_motion(&vm->pacer, clock_now_ns());
		return;
	}
	if (vm_picture_note(&vm->picture, frame))
		vm->events->picture(vm->user, frame->width, frame->height, NULL);
	size_wish_show(&vm->resizer.wish, frame->width, frame->height);
	if (r)
		vm->seen = vm->half.last == HALF_WHOLE ? PACER_WHOLE : PACER_CHANGE;
}

static void handle_looked(void *user, int64_t start_ns)
{
	struct vm *vm = user;

	pacer_note_look(&vm->pacer, start_ns, vm->seen);
	if (vm->seen == PACER_NOTHING && !vm->missed) {
		half_note_still(&vm->half);
		if (vm->video)
			video_note_still(vm->video, start_ns);
	}
	vm->seen = PACER_NOTHING;
	vm->missed = false;
	if (vm->looked)
		vm_set_looking(vm, false);
	set_pace(vm);
}

static void handle_cursor(void *user, const struct cursor *cursor)
{
	struct vm *vm = user;

	protocols_cursor(&vm->protocols, cursor);
}

static void handle_video_region(void *user, const struct protocol_video *region)
{
	struct vm *vm = user;

	protocols_video(&vm->protocols, region);
}

static void handle_packet(void *user, struct packet *packet)
{
	struct vm *vm = user;

	protocols_packet(&vm->protocols, packet);
}

static struct frame *get_picture(void *user)
{
	struct vm *vm = user;

	return damage_shadow(vm->damage);
}

static void look_soon(void *user)
{
	struct vm *vm = user;

	capture_poke(vm->capture);
}

static const struct video_events video_events = {
	.region = handle_video_region,
	.packet = handle_packet,
	.picture = get_picture,
	.look = look_soon,
};

static void handle_video(void *user, const struct protocol_wish *wish)
{
	struct vm *vm = user;

	if (vm->video)
		video_ask(vm->video, wish);
}

static void handle_source_pointer(void *user, bool absolute)
{
	struct vm *vm = user;

	vm->route.source_relative = !absolute;
	protocols_pointer(&vm->protocols, input_route_is_absolute(&vm->route));
}

static void handle_leds(void *user, unsigned int leds)
{
	struct vm *vm = user;

	input_route_note_leds(&vm->route, leds);
	protocols_leds(&vm->protocols, leds);
}

static const struct capture_events capture_events = {
	.frame = handle_frame,
	.off = handle_off,
	.source = handle_source,
	.cursor = handle_cursor,
	.pointer = handle_source_pointer,
	.leds = handle_leds,
	.looked = handle_looked,
};

static void handle_input(void *user, const void *viewer, const struct input_event *event)
{
	struct vm *vm = user;

	resizer_note_input(&vm->resizer, viewer, event);
	if (!input_route_put(&vm->route, event))
		log_debug(NULL, "keysym 0x%x is on no key of layout %s", event->key.keysym,
				vm->config->keymap);
	if (event->kind == INPUT_LOCKS)
		return;
	pacer_note_motion(&vm->pacer, clock_now_ns());
	set_pace(vm);
}

static int ask_guest(void *user, uint32_t width, uint32_t height)
{
	struct vm *vm = user;
	int r = capture_resize(vm->capture, width, height);

	if (r >= 0) {
		pacer_note_motion(&vm->pacer, clock_now_ns());
		set_pace(vm);
	}
	return r;
}

static int handle_resize(void *user, const void *viewer, uint32_t width, uint32_t height, bool again)
{
	struct vm *vm = user;

	return resizer_put(&vm->resizer, viewer, width, height, again);
}

static struct protocol_stats sum_stats(const struct vm *vm)
{
	return protocols_sum_stats(&vm->protocols);
}

static void handle_viewers(void *user)
{
	struct vm *vm = user;
	const struct protocol_stats all = sum_stats(vm);
	const unsigned int viewers = all.viewers;
	const bool watched = viewers > 0 || vm->looking;

	protocols_greet(&vm->protocols, damage_shadow(vm->damage));
	if (viewers < vm->viewers)
		size_wish_lose(&vm->resizer.wish);
	vm->viewers = viewers;
	pacer_set_watched(&vm->pacer, watched, clock_now_ns());
	if (vm->video)
		video_set_watched(vm->video, all.video_viewers > 0);
	if (!watched) {
		damage_drop(vm->damage);
		size_wish_show(&vm->resizer.wish, 0, 0);
	}
	set_pace(vm);
}

static void handle_totals(void *user, struct protocol_stats *ret)
{
	*ret = sum_stats(user);
}

static void handle_alone(void *user, const struct protocol *protocol, const char *why)
{
	struct vm *vm = user;

	protocols_close_others(&vm->protocols, protocol, why);
}

static void handle_viewer(void *user, const struct protocol_viewer *viewer, const char *why)
{
	struct vm *vm = user;

	vm->events->viewer(vm->user, viewer, why);
}

static void handle_auth_failed(void *user, const struct protocol *protocol, const char *peer)
{
	struct vm *vm = user;

	vm->events->auth_failed(vm->user, protocol->impl->name, peer);
}

static const struct protocol_events protocol_events = {
	.input = handle_input,
	.resize = handle_resize,
	.video = handle_video,
	.viewers = handle_viewers,
	.totals = handle_totals,
	.alone = handle_alone,
	.viewer = handle_viewer,
	.auth_failed = handle_auth_failed,
};

static void handle_guest_pointer(void *user, bool absolute)
{
	struct vm *vm = user;

	vm->route.guest_relative = !absolute;
	protocols_pointer(&vm->protocols, input_route_is_absolute(&vm->route));
}

static void handle_guest_let_go(void *user)
{
	struct vm *vm = user;

	input_route_forget_keys(&vm->route);
}

static const struct guest_events guest_events = {
	.pointer = handle_guest_pointer,
	.let_go = handle_guest_let_go,
};

static int open_gate(struct vm *vm)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		return -EIO;
	return gate_new(vm->config, seed, &vm->gate);
}

int vm_new(struct event_base *base, const struct config_vm *config, const struct video_drivers *drivers,
		const struct vm_events *events, void *user, struct vm **ret)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	int r;

	if (!vm)
		return -ENOMEM;
	vm->base = base;
	vm->config = config;
	vm->events = events;
	vm->user = user;
	vm->window.start_ns = clock_now_ns();
	pacer_init(&vm->pacer, config->max_fps, config->idle_interval_ns);

	r = input_route_init(&vm->route, config->keymap);
	if (r < 0)
		goto fail;
	r = damage_new(SHADOWS, &vm->damage);
	if (r < 0)
		goto fail;
	r = open_gate(vm);
	if (r < 0)
		goto fail;
	r = tls_new(&vm->tls);
	if (r < 0)
		goto fail;
	tls_configure(vm->tls, config);
	if (config->video != CONFIG_VIDEO_OFF) {
		r = video_new(base, config, drivers, &video_events, vm, &vm->video);
		if (r < 0)
			goto fail;
	}
	r = resizer_init(&vm->resizer, base, ask_guest, vm);
	if (r < 0)
		goto fail;
	r = protocols_init(&vm->protocols, base, config, vm->gate, vm->tls, &protocol_events, vm);
	if (r < 0)
		goto fail;
	if (config->qmp) {
		r = guest_new(base, config->qmp, &guest_events, vm, &vm->route.guest);
		if (r < 0)
			goto fail;
	}
	r = capture_open(base, config, &capture_events, vm, &vm->capture);
	if (r < 0)
		goto fail;
	vm->route.capture = vm->capture;
	r = qemu_bus_new(base, config->dbus, vm->route.guest, &vm->bus);
	if (r < 0)
		goto fail;
	capture_take_bus(vm->capture, vm->bus);
	r = vm_clipboard_init(&vm->clipboard, base, config, vm->bus);
	if (r < 0)
		goto fail;
	protocols_clipboard(&vm->protocols, vm->clipboard.clipboard);
	*ret = vm;
	return 0;
fail:
	vm_free(vm);
	return r;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	/* First, so that no device is held longer than need be. */
	vm->route.capture = NULL;
	capture_close(vm->capture);
	vm->capture = NULL;
	video_free(vm->video);
	vm->video = NULL;
	protocols_finish(&vm->protocols);
	vm_clipboard_finish(&vm->clipboard);
	resizer_finish(&vm->resizer);
	gate_free(vm->gate);
	qemu_bus_free(vm->bus);
	guest_free(vm->route.guest);
	damage_free(vm->damage);
	input_route_finish(&vm->route);
	tls_free(vm->tls);
	free(vm);
}

void vm_accept(struct vm *vm, enum config_listeners listener, int fd, const struct sockaddr *peer,
		socklen_t length)
{
	struct protocol *protocol = protocols_find(&vm->protocols, config_listener_keys[listener].protocol);

	protocol->impl->accept(protocol, listener, fd, peer, length);
}

void vm_admit(struct vm *vm, int fd, const struct sockaddr *peer, socklen_t length,
		const struct protocol_proof *proof)
{
	struct protocol *vnc = protocols_find(&vm->protocols, "vnc");

	vnc->impl->admit(vnc, fd, peer, length, proof);
}

void vm_reconfigure(struct vm *vm, const struct config_vm *config)
{
	vm->config = config;
	gate_reconfigure(vm->gate, config, clock_now_ns());
	tls_configure(vm->tls, config);
	pacer_set_rates(&vm->pacer, config->max_fps, config->idle_interval_ns);
	protocols_reconfigure(&vm->protocols, config);
	clipboard_reconfigure(vm->clipboard.clipboard, config);
	set_pace(vm);
}

void vm_take_broker(struct vm *vm, int fd)
{
	capture_take_broker(vm->capture, fd);
}

void vm_drivers_changed(struct vm *vm)
{
	if (vm->video)
		video_begin_anew(vm->video);
}

int vm_issue_ticket(struct vm *vm, const char *protocol, int64_t lifetime_ns, enum role role,
		const char *name, char *ret_secret)
{
	struct protocol *issuer = protocols_find(&vm->protocols, protocol);

	return issuer ? issuer->impl->issue_ticket(issuer, lifetime_ns, role, name, ret_secret) : -ENOENT;
}

void vm_each_viewer(struct vm *vm, protocol_viewer_fn each, void *user)
{
	protocols_each_viewer(&vm->protocols, each, user);
}

unsigned int vm_close_viewer(struct vm *vm, uint64_t id, const char *why)
{
	return protocols_close_viewer(&vm->protocols, id, why);
}

void vm_set_looking(struct vm *vm, bool looking)
{
	struct frame *shadow = damage_shadow(vm->damage);

	vm->looking = looking && !shadow;
	vm->looked = false;
	handle_viewers(vm);
	if (looking && shadow)
		vm->events->shown(vm->user, shadow);
}

void vm_status(struct vm *vm, struct channel_status *ret)
{
	const struct protocol_stats stats = sum_stats(vm);
	struct channel_status status = { .viewers = stats.viewers };

	vm_each_viewer(vm, NULL, NULL); /* so that their rates are those of the last second */
	vm_window_end(&vm->window, stats.bytes_sent, clock_now_ns(), &status);
	vm_picture_status(&vm->picture, &status);
	*ret = status;
}
