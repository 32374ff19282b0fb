#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM with several sources: viewers stay when the picture changes over, and what they see first is all of it."""
import os
import pathlib
import statistics
import tempfile
import time
import unittest

from harness import DESKTOP_SIZE, RAW, SANITIZED, Daemon, RfbClient, vm_section, wait_until
from picture import Picture
from viewer import SpiceViewer, Viewer

WIDTH, HEIGHT = 640, 400
ROUNDS = 8
POINTER = 40  # what it and the mark take up in the corner
# From when the better source has a picture to when a viewer has all of it.
SHOWN_MAX_S = 0.1


class Handover(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = self.directory / "picture"

    def section(self, size=(WIDTH, HEIGHT), **keys):
        return vm_section("vm", **{"source": "memory pattern", "memory_file": self.path, "pattern_scene": "still",
                                   "memory_size": f"{WIDTH}x{HEIGHT}", "pattern_size": f"{size[0]}x{size[1]}",
                                   "pattern_fps": "0", **keys})

    def put(self):
        """A picture that is there all at once. Returns it."""
        pixels = os.urandom(WIDTH * HEIGHT * 4)
        new = self.path.with_suffix(".new")
        new.write_bytes(pixels)
        new.rename(self.path)
        return Picture.from_xr24(WIDTH, HEIGHT, pixels)

    def take_away(self):
        os.truncate(self.path, 0)

    @staticmethod
    def seen(viewer):
        return Picture.from_xr24(viewer.width, viewer.height, viewer.pixels)

    def next_picture(self, viewer):
        """All of the first update that is more than the test picture's pointer coming or going, and when it was there."""
        while True:
            viewer.request()
            if any(encoding == RAW and max(x + width, y + height) > POINTER
                   for x, y, width, height, encoding in viewer.update()):
                return self.seen(viewer), time.monotonic()

    def watch(self, daemon):
        viewer = RfbClient(daemon.address("vm"))
        self.addCleanup(viewer.close)
        viewer.set_encodings(RAW, DESKTOP_SIZE)
        viewer.request(incremental=False)
        viewer.update()
        return viewer

    def change_over(self, size):
        with Daemon(self.section(size)) as daemon:
            daemon.wait_serving("vm")
            viewer = self.watch(daemon)
            daemon.wait_line("showing pattern; no picture from memory: The file picture cannot be opened")
            pattern, times = self.seen(viewer), []
            self.assertEqual((pattern.width, pattern.height), size)
            for _ in range(ROUNDS):
                start = time.monotonic()
                expected = self.put()
                picture, end = self.next_picture(viewer)
                # The first update is whole, to the last pixel.
                self.assertEqual(picture, expected)
                times.append(end - start)
                self.take_away()
                picture, _ = self.next_picture(viewer)
                self.assertEqual((picture.width, picture.height), size)
                self.assertEqual(*(p.crop(0, POINTER, size[0], size[1] - POINTER) for p in (picture, pattern)))
            print(f"{size[0]}x{size[1]}: shown after {statistics.median(times) * 1000:.0f} ms (median), "
                  f"{max(times) * 1000:.0f} ms at most")
            if not SANITIZED:
                self.assertLessEqual(statistics.median(times), SHOWN_MAX_S)
            wait_until(lambda: daemon.count_lines("showing memory") == ROUNDS, "a line for each change")
            wait_until(lambda: daemon.count_lines("showing pattern") == ROUNDS + 1, "a line for each change back")
            self.assertEqual(daemon.count_lines("no picture:"), 0)

    def test_same_size(self):
        self.change_over((WIDTH, HEIGHT))

    def test_other_size(self):
        self.change_over((320, 240))

    def test_all_viewers_stay(self):
        """VNC's and SPICE's, through many of them; in the end they see the same, to the last pixel."""
        config = self.section((800, 600), spice="127.0.0.1:0")
        with Daemon(config) as daemon, Viewer(daemon.address("vm")) as vnc, \
                SpiceViewer(daemon.address("vm", protocol="spice")) as spice:
            for viewer in (vnc, spice):
                viewer("size", 800, 600)
            for _ in range(ROUNDS):
                expected = self.put()
                for viewer in (vnc, spice):
                    viewer("size", WIDTH, HEIGHT)
                    self.wait_saved(viewer, expected)
                self.take_away()
                for viewer in (vnc, spice):
                    viewer("size", 800, 600)
                    viewer("scene", "still")
            self.assertEqual(daemon.count_lines("viewer left"), 0)

    def wait_saved(self, viewer, expected):
        path = self.directory / "saved.ppm"

        def is_same():
            viewer("save", path)
            return Picture.read_ppm(path) == expected

        wait_until(is_same, f"the file's picture at a viewer of {viewer.PROTOCOL}")

    def test_nobody_watches(self):
        """What comes meanwhile is what the next viewer sees first."""
        with Daemon(self.section()) as daemon:
            daemon.wait_serving("vm")
            viewer = self.watch(daemon)
            viewer.close()
            daemon.wait_line("VNC viewer left")
            expected = self.put()
            self.assertEqual(self.seen(self.watch(daemon)), expected)

    def test_says_why(self):
        """Of each source, once."""
        with Daemon(self.section(source="memory replay", replay_file=self.directory / "no")) as daemon:
            daemon.wait_serving("vm")
            viewer = self.watch(daemon)
            daemon.wait_line("no picture: The recording no cannot be played: No such file or directory. Mend .* "
                             "The file picture cannot be opened: No such file or directory. Start the program")
            card = self.seen(viewer)
            expected = self.put()
            self.assertEqual(self.next_picture(viewer)[0], expected)
            self.take_away()
            daemon.wait_line("no picture: The recording no cannot be played: .* The file picture has 0 bytes")
            self.assertNotEqual(self.next_picture(viewer)[0], expected)
            self.assertEqual((card.width, card.height), (1024, 768))
            self.assertEqual(daemon.count_lines("no picture:"), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
