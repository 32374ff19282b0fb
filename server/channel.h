/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between processes of ours, over SOCK_SEQPACKET socketpairs: supervisor and
 * workers, supervisor and gateway, supervisor and broker, from the gateway to
 * workers, and broker and workers.
 *
 * One packet a message: kind and size, then the payload, a file descriptor by
 * SCM_RIGHTS. All are of the same build, so there is no byte order or version, but
 * a worker or the gateway may be compromised: whoever hears them checks kinds and
 * sizes and never blocks. Loop thread.
 */
#ifndef PLANECAST_SERVER_CHANNEL_H
#define PLANECAST_SERVER_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define CHANNEL_PAYLOAD_MAX 65536
#define CHANNEL_FDS_MAX 1
/* Of several candidates for encoding video (encoders/vaapi_candidate.h), one a line. */
#define CHANNEL_NAMES_MAX 8192
/* Of a VM; of a key. */
#define CHANNEL_NAME_MAX 64
#define CHANNEL_USER_MAX 255
#define CHANNEL_TLS_MAX 15
/* A question of the control socket, as text; a happening that a worker tells of. */
#define CHANNEL_ASK_MAX 1024
#define CHANNEL_EVENT_MAX 2048
/* A device as configured; why there is none, one sentence or two. */
#define CHANNEL_DEVICE_MAX 4095
#define CHANNEL_REASON_MAX 255

enum channel_kind {
	/* to workers; LISTENER, LISTENER_CLOSE, READY and STOP to the gateway, READY and STOP to the broker, too */
	CHANNEL_CONFIG = 1, /* INI text: [server] and this VM's section, as config_dump() writes it */
	CHANNEL_LISTENER, /* one fd; payload: "KEY ADDRESS" as text, no NUL */
	CHANNEL_LISTENER_CLOSE, /* payload: as it came */
	CHANNEL_AVOID, /* candidates that are not to encode, in place of those before; empty: none */
	CHANNEL_READY, /* all of the first configuration has been sent */
	CHANNEL_STOP,
	CHANNEL_GENERATION, /* uint32_t: how many workers of the VM came before; the first message */
	CHANNEL_ASK, /* uint32_t number, then a request as on the control socket (server/control_request.h) */
	/* to the supervisor */
	CHANNEL_SERVING, /* the worker accepts viewers */
	CHANNEL_ENCODING, /* candidates whose drivers are at work, before they are; empty: none */
	CHANNEL_STATUS, /* struct channel_status, once a second while it changes */
	CHANNEL_ANSWER, /* the question's uint32_t, then {"ok": ...} or {"error": ...}; may come with an fd */
	CHANNEL_EVENT, /* JSON object with "event", for those who listen at the control socket */
	/* to workers */
	CHANNEL_DOOR, /* one fd: where the gateway hands over who has come for this VM; in place of one before */
	/* to the gateway */
	CHANNEL_CONFIG_FILE, /* one fd: sealed memory with all of the configuration, as config_dump() writes it */
	CHANNEL_BOARD, /* one fd: what is known of those VMs, in their order; see server/board.h */
	CHANNEL_VM_DOOR, /* payload: a VM's name; one fd, the other end of its door */
	/* through a door */
	CHANNEL_HANDED, /* payload: the key of the listener it is as if it had come in by; one fd, untouched */
	CHANNEL_VIEWER, /* struct channel_viewer; one fd, the worker's end of a stream socketpair */
	/* to workers */
	CHANNEL_BROKER, /* one fd: its end of a channel to the broker; in place of one before */
	/* to the broker */
	CHANNEL_VM_DEVICE, /* a VM's name, a newline, its vfio-device; one fd, the other end of that channel */
	/* from the broker to a worker */
	CHANNEL_DEVICE_OWNER, /* struct channel_owner; one fd, its pidfd. CHANNEL_DEVICE follows at once */
	CHANNEL_DEVICE, /* one fd, the VFIO device; in place of one before */
	CHANNEL_DEVICE_GONE, /* let go of it at once, and say so */
	CHANNEL_DEVICE_NONE, /* payload: why there is none, for people; when it changes */
	/* from a worker to the broker */
	CHANNEL_DEVICE_LET_GO, /* nothing of the device is held any more; once a device */
	/* from the broker to the supervisor */
	CHANNEL_DEVICE_HELD, /* payload: a VM's name; its worker does not let go, and has to be killed */
	/* to the broker, which takes no configuration */
	CHANNEL_LOG, /* struct channel_log */
};

/* The state of a VM of which nobody has seen a picture as yet. */
#define CHANNEL_STATE_RESTING "not watched yet"

struct channel_status {
	uint32_t viewers;
	uint32_t width, height; /* 0: no picture */
	uint32_t frames_per_second_x10; /* changed pictures sent */
	uint64_t bits_per_second;
	uint32_t damage_permille; /* mean share of the picture per changed frame */
	char state[228]; /* "1920x1080 XR24" or the reason there is no picture; no padding behind */
};

/* Who has proven to the gateway that he is user, and comes through it. */
struct channel_viewer {
	struct sockaddr_storage address; /* of the browser */
	uint32_t address_bytes;
	char user[CHANNEL_USER_MAX + 1]; /* "": nobody was asked */
	char tls[CHANNEL_TLS_MAX + 1]; /* the version between browser and gateway */
};

/* As in server/log.h. */
struct channel_log {
	int32_t level, format;
};

/* The process that has a device open: QEMU. */
struct channel_owner {
	int32_t pid;
	char comm[16]; /* its name as the kernel has it: anything, NUL terminated */
};

/*
 * pass_fd stays the caller's; -1: none. 0, -EAGAIN when the peer does not read
 * (the message is not sent), -EPIPE when it is gone, -EINVAL for a payload or
 * descriptor that the kind does not have, or another negative errno.
 */
int channel_send(int fd, enum channel_kind kind, const void *payload, size_t payload_bytes, int pass_fd);
/*
 * Receives one message. payload holds CHANNEL_PAYLOAD_MAX + 1 bytes and is NUL
 * terminated. *ret_fd is -1 or owned by the caller, close-on-exec. 0, -EAGAIN,
 * -EPIPE at the peer's end, -EBADMSG for what no kind allows (descriptors that
 * came with it are closed).
 */
int channel_receive(int fd, enum channel_kind *ret_kind, void *payload, size_t *ret_bytes, int *ret_fd);

#endif
