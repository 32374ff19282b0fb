/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the web page looks, by day and by night, on large screens and small ones. */
#ifndef PLANECAST_SERVER_GATEWAY_PAGES_STYLE_H
#define PLANECAST_SERVER_GATEWAY_PAGES_STYLE_H

/* As it stands in pages; has nothing in it that HTML would end. */
extern const char pages_style[];

/* A screen, and one behind it: what is captured is a plane of these. */
#define PAGES_LOGO                                                                                                     \
	"<svg class=\"logo\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">"                                              \
	"<rect class=\"back\" x=\"9\" y=\"4\" width=\"21\" height=\"15\" rx=\"2.5\"/>"                                 \
	"<rect class=\"front\" x=\"2\" y=\"10\" width=\"21\" height=\"15\" rx=\"2.5\"/>"                               \
	"<path class=\"front\" d=\"M8 29h9\"/></svg>"
#define PAGES_ICON                                                                                                     \
	"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"                          \
	"%3Crect x='9' y='4' width='21' height='15' rx='2.5' fill='%237db8f0'/%3E"                                     \
	"%3Crect x='2' y='10' width='21' height='15' rx='2.5' fill='%230b66c3'/%3E"                                    \
	"%3Crect x='8' y='27' width='9' height='3' rx='1.5' fill='%230b66c3'/%3E%3C/svg%3E"

#endif
