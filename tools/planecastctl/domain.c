// SPDX-License-Identifier: GPL-2.0-or-later
/* libvirt's XML by expat: a table says which element, by its path, is read how. */
#include "tools/planecastctl/domain.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 256
#define CHARDEVS_MAX 16

/* Of <qemu:commandline>: -chardev socket,id=ID,path=PATH. */
struct chardev {
	char id[64], path[DOMAIN_PATH_MAX];
};

struct reader {
	XML_Parser parser;
	struct domain *domain;
	char path[PATH_BYTES_MAX]; /* "/domain/devices/hostdev" */
	unsigned int beyond; /* elements inside that one whose path is too long: nothing of ours */
	char *text; /* what the element's text goes to, of DOMAIN_TEXT_MAX; NULL: nowhere */
	struct domain_hostdev *hostdev; /* inside one; NULL: there are too many */
	bool channel; /* inside one that is at a socket */
	char channel_path[DOMAIN_PATH_MAX];
	char option[64]; /* the argument of QEMU before */
	unsigned int n_chardevs;
	struct chardev chardevs[CHARDEVS_MAX];
	char *error;
	int result;
};

static void fail(struct reader *reader, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct reader *reader, const char *fmt, ...)
{
	va_list args;
	int at;

	if (reader->result < 0)
		return;
	reader->result = -EINVAL;
	at = snprintf(reader->error, DOMAIN_ERROR_MAX,
			"line %lu: ", (unsigned long)XML_GetCurrentLineNumber(reader->parser));
	va_start(args, fmt);
	vsnprintf(reader->error + at, (size_t)(DOMAIN_ERROR_MAX - at), fmt, args);
	va_end(args);
	XML_StopParser(reader->parser, XML_FALSE);
}

/* "" where there is none. */
static const char *get(const char **attributes, const char *name)
{
	for (; attributes[0]; attributes += 2)
		if (!strcmp(attributes[0], name))
			return attributes[1];
	return "";
}

static bool is(const char **attributes, const char *name, const char *value)
{
	return !strcmp(get(attributes, name), value);
}

/* False, and nothing copied: it does not fit, and half of it would mean something else. */
static bool copy_whole(char *to, size_t size, const char *from, size_t bytes)
{
	if (bytes >= size)
		return false;
	memcpy(to, from, bytes);
	to[bytes] = '\0';
	return true;
}

#define COPY(to, from) copy_whole(to, sizeof(to), from, strlen(from))

static void read_name(struct reader *reader, const char **attributes)
{
	(void)attributes;
	reader->domain->name[0] = '\0';
	reader->text = reader->domain->name;
}

static void read_title(struct reader *reader, const char **attributes)
{
	(void)attributes;
	reader->domain->title[0] = '\0';
	reader->text = reader->domain->title;
}

static void read_hostdev(struct reader *reader, const char **attributes)
{
	struct domain *domain = reader->domain;
	const bool mdev = is(attributes, "type", "mdev");

	reader->hostdev = NULL;
	if ((!mdev && !is(attributes, "type", "pci")) || domain->n_hostdevs == DOMAIN_HOSTDEVS_MAX)
		return;
	reader->hostdev = &domain->hostdevs[domain->n_hostdevs++];
	*reader->hostdev = (struct domain_hostdev){
		.mdev = mdev,
		.display = is(attributes, "display", "on"),
		.ramfb = is(attributes, "ramfb", "on"),
	};
}

/* "" unless it is one. */
static void copy_uuid(char *to, size_t size, const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i = 0;

	while (form[i] && (form[i] == 'x' ? isxdigit((unsigned char)text[i]) != 0 : text[i] == '-'))
		i++;
	if (!form[i] && !text[i])
		copy_whole(to, size, text, i);
}

/* "" unless it is one from the root. */
static void copy_path(char to[DOMAIN_PATH_MAX], const char *text, size_t bytes)
{
	if (text[0] == '/')
		copy_whole(to, DOMAIN_PATH_MAX, text, bytes);
}

