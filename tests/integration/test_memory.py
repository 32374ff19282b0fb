#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Viewers see what another program draws into memory, while it is there."""
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import BUILD, DEADLINE_S, DESKTOP_SIZE, RAW, Daemon, RfbClient, vm_section, wait_until

WIDTH, HEIGHT = 640, 400
FEED = str(BUILD / "tests" / "bench_feed")


class Memory(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "picture"
        self.feeder = None

    def tearDown(self):
        self.end_feeder()

    def feed(self, scene):
        self.feeder = subprocess.Popen([FEED, "--memory", self.path, scene, f"{WIDTH}x{HEIGHT}"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertIn(scene, self.feeder.stdout.readline())

    def end_feeder(self):
        if self.feeder:
            self.feeder.communicate("quit\n", timeout=DEADLINE_S)
            self.feeder = None

    def wait_shown(self, viewer, what):
        def shown():
            viewer.request(incremental=False)
            viewer.update()
            memory = self.path.read_bytes()
            return len(viewer.pixels) == len(memory) and all(viewer.pixels[i::4] == memory[i::4] for i in range(3))

        wait_until(shown, what)

    def test_a_viewer_follows_the_program(self):
        config = vm_section("m", source="memory", memory_file=self.path, memory_size=f"{WIDTH}x{HEIGHT}")
        with Daemon(config) as daemon:
            daemon.wait_serving("m")
            with RfbClient(daemon.address("m")) as viewer:
                viewer.set_encodings(RAW, DESKTOP_SIZE)
                daemon.wait_line(re.escape("no picture: The file picture cannot be opened: No such file"))
                self.feed("film")
                self.wait_shown(viewer, "the first picture")
                self.feeder.stdin.write("go 5\n")
                self.feeder.stdin.flush()
                self.feeder.stdout.readline()
                self.wait_shown(viewer, "picture 5")
                self.end_feeder()
                # It starts again, and with a file of its own.
                mark = daemon.mark()
                self.path.unlink()
                daemon.wait_line("no picture: The file picture cannot be opened", since=mark)
                self.feed("typing")
                self.wait_shown(viewer, "the picture of the new file")
                mark = daemon.mark()
                with open(self.path, "r+b") as file:
                    file.truncate(10)
                daemon.wait_line("no picture: The file picture has 10 bytes", since=mark)


unittest.main()
