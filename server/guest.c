// SPDX-License-Identifier: GPL-2.0-or-later
/* Keyboard and pointer of viewers into the VM: the socket, the queue, QMP's events. */
#include "server/guest.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/input_queue.h"
#include "server/locks.h"
#include "server/log.h"
#include "server/qmp.h"
#include "server/qmp_input.h"

#define BACKOFF_MIN_NS (100 * NSEC_PER_MSEC)
#define BACKOFF_MAX_NS (2 * NSEC_PER_SEC)
/* Between two questions after the pointer in use, at least. */
#define MICE_INTERVAL_NS (2 * NSEC_PER_SEC)
#define GREETING_TIMEOUT_NS (5 * NSEC_PER_SEC)
#define READ_MAX_BYTES 16384
/* A further one of that name takes the place of the last. */
#define DISPLAY_FD "planecast-display"

struct guest {
	struct event_base *base;
	const struct guest_events *events;
	void *user;
	void (*ready_fn)(void *user); /* NULL: nobody is told */
	void *ready_user;
	struct sockaddr_un address;
	struct event *timer; /* next attempt, or patience with a silent peer */
	int64_t backoff_ns;
	int warned_errno; /* why the last attempt failed, so that it is said once */
	char warned_error[128]; /* QEMU's last refusal, likewise */
	char warned_display[128];

	struct bufferevent *bev; /* NULL: not connected */
	struct qmp *qmp;
	bool ready;
	uint64_t executed, answered; /* commands */
	uint64_t display_asked; /* the one that gives QEMU the display's socket, and the one before it; 0: none */

	struct input_queue queue;
	struct locks locks; /* after everything in the queue */
	bool lights_told; /* by the guest itself, by whatever way */
	bool overflowed;

	struct qmp_input input;
	bool relative; /* as the owner knows it */
	int64_t mice_asked_ns;
};

static int execute(struct guest *guest, const char *command, const char *arguments)
{
	int r = qmp_execute(guest->qmp, command, arguments);

	guest->executed += r >= 0;
	return r;
}

/* Gives QEMU what it can take now. */
static void pump(struct guest *guest)
{
	char arguments[QMP_INPUT_TEXT_MAX_BYTES];
	struct input_event event;
	int result = 0;

	while (!result && qmp_can_execute(guest->qmp) && (guest->queue.count || guest->overflowed)) {
		bool wanted;

		if (input_queue_take(&guest->queue, &event)) {
			wanted = qmp_input_event(&guest->input, &event, arguments);
		} else {
			/* Nobody knows what the viewer still holds: let go of everything. */
			wanted = qmp_input_release(&guest->input, arguments);
			guest->overflowed = wanted;
			guest->locks.held = 0;
			if (guest->events && guest->events->let_go)
				guest->events->let_go(guest->user);
		}
		if (wanted)
			result = execute(guest, "input-send-event", arguments);
	}
	if (result < 0)
		log_warn(NULL, "input for QEMU dropped: %s", strerror(-result));
}

static void ask_mice(struct guest *guest)
{
	const int64_t now_ns = clock_now_ns();

	if (now_ns - guest->mice_asked_ns < MICE_INTERVAL_NS || !qmp_can_execute(guest->qmp))
		return;
	guest->mice_asked_ns = now_ns;
	if (execute(guest, "query-mice", "{}") < 0)
		log_warn(NULL, "no memory to ask QEMU for its mice");
}

static void take(struct guest *guest, const struct input_event *event)
{
	if (event->kind != INPUT_KEY)
		ask_mice(guest);
	if (!input_queue_put(&guest->queue, event)) {
		if (!guest->overflowed)
			log_warn(NULL, "QEMU takes no input: keys are lost");
		guest->overflowed = true;
		return;
	}
	if (event->kind == INPUT_KEY)
		locks_key(&guest->locks, event->key.qnum, event->key.down);
	pump(guest);
}

static void press(struct guest *guest, uint32_t qnum)
{
	take(guest, &(struct input_event){ .kind = INPUT_KEY, .key = { .down = true, .qnum = qnum } });
	take(guest, &(struct input_event){ .kind = INPUT_KEY, .key = { .qnum = qnum } });
}

void guest_input(struct guest *guest, const struct input_event *event)
{
	uint32_t qnum;

	if (!guest->ready)
		return;
	if (event->kind == INPUT_LOCKS) {
		while (!guest->overflowed && (qnum = locks_next(&guest->locks, event->locks)))
			press(guest, qnum);
	} else if (qmp_input_usable(event)) {
		take(guest, event);
	}
}

unsigned int guest_locks(const struct guest *guest)
{
	return guest->locks.on;
}

void guest_note_leds(struct guest *guest, unsigned int leds)
{
	guest->locks.on = leds;
	guest->lights_told = true;
}

