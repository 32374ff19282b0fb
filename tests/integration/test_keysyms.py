#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Text that viewers type who send characters and no key codes arrives at guests of four layouts.

A real QEMU's guest echoes its keyboard's scancodes (guest.py); what they mean there libxkbcommon's own tables say
(xkb.py). The viewer has a US keyboard and holds that keyboard's Shift for what is shifted there.
"""
import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import unittest

from guest import Guest, build_payload
from harness import Daemon, vm_section
from screen import Screen, tigervnc
from viewer import Viewer
from xkb import Reader, keysym_of

ASCII = "".join(map(chr, range(0x20, 0x7f)))
US_SHIFTED = '~!@#$%^&*()_+{}|:"<>?ABCDEFGHIJKLMNOPQRSTUVWXYZ'
SHIFT = 0xffe1
TEXTS = {
    "us": ASCII,
    "de": ASCII + "äöüÄÖÜß€µ²³°§´êéèâÊ",
    "fr": ASCII + "éèçàùêëïîôûâ€£§µ°ÊË",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ 0123456789№;%:?*()_+=-\\/.,!\"",
}
KEY_EVENT_ASKED, NOTHING_ASKED = b"\xff\xff\xfe\xfe", b"\x7f\xff\xfe\xfe"


class WithoutKeyCodes:
    """A way to a server on which no viewer asks for QEMU's key codes."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.asked = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            with self.listener.accept()[0] as client, socket.create_connection(self.target) as server:
                back = threading.Thread(target=self.carry, args=(server, client, False), daemon=True)
                back.start()
                self.carry(client, server, True)
                back.join()

    def carry(self, source, sink, change):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.asked = self.asked or (change and KEY_EVENT_ASKED in data)
                sink.sendall(data.replace(KEY_EVENT_ASKED, NOTHING_ASKED) if change else data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


class Keysyms(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.image = build_payload(directory.name)
        self.qmp = os.path.join(directory.name, "qmp")

    def start(self, layout, by_dbus=False):
        way = {"display": "dbus,p2p=yes", "devices": ("VGA",)} if by_dbus else {}
        source = {"source": "dbus", "dbus": "p2p", "pattern_fps": None} if by_dbus else {}
        self.guest = Guest(self.image, self.qmp, **way)
        self.addCleanup(self.guest.kill)
        self.reader = Reader(layout)
        daemon = Daemon(vm_section("vm", qmp=self.qmp, keymap=layout, pattern_size=None, **source)).__enter__()
        self.addCleanup(daemon.__exit__, None, None, None)
        daemon.wait_line("connected to QEMU's D-Bus display" if by_dbus else "input goes to QEMU")
        return daemon

    def read(self, characters, what):
        """Until that many more are read, and nothing is down."""
        wanted = len(self.reader.text) + characters
        while len(self.reader.text) < wanted or self.reader.down or self.reader.extended:
            event = self.guest.event(what)
            if not isinstance(event, tuple):
                self.reader.feed([event])

    def type_all(self, by_dbus):
        for layout, text in TEXTS.items():
            with self.subTest(layout):
                daemon = self.start(layout, by_dbus)
                with Viewer(daemon.address("vm")) as viewer:
                    for character in text:
                        shifted = character in US_SHIFTED
                        if shifted:
                            viewer("key", SHIFT, "down")
                        viewer.press(keysym_of(character))
                        if shifted:
                            viewer("key", SHIFT, "up")
                        self.read(1, f"{layout}: {character}")
                self.assertEqual(self.reader.text, text)
                daemon.__exit__(None, None, None)
                self.guest.kill()

    def test_layouts(self):
        self.type_all(by_dbus=False)

    def test_layouts_by_dbus(self):
        """The same where QEMU's D-Bus display takes the keys."""
        self.type_all(by_dbus=True)

    def real_viewer(self, layout, text, keyboard, key_codes=False):
        daemon = self.start(layout)
        address = daemon.address("vm")
        if not key_codes:
            way = WithoutKeyCodes(address)
            self.addCleanup(way.close)
            address = way.address
        with Screen(1000, 800) as screen:
            subprocess.run(["setxkbmap", keyboard], env=screen.env, check=True)
            screen.start(tigervnc(address))
            screen.wait_window("vm - ")
            screen.xdotool("search", "--onlyvisible", "--name", "vm - ", "windowfocus", "--sync")
            for character in text:
                screen.xdotool("type", "--delay", 1, character)
                self.read(1, f"{layout}: {character}")
            if not key_codes:
                self.assertTrue(way.asked)
        self.assertEqual(self.reader.text, text)

    def test_vncviewer(self):
        """TigerVNC with a US keyboard that has European characters on AltGr, at a German guest."""
        self.real_viewer("de", "Zylinder: {user@host} ~/[x|y] €5 Ärger, süß & groß? 2^8; crème, né", "eu")

    def test_vncviewer_in_cyrillic(self):
        self.real_viewer("ru", "Съешь же ещё этих мягких французских булок, №5!", "ru")

    def test_vncviewer_with_key_codes(self):
        """Whose keys are the guest's: nothing is changed on the way."""
        self.real_viewer("us", "Hello, World! {user@host}", "us", key_codes=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
