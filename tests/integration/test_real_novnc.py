#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""noVNC in Chromium from the VM's own address: the picture exactly, mouse, keyboard, clipboard, password, users, and its size.

Debian's of this machine's release, and that of Debian 13. Screenshots stay in the build folder, tests/screenshots.
"""
import contextlib
import os
import pathlib
import tempfile
import unittest

import novnc
from agent import Agent, Port, copy, wait_pasted
from browser import Browser, find_viewers
from harness import Daemon, vm_section, wait_until
from picture import Picture
from screen import Screen
from tls import make_certs, make_users, server_section
from viewer import SpiceViewer, Viewer

SIZE = 800, 600
WINDOW = 1100, 800
DEADLINE_S = 60
PASSWORD = "Sesame42"
USER, USERS_PASSWORD = "alice", "looking-glass-1871"
NOVNCS = "novnc", "novnc-own"
LOGIN = "document.querySelector('#noVNC_credentials_dlg.noVNC_open')"
FILL_IN = """
for (const [field, text] of [["username", %r], ["password", %r]])
    document.getElementById(`noVNC_${field}_input`).value = text;
document.getElementById("noVNC_credentials_button").click();
"""


class NoVnc(unittest.TestCase):
    @contextlib.contextmanager
    def showing(self, folder, query="", certs=None, **keys):
        """A VM, and noVNC of that folder; with a folder of certificates both over TLS."""
        keys = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": "{}x{}".format(*SIZE),
                "websocket": "127.0.0.1:0", "websocket_pages": VIEWERS / folder, **keys}
        server = server_section(certs) if certs else ""
        with Daemon(server + vm_section("vm", **keys)) as daemon, \
                Browser(*WINDOW, certs and certs / "ca.pem") as self.browser:
            daemon.wait_serving("vm")
            host, port = daemon.address("vm", protocol="websocket")
            self.browser.open(f"{'https' if certs else 'http'}://{host}:{port}/{query}")
            try:
                yield daemon
                refused = [said for said in self.browser.said if "Content Security Policy" in said]
                self.assertFalse(refused)
            except BaseException:
                print("--- what the page said, the last:", *self.browser.said[-30:], sep="\n")
                raise

    def size(self):
        return novnc.size(self.browser)

    def status(self):
        return self.browser.value("document.querySelector('#noVNC_status').textContent")

    def log_in(self, password):
        """Into the form that noVNC shows who has to say who he is."""
        wait_until(lambda: self.browser.value(LOGIN + " !== null"), "noVNC asks who it is", DEADLINE_S, 0.1)
        self.browser.value(FILL_IN % (USER, password))

    def expect_same(self, name, probe):
        """The canvas shows what another viewer is shown, pixel for pixel."""
        with tempfile.TemporaryDirectory(prefix="planecast-test-") as folder:
            def seen():
                probe("save", f"{folder}/same.ppm")
                return Picture.read_ppm(f"{folder}/same.ppm")

            novnc.expect_same(self.browser, name, seen, DEADLINE_S)

    def test_picture_mouse_keyboard(self):
        for folder in NOVNCS:
            with self.subTest(folder), self.showing(folder, "vnc.html?autoconnect=1&resize=off") as daemon, \
                    Viewer(daemon.address("vm"), patience_s=DEADLINE_S) as probe:
                wait_until(lambda: self.size() == list(SIZE), "noVNC is connected", DEADLINE_S, 0.1)
                probe("scene", "still")
                self.expect_same(f"{folder}-picture", probe)
                probe("remember")
                novnc.click(self.browser, 300, 300)
                probe("changed")
                for word in "planecast", "types":
                    probe("remember")
                    novnc.type_word(self.browser, word)
                    probe("changed")
                self.expect_same(f"{folder}-typed", probe)

    def test_clipboard(self):
        """Its page has a field for that."""
        words = "Grüße für 5 €\nzweite Zeile"
        field = "document.getElementById('noVNC_clipboard_text')"
        query = "vnc.html?autoconnect=1&resize=off"
        for folder in NOVNCS:
            with self.subTest(folder), Screen(640, 480) as guest:
                host, port = guest.directory / "host", guest.directory / "port"
                with Port(host, port), self.showing(folder, query, vdagent=host) as daemon, Agent(port, guest):
                    daemon.wait_line("the guest's agent takes part in the clipboard")
                    daemon.wait_line(r"127\.0\.0\.1:\d+: takes part in the clipboard")
                    copy(guest, words)
                    wait_until(lambda: self.browser.value(field + ".value") == words, "the field has it", DEADLINE_S,
                               0.1)
                    self.browser.value(f"{field}.value = 'back: ' + {field}.value; "
                                       f"{field}.dispatchEvent(new Event('change'))")
                    wait_pasted(guest, "back: " + words)

    def test_size(self):
        """The guest's picture becomes as large as the page has room, and follows it."""
        for folder in NOVNCS:
            with self.subTest(folder), self.showing(folder) as daemon, \
                    Viewer(daemon.address("vm"), patience_s=DEADLINE_S) as probe:
                wait_until(lambda: self.browser.value("document.readyState") == "complete" and self.size()[0],
                           "noVNC is connected", DEADLINE_S, 0.1)
                self.browser.value(novnc.UNCOVER)
                for size in (1000, 700), (640, 480):
                    novnc.resize(self.browser, *size)
                    probe("size", *size)
                    wait_until(lambda size=size: self.size() == list(size), "noVNC has the size", DEADLINE_S, 0.1)
                    probe("scene", "still")
                    self.expect_same(f"{folder}-{size[0]}x{size[1]}", probe)

    def test_password(self):
        with tempfile.NamedTemporaryFile("w", prefix="planecast-") as file:
            os.chmod(file.name, 0o600)
            file.write(PASSWORD + "\n")
            file.flush()
            query = "vnc.html?autoconnect=1&resize=off&password="
            keys = {"vnc_auth": "vncauth", "vnc_password_file": file.name}
            for folder in NOVNCS:
                with self.subTest(folder), self.showing(folder, f"{query}{PASSWORD}", **keys) as daemon, \
                        Viewer(daemon.address("vm"), "--password", PASSWORD, patience_s=DEADLINE_S) as probe:
                    wait_until(lambda: self.size() == list(SIZE), "noVNC is connected", DEADLINE_S, 0.1)
                    self.expect_same(f"{folder}-password", probe)
                with self.subTest(f"{folder}, wrong"), self.showing(folder, f"{query}wrong", **keys) as daemon:
                    daemon.wait_line("VNC client left .* wrong password", deadline_s=DEADLINE_S)
                    wait_until(self.status, "noVNC tells of it", DEADLINE_S, 0.1)
                    self.assertFalse(self.size()[0])

    def test_users_over_tls(self):
        with tempfile.TemporaryDirectory(prefix="planecast-") as directory:
            certs = pathlib.Path(directory) / "certs"
            make_certs(certs, "127.0.0.1")
            users = certs / "users"
            make_users(users, {USER: USERS_PASSWORD})
            query = "vnc.html?autoconnect=1&resize=off"
            for folder in NOVNCS:
                with self.subTest(folder), self.showing(folder, query, certs, vnc_auth="users", users_file=users,
                                                        spice="127.0.0.1:0") as daemon, \
                        SpiceViewer(daemon.address("vm", protocol="spice"), patience_s=DEADLINE_S) as probe:
                    self.log_in(USERS_PASSWORD[:-1])
                    daemon.wait_line("VNC client left .* wrong password", deadline_s=DEADLINE_S)
                    wait_until(lambda: not self.browser.value(LOGIN + " !== null") and self.status(),
                               "noVNC tells of it", DEADLINE_S, 0.1)
                    self.assertFalse(self.size()[0])
                    self.browser.call("Page.reload")
                    self.log_in(USERS_PASSWORD)
                    daemon.wait_line(f"viewing, RFB 3.8, .*over TLS.* as {USER}$", deadline_s=DEADLINE_S)
                    probe("scene", "still")
                    self.expect_same(f"{folder}-users", probe)


if __name__ == "__main__":
    VIEWERS = find_viewers()
    unittest.main(verbosity=2)
