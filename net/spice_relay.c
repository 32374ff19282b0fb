// SPDX-License-Identifier: GPL-2.0-or-later
/* Our end of the socketpair whose other end the library has. */
#include "net/spice_relay.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <spice/enums.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "net/spice.h"
#include "net/spice_block.h"
#include "net/spice_front.h"
#include "net/spice_session.h"
#include "net/spice_wire.h"
#include "net/stream.h"
#include "server/clock.h"
#include "server/log.h"

/* Of what the client may leave untaken each piece counts as so much at least: it takes memory, too. */
#define PIECE_BYTES 256
/* Of the inputs channel's words, of what is more than input-rate. */
#define WAITING_MAX_BYTES 65536
/* What one front may have handled in one round of the loop, either way. */
#define ROUND_MESSAGES 64
#define ROUND_BLOCKS 8

/* The library has let go of its end, or never had one. */
static void close_library(struct spice_front *front)
{
	if (front->library_fd < 0)
		return;
	event_free(front->library_readable);
	event_free(front->library_writable);
	front->library_readable = NULL;
	front->library_writable = NULL;
	close(front->library_fd);
	front->library_fd = -1;
	spice_session_unlinked(front->session, front);
}

bool spice_relay_is_full(const struct spice_front *front)
{
	const size_t most = (size_t)front->spice->config->pending_output_max_bytes;
	size_t bytes = front->stream ? stream_pending(front->stream) : 0;

	return bytes >= most || (bytes && front->pieces >= most / PIECE_BYTES);
}

/* Does the library survive the end of the channel now? */
static bool may_end(const struct spice_front *front)
{
	return front->state == SPICE_FRONT_LEAVING && (front->heard || !front->uplink.answered) &&
			spice_session_may_unlink(front->session, front);
}

void spice_relay_flush(struct spice_front *front)
{
	int saved;

	while (evbuffer_get_length(front->library_output)) {
		if (evbuffer_write(front->library_output, front->library_fd) > 0)
			continue;
		saved = errno;
		if (saved == EAGAIN || saved == EINTR) {
			event_add(front->library_writable, NULL);
			return;
		}
		/* It reads no more; that it has closed is seen where it is read. */
		evbuffer_drain(front->library_output, SIZE_MAX);
	}
	if (may_end(front))
		shutdown(front->library_fd, SHUT_WR);
}

/* A message that is not for the library. */
static void read_ours(struct spice_front *front, struct evbuffer *input, size_t bytes)
{
	const uint8_t *data = evbuffer_pullup(input, (ssize_t)bytes);

	if (!data)
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
	else if (front->handshake.message.channel == SPICE_LINK_MAIN)
		spice_agent_hear(front, data, bytes);
	else if (front->handshake.message.channel == SPICE_LINK_DISPLAY)
		spice_video_hear(front->session, data, bytes);
}

/* May another word reach the guest? Else the stream is read again as soon as it may. */
static bool may_act(struct spice_front *front, int64_t now_ns)
{
	const int64_t wait_ns = front->handshake.message.channel != SPICE_LINK_INPUTS ? 0
			: rate_wait_ns(&front->rate, front->spice->config->input_rate, now_ns);

	/* Nothing more is read of who waits for long, and so not that he has gone. */
	if (wait_ns && evbuffer_get_length(stream_input(front->stream)) >= WAITING_MAX_BYTES)
		spice_front_close(front, LOG_LEVEL_NOTICE, "says more than input-rate, and goes on");
	else if (wait_ns)
		stream_again_in(front->stream, wait_ns);
	return !wait_ns;
}

/* A message about keys and pointer; of scancodes each byte can be a key. */
static void count_act(struct spice_front *front, int64_t now_ns, struct evbuffer *input, size_t bytes)
{
	uint8_t type[2];

	if (front->handshake.message.channel == SPICE_LINK_INPUTS &&
			evbuffer_copyout(input, type, sizeof(type)) == (ssize_t)sizeof(type))
		rate_take(&front->rate, front->spice->config->input_rate,
				spice_wire_get_u16(type) == SPICE_MSGC_INPUTS_KEY_SCANCODE
						? (int64_t)(bytes - SPICE_FILTER_HEADER_BYTES) : 1, now_ns);
}

