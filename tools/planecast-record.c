// SPDX-License-Identifier: GPL-2.0-or-later
/* Records what a source shows into a file that the replay source plays. */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "server/capture/capture.h"
#include "server/clock.h"
#include "server/damage.h"
#include "server/frame.h"
#include "server/framefile.h"
#include "server/log.h"
#include "server/update.h"

#define SECONDS_MAX 86400.0
#define PROGRESS_NS (100 * NSEC_PER_MSEC)
#define VM_NAME "recorded"

enum { EXIT_RECORDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIG = 78 };

struct recorder {
	const char *path;
	int64_t length_ns;
	struct event_base *base;
	struct capture *capture;
	struct damage *damage;
	struct framefile_writer *writer;
	int64_t opened_ns, start_ns; /* start: of the first picture; 0: none yet */
	int64_t last_ns; /* of the last picture, since start_ns */
	unsigned int pictures;
	uint32_t width, height;
	bool progress; /* stderr is a terminal */
	int64_t end_ns; /* when it ended, at the latest start_ns + length_ns */
	int result;
	char reason[CAPTURE_REASON_BYTES]; /* why there is no picture */
};

static void usage(FILE *out)
{
	fputs("usage: planecast-record [--config FILE --vm NAME | --source SOURCE]\n"
	      "                        [--set KEY=VALUE]... --seconds N -o FILE\n"
	      "\n"
	      "Records what a VM's source shows into FILE, for \"source = replay\".\n"
	      "\n"
	      "  -c, --config FILE     take the VM from this configuration\n"
	      "      --vm NAME         which of its VMs\n"
	      "      --source SOURCE   record pattern, vfio, memory or replay instead; the default is pattern\n"
	      "      --set KEY=VALUE   a key of that VM, such as pattern-scene=video\n"
	      "  -s, --seconds N       how long, from the first picture on\n"
	      "  -o, --output FILE     where to; an existing file is replaced\n"
	      "  -h, --help            this text\n"
	      "  -V, --version         the version\n",
			out);
}

static void complain_about_file(struct recorder *recorder, int error)
{
	fprintf(stderr, "%splanecast-record: %s: %s\n", recorder->progress ? "\r\033[K" : "", recorder->path,
			strerror(-error));
	if (recorder->pictures)
		fprintf(stderr, "planecast-record: the file ends after %u whole pictures and can be played\n",
				recorder->pictures);
	recorder->result = EXIT_FAILED;
	event_base_loopbreak(recorder->base);
}

static void handle_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	struct recorder *recorder = user;
	int64_t now_ns = clock_now_ns();
	struct update update;
	int r = damage_run(recorder->damage, frame, hint, &update);

	if (r < 0) {
		fprintf(stderr, "planecast-record: the picture cannot be read: %s\n", strerror(-r));
		recorder->result = EXIT_FAILED;
		event_base_loopbreak(recorder->base);
	}
	if (r <= 0)
		return;
	if (!recorder->start_ns)
		recorder->start_ns = now_ns;
	/* What scrolled is stored like everything else that changed. */
	pixman_region32_union(&update.damage, &update.damage, &update.copy_region);
	recorder->last_ns = now_ns - recorder->start_ns;
	r = framefile_write(recorder->writer, recorder->last_ns, update.frame, &update.damage);
	if (r < 0)
		complain_about_file(recorder, r);
	else
		recorder->pictures++;
	recorder->width = frame->width;
	recorder->height = frame->height;
	update_finish(&update);
}

static void handle_off(void *user, const char *reason)
{
	struct recorder *recorder = user;

	if (recorder->pictures)
		fprintf(stderr, "%splanecast-record: no picture: %s\n", recorder->progress ? "\r\033[K" : "",
				reason);
	snprintf(recorder->reason, sizeof(recorder->reason), "%s", reason);
}

static const struct capture_events capture_events = { .frame = handle_frame, .off = handle_off };

