#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""planecastctl against a real planecastd: what it prints, its pictures, its exit statuses, and its completion."""
import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest
import zlib

from control import ControlDaemon
from harness import BUILD, DEADLINE_S, ROOT, RfbClient, vm_section, wait_until
from viewer import Refused, SpiceViewer, Viewer

CTL = str(BUILD / "planecastctl")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PLANECAST_CONTROL"}
WIDTH, HEIGHT = 320, 240
CONFIG = ("{control}" + vm_section("still", pattern_scene="still", pattern_fps="0", spice="127.0.0.1:0")
          + vm_section("two words") + vm_section("none", source="replay", replay_file="/nonexistent", pattern_size=None,
                                                 pattern_fps=None))


def read_png(data):
    """(width, height, RGB bytes) of what planecast writes: 8 bits, no filters."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:16]
    at, idat, size = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
        if kind == b"IHDR":
            size = struct.unpack(">IIBBBBB", body)
        idat += body if kind == b"IDAT" else b""
        at += 12 + length
    assert kind == b"IEND" and size[2:] == (8, 2, 0, 0, 0), size
    width, height = size[:2]
    rows = zlib.decompress(idat)
    stride = 1 + width * 3
    assert len(rows) == stride * height and not any(rows[::stride])
    return width, height, b"".join(rows[y * stride + 1:(y + 1) * stride] for y in range(height))


def rgb(pixels):
    """Of a viewer's 32-bit pixels."""
    out = bytearray(len(pixels) // 4 * 3)
    out[0::3], out[1::3], out[2::3] = pixels[2::4], pixels[1::4], pixels[0::4]
    return bytes(out)


class Ctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(ControlDaemon(CONFIG))
        for vm in "still", "two words", "none":
            cls.daemon.wait_serving(vm)

    def run_ctl(self, *arguments, status=0, text=True, socket=True):
        done = subprocess.run([CTL, *(["--socket", str(self.daemon.control_path)] if socket else []), *arguments],
                              capture_output=True, text=text, timeout=DEADLINE_S * 2, check=False, env=ENVIRONMENT)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        self.assertFalse(done.stderr and not status, done.stderr)
        return done.stderr if status else done.stdout

    def rows(self, *arguments):
        return [re.split(r"  +", line.strip()) for line in self.run_ctl(*arguments).splitlines()]

    def test_list(self):
        rows = self.rows("list")
        self.assertEqual(rows[0][:3], ["VM", "WORKER", "VIEWERS"])
        self.assertEqual([row[:2] for row in rows[1:]],
                         [["still", "serves"], ["two words", "serves"], ["none", "serves"]])
        self.assertEqual(self.run_ctl("list", "--names"), "still\ntwo words\nnone\n")
        names = [vm["name"] for vm in json.loads(self.run_ctl("--json", "list"))["vms"]]
        self.assertEqual(names, ["still", "two words", "none"])

    def test_the_socket_is_found_by_the_environment(self):
        done = subprocess.run([CTL, "list", "--names"], capture_output=True, text=True, timeout=DEADLINE_S, check=True,
                              env={**ENVIRONMENT, "PLANECAST_CONTROL": str(self.daemon.control_path)})
        self.assertIn("two words", done.stdout)

    def test_clients_of_both_protocols(self):
        with RfbClient(self.daemon.address("still")) as viewer, \
                SpiceViewer(self.daemon.address("still", protocol="spice")) as spice:
            viewer.request(False)
            viewer.update()
            spice("remember")
            rows = self.rows("clients", "still")
            clients = json.loads(self.run_ctl("--json", "clients"))["clients"]
            self.assertEqual([(row[2], row[4], row[6]) for row in rows[1:]],
                             [("vnc", "plain", "control"), ("spice", "plain", "control")])
            self.assertEqual([client["encoding"] for client in clients], ["raw", "lz4"])
            for client in clients:
                self.assertRegex(client["peer"], r"^127\.0\.0\.1:\d+$")
                self.assertGreater(client["sent"], 1000)
                self.assertGreater(client["received"], 10)
            self.assertEqual(self.run_ctl("disconnect", "still", str(clients[1]["client"])), "disconnected: 1\n")
            self.assertEqual([client["protocol"] for client in
                              json.loads(self.run_ctl("--json", "clients", "still"))["clients"]], ["vnc"])
            self.assertEqual(self.run_ctl("disconnect", "still", "--all"), "disconnected: 1\n")

    def test_a_screenshot_is_what_viewers_see(self):
        path = self.daemon.directory / "shot.png"
        self.run_ctl("screenshot", "still", str(path))  # nobody watches
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        before = read_png(path.read_bytes())
        with RfbClient(self.daemon.address("still")) as viewer:
            viewer.request(False)
            viewer.update()
            during = read_png(self.run_ctl("screenshot", "still", "-", text=False))
            # But for the pointer, which this viewer has to be drawn, and the pattern's frame number.
            below = 100 * WIDTH * 3
            for width, height, pixels in before, during:
                self.assertEqual((width, height), (viewer.width, viewer.height))
                self.assertEqual(pixels[below:], rgb(viewer.pixels)[below:])
            self.assertGreater(len({pixels[i:i + 3] for i in range(below, len(pixels), 3)}), 8)
        self.assertEqual([file.name for file in self.daemon.directory.glob("shot*")], ["shot.png"])

    def test_nobody_looks_any_longer_than_for_the_screenshot(self):
        self.run_ctl("screenshot", "two words", str(self.daemon.directory / "words.png"))
        status = json.loads(self.run_ctl("--json", "status", "two words"))
        self.assertEqual(status["viewers"], 0)
        # A pattern that nobody watches is not drawn: its VM's fps fall back to nothing.
        wait_until(lambda: json.loads(self.run_ctl("--json", "status", "two words"))["fps"] == 0.0, "rest", interval_s=.1)

    def test_a_screenshot_without_a_picture_is_the_status_card(self):
        width, height, pixels = read_png(self.run_ctl("screenshot", "none", "-", text=False))
        self.assertEqual((width, height), (1024, 768))
        self.assertGreater(len(set(pixels[i:i + 3] for i in range(0, len(pixels), 3))), 4)

    def test_screenshots_at_once(self):
        running = [subprocess.Popen([CTL, "--socket", str(self.daemon.control_path), "screenshot", "two words",
                                     str(self.daemon.directory / f"crowd{i}")], stderr=subprocess.PIPE, text=True)
                   for i in range(8)]
        said = [process.communicate(timeout=DEADLINE_S * 2)[1] for process in running]
        for process, words in zip(running, said):
            self.assertIn(process.returncode, (0, 1))
            self.assertEqual("being made already" in words, process.returncode == 1, words)
        self.assertIn(0, [process.returncode for process in running])

    def test_a_screenshot_of_a_stopped_worker_leaves_no_file(self):
        worker = self.daemon.worker("two words")
        path = self.daemon.directory / "stopped.png"
        os.kill(worker, signal.SIGSTOP)
        try:
            self.assertIn("does not answer", self.run_ctl("screenshot", "two words", str(path), status=1))
        finally:
            os.kill(worker, signal.SIGCONT)
        self.assertEqual(list(self.daemon.directory.glob("stopped*")), [])
        self.run_ctl("screenshot", "two words", str(path))

    def test_a_place_that_cannot_be_written(self):
        self.assertIn("cannot write /nonexistent/x.png: No such file", self.run_ctl(
            "screenshot", "still", "/nonexistent/x.png", status=1))

    def test_events(self):
        process = subprocess.Popen([CTL, "--socket", str(self.daemon.control_path), "events"], stdout=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        seen = ""
        fcntl.fcntl(process.stdout, fcntl.F_SETFL, os.O_NONBLOCK)
        while "loglevel" not in seen and "client-came" not in seen:
            with RfbClient(self.daemon.address("still")):
                try:
                    seen += process.stdout.read() or ""
                except TypeError:
                    pass
        self.assertRegex(seen, r"(?m)^\d\d:\d\d:\d\d still client-came client=\d+ protocol=vnc peer=127.0.0.1:\d+ websocket=false role=control ")

    def test_wrong_words_are_named_and_the_right_ones(self):
        for arguments, status, words in (
                ((), 2, ""), (("lsit",), 2, "no command 'lsit'; did you mean 'list'?"),
                (("--jsno", "list"), 2, "no option '--jsno'; did you mean '--json'?"),
                (("--socket",), 2, "--socket needs a value"),
                (("list", "x"), 2, "usage: planecastctl list [--names]"),
                (("list", "--all"), 2, "usage: planecastctl list [--names]"),
                (("screenshot", "still"), 2, "usage: planecastctl screenshot VM FILE"),
                (("disconnect", "still"), 2, "--all"),
                (("disconnect", "still", "x"), 2, "'x' is no number"),
                (("status", "stil"), 1, "there is no VM 'stil'; did you mean 'still'?"),
                (("status", "\x1b[2J"), 1, "control characters"),
                (("disconnect", "still", "999999"), 1, "has no client 999999"),
                (("loglevel", "wran"), 1, "did you mean 'warn'?")):
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.run_ctl(*arguments, status=status))
        self.assertIn("no server at /nonexistent: No such file or directory",
                      self.run_ctl("--socket", "/nonexistent", "list", status=3, socket=False))

    def test_help_names_every_command(self):
        said = self.run_ctl("--help", socket=False)
        manual = (ROOT / "tools/planecastctl.1.scd").read_text()
        for command in self.run_ctl("--commands", socket=False).split():
            self.assertRegex(said, rf"(?m)^  {command} ")
            self.assertIn(f"*{command}*", manual)
        self.assertLessEqual(max(map(len, said.splitlines())), 110)

    @unittest.skipUnless(shutil.which("bash"), "no bash here")
    def test_completion(self):
        def complete(*words):
            script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _planecastctl;'
                      ' printf "%s\\n" "${COMPREPLY[@]}"')
            done = subprocess.run(["bash", "-c", script, "bash", str(ROOT / "tools/planecastctl.bash"), "planecastctl",
                                   *words], capture_output=True, text=True, timeout=DEADLINE_S, check=True,
                                  env={**ENVIRONMENT, "PATH": f"{BUILD}:{os.environ['PATH']}",
                                       "PLANECAST_CONTROL": str(self.daemon.control_path)})
            self.assertEqual(done.stderr, "")
            return sorted(done.stdout.split("\n")[:-1])

        self.assertEqual(complete("sc"), ["screenshot"])
        self.assertEqual(complete("l"), ["list", "loglevel"])
        self.assertEqual(complete("doctor", "st"), ["still"])
        self.assertEqual(complete("doctor", "--c"), ["--config"])
        self.assertEqual(complete("status", "st"), ["still"])
        self.assertEqual(complete("--json", "clients", "tw"), ["two\\ words"])
        self.assertEqual(complete("loglevel", "n"), ["notice"])
        self.assertEqual(complete("disconnect", "still", "--a"), ["--all"])
        self.assertEqual(complete("list", "--na"), ["--names"])
        self.assertEqual(complete("--socket", "/nonexistent", "status", ""), [""])


