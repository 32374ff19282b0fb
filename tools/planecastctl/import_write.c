// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes the section, and between its keys what the domain still lacks. */
#include <ctype.h>
#include <string.h>

#include "config/text.h"
#include "tools/planecastctl/domain.h"
#include "tools/planecastctl/import.h"

/* How the path of a bus ends that libvirt makes itself, and calls by the domain's number and name. */
#define LIBVIRTS_BUS "-dbus.sock"
#define NAME_BYTES_MAX 64 /* of a VM in the configuration */

/* As a section may be called, and a file: both are made of the domain's name. */
static void make_name(const char *name, char ret[NAME_BYTES_MAX + 1])
{
	size_t bytes = strlen(name) < NAME_BYTES_MAX ? strlen(name) : NAME_BYTES_MAX;

	/* Not in the middle of a character. */
	while (bytes && bytes < strlen(name) && (name[bytes] & 0xc0) == 0x80)
		bytes--;
	memcpy(ret, name, bytes);
	ret[bytes] = '\0';
	text_sanitize(ret);
	for (char *at = ret; *at; at++)
		if (strchr("\"/\t", *at))
			*at = '-';
	if (!strcmp(ret, ".") || !strcmp(ret, ".."))
		ret[0] = '-';
}

/* A file's name, which QEMU's command line and XML take as it is. */
static void make_file_name(const char *name, char ret[NAME_BYTES_MAX + 1])
{
	make_name(name, ret);
	for (char *at = ret; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("._-", *at))
			*at = '-';
}

/* In a comment: what is the domain's may be anything. */
static void write_text(const char *text, FILE *out)
{
	char copy[DOMAIN_TEXT_MAX];

	snprintf(copy, sizeof(copy), "%s", text);
	text_sanitize(copy);
	fputs(copy, out);
}

/* In quotes, so that nothing in it is a comment or an end. */
static void write_key(const char *key, const char *value, FILE *out)
{
	char copy[DOMAIN_TEXT_MAX];

	snprintf(copy, sizeof(copy), "%s", value);
	text_sanitize(copy);
	fprintf(out, "%s = ", key);
	if (!strpbrk(copy, " \t#;\"\\")) {
		fprintf(out, "%s\n", copy);
		return;
	}
	fputc('"', out);
	for (const char *at = copy; *at; at++)
		fprintf(out, strchr("\"\\", *at) ? "\\%c" : "%c", *at);
	fputs("\"\n", out);
}

static void write_device(const struct domain *domain, FILE *out)
{
	const struct domain_hostdev *chosen = NULL;

	for (unsigned int i = 0; i < domain->n_hostdevs; i++) {
		const struct domain_hostdev *hostdev = &domain->hostdevs[i];

		if (!hostdev->device[0])
			continue;
		/* Mediated devices with a display are vGPUs; other devices may be anything. */
		if (!chosen || (hostdev->mdev && !chosen->mdev))
			chosen = hostdev;
	}
	write_key("vfio-device", chosen->device, out);
	for (unsigned int i = 0; i < domain->n_hostdevs; i++) {
		const struct domain_hostdev *hostdev = &domain->hostdevs[i];

		if (hostdev == chosen || !hostdev->device[0])
			continue;
		fputs("# If the vGPU is another one of the domain's devices:\n#", out);
		write_key("vfio-device", hostdev->device, out);
	}
	if (!chosen->mdev)
		fputs("# This is a whole PCI device or a virtual function (SR-IOV), and many of these show no\n"
		      "# picture to the host. \"planecastctl doctor\" says what it does.\n",
				out);
	if (chosen->display)
		fputs("# Planecast does not need the hostdev's display='on', but ramfb='on' does.\n", out);
}

