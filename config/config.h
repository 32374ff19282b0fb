/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration: one INI file with drop-ins, checked whole, immutable after
 * load. A reload parses a second object, compares (config_vm_compare), swaps.
 *
 * Each key is one row of the table in config/schema.c: name, type, unit, range,
 * default, reload class, doc line. Parser, checker, --dump-config, the example
 * file and the man page come from, or are checked against, that table.
 *
 * Syntax: "key = value" lines in "[server]" and [vm "NAME"] sections; '#' and
 * ';' start a comment at the start of a line or behind a blank; values may be
 * quoted with "" to keep blanks and comment signs; a list is separated by blanks
 * or commas; an empty value is the default. Paths are absolute. A section and a
 * key stand once in a file; a drop-in overrides single keys of the file and of
 * the drop-ins before it. Any thread, no globals.
 */
#ifndef PLANECAST_CONFIG_CONFIG_H
#define PLANECAST_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_VMS_MAX 1024
#define CONFIG_ADDRESSES_MAX 8
#define CONFIG_WORDS_MAX 8

enum config_source {
	CONFIG_SOURCE_PATTERN,
	CONFIG_SOURCE_REPLAY,
	CONFIG_SOURCE_VFIO,
	CONFIG_SOURCE_MEMORY,
	CONFIG_SOURCE_DBUS
};
enum config_attach { CONFIG_ATTACH_AUTO, CONFIG_ATTACH_OWN, CONFIG_ATTACH_SOCKET };
enum config_auth {
	CONFIG_AUTH_NONE,
	CONFIG_AUTH_VNCAUTH,
	CONFIG_AUTH_TICKET,
	CONFIG_AUTH_ONE_TIME,
	CONFIG_AUTH_USERS,
	CONFIG_AUTH_CERTIFICATE,
};
enum config_tls { CONFIG_TLS_AUTO, CONFIG_TLS_OFF, CONFIG_TLS_REQUIRED };
enum config_spice_compression {
	CONFIG_SPICE_COMPRESSION_AUTO,
	CONFIG_SPICE_COMPRESSION_LZ4,
	CONFIG_SPICE_COMPRESSION_LZ,
	CONFIG_SPICE_COMPRESSION_OFF,
};
enum config_clipboard {
	CONFIG_CLIPBOARD_BOTH,
	CONFIG_CLIPBOARD_TO_GUEST,
	CONFIG_CLIPBOARD_FROM_GUEST,
	CONFIG_CLIPBOARD_OFF,
};
enum config_video { CONFIG_VIDEO_AUTO, CONFIG_VIDEO_OFF };
enum config_sharing { CONFIG_SHARING_ALLOW_EXCLUSIVE, CONFIG_SHARING_FORCE_SHARED, CONFIG_SHARING_IGNORE };

struct config_size {
	uint32_t width, height;
};

struct config_addresses {
	unsigned int count;
	char *text[CONFIG_ADDRESSES_MAX]; /* each parses as the key's type says: of the network, or the web */
};

struct config_words {
	unsigned int count;
	int value[CONFIG_WORDS_MAX]; /* each once */
};

struct config_server {
	int log_level; /* log-level: enum log_level; live */
	int log_format; /* log-format: enum log_format; live */
	int64_t restart_delay_max_ns; /* restart-delay-max: 10s; back-off of a worker that keeps dying */
	char *control_socket; /* control-socket: auto, off, or the path of a unix socket; live */
	char *tls_certificate; /* tls-certificate, tls-key, tls-client-ca: for VMs that have none of their own; live */
	char *tls_key;
	char *tls_client_ca;
	char *tls_client_crl; /* tls-client-crl: for VMs that have neither this nor a tls_client_ca of their own */
	char *users_file; /* users-file, pam-service: likewise */
	char *pam_service;
	struct config_addresses web; /* web: https for all VMs; live */
	char *web_pages; /* web-pages: auto, off, or a folder with noVNC; live, read anew on each reload */
	int64_t web_session_ns; /* web-session: 12h; how long a login counts; live */
	struct config_addresses spice_tls; /* spice-tls: SPICE over TLS for all VMs; live */
	/* Limits there, as those of a VM without "shared-". Live. */
	int64_t shared_max_handshakes; /* 1024 */
	int64_t shared_max_handshakes_per_source; /* 64 */
	int64_t shared_handshake_drop_from; /* 256 */
	int64_t shared_handshake_timeout_ns; /* 10s */
	struct config_addresses shared_penalty_exempt; /* none */
};

/*
 * Keys are the field names with '-' for '_' and without the unit. Strings that
 * are not set are NULL; which ones never are follows from their defaults.
 */
struct config_vm {
	char *name; /* 1 to 64 bytes of printable UTF-8 without quotes and slashes, not "." or ".." */

