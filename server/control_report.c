// SPDX-License-Identifier: GPL-2.0-or-later
/* VMs and the server in JSON. A worker's words in it are text that may say anything. */
#include "server/control_report.h"

#include <json-c/json.h>
#include <unistd.h>

#include "config/config.h"
#include "server/clock.h"
#include "server/control.h"
#include "server/control_request.h"
#include "server/json.h"
#include "server/supervisor.h"
#include "server/supervisor_gateway.h"
#include "server/supervisor_sockets.h"
#include "server/supervisor_vm.h"

static double seconds_since(int64_t ns)
{
	return (double)(clock_now_ns() - ns) / NSEC_PER_SEC;
}

struct json_object *control_report_row(const struct supervisor_vm *vm)
{
	struct json_object *row = json_object_new_object();
	struct supervisor_vm_report report;

	supervisor_vm_report(vm, &report);
	json_put_text(row, "name", supervisor_vm_name(vm));
	json_put_text(row, "worker", report.serves ? "serves" : report.pid ? "starting" : "down");
	json_put_number(row, "viewers", report.status.viewers);
	json_put_number(row, "width", report.status.width);
	json_put_number(row, "height", report.status.height);
	json_put_decimal(row, "fps", report.status.frames_per_second_x10 / 10.0, 1);
	json_put_number(row, "bits_per_second",
			report.status.bits_per_second <= INT64_MAX ? (int64_t)report.status.bits_per_second : 0);
	json_put_text(row, "state", report.status.state);
	return row;
}

static struct json_object *report_listeners(const struct supervisor_sockets *sockets)
{
	struct json_object *rows = json_object_new_array();

	for (unsigned int i = 0; rows && i < sockets->count; i++) {
		struct json_object *row = json_object_new_object();
		char bound[ADDRESS_TEXT_MAX];

		json_put_text(row, "protocol", config_listener_keys[sockets->sockets[i].protocol].name);
		json_put_text(row, "address", supervisor_socket_address(&sockets->sockets[i], bound));
		json_put(row, "bound", json_object_new_boolean(sockets->sockets[i].fd >= 0));
		json_object_array_add(rows, row);
	}
	return rows;
}

struct json_object *control_report_vm(const struct supervisor_vm *vm)
{
	struct json_object *object = control_report_row(vm);
	struct supervisor_vm_report report;

	supervisor_vm_report(vm, &report);
	if (report.pid) {
		json_put_number(object, "pid", report.pid);
		json_put_decimal(object, "up", seconds_since(report.started_ns), 1);
	}
	json_put_number(object, "starts", report.starts);
	json_put_decimal(object, "damage_percent", report.status.damage_permille / 10.0, 1);
	json_put(object, "listeners", report_listeners(report.sockets));
	return object;
}

struct tally {
	int64_t vms, serving, viewers;
};

static void count(void *user, struct supervisor_vm *vm)
{
	struct tally *tally = user;
	struct supervisor_vm_report report;

	supervisor_vm_report(vm, &report);
	tally->vms++;
	tally->serving += report.serves;
	tally->viewers += report.status.viewers;
}

/* Where there are ports that VMs share. */
static void report_gateway(const struct supervisor_gateway *gateway, struct json_object *object)
{
	const pid_t pid = supervisor_gateway_pid(gateway);

	if (!supervisor_gateway_sockets(gateway)->count)
		return;
	json_put_text(object, "gateway", supervisor_gateway_serves(gateway) ? "serves" : pid ? "starting" : "down");
	if (pid)
		json_put_number(object, "gateway_pid", pid);
	json_put(object, "listeners", report_listeners(supervisor_gateway_sockets(gateway)));
}

struct json_object *control_report_server(const struct control *control)
{
	struct json_object *object = json_object_new_object();
	struct tally tally = { 0 };

	supervisor_each_vm(control->supervisor, count, &tally);
	json_put_text(object, "version", PLANECAST_VERSION);
	json_put_number(object, "protocol", CONTROL_PROTOCOL);
	json_put_number(object, "pid", getpid());
	json_put_decimal(object, "up", seconds_since(control->started_ns), 1);
	json_put_number(object, "vms", tally.vms);
	json_put_number(object, "serving", tally.serving);
	json_put_number(object, "viewers", tally.viewers);
	report_gateway(supervisor_get_gateway(control->supervisor), object);
	return object;
}
