// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One mediated device and its guest, for tests that are scripts: mdevctl TYPE
 * makes the device, prints its UUID, and does what each line of standard input
 * says (the table below), answering with one line "ok ..." or "error ...". The
 * device goes when the input ends.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/capture/attach_own.h"
#include "server/capture/card.h"
#include "server/capture/edid.h"
#include "server/capture/vfio_device.h"
#include "server/format.h"
#include "server/frame.h"
#include "tests/lab/support/bochs.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/launcher.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/pointer.h"

#define WORDS_MAX 32
#define LINE_BYTES 512

static struct {
	const char *type;
	struct mdev mdev;
	bool exists;
	struct fake_guest guest; /* pcmdev only */
	bool guest_open;
	struct attach_own own; /* while the launcher has it */
	bool held;
	struct launcher launcher;
	char path[108];
	uint8_t *memory; /* BAR 0, while held */
	size_t memory_bytes;
} t;

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
#define FIELD(name) { #name, offsetof(struct pcmdev_regs, name) }
	FIELD(query_errno), FIELD(query_errno_count), FIELD(get_errno), FIELD(get_errno_count),
	FIELD(mmap_errno), FIELD(region_index), FIELD(reuse_ids), FIELD(same_id), FIELD(buffer_bytes),
	FIELD(edid_max_size), FIELD(revoked), FIELD(queries), FIELD(gets), FIELD(opens), FIELD(buffers), FIELD(exports),
	{ "modifier_high", offsetof(struct pcmdev_regs, plane) + offsetof(struct pcmdev_plane, modifier_high) },
	{ "modifier_low", offsetof(struct pcmdev_regs, plane) + offsetof(struct pcmdev_plane, modifier_low) },
	{ "fourcc", offsetof(struct pcmdev_regs, plane) + offsetof(struct pcmdev_plane, fourcc) },
	{ "width", offsetof(struct pcmdev_regs, plane) + offsetof(struct pcmdev_plane, width) },
	{ "stride", offsetof(struct pcmdev_regs, plane) + offsetof(struct pcmdev_plane, stride) },
	{ "size", offsetof(struct pcmdev_regs, plane) + offsetof(struct pcmdev_plane, size) },
};

static uint32_t number(const char *word)
{
	return (uint32_t)strtoul(word, NULL, 0);
}

static void answer(int r)
{
	if (r < 0)
		printf("error %s\n", strerror(-r));
	else
		printf("ok\n");
}

static struct fake_guest *guest(void)
{
	if (!t.guest_open)
		t.guest = fake_guest_open(&t.mdev);
	t.guest_open = true;
	return &t.guest;
}

static int write_expected(const char *path, const uint8_t *memory, const struct pcmdev_plane *plane)
{
	uint32_t *pixels = draw_expect(memory, plane);
	int r = draw_write_ppm(path, pixels, plane->width, plane->height);

	free(pixels);
	return r;
}

static void do_show(char **words)
{
	struct pcmdev_plane plane = fake_guest_plane(number(words[2]), number(words[3]), 0);
	const struct format *format;

	memcpy(&plane.fourcc, words[1], strnlen(words[1], 4));
	format = format_find(plane.fourcc);
	if (!format || format->refusal) {
		answer(-EINVAL);
		return;
	}
	plane.stride = plane.width * format->bytes_per_pixel + number(words[4]);
	draw_plane(guest()->vram, &plane, number(words[5]));
	fake_guest_show(guest(), PCMDEV_PRIMARY, &plane);
	answer(write_expected(words[6], guest()->vram, &plane));
}

/* Behind the picture. */
#define POINTER_OFFSET (PCMDEV_VRAM_BYTES / 2)

