// SPDX-License-Identifier: GPL-2.0-or-later
/* The timer that looks at a source, and the choice of source. */
#include "server/capture/capture.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "server/capture/handover.h"
#include "server/clock.h"
#include "server/frame.h"

/* Keeps a careless caller from turning the loop into a busy one. */
#define INTERVAL_MIN_NS NSEC_PER_MSEC
/* So long after its news is a source that tells of them looked at, for who waits to see that nothing changes. */
#define STILL_NS (3 * NSEC_PER_SEC)

static const capture_open_fn sources[] = {
	[CONFIG_SOURCE_PATTERN] = capture_pattern_open,
	[CONFIG_SOURCE_MEMORY] = capture_memory_open,
	[CONFIG_SOURCE_REPLAY] = capture_replay_open,
	[CONFIG_SOURCE_VFIO] = capture_vfio_open,
	[CONFIG_SOURCE_DBUS] = capture_dbus_open,
};

int capture_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	const unsigned int known = sizeof(sources) / sizeof(sources[0]), count = config->source.count;
	capture_open_fn opens[CONFIG_WORDS_MAX];

	if (!count || count > CONFIG_WORDS_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < count; i++) {
		const int source = config->source.value[i];

		if (source < 0 || (unsigned int)source >= known || !sources[source])
			return -EINVAL;
		opens[i] = sources[source];
	}
	if (count == 1)
		return opens[0](base, config, events, user, ret);
	return handover_open(base, config, opens, count, events, user, ret);
}

void capture_close(struct capture *capture)
{
	if (capture)
		capture->impl->close(capture);
}

static void send_reason(struct capture *capture)
{
	if (!strcmp(capture->reason, capture->reason_sent))
		return;
	memcpy(capture->reason_sent, capture->reason, sizeof(capture->reason_sent));
	capture->events->off(capture->user, capture->reason);
}

static bool is_told(const struct capture *capture)
{
	return !capture->impl->poll && !capture->impl->attend;
}

static void schedule(struct capture *capture)
{
	int64_t delay_ns = capture->looked_ns + capture->interval_ns - clock_now_ns();
	struct timeval tv = clock_timeval(delay_ns > 0 ? delay_ns : 0);

	event_add(capture->timer, &tv);
}

static int find_newest(struct capture *capture, struct frame **ret_frame)
{
	if (!capture->newest && !capture->reason[0])
		capture_set_reason(capture, "Nothing has been shown yet.");
	if (!capture->newest)
		return -ENODATA;
	if (!capture->whole)
		return -EAGAIN;
	*ret_frame = frame_ref(capture->newest);
	return 0;
}

static void show_frame(struct capture *capture, struct frame *frame, const pixman_region32_t *hint)
{
	capture->whole = false;
	capture->reason[0] = '\0';
	capture->reason_sent[0] = '\0';
	capture->events->frame(capture->user, frame, hint);
}

static void ask_source(struct capture *capture)
{
	struct frame *frame = NULL;
	int ret;

	capture->hint = NULL;
	ret = is_told(capture) ? find_newest(capture, &frame) : capture->impl->poll(capture, &frame);
	if (ret == -EAGAIN)
		return;
	if (ret < 0) {
		if (!capture->reason[0])
			capture_set_reason(capture, "No picture: %s.", strerror(-ret));
		send_reason(capture);
		return;
	}
	show_frame(capture, frame, capture->hint);
	frame_unref(frame);
}

static void tell_looked(struct capture *capture)
{
	if (capture->events->looked)
		capture->events->looked(capture->user, capture->looked_ns);
}

/* Whether another look has to follow, if nobody asks for one: what is told needs none but for what was not taken up. */
static bool is_looked_at(const struct capture *capture)
{
	if (!capture->interval_ns)
		return false;
	if (is_told(capture))
		return capture->newest && capture->whole;
	return !capture->impl->tells_change || clock_now_ns() - capture->changed_ns <= STILL_NS;
}

static void look(evutil_socket_t fd, short what, void *user)
{
	struct capture *capture = user;

	(void)fd;
	(void)what;
	capture->looked_ns = clock_now_ns();
	ask_source(capture);
	tell_looked(capture);
	if (is_looked_at(capture) && !event_pending(capture->timer, EV_TIMEOUT, NULL))
		schedule(capture);
}

