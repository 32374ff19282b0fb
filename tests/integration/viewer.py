# SPDX-License-Identifier: GPL-2.0-or-later
"""vncprobe, the steerable viewer, as an object."""
import json
import os
import subprocess
import threading

from harness import BUILD, DEADLINE_S, Timeout

VNCPROBE = str(BUILD / "tests" / "vncprobe")
# libvncclient gives not all of its memory back.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


class Refused(Exception):
    """There was no connection, or no entry."""


class Viewer:
    """One vncprobe process. Each command is a method call: viewer("scene", "still")["psnr"]."""

    def __init__(self, address, *options, patience_s=DEADLINE_S, wrapper=()):
        if not isinstance(address, str):
            address = f"{address[0]}:{address[1]}"
        self.process = subprocess.Popen(
            [*wrapper, VNCPROBE, "--patience", str(int(patience_s)), *map(str, options), address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=ENVIRONMENT)
        if not self.process.stdout.readline():
            self.close()
            raise Refused(f"vncprobe {address}")

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
        return json.loads(line) if line else {"ok": False, "error": "vncprobe died"}

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

    def press(self, keysym):
        self("key", keysym, "down")
        self("key", keysym, "up")
