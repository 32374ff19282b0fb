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

from harness import DEADLINE_S, PLANECASTD, RfbClient, process_children, wait_until


class Demo(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.uris = pathlib.Path(directory.name) / "uris"
        self.scratch = pathlib.Path(directory.name) / "tmp"
        self.scratch.mkdir()

    def start(self, *arguments, **popen):
        environment = {**os.environ, "TMPDIR": str(self.scratch)}
        environment.pop("XDG_RUNTIME_DIR", None)
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
        return dict(re.fullmatch(r"vnc://127\.0\.0\.1:(\d+) (\w+)", line).group(2, 1)
                    for line in self.uris.read_text().splitlines())

    def test_serves_two_vms_on_ports_that_are_free(self):
        taken = []
        for port in (5901, 5903):
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
        ports = {name: int(port) for name, port in self.wait_uris().items()}
        self.assertEqual(set(ports), {"desktop", "replay"})
        self.assertFalse(set(ports.values()) & set(taken), ports)
        self.assertEqual(len(set(ports.values())), 2)
        for port in ports.values():
            with RfbClient(("127.0.0.1", port)) as viewer:
                viewer.request(incremental=False)
                viewer.update()
                self.assertGreater(len(set(viewer.pixels[::997])), 8, "a picture, not one colour")
                first = bytes(viewer.pixels)
                for _ in range(3):  # and it moves
                    viewer.request()
                    viewer.update()
                self.assertNotEqual(bytes(viewer.pixels), first)
        children = process_children(process.pid)
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=DEADLINE_S)[0]
        self.assertEqual(process.returncode, 0)
        for name, port in ports.items():
            self.assertIn(f"vncviewer 127.0.0.1::{port}    # {name}\n", out)
            self.assertRegex(out, rf"\n{name} +\d+ viewers? .* fps .* Mbit/s  damage .* %")
        self.assertTrue(out.endswith("demo: ended\n"))
        self.assertNotIn("\033", out)
        self.assertFalse([pid for pid in children if os.path.exists(f"/proc/{pid}")])
        self.assertEqual(list(self.scratch.iterdir()), [], "the recording is cleared away")

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
        self.assertEqual(set(self.wait_uris()), {"desktop", "replay"})

    def test_a_recording_that_is_given_is_not_touched(self):
        missing = self.scratch / "none.frames"
        process = self.start("--demo-recording", str(missing), stderr=subprocess.PIPE, text=True)
        err = process.communicate(timeout=DEADLINE_S)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn(str(missing), err)

    def test_uris_that_cannot_be_written_end_it(self):
        self.uris = self.scratch / "no" / "such" / "directory"
        process = self.start(stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        err = process.communicate(timeout=DEADLINE_S * 2)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn(f"cannot write {self.uris}: No such file or directory", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
