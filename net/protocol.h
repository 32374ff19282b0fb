/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a display protocol is to a VM, and a VM to a protocol. Loop thread.
 *
 * Flow: vm.c hands each change of the picture to every protocol of the VM;
 * protocols keep per client what is still to be sent, send when that client can
 * take it, always from the newest frame, and hand input back.
 */
#ifndef PLANECAST_NET_PROTOCOL_H
#define PLANECAST_NET_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "config/role.h"
#include "encoders/packet.h"

/* The largest picture any protocol can show, each way: libvncserver's Raw rectangles. */
#define PROTOCOL_PICTURE_MAX 8191u
#define PROTOCOL_SIZE_IS_SO 1

struct clipboard;
struct config_vm;
struct cursor;
struct event_base;
struct flow;
struct frame;
struct gate;
struct input_event;
struct packet;
struct protocol;
struct protocol_stats;
struct tls;
struct update;

/* A viewer, as people are told of it. Strings live as long as the call that hands it over. */
struct protocol_viewer {
	uint64_t id; /* as net/viewer.h has it */
	const char *protocol, *peer;
	const char *user; /* who it is; "": nobody said */
	const char *tls; /* the version, as OpenSSL calls it, or just TLS; "": it sees and says all in the clear */
	bool is_websocket;
	int64_t since_ns; /* by clock_now_ns() */
	bool may_control; /* or only watch */
	const char *encoding; /* in which it is sent most; "": nothing yet */
	uint32_t fps_x10; /* updates a second, lately */
	uint64_t bytes_sent, bytes_received;
};
typedef void (*protocol_viewer_fn)(void *user, const struct protocol_viewer *viewer);

/*
 * Which part of the picture goes as video. Viewers that can be shown video are sent packets
 * of it and no rectangles. When it ends, for good or for now, what they have of it is
 * made exact by rectangles.
 */
struct protocol_video {
	bool on; /* false: none; then codecs and serial are still valid */
	unsigned int codecs; /* that can be encoded: 1 << enum packet_codec each */
	uint32_t serial; /* another one for each box; viewers begin each with a keyframe */
	struct packet_box box;
};

/* For a packet, of a viewer. */
struct protocol_wish {
	enum packet_codec codec;
	unsigned int tier; /* below PACKET_TIERS */
	bool keyframe; /* and only one that is */
	const struct flow *flow; /* what the viewer's link carries, for the call; NULL: nobody knows */
};

/*
 * Callbacks of the owner (vm.c); mandatory where nothing else is said. Never called from inside a call
 * into the protocol but for accept, or where it says so.
 */
struct protocol_events {
	/* A viewer, known by any address of its own, types or points. */
	void (*input)(void *user, const void *viewer, const struct input_event *event);
	/*
	 * A viewer wants a size, and whoever wanted another one before no longer counts; nor does
	 * this one while another types or clicks. Some viewers' programs say again and again what they
	 * want, whenever the size is another one: that counts only if no other viewer has
	 * wanted anything since, or several of them would never agree. 0: the guest is asked,
	 * now or soon; PROTOCOL_SIZE_IS_SO: the picture has it; -EBUSY: does not count; other
	 * negative errno: refused. The picture stays then.
	 */
	int (*resize)(void *user, const void *viewer, uint32_t width, uint32_t height, bool again);
	/*
	 * A viewer can take a packet now. Once for each packet that it takes; nothing remains of it
	 * when the video goes off. Any time.
	 */
	void (*video)(void *user, const struct protocol_wish *wish);
	/* A viewer came, went, can take a picture again, or another number can be shown video. */
	void (*viewers)(void *user);
	/* What all protocols of the VM have together: limits are the VM's. Any time. */
	void (*totals)(void *user, struct protocol_stats *ret);
	/* A viewer of protocol is to be the only one: closes those of the others. Any time. */
	void (*alone)(void *user, const struct protocol *protocol, const char *why);
	/* Optional. A viewer has come (why is NULL), or goes, for that reason. Any time. */
	void (*viewer)(void *user, const struct protocol_viewer *viewer, const char *why);
	/* Optional. Somebody had no right password, or none that counts any more. Any time. */
	void (*auth_failed)(void *user, const struct protocol *protocol, const char *peer);
};

