#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What rests costs nothing: no byte to viewers, no look at the source without them."""
import os
import threading
import unittest

from harness import Daemon, vm_section, wait_until
from viewer import Viewer

REST_S = 10


def pass_time(seconds):
    """Time is what these tests measure; nothing is waited for."""
    threading.Event().wait(seconds)


def wakeups(pid):
    """How often the threads of a process went to sleep so far."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as status:
            total += sum(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt"))
    return total


class Rest(unittest.TestCase):
    def test_no_byte_while_nothing_changes(self):
        config = "".join(vm_section(encoding, pattern_scene="still", pattern_fps=0, pattern_size="1920x1080")
                         for encoding in ("tight", "raw", "zrle"))
        with Daemon(config) as daemon:
            viewers = {}
            for encoding in ("tight", "raw", "zrle"):
                daemon.wait_serving(encoding)
                viewers[encoding] = Viewer(daemon.address(encoding), "--encodings", encoding)
            try:
                for encoding, viewer in viewers.items():
                    viewer("scene", "still")
                    wait_until(viewer.is_quiet, f"{encoding} comes to rest")
                    viewer("reset")
                pass_time(REST_S)
                for encoding, viewer in viewers.items():
                    stats = viewer("stats")
                    with self.subTest(encoding):
                        self.assertEqual((stats["bytes"], stats["updates"]), (0, 0))
            finally:
                for viewer in viewers.values():
                    viewer.close()

    def test_not_looked_at_without_viewers(self):
        """A look each 5 ms is due while somebody watches: it shows as wakeups, and is gone without viewers."""
        seconds = 3
        config = vm_section("vm", pattern_scene="still", pattern_fps=0, idle_interval="5ms")
        with Daemon(config) as daemon:
            pid = daemon.wait_serving("vm")
            before = wakeups(pid)
            pass_time(seconds)
            fresh = wakeups(pid) - before
            with Viewer(daemon.address("vm")) as viewer:
                viewer("scene", "still")
                before = wakeups(pid)
                pass_time(seconds)
                watched = wakeups(pid) - before
            daemon.wait_line("viewer left")
            before = wakeups(pid)
            pass_time(seconds)
            left = wakeups(pid) - before
            print(f"wakeups in {seconds} s: {fresh} before, {watched} with a viewer, {left} after it")
            self.assertGreater(watched, 20 * seconds)
            # The once-a-second report to the supervisor, and little else.
            self.assertLessEqual(fresh, 5 * seconds)
            self.assertLessEqual(left, 5 * seconds)


if __name__ == "__main__":
    unittest.main(verbosity=2)