class Tickets(unittest.TestCase):
    """And what is told of those who come with one, or with none."""

    def test_a_ticket_lets_in_one_viewer_with_its_role(self):
        with tempfile.NamedTemporaryFile("w", prefix="planecast-") as password:
            os.chmod(password.name, 0o600)
            password.write("Sesame42\n")
            password.flush()
            config = "{control}" + vm_section(
                "vm", vnc_auth="vncauth", vnc_password_file=password.name, spice="127.0.0.1:0",
                spice_auth="ticket", spice_password_file=password.name) + vm_section("open")
            with ControlDaemon(config) as daemon, daemon.control() as listener:
                daemon.wait_serving("vm")
                daemon.wait_serving("open")
                listener.ask("events")
                self.check(daemon, listener)

    def check(self, daemon, listener):
        def run(*arguments):
            return subprocess.run([CTL, "--socket", str(daemon.control_path), *arguments], capture_output=True, text=True,
                                  timeout=DEADLINE_S, check=False, env=ENVIRONMENT)

        for protocol, program in ("vnc", Viewer), ("spice", SpiceViewer):
            address = daemon.address("vm", protocol=protocol)
            ticket = run("ticket", "vm", protocol, "--role", "view", "--name", "alice").stdout.strip()
            self.assertRegex(ticket, r"^[-\w]{8,60}$")
            with program(address, "--password", ticket) as viewer:
                came = listener.event("client-came")["client"]
                self.assertEqual((came["protocol"], came["role"], came["user"]), (protocol, "view", "alice"))
                viewer("remember")
                with self.assertRaises(Refused):
                    program(address, "--password", ticket)
                failed = listener.event("auth-failed")
                self.assertEqual((failed["vm"], failed["protocol"]), ("vm", protocol))
                self.assertTrue(failed["peer"].startswith("127.0.0.1:"))
            listener.event("client-left")
            self.assertEqual(daemon.count_lines(re.escape(ticket)), 0)
        answer = json.loads(run("--json", "ticket", "vm", "vnc", "--lifetime", "3600").stdout)
        self.assertEqual((answer["lifetime"], answer["role"]), (3600, "control"))
        for arguments, status, words in (
                (("open", "vnc"), 1, "asks nobody for a password over vnc"),
                (("vm", "vcn"), 1, "did you mean 'vnc'?"), (("vm",), 2, "usage:"),
                (("vm", "vnc", "--role", "contrl"), 1, "did you mean 'control'?"),
                (("vm", "vnc", "--lifetime", "86401"), 1, "1 to 86400"), (("vm", "vnc", "--lifetime", "x"), 2, "'x'"),
                (("vm", "vnc", "--name", "a b"), 1, "no name that a user can have")):
            done = run("ticket", *arguments)
            self.assertEqual(done.returncode, status, done)
            self.assertIn(words, done.stderr)


