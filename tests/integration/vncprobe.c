// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A viewer for tests: libvncclient, told what to do line by line on standard
 * input, answering each line with one line of JSON on standard output. Between
 * commands it keeps following the picture. Options and commands are in the
 * tables below; --help prints them. Ends with its input: status 1 if a command
 * failed, 2 if there was no connection.
 */
#include <linux/tcp.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <rfb/rfbclient.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"
#include "tests/integration/support/follow.h"
#include "tests/integration/support/picture.h"
#include "tests/integration/support/viewer.h"

#define WORDS_MAX 4

static struct {
	rfbClient *client;
	bool connected;
	int64_t patience_ns; /* of one command */
	bool failed;
	struct picture remembered;
	int64_t remembered_ns;

	/* Since "reset". */
	uint64_t bytes_before;
	unsigned int updates, copies; /* messages, CopyRect rectangles */
	struct follow follow;
} probe = { .patience_ns = 30 * NSEC_PER_SEC };

/* Ends the line that a command has begun. */
static void answer_end(bool ok)
{
	printf(", \"ok\": %s}\n", ok ? "true" : "false");
	fflush(stdout);
	probe.failed |= !ok;
}

static void answer(bool ok)
{
	printf("{\"width\": %d, \"height\": %d", probe.client->width, probe.client->height);
	answer_end(ok);
}

static uint32_t sample(uint32_t pixel, int shift, uint32_t max)
{
	return (pixel >> shift & max) * 255 / max;
}

/* What the viewer would show now, whatever pixel format it asked for. */
static struct picture take_picture(void)
{
	const rfbPixelFormat *format = &probe.client->format;
	const uint8_t *from = probe.client->frameBuffer;
	size_t bytes = format->bitsPerPixel / 8u;
	struct picture picture;

	if (picture_init(&picture, probe.client->width, probe.client->height) < 0)
		exit(2);
	for (size_t i = 0; i < (size_t)picture.width * (size_t)picture.height; i++, from += bytes) {
		uint32_t pixel = 0;

		memcpy(&pixel, from, bytes);
		picture.pixels[i] = sample(pixel, format->redShift, format->redMax) << 16 |
				sample(pixel, format->greenShift, format->greenMax) << 8 |
				sample(pixel, format->blueShift, format->blueMax);
	}
	return picture;
}

/* Stream bytes as the kernel counted them, so that none is hidden. 0: not TCP. */
static uint64_t bytes_received(void)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(probe.client->sock, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return 0;
	return info.tcpi_bytes_received;
}

static void handle_update(rfbClient *client)
{
	probe.updates++;
	if (client->format.bitsPerPixel == 32)
		follow_picture(&probe.follow, client->frameBuffer, (size_t)client->width * 4,
				(uint32_t)client->width, (uint32_t)client->height);
}

static void handle_copy(rfbClient *client, int from_x, int from_y, int width, int height, int x,
		int y)
{
	size_t bytes = client->format.bitsPerPixel / 8u, stride = (size_t)client->width * bytes;

	probe.copies++;
	for (int i = 0; i < height; i++) {
		/* The last row first where the picture moves down. */
		int row = y > from_y ? height - 1 - i : i;

		memmove(client->frameBuffer + (size_t)(y + row) * stride + (size_t)x * bytes,
				client->frameBuffer + (size_t)(from_y + row) * stride + (size_t)from_x * bytes,
				(size_t)width * bytes);
	}
}

/* One message, if one comes in time. False: the connection is gone. */
static bool serve(int timeout_ms)
{
	struct pollfd poll_client = { .fd = probe.client->sock, .events = POLLIN };

	if (probe.connected && (probe.client->buffered || poll(&poll_client, 1, timeout_ms) > 0))
		probe.connected = HandleRFBServerMessage(probe.client);
	return probe.connected;
}

/* False: the command's patience or the connection ended before it was so. */
static bool wait_until(bool (*is_so)(void *user), void *user)
{
	int64_t deadline_ns = clock_now_ns() + probe.patience_ns;

	while (!is_so(user))
		if (!serve(100) || clock_now_ns() > deadline_ns)
			return false;
	return true;
}

