#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many connections: a thousand silent ones, fifty that do not read, and no descriptors left."""
import contextlib
import resource
import unittest

from harness import process_fds, wait_until
from hostile import (CONTINUOUS, FENCE, GAP_MAX_MS, GREETING, RAW, TIGHT, Arena, be_preferred, continuous, request,
                     send_all, set_encodings)
from viewer import Refused, Viewer

SILENT, NOT_READING = 1000, 50


def limit_files(soft, hard):
    return ["prlimit", f"--nofile={soft}:{hard}"]


class Crowd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))

    def crowd(self, arena, silent, not_reading):
        """Connects them all; returns what closes them."""
        with contextlib.ExitStack() as stack:
            for _ in range(silent):
                stack.enter_context(arena.connect())
            for turn in range(not_reading):
                sock = stack.enter_context(arena.connect())
                wants = continuous() if turn % 2 else request() * 50
                send_all(sock, GREETING + set_encodings(TIGHT if turn % 4 < 2 else RAW, FENCE, CONTINUOUS) + wants)
            return stack.pop_all()

    def follow_with_crowd(self, **keys):
        with Arena(max_viewers=100, **keys) as arena:
            def attack():
                with self.crowd(arena, SILENT, NOT_READING):
                    # The good viewer goes on among them, and a new one gets in.
                    arena.viewer("updates", 120)
                    with Viewer(arena.address) as late:
                        late("updates", 3)
            self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
            arena.check_unharmed()

    def test_crowd_as_it_comes(self):
        """The limit on handshakes lets the oldest go."""
        self.follow_with_crowd()

    def test_crowd_all_let_in(self):
        self.follow_with_crowd(max_handshakes=4096)

    def test_no_descriptors_left(self):
        with Arena(wrapper=limit_files(64, 64), max_handshakes=4096, max_viewers=100) as arena:
            def attack():
                with self.crowd(arena, 100, 0):
                    arena.viewer("updates", 60)
                    # Refused at once rather than left waiting.
                    with self.assertRaises(Refused):
                        Viewer(arena.address)
            self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
            arena.check_unharmed()
            lines = arena.daemon.count_lines("descriptors|Too many open files")
            self.assertGreaterEqual(lines, 1)
            self.assertLess(lines, 30, "one line a client at most, and limited")

    def test_beyond_descriptor_1023(self):
        with Arena(wrapper=limit_files(4096, 4096), max_handshakes=4096, pattern_scene="still",
                   pattern_fps=0) as arena:
            with self.crowd(arena, 1200, 0):
                wait_until(lambda: max(process_fds(arena.pid)) > 1200, "descriptors beyond 1,200")
                for encoding in ("tight", "zrle", "raw"):
                    with Viewer(arena.address, "--encodings", encoding) as viewer:
                        viewer("scene", "still")
                        self.assertGreater(max(process_fds(arena.pid)), 1200)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
