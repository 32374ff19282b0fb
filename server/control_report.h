/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the supervisor knows, as the control socket tells it. Each returns a new object, or NULL. Loop thread. */
#ifndef PLANECAST_SERVER_CONTROL_REPORT_H
#define PLANECAST_SERVER_CONTROL_REPORT_H

struct control;
struct json_object;
struct supervisor_vm;

/* A row of the list of VMs. */
struct json_object *control_report_row(const struct supervisor_vm *vm);
/* All there is to know of it. */
struct json_object *control_report_vm(const struct supervisor_vm *vm);
struct json_object *control_report_server(const struct control *control);

#endif
