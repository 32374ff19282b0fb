// SPDX-License-Identifier: GPL-2.0-or-later
/* What is dumped reads back the same, for every key; where values came from; what a change costs. */
#include "config/config.h"
#include "config/schema.h"
#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS 300
#define VMS 3

/* A generator of our own: the same sequence everywhere, and a failure names its round. */
static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

static char *random_text(char *at, size_t length)
{
	static const char *const letters[] = { "a", "Z", "0", " ", "\t", "#", ";", "\"", "\\", "=", "[",
		"]", ",", "'", "%", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

	while (length > 0) {
		const char *letter = letters[random_below(sizeof(letters) / sizeof(letters[0]))];

		if (strlen(letter) > length)
			continue;
		at = stpcpy(at, letter);
		length -= strlen(letter);
	}
	return at;
}

static int64_t random_between(int64_t least, int64_t most)
{
	uint64_t span = (uint64_t)(most - least);

	switch (random_below(4)) {
	case 0:
		return least;
	case 1:
		return most;
	default:
		return least + (int64_t)random_below(span + 1);
	}
}

static const char *random_word(const struct schema_word *words)
{
	size_t count = 0;

	while (words[count].name)
		count++;
	return words[random_below(count)].name;
}

/* Some value the key takes, as text; vm and the key's number keep addresses apart. */
static void random_value(const struct schema_key *key, unsigned int vm, char *buf)
{
	static const char *const units[] = { [SCHEMA_INTEGER] = "", [SCHEMA_BYTES] = "",
		[SCHEMA_DURATION] = "ns" };
	static const char *const devices[] = { "00112233-4455-6677-8899-aAbBcCdDeEfF",
		"0000:27:00.4", "27:00.7", "/sys/bus/mdev/devices/x" };
	static const char *const networks[] = { "192.0.2.0/24", "2001:db8::1", "localhost,", "unix" };
	static const char *const users[] = { "alice", "alice:view,\tbob", "* alice:control" };
	static const char *const layouts[] = { "us", "de(nodeadkeys)", "a-b_c(D1)" };

	switch (key->type) {
	case SCHEMA_BOOL:
		strcpy(buf, random_below(2) ? "true" : "off");
		break;
	case SCHEMA_INTEGER:
	case SCHEMA_BYTES:
	case SCHEMA_DURATION:
		sprintf(buf, "%" PRId64 "%s", random_between(key->min, key->max), units[key->type]);
		break;
	case SCHEMA_ENUM:
		strcpy(buf, random_word(key->words));
		break;
	case SCHEMA_ENUMS:
		for (const struct schema_word *word = key->words; word->name; word++)
			if (!random_below(5))
				buf += sprintf(buf, random_below(2) ? "%s " : "%s,\t", word->name);
		*buf = '\0';
		break;
	case SCHEMA_TEXT:
		if (key->words)
			strcpy(buf, random_word(key->words));
		else
			random_text(buf, (size_t)random_between(key->min, key->max));
		break;
	case SCHEMA_PATH:
		if (key->words && random_below(2))
			strcpy(buf, random_word(key->words));
		else
			random_text(stpcpy(buf, "/"), (size_t)random_between(key->min, key->max) - 1);
		break;
	case SCHEMA_DEVICE:
		strcpy(buf, devices[random_below(4)]);
		break;
	case SCHEMA_LAYOUT:
		strcpy(buf, layouts[random_below(3)]);
		break;
	case SCHEMA_BUS:
		sprintf(buf, random_below(2) ? "unix:path=/%u/\\ bus" : "unix:abstract=%u", vm);
		break;
	case SCHEMA_USERS:
		strcpy(buf, users[random_below(3)]);
		break;
	case SCHEMA_SIZE:
		sprintf(buf, "%" PRId64 "x%" PRId64, random_between(key->min, key->max),
				random_between(key->height_min, key->height_max));
		break;
	case SCHEMA_ADDRESSES:
		*buf = '\0';
		for (uint64_t i = random_below(CONFIG_ADDRESSES_MAX + 1); i > 0; i--)
			buf += sprintf(buf, random_below(2) ? "127.%u.%u.%u:5900, " : "unix:/%u/%u/%u#;\" ",
					(unsigned int)(key - schema_keys), vm, (unsigned int)i);
		break;
	case SCHEMA_NETWORKS:
		*buf = '\0';
		for (uint64_t i = random_below(CONFIG_ADDRESSES_MAX + 1); i > 0; i--)
			buf += sprintf(buf, "%s ", networks[random_below(4)]);
		break;
	case SCHEMA_ORIGINS:
		*buf = '\0';
		for (uint64_t i = random_below(CONFIG_ADDRESSES_MAX + 1); i > 0; i--)
			buf += sprintf(buf, random_below(2) ? "https://desk%u.example.org " : "http://[::%u]:8080, ",
					(unsigned int)i);
		break;
	case SCHEMA_NAMES:
		*buf = '\0';
		for (uint64_t i = random_below(CONFIG_ADDRESSES_MAX + 1); i > 0; i--)
			buf += sprintf(buf, random_below(2) ? "N%u-%u " : "off.n%u-%u.example.org,", vm,
					(unsigned int)i);
	}
}

static void write_quoted(const char *value, FILE *out)
{
	fputc('"', out);
	for (; *value; value++)
		fprintf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	fprintf(out, "\"\n");
}

static void write_keys(enum schema_section section, unsigned int vm, FILE *out)
{
	char value[8192];

	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		if (schema_keys[i].section != section || random_below(4) == 0)
			continue;
		random_value(&schema_keys[i], vm, value);
		fprintf(out, "%s = ", schema_keys[i].name);
		write_quoted(value, out);
	}
}

