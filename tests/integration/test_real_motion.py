#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest without a tablet: gvncviewer is told, takes hold of the mouse, and says by how much it moves."""
import os
import tempfile
import unittest

from guest import NO_VMWARE_MOUSE, Guest, build_payload
from harness import Daemon, vm_section
from screen import Screen, gvncviewer
from viewer import Viewer

SIZE = (640, 480)


class RealMotion(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        qmp = os.path.join(directory.name, "qmp")
        self.guest = Guest(build_payload(directory.name), qmp, machine=NO_VMWARE_MOUSE)
        self.addCleanup(self.guest.kill)
        self.daemon = Daemon(vm_section("vm", qmp=qmp, pattern_scene="still", pattern_fps=0,
                                        pattern_size=f"{SIZE[0]}x{SIZE[1]}")).__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        self.daemon.wait_line("takes motion only")
        self.screen = Screen(1200, 900)
        self.addCleanup(self.screen.__exit__, None, None, None)

    def motion(self, dx, dy, buttons=0):
        """Reads packets of the mouse until they come to that; none goes beyond it."""
        x = y = 0
        while (x, y) != (dx, dy):
            held, by_x, by_y = self.guest.motion(f"motion by {dx}, {dy}, {x}, {y} so far")
            x, y = x + by_x, y + by_y
            self.assertLessEqual(abs(x), abs(dx))
            self.assertLessEqual(abs(y), abs(dy))
        self.assertEqual(held, buttons)

    def test_gvncviewer(self):
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
