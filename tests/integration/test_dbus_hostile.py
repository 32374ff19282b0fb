#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A D-Bus display in the test's own hands: pictures of all kinds, and all that a QEMU must never say.

What cannot be costs one line of the log and a status card, and the picture is asked for anew.
"""
import os
import struct
import tempfile
import time
import unittest

from dbus_peer import LISTENER, LISTENER_PATH, MAP, FakeQemu
from harness import Daemon, RfbClient, vm_section

XR24, BX24, RG16 = 0x20020888, 0x20080888, 0x10020565
CURSOR = -239
HUGE = 0xffffffff
MINUS = -0x80000000


class Viewer(RfbClient):
    """Without a pointer's picture of its own."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.set_encodings(0, -223)

    def wait_pixels(self, width, height, pixels):
        """Follows the picture until it is this one."""
        wanted = bytes(b for i in range(0, len(pixels), 4) for b in pixels[i:i + 3])
        while (self.width, self.height) != (width, height) or \
                bytes(b for i in range(0, len(self.pixels), 4) for b in self.pixels[i:i + 3]) != wanted:
            self.request()
            self.update()


def picture(width, height, seed=1):
    return bytes((i * 7 * seed + (i >> 8)) & 0xff if i % 4 != 3 else 0 for i in range(width * height * 4))


FIRST = 64, 48, picture(64, 48)


