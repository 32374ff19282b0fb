#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys and pointers of SPICE viewers arrive, in the pattern and in the guest of a real QEMU, and the pointer's shape
comes back."""
import os
import tempfile
import unittest

from guest import NO_VMWARE_MOUSE, Guest, build_payload
from harness import Daemon, vm_section, wait_until
from viewer import SpiceViewer, Viewer

SIZE = 1024, 768
TERMINAL, DESKTOP = (300, 200), (5, 700)
LEFT, MIDDLE, RIGHT = 1, 2, 4
EXTENDED = 0x100
# What a PC's keyboard sends, set 1, where it is not simply the code and the code with its highest bit.
PRINT = bytes.fromhex("e02ae037 e0b7e0aa")
PAUSE = bytes.fromhex("e11d45 e19dc5")
GUEST_LEFT, GUEST_RIGHT, GUEST_MIDDLE = 0x20, 0x10, 0x08


def start(**keys):
    keys = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": f"{SIZE[0]}x{SIZE[1]}",
            "spice": "127.0.0.1:0", **keys}
    daemon = Daemon(vm_section("vm", **keys))
    daemon.wait_serving("vm")
    return daemon


def spice(daemon):
    return SpiceViewer(daemon.address("vm", protocol="spice"))


class Pattern(unittest.TestCase):
    def test_all_viewers_see_what_one_does(self):
        with start() as daemon, spice(daemon) as viewer, spice(daemon) as other, \
                Viewer(daemon.address("vm")) as vnc:
            watching = [viewer, other, vnc]
            for one in watching:
                one("scene", "still")

            def expect_change(name):
                print(f"{name}: seen after", ", ".join(f"{one('changed')['ms']} ms" for one in watching))

            def remember():
                for one in watching:
                    one("remember")

            for name, actions in (("press", [("pointer", *TERMINAL, LEFT), ("pointer", *TERMINAL, 0)]),
                                  ("key", [("key", 0x1e, "down"), ("key", 0x1e, "up")]),
                                  ("Enter", [("key", 0x1c, "down")]),
                                  ("click", [("pointer", 800, 100, LEFT)])):
                remember()
                for action in actions:
                    viewer(*action)
                expect_change(name)
            remember()
            vnc.press(ord("b"))
            expect_change("VNC's key")

    def test_shape_and_place_of_the_pointer(self):
        with start() as daemon, spice(daemon) as viewer:
            viewer("pointer", *DESKTOP, 0)
            viewer("cursor", "arrow")
            viewer("pointer", *TERMINAL, 0)
            viewer("cursor", "text")
            with spice(daemon) as late:
                late("cursor", "text")
                # Who points by itself is not told where; who does not, is.
                late("mouse", "server")
                viewer("pointer", *DESKTOP, 0)
                late("cursor", "arrow")
                late("placed", *DESKTOP)
                # It moves one of its own, from the middle on.
                late("motion", 10, -20, 0)
                late("placed", SIZE[0] // 2 + 10, SIZE[1] // 2 - 20)
                late("motion", -2000, -2000, 0)
                late("placed", 0, 0)
                late("motion", *SIZE, 0)
                late("placed", SIZE[0] - 1, SIZE[1] - 1)
                late("mouse", "client")
                late("pointer", *TERMINAL, 0)
                late("cursor", "text")
                viewer("cursor", "text")

    def test_relative_clicks(self):
        with start() as daemon, spice(daemon) as viewer:
            viewer("scene", "still")
            viewer("pointer", *DESKTOP, 0)
            viewer("cursor", "arrow")
            viewer("mouse", "server")
            viewer("motion", TERMINAL[0] - DESKTOP[0], TERMINAL[1] - DESKTOP[1], 0)
            viewer("placed", *TERMINAL)
            viewer("remember")
            viewer("motion", 0, 0, LEFT)
            viewer("motion", 0, 0, 0)
            viewer("changed")


class QemuGuest(unittest.TestCase):
    """From the viewer through planecastd's worker and QMP to what the guest's hardware says."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.image = build_payload(directory.name)
        self.qmp = os.path.join(directory.name, "qmp")
        self.guest = self.boot()
        self.daemon = start(qmp=self.qmp).__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        self.daemon.wait_line("input goes to QEMU")
        self.viewer = spice(self.daemon)
        self.addCleanup(self.viewer.close)

    def boot(self):
        guest = Guest(self.image, self.qmp)
        self.addCleanup(guest.kill)
        return guest

    def press(self, scancode, expected):
        self.viewer.press(scancode)
        got = self.guest.scancodes(len(expected), f"scancode {scancode:#x}")
        self.assertEqual(got.hex(), expected.hex(), f"scancode {scancode:#x}")

    def test_keys(self):
        for code in [*range(0x01, 0x54), 0x56, 0x57, 0x58, 0x70, 0x73, 0x79, 0x7b, 0x7d]:
            self.press(code, bytes([code, code | 0x80]))
        # Enter and / of the number pad, right Control, Alt and Super, the cursor keys and those above, Menu.
        for code in (0x1c, 0x35, 0x1d, 0x38, 0x5c, 0x47, 0x48, 0x49, 0x4b, 0x4d, 0x4f, 0x50, 0x51, 0x52, 0x53, 0x5b,
                     0x5d):
            self.press(EXTENDED + code, bytes([0xe0, code, 0xe0, code | 0x80]))
        self.press(EXTENDED + 0x37, PRINT)

    def test_pause(self):
        for way in ("down", "up"):
            self.viewer("key", 0x21d, way)
            self.viewer("key", 0x45, way)
        self.assertEqual(self.guest.scancodes(len(PAUSE), "Pause").hex(), PAUSE.hex())
        # With Ctrl it is Break, and Print with Alt is SysRq.
        for held, code, expected in ((0x1d, EXTENDED + 0x46, "1d e046 e0c6 9d"), (0x38, 0x54, "38 b838 54 d4 b838 b8")):
            self.viewer("key", held, "down")
            self.viewer.press(code)
            self.viewer("key", held, "up")
            expected = bytes.fromhex(expected)
            self.assertEqual(self.guest.scancodes(len(expected), f"{code:#x}").hex(), expected.hex())

    def test_burst_keeps_order(self):
        # The keyboard's own buffer holds 16 bytes, so no more than that at once.
        codes = [0x19, 0x26, 0x1e, 0x31, 0x12, 0x2e, 0x1e, 0x1f]
        expected = bytes(scan for code in codes for scan in (code, code | 0x80))
        for _ in range(20):
            for code in codes:
                for way in ("down", "up"):
                    self.viewer.begin("key", code, way)
            for _ in expected:
                self.assertTrue(self.viewer.answer()["ok"])
            self.assertEqual(self.guest.scancodes(16, "burst").hex(), expected.hex())

    def until(self, what, wanted):
        """One packet a changed button, and some say what was said before."""
        packet = self.guest.pointer(what)
        while not wanted(packet):
            packet = self.guest.pointer(what)
        return packet

    def test_pointer(self):
        for x, y in ((0, 0), (SIZE[0] // 2, SIZE[1] // 3), (SIZE[0] - 1, SIZE[1] - 1)):
            self.viewer("pointer", x, y, 0)
            buttons, gx, gy, _ = self.guest.pointer("motion")
            self.assertEqual((buttons, gx * SIZE[0] >> 16, gy * SIZE[1] >> 16), (0, x, y))
        for mask, expected in ((LEFT, GUEST_LEFT), (LEFT | MIDDLE, GUEST_LEFT | GUEST_MIDDLE),
                               (LEFT | MIDDLE | RIGHT, GUEST_LEFT | GUEST_MIDDLE | GUEST_RIGHT),
                               (RIGHT, GUEST_RIGHT), (0, 0)):
            self.viewer("pointer", 5, 5, mask)
            self.until(f"buttons {mask}", lambda packet, wanted=expected: packet[0] == wanted)
        for way, expected in (("up", 0xff), ("down", 0x01)):
            self.viewer("wheel", way)
            self.assertEqual(self.until(f"wheel {way}", lambda packet: packet[3])[3], expected)

    def test_drag(self):
        """The button is down where it was pressed, all the way, and up where it was let go."""
        def scaled(packet):
            return packet[0], packet[1] * SIZE[0] >> 16, packet[2] * SIZE[1] >> 16

        self.viewer("pointer", 100, 100, LEFT)
        self.until("press", lambda packet: scaled(packet) == (GUEST_LEFT, 100, 100))
        self.viewer("pointer", 300, 200, LEFT)
        self.until("drag", lambda packet: scaled(packet) == (GUEST_LEFT, 300, 200))
        self.viewer("pointer", 301, 201, 0)
        self.until("release", lambda packet: scaled(packet) == (0, 301, 201))

    def test_who_leaves_lets_go(self):
        self.viewer("key", 0x1e, "down")
        self.assertEqual(self.guest.scancodes(1, "a held"), b"\x1e")
        self.viewer("pointer", 5, 5, LEFT)
        self.until("press", lambda packet: packet[0] == GUEST_LEFT)
        self.viewer.close()
        # In whatever order.
        key, button = False, False
        while not (key and button):
            event = self.guest.event("key and button let go")
            if isinstance(event, tuple):
                button = not event[0]
            else:
                self.assertEqual(event, 0x9e)
                key = True

    def test_restart_of_the_guest(self):
        self.press(0x1e, b"\x1e\x9e")
        mark = self.daemon.mark()
        self.guest.kill()
        self.daemon.wait_line("connection to QEMU .* lost", mark)
        self.guest = self.boot()
        self.daemon.wait_line("input goes to QEMU", mark)
        self.press(0x30, b"\x30\xb0")

    def test_locks(self):
        """A viewer that says which keys are locked at its side has the guest follow, once."""
        caps, num = bytes.fromhex("3aba"), bytes.fromhex("45c5")
        for locks, expected in ((4, caps), (4, b""), (6, num), (2, caps), (0, num)):
            self.viewer("locks", locks)
            # A key behind it, since nothing cannot be waited for.
            self.press(0x1e, expected + b"\x1e\x9e")
            self.viewer("leds", locks)

    def test_everybodys_locks(self):
        """What each types means what its own lights say, whoever locked what before."""
        caps, key = bytes.fromhex("3aba"), bytes.fromhex("1e9e")
        with spice(self.daemon) as other, Viewer(self.daemon.address("vm")) as vnc:
            def press(viewer, code, expected):
                viewer.press(code)
                self.assertEqual(self.guest.scancodes(len(expected), f"{code:#x}").hex(), expected.hex())

            press(self.viewer, 0x3a, caps)
            press(self.viewer, 0x1e, key)
            press(other, 0x1e, caps + key)
            press(other, 0x1e, key)
            press(self.viewer, 0x1e, caps + key)
            # The other one locks it, too, which the guest has already.
            other("locks", 4)
            press(other, 0x1e, key)
            # Pause is no Num Lock, as it is for the library.
            for way in ("down", "up"):
                other("key", 0x21d, way)
                other("key", 0x45, way)
            self.assertEqual(self.guest.scancodes(len(PAUSE), "Pause").hex(), PAUSE.hex())
            other("locks", 4)
            press(other, 0x1e, key)
            # One who cannot say what is locked changes it by pressing, for both.
            vnc.press(0xffe5)
            self.assertEqual(self.guest.scancodes(2, "VNC's Caps Lock"), caps)
            press(self.viewer, 0x1e, caps + key)
            press(other, 0x1e, key)
        # Who comes again finds it as he left it.
        self.viewer.close()
        with spice(self.daemon) as again:
            again("locks", 4)
            press(again, 0x1e, key)


class QemuGuestWithoutTablet(unittest.TestCase):
    """Viewers' motion is what such a guest takes, and what they are asked for."""

    def test_motion(self):
        with tempfile.TemporaryDirectory(prefix="planecast-") as directory:
            qmp = os.path.join(directory, "qmp")
            guest = Guest(build_payload(directory), qmp, machine=NO_VMWARE_MOUSE,
                          devices=["qemu-xhci", "usb-tablet"])
            self.addCleanup(guest.kill)
            with start(qmp=qmp) as daemon:
                daemon.wait_line("takes motion only")
                with spice(daemon) as viewer:
                    viewer("mouse", "server")
                    for dx, dy, buttons, expected in ((10, -20, 0, 0), (-7, 3, LEFT, 1), (100, 120, LEFT, 1)):
                        viewer("motion", dx, dy, buttons)
                        self.assertEqual(guest.motion("motion")[1:], (dx, dy))
                        if buttons and dx == -7:
                            self.assertEqual(guest.motion("press"), (expected, 0, 0))
                    viewer("motion", 0, 0, 0)
                    self.assertEqual(guest.motion("release"), (0, 0, 0))
                    # Who can only say positions moves it all the same.
                    with Viewer(daemon.address("vm"), "--exclusive") as vnc:
                        vnc("pointer", 50, 50, 0)
                        vnc.press(ord("a"))  # so that the two are not one
                        self.assertEqual(guest.scancodes(2, "a"), b"\x1e\x9e")
                        vnc("pointer", 60, 45, 0)
                        self.assertEqual(guest.motion("VNC's motion"), (0, 10, -5))
                with spice(daemon) as viewer, spice(daemon) as other:
                    for one in (viewer, other):
                        one("mouse", "server")
                    # The tablet's driver begins, and viewers say positions again once somebody has moved.
                    guest.use_mouse(absolute=True)
                    mark = daemon.mark()
                    wait_until(lambda: viewer("motion", 1, 0, 0) and
                               daemon.count_lines("takes positions", mark), "the tablet is seen", interval_s=0.05)
                    for one in (viewer, other):
                        one("mouse", "client")
                        one("pointer", *TERMINAL, 0)
                        one("cursor", "text")
                        one("pointer", *DESKTOP, 0)
                        one("cursor", "arrow")
                    self.assertEqual(daemon.count_lines("refuses input"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
