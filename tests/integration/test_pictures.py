#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What viewers show is what the source drew: each encoding, sizes up to 4K, through mode changes, in motion.

The expected picture is painted by the viewer itself, from the pattern's scene
and the mark in the picture (support/oracle.c).
"""
import unittest

from harness import Daemon, vm_section
from viewer import Viewer

SIZES = [(640, 480), (1366, 768), (1920, 1080), (3840, 2160)]
LOSSLESS = {
    "raw": ["raw"],
    "hextile": ["hextile"],
    "zlib": ["zlib", "--compression", "1"],
    "tight": ["tight"],
    "zrle": ["zrle"],
}
# JPEG first, but what rests is refined until it is exact.
REFINED = {
    "tight, quality 9": ["tight", "--quality", "9"],
    "tight, quality 2": ["tight", "--quality", "2"],
}
# PSNR in dB that the still scene must reach by bits a pixel.
LOSSY = {
    "zrle, 16 bits": (["zrle", "--bits", "16"], 38),
    "hextile, 8 bits": (["hextile", "--bits", "8"], 20),
}


def start(vm, **keys):
    daemon = Daemon(vm_section(vm, **keys), log_level="info")
    daemon.wait_serving(vm)
    return daemon


class Still(unittest.TestCase):
    def test_all_sizes_and_encodings(self):
        """All viewers watch at once while one of them changes the size."""
        width, height = SIZES[0]
        with start("still", pattern_scene="still", pattern_fps=0, pattern_size=f"{width}x{height}") as daemon:
            address = daemon.address("still")
            viewers = {name: (Viewer(address, "--encodings", *options, patience_s=60), 0)
                       for name, options in (LOSSLESS | REFINED).items()}
            viewers |= {name: (Viewer(address, "--encodings", *options, patience_s=60), psnr)
                        for name, (options, psnr) in LOSSY.items()}
            try:
                for size in SIZES + [SIZES[0]]:
                    if size != (width, height):
                        viewers["tight"][0]("resize", *size)
                        width, height = size
                    for viewer, _ in viewers.values():
                        viewer.begin("size", *size)
                    for viewer, psnr in viewers.values():
                        self.assertTrue(viewer.answer()["ok"], size)
                        viewer.begin("scene", "still", psnr)
                    for name, (viewer, psnr) in viewers.items():
                        answer = viewer.answer()
                        if psnr:
                            print(f"{name} at {width}x{height}: PSNR {answer['psnr']} dB, worst {answer['worst_psnr']}")
                        with self.subTest(name, size=size):
                            self.assertTrue(answer["ok"], answer)
                # Each was sent its own encoding: all amounts differ, and raw is the most.
                amounts = [viewer("stats")["bytes"] for viewer, _ in viewers.values()]
                self.assertEqual(len(set(amounts)), len(amounts), amounts)
                self.assertGreater(amounts[0], 3 * max(amounts[1:]), amounts)
            finally:
                for viewer, _ in viewers.values():
                    viewer.close()


class Moving(unittest.TestCase):
    def verify(self, scene, size, count=45, fps=30):
        width, height = size
        with start("moving", pattern_scene=scene, pattern_fps=fps, pattern_size=f"{width}x{height}") as daemon:
            address = daemon.address("moving")
            options = {"copyrect, tight": ["copyrect tight"], "copyrect, hextile": ["copyrect hextile"],
                       "zrle": ["zrle"], "raw": ["raw"]}
            viewers = {name: Viewer(address, "--encodings", *words, patience_s=60)
                       for name, words in options.items()}
            try:
                for viewer in viewers.values():
                    viewer("reset")
                    viewer.begin("verify", scene, fps, count)
                answers = {name: viewer.answer() for name, viewer in viewers.items()}
                stats = {name: viewer("stats") for name, viewer in viewers.items()}
            finally:
                for viewer in viewers.values():
                    viewer.close()
            for name, answer in answers.items():
                with self.subTest(name, scene=scene, size=size):
                    self.assertTrue(answer["ok"], answer)
            return stats

    def test_scroll(self):
        stats = self.verify("scroll", (1280, 720))
        print("scroll:", {name: (entry["copies"], entry["bytes"]) for name, entry in stats.items()})
        for name, entry in stats.items():
            if name.startswith("copyrect"):
                self.assertGreater(entry["copies"], 20, name)
            else:
                self.assertEqual(entry["copies"], 0, name)

    def test_desktop_odd_size(self):
        self.verify("typing", (1366, 767))


if __name__ == "__main__":
    unittest.main(verbosity=2)