static void write_bus(const struct domain *domain, FILE *out)
{
	const size_t length = strlen(domain->dbus_address), own = strlen(LIBVIRTS_BUS);
	/* Libvirt's is there in what it says of a domain that runs. */
	const bool is_own = length < own || !strcmp(domain->dbus_address + length - own, LIBVIRTS_BUS);

	if (domain->dbus && !domain->dbus_p2p && !is_own) {
		write_key("dbus", domain->dbus_address, out);
		return;
	}
	if (!domain->dbus)
		fputs("# Have QEMU show its display by D-Bus, beside what it does now (virsh edit):\n", out);
	else if (!domain->dbus_p2p)
		fputs("# Libvirt makes another D-Bus for this domain at each start. Have QEMU do without\n"
		      "# (virsh edit):\n",
				out);
	if (!domain->dbus || !domain->dbus_p2p)
		fputs("#   <graphics type='dbus' p2p='yes'/>\n", out);
	fputs("dbus = p2p\n", out);
}

static void write_monitor(const struct domain *domain, const char *file, FILE *out)
{
	if (domain->qmp[0]) {
		write_key("qmp", domain->qmp, out);
		return;
	}
	fprintf(out,
			"# Libvirt has its monitor to itself. Give the domain one more (virsh edit; xmlns:qemu, too):\n"
			"#   <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
			"#     <qemu:commandline>\n"
			"#       <qemu:arg value='-qmp'/>\n"
			"#       <qemu:arg value='unix:" IMPORT_FOLDER "/%s.qmp,server=on,wait=off'/>\n"
			"#     </qemu:commandline>\n"
			"qmp = " IMPORT_FOLDER "/%s.qmp\n",
			file, file);
}

static void write_agent(const struct domain *domain, const char *file, FILE *out)
{
	if (domain->agent == DOMAIN_AGENT_SOCKET && domain->agent_path[0]) {
		write_key("vdagent", domain->agent_path, out);
		return;
	}
	if (domain->agent == DOMAIN_AGENT_NONE)
		fputs("# For the clipboard give the domain a channel, and the guest spice-vdagent (virsh edit):\n",
				out);
	else
		fputs("# For the clipboard have the guest's agent at a socket, in place of its channel now:\n",
				out);
	fprintf(out,
			"#   <channel type='unix'>\n"
			"#     <source mode='bind' path='" IMPORT_FOLDER "/%s.vdagent'/>\n"
			"#     <target type='virtio' name='com.redhat.spice.0'/>\n"
			"#   </channel>\n"
			"vdagent = " IMPORT_FOLDER "/%s.vdagent\n",
			file, file);
}

void import_write(const struct domain *domain, unsigned int port, FILE *out)
{
	char name[NAME_BYTES_MAX + 1], file[NAME_BYTES_MAX + 1];
	bool has_device = false;

	make_name(domain->name, name);
	for (unsigned int i = 0; i < domain->n_hostdevs; i++)
		has_device = has_device || domain->hostdevs[i].device[0];
	fputs("# Of libvirt's domain ", out);
	write_text(domain->name, out);
	fprintf(out, ", by planecastctl import-libvirt. See planecast-hosts(7).\n[vm \"%s\"]\n", name);
	if (domain->title[0])
		write_key("desktop-name", domain->title, out);
	fprintf(out, "source = %s\n", !has_device ? "dbus" : domain->dbus ? "vfio dbus" : "vfio");
	if (has_device)
		write_device(domain, out);
	if (!has_device || domain->dbus)
		write_bus(domain, out);
	else
		fputs("# The vGPU does not draw firmware and boot loader. To see them have QEMU show its own display\n"
		      "# (virsh edit; libvirt draws them into ramfb where the hostdev has display='on' ramfb='on'):\n"
		      "#   <graphics type='dbus' p2p='yes'/>\n"
		      "# and here, instead of the source above:\n"
		      "#source = vfio dbus\n"
		      "#dbus = p2p\n",
				out);
	make_file_name(domain->name, file);
	write_monitor(domain, file, out);
	if (!domain->tablet)
		fputs("# For a pointer that is where viewers' pointers are (virsh edit):\n"
		      "#   <input type='tablet' bus='usb'/>\n",
				out);
	write_agent(domain, file, out);
	fprintf(out,
			"# On this host only. For other addresses choose vnc-auth, spice-auth and a certificate\n"
			"# first.\n"
			"vnc = 127.0.0.1:%u\nspice = 127.0.0.1:%u\n",
			port, port + 1);
}
