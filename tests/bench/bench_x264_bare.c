// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least that serves Open H.264 to VNC viewers, for what planecast adds to the coder: told
 * that a picture has changed it encodes all of it and sends that to every viewer, when all of
 * them have the last one. It finds nothing out by itself, knows no other encoding, and nothing
 * becomes exact. One thread; viewers are those of the bench, and trusted.
 *
 * --spent FILE FILE WIDTHxHEIGHT PORT NOTICES: keeps in that file, eight bytes that are there,
 * the CPU time of conversion and encoding alone, in nanoseconds: the server around them is
 * nobody's measure.
 */
#include <drm_fourcc.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <x264.h>

#include "encoders/colour.h"
#include "net/rfb.h"
#include "server/clock.h"
#include "tests/bench/bare_encoder.h"
#include "tests/bench/fed.h"

#define VIEWERS_MAX 64u
#define INPUT_BYTES 1024u
#define VERSION "RFB 003.008\n"
#define UPDATE_BYTES 4u
#define HEAD_BYTES (UPDATE_BYTES + RFB_RECT_BYTES + RFB_H264_HEAD_BYTES)

struct viewer {
	int fd;
	/* What comes next. False: it was the end of him; input is at least what_bytes. */
	bool (*next)(struct viewer *viewer, const uint8_t *input);
	size_t next_bytes;
	uint8_t input[INPUT_BYTES];
	size_t used;
	const struct fed *fed;
	bool continuous, asks; /* for a picture */
	bool joined; /* he has had a keyframe */
	bool served; /* what is under way is for him, too */
	size_t sent; /* of that */
};

struct server {
	struct fed fed;
	int listener;
	uint64_t *spent_ns;
	struct bare_encoder *encoder;
	struct viewer *viewers[VIEWERS_MAX];
	unsigned int n_viewers;
	bool changed; /* since the last one that was encoded */
	/* Under way. */
	uint8_t head[HEAD_BYTES];
	const uint8_t *data;
	size_t bytes;
};

