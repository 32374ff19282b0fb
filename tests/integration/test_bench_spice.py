#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench's SPICE viewer sees what another one sees, and counts what the feeder showed; two servers, by the same."""
import contextlib
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import BUILD, DEADLINE_S, Daemon, vm_section
from program import Program
from viewer import ENVIRONMENT, SpiceViewer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import peers_memory  # noqa: E402

SPICE = str(BUILD / "tests" / "bench_spice")
FEED = str(BUILD / "tests" / "bench_feed")
WIDTH, HEIGHT = 800, 600
PICTURES = 30
PICTURES_MAX = 1800


def look(address, *options):
    return Program(SPICE, "--patience", int(DEADLINE_S), *options, f"{address[0]}:{address[1]}", env=ENVIRONMENT)


class Still(unittest.TestCase):
    def test_the_same_as_another_viewer(self):
        with Daemon(vm_section("still", spice="127.0.0.1:0", pattern_scene="still", pattern_fps=0,
                               pattern_size="1366x768")) as daemon, \
                tempfile.TemporaryDirectory(prefix="planecast-test-") as directory:
            daemon.wait_serving("still")
            address = daemon.address("still", protocol="spice")
            path = pathlib.Path(directory) / "picture.ppm"
            with look(address) as view, SpiceViewer(address) as probe:
                self.assertEqual((view.first["width"], view.first["height"]), (1366, 768))
                view("final")
                self.assertTrue(view("save", path)["ok"])
                self.assertTrue(probe("expect", path)["ok"])
                self.assertEqual(view.end()[0], 1)  # final had no scene


class Fed(unittest.TestCase):
    """A peer of the bench, its feeder, and viewers."""

    @contextlib.contextmanager
    def feed(self, peer, scene, *options):
        with peer(WIDTH, HEIGHT, "spice") as running:
            feeder = subprocess.Popen([FEED, *running.feed, "--fps", "60", scene, f"{WIDTH}x{HEIGHT}"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      pass_fds=running.feed_fds)
            try:
                feeder.stdout.readline()
                with look(running.address, "--scene", scene, *options) as view:
                    self.assertTrue(view.first["ok"], view.first)
                    yield running, feeder, view
            finally:
                feeder.communicate()

    def tell(self, view, *words):
        answer = view(*words)
        self.assertTrue(answer["ok"], answer)
        return answer

    def follow(self, peer, scene, viewers):
        with self.feed(peer, scene, "--viewers", viewers) as (_, feeder, view):
            self.assertTrue(view("settle", DEADLINE_S)["settled"])
            self.tell(view, "reset")
            feeder.stdin.write(f"go {PICTURES}\n")
            feeder.stdin.flush()
            self.tell(view, "until", PICTURES)
            told = self.tell(view, "stats")
            shown = view("compare")
        self.assertEqual(len(told["viewers"]), viewers)
        for stats, one in zip(told["viewers"], shown["viewers"]):
            self.assertEqual((one["exact"], one["pixels"], one["sequence"]), (True, 0, PICTURES), one)
            self.assertEqual(stats["pictures"] + stats["lost"], PICTURES, stats)
            self.assertGreater(stats["pictures"], 1)
            self.assertGreaterEqual(stats["updates"], 2 * stats["pictures"])  # both marks
            self.assertLess(0, stats["age_p50_ms"])
            self.assertLessEqual(stats["age_p50_ms"], stats["age_max_ms"])
        return told["viewers"]

    def skim(self, peer, scene, kind, least, viewers=3):
        """Shows pictures to viewers that only mind the marks, until each was sent so many of that kind, however slowly.

        Returns their statistics.
        """
        pictures = 0
        with self.feed(peer, scene, "--skim", "--viewers", viewers) as (_, feeder, view):
            self.tell(view, "reset")
            while not pictures or pictures < PICTURES_MAX and min(stats[kind] for stats in told) < least:
                feeder.stdin.write(f"go {PICTURES}\n")
                feeder.stdin.flush()
                pictures += PICTURES
                self.tell(view, "until", pictures)
                told = self.tell(view, "stats")["viewers"]
        self.assertEqual(len(told), viewers)
        for stats in told:
            self.assertEqual(stats["sequence"], pictures, stats)
            # A stream may begin with a picture that is older than what was drawn before.
            self.assertGreaterEqual(stats["pictures"] + stats["lost"], pictures, stats)
            self.assertGreaterEqual(stats[kind], least, stats)
            self.assertGreater(stats["pictures"], 1)
            self.assertLess(0, stats["age_p50_ms"])
        return told

    def test_crowd_that_skims(self):
        """What is sent as rectangles, in LZ4, and copied; by two servers."""
        for peer, scene in ((peers_memory.SpiceBare, "text-10"), (peers_memory.Planecast, "scroll")):
            with self.subTest(peer.name):
                for stats in self.skim(peer, scene, "images", 5):
                    self.assertEqual(stats["videos"], 0)

    def test_crowd_that_skims_video(self):
        """Until the film is known as one, after a second or so, it is rectangles."""
        for stats in self.skim(peers_memory.Planecast, "film", "videos", PICTURES):
            self.assertGreater(stats["images"], 1)
            # Of the film's pixels what is no image takes a small part of a byte each.
            pixels = 4 * stats["images"] + stats["videos"] / 4
            self.assertLess(stats["bytes"], pixels * WIDTH * HEIGHT)

    def test_planecast(self):
        for stats in self.follow(peers_memory.Planecast, "scroll", 2):
            self.assertLess(stats["bytes"], PICTURES * WIDTH * HEIGHT * 4)

    def test_what_planecast_is_made_of(self):
        for peer in (peers_memory.SpiceBare, peers_memory.SpiceLook, peers_memory.SpiceFront):
            with self.subTest(peer.name):
                for stats in self.follow(peer, "text-10", 2):
                    # Each picture has its page anew, and less than all of it is sent: LZ4.
                    self.assertGreater(stats["bytes"], stats["pictures"] * 1000)
                    self.assertLess(stats["bytes"], PICTURES * WIDTH * HEIGHT * 4 // 10)

    def test_server_that_ends(self):
        with self.feed(peers_memory.SpiceBare, "typing") as (peer, _, view):
            peer.stop()
            # Before the end of its input ends it.
            view.process.wait(DEADLINE_S)
            status, said = view.end()
            self.assertEqual(status, 1)
            self.assertRegex(said, r"(?m)^bench_spice: viewer 0: .*\n\Z")
            self.assertNotIn("GSpice", said)


class Refused(unittest.TestCase):
    def test_no_server(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
        with look(address) as view:
            self.assertEqual(view.end()[0], 1)
            self.assertRegex(view.first["error"], "viewer 0: main: no connection")

    def test_command_line(self):
        done = subprocess.run([SPICE, "--skim", "localhost:1"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Abench_spice: viewer 0: .*\n\Z")
        for words in (["--rate", "5", "localhost:1"], ["--viewers", "0", "localhost:1"], [], ["localhost"]):
            done = subprocess.run([SPICE, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertRegex(done.stderr, r"bench_spice: .*\n\Z")
        done = subprocess.run([SPICE, "--help"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0)
        for name in ("settle", "--scene", "--viewers"):
            self.assertTrue(re.search(rf"(^|\s){name}\b", done.stdout), name)
        self.assertNotIn("--encodings", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