class DBusHostile(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.qmp = os.path.join(directory.name, "qmp")

    def start(self, first=FIRST, **options):
        qemu = FakeQemu(self.qmp, first, **options)
        self.addCleanup(qemu.close)
        return qemu

    def daemon(self):
        return Daemon(vm_section("vm", source="dbus", pattern_size=None, pattern_fps=None, dbus="p2p", qmp=self.qmp))

    def test_pictures(self):
        qemu = self.start()
        with self.daemon() as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display at p2p: fake")
            self.assertTrue(qemu.listeners.empty(), "nobody watches")
            first = FIRST[2]
            start = time.monotonic()
            with Viewer(daemon.address("vm")) as viewer:
                viewer.wait_pixels(*FIRST)
                print(f"first picture {1000 * (time.monotonic() - start):.1f} ms after the viewer connected")
                listener = qemu.listener()
                # A part, with rows further apart than they are long.
                part = picture(8, 4, 3)
                self.assertTrue(listener.update(16, 20, 8, 4, b"".join(part[y * 32:y * 32 + 32] + bytes(8)
                                                                       for y in range(4)), stride=40))
                second = bytearray(first)
                for y in range(4):
                    at = ((20 + y) * 64 + 16) * 4
                    second[at:at + 32] = part[y * 32:y * 32 + 32]
                viewer.wait_pixels(64, 48, second)
                # Another size, and formats that frames have and do not have.
                swapped = b"".join(struct.pack(">I", int.from_bytes(first[i:i + 4], "little"))
                                   for i in range(0, 40 * 30 * 4, 4))
                self.assertTrue(listener.scanout(40, 30, swapped, pixman=BX24))
                viewer.wait_pixels(40, 30, first[:40 * 30 * 4])
                self.assertTrue(listener.scanout(32, 16, b"\x1f\xf8" * 512, pixman=RG16, stride=64))
                viewer.wait_pixels(32, 16, b"\xff\x00\xff\x00" * 512)
                self.assertTrue(listener("Disable"))
                daemon.wait_line("no picture: The guest's display is off.")
                self.assertTrue(listener.scanout(64, 48, first))
                viewer.wait_pixels(64, 48, first)
            self.assertTrue(listener.is_left(), "nobody watches any more")

    def test_shared_memory(self):
        qemu = self.start()
        with self.daemon() as daemon, Viewer(daemon.address("vm")) as viewer:
            listener = qemu.listener()
            fd = os.memfd_create("scanout")
            os.write(fd, bytes(100) + picture(64, 48))
            self.assertTrue(listener("ScanoutMap", "huuuuu", 0, 100, 64, 48, 256, XR24, fds=[fd], interface=MAP))
            viewer.wait_pixels(64, 48, picture(64, 48))
            os.pwrite(fd, picture(64, 1, 5), 100 + 256 * 7)
            self.assertTrue(listener("UpdateMap", "iiii", 0, 7, 64, 1, interface=MAP))
            viewer.wait_pixels(64, 48, picture(64, 48)[:256 * 7] + picture(64, 1, 5) + picture(64, 48)[256 * 8:])
            os.ftruncate(fd, 0)
            self.assertTrue(listener("UpdateMap", "iiii", 0, 0, 64, 48, interface=MAP))
            daemon.wait_line("D-Bus display: The memory that QEMU shared is gone. Trying on.")
            viewer.wait_pixels(*FIRST)
            os.close(fd)

    def test_what_cannot_be(self):
        whole = FIRST[2]
        fd = os.memfd_create("small")
        os.ftruncate(fd, 4096)
        self.addCleanup(os.close, fd)
        calls = [
            ("a picture of 0x48", "Scanout", "uuuuay", 0, 48, 256, XR24, whole),
            ("a picture of 64x0", "Scanout", "uuuuay", 64, 0, 256, XR24, whole),
            (f"a picture of {HUGE}x{HUGE}", "Scanout", "uuuuay", HUGE, HUGE, HUGE, XR24, whole),
            ("a picture of 16385x1", "Scanout", "uuuuay", 16385, 1, 65540, XR24, bytes(65540)),
            ("format 0xdeadbeef", "Scanout", "uuuuay", 64, 48, 256, 0xdeadbeef, whole),
            ("with a stride of 255 for 64x48", "Scanout", "uuuuay", 64, 48, 255, XR24, whole),
            (f"with a stride of {HUGE} for 64x48", "Scanout", "uuuuay", 64, 48, HUGE, XR24, whole),
            ("sends 12287 bytes", "Scanout", "uuuuay", 64, 48, 256, XR24, whole[:-1]),
            ("sends 0 bytes", "Scanout", "uuuuay", 64, 48, 256, XR24, b""),
            ("a picture of 8x4294967295", "Update", "iiiiuuay", 0, 0, 8, -1, 32, XR24, whole),
            ("a change at -1, 0", "Update", "iiiiuuay", -1, 0, 8, 4, 32, XR24, whole),
            (f"a change at 0, {MINUS}", "Update", "iiiiuuay", 0, MINUS, 8, 4, 32, XR24, whole),
            ("sends 12288 bytes with a stride of 4000000", "Update", "iiiiuuay", 0, 0, 8, 4, 4000000, XR24, whole),
            (f"a change of {MINUS}x1 at 0, 0", "UpdateDMABUF", "iiii", 0, 0, MINUS, 1),
            ("a change of 1x1 at 2147483647, 0", "UpdateDMABUF", "iiii", 0x7fffffff, 0, 1, 1),
            ("as dma-buf what is none", "ScanoutDMABUF", "huuuutb", 0, 16, 16, 64, 0x34325258, 0, 0),
            ("fourcc 0x34325258 and modifier 0x100000000000001", "ScanoutDMABUF", "huuuutb", 0, 16, 16, 64, 0x34325258,
             0x100000000000001, 0),
            ("of 16x16 with a stride of 63", "ScanoutDMABUF", "huuuutb", 0, 16, 16, 63, 0x34325258, 0, 1),
            ("shares 4096 bytes of memory for a picture of 12288", "ScanoutMap", "huuuuu", 0, 0, 64, 48, 256, XR24),
            ("shares 4096 bytes of memory for a picture of 4294968", "ScanoutMap", "huuuuu", 0, HUGE, 16, 16, 64, XR24),
            (f"of {HUGE}x1 with a stride of 0", "ScanoutMap", "huuuuu", 0, 0, HUGE, 1, 0, XR24),
        ]
        qemu = self.start()
        # The log holds lines of one kind back that come too fast.
        for start in range(0, len(calls), 8):
            self.say_what_cannot_be(qemu, fd, calls[start:start + 8])

    def say_what_cannot_be(self, qemu, fd, calls):
        with self.daemon() as daemon, Viewer(daemon.address("vm")) as viewer:
            for sentence, member, signature, *values in calls:
                listener = qemu.listener()
                viewer.wait_pixels(*FIRST)
                mark = daemon.mark()
                listener(member, signature, *values, fds=[fd] if "h" in signature else (),
                         interface=MAP if member == "ScanoutMap" else LISTENER)
                daemon.wait_line(f"D-Bus display: .*{sentence}.* Trying on", mark)
                daemon.wait_line(f"no picture: .*{sentence}", mark)
                self.assertTrue(listener.is_left(), sentence)
            qemu.listener()

    def test_what_may_be_odd(self):
        whole = FIRST[2]
        qemu = self.start()
        with self.daemon() as daemon, Viewer(daemon.address("vm")) as viewer:
            listener = qemu.listener()
            # What does not lie in the picture: there is another one by now. That is no fault, and asked for.
            viewer.wait_pixels(*FIRST)
            mark = daemon.mark()
            listener.update(60, 0, 8, 4, whole)
            listener = qemu.listener()
            self.assertTrue(listener.scanout(80, 60, picture(80, 60)))
            viewer.wait_pixels(80, 60, picture(80, 60))
            self.assertEqual(daemon.count_lines("no picture", mark), 0)
            # Arguments of other types, and calls that there are not.
            self.assertFalse(listener("Scanout", "uu", 1, 2))
            self.assertFalse(listener("Explode"))
            for values in ((0, 0, 0, 0, b""), (-1, 5, 0, 0, whole), (1000, 1000, 0, 0, whole), (16, 16, 0, 0, b"short")):
                self.assertTrue(listener("CursorDefine", "iiiiay", *values))
            self.assertTrue(listener("CursorDefine", "iiiiay", 16, 16, MINUS, 99, whole[:1024]))
            self.assertTrue(listener("MouseSet", "iii", MINUS, 0x7fffffff, 1))
            self.assertTrue(listener.update(0, 0, 8, 4, picture(8, 4, 9)))

    def test_ends_in_mid_message(self):
        qemu = self.start()
        with self.daemon() as daemon, Viewer(daemon.address("vm")) as viewer:
            listener = qemu.listener()
            listener.call(LISTENER_PATH, LISTENER, "Scanout", "uuuuay", (64, 48, 256, XR24, picture(64, 48)), cut=5000)
            listener.close()
            daemon.wait_line("D-Bus display: QEMU has stopped telling its picture: .* Trying on")
            viewer.wait_pixels(*FIRST)

    def test_says_nothing(self):
        """Of the display, and then of the picture; each is given up and tried again."""
        qemu = self.start(first=None, silent=True)
        with self.daemon() as daemon:
            daemon.wait_line("D-Bus display at p2p: QEMU's D-Bus display does not answer. Trying on")
            with Viewer(daemon.address("vm")) as viewer:
                daemon.wait_line("no picture: QEMU's D-Bus display does not answer")
                qemu.silent = False
                first = qemu.listener()
                daemon.wait_line("D-Bus display: QEMU does not tell what the guest shows. Trying on")
                self.assertTrue(first.is_left())
                listener = qemu.listener()
                self.assertTrue(listener.scanout(64, 48, picture(64, 48)))
                viewer.wait_pixels(64, 48, picture(64, 48))

    def test_cursor_and_size(self):
        qemu = self.start()
        with self.daemon() as daemon, Shaped(daemon.address("vm")) as viewer:
            listener = qemu.listener()
            shape = b"\x30\x20\x10\xff" * 12 * 8
            self.assertTrue(listener("CursorDefine", "iiiiay", 12, 8, 3, 5, shape))
            self.assertTrue(listener("MouseSet", "iii", 10, 10, 1))
            while viewer.shape != (3, 5, 12, 8, b"\x30\x20\x10" * 96):
                viewer.request()
                viewer.update()
            viewer.send(struct.pack(">BxHHBxIHHHHI", 251, 800, 600, 1, 1, 0, 0, 800, 600, 0))
            while (call := qemu.next_call())[0] != "SetUIInfo":
                pass
            self.assertEqual(call, ("SetUIInfo", [211, 158, 0, 0, 800, 600]))


class Shaped(Viewer):
    """Is shown the pointer's picture, and may wish for sizes."""
    shape = None

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.set_encodings(0, -223, -308, CURSOR)

    def _rectangles(self):
        count, = self.unpack(">xH")
        rectangles = []
        for _ in range(count):
            x, y, width, height, encoding = self.unpack(">HHHHi")
            if encoding == CURSOR:
                pixels = self.read(width * height * 4)
                self.read((width + 7) // 8 * height)
                self.shape = (x, y, width, height, bytes(b for i in range(0, len(pixels), 4) for b in pixels[i:i + 3]))
            elif encoding == 0:
                self._raw(x, y, width, height)
            else:
                if encoding == -308:
                    self.read(16 * self.unpack(">Bxxx")[0])
                if encoding == -223 or x != 1:
                    self.width, self.height, self.pixels = width, height, bytearray(width * height * 4)
            rectangles.append((x, y, width, height, encoding))
        return rectangles


if __name__ == "__main__":
    unittest.main(verbosity=2)