static struct config *parse(const char *name, const char *text)
{
	struct config *config = NULL;
	int r = config_parse(name, text, strlen(text), config_report_stdio, stderr, &config);

	if (r < 0)
		fail_msg("%s does not parse:\n%s", name, text);
	return config;
}

static char *dump(const struct config *config, const struct config_vm *vm, bool origins)
{
	size_t bytes;
	char *text;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(config_dump(config, vm, origins, out), 0);
	fclose(out);
	return text;
}

static void assert_equal_keys(enum schema_section section, const void *a, const void *b)
{
	for (size_t i = 0; i < SCHEMA_KEYS; i++)
		if (schema_keys[i].section == section && !value_equal(&schema_keys[i], a, b))
			fail_msg("%s is not equal", schema_keys[i].name);
}

static char *random_config(void)
{
	size_t bytes;
	char *text;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	fprintf(out, "[server]\n");
	write_keys(SCHEMA_SERVER, 0, out);
	for (unsigned int i = 0; i < VMS; i++) {
		fprintf(out, "[vm \"%u #\\ %c\"]\n", i, "a=];"[i]);
		write_keys(SCHEMA_VM, i, out);
	}
	fclose(out);
	return text;
}

static void what_is_dumped_reads_back_the_same(void **state)
{
	unsigned int loaded = 0;

	(void)state;
	random_state = 0x9e3779b97f4a7c15;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct config *config = NULL, *again;
		char *text = random_config(), *dumped;

		/* Some lack a key that another one needs; most do not. */
		if (config_parse("random", text, strlen(text), NULL, NULL, &config) == -EINVAL) {
			free(text);
			continue;
		}
		loaded++;
		dumped = dump(config, NULL, round % 2);
		again = parse("dumped", dumped);
		assert_int_equal(again->n_vms, VMS);
		assert_equal_keys(SCHEMA_SERVER, &config->server, &again->server);
		for (unsigned int i = 0; i < VMS; i++) {
			assert_string_equal(config->vms[i]->name, again->vms[i]->name);
			assert_equal_keys(SCHEMA_VM, config->vms[i], again->vms[i]);
			assert_int_equal(config_vm_compare(config->vms[i], again->vms[i]),
					CONFIG_SAME);
		}
		free(dumped);
		config_free(again);

		dumped = dump(config, config->vms[1], false);
		again = parse("dumped", dumped);
		assert_int_equal(again->n_vms, 1);
		assert_equal_keys(SCHEMA_SERVER, &config->server, &again->server);
		assert_equal_keys(SCHEMA_VM, config->vms[1], again->vms[0]);
		free(dumped);
		config_free(again);
		config_free(config);
		free(text);
	}
	print_message("%u of %u configurations loaded\n", loaded, ROUNDS);
	assert_in_range(loaded, ROUNDS / 10, ROUNDS);
}

