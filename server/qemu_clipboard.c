// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU's clipboard, as both sides of D-Bus have it. */
#include "server/qemu_clipboard.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "server/clipboard.h"
#include "server/log.h"
#include "server/qemu_bus.h"

#define PATH "/org/qemu/Display1/Clipboard"
#define INTERFACE "org.qemu.Display1.Clipboard"
#define TEXT_TYPE "text/plain;charset=utf-8"
/* Of QEMU's selections: not what is merely marked. */
#define SELECTION 0u

struct qemu_clipboard {
	struct qemu_bus *bus;
	struct qemu_bus_user user;
	struct clipboard *clipboard;
	struct clipboard_peer peer;
	sd_bus_slot *object, *registering, *requesting;
	uint32_t serial; /* of the newest grab, whoever's */
	char *text; /* of a viewer, that QEMU was told of; NULL: none */
	size_t bytes;
	bool told; /* why it is not let in */
};

static void forget(struct qemu_clipboard *qemu)
{
	free(qemu->text);
	qemu->text = NULL;
	qemu->bytes = 0;
}

static void handle_offered(void *user)
{
	struct qemu_clipboard *qemu = user;

	clipboard_request(&qemu->peer);
}

static void check(int r)
{
	if (r < 0)
		log_info(NULL, "clipboard: QEMU cannot be told: %s", strerror(-r));
}

static void handle_withdrawn(void *user)
{
	struct qemu_clipboard *qemu = user;

	if (!qemu->text)
		return;
	forget(qemu);
	check(qemu_bus_call(qemu->bus, NULL, PATH, INTERFACE, "Release", NULL, NULL, "u", SELECTION));
}

/* Of who has just been offered it. */
static void handle_text(void *user, const char *text, size_t bytes)
{
	struct qemu_clipboard *qemu = user;

	if (!text)
		return;
	forget(qemu);
	qemu->text = malloc(bytes + 1);
	if (!qemu->text) {
		log_warn(NULL, "clipboard text ignored: out of memory");
		return;
	}
	memcpy(qemu->text, text, bytes);
	qemu->bytes = bytes;
	check(qemu_bus_call(qemu->bus, NULL, PATH, INTERFACE, "Grab", NULL, NULL, "uuas", SELECTION, ++qemu->serial, 1,
			TEXT_TYPE));
}

/* The guest's. */
static int read_text(struct qemu_clipboard *qemu, sd_bus_message *message)
{
	const char *type;
	const void *data;
	size_t bytes;

	if (sd_bus_message_is_method_error(message, NULL) || sd_bus_message_read(message, "s", &type) < 0 ||
			strcmp(type, TEXT_TYPE) || sd_bus_message_read_array(message, 'y', &data, &bytes) < 0)
		return -EPROTO;
	clipboard_answer(&qemu->peer, bytes ? data : "", bytes);
	return 0;
}

static int handle_requested(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_clipboard *qemu = user;

	(void)error;
	qemu->requesting = sd_bus_slot_unref(qemu->requesting);
	if (read_text(qemu, message) < 0)
		clipboard_answer(&qemu->peer, NULL, 0);
	return 0;
}

static void handle_wanted(void *user)
{
	struct qemu_clipboard *qemu = user;

	qemu->requesting = sd_bus_slot_unref(qemu->requesting);
	if (qemu_bus_call(qemu->bus, &qemu->requesting, PATH, INTERFACE, "Request", handle_requested, qemu, "uas",
			    SELECTION, 1, TEXT_TYPE) < 0)
		clipboard_answer(&qemu->peer, NULL, 0);
}

static const struct clipboard_peer_impl peer_impl = {
	.offered = handle_offered,
	.withdrawn = handle_withdrawn,
	.wanted = handle_wanted,
	.text = handle_text,
};

/* What QEMU calls. */

static int refuse(sd_bus_error *error, const char *why)
{
	return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, why);
}

static int handle_register(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_clipboard *qemu = user;

	if (!qemu_bus_is_sender(qemu->bus, message))
		return refuse(error, "not for you");
	qemu->serial = 0;
	return sd_bus_reply_method_return(message, NULL);
}

