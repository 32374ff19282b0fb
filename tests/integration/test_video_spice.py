#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What moves goes as a video stream to SPICE viewers, amid what is exact, and all is exact once it rests."""
import contextlib
import math
import pathlib
import signal
import tempfile
import time
import unittest

from film import FILM, Film
from harness import BUILD, Daemon, vm_section, wait_until
from narrow import Narrow
from picture import Picture
from screen import SCREENSHOTS, Screen, spicy
from viewer import SpiceViewer, Viewer

PSNR_MIN = 30  # of the film's picture; the one before or after it is below 25
PSNR_CODED = 60  # and above that it came as rectangles
FURTHER = 15  # pictures
# Without its plug-ins GStreamer has no decoders, and spice-gtk its own one.
NO_H264 = ("env", "GST_PLUGIN_SYSTEM_PATH_1_0=/nowhere", "GST_REGISTRY_1_0=/nowhere/registry")


class Video(unittest.TestCase):
    CODEC, WRAPPER = "H.264", ()
    # Several times what the film takes, and a small part of what it takes as rectangles.
    NARROW_BYTES_PER_S = 1_500_000

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        directory = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="planecast-"))
        self.shown, self.last = pathlib.Path(directory) / "shown.ppm", pathlib.Path(directory) / "last.ppm"

    def serve(self, config):
        """With the VA-API driver for the CPU, and no other."""
        daemon = self.stack.enter_context(Daemon(config, env={"LIBVA_DRIVERS_PATH": str(BUILD)}))
        daemon.wait_serving("vm")
        return daemon

    def start_film(self, **keys):
        """At its first picture."""
        self.film = self.stack.enter_context(Film())
        return self.serve(self.film.vm(spice="127.0.0.1:0", **keys))

    def join(self, daemon, codec=None, wrapper=None):
        """Returns when it is there. With codec: when it is sent that."""
        mark = daemon.mark()
        viewer = self.stack.enter_context(SpiceViewer(
            daemon.address("vm", protocol="spice"), patience_s=60, wrapper=self.WRAPPER if wrapper is None else wrapper))
        if codec:
            daemon.wait_line(f"a stream of {codec} begins", mark)
        return viewer

    def look(self, viewer):
        viewer("save", self.shown)
        return Picture.read_ppm(self.shown)

    def expect_moving(self, look, after=-1, psnr_max=math.inf):
        """Waits for a good picture behind number after, with the desktop around it exact. Returns its number."""
        found = None

        def is_good():
            nonlocal found
            found = self.film.compare(look()) or found
            return found and found[0] > after and PSNR_MIN <= found[2] <= psnr_max

        try:
            wait_until(is_good, "a good picture of the film", 60)
        finally:
            print(f"moving: marks of picture, film of, dB: {found}")
        return found[0]

    def watch(self, viewer):
        """A film for a while, as a stream."""
        number = self.expect_moving(lambda: self.look(viewer))
        self.expect_moving(lambda: self.look(viewer), number + FURTHER, PSNR_CODED)

    def expect_last(self, *viewers):
        """It stops, and all of them show its last picture exactly."""
        picture = self.film.stop()
        start = time.monotonic()
        picture.write_ppm(self.last)
        for viewer in viewers:
            viewer.begin("expect", self.last)
        for viewer in viewers:
            answer = viewer.answer()
            self.assertTrue(answer["ok"], answer)
        print(f"exact after {time.monotonic() - start:.2f} s")

    def test_film(self):
        """Twice, then with another viewer who joins in mid-film."""
        daemon = self.start_film()
        viewer = self.join(daemon)
        for _ in range(2):
            mark = daemon.mark()
            self.film.start()
            begins = daemon.wait_line(rf"a stream of {self.CODEC} begins, (\d+)x(\d+)", mark)
            # All of the film, and little else.
            self.assertLess(abs(int(begins[1]) * int(begins[2]) - FILM[2] * FILM[3]), FILM[2] * FILM[3] // 8, begins[0])
            mark = daemon.mark()
            self.watch(viewer)
            self.assertEqual(daemon.count_lines("the stream ends", mark), 0)
            self.expect_last(viewer)
            pictures = int(daemon.wait_line(r"the stream ends after (\d+) pictures", mark)[1])
            print(f"{pictures} pictures in the stream")
            self.assertGreater(pictures, FURTHER)
            wait_until(viewer.is_quiet, "the viewer comes to rest")
        self.film.start()
        self.watch(viewer)
        again = self.join(daemon, self.CODEC)
        self.watch(again)
        self.watch(viewer)
        self.expect_last(viewer, again)

    def test_stopped_viewer(self):
        """It comes back with the film, and others do not notice."""
        daemon = self.start_film()
        other, stopped = self.join(daemon), self.join(daemon)
        self.film.start()
        for viewer in (other, stopped):
            self.watch(viewer)
        stopped.process.send_signal(signal.SIGSTOP)
        try:
            number = self.expect_moving(lambda: self.look(other))
            self.expect_moving(lambda: self.look(other), number + 90)
        finally:
            stopped.process.send_signal(signal.SIGCONT)
        for viewer in (other, stopped):
            self.watch(viewer)
        self.expect_last(other, stopped)

    def test_resize(self):
        """In mid-film: it goes on in the new size, odd or even."""
        daemon = self.serve(vm_section("vm", spice="127.0.0.1:0", pattern_scene="video", pattern_size="640x480"))
        viewer = self.join(daemon)
        other = self.stack.enter_context(Viewer(daemon.address("vm")))
        for width, height in ((800, 502), (417, 333), (640, 480)):
            mark = daemon.mark()
            other("resize", width, height)
            viewer("size", width, height)
            daemon.wait_line(f"a stream of {self.CODEC} begins, {width}x{height}", mark)
            # Its marks are read, and they are part of the film here.
            viewer("reset")
            wait_until(lambda: viewer("stats")["pictures"] >= 20, "pictures of the film")

    def join_narrow(self, daemon, bytes_per_s):
        way = self.stack.enter_context(Narrow(daemon.address("vm", protocol="spice"), bytes_per_s))
        return self.stack.enter_context(SpiceViewer(way.address, patience_s=60, wrapper=self.WRAPPER))

    def test_narrow_end(self):
        """The film is over before the link has room for any of it."""
        daemon = self.start_film()
        other, narrow = self.join(daemon), self.join_narrow(daemon, 300_000)
        self.film.start()
        self.watch(other)
        self.expect_last(other, narrow)

    def test_narrow(self):
        """Whose link is too narrow for the film as rectangles gets it as video, beside one who has room."""
        daemon = self.start_film()
        other, narrow = self.join(daemon), self.join_narrow(daemon, self.NARROW_BYTES_PER_S)
        self.film.start()
        self.watch(other)
        wait_until(lambda: daemon.count_lines(f"a stream of {self.CODEC} begins") >= 2, "both have a stream", 20)
        self.watch(narrow)
        self.expect_last(other, narrow)

    def test_off(self):
        daemon = self.start_film(video="off")
        viewer = self.join(daemon)
        self.film.start()
        viewer("reset")
        viewer("updates", 60)
        self.assertEqual(daemon.count_lines("a stream of"), 0)
        self.expect_last(viewer)


class Mjpeg(Video):
    """For a viewer's program without H.264."""
    CODEC, WRAPPER = "MJPEG", NO_H264
    NARROW_BYTES_PER_S = 5_000_000


class Mixed(Video):
    def test_film(self):
        """Both kinds of SPICE viewers beside VNC's."""
        daemon = self.start_film()
        able, unable = self.join(daemon, wrapper=()), self.join(daemon, wrapper=NO_H264)
        vnc = self.stack.enter_context(Viewer(daemon.address("vm"), "--video"))
        self.film.start()
        for viewer in (able, unable):
            self.watch(viewer)
        for codec in ("H.264", "MJPEG"):
            self.assertGreaterEqual(daemon.count_lines(f"a stream of {codec} begins"), 1)
        self.expect_last(able, unable, vnc)

    def test_wish(self):
        """Of who can show both, in mid-film and before it."""
        daemon = self.start_film()
        viewer, other = self.join(daemon, wrapper=()), self.join(daemon, wrapper=())
        for first, then in (("H.264", "MJPEG"), ("MJPEG", "H.264")):
            mark = daemon.mark()
            self.film.start()
            daemon.wait_line(f"a stream of {first} begins", mark)
            self.watch(viewer)
            mark = daemon.mark()
            viewer("prefer", {"H.264": "h264", "MJPEG": "mjpeg"}[then])
            daemon.wait_line(f"a stream of {then} begins", mark)
            self.watch(viewer)
            self.watch(other)
            self.expect_last(viewer, other)

    def test_spicy(self):
        with Screen(1380, 900) as screen:
            daemon = self.start_film()
            screen.start(spicy(daemon.address("vm", protocol="spice")))
            daemon.wait_line("display channel linked")

            def look():
                picture = screen.picture()
                SCREENSHOTS.mkdir(parents=True, exist_ok=True)
                picture.write_png(SCREENSHOTS / "spicy-film.png")
                return self.film.find(picture)

            for _ in range(2):
                self.film.start()
                number = self.expect_moving(look)
                daemon.wait_line("video: ")
                self.expect_moving(look, number + 2 * FURTHER, PSNR_CODED)
                last = self.film.stop()
                wait_until(lambda: look() == last, "spicy shows the exact picture", 60)

    test_stopped_viewer = test_resize = test_narrow = test_narrow_end = test_off = None


if __name__ == "__main__":
    unittest.main(verbosity=2)