static void read_hostdev_address(struct reader *reader, const char **attributes)
{
	struct domain_hostdev *hostdev = reader->hostdev;

	if (!hostdev)
		return;
	if (hostdev->mdev)
		copy_uuid(hostdev->device, sizeof(hostdev->device), get(attributes, "uuid"));
	else
		snprintf(hostdev->device, sizeof(hostdev->device), "%04lx:%02lx:%02lx.%lx",
				strtoul(get(attributes, "domain"), NULL, 0) & 0xffff,
				strtoul(get(attributes, "bus"), NULL, 0) & 0xff,
				strtoul(get(attributes, "slot"), NULL, 0) & 0x1f,
				strtoul(get(attributes, "function"), NULL, 0) & 7);
}

static void add_port(struct domain *domain, const char *text)
{
	const long port = strtol(text, NULL, 10);

	if (port > 0 && port <= 65535 && domain->n_ports < DOMAIN_PORTS_MAX)
		domain->ports[domain->n_ports++] = (unsigned int)port;
}

static void read_graphics(struct reader *reader, const char **attributes)
{
	struct domain *domain = reader->domain;

	add_port(domain, get(attributes, "port"));
	add_port(domain, get(attributes, "tlsPort"));
	add_port(domain, get(attributes, "websocket"));
	domain->spice = domain->spice || is(attributes, "type", "spice");
	domain->vnc = domain->vnc || is(attributes, "type", "vnc");
	if (!is(attributes, "type", "dbus"))
		return;
	domain->dbus = true;
	domain->dbus_p2p = is(attributes, "p2p", "yes");
	if (!strncmp(get(attributes, "address"), "unix:path=/", strlen("unix:path=/")))
		COPY(domain->dbus_address, get(attributes, "address"));
}

static void read_video(struct reader *reader, const char **attributes)
{
	if (!is(attributes, "type", "none"))
		reader->domain->emulated_display = true;
}

static void read_input(struct reader *reader, const char **attributes)
{
	if (is(attributes, "type", "tablet"))
		reader->domain->tablet = true;
}

static void read_channel(struct reader *reader, const char **attributes)
{
	struct domain *domain = reader->domain;

	reader->channel = is(attributes, "type", "unix");
	reader->channel_path[0] = '\0';
	if (is(attributes, "type", "spicevmc") && domain->agent == DOMAIN_AGENT_NONE)
		domain->agent = DOMAIN_AGENT_SPICE;
	if (is(attributes, "type", "qemu-vdagent") && domain->agent != DOMAIN_AGENT_SOCKET)
		domain->agent = DOMAIN_AGENT_QEMU;
}

static void read_channel_source(struct reader *reader, const char **attributes)
{
	if (reader->channel && !is(attributes, "mode", "connect"))
		copy_path(reader->channel_path, get(attributes, "path"), strlen(get(attributes, "path")));
}

static void read_channel_target(struct reader *reader, const char **attributes)
{
	if (!reader->channel || !is(attributes, "name", "com.redhat.spice.0"))
		return;
	reader->domain->agent = DOMAIN_AGENT_SOCKET;
	COPY(reader->domain->agent_path, reader->channel_path);
}

/* The value of a name in "socket,id=x,path=/y"; a comma in it is written twice. False: it has none that fits. */
static bool get_option(const char *options, const char *name, char *ret, size_t size)
{
	const size_t length = strlen(name);
	size_t bytes = 0;

	while (strncmp(options, name, length) || options[length] != '=') {
		options = strchr(options, ',');
		if (!options)
			return false;
		options++;
	}
	for (options += length + 1; *options && (*options != ',' || options[1] == ','); options++) {
		if (bytes + 1 == size)
			return false;
		ret[bytes++] = *options;
		options += *options == ',';
	}
	ret[bytes] = '\0';
	return bytes;
}

static void read_chardev(struct reader *reader, const char *value)
{
	struct chardev *chardev = &reader->chardevs[reader->n_chardevs];

	if (reader->n_chardevs < CHARDEVS_MAX && !strncmp(value, "socket,", 7) &&
			get_option(value, "id", chardev->id, sizeof(chardev->id)) &&
			get_option(value, "path", chardev->path, sizeof(chardev->path)))
		reader->n_chardevs++;
}

static void read_monitor(struct reader *reader, const char *value)
{
	char id[64], mode[16];

	if (!get_option(value, "chardev", id, sizeof(id)) || !get_option(value, "mode", mode, sizeof(mode)) ||
			strcmp(mode, "control"))
		return;
	for (unsigned int i = 0; i < reader->n_chardevs; i++)
		if (!strcmp(reader->chardevs[i].id, id))
			copy_path(reader->domain->qmp, reader->chardevs[i].path,
					strlen(reader->chardevs[i].path));
}