/* From the client to the library. */
void spice_relay_read_client(struct spice_front *front)
{
	struct evbuffer *input = stream_input(front->stream);
	const int64_t now_ns = clock_now_ns();
	size_t bytes;
	bool drop;
	int r;

	for (unsigned int i = 0; i < ROUND_MESSAGES; i++) {
		/*
		 * What the library does not take stays with the client; and who does not take its
		 * answers, which it keeps without limit, is not heard until he does.
		 */
		if (evbuffer_get_length(front->library_output) || spice_relay_is_full(front) ||
				!may_act(front, now_ns))
			return;
		r = spice_filter_client(&front->filter, now_ns, input, &bytes, &drop);
		if (r < 0)
			spice_front_close(front, LOG_LEVEL_NOTICE, "%s: type %u, %" PRIu32 " bytes",
					front->filter.error, front->filter.type, front->filter.size);
		if (r <= 0)
			return;
		if (drop) {
			read_ours(front, input, bytes);
			if (front->state != SPICE_FRONT_OPEN)
				return;
			evbuffer_drain(input, bytes);
			continue;
		}
		count_act(front, now_ns, input, bytes);
		if (evbuffer_remove_buffer(input, front->library_output, bytes) != (int)bytes) {
			spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
			return;
		}
		spice_relay_flush(front);
	}
	stream_again(front->stream);
}

static void open_up(struct spice_front *front)
{
	spice_front_set_state(front, SPICE_FRONT_OPEN);
	log_debug(front->peer, "%s channel linked", spice_link_channels[front->handshake.message.channel].name);
	if (front->handshake.message.channel == SPICE_LINK_INPUTS)
		stream_set_input_limit(front->stream, WAITING_MAX_BYTES);
	spice_session_linked(front->session, front);
	if (front->state == SPICE_FRONT_OPEN)
		spice_relay_read_client(front);
}

/* The library's part of the link. */
static void read_uplink(struct spice_front *front)
{
	enum spice_uplink_result result;
	size_t taken;

	result = spice_uplink_input(&front->uplink, spice_block_data(front->block), spice_block_bytes(front->block),
			front->library_output, &taken);
	spice_block_skip(front->block, taken);
	spice_relay_flush(front);
	if (result == SPICE_UPLINK_FAILED)
		spice_front_close(front, LOG_LEVEL_ERROR, "%s", front->uplink.error);
}

/* The library's first word. */
static void hear(struct spice_front *front)
{
	front->heard = true;
	if (front->state == SPICE_FRONT_UPLINKING)
		open_up(front);
	else
		spice_relay_flush(front);
}

/* Cuts what has come into messages. */
static void pass_to_client(struct spice_front *front)
{
	struct evbuffer *scratch = front->spice->scratch;
	size_t bytes;

	while (spice_block_bytes(front->block) &&
			(bytes = spice_filter_library(&front->filter, spice_block_data(front->block),
			spice_block_bytes(front->block)))) {
		if (spice_block_cut(front->block, bytes, scratch) < 0) {
			evbuffer_drain(scratch, SIZE_MAX);
			spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
			return;
		}
		front->pieces++;
	}
	if (front->filter.library_id && front->session)
		front->session->library_id = front->filter.library_id;
	spice_front_write(front, scratch);
	spice_agent_flush(front);
}

