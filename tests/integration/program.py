# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench's programs, as objects."""
import contextlib
import json
import subprocess

from harness import DEADLINE_S


class Program:
    """A program that answers each line with a line of JSON; the first comes unasked."""

    def __init__(self, *command, env=None):
        self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1, env=env)
        self.first = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()

    def begin(self, *words):
        # The answer says why, if it has ended.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(" ".join(map(str, words)) + "\n")

    def answer(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"ok": False, "error": "it ended: " + self.process.stderr.read()}

    def __call__(self, *words):
        self.begin(*words)
        return self.answer()

    def end(self):
        """Returns (exit status, what it said on stderr)."""
        said = self.process.communicate(timeout=DEADLINE_S)[1]
        return self.process.returncode, said
