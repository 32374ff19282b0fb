#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Viewers on a machine whose wire is cut: gone at dead-peer-timeout, busy or at rest, and nobody else notices."""
import os
import sys
import threading
import time
import unittest

from control import ControlDaemon
from far import HERE, CannotBe, Far
from harness import RfbClient, vm_section, wait_until
from spice_raw import DISPLAY, DRAW_COPY, Session

TIMEOUT_S = 4
KEYS = {"allow_unauthenticated_remote": "yes", "dead_peer_timeout": f"{TIMEOUT_S}s", "stall_timeout": "60s",
        "pattern_size": "640x480"}
CONFIG = "{control}" + "".join(
    vm_section(name, vnc=f"{HERE}:0, 127.0.0.1:0", spice=f"{HERE}:0", **KEYS, **more) for name, more in (
        ("moves", {"pattern_scene": "desktop", "pattern_fps": 30}), ("rests", {"pattern_scene": "still", "pattern_fps": 0})))


class DeadPeers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.far = cls.enterClassContext(Far())
        except (CannotBe, FileNotFoundError) as why:
            print(f"skipped: {why}", file=sys.stderr)
            os._exit(77)
        cls.daemon = cls.enterClassContext(ControlDaemon(CONFIG))
        cls.control = cls.enterClassContext(cls.daemon.control(30))
        for vm in "moves", "rests":
            cls.daemon.wait_serving(vm)

    def watch(self, vm):
        client = RfbClient(self.daemon.address(vm))
        client.request(False)
        client.update()
        return client

    def busy(self, vm):
        """Asks again and again, until nothing comes any more."""
        client = self.watch(vm)

        def go_on():
            try:
                while True:
                    client.request(True)
                    client.update()
            except Exception:  # whatever ends it: the wire, or the test
                pass

        threading.Thread(target=go_on, daemon=True).start()
        return client

    def spice(self, vm):
        session = Session(self.daemon.address(vm, protocol="spice"))
        session.channels[DISPLAY].wait(DRAW_COPY)
        return session

    def count(self, vm):
        return len(self.control.ask("clients", vm=vm)["clients"])

    def gone_after(self, vm, come, quiet_s=0):
        """Seconds from the cut, or from the last word before it, until the VM has only its witness left."""
        with RfbClient(self.daemon.address(vm, nth=1)) as witness:
            witness.request(False)
            witness.update()
            with self.far.call(come, vm):
                wait_until(lambda: self.count(vm) == 2, "both viewers")
                # What was under way has arrived.
                threading.Event().wait(quiet_s)
                self.far.cut()
                try:
                    begin = time.monotonic()
                    wait_until(lambda: self.count(vm) < 2, "its end", 30, 0.02)
                    gone = time.monotonic() - begin
                finally:
                    self.far.mend()
            witness.request(False)
            witness.update()
            self.assertEqual(self.count(vm), 1)
        print(f"{vm}, {come.__name__}: gone {gone:.2f} s after the cut")
        return gone

    def test_busy_vnc(self):
        self.assertAlmostEqual(self.gone_after("moves", self.busy), TIMEOUT_S, delta=1)

    def test_busy_spice(self):
        self.assertAlmostEqual(self.gone_after("moves", self.spice), TIMEOUT_S, delta=1)

    def test_resting_vnc(self):
        """Probed each second, and so last heard of less than one before the cut."""
        gone = self.gone_after("rests", self.watch, quiet_s=1.5)
        self.assertGreater(gone, TIMEOUT_S - 1.5)
        self.assertLess(gone, TIMEOUT_S + 1)

    def test_resting_spice(self):
        gone = self.gone_after("rests", self.spice, quiet_s=1.5)
        self.assertGreater(gone, TIMEOUT_S - 1.5)
        self.assertLess(gone, TIMEOUT_S + 1)

    def test_a_wire_that_is_mended_in_time(self):
        """Nothing has happened."""
        with self.far.call(self.watch, "rests") as client:
            self.far.cut()
            threading.Event().wait(TIMEOUT_S / 2)
            self.far.mend()
            threading.Event().wait(TIMEOUT_S)
            self.assertEqual(self.count("rests"), 1)
            client.request(False)
            client.update()


if __name__ == "__main__":
    unittest.main(verbosity=2)
