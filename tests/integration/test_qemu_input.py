#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keyboard and pointer reach the guest of a real QEMU, also after its restart.

What the guest got it echoes (guest.py, payload.S). Expected scancodes come from the PC keyboard's
set 1, not from planecast's own table.
"""
import os
import select
import signal
import socket
import subprocess
import tempfile
import unittest

from guest import NO_VMWARE_MOUSE, Guest, build_payload, read_exactly
from harness import BUILD, DEADLINE_S, Daemon, vm_section
from viewer import Viewer

PROBE = str(BUILD / "tests" / "guestprobe")

ROWS = [(0x02, "1234567890-="), (0x10, "qwertyuiop[]"), (0x1e, "asdfghjkl;'`"), (0x2b, "\\zxcvbnm,./"),
        (0x39, " ")]
# XT set 1 by X11 keysym: plain keys, then those behind 0xe0.
PLAIN = {
    0xff1b: 0x01, 0xff08: 0x0e, 0xff09: 0x0f, 0xff0d: 0x1c,  # Escape BackSpace Tab Return
    0xffe1: 0x2a, 0xffe2: 0x36, 0xffe3: 0x1d, 0xffe9: 0x38,  # Shift_L Shift_R Control_L Alt_L
    0xffe5: 0x3a, 0xff7f: 0x45, 0xff14: 0x46,  # Caps_Lock Num_Lock Scroll_Lock
    **{0xffbe + n: 0x3b + n for n in range(10)}, 0xffc8: 0x57, 0xffc9: 0x58,  # F1..F12
    0xffb7: 0x47, 0xffb8: 0x48, 0xffb9: 0x49, 0xffad: 0x4a,  # KP 7 8 9 -
    0xffb4: 0x4b, 0xffb5: 0x4c, 0xffb6: 0x4d, 0xffab: 0x4e,  # KP 4 5 6 +
    0xffb1: 0x4f, 0xffb2: 0x50, 0xffb3: 0x51, 0xffb0: 0x52, 0xffae: 0x53, 0xffaa: 0x37,  # KP 1 2 3 0 . *
}
EXTENDED = {
    0xffe4: 0x1d, 0xffea: 0x38,  # Control_R Alt_R
    0xffeb: 0x5b, 0xffec: 0x5c, 0xff67: 0x5d,  # Super_L Super_R Menu
    0xff50: 0x47, 0xff52: 0x48, 0xff55: 0x49, 0xff51: 0x4b, 0xff53: 0x4d,  # Home Up PgUp Left Right
    0xff57: 0x4f, 0xff54: 0x50, 0xff56: 0x51, 0xff63: 0x52, 0xffff: 0x53,  # End Down PgDn Ins Del
    0xff8d: 0x1c, 0xffaf: 0x35,  # KP_Enter KP_Divide
}
# Whole sequences, down and up.
SPECIAL = {
    0xff61: bytes.fromhex("e02ae037 e0b7e0aa"),  # Print
    0xff13: bytes.fromhex("e11d45 e19dc5"),  # Pause: all of it at the press
}


class Probe:
    def __init__(self, qmp, layout="us"):
        self.process = subprocess.Popen([PROBE, qmp, layout], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                        bufsize=0)
        self.log = ""

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def wait_for(self, text):
        """Reads the log up to and with the next line that holds text."""
        line = ""
        while text not in line:
            line = ""
            while not line.endswith("\n"):
                line += read_exactly(self.process.stderr, 1, f"'{text}' in the log").decode()
            self.log += line

    def close(self):
        self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode


class QemuInput(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.image = build_payload(directory.name)
        self.qmp = os.path.join(directory.name, "qmp")

    def start(self, **options):
        guest = Guest(self.image, self.qmp, **options)
        self.addCleanup(guest.kill)
        return guest

    def begin(self, layout="us"):
        probe = Probe(self.qmp, layout)
        self.addCleanup(probe.process.stderr.close)
        self.addCleanup(probe.process.wait)
        self.addCleanup(probe.process.stdin.close)
        return probe

    def connect(self, layout="us"):
        probe = self.begin(layout)
        probe.wait_for("input goes to QEMU")
        return probe

    def press(self, guest, probe, keysym, expected):
        probe.send(f"keysym {keysym:#x} down")
        probe.send(f"keysym {keysym:#x} up")
        got = guest.scancodes(len(expected), f"keysym {keysym:#x}")
        self.assertEqual(got.hex(), expected.hex(), f"keysym {keysym:#x}")

    def test_keys(self):
        guest, probe = self.start(), self.connect()
        for first, characters in ROWS:
            for code, character in enumerate(characters, first):
                self.press(guest, probe, ord(character), bytes([code, code | 0x80]))
                if character.isalpha():
                    self.press(guest, probe, ord(character.upper()), bytes([0x2a, code, code | 0x80, 0xaa]))
        for keysym, code in PLAIN.items():
            self.press(guest, probe, keysym, bytes([code, code | 0x80]))
        for keysym, code in EXTENDED.items():
            self.press(guest, probe, keysym, bytes([0xe0, code, 0xe0, code | 0x80]))
        for keysym, codes in SPECIAL.items():
            self.press(guest, probe, keysym, codes)
        # The other meaning of Print with Alt held, as on a PC keyboard.
        probe.send("keysym 0xffe9 down")
        self.assertEqual(guest.scancodes(1, "Alt").hex(), "38")
        self.press(guest, probe, 0xff61, bytes.fromhex("b8 38 54 d4 b8 38"))
        probe.send("keysym 0xffe9 up")
        self.assertEqual(guest.scancodes(1, "Alt").hex(), "b8")

    def test_other_layout(self):
        guest, probe = self.start(), self.connect("de")
        for keysym, code in ((ord("z"), 0x15), (ord("<"), 0x56), (0xe4, 0x28), (0xdf, 0x0c)):
            self.press(guest, probe, keysym, bytes([code, code | 0x80]))
        self.press(guest, probe, 0xfe03, bytes([0xe0, 0x38, 0xe0, 0xb8]))

    def test_burst_keeps_order(self):
        guest, probe = self.start(), self.connect()
        # The keyboard's own buffer holds 16 bytes, so no more than that at once.
        for _ in range(20):
            text = "".join(f"keysym {ord(c):#x} down\nkeysym {ord(c):#x} up\n" for c in "planecas")
            probe.send(text.rstrip("\n"))
            self.assertEqual(guest.scancodes(16, "burst").hex(), "199926a61e9e31b112922eae1e9e1f9f")

    def test_pointer(self):
        guest, probe = self.start(), self.connect()
        left, right, middle = 0x20, 0x10, 0x08
        for size in ((640, 480), (1366, 768), (3840, 2160)):
            for x, y in ((0, 0), (size[0] // 2, size[1] // 3), (size[0] - 1, size[1] - 1)):
                probe.send(f"pointer {x} {y} {size[0]} {size[1]} 0")
                buttons, gx, gy, _ = guest.pointer("motion")
                # The device doubles QEMU's 0..0x7fff. The guest scales back and must meet the pixel.
                self.assertEqual((buttons, gx * size[0] >> 16, gy * size[1] >> 16), (0, x, y))
        for mask, expected in ((1, left), (3, left | middle), (7, left | middle | right), (4, right), (0, 0)):
            probe.send(f"pointer 5 5 640 480 {mask}")
            packet = guest.pointer("button")
            while packet[0] != expected:  # one packet a changed button
                packet = guest.pointer("button")
        for mask, expected in ((8, 0xff), (16, 0x01)):
            probe.send(f"pointer 5 5 640 480 {mask}")
            probe.send("pointer 5 5 640 480 0")
            wheel = guest.pointer("wheel")[3]
            while not wheel:
                wheel = guest.pointer("wheel")[3]
            self.assertEqual(wheel, expected)

    def test_restart(self):
        guest, probe = self.start(), self.connect()
        self.press(guest, probe, ord("a"), b"\x1e\x9e")
        for _ in range(2):
            probe.send("keysym 0xffe1 down")  # held while the guest goes
            self.assertEqual(guest.scancodes(1, "Shift").hex(), "2a")
            guest.kill()
            probe.wait_for("lost")
            guest = self.start()
            probe.wait_for("input goes to QEMU")
            self.press(guest, probe, ord("b"), b"\x30\xb0")

    def press_until_read(self, guest, probe, keysym, code):
        """A key of which the guest may miss some: a PC's keyboard keeps 16 bytes and forgets the rest."""
        probe.send(f"keysym {keysym:#x} down")
        probe.send(f"keysym {keysym:#x} up")
        wanted, seen = bytes([code, code | 0x80]), b""
        while not seen.endswith(wanted):
            if not select.select([guest.process.stdout], [], [], 0.2)[0]:
                probe.send(f"keysym {keysym:#x} down")
                probe.send(f"keysym {keysym:#x} up")
            seen += guest.scancodes(1, "a key after the flood")

    def test_socket_in_use(self):
        """QMP leaves a second one waiting without a word, for as long as the first one stays."""
        guest = self.start()
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(self.qmp)
            other.recv(1)
            probe = self.begin()
            probe.wait_for("does not answer: is another program connected")
        probe.wait_for("input goes to QEMU")
        self.press(guest, probe, ord("a"), b"\x1e\x9e")
        self.assertEqual(probe.log.count("does not answer"), 1)

    def test_frozen(self):
        """A QEMU that stands still costs what does not fit, one line, and nothing afterwards."""
        guest, probe = self.start(), self.connect()
        for _ in range(2):
            guest.process.send_signal(signal.SIGSTOP)
            for _ in range(300):
                probe.send("keysym 0x61 down")
                probe.send("keysym 0x61 up")
            probe.wait_for("takes no input")
            guest.process.send_signal(signal.SIGCONT)
            self.press_until_read(guest, probe, 0xffc9, 0x58)
        self.assertEqual(probe.log.count("takes no input"), 2)
        self.assertNotIn("lost,", probe.log)

    def test_killed_in_mid_message(self):
        """With commands that it has not answered, nor read; the next one begins with nothing held."""
        guest, probe = self.start(), self.connect()
        for attempt in range(3):
            probe.send("keysym 0xffe1 down")
            self.assertEqual(guest.scancodes(1, "Shift").hex(), "2a")
            guest.process.send_signal(signal.SIGSTOP)
            for _ in range(10 * attempt):
                probe.send("keysym 0x61 down")
            guest.process.kill()
            probe.wait_for("lost")
            guest.kill()
            guest = self.start()
            probe.wait_for("input goes to QEMU")
            # The viewer still holds Shift, which a small letter does without.
            self.press(guest, probe, ord("b"), b"\x30\xb0\x2a")
            probe.send("keysym 0xffe1 up")
            self.assertEqual(guest.scancodes(1, "Shift").hex(), "aa")
            probe.send("keysym 0x61 up")
            self.press(guest, probe, ord("c"), b"\x2e\xae")
        self.assertEqual(probe.log.count("connection to QEMU"), 3)

    def test_from_a_viewer(self):
        """All the way: a viewer's keysyms and pixels, planecastd's worker, QMP, the guest."""
        guest = self.start()
        with Daemon(vm_section("vm", pattern_size="640x480", qmp=self.qmp, keymap="de")) as daemon:
            daemon.wait_line("input goes to QEMU")
            with Viewer(daemon.address("vm")) as viewer:
                for keysym, code in ((ord("z"), 0x15), (0xe4, 0x28), (0xffe1, 0x2a)):
                    viewer.press(keysym)
                    self.assertEqual(guest.scancodes(2, f"keysym {keysym:#x}"), bytes([code, code | 0x80]))
                viewer("pointer", 320, 240, 0)
                buttons, x, y, _ = guest.pointer("motion")
                self.assertEqual((buttons, x * 640 >> 16, y * 480 >> 16), (0, 320, 240))
                viewer("key", ord("a"), "down")
                self.assertEqual(guest.scancodes(1, "a held"), b"\x1e")
            # Who goes with a key held lets go of it.
            self.assertEqual(guest.scancodes(1, "a let go"), b"\x9e")
            guest.kill()
            daemon.wait_line("connection to QEMU .* lost")
            mark = daemon.mark()
            guest = self.start()
            daemon.wait_line("input goes to QEMU", mark)
            with Viewer(daemon.address("vm"), "--exclusive") as viewer:
                viewer.press(ord("b"))
                self.assertEqual(guest.scancodes(2, "b"), b"\x30\xb0")

    def test_no_absolute_pointer(self):
        """The way from one position to the next is what is left of them."""
        guest, probe = self.start(machine=NO_VMWARE_MOUSE), self.connect()
        probe.wait_for("usb-tablet")
        probe.send("pointer 5 5 640 480 0")
        probe.send("pointer 25 2 640 480 0")
        self.assertEqual(guest.motion("way"), (0, 20, -3))
        probe.send("pointer 25 2 640 480 1")
        self.assertEqual(guest.motion("press"), (1, 0, 0))
        self.press(guest, probe, ord("a"), b"\x1e\x9e")
        self.assertNotIn("refuses", probe.log)

    def test_tablets_are_taken(self):
        """What the documentation names for guests without a VMware mouse: QEMU has somebody to give positions to."""
        for devices in (["qemu-xhci", "usb-tablet"], ["virtio-tablet-pci"]):
            guest = self.start(machine=NO_VMWARE_MOUSE, devices=devices)
            guest.use_mouse(absolute=True)
            probe = self.connect()
            for x in (5, 6):
                probe.send(f"pointer {x} 5 640 480 1")
                # Behind the answer to the question after mice, and behind those about positions.
                self.press(guest, probe, ord("a"), b"\x1e\x9e")
            guest.kill()
            probe.wait_for("lost")
            probe.process.stdin.close()
            probe.process.wait(DEADLINE_S)
            self.assertNotIn("refuses", probe.log, devices)
            self.assertNotIn("motion only", probe.log, devices)


if __name__ == "__main__":
    unittest.main(verbosity=2)