static void says_where_each_value_came_from(void **state)
{
	static const char head[] =
			"[server]\n"
			"log-level = debug                               # from a?b.conf:2\n"
			"log-format = text                               # default\n";
	static const char qmp[] = "\nqmp =                                           # default\n";
	struct config *config = parse("a\nb.conf",
			"[server]\nlog-level = debug\n[vm \"x\"]\nsource = pattern\n"
			"desktop-name = \" y\"\n");
	char *text = dump(config, NULL, true);

	(void)state;
	assert_memory_equal(text, head, sizeof(head) - 1);
	assert_non_null(strstr(text, "\n\n[vm \"x\"]\n"
				     "source = pattern                                # from a?b.conf:4\n"));
	assert_non_null(strstr(text, "\ndesktop-name = \" y\"                             "
				     "# from a?b.conf:5\n"));
	assert_non_null(strstr(text, qmp));
	free(text);

	text = dump(config, NULL, false);
	assert_null(strchr(text, '#'));
	free(text);
	config_free(config);
}

static void says_when_the_dump_cannot_be_written(void **state)
{
	struct config *config = parse("t", "");
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(config_dump(config, NULL, true, full), -EIO);
	fclose(full);
	config_free(config);
}

/* Another value than the default for each key of a VM, and what changing it costs. */
static const struct {
	const char *name, *value;
	enum config_change change;
} changes[] = {
	{ "source", "replay", CONFIG_RESTART },
	{ "vfio-device", "/other", CONFIG_RESTART },
	{ "vfio-attach", "socket", CONFIG_RESTART },
	{ "vfio-socket", "/other", CONFIG_RESTART },
	{ "memory-file", "/other", CONFIG_RESTART },
	{ "memory-size", "640x480", CONFIG_RESTART },
	{ "memory-offset", "4K", CONFIG_RESTART },
	{ "memory-stride", "8K", CONFIG_RESTART },
	{ "replay-file", "/other", CONFIG_RESTART },
	{ "pattern-size", "640x480", CONFIG_RESTART },
	{ "pattern-fps", "0", CONFIG_RESTART },
	{ "pattern-scene", "still", CONFIG_RESTART },
	{ "max-fps", "10", CONFIG_LIVE },
	{ "idle-interval", "1s", CONFIG_LIVE },
	{ "tls-certificate", "/other", CONFIG_LIVE },
	{ "tls-key", "/other", CONFIG_LIVE },
	{ "tls-client-ca", "/other", CONFIG_LIVE },
	{ "tls-client-crl", "/other", CONFIG_LIVE },
	{ "desktop-name", "other", CONFIG_LIVE },
	{ "server-names", "other", CONFIG_LIVE },
	{ "vnc", "unix:/other", CONFIG_LIVE },
	{ "websocket", "unix:/other", CONFIG_LIVE },
	{ "websocket-pages", "/other", CONFIG_LIVE },
	{ "websocket-origins", "http://other", CONFIG_LIVE },
	{ "vnc-auth", "vncauth", CONFIG_RESTART },
	{ "vnc-tls", "off", CONFIG_LIVE },
	{ "vnc-password-file", "/other", CONFIG_RESTART },
	{ "spice", "unix:/other", CONFIG_LIVE },
	{ "spice-tls", "unix:/other", CONFIG_LIVE },
	{ "spice-auth", "ticket", CONFIG_RESTART },
	{ "spice-password-file", "/other", CONFIG_LIVE },
	{ "spice-password-lifetime", "1h", CONFIG_LIVE },
	{ "spice-compression", "lz", CONFIG_LIVE },
	{ "video", "off", CONFIG_RESTART },
	{ "video-device", "software", CONFIG_RESTART },
	{ "allow-unauthenticated-remote", "yes", CONFIG_LIVE },
	{ "allow-cleartext", "yes", CONFIG_LIVE },
	{ "sharing", "force-shared", CONFIG_LIVE },
	{ "users-file", "/other", CONFIG_LIVE },
	{ "pam-service", "other", CONFIG_LIVE },
	{ "allow", "other:view", CONFIG_LIVE },
	{ "view-only", "yes", CONFIG_LIVE },
	{ "max-viewers", "1", CONFIG_LIVE },
	{ "max-handshakes", "1", CONFIG_LIVE },
	{ "max-handshakes-per-source", "1", CONFIG_LIVE },
	{ "handshake-drop-from", "1", CONFIG_LIVE },
	{ "handshake-timeout", "1s", CONFIG_LIVE },
	{ "prompt-timeout", "1s", CONFIG_LIVE },
	{ "refusal-delay", "0", CONFIG_LIVE },
	{ "penalty-auth", "1s", CONFIG_LIVE },
	{ "penalty-abort", "2s", CONFIG_LIVE },
	{ "penalty-from", "1s", CONFIG_LIVE },
	{ "penalty-max", "1s", CONFIG_LIVE },
	{ "penalty-sources", "64", CONFIG_LIVE },
	{ "penalty-exempt", "unix", CONFIG_LIVE },
	{ "stall-timeout", "1s", CONFIG_LIVE },
	{ "dead-peer-timeout", "1s", CONFIG_LIVE },
	{ "keepalive-interval", "1s", CONFIG_LIVE },
	{ "pending-output-max", "1M", CONFIG_LIVE },
	{ "input-rate", "10", CONFIG_LIVE },
	{ "spice-viewer-rate", "1", CONFIG_LIVE },
	{ "clipboard-max", "0", CONFIG_LIVE },
	{ "agent-message-max", "2K", CONFIG_LIVE },
	{ "memory-max", "1G", CONFIG_RESTART },
	{ "qmp", "/other", CONFIG_RESTART },
	{ "dbus", "p2p", CONFIG_RESTART },
	{ "keymap", "de", CONFIG_RESTART },
	{ "clipboard", "off", CONFIG_LIVE },
	{ "vdagent", "/other", CONFIG_RESTART },
};

