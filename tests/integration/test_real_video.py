#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Viewers that people use show a film by H.264: TigerVNC under Xvfb, and noVNC in Chromium.

While it moves they show its newest pictures, with the desktop around them exact; at rest all is exact.
Screenshots stay in the build folder, tests/screenshots.
"""
import contextlib
import re
import tempfile
import unittest

from browser import Browser, Folder, find_viewers
from film import FILM, HEIGHT, WIDTH, Film
from harness import BUILD, Daemon, Timeout, wait_until
from screen import SCREENSHOTS, Screen, gvncviewer, tigervnc

PSNR_MIN = 30  # of the film's picture; the one before or after it is below 25
FURTHER = 30  # pictures: a second
DEADLINE_S = 60
SCREEN = WIDTH + 100, HEIGHT + 100
TIGERVNC = ["-AutoSelect=1"]  # as it is by itself
CANVAS = "document.querySelector('#noVNC_container canvas')"
# Counts what the browser's decoder is given and what comes out. noVNC tries it with a picture of its own first.
COUNT_DECODED = """
window.video = { given: 0, shown: 0, size: [] };
window.VideoDecoder = class extends window.VideoDecoder {
    constructor(callbacks) {
        super({ ...callbacks, output: (picture) => {
            window.video.shown++;
            window.video.size = [picture.displayWidth, picture.displayHeight];
            callbacks.output(picture);
        } });
    }
    decode(chunk) {
        window.video.given++;
        super.decode(chunk);
    }
};
"""
NO_DECODER = "delete window.VideoDecoder;"
# noVNC says anew which encodings it has when the quality is set.
GIVE_UP = """
(async () => {
    const UI = (await import("./app/ui.js")).default, RFB = (await import("./core/rfb.js")).default;
    const say = RFB.messages.clientEncodings, H264 = 50;
    RFB.messages.clientEncodings = (socket, all) => say(socket, all.filter((encoding) => encoding != H264));
    UI.rfb.qualityLevel = 7;
})()
"""


class RealVideo(unittest.TestCase):
    @contextlib.contextmanager
    def serving(self, **keys):
        keys = {"websocket": "127.0.0.1:0", **keys}
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


    def looker(self, screen):
        """Takes screenshots of the VM's picture there."""
        return lambda: self.film.find(screen.picture())


class TigerVnc(RealVideo):
    def test_film(self):
        with self.serving() as address, Screen(*SCREEN) as screen, tempfile.TemporaryFile("w+") as log:
            viewer = screen.start(tigervnc(address, *TIGERVNC, "-Log", "*:stderr:30", program=VIEWERS / "vncviewer"), log)
            self.follow("tigervnc-video", self.looker(screen))
            self.assertIsNone(viewer.poll())
            # It counts what it decodes, and tells when the server is gone.
            self.daemon.stop()
            viewer.wait(DEADLINE_S)
            log.seek(0)
            said = log.read()
        decoded = re.findall(r"(\S+): ([\d.]+)( k?)rects", said)
        print(f"tigervnc-video: decoded {decoded}")
        count, unit = {encoding: counted for encoding, *counted in decoded}["H.264"]
        self.assertGreater(float(count) * {" ": 1, " k": 1000}[unit], FURTHER)


class NoVnc(RealVideo):
    @contextlib.contextmanager
    def showing(self, *scripts):
        with self.serving(), self.opened(*scripts) as look:
            yield look

    @contextlib.contextmanager
    def opened(self, *scripts):
        """noVNC with the VM's picture, in a page that scripts were run in first; yields who takes screenshots of it."""
        host, port = self.daemon.address("vm", protocol="websocket")
        with Folder(VIEWERS / "novnc") as pages, Browser(*SCREEN) as self.browser:
            for script in scripts:
                self.browser.before_pages(script)
            self.browser.open(f"http://127.0.0.1:{pages.port}/vnc.html?autoconnect=1&resize=off&logging=debug"
                              f"&host={host}&port={port}&encrypt=0&path=websockify")
            try:
                wait_until(lambda: self.browser.value(f"{CANVAS}?.width") == WIDTH, "noVNC is connected", DEADLINE_S, 0.1)
                box = self.browser.value(f"(({{x, y}}) => [x, y])({CANVAS}.getBoundingClientRect())")
                yield lambda: self.browser.picture((*box, WIDTH, HEIGHT))
            except BaseException:
                print("--- what the page said, the last:", *self.browser.said[-30:], sep="\n")
                raise

    def decoded(self):
        return self.browser.value("video")

    def test_film(self):
        with self.showing(COUNT_DECODED) as look:
            tried = self.decoded()
            self.follow("novnc-video", look)
            decoded = self.decoded()
        print(f"novnc-video: decoded {decoded}")
        self.assertGreater(decoded["given"] - tried["given"], FURTHER)
        self.assertGreater(decoded["shown"] - tried["shown"], FURTHER)
        for size, wanted in zip(decoded["size"], FILM[2:]):
            self.assertAlmostEqual(size, wanted, delta=4)

    def test_browser_without_decoder(self):
        with self.showing(NO_DECODER) as look:
            self.follow("novnc-without", look)

    def test_gives_up(self):
        """Says in the middle of the film that it cannot show H.264 after all."""
        with self.showing(COUNT_DECODED) as look:
            self.film.start()
            number = self.expect_moving("novnc-gives-up", look)
            wait_until(lambda: self.decoded()["shown"] > FURTHER, "there is video", DEADLINE_S, 0.05)
            self.browser.value(GIVE_UP)
            number = self.expect_moving("novnc-gives-up", look, number + FURTHER)
            decoded = self.decoded()
            self.expect_moving("novnc-gives-up", look, number + FURTHER)
            self.assertEqual(self.decoded(), decoded)
            self.expect_exact("novnc-gives-up", look)

    def test_in_company(self):
        """It comes in the middle of the film, to TigerVNC and to viewers that have no H.264, or may have none."""
        # gvncviewer asks to be the only viewer.
        with self.serving(sharing="ignore") as address, contextlib.ExitStack() as stack:
            viewers = {}
            for name, command in (("tigervnc", tigervnc(address, *TIGERVNC, program=VIEWERS / "vncviewer")),
                                  ("vncviewer", tigervnc(address, *TIGERVNC)), ("gvncviewer", gvncviewer(address))):
                screen = stack.enter_context(Screen(*SCREEN))
                screen.start(command)
                viewers[f"company-{name}"] = self.looker(screen)
            self.film.start()
            number = -1
            for name, look in viewers.items():
                number = self.expect_moving(name, look, number + FURTHER)
            with self.opened(COUNT_DECODED) as viewers["company-novnc"]:
                tried = self.decoded()["given"]
                for name, look in viewers.items():
                    number = self.expect_moving(name, look, number + FURTHER)
                self.assertGreater(self.decoded()["given"], tried)
                for name, look in viewers.items():
                    self.expect_exact(name, look)


if __name__ == "__main__":
    VIEWERS = find_viewers()
    unittest.main(verbosity=2)
