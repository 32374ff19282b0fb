// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings of devices and files, and the SIGBUS handler that outlives them. */
#include "server/capture/mapping.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

/* A slot is free while start is 0. The handler reads them at any moment, in any thread. */
struct mapping {
	atomic_uintptr_t start;
	size_t bytes;
	atomic_bool lost;
};

static struct mapping slots[MAPPINGS_MAX];
static struct sigaction previous;

static struct mapping *find_slot(uintptr_t address)
{
	for (size_t i = 0; i < MAPPINGS_MAX; i++) {
		uintptr_t start = atomic_load(&slots[i].start);

		if (start && address >= start && address - start < slots[i].bytes)
			return &slots[i];
	}
	return NULL;
}

/* All of it at once, so that one loss is one signal and not one a page. Also in a signal's handler. */
static bool put_zeroes(struct mapping *mapping)
{
	void *start = (void *)atomic_load(&mapping->start);

	if (mmap(start, mapping->bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return false;
	atomic_store(&mapping->lost, true);
	return true;
}

static void handle_sigbus(int number, siginfo_t *info, void *context)
{
	/* Not above 0: a process sent it, and the address means nothing. */
	bool fault = info->si_code > 0;
	struct mapping *mapping = fault ? find_slot((uintptr_t)info->si_addr) : NULL;
	int saved = errno;

	(void)context;
	if (!mapping || !put_zeroes(mapping)) {
		/* Not ours: it happens again, under whoever was there before. */
		sigaction(number, &previous, NULL);
		if (!fault)
			raise(number);
	}
	errno = saved;
}

/* Each time: whoever came after the last mapping gets what is not ours. */
static int install_handler(void)
{
	struct sigaction action = { .sa_sigaction = handle_sigbus, .sa_flags = SA_SIGINFO }, current;

	if (sigaction(SIGBUS, NULL, &current) < 0)
		return -errno;
	if (current.sa_flags & SA_SIGINFO && current.sa_sigaction == handle_sigbus)
		return 0;
	previous = current;
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

int mapping_new(int fd, uint64_t offset, uint64_t bytes, struct mapping **ret)
{
	struct mapping *mapping = NULL;
	void *data;
	int r;

	for (size_t i = 0; i < MAPPINGS_MAX && !mapping; i++)
		if (!atomic_load(&slots[i].start))
			mapping = &slots[i];
	if (!mapping)
		return -EMFILE;
	if (!bytes || bytes > SIZE_MAX || offset > INT64_MAX)
		return -EINVAL;
	r = install_handler();
	if (r < 0)
		return r;
	/* Shared: drivers have nothing private to give. */
	data = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	if (data == MAP_FAILED)
		return -errno;
	mapping->bytes = bytes;
	atomic_store(&mapping->lost, false);
	atomic_store(&mapping->start, (uintptr_t)data);
	*ret = mapping;
	return 0;
}

void mapping_free(struct mapping *mapping)
{
	void *data;
	size_t bytes;

	if (!mapping)
		return;
	data = (void *)atomic_load(&mapping->start);
	bytes = mapping->bytes;
	/* Before the addresses can be somebody else's. */
	atomic_store(&mapping->start, 0);
	munmap(data, bytes);
}

void mapping_abandon(struct mapping *mapping)
{
	/* Without memory for that, readers have it until they are done. */
	if (mapping)
		put_zeroes(mapping);
}

const uint8_t *mapping_data(const struct mapping *mapping)
{
	return (const uint8_t *)atomic_load(&mapping->start);
}

bool mapping_lost(const struct mapping *mapping)
{
	return atomic_load(&mapping->lost);
}
