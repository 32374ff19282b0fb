/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the RFB protocol.
 *
 * Sections are those of RFC 6143; what it does not have ("registry") is in the
 * community's rfbproto document and its registry of numbers.
 */
#ifndef PLANECAST_NET_RFB_H
#define PLANECAST_NET_RFB_H

/* 7.1.1: "RFB 003.008\n" */
#define RFB_VERSION_BYTES 12

/* 7.1.2 */
enum rfb_security_type { RFB_SECURITY_NONE = 1, RFB_SECURITY_VNC_AUTH = 2, RFB_SECURITY_VENCRYPT = 19 };
/* VeNCrypt 0.2's, with a certificate of the server */
enum rfb_vencrypt_type {
	RFB_VENCRYPT_PLAIN = 256, /* what is around is TLS already */
	RFB_VENCRYPT_X509_NONE = 260,
	RFB_VENCRYPT_X509_VNC = 261,
	RFB_VENCRYPT_X509_PLAIN = 262,
};
/* 7.1.3 */
enum rfb_security_result { RFB_SECURITY_OK = 0, RFB_SECURITY_FAILED = 1 };
/* 7.2.2 */
#define RFB_CHALLENGE_BYTES 16

#define RFB_PIXEL_FORMAT_BYTES 16 /* 7.4 */
#define RFB_RECT_BYTES 12 /* 7.6.1: x, y, width, height, encoding */
#define RFB_SCREEN_BYTES 16 /* registry, ExtendedDesktopSize */

/* 7.5, and the registry from 150 on */
enum rfb_client_message {
	RFB_SET_PIXEL_FORMAT = 0,
	RFB_SET_ENCODINGS = 2,
	RFB_UPDATE_REQUEST = 3,
	RFB_KEY_EVENT = 4,
	RFB_POINTER_EVENT = 5,
	RFB_CLIENT_CUT_TEXT = 6,
	RFB_ENABLE_CONTINUOUS_UPDATES = 150,
	RFB_CLIENT_FENCE = 248,
	RFB_SET_DESKTOP_SIZE = 251,
	RFB_QEMU_CLIENT = 255,
};

/* 7.6, and the registry from 150 on */
enum rfb_server_message {
	RFB_UPDATE = 0,
	RFB_SERVER_CUT_TEXT = 3,
	RFB_END_OF_CONTINUOUS_UPDATES = 150,
	RFB_SERVER_FENCE = 248,
};

/* Submessages of RFB_QEMU_CLIENT (registry). */
#define RFB_QEMU_KEY_EVENT 0

/* 7.7; what is not here is asked of encoders/rects.h by its own numbers. */
#define RFB_ENCODING_COPY_RECT 1
#define RFB_ENCODING_OPEN_H264 50 /* registry */

/* Of an Open H.264 rectangle (registry). */
#define RFB_H264_RESET_CONTEXT (1u << 0) /* the one of its place and size */
#define RFB_H264_RESET_ALL (1u << 1)
#define RFB_H264_HEAD_BYTES 8 /* length, flags */

/* 7.8.1 and 7.8.2, the rest from the registry */
enum rfb_pseudo_encoding {
	RFB_PSEUDO_QUALITY_HIGHEST = -23, /* JPEG quality 9 .. 0 */
	RFB_PSEUDO_QUALITY_LOWEST = -32,
	RFB_PSEUDO_DESKTOP_SIZE = -223,
	RFB_PSEUDO_LAST_RECT = -224,
	RFB_PSEUDO_CURSOR = -239,
	RFB_PSEUDO_COMPRESSION_HIGHEST = -247, /* 9 .. 0 */
	RFB_PSEUDO_COMPRESSION_LOWEST = -256,
	RFB_PSEUDO_QEMU_POINTER_MOTION = -257,
	RFB_PSEUDO_QEMU_KEY_EVENT = -258,
	RFB_PSEUDO_QEMU_LED_STATE = -261,
	RFB_PSEUDO_DESKTOP_NAME = -307,
	RFB_PSEUDO_EXTENDED_DESKTOP_SIZE = -308,
	RFB_PSEUDO_FENCE = -312,
	RFB_PSEUDO_CONTINUOUS_UPDATES = -313,
	RFB_PSEUDO_CURSOR_WITH_ALPHA = -314,
	RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS = -316,
	RFB_PSEUDO_EXTENDED_CLIPBOARD = -1063131698, /* 0xc0a1e5ce */
	RFB_PSEUDO_VMWARE_LED_STATE = 0x574d5668,
};

/* What stands for no motion in a PointerEvent whose positions are motion (registry, QEMU Pointer Motion Change). */
#define RFB_MOTION_ZERO 0x7fff

/* Who changed the size, x of an ExtendedDesktopSize rectangle (registry). */
enum rfb_size_reason { RFB_SIZE_SERVER = 0, RFB_SIZE_THIS_CLIENT = 1, RFB_SIZE_OTHER_CLIENT = 2 };
/* What became of a SetDesktopSize, y of that rectangle (registry). */
enum rfb_size_status {
	RFB_SIZE_OK = 0,
	RFB_SIZE_PROHIBITED = 1,
	RFB_SIZE_NO_RESOURCES = 2,
	RFB_SIZE_BAD_LAYOUT = 3,
	RFB_SIZE_FORWARDED = 4, /* the guest was asked, and may yet do it */
};

/* Of an Extended Clipboard message (registry): formats, and one action; all of them it understands with CAPS. */
#define RFB_CLIPBOARD_TEXT (1u << 0)
#define RFB_CLIPBOARD_FORMATS 0xffffu
#define RFB_CLIPBOARD_CAPS (1u << 24)
#define RFB_CLIPBOARD_REQUEST (1u << 25)
#define RFB_CLIPBOARD_PEEK (1u << 26)
#define RFB_CLIPBOARD_NOTIFY (1u << 27)
#define RFB_CLIPBOARD_PROVIDE (1u << 28)
#define RFB_CLIPBOARD_ACTIONS 0xff000000u
#define RFB_CLIPBOARD_FLAGS_BYTES 4

/* Fence flags (registry). */
#define RFB_FENCE_BLOCK_BEFORE (1u << 0)
#define RFB_FENCE_BLOCK_AFTER (1u << 1)
#define RFB_FENCE_SYNC_NEXT (1u << 2)
#define RFB_FENCE_REQUEST (1u << 31)
#define RFB_FENCE_ANSWERABLE (RFB_FENCE_BLOCK_BEFORE | RFB_FENCE_BLOCK_AFTER | RFB_FENCE_SYNC_NEXT)
#define RFB_FENCE_PAYLOAD_MAX 64

#endif
