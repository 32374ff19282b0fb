#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a reload changes for SPICE viewers and what it leaves them, and what the log says of them."""
import os
import pathlib
import re
import tempfile
import unittest

from harness import Daemon, connect, process_alive, vm_section, wait_until
from viewer import Refused, SpiceViewer

A_KEY = 0x1e


class Reload(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.password("one"), self.password("two")

    def password(self, text):
        file = self.directory / text
        file.write_text(text + "\n")
        file.chmod(0o600)

    def section(self, name="vm", **keys):
        return vm_section(name, **{"pattern_scene": "still", "pattern_fps": 0, "spice": "127.0.0.1:0",
                                   "spice_auth": "ticket", "spice_password_file": self.directory / "one", **keys})

    def start(self, config, **more):
        daemon = Daemon(config, **more)
        self.addCleanup(daemon.__exit__, None, None, None)
        return daemon

    def view(self, address, password="one"):
        viewer = SpiceViewer(address, "--password", password)
        self.addCleanup(viewer.close)
        self.assert_viewing(viewer)
        return viewer

    def assert_viewing(self, viewer):
        """What is typed changes the picture."""
        viewer("remember")
        viewer.press(A_KEY)
        viewer("changed")

    def assert_refused(self, address, password, why="wrong password"):
        with self.assertRaisesRegex(Refused, why):
            SpiceViewer(address, "--password", password, patience_s=5)

    def test_live_keys_change_under_the_viewers(self):
        daemon = self.start(self.section())
        pid = daemon.wait_serving("vm")
        address = daemon.address("vm", protocol="spice")
        viewer = self.view(address)

        # The keys that one of these does not name go back to their defaults.
        for keys in ({"desktop_name": "another"}, {"spice_compression": "lz"}, {"spice_compression": "off"},
                     {"max_viewers": 1, "handshake_timeout": "5s", "stall_timeout": "1s"}):
            daemon.reload(self.section(**keys))
            self.assert_viewing(viewer)

        daemon.reload(self.section(spice_password_file=self.directory / "two"))
        wait_until(lambda: self.enters(address, "two"), "the other password counts")
        self.assert_refused(address, "one")
        self.assert_viewing(viewer)

        os.utime(self.directory / "two", (0, 0))
        mark = daemon.reload(self.section(spice_password_file=self.directory / "two", spice_password_lifetime="1h"))
        daemon.wait_line(rf"{self.directory}/two holds a password that has expired: nobody can log in", mark)
        self.assert_refused(address, "two")
        self.assert_viewing(viewer)

        mark = daemon.reload(self.section(spice_password_file=self.directory / "three"))
        daemon.wait_line(rf"error +\[vm\] password file {self.directory}/three cannot be opened: nobody can log in", mark)
        self.assert_viewing(viewer)

        path = f"{self.directory}/vm.spice"
        daemon.reload(self.section(spice=f"unix:{path}"))
        with self.assertRaises(ConnectionRefusedError):
            connect(address)
        self.view(path)
        daemon.reload(self.section(spice=None))
        self.assertFalse(os.path.exists(path))
        self.assert_viewing(viewer)
        self.assertEqual(daemon.worker("vm"), pid)

    @staticmethod
    def enters(address, password):
        try:
            with SpiceViewer(address, "--password", password, patience_s=5):
                return True
        except Refused:
            return False

    def test_a_key_that_needs_it_restarts_the_worker(self):
        daemon = self.start(self.section() + self.section("other"))
        pid, other = daemon.wait_serving("vm"), daemon.wait_serving("other")
        leaving = self.view(daemon.address("vm", protocol="spice"))
        viewer = self.view(daemon.address("other", protocol="spice"))
        mark = daemon.reload(self.section(spice_auth="none") + self.section("other"))
        self.assertNotEqual(daemon.wait_serving("vm", mark), pid)
        leaving("closed")
        with SpiceViewer(daemon.address("vm", protocol="spice")) as newcomer:
            newcomer("scene", "still")
        self.assert_viewing(viewer)
        self.assertEqual(daemon.worker("other"), other)

    def test_a_mistake_changes_nothing(self):
        daemon = self.start(self.section())
        pid = daemon.wait_serving("vm")
        address = daemon.address("vm", protocol="spice")
        viewer = self.view(address)
        wrong = self.section(spice="*:5930", spice_auth="none", spice_compression="glz")
        mark = daemon.reload(wrong, "not reloaded, the old one stays")
        for why in ("other machines can reach .*spice-auth = ticket", 'spice-compression is "glz"'):
            daemon.wait_line(rf"error +{daemon.config_path}:\d+:\d+: .*{why}", mark)
        self.assert_viewing(viewer)
        self.assert_refused(address, "two")
        self.view(address)
        self.assertEqual(daemon.worker("vm"), pid)

    def test_vms_come_and_go(self):
        daemon = self.start(self.section())
        daemon.wait_serving("vm")
        viewer = self.view(daemon.address("vm", protocol="spice"))
        daemon.reload(self.section() + self.section("new"))
        worker = daemon.wait_serving("new")
        address = daemon.address("new", protocol="spice")
        leaving = self.view(address)
        mark = daemon.reload(self.section())
        daemon.wait_line(r"\[new\] 127.0.0.1:\d+: SPICE viewer left after .*: the server stops", mark)
        leaving("closed")
        wait_until(lambda: not process_alive(worker), "end of the removed VM's worker")
        with self.assertRaises(ConnectionRefusedError):
            connect(address)
        self.assert_viewing(viewer)


class Log(unittest.TestCase):
    """One line when a viewer comes and one when he goes, and nothing of the library's."""

    def test_one_line_each_way(self):
        with Daemon(vm_section("vm", spice="127.0.0.1:0"), log_level="info") as daemon:
            daemon.wait_serving("vm")
            mark = daemon.mark()
            with SpiceViewer(daemon.address("vm", protocol="spice")) as viewer:
                viewer("updates", 5)
                viewer("reset")
            daemon.wait_line("viewer left", mark)
            daemon.stop()
            lines = [line for line in daemon.lines[mark:] if re.search(r"127\.0\.0\.1|libspice", line)]
            self.assertEqual(len(lines), 2, lines)
            came = re.search(r"info +\[vm\] (127.0.0.1:\d+): viewing by SPICE$", lines[0])
            left = re.search(r"info +\[vm\] (127.0.0.1:\d+): SPICE viewer left after \d\.\d s: the client closed the connection; "
                             r"sent (\d+) bytes, received (\d+)$", lines[1])
            self.assertTrue(came and left, lines)
            self.assertEqual(came[1], left[1])
            # Of all its channels: the main one alone has not half of that.
            self.assertGreater(int(left[2]), 2000)
            self.assertGreater(int(left[3]), 500)


if __name__ == "__main__":
    unittest.main(verbosity=2)
