#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Film is sent as JPEG, letters never are, and when motion ends every viewer has the exact picture."""
import contextlib
import pathlib
import subprocess
import tempfile
import time
import unittest

from harness import BUILD, DEADLINE_S, Daemon, vm_section, wait_until
from picture import Picture
from screen import Screen, tigervnc
from viewer import Viewer

FEED = str(BUILD / "tests" / "bench_feed")
WIDTH, HEIGHT = 1280, 720
PICTURES = 45
VIEWERS = {
    "quality 8": ["copyrect tight", "--quality", "8"],
    "quality 2": ["tight", "--quality", "2"],
    "lossless": ["copyrect tight"],
}


class Refinement(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.addCleanup(directory.cleanup)
        self.memory = pathlib.Path(directory.name) / "picture"
        self.expected = pathlib.Path(directory.name) / "expected.ppm"

    def play(self, feeder, count):
        feeder.stdin.write(f"go {count}\n")
        feeder.stdin.flush()
        feeder.stdout.readline()

    def write_expected(self):
        Picture.from_xr24(WIDTH, HEIGHT, self.memory.read_bytes()).write_ppm(self.expected)

    @contextlib.contextmanager
    def serving(self, scene):
        """Feeder and daemon, at the first picture."""
        with subprocess.Popen([FEED, "--memory", self.memory, scene, f"{WIDTH}x{HEIGHT}"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as feeder:
            feeder.stdout.readline()
            self.write_expected()
            config = vm_section("vm", source="memory", memory_file=self.memory, memory_size=f"{WIDTH}x{HEIGHT}")
            with Daemon(config, log_level="info") as daemon:
                daemon.wait_serving("vm")
                yield feeder, daemon
            feeder.communicate("quit\n", timeout=DEADLINE_S)

    def follow(self, scene):
        """Bytes an update of each viewer while the scene moved; all of them end with the exact picture."""
        with self.serving(scene) as (feeder, daemon), contextlib.ExitStack() as stack:
            viewers = {name: stack.enter_context(Viewer(daemon.address("vm"), "--encodings", *options))
                       for name, options in VIEWERS.items()}
            for viewer in viewers.values():
                viewer("expect", self.expected)
                wait_until(viewer.is_quiet, "the viewer comes to rest")
                viewer("reset")
            self.play(feeder, PICTURES)
            end = time.monotonic()
            stats = {name: viewer("stats") for name, viewer in viewers.items()}
            self.write_expected()
            for viewer in viewers.values():
                viewer.begin("expect", self.expected)
            for name, viewer in viewers.items():
                answer = viewer.answer()
                print(f"{scene}, {name}: {stats[name]['bytes'] // stats[name]['updates']} bytes an update, "
                      f"exact after {time.monotonic() - end:.2f} s")
                self.assertTrue(answer["ok"], (name, answer))
            for name, viewer in viewers.items():
                wait_until(viewer.is_quiet, f"{name} comes to rest")
        return {name: entry["bytes"] / entry["updates"] for name, entry in stats.items()}

    def test_film(self):
        bytes_an_update = self.follow("film")
        self.assertLess(bytes_an_update["quality 8"], bytes_an_update["lossless"] / 3)
        self.assertLess(bytes_an_update["quality 2"], bytes_an_update["quality 8"] / 3)

    def test_scroll(self):
        """A page of text that scrolls by is never lossy."""
        bytes_an_update = self.follow("scroll")
        self.assertLess(bytes_an_update["quality 8"], bytes_an_update["lossless"] * 1.5)

    def test_tigervnc_after_film(self):
        with Screen(WIDTH + 100, HEIGHT + 100) as screen, self.serving("film") as (feeder, daemon):
            screen.start(tigervnc(daemon.address("vm"), "-PreferredEncoding=Tight", "-QualityLevel=2"))
            screen.expect(self.expected, "tigervnc-before-film")
            self.play(feeder, PICTURES)
            self.write_expected()
            screen.expect(self.expected, "tigervnc-after-film")


if __name__ == "__main__":
    unittest.main(verbosity=2)
