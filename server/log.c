// SPDX-License-Identifier: GPL-2.0-or-later
/* The log: level, rate limit, escaping, and the three ways a line is written. */
#include "server/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "server/clock.h"

/*
 * The longest message before and after escaping. A whole line stays below
 * PIPE_BUF in every format, so that lines of several processes on one pipe
 * never mix, and a pipe that poll() calls writable takes it without blocking.
 */
#define MESSAGE_MAX 1024
#define ESCAPED_MAX 1200
#define NAME_MAX_BYTES 200
#define LINE_MAX_BYTES 4096

/* Slots of the rate limit, for lines with and without a peer. */
#define SLOTS 256
#define SLOT_WAYS 4

struct level {
	const char *name;
	int priority;
};

static const struct level levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_NOTICE] = { "notice", LOG_NOTICE },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

/* How often one call site and peer has spoken since window_ns. */
struct slot {
	uint64_t key; /* 0: free */
	int64_t window_ns;
	unsigned int count;
	unsigned int held_back;
};

struct line {
	size_t bytes;
	char text[LINE_MAX_BYTES];
};

struct record {
	enum log_level level;
	const char *file;
	int line;
	/* escaped; "" where there is none */
	const char *vm;
	const char *peer;
	const char *message;
};

static atomic_int current_level = LOG_LEVEL_INFO;
static atomic_int current_format = LOG_FORMAT_TEXT;

static _Thread_local struct {
	log_witness_fn fn;
	void *user;
} witness;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of everything below */
static struct slot slots[2][SLOTS];
static char vm_name[NAME_MAX_BYTES];
static const char *journal_socket = "/run/systemd/journal/socket";
static int journal_fd = -1;
static unsigned int lines_lost; /* that no later line has accounted for yet */

/* The lengths of UTF-8: which first bytes, their share of the code, the least code. */
static const struct utf8_lead {
	unsigned char first, last, mask;
	uint32_t least;
} utf8_leads[] = {
	{ 0xc2, 0xdf, 0x1f, 0x80 },
	{ 0xe0, 0xef, 0x0f, 0x800 },
	{ 0xf0, 0xf4, 0x07, 0x10000 },
};

/* C1 controls, line separators and direction overrides change how a line reads. */
static bool code_is_printable(uint32_t code)
{
	return code >= 0xa0 && code <= 0x10ffff && (code < 0x2028 || code > 0x202e) &&
			(code < 0x2066 || code > 0x2069) && (code < 0xd800 || code > 0xdfff);
}

/* Bytes of the character at p; 0: not to be shown as it is. */
static size_t printable_length(const unsigned char *p, size_t left)
{
	if (*p < 0x80)
		return *p >= 0x20 && *p != 0x7f;
	for (size_t i = 0; i < sizeof(utf8_leads) / sizeof(utf8_leads[0]); i++) {
		const struct utf8_lead *lead = &utf8_leads[i];
		size_t length = i + 2;
		uint32_t code = *p & lead->mask;

		if (*p < lead->first || *p > lead->last || left < length)
			continue;
		for (size_t k = 1; k < length; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[k] & 0x3f);
		}
		return code >= lead->least && code_is_printable(code) ? length : 0;
	}
	return 0;
}

/* Always terminates dst; what does not fit ends in "...". */
static const char *escape(char *dst, size_t size, const char *src)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)src;
	size_t left = strlen(src), n = 0;

	while (left) {
		size_t length = printable_length(p, left);

		if (n + (length ? length : 4) + sizeof("...") > size) {
			memcpy(dst + n, "...", 3);
			n += 3;
			break;
		}
		if (length) {
			memcpy(dst + n, p, length);
			n += length;
		} else {
			dst[n++] = '\\';
			dst[n++] = 'x';
			dst[n++] = hex[*p >> 4];
			dst[n++] = hex[*p & 15];
			length = 1;
		}
		p += length;
		left -= length;
	}
	dst[n] = '\0';
	return dst;
}

static void append(struct line *line, const char *text)
{
	size_t bytes = strlen(text), room = sizeof(line->text) - 1 - line->bytes;

	if (bytes > room)
		bytes = room;
	memcpy(line->text + line->bytes, text, bytes);
	line->bytes += bytes;
	line->text[line->bytes] = '\0';
}

