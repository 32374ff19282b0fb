// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo's words and its live status lines. */
#include "server/demo_status.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
/* Where nobody redraws lines, one every so many seconds is enough. */
#define PLAIN_INTERVAL 5

static bool drawn; /* the block stands above the cursor */
static unsigned int seconds;

static unsigned int terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

/* The state is the worker's word: a terminal is to show it, not to obey it. */
static void copy_printable(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; *src && n + 1 < size; src++)
		dst[n++] = *src >= ' ' && *src <= '~' ? *src : '?';
	dst[n] = '\0';
}

static void format_line(const struct demo_vm *vm, char *buf, size_t size)
{
	const struct channel_status *status = &vm->status;
	char state[sizeof(status->state)];

	copy_printable(state, sizeof(state), status->state);
	snprintf(buf, size, "%-8s %2u viewer%s  %5.1f fps  %7.2f Mbit/s  damage %5.1f %%  %s",
			vm->name, status->viewers, status->viewers == 1 ? " " : "s",
			status->frames_per_second_x10 / 10.0, (double)status->bits_per_second / 1e6,
			status->damage_permille / 10.0, state);
}

void demo_status_announce(const struct demo_vm *vms, unsigned int page_port, const char *control)
{
	printf("\nTwo VMs are served, each by a process of its own. Look at them with any of:\n");
	for (size_t i = 0; i < DEMO_VMS; i++) {
		printf("\n%s\n"
		       "  vncviewer 127.0.0.1::%u\n"
		       "  spicy -h 127.0.0.1 -p %u\n"
		       "  remote-viewer %s\n",
				vms[i].name, vms[i].vnc_port, vms[i].spice_port, vms[i].viewer_file);
		if (vms[i].has_page)
			printf("  http://127.0.0.1:%u/ in a browser\n", vms[i].web_port);
	}
	if (page_port)
		printf("\nBoth on one page, in a browser, which warns of a certificate that it does not know:\n"
		       "  https://127.0.0.1:%u/\n", page_port);
	printf("\nAsk it what goes on, or for more:\n  planecastctl --socket %s clients\n", control);
	printf("\nCtrl-C ends the demo.\n\n");
	fflush(stdout);
}

void demo_status_show(const struct demo_vm *vms)
{
	bool terminal = isatty(STDOUT_FILENO);
	unsigned int columns = terminal_columns();
	char line[512];

	if (!terminal && seconds++ % PLAIN_INTERVAL)
		return;
	if (terminal && drawn)
		printf("\033[%dA", DEMO_VMS);
	for (size_t i = 0; i < DEMO_VMS; i++) {
		format_line(&vms[i], line, sizeof(line));
		/* A line that wraps would spoil the way back up. */
		if (terminal)
			printf("\r%.*s\033[K\n", (int)columns - 1, line);
		else
			printf("%s\n", line);
	}
	fflush(stdout);
	drawn = true;
}

void demo_status_end(void)
{
	/* Behind the terminal's own "^C". */
	printf("%sdemo: ended\n", isatty(STDOUT_FILENO) ? "\r\033[K" : "");
	fflush(stdout);
}
