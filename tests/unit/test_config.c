// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration as its users meet it: defaults, overriding, looking up, comparing. */
#include "config/config.h"

#include "config/schema.h"
#include "server/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MS 1000000LL

static struct config *parse(const char *text)
{
	struct config *config = NULL;

	assert_int_equal(config_parse("test.conf", text, strlen(text), config_report_stdio, stderr,
					&config),
			0);
	assert_non_null(config);
	return config;
}

static void gives_each_key_its_default(void **state)
{
	struct config *config = parse("[vm \"a\"]\nsource = pattern\n");
	const struct config_vm *vm = config->vms[0];

	(void)state;
	assert_int_equal(config->server.log_level, LOG_LEVEL_INFO);
	assert_int_equal(config->server.log_format, LOG_FORMAT_TEXT);
	assert_int_equal(config->server.restart_delay_max_ns, 10000 * MS);
	assert_int_equal(config->n_vms, 1);
	assert_string_equal(vm->name, "a");
	assert_int_equal(vm->source.count, 1);
	assert_int_equal(vm->source.value[0], CONFIG_SOURCE_PATTERN);
	assert_null(vm->vfio_device);
	assert_int_equal(vm->vfio_attach, CONFIG_ATTACH_AUTO);
	assert_null(vm->vfio_socket);
	assert_null(vm->memory_file);
	assert_int_equal(vm->memory_size.width, 1920);
	assert_int_equal(vm->memory_size.height, 1080);
	assert_int_equal(vm->memory_offset_bytes, 0);
	assert_int_equal(vm->memory_stride_bytes, 0);
	assert_null(vm->replay_file);
	assert_int_equal(vm->pattern_size.width, 1920);
	assert_int_equal(vm->pattern_size.height, 1080);
	assert_int_equal(vm->pattern_fps, 30);
	assert_string_equal(vm->pattern_scene, "desktop");
	assert_int_equal(vm->max_fps, 60);
	assert_int_equal(vm->idle_interval_ns, 45 * MS);
	assert_string_equal(vm->desktop_name, "a");
	assert_int_equal(vm->vnc.count, 0);
	assert_int_equal(vm->vnc_auth, CONFIG_AUTH_NONE);
	assert_null(vm->vnc_password_file);
	assert_int_equal(vm->video, CONFIG_VIDEO_AUTO);
	assert_string_equal(vm->video_device, "auto");
	assert_false(vm->allow_unauthenticated_remote);
	assert_int_equal(vm->sharing, CONFIG_SHARING_IGNORE);
	assert_false(vm->view_only);
	assert_int_equal(vm->max_viewers, 16);
	assert_int_equal(vm->max_handshakes, 64);
	assert_int_equal(vm->handshake_timeout_ns, 10000 * MS);
	assert_int_equal(vm->stall_timeout_ns, 20000 * MS);
	assert_int_equal(vm->clipboard_max_bytes, 256 * 1024);
	assert_null(vm->qmp);
	assert_string_equal(vm->keymap, "us");
	config_free(config);
}

static const char everything[] =
		"\xef\xbb\xbf; byte-order mark, CRLF and comments\r\n"
		"[server]\r\n"
		"log-level=debug # behind a value\r\n"
		"\tlog-format\t=\tjson ; too\r\n"
		"restart-delay-max = 2m\n"
		"[ vm \"win 11\" ] # the first\n"
		"source = vfio\n"
		"vfio-device = 0000:27:00.4\n"
		"vfio-attach = socket\n"
		"vfio-socket = /run/a;b#c.sock\n"
		"replay-file = \"/var/a \\\"b\\\" \\\\ # c\" # d\n"
		"pattern-size = 640x480\n"
		"pattern-fps = 0\n"
		"video = off\n"
		"video-device = /dev/dri/renderD129\n"
		"pattern-scene = still\n"
		"max-fps = 240\n"
		"idle-interval = 5000us\n"
		"desktop-name = Bob's \"best\"\n"
		"vnc = 127.0.0.1:5901, unix:/run/x.vnc\t[::1]:5901,\n"
		"vnc-auth = vncauth\n"
		"vnc-password-file = \"/etc/with blanks  \"\n"
		"\n"
		"[vm \"b\"]\n"
		"source = replay\n"
		"replay-file = /x\n"
		"sharing = ignore\n"
		"view-only = on\n"
		"video-device = software\n"
		"allow-unauthenticated-remote = true\n"
		"vnc = *:5902\n"
		"clipboard-max = 1m\n"
		"qmp = /run/qmp\n"
		"keymap = de(nodeadkeys)\n"
		"[vm \"c\"]\n"
		"source = memory, pattern\n"
		"memory-file = /dev/shm/picture\n"
		"memory-size = 800x600\n"
		"memory-offset = 3g\n"
		"memory-stride = 4K\n";

