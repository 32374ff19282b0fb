#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The lights of a real QEMU guest's keyboard are shown to viewers: on the screen that vncviewer is on, and by SPICE.

The guest lights what lock keys change (payload.S), QEMU says so by D-Bus. Debian 12's TigerVNC does not ask for
lights, so it is Debian 13's.
"""
import ctypes
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

from guest import Guest, build_payload
from harness import Daemon, RfbClient, vm_section, wait_until
from screen import Screen, tigervnc
from viewer import SpiceViewer

VIEWERS = pathlib.Path(__file__).with_name("viewers")
SCROLL, NUM, CAPS = 1, 2, 4
KEYS = {SCROLL: 0xff14, NUM: 0xff7f, CAPS: 0xffe5}
CODES = {SCROLL: 0x46, NUM: 0x45, CAPS: 0x3a}
QEMU_LEDS, VMWARE_LEDS, DESKTOP_SIZE = -261, 0x574d5668, -223
XKB_USE_CORE_KEYBOARD = 0x100


class Lights(RfbClient):
    """A viewer that is told of lights in one of the two ways."""

    def __init__(self, address, encoding):
        super().__init__(address)
        self.encoding = encoding
        self.set_encodings(0, DESKTOP_SIZE, encoding)
        self.request(incremental=False)

    def wait(self, lights):
        while True:
            kind, _, n = self.unpack(">BBH")
            assert kind == 0
            told = None
            for _ in range(n):
                _, _, width, height, encoding = self.unpack(">HHHHi")
                if encoding == self.encoding:
                    told = self.unpack(">B" if encoding == QEMU_LEDS else ">I")[0]
                elif encoding != DESKTOP_SIZE:
                    assert encoding == 0
                    self.read(width * height * 4)
            self.request()
            if told == lights:
                return

    def press(self, light):
        for down in (1, 0):
            self.send(struct.pack(">BBHI", 4, down, 0, KEYS[light]))


class Keyboard:
    """Of an X server."""

    def __init__(self, display):
        self.x11 = ctypes.CDLL("libX11.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(display.encode()))
        assert self.display, f"no display {display}"

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.x11.XCloseDisplay(self.display)

    def lights(self):
        """In the order that X has: Caps, Num, Scroll."""
        state = ctypes.c_uint()
        assert self.x11.XkbGetIndicatorState(self.display, XKB_USE_CORE_KEYBOARD, ctypes.byref(state)) == 0
        return (CAPS if state.value & 1 else 0) | (NUM if state.value & 2 else 0) | (SCROLL if state.value & 4 else 0)


class RealLights(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        qmp = os.path.join(directory.name, "qmp")
        self.guest = Guest(build_payload(directory.name, lights=True), qmp, display="dbus,p2p=yes", devices=("VGA",))
        self.addCleanup(self.guest.kill)
        self.daemon = Daemon(vm_section("vm", source="dbus", dbus="p2p", qmp=qmp, pattern_size=None, pattern_fps=None,
                                        spice="127.0.0.1:0")).__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        self.daemon.wait_line("connected to QEMU's D-Bus display")
        self.address = self.daemon.address("vm")

    def read_key(self, code, what):
        """That one comes next, wherever the pointer is meanwhile."""
        events = []
        while len(events) < 2:
            event = self.guest.event(what)
            if not isinstance(event, tuple):
                events.append(event)
        self.assertEqual(events, [code, code | 0x80], what)

    def press(self, viewer, light):
        viewer.press(light)
        self.read_key(CODES[light], "a lock key")

    def test_each_way(self):
        with Lights(self.address, QEMU_LEDS) as one, Lights(self.address, VMWARE_LEDS) as other, \
                SpiceViewer(self.daemon.address("vm", protocol="spice")) as spice:
            lit = 0
            for light in (CAPS, NUM, CAPS, SCROLL, NUM, SCROLL):
                self.press(one, light)
                lit ^= light
                one.wait(lit)
                other.wait(lit)
                spice("leds", lit)
            self.press(one, NUM)
            with Lights(self.address, QEMU_LEDS) as late:
                late.wait(NUM)

    def test_vncviewer(self):
        done = subprocess.run([VIEWERS], stdout=subprocess.PIPE, text=True)
        if done.returncode == 77:
            self.skipTest("there is no newer TigerVNC to be had")
        self.assertEqual(done.returncode, 0)
        with Screen(900, 700) as screen, Keyboard(screen.env["DISPLAY"]) as keyboard, \
                Lights(self.address, QEMU_LEDS) as other:
            screen.start(tigervnc(self.address, program=str(pathlib.Path(done.stdout.strip()) / "vncviewer")))
            screen.wait_window("vm - ")
            screen.xdotool("search", "--onlyvisible", "--name", "vm - ", "windowfocus", "--sync")
            screen.xdotool("key", "a")
            self.read_key(0x1e, "the viewer's key")
            self.assertEqual(keyboard.lights(), 0)
            for light, lit in ((CAPS, CAPS), (NUM, CAPS | NUM), (CAPS, NUM), (NUM, 0)):
                self.press(other, light)
                wait_until(lambda lit=lit: keyboard.lights() == lit, f"lights {lit} on the viewer's screen")
            # And from there to the guest, and to the other one.
            screen.xdotool("key", "Caps_Lock")
            self.read_key(CODES[CAPS], "the viewer's lock key")
            other.wait(CAPS)
            self.assertEqual(keyboard.lights(), CAPS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
