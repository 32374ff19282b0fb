// SPDX-License-Identifier: GPL-2.0-or-later
/* From a file of libvirt's to a section on standard output. */
#include "tools/planecastctl/import.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/address.h"
#include "config/config.h"
#include "server/options.h"
#include "tools/planecastctl/domain.h"

#define PORT_FIRST 5900
#define PORT_LAST 65533

/* To be freed; NULL after saying why. */
static char *read_all(const char *path, size_t *ret_bytes)
{
	const int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(STDIN_FILENO);
	char *text = malloc(DOMAIN_BYTES_MAX + 1);
	size_t bytes = 0;
	ssize_t got = fd < 0 || !text ? -1 : 1;

	while (got > 0 && bytes <= DOMAIN_BYTES_MAX) {
		got = read(fd, text + bytes, DOMAIN_BYTES_MAX + 1 - bytes);
		if (got > 0)
			bytes += (size_t)got;
	}
	if (got < 0) {
		ctl_complain("cannot read %s: %s", path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	*ret_bytes = bytes;
	return text;
}

static unsigned int port_of(const char *text)
{
	struct sockaddr_storage address;
	const char *error;
	socklen_t length;

	if (address_parse(text, &address, &length, &error) < 0 || address.ss_family == AF_UNIX)
		return 0;
	return ntohs(address.ss_family == AF_INET6
					? ((const struct sockaddr_in6 *)(const void *)&address)->sin6_port
					: ((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

static bool is_used_by_vm(const struct config_vm *vm, unsigned int port)
{
	for (enum config_listeners which = 0; which < CONFIG_LISTENERS; which++) {
		const struct config_addresses *addresses = config_vm_listeners(vm, which);

		for (unsigned int i = 0; i < addresses->count; i++)
			if (port_of(addresses->text[i]) == port)
				return true;
	}
	return false;
}

static bool is_used(const struct domain *domain, const struct config *config, unsigned int port)
{
	bool used = false;

	for (unsigned int i = 0; i < domain->n_ports; i++)
		used = used || domain->ports[i] == port;
	for (unsigned int i = 0; config && i < config->n_vms; i++)
		used = used || is_used_by_vm(config->vms[i], port);
	return used;
}

/* The first of a pair that neither the domain has nor a VM of the configuration. */
static unsigned int choose_port(const struct domain *domain, const struct config *config)
{
	unsigned int port = PORT_FIRST;

	while (port < PORT_LAST && (is_used(domain, config, port) || is_used(domain, config, port + 1)))
		port += 2;
	return port;
}

int import_run(struct ctl *ctl, char **arguments)
{
	char error[DOMAIN_ERROR_MAX];
	struct config *config = NULL;
	struct domain domain;
	size_t bytes;
	char *text = read_all(arguments[0], &bytes);
	int r;

	if (!text)
		return EXIT_REFUSED;
	r = domain_parse(text, bytes, &domain, error);
	free(text);
	if (r < 0) {
		ctl_complain("%s: %s", arguments[0], r == -EINVAL ? error : strerror(-r));
		return EXIT_REFUSED;
	}
	/* Only for its ports: what is wrong with it is said elsewhere. */
	if (config_load(ctl->config ? ctl->config : OPTIONS_CONFIG_PATH, NULL, NULL, &config) < 0)
		config = NULL;
	import_write(&domain, choose_port(&domain, config), stdout);
	config_free(config);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_SUCCESS;
}
