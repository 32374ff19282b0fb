#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A host whose VMs nobody watches is left in peace, and notices at once when somebody comes."""
import pathlib
import re
import socket
import tempfile
import threading
import unittest

from harness import Daemon, RfbClient, vm_section, wait_until

QUIET_S = 3


def wakeups(pid):
    """How often each thread of a process has gone to sleep."""
    return {task.name: re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M)[1]
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


class Idle(unittest.TestCase):
    def test_nothing_wakes_until_a_viewer_comes(self):
        with tempfile.TemporaryDirectory() as directory, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(f"{directory}/notify")
            notify.settimeout(20)
            config = vm_section("a") + vm_section("b")
            with Daemon(config, env={"NOTIFY_SOCKET": f"{directory}/notify"}) as daemon:
                pids = [daemon.pid, daemon.wait_serving("a"), daemon.wait_serving("b")]
                with RfbClient(daemon.address("a")) as viewer:
                    viewer.request(incremental=False)
                    viewer.update()

                def at_rest():
                    before = [wakeups(pid) for pid in pids]
                    threading.Event().wait(QUIET_S)
                    return before == [wakeups(pid) for pid in pids]

                wait_until(at_rest, f"{QUIET_S} s in which no process wakes", deadline_s=60)
                notify.setblocking(False)
                try:
                    while notify.recv(4096):
                        pass
                except BlockingIOError:
                    notify.settimeout(20)
                with RfbClient(daemon.address("a"), handshake=False) as viewer:
                    threading.Event().wait(2.5)  # takes its time, as people do who type a password
                    viewer.handshake()
                    self.assertEqual(notify.recv(4096), b"STATUS=2 VMs, 1 viewers")
                self.assertEqual(notify.recv(4096), b"STATUS=2 VMs, 0 viewers")


if __name__ == "__main__":
    unittest.main(verbosity=2)