	struct config_words source; /* source: enum config_source, the best first; never empty: vfio, dbus where set */
	char *vfio_device; /* vfio-device: mdev UUID, PCI address or sysfs path */
	int vfio_attach; /* vfio-attach: auto, own, socket */
	char *vfio_socket; /* vfio-socket: where a launcher passes the device fd */
	char *memory_file; /* memory-file: where another program keeps the picture */
	struct config_size memory_size; /* memory-size: 1920x1080 */
	int64_t memory_offset_bytes; /* memory-offset: 0 */
	int64_t memory_stride_bytes; /* memory-stride: 0, which stands for a row's pixels; never less than these */
	char *replay_file; /* replay-file */
	struct config_size pattern_size; /* pattern-size: 1920x1080 */
	int64_t pattern_fps; /* pattern-fps: 30, 0..240; 0: only input changes the picture */
	char *pattern_scene; /* pattern-scene: desktop, still, ...: the pattern source's scene_names */

	int64_t max_fps; /* max-fps: 60, 1..240; looks a second while the picture moves; live */
	int64_t idle_interval_ns; /* idle-interval: 45ms, 5ms..10s; between looks at a resting picture; live */

	char *tls_certificate; /* tls-certificate: PEM; default the server's; live, read anew on each reload */
	char *tls_key; /* tls-key: there if and only if there is a tls_certificate */
	char *tls_client_ca; /* tls-client-ca: clients need a certificate that it vouches for */
	char *tls_client_crl; /* tls-client-crl: and has not revoked; there only if there is a tls_client_ca */
	char *desktop_name; /* desktop-name: default the VM's name; live */
	struct config_addresses server_names; /* server-names: at the shared ports; see config/server_name.h; live */
	struct config_addresses vnc; /* vnc: listeners; live */
	struct config_addresses websocket; /* websocket: listeners for browsers; live */
	char *websocket_pages; /* websocket-pages: folder of noVNC; live, read anew on each reload */
	struct config_addresses websocket_origins; /* websocket-origins: whose pages may connect; live */
	/*
	 * vnc-auth: none; vncauth, which has a vnc_password_file; one-time; users and certificate, which have TLS, and
	 * a users_file or pam_service, or a tls_client_ca
	 */
	int vnc_auth;
	int vnc_tls; /* vnc-tls: enum config_tls; see config_listener_is_encrypted(); live, for clients to come */
	char *vnc_password_file; /* vnc-password-file: mode 0600, first line */
	struct config_addresses spice; /* spice: listeners; live */
	struct config_addresses spice_tls; /* spice-tls: listeners; live */
	int spice_auth; /* spice-auth: none; ticket, which has a spice_password_file; one-time */
	char *spice_password_file; /* spice-password-file: mode 0600, first line; live */
	int64_t spice_password_lifetime_ns; /* spice-password-lifetime: 0, since the file was written; live */
	int spice_compression; /* spice-compression: enum config_spice_compression; live, for viewers to come */
	int video; /* video: enum config_video */
	char *video_device; /* video-device: auto, software, or the path of a render node */
	bool allow_unauthenticated_remote; /* allow-unauthenticated-remote: no; live, only the check reads it */
	bool allow_cleartext; /* allow-cleartext: no; live, only the check reads it */
	int sharing; /* sharing: ignore, force-shared, allow-exclusive; live */
	char *users_file; /* users-file: NAME:HASH lines, mode 0600; default the server's; live */
	char *pam_service; /* pam-service: a name or a path; default the server's; live */
	char *allow; /* allow: as config/role.h reads it; NULL: every user may control; live, for viewers to come */
	bool view_only; /* view-only: no; live */
	int64_t max_viewers; /* max-viewers: 16, 1..1000; live */
	int64_t max_handshakes; /* max-handshakes: 64, 1..4096: above it the oldest of the largest crowd goes; live */
	int64_t max_handshakes_per_source; /* max-handshakes-per-source: 16, 1..4096; live */
	int64_t handshake_drop_from; /* handshake-drop-from: 16, 1..4096; live */
	int64_t handshake_timeout_ns; /* handshake-timeout: 10s, absolute; live */
	int64_t prompt_timeout_ns; /* prompt-timeout: 60s, instead of handshake-timeout; live */
	int64_t refusal_delay_ns; /* refusal-delay: 1s; live */
	int64_t penalty_auth_ns; /* penalty-auth: 5s for a wrong password; live */
	int64_t penalty_abort_ns; /* penalty-abort: 1s for a handshake that came to nothing; live */
	int64_t penalty_from_ns; /* penalty-from: 25s; live */
	int64_t penalty_max_ns; /* penalty-max: 10m; live */
	int64_t penalty_sources; /* penalty-sources: 65536; live */
	struct config_addresses penalty_exempt; /* penalty-exempt: each parses with network_parse(); live */
	int64_t stall_timeout_ns; /* stall-timeout: 20s without progress on pending output; live */
	int64_t dead_peer_timeout_ns; /* dead-peer-timeout: 30s; live */
	int64_t keepalive_interval_ns; /* keepalive-interval: 10s; live */
	int64_t pending_output_max_bytes; /* pending-output-max: 256K, of a SPICE channel; live */
	int64_t input_rate; /* input-rate: 1000 a second; live */
	int64_t spice_viewer_rate; /* spice-viewer-rate: 10 a second and source; live */
	int64_t clipboard_max_bytes; /* clipboard-max: 256K; live */
	int64_t agent_message_max_bytes; /* agent-message-max: 1M; live */
	int64_t memory_max_bytes; /* memory-max: 4G; 0: no limit */

