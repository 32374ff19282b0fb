#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench's feeder puts pictures where servers find them, and says what changed."""
import json
import pathlib
import socket
import struct
import subprocess
import tempfile
import unittest

from harness import BUILD, DEADLINE_S, wait_until
from screen import Screen

FEED = str(BUILD / "tests" / "bench_feed")
WIDTH, HEIGHT = 656, 416
SIZE = f"{WIDTH}x{HEIGHT}"
BLOCK = 8
NOTICE = struct.Struct("I64i")


class Feeder:
    def __init__(self, *arguments, pass_fds=(), fps=1000):
        self.process = subprocess.Popen([FEED, "--fps", str(fps), *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, pass_fds=pass_fds)
        self.first = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.status = self.process.wait(DEADLINE_S)
        self.process.stdout.close()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def command(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()


def mark(pixels, stride, x, y):
    """Sequence and due time in the mark whose corner is at x, y."""
    value = 0
    for row in range(3):
        for column in range(32):
            at = (y + row * BLOCK + BLOCK // 2) * stride + (x + column * BLOCK + BLOCK // 2) * 4
            value = value << 1 | (pixels[at + 1] > 90)
    return value >> 64, value & (1 << 64) - 1


def marks(pixels, stride=WIDTH * 4):
    right, bottom = (WIDTH - 256) // BLOCK * BLOCK, (HEIGHT - 32) // BLOCK * BLOCK
    return mark(pixels, stride, 0, 0), mark(pixels, stride, right, bottom)


def changed_outside(before, after, boxes):
    """Whether a pixel differs that no box covers."""
    patched = bytearray(before)
    for x1, y1, x2, y2 in boxes:
        for y in range(y1, y2):
            part = slice((y * WIDTH + x1) * 4, (y * WIDTH + x2) * 4)
            patched[part] = after[part]
    return bytes(patched) != after


class Memory(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "picture"
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(self.ours.close)
        self.addCleanup(self.theirs.close)

    def feeder(self, scene, *options):
        return Feeder("--memory", self.path, "--notify", self.theirs.fileno(), *options, scene, SIZE,
                      pass_fds=[self.theirs.fileno()])

    def notices(self):
        """The boxes of each message that waits."""
        found = []
        while True:
            try:
                message = self.ours.recv(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return found
            count, *numbers = NOTICE.unpack(message)
            self.assertTrue(0 < count <= 16)
            found.append([tuple(numbers[i * 4:i * 4 + 4]) for i in range(count)])

    def test_each_picture_is_there_when_it_is_told(self):
        with self.feeder("typing") as feeder:
            self.assertEqual((feeder.first["scene"], feeder.first["picture"]), ("typing", 0))
            before = self.path.read_bytes()
            self.assertEqual(len(before), WIDTH * HEIGHT * 4)
            self.assertEqual(self.notices(), [[(0, 0, WIDTH, HEIGHT)]])
            for picture in range(1, 30):
                done = feeder.command("go 1")
                self.assertEqual((done["played"], done["published"], done["picture"]), (1, 1, picture))
                after = self.path.read_bytes()
                self.assertEqual(marks(after), ((picture, done["due_us"]),) * 2)
                [boxes] = self.notices()
                self.assertFalse(changed_outside(before, after, boxes), f"picture {picture}")
                self.assertLess(sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in boxes), WIDTH * HEIGHT / 3)
                before = after
            done = feeder.command("go 60")
            self.assertEqual((done["played"], done["picture"], done["sequence"]), (60, 89, 89))
            self.assertGreaterEqual(done["seconds"], 60 / 1000)
            self.assertEqual(len(self.notices()), 60)
        self.assertEqual(feeder.status, 0)

    def test_a_picture_that_does_not_differ_is_not_put(self):
        with self.feeder("idle") as feeder:
            self.notices()
            before = self.path.read_bytes()
            self.assertEqual(feeder.command("go 29")["published"], 0)
            self.assertEqual((self.notices(), self.path.read_bytes()), ([], before))
            done = feeder.command("go 15")
            self.assertEqual((done["published"], done["picture"], done["sequence"]), (1, 44, 30))
            self.assertEqual(len(self.notices()), 1)
            self.assertEqual(marks(self.path.read_bytes())[0][0], 30)

    def test_whole_pictures(self):
        with self.feeder("idle", "--whole") as feeder:
            self.notices()
            done = feeder.command("go 3")
            self.assertEqual((done["published"], done["sequence"]), (3, 0))
            self.assertEqual(self.notices(), [[(0, 0, WIDTH, HEIGHT)]] * 3)

    def test_a_reader_that_sleeps_is_not_waited_for(self):
        with self.feeder("typing") as feeder:
            before = self.path.read_bytes()
            self.notices()
            self.assertEqual(feeder.command("go 600")["played"], 600)
            kept = self.notices()
            self.assertLess(len(kept), 600)
            # What had no room is in the first one that has.
            feeder.command("go 1")
            boxes = [box for message in kept + self.notices() for box in message]
            self.assertFalse(changed_outside(before, self.path.read_bytes(), boxes))

    def test_a_file_stays_the_file_it_is(self):
        self.path.write_bytes(b"\x55" * (WIDTH * HEIGHT * 4 + 100))
        inode = self.path.stat().st_ino
        with self.feeder("film"):
            pass
        self.assertEqual(self.path.stat().st_ino, inode)
        content = self.path.read_bytes()
        self.assertEqual(content[WIDTH * HEIGHT * 4:], b"\x55" * 100)
        self.assertEqual(marks(content)[0][0], 0)

    def test_lateness_is_told(self):
        # A thousand films a second of this size cannot be painted.
        with Feeder("--memory", self.path, "film", "3840x2160", fps=1000) as feeder:
            self.assertGreater(feeder.command("go 10")["late"], 5)

    def test_nonsense_is_refused(self):
        for arguments in (["typing", SIZE], ["--memory", self.path, "typing"], ["--memory", self.path, "type", SIZE],
                          ["--memory", self.path, "--fps", "0", "idle", SIZE],
                          ["--memory", self.path, "idle", "100x100"],
                          ["--memory", self.path, "--x11", ":0", "idle", SIZE]):
            done = subprocess.run([FEED, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL,
                                  timeout=DEADLINE_S, check=False)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr, arguments)
        with self.feeder("idle") as feeder:
            self.assertIn("error", feeder.command("stop"))


class Display(unittest.TestCase):
    def test_the_screen_is_what_the_memory_would_be(self):
        with Screen(WIDTH + 10, HEIGHT) as screen, tempfile.TemporaryDirectory() as directory:
            number = screen.env["DISPLAY"]
            dump = screen.directory / "Xvfb_screen0"

            def shown():
                content = dump.read_bytes()
                header = struct.unpack(">25I", content[:100])
                stride, pixels = header[12], content[header[0] + header[19] * 12:]
                return b"".join(pixels[y * stride:y * stride + WIDTH * 4] for y in range(HEIGHT))

            with Feeder("--x11", number, "window", SIZE) as window, \
                    Feeder("--memory", f"{directory}/picture", "window", SIZE) as memory:
                picture = 0
                for count in (0, 1, 23):
                    picture += count
                    for feeder in (window, memory):
                        feeder.command(f"go {count}")
                    wait_until(lambda: all(number == picture for number, _ in marks(shown())), f"picture {picture}")
                    expected = pathlib.Path(f"{directory}/picture").read_bytes()
                    self.assertEqual(between_marks(shown()), between_marks(expected))


def between_marks(pixels):
    """The colours in the rows that no mark touches."""
    part = pixels[32 * WIDTH * 4:(HEIGHT - 32) * WIDTH * 4]
    return part[0::4], part[1::4], part[2::4]


unittest.main()
