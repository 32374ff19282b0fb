// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo: an embedded configuration on free ports, the usual supervisor, a live status. */
#include "server/demo.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "net/listener.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/control.h"
#include "server/demo_certs.h"
#include "server/demo_files.h"
#include "server/demo_recording.h"
#include "server/demo_status.h"
#include "server/log.h"
#include "server/options.h"
#include "server/supervisor.h"
#include "server/worker.h"

#define VNC_PORT_FIRST 5901
#define WEB_PORT_FIRST 5701
#define SPICE_PORT_FIRST 5931
#define SPICE_TLS_PORT_FIRST 5951
#define PAGE_PORT_FIRST 8443
#define PORTS_LOOKED_AT 1000
/* Where Debian has it. */
#define PAGES_FOLDER "/usr/share/novnc"

struct demo {
	const struct options *options;
	struct event_base *base;
	struct supervisor *supervisor;
	struct demo_vm vms[DEMO_VMS];
	unsigned int page_port; /* for browsers, of all VMs; 0: none */
	bool announced;
	int exit_status;
	char *directory;
	struct demo_recording recording;
	struct demo_certs certs;
	struct event *status_timer;
	struct event *end_timer;
};

/*
 * Placeholders: the demo's directory, certificate and key; the address of the page and the folder of noVNC; four ports
 * and that folder each; the recording.
 */
static const char config_text[] = "[server]\n"
				  "log-level = warn\n"
				  "control-socket = \"%s/" CONTROL_SOCKET_NAME "\"\n"
				  "tls-certificate = \"%s\"\n"
				  "tls-key = \"%s\"\n"
				  "web = %s\n"
				  "web-pages = \"%s\"\n"
				  "[vm \"desktop\"]\n"
				  "source = pattern\n"
				  "pattern-size = 1920x1080\n"
				  "pattern-fps = 30\n"
				  "desktop-name = planecast demo: desktop\n"
				  "vnc = 127.0.0.1:%u\n"
				  "vnc-tls = off\n"
				  "spice = 127.0.0.1:%u\n"
				  "spice-tls = 127.0.0.1:%u\n"
				  "websocket = 127.0.0.1:%u\n"
				  "websocket-pages = \"%s\"\n"
				  "[vm \"replay\"]\n"
				  "source = replay\n"
				  "desktop-name = planecast demo: replay\n"
				  "vnc = 127.0.0.1:%u\n"
				  "vnc-tls = off\n"
				  "spice = 127.0.0.1:%u\n"
				  "spice-tls = 127.0.0.1:%u\n"
				  "websocket = 127.0.0.1:%u\n"
				  "websocket-pages = \"%s\"\n"
				  "replay-file = \"%s\"\n";

/* The next port from *port on that nobody listens on; 0: none. */
static unsigned int find_port(unsigned int from)
{
	for (unsigned int port = from; port < from + PORTS_LOOKED_AT; port++) {
		struct sockaddr_in address = {
			.sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		int fd;

		if (!listener_bind((struct sockaddr *)&address, sizeof(address), &fd)) {
			close(fd);
			return port;
		}
	}
	return 0;
}

static int find_ports(struct demo *demo)
{
	static const struct {
		unsigned int first;
		size_t port; /* offset in struct demo_vm */
	} kinds[] = {
		{ WEB_PORT_FIRST, offsetof(struct demo_vm, web_port) },
		{ VNC_PORT_FIRST, offsetof(struct demo_vm, vnc_port) },
		{ SPICE_PORT_FIRST, offsetof(struct demo_vm, spice_port) },
		{ SPICE_TLS_PORT_FIRST, offsetof(struct demo_vm, spice_tls_port) },
	};
	unsigned int from = 0, *port;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) * DEMO_VMS; i++) {
		port = (unsigned int *)((char *)&demo->vms[i % DEMO_VMS] + kinds[i / DEMO_VMS].port);
		from = from < kinds[i / DEMO_VMS].first ? kinds[i / DEMO_VMS].first : from;
		*port = find_port(from);
		if (!*port) {
			log_error(NULL, "no port from %u on is free on 127.0.0.1", from);
			return -EADDRINUSE;
		}
		from = *port + 1;
	}
	demo->page_port = find_port(PAGE_PORT_FIRST);
	return 0;
}

