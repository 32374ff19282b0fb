#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench's viewer sees what other viewers see, counts what the feeder showed, and reads as fast as it is told."""
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from harness import BUILD, DEADLINE_S, Daemon, vm_section
from program import Program
from viewer import Viewer

VIEW = str(BUILD / "tests" / "bench_view")
FEED = str(BUILD / "tests" / "bench_feed")
WIDTH, HEIGHT = 800, 600
SIZE = f"{WIDTH}x{HEIGHT}"
ENCODINGS = ("raw", "hextile", "zlib", "tight", "zrle")


def look(address, *options):
    return Program(VIEW, "--patience", int(DEADLINE_S), *options, f"{address[0]}:{address[1]}")


class Still(unittest.TestCase):
    def test_the_same_as_another_viewer(self):
        """vncprobe decodes with libvncclient and has to see the very same picture."""
        with Daemon(vm_section("still", pattern_scene="still", pattern_fps=0, pattern_size="1366x768")) as daemon, \
                tempfile.TemporaryDirectory(prefix="planecast-test-") as directory:
            daemon.wait_serving("still")
            address = daemon.address("still")
            path = pathlib.Path(directory) / "picture.ppm"
            for encoding in ENCODINGS:
                with self.subTest(encoding), look(address, "--encodings", encoding) as view, \
                        Viewer(address, "--encodings", "raw") as probe:
                    self.assertEqual((view.first["width"], view.first["height"]), (1366, 768))
                    self.assertTrue(view("save", path)["ok"])
                    self.assertTrue(probe("expect", path)["ok"])


class Fed(unittest.TestCase):
    """The feeder paints, planecastd polls, viewers look."""

    def feed(self, scene, fps=60):
        directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.addCleanup(directory.cleanup)
        path = pathlib.Path(directory.name) / "picture"
        self.feeder = Program(FEED, "--memory", path, "--fps", fps, scene, SIZE)
        self.addCleanup(self.feeder.end)
        daemon = Daemon(vm_section("fed", source="memory", memory_file=path, memory_size=SIZE))
        daemon.__enter__()
        self.addCleanup(daemon.__exit__, None, None, None)
        daemon.wait_serving("fed")
        self.address = daemon.address("fed")

    def watch(self, *options):
        view = look(self.address, *options)
        self.addCleanup(view.end)
        self.assertTrue(view.first["ok"], view.first)
        return view

    def test_scroll_in_all_encodings(self):
        """Of a scene in motion each viewer ends up with the exact picture; who can, by copying."""
        self.feed("scroll")
        views = {(encoding, copies): self.watch("--scene", "scroll", "--encodings", copies + encoding)
                 for encoding in ENCODINGS for copies in ("", "copyrect ")}
        for view in views.values():
            self.assertTrue(view("settle", DEADLINE_S)["settled"])
            view("reset")
        self.feeder("go", 30)
        for (encoding, copies), view in views.items():
            with self.subTest(encoding, copies=copies):
                self.assertTrue(view("until", 30)["ok"])
                stats = view("stats")["viewers"][0]
                shown = view("compare")["viewers"][0]
                self.assertTrue(shown["exact"], shown)
                self.assertEqual((shown["pixels"], shown["psnr"], shown["sequence"]), (0, None, 30))
                self.assertGreater(stats["rectangles"].get(encoding, 0), 0)
                self.assertEqual("copyrect" in stats["rectangles"], bool(copies), stats)
                self.assertEqual(stats["pictures"] + stats["lost"], 30, stats)
                self.assertGreater(stats["pictures"], 1)
                self.assertLessEqual(stats["age_p50_ms"], stats["age_p95_ms"])
                self.assertLessEqual(stats["age_p95_ms"], stats["age_max_ms"])

    def test_film_by_jpeg(self):
        """Near while it moves, exact when it rests; skimming sees the marks and little else."""
        self.feed("film")
        whole = self.watch("--scene", "film", "--encodings", "tight", "--quality", 8, "--continuous", "--viewers", 3)
        skim = self.watch("--scene", "film", "--encodings", "tight", "--quality", 8, "--fence", "--skim")
        for view in (whole, skim):
            view("reset")
        self.assertEqual(whole("sampled")["error"], "no whole picture came")
        self.assertTrue(whole("sample", 10)["ok"])
        self.feeder("go", 30)
        self.assertTrue(whole("until", 30)["ok"])
        self.assertTrue(skim("until", 30)["ok"])
        near = whole("compare")["viewers"]
        viewers = whole("stats")["viewers"]
        self.assertEqual(len(near), 3)
        for one, stats in zip(near, viewers):
            self.assertGreater(one["psnr"] or 99, 36)
            self.assertGreater(stats["tight"]["jpeg"], 0)
            self.assertGreater(stats["fences"], 0)
            self.assertEqual(stats["skimmed"], 0)
        stats = skim("stats")["viewers"][0]
        self.assertGreater(stats["skimmed"], 0)
        self.assertGreater(stats["pictures"], 1)
        settled = whole("settle", DEADLINE_S)
        self.assertTrue(settled["settled"], settled)
        # Not what it is by now, but what it was.
        sampled = whole("sampled")
        self.assertTrue(10 <= sampled["sequence"] <= 30, sampled)
        self.assertTrue(36 < sampled["psnr"] < 50, sampled)
        for one in settled["viewers"]:
            self.assertTrue(one["exact"])
            self.assertGreaterEqual(one["settled_ms"], 0)
            self.assertGreater(one["exact_age_ms"], one["settled_ms"])

    def test_what_is_not_the_scene(self):
        self.feed("film")
        with look(self.address, "--scene", "typing") as view:
            other = view("final")["viewers"][0]
            self.assertFalse(other["exact"])
            self.assertLess(other["psnr"], 25)
            self.assertFalse(view("settle", 0)["settled"])
            self.assertFalse(view("nonsense")["ok"])
            self.assertEqual(view.end()[0], 1)
        with look(self.address) as view:
            self.assertEqual(view("final")["error"], "no --scene to compare with")

    def test_rate(self):
        """A film in Raw is always more than what may be read."""
        rate = 1_500_000
        self.feed("film", fps=30)
        view = self.watch("--encodings", "raw", "--rate", rate, "--viewers", 2)
        view("reset")
        self.feeder("go", 60)
        stats = view("stats")
        for viewer in stats["viewers"]:
            self.assertAlmostEqual(viewer["bytes"] / stats["seconds"] / rate, 1, delta=0.15)
        self.assertFalse(stats["client_limited"])


