#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VMs whose only way in is a one-time ticket: nobody is let in without, and real viewers are with one."""
import os
import pathlib
import signal
import tempfile
import unittest

from control import ControlDaemon, Refused
from harness import run_planecastd, vm_section
from screen import Screen, spicy, tigervnc
from viewer import Refused as NotLetIn
from viewer import SpiceViewer, Viewer

KEYS = {"vnc_auth": "one-time", "spice_auth": "one-time", "spice": "127.0.0.1:0", "refusal_delay": "10ms",
        "penalty_auth": "0ns", "pattern_scene": "still", "pattern_fps": 0, "pattern_size": "640x480"}
CONFIG = "{control}" + vm_section("vm", **KEYS)
PROBES = {"vnc": Viewer, "spice": SpiceViewer}


class Tickets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(ControlDaemon(CONFIG))
        cls.daemon.wait_serving("vm")
        cls.control = cls.enterClassContext(cls.daemon.control(30))

    def ticket(self, protocol, **arguments):
        return self.control.ask("ticket", vm="vm", protocol=protocol, **arguments)["ticket"]

    def address(self, protocol):
        return self.daemon.address("vm", protocol=protocol)

    def assert_refused(self, protocol, *passwords):
        for password in passwords:
            with self.subTest(protocol=protocol, password=password), self.assertRaises(NotLetIn):
                with PROBES[protocol](self.address(protocol), "--password", password):
                    pass

    def test_nobody_has_one_at_first(self):
        """Neither by what a client says that has none, nor by another protocol's."""
        for protocol in PROBES:
            self.assert_refused(protocol, "", "12345678", "x" * 32)
        self.assert_refused("spice", self.ticket("vnc"))
        self.assert_refused("vnc", self.ticket("spice"))

    def test_each_counts_once(self):
        for protocol, probe in PROBES.items():
            ticket, other = self.ticket(protocol, role="view", name="ann"), self.ticket(protocol)
            with probe(self.address(protocol), "--password", ticket) as viewer:
                viewer("remember")
                client, = self.control.ask("clients", vm="vm")["clients"]
                self.assertEqual((client["user"], client["role"]), ("ann", "view"))
                self.assert_refused(protocol, ticket)
            with probe(self.address(protocol), "--password", other):
                pass

    def test_none_outlives_the_process(self):
        tickets = {protocol: self.ticket(protocol) for protocol in PROBES}
        mark = self.daemon.mark()
        os.kill(self.daemon.worker("vm"), signal.SIGKILL)
        self.daemon.wait_serving("vm", mark)
        for protocol, ticket in tickets.items():
            self.assert_refused(protocol, ticket)

    def test_real_viewers(self):
        """TigerVNC and spicy, and what they show is what another viewer is shown."""
        for name, protocol in ("tigervnc", "vnc"), ("spicy", "spice"):
            with self.subTest(name), Screen(1200, 900) as screen, \
                    Viewer(self.address("vnc"), "--password", self.ticket("vnc")) as probe:
                ticket = self.ticket(protocol)
                address = self.address(protocol)
                mark = self.daemon.mark()
                if protocol == "spice":
                    command = spicy(address, "-w", ticket)
                else:
                    command = ["env", f"VNC_PASSWORD={ticket}", *tigervnc(address, "-NoJPEG=1",
                                                                         "-SecurityTypes=VncAuth")]
                screen.start(command)
                self.daemon.wait_line("viewing by SPICE" if protocol == "spice" else "viewing, RFB", mark, 60)
                probe("scene", "still")
                screen.show_the_same(probe, f"one-time-{name}")


class Configuration(unittest.TestCase):
    def check(self, *lines):
        with tempfile.TemporaryDirectory(prefix="planecast-") as directory:
            path = pathlib.Path(directory) / "planecast.conf"
            path.write_text("\n".join(("[vm \"vm\"]", "source = pattern", *lines)) + "\n")
            return run_planecastd("--config", str(path), "--check-config")

    def test_needs_no_file_and_is_authentication(self):
        """Which other machines may be asked for, as any, inside TLS only."""
        self.assertEqual(self.check("vnc-auth = one-time", "spice-auth = one-time", "vnc = 127.0.0.1:1")[0], 0)
        for protocol in "vnc", "spice":
            lines = f"{protocol}-auth = one-time", f"{protocol} = 0.0.0.0:1"
            status, _, error = self.check(*lines)
            self.assertEqual(status, 78)
            self.assertIn("has no TLS there", error)
            self.assertEqual(self.check(*lines, "allow-cleartext = yes")[0], 0)
        self.assertIn("one of none, ticket, one-time", self.check("spice-auth = onetime")[2])

    def test_who_is_asked_for_nothing_needs_none(self):
        with ControlDaemon("{control}" + vm_section("open", spice="127.0.0.1:0")) as daemon:
            daemon.wait_serving("open")
            with daemon.control() as control:
                for protocol in PROBES:
                    with self.assertRaisesRegex(Refused, f"asks nobody for a password over {protocol}"):
                        control.ask("ticket", vm="open", protocol=protocol)


if __name__ == "__main__":
    unittest.main(verbosity=2)