static int handle_grab(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_clipboard *qemu = user;
	uint32_t selection, serial;
	bool has_text = false;
	const char *type;
	int r;

	if (!qemu_bus_is_sender(qemu->bus, message))
		return refuse(error, "not for you");
	r = sd_bus_message_read(message, "uu", &selection, &serial);
	if (r < 0)
		return r;
	if (selection != SELECTION || sd_bus_message_enter_container(message, 'a', "s") < 0)
		return sd_bus_reply_method_return(message, NULL);
	while (sd_bus_message_read(message, "s", &type) > 0)
		has_text = has_text || !strcmp(type, TEXT_TYPE);
	qemu->serial = serial;
	forget(qemu);
	if (has_text)
		clipboard_grab(&qemu->peer);
	else
		clipboard_release(&qemu->peer);
	return sd_bus_reply_method_return(message, NULL);
}

static int handle_release(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_clipboard *qemu = user;
	uint32_t selection;
	int r;

	if (!qemu_bus_is_sender(qemu->bus, message))
		return refuse(error, "not for you");
	r = sd_bus_message_read(message, "u", &selection);
	if (r < 0)
		return r;
	if (selection == SELECTION)
		clipboard_release(&qemu->peer);
	return sd_bus_reply_method_return(message, NULL);
}

static int handle_request(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_clipboard *qemu = user;
	sd_bus_message *reply = NULL;
	uint32_t selection;
	int r;

	if (!qemu_bus_is_sender(qemu->bus, message))
		return refuse(error, "not for you");
	r = sd_bus_message_read(message, "u", &selection);
	if (r < 0)
		return r;
	if (selection != SELECTION || !qemu->text)
		return refuse(error, "there is no text");
	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", TEXT_TYPE);
	if (r >= 0)
		r = sd_bus_message_append_array(reply, 'y', qemu->text, qemu->bytes);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Register", "", "", handle_register, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Unregister", "", "", handle_register, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Grab", "uuas", "", handle_grab, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Release", "u", "", handle_release, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Request", "uas", "say", handle_request, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int handle_registered(sd_bus_message *message, void *user, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(message);
	struct qemu_clipboard *qemu = user;

	(void)error;
	qemu->registering = sd_bus_slot_unref(qemu->registering);
	if (failure) {
		if (!qemu->told)
			log_notice(NULL, "no clipboard of QEMU's: %s", failure->message);
		qemu->told = true;
		return 0;
	}
	qemu->told = false;
	log_info(NULL, "QEMU takes part in the clipboard");
	clipboard_join(qemu->clipboard, &qemu->peer, CLIPBOARD_GUEST);
	return 0;
}

static void handle_up(void *data)
{
	struct qemu_clipboard *qemu = data;
	int r;

	qemu->serial = 0;
	r = sd_bus_add_object_vtable(qemu_bus_get(qemu->bus), &qemu->object, PATH, INTERFACE, vtable, qemu);
	if (r >= 0)
		r = qemu_bus_call(qemu->bus, &qemu->registering, PATH, INTERFACE, "Register", handle_registered,
				qemu, NULL);
	if (r < 0)
		log_warn(NULL, "no clipboard of QEMU's: %s", strerror(-r));
}

static void handle_down(void *data)
{
	struct qemu_clipboard *qemu = data;

	qemu->object = sd_bus_slot_unref(qemu->object);
	qemu->registering = sd_bus_slot_unref(qemu->registering);
	qemu->requesting = sd_bus_slot_unref(qemu->requesting);
	clipboard_leave(&qemu->peer);
	forget(qemu);
}

int qemu_clipboard_new(struct qemu_bus *bus, struct clipboard *clipboard, struct qemu_clipboard **ret)
{
	struct qemu_clipboard *qemu = calloc(1, sizeof(*qemu));

	if (!qemu)
		return -ENOMEM;
	qemu->bus = bus;
	qemu->clipboard = clipboard;
	qemu->peer.name = "QEMU";
	qemu->peer.impl = &peer_impl;
	qemu->peer.user = qemu;
	qemu->user = (struct qemu_bus_user){ .up = handle_up, .down = handle_down, .data = qemu };
	*ret = qemu;
	qemu_bus_add_user(bus, &qemu->user);
	return 0;
}

void qemu_clipboard_free(struct qemu_clipboard *qemu)
{
	if (!qemu)
		return;
	qemu_bus_remove_user(qemu->bus, &qemu->user);
	handle_down(qemu);
	free(qemu);
}
