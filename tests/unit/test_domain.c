// SPDX-License-Identifier: GPL-2.0-or-later
/* What is read of libvirt's domains, and the sections that come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "tools/planecastctl/domain.h"
#include "tools/planecastctl/import.h"

#define DOMAINS "tests/integration/domains/"
#define UUID "a297db4a-f4c2-11e6-90f6-d3b88d6c9525"

static char *text;

static struct config *import(const struct domain *domain)
{
	struct config *config;
	size_t bytes;
	FILE *out;

	free(text);
	out = open_memstream(&text, &bytes);
	assert_non_null(out);
	import_write(domain, 5950, out);
	fclose(out);
	print_message("%s", text);
	assert_int_equal(config_parse("import", text, bytes, config_report_stdio, stderr, &config), 0);
	assert_int_equal(config->n_vms, 1);
	assert_string_equal(config->vms[0]->vnc.text[0], "127.0.0.1:5950");
	assert_string_equal(config->vms[0]->spice.text[0], "127.0.0.1:5951");
	return config;
}

static void parse(const char *xml, struct domain *ret)
{
	char error[DOMAIN_ERROR_MAX];
	const int r = domain_parse(xml, strlen(xml), ret, error);

	if (r < 0)
		print_message("%s\n", error);
	assert_int_equal(r, 0);
}

/* As virsh dumpxml has written it. */
static void parse_file(const char *path, struct domain *ret)
{
	static char xml[65536];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	xml[fread(xml, 1, sizeof(xml) - 1, file)] = '\0';
	fclose(file);
	parse(xml, ret);
}

static void imports_a_mediated_device(void **state)
{
	struct domain domain;
	struct config *config;

	(void)state;
	parse_file(DOMAINS "mdev.xml", &domain);
	assert_string_equal(domain.name, "win11 desk & co");
	assert_string_equal(domain.title, "Windows 11");
	assert_int_equal(domain.n_hostdevs, 1);
	assert_true(domain.hostdevs[0].mdev && domain.hostdevs[0].display && domain.hostdevs[0].ramfb);
	assert_true(domain.spice && !domain.vnc && !domain.dbus && !domain.emulated_display && !domain.tablet);
	assert_int_equal(domain.agent, DOMAIN_AGENT_SPICE);

	config = import(&domain);
	assert_string_equal(config->vms[0]->name, "win11 desk & co");
	assert_string_equal(config->vms[0]->desktop_name, "Windows 11");
	assert_true(config_vm_has_source(config->vms[0], CONFIG_SOURCE_VFIO));
	assert_int_equal(config->vms[0]->source.count, 1);
	assert_non_null(strstr(text, "#source = vfio dbus\n#dbus = p2p\n"));
	assert_string_equal(config->vms[0]->vdagent, IMPORT_FOLDER "/win11-desk---co.vdagent");
	assert_string_equal(config->vms[0]->vfio_device, UUID);
	assert_string_equal(config->vms[0]->qmp, IMPORT_FOLDER "/win11-desk---co.qmp");
	assert_null(config->vms[0]->dbus);
	assert_non_null(strstr(text,
			"<qemu:arg value='unix:" IMPORT_FOLDER "/win11-desk---co.qmp,server=on,wait=off'/>"));
	assert_non_null(strstr(text, "<input type='tablet' bus='usb'/>"));
	assert_non_null(strstr(text, "in place of its channel"));
	config_free(config);
}

static void imports_a_pci_device(void **state)
{
	struct domain domain;
	struct config *config;

	(void)state;
	parse_file(DOMAINS "pci.xml", &domain);
	assert_true(domain.vnc && domain.emulated_display);
	config = import(&domain);
	assert_string_equal(config->vms[0]->name, "cad-07");
	assert_string_equal(config->vms[0]->vfio_device, "0000:27:00.4");
	assert_non_null(strstr(text, "SR-IOV"));
	config_free(config);
}

