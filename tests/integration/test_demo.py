#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""planecastd --demo: two VMs from nothing, what it prints, and how it ends."""
import fcntl
import os
import pathlib
import pty
import re
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import unittest
import urllib.request

from harness import BUILD, DEADLINE_S, PLANECASTD, RfbClient, process_children, wait_until
from viewer import SpiceViewer, Viewer
from web_page import Page
from web_socket import WebRfbClient

NAMES = ["desktop", "replay"]
ALL = {(protocol, name) for protocol in ("vnc", "spice") for name in NAMES}


class Demo(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.uris = pathlib.Path(directory.name) / "uris"
        self.scratch = pathlib.Path(directory.name) / "tmp"
        self.scratch.mkdir()

    def start(self, *arguments, **popen):
        environment = {**os.environ, "TMPDIR": str(self.scratch)}
        for name in "XDG_RUNTIME_DIR", "LIBVA_DRIVERS_PATH":
            environment.pop(name, None)
        # This machine's noVNC is no part of it, unless a test says so.
        arguments = arguments if "--demo-pages" in arguments else ("--demo-pages", str(self.scratch), *arguments)
        process = subprocess.Popen([PLANECASTD, "--demo", "--uris", str(self.uris), *arguments],
                                   stdin=subprocess.DEVNULL, env=environment, **popen)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def wait_uris(self):
        wait_until(self.uris.exists, "the file of URIs", DEADLINE_S * 2)
        ports = {}
        for line in self.uris.read_text().splitlines():
            protocol, port, name = re.fullmatch(r"(vnc|spice|https?)://127\.0\.0\.1:(\d+)/? (\w+)", line).groups()
            ports[protocol, name] = int(port)
        return ports

    def test_serves_two_vms_on_ports_that_are_free(self):
        taken = []
        for port in (5901, 5903, 5931):
            sock = socket.socket()
            self.addCleanup(sock.close)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue  # somebody else's, who may let go of it any time
            sock.listen()
            taken.append(port)
        self.uris.write_text("vnc://127.0.0.1:1 stale\n")
        process = self.start(stdout=subprocess.PIPE, text=True)
        wait_until(lambda: not self.uris.exists() or "stale" not in self.uris.read_text(), "removal of the old file")
        ports = self.wait_uris()
        self.assertEqual(set(ports), ALL)
        self.assertFalse(set(ports.values()) & set(taken), ports)
        self.assertEqual(len(set(ports.values())), len(ALL))
        for name in NAMES:
            with RfbClient(("127.0.0.1", ports["vnc", name])) as viewer:
                viewer.request(incremental=False)
                viewer.update()
                self.assertGreater(len(set(viewer.pixels[::997])), 8, "a picture, not one colour")
                first = bytes(viewer.pixels)
                for _ in range(3):  # and it moves
                    viewer.request()
                    viewer.update()
                self.assertNotEqual(bytes(viewer.pixels), first)
            with SpiceViewer(("127.0.0.1", ports["spice", name])) as viewer:
                viewer("remember")
                viewer("changed")
        directory, = self.scratch.iterdir()
        self.assertEqual(directory.stat().st_mode & 0o777, 0o700)
        listed = subprocess.run([BUILD / "planecastctl", "--socket", directory / "control", "list", "--names"],
                                check=True, capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(listed.stdout.split(), NAMES)
        children = process_children(process.pid)
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=DEADLINE_S)[0]
        self.assertEqual(process.returncode, 0)
        for name in NAMES:
            self.assertIn(f"\n{name}\n"
                          f"  vncviewer 127.0.0.1::{ports['vnc', name]}\n"
                          f"  spicy -h 127.0.0.1 -p {ports['spice', name]}\n"
                          f"  remote-viewer {directory / name}.vv\n", out)
            self.assertRegex(out, rf"\n{name} +\d+ viewers? .* fps .* Mbit/s  damage .* %")
        self.assertIn(f"\n  planecastctl --socket {directory}/control clients\n", out)
        self.assertTrue(out.endswith("demo: ended\n"))
        self.assertNotIn("\033", out)
        self.assertFalse([pid for pid in children if os.path.exists(f"/proc/{pid}")])
        self.assertEqual(list(self.scratch.iterdir()), [], "its files are cleared away")

    def test_what_moves_is_video(self):
        """With the driver that was built beside it, of which nobody was told."""
        self.start(stdout=subprocess.DEVNULL)
        for (protocol, _), port in self.wait_uris().items():
            if protocol == "vnc":
                with Viewer(("127.0.0.1", port), "--video") as viewer:
                    wait_until(lambda: viewer("stats")["videos"] >= 10, "rectangles of video", interval_s=0.05)

    def test_browsers_are_shown_a_page(self):
        pages = self.scratch / "pages"
        pages.mkdir()
        (pages / "vnc.html").write_text("<p>noVNC</p>")
        process = self.start("--demo-pages", str(pages), stdout=subprocess.DEVNULL)
        ports = self.wait_uris()
        for name in "desktop", "replay":
            with urllib.request.urlopen(f"http://127.0.0.1:{ports['http', name]}/", timeout=DEADLINE_S) as answer:
                self.assertTrue(answer.url.partition("?")[0].endswith("/vnc.html"))
                self.assertEqual(answer.read(), b"<p>noVNC</p>")
            with WebRfbClient(("127.0.0.1", ports["http", name])) as viewer:
                viewer.request(False)
                viewer.update()
        certs, = self.scratch.glob("planecast-demo-*/tls")
        page = Page(certs, ("127.0.0.1", ports["https", "all"]))
        self.assertEqual(set(page.vms()), set(NAMES))
        for name in NAMES:
            with page.view(name) as viewer:
                viewer.request(False)
                viewer.update()
                self.assertGreater(len(set(viewer.pixels[::997])), 8, "a picture, not one colour")
        self.assertEqual(page.get("/novnc/vnc.html").body, "<p>noVNC</p>")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DEADLINE_S), 0)
        self.assertEqual(list(self.scratch.iterdir()), [pages], "its files are cleared away")

    def test_ends_by_itself_and_draws_in_place_on_a_terminal(self):
        columns = 50
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
        process = self.start("--for", "4", stdout=slave)
        os.close(slave)
        out = b""
        try:
            while data := os.read(master, 4096):
                out += data
        except OSError:  # how a terminal says that nobody writes any more
            pass
        self.assertEqual(process.wait(DEADLINE_S), 0)
        self.assertIn(b"\033[2A\rdesktop ", out)
        self.assertTrue(out.endswith(b"demo: ended\r\n"))
        drawn = [line for line in re.split(rb"[\r\n]+", out) if line.endswith(b"\033[K")]
        self.assertGreaterEqual(len(drawn), 4)
        for line in drawn:
            self.assertLess(len(line.removesuffix(b"\033[K")), columns, "no line wraps")
        self.assertEqual(set(self.wait_uris()), ALL)

    def test_a_recording_that_is_given_is_not_touched(self):
        missing = self.scratch / "none.frames"
        process = self.start("--demo-recording", str(missing), stderr=subprocess.PIPE, text=True)
        err = process.communicate(timeout=DEADLINE_S)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn(str(missing), err)
        self.assertEqual(list(self.scratch.iterdir()), [])

    def test_uris_that_cannot_be_written_end_it(self):
        self.uris = self.scratch / "no" / "such" / "directory"
        process = self.start(stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        err = process.communicate(timeout=DEADLINE_S * 2)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn(f"cannot write {self.uris}: No such file or directory", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