static void do_pointer(char **words)
{
	struct pcmdev_plane plane = fake_guest_plane(number(words[2]), number(words[3]), POINTER_OFFSET);
	const char *path = words[9];
	uint32_t *argb;

	memcpy(&plane.fourcc, words[1], strnlen(words[1], 4));
	plane.x = number(words[4]);
	plane.y = number(words[5]);
	plane.hot_x = number(words[6]);
	plane.hot_y = number(words[7]);
	argb = pointer_draw(guest()->vram + POINTER_OFFSET, &plane, true, number(words[8]));
	fake_guest_show(guest(), PCMDEV_CURSOR, &plane);
	if (words[10]) {
		plane.hot_x = number(words[10]);
		plane.hot_y = number(words[11]);
	}
	answer(pointer_write(path, &plane, argb));
	free(argb);
}

static void do_no_pointer(char **words)
{
	const struct pcmdev_plane off = { 0 };

	(void)words;
	fake_guest_show(guest(), PCMDEV_CURSOR, &off);
	answer(0);
}

static void do_hide(char **words)
{
	(void)words;
	fake_guest_hide(guest());
	answer(0);
}

static const size_t *find_field(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i].offset;
	return NULL;
}

static void do_set(char **words)
{
	const size_t *offset = find_field(words[1]);

	if (offset)
		fake_guest_write(guest(), *offset, number(words[2]));
	answer(offset ? 0 : -EINVAL);
}

static void do_get(char **words)
{
	const size_t *offset = find_field(words[1]);

	if (offset)
		printf("ok %u\n", fake_guest_read(guest(), *offset));
	else
		answer(-EINVAL);
}

static void do_hold(char **words)
{
	char reason[VFIO_REASON_BYTES];
	int r = attach_own_open(t.mdev.uuid, &t.own, reason);

	if (r < 0) {
		printf("error %s\n", reason);
		return;
	}
	t.held = true;
	t.memory = bochs_map_memory(t.own.device_fd, &t.memory_bytes);
	snprintf(t.path, sizeof(t.path), "%s", words[1]);
	launcher_listen(&t.launcher, t.path);
	answer(0);
}

static void do_release(char **words)
{
	(void)words;
	if (t.held) {
		munmap(t.memory, t.memory_bytes);
		launcher_close(&t.launcher);
		attach_own_close(&t.own);
	}
	t.held = false;
	answer(0);
}

static void do_mode(char **words)
{
	struct pcmdev_plane plane = fake_guest_plane(number(words[1]), number(words[2]), 0);

	plane.offset = number(words[3]) * plane.stride;
	if (!t.held || plane.offset + (uint64_t)plane.stride * plane.height > t.memory_bytes) {
		answer(-EINVAL);
		return;
	}
	draw_plane(t.memory + plane.offset, &plane, number(words[4]));
	bochs_set_mode(t.own.device_fd, (uint16_t)plane.width, (uint16_t)plane.height, (uint16_t)number(words[3]));
	answer(write_expected(words[5], t.memory + plane.offset, &plane));
}

static void do_card(char **words)
{
	char reason[LINE_BYTES] = "";
	struct frame *card;
	struct pcmdev_plane plane;
	int r;

	for (char **word = words + 5; *word; word++) {
		strncat(reason, word == words + 5 ? "" : " ", sizeof(reason) - strlen(reason) - 1);
		strncat(reason, *word, sizeof(reason) - strlen(reason) - 1);
	}
	r = card_render(words[1], reason, number(words[2]), number(words[3]), &card);
	if (r < 0) {
		answer(r);
		return;
	}
	plane = fake_guest_plane(card->width, card->height, 0);
	plane.stride = card->planes[0].stride;
	answer(write_expected(words[4], card->data, &plane));
	frame_unref(card);
}

/* As its driver would: mbochs' in BAR 2, where zeroes mean that there is no monitor. */
static int read_monitor(uint8_t *block)
{
	char path[128];
	uint64_t offset, bytes;
	int fd, r;

	if (t.held) {
		r = vfio_device_get_region(t.own.device_fd, 2, &offset, &bytes);
		return r < 0 ? r : vfio_device_read(t.own.device_fd, offset, block, EDID_BYTES);
	}
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/pcmdev/edid", t.mdev.uuid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 || pread(fd, block, EDID_BYTES, 0) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return r;
}