static void imports_dbus(void **state)
{
	struct domain domain;
	struct config *config;

	(void)state;
	parse_file(DOMAINS "dbus-p2p.xml", &domain);
	assert_true(domain.dbus && domain.dbus_p2p && domain.tablet);
	config = import(&domain);
	assert_true(config_vm_has_source(config->vms[0], CONFIG_SOURCE_DBUS));
	assert_int_equal(config->vms[0]->source.count, 1);
	assert_string_equal(config->vms[0]->dbus, "p2p");
	assert_string_equal(config->vms[0]->qmp, "/run/vm/tiny.qmp");
	assert_string_equal(config->vms[0]->vdagent, "/run/vm/tiny.vdagent");
	/* All is there already: nothing is to be done. */
	assert_null(strstr(text, "virsh"));
	config_free(config);

	/* Libvirt's own bus is another one next time. */
	parse_file(DOMAINS "dbus-running.xml", &domain);
	assert_true(domain.dbus && !domain.dbus_p2p);
	assert_string_equal(
			domain.dbus_address, "unix:path=/run/user/1000/libvirt/qemu/run/dbus/3-bus-dbus.sock");
	config = import(&domain);
	assert_string_equal(config->vms[0]->dbus, "p2p");
	assert_non_null(strstr(text, "another D-Bus for this domain at each start"));
	config_free(config);
	parse_file(DOMAINS "dbus.xml", &domain);
	config = import(&domain);
	assert_string_equal(config->vms[0]->dbus, "p2p");
	config_free(config);

	/* The administrator's is not. */
	parse("<domain><name>x</name><devices><graphics type='dbus' address='unix:path=/run/x.bus'/>"
	      "</devices></domain>",
			&domain);
	config = import(&domain);
	assert_string_equal(config->vms[0]->dbus, "unix:path=/run/x.bus");
	config_free(config);
}

static void imports_what_has_no_device_either(void **state)
{
	struct domain domain;
	struct config *config;

	(void)state;
	/* As virt-install --print-xml writes it, with the XML declaration of other tools. */
	parse("<?xml version='1.0' encoding='UTF-8'?>\n<domain type=\"kvm\">\n  <name>debian12</name>\n"
	      "  <metadata><libosinfo:libosinfo xmlns:libosinfo=\"http://libosinfo.org/xmlns/libvirt/domain/1.0\">\n"
	      "    <libosinfo:os id=\"http://debian.org/debian/12\"/></libosinfo:libosinfo></metadata>\n"
	      "  <devices>\n    <input type=\"tablet\" bus=\"usb\"/>\n"
	      "    <graphics type=\"vnc\" port=\"5901\" listen=\"127.0.0.1\"/>\n"
	      "    <channel type=\"unix\"><source mode=\"bind\"/><target type=\"virtio\" "
	      "name=\"org.qemu.guest_agent.0\"/>"
	      "</channel>\n    <video><model type=\"virtio\"/></video>\n  </devices>\n</domain>\n",
			&domain);
	assert_int_equal(domain.n_ports, 1);
	assert_int_equal(domain.ports[0], 5901);
	assert_int_equal(domain.agent, DOMAIN_AGENT_NONE);
	config = import(&domain);
	assert_true(config_vm_has_source(config->vms[0], CONFIG_SOURCE_DBUS));
	assert_int_equal(config->vms[0]->source.count, 1);
	assert_non_null(strstr(text, "<graphics type='dbus' p2p='yes'/>"));
	assert_non_null(strstr(text, "<target type='virtio' name='com.redhat.spice.0'/>"));
	config_free(config);
}

static void chooses_the_mediated_device(void **state)
{
	struct domain domain;
	struct config *config;

	(void)state;
	parse("<domain><name>x</name><devices><hostdev type='usb'>"
	      "<source><address bus='1' device='2'/></source></hostdev>"
	      "<hostdev type='pci'><source><address domain='0' bus='1' slot='2' function='3'/></source>"
	      "<address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x0'/></hostdev>"
	      "<hostdev type='mdev'><source><address uuid='" UUID "'/></source></hostdev></devices></domain>",
			&domain);
	assert_int_equal(domain.n_hostdevs, 2);
	config = import(&domain);
	assert_string_equal(config->vms[0]->vfio_device, UUID);
	assert_non_null(strstr(text, "#vfio-device = 0000:01:02.3"));
	config_free(config);

	domain.dbus = domain.dbus_p2p = true;
	config = import(&domain);
	assert_int_equal(config->vms[0]->source.count, 2);
	assert_int_equal(config->vms[0]->source.value[0], CONFIG_SOURCE_VFIO);
	assert_int_equal(config->vms[0]->source.value[1], CONFIG_SOURCE_DBUS);
	assert_string_equal(config->vms[0]->dbus, "p2p");
	config_free(config);
}

static void finds_monitors(void **state)
{
	static const struct {
		const char *arguments, *path;
	} cases[] = {
		{ "<arg value='-qmp'/><arg value='unix:/a,server=on'/>", "/a" },
		{ "<arg value='-qmp'/><arg value='tcp:localhost:4444'/>", "" },
		{ "<arg value='-chardev'/><arg value='socket,id=m,server=on,path=/a,,b,wait=off'/>"
		  "<arg value='-mon'/><arg value='chardev=m,mode=control'/>",
				"/a,b" },
		{ "<arg value='-chardev'/><arg value='socket,id=m,path=/a'/><arg value='-mon'/>"
		  "<arg value='chardev=m'/>",
				"" },
		{ "<arg value='-chardev'/><arg value='socket,id=m,path=/a'/>"
		  "<arg value='-mon'/><arg value='chardev=n,mode=control'/>",
				"" },
		{ "<arg value='-device'/><arg value='unix:/a'/>", "" },
	};
	char xml[512];
	struct domain domain;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(xml, sizeof(xml), "<domain><name>x</name><commandline>%s</commandline></domain>",
				cases[i].arguments);
		parse(xml, &domain);
		assert_string_equal(domain.qmp, cases[i].path);
	}
}