struct comparison {
	struct picture picture;
	double psnr; /* wanted; 0: exactly */
	bool looked;
	unsigned int updates; /* when last looked at */
	struct picture_difference difference;
};

static bool look(struct comparison *comparison)
{
	struct picture now;

	if (comparison->looked && comparison->updates == probe.updates)
		return false;
	comparison->looked = true;
	comparison->updates = probe.updates;
	now = take_picture();
	comparison->difference = picture_compare(&now, &comparison->picture);
	picture_finish(&now);
	return true;
}

static bool is_expected(void *user)
{
	struct comparison *wanted = user;

	return look(wanted) && wanted->difference.same_size &&
			(wanted->psnr > 0 ? wanted->difference.psnr >= wanted->psnr : !wanted->difference.pixels);
}

static bool is_changed(void *user)
{
	struct comparison *old = user;

	return look(old) && (!old->difference.same_size || old->difference.pixels);
}

static bool is_size(void *user)
{
	return probe.client->width == ((int *)user)[0] && probe.client->height == ((int *)user)[1];
}

static bool is_count(void *user)
{
	return probe.updates >= *(unsigned int *)user;
}

static bool is_closed(void *user)
{
	(void)user;
	return !probe.connected;
}

static void answer_difference(bool ok, const struct picture_difference *difference)
{
	printf("{\"same_size\": %s, \"pixels\": %zu, \"x\": %d, \"y\": %d, \"psnr\": %.2f",
			difference->same_size ? "true" : "false", difference->pixels, difference->x,
			difference->y, fmin(difference->psnr, 999));
	answer_end(ok);
}

static void do_save(char **words)
{
	struct picture picture = take_picture();

	answer(picture_write(words[1], &picture) == 0);
	picture_finish(&picture);
}

static void do_expect(char **words)
{
	struct comparison wanted = { .psnr = words[2] ? atof(words[2]) : 0 };
	bool ok = picture_read(words[1], &wanted.picture) == 0 && wait_until(is_expected, &wanted);

	answer_difference(ok, &wanted.difference);
	picture_finish(&wanted.picture);
}

static void do_remember(char **words)
{
	(void)words;
	picture_finish(&probe.remembered);
	probe.remembered = take_picture();
	probe.remembered_ns = clock_now_ns();
	answer(true);
}

static void do_changed(char **words)
{
	struct comparison old = { .picture = probe.remembered };
	bool ok = wait_until(is_changed, &old);

	(void)words;
	printf("{\"pixels\": %zu, \"ms\": %.2f", old.difference.pixels,
			(double)(clock_now_ns() - probe.remembered_ns) / NSEC_PER_MSEC);
	answer_end(ok);
}

static void do_size(char **words)
{
	int size[2] = { atoi(words[1]), atoi(words[2]) };

	if (!strcmp(words[0], "resize"))
		SendExtDesktopSize(probe.client, (uint16_t)size[0], (uint16_t)size[1]);
	answer(wait_until(is_size, size));
}

static void do_key(char **words)
{
	uint32_t keysym = (uint32_t)strtoul(words[1], NULL, 0);

	answer(SendKeyEvent(probe.client, keysym, !strcmp(words[2], "down")));
}

static void do_pointer(char **words)
{
	answer(SendPointerEvent(probe.client, atoi(words[1]), atoi(words[2]), atoi(words[3])));
}

static void do_request(char **words)
{
	(void)words;
	answer(SendFramebufferUpdateRequest(probe.client, 0, 0, probe.client->width,
			       probe.client->height, FALSE));
}

static void do_updates(char **words)
{
	unsigned int count = (unsigned int)atoi(words[1]);

	answer(wait_until(is_count, &count));
}

static void do_closed(char **words)
{
	(void)words;
	answer(wait_until(is_closed, NULL));
}

static void do_reset(char **words)
{
	(void)words;
	probe.bytes_before = bytes_received();
	probe.updates = probe.copies = 0;
	follow_reset(&probe.follow);
	answer(probe.connected);
}