class Broken(unittest.TestCase):
    def serve(self, *texts):
        """A server that says this to whoever comes first, and then waits for nothing."""
        listener = socket.create_server(("127.0.0.1", 0))

        def run():
            with listener, listener.accept()[0] as sock:
                for text in texts:
                    sock.sendall(text)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        return listener.getsockname()

    def expect(self, address, pattern):
        with look(address) as view:
            status, said = view.end()
        self.assertEqual(status, 1)
        self.assertRegex(view.first["error"] + said, pattern)
        self.assertEqual((view.first["error"] + said).count("\n"), 1)

    def test_each_ends_with_a_reason(self):
        greeting = b"RFB 003.008\n\1\1\0\0\0\0" + struct.pack(">HH16sI", 64, 64, b"", 0)
        self.expect(self.serve(b"220 smtp.example.org ESMTP\r\n"), "viewer 0: this is no RFB server")
        self.expect(self.serve(greeting), "viewer 0: the server closed the connection")
        self.expect(self.serve(greeting, struct.pack(">BxHHHHHi", 0, 1, 60, 0, 8, 8, 0)),
                    "viewer 0: raw: 8x8 at 60,0 is outside the picture")

    def test_no_server(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
        with look(address) as view:
            self.assertEqual(view.end()[0], 2)
            self.assertRegex(view.first["error"], "viewer 0: Connection refused")

    def test_command_line(self):
        for words in (["--encodings", "tight,vp9", "localhost:1"], ["--quality", "10", "localhost:1"],
                      ["--viewers", "0", "localhost:1"], ["--rate", "fast", "localhost:1"], [], ["localhost"]):
            done = subprocess.run([VIEW, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertRegex(done.stderr, r"\Abench_view: .*\n\Z")
        done = subprocess.run([VIEW, "--help"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0)
        for name in (*ENCODINGS, "copyrect", "settle", "--rate"):
            self.assertTrue(re.search(rf"(^|\s){name}\b", done.stdout), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