static void finds_the_agents_socket(void **state)
{
	struct domain domain;

	(void)state;
	parse_file(DOMAINS "dbus-p2p.xml", &domain);
	assert_int_equal(domain.agent, DOMAIN_AGENT_SOCKET);
	assert_string_equal(domain.agent_path, "/run/vm/tiny.vdagent");
	parse("<domain><name>x</name><devices><channel type='unix'><source mode='connect' path='/a'/>"
	      "<target name='com.redhat.spice.0'/></channel></devices></domain>",
			&domain);
	assert_string_equal(domain.agent_path, "");
	parse("<domain><name>x</name><devices><channel type='qemu-vdagent'/></devices></domain>", &domain);
	assert_int_equal(domain.agent, DOMAIN_AGENT_QEMU);
}

static void names_any_domain(void **state)
{
	static const struct {
		const char *name, *section;
	} names[] = {
		{ "win11", "win11" },
		{ "a/b\"c", "a-b-c" },
		{ "..", "-." },
		{ "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9" },
		{ "a\nb", "a?b" },
		/* 63 letters and a character of two bytes. */
		{ "123456789012345678901234567890123456789012345678901234567890123\xc3\xa9",
				"123456789012345678901234567890123456789012345678901234567890123" },
	};
	struct domain domain;
	struct config *config;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(&domain, 0, sizeof(domain));
		snprintf(domain.name, sizeof(domain.name), "%s", names[i].name);
		config = import(&domain);
		assert_string_equal(config->vms[0]->name, names[i].section);
		config_free(config);
	}
}

static void refuses_what_is_no_domain(void **state)
{
	static const struct {
		const char *xml, *error;
	} cases[] = {
		{ "", "line 1: no element found" },
		{ "win11", "line 1: syntax error" },
		{ "<domain>\n<name>x</domain>", "line 2: mismatched tag" },
		{ "<domain/>", "line 1: the domain has no <name>" },
		{ "<network><name>x</name></network>", "line 1: a <network>, and no <domain>" },
		{ "<pool/>", "line 1: a <pool>, and no <domain>" },
		{ "<!DOCTYPE a [<!ENTITY b 'c'>]><domain><name>&b;</name></domain>", "line 1: a DOCTYPE" },
		{ "<domain><name>&b;</name></domain>", "line 1: undefined entity" },
		{ "<domain><name>\x80</name></domain>", "line 1: not well-formed" },
	};
	char error[DOMAIN_ERROR_MAX];
	struct domain domain;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(domain_parse(cases[i].xml, strlen(cases[i].xml), &domain, error), -EINVAL);
		print_message("%s\n", error);
		assert_int_equal(strncmp(error, cases[i].error, strlen(cases[i].error)), 0);
	}
}

static void bears_depth_and_length(void **state)
{
	static char xml[65536];
	struct domain domain;
	size_t at = 0;

	(void)state;
	at += (size_t)sprintf(xml, "<domain><name>");
	memset(xml + at, 'n', 10000);
	at += 10000;
	at += (size_t)sprintf(xml + at, "</name>");
	for (int i = 0; i < 2000; i++)
		at += (size_t)sprintf(xml + at, "<deep>");
	for (int i = 0; i < 2000; i++)
		at += (size_t)sprintf(xml + at, "</deep>");
	at += (size_t)sprintf(xml + at, "<devices>");
	for (int i = 0; i < 20; i++)
		at += (size_t)sprintf(xml + at,
				"<hostdev type='mdev'><source><address uuid='" UUID "'/></source></hostdev>");
	sprintf(xml + at, "<input type='tablet'/></devices></domain>");
	parse(xml, &domain);
	assert_int_equal(strlen(domain.name), DOMAIN_TEXT_MAX - 1);
	assert_true(domain.tablet);
	assert_int_equal(domain.n_hostdevs, DOMAIN_HOSTDEVS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imports_a_mediated_device),
		cmocka_unit_test(imports_a_pci_device),
		cmocka_unit_test(imports_dbus),
		cmocka_unit_test(imports_what_has_no_device_either),
		cmocka_unit_test(chooses_the_mediated_device),
		cmocka_unit_test(finds_monitors),
		cmocka_unit_test(finds_the_agents_socket),
		cmocka_unit_test(names_any_domain),
		cmocka_unit_test(refuses_what_is_no_domain),
		cmocka_unit_test(bears_depth_and_length),
	};
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
