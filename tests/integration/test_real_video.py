#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Viewers that people use show a film: TigerVNC under Xvfb, and noVNC in Chromium through websockify.

While it moves they show its newest pictures, with the desktop around them exact; at rest all is exact.
Screenshots stay in the build folder, tests/screenshots.
"""
import contextlib
import pathlib
import subprocess
import sys
import unittest

from browser import Browser, Websockify
from film import HEIGHT, WIDTH, Film
from harness import BUILD, Daemon, Timeout, wait_until
from screen import SCREENSHOTS, Screen, tigervnc

PSNR_MIN = 30  # of the film's picture; the one before or after it is below 25
FURTHER = 30  # pictures: a second
DEADLINE_S = 60
CANVAS = "document.querySelector('#noVNC_container canvas')"
NO_DECODER = "delete window.VideoDecoder;"


def find_viewers():
    """The folder of viewers newer than this machine's; ends the test where they cannot be had."""
    done = subprocess.run([pathlib.Path(__file__).with_name("viewers")], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return pathlib.Path(done.stdout.strip())


class RealVideo(unittest.TestCase):
    @contextlib.contextmanager
    def serving(self, **keys):
        with Film() as self.film, Daemon(self.film.vm(**keys), log_level="info",
                                         env={"LIBVA_DRIVERS_PATH": str(BUILD)}) as self.daemon:
            self.daemon.wait_serving("vm")
            yield self.daemon.address("vm")

    def keep(self, name, picture):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        picture.write_png(SCREENSHOTS / f"{name}.png")

    def expect_moving(self, name, look, after=-1):
        """Waits for a picture of the film behind number after that is good; returns its number by the marks."""
        shown, found = None, None

        def is_good():
            nonlocal shown, found
            shown = look()
            found = self.film.compare(shown) or found
            return found and found[0] > after and found[2] >= PSNR_MIN

        try:
            wait_until(is_good, f"{name}: a good picture of the film", DEADLINE_S)
        except Timeout as timeout:
            raise Timeout(f"{timeout}; the last one was {found}") from None
        finally:
            self.keep(f"{name}-moving", shown)
        print(f"{name}: moving, marks of picture {found[0]}, film of {found[1]}, {found[2]:.1f} dB")
        return found[0]

    def expect_exact(self, name, look):
        wanted, shown = self.film.stop(), None

        def is_exact():
            nonlocal shown
            shown = look()
            return shown == wanted

        try:
            wait_until(is_exact, f"{name}: the exact picture", DEADLINE_S)
        finally:
            self.keep(f"{name}-rest", shown)
        print(f"{name}: at rest, exact")

    def follow(self, name, look):
        """Through the film, rest, the film and rest."""
        number = -1
        for _ in range(2):
            self.film.start()
            number = self.expect_moving(name, look, number)
            number = self.expect_moving(name, look, number + FURTHER)
            self.expect_exact(name, look)


class TigerVnc(RealVideo):
    def test_film(self):
        with self.serving() as address, Screen(WIDTH + 100, HEIGHT + 100) as screen:
            viewer = screen.start(tigervnc(address, "-AutoSelect=1", program=VIEWERS / "vncviewer"))
            self.follow("tigervnc-video", lambda: self.film.find(screen.picture()))
            self.assertIsNone(viewer.poll())


class NoVnc(RealVideo):
    @contextlib.contextmanager
    def showing(self, *scripts):
        """noVNC with the VM's picture, in a page that scripts were run in first; yields who takes screenshots of it."""
        with self.serving() as address, Websockify(VIEWERS / "novnc", address) as server, \
                Browser(WIDTH + 100, HEIGHT + 100) as self.browser:
            for script in scripts:
                self.browser.before_pages(script)
            self.browser.open(f"http://127.0.0.1:{server.port}/vnc.html?autoconnect=1&resize=off&logging=debug")
            try:
                wait_until(lambda: self.browser.value(f"{CANVAS}?.width") == WIDTH, "noVNC is connected", DEADLINE_S, 0.1)
                box = self.browser.value(f"(({{x, y}}) => [x, y])({CANVAS}.getBoundingClientRect())")
                yield lambda: self.browser.picture((*box, WIDTH, HEIGHT))
            except BaseException:
                print("--- what the page said, the last:", *self.browser.said[-30:], sep="\n")
                raise

    def test_browser_without_decoder(self):
        with self.showing(NO_DECODER) as look:
            self.follow("novnc-without", look)


if __name__ == "__main__":
    VIEWERS = find_viewers()
    unittest.main(verbosity=2)
