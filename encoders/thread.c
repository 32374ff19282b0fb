// SPDX-License-Identifier: GPL-2.0-or-later
/* Starts detached threads. */
#include "encoders/thread.h"

#include <pthread.h>
#include <signal.h>

int thread_start(void *(*run)(void *data), void *data)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t id;
	int err;

	sigfillset(&all);
	/* A mapping that goes away is told to whoever reads it. */
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	err = -pthread_attr_init(&attributes);
	if (err)
		return err;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	err = -pthread_create(&id, &attributes, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return err;
}
