#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""spicy and remote-viewer under Xvfb: they show what the source drew, exactly, and their keys and clicks arrive.

A VNC viewer beside them says what the source drew. Screenshots stay in the build folder, tests/screenshots.
"""
import os
import pathlib
import tempfile
import unittest

from harness import Daemon, RfbClient, vm_section, wait_until
from screen import Screen, remote_viewer, spicy
from viewer import Viewer

SIZES = [(640, 480), (1366, 768), (1920, 1080), (3840, 2160)]
VIEWERS = {"spicy": spicy, "remote-viewer": remote_viewer}


def start(size, **keys):
    keys = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": f"{size[0]}x{size[1]}",
            "spice": "127.0.0.1:0", **keys}
    daemon = Daemon(vm_section("vm", **keys), log_level="debug")
    daemon.wait_serving("vm")
    return daemon


def spice_address(daemon):
    return daemon.address("vm", protocol="spice")


class RealSpice(unittest.TestCase):
    def show(self, screen, probe, size, name):
        expected = screen.directory / "expected.ppm"
        probe("size", *size)
        probe("scene", "still")
        probe("save", expected)
        found = screen.expect(expected, name)
        print(f"{name} at {size[0]}x{size[1]}: picture at {found['x']},{found['y']}, exact")

    def follow_sizes(self, name, sizes, **keys):
        """Through changes of the size, which another viewer asks for."""
        with Screen() as screen, start(sizes[0], **keys) as daemon, \
                Viewer(daemon.address("vm"), patience_s=60) as probe:
            viewer = screen.start(VIEWERS[name](spice_address(daemon)))
            probe("scene", "still")
            for size in sizes:
                probe("resize", *size)
                self.show(screen, probe, size, f"{name}-{size[0]}x{size[1]}")
                self.assertIsNone(viewer.poll())
            screen.end(viewer)
            # The instance goes when its viewer has gone, and the next one gets another.
            daemon.wait_line("viewer left")
            mark = daemon.mark()
            screen.start(VIEWERS[name](spice_address(daemon)))
            daemon.wait_line("display channel linked", mark)
            self.show(screen, probe, sizes[-1], f"{name}-again")
            self.assertEqual(daemon.count_lines("counting anew"), 0)

    def test_spicy(self):
        self.follow_sizes("spicy", SIZES)

    def test_remote_viewer(self):
        self.follow_sizes("remote-viewer", SIZES[1:3])

    def test_every_compression(self):
        for compression in ("lz", "off"):
            with self.subTest(compression):
                self.follow_sizes("spicy", SIZES[:1], spice_compression=compression)

    def test_password(self):
        """Neither in with the wrong one, nor after it has expired."""
        with tempfile.NamedTemporaryFile("w") as file, Screen(1200, 900) as screen:
            os.fchmod(file.fileno(), 0o600)
            file.write("open sesame\n")
            file.flush()
            with start(SIZES[0], spice_auth="ticket", spice_password_file=file.name,
                       spice_password_lifetime="1h") as daemon, Viewer(daemon.address("vm")) as probe:
                address = spice_address(daemon)
                viewer = screen.start(spicy(address, "-w", "open says me"))
                daemon.wait_line("wrong or expired password")
                screen.end(viewer)  # before it asks for another, on top of what is looked for here
                self.assertEqual(daemon.count_lines("viewing by SPICE"), 0)
                viewer = screen.start(spicy(address, "-w", "open sesame"))
                probe("scene", "still")
                self.show(screen, probe, SIZES[0], "spicy-password")
                screen.end(viewer)
                os.utime(file.name, (0, 0))
                screen.start(spicy(address, "-w", "open sesame"))
                daemon.wait_line("the password is right but has expired")
                self.assertEqual(daemon.count_lines("viewing by SPICE"), 1)

    def typing(self, name):
        """What is typed and clicked in the viewer's window a VNC viewer sees, and the window too."""
        with Screen(1200, 900) as screen, start((800, 600)) as daemon, Viewer(daemon.address("vm")) as probe:
            screen.start(VIEWERS[name](spice_address(daemon)))
            daemon.wait_line("inputs channel linked")
            probe("scene", "still")
            found = screen.show_the_same(probe, f"typing-{name}")
            probe("remember")
            screen.xdotool("mousemove", found["x"] + 300, found["y"] + 300, "click", 1)
            probe("changed")
            screen.type_words(probe)
            screen.show_the_same(probe, f"typing-{name}")
            # The terminal scrolls, which is sent as copies.
            screen.xdotool("key", "--delay", 5, *["Return"] * 60)
            screen.show_the_same(probe, f"typing-{name}")

    def test_typing_spicy(self):
        self.typing("spicy")

    def test_typing_remote_viewer(self):
        self.typing("remote-viewer")

    def ask_by_windows(self, prepare, title, moves_together):
        """Two viewers, whose windows are resized in turn: the guest follows, and nobody goes back and forth."""
        with Screen(1400, 1000) as one, Screen(1400, 1000) as other, start((800, 600)) as daemon, \
                Viewer(daemon.address("vm")) as probe:
            for screen in (one, other):
                mark = daemon.mark()
                screen.start(prepare(screen, spice_address(daemon)))
                daemon.wait_line("display channel linked", mark)
                screen.wait_window(title)
                # What it wishes for to begin with comes of itself.
                wait_until(lambda: probe.is_quiet(2), "a picture that rests")
                probe("scene", "still")
            for turn, (screen, beside, size) in enumerate((
                    (one, other, (1000, 700)), (other, one, (1210, 871)), (one, other, (903, 777)),
                    (one, other, (1300, 950)), (other, one, (850, 650)))):
                mark = daemon.mark()
                screen.wait_window(title, "windowsize", *size)
                match = daemon.wait_line(r"picture: (\d+)x(\d+)", mark)
                shown = int(match[1]), int(match[2])
                # But for the frame and the bars.
                for have, inner in zip(size, shown):
                    self.assertTrue(0 <= have - inner <= 100, (size, shown))
                self.show(screen, probe, shown, f"{self.id().rpartition('.')[2]}-{turn}")
                if moves_together:
                    self.show(beside, probe, shown, f"{self.id().rpartition('.')[2]}-{turn}-beside")
                elif turn:
                    daemon.wait_line(r"asked for \d+x\d+ again", mark)
                self.assertTrue(probe.is_quiet(2))
                self.assertEqual(daemon.count_lines(r"picture: ", mark), 1)

    def test_windows_of_remote_viewer_ask_for_their_size(self):
        """Started with a file it does, unless told otherwise; windows that did not ask follow."""
        def prepare(screen, address):
            file = screen.directory / "vm.vv"
            file.write_text(f"[virt-viewer]\ntype=spice\nhost={address[0]}\nport={address[1]}\n")
            return ["remote-viewer", str(file)]
        self.ask_by_windows(prepare, r"vm \(1\)", True)

    def test_windows_of_spicy_ask_for_their_size(self):
        """Those that did not ask stay as they are, and repeat what they asked for before."""
        def prepare(screen, address):
            screen.set_spicy(resize_guest=True)
            return spicy(address)
        self.ask_by_windows(prepare, "spice display", False)

    def test_limits_are_for_both_protocols(self):
        """A VNC viewer that is to be the only one ends SPICE viewers and keeps them out; viewers are counted together."""
        with Screen(1200, 900) as screen, start(SIZES[0], sharing="allow-exclusive", max_viewers=2) as daemon:
            address = spice_address(daemon)
            screen.start(spicy(address))
            daemon.wait_line("display channel linked")
            with RfbClient(daemon.address("vm"), shared=False):
                daemon.wait_line("viewer left .* another one asked to be the only viewer")
                screen.start(spicy(address))
                daemon.wait_line("there is a viewer that asked to be the only one")
                mark = daemon.mark()
            daemon.wait_line("viewer left", mark)
            with Viewer(daemon.address("vm")), Viewer(daemon.address("vm")):
                screen.start(spicy(address))
                daemon.wait_line("too many viewers")

    def test_unix_socket_and_stop(self):
        """A viewer that is there when the server stops does not hold it up."""
        with tempfile.TemporaryDirectory() as directory, Screen(1200, 900) as screen:
            path = pathlib.Path(directory) / "vm.spice"
            with start(SIZES[0], spice=f"unix:{path}") as daemon, Viewer(daemon.address("vm")) as probe:
                probe("scene", "still")
                screen.start(["remote-viewer", f"spice+unix://{path}"])
                self.show(screen, probe, SIZES[0], "remote-viewer-unix")
                status, seconds = daemon.stop()
                self.assertEqual(status, 0)
                self.assertLess(seconds, 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
