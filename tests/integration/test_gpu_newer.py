#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""unit/gpu_drivers once more, on Debian 13's drivers of GPUs, with the libraries of that release."""
import os
import pathlib
import platform
import re
import subprocess
import sys
import unittest

from harness import BUILD

DEADLINE_S = 240


def find_drivers():
    """The folder of drivers newer than this machine's; ends the test where they cannot be had."""
    done = subprocess.run([pathlib.Path(__file__).with_name("gpu_drivers")], stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return pathlib.Path(done.stdout.strip())


class Newer(unittest.TestCase):
    def test_drivers(self):
        """Those of Mesa take our headers by now; all else is as with the older ones."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("LIBVA_")}
        done = subprocess.run([DRIVERS / "run", BUILD / "tests" / "test_gpu_drivers", "trixie"], capture_output=True,
                              text=True, timeout=DEADLINE_S, check=False, env=env)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        for driver in ("i965", "iHD", "radeonsi"):
            self.assertRegex(said, rf"OK \] {driver} on \w+: film")
        self.assertGreater(int(re.search(r"PASSED  \] (\d+) test", said)[1]), 100)


if __name__ == "__main__":
    if platform.machine() != "x86_64":
        print("these drivers are for x86 only", file=sys.stderr)
        sys.exit(77)
    DRIVERS = find_drivers()
    unittest.main(verbosity=2)