static void arm(struct guest *guest, int64_t delay_ns)
{
	struct timeval delay = clock_timeval(delay_ns);

	evtimer_add(guest->timer, &delay);
}

/* One try that does not wait: what the guest is not told to let go of, it holds. */
static void let_go(struct guest *guest)
{
	struct evbuffer *output = bufferevent_get_output(guest->bev);
	char arguments[QMP_INPUT_TEXT_MAX_BYTES];
	uint32_t qnum;

	guest->locks.held = 0;
	while (qmp_input_release(&guest->input, arguments))
		if (qmp_execute(guest->qmp, "input-send-event", arguments) < 0)
			return;
	/* Whoever serves this guest next takes them to be off, if the guest does not tell. */
	while (!guest->queue.count && !guest->lights_told && (qnum = locks_next(&guest->locks, 0))) {
		for (int down = 1; down >= 0; down--) {
			const struct input_event event = {
				.kind = INPUT_KEY,
				.key = { .down = down, .qnum = qnum },
			};

			locks_key(&guest->locks, qnum, down);
			if (qmp_input_event(&guest->input, &event, arguments) &&
					qmp_execute(guest->qmp, "input-send-event", arguments) < 0)
				return;
		}
	}
	/* The loop may not turn again; a bufferevent keeps its output frozen for itself. */
	evbuffer_unfreeze(output, 1);
	evbuffer_write(output, bufferevent_getfd(guest->bev));
}

static void disconnect(struct guest *guest)
{
	if (guest->bev)
		bufferevent_free(guest->bev);
	guest->bev = NULL;
	qmp_free(guest->qmp);
	guest->qmp = NULL;
	guest->ready = false;
	guest->queue.head = guest->queue.count = 0;
	guest->overflowed = false;
	/* Of what it told, the next connection hears nothing again. */
	guest->locks = (struct locks){ .on = guest->lights_told ? guest->locks.on : 0 };
	guest->input = (struct qmp_input){ .relative = guest->relative };
	guest->mice_asked_ns = 0;
	guest->executed = guest->answered = guest->display_asked = 0;
	guest->warned_error[0] = guest->warned_display[0] = '\0';
}

/* Says why, unless the last attempt failed of the same. */
static void retry_later(struct guest *guest, int why)
{
	if (guest->ready)
		log_notice(NULL, "connection to QEMU at %s lost: %s", guest->address.sun_path, strerror(-why));
	else if (why != guest->warned_errno)
		log_warn(NULL, "no input: no connection to QEMU at %s: %s; trying on",
				guest->address.sun_path, strerror(-why));
	guest->warned_errno = guest->ready ? 0 : why;
	disconnect(guest);
	arm(guest, guest->backoff_ns);
	guest->backoff_ns *= 2;
	if (guest->backoff_ns > BACKOFF_MAX_NS)
		guest->backoff_ns = BACKOFF_MAX_NS;
}

static void handle_ready(void *user, const char *version)
{
	struct guest *guest = user;

	guest->ready = true;
	guest->backoff_ns = BACKOFF_MIN_NS;
	guest->warned_errno = 0;
	evtimer_del(guest->timer);
	log_notice(NULL, "input goes to QEMU %s at %s", version, guest->address.sun_path);
	if (guest->events && guest->events->let_go)
		guest->events->let_go(guest->user);
	ask_mice(guest);
	if (guest->ready_fn)
		guest->ready_fn(guest->ready_user);
}

static void handle_mice(void *user, bool absolute)
{
	struct guest *guest = user;

	guest->input.relative = !absolute;
	if (guest->relative == !absolute)
		return;
	guest->relative = !absolute;
	if (absolute)
		log_notice(NULL, "the guest's pointer takes positions");
	else
		log_notice(NULL, "the guest's pointer takes motion only (positions need -device usb-tablet or "
				"virtio-tablet-pci, and its driver)");
	if (guest->events && guest->events->pointer)
		guest->events->pointer(guest->user, absolute);
}

static void warn_display(struct guest *guest, const char *error)
{
	if (!strncmp(error, guest->warned_display, sizeof(guest->warned_display) - 1))
		return;
	snprintf(guest->warned_display, sizeof(guest->warned_display), "%s", error);
	log_warn(NULL, "QEMU does not give us its D-Bus display: %s (it needs -display dbus,p2p=yes)",
			guest->warned_display);
}

static void handle_answered(void *user, const char *error)
{
	struct guest *guest = user;

	guest->answered++;
	if (error && guest->display_asked && guest->answered + 1 >= guest->display_asked &&
			guest->answered <= guest->display_asked) {
		warn_display(guest, error);
	} else if (error && strncmp(error, guest->warned_error, sizeof(guest->warned_error) - 1)) {
		snprintf(guest->warned_error, sizeof(guest->warned_error), "%s", error);
		log_warn(NULL, "QEMU refuses input: %s (an absolute pointer needs -device usb-tablet or "
				"virtio-tablet-pci)", guest->warned_error);
	}
	pump(guest);
}