static void reads_each_kind_of_value(void **state)
{
	struct config *config = parse(everything);
	const struct config_vm *a = config_find_vm(config, "win 11");
	const struct config_vm *b = config_find_vm(config, "b");
	const struct config_vm *c = config_find_vm(config, "c");

	(void)state;
	assert_int_equal(config->server.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(config->server.log_format, LOG_FORMAT_JSON);
	assert_int_equal(config->server.restart_delay_max_ns, 120000 * MS);
	assert_int_equal(config->n_vms, 3);
	assert_ptr_equal(config->vms[0], a);
	assert_ptr_equal(config->vms[1], b);
	assert_ptr_equal(config->vms[2], c);
	assert_null(config_find_vm(config, "win"));
	assert_int_equal(a->video, CONFIG_VIDEO_OFF);
	assert_string_equal(a->video_device, "/dev/dri/renderD129");
	assert_string_equal(b->video_device, "software");

	assert_int_equal(a->source.count, 1);
	assert_int_equal(a->source.value[0], CONFIG_SOURCE_VFIO);
	assert_string_equal(a->vfio_device, "0000:27:00.4");
	assert_int_equal(a->vfio_attach, CONFIG_ATTACH_SOCKET);
	assert_string_equal(a->vfio_socket, "/run/a;b#c.sock");
	assert_string_equal(a->replay_file, "/var/a \"b\" \\ # c");
	assert_int_equal(a->pattern_size.width, 640);
	assert_int_equal(a->pattern_size.height, 480);
	assert_int_equal(a->pattern_fps, 0);
	assert_string_equal(a->pattern_scene, "still");
	assert_int_equal(a->max_fps, 240);
	assert_int_equal(a->idle_interval_ns, 5 * MS);
	assert_string_equal(a->desktop_name, "Bob's \"best\"");
	assert_int_equal(a->vnc.count, 3);
	assert_string_equal(a->vnc.text[0], "127.0.0.1:5901");
	assert_string_equal(a->vnc.text[1], "unix:/run/x.vnc");
	assert_string_equal(a->vnc.text[2], "[::1]:5901");
	assert_int_equal(a->vnc_auth, CONFIG_AUTH_VNCAUTH);
	assert_string_equal(a->vnc_password_file, "/etc/with blanks  ");

	assert_int_equal(c->source.count, 2);
	assert_int_equal(c->source.value[0], CONFIG_SOURCE_MEMORY);
	assert_int_equal(c->source.value[1], CONFIG_SOURCE_PATTERN);
	assert_true(config_vm_has_source(c, CONFIG_SOURCE_PATTERN));
	assert_false(config_vm_has_source(c, CONFIG_SOURCE_VFIO));
	assert_string_equal(c->memory_file, "/dev/shm/picture");
	assert_int_equal(c->memory_size.width, 800);
	assert_int_equal(c->memory_size.height, 600);
	assert_true(c->memory_offset_bytes == 3LL << 30);
	assert_int_equal(c->memory_stride_bytes, 4096);

	assert_int_equal(b->source.count, 1);
	assert_int_equal(b->source.value[0], CONFIG_SOURCE_REPLAY);
	assert_int_equal(b->sharing, CONFIG_SHARING_IGNORE);
	assert_true(b->view_only);
	assert_true(b->allow_unauthenticated_remote);
	assert_int_equal(b->clipboard_max_bytes, 1 << 20);
	assert_string_equal(b->qmp, "/run/qmp");
	assert_string_equal(b->keymap, "de(nodeadkeys)");
	config_free(config);
}

static void chooses_sources_by_what_is_set(void **state)
{
	struct config *config = parse("[vm \"a\"]\nvfio-device = /x\n"
				      "[vm \"b\"]\nvfio-device = /x\ndbus = unix:path=/b\n"
				      "[vm \"c\"]\ndbus = unix:path=/c\nsource =\n"
				      "[vm \"d\"]\nvfio-device = /x\ndbus = unix:path=/d\nsource = dbus vfio\n");
	static const struct config_words wanted[] = {
		{ 1, { CONFIG_SOURCE_VFIO } },
		{ 2, { CONFIG_SOURCE_VFIO, CONFIG_SOURCE_DBUS } },
		{ 1, { CONFIG_SOURCE_DBUS } },
		{ 2, { CONFIG_SOURCE_DBUS, CONFIG_SOURCE_VFIO } },
	};

	(void)state;
	assert_int_equal(config->n_vms, 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_memory_equal(&config->vms[i]->source, &wanted[i], sizeof(wanted[i]));
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_key_its_default),
		cmocka_unit_test(reads_each_kind_of_value),
		cmocka_unit_test(chooses_sources_by_what_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
