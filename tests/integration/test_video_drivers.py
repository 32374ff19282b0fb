#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Video drivers that fail, hang, vanish and crash below a daemon that a viewer of video looks at.

The driver is tests/unit/broken_driver.c, behind what the daemon takes for a render node.
"""
import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from film import Show
from harness import BUILD, SANITIZED, Daemon, Timeout, wait_until
from viewer import Viewer

NODE = "/dev/null"
PSNR_MIN = 30
SOFTWARE = r"\[vm\] video: software encodes: planecast"
REGION = r"\[vm\] video: \d+x\d+ at "


class Drivers(unittest.TestCase):
    def setUp(self):
        self.stack = self.enterContext(contextlib.ExitStack())
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="planecast-drivers-")))
        self.orders = self.directory / "orders"
        self.orders.mkdir()
        self.driver = self.directory / "broken_drv_video.so"
        self.driver.symlink_to(BUILD / "tests" / "broken_drv_video.so")

    def order(self, who, what):
        """who: worker or probe. None: it behaves from now on."""
        if what is None:
            (self.orders / who).unlink(missing_ok=True)
            return
        new = self.orders / "new"
        new.write_text(what)
        new.rename(self.orders / who)

    def serve(self):
        """A VM that shows a film. Returns its first viewer."""
        preload = [str(BUILD / "tests" / "va_node.so")]
        if SANITIZED:
            preload.insert(0, subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip())
        env = {"LD_PRELOAD": ":".join(preload), "LIBVA_DRIVER_NAME": "broken",
               "LIBVA_DRIVERS_PATH": f"{self.directory}:{BUILD}", "BROKEN_DRIVER_ORDERS": str(self.orders),
               "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":handle_abort=0:detect_leaks=0"}
        film = self.stack.enter_context(Show("video", 960, 600))
        self.config = film.vm(video_device=NODE)
        self.daemon = self.stack.enter_context(Daemon(self.config, env=env))
        self.pid = self.daemon.wait_serving("vm")
        film.start()
        return self.join()

    def join(self):
        viewer = self.stack.enter_context(Viewer(self.daemon.address("vm"), "--video"))
        self.watch(viewer)
        return viewer

    def watch(self, viewer):
        """What is sent decodes, and is the film."""
        seen = viewer("film", "video", 8)
        self.assertGreater(seen["lowest"], PSNR_MIN, seen)

    @contextlib.contextmanager
    def one_keyframe(self, viewer, line):
        """What happens inside brings this line to the log, costs whoever looks on a keyframe, and nothing else."""
        mark = self.daemon.mark()
        viewer("reset")
        yield mark
        self.daemon.wait_line(line, mark)
        wait_until(lambda: viewer("stats")["keyframes"], f"a keyframe after {line}", interval_s=0.05)
        self.watch(viewer)
        # On a machine that is busy the film may stop for so long that it begins again.
        allowed = 1 + self.daemon.count_lines(REGION, mark)
        self.assertLessEqual(viewer("stats")["keyframes"], allowed)
        self.assertEqual(self.daemon.worker("vm"), self.pid, "the same worker all the time")

    def expect_end(self, viewer):
        with self.assertRaises(Timeout):
            viewer("film", "video", 1000)

    def test_fails_now_and_then(self):
        """First it is opened afresh, and the second time within a while passed over."""
        for first, second in (("overflow once", "error once"), ("greedy once", "empty once")):
            with self.subTest(first=first, second=second), contextlib.ExitStack() as self.stack:
                viewer = self.serve()
                self.daemon.wait_line(rf"\[vm\] video: {NODE} encodes: planecast")
                with self.one_keyframe(viewer, rf"\[vm\] video: {NODE}: encoding fails") as mark:
                    self.order("worker", first)
                self.assertEqual(self.daemon.count_lines("is not used any more", mark), 0)
                with self.one_keyframe(viewer, rf"\[vm\] video: {NODE} is not used any more: it fails again") as mark:
                    self.order("worker", second)
                self.daemon.wait_line(SOFTWARE, mark)

    def test_hangs(self):
        """The loop goes on, and what is not video is shown meanwhile. Nor is anybody kept from ending."""
        viewer = self.serve()
        with self.one_keyframe(viewer, rf"\[vm\] video: {NODE} is not used any more: its driver hangs") as mark:
            self.order("worker", "hang")
            viewer("updates", 30)
            self.assertEqual(self.daemon.count_lines("its driver hangs", mark), 0)
        self.daemon.wait_line(SOFTWARE, mark)
        self.assertEqual(self.daemon.stop()[0], 0)
        self.assertEqual(self.daemon.count_lines("did not end in time", mark), 0)

    def test_vanishes(self):
        """Its file goes: what was loaded of it goes on, and the next worker does without."""
        viewer = self.serve()
        with self.one_keyframe(viewer, rf"\[vm\] video: {NODE}: encoding fails") as mark:
            self.driver.unlink()
            self.order("worker", "error once")
        os.kill(self.pid, signal.SIGKILL)
        self.daemon.wait_line(rf"\[vm\] worker {self.pid} died", mark)
        self.expect_end(viewer)
        self.daemon.wait_serving("vm", mark)
        self.join()
        self.daemon.wait_line(rf"\[vm\] video: {NODE} does not encode: there is no driver for it", mark)
        self.daemon.wait_line(SOFTWARE, mark)
        self.assertEqual(self.daemon.count_lines("a worker died while", mark), 0, "it was not the driver")

    def test_crashes_when_tried(self):
        """That costs the process which tried it, and nobody who looks on."""
        self.order("probe", "crash")
        self.watch(self.serve())
        self.daemon.wait_line(rf"\[vm\] video: {NODE} does not encode: its driver crashes")
        self.daemon.wait_line(SOFTWARE)
        self.assertEqual(self.daemon.worker("vm"), self.pid)

    def test_crashes_in_the_worker(self):
        """Viewers come back, once: the next worker does without it, until the configuration is reloaded."""
        viewer, mark = self.serve(), self.daemon.mark()
        self.order("worker", "crash")
        self.expect_end(viewer)
        self.daemon.wait_line(rf"\[vm\] worker {self.pid} died: killed by SIGABRT", mark)
        self.daemon.wait_line(rf"\[vm\] video: a worker died while {NODE} encoded: the next ones do without", mark)
        self.pid = self.daemon.wait_serving("vm", mark)
        viewer = self.join()
        self.daemon.wait_line(rf"\[vm\] video: {NODE} is not used: this VM's process has died in it", mark)
        self.daemon.wait_line(SOFTWARE, mark)
        self.assertEqual(self.daemon.count_lines(f"video: {NODE} encodes", mark), 0)
        # Its chance comes with a reload, and costs whoever looks on a keyframe.
        self.order("worker", None)
        with self.one_keyframe(viewer, rf"\[vm\] video: {NODE} encodes"):
            self.daemon.reload(self.config)
        # A reload when there is nothing to forget costs nothing.
        viewer("reset")
        mark = self.daemon.reload(self.config)
        self.watch(viewer)
        self.watch(viewer)
        self.assertLessEqual(viewer("stats")["keyframes"], self.daemon.count_lines(REGION, mark))
        self.assertEqual(self.daemon.count_lines(" encodes: ", mark), 0)

    def test_crashes_after_it_hung(self):
        """It is still its fault when the CPU's driver encodes."""
        viewer = self.serve()
        with self.one_keyframe(viewer, "its driver hangs") as mark:
            self.order("worker", "hang")
        self.order("worker", "crash")
        self.daemon.wait_line(rf"\[vm\] video: a worker died while {NODE} encoded", mark)
        self.assertEqual(self.daemon.count_lines("while the software driver encoded", mark), 0)
        self.daemon.wait_line(rf"\[vm\] worker {self.pid} died", mark)
        self.daemon.wait_serving("vm", mark)


if __name__ == "__main__":
    unittest.main(verbosity=2)
