#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside the lab: a guest's firmware is seen over D-Bus, its desktop on its vGPU's plane, and viewers stay.

QEMU has a standard VGA and a vGPU. What is drawn on either the test draws by qtest, as firmware and drivers do.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Daemon, vm_section  # noqa: E402
from nested import Qemu  # noqa: E402
from owner import Case, write_ppm  # noqa: E402
from viewers import PICTURES, Viewers, ppm, wait_reason  # noqa: E402

VGA_SLOT, VGA_MEMORY = 3, 0xe0000000
WIDTH, HEIGHT = 400, 300


class Plane:
    """Of a device whose guest the test plays."""

    def __init__(self, device):
        self.device = device

    def show(self, qemu):
        return self.device.show("XR24", 320, 200)

    def end(self, qemu):
        """The guest restarts, and its vGPU with it."""
        qemu.reset()


class BochsPlane(Plane):
    grey = 0x40

    def show(self, qemu):
        self.grey += 0x11
        qemu.bochs_mode(0, 128, 96, self.grey)
        return write_ppm(ppm("grey"), 128, 96, bytes([self.grey]) * 128 * 96 * 3)

    def end(self, qemu):
        """The vGPU's driver is unloaded."""
        registers = qemu.enable(0)[1]
        qemu.guest("writew", registers + 0x500 + 2 * 4, 0)


class Firmware(Case):
    shade = 0x10

    def start(self, device):
        return self.enterContext(Qemu(device.uuid, more=(
            "-device", f"VGA,addr={VGA_SLOT}", "-display", "dbus,p2p=yes", "-qmp", f"unix:{self.qmp},server=on,wait=off")))

    def draw(self, qemu):
        """What firmware does on a standard VGA; the path of what QEMU says that it shows."""
        self.shade += 0x11
        qemu.config_write_slot(VGA_SLOT, 0x10, VGA_MEMORY)
        qemu.config_write_slot(VGA_SLOT, 0x04, 3)
        enable, x, y, bits = 4, 1, 2, 3
        for index, value in ((enable, 0), (x, WIDTH), (y, HEIGHT), (bits, 32), (enable, 0x41)):
            qemu.guest("outw", 0x1ce, index)
            qemu.guest("outw", 0x1d0, value)
        qemu.guest("memset", VGA_MEMORY, WIDTH * HEIGHT * 4 // 3 * 2, self.shade)
        path = ppm("firmware")
        qemu.execute("screendump", filename=path)
        return path

    def story(self, device, plane):
        self.qmp = str(pathlib.Path(PICTURES.name) / "planecast-qmp")
        config = vm_section("vm", source=None, vfio_device=device.uuid, dbus="p2p", qmp=self.qmp, spice="127.0.0.1:0",
                            pattern_size=None, pattern_fps=None)
        with Daemon(config) as daemon, Viewers(daemon, "vm") as viewers:
            wait_reason(daemon, "vm", "No QEMU has")
            for _ in range(2):
                qemu = self.start(device)
                plane.end(qemu)  # the one before has left it as it was
                viewers.expect(self.draw(qemu), "the firmware's picture")
                for _ in range(2):
                    viewers.expect(plane.show(qemu), "the vGPU's plane")
                    plane.end(qemu)
                    viewers.expect(self.draw(qemu), "the firmware's picture again")
                viewers.expect(plane.show(qemu), "the vGPU's plane again")
                mark = daemon.mark()
                qemu.kill()
                wait_reason(daemon, "vm", "No QEMU has", mark)
            self.assertEqual(daemon.count_lines("viewer left"), 0)

    def test_reset(self):
        device = self.device("pcmdev-dmabuf")
        self.story(device, Plane(device))

    def test_driver_unloaded(self):
        device = self.device("mbochs-medium")
        self.story(device, BochsPlane(device))


if __name__ == "__main__":
    unittest.main(verbosity=2)
