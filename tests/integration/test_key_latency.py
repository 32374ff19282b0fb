#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a key of vncviewer's takes through planecast to the code of a real QEMU's guest.

Beside it, in turns on the same guest, keys that are given to QEMU's QMP without planecast: what is more is what
planecast adds. A key begins when vncviewer's message passes a relay; it ends with the scancode that the guest echoes.
"""
import contextlib
import json
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import unittest

from guest import Guest, build_payload
from harness import DEADLINE_S, Daemon, vm_section
from hostile import be_preferred
from screen import Screen, tigervnc

ADDED_P50_MAX_MS = 3
# The machine may be busy with something else: the best of some attempts.
ATTEMPTS = 6
KEYS = 50
# QEMU Extended Key Event: type, submessage, down.
KEY_DOWN, KEY_UP = b"\xff\x00\x00\x01", b"\xff\x00\x00\x00"


class Relay:
    """Goes between a viewer and the server, and notes when the viewer says that a key is down."""

    def __init__(self, target):
        self.target, self.presses = target, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            with self.listener.accept()[0] as viewer, socket.create_connection(self.target) as server:
                for sock in (viewer, server):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=self.carry, args=(server, viewer), daemon=True)
                back.start()
                self.carry(viewer, server, self.presses)
                back.join()

    @staticmethod
    def carry(source, sink, presses=None):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if presses is not None and KEY_DOWN in data:
                    presses.append(time.monotonic())
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


class Control:
    """QEMU's other QMP socket, without planecast."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()
        self.execute("qmp_capabilities")

    def close(self):
        self.lines.close()
        self.socket.close()

    def execute(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while b"return" not in self.lines.readline():
            pass

    def key(self, down):
        self.execute("input-send-event", events=[
            {"type": "key", "data": {"down": down, "key": {"type": "number", "data": 0x1e}}}])


class KeyLatency(unittest.TestCase):
    def read_key(self):
        """When the press of A was there; then its release."""
        self.assertEqual(self.guest.scancodes(1, "press"), b"\x1e")
        pressed = time.monotonic()
        self.assertEqual(self.guest.scancodes(1, "release"), b"\x9e")
        return pressed

    def by_control(self, control):
        begin = time.monotonic()
        control.key(True)
        control.key(False)
        return (self.read_key() - begin) * 1e3

    def by_viewer(self, screen, relay):
        before = len(relay.presses)
        typing = subprocess.Popen(["xdotool", "key", "--delay", "20", "a"], env=screen.env)
        pressed = self.read_key()
        self.assertEqual(typing.wait(DEADLINE_S), 0)
        self.assertEqual(len(relay.presses), before + 1)
        return (pressed - relay.presses[-1]) * 1e3

    def test_vncviewer(self):
        with tempfile.TemporaryDirectory(prefix="planecast-") as directory, Screen(800, 600) as screen:
            qmp = os.path.join(directory, "qmp")
            self.guest = Guest(build_payload(directory), qmp)
            self.addCleanup(self.guest.kill)
            with Daemon(vm_section("vm", qmp=qmp, pattern_scene="still")) as daemon:
                daemon.wait_line("input goes to QEMU")
                relay, control = Relay(daemon.address("vm")), Control(f"{qmp}.control")
                self.addCleanup(relay.close)
                self.addCleanup(control.close)
                screen.start(tigervnc(relay.address))
                screen.wait_window("vm - ")
                screen.xdotool("search", "--onlyvisible", "--name", "vm - ", "windowfocus", "--sync")
                added, most = [], ADDED_P50_MAX_MS
                while len(added) < ATTEMPTS and (not added or min(added) > most):
                    pairs = [(self.by_control(control), self.by_viewer(screen, relay)) for _ in range(KEYS)]
                    direct, viewer = (sorted(times) for times in zip(*pairs))
                    added.append(statistics.median(by_viewer - by_control for by_control, by_viewer in pairs))
                    print(f"key to the guest's code: from vncviewer p50 {statistics.median(viewer):.2f} ms, p95 "
                          f"{viewer[KEYS * 95 // 100]:.2f} ms; from QMP p50 {statistics.median(direct):.2f} ms, p95 "
                          f"{direct[KEYS * 95 // 100]:.2f} ms; planecast adds {added[-1]:.2f} ms")
                    # Where QMP by itself is at times slower than that, so may planecast be.
                    most = max(most, direct[KEYS * 95 // 100])
                self.assertLess(min(added), most)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
