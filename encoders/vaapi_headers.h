/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence parameter sets of drivers that take none of ours: VA-API has no words for what colours are, so such a
 * driver does not say it, and viewers guess, by the picture's size and each in its own way.
 *
 * Pure. Any thread.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_HEADERS_H
#define PLANECAST_ENCODERS_VAAPI_HEADERS_H

struct h264_vui;
struct packet;

/*
 * Sees that the packet's first sequence parameter set says what ours would have of colours and of the order of
 * pictures; what the driver said itself stays. The packet, whose only reference is the caller's, is replaced if need
 * be. One that has no such set, or none that can be read, is left as it is. -ENOMEM.
 */
int vaapi_headers_complete(const struct h264_vui *ours, struct packet **packet);

#endif
