#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets in, who must share, and who may type."""
import os
import tempfile
import unittest

from harness import Daemon, RfbClient, vm_section, wait_until
from viewer import Refused, Viewer


def start(**keys):
    keys = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": "640x480", **keys}
    daemon = Daemon(vm_section("vm", **keys))
    daemon.wait_serving("vm")
    return daemon


def offered(client):
    """Security types, one a byte."""
    client.read(12)
    client.send(b"RFB 003.008\n")
    return client.read(client.read(1)[0])


class Password(unittest.TestCase):
    def keep(self, password):
        """The keys of a VM with that password."""
        file = tempfile.NamedTemporaryFile("wb", prefix="planecast-")
        self.addCleanup(file.close)
        os.chmod(file.name, 0o600)
        file.write(password.encode() + b"\n")
        file.flush()
        return {"vnc_auth": "vncauth", "vnc_password_file": file.name}

    def setUp(self):
        self.keys = self.keep("Sesame42")

    def test_right_and_wrong(self):
        with start(**self.keys) as daemon:
            address = daemon.address("vm")
            with Viewer(address, "--password", "Sesame42") as viewer:
                viewer("scene", "still")
                for wrong in ("", "sesame42", "Sesame4", "x" * 200):
                    with self.assertRaises(Refused, msg=wrong):
                        Viewer(address, "--password", wrong)
                viewer("scene", "still")
                # Only eight characters count in this protocol.
                with Viewer(address, "--password", "Sesame42 and more") as other:
                    other("scene", "still")
            self.assertEqual(daemon.count_lines("Sesame"), 0)


    def test_a_guesser_is_kept_out(self):
        """Hanging up before the answer must not buy another guess."""
        def guess():
            with RfbClient(daemon.address("vm"), handshake=False) as client:
                if offered(client) == b"\x02":
                    client.send(b"\x02")
                    client.read(16)
                    client.send(bytes(16))
                    return False
                return client.read(client.unpack(">I")[0]) == b"Too many failed attempts, try again later"

        with start(**self.keys) as daemon:
            with Viewer(daemon.address("vm"), "--password", "Sesame42") as viewer:
                wait_until(guess, "the end of patience")
                with self.assertRaises(Refused):
                    Viewer(daemon.address("vm"), "--password", "Sesame42")
                viewer("request")
                viewer("scene", "still")


    def test_no_vm_opens_another(self):
        """libvncserver has one list of security types for all screens of a process: what one offers opens the others."""
        still = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": "640x480", "penalty_auth": 0,
                 "penalty_abort": 0, "refusal_delay": 0}
        vms = {"open": {}, "closed": self.keys, "other": self.keep("Aladdin7")}
        with Daemon("".join(vm_section(name, **still, **keys) for name, keys in vms.items())) as daemon:
            for name in vms:
                daemon.wait_serving(name)
            # In any order, with viewers of each there.
            with Viewer(daemon.address("open")) as viewer, Viewer(daemon.address("closed"), "--password", "Sesame42"):
                for name in ("closed", "open", "other", "closed"):
                    with RfbClient(daemon.address(name), handshake=False) as client:
                        self.assertEqual(offered(client), b"\x01" if name == "open" else b"\x02")
                        if name == "open":
                            continue
                        client.send(b"\x01\x01")
                        with self.assertRaises(ConnectionError):
                            # Its reason may come, a picture's size does not.
                            self.assertNotEqual(client.unpack(">I"), (0,))
                            client.read(1 << 20)
                for name, password in (("closed", "Aladdin7"), ("other", "Sesame42")):
                    with self.assertRaises(Refused):
                        Viewer(daemon.address(name), "--password", password)
                viewer("scene", "still")
                with Viewer(daemon.address("other"), "--password", "Aladdin7") as last:
                    last("scene", "still")


class Sharing(unittest.TestCase):
    def test_exclusive_viewer_has_it_alone(self):
        with start(sharing="allow-exclusive") as daemon:
            address = daemon.address("vm")
            with Viewer(address) as first, Viewer(address) as second:
                first("scene", "still")
                second("scene", "still")
                with Viewer(address, "--exclusive") as alone:
                    first("closed")
                    second("closed")
                    alone("scene", "still")

    def test_force_shared_refuses_who_wants_it_alone(self):
        with start(sharing="force-shared") as daemon:
            address = daemon.address("vm")
            with Viewer(address) as first:
                first("scene", "still")
                with self.assertRaises(Refused):
                    with Viewer(address, "--exclusive") as alone:
                        alone("closed")
                        raise Refused
                first("request")
                first("scene", "still")

    def test_ignore_lets_all_in(self):
        with start(sharing="ignore") as daemon:
            address = daemon.address("vm")
            with Viewer(address) as first, Viewer(address, "--exclusive") as second:
                for viewer in (first, second, first):
                    viewer("reset")
                    viewer("request")
                    viewer("updates", 1)
                    viewer("scene", "still")

    def test_max_viewers(self):
        with start(max_viewers=2) as daemon:
            address = daemon.address("vm")
            with Viewer(address) as first, Viewer(address) as second:
                with self.assertRaises(Refused):
                    with Viewer(address) as third:
                        third("closed")
                        raise Refused
                for viewer in (first, second):
                    viewer("request")
                    viewer("scene", "still")


class Input(unittest.TestCase):
    def test_reaches_the_pattern(self):
        with start(pattern_size="1024x768") as daemon:
            with Viewer(daemon.address("vm")) as viewer, Viewer(daemon.address("vm")) as other:
                viewer("scene", "still")
                other("scene", "still")
                # A press in the terminal, a key, and the button beside it under the pointer.
                for name, actions in (("press", [("pointer", 300, 200, 1)]),
                                      ("key", [("pointer", 300, 200, 0), ("key", ord("a"), "down")]),
                                      ("click", [("key", ord("a"), "up"), ("pointer", 800, 100, 1)])):
                    viewer("remember")
                    other("remember")
                    for action in actions:
                        viewer(*action)
                    # What one viewer does all viewers see.
                    print(f"{name}: seen after {viewer('changed')['ms']} ms, by another {other('changed')['ms']} ms")

    def test_view_only(self):
        with start(view_only="yes") as daemon:
            address = daemon.address("vm")
            with Viewer(address) as viewer:
                viewer("scene", "still")
                viewer("pointer", 300, 200, 1)
                viewer.press(ord("a"))
                wait_until(viewer.is_quiet, "whatever comes of it")
                viewer("scene", "still")

    def test_view_only_can_change_while_connected(self):
        keys = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": "640x480"}
        with start(view_only="yes") as daemon:
            with Viewer(daemon.address("vm"), patience_s=1) as viewer:
                viewer("scene", "still")
                viewer("remember")
                daemon.reload(vm_section("vm", view_only="no", **keys))

                def types():
                    viewer.press(ord("a"))
                    return viewer("changed", may_fail=True)["ok"]

                # The worker hears of it a moment after the supervisor's line.
                wait_until(types, "keys reach the guest")


if __name__ == "__main__":
    unittest.main(verbosity=2)
