// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets and the input buffer. */
#include "tests/bench/view_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"

#define INPUT_BYTES 262144u
/* Less room than that is not worth a call. */
#define INPUT_PIECE_BYTES 65536u
/* Before another viewer has its turn. */
#define TURN_BYTES 1048576u
#define WIRE_SEGMENT_BYTES 1448
/* The kernel takes it twice, for what a packet costs beside its bytes. */
#define WIRE_BUFFER_NS (25 * NSEC_PER_MSEC)
#define WIRE_BUFFER_BYTES_MIN 8192u
#define WIRE_BUFFER_BYTES_MAX 262144u

static void handle_updated(void *user)
{
	struct view_link *link = user;

	view_screen_update(&link->screen, clock_now_ns());
}

void view_link_init(struct view_link *link, const struct view_session_options *options, uint32_t mark_step)
{
	*link = (struct view_link){ .fd = -1 };
	view_session_init(&link->session, options);
	link->session.updated = handle_updated;
	link->session.user = link;
	view_screen_init(&link->screen, &link->session.decoder.picture, mark_step);
}

void view_link_finish(struct view_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	free(link->input);
	view_session_finish(&link->session);
	view_screen_finish(&link->screen);
}

/* Before connecting, because the window and the segment size are settled there. */
static int limit_socket(int fd, uint64_t rate_bps)
{
	uint64_t wanted = rate_bps / (NSEC_PER_SEC / WIRE_BUFFER_NS);
	int bytes = (int)(wanted < WIRE_BUFFER_BYTES_MIN ? WIRE_BUFFER_BYTES_MIN
					: wanted > WIRE_BUFFER_BYTES_MAX ? WIRE_BUFFER_BYTES_MAX : wanted);
	int segment = WIRE_SEGMENT_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0 ||
			setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)) < 0)
		return -errno;
	return 0;
}

int view_link_connect(struct view_link *link, const struct addrinfo *address, uint64_t rate_bps)
{
	const int on = 1;
	int fd, r = 0;

	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (rate_bps)
		r = limit_socket(fd, rate_bps);
	if (r == 0 && (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
			connect(fd, address->ai_addr, address->ai_addrlen) < 0 ||
			fcntl(fd, F_SETFL, O_NONBLOCK) < 0))
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	link->fd = fd;
	view_bucket_init(&link->bucket, rate_bps, clock_now_ns());
	return 0;
}

short view_link_events(struct view_link *link, int64_t now_ns, int64_t *ret_wait_ns)
{
	short events = link->session.output.used ? POLLOUT : 0;

	*ret_wait_ns = INT64_MAX;
	if (view_bucket_allows(&link->bucket, now_ns))
		return events | POLLIN;
	*ret_wait_ns = view_bucket_wait_ns(&link->bucket);
	return events;
}

static int send_output(struct view_link *link)
{
	struct view_output *output = &link->session.output;
	ssize_t sent;

	while (output->used) {
		sent = send(link->fd, output->bytes, output->used, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		view_output_drop(output, (size_t)sent);
	}
	return 0;
}

/* Grows only as bytes come, whatever length a server claims. */
static int make_room(struct view_link *link)
{
	size_t used = link->end - link->begin, room;
	uint8_t *input;

	if (link->room - link->end >= INPUT_PIECE_BYTES)
		return 0;
	if (link->begin) {
		memmove(link->input, link->input + link->begin, used);
		link->begin = 0;
		link->end = used;
	}
	if (link->room - link->end >= INPUT_PIECE_BYTES)
		return 0;
	room = link->room ? link->room * 2 : INPUT_BYTES;
	input = realloc(link->input, room);
	if (!input)
		return -ENOMEM;
	link->input = input;
	link->room = room;
	return 0;
}

static int use_input(struct view_link *link)
{
	struct view_reader reader = { .at = link->input + link->begin, .end = link->input + link->end };
	int r;

	if (link->end - link->begin < link->need)
		return 0;
	r = view_session_read(&link->session, &reader);
	link->begin = (size_t)(reader.at - link->input);
	link->need = reader.need;
	if (link->begin == link->end)
		link->begin = link->end = 0;
	return r;
}

/* 0: there is no more, or not for now; 1: there may be more. */
static int receive(struct view_link *link)
{
	uint64_t allowed = view_bucket_allows(&link->bucket, clock_now_ns());
	size_t room;
	ssize_t got;
	int r;

	if (!allowed)
		return 0;
	r = make_room(link);
	if (r < 0)
		return r;
	room = link->room - link->end;
	got = recv(link->fd, link->input + link->end, room < allowed ? room : allowed, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return view_decoder_fail(&link->session.decoder, "the server closed the connection");
	link->end += (size_t)got;
	link->screen.stats.bytes += (uint64_t)got;
	view_bucket_take(&link->bucket, (uint64_t)got);
	r = use_input(link);
	return r < 0 ? r : (size_t)got == room;
}

/* A first update may be about nothing but sizes and cursors. */
static bool has_drawn(const struct view_session *session)
{
	for (unsigned int i = 0; i < VIEW_ENCODINGS; i++)
		if (view_encodings[i].draws && session->rectangles[i])
			return true;
	return false;
}

int view_link_serve(struct view_link *link)
{
	uint64_t until = link->screen.stats.bytes + TURN_BYTES;
	int r, sent;

	do {
		r = receive(link);
		/* A request that waits behind what else has arrived is late for nothing. */
		sent = send_output(link);
	} while (r > 0 && sent == 0 && link->screen.stats.bytes < until);
	link->screen.changing = link->session.updating;
	if (!link->screen.drawn)
		link->screen.drawn = has_drawn(&link->session);
	if (r < 0)
		return r;
	return sent;
}
