// SPDX-License-Identifier: GPL-2.0-or-later
/* Everything that can be wrong in a configuration: where it is said to be, and in which words. */
#include "config/config.h"
#include "config/ini.h"
#include "config/problem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATTERN "[vm \"a\"]\nsource = pattern\n"
#define SHARED "[server]\ntls-certificate = /c\ntls-key = /k\nweb = [::1]:1 [::1]:2\n"
#define TEN "1234567890"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* Each as config_report_stdio() prints it, all of them in order. */
static const struct {
	const char *text, *problems;
} cases[] = {
	/* Lines that are none. */
	{ "[server]\nlog-level\n", "t:2:1: expected \"key = value\" or a [section]\n" },
	{ "[server]\n  = debug\n", "t:2:3: expected \"key = value\" or a [section]\n" },
	{ "[server]\nlog-level = \"debug\n", "t:2:13: the quote is not closed\n" },
	{ "[server]\nlog-level = \"debug\\\"\n", "t:2:13: the quote is not closed\n" },
	{ "[server]\nlog-level = \"debug\" json\n",
			"t:2:21: expected nothing but a comment behind the closing quote\n" },
	{ "[server]\nlog-level = \"de\\bug\"\n",
			"t:2:16: in quotes a backslash stands before '\"' or another backslash only\n" },
	{ "[server]\nlog-level = de\x01"
	  "bug\n",
			"t:2:15: a control character; expected text\n" },
	{ "[server]\nlog-level = debug\r \n", "t:2:18: a control character; expected text\n" },
	{ "[server]\nlog-level = \xc2\x85\n", "t:2:13: a control character; expected text\n" },
	{ "[server]\n# M\xfcller\n", "t:2:4: not UTF-8; expected text in UTF-8\n" },
	{ "[server]\n# \xed\xa0\x80\n", "t:2:3: not UTF-8; expected text in UTF-8\n" },

	/* Sections. */
	{ "log-level = debug\nlog-format = text\n",
			"t:1:1: a key outside of a section, expected [server] or [vm \"NAME\"] before "
			"it\n" },
	{ "[]\n", "t:1:2: expected the name of a section behind '['\n" },
	{ "[server\n", "t:1:8: expected ']' or a name in quotes\n" },
	{ "[vm a]\n", "t:1:5: expected ']' or a name in quotes\n" },
	{ "[vm \"a]\nmax-fps = 0\n", "t:1:5: the quote is not closed\n" },
	{ "[vm \"a\"\n", "t:1:8: expected ']'\n" },
	{ "[vm \"a\"] max-fps = 1\n", "t:1:10: expected nothing but a comment behind ']'\n" },
	{ "[vm]\nmax-fps = 0\n", "t:1:2: expected [vm \"NAME\"]\n" },
	{ "[server \"a\"]\n", "t:1:10: [server] takes no name\n" },
	{ "[sever]\nunknown = 1\n", "t:1:2: unknown section \"sever\"; did you mean \"server\"?\n" },
	{ "[VM \"a\"]\n", "t:1:2: unknown section \"VM\"; did you mean \"vm\"?\n" },
	{ "[encoder]\n",
			"t:1:2: unknown section \"encoder\", expected [server] or [vm \"NAME\"]\n" },
	{ "[server]\n[server]\n", "t:2:2: [server] is already in line 1\n" },
	{ PATTERN "[vm \"b\"]\nsource = pattern\n" PATTERN "max-fps = 0\n",
			"t:5:6: vm \"a\" is already in line 1\n"
			"t:7:11: max-fps is \"0\", expected a number of 1 to 240\n" },
	{ "[vm \"\"]\nsource = pattern\n", "t:1:6: a VM needs a name\n" },
	{ "[vm \".\"]\nsource = pattern\n", "t:1:6: a VM cannot be called \".\" or \"..\"\n" },
	{ "[vm \"..\"]\nsource = pattern\n", "t:1:6: a VM cannot be called \".\" or \"..\"\n" },
	{ "[vm \"a/b\"]\nsource = pattern\n",
			"t:1:6: the name of a VM has no slash and no tab in it\n" },
	{ "[vm \"" SIXTY "12345\"]\nsource = pattern\n",
			"t:1:6: the name of a VM has at most 64 bytes\n" },

	/* Keys. */
	{ PATTERN "max-fp = 30\n", "t:3:1: unknown key \"max-fp\" in [vm]; did you mean \"max-fps\"?\n" },
	{ PATTERN "max_fps = 30\n",
			"t:3:1: unknown key \"max_fps\" in [vm]; did you mean \"max-fps\"?\n" },
	{ PATTERN "  bandwidth = 30\n", "t:3:3: unknown key \"bandwidth\" in [vm]\n" },
	{ PATTERN "spice-pasword-file = /x\n",
			"t:3:1: unknown key \"spice-pasword-file\" in [vm]; did you mean \"spice-password-file\"?\n" },
	{ PATTERN "spice-password = x\n",
			"t:3:1: unknown key \"spice-password\" in [vm]; did you mean \"spice-password-file\"?\n" },
	{ PATTERN "log-level = debug\n", "t:3:1: \"log-level\" belongs into [server], not into [vm]\n" },
	{ "[server]\nvnc = 127.0.0.1:1\n",
			"t:2:1: \"vnc\" belongs into [vm], not into [server]\n" },
	{ PATTERN "max-fps = 1\n\nmax-fps = 2\n", "t:5:1: \"max-fps\" is already set in line 3\n" },

	/* Values. */
	{ "[server]\nlog-level = inof\n",
			"t:2:13: log-level is \"inof\", expected one of error, warn, notice, info, debug; "
			"did you mean \"info\"?\n" },
	{ "[server]\nlog-format =   xml\n",
			"t:2:16: log-format is \"xml\", expected one of text, json, journal\n" },
	{ "[vm \"a\"]\nsource = pattern, gpu vfoi\n",
			"t:2:19: source has \"gpu\", expected one or more of vfio, dbus, memory, replay, pattern\n"
			"t:2:23: source has \"vfoi\", expected one or more of vfio, dbus, memory, replay, pattern; "
			"did you mean \"vfio\"?\n" },
	{ "[vm \"a\"]\nsource = pattern memory pattern\nmemory-file = /x\n",
			"t:2:25: source has \"pattern\" twice\n" },
	{ "[vm \"a\"]\nsource = \", \"\n",
			"t:2:11: source is \", \", expected one or more of vfio, dbus, memory, replay, pattern\n" },
	{ PATTERN "view-only = ys\n",
			"t:3:13: view-only is \"ys\", expected yes or no; did you mean \"yes\"?\n" },
	{ PATTERN "view-only = perhaps\n", "t:3:13: view-only is \"perhaps\", expected yes or no\n" },
	{ PATTERN "max-fps = 241\n", "t:3:11: max-fps is \"241\", expected a number of 1 to 240\n" },
	{ PATTERN "max-fps = -1\n", "t:3:11: max-fps is \"-1\", expected a number of 1 to 240\n" },
	{ PATTERN "max-fps = 6O\n", "t:3:11: max-fps is \"6O\", expected a number of 1 to 240\n" },
	{ PATTERN "max-fps = 18446744073709551617\n",
			"t:3:11: max-fps is \"18446744073709551617\", expected a number of 1 to 240\n" },
	{ PATTERN "idle-interval = 50\n",
			"t:3:17: idle-interval is \"50\", expected a duration of 5ms to 10s\n" },
	{ PATTERN "idle-interval = 1ms\n",
			"t:3:17: idle-interval is \"1ms\", expected a duration of 5ms to 10s\n" },
	{ PATTERN "idle-interval = 0.1s\n",
			"t:3:17: idle-interval is \"0.1s\", expected a duration of 5ms to 10s\n" },
	{ PATTERN "idle-interval = 9999999999999h\n",
			"t:3:17: idle-interval is \"9999999999999h\", expected a duration of 5ms to "
			"10s\n" },
	{ PATTERN "clipboard-max = 1T\n",
			"t:3:17: clipboard-max is \"1T\", expected a size of 0 to 16M\n" },
	{ PATTERN "clipboard-max = 17M\n",
			"t:3:17: clipboard-max is \"17M\", expected a size of 0 to 16M\n" },
	{ PATTERN "pattern-size = 1920\n",
			"t:3:16: pattern-size is \"1920\", expected WIDTHxHEIGHT of 320x200 to "
			"7680x4320\n" },
	{ PATTERN "pattern-size = 1920 x 1080\n",
			"t:3:16: pattern-size is \"1920 x 1080\", expected WIDTHxHEIGHT of 320x200 to "
			"7680x4320\n" },
	{ PATTERN "pattern-size = 640x199\n",
			"t:3:16: pattern-size is \"640x199\", expected WIDTHxHEIGHT of 320x200 to "
			"7680x4320\n" },
	{ PATTERN "pattern-size = 0000000000000000000000000000000000640x480\n",
			"t:3:16: pattern-size is \"0000000000000000000000000000000000640x480\", expected "
			"WIDTHxHEIGHT of 320x200 to 7680x4320\n" },
	{ PATTERN "pattern-scene = dektop\n",
			"t:3:17: pattern-scene is \"dektop\", expected one of desktop, still, scroll, "
			"video, typing; did you mean \"desktop\"?\n" },
	{ PATTERN "qmp = run/qmp\n",
			"t:3:7: qmp is \"run/qmp\", expected an absolute path of at most 107 bytes\n" },
	{ PATTERN "qmp = /" SIXTY SIXTY "\n",
			"t:3:7: qmp is 121 bytes long, expected an absolute path of at most 107 bytes\n" },
	{ PATTERN "vfio-device = mdev0\n",
			"t:3:15: vfio-device is \"mdev0\", expected a UUID, a PCI address or an absolute "
			"path\n" },
	{ PATTERN "vfio-device = 0000:27:00.8\n",
			"t:3:15: vfio-device is \"0000:27:00.8\", expected a UUID, a PCI address or an "
			"absolute path\n" },
	{ PATTERN "keymap = ../us\n",
			"t:3:10: keymap is \"../us\", expected a layout like us or de(nodeadkeys)\n" },
	{ PATTERN "keymap = de()\n",
			"t:3:10: keymap is \"de()\", expected a layout like us or de(nodeadkeys)\n" },
	{ PATTERN "keymap = de(neo\n",
			"t:3:10: keymap is \"de(neo\", expected a layout like us or de(nodeadkeys)\n" },
	{ PATTERN "keymap = de(neo)x\n",
			"t:3:10: keymap is \"de(neo)x\", expected a layout like us or "
			"de(nodeadkeys)\n" },
	{ PATTERN "keymap = (neo)\n",
			"t:3:10: keymap is \"(neo)\", expected a layout like us or de(nodeadkeys)\n" },
	{ PATTERN "keymap = a234567890123456789012345678901x\n",
			"t:3:10: keymap is \"a234567890123456789012345678901x\", expected a layout like "
			"us or de(nodeadkeys)\n" },
	{ PATTERN "vnc = 5901, 127.0.0.1:5901 ::1:5902\n",
			"t:3:7: vnc has \"5901\": expected ADDRESS:PORT or unix:/PATH\n"
			"t:3:28: vnc has \"::1:5902\": an IPv6 address needs brackets: \"[::1]:5901\"\n" },
	{ PATTERN "spice = spice://127.0.0.1:5930\n",
			"t:3:9: spice has \"spice://127.0.0.1:5930\": expected ADDRESS:PORT or unix:/PATH\n" },
	{ PATTERN "spice-password-file = pw\n",
			"t:3:23: spice-password-file is \"pw\", expected an absolute path of at most 4095 bytes\n" },
	{ PATTERN "spice-password-lifetime = 1d\n",
			"t:3:27: spice-password-lifetime is \"1d\", expected a duration of 0ns to 8760h\n" },
	{ PATTERN "spice-compression = glz\n",
			"t:3:21: spice-compression is \"glz\", expected one of auto, lz4, lz, off; did you mean "
			"\"lz\"?\n" },
	{ PATTERN "vnc = \"127.0.0.1:1 x\"\n",
			"t:3:20: vnc has \"x\": expected ADDRESS:PORT or unix:/PATH\n" },
	{ PATTERN "vnc = unix:/1 unix:/2 unix:/3 unix:/4 unix:/5 unix:/6 unix:/7 unix:/8 unix:/9\n",
			"t:3:71: vnc has more than 8 addresses\n" },
	{ PATTERN "websocket-origins = https://a, https://b/\n",
			"t:3:32: websocket-origins has \"https://b/\": an origin ends with the host or its port, "
			"nothing follows\n" },
	{ PATTERN "websocket = 0.0.0.0:5700\n",
			"t:3:13: other machines can reach 0.0.0.0:5700, and vm \"a\" has no authentication: write "
			"\"vnc-auth = vncauth\" with a vnc-password-file, or, if everybody may see and control the "
			"VM, \"allow-unauthenticated-remote = yes\"\n" },
	{ PATTERN "vnc = 127.0.0.1:5700\nwebsocket = 127.0.0.1:5700\n",
			"t:4:13: 127.0.0.1:5700 is already taken by 127.0.0.1:5700 of vm \"a\" at t:3\n" },
	{ PATTERN "max-fps = \x1f\xff\n", "t:3:11: a control character; expected text\n" },

	/* Keys that need each other. */
	{ "[vm \"a\"]\nsource = memory\n",
			"t:2:10: vm \"a\" has source = memory and so needs memory-file\n" },
	{ "[vm \"a\"]\nsource = dbus\n", "t:2:10: vm \"a\" has source = dbus and so needs dbus\n" },
	{ PATTERN "dbus = p2p\n", "t:3:8: vm \"a\" has dbus = p2p and so needs qmp\n" },
	{ PATTERN "dbus = unixexec:path=/bin/sh\n",
			"t:3:8: dbus is \"unixexec:path=/bin/sh\", expected p2p or an address like "
			"unix:path=/run/qemu/vm.bus\n" },
	{ PATTERN "memory-size = 640x480\nmemory-stride = 2559\n",
			"t:4:17: a row of 640 pixels has 2560 bytes, and memory-stride is less: 2559\n" },
	{ PATTERN "video-device = renderD128\n",
			"t:3:16: video-device is \"renderD128\", expected one of auto, software, or an "
			"absolute path\n" },
	{ PATTERN "video-device = sofware\n",
			"t:3:16: video-device is \"sofware\", expected one of auto, software, or an "
			"absolute path; did you mean \"software\"?\n" },
	{ "[vm \"a\"]\nsource = replay\n",
			"t:2:10: vm \"a\" has source = replay and so needs replay-file\n" },
	{ "[vm \"a\"]\nsource = pattern,  replay\n",
			"t:2:20: vm \"a\" has source = replay and so needs replay-file\n" },
	{ "[vm \"a\"]\n", "t:1:2: vm \"a\" has source = vfio (the default) and so needs vfio-device\n" },
	{ "[vm \"a\"]\nsource = vfio\n",
			"t:2:10: vm \"a\" has source = vfio and so needs vfio-device\n" },
	{ "[vm \"a\"]\nvfio-attach = socket\nvfio-device = /x\n",
			"t:2:15: vm \"a\" has vfio-attach = socket and so needs vfio-socket\n" },
	{ PATTERN "vnc-auth = vncauth\n",
			"t:3:12: vm \"a\" has vnc-auth = vncauth and so needs vnc-password-file\n" },

	/* No second complaint about what was refused already. */
	{ "[vm \"a\"]\nsource = pattrn\n",
			"t:2:10: source has \"pattrn\", expected one or more of vfio, dbus, memory, replay, pattern; "
			"did you mean \"pattern\"?\n" },
	{ PATTERN "memory-size = 64x64\nmemory-stride = 100\n",
			"t:3:15: memory-size is \"64x64\", expected WIDTHxHEIGHT of 320x200 to 7680x4320\n" },
	{ "[vm \"a\"]\nsource = replay\nreplay-file = x\n",
			"t:3:15: replay-file is \"x\", expected an absolute path of at most 4095 bytes\n" },
	{ PATTERN "vnc = 0.0.0.0:5901\nvnc-auth = vncaut\n",
			"t:4:12: vnc-auth is \"vncaut\", expected one of none, vncauth, one-time, users, certificate; "
			"did you mean \"vncauth\"?\n" },
	{ PATTERN "vnc = 0.0.0.0:5901\nallow-unauthenticated-remote = yep\n",
			"t:4:32: allow-unauthenticated-remote is \"yep\", expected yes or no; did you mean "
			"\"yes\"?\n" },

	/* Who may come in, and that names and passwords are asked for inside TLS only. */
	{ PATTERN "allow = alice bob:watch\n",
			"t:3:15: allow has \"bob:watch\": behind the colon view or control is expected\n" },
	{ PATTERN "vnc-auth = users\n",
			"t:3:12: vm \"a\" has vnc-auth = users and so needs a users-file or a pam-service\n"
			"t:3:12: vm \"a\" has vnc-auth = users and so needs TLS: a tls-certificate, "
			"and vnc-tls not off\n" },
	{ "[server]\ntls-certificate = /c\ntls-key = /k\nusers-file = /u\n" PATTERN
			"vnc-tls = off\nvnc-auth = users\n",
			"t:8:12: vm \"a\" has vnc-auth = users and so needs TLS: a tls-certificate, "
			"and vnc-tls not off\n" },
	{ PATTERN "tls-certificate = /c\ntls-key = /k\nvnc-auth = certificate\n",
			"t:5:12: vm \"a\" has vnc-auth = certificate and so needs TLS and a CA of viewers: a "
			"tls-certificate and a tls-client-ca, and vnc-tls not off\n" },

	/* Nobody is let in by accident. */
	{ PATTERN "vnc = 127.0.0.1:5901 192.168.1.2:5901\n",
			"t:3:22: other machines can reach 192.168.1.2:5901, and vm \"a\" has no "
			"authentication: write \"vnc-auth = vncauth\" with a vnc-password-file, or, if "
			"everybody may see and control the VM, \"allow-unauthenticated-remote = yes\"\n" },

	/* Nobody types a password where all can read it, unless told to. */
	{ PATTERN "vnc = *:5901\nvnc-auth = vncauth\nvnc-password-file = /p\n",
			"t:3:7: other machines can reach *:5901, and vm \"a\" has no TLS there: write "
			"tls-certificate and tls-key without \"vnc-tls = off\", or, if everybody on the way may "
			"see what viewers see and type, \"allow-cleartext = yes\"\n" },
	{ "[server]\ntls-certificate = /c\ntls-key = /k\n" PATTERN
			"vnc = *:5901\nvnc-tls = off\nvnc-auth = vncauth\nvnc-password-file = /p\n",
			"t:6:7: other machines can reach *:5901, and vm \"a\" has no TLS there: write "
			"tls-certificate and tls-key without \"vnc-tls = off\", or, if everybody on the way may "
			"see what viewers see and type, \"allow-cleartext = yes\"\n" },
	{ PATTERN "spice = *:5902\nspice-auth = ticket\nspice-password-file = /p\n",
			"t:3:9: other machines can reach *:5902, and vm \"a\" has no TLS there: write spice-tls "
			"instead, with tls-certificate and tls-key, or, if everybody on the way may "
			"see what viewers see and type, \"allow-cleartext = yes\"\n" },
	{ PATTERN "tls-certificate = /c\ntls-key = /k\nspice-tls = *:5902\n",
			"t:5:13: other machines can reach *:5902, and vm \"a\" has no "
			"authentication: write \"spice-auth = ticket\" with a spice-password-file, or, if "
			"everybody may see and control the VM, \"allow-unauthenticated-remote = yes\"\n" },

	/* Each without what it needs; what was said wrongly, or in [server], counts as said. */
	{ PATTERN "tls-certificate = /c\n", "t:3:19: vm \"a\" has tls-certificate and so needs tls-key\n" },
	{ PATTERN "tls-key = /k\n", "t:3:11: vm \"a\" has tls-key and so needs tls-certificate\n" },
	{ "[server]\ntls-key = /k\n" PATTERN, "t:2:11: vm \"a\" has tls-key and so needs tls-certificate\n" },
	{ PATTERN "tls-client-crl = /a\n", "t:3:18: vm \"a\" has tls-client-crl and so needs tls-client-ca\n" },
	{ PATTERN "tls-client-ca = /a\n", "t:3:17: vm \"a\" has tls-client-ca and so needs tls-certificate\n" },
	{ PATTERN "vnc-tls = required\n", "t:3:11: vm \"a\" has vnc-tls = required and so needs tls-certificate\n" },
	{ PATTERN "spice-tls = [::1]:2\n", "t:3:13: vm \"a\" has spice-tls and so needs tls-certificate\n" },
	{ PATTERN "tls-certificate = c\ntls-key = /k\nspice-tls = [::1]:2\n",
			"t:3:19: tls-certificate is \"c\", expected an absolute path of at most 4095 bytes\n" },

	/* Ports that VMs share: certificates, names, and who could come in. */
	{ "[server]\nweb = [::1]:1\n" PATTERN,
			"t:2:7: [server] has web and so needs tls-certificate and tls-key; planecastd --make-certs "
			"makes them\n" },
	{ SHARED PATTERN "server-names = win1 a_b.example.org c..d -\n",
			"t:7:37: server-names has \"c..d\": expected a host name, like win11 or win11.example.org\n" },
	{ SHARED PATTERN "server-names = x Win1\n[vm \"win1\"]\nsource = pattern\n",
			"t:8:2: vm \"a\" has win1 among its server-names already; give vm \"win1\" server-names of "
			"its own\n" },
	{ SHARED PATTERN "[vm \"b\"]\nsource = pattern\nserver-names = b A\n",
			"t:9:18: vm \"a\" has A among its server-names already; give vm \"b\" server-names of its "
			"own\n" },
	{ "[server]\ntls-certificate = /c\ntls-key = /k\nspice-tls = [::1]:1 *:2\n" PATTERN,
			"t:5:2: other machines can reach *:2, the spice-tls of [server], and vm \"a\" has no "
			"authentication: write \"spice-auth = ticket\" with a spice-password-file, or "
			"\"server-names = off\", or, if everybody may see and control the VM, "
			"\"allow-unauthenticated-remote = yes\"\n" },
	{ "[server]\ntls-certificate = /c\ntls-key = /k\nweb = *:2\n" PATTERN,
			"t:5:2: other machines can reach *:2, the web of [server], and vm \"a\" has no "
			"authentication: give [server] a users-file or a pam-service, or write \"vnc-auth = vncauth\" "
			"with a vnc-password-file, or, if everybody may see and control the VM, "
			"\"allow-unauthenticated-remote = yes\"\n" },
	{ SHARED PATTERN "websocket = [::]:1\nallow-unauthenticated-remote = yes\nspice-tls = [::1]:2\n",
			"t:7:13: [::]:1 is already taken by [::1]:1 of [server] at t:4\n"
			"t:9:13: [::1]:2 is already taken by [::1]:2 of [server] at t:4\n" },

	/* One address, one listener. */
	{ PATTERN "spice = *:5902\nvnc = *:5901\nallow-cleartext = yes\nvnc-auth = vncauth\nvnc-password-file = /p\n",
			"t:3:9: other machines can reach *:5902, and vm \"a\" has no "
			"authentication: write \"spice-auth = ticket\" with a spice-password-file, or, if "
			"everybody may see and control the VM, \"allow-unauthenticated-remote = yes\"\n" },
	{ PATTERN "spice-auth = ticket\n",
			"t:3:14: vm \"a\" has spice-auth = ticket and so needs spice-password-file\n" },
	{ PATTERN "spice = localhost:5901\nvnc = 127.0.0.1:5901\n",
			"t:3:9: localhost:5901 is already taken by 127.0.0.1:5901 of vm \"a\" at t:4\n" },
	{ PATTERN "vnc = localhost:5901 127.0.0.1:5901\n",
			"t:3:22: 127.0.0.1:5901 is already taken by localhost:5901 of vm \"a\" at t:3\n" },
	{ PATTERN "vnc = unix:/x\n[vm \"b\"]\nsource = pattern\nvnc = [::1]:1 unix:/x\n",
			"t:6:15: unix:/x is already taken by unix:/x of vm \"a\" at t:3\n" },
};

