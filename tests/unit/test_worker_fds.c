// SPDX-License-Identifier: GPL-2.0-or-later
/* How many descriptors the limits of a VM can take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config/config.h"
#include "server/worker_fds.h"

static int64_t needed(const char *text)
{
	struct config *config;
	int64_t fds;

	assert_int_equal(config_parse("test", text, strlen(text), config_report_stdio, stderr, &config), 0);
	fds = worker_fds_needed(config->vms[0]);
	config_free(config);
	return fds;
}

static void grows_with_the_limits(void **state)
{
#define VM "[vm \"a\"]\nsource = pattern\n"
	const int64_t plain = needed(VM "vnc = 127.0.0.1:0\n");
	const int64_t spice = needed(VM "spice = 127.0.0.1:0\n");

	(void)state;
	/* What systemd and most shells give is enough for what is not configured. */
	assert_true(plain < 1024 && spice < 1024);
	/* With a certificate SPICE viewers may come by a port that VMs share. */
	assert_int_equal(needed(VM "tls-certificate = /c\ntls-key = /k\n"), spice);
	assert_int_equal(needed(VM "vnc = 127.0.0.1:0\nmax-handshakes = 65\n"), plain + 1);
	assert_int_equal(needed(VM "vnc = 127.0.0.1:0\nmax-viewers = 17\n"), plain + 1);
	/* A SPICE viewer has four connections, each with a way to the library of two ends. */
	assert_true(needed(VM "spice = 127.0.0.1:0\nmax-viewers = 17\n") - spice >= 12);
	assert_int_equal(needed(VM "spice = 127.0.0.1:0\nmax-handshakes = 65\n"), spice + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_with_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
