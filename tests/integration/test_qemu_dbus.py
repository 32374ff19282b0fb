#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The D-Bus display of a real QEMU: its picture is the one that QEMU's own screendump says, also after a restart."""
import os
import re
import struct
import subprocess
import tempfile
import unittest

from guest import NO_VMWARE_MOUSE, Guest, build_payload
from harness import Daemon, RfbClient, vm_section, wait_until
from picture import Picture

LED_STATE = -261
# Of a virtio device: where its own registers are in its memory.
VIRTIO_CONFIG = 0x2000


class Lights(RfbClient):
    """A viewer that is told of the guest's lights."""
    lights = None

    def other(self, encoding):
        if encoding != LED_STATE:
            return False
        (self.lights,) = self.unpack(">B")
        return True


BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>{address}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""


class QemuDBus(unittest.TestCase):
    program = "qemu-system-x86_64"

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.image = build_payload(self.directory)
        self.qmp = os.path.join(self.directory, "qmp")
        self.address = f"unix:path={self.directory}/bus"

    def start_guest(self, display="dbus,p2p=yes", devices=("VGA",), **options):
        guest = Guest(self.image, self.qmp, display=display, devices=devices, program=self.program, **options)
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

    def test_input(self):
        """Without QMP: keys and pointer go over D-Bus."""
        self.start_bus()
        guest = self.start_guest(f"dbus,addr={self.address}")
        with Daemon(self.section(dbus=self.address, qmp=None, keymap="de")) as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display")
            with self.watch(daemon) as viewer:
                for keysym, code in ((ord("z"), b"\x15\x95"), (0xe4, b"\x28\xa8"), (0xff54, b"\xe0\x50\xe0\xd0"),
                                     (0xff61, bytes.fromhex("e02ae037 e0b7e0aa"))):
                    for down in (True, False):
                        viewer.key(keysym, down)
                    self.assertEqual(guest.scancodes(len(code), f"keysym {keysym:#x}").hex(), code.hex())
                viewer.pointer(360, 200)
                buttons, x, y, _ = guest.pointer("motion")
                # The guest's 0..0xffff is QEMU's 0..0x7fff, of the pixel's left upper corner.
                self.assertEqual((buttons, (x * 720 + 0x8000) >> 16, (y * 400 + 0x8000) >> 16), (0, 360, 200))
                for mask, expected in ((1, 0x20), (3, 0x28), (7, 0x38), (4, 0x10), (0, 0)):
                    viewer.pointer(360, 200, mask)
                    packet = guest.pointer("button")
                    while packet[0] != expected:  # one packet a changed button
                        packet = guest.pointer("button")
                for mask, expected in ((8, 0xff), (16, 0x01)):
                    viewer.pointer(360, 200, mask)
                    viewer.pointer(360, 200, 0)
                    wheel = guest.pointer("wheel")[3]
                    while not wheel:
                        wheel = guest.pointer("wheel")[3]
                    self.assertEqual(wheel, expected)
                viewer.key(ord("a"), True)
                self.read_key(guest, 0x1e)
            # Who goes with a key held lets go of it.
            self.read_key(guest, 0x9e)
            with self.watch(daemon) as viewer:
                viewer.key(ord("b"), True)
                self.read_key(guest, 0x30)
                daemon.process.kill()
            self.read_key(guest, 0xb0)

    def read_key(self, guest, code):
        """The next scancode, whatever the mouse said before."""
        while isinstance(event := guest.event(f"scancode {code:#x}"), tuple):
            pass
        self.assertEqual(event, code)

    def test_motion(self):
        self.start_bus()
        guest = self.start_guest(f"dbus,addr={self.address}", machine=NO_VMWARE_MOUSE)
        with Daemon(self.section(dbus=self.address, qmp=None)) as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display")
            with self.watch(daemon) as viewer:
                # Positions are what RFB has; the way between them is what the guest gets.
                viewer.pointer(100, 100)
                self.assertEqual(self.press(guest, viewer, ord("a")), b"\x1e\x9e")
                viewer.pointer(120, 97)
                self.assertEqual(guest.motion("way"), (0, 20, -3))
                viewer.pointer(120, 97, 1)
                self.assertEqual(guest.motion("press"), (1, 0, 0))
            # Who goes with a button held lets go of it.
            self.assertEqual(guest.motion("release"), (0, 0, 0))
            self.assertEqual(daemon.count_lines("refuses input"), 0)

    def test_lights(self):
        guest = self.start_guest()
        with Daemon(self.section()) as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display")
            with Lights(daemon.address("vm")) as viewer:
                viewer.set_encodings(0, -223, LED_STATE)
                for mask in (4, 6, 0):
                    # As a guest's driver lights them.
                    guest.execute(*(("human-monitor-command", {"command-line": f"o /b 0x60 {byte}"})
                                    for byte in (0xed, mask)))
                    while viewer.lights != mask:
                        viewer.request(incremental=viewer.lights is not None)
                        viewer.update()
    def test_size(self):
        """A viewer's wish reaches the device that has somewhere to put it; of others the log says that they have not."""
        guest = self.start_guest(devices=("virtio-vga",))
        pci = guest.execute(("human-monitor-command", {"command-line": "info pci"}))
        registers = int(re.search(r"BAR2: 64 bit prefetchable memory at 0x([0-9a-f]+)", pci)[1], 16)

        def events():
            """That the guest's driver is to look at: 1 is another size."""
            command = f"xp /1xw {registers + VIRTIO_CONFIG:#x}"
            dump = guest.execute(("human-monitor-command", {"command-line": command}))
            return int(dump.split()[1], 16)

        with Daemon(self.section()) as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display")
            with self.watch(daemon) as viewer:
                self.assertEqual(events(), 0)
                self.wish(viewer, 1000, 700)
                wait_until(events, "the event")
            guest.kill()
            mark = daemon.mark()
            guest = self.start_guest()
            daemon.wait_line("connected to QEMU's D-Bus display", mark)
            with self.watch(daemon) as viewer:
                self.wish(viewer, 800, 600)
                daemon.wait_line("QEMU does not tell the guest which size viewers wish for: SetUIInfo is not supported")

    @staticmethod
    def wish(viewer, width, height):
        viewer.set_encodings(0, -223, -308)
        viewer.send(struct.pack(">BxHHBxIHHHHI", 251, width, height, 1, 1, 0, 0, width, height, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