/* What somebody of ours knows of a viewer for whom it goes between. */
struct protocol_proof {
	const char *user; /* who it is; "": nobody was asked */
	const char *tls; /* the version between it and us */
};

struct protocol_stats {
	unsigned int viewers; /* authenticated */
	unsigned int handshakes; /* connected, not yet authenticated */
	unsigned int video_viewers; /* of viewers, can be shown video */
	bool exclusive; /* there is a viewer that asked to be the only one */
	uint64_t bytes_sent; /* since start, all viewers */
	uint64_t updates_sent;
	int64_t last_input_ns;
};

struct protocol_impl {
	const char *name; /* "vnc", "spice" */
	/* Takes the socket, also on failure. listener: enum config_listeners, the key that it came in by. */
	void (*accept)(struct protocol *protocol, int listener, int fd, const struct sockaddr *peer,
			socklen_t length);
	/*
	 * A browser has connected to somebody of ours who has asked who it is, and goes between. Takes the socket,
	 * also on failure. NULL: not in this protocol.
	 */
	void (*admit)(struct protocol *protocol, int fd, const struct sockaddr *peer, socklen_t length,
			const struct protocol_proof *proof);
	/* The newest change; update is borrowed. Never fails: what cannot be done costs a client. */
	void (*update)(struct protocol *protocol, const struct update *update);
	/* Video goes on, off, or elsewhere; comes before the update it is about. NULL: this has none. */
	void (*video)(struct protocol *protocol, const struct protocol_video *video);
	/* The next packet of that video, borrowed. Whoever cannot take it, or has missed one, does without. */
	void (*packet)(struct protocol *protocol, struct packet *packet);
	void (*cursor)(struct protocol *protocol, const struct cursor *cursor);
	/* The guest's lights, enum input_led. NULL: viewers are not told. */
	void (*leds)(struct protocol *protocol, unsigned int leds);
	/* The guest takes positions of the pointer (at first), or motion only. NULL: viewers cannot know. */
	void (*pointer)(struct protocol *protocol, bool absolute);
	/* Whose viewers take part in it, from now on; NULL: there is none. Before any client. NULL: they cannot. */
	void (*clipboard)(struct protocol *protocol, struct clipboard *clipboard);
	void (*stats)(const struct protocol *protocol, struct protocol_stats *ret);
	/* Keys that can change live; config is borrowed and stays valid until the next call. */
	void (*reconfigure)(struct protocol *protocol, const struct config_vm *config);
	/*
	 * Makes a password that counts once, for so long, and gives that role: net/tickets.h has
	 * the details. ret_secret is the caller's to wipe. -ENOTSUP: nobody is asked for one.
	 */
	int (*issue_ticket)(struct protocol *protocol, int64_t lifetime_ns, enum role role,
			const char *name, char *ret_secret);
	/* Closes every viewer. */
	void (*close_viewers)(struct protocol *protocol, const char *why);
	/* Calls each with every viewer, the oldest first; it must not close any. */
	void (*each_viewer)(struct protocol *protocol, protocol_viewer_fn each, void *user);
	/* Closes the viewer of that id, 0: all. Returns how many that were. */
	unsigned int (*close_viewer)(struct protocol *protocol, uint64_t id, const char *why);
	/* Closes every client. */
	void (*free)(struct protocol *protocol);
};

struct protocol {
	const struct protocol_impl *impl;
};

/*
 * gate is the VM's, for the strangers of all its protocols; tls is what it has for TLS, which may
 * be no certificate, or another one later. Both are borrowed.
 */

/* net/vnc.c. -ENOMEM and what rects_pool_new() says. */
int vnc_new(struct event_base *base, const struct config_vm *config, struct gate *gate, struct tls *tls,
		const struct protocol_events *events, void *user, struct protocol **ret);
/* net/spice.c. -ENOMEM, -EIO: no RSA key. Needs evthread_use_pthreads() before base was made. */
int spice_new(struct event_base *base, const struct config_vm *config, struct gate *gate, struct tls *tls,
		const struct protocol_events *events, void *user, struct protocol **ret);

#endif
