#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""16 resting consoles of QEMU on one planecastd cost less than one per cent of a core in all: tests/bench/consoles.py."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

from consoles import Consoles  # noqa: E402
from harness import SANITIZED  # noqa: E402

COUNT = 16
SECONDS = 3
COST_MAX_PERCENT = 1.0


class ConsolesAtRest(unittest.TestCase):
    def test_cost(self):
        with Consoles(COUNT) as consoles:
            unwatched = consoles.cost(SECONDS)
            consoles.watch()
            watched = consoles.cost(SECONDS)
        print(f"{COUNT} consoles: {unwatched:.3f} % of a core, with a viewer each {watched:.3f} %")
        # A sanitizer has work of its own.
        most = COST_MAX_PERCENT * (10 if SANITIZED else 1)
        self.assertLess(unwatched, most)
        self.assertLess(watched, most)


if __name__ == "__main__":
    unittest.main(verbosity=2)
