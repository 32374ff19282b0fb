#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""planecastd --probe-encoders on GPUs' own drivers, on a GPU that is not there and executes nothing."""
import os
import platform
import re
import subprocess
import sys
import unittest

from harness import BUILD, PLANECASTD

NODE = "/dev/dri/renderD128"
DRIVERS = "/usr/lib/x86_64-linux-gnu/dri"
DEADLINE_S = 60


def probe(driver, device):
    """What is said of the node, and the line with the reason."""
    preload = [str(BUILD / "tests" / "gpu_noop.so")]
    if re.search(r"PLANECAST_SANITIZE:STRING=address", (BUILD / "CMakeCache.txt").read_text()):
        # A library with a sanitizer in it needs that to come first.
        preload.insert(0, subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip())
    env = {**os.environ, "LIBVA_DRIVERS_PATH": f"{BUILD}:{DRIVERS}", "LIBVA_DRIVER_NAME": driver,
           "GPU_NOOP_DEVICE": device, "LD_PRELOAD": ":".join(preload), "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([PLANECASTD, "--probe-encoders"], capture_output=True, text=True, timeout=DEADLINE_S,
                          check=True, env=env)
    row = re.search(rf"(?m)^{NODE} .*$", done.stdout)
    reason = re.search(rf"(?m)^{NODE}: (.*)$", done.stdout)
    software = re.search(r"(?m)^software +yes ", done.stdout)
    return row and re.split(r" {2,}", row[0]), reason and reason[1], bool(software)


class Probe(unittest.TestCase):
    def test_what_nothing_comes_of_is_listed_and_not_proven(self):
        for driver, device, entrypoint, imports, sizes, name in (
                ("iHD", "skylake", "EncSliceLP", "CPU", "32x32 to 4096x4096", "Intel iHD driver"),
                ("iHD", "tigerlake", "EncSliceLP", "PRIME_2 PRIME CPU", "32x32 to 4096x4096", "Intel iHD driver"),
                ("i965", "haswell", "EncSlice", "PRIME CPU", "32x32 to 4096x4096", "Intel i965 driver"),
                ("radeonsi", "renoir", "EncSlice", "PRIME_2 PRIME CPU", "32x32 to 4096x2304", "Mesa Gallium driver")):
            with self.subTest(driver=driver, device=device):
                row, reason, software = probe(driver, device)
                self.assertEqual(row[:5], [NODE, "no", "High", entrypoint, imports])
                self.assertRegex(row[5], r"^CQP\b")
                self.assertEqual(row[6], sizes)
                self.assertIn(name, row[7])
                self.assertEqual(reason, "encoding a picture fails")
                self.assertTrue(software)

    def test_a_driver_that_aborts_costs_nothing(self):
        """Debian's free build of i965 lists encoders whose code it lacks."""
        for device in ("broadwell", "skylake", "kabylake"):
            with self.subTest(device=device):
                row, reason, software = probe("i965", device)
                self.assertEqual(row[:2], [NODE, "no"])
                self.assertEqual(reason, "its driver crashes (Aborted)")
                self.assertTrue(software)

    def test_what_does_not_encode(self):
        for driver, device in (("iHD", "broadwell"), ("iHD", "haswell"), ("i965", "tigerlake")):
            with self.subTest(driver=driver, device=device):
                row, reason, software = probe(driver, device)
                self.assertEqual(row[:2], [NODE, "no"])
                self.assertRegex(reason, r"^(it does not encode H\.264 |there is no driver for it)")
                self.assertTrue(software)


if __name__ == "__main__":
    if platform.machine() != "x86_64":
        print("these drivers are for x86 only", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
