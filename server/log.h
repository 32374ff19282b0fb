/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line a happening, to stderr or the journal, as text or JSON.
 *
 * Any thread. A process serves one VM at most, so the VM's name is process
 * wide; the peer (a client's address) is given with each call, NULL where there
 * is none. Lines of one call site, VM and peer are limited to LOG_BURST in
 * LOG_BURST_NS; what was held back is counted and said once with the next line.
 * A peer is its address without the port. Keeps errno; "%m" works. A stderr or journal
 * that nobody reads never blocks: those lines are lost, and their count is said.
 * Bytes outside printable ASCII/UTF-8 come out escaped: what a client or guest
 * sent can never forge a line. Never pass a secret.
 */
#ifndef PLANECAST_SERVER_LOG_H
#define PLANECAST_SERVER_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL };

#define LOG_BURST 10
#define LOG_BURST_NS (5 * 1000000000LL)

void log_set_level(enum log_level level);
void log_set_format(enum log_format format);
/* NULL: lines carry no VM. The string is copied. */
void log_set_vm(const char *name);
/* Where a journal listens; borrowed. systemd's is known. */
void log_set_journal(const char *socket_path);
bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *file, int line, const char *peer,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * Hears what the calling thread says at LOG_LEVEL_WARN or worse, whether or not that is written
 * anywhere, until it is told to be NULL. Strings are escaped, vm is "" where there is none, and live
 * as long as the call, which must not log.
 */
typedef void (*log_witness_fn)(void *user, const char *vm, const char *message);
void log_set_witness(log_witness_fn witness, void *user);

#define log_at(level, peer, ...) log_write(level, __FILE__, __LINE__, peer, __VA_ARGS__)
#define log_error(peer, ...) log_at(LOG_LEVEL_ERROR, peer, __VA_ARGS__)
#define log_warn(peer, ...) log_at(LOG_LEVEL_WARN, peer, __VA_ARGS__)
#define log_notice(peer, ...) log_at(LOG_LEVEL_NOTICE, peer, __VA_ARGS__)
#define log_info(peer, ...) log_at(LOG_LEVEL_INFO, peer, __VA_ARGS__)
#define log_debug(peer, ...) log_at(LOG_LEVEL_DEBUG, peer, __VA_ARGS__)

#endif
