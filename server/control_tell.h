/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control socket tells those who listen. Each is an event of planecast-control(7). Loop thread. */
#ifndef PLANECAST_SERVER_CONTROL_TELL_H
#define PLANECAST_SERVER_CONTROL_TELL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct control;

void control_tell_started(struct control *control, const char *vm, pid_t pid);
void control_tell_serving(struct control *control, const char *vm);
/* delay_ns: until another one is started; -1: none is. */
void control_tell_ended(struct control *control, const char *vm, pid_t pid, const char *how, int64_t delay_ns);
/* text, bytes long, is a worker's word. 0, or -EINVAL: no worker of ours says that. */
int control_tell_worker(struct control *control, const char *vm, const char *text, size_t bytes);
/* 0, or why not. */
void control_tell_reload(struct control *control, int error);
void control_tell_stopping(struct control *control);

#endif
