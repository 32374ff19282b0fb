// SPDX-License-Identifier: GPL-2.0-or-later
/* Written as a VM's section, and read as one: what is not said is as with VMs. */
#include "server/gateway/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/config.h"
#include "net/gate.h"
#include "server/log.h"

static void write_limits(FILE *out, const struct config_server *server)
{
	fprintf(out, "max-handshakes = %lld\n", (long long)server->shared_max_handshakes);
	fprintf(out, "max-handshakes-per-source = %lld\n", (long long)server->shared_max_handshakes_per_source);
	fprintf(out, "handshake-drop-from = %lld\n", (long long)server->shared_handshake_drop_from);
	if (!server->shared_penalty_exempt.count)
		return;
	fputs("penalty-exempt =", out);
	for (unsigned int i = 0; i < server->shared_penalty_exempt.count; i++)
		fprintf(out, " %s", server->shared_penalty_exempt.text[i]);
	fputc('\n', out);
}

/* server NULL: the defaults. */
static int make_config(bool punishes, const struct config_server *server, struct config **ret)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int r;

	if (!out)
		return -ENOMEM;
	fputs("[vm \"shared\"]\nsource = pattern\n", out);
	if (server)
		write_limits(out, server);
	if (!punishes)
		fputs("penalty-auth = 0\npenalty-abort = 0\npenalty-sources = 64\n", out);
	r = fclose(out) < 0 ? -ENOMEM : config_parse("limits", text, bytes, NULL, NULL, ret);
	free(text);
	return r;
}

int limits_init(struct limits *limits, bool punishes)
{
	uint64_t seed;
	int r;

	*limits = (struct limits){ .punishes = punishes };
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		return -EIO;
	r = make_config(punishes, NULL, &limits->config);
	if (!r)
		r = gate_new(limits->config->vms[0], seed, &limits->gate);
	if (r < 0)
		limits_finish(limits);
	return r;
}

void limits_finish(struct limits *limits)
{
	gate_free(limits->gate);
	limits->gate = NULL;
	config_free(limits->config);
	limits->config = NULL;
}

void limits_reconfigure(struct limits *limits, const struct config_server *server, int64_t now_ns)
{
	struct config *config, *before = limits->config;
	int r = make_config(limits->punishes, server, &config);

	if (r < 0) {
		log_warn(NULL, "limits of shared ports stay as they are: %s", strerror(-r));
		return;
	}
	gate_reconfigure(limits->gate, config->vms[0], now_ns);
	limits->config = config;
	config_free(before);
}
