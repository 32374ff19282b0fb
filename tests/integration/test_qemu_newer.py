#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""integration/qemu_dbus once more, on Debian 13's QEMU, which shares the memory that its picture is in."""
import pathlib
import platform
import subprocess
import sys
import unittest

import test_qemu_dbus
from harness import Daemon


def find_qemu():
    """The newer QEMU; ends the test where it cannot be had."""
    done = subprocess.run([pathlib.Path(__file__).with_name("qemu_newer")], stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return str(pathlib.Path(done.stdout.strip()) / "qemu")


class QemuNewer(test_qemu_dbus.QemuDBus):
    def test_memory_is_shared(self):
        """What the worker reads is QEMU's own memory."""
        guest = self.start_guest()
        with Daemon(self.section()) as daemon:
            daemon.wait_line("connected to QEMU's D-Bus display")
            with self.watch(daemon) as viewer:
                self.assert_same(viewer, guest, "picture")
                maps = pathlib.Path(f"/proc/{daemon.worker('vm')}/maps").read_text()
                self.assertRegex(maps, "r--s .* /memfd:")


if __name__ == "__main__":
    if platform.machine() != "x86_64":
        print("this QEMU is for x86 only", file=sys.stderr)
        sys.exit(77)
    QemuNewer.program = find_qemu()
    unittest.main(verbosity=2)
