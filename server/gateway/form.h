/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a browser sends of a form, application/x-www-form-urlencoded as the URL
 * standard has browsers write it, and nothing else: the fields that the form has, each
 * once, in any order. Pure; any thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_FORM_H
#define PLANECAST_SERVER_GATEWAY_FORM_H

#include <stddef.h>

struct form_field {
	const char *name; /* of letters */
	char *value; /* NUL terminated, once it is read */
	size_t size; /* of value, its NUL with it */
};

/* -EINVAL: that is not the form, or a NUL is in it; -E2BIG: a value is longer. All values are then wiped. */
int form_read(const char *text, size_t bytes, const struct form_field *fields, size_t n_fields);

/* The byte that "%4A" stands for, of which at is the '%'; -1: that is not one. */
int form_escaped(const char *at, const char *end);

#endif
