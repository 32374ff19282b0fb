// SPDX-License-Identifier: GPL-2.0-or-later
/* planecastd: from the command line to the supervisor, a worker, or an answer. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/suggest.h"
#include "encoders/va_path.h"
#include "net/login_helper.h"
#include "net/stream_memory.h"
#include "net/tls_config.h"
#include "server/broker/broker.h"
#include "server/demo.h"
#include "server/gateway/gateway.h"
#include "server/hash_password.h"
#include "server/log.h"
#include "server/make_certs.h"
#include "server/options.h"
#include "server/privileges.h"
#include "server/probe.h"
#include "server/supervisor.h"
#include "server/supervisor_spawn.h"
#include "server/worker.h"

/* The place of the happening is the configuration's line: so each problem is one the log limits apart. */
static void report_to_log(void *user, const struct config_problem *problem)
{
	(void)user;
	if (problem->line)
		log_write(LOG_LEVEL_ERROR, problem->file, (int)problem->line, NULL, "%s:%u:%u: %s",
				problem->file, problem->line, problem->column, problem->message);
	else
		log_write(LOG_LEVEL_ERROR, problem->file, 0, NULL, "%s: %s", problem->file,
				problem->message);
}

/* What is given on the command line goes before what the file says. */
static int load_reporting(const struct options *options, config_report_fn report, void *report_user,
		struct config **ret)
{
	const struct {
		int given; /* -1: not */
		size_t offset;
	} overrides[] = {
		{ options->log_level, offsetof(struct config_server, log_level) },
		{ options->log_format, offsetof(struct config_server, log_format) },
	};
	int r = config_load(options->config_path, report, report_user, ret);

	if (r >= 0) {
		r = tls_check_config(*ret, report, report_user);
		if (r < 0)
			config_free(*ret);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(overrides) / sizeof(overrides[0]); i++)
		if (overrides[i].given >= 0)
			config_override_server(*ret, overrides[i].offset, overrides[i].given);
	return 0;
}

/* Who is told of a problem beside the log. */
struct listener {
	config_report_fn report; /* NULL: nobody */
	void *user;
};

static void report_to_both(void *user, const struct config_problem *problem)
{
	const struct listener *listener = user;

	report_to_log(NULL, problem);
	if (listener->report)
		listener->report(listener->user, problem);
}

static int load_again(void *user, config_report_fn report, void *report_user, struct config **ret)
{
	struct listener listener = { report, report_user };

	return load_reporting(user, report_to_both, &listener, ret);
}

static int load(void *user, struct config **ret)
{
	return load_again(user, NULL, NULL, ret);
}

static int exit_status_of_load(int r)
{
	return r == -EINVAL ? OPTIONS_EXIT_CONFIG : EXIT_FAILURE;
}

