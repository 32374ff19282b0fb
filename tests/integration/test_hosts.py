#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What planecast-hosts(7) says of plain QEMU and of Proxmox VE, done with a real QEMU."""
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from guest import build_payload
from harness import Daemon, RfbClient, wait_until
from manual import example
from picture import Picture

PAGE = "server/planecast-hosts.7.scd"
FOLDER = "/run/planecast-qemu"


def qemu_options(text):
    """Of the last command in an example, without the dots that stand for the rest of it."""
    command = text.replace("\\\\\n", "").splitlines()[-1]
    return shlex.split(command.replace("...", ""))[1:]


class Hosts(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="planecast-hosts-"))
        self.image = build_payload(self.folder)

    def example(self, heading, nth):
        return example(PAGE, heading, nth).replace(FOLDER, self.folder)

    def start(self, *arguments):
        """A QEMU that can be asked what it shows by a monitor that is nobody's business."""
        process = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "64", "-nodefaults", "-no-user-config",
             "-drive", f"file={self.image},format=raw,if=none,id=disk,readonly=on", "-device", "virtio-blk-pci,drive=disk",
             "-monitor", "stdio", *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def start_bus(self, config):
        file = pathlib.Path(self.folder, "bus.conf")
        file.write_text(config)
        bus = subprocess.Popen(["dbus-daemon", f"--config-file={file}", "--nofork", "--nopidfile"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(bus.wait)
        self.addCleanup(bus.kill)
        wait_until(lambda: pathlib.Path(self.folder, "vm.bus").exists(), "the bus")

    def dump(self, qemu):
        path = pathlib.Path(self.folder, "screen.ppm")
        path.unlink(missing_ok=True)
        qemu.stdin.write(f"screendump {path}.new\nscreendump {path}\n".encode())
        qemu.stdin.flush()

        def read():
            # Whole once it is as long as it says.
            data = path.read_bytes() if path.exists() else b""
            head = re.match(rb"P6\n(\d+) (\d+)\n255\n", data)
            return head and len(data) == head.end() + int(head[1]) * int(head[2]) * 3 and Picture.read_ppm(path)

        return wait_until(read, "QEMU's own picture")

    def check(self, section, name, qemu):
        """A viewer sees what QEMU says that there is, and it is not nothing."""
        section = re.sub(r"(?m)^vnc = .*", "vnc = 127.0.0.1:0", section)
        with Daemon(section) as daemon:
            daemon.wait_serving(name)
            with RfbClient(daemon.address(name)) as viewer:
                viewer.set_encodings(0, -223)
                viewer.request(incremental=False)
                viewer.update()
                while Picture.from_xr24(viewer.width, viewer.height, viewer.pixels) != self.dump(qemu) \
                        or not any(viewer.pixels):
                    viewer.request()
                    viewer.update()

    def test_plain_by_qmp(self):
        qemu = self.start(*qemu_options(self.example("PLAIN QEMU", 0)))
        self.check(self.example("PLAIN QEMU", 1), "vm", qemu)

    def test_plain_by_a_bus(self):
        self.start_bus(self.example("PLAIN QEMU", 3))
        qemu = self.start("-device", "VGA", *qemu_options(self.example("PLAIN QEMU", 2)))
        self.check(self.example("PLAIN QEMU", 4), "vm", qemu)

    def test_firmware_in_ramfb(self):
        """What is to be seen before the vGPU's driver; the vGPU itself is not here."""
        options = qemu_options(self.example("PLAIN QEMU", 5))
        vgpu = next(i for i, word in enumerate(options) if word.startswith("vfio-pci"))
        self.assertEqual(options[vgpu - 1], "-device")
        self.assertIn("display=off", options[vgpu])
        del options[vgpu - 1:vgpu + 1]
        self.assertIn("ramfb", options)
        self.check(self.example("PLAIN QEMU", 1), "vm", self.start(*options))

    def test_proxmox(self):
        """Its QEMU has a console and a monitor of its own beside what args says."""
        words = shlex.split(self.example("PROXMOX VE", 0))
        options = shlex.split(words[words.index("--args") + 1])
        qemu = self.start("-device", "VGA", "-device", "qemu-xhci", "-device", "usb-tablet",
                          "-vnc", f"unix:{self.folder}/100.vnc,password=on",
                          "-chardev", f"socket,id=qmp,path={self.folder}/own.qmp,server=on,wait=off",
                          "-mon", "chardev=qmp,mode=control", *options)
        self.check(self.example("PROXMOX VE", 1), "100", qemu)
        self.assertTrue(pathlib.Path(self.folder, "100.vnc").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
