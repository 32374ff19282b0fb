// SPDX-License-Identifier: GPL-2.0-or-later
/* The linker's --wrap sends allocations here; one of them fails. */
#include "tests/fault/alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

/* What the linker makes of the real ones, and of these. */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t bytes);
int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* glibc's name for it where _FORTIFY_SOURCE is on. */
int __wrap___asprintf_chk(char **ret, int flag, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

/* Threads allocate too. */
static atomic_long left = -1;
static atomic_bool failed, held;

void alloc_fail_at(long number)
{
	left = number;
	failed = false;
}

void alloc_hold(bool hold)
{
	held = hold;
}

bool alloc_has_failed(void)
{
	return failed;
}

static bool fails(void)
{
	if (held || left < 0 || atomic_fetch_sub(&left, 1) != 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t bytes)
{
	return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
	return fails() ? NULL : __real_realloc(memory, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, bytes);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t bytes)
{
	return fails() ? NULL : __real_strndup(text, bytes);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list args;
	int r;

	if (fails())
		return -1;
	va_start(args, fmt);
	r = vasprintf(ret, fmt, args);
	va_end(args);
	return r;
}

int __wrap___asprintf_chk(char **ret, int flag, const char *fmt, ...)
{
	va_list args;
	int r;

	(void)flag;
	if (fails())
		return -1;
	va_start(args, fmt);
	r = vasprintf(ret, fmt, args);
	va_end(args);
	return r;
}
