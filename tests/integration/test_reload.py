#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGHUP: VMs come, go and change, and whoever watches an unchanged VM notices nothing."""
import os
import signal
import socket
import tempfile
import unittest

from harness import Daemon, RfbClient, connect, process_alive, process_fds, vm_section, wait_until

SERVER = "[server]\nlog-level = debug\n"


class Reload(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def start(self, config):
        daemon = Daemon(config)
        self.addCleanup(daemon.__exit__, None, None, None)
        return daemon

    def watch(self, daemon, vm):
        viewer = RfbClient(daemon.address(vm))
        self.addCleanup(viewer.close)
        self.assert_watching(viewer)
        return viewer

    def assert_watching(self, viewer):
        """The connection made before still brings new pictures."""
        viewer.request(incremental=False)
        self.assertTrue(viewer.update())
        viewer.request()
        self.assertTrue(viewer.update())

    def test_every_removal_is_logged(self):
        names = [f"vm{n}" for n in range(12)]
        daemon = self.start(vm_section("a") + "".join(map(vm_section, names)))
        daemon.wait_serving(names[-1])
        daemon.reload(vm_section("a"))
        for name in names:
            daemon.wait_line(rf"\[{name}\] was removed")

    def test_a_vm_is_added_and_removed(self):
        a, b = vm_section("a"), vm_section("b", f"127.0.0.1:0 unix:{self.directory}/b.vnc")
        daemon = self.start(a)
        pid = daemon.wait_serving("a")
        viewer = self.watch(daemon, "a")

        daemon.reload(a + b)
        other = daemon.wait_serving("b")
        leaving = self.watch(daemon, "b")
        self.assert_watching(viewer)

        address = daemon.address("b")
        daemon.reload(a)
        wait_until(lambda: not process_alive(other), "end of the removed VM's worker")
        with self.assertRaises(ConnectionError):
            while True:
                leaving.request()
                leaving.update()
        with self.assertRaises(ConnectionRefusedError):
            connect(address)
        self.assertFalse(os.path.exists(f"{self.directory}/b.vnc"))
        self.assert_watching(viewer)
        self.assertEqual(daemon.worker("a"), pid)

        mark = daemon.reload(a + b)  # and back
        daemon.wait_serving("b", mark)
        self.assert_watching(viewer)

    def test_a_live_key_changes_under_the_viewers(self):
        daemon = self.start(vm_section("a", desktop_name="before"))
        pid = daemon.wait_serving("a")
        viewer = self.watch(daemon, "a")
        self.assertEqual(viewer.name, "before")
        daemon.reload(vm_section("a", desktop_name="after", max_viewers="2"))
        self.assert_watching(viewer)
        self.assertEqual(daemon.worker("a"), pid)

        def renamed():
            with RfbClient(daemon.address("a")) as newcomer:
                return newcomer.name == "after"

        wait_until(renamed, "the new name")

    def test_a_source_that_waits_for_its_device_outlives_the_old_configuration(self):
        path = f"{self.directory}/launcher"

        def section(**keys):
            return vm_section("a", source="vfio", vfio_attach="socket", vfio_socket=path,
                              pattern_size=None, pattern_fps=None, **keys)

        daemon = self.start(section(desktop_name="before"))
        pid = daemon.wait_serving("a")
        viewer = RfbClient(daemon.address("a"))
        self.addCleanup(viewer.close)
        viewer.request(incremental=False)
        self.assertTrue(viewer.update())  # the status card
        for name in ("one", "two", "three"):
            daemon.reload(section(desktop_name=name))
        with socket.socket(socket.AF_UNIX) as launcher:
            launcher.settimeout(30)
            launcher.bind(path)
            launcher.listen()
            launcher.accept()[0].close()  # it still knows whom to ask
        self.assertEqual(daemon.worker("a"), pid)

    def test_a_key_that_needs_it_restarts_that_worker_only(self):
        b = vm_section("b")
        daemon = self.start(vm_section("a") + b)
        first, other, mark = daemon.wait_serving("a"), daemon.wait_serving("b"), daemon.mark()
        viewer = self.watch(daemon, "b")
        os.kill(first, signal.SIGKILL)
        pid = daemon.wait_serving("a", mark)
        mark = daemon.reload(vm_section("a", pattern_size="400x300") + b)
        self.assertNotEqual(daemon.wait_serving("a", mark), pid)
        with RfbClient(daemon.address("a")) as newcomer:
            wait_until(lambda: self.size_of(newcomer) == (400, 300), "the new size")
        self.assert_watching(viewer)
        self.assertEqual(daemon.worker("b"), other)
        # a new configuration begins with a clean slate: its first death is the first
        os.kill(daemon.worker("a"), signal.SIGKILL)
        daemon.wait_line(r"\[a\] worker \d+ died.* in 0 ms", mark)

    @staticmethod
    def size_of(viewer):
        viewer.set_encodings(0, -223)
        viewer.request(incremental=False)
        viewer.update()
        return viewer.width, viewer.height

    def test_listeners_come_and_go_without_a_restart(self):
        path = f"{self.directory}/a.vnc"
        daemon = self.start(vm_section("a", "127.0.0.1:0"))
        pid = daemon.wait_serving("a")
        viewer = self.watch(daemon, "a")
        old = daemon.address("a")
        mark = daemon.reload(vm_section("a", f"[::1]:0 unix:{path}"))
        for address in (daemon.address("a", since=mark), path):
            with RfbClient(address) as newcomer:
                self.assert_watching(newcomer)
        with self.assertRaises(ConnectionRefusedError):
            connect(old)
        self.assert_watching(viewer)
        daemon.reload(vm_section("a", "[::1]:0"))
        self.assertFalse(os.path.exists(path))
        self.assertEqual(daemon.worker("a"), pid)
        self.assertEqual(daemon.count_lines(r"error"), 0, "\n".join(daemon.lines))

    def test_an_address_moves_from_one_vm_to_another(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        path = f"unix:{self.directory}/x.vnc"
        there, elsewhere = f"127.0.0.1:{port} {path}", "[::1]:0"
        daemon = self.start(vm_section("a", there) + vm_section("b", elsewhere))
        daemon.wait_serving("a")
        daemon.wait_serving("b")
        for first, second in (("b", "a"), ("a", "b"), ("b", "a")):
            daemon.reload(vm_section("a", elsewhere if first == "b" else there) +
                          vm_section("b", there if first == "b" else elsewhere))
            for address in (("127.0.0.1", port), path[5:]):
                with RfbClient(address) as viewer:
                    self.assertEqual(viewer.name, first, f"moved from {second}")
        self.assertEqual(daemon.count_lines("cannot listen"), 0)

    def test_an_invalid_configuration_changes_nothing_and_says_why(self):
        daemon = self.start(vm_section("a"))
        pid = daemon.wait_serving("a")
        viewer = self.watch(daemon, "a")
        wrong = vm_section("b") + vm_section("a", max_fps="many", sorce="x")
        wrong += "".join(f"nonsense{n} = 1\n" for n in range(20))
        mark = daemon.reload(wrong, "not reloaded, the old one stays")
        problems = daemon.count_lines(rf"error +{daemon.config_path}:\d+:\d+: ", mark)
        self.assertEqual(problems, 22, "each problem is a line")
        self.assert_watching(viewer)
        self.assertEqual(daemon.worker("a"), pid)
        self.assertIsNone(daemon.worker("b"))
        os.unlink(daemon.config_path)
        daemon.reload(vm_section("a"))  # and the next one is taken
        self.assert_watching(viewer)

    def test_log_keys_change_everywhere(self):
        daemon = Daemon(vm_section("a"), log_level="info")
        self.addCleanup(daemon.__exit__, None, None, None)
        pid = daemon.wait_serving("a")
        mark = daemon.reload("[server]\nlog-level = error\nlog-format = json\n" + vm_section("a"),
                             '"message":"configuration reloaded')
        self.watch(daemon, "a")
        # the worker's line; of the command line's level, which has the last word
        daemon.wait_line('"vm":"a","peer":"127.0.0.1:.*"message":"viewing', mark)
        mark = daemon.reload("[server]\nlog-format = text\n" + vm_section("a"), "notice configuration reloaded")
        self.watch(daemon, "a")
        daemon.wait_line(r"info +\[a\] 127.0.0.1:\d+: viewing", mark)
        self.assertEqual(daemon.worker("a"), pid)

    def test_many_reloads_leave_nothing(self):
        a, b, c = vm_section("a"), vm_section("b", f"unix:{self.directory}/b.vnc"), vm_section("c")
        daemon = self.start(a)
        daemon.wait_serving("a")
        viewer = self.watch(daemon, "a")
        before = process_fds(daemon.pid)
        worker_before = process_fds(daemon.worker("a"))
        for n in range(8):  # fewer than the log would hold back
            daemon.reload(vm_section("a", f"127.0.0.1:0 unix:{self.directory}/a{n}.vnc") + (b if n % 2 else c))
        daemon.reload(a)
        wait_until(lambda: len(daemon.workers()) == 1 and not daemon.zombies(), "end of the others' workers")
        wait_until(lambda: len(process_fds(daemon.pid)) == len(before), "closing of descriptors")
        wait_until(lambda: len(process_fds(daemon.worker("a"))) == len(worker_before),
                   "closing of the worker's descriptors")
        self.assert_watching(viewer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