static char *problems_of(const char *text, size_t bytes)
{
	struct config *config = NULL;
	size_t length;
	char *problems;
	FILE *out = open_memstream(&problems, &length);

	assert_non_null(out);
	assert_int_equal(config_parse("t", text, bytes, config_report_stdio, out, &config), -EINVAL);
	assert_null(config);
	fclose(out);
	return problems;
}

static void says_where_and_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *problems = problems_of(cases[i].text, strlen(cases[i].text));

		if (strcmp(problems, cases[i].problems) != 0)
			fail_msg("of\n%s\nexpected\n%sgot\n%s", cases[i].text, cases[i].problems,
					problems);
		free(problems);
	}
}

static void finds_listeners_that_overlap(void **state)
{
	static const struct {
		const char *a, *b;
		bool clash;
	} pairs[] = {
		{ "127.0.0.1:1", "127.0.0.1:1", true },
		{ "127.0.0.1:1", "127.0.0.1:2", false },
		{ "127.0.0.1:1", "127.0.0.2:1", false },
		{ "0.0.0.0:1", "127.0.0.1:1", true },
		{ "127.0.0.1:1", "*:1", true },
		{ "*:1", "[::1]:1", true },
		{ "[::]:1", "0.0.0.0:1", true },
		{ "0.0.0.0:1", "[::1]:1", false },
		{ "[::ffff:127.0.0.1]:1", "127.0.0.1:1", true },
		{ "[fe80::1%lo]:1", "[fe80::1]:1", false },
		{ "127.0.0.1:0", "127.0.0.1:0", false },
		{ "unix:/a", "unix:/a", true },
		{ "unix:/a", "unix:/b", false },
		{ "unix:/a", "127.0.0.1:1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct config *config = NULL;
		char text[256];
		int r;

		snprintf(text, sizeof(text),
				PATTERN "allow-unauthenticated-remote = yes\nvnc = %s %s\n", pairs[i].a,
				pairs[i].b);
		print_message("%s %s\n", pairs[i].a, pairs[i].b);
		r = config_parse("t", text, strlen(text), NULL, NULL, &config);
		assert_int_equal(r, pairs[i].clash ? -EINVAL : 0);
		config_free(config);
	}
}

#define TLS "[server]\ntls-certificate = /c\ntls-key = /k\n"

static void lets_remote_viewers_in_when_told_to(void **state)
{
	static const char *const texts[] = {
		PATTERN "vnc = 0.0.0.0:1\nallow-unauthenticated-remote = yes\n",
		PATTERN "spice = 0.0.0.0:1\nspice-auth = ticket\nspice-password-file = /p\nallow-cleartext = yes\n",
		PATTERN "vnc = *:1\nvnc-auth = vncauth\nvnc-password-file = /p\nallow-cleartext = yes\n",
		TLS PATTERN "vnc = *:1\nvnc-auth = vncauth\nvnc-password-file = /p\n",
		TLS PATTERN "spice-tls = *:1\nspice-auth = ticket\nspice-password-file = /p\n",
		/* Who has a certificate is somebody. */
		TLS PATTERN "tls-client-ca = /a\nvnc = *:1\nspice-tls = *:2\n",
		PATTERN "vnc = 127.0.0.1:1 [::1]:1 unix:/x [::ffff:127.0.0.1]:2\n",
		/* At ports that VMs share, too. */
		TLS "spice-tls = *:1\nweb = *:2\n" PATTERN "allow-unauthenticated-remote = yes\n",
		TLS "spice-tls = *:1\n" PATTERN "spice-auth = ticket\nspice-password-file = /p\n",
		TLS "spice-tls = *:1\n" PATTERN "server-names = off\n",
		TLS "web = *:2\nusers-file = /u\n" PATTERN,
		TLS "tls-client-ca = /a\nspice-tls = *:1\nweb = [::1]:2\n" PATTERN,
		/* Names count only where there is such a port. */
		PATTERN "[vm \"A\"]\nsource = pattern\n",
	};
	static const char *const refused[] = { "0.0.0.0:1", "*:1", "[::]:1", "10.0.0.1:1",
		"[fe80::1%lo]:1", "[::ffff:10.0.0.1]:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = NULL;

		assert_int_equal(config_parse("t", texts[i], strlen(texts[i]), config_report_stdio,
						stderr, &config),
				0);
		config_free(config);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char text[128], *problems;

		snprintf(text, sizeof(text), PATTERN "vnc = %s\n", refused[i]);
		problems = problems_of(text, strlen(text));
		assert_non_null(strstr(problems, "allow-unauthenticated-remote = yes"));
		assert_memory_equal(problems, "t:3:7: ", 7);
		free(problems);
	}
}

static void refuses_zero_bytes(void **state)
{
	static const char text[] = "[server]\nlog\0level = debug\nlog-level = x\n";
	char *problems = problems_of(text, sizeof(text) - 1);

	(void)state;
	assert_memory_equal(problems, "t:2:4: a zero byte; is this a text file?\nt:3:13: ", 49);
	free(problems);
}

static void limits_the_length_of_a_line(void **state)
{
	struct config *config = NULL;
	char text[INI_LINE_MAX + 8], *problems;

	(void)state;
	memset(text, ' ', sizeof(text));
	text[0] = '#';
	text[INI_LINE_MAX] = '\n';
	assert_int_equal(config_parse("t", text, INI_LINE_MAX + 1, config_report_stdio, stderr,
					&config),
			0);
	config_free(config);

	/* The end of the line does not count. */
	text[INI_LINE_MAX] = '\r';
	text[INI_LINE_MAX + 1] = '\n';
	assert_int_equal(config_parse("t", text, INI_LINE_MAX + 2, config_report_stdio, stderr,
					&config),
			0);
	config_free(config);

	text[INI_LINE_MAX] = ' ';
	problems = problems_of(text, INI_LINE_MAX + 2);
	assert_string_equal(problems, "t:1:8193: the line is longer than 8192 bytes\n");
	free(problems);

	/* A header that long hides which VM it is; its keys are not the server's. */
	memcpy(text, "[vm", 3);
	text[INI_LINE_MAX + 1] = ']';
	memcpy(text + INI_LINE_MAX + 2, "\nx=1", 4);
	problems = problems_of(text, INI_LINE_MAX + 6);
	assert_string_equal(problems, "t:1:8193: the line is longer than 8192 bytes\n");
	free(problems);
}

static char *text_of_vms(unsigned int count)
{
	size_t bytes;
	char *text;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	for (unsigned int i = 0; i < count; i++)
		fprintf(out, "[vm \"%u\"]\nsource = pattern\n", i);
	fclose(out);
	return text;
}

static void limits_the_number_of_vms(void **state)
{
	char *text = text_of_vms(CONFIG_VMS_MAX), *problems;
	struct config *config = NULL;

	(void)state;
	assert_int_equal(config_parse("t", text, strlen(text), config_report_stdio, stderr, &config), 0);
	assert_int_equal(config->n_vms, CONFIG_VMS_MAX);
	config_free(config);
	free(text);

	text = text_of_vms(CONFIG_VMS_MAX + 1);
	problems = problems_of(text, strlen(text));
	assert_string_equal(problems, "t:2049:6: more than 1024 VMs\n");
	free(problems);
	free(text);
}

static void count_problem(void *user, const struct config_problem *problem)
{
	unsigned int *count = user;

	++*count;
	if (*count == PROBLEMS_MAX + 1)
		assert_string_equal(problem->message, "too many problems, the rest is not shown");
}

static void stops_showing_problems_at_some_point(void **state)
{
	struct config *config = NULL;
	unsigned int count = 0;
	char text[2 * PROBLEMS_MAX + 100];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "x\n", 2);
	assert_int_equal(config_parse("t", text, sizeof(text), count_problem, &count, &config),
			-EINVAL);
	assert_int_equal(count, PROBLEMS_MAX + 1);
}

static void shows_nothing_that_a_terminal_would_obey(void **state)
{
	const struct config_problem problem = { "t", 0, 0, "whole file" };
	char *problems, *text;
	size_t bytes;
	FILE *out;

	(void)state;
	/* 64 bytes are shown of a word; the cut falls into the umlaut. */
	problems = problems_of("[server]\n" SIXTY "123\xc3\xbc = 1\n",
			strlen("[server]\n" SIXTY "123\xc3\xbc = 1\n"));
	assert_string_equal(problems, "t:2:1: unknown key \"" SIXTY "123?\" in [server]\n");
	free(problems);

	out = open_memstream(&text, &bytes);
	assert_non_null(out);
	config_report_stdio(out, &problem);
	fclose(out);
	assert_string_equal(text, "t: whole file\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_where_and_what),
		cmocka_unit_test(finds_listeners_that_overlap),
		cmocka_unit_test(lets_remote_viewers_in_when_told_to),
		cmocka_unit_test(refuses_zero_bytes),
		cmocka_unit_test(limits_the_length_of_a_line),
		cmocka_unit_test(limits_the_number_of_vms),
		cmocka_unit_test(stops_showing_problems_at_some_point),
		cmocka_unit_test(shows_nothing_that_a_terminal_would_obey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