static int run_supervisor(const struct options *options)
{
	static const struct supervisor_events events = { .load = load_again };
	struct supervisor *supervisor = NULL;
	struct event_base *base = NULL;
	struct config *config = NULL;
	int r;

	r = load((void *)options, &config);
	if (r < 0) {
		log_error(NULL, "planecastd does not start with this configuration");
		return exit_status_of_load(r);
	}
	worker_raise_fd_limit();
	privileges_put_away();
	base = event_base_new();
	r = base ? supervisor_new(base, config, &events, (void *)options, &supervisor) : -ENOMEM;
	if (r < 0) {
		log_error(NULL, "cannot supervise: %s", strerror(-r));
		config_free(config);
	} else {
		event_base_dispatch(base);
		supervisor_free(supervisor);
	}
	if (base)
		event_base_free(base);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int complain_vm(const struct options *options, const struct config *config)
{
	struct suggest suggest;

	suggest_init(&suggest, options->vm);
	for (unsigned int i = 0; i < config->n_vms; i++)
		suggest_offer(&suggest, config->vms[i]->name);
	fprintf(stderr, "planecastd: no VM '%s' in %s", options->vm, options->config_path);
	if (suggest.best)
		fprintf(stderr, "; did you mean '%s'?", suggest.best);
	fputc('\n', stderr);
	return OPTIONS_EXIT_USAGE;
}

static int run_alone(const struct options *options)
{
	struct config *config = NULL;
	int r = load((void *)options, &config);

	if (r < 0)
		return exit_status_of_load(r);
	if (!config_find_vm(config, options->vm)) {
		r = complain_vm(options, config);
		config_free(config);
		return r;
	}
	return worker_run_alone(config, options->vm, load, (void *)options);
}

/* False: nobody of ours started us. */
static bool has_channel(const char *option)
{
	if (fcntl(SUPERVISOR_CHANNEL_FD, F_SETFD, FD_CLOEXEC) == 0)
		return true;
	fprintf(stderr, "planecastd: %s is for planecastd itself; use --vm NAME\n", option);
	return false;
}

static int run_gateway(const struct options *options)
{
	(void)options;
	return has_channel("--gateway") ? gateway_run(SUPERVISOR_CHANNEL_FD) : OPTIONS_EXIT_USAGE;
}

/* Ends at once: nothing of the way of all others is allowed to it any more. */
static int run_broker(const struct options *options)
{
	(void)options;
	if (!has_channel("--broker"))
		return OPTIONS_EXIT_USAGE;
	_exit(broker_run(SUPERVISOR_CHANNEL_FD));
}

static int run_worker(const struct options *options)
{
	if (!has_channel("--worker"))
		return OPTIONS_EXIT_USAGE;
	return worker_run_supervised(options->vm, SUPERVISOR_CHANNEL_FD);
}

static int check_config(const struct options *options)
{
	struct config *config = NULL;
	int r = load_reporting(options, config_report_stdio, stderr, &config);

	if (r < 0)
		return exit_status_of_load(r);
	if (options->vm && !config_find_vm(config, options->vm)) {
		complain_vm(options, config);
		r = OPTIONS_EXIT_CONFIG;
	} else {
		printf("OK: %u VMs\n", config->n_vms);
		r = EXIT_SUCCESS;
	}
	config_free(config);
	return r;
}

static int dump_config(const struct options *options)
{
	const struct config_vm *vm = NULL;
	struct config *config = NULL;
	int r = load_reporting(options, config_report_stdio, stderr, &config);

	if (r < 0)
		return exit_status_of_load(r);
	if (options->vm)
		vm = config_find_vm(config, options->vm);
	if (options->vm && !vm)
		r = complain_vm(options, config);
	else
		r = config_dump(config, vm, true, stdout) < 0 || fflush(stdout) ? EXIT_FAILURE
										: EXIT_SUCCESS;
	config_free(config);
	return r;
}

/* Nothing of it is for the way of all others: it has a password in its memory. */
static int check_login(const struct options *options)
{
	(void)options;
	_exit(login_helper_run(STDIN_FILENO));
}

static int print_help(const struct options *options)
{
	(void)options;
	options_print_help(stdout);
	return EXIT_SUCCESS;
}

static int print_version(const struct options *options)
{
	(void)options;
	options_print_version(stdout);
	return EXIT_SUCCESS;
}

/* Whoever starts us may have closed them; a socket must never become fd 2. */
static void open_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	static int (*const modes[])(const struct options *options) = {
		[OPTIONS_SUPERVISE] = run_supervisor,
		[OPTIONS_ALONE] = run_alone,
		[OPTIONS_CHECK_CONFIG] = check_config,
		[OPTIONS_DUMP_CONFIG] = dump_config,
		[OPTIONS_DEMO] = demo_run,
		[OPTIONS_PROBE_ENCODERS] = probe_run_all,
		[OPTIONS_PROBE_ENCODER] = probe_run_one,
		[OPTIONS_HASH_PASSWORD] = hash_password,
		[OPTIONS_CHECK_LOGIN] = check_login,
		[OPTIONS_MAKE_CERTS] = make_certs_run,
		[OPTIONS_WORKER] = run_worker,
		[OPTIONS_GATEWAY] = run_gateway,
		[OPTIONS_BROKER] = run_broker,
		[OPTIONS_VERSION] = print_version,
		[OPTIONS_HELP] = print_help,
	};
	struct options options;

	open_standard_fds();
	stream_memory_install();
	va_path_init();
	if (options_parse(argc, argv, &options) < 0)
		return OPTIONS_EXIT_USAGE;
	if (options.log_level >= 0)
		log_set_level(options.log_level);
	if (options.log_format >= 0)
		log_set_format(options.log_format);
	return modes[options.mode](&options);
}
