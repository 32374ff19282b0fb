#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A certificate changes while viewers come at a fixed pace, whatever the ones before them wait for: none is refused."""
import os
import pathlib
import shutil
import tempfile
import threading
import time
import unittest

from harness import Daemon, vm_section
from tls import TlsRfbClient, client_context, make_certs, server_section

PER_SECOND, SECONDS = 50, 5


class Login(threading.Thread):
    """From the connection to the first byte of the picture."""

    def __init__(self, number, address, context):
        super().__init__()
        self.number, self.address, self.context = number, address, context
        self.began = self.ended = self.serial = self.error = None

    def run(self):
        self.began = time.monotonic()
        try:
            with TlsRfbClient(self.address, self.context, source=f"127.0.2.{self.number % 250 + 1}") as client:
                self.serial = client.sock.getpeercert()["serialNumber"]
                client.request(incremental=False)
                client.read(1)
        except Exception as error:  # whatever it is, it is to be told
            self.error = error
        self.ended = time.monotonic()


class Reload(unittest.TestCase):
    def test_certificate_changes(self):
        with tempfile.TemporaryDirectory(prefix="planecast-") as folder:
            old, new, live = (pathlib.Path(folder) / name for name in ("old", "new", "live"))
            for certs in old, new:
                make_certs(certs, "localhost")
            context = client_context(old, certificate=True)
            context.load_verify_locations(new / "ca.pem")
            shutil.copytree(old, live)
            # By certificate: to check 50 passwords a second is more than two cores can always do.
            config = server_section(live, client_ca=True) + vm_section(
                "vm", vnc_auth="certificate", allow="client", max_viewers=400, max_handshakes=400)
            with Daemon(config, log_level="info") as daemon:
                daemon.wait_serving("vm")
                self.follow(daemon, config, new, live, context)

    def follow(self, daemon, config, new, live, context):
        address = daemon.address("vm")
        logins = []
        reloading, reloaded = [], []

        def change():
            for name in "server-key.pem", "server.pem":
                shutil.copy(new / name, live / f"{name}.new")
                os.rename(live / f"{name}.new", live / name)
            reloading.append(time.monotonic())
            mark = daemon.reload(config)
            daemon.wait_line("TLS certificate .*valid until", mark)
            reloaded.append(time.monotonic())

        changer = threading.Thread(target=change)
        start = time.monotonic()
        late = 0
        for number in range(PER_SECOND * SECONDS):
            due = start + number / PER_SECOND
            threading.Event().wait(max(0, due - time.monotonic()))
            late = max(late, time.monotonic() - due)
            logins.append(Login(number, address, context))
            logins[-1].start()
            if number == PER_SECOND * SECONDS // 2:
                changer.start()
        for thread in [*logins, changer]:
            thread.join()
        took = sorted((login.ended - login.began) * 1000 for login in logins)
        self.assertEqual(daemon.count_lines("viewing, .* as client$"), len(logins))
        print(f"{len(logins)} logins, {PER_SECOND} a second, at most {late * 1000:.0f} ms late: median "
              f"{took[len(took) // 2]:.0f} ms, 99 % {took[len(took) * 99 // 100]:.0f} ms, slowest {took[-1]:.0f} ms")
        self.assertEqual([login.error for login in logins if login.error], [])
        before = {login.serial for login in logins if login.ended < reloading[0]}
        after = {login.serial for login in logins if login.began > reloaded[0]}
        self.assertEqual((len(before), len(after)), (1, 1))
        self.assertNotEqual(before, after)
        self.assertEqual({login.serial for login in logins}, before | after)


if __name__ == "__main__":
    unittest.main(verbosity=2)