static void handle_reset(void *user)
{
	struct guest *guest = user;

	guest->locks.on = 0;
}

static const struct qmp_events qmp_events = {
	.ready = handle_ready,
	.answered = handle_answered,
	.mice = handle_mice,
	.reset = handle_reset,
};

static void handle_read(struct bufferevent *bev, void *user)
{
	struct guest *guest = user;
	struct evbuffer *input = bufferevent_get_input(bev);
	char data[4096];
	int length, result = 0;

	while (!result && (length = evbuffer_remove(input, data, sizeof(data))) > 0)
		result = qmp_receive(guest->qmp, data, (size_t)length);
	if (result < 0)
		retry_later(guest, result);
}

static void handle_event(struct bufferevent *bev, short what, void *user)
{
	struct guest *guest = user;

	(void)bev;
	retry_later(guest, what & BEV_EVENT_EOF ? -EPIPE : -ECONNRESET);
}

static int connect_socket(struct guest *guest)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&guest->address, sizeof(guest->address)) < 0) {
		result = -errno;
		close(fd);
		return result;
	}
	guest->bev = bufferevent_socket_new(guest->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!guest->bev) {
		close(fd);
		return -ENOMEM;
	}
	result = qmp_new(bufferevent_get_output(guest->bev), &qmp_events, guest, &guest->qmp);
	if (result < 0)
		return result;
	bufferevent_setcb(guest->bev, handle_read, NULL, handle_event, guest);
	bufferevent_setwatermark(guest->bev, EV_READ, 0, READ_MAX_BYTES);
	return bufferevent_enable(guest->bev, EV_READ | EV_WRITE) < 0 ? -ENOMEM : 0;
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct guest *guest = user;
	int result;

	(void)fd;
	(void)what;
	if (guest->bev) {
		/* QMP serves one client; the next waits without a word. So do we. */
		log_warn(NULL, "QEMU at %s does not answer: is another program connected to this socket?",
				guest->address.sun_path);
		return;
	}
	result = connect_socket(guest);
	if (result < 0)
		retry_later(guest, result);
	else
		arm(guest, GREETING_TIMEOUT_NS);
}

int guest_new(struct event_base *base, const char *qmp_path, const struct guest_events *events, void *user,
		struct guest **ret)
{
	struct guest *guest;

	if (!qmp_path[0] || strlen(qmp_path) >= sizeof(guest->address.sun_path))
		return -EINVAL;
	guest = calloc(1, sizeof(*guest));
	if (!guest)
		return -ENOMEM;
	guest->base = base;
	guest->events = events;
	guest->user = user;
	guest->backoff_ns = BACKOFF_MIN_NS;
	guest->address.sun_family = AF_UNIX;
	strcpy(guest->address.sun_path, qmp_path);
	guest->timer = evtimer_new(base, handle_timer, guest);
	if (!guest->timer) {
		free(guest);
		return -ENOMEM;
	}
	arm(guest, 0);
	*ret = guest;
	return 0;
}

/* Between two commands QEMU reads white space and keeps what comes with it. */
static int send_fd(int socket_fd, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec byte = { .iov_base = (char[]){ ' ' }, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -errno;
}

int guest_add_display(struct guest *guest, int fd)
{
	struct evbuffer *output;
	int r;

	if (!guest->ready)
		return -ENOTCONN;
	output = bufferevent_get_output(guest->bev);
	evbuffer_unfreeze(output, 1);
	if (evbuffer_get_length(output))
		evbuffer_write(output, bufferevent_getfd(guest->bev));
	evbuffer_freeze(output, 1);
	if (evbuffer_get_length(output))
		return -EAGAIN;
	r = send_fd(bufferevent_getfd(guest->bev), fd);
	if (r >= 0)
		r = execute(guest, "getfd", "{\"fdname\":\"" DISPLAY_FD "\"}");
	if (r >= 0)
		r = execute(guest, "add_client", "{\"protocol\":\"@dbus-display\",\"fdname\":\"" DISPLAY_FD "\"}");
	if (r >= 0)
		guest->display_asked = guest->executed;
	return r;
}

void guest_set_ready(struct guest *guest, void (*ready)(void *user), void *user)
{
	guest->ready_fn = ready;
	guest->ready_user = user;
}

void guest_free(struct guest *guest)
{
	if (!guest)
		return;
	if (guest->ready)
		let_go(guest);
	disconnect(guest);
	event_free(guest->timer);
	free(guest);
}