static void do_monitor(char **words)
{
	uint8_t block[EDID_BYTES] = { 0 };
	const uint8_t *mode = block + 54;
	int r = read_monitor(block);

	(void)words;
	if (r < 0)
		answer(r);
	else
		printf("ok %ux%u\n", mode[2] | (mode[4] & 0xf0u) << 4, mode[5] | (mode[7] & 0xf0u) << 4);
}

static void do_create(char **words)
{
	(void)words;
	mdev_create_as(&t.mdev, t.type);
	t.exists = true;
	answer(0);
}

static void do_remove(char **words)
{
	(void)words;
	if (t.guest_open)
		fake_guest_close(&t.guest);
	t.guest_open = false;
	mdev_remove(&t.mdev);
	t.exists = false;
	answer(0);
}

static const struct command {
	const char *name;
	unsigned int arguments; /* at least */
	void (*run)(char **words);
} commands[] = {
	{ "show", 6, do_show }, /* FOURCC WIDTH HEIGHT PADDING SEED PPM: draws; what a viewer has to see goes to PPM */
	/*
	 * FOURCC WIDTH HEIGHT X Y HOT-X HOT-Y SEED FILE [TRUE-HOT-X TRUE-HOT-Y]: draws a pointer; what a viewer has
	 * to see of it goes to FILE, with the true hot spot where the device says another
	 */
	{ "pointer", 9, do_pointer },
	{ "no-pointer", 0, do_no_pointer },
	{ "hide", 0, do_hide },
	{ "set", 2, do_set }, /* FIELD VALUE */
	{ "get", 1, do_get }, /* FIELD */
	{ "hold", 1, do_hold }, /* PATH: as a launcher would; whoever connects is passed the device */
	{ "release", 0, do_release },
	{ "mode", 5, do_mode }, /* WIDTH HEIGHT FIRST-ROW SEED PPM: as show, for a mbochs that is held */
	{ "card", 5, do_card }, /* VM WIDTH HEIGHT PPM REASON...: the status card */
	{ "monitor", 0, do_monitor }, /* the mode that the guest reads of its monitor; 0x0: it has none */
	{ "create", 0, do_create }, /* after remove */
	{ "remove", 0, do_remove }, /* answers when its last user has let go */
};

static void do_line(char *line)
{
	char *words[WORDS_MAX + 1] = { NULL }, *rest = NULL;
	unsigned int n = 0;

	while (n < WORDS_MAX && (words[n] = strtok_r(n ? NULL : line, " \n", &rest)))
		n++;
	for (size_t i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(words[0], commands[i].name) && n > commands[i].arguments) {
			commands[i].run(words);
			return;
		}
	}
	answer(-ENOTSUP);
}

/* Waits for a line while the launcher serves. False: the input has ended. */
static bool wait_line(void)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };

	for (;;) {
		fds[1].fd = t.held ? t.launcher.listener_fd : -1;
		if (poll(fds, 2, -1) < 0)
			return false;
		if (fds[0].revents)
			return true;
		if (t.launcher.connection_fd >= 0)
			launcher_hang_up(&t.launcher);
		launcher_accept(&t.launcher);
		launcher_pass(&t.launcher, t.own.device_fd);
	}
}

int main(int argc, char **argv)
{
	char line[LINE_BYTES];

	if (argc != 2) {
		fprintf(stderr, "usage: mdevctl TYPE\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* So that poll() sees what has not been read. */
	setvbuf(stdin, NULL, _IONBF, 0);
	t.type = argv[1];
	t.mdev = mdev_create(t.type);
	t.exists = true;
	printf("%s\n", t.mdev.uuid);
	while (wait_line() && fgets(line, sizeof(line), stdin))
		do_line(line);
	if (t.held)
		do_release(NULL);
	if (t.exists)
		do_remove(NULL);
	return 0;
}