static const struct schema_key *find_vm_key(const char *name)
{
	for (size_t i = 0; i < SCHEMA_KEYS; i++)
		if (schema_keys[i].section == SCHEMA_VM && strcmp(schema_keys[i].name, name) == 0)
			return &schema_keys[i];
	fail_msg("no key %s", name);
	return NULL;
}

static void knows_what_a_change_costs(void **state)
{
	static const char text[] = "[vm \"a\"]\nsource = pattern\n";
	struct config *old = parse("old", text), *new;
	size_t vm_keys = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		new = parse("new", text);
		assert_int_equal(config_vm_compare(old->vms[0], new->vms[0]), CONFIG_SAME);
		assert_int_equal(value_parse(find_vm_key(changes[i].name), new->vms[0], changes[i].value,
						NULL, NULL, NULL),
				0);
		print_message("%s\n", changes[i].name);
		assert_int_equal(config_vm_compare(old->vms[0], new->vms[0]), changes[i].change);
		assert_int_equal(config_vm_compare(new->vms[0], old->vms[0]), changes[i].change);
		config_free(new);
	}
	for (size_t i = 0; i < SCHEMA_KEYS; i++)
		vm_keys += schema_keys[i].section == SCHEMA_VM;
	assert_int_equal(vm_keys, sizeof(changes) / sizeof(changes[0]));

	/* The worst of several; another VM altogether. */
	new = parse("new", "[vm \"a\"]\nsource = pattern\nmax-fps = 1\nkeymap = de\nview-only = yes\n");
	assert_int_equal(config_vm_compare(old->vms[0], new->vms[0]), CONFIG_RESTART);
	config_free(new);
	new = parse("new", "[vm \"b\"]\nsource = pattern\n");
	assert_int_equal(config_vm_compare(old->vms[0], new->vms[0]), CONFIG_RESTART);
	config_free(new);
	new = parse("new", "[vm \"a\"]\nsource = pattern\nvnc = unix:/x\n");
	config_free(old);
	old = parse("old", "[vm \"a\"]\nsource = pattern\nvnc = unix:/y\n");
	assert_int_equal(config_vm_compare(old->vms[0], new->vms[0]), CONFIG_LIVE);
	config_free(new);
	config_free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_dumped_reads_back_the_same),
		cmocka_unit_test(says_where_each_value_came_from),
		cmocka_unit_test(says_when_the_dump_cannot_be_written),
		cmocka_unit_test(knows_what_a_change_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
