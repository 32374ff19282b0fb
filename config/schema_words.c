// SPDX-License-Identifier: GPL-2.0-or-later
/* The words that keys of the configuration take, and what each stands for. */
#include "config/schema_words.h"

#include "config/config.h"
#include "server/log.h"

const struct schema_word schema_log_level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warn", LOG_LEVEL_WARN },
	{ "notice", LOG_LEVEL_NOTICE },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

const struct schema_word schema_log_format_words[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
	{ "journal", LOG_FORMAT_JOURNAL },
	{ NULL, 0 },
};

/* Paths: or one of these. */
const struct schema_word schema_control_socket_words[] = {
	{ "auto", 0 },
	{ "off", 0 },
	{ NULL, 0 },
};

/* Paths: or one of these. */
const struct schema_word schema_web_pages_words[] = {
	{ "auto", 0 },
	{ "off", 0 },
	{ NULL, 0 },
};

/* Names: or this alone. */
const struct schema_word schema_server_names_words[] = {
	{ "off", 0 },
	{ NULL, 0 },
};

const struct schema_word schema_source_words[] = {
	{ "vfio", CONFIG_SOURCE_VFIO },
	{ "dbus", CONFIG_SOURCE_DBUS },
	{ "memory", CONFIG_SOURCE_MEMORY },
	{ "replay", CONFIG_SOURCE_REPLAY },
	{ "pattern", CONFIG_SOURCE_PATTERN },
	{ NULL, 0 },
};

const struct schema_word schema_attach_words[] = {
	{ "auto", CONFIG_ATTACH_AUTO },
	{ "own", CONFIG_ATTACH_OWN },
	{ "socket", CONFIG_ATTACH_SOCKET },
	{ NULL, 0 },
};

/* Texts: the pattern source knows its scenes by name. */
const struct schema_word schema_scene_words[] = {
	{ "desktop", 0 },
	{ "still", 0 },
	{ "scroll", 0 },
	{ "video", 0 },
	{ "typing", 0 },
	{ NULL, 0 },
};

const struct schema_word schema_auth_words[] = {
	{ "none", CONFIG_AUTH_NONE },
	{ "vncauth", CONFIG_AUTH_VNCAUTH },
	{ "one-time", CONFIG_AUTH_ONE_TIME },
	{ "users", CONFIG_AUTH_USERS },
	{ "certificate", CONFIG_AUTH_CERTIFICATE },
	{ NULL, 0 },
};

const struct schema_word schema_spice_auth_words[] = {
	{ "none", CONFIG_AUTH_NONE },
	{ "ticket", CONFIG_AUTH_TICKET },
	{ "one-time", CONFIG_AUTH_ONE_TIME },
	{ NULL, 0 },
};

const struct schema_word schema_tls_words[] = {
	{ "auto", CONFIG_TLS_AUTO },
	{ "off", CONFIG_TLS_OFF },
	{ "required", CONFIG_TLS_REQUIRED },
	{ NULL, 0 },
};

const struct schema_word schema_video_words[] = {
	{ "auto", CONFIG_VIDEO_AUTO },
	{ "off", CONFIG_VIDEO_OFF },
	{ NULL, 0 },
};

/* Paths: or one of these. */
const struct schema_word schema_video_device_words[] = {
	{ "auto", 0 },
	{ "software", 0 },
	{ NULL, 0 },
};

const struct schema_word schema_spice_compression_words[] = {
	{ "auto", CONFIG_SPICE_COMPRESSION_AUTO },
	{ "lz4", CONFIG_SPICE_COMPRESSION_LZ4 },
	{ "lz", CONFIG_SPICE_COMPRESSION_LZ },
	{ "off", CONFIG_SPICE_COMPRESSION_OFF },
	{ NULL, 0 },
};

const struct schema_word schema_sharing_words[] = {
	{ "allow-exclusive", CONFIG_SHARING_ALLOW_EXCLUSIVE },
	{ "force-shared", CONFIG_SHARING_FORCE_SHARED },
	{ "ignore", CONFIG_SHARING_IGNORE },
	{ NULL, 0 },
};

const struct schema_word schema_clipboard_words[] = {
	{ "both", CONFIG_CLIPBOARD_BOTH },
	{ "to-guest", CONFIG_CLIPBOARD_TO_GUEST },
	{ "from-guest", CONFIG_CLIPBOARD_FROM_GUEST },
	{ "off", CONFIG_CLIPBOARD_OFF },
	{ NULL, 0 },
};
