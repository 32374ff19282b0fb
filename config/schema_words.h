/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of those keys in the table (config/schema.c) that take some. Read-only, any thread. */
#ifndef PLANECAST_CONFIG_SCHEMA_WORDS_H
#define PLANECAST_CONFIG_SCHEMA_WORDS_H

#include "config/schema.h"

extern const struct schema_word schema_log_level_words[];
extern const struct schema_word schema_log_format_words[];
extern const struct schema_word schema_control_socket_words[];
extern const struct schema_word schema_web_pages_words[];
extern const struct schema_word schema_server_names_words[];
extern const struct schema_word schema_source_words[];
extern const struct schema_word schema_attach_words[];
extern const struct schema_word schema_scene_words[];
extern const struct schema_word schema_auth_words[];
extern const struct schema_word schema_spice_auth_words[];
extern const struct schema_word schema_tls_words[];
extern const struct schema_word schema_video_words[];
extern const struct schema_word schema_video_device_words[];
extern const struct schema_word schema_spice_compression_words[];
extern const struct schema_word schema_sharing_words[];
extern const struct schema_word schema_clipboard_words[];

#endif
