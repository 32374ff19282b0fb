# SPDX-License-Identifier: GPL-2.0-or-later
"""vncprobe and spiceprobe, the steerable viewers, as objects."""
import json
import os
import subprocess
import threading

from harness import BUILD, DEADLINE_S, Timeout

# The libraries that they are made of give not all of their memory back.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


class Refused(Exception):
    """There was no connection, or no entry."""


class Viewer:
    """One vncprobe process. Each command is a method call: viewer("scene", "still")["psnr"]."""

    PROGRAM = str(BUILD / "tests" / "vncprobe")
    PROTOCOL = "vnc"

    def __init__(self, address, *options, patience_s=DEADLINE_S, wrapper=()):
        if not isinstance(address, str):
            address = f"{address[0]}:{address[1]}"
        self.process = subprocess.Popen(
            [*wrapper, self.PROGRAM, "--patience", str(int(patience_s)), *map(str, options), address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=ENVIRONMENT)
        self.first = self.answer()
        if not self.first["ok"]:
            self.close()
            raise Refused(f"{self.PROTOCOL} {address}: {self.first['error']}")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.process.communicate()

    def begin(self, *words):
        """Gives a command without waiting for its answer."""
        self.process.stdin.write(" ".join(map(str, words)) + "\n")

    def answer(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"ok": False, "error": "the probe died"}

    def __call__(self, *words, may_fail=False):
        self.begin(*words)
        answer = self.answer()
        if not answer["ok"] and not may_fail:
            raise Timeout(f"{' '.join(map(str, words))}: {answer}")
        return answer

    def is_quiet(self, seconds=0.5):
        """No byte for a while: what was under way has arrived. Resets the statistics."""
        self("reset")
        threading.Event().wait(seconds)
        return self("stats")["bytes"] == 0

    def press(self, key):
        """A keysym, or a scancode in SPICE."""
        self("key", key, "down")
        self("key", key, "up")


class SpiceViewer(Viewer):
    """One spiceprobe process, steered in the same way."""

    PROGRAM = str(BUILD / "tests" / "spiceprobe")
    PROTOCOL = "spice"