	char *qmp; /* qmp: unix socket of QEMU's QMP monitor for input */
	char *dbus; /* dbus: address of QEMU's D-Bus display, unix:..., or p2p, which has a qmp */
	char *keymap; /* keymap: us; for clients that send keysyms only */
	int clipboard; /* clipboard: enum config_clipboard; live */
	char *vdagent; /* vdagent: unix socket of the agent's character device */
};

/* The keys that name listeners: those of a VM, then those of [server], which all VMs share. */
enum config_listeners {
	CONFIG_LISTENERS_VNC,
	CONFIG_LISTENERS_WEBSOCKET,
	CONFIG_LISTENERS_SPICE,
	CONFIG_LISTENERS_SPICE_TLS,
	CONFIG_LISTENERS,
	CONFIG_SHARED_WEB = CONFIG_LISTENERS,
	CONFIG_SHARED_SPICE_TLS,
	CONFIG_LISTENERS_ALL,
};
struct config_listener_key {
	const char *name;
	const char *protocol; /* struct protocol_impl's name */
	bool tls; /* from the first byte */
	size_t addresses; /* offset in struct config_vm, or, of those that are shared, config_server */
	/* Of a VM's. */
	size_t auth; /* of the int that says how clients there authenticate */
	const char *remedy; /* how one asks them to */
	const char *tls_remedy; /* how one has it encrypted; NULL: it always is */
};
extern const struct config_listener_key config_listener_keys[CONFIG_LISTENERS_ALL];
const struct config_addresses *config_vm_listeners(const struct config_vm *vm, enum config_listeners which);
const struct config_addresses *config_shared_listeners(const struct config_server *server, enum config_listeners which);
/* There is a port that VMs share. */
bool config_has_shared_listeners(const struct config_server *server);
/* Of a VM. CONFIG_LISTENERS: that is no such key; bytes are the name's. */
enum config_listeners config_find_listeners(const char *name, size_t bytes);
/* What viewers there see and type goes through TLS: all of it, or all but how they ask for TLS. */
bool config_listener_is_encrypted(const struct config_vm *vm, enum config_listeners which);

struct config {
	struct config_server server;
	unsigned int n_vms;
	struct config_vm **vms; /* in file order */
	struct config_origins *origins; /* where each value came from; for config_dump */
};

/* One thing that is wrong. Strings live until the next call of the reporter returns. */
struct config_problem {
	const char *file;
	unsigned int line, column; /* from 1, columns in bytes; 0: the file as a whole */
	const char *message; /* what is wrong, what was expected, the nearest right word */
};
typedef void (*config_report_fn)(void *user, const struct config_problem *problem);

/*
 * Reads path and, in byte order, all *.conf in the directory conf.d beside it.
 * Every problem is reported, not only the first; report may be NULL. 0, -EINVAL
 * when there was any, -ENOMEM. Blocks on the disk.
 */
int config_load(const char *path, config_report_fn report, void *user, struct config **ret);
/* The same from memory, without drop-ins; name stands for the file. */
int config_parse(const char *name, const char *text, size_t bytes, config_report_fn report,
		void *user, struct config **ret);
void config_free(struct config *config);

/*
 * Sets the int at this offset of struct config_server, which belongs to a key,
 * as the command line demands; config_dump() says so. Before others see config.
 */
void config_override_server(struct config *config, size_t offset, int value);

/* One of the VM's sources is that one. */
bool config_vm_has_source(const struct config_vm *vm, enum config_source source);

/* NULL: no such VM. */
const struct config_vm *config_find_vm(const struct config *config, const char *name);

/*
 * Writes effective values; origins: with "# from FILE:LINE", "# default" or
 * "# from the command line" behind each. vm NULL: all; else [server] and that one of config's VMs. What it
 * writes config_parse() reads again to the same values. 0, -EIO, -ENOMEM.
 */
int config_dump(const struct config *config, const struct config_vm *vm, bool origins, FILE *out);

enum config_change { CONFIG_SAME, CONFIG_LIVE, CONFIG_RESTART };
/* What a worker of the old configuration needs to become one of the new. */
enum config_change config_vm_compare(const struct config_vm *old_vm, const struct config_vm *new_vm);

/* The reporter that prints "FILE:LINE:COLUMN: message" to user, a FILE *. */
void config_report_stdio(void *user, const struct config_problem *problem);

#endif
