#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What QEMU shows over D-Bus, a better picture, and back: viewers stay while sources and QEMU itself come and go.

The better picture is one in memory, which stands for the plane of a vGPU: it is there from one moment to the next.
"""
import os
import pathlib
import statistics
import tempfile
import time
import unittest

from guest import Guest, build_payload
from harness import SANITIZED, Daemon, vm_section, wait_until
from picture import Picture
from viewer import SpiceViewer, Viewer

WIDTH, HEIGHT = 640, 480
ROUNDS = 3  # of log lines that are much alike there are only so many
SHOWN_MAX_S = 0.1


class HandoverQemu(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.image = build_payload(self.directory)
        self.qmp = str(self.directory / "qmp")
        self.path = self.directory / "plane"
        self.guest = None
        config = vm_section("vm", source="memory dbus", memory_file=self.path, memory_size=f"{WIDTH}x{HEIGHT}",
                            dbus="p2p", qmp=self.qmp, spice="127.0.0.1:0", pattern_size=None, pattern_fps=None)
        self.daemon = self.enterContext(Daemon(config))
        self.daemon.wait_serving("vm")
        self.viewers = [Viewer(self.daemon.address("vm")), SpiceViewer(self.daemon.address("vm", protocol="spice"))]
        for viewer in self.viewers:
            self.addCleanup(viewer.close)

    def start_guest(self):
        self.guest = Guest(self.image, self.qmp, display="dbus,p2p=yes", devices=("VGA",))
        self.addCleanup(self.guest.kill)

    def put(self):
        pixels = os.urandom(WIDTH * HEIGHT * 4)
        new = self.path.with_suffix(".new")
        new.write_bytes(pixels)
        new.rename(self.path)
        return Picture.from_xr24(WIDTH, HEIGHT, pixels)

    def take_away(self):
        os.truncate(self.path, 0)

    def saved(self, viewer):
        path = self.directory / "saved.ppm"
        viewer("save", path)
        return Picture.read_ppm(path)

    def wait_all_see(self, picture, what):
        """picture() is what they are to see, exactly."""
        for viewer in self.viewers:
            wait_until(lambda v=viewer: self.saved(v) == picture(), f"{what} at a viewer of {viewer.PROTOCOL}")

    def screen(self):
        return self.guest.picture(self.directory / "screen.ppm")

    def test_there_and_back(self):
        daemon, times = self.daemon, []
        daemon.wait_line("no picture: There is no connection to QEMU's monitor.* The file plane cannot be opened")
        mark = daemon.mark()
        self.start_guest()
        daemon.wait_line("showing dbus; no picture from memory: The file plane cannot be opened", mark)
        self.wait_all_see(self.screen, "the firmware's screen")
        for _ in range(ROUNDS):
            mark, start = daemon.mark(), time.monotonic()
            plane = self.put()
            daemon.wait_line(f"picture: {WIDTH}x{HEIGHT} XR24", mark)
            times.append(time.monotonic() - start)
            self.wait_all_see(lambda wanted=plane: wanted, "the plane")
            mark = daemon.mark()
            self.take_away()
            daemon.wait_line("showing dbus", mark)
            self.wait_all_see(self.screen, "the guest's screen again")
        print(f"the plane is shown after {statistics.median(times) * 1000:.0f} ms (median)")
        if not SANITIZED:
            self.assertLessEqual(statistics.median(times), SHOWN_MAX_S)
        self.assertEqual(daemon.count_lines("viewer left"), 0)

    def test_reset_and_restart(self):
        """While either is shown."""
        daemon = self.daemon
        self.start_guest()
        self.wait_all_see(self.screen, "the firmware's screen")
        self.guest.execute(("system_reset", {}))
        self.assertEqual(self.guest.read(1, "boot"), b"R")
        self.wait_all_see(self.screen, "the firmware's screen after a reset")
        plane = self.put()
        self.wait_all_see(lambda: plane, "the plane")
        # QEMU ends, and nobody sees it but who looks for the picture behind the plane.
        mark = daemon.mark()
        self.guest.kill()
        self.wait_all_see(lambda: plane, "the plane without QEMU")
        self.assertEqual(daemon.count_lines("no picture:", mark), 0)
        self.take_away()
        daemon.wait_line("no picture: .*QEMU.* The file plane has 0 bytes", mark)
        mark = daemon.mark()
        self.start_guest()
        daemon.wait_line("showing dbus", mark)
        self.wait_all_see(self.screen, "the new guest's screen")
        self.assertEqual(daemon.count_lines("viewer left"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