class Reload(unittest.TestCase):
    def test_what_is_wrong_comes_as_compilers_say_it(self):
        with ControlDaemon(CONFIG) as daemon, tempfile.TemporaryDirectory() as directory:
            daemon.wait_serving("still")
            daemon.write_config(CONFIG.replace("pattern-fps = 0", "pattern-fps = -1"))
            done = subprocess.run([CTL, "--socket", str(daemon.control_path), "reload"], capture_output=True, text=True,
                                  timeout=DEADLINE_S, check=False, cwd=directory, env=ENVIRONMENT)
            self.assertEqual(done.returncode, 1)
            line = daemon.config_path.read_text().split("\n").index("pattern-fps = -1") + 1
            self.assertIn(f"{daemon.config_path}:{line}:15: pattern-fps is \"-1\"", done.stderr)
            daemon.write_config(CONFIG)
            done = subprocess.run([CTL, "--socket", str(daemon.control_path), "reload"], capture_output=True, text=True,
                                  timeout=DEADLINE_S, check=False, env=ENVIRONMENT)
            self.assertEqual((done.returncode, done.stdout), (0, "reloaded: 3 VMs\n"))
            daemon.write_config(CONFIG.replace("[vm \"still\"]", "[vm \"still\"]\nkeymap = xx"))
            done = subprocess.run([CTL, "--socket", str(daemon.control_path), "reload"], capture_output=True, text=True,
                                  timeout=DEADLINE_S, check=False, env=ENVIRONMENT)
            self.assertEqual((done.returncode, done.stdout), (1, "reloaded: 3 VMs\n"))
            self.assertEqual(done.stderr, "planecastctl: still: keymap: there is no layout 'xx', using 'us'\n")


if __name__ == "__main__":
    unittest.main()
