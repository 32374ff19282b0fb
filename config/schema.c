// SPDX-License-Identifier: GPL-2.0-or-later
/* One row for each configuration key, in the order in which people read about them. */
#include "config/schema.h"

#include "config/config.h"
#include "config/schema_words.h"

#define SERVER(key, field)                                                                         \
	.section = SCHEMA_SERVER, .name = key, .offset = offsetof(struct config_server, field)
#define VM(key, field) .section = SCHEMA_VM, .name = key, .offset = offsetof(struct config_vm, field)
#define RANGE(least, most) .min = least, .max = most
#define TEXT_RANGE RANGE(1, 255)
#define PATH_RANGE RANGE(2, 4095)
#define PATH_OR_NONE .type = SCHEMA_PATH, PATH_RANGE, .default_text = ""
/* XKB's names are short; two of them, and the parentheses. */
#define LAYOUT_RANGE RANGE(1, 64)
/* What fits into struct sockaddr_un. */
#define SOCKET_RANGE RANGE(2, 107)

#define MS 1000000LL
#define SECOND (1000 * MS)
#define KIB 1024LL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

const struct schema_key schema_keys[SCHEMA_KEYS] = {
	{
		SERVER("log-level", log_level),
		.type = SCHEMA_ENUM,
		.words = schema_log_level_words,
		.default_text = "info",
		.reload = SCHEMA_LIVE,
		.doc = "The least important messages that are still logged.",
	},
	{
		SERVER("log-format", log_format),
		.type = SCHEMA_ENUM,
		.words = schema_log_format_words,
		.default_text = "text",
		.reload = SCHEMA_LIVE,
		.doc = "How messages are logged: lines of text or JSON objects on standard error, or "
		       "records of the systemd journal.",
	},
	{
		SERVER("restart-delay-max", restart_delay_max_ns),
		.type = SCHEMA_DURATION,
		RANGE(100 * MS, 600 * SECOND),
		.default_text = "10s",
		.reload = SCHEMA_LIVE,
		.doc = "The process that serves a VM is started again at once when it dies. If it keeps "
		       "dying the delay before the next start grows, up to this.",
	},
	{
		SERVER("control-socket", control_socket),
		.type = SCHEMA_PATH,
		SOCKET_RANGE,
		.words = schema_control_socket_words,
		.default_text = "auto",
		.reload = SCHEMA_LIVE,
		.doc = "The unix socket at which planecastctl asks what goes on, and gives orders; root and "
		       "the server's own user may. With auto it is the file control in the directory that "
		       "systemd makes for the service (RuntimeDirectory), and there is none without. A VM that is "
		       "served alone (planecastd --vm) has none either.",
	},
	{
		SERVER("tls-certificate", tls_certificate),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "The certificate of VMs that name none themselves: see there.",
	},
	{
		SERVER("tls-key", tls_key),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "The key of VMs that name none themselves: see there.",
	},
	{
		SERVER("tls-client-ca", tls_client_ca),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "The CA of the viewers of VMs that name none themselves: see there.",
	},
	{
		SERVER("tls-client-crl", tls_client_crl),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "What that CA has revoked: see there.",
	},
	{
		SERVER("users-file", users_file),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "The users of VMs that name no users-file themselves: see there.",
	},
	{
		SERVER("pam-service", pam_service),
		.type = SCHEMA_TEXT,
		TEXT_RANGE,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "The PAM service of VMs that name none themselves: see there.",
	},
	{
		SERVER("web", web),
		.type = SCHEMA_ADDRESSES,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Where browsers find all VMs, by https and at one port: 0.0.0.0:443. People log in to "
		       "that page with a name and a password of [server]'s users-file or pam-service. They see "
		       "the VMs that have vnc-auth = users with the same users and let them in, by allow, and "
		       "those with vnc-auth = none. Without users there is no login, and only the latter are "
		       "seen. Needs tls-certificate and tls-key of [server]. Whoever asks for a VM by one of its "
		       "server-names is given that VM's own websocket and websocket-pages. Written as for vnc. "
		       "Not set: nowhere.",
	},
	{
		SERVER("web-pages", web_pages),
		.type = SCHEMA_PATH,
		PATH_RANGE,
		.words = schema_web_pages_words,
		.default_text = "auto",
		.reload = SCHEMA_LIVE,
		.doc = "A folder with noVNC for those who come by web. Auto is /usr/share/novnc, where Debian's "
		       "package novnc has it, if it is there. It is read at the start and on each reload.",
	},
	{
		SERVER("web-session", web_session_ns),
		.type = SCHEMA_DURATION,
		RANGE(SECOND, 8760 * 3600 * SECOND),
		.default_text = "12h",
		.reload = SCHEMA_LIVE,
		.doc = "How long somebody who has logged in by web stays so; then viewers that he has opened "
		       "there end, too. For logins to come. A reload keeps logins, unless users-file or pam- "
		       "service of [server] change.",
	},
	{
		SERVER("spice-tls", spice_tls),
		.type = SCHEMA_ADDRESSES,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Where SPICE viewers connect by TLS to any VM that has a tls-certificate, at one port: "
		       "which one is said by the name that the viewer asks for, one of the VM's server-names. "
		       "Written as for vnc. Not set: nowhere.",
	},
	{
		SERVER("shared-max-handshakes", shared_max_handshakes),
		.type = SCHEMA_INTEGER,
		RANGE(1, 4096),
		.default_text = "1024",
		.reload = SCHEMA_LIVE,
		.doc = "The most connections at a time to the ports web and spice-tls that have not said yet which "
		       "VM they mean, and as many that ask for pages. One more, and the oldest of those from "
		       "the address that most come from is closed.",
	},
	{
		SERVER("shared-max-handshakes-per-source", shared_max_handshakes_per_source),
		.type = SCHEMA_INTEGER,
		RANGE(1, 4096),
		.default_text = "64",
		.reload = SCHEMA_LIVE,
		.doc = "The same for one source, as a VM's max-handshakes-per-source. A browser makes six "
		       "connections at a time.",
	},
	{
		SERVER("shared-handshake-drop-from", shared_handshake_drop_from),
		.type = SCHEMA_INTEGER,
		RANGE(1, 4096),
		.default_text = "256",
		.reload = SCHEMA_LIVE,
		.doc = "From so many of them on some are refused at once, as a VM's handshake-drop-from says.",
	},
	{
		SERVER("shared-handshake-timeout", shared_handshake_timeout_ns),
		.type = SCHEMA_DURATION,
		RANGE(1 * SECOND, 300 * SECOND),
		.default_text = "10s",
		.reload = SCHEMA_LIVE,
		.doc = "How long somebody may take at the ports web and spice-tls to say which VM is meant, and a "
		       "browser to ask for a page.",
	},
	{
		SERVER("shared-penalty-exempt", shared_penalty_exempt),
		.type = SCHEMA_NETWORKS,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Addresses and networks for which there are no penalties for wrong passwords at web, no "
		       "shared-max-handshakes-per-source and no shared-handshake-drop-from, as a VM's "
		       "penalty-exempt: proxies, behind which there are browsers of all kinds.",
	},
#include "config/schema_sources.h"
	{
		VM("max-fps", max_fps),
		.type = SCHEMA_INTEGER,
		RANGE(1, 240),
		.default_text = "60",
		.reload = SCHEMA_LIVE,
		.doc = "How often a second planecast looks at a picture that moves.",
	},
	{
		VM("idle-interval", idle_interval_ns),
		.type = SCHEMA_DURATION,
		RANGE(5 * MS, 10 * SECOND),
		.default_text = "45ms",
		.reload = SCHEMA_LIVE,
		.doc = "The time between two looks at a picture that rests. Nobody tells planecast when "
		       "the guest draws, so this is how late the first change after a rest may be seen; "
		       "a thin line far from any other change may need up to eight looks. Without viewers "
		       "it never looks.",
	},
	{
		VM("desktop-name", desktop_name),
		.type = SCHEMA_TEXT,
		TEXT_RANGE,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "The name that viewers show in their title bar; those of SPICE, what it was when they "
		       "came. Not set: the VM's name.",
	},
	{
		VM("tls-certificate", tls_certificate),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "The certificate that viewers are shown, in PEM, followed by those that lead from it to "
		       "its CA. Needs tls-key. Read again on each reload; viewers that are in stay. "
		       "planecastd --make-certs makes one. Not set: that of [server].",
	},
	{
		VM("tls-key", tls_key),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "The private key of tls-certificate, in PEM and without a passphrase; nobody but its "
		       "owner may have access to it, and its group to read (mode 0600 or 0640).",
	},
	{
		VM("tls-client-ca", tls_client_ca),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "The certificates, in PEM, of CAs for viewers: over TLS only who has a certificate of "
		       "one of them is let in. Not set: that of [server], or viewers need none.",
	},
	{
		VM("tls-client-crl", tls_client_crl),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "Lists, in PEM, of the certificates that these CAs have revoked: who has one of those is not "
		       "let in. There has to be one of each CA, and once one has expired nobody is let in. Read "
		       "again on each reload; viewers that are in stay. Not set: that of [server] where the CA is "
		       "that of [server], or none is revoked.",
	},
	{
		VM("server-names", server_names),
		.type = SCHEMA_NAMES,
		.words = schema_server_names_words,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "The host names by which viewers find this VM at the ports web and spice-tls of [server]; "
		       "TLS tells which one they ask for. A name without a dot is found alone and as the first "
		       "label of a longer one: win11 by win11.vms.example.org. No two VMs may have the same. With "
		       "off there is none. Not set: the VM's name.",
	},
	{
		VM("vnc", vnc),
		.type = SCHEMA_ADDRESSES,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Where VNC viewers connect: 127.0.0.1:5901, [::1]:5901, localhost:5901, *:5901 for "
		       "every address of this machine, unix:/PATH for a unix socket. Not set: nowhere.",
	},
	{
		VM("websocket", websocket),
		.type = SCHEMA_ADDRESSES,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Where VNC viewers in browsers, such as noVNC, connect by WebSocket, written as for vnc. "
		       "Its password and TLS (vnc-auth, vnc-tls) count here, too. Not set: nowhere.",
	},
	{
		VM("websocket-pages", websocket_pages),
		.type = SCHEMA_PATH,
		PATH_RANGE,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "A folder with noVNC, which browsers that open the address of websocket are shown: Debian's "
		       "package novnc has it in /usr/share/novnc. It is read when the VM starts and on each reload. "
		       "Not set: no pages.",
	},
	{
		VM("websocket-origins", websocket_origins),
		.type = SCHEMA_ORIGINS,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "The web pages that may connect to websocket, by where they come from: "
		       "https://desk.example.org, http://localhost:8080. Not set: pages of the host that they "
		       "connect to, any port, and without TLS only if that host is localhost or a numeric "
		       "address; a name can come to mean another machine. Programs that are no browsers do not "
		       "say where they come from, and may connect.",
	},
	{
		VM("vnc-auth", vnc_auth),
		.type = SCHEMA_ENUM,
		.words = schema_auth_words,
		.default_text = "none",
		.reload = SCHEMA_RESTART,
		.doc = "How VNC viewers prove who they are: not at all; with the password in "
		       "vnc-password-file; with a one-time ticket of planecastctl, so that nobody comes in for "
		       "whom none was made; as one of users, by name and password, inside TLS; or by a "
		       "certificate that tls-client-ca vouches for, whose CN is then the user's name. "
		       "Wherever a password is asked for, a ticket counts, too.",
	},
	{
		VM("vnc-tls", vnc_tls),
		.type = SCHEMA_ENUM,
		.words = schema_tls_words,
		.default_text = "auto",
		.reload = SCHEMA_LIVE,
		.doc = "Whether VNC viewers have to use TLS: VeNCrypt with X.509, and wss at the address of websocket. "
		       "Auto is required where there is a tls-certificate, and off elsewhere. Viewers that are in stay "
		       "as they are.",
	},
	{
		VM("vnc-password-file", vnc_password_file),
		PATH_OR_NONE,
		.reload = SCHEMA_RESTART,
		.doc = "A file whose first line is the password; nobody but its owner may have access to "
		       "it (mode 0600). VNC uses the first 8 bytes of a password only. Needed where "
		       "vnc-auth is vncauth.",
	},
	{
		VM("spice", spice),
		.type = SCHEMA_ADDRESSES,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Where SPICE viewers connect, written as for vnc. Not set: nowhere.",
	},
	{
		VM("spice-tls", spice_tls),
		.type = SCHEMA_ADDRESSES,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Where SPICE viewers connect that use TLS, written as for vnc. Needs a tls-certificate. "
		       "Not set: nowhere.",
	},
	{
		VM("spice-auth", spice_auth),
		.type = SCHEMA_ENUM,
		.words = schema_spice_auth_words,
		.default_text = "none",
		.reload = SCHEMA_RESTART,
		.doc = "How SPICE viewers prove who they are: not at all; with the password in "
		       "spice-password-file, or a ticket of planecastctl; or with a one-time ticket only, so "
		       "that nobody comes in for whom none was made.",
	},
	{
		VM("spice-password-file", spice_password_file),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "A file whose first line is the password, at most 60 bytes; nobody but its owner may "
		       "have access to it (mode 0600). Needed where spice-auth is ticket.",
	},
	{
		VM("spice-password-lifetime", spice_password_lifetime_ns),
		.type = SCHEMA_DURATION,
		RANGE(0, 8760 * 3600 * SECOND),
		.default_text = "0ns",
		.reload = SCHEMA_LIVE,
		.doc = "How long the password counts from when spice-password-file was last written, or a "
		       "credential passed to the service; with 0 for ever. Viewers that are in stay.",
	},
	{
		VM("spice-compression", spice_compression),
		.type = SCHEMA_ENUM,
		.words = schema_spice_compression_words,
		.default_text = "auto",
		.reload = SCHEMA_LIVE,
		.doc = "How pictures for SPICE viewers are compressed; always without loss. Auto is lz4 for "
		       "viewers that are near and lz, which takes more time and less of the line, for others. "
		       "Viewers that are in keep what they have.",
	},
	{
		VM("video", video),
		.type = SCHEMA_ENUM,
		.words = schema_video_words,
		.default_text = "auto",
		.reload = SCHEMA_RESTART,
		.doc = "Whether what moves, films and games, goes as H.264 video to viewers that can show "
		       "it, and in full quality once it rests. With off all of the picture always goes "
		       "as rectangles.",
	},
	{
		VM("video-device", video_device),
		.type = SCHEMA_PATH,
		PATH_RANGE,
		.words = schema_video_device_words,
		.default_text = "auto",
		.reload = SCHEMA_RESTART,
		.doc = "What encodes video: a render node like /dev/dri/renderD128, the others if that one "
		       "fails; auto for the first one that can; software for the CPU, which is also what "
		       "is left when no device can. planecastd --probe-encoders shows what there is.",
	},
	{
		VM("allow-unauthenticated-remote", allow_unauthenticated_remote),
		.type = SCHEMA_BOOL,
		.default_text = "no",
		.reload = SCHEMA_LIVE,
		.doc = "An address that other machines can reach is refused while vnc-auth, or for SPICE "
		       "spice-auth, is none, unless this says yes: then whoever can connect sees and "
		       "controls the VM.",
	},
	{
		VM("allow-cleartext", allow_cleartext),
		.type = SCHEMA_BOOL,
		.default_text = "no",
		.reload = SCHEMA_LIVE,
		.doc = "An address that other machines can reach is refused where viewers have to prove who "
		       "they are, but do not use TLS, unless this says yes: then whoever is on the way "
		       "sees all that they see and type.",
	},
	{
		VM("sharing", sharing),
		.type = SCHEMA_ENUM,
		.words = schema_sharing_words,
		.default_text = "ignore",
		.reload = SCHEMA_LIVE,
		.doc = "What happens when a viewer asks to be the only one, as some do unless told "
		       "otherwise: ignore lets it in as one of many, force-shared refuses it, "
		       "allow-exclusive disconnects the others and keeps new ones out while it stays.",
	},
	{
		VM("users-file", users_file),
		PATH_OR_NONE,
		.reload = SCHEMA_LIVE,
		.doc = "Who may come in where vnc-auth is users: lines NAME:HASH, as planecastd "
		       "--hash-password prints them; any hash of crypt(5) that is not called weak there. "
		       "Nobody but its owner may have access to it (mode 0600). Read anew at each login. Not "
		       "set: that of [server].",
	},
	{
		VM("pam-service", pam_service),
		.type = SCHEMA_TEXT,
		TEXT_RANGE,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Where vnc-auth is users: the PAM service that is asked about users whom users-file "
		       "does not have; a name in /etc/pam.d, or the path of such a file. It is asked with the "
		       "rights of the server, so pam_unix needs root. Not set: that of [server].",
	},
	{
		VM("allow", allow),
		.type = SCHEMA_USERS,
		RANGE(1, 65535),
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Which users may come in, and what for: names, each with :view behind it if the user may "
		       "only watch, and * for everybody who is not named: alice bob:view *:view. Not set: "
		       "every user may control the VM.",
	},
	{
		VM("view-only", view_only),
		.type = SCHEMA_BOOL,
		.default_text = "no",
		.reload = SCHEMA_LIVE,
		.doc = "Viewers see the VM, but their keys and pointers do not reach it, and they take no part in "
		       "its clipboard.",
	},
#include "config/schema_limits.h"
#include "config/schema_guest.h"
};

const char *schema_section_name(enum schema_section section)
{
	return section == SCHEMA_SERVER ? "server" : "vm";
}