/* False: nothing more for now. */
static bool read_block(struct spice_front *front)
{
	ssize_t bytes;

	if (spice_block_renew(&front->block) < 0) {
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
		return false;
	}
	bytes = spice_block_read(front->block, front->library_fd);
	if (bytes == -EAGAIN || bytes == -EINTR)
		return false;
	if (bytes <= 0) {
		close_library(front);
		if (front->state == SPICE_FRONT_LEAVING)
			spice_front_set_state(front, SPICE_FRONT_CLOSED);
		else
			spice_front_close(front, LOG_LEVEL_INFO, "the library closed the channel");
		return false;
	}
	/* Who leaves does not link any more, but if he has already, what it has come to matters. */
	if (!front->uplink.done && (front->state == SPICE_FRONT_UPLINKING || front->uplink.answered))
		read_uplink(front);
	if (front->uplink.done && !front->heard && spice_block_bytes(front->block))
		hear(front);
	if (front->state == SPICE_FRONT_OPEN)
		pass_to_client(front);
	else if (front->state == SPICE_FRONT_LEAVING)
		spice_block_skip(front->block, spice_block_bytes(front->block));
	return front->library_fd >= 0 && spice_block_is_full(front->block);
}

void spice_relay_read_library(struct spice_front *front)
{
	for (unsigned int i = 0; i < ROUND_BLOCKS; i++) {
		if (spice_relay_is_full(front)) {
			/* Until it has drained. */
			event_del(front->library_readable);
			return;
		}
		if (!read_block(front))
			break;
	}
	if (front->state == SPICE_FRONT_OPEN)
		spice_session_feed(front->session);
}

static void handle_library_readable(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	spice_relay_read_library(data);
}

static void handle_library_writable(evutil_socket_t fd, short what, void *data)
{
	struct spice_front *front = data;

	(void)fd;
	(void)what;
	spice_relay_flush(front);
	if (front->state == SPICE_FRONT_OPEN && !evbuffer_get_length(front->library_output))
		spice_relay_read_client(front);
}

bool spice_relay_is_idle(const struct spice_front *front)
{
	int waiting = 0;

	return front->state == SPICE_FRONT_OPEN && stream_pending(front->stream) == 0 &&
			spice_block_bytes(front->block) == 0 &&
			ioctl(front->library_fd, FIONREAD, &waiting) == 0 && waiting == 0;
}

/* The library's end, given to it. -ENOMEM, or what socketpair() says. */
static int make_pair(struct spice_front *front)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	front->library_output = evbuffer_new();
	front->library_readable = event_new(front->spice->base, fds[0], EV_READ | EV_PERSIST,
			handle_library_readable, front);
	front->library_writable = event_new(front->spice->base, fds[0], EV_WRITE,
			handle_library_writable, front);
	if (!front->library_output || !front->library_readable || !front->library_writable ||
			event_add(front->library_readable, NULL) < 0 ||
			spice_session_take(front->session, fds[1]) < 0) {
		spice_relay_finish(front);
		close(fds[0]);
		close(fds[1]);
		return -ENOMEM;
	}
	front->library_fd = fds[0];
	return 0;
}

void spice_relay_start(struct spice_front *front)
{
	struct spice_link_message message = front->handshake.message;
	int r;

	message.connection_id = message.channel == SPICE_LINK_MAIN ? 0 : front->session->library_id;
	spice_front_set_state(front, SPICE_FRONT_UPLINKING);
	r = make_pair(front);
	if (!r)
		r = spice_uplink_init(&front->uplink, &message, front->library_output);
	if (r < 0)
		spice_front_close(front, LOG_LEVEL_WARN, "%s", strerror(-r));
	else
		spice_relay_flush(front);
}

void spice_relay_finish(struct spice_front *front)
{
	if (front->library_readable)
		event_free(front->library_readable);
	if (front->library_writable)
		event_free(front->library_writable);
	if (front->library_fd >= 0)
		close(front->library_fd);
	if (front->library_output)
		evbuffer_free(front->library_output);
	spice_block_unref(front->block);
	front->library_readable = NULL;
	front->library_writable = NULL;
	front->library_fd = -1;
	front->library_output = NULL;
	front->block = NULL;
}