int capture_init(struct capture *capture, const struct capture_impl *impl, struct event_base *base,
		const struct capture_events *events, void *user)
{
	*capture = (struct capture){ .impl = impl, .events = events, .user = user, .whole = true };
	capture->timer = event_new(base, -1, 0, look, capture);
	return capture->timer ? 0 : -ENOMEM;
}

void capture_finish(struct capture *capture)
{
	if (capture->timer)
		event_free(capture->timer);
	capture->timer = NULL;
	capture->newest = frame_unref_loosely(capture->newest);
}

void capture_set_interval(struct capture *capture, int64_t interval_ns)
{
	bool started = interval_ns > 0 && !capture->interval_ns;
	bool ended = interval_ns <= 0 && capture->interval_ns;

	if (interval_ns > 0 && interval_ns < INTERVAL_MIN_NS)
		interval_ns = INTERVAL_MIN_NS;
	if (interval_ns == capture->interval_ns)
		return;
	capture->interval_ns = interval_ns > 0 ? interval_ns : 0;
	if ((started || ended) && capture->impl->watch)
		capture->impl->watch(capture, started);
	if (started) {
		capture_refresh(capture);
		capture_poke(capture);
	} else if (capture->impl->attend) {
		capture->impl->attend(capture, false);
	} else if (!capture->interval_ns) {
		event_del(capture->timer);
	} else if (is_looked_at(capture)) {
		schedule(capture);
	}
}

void capture_poke(struct capture *capture)
{
	if (capture->impl->attend)
		capture->impl->attend(capture, true);
	else if (capture->interval_ns)
		event_active(capture->timer, EV_TIMEOUT, 0);
}

void capture_refresh(struct capture *capture)
{
	capture->whole = true;
	capture->reason_sent[0] = '\0';
	capture->changed_ns = clock_now_ns();
	if (capture->impl->attend)
		capture->impl->attend(capture, false);
	else if (capture->interval_ns && is_told(capture) && !event_pending(capture->timer, EV_TIMEOUT, NULL))
		schedule(capture);
}

void capture_changed(struct capture *capture)
{
	capture->changed_ns = clock_now_ns();
	if (capture->interval_ns)
		schedule(capture);
}

int capture_resize(struct capture *capture, uint32_t width, uint32_t height)
{
	if (!capture->impl->resize)
		return -EOPNOTSUPP;
	return capture->impl->resize(capture, width, height);
}

void capture_input(struct capture *capture, const struct input_event *event)
{
	if (capture->impl->input)
		capture->impl->input(capture, event);
}

bool capture_takes_input(const struct capture *capture)
{
	return capture && capture->impl->takes_input && capture->impl->takes_input(capture);
}

void capture_take_broker(struct capture *capture, int fd)
{
	if (capture->impl->take_broker)
		capture->impl->take_broker(capture, fd);
	else
		close(fd);
}

void capture_take_bus(struct capture *capture, struct qemu_bus *bus)
{
	if (bus && capture->impl->take_bus)
		capture->impl->take_bus(capture, bus);
}

void capture_emit_frame(struct capture *capture, struct frame *frame, const pixman_region32_t *hint)
{
	struct frame *old = capture->newest;

	if (!is_told(capture)) {
		show_frame(capture, frame, hint);
		return;
	}
	capture->newest = frame_ref_loosely(frame);
	frame_unref_loosely(old);
	if (!capture->interval_ns) {
		capture->whole = true;
		capture->reason[0] = '\0';
		return;
	}
	capture->looked_ns = clock_now_ns();
	show_frame(capture, frame, capture->whole ? NULL : hint);
	tell_looked(capture);
}

void capture_emit_cursor(struct capture *capture, const struct cursor *cursor)
{
	if (capture->events->cursor)
		capture->events->cursor(capture->user, cursor);
}

void capture_emit_pointer(struct capture *capture, bool absolute)
{
	if (capture->events->pointer)
		capture->events->pointer(capture->user, absolute);
}

void capture_emit_leds(struct capture *capture, unsigned int leds)
{
	if (capture->events->leds)
		capture->events->leds(capture->user, leds);
}

void capture_set_reason(struct capture *capture, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(capture->reason, sizeof(capture->reason), fmt, args);
	va_end(args);
	if (capture->impl->poll)
		return;
	capture->newest = frame_unref_loosely(capture->newest);
	if (capture->interval_ns)
		send_reason(capture);
}
