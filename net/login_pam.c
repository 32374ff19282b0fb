// SPDX-License-Identifier: GPL-2.0-or-later
/* One conversation with PAM, in which a name and a password are all that there is to say. */
#include "net/login_pam.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/secret.h"

struct answers {
	const char *name, *password;
};

static char *answer_to(const struct answers *answers, int style)
{
	switch (style) {
	case PAM_PROMPT_ECHO_OFF:
		return strdup(answers->password);
	case PAM_PROMPT_ECHO_ON:
		return strdup(answers->name);
	default:
		return NULL; /* it only says something, and nobody is there to read it */
	}
}

static void drop_replies(struct pam_response *replies, int count)
{
	for (int i = 0; i < count; i++) {
		if (replies[i].resp)
			secret_wipe(replies[i].resp, strlen(replies[i].resp));
		free(replies[i].resp);
	}
	free(replies);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
	struct pam_response *replies;

	if (count <= 0 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	replies = calloc((size_t)count, sizeof(*replies));
	if (!replies)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		const int style = messages[i]->msg_style;

		replies[i].resp = answer_to(data, style);
		if (!replies[i].resp && (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON)) {
			drop_replies(replies, i);
			return PAM_BUF_ERR;
		}
	}
	*ret = replies;
	return PAM_SUCCESS;
}

/* Who is told no is told so by the server, and not before its time. */
static void do_not_wait(int status, unsigned int delay_us, void *data)
{
	(void)status;
	(void)delay_us;
	(void)data;
}

static int start(const char *service, const char *name, const struct pam_conv *conv, pam_handle_t **ret)
{
	const char *slash = strrchr(service, '/');
	char *directory;
	int r;

	if (!slash)
		return pam_start(service, name, conv, ret);
	if (asprintf(&directory, "%.*s", slash == service ? 1 : (int)(slash - service), service) < 0)
		return PAM_BUF_ERR;
	r = pam_start_confdir(slash + 1, name, conv, directory, ret);
	free(directory);
	return r;
}

/* Without the port, and without what stands around an IPv6 address. */
static int set_host(pam_handle_t *pam, const char *peer)
{
	const char *colon = strrchr(peer, ':');
	size_t length = colon && *peer != 'u' ? (size_t)(colon - peer) : strlen(peer);
	char host[128];

	if (*peer == '[' && length >= 2)
		snprintf(host, sizeof(host), "%.*s", (int)length - 2, peer + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)length, peer);
	return pam_set_item(pam, PAM_RHOST, host);
}

static int read_user(pam_handle_t *pam, char ret_user[ROLE_NAME_MAX + 1])
{
	const void *item = NULL;
	int r = pam_get_item(pam, PAM_USER, &item);

	if (r != PAM_SUCCESS)
		return r;
	if (!item || role_name_fault(item))
		return PAM_USER_UNKNOWN;
	snprintf(ret_user, ROLE_NAME_MAX + 1, "%s", (const char *)item);
	return PAM_SUCCESS;
}

/*
 * That modules or their files are not as they should be, which no user can help.
 * PAM_SYSTEM_ERR is not among them: it is what pam_exec calls a program's no.
 */
static int to_errno(int result)
{
	switch (result) {
	case PAM_SUCCESS:
		return 0;
	case PAM_ABORT:
	case PAM_BUF_ERR:
	case PAM_OPEN_ERR:
	case PAM_SYMBOL_ERR:
	case PAM_SERVICE_ERR:
	case PAM_MODULE_UNKNOWN:
	case PAM_AUTHINFO_UNAVAIL:
		return -EIO;
	default:
		return -EACCES;
	}
}

int login_pam_check(const char *service, const char *name, const char *password, const char *peer,
		char ret_user[ROLE_NAME_MAX + 1], const char **ret_error)
{
	union {
		void (*function)(int status, unsigned int delay_us, void *data);
		const void *item;
	} delay = { .function = do_not_wait };
	struct answers answers = { name, password };
	const struct pam_conv conv = { converse, &answers };
	char user[ROLE_NAME_MAX + 1];
	pam_handle_t *pam = NULL;
	int r;

	*ret_error = "cannot be started";
	r = start(service, name, &conv, &pam);
	if (r != PAM_SUCCESS)
		return -EIO;
	r = pam_set_item(pam, PAM_FAIL_DELAY, delay.item);
	if (r == PAM_SUCCESS)
		r = set_host(pam, peer);
	*ret_error = "cannot say who is who";
	if (r == PAM_SUCCESS)
		r = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (r == PAM_SUCCESS)
		r = read_user(pam, user);
	if (r == PAM_SUCCESS)
		memcpy(ret_user, user, sizeof(user));
	pam_end(pam, r);
	return to_errno(r);
}