/* The text is escaped already, so only what JSON itself reserves is left. */
static void append_json(struct line *line, const char *key, const char *text)
{
	append(line, ",\"");
	append(line, key);
	append(line, "\":\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			append(line, "\\");
		append(line, (char[]){ *text, '\0' });
	}
	append(line, "\"");
}

static void format_time(char *buf, size_t size)
{
	int64_t now_ns = clock_wall_ns();
	time_t seconds = now_ns / NSEC_PER_SEC;
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, size - n, ".%03dZ", (int)(now_ns % NSEC_PER_SEC / NSEC_PER_MSEC));
}

/* A reader of stderr that has stopped costs lines, never a stalled loop. */
static void write_stderr(const struct line *line)
{
	struct pollfd poll_stderr = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	if (poll(&poll_stderr, 1, 0) < 1 || !(poll_stderr.revents & POLLOUT)) {
		lines_lost++;
		return;
	}
	do
		n = write(STDERR_FILENO, line->text, line->bytes);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		lines_lost++;
}

static void write_text(const struct record *record)
{
	struct line line = { 0 };
	char buf[64];

	format_time(buf, sizeof(buf));
	append(&line, buf);
	snprintf(buf, sizeof(buf), " %-6s ", levels[record->level].name);
	append(&line, buf);
	if (*record->vm) {
		append(&line, "[");
		append(&line, record->vm);
		append(&line, "] ");
	}
	if (*record->peer) {
		append(&line, record->peer);
		append(&line, ": ");
	}
	append(&line, record->message);
	append(&line, "\n");
	write_stderr(&line);
}

static void write_json(const struct record *record)
{
	struct line line = { 0 };
	char buf[64];

	format_time(buf, sizeof(buf));
	append(&line, "{\"time\":\"");
	append(&line, buf);
	append(&line, "\"");
	append_json(&line, "level", levels[record->level].name);
	if (*record->vm)
		append_json(&line, "vm", record->vm);
	if (*record->peer)
		append_json(&line, "peer", record->peer);
	append_json(&line, "message", record->message);
	append_json(&line, "file", record->file);
	snprintf(buf, sizeof(buf), ",\"line\":%d,\"pid\":%d}\n", record->line, (int)getpid());
	append(&line, buf);
	write_stderr(&line);
}

static int open_journal(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", journal_socket);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	journal_fd = fd;
	return 0;
}

static void append_field(struct line *line, const char *key, const char *value)
{
	append(line, key);
	append(line, "=");
	append(line, value);
	append(line, "\n");
}

/*
 * systemd's native journal protocol: a datagram a line, a field a line in it;
 * escaped values have no newlines. Not sd_journal_sendv(), which waits for a
 * journal that has stopped reading.
 */
static void write_journal(const struct record *record)
{
	struct line line = { 0 };
	char number[16];

	append_field(&line, "SYSLOG_IDENTIFIER", "planecastd");
	snprintf(number, sizeof(number), "%d", levels[record->level].priority);
	append_field(&line, "PRIORITY", number);
	append_field(&line, "CODE_FILE", record->file);
	snprintf(number, sizeof(number), "%d", record->line);
	append_field(&line, "CODE_LINE", number);
	if (*record->vm)
		append_field(&line, "PLANECAST_VM", record->vm);
	if (*record->peer)
		append_field(&line, "PLANECAST_PEER", record->peer);
	append_field(&line, "MESSAGE", record->message);
	/* Twice: a journal that was restarted has to be connected to again. */
	for (int i = 0; i < 2; i++) {
		if (journal_fd < 0 && open_journal() < 0)
			break;
		if (send(journal_fd, line.text, line.bytes, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return;
		if (errno == EAGAIN || errno == EINTR) {
			lines_lost++;
			return;
		}
		close(journal_fd);
		journal_fd = -1;
	}
	/* Without a journal a log must not vanish. */
	write_text(record);
}

/* FNV-1a */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
	const unsigned char *p = bytes;

	while (count--)
		hash = (hash ^ *p++) * 0x100000001b3ull;
	return hash;
}

static uint64_t slot_key(const char *file, int line, const char *peer)
{
	uint64_t hash = hash_bytes(0xcbf29ce484222325ull, file, strlen(file));

	hash = hash_bytes(hash, &line, sizeof(line));
	hash = hash_bytes(hash, vm_name, strlen(vm_name));
	if (peer) {
		/* Without the port: who reconnects for each line is still one peer. */
		const char *port = strrchr(peer, ':');

		hash = hash_bytes(hash, peer, port ? (size_t)(port - peer) : strlen(peer));
	}
	return hash ? hash : 1;
}

/*
 * A busy slot is shared, never evicted: many sources together are limited to
 * LOG_BURST lines a slot, however many they are. They cannot drown what has no
 * peer, such as a worker's death.
 */
static struct slot *slot_find(uint64_t key, bool with_peer, int64_t now_ns)
{
	struct slot *set = &slots[with_peer][key % (SLOTS / SLOT_WAYS) * SLOT_WAYS];
	struct slot *oldest = set;

	for (struct slot *slot = set; slot < set + SLOT_WAYS; slot++) {
		if (slot->key == key)
			return slot;
		if (slot->window_ns < oldest->window_ns)
			oldest = slot;
	}
	if (!oldest->key || now_ns - oldest->window_ns >= LOG_BURST_NS) {
		lines_lost += oldest->held_back;
		*oldest = (struct slot){ .key = key, .window_ns = now_ns - LOG_BURST_NS };
	}
	return oldest;
}

/* False: the line is held back. *ret_held_back lines of this slot were, before this one. */
static bool slot_admit(struct slot *slot, int64_t now_ns, unsigned int *ret_held_back)
{
	if (now_ns - slot->window_ns >= LOG_BURST_NS) {
		*ret_held_back = slot->held_back;
		slot->window_ns = now_ns;
		slot->count = 0;
		slot->held_back = 0;
	}
	if (slot->count == LOG_BURST) {
		slot->held_back++;
		return false;
	}
	slot->count++;
	return true;
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, level, memory_order_relaxed);
}

