#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real viewers of one picture who are sent the same bytes: each shows what the source drew, to the pixel.

Screenshots stay in the build folder, tests/screenshots.
"""
import json
import pathlib
import subprocess
import tempfile
import unittest

from harness import BUILD, Daemon, vm_section, wait_until
from picture import Picture
from screen import Screen, gvncviewer, tigervnc

BENCH_FEED = str(BUILD / "tests" / "bench_feed")
WIDTH, HEIGHT = 960, 540
# Options of TigerVNC's vncviewer. What was JPEG in motion is exact once it rests.
OPTIONS = {
    "tight": ["-PreferredEncoding=Tight", "-NoJPEG=1"],
    "jpeg": ["-PreferredEncoding=Tight", "-NoJPEG=0", "-QualityLevel=8"],
    "hextile": ["-PreferredEncoding=Hextile", "-NoJPEG=1"],
}
PICTURES = 20


class Guest:
    """A picture in memory, painted by the bench's feeder, and the server that shows it."""

    def __init__(self, scene):
        self._directory = tempfile.TemporaryDirectory(prefix="planecast-equal-")
        self.memory = pathlib.Path(self._directory.name, "picture")
        self.expected = pathlib.Path(self._directory.name, "expected.ppm")
        self._feeder = subprocess.Popen(
            [BENCH_FEED, "--memory", self.memory, "--fps", "30", scene, f"{WIDTH}x{HEIGHT}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._feeder.stdout.readline()
        # gvncviewer asks to be the only viewer.
        self.daemon = Daemon(vm_section("vm", source="memory", memory_file=self.memory, sharing="ignore",
                                        memory_size=f"{WIDTH}x{HEIGHT}"), log_level="debug")
        self.daemon.wait_serving("vm")

    def play(self, count=PICTURES):
        self._feeder.stdin.write(f"go {count}\n")
        json.loads(self._feeder.stdout.readline())
        Picture.from_xr24(WIDTH, HEIGHT, self.memory.read_bytes()).write_ppm(self.expected)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.daemon.__exit__(*unused)
        self._feeder.communicate()
        self._directory.cleanup()


class EqualViewers(unittest.TestCase):
    def follow(self, scene, name, command):
        with Guest(scene) as guest, Screen(1100, 700) as left, Screen(1100, 700) as right:
            address = guest.daemon.address("vm")

            def all_right(*screens):
                for number, screen in enumerate(screens):
                    screen.expect(guest.expected, f"equal-{name}-{scene}-{number}")

            guest.play(1)
            first = left.start(command(address))
            all_right(left)
            # One who comes in the middle.
            guest.play()
            second = right.start(command(address))
            all_right(left, right)
            guest.play()
            all_right(left, right)
            # One who is left behind, with streams that another's updates began anew.
            left.end(first)
            wait_until(lambda: guest.daemon.count_lines(r"viewer left") == 1, "one has left")
            guest.play()
            all_right(right)
            self.assertIsNone(second.poll())
            right.end(second)
            shared = int(guest.daemon.wait_line(r"nobody watches .* (\d+) that equal ones were encoded for")[1])
            print(f"{name}, {scene}: {shared} updates shared")
            self.assertGreater(shared, PICTURES // 4)

    def test_tigervnc(self):
        for name, options in OPTIONS.items():
            for scene in ("scroll", "video"):
                with self.subTest(name, scene=scene):
                    self.follow(scene, name, lambda address: tigervnc(address, *options))

    def test_gvncviewer(self):
        for scene in ("scroll", "video"):
            with self.subTest(scene=scene):
                self.follow(scene, "gvncviewer", gvncviewer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
