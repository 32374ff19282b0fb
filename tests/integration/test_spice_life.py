#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SPICE viewers come, go, stop reading and die, and so do workers: the others notice nothing, and nothing is left."""
import contextlib
import os
import re
import signal
import tempfile
import unittest

from harness import ASAN_SIGNALS, SANITIZED, Daemon, process_fds, vm_section, wait_until
from hostile import ATTEMPTS, GAP_MAX_MS, be_preferred
from viewer import Refused, SpiceViewer, Viewer

LIVES, WARM_LIVES = (200, 20) if not SANITIZED else (20, 5)
LIVES_KB_MAX = 1024
# A stopped viewer is owed a picture or two, in whatever stage of being sent.
STOPPED_KB_MAX = 6 * 1920 * 1080 * 4 // 1024


def section(name, scene="scroll", size="640x480", fps=30, **keys):
    keys = {"spice": "127.0.0.1:0", "pattern_scene": scene, "pattern_size": size, "pattern_fps": fps, **keys}
    return vm_section(name, **keys)


def start(config, **more):
    daemon = Daemon(config, log_level="info", env=ASAN_SIGNALS, **more)
    return daemon, daemon.wait_serving("vm")


def spice(daemon, vm="vm", **more):
    return SpiceViewer(daemon.address(vm, protocol="spice"), **more)


def enter(daemon):
    """Who comes often from one place is let in a few times a second only."""
    def let_in():
        with contextlib.suppress(Refused):
            return spice(daemon)
        return None

    return wait_until(let_in, "a viewer is let in", interval_s=0.05)


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^RssAnon:\s+(\d+)", status.read(), re.M)[1])


class Life(unittest.TestCase):
    def longest_gaps(self, viewers, act):
        """Of each viewer while act() runs: the best of some attempts, as the machine is not ours alone."""
        best = [float("inf")] * len(viewers)
        for _ in range(ATTEMPTS):
            for viewer in viewers:
                viewer("reset")
            act()
            gaps = [viewer("stats")["gap_max_ms"] for viewer in viewers]
            print("longest gaps:", ", ".join(f"{viewer.PROTOCOL} {gap:.0f} ms" for viewer, gap in zip(viewers, gaps)))
            best = [min(pair) for pair in zip(best, gaps)]
            if max(best) < GAP_MAX_MS:
                break
        for viewer, gap in zip(viewers, best):
            self.assertLess(gap, GAP_MAX_MS, viewer.PROTOCOL)

    def pass_pictures(self, viewer, count):
        viewer("updates", viewer("stats")["updates"] + count)

    def test_a_stopped_viewer_stops_nobody(self):
        daemon, pid = start(section("vm", "desktop", "1920x1080", 10))
        with daemon, spice(daemon) as stopped, spice(daemon) as other, Viewer(daemon.address("vm")) as vnc:
            for viewer in (stopped, other, vnc):
                viewer("updates", 5)
            before_kb = memory_kb(pid)
            stopped.process.send_signal(signal.SIGSTOP)
            try:
                gaps = []
                for _ in range(ATTEMPTS):
                    for viewer in (other, vnc):
                        viewer("reset")
                    self.pass_pictures(other, 30)
                    gaps.append([viewer("stats")["gap_max_ms"] for viewer in (other, vnc)])
                    # It moves on each 100 ms.
                    if max(gaps[-1]) < 100 + GAP_MAX_MS:
                        break
                more_kb = memory_kb(pid) - before_kb
            finally:
                stopped.process.send_signal(signal.SIGCONT)
            print(f"gaps beside a stopped viewer {gaps} ms; {more_kb} kB more")
            self.assertLess(max(gaps[-1]), 100 + GAP_MAX_MS)
            if not SANITIZED:
                self.assertLess(more_kb, STOPPED_KB_MAX)
            # It goes on with the picture of now, not with those it missed.
            stopped("verify", "desktop", 10, 5)

    def test_who_takes_nothing_is_closed(self):
        with tempfile.TemporaryDirectory(prefix="planecast-") as directory:
            # The kernel keeps little for him there.
            config = section("vm", "video", "1920x1080", 10, stall_timeout="2s", spice=f"unix:{directory}/spice")
            daemon, _ = start(config)
            with daemon, spice(daemon) as stopped:
                stopped("updates", 5)
                stopped.process.send_signal(signal.SIGSTOP)
                try:
                    daemon.wait_line("display channel left.*took none of")
                finally:
                    stopped.process.send_signal(signal.SIGCONT)
                stopped("closed")
                with spice(daemon) as viewer:
                    viewer("updates", 5)

    def test_coming_and_going(self):
        """Ten come and go, in all the ways there are; those who stay miss nothing."""
        daemon, pid = start(section("vm"))
        with daemon, spice(daemon) as other, Viewer(daemon.address("vm")) as vnc:
            def crowd():
                for turn in range(10):
                    viewer = spice(daemon)
                    if turn % 2:
                        viewer("updates", 2)
                    if turn % 3 == 0:
                        viewer.process.kill()
                    viewer.close()

            self.longest_gaps([other, vnc], crowd)
            self.assertEqual(daemon.worker("vm"), pid)

    def test_worker_dies(self):
        """Its viewers are told, and the next worker has the same picture; viewers of another VM see no gap."""
        config = section("vm", "still", fps=0) + section("other")
        daemon, pid = start(config)
        with daemon, spice(daemon, "other") as other:
            other("updates", 1)

            def crash():
                pid = daemon.worker("vm")
                with spice(daemon) as first, spice(daemon) as second:
                    for viewer in (first, second):
                        viewer("scene", "still")
                    mark = daemon.mark()
                    os.kill(pid, signal.SIGSEGV)
                    for viewer in (first, second):
                        viewer("closed")
                    daemon.wait_serving("vm", mark)
                    with spice(daemon) as viewer:
                        viewer("scene", "still")
                self.pass_pictures(other, 10)

            self.longest_gaps([other], crash)
            self.assertNotEqual(daemon.worker("vm"), pid)

    def test_many_lives(self):
        """Descriptors, threads and memory are those that there were before."""
        daemon, pid = start(section("vm", "still", "800x600", 0))

        def live(count):
            for _ in range(count):
                with enter(daemon) as viewer:
                    viewer("scene", "still")
            wait_until(lambda: len(os.listdir(f"/proc/{pid}/task")) <= threads, "the library's threads have ended")
            wait_until(lambda: len(process_fds(pid)) <= fds, "all descriptors are closed")
            return memory_kb(pid)

        # With a viewer of the other protocol, who keeps the picture there.
        with daemon, Viewer(daemon.address("vm")) as vnc:
            vnc("scene", "still")
            threads, fds = len(os.listdir(f"/proc/{pid}/task")), len(process_fds(pid))
            # What is made once for all.
            live(WARM_LIVES)
            kb = [live(LIVES // 10) for _ in range(10)]
            print(f"{LIVES} lives: kB of memory on the way {kb}, {fds} descriptors, {threads} threads")
            if not SANITIZED:
                # What is free is given back to the kernel at times.
                self.assertLess(min(kb[5:]) - min(kb[:5]), LIVES_KB_MAX)
            self.assertEqual(daemon.worker("vm"), pid)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
