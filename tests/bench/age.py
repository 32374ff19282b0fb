#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How old the picture is that a viewer over loopback has just decoded.

The pattern source paints when each picture was due into its mark; vncprobe, a
viewer in a process of its own, reads the mark from what it decoded and says how
long ago that was. Polling, comparing, encoding, sending and decoding are all in
it. Absolute figures: run a release build on a machine that does nothing else.

usage: age.py BUILD-DIRECTORY [PICTURES]
"""
import os
import pathlib
import sys

if len(sys.argv) < 2:
    sys.exit(__doc__.strip())
os.environ["PLANECAST_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Daemon, vm_section  # noqa: E402
from viewer import Viewer  # noqa: E402

PICTURES = int(sys.argv[2]) if len(sys.argv) > 2 else 150
SCENES = ("typing", "desktop", "scroll")
VIEWERS = {
    "Tight, JPEG 8": ("--encodings", "copyrect tight", "--quality", "8"),
    "Tight, lossless": ("--encodings", "copyrect tight"),
    "ZRLE": ("--encodings", "copyrect zrle"),
}


def main():
    print(f"1920x1080, 30 pictures a second, {PICTURES} pictures each; ages in ms")
    print(f"{'scene':10} {'viewer':16} {'p50':>7} {'p95':>7} {'max':>7} {'kB/picture':>11} {'lost':>5}")
    for scene in SCENES:
        section = vm_section("vm", pattern_scene=scene, pattern_size="1920x1080")
        with Daemon(section) as daemon:
            daemon.wait_serving("vm")
            for name, options in VIEWERS.items():
                with Viewer(daemon.address("vm"), *options) as viewer:
                    viewer("updates", 30)
                    viewer("reset")
                    viewer("updates", PICTURES)
                    stats = viewer("stats")
                print(f"{scene:10} {name:16} {stats['age_p50_ms']:7.1f} {stats['age_p95_ms']:7.1f} "
                      f"{stats['age_max_ms']:7.1f} {stats['bytes'] / 1e3 / max(stats['pictures'], 1):11.1f} "
                      f"{stats['lost']:5}", flush=True)


main()