/* The folder of noVNC; "" where there is none, which is nobody's fault. */
static const char *find_pages(struct demo *demo)
{
	const char *folder = demo->options->demo_pages ? demo->options->demo_pages : PAGES_FOLDER;
	char *page;
	bool found;

	if (asprintf(&page, "%s/vnc.html", folder) < 0)
		return "";
	found = access(page, R_OK) == 0;
	free(page);
	for (size_t i = 0; i < DEMO_VMS; i++)
		demo->vms[i].has_page = found;
	demo->page_port = found ? demo->page_port : 0;
	return found ? folder : "";
}

static int make_config(struct demo *demo, struct config **ret)
{
	const char *pages = find_pages(demo);
	char *text = NULL, page[32] = "";
	int length, r;

	if (demo->page_port)
		snprintf(page, sizeof(page), "127.0.0.1:%u", demo->page_port);
	length = asprintf(&text, config_text, demo->directory, demo->certs.certificate, demo->certs.key, page,
			*pages ? pages : "off",
			demo->vms[0].vnc_port, demo->vms[0].spice_port, demo->vms[0].spice_tls_port,
			demo->vms[0].web_port, pages, demo->vms[1].vnc_port, demo->vms[1].spice_port,
			demo->vms[1].spice_tls_port, demo->vms[1].web_port, pages, demo->recording.path);
	if (length < 0)
		return -ENOMEM;
	r = config_parse("demo", text, length, config_report_stdio, stderr, ret);
	free(text);
	if (r < 0)
		return r;
	if (demo->options->log_level >= 0)
		(*ret)->server.log_level = demo->options->log_level;
	if (demo->options->log_format >= 0)
		(*ret)->server.log_format = demo->options->log_format;
	return 0;
}

static void write_uris_of(const struct demo_vm *vm, FILE *file)
{
	fprintf(file, "vnc://127.0.0.1:%u %s\nspice://127.0.0.1:%u %s\n", vm->vnc_port, vm->name, vm->spice_port,
			vm->name);
	if (vm->has_page)
		fprintf(file, "http://127.0.0.1:%u/ %s\n", vm->web_port, vm->name);
}

/* Whole or not at all: scripts wait for the file and read it at once. */
static int write_uris(const struct demo *demo)
{
	const char *path = demo->options->demo_uris;
	char *temporary = NULL;
	FILE *file;
	int r = 0;

	if (asprintf(&temporary, "%s.%d", path, (int)getpid()) < 0)
		return -ENOMEM;
	file = fopen(temporary, "we");
	if (!file) {
		r = -errno;
	} else {
		for (size_t i = 0; i < DEMO_VMS; i++)
			write_uris_of(&demo->vms[i], file);
		if (demo->page_port)
			fprintf(file, "https://127.0.0.1:%u/ all\n", demo->page_port);
		if (ferror(file) | fclose(file))
			r = -EIO;
		if (!r && rename(temporary, path) < 0)
			r = -errno;
		if (r < 0)
			unlink(temporary);
	}
	free(temporary);
	return r;
}

static struct demo_vm *find_vm(struct demo *demo, const char *name)
{
	for (size_t i = 0; i < DEMO_VMS; i++)
		if (!strcmp(demo->vms[i].name, name))
			return &demo->vms[i];
	return NULL;
}

static void handle_serving(void *user, const char *name)
{
	struct demo *demo = user;
	struct timeval second = { .tv_sec = 1 };
	int r;

	find_vm(demo, name)->serving = true;
	for (size_t i = 0; i < DEMO_VMS; i++)
		if (!demo->vms[i].serving)
			return;
	if (demo->announced)
		return;
	demo->announced = true;
	demo_status_announce(demo->vms, demo->page_port, supervisor_config(demo->supervisor)->server.control_socket);
	demo_status_show(demo->vms);
	event_add(demo->status_timer, &second);
	if (!demo->options->demo_uris)
		return;
	r = write_uris(demo);
	if (r < 0) {
		log_error(NULL, "cannot write %s: %s", demo->options->demo_uris, strerror(-r));
		demo->exit_status = EXIT_FAILURE;
		supervisor_stop(demo->supervisor);
	}
}

