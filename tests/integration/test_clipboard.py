#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is copied in a guest can be pasted at real viewers, and the other way round, by Debian's spice-vdagent."""
import pathlib
import socket
import struct
import tempfile
import threading
import unittest

from agent import Agent, Port, copy, paste, wait_pasted
from harness import SANITIZED, Daemon, RfbClient, vm_section, wait_until
from screen import Screen, remote_viewer, spicy, tigervnc
from viewer import Viewer

SIZE = 640, 480
EXTENDED_CLIPBOARD = 0xc0a1e5ce - (1 << 32)
CROWD = 8
PICTURES = 100
GROWTH_MAX_KB = 16384
WORDS = "Grüße für 5 €\nzweite Zeile\n\tКириллица 😀"


def agent_message(kind, content):
    message = struct.pack("<IIQI", 1, kind, 0, len(content)) + content
    return struct.pack("<II", 1, len(message)) + message


class Flood:
    """An agent that says that something is copied, is not, and is wanted, as fast as it is heard. A context manager."""

    def __init__(self, path):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._ends = threading.Event()
        self.sent = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._ends.set()
        self._thread.join()
        self._listener.close()

    def _run(self):
        selection, text = bytes(4), struct.pack("<I", 1)
        words = (agent_message(7, selection + text) + agent_message(9, selection) +
                 agent_message(8, selection + text)) * 1000
        peer, _ = self._listener.accept()
        with peer:
            peer.settimeout(0.1)
            peer.sendall(agent_message(6, struct.pack("<II", 1, 0x60)))
            # It hears nothing, either.
            while not self._ends.is_set():
                try:
                    self.sent += peer.send(words)
                except socket.timeout:
                    pass
                except OSError:
                    return


def memory_kb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