static void read_argument(struct reader *reader, const char **attributes)
{
	const char *value = get(attributes, "value");

	if (!strcmp(reader->option, "-qmp") && !strncmp(value, "unix:", 5))
		copy_path(reader->domain->qmp, value + 5, strcspn(value + 5, ","));
	else if (!strcmp(reader->option, "-chardev"))
		read_chardev(reader, value);
	else if (!strcmp(reader->option, "-mon"))
		read_monitor(reader, value);
	if (!COPY(reader->option, value))
		reader->option[0] = '\0';
}

static const struct {
	const char *path;
	void (*read)(struct reader *reader, const char **attributes);
} elements[] = {
	{ "/domain/name", read_name },
	{ "/domain/title", read_title },
	{ "/domain/devices/hostdev", read_hostdev },
	{ "/domain/devices/hostdev/source/address", read_hostdev_address },
	{ "/domain/devices/graphics", read_graphics },
	{ "/domain/devices/video/model", read_video },
	{ "/domain/devices/input", read_input },
	{ "/domain/devices/channel", read_channel },
	{ "/domain/devices/channel/source", read_channel_source },
	{ "/domain/devices/channel/target", read_channel_target },
	{ "/domain/commandline/arg", read_argument },
};

static void handle_start(void *user, const char *name, const char **attributes)
{
	struct reader *reader = user;
	const char *local = strchr(name, ':');
	const size_t length = strlen(reader->path);

	reader->text = NULL;
	name = local ? local + 1 : name;
	if (!reader->path[0] && strcmp(name, "domain")) {
		fail(reader, "a <%.40s>, and no <domain>: expected what virsh dumpxml prints", name);
		return;
	}
	if (reader->beyond || length + 1 + strlen(name) >= sizeof(reader->path)) {
		reader->beyond++;
		return;
	}
	sprintf(reader->path + length, "/%s", name);
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (!strcmp(reader->path, elements[i].path))
			elements[i].read(reader, attributes);
}

static void handle_end(void *user, const char *name)
{
	struct reader *reader = user;

	(void)name;
	reader->text = NULL;
	/* The end of an empty element comes also after the parser was stopped in its beginning. */
	if (reader->result < 0)
		return;
	if (reader->beyond)
		reader->beyond--;
	else
		*strrchr(reader->path, '/') = '\0';
}

static void handle_text(void *user, const char *text, int bytes)
{
	struct reader *reader = user;
	size_t length = reader->text ? strlen(reader->text) : 0;

	for (int i = 0; reader->text && i < bytes && length + 1 < DOMAIN_TEXT_MAX; i++)
		reader->text[length++] = text[i];
	if (reader->text)
		reader->text[length] = '\0';
}

/* Nobody's domain has one, and what it could define is nothing for us to expand. */
static void handle_doctype(
		void *user, const char *name, const char *system_id, const char *public_id, int internal)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)internal;
	fail(user, "a DOCTYPE, which libvirt does not write");
}

int domain_parse(const char *text, size_t bytes, struct domain *ret, char error[DOMAIN_ERROR_MAX])
{
	struct reader reader = { .parser = XML_ParserCreate(NULL), .domain = ret, .error = error };

	if (!reader.parser)
		return -ENOMEM;
	memset(ret, 0, sizeof(*ret));
	error[0] = '\0';
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, handle_start, handle_end);
	XML_SetCharacterDataHandler(reader.parser, handle_text);
	XML_SetStartDoctypeDeclHandler(reader.parser, handle_doctype);
	if (bytes > DOMAIN_BYTES_MAX)
		fail(&reader, "it is longer than %d bytes", DOMAIN_BYTES_MAX);
	else if (XML_Parse(reader.parser, text, (int)bytes, 1) != XML_STATUS_OK &&
			XML_GetErrorCode(reader.parser) == XML_ERROR_NO_MEMORY)
		reader.result = -ENOMEM;
	else if (XML_GetErrorCode(reader.parser) != XML_ERROR_NONE)
		fail(&reader, "%s", XML_ErrorString(XML_GetErrorCode(reader.parser)));
	else if (!ret->name[0])
		fail(&reader, "the domain has no <name>");
	XML_ParserFree(reader.parser);
	return reader.result;
}
