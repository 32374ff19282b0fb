/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the web page wants to know of a request. Pure; any thread. */
#ifndef PLANECAST_SERVER_GATEWAY_REQUEST_H
#define PLANECAST_SERVER_GATEWAY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct http_request;

/* Where VMs are. */
#define REQUEST_VM_PATH "/vm/"
/* Of a VM's name. */
#define REQUEST_VM_MAX 64

/* The session's cookie as the browser sends it, *ret_bytes long; NULL: none, or more than one. */
const char *request_cookie(const struct http_request *request, size_t *ret_bytes);
/*
 * Browsers say that a page of ours has caused it: its Origin is this very host and port. Cookies
 * are sent with what other ports of the host cause, too.
 */
bool request_is_ours(const struct http_request *request);
/* The name behind REQUEST_VM_PATH. -EINVAL: there is none that a VM can have. */
int request_vm(const struct http_request *request, char ret[REQUEST_VM_MAX + 1]);

#endif