class Clipboard(unittest.TestCase):
    def enter(self, manager):
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def start(self, **keys):
        """A VM whose guest's desktop is self.guest, and self.screen for viewers."""
        self.guest = self.enter(Screen(640, 480))
        self.screen = self.enter(Screen(1200, 900))
        self.host, self.port = self.guest.directory / "host", self.guest.directory / "port"
        self.keys = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": f"{SIZE[0]}x{SIZE[1]}",
                     "vdagent": self.host, **keys}
        self.enter(Port(self.host, self.port))
        self.daemon = self.enter(Daemon(vm_section("vm", **self.keys)))
        self.daemon.wait_serving("vm")
        self.agent = self.enter(Agent(self.port, self.guest))
        self.daemon.wait_line("the guest's agent takes part in the clipboard")

    def set_keys(self, **keys):
        self.daemon.reload(vm_section("vm", **{**self.keys, **keys}))

    def focus(self, name):
        """There is no window manager to give it the keyboard; viewers tell of the clipboard when they have it."""
        self.screen.xdotool("search", "--sync", "--onlyvisible", "--name", name, "windowfocus", "--sync")

    def wait_viewer(self):
        """What is copied from now on it is told of."""
        self.daemon.wait_line(r"127\.0\.0\.1:\d+: takes part in the clipboard")

    def open_tigervnc(self):
        self.screen.start(tigervnc(self.daemon.address("vm")))
        self.wait_viewer()
        self.focus("vm - ")

    def both_ways(self, words):
        copy(self.guest, words)
        wait_pasted(self.screen, words)
        answer = "back: " + words
        copy(self.screen, answer)
        wait_pasted(self.guest, answer)

    def test_tigervnc(self):
        self.start()
        self.open_tigervnc()
        self.both_ways(WORDS)
        self.both_ways("x" * 200000 + "\nend")

    def spice(self, command):
        self.start(spice="127.0.0.1:0")
        self.screen.start(command(self.daemon.address("vm", protocol="spice")))
        self.wait_viewer()
        self.both_ways(WORDS)
        self.both_ways("x" * 200000 + "\nend")
        self.set_keys(clipboard="off")
        copy(self.guest, "of the guest")
        copy(self.screen, "of the viewer")
        self.set_keys(clipboard="both")
        self.assertEqual(paste(self.guest), "of the guest")
        self.assertEqual(paste(self.screen), "of the viewer")
        self.both_ways("again")

    def test_remote_viewer(self):
        self.spice(remote_viewer)

    def test_spicy(self):
        self.spice(spicy)

    def test_viewers_of_both_protocols_at_once(self):
        """Each gets what the guest has, and none what another viewer has."""
        self.start(spice="127.0.0.1:0")
        self.open_tigervnc()
        other = self.enter(Screen(1200, 900))
        mark = self.daemon.mark()
        other.start(remote_viewer(self.daemon.address("vm", protocol="spice")))
        self.daemon.wait_line(r"127\.0\.0\.1:\d+: takes part in the clipboard", mark)
        copy(self.guest, "for all")
        wait_pasted(self.screen, "for all")
        wait_pasted(other, "for all")
        copy(other, "for the guest")
        wait_pasted(self.guest, "for the guest")
        self.assertNotEqual(paste(self.screen), "for the guest")

    def test_each_way_can_be_closed_while_viewers_watch(self):
        self.start(clipboard="from-guest")
        self.open_tigervnc()
        copy(self.guest, "from guest")
        wait_pasted(self.screen, "from guest")
        copy(self.screen, "not to the guest")
        self.assertEqual(paste(self.guest), "from guest")
        self.set_keys(clipboard="to-guest")
        copy(self.screen, "to guest")
        wait_pasted(self.guest, "to guest")
        copy(self.guest, "not from the guest")
        self.assertEqual(paste(self.screen), "to guest")
        self.set_keys(clipboard="both")
        self.both_ways("both")

    def test_who_may_only_watch_gets_nothing(self):
        self.start(view_only="yes")
        self.open_tigervnc()
        copy(self.screen, "of the viewer")
        copy(self.guest, "of the guest")
        # Of a viewer beside it, to whom all would have been sent by then.
        with RfbClient(self.daemon.address("vm")) as client:
            client.request(incremental=False)
            client.update()
        self.assertEqual(paste(self.screen), "of the viewer")
        self.assertEqual(paste(self.guest), "of the guest")
        self.set_keys(view_only="no")
        self.both_ways("from now on")

    def test_a_long_text_is_none(self):
        self.start(clipboard_max="1000")
        self.open_tigervnc()
        copy(self.screen, "z" * 2000)

        def refused():
            paste(self.guest)
            return self.daemon.count_lines(r"127.*: clipboard text of 2001 bytes ignored, clipboard-max is 1000")

        wait_until(refused, "the viewer's is too long")
        # The guest's own agent knows how long a text may be.
        copy(self.guest, "y" * 1001)
        self.both_ways("y" * 900)

    def test_a_guest_that_floods_fills_neither_memory_nor_log(self):
        directory = self.enter(tempfile.TemporaryDirectory(prefix="planecast-"))
        path = pathlib.Path(directory) / "agent"
        flood = self.enter(Flood(path))
        self.daemon = self.enter(Daemon(vm_section("vm", vdagent=path, pattern_size="1280x720"), log_level="info"))
        pid = self.daemon.wait_serving("vm")
        crowd = [self.enter(RfbClient(self.daemon.address("vm"))) for _ in range(CROWD)]
        for viewer in crowd:
            viewer.set_encodings(0, EXTENDED_CLIPBOARD)
        viewer = self.enter(Viewer(self.daemon.address("vm"), "--encodings", "copyrect tight"))
        viewer("updates", 10)
        before, sent, lines = memory_kb(pid), flood.sent, self.daemon.mark()
        viewer("reset")
        viewer("updates", PICTURES)
        print(f"{(flood.sent - sent) / 1e6:.1f} MB of an agent, longest gap {viewer('stats')['gap_max_ms']} ms")
        self.assertGreater(flood.sent, sent)
        # What is freed is kept for a while by sanitizers.
        if not SANITIZED:
            self.assertLess(memory_kb(pid) - before, GROWTH_MAX_KB)
        self.assertLess(self.daemon.mark() - lines, 10)

    def test_the_agent_is_started_anew(self):
        self.start()
        self.open_tigervnc()
        mark = self.daemon.mark()
        self.agent.__exit__(None, None, None)
        self.agent = self.enter(Agent(self.port, self.guest))
        self.daemon.wait_line("the guest's agent takes part in the clipboard", mark)
        self.both_ways("after the second one came")


if __name__ == "__main__":
    unittest.main(verbosity=2)