static void handle_status(void *user, const char *name, const struct channel_status *status)
{
	find_vm(user, name)->status = *status;
}

static void handle_status_timer(evutil_socket_t fd, short what, void *user)
{
	struct demo *demo = user;

	(void)fd;
	(void)what;
	demo_status_show(demo->vms);
}

static void handle_end_timer(evutil_socket_t fd, short what, void *user)
{
	struct demo *demo = user;

	(void)fd;
	(void)what;
	supervisor_stop(demo->supervisor);
}

static int prepare(struct demo *demo, struct config **ret)
{
	int r;

	r = demo_files_make_directory(&demo->directory);
	if (!r)
		r = demo_recording_get(demo->options->demo_recording, demo->directory,
				clock_wall_ns() / NSEC_PER_SEC, &demo->recording);
	if (!r)
		r = find_ports(demo);
	if (!r)
		r = demo_certs_make(demo->directory, &demo->certs);
	for (size_t i = 0; i < DEMO_VMS && !r; i++)
		r = demo_files_write_viewer(demo->directory, demo->vms[i].name, demo->vms[i].spice_tls_port,
				demo->certs.ca, &demo->vms[i].viewer_file);
	return r < 0 ? r : make_config(demo, ret);
}

/* Whoever interrupts this is obeyed when the files that were made are known, and can be removed. */
static int prepare_uninterrupted(struct demo *demo, struct config **ret)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct config *config = NULL;
	sigset_t mask, before, pending;
	int r;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&mask, signals[i]);
	sigprocmask(SIG_BLOCK, &mask, &before);
	r = prepare(demo, &config);
	sigpending(&pending);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (!sigismember(&pending, signals[i]))
			continue;
		signal(signals[i], SIG_IGN);
		r = r < 0 ? r : -EINTR;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r < 0) {
		config_free(config);
		return r;
	}
	*ret = config;
	return 0;
}

static int start(struct demo *demo)
{
	static const struct supervisor_events events = {
		.serving = handle_serving,
		.status = handle_status,
	};
	struct timeval duration = clock_timeval(demo->options->demo_for_ns);
	struct config *config = NULL;
	int r;

	if (demo->options->demo_uris)
		unlink(demo->options->demo_uris); /* what an earlier run left says nothing of this one */
	r = prepare_uninterrupted(demo, &config);
	if (r < 0)
		return r;
	demo->base = event_base_new();
	if (demo->base) {
		demo->status_timer = event_new(
				demo->base, -1, EV_PERSIST, handle_status_timer, demo);
		demo->end_timer = evtimer_new(demo->base, handle_end_timer, demo);
	}
	r = -ENOMEM;
	if (demo->status_timer && demo->end_timer)
		r = supervisor_new(demo->base, config, &events, demo, &demo->supervisor);
	if (r < 0) {
		config_free(config);
		return r;
	}
	if (demo->options->demo_for_ns)
		event_add(demo->end_timer, &duration);
	return 0;
}

int demo_run(const struct options *options)
{
	struct demo demo = {
		.options = options,
		.vms = {
			{ .name = "desktop", .status.state = "starting" },
			{ .name = "replay", .status.state = "starting" },
		},
	};
	int r;

	worker_raise_fd_limit();
	r = start(&demo);
	if (!r) {
		event_base_dispatch(demo.base);
		demo_status_end();
	}
	supervisor_free(demo.supervisor);
	if (demo.status_timer)
		event_free(demo.status_timer);
	if (demo.end_timer)
		event_free(demo.end_timer);
	if (demo.base)
		event_base_free(demo.base);
	for (size_t i = 0; i < DEMO_VMS; i++)
		demo_files_remove_viewer(demo.vms[i].viewer_file);
	demo_certs_finish(&demo.certs);
	demo_recording_finish(&demo.recording);
	demo_files_remove_directory(demo.directory);
	return r < 0 ? EXIT_FAILURE : demo.exit_status;
}
