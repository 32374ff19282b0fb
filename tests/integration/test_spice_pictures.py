#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What SPICE viewers show is what the source drew, every pixel, beside VNC viewers of the same VM.

The expected picture is painted by the viewer itself, from the pattern's scene
and the mark in the picture (support/oracle.c).
"""
import contextlib
import itertools
import unittest

from harness import Daemon, vm_section
from viewer import SpiceViewer, Viewer

SIZES = [(640, 480), (1920, 1080), (3840, 2160), (1366, 767), (640, 480)]
# Larger and smaller each way, by much and by a pixel, and odd.
MANY_SIZES = [(641, 481), (640, 481), (640, 480), (1001, 701), (1367, 769), (333, 777), (801, 337), (800, 600),
              (799, 601), (1280, 720), (421, 299), (423, 299), (1023, 767), (512, 1023), (1151, 431), (1152, 864),
              (697, 697), (640, 400), (1441, 899), (645, 485)]
COMPRESSIONS = ["auto", "lz4", "lz", "off"]


def section(name, size, **keys):
    return vm_section(name, spice="127.0.0.1:0", pattern_size=f"{size[0]}x{size[1]}", **keys)


def connect(daemon, vm, kind, *options):
    return kind(daemon.address(vm, protocol=kind.PROTOCOL), *options, patience_s=60)


class Still(unittest.TestCase):
    def follow(self, daemon, vm, sizes):
        """Through mode changes, which a VNC viewer asks for."""
        with connect(daemon, vm, SpiceViewer) as first, connect(daemon, vm, SpiceViewer) as second, \
                connect(daemon, vm, Viewer) as vnc:
            # Its first picture may have been on the way when it began to count.
            first("scene", "still")
            first("reset")
            for size in sizes:
                vnc("resize", *size)
                viewers = [first, second, vnc]
                with connect(daemon, vm, SpiceViewer) as late:
                    for viewer in [*viewers, late]:
                        viewer.begin("size", *size)
                    for viewer in [*viewers, late]:
                        self.assertTrue(viewer.answer()["ok"], (vm, size))
                        viewer.begin("scene", "still")
                    for viewer in [*viewers, late]:
                        answer = viewer.answer()
                        self.assertTrue(answer["ok"], (vm, size, answer))
            return first("stats")["bytes"]

    def test_sizes(self):
        with Daemon(section("still", SIZES[0], pattern_scene="still", pattern_fps=0)) as daemon:
            daemon.wait_serving("still")
            self.follow(daemon, "still", SIZES)
            # Each viewer has fetched all that it was given.
            self.assertEqual(daemon.count_lines("counting anew"), 0)

    def test_asks_for_sizes(self):
        """A SPICE viewer asks, and all get it."""
        with Daemon(section("still", SIZES[0], pattern_scene="still", pattern_fps=0)) as daemon:
            daemon.wait_serving("still")
            with connect(daemon, "still", SpiceViewer) as viewer, connect(daemon, "still", SpiceViewer) as other, \
                    connect(daemon, "still", Viewer) as vnc:
                for size in ((1366, 767), (1920, 1080), (800, 600)):
                    viewer("resize", *size)
                    for one in (viewer, other, vnc):
                        one("size", *size)
                        one("scene", "still")
            with SpiceViewer(daemon.address("still", protocol="spice"), patience_s=2) as viewer:
                for width, height in ((9000, 9000), (0, 600)):
                    self.assertFalse(viewer("resize", width, height, may_fail=True)["ok"])
                    daemon.wait_line(f"asked for {width}x{height}: ")
                viewer("resize", 1024, 768)
                viewer("scene", "still")

    def test_who_works_decides(self):
        """Of viewers who all may control: no size changes under the hands of one who clicks."""
        with Daemon(section("still", SIZES[0], pattern_scene="still", pattern_fps=0)) as daemon:
            daemon.wait_serving("still")
            with SpiceViewer(daemon.address("still", protocol="spice"), patience_s=5) as spice, \
                    connect(daemon, "still", Viewer) as vnc, \
                    Viewer(daemon.address("still"), patience_s=2) as vain:
                vnc("pointer", 300, 200, 1)
                vnc("pointer", 300, 200, 0)
                vnc("resize", 800, 600)
                self.assertFalse(vain("resize", 1024, 768, may_fail=True)["ok"])
                daemon.wait_line("asked for 1024x768: ")
                spice("size", 800, 600)
                spice("pointer", 300, 200, 1)
                spice("pointer", 300, 200, 0)
                # His wishes go another way than his clicks, and the first may be there before them.
                size = next(size for size in ((1366, 700 + i) for i in range(10))
                            if spice("resize", *size, may_fail=True)["ok"])
                for one in (vnc, vain):
                    one("size", *size)

    def test_compressions(self):
        """Each without loss, and each its own amount."""
        config = "".join(section(name, SIZES[0], pattern_scene="still", pattern_fps=0, spice_compression=name)
                         for name in COMPRESSIONS)
        with Daemon(config, log_level="info") as daemon:
            amounts = {}
            for name in COMPRESSIONS:
                daemon.wait_serving(name)
                amounts[name] = self.follow(daemon, name, SIZES[:2])
        print("bytes:", amounts)
        # Over loopback the network is near.
        self.assertAlmostEqual(amounts["auto"], amounts["lz4"], delta=amounts["lz4"] / 100)
        self.assertLess(amounts["lz"], 0.9 * amounts["lz4"])
        self.assertGreater(amounts["off"], 3 * max(amounts["lz4"], amounts["lz"]))
        self.assertGreater(amounts["off"], 1920 * 1080 * 4)

    def test_begins_with_4k(self):
        with Daemon(section("still", SIZES[2], pattern_scene="still", pattern_fps=0), log_level="info") as daemon:
            daemon.wait_serving("still")
            with connect(daemon, "still", SpiceViewer) as viewer:
                self.assertEqual((viewer.first["width"], viewer.first["height"]), SIZES[2])
                viewer("scene", "still")


class Moving(unittest.TestCase):
    def verify(self, scene, size, fps, count, *kinds, **keys):
        """Returns the statistics of each viewer over count pictures, all of which were right."""
        config = section("moving", size, pattern_scene=scene, pattern_fps=fps, video="off", **keys)
        with Daemon(config, log_level="info") as daemon, contextlib.ExitStack() as stack:
            daemon.wait_serving("moving")
            viewers = [stack.enter_context(connect(daemon, "moving", kind)) for kind in kinds]
            for viewer in viewers:
                # What it began with has all come by then.
                viewer("verify", scene, fps, 2)
                viewer("reset")
                viewer.begin("verify", scene, fps, count)
            answers = [viewer.answer() for viewer in viewers]
            stats = [viewer("stats") for viewer in viewers]
            print(f"{scene} {size[0]}x{size[1]} at {fps} fps:", "; ".join(
                f"{viewer.PROTOCOL} {answer['matched']} right, age p50 {entry['age_p50_ms']} ms, "
                f"{entry['bytes'] / max(1, entry['pictures']) / 1e3:.1f} kB a picture"
                for viewer, answer, entry in zip(viewers, answers, stats)))
            for viewer, answer in zip(viewers, answers):
                self.assertTrue(answer["ok"], (viewer.PROTOCOL, scene, answer))
            return stats

    def test_scroll(self):
        """What scrolled is copied by the viewer and not sent again."""
        size = 1280, 720
        stats, _ = self.verify("scroll", size, 15, 40, SpiceViewer, Viewer, spice_compression="off")
        self.assertLess(stats["bytes"] / stats["pictures"], size[0] * size[1] * 4 / 10)

    def test_many_sizes(self):
        """Pictures on their way when the size changes, and those behind it, are right, too."""
        fps = 20
        for scene, sizes in (("scroll", MANY_SIZES), ("typing", MANY_SIZES[::4])):
            config = section("moving", (800, 600), pattern_scene=scene, pattern_fps=fps)
            with Daemon(config) as daemon, contextlib.ExitStack() as stack:
                daemon.wait_serving("moving")
                vnc, *viewers, other = [stack.enter_context(connect(daemon, "moving", kind))
                                        for kind in (Viewer, SpiceViewer, SpiceViewer, SpiceViewer)]
                for asking, size in zip(itertools.cycle((vnc, other)), sizes):
                    asking.begin("resize", *size)
                    for viewer in viewers:
                        viewer.begin("verify", scene, fps, 8)
                        viewer.begin("size", *size)
                        viewer.begin("verify", scene, fps, 4)
                    self.assertTrue(asking.answer()["ok"], size)
                    for viewer in viewers:
                        for what in ("before", "size", "behind"):
                            answer = viewer.answer()
                            self.assertTrue(answer["ok"], (viewer.PROTOCOL, scene, size, what, answer))
                self.assertEqual(daemon.count_lines("picture: "), 1 + len(sizes))

    def test_typing(self):
        self.verify("typing", (1366, 767), 15, 30, SpiceViewer, SpiceViewer, Viewer)

    def test_draws_are_compressed(self):
        """Not only surfaces, which test_compressions sees."""
        amounts = {}
        for name in COMPRESSIONS:
            stats, = self.verify("typing", (1366, 767), 15, 10, SpiceViewer, spice_compression=name)
            amounts[name] = stats["bytes"] / stats["pictures"]
        self.assertGreater(amounts["off"], 3 * max(amounts["auto"], amounts["lz4"], amounts["lz"]))

    def test_desktop(self):
        self.verify("desktop", (1920, 1080), 10, 30, SpiceViewer)

    def test_video(self):
        """All of it changes."""
        self.verify("video", (640, 480), 15, 30, SpiceViewer, Viewer)

    def test_4k(self):
        self.verify("typing", (3840, 2160), 5, 10, SpiceViewer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