static void handle_progress(evutil_socket_t fd, short what, void *user)
{
	struct recorder *recorder = user;
	int64_t now_ns = clock_now_ns();
	int64_t since_ns = recorder->start_ns ? recorder->start_ns : recorder->opened_ns;

	(void)fd;
	(void)what;
	if (now_ns - since_ns >= recorder->length_ns)
		event_base_loopbreak(recorder->base);
	if (!recorder->progress)
		return;
	if (recorder->start_ns)
		fprintf(stderr, "\r\033[K%.1f of %.1f s, %u pictures, %.1f MiB",
				(double)(now_ns - recorder->start_ns) / NSEC_PER_SEC,
				(double)recorder->length_ns / NSEC_PER_SEC, recorder->pictures,
				(double)framefile_bytes(recorder->writer) / (1 << 20));
	else
		fprintf(stderr, "\r\033[Kwaiting for a picture: %s", recorder->reason);
}

static void handle_signal(evutil_socket_t fd, short what, void *user)
{
	struct recorder *recorder = user;

	(void)fd;
	(void)what;
	event_base_loopbreak(recorder->base);
}

static int run(struct recorder *recorder, const struct config_vm *vm)
{
	int64_t interval_ns = NSEC_PER_SEC / vm->max_fps;
	struct timeval tick = clock_timeval(recorder->length_ns < PROGRESS_NS ? recorder->length_ns : PROGRESS_NS);
	struct event *progress, *interrupt, *terminate;
	int r = -ENOMEM;

	progress = event_new(recorder->base, -1, EV_PERSIST, handle_progress, recorder);
	interrupt = evsignal_new(recorder->base, SIGINT, handle_signal, recorder);
	terminate = evsignal_new(recorder->base, SIGTERM, handle_signal, recorder);
	if (!progress || !interrupt || !terminate)
		goto out;
	event_add(progress, &tick);
	event_add(interrupt, NULL);
	event_add(terminate, NULL);
	recorder->opened_ns = clock_now_ns();
	r = capture_open(recorder->base, vm, &capture_events, recorder, &recorder->capture);
	if (r < 0)
		goto out;
	capture_set_interval(recorder->capture, interval_ns);
	event_base_dispatch(recorder->base);
	recorder->end_ns = clock_now_ns();
	if (recorder->end_ns > recorder->start_ns + recorder->length_ns)
		recorder->end_ns = recorder->start_ns + recorder->length_ns;
out:
	if (progress)
		event_free(progress);
	if (interrupt)
		event_free(interrupt);
	if (terminate)
		event_free(terminate);
	return r;
}

/* Says in the file how long the last picture stood. */
static void finish_file(struct recorder *recorder)
{
	struct frame *shadow = damage_shadow(recorder->damage);
	int64_t length_ns = recorder->end_ns - recorder->start_ns;
	int r = 0, closed;

	/* A picture may have come after the end was due and before it was noticed. */
	if (length_ns < recorder->last_ns)
		length_ns = recorder->last_ns;
	if (recorder->result == EXIT_RECORDED && shadow && recorder->pictures)
		r = framefile_write(recorder->writer, length_ns, shadow, NULL);
	closed = framefile_close(recorder->writer);
	recorder->writer = NULL;
	if (recorder->result == EXIT_RECORDED && (r < 0 || closed < 0))
		complain_about_file(recorder, r < 0 ? r : closed);
}

/* Nothing that is not an ordinary file, should -o have named a device. */
static void remove_empty(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
}

