#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest without a tablet: gvncviewer is told, takes hold of the mouse, and says by how much it moves."""
import os
import struct
import tempfile
import unittest

from guest import NO_VMWARE_MOUSE, Guest, build_payload
from harness import Daemon, RfbClient, vm_section
from screen import Screen, gvncviewer
from viewer import Viewer

SIZE = (640, 480)
DESKTOP_SIZE, POINTER_MOTION, MOTION_ZERO = -223, -257, 0x7fff


class MotionClient(RfbClient):
    """Asks to be told what the guest's pointer takes."""

    def wait_for(self, absolute):
        self.set_encodings(0, DESKTOP_SIZE, POINTER_MOTION)
        self.request(incremental=False)
        told = None
        while told != absolute:
            kind, _, n = self.unpack(">BBH")
            assert kind == 0
            for _ in range(n):
                x, _, width, height, encoding = self.unpack(">HHHHi")
                if encoding == POINTER_MOTION:
                    told = bool(x)
                elif encoding == 0:
                    self.read(width * height * 4)
            self.request()

    def move(self, dx, dy, buttons=0):
        self.send(struct.pack(">BBHH", 5, buttons, MOTION_ZERO + dx, MOTION_ZERO + dy))


class RealMotion(unittest.TestCase):
    def start(self, *ready, display="none", devices=(), **keys):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        qmp = os.path.join(directory.name, "qmp")
        self.guest = Guest(build_payload(directory.name), qmp, machine=NO_VMWARE_MOUSE, display=display, devices=devices)
        self.addCleanup(self.guest.kill)
        self.daemon = Daemon(vm_section("vm", qmp=qmp, **keys)).__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        for line in ready:
            self.daemon.wait_line(line)

    def motion(self, dx, dy, buttons=0):
        """Reads packets of the mouse until they come to that; none goes beyond it."""
        x = y = 0
        held = None
        while (x, y, held) != (dx, dy, buttons):
            held, by_x, by_y = self.guest.motion(f"motion by {dx}, {dy}, {x}, {y} so far")
            x, y = x + by_x, y + by_y
            self.assertLessEqual(abs(x), abs(dx))
            self.assertLessEqual(abs(y), abs(dy))

    def test_dbus(self):
        """The same where QEMU's D-Bus display takes the pointer, and with a viewer that is none but its messages."""
        self.start("connected to QEMU's D-Bus display", display="dbus,p2p=yes", devices=("VGA",), source="dbus",
                   dbus="p2p", pattern_size=None, pattern_fps=None)
        with MotionClient(self.daemon.address("vm")) as viewer:
            viewer.wait_for(absolute=False)
            for dx, dy in ((10, 5), (-7, 30)):
                viewer.move(dx, dy)
                self.motion(dx, dy)
            viewer.move(0, 0, buttons=1)
            self.motion(0, 0, buttons=1)
            viewer.move(0, 0)
            self.motion(0, 0)

    def test_gvncviewer(self):
        self.start("takes motion only", pattern_scene="still", pattern_fps=0, pattern_size=f"{SIZE[0]}x{SIZE[1]}")
        self.screen = Screen(1200, 900)
        self.addCleanup(self.screen.__exit__, None, None, None)
        self.screen.start(gvncviewer(self.daemon.address("vm")))
        expected = self.screen.directory / "expected.ppm"
        with Viewer(self.daemon.address("vm")) as probe:
            probe("scene", "still")
            probe("save", expected)
        found = self.screen.expect(expected, "real-motion")
        self.screen.xdotool("mousemove", found["x"] + SIZE[0] // 2, found["y"] + SIZE[1] // 2)
        self.screen.xdotool("mousedown", 1)
        # The press takes hold of the mouse. Where it was does not matter, nor how it came there.
        held = 0
        while not held:
            held = self.guest.motion("the press")[0]
        self.assertEqual(held, 1)
        self.screen.xdotool("mouseup", 1)
        while held:
            held = self.guest.motion("the release")[0]
        # From where it begins to count.
        self.screen.xdotool("mousemove_relative", 1, 1)
        for dx, dy in ((10, 5), (-7, 30), (100, -90)):
            self.screen.xdotool("mousemove_relative", "--", dx, dy)
            self.motion(dx, dy)


if __name__ == "__main__":
    unittest.main(verbosity=2)