void log_set_format(enum log_format format)
{
	atomic_store_explicit(&current_format, format, memory_order_relaxed);
}

void log_set_vm(const char *name)
{
	pthread_mutex_lock(&lock);
	escape(vm_name, sizeof(vm_name), name ? name : "");
	pthread_mutex_unlock(&lock);
}

void log_set_journal(const char *socket_path)
{
	pthread_mutex_lock(&lock);
	journal_socket = socket_path;
	if (journal_fd >= 0)
		close(journal_fd);
	journal_fd = -1;
	pthread_mutex_unlock(&lock);
}

void log_set_witness(log_witness_fn fn, void *user)
{
	witness.fn = fn;
	witness.user = user;
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

void log_write(enum log_level level, const char *file, int line, const char *peer, const char *fmt,
		...)
{
	static void (*const writers[])(const struct record *record) = {
		[LOG_FORMAT_TEXT] = write_text,
		[LOG_FORMAT_JSON] = write_json,
		[LOG_FORMAT_JOURNAL] = write_journal,
	};
	char raw[MESSAGE_MAX + 64], message[ESCAPED_MAX], escaped_peer[NAME_MAX_BYTES];
	struct record record = { .level = level, .file = file, .line = line };
	const bool witnessed = witness.fn && level <= LOG_LEVEL_WARN;
	int saved_errno = errno, length;
	unsigned int held_back = 0, lost;
	int64_t now_ns;
	va_list args;

	if (!log_enabled(level) && !witnessed)
		return;
	va_start(args, fmt);
	length = vsnprintf(raw, MESSAGE_MAX, fmt, args);
	va_end(args);
	if (length < 0)
		length = snprintf(raw, MESSAGE_MAX, "(a message that cannot be formatted)");
	if (length >= MESSAGE_MAX)
		length = MESSAGE_MAX - 1 + sprintf(raw + MESSAGE_MAX - 1, "...");

	pthread_mutex_lock(&lock);
	now_ns = clock_now_ns();
	if (witnessed)
		witness.fn(witness.user, vm_name, escape(message, sizeof(message), raw));
	if (log_enabled(level) && slot_admit(slot_find(slot_key(file, line, peer), peer != NULL, now_ns), now_ns,
			&held_back)) {
		if (held_back)
			length += sprintf(raw + length, " (%u more held back)", held_back);
		lost = lines_lost;
		if (lost)
			sprintf(raw + length, " (%u lines lost)", lost);
		record.vm = vm_name;
		record.peer = escape(escaped_peer, sizeof(escaped_peer), peer ? peer : "");
		record.message = escape(message, sizeof(message), raw);
		writers[atomic_load_explicit(&current_format, memory_order_relaxed)](&record);
		if (lines_lost == lost)
			lines_lost = 0;
	}
	pthread_mutex_unlock(&lock);
	errno = saved_errno;
}