static void do_stats(char **words)
{
	(void)words;
	printf("{\"width\": %d, \"height\": %d, \"bytes\": %llu, \"updates\": %u, \"copies\": %u",
			probe.client->width, probe.client->height,
			(unsigned long long)(bytes_received() - probe.bytes_before), probe.updates, probe.copies);
	follow_print(&probe.follow);
	answer_end(probe.connected);
}

static const struct command {
	const char *name;
	unsigned int arguments; /* at least */
	void (*run)(char **words); /* words[0] is the name; NULL behind the last */
	const char *usage, *help;
} commands[] = {
	{ "save", 1, do_save, "FILE", "write the picture as PPM" },
	{ "expect", 1, do_expect, "FILE [DB]", "wait until the picture is the file's: exactly, or PSNR >= DB" },
	{ "remember", 0, do_remember, "", "keep this picture for changed" },
	{ "changed", 0, do_changed, "", "wait until the picture is another than remembered" },
	{ "size", 2, do_size, "WIDTH HEIGHT", "wait until the picture has this size" },
	{ "resize", 2, do_size, "WIDTH HEIGHT", "ask for this size and wait for it" },
	{ "key", 2, do_key, "KEYSYM down|up", "" },
	{ "pointer", 3, do_pointer, "X Y BUTTONS", "" },
	{ "request", 0, do_request, "", "ask for the whole picture again" },
	{ "updates", 1, do_updates, "COUNT", "wait until that many came since reset" },
	{ "closed", 0, do_closed, "", "wait until the server hangs up" },
	{ "reset", 0, do_reset, "", "begin new statistics" },
	{ "stats", 0, do_stats, "", "bytes, updates, ages of the mark, longest time without a new one" },
};

static void do_line(char *line)
{
	char *words[WORDS_MAX + 1] = { NULL }, *rest = NULL;
	unsigned int n = 0;

	while (n < WORDS_MAX && (words[n] = strtok_r(n ? NULL : line, " ", &rest)))
		n++;
	for (size_t i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(words[0], commands[i].name) && n > commands[i].arguments) {
			commands[i].run(words);
			return;
		}
	}
	fprintf(stderr, "vncprobe: no such command: %s\n", words[0] ? words[0] : "");
	answer(false);
}

/* Commands that are whole in the buffer; keeps the rest. */
static size_t do_lines(char *buffer, size_t used)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', used - (size_t)(line - buffer)))) {
		*end = '\0';
		do_line(line);
		line = end + 1;
	}
	used -= (size_t)(line - buffer);
	memmove(buffer, line, used);
	return used;
}

static void follow_commands(void)
{
	struct pollfd polled[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	char buffer[4096];
	size_t used = 0;
	ssize_t got;

	for (;;) {
		polled[1].fd = probe.connected ? (int)probe.client->sock : -1;
		poll(polled, 2, probe.connected && probe.client->buffered ? 0 : -1);
		if (polled[0].revents) {
			got = read(STDIN_FILENO, buffer + used, sizeof(buffer) - used);
			if (got <= 0)
				return;
			used = do_lines(buffer, used + (size_t)got);
		}
		serve(0);
	}
}

static int print_usage(void)
{
	fputs("usage: vncprobe [OPTION...] HOST:PORT|UNIX-SOCKET <COMMANDS\n", stderr);
	viewer_print_options(stderr);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "  %-9s%-16s%s\n", commands[i].name, commands[i].usage,
				commands[i].help);
	return 2;
}

int main(int argc, char **argv)
{
	rfbClient *client = viewer_new(argc, argv, &probe.patience_ns);

	if (!client)
		return print_usage();
	signal(SIGPIPE, SIG_IGN);
	client->GotCopyRect = handle_copy;
	client->FinishedFrameBufferUpdate = handle_update;
	probe.client = client;
	follow_reset(&probe.follow);
	if (!rfbInitClient(client, NULL, NULL)) /* frees the client when it fails */
		return 2;
	probe.connected = true;
	answer(true);
	follow_commands();
	free(client->frameBuffer);
	rfbClientCleanup(client);
	picture_finish(&probe.remembered);
	return probe.failed;
}
