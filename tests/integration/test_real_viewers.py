#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TigerVNC's vncviewer and gvncviewer under Xvfb: they show what the source drew, and their keys arrive.

Screenshots stay in the build folder, tests/screenshots.
"""
import unittest

from harness import Daemon, vm_section
from screen import Screen, gvncviewer, tigervnc
from viewer import Viewer

SIZES = [(640, 480), (1366, 768), (1920, 1080), (3840, 2160)]
# Options of vncviewer. With JPEG, too, its picture is exact once it rests.
TIGERVNC = {
    "tight": ["-PreferredEncoding=Tight", "-NoJPEG=1"],
    "zrle": ["-PreferredEncoding=ZRLE", "-NoJPEG=1"],
    "hextile": ["-PreferredEncoding=Hextile", "-NoJPEG=1"],
    "raw": ["-PreferredEncoding=Raw", "-NoJPEG=1"],
    "jpeg": ["-PreferredEncoding=Tight", "-NoJPEG=0", "-QualityLevel=2"],
}
GVNCVIEWER_MENU = 25  # pixels of height


def start(size, **keys):
    # gvncviewer asks to be the only viewer.
    keys = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": f"{size[0]}x{size[1]}", "sharing": "ignore",
            **keys}
    daemon = Daemon(vm_section("vm", **keys), log_level="info")
    daemon.wait_serving("vm")
    return daemon


class RealViewers(unittest.TestCase):
    def follow_sizes(self, screen, daemon, name, command, change, sizes=SIZES):
        """A viewer through changes of the size, which change(probe, size) brings about."""
        expected = screen.directory / "expected.ppm"
        with Viewer(daemon.address("vm"), patience_s=60) as probe:
            viewer = screen.start(command)
            probe("scene", "still")
            for size in sizes:
                change(probe, size)
                probe("size", *size)
                probe("scene", "still")
                probe("save", expected)
                found = screen.expect(expected, f"{name}-{size[0]}x{size[1]}")
                print(f"{name} at {size[0]}x{size[1]}: picture at {found['x']},{found['y']}")
                self.assertIsNone(viewer.poll())
            screen.end(viewer)

    def test_tigervnc(self):
        """Another viewer asks for the sizes; the window follows."""
        with Screen() as screen, start(SIZES[0]) as daemon:
            address = daemon.address("vm")
            for encoding, options in TIGERVNC.items():
                with self.subTest(encoding):
                    self.follow_sizes(screen, daemon, f"tigervnc-{encoding}", tigervnc(address, *options),
                                      lambda probe, size: probe("resize", *size),
                                      SIZES if encoding in ("tight", "jpeg") else SIZES[:2])

    def test_gvncviewer(self):
        """Its window asks for the size that the user gives it, and insists on that."""
        def change(_, size):
            screen.xdotool("search", "--sync", "--onlyvisible", "--name", "GVncViewer",
                           "windowsize", size[0], size[1] + GVNCVIEWER_MENU)

        with Screen() as screen, start(SIZES[0]) as daemon:
            self.follow_sizes(screen, daemon, "gvncviewer", gvncviewer(daemon.address("vm")), change)

    def test_first_picture_4k(self):
        with Screen() as screen, start(SIZES[-1]) as daemon:
            address = daemon.address("vm")
            for name, command in (("tigervnc", tigervnc(address, "-NoJPEG=1")), ("gvncviewer", gvncviewer(address))):
                self.follow_sizes(screen, daemon, f"{name}-first", command, lambda probe, size: None, SIZES[-1:])

    def typing(self, name, viewer):
        """What is typed into the viewer's window another viewer sees, and the window too."""
        with Screen(1200, 900) as screen, start((800, 600)) as daemon:
            with Viewer(daemon.address("vm")) as probe:
                screen.start(viewer(daemon.address("vm")))
                probe("scene", "still")
                found = screen.show_the_same(probe, f"typing-{name}")
                probe("remember")
                screen.xdotool("mousemove", found["x"] + 300, found["y"] + 300, "click", 1)
                probe("changed")
                # There is no window manager to give it the keyboard.
                screen.xdotool("search", "--onlyvisible", "--name", "vm - ", "windowfocus", "--sync")
                screen.type_words(probe)
                screen.show_the_same(probe, f"typing-{name}")

    def test_typing_tigervnc(self):
        self.typing("tigervnc", lambda address: tigervnc(address, "-NoJPEG=1"))

    def test_typing_gvncviewer(self):
        self.typing("gvncviewer", gvncviewer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