static uint32_t read_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_number(uint8_t *at, uint32_t value, unsigned int bytes)
{
	while (bytes--) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

/* ---- what viewers say */

/* Small, and into a socket that has room. */
static bool say(const struct viewer *viewer, const void *data, size_t bytes)
{
	return send(viewer->fd, data, bytes, MSG_NOSIGNAL) == (ssize_t)bytes;
}

static bool read_message(struct viewer *viewer, const uint8_t *input);

static bool expect(struct viewer *viewer, bool (*next)(struct viewer *viewer, const uint8_t *input), size_t bytes)
{
	viewer->next = next;
	viewer->next_bytes = bytes;
	return bytes <= INPUT_BYTES;
}

static bool read_ignored(struct viewer *viewer, const uint8_t *input)
{
	(void)input;
	return expect(viewer, read_message, 1);
}

static bool read_encodings(struct viewer *viewer, const uint8_t *input)
{
	const uint8_t end_of_continuous = RFB_END_OF_CONTINUOUS_UPDATES;
	bool knows = false, continuous = false;

	for (size_t i = 4; i < viewer->next_bytes; i += 4) {
		const int32_t encoding = (int32_t)read_u32(input + i);

		knows |= encoding == RFB_ENCODING_OPEN_H264;
		continuous |= encoding == RFB_PSEUDO_CONTINUOUS_UPDATES;
	}
	if (!knows)
		warnx("a viewer without Open H.264");
	return knows && (!continuous || say(viewer, &end_of_continuous, 1)) && expect(viewer, read_message, 1);
}

static bool read_encodings_head(struct viewer *viewer, const uint8_t *input)
{
	return expect(viewer, read_encodings, 4 + (size_t)(input[2] << 8 | input[3]) * 4);
}

static bool read_request(struct viewer *viewer, const uint8_t *input)
{
	(void)input;
	viewer->asks = true;
	return expect(viewer, read_message, 1);
}

static bool read_continuous(struct viewer *viewer, const uint8_t *input)
{
	viewer->continuous = input[1];
	return expect(viewer, read_message, 1);
}

static bool read_message(struct viewer *viewer, const uint8_t *input)
{
	static const struct {
		uint8_t type;
		bool (*read)(struct viewer *viewer, const uint8_t *input);
		size_t bytes;
	} rows[] = {
		{ RFB_SET_PIXEL_FORMAT, read_ignored, 4 + RFB_PIXEL_FORMAT_BYTES },
		{ RFB_SET_ENCODINGS, read_encodings_head, 4 },
		{ RFB_UPDATE_REQUEST, read_request, 10 },
		{ RFB_KEY_EVENT, read_ignored, 8 },
		{ RFB_POINTER_EVENT, read_ignored, 6 },
		{ RFB_ENABLE_CONTINUOUS_UPDATES, read_continuous, 10 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == input[0])
			return expect(viewer, rows[i].read, rows[i].bytes);
	warnx("a message of type %u", input[0]);
	return false;
}

static bool read_init(struct viewer *viewer, const uint8_t *input)
{
	static const uint8_t format[RFB_PIXEL_FORMAT_BYTES] = { 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0 };
	uint8_t init[4 + RFB_PIXEL_FORMAT_BYTES + 4] = { 0 }; /* no name */

	(void)input;
	write_number(init, viewer->fed->width, 2);
	write_number(init + 2, viewer->fed->height, 2);
	memcpy(init + 4, format, sizeof(format));
	return say(viewer, init, sizeof(init)) && expect(viewer, read_message, 1);
}

static bool read_security(struct viewer *viewer, const uint8_t *input)
{
	const uint8_t result[4] = { RFB_SECURITY_OK };

	return input[0] == RFB_SECURITY_NONE && say(viewer, result, sizeof(result)) && expect(viewer, read_init, 1);
}

static bool read_version(struct viewer *viewer, const uint8_t *input)
{
	static const uint8_t types[] = { 1, RFB_SECURITY_NONE };

	return !memcmp(input, VERSION, RFB_VERSION_BYTES) && say(viewer, types, sizeof(types)) &&
			expect(viewer, read_security, 1);
}

/* Each reader is given its message from the first byte on; the ones that only tell how long it is take none away. */
static bool use_input(struct viewer *viewer)
{
	while (viewer->used >= viewer->next_bytes) {
		bool (*read)(struct viewer *viewer, const uint8_t *input) = viewer->next;
		const size_t bytes = viewer->next_bytes;

		if (!read(viewer, viewer->input))
			return false;
		if (read == read_message || read == read_encodings_head)
			continue;
		viewer->used -= bytes;
		memmove(viewer->input, viewer->input + bytes, viewer->used);
	}
	return true;
}

static bool receive(struct viewer *viewer)
{
	const ssize_t got = recv(viewer->fd, viewer->input + viewer->used, INPUT_BYTES - viewer->used, MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	viewer->used += (size_t)got;
	return got > 0 && use_input(viewer);
}

/* ---- what they are sent */

static bool is_behind(const struct server *server, const struct viewer *viewer)
{
	return viewer->served && viewer->sent < HEAD_BYTES + server->bytes;
}

/* As much as there is room for. */
static bool send_rest(struct server *server, struct viewer *viewer)
{
	while (is_behind(server, viewer)) {
		const size_t of_head = viewer->sent < HEAD_BYTES ? viewer->sent : HEAD_BYTES;
		const size_t of_data = viewer->sent - of_head;
		struct iovec pieces[] = {
			{ server->head + of_head, HEAD_BYTES - of_head },
			{ (void *)(uintptr_t)(server->data + of_data), server->bytes - of_data },
		};
		const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };
		const ssize_t sent = sendmsg(viewer->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		viewer->sent += (size_t)sent;
	}
	return true;
}

static uint64_t thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static void encode(struct server *server, bool keyframe)
{
	const struct fed *fed = &server->fed;
	const struct colour_rgb rgb = {
		fed->pixels, (size_t)fed->width * 4, fed->width, fed->height, DRM_FORMAT_XRGB8888,
	};
	const uint64_t begin_ns = thread_ns();
	uint8_t *head = server->head;
	int r = bare_encoder_encode(server->encoder, &rgb, keyframe, &server->data, &server->bytes);

	if (r < 0)
		errx(1, "%s", strerror(-r));
	*server->spent_ns += thread_ns() - begin_ns;
	memset(head, 0, HEAD_BYTES);
	head[0] = RFB_UPDATE;
	head[3] = 1;
	head += UPDATE_BYTES + 4; /* at 0,0 */
	write_number(head, fed->width, 2);
	write_number(head + 2, fed->height, 2);
	write_number(head + 4, RFB_ENCODING_OPEN_H264, 4);
	write_number(head + 8, (uint32_t)server->bytes, 4);
	write_number(head + 12, keyframe ? RFB_H264_RESET_CONTEXT : 0, 4);
}

/* One for all of them, so it waits for the slowest. */
static void show(struct server *server)
{
	bool anybody = false, joins = false;

	for (unsigned int i = 0; i < server->n_viewers; i++) {
		const struct viewer *viewer = server->viewers[i];

		if (is_behind(server, viewer) || (viewer->joined && !viewer->continuous && !viewer->asks))
			return;
		anybody |= viewer->joined;
		joins |= !viewer->joined && viewer->asks;
	}
	if (!joins && !(anybody && server->changed))
		return;
	server->changed = false;
	encode(server, joins);
	for (unsigned int i = 0; i < server->n_viewers; i++) {
		struct viewer *viewer = server->viewers[i];

		viewer->served = viewer->joined || viewer->asks;
		viewer->joined = viewer->served;
		viewer->asks = false;
		viewer->sent = 0;
	}
}

/* ---- the loop */

static void accept_viewer(struct server *server)
{
	const int on = 1, fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	struct viewer *viewer = calloc(1, sizeof(*viewer));

	if (!viewer)
		err(1, NULL);
	viewer->fd = fd;
	viewer->fed = &server->fed;
	expect(viewer, read_version, RFB_VERSION_BYTES);
	if (fd < 0 || server->n_viewers == VIEWERS_MAX || !say(viewer, VERSION, RFB_VERSION_BYTES) ||
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0) {
		warn("a viewer");
		if (fd >= 0)
			close(fd);
		free(viewer);
		return;
	}
	server->viewers[server->n_viewers++] = viewer;
}

static void drop_viewer(struct server *server, unsigned int index)
{
	close(server->viewers[index]->fd);
	free(server->viewers[index]);
	server->viewers[index] = server->viewers[--server->n_viewers];
}

/* False: the feeder is gone. */
static bool turn(struct server *server)
{
	struct pollfd polled[VIEWERS_MAX + 2];
	const unsigned int n = server->n_viewers;
	pixman_region32_t damage;
	bool fed;

	for (unsigned int i = 0; i < n; i++)
		polled[i] = (struct pollfd){ .fd = server->viewers[i]->fd,
			.events = POLLIN | (is_behind(server, server->viewers[i]) ? POLLOUT : 0) };
	polled[n] = (struct pollfd){ .fd = server->fed.notices, .events = POLLIN };
	polled[n + 1] = (struct pollfd){ .fd = server->listener, .events = POLLIN };
	if (poll(polled, n + 2, -1) < 0 && errno != EINTR)
		err(1, "poll");
	pixman_region32_init(&damage);
	fed = fed_take_notices(&server->fed, &damage) == 0;
	server->changed |= pixman_region32_not_empty(&damage);
	pixman_region32_fini(&damage);
	/* From the last one on: the place of one that goes is taken by one that had its turn. */
	for (unsigned int i = n; i-- > 0;)
		if (polled[i].revents & ~POLLOUT && !receive(server->viewers[i]))
			drop_viewer(server, i);
	show(server);
	for (unsigned int i = server->n_viewers; i-- > 0;)
		if (!send_rest(server, server->viewers[i]))
			drop_viewer(server, i);
	if (polled[n + 1].revents)
		accept_viewer(server);
	return fed;
}

static int listen_on(uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, SOMAXCONN) < 0)
		err(1, "port %u", port);
	return fd;
}

static uint64_t *map_spent(const char *file)
{
	uint64_t *spent_ns;
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", file);
	spent_ns = mmap(NULL, sizeof(*spent_ns), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (spent_ns == MAP_FAILED)
		err(1, "%s", file);
	close(fd);
	return spent_ns;
}

int main(int argc, char **argv)
{
	uint64_t nobody_reads = 0;
	struct server server = { .spent_ns = &nobody_reads };
	const int options = argc > 2 && !strcmp(argv[1], "--spent") ? 2 : 0;
	int r;

	fed_open(argc - options, argv + options, X264_POINTVER, &server.fed);
	if (options)
		server.spent_ns = map_spent(argv[2]);
	r = bare_encoder_new(server.fed.width, server.fed.height, &server.encoder);
	if (r < 0)
		errx(1, "%ux%u: %s", server.fed.width, server.fed.height, strerror(-r));
	server.listener = listen_on(server.fed.port);
	while (turn(&server))
		continue;
	return 0;
}
