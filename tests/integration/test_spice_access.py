#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets in by SPICE, who must share with whom, and who may only watch; VNC viewers are of the company."""
import contextlib
import os
import pathlib
import tempfile
import unittest

from harness import Daemon, connect, vm_section, wait_until
from spice_raw import CURSOR, DISPLAY, INPUTS, Channel, Session, link_message
from spice_raw import Refused as RawRefused
from viewer import Refused, SpiceViewer, Viewer

KEYS = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": "640x480", "spice": "127.0.0.1:0"}
PASSWORD = "open sesame, please"


def start(**keys):
    daemon = Daemon(vm_section("vm", **{**KEYS, **keys}))
    daemon.wait_serving("vm")
    return daemon


def spice(daemon, *options, **more):
    return SpiceViewer(daemon.address("vm", protocol="spice"), *options, **more)


def vnc(daemon, *options, **more):
    return Viewer(daemon.address("vm"), *options, **more)


class Password(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.file = pathlib.Path(directory.name) / "password"
        self.set_password(PASSWORD)

    def set_password(self, text):
        self.file.write_text(text + "\n")
        self.file.chmod(0o600)

    def start(self, **keys):
        return start(spice_auth="ticket", spice_password_file=self.file, **keys)

    def refused(self, daemon, *options, why="wrong password"):
        with self.assertRaisesRegex(Refused, why, msg=options):
            spice(daemon, *options)

    def test_right_wrong_and_none(self):
        with self.start() as daemon:
            with spice(daemon, "--password", PASSWORD) as viewer:
                viewer("scene", "still")
                for wrong in (PASSWORD.upper(), PASSWORD[:-1]):
                    self.refused(daemon, "--password", wrong)
                self.refused(daemon)
                viewer("scene", "still")
            with spice(daemon, "--password", PASSWORD) as viewer:
                viewer("scene", "still")
            self.assertEqual(daemon.count_lines(PASSWORD), 0)

    def test_longest(self):
        self.set_password("x" * 60)
        with self.start() as daemon:
            self.refused(daemon, "--password", "x" * 59)
            with spice(daemon, "--password", "x" * 60) as viewer:
                viewer("scene", "still")

    def test_changed_and_expired(self):
        """The file is read at each login; who is in stays in."""
        with self.start(spice_password_lifetime="1h") as daemon:
            with spice(daemon, "--password", PASSWORD) as viewer:
                viewer("scene", "still")
                self.set_password("another one")
                self.refused(daemon, "--password", PASSWORD)
                with spice(daemon, "--password", "another one") as other:
                    other("scene", "still")
                    os.utime(self.file, (0, 0))
                    self.refused(daemon, "--password", "another one")
                    daemon.wait_line("the password is right but has expired")
                    for one in (viewer, other):
                        one("remember")
                    viewer.press(0x1e)
                    for one in (viewer, other):
                        one("changed")
            self.set_password("another one")
            with spice(daemon, "--password", "another one") as viewer:
                viewer("size", 640, 480)

    def test_further_channels_do_not_ask_for_the_file(self):
        """A viewer comes in with its main channel, whatever becomes of the password meanwhile; but it is his own."""
        with self.start(spice_password_lifetime="1h") as daemon:
            address = daemon.address("vm", protocol="spice")
            with Session(address, PASSWORD.encode(), kinds=()) as session:
                os.utime(self.file, (0, 0))
                session.link(CURSOR).wait(None)
                self.set_password("another one")
                session.link(INPUTS).wait(None)
                with self.assertRaises(RawRefused):
                    Channel(address, DISPLAY, session.id, b"another one")
                self.file.unlink()
                session.link(DISPLAY).wait(None)

    def test_file_of_no_use(self):
        """Nobody gets in, and the log says why, but who is in stays in."""
        with self.start() as daemon:
            with spice(daemon, "--password", PASSWORD) as viewer:
                for spoil, why in ((lambda: self.file.chmod(0o644), "mode|access"),
                                   (lambda: self.set_password(""), "empty|password"),
                                   (self.file.unlink, "No such file")):
                    mark = daemon.mark()
                    spoil()
                    self.refused(daemon, "--password", PASSWORD)
                    daemon.wait_line(f"nobody can log in.*({why})|({why}).*nobody can log in", mark)
                viewer("scene", "still")

    def test_a_guesser_is_kept_out(self):
        """He is not even asked, for a while; who is in notices nothing."""
        with self.start() as daemon:
            with spice(daemon, "--password", PASSWORD) as viewer:
                mark = daemon.mark()
                while not daemon.count_lines("too many failed attempts", mark):
                    self.refused(daemon, "--password", "guess", why="wrong password|refused")
                self.refused(daemon, "--password", PASSWORD, why="refused")
                viewer("remember")
                viewer.press(0x1e)
                viewer("changed")


class Sharing(unittest.TestCase):
    """Only VNC viewers can ask to be the only one, but all are meant."""

    def test_exclusive_viewer_has_it_alone(self):
        with start(sharing="allow-exclusive") as daemon:
            with spice(daemon) as first, spice(daemon) as second, vnc(daemon) as third:
                for viewer in (first, second, third):
                    viewer("scene", "still")
                with vnc(daemon, "--exclusive") as alone:
                    for viewer in (first, second, third):
                        viewer("closed")
                    alone("scene", "still")
                    with self.assertRaises(Refused):
                        spice(daemon, patience_s=5)
                    alone("request")
                    alone("scene", "still")

            def enters():
                try:
                    with spice(daemon) as viewer:
                        return viewer("scene", "still")
                except Refused:
                    return None

            wait_until(enters, "who comes after it gets in", interval_s=0.1)

    def test_force_shared_refuses_who_wants_it_alone(self):
        with start(sharing="force-shared") as daemon, spice(daemon) as viewer:
            viewer("scene", "still")
            with self.assertRaises(Refused):
                with vnc(daemon, "--exclusive") as alone:
                    alone("closed")
                    raise Refused
            viewer("remember")
            viewer.press(0x1e)
            viewer("changed")

    def test_max_viewers(self):
        with start(max_viewers=3) as daemon, spice(daemon) as first, vnc(daemon) as second, spice(daemon) as third:
            with self.assertRaises(Refused):
                spice(daemon, patience_s=5)
            with self.assertRaises(Refused):
                with vnc(daemon) as another:
                    another("closed")
                    raise Refused
            for viewer in (first, second, third):
                viewer("scene", "still")
            first.close()
            wait_until(lambda: daemon.count_lines("viewer left"), "the place is free")
            with vnc(daemon) as another:
                another("scene", "still")


class ViewOnly(unittest.TestCase):
    def act(self, viewer):
        viewer("pointer", 300, 200, 1)
        viewer.press(0x1e)
        viewer("pointer", 320, 240, 0)

    def test_nothing_reaches_the_pattern(self):
        with start(view_only="yes") as daemon, spice(daemon) as viewer, vnc(daemon) as other:
            for one in (viewer, other):
                one("scene", "still")
                one("remember")
            self.act(viewer)
            other.press(ord("a"))
            wait_until(viewer.is_quiet, "whatever comes of it")
            for one in (viewer, other):
                one("scene", "still")

    def test_asks_for_a_size_in_vain(self):
        with start(view_only="yes") as daemon, spice(daemon, patience_s=2) as viewer:
            self.assertFalse(viewer("resize", 800, 600, may_fail=True)["ok"])
            daemon.wait_line("asked for 800x600: Operation not permitted")
            viewer("size", 640, 480)
            viewer("scene", "still")

    def test_changes_while_connected(self):
        with start(view_only="yes") as daemon, spice(daemon, patience_s=1) as viewer:
            viewer("scene", "still")
            viewer("remember")

            def reaches():
                self.act(viewer)
                return viewer("changed", may_fail=True)["ok"]

            self.assertFalse(reaches())
            daemon.reload(vm_section("vm", **KEYS, view_only="no"))
            # The worker hears of it a moment after the supervisor's line.
            wait_until(reaches, "keys reach the guest")
            # Who holds something when he may only watch lets go of it.
            viewer("key", 0x1e, "down")
            daemon.reload(vm_section("vm", **KEYS, view_only="yes"))

            def rests():
                viewer("remember")
                return not reaches()

            wait_until(rests, "keys do not reach the guest")


class Handshakes(unittest.TestCase):
    def test_the_oldest_stranger_makes_room(self):
        """Whatever strangers do, a viewer gets all of its channels."""
        with start(max_handshakes=4) as daemon:
            address = daemon.address("vm", protocol="spice")
            strangers = [connect(address) for _ in range(20)]
            try:
                with spice(daemon) as viewer:
                    viewer("scene", "still")
            finally:
                for stranger in strangers:
                    stranger.close()

    def test_a_crowd_from_elsewhere(self):
        """Real viewers connect their further channels all at once."""
        with start(max_handshakes=4) as daemon, contextlib.ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(connect(daemon.address("vm", protocol="spice"), source="127.0.4.1"))
            for _ in range(3):
                with spice(daemon) as viewer:
                    viewer("scene", "still")

    def test_a_crowd_from_elsewhere_at_another_door(self):
        """There is one limit for all protocols."""
        for crowded, free, says in (("vnc", "spice", link_message()), ("spice", "vnc", b"RFB 003.008\n")):
            with self.subTest(free), start(max_handshakes=4) as daemon, contextlib.ExitStack() as stack:
                def come(protocol, source):
                    return stack.enter_context(connect(daemon.address("vm", protocol=protocol), source=source))

                for _ in range(20):
                    come(crowded, "127.0.4.1")
                strangers = [come(free, "127.0.0.1") for _ in range(2)]
                come(crowded, "127.0.4.1")
                for stranger in strangers:
                    stranger.sendall(says)
                    self.assertTrue(stranger.recv(1))

    def test_silence_ends_at_the_deadline(self):
        with start(handshake_timeout="1s") as daemon:
            with connect(daemon.address("vm", protocol="spice")) as stranger:
                self.assertEqual(stranger.recv(1), b"")
            daemon.wait_line("the handshake took too long")


if __name__ == "__main__":
    unittest.main(verbosity=2)
