#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done to the windows of spicy and remote-viewer reaches the guest of a real QEMU, and nothing else does.

Expected scancodes come from the PC keyboard's set 1, by X11's names of keys.
"""
import os
import tempfile
import unittest

from guest import Guest, build_payload
from harness import Daemon, RfbClient, vm_section, wait_until
from screen import Screen, remote_viewer, spicy
from viewer import Viewer
from x_pointer import XPointer

SIZE = 800, 600
LEFT = 0x20
SHIFT = 0x2a
ROWS = [(0x02, "1234567890-=", "!@#$%^&*()_+"), (0x10, "qwertyuiop[]", "QWERTYUIOP{}"),
        (0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'), (0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"), (0x39, " ", "")]
TEXT = "Hello, World! (planecast: 100%)"
KEYS = {
    "Escape": "0181", "BackSpace": "0e8e", "Tab": "0f8f", "Return": "1c9c", "F1": "3bbb", "F9": "43c3",
    "KP_Enter": "e01ce09c", "KP_Divide": "e035e0b5", "KP_Multiply": "37b7",
    "Home": "e047e0c7", "Up": "e048e0c8", "Prior": "e049e0c9", "Left": "e04be0cb", "Right": "e04de0cd",
    "End": "e04fe0cf", "Down": "e050e0d0", "Next": "e051e0d1", "Insert": "e052e0d2", "Delete": "e053e0d3",
    "Super_L": "e05be0db", "Menu": "e05de0dd", "Pause": "e11d45e19dc5", "Print": "e02ae037e0b7e0aa",
    "Scroll_Lock": "46c6",
}
TERMINAL, DESKTOP = (300, 200), (5, 560)


def text_of(scancodes):
    """What a US keyboard that sends these has typed; nothing may be down at its end."""
    text, down = "", set()
    for code in scancodes:
        if code & 0x80:
            down.remove(code & 0x7f)
            continue
        for first, plain, shifted in ROWS:
            if first <= code < first + len(plain):
                text += (shifted if SHIFT in down else plain)[code - first]
        down.add(code)
    assert not down, down
    return text


class ShapeClient(RfbClient):
    """Asks what the pointer looks like, as bytes red, green, blue, alpha, premultiplied."""
    WITH_ALPHA = -314

    def shape(self):
        self.set_encodings(0, self.WITH_ALPHA)
        self.request(incremental=False)
        while True:
            kind, _, n = self.unpack(">BBH")
            assert kind == 0
            for _ in range(n):
                x, y, width, height, encoding = self.unpack(">HHHHi")
                if encoding == self.WITH_ALPHA:
                    assert self.unpack(">i") == (0,)
                    data = self.read(width * height * 4)
                    return width, height, x, y, [data[i + 3] << 24 | data[i] << 16 | data[i + 1] << 8 | data[i + 2]
                                                 for i in range(0, len(data), 4)]
                assert encoding == 0
                self.read(width * height * 4)


class RealSpiceInput(unittest.TestCase):
    def start(self, viewer, locked=()):
        """A viewer's window in front of a guest; keys of locked are locked before it comes."""
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        qmp = os.path.join(directory.name, "qmp")
        self.guest = Guest(build_payload(directory.name), qmp)
        self.addCleanup(self.guest.kill)
        self.daemon = Daemon(vm_section("vm", qmp=qmp, pattern_scene="still", pattern_fps=0,
                                        pattern_size=f"{SIZE[0]}x{SIZE[1]}", spice="127.0.0.1:0")).__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        self.daemon.wait_line("input goes to QEMU")
        self.screen = Screen(1200, 900)
        self.addCleanup(self.screen.__exit__, None, None, None)
        for key in locked:
            self.screen.xdotool("key", key)
        self.window = self.screen.start(viewer(self.daemon.address("vm", protocol="spice")))
        self.daemon.wait_line("inputs channel linked")
        expected = self.screen.directory / "expected.ppm"
        with Viewer(self.daemon.address("vm")) as probe:
            probe("scene", "still")
            probe("save", expected)
        found = self.screen.expect(expected, "real-spice-input")
        self.corner = found["x"], found["y"]
        self.at(*TERMINAL)
        self.do("mousemove", *self.point, "click", 1)

    def at(self, x, y):
        self.point = self.corner[0] + x, self.corner[1] + y

    def do(self, *words):
        """What the guest hears of it: all before the key that is pressed behind it."""
        self.screen.xdotool(*words)
        self.screen.xdotool("key", "F12")
        events = []
        while events[-2:] != [0x58, 0xd8]:
            events.append(self.guest.event(" ".join(map(str, words))))
        return events[:-2]

    def keys(self, *words):
        events = self.do(*words)
        return bytes(event for event in events if not isinstance(event, tuple)).hex()

    def pointers(self, *words):
        """Without those that say what the one before said."""
        packets = []
        for event in self.do(*words):
            self.assertIsInstance(event, tuple)
            packet = event[0], event[1] * SIZE[0] >> 16, event[2] * SIZE[1] >> 16, event[3]
            if packet[3] or not packets or packets[-1][:3] != packet[:3]:
                packets.append(packet)
        return packets

    def keyboard(self):
        self.assertEqual(text_of(bytes.fromhex(self.keys("type", "--delay", 20, TEXT))), TEXT)
        for key, expected in KEYS.items():
            self.assertEqual(self.keys("key", key), expected, key)
        self.assertEqual(self.keys("key", "ctrl+Break"), "1de046e0c69d")
        # A key that is held when its window goes is let go.
        self.assertEqual(self.keys("keydown", "a")[:2], "1e")
        self.screen.end(self.window)
        event = None
        while event != 0x9e:
            event = self.guest.event("a let go")
            self.assertIn(event, (0x1e, 0x9e))

    def mouse(self):
        x, y = DESKTOP
        self.at(x, y)
        self.assertEqual(self.pointers("mousemove", *self.point), [(0, x, y, 0)])
        for button, step in ((4, 0xff), (5, 1)):
            self.assertEqual(self.pointers("click", "--repeat", 3, button), [(0, x, y, step)] * 3)
        # Down where it was pressed, all the way, and up where it was let go.
        start, end = self.point, (self.point[0] + 300, self.point[1] - 200)
        packets = self.pointers("mousemove", *start, "mousedown", 1, "mousemove", *end, "mouseup", 1)
        self.assertEqual([packet for packet in packets if packet[0]], [(LEFT, x, y, 0), (LEFT, x + 300, y - 200, 0)])
        self.assertEqual(packets[-1], (0, x + 300, y - 200, 0))
        for button, expected in ((1, LEFT), (2, 0x08), (3, 0x10)):
            states = [packet[0] for packet in self.pointers("click", button)]
            self.assertEqual(states[-2:], [expected, 0], button)

    def shapes(self):
        def source():
            with ShapeClient(self.daemon.address("vm")) as vnc:
                return vnc.shape()

        self.at(*DESKTOP)
        self.pointers("mousemove", *self.point)
        arrow = source()
        with XPointer(self.screen.env["DISPLAY"]) as pointer:
            wait_until(lambda: pointer.shape() == arrow, "the arrow in the window")
            self.at(*TERMINAL)
            self.screen.xdotool("mousemove", *self.point)
            text = wait_until(lambda: (lambda shape: shape != arrow and shape)(source()), "another shape")
            wait_until(lambda: pointer.shape() == text, "the text cursor in the window")

    def locks(self, viewer):
        """Locked in the window's session or in the guest: what is typed means what the session's lights say."""
        caps, a = "3aba", "1e9e"
        self.start(viewer, locked=["Caps_Lock"])
        # Its first key, of start(), brought that along.
        self.assertEqual(self.keys("key", "a"), a)
        self.assertEqual(self.keys("key", "Caps_Lock"), caps)
        self.assertEqual(self.keys("key", "a"), a)
        with Viewer(self.daemon.address("vm"), "--exclusive") as vnc:
            vnc.press(0xffe5)
            self.assertEqual(self.guest.scancodes(2, "VNC's Caps Lock").hex(), caps)
        self.assertEqual(self.keys("key", "a", "key", "a"), caps + a + a)
        self.assertEqual(self.keys("key", "Pause"), KEYS["Pause"])
        self.assertEqual(self.keys("key", "a", "key", "Num_Lock", "key", "a"), a + "45c5" + a)

    def test_spicy(self):
        self.start(spicy)
        self.mouse()
        self.shapes()
        self.keyboard()

    def test_remote_viewer(self):
        self.start(remote_viewer)
        self.mouse()
        self.shapes()
        self.keyboard()

    def test_locks_spicy(self):
        self.locks(spicy)

    def test_locks_remote_viewer(self):
        self.locks(remote_viewer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
