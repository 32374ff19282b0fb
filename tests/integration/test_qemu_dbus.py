#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The D-Bus display of a real QEMU: its picture is the one that QEMU's own screendump says, also after a restart."""
import os
import subprocess
import tempfile
import unittest

from guest import Guest, build_payload
from harness import Daemon, RfbClient, vm_section, wait_until
from picture import Picture

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>{address}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""


class QemuDBus(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.image = build_payload(self.directory)
        self.qmp = os.path.join(self.directory, "qmp")
        self.address = f"unix:path={self.directory}/bus"

    def start_guest(self, display="dbus,p2p=yes", devices=("VGA",), **options):
        guest = Guest(self.image, self.qmp, display=display, devices=devices, **options)
        self.addCleanup(guest.kill)
        return guest

    def start_bus(self):
        config = os.path.join(self.directory, "bus.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(BUS_CONFIG.format(address=self.address))
        process = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: os.path.exists(os.path.join(self.directory, "bus")), "the bus")
        return process

    def section(self, **keys):
        return vm_section("vm", **{"source": "dbus", "pattern_size": None, "pattern_fps": None, "dbus": "p2p",
                                   "qmp": self.qmp, **keys})

    def assert_same(self, viewer, guest, what):
        """The viewer is shown what QEMU says that there is, which may be still changing. Returns all rectangles."""
        rectangles = []
        path = os.path.join(self.directory, "screen.ppm")

        def is_same():
            return Picture.from_xr24(viewer.width, viewer.height, viewer.pixels) == guest.picture(path)

        while not is_same():
            viewer.request()
            rectangles += viewer.update()
        self.assertTrue(any(viewer.pixels), what)
        return rectangles

    def watch(self, daemon):
        viewer = RfbClient(daemon.address("vm"))
        viewer.set_encodings(0, -223)
        viewer.request(incremental=False)
        viewer.update()
        return viewer

    def press(self, guest, viewer, keysym):
        for down in (True, False):
            viewer.key(keysym, down)
        return guest.scancodes(2, f"keysym {keysym:#x}")

    def check_picture(self, daemon, guest):
        with self.watch(daemon) as viewer:
            self.assert_same(viewer, guest, "first")
            self.assertEqual((viewer.width, viewer.height), (720, 400))
            # Two letters, and what else a pair of tiles holds.
            self.assertEqual(self.press(guest, viewer, ord("a")), b"\x1e\x9e")
            drawn = self.assert_same(viewer, guest, "letters")
            self.assertTrue(drawn)
            self.assertLessEqual(max(y + height for _, y, _, height, _ in drawn), 32, drawn)

    def test_p2p(self):
        guest = self.start_guest()
        with Daemon(self.section()) as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display at p2p: QEMU")
            self.check_picture(daemon, guest)
            guest.kill()
            daemon.wait_line("connection to QEMU's D-Bus display at p2p lost")
            mark = daemon.mark()
            guest = self.start_guest()
            daemon.wait_line("connected to QEMU's D-Bus display", mark)
            self.check_picture(daemon, guest)

    def test_bus(self):
        with Daemon(self.section(dbus=self.address)) as daemon:
            daemon.wait_line(r"D-Bus display at unix:path=\S+ There is no connection to QEMU's D-Bus display: No such")
            bus = self.start_bus()
            daemon.wait_line("The VM is not running, or its QEMU not on this bus. Trying on.")
            guest = self.start_guest(f"dbus,addr={self.address}")
            daemon.wait_line(f"connected to QEMU's D-Bus display at {self.address}: QEMU")
            self.check_picture(daemon, guest)
            guest.kill()
            daemon.wait_line("QEMU has left its D-Bus display at")
            mark = daemon.mark()
            guest = self.start_guest(f"dbus,addr={self.address}")
            daemon.wait_line("connected to QEMU's D-Bus display", mark)
            self.check_picture(daemon, guest)
            mark = daemon.mark()
            bus.kill()
            daemon.wait_line("connection to QEMU's D-Bus display at .* lost", mark)
            # One line for each state, however often it was tried.
            self.assertEqual(daemon.count_lines("not on this bus"), 2)

    def test_viewer_stays(self):
        """QEMU goes, and its successor's picture comes to the viewer that had the first one's."""
        guest = self.start_guest()
        with Daemon(self.section()) as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display")
            with self.watch(daemon) as viewer:
                self.assert_same(viewer, guest, "first")
                guest.kill()
                daemon.wait_line("no picture: (The connection to QEMU is lost|There is no connection to QEMU's monitor)")
                guest = self.start_guest()
                self.assert_same(viewer, guest, "second")


if __name__ == "__main__":
    unittest.main(verbosity=2)
