#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Domains of a real libvirtd, by the recipes of planecast-hosts(7) and by planecastctl import-libvirt."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import libvirt
from guest import build_payload
from harness import BUILD, DEADLINE_S, Daemon, RfbClient, run_planecastd, wait_until
from manual import example
from picture import Picture

CTL = str(BUILD / "planecastctl")
PAGE = "server/planecast-hosts.7.scd"
FOLDER = "/run/planecast-qemu"
DISK = """<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{image}'/>
<target dev='vda' bus='virtio'/><readonly/></disk><video><model type='vga'/></video>"""


class LibvirtDomains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not libvirt.is_here():
            print("no libvirtd here: tools/setup test installs it")
            sys.exit(77)
        cls.libvirt = cls.enterClassContext(libvirt.Libvirt())
        cls.folder = cls.libvirt.directory
        cls.image = build_payload(cls.folder)
        os.chmod(cls.image, 0o644)
        cls.disk = DISK.format(image=cls.image)

    def import_domain(self, name):
        done = subprocess.run([CTL, "import-libvirt", "-", "--config", "/nonexistent"], text=True, capture_output=True,
                              input=self.libvirt.virsh("dumpxml", name), timeout=DEADLINE_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def start(self, name, devices, *arguments):
        self.libvirt.define(name, self.disk + devices, *arguments)
        self.libvirt.virsh("start", name)
        self.addCleanup(self.libvirt.virsh, "destroy", name)

    def check_console(self, section, name):
        """A section as it was written, but at ports that are free: the viewer sees what QEMU says that there is."""
        shot = str(self.folder / "shot.ppm")
        with Daemon(re.sub(r"(?m)^(vnc|spice) = .*", r"\1 = 127.0.0.1:0", section)) as daemon:
            daemon.wait_serving(name)
            with RfbClient(daemon.address(name)) as viewer:
                viewer.set_encodings(0, -223)
                viewer.request(incremental=False)
                viewer.update()

                def is_same():
                    self.libvirt.virsh("qemu-monitor-command", name, "--hmp", f"screendump {shot}")
                    return Picture.from_xr24(viewer.width, viewer.height, viewer.pixels) == Picture.read_ppm(shot)

                while not is_same():
                    viewer.request()
                    viewer.update()
                self.assertEqual((viewer.width, viewer.height), (720, 400))
                self.assertTrue(any(viewer.pixels))

    def test_the_recipe(self):
        """As the manual page has it, but for the folder."""
        xml = example(PAGE, "LIBVIRT", 1).replace(FOLDER, str(self.folder))
        devices = re.search(r"(?s)<devices>(.*?)\.\.\.", xml)[1]
        arguments = re.findall(r"qemu:arg value='(.*)'", xml)
        self.assertIn("p2p='yes'", devices)
        self.assertEqual(arguments[0], "-qmp")
        self.start("win11", devices, *arguments)
        section = example(PAGE, "LIBVIRT", 2).replace(FOLDER, str(self.folder))
        self.check_console(section, "win11")
        self.assertTrue((self.folder / "win11.vdagent").exists())
        # Libvirt's own monitor goes on working beside it.
        self.assertIn("running", self.libvirt.virsh("domstate", "win11"))

    def test_an_imported_domain(self):
        path = str(self.folder / "whole.qmp")
        self.start("whole", "<graphics type='dbus' p2p='yes'/><input type='tablet' bus='usb'/>",
                   "-qmp", f"unix:{path},server=on,wait=off")
        section = self.import_domain("whole")
        self.assertIn(f"qmp = {path}\n", section)
        self.check_console(section, "whole")

    def test_a_bus_of_ones_own(self):
        address = f"unix:path={self.folder}/own.bus"
        config = self.folder / "bus.conf"
        config.write_text(example(PAGE, "PLAIN QEMU", 3).replace(
            "unix:path=/run/planecast-qemu/vm.bus", address))
        bus = subprocess.Popen([*self.libvirt.prefix, "dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(bus.wait)
        self.addCleanup(bus.kill)
        wait_until(lambda: (self.folder / "own.bus").exists(), "the bus")
        self.start("bus", f"<graphics type='dbus' address='{address}'/>")
        section = self.import_domain("bus")
        self.assertIn(f"dbus = {address}\n", section)
        self.check_console(section, "bus")

    def test_libvirts_own_bus_is_not_what_is_imported(self):
        self.start("fleeting", "<graphics type='dbus'/>")
        self.assertRegex(self.libvirt.virsh("dumpxml", "fleeting"), "address='unix:path=/.*-fleeting-dbus.sock'")
        section = self.import_domain("fleeting")
        self.assertIn("dbus = p2p\n", section)
        self.assertIn("another D-Bus for this domain at each start", section)

    def test_what_is_written_for_any_domain_is_a_configuration(self):
        config = self.folder / "planecast.conf"
        self.libvirt.define("plain", "<graphics type='vnc' port='5900'/><video><model type='virtio'/></video>")
        self.libvirt.define("two & more", "<graphics type='spice' autoport='yes'/><channel type='spicevmc'>"
                            "<target type='virtio' name='com.redhat.spice.0'/></channel>")
        for name in "plain", "two & more":
            config.write_text(self.import_domain(name))
            self.assertEqual(run_planecastd("--check-config", "--config", str(config)), (0, "OK: 1 VMs\n", ""))
        # What it says is lacking, libvirt takes.
        lacking = re.search(r"(?s)#( *<channel type='unix'>.*?</channel>)", config.read_text())[1].replace("#", "")
        graphics = re.search(r"<graphics type='dbus'.*/>", config.read_text())[0]
        tablet = re.search(r"<input type='tablet'.*/>", config.read_text())[0]
        self.libvirt.define("mended", lacking + graphics + tablet)
        self.assertNotIn("<channel", self.import_domain("mended"))

    def test_ports(self):
        self.libvirt.define("ports", "<graphics type='vnc' port='5900'/>")
        config = self.folder / "used.conf"
        config.write_text("[vm \"a\"]\nsource = pattern\nvnc = 127.0.0.1:5903 unix:/run/x\n")
        xml = self.folder / "ports.xml"
        xml.write_text(self.libvirt.virsh("dumpxml", "ports"))
        done = subprocess.run([CTL, "import-libvirt", str(xml), "--config", str(config)], text=True, capture_output=True,
                              timeout=DEADLINE_S, check=True)
        self.assertIn("vnc = 127.0.0.1:5904\nspice = 127.0.0.1:5905\n", done.stdout)

    def test_what_is_no_domain(self):
        for text, words in ("", "line 1: no element found"), ("<pool/>", "a <pool>, and no <domain>"):
            done = subprocess.run([CTL, "import-libvirt", "-"], text=True, capture_output=True, input=text,
                                  timeout=DEADLINE_S, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(words, done.stderr)
        done = subprocess.run([CTL, "import-libvirt", "/nonexistent"], text=True, capture_output=True,
                              timeout=DEADLINE_S, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "planecastctl: cannot read /nonexistent: No such file or directory\n"))

    def test_doctor_knows_it(self):
        path = str(self.folder / "ill.qmp")
        self.start("ill", "<graphics type='dbus' p2p='yes'/>", "-qmp", f"unix:{path},server=on,wait=off")
        self.libvirt.virsh("suspend", "ill")
        config = pathlib.Path(self.folder / "ill.conf")
        config.write_text(self.import_domain("ill"))
        done = subprocess.run([CTL, "--json", "--socket", "/nonexistent", "doctor", "ill", "--config", str(config)],
                              text=True, capture_output=True, timeout=DEADLINE_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("its guest does not run: it is paused", [f["text"] for f in json.loads(done.stdout)["findings"]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