static int record(struct recorder *recorder, const struct config_vm *vm)
{
	uint64_t bytes;
	int r;

	recorder->progress = isatty(STDERR_FILENO);
	recorder->base = event_base_new();
	if (!recorder->base || damage_new(2, &recorder->damage) < 0) {
		fputs("planecast-record: no memory\n", stderr);
		return EXIT_FAILED;
	}
	r = framefile_create(recorder->path, &recorder->writer);
	if (r < 0) {
		complain_about_file(recorder, r);
		return EXIT_FAILED;
	}
	r = run(recorder, vm);
	bytes = framefile_bytes(recorder->writer);
	finish_file(recorder);
	if (recorder->progress)
		fputs("\r\033[K", stderr);
	if (r < 0)
		fprintf(stderr, "planecast-record: the source cannot be opened: %s\n", strerror(-r));
	else if (!recorder->pictures && recorder->result == EXIT_RECORDED)
		fprintf(stderr, "planecast-record: there was no picture: %s\n", recorder->reason);
	if (!recorder->pictures) {
		remove_empty(recorder->path);
		return EXIT_FAILED;
	}
	if (recorder->result == EXIT_RECORDED)
		printf("%s: %u pictures of %ux%u in %.1f s, %.1f MiB\n", recorder->path, recorder->pictures,
				recorder->width, recorder->height,
				(double)(recorder->end_ns - recorder->start_ns) / NSEC_PER_SEC,
				(double)bytes / (1 << 20));
	return recorder->result;
}

/* A configuration of one VM out of --source and --set, so that there is one parser and one set of defaults. */
static int parse_keys(const char *source, char **keys, int n_keys, struct config **ret)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int r;

	if (!out)
		return -ENOMEM;
	fprintf(out, "[vm \"" VM_NAME "\"]\nsource = %s\n", source);
	for (int i = 0; i < n_keys; i++)
		fprintf(out, "%s\n", keys[i]);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	r = config_parse("command line", text, bytes, config_report_stdio, stderr, ret);
	free(text);
	return r;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "vm", required_argument, NULL, 'v' },
		{ "source", required_argument, NULL, 'S' },
		{ "set", required_argument, NULL, 'k' },
		{ "seconds", required_argument, NULL, 's' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *config_path = NULL, *vm_name = NULL, *source = NULL, *seconds_text = NULL;
	struct recorder recorder = { 0 };
	struct config *config = NULL;
	const struct config_vm *vm;
	char **keys = calloc((size_t)argc, sizeof(*keys)), *end = NULL;
	int n_keys = 0, option, result = EXIT_USAGE;
	double seconds;

	if (!keys)
		return EXIT_FAILED;
	while ((option = getopt_long(argc, argv, "c:s:o:hV", options, NULL)) != -1) {
		switch (option) {
		case 'c': config_path = optarg; break;
		case 'v': vm_name = optarg; break;
		case 'S': source = optarg; break;
		case 'k': keys[n_keys++] = optarg; break;
		case 's': seconds_text = optarg; break;
		case 'o': recorder.path = optarg; break;
		case 'h': usage(stdout); result = 0; goto out;
		case 'V': puts("planecast-record " PLANECAST_VERSION); result = 0; goto out;
		default: usage(stderr); goto out;
		}
	}
	if (optind < argc || !recorder.path || !seconds_text || !config_path != !vm_name ||
			(config_path && (source || n_keys))) {
		usage(stderr);
		goto out;
	}
	seconds = strtod(seconds_text, &end);
	/* Written so that "nan" fails too. */
	if (end == seconds_text || *end || !(seconds >= 0.1 && seconds <= SECONDS_MAX)) {
		fprintf(stderr, "planecast-record: --seconds %s: expected 0.1 to %.0f\n", seconds_text, SECONDS_MAX);
		goto out;
	}
	recorder.length_ns = (int64_t)(seconds * NSEC_PER_SEC);
	log_set_level(LOG_LEVEL_WARN);
	/* A file that may grow no further is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	result = EXIT_CONFIG;
	if (config_path ? config_load(config_path, config_report_stdio, stderr, &config) < 0 :
			  parse_keys(source ? source : "pattern", keys, n_keys, &config) < 0)
		goto out;
	vm = config_find_vm(config, vm_name ? vm_name : VM_NAME);
	if (!vm) {
		fprintf(stderr, "planecast-record: %s has no [vm \"%s\"]\n", config_path, vm_name);
		goto out;
	}
	result = record(&recorder, vm);
	capture_close(recorder.capture);
	damage_free(recorder.damage);
	if (recorder.base)
		event_base_free(recorder.base);
out:
	config_free(config);
	free(keys);
	return result;
}
