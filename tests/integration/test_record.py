#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""planecast-record: what it records can be played, and what goes wrong is said."""
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import unittest

from harness import wait_until

BUILD = pathlib.Path(os.environ["PLANECAST_BUILD"])
RECORD = str(BUILD / "planecast-record")
DEADLINE_S = 30
SMALL = ("--set", "pattern-size=320x200")


class Record(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.file = os.path.join(self.directory.name, "screen.pcrec")

    def run_record(self, *arguments, expected=0, **keywords):
        done = subprocess.run([RECORD, *arguments], capture_output=True, text=True, timeout=DEADLINE_S,
                              check=False, **keywords)
        self.assertEqual(done.returncode, expected, done.stderr)
        return done

    def pictures(self, done):
        match = re.fullmatch(r"\S+: (\d+) pictures of (\d+x\d+) in ([\d.]+) s, [\d.]+ MiB\n", done.stdout)
        self.assertTrue(match, done.stdout)
        return int(match[1]), match[2], float(match[3])

    def test_record_and_record_the_recording(self):
        count, size, seconds = self.pictures(self.run_record(*SMALL, "-s", "0.5", "-o", self.file))
        self.assertGreater(count, 1)
        self.assertEqual((size, seconds), ("320x200", 0.5))
        again = self.file + ".again"
        count, size, _ = self.pictures(self.run_record(
            "--source", "replay", "--set", f"replay-file={self.file}", "-s", "0.5", "-o", again))
        self.assertGreater(count, 1)
        self.assertEqual(size, "320x200")

    def test_the_picture_is_the_same(self):
        def first_record(path):
            data = pathlib.Path(path).read_bytes()
            return data[16:20 + int.from_bytes(data[16:20], "little")]

        again = self.file + ".again"
        self.run_record(*SMALL, "--set", "pattern-scene=still", "-s", "0.1", "-o", self.file)
        self.run_record("--source", "replay", "--set", f"replay-file={self.file}", "-s", "0.1", "-o", again)
        self.assertGreater(len(first_record(self.file)), 1000)
        self.assertEqual(first_record(self.file), first_record(again))

    def test_vm_of_a_configuration(self):
        config = os.path.join(self.directory.name, "planecast.conf")
        pathlib.Path(config).write_text('[vm "a"]\nsource = pattern\npattern-size = 400x300\npattern-scene = still\n')
        done = self.run_record("-c", config, "--vm", "a", "-s", "0.2", "-o", self.file)
        self.assertEqual(self.pictures(done), (1, "400x300", 0.2))
        done = self.run_record("-c", config, "--vm", "b", "-s", "0.2", "-o", self.file, expected=78)
        self.assertIn('has no [vm "b"]', done.stderr)

    def test_interrupted(self):
        process = subprocess.Popen([RECORD, *SMALL, "-s", "3600", "-o", self.file], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        # Bigger than its header: there is a picture in it.
        wait_until(lambda: os.path.exists(self.file) and os.path.getsize(self.file) > 100, "a first picture")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=DEADLINE_S)
        self.assertEqual(process.returncode, 0)
        self.assertIn("pictures of 320x200", out)

    def test_disk_full(self):
        limit = 200000

        def restrict():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = self.run_record(*SMALL, "--set", "pattern-scene=video", "-s", "20", "-o", self.file, expected=1,
                               preexec_fn=restrict)
        self.assertIn(f"planecast-record: {self.file}: File too large\n", done.stderr)
        self.assertRegex(done.stderr, r"the file ends after \d+ whole pictures and can be played\n")
        self.assertLess(os.path.getsize(self.file), limit)
        self.run_record("--source", "replay", "--set", f"replay-file={self.file}", "-s", "0.2", "-o",
                        self.file + ".again")
        done = self.run_record(*SMALL, "-s", "1", "-o", "/dev/full", expected=1)
        self.assertEqual(done.stderr, "planecast-record: /dev/full: No space left on device\n")

    def test_no_picture(self):
        done = self.run_record("--source", "replay", "--set", "replay-file=/nonexistent/x.pcrec", "-s", "0.1", "-o",
                               self.file, expected=1)
        self.assertIn("there was no picture: The recording x.pcrec cannot be played: No such file", done.stderr)
        self.assertFalse(os.path.exists(self.file))
        # What is no ordinary file stays.
        self.run_record("--source", "replay", "--set", "replay-file=/nonexistent/x", "-s", "0.1", "-o", "/dev/null",
                        expected=1)
        self.assertTrue(os.path.exists("/dev/null"))

    def test_wrong_command_lines(self):
        for arguments, expected, text in (
                ((), 2, "usage:"),
                (("-o", self.file), 2, "usage:"),
                (("-s", "1"), 2, "usage:"),
                (("-s", "1", "-o", self.file, "more"), 2, "usage:"),
                (("-s", "1", "-o", self.file, "--vm", "a"), 2, "usage:"),
                (("-s", "1", "-o", self.file, "-c", "x", "--vm", "a", "--set", "max-fps=3"), 2, "usage:"),
                (("-s", "0", "-o", self.file), 2, "expected 0.1 to 86400"),
                (("-s", "nan", "-o", self.file), 2, "expected 0.1 to 86400"),
                (("-s", "5x", "-o", self.file), 2, "expected 0.1 to 86400"),
                (("--source", "patern", "-s", "1", "-o", self.file), 78, "pattern"),
                (("--set", "pattern-sise=3x3", "-s", "1", "-o", self.file), 78, "pattern-size"),
                (("-c", "/nonexistent.conf", "--vm", "a", "-s", "1", "-o", self.file), 78, "/nonexistent.conf"),
                ((*SMALL, "-s", "1", "-o", "/nonexistent/file"), 1, "/nonexistent/file: No such file"),
        ):
            with self.subTest(arguments=arguments):
                done = self.run_record(*arguments, expected=expected)
                self.assertIn(text, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertFalse(os.path.exists(self.file))
        self.assertIn("usage:", self.run_record("--help").stdout)
        self.assertRegex(self.run_record("--version").stdout, r"planecast-record \d")


if __name__ == "__main__":
    unittest.main()
