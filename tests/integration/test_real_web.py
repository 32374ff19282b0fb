#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The web page in Chromium: login, the list, noVNC from it, and logout, by day and by night.

With noVNC of this machine's release, and that of Debian 13. Screenshots stay in the build folder, tests/screenshots.
"""
import base64
import contextlib
import pathlib
import tempfile
import unittest
import urllib.parse

import novnc
from browser import Browser, PageError, find_viewers
from harness import Daemon, wait_until
from picture import Picture
from screen import SCREENSHOTS
from viewer import SpiceViewer
from web_page import COOKIE, PASSWORDS, VMS, Page, config, web_address, write_files

SIZE = 800, 600
WINDOW = 1100, 800
DEADLINE_S = 60
NOVNCS = "novnc", "novnc-own"
LOOKS = {"light": {"scheme": "light"}, "dark": {"scheme": "dark"}, "narrow": {"scheme": "light", "width": 360, "height": 640}}


class RealWeb(unittest.TestCase):
    @contextlib.contextmanager
    def showing(self, folder, vms=None):
        with tempfile.TemporaryDirectory(prefix="planecast-web-") as directory:
            self.files = pathlib.Path(directory)
            write_files(self.files)
            text = config(self.files, vms=vms, vm_keys={"pattern_size": "{}x{}".format(*SIZE), "spice": "127.0.0.1:0"},
                          **{"web-pages": VIEWERS / folder})
            with Daemon(text, log_level="info") as daemon, Browser(*WINDOW) as self.browser:
                for vm in vms or VMS:
                    daemon.wait_serving(vm)
                self.address = web_address(daemon)
                self.origin = f"https://{self.address[0]}:{self.address[1]}"
                self.browser.call("Security.setIgnoreCertificateErrors", ignore=True)
                try:
                    yield daemon
                    refused = [said for said in self.browser.said if "Content Security Policy" in said]
                    self.assertFalse(refused)
                except BaseException:
                    print("--- what the page said, the last:", *self.browser.said[-30:], sep="\n")
                    raise

    def wait(self, expression, what):
        def is_so():
            try:
                return self.browser.value(f"document.readyState == 'complete' && !!({expression})")
            except PageError:
                return None  # between two pages

        return wait_until(is_so, what, DEADLINE_S, 0.05)

    def photograph(self, name):
        """How the page looks, in all circumstances."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for look, wants in LOOKS.items():
            self.browser.call("Emulation.setEmulatedMedia",
                              features=[{"name": "prefers-color-scheme", "value": wants["scheme"]}])
            novnc.resize(self.browser, wants.get("width", WINDOW[0]), wants.get("height", WINDOW[1]))
            # Nothing is cut off at the side.
            self.assertLessEqual(*self.browser.value("[document.documentElement.scrollWidth, innerWidth]"), look)
            png = self.browser.call("Page.captureScreenshot", format="png")["data"]
            (SCREENSHOTS / f"web-{name}-{look}.png").write_bytes(base64.b64decode(png))
        self.browser.call("Emulation.clearDeviceMetricsOverride")
        self.browser.call("Emulation.setEmulatedMedia", features=[])

    def log_in(self, name, password=None):
        self.browser.open(self.origin)
        self.wait("document.querySelector('form[action=\"/login\"]')", "the form")
        self.fill_in(name, PASSWORDS[name] if password is None else password)

    def fill_in(self, name, password):
        self.browser.value(f"""document.getElementById("name").value = {name!r};
            document.getElementById("password").value = {password!r};
            document.querySelector("button").click()""")

    def vms(self):
        return self.browser.value("[...document.querySelectorAll('a.panel h2')].map((title) => title.textContent)")

    def open_vm(self, title):
        self.browser.value(f"""[...document.querySelectorAll("a.panel")].find(
            (link) => link.querySelector("h2").textContent == {title!r}).click()""")
        self.wait(f"({novnc.CANVAS} ?? {{}}).width", "noVNC is connected")

    def test_login_and_list(self):
        with self.showing("novnc"):
            self.browser.open(self.origin)
            self.wait("document.activeElement.id == 'name'", "the form, with the cursor in it")
            self.photograph("login")
            self.fill_in("alice", "wrong")
            self.wait("document.querySelector('[role=alert]')", "it says that this is wrong")
            self.assertEqual(self.browser.value("document.activeElement.id"), "password")
            self.photograph("wrong")
            self.assertFalse(self.browser.call("Network.getCookies", urls=[self.origin])["cookies"])
            self.fill_in("alice", PASSWORDS["alice"])
            self.wait("document.querySelector('.state')", "the list")
            self.assertEqual(self.vms(), ["open", VMS["desk"]["desktop_name"], "cad 07"])
            self.photograph("list")
            cookie, = self.browser.call("Network.getCookies", urls=[self.origin])["cookies"]
            self.assertEqual({key: cookie.get(key) for key in ("name", "path", "httpOnly", "secure", "sameSite", "session")},
                             {"name": COOKIE, "path": "/", "httpOnly": True, "secure": True, "sameSite": "Strict",
                              "session": True})
            self.assertEqual(self.browser.value("document.cookie"), "")
            self.browser.value("document.querySelector('header button').click()")
            self.wait("document.querySelector('form[action=\"/login\"]')", "the form again")
            self.assertFalse(self.browser.call("Network.getCookies", urls=[self.origin])["cookies"])
            self.log_in("bob")
            self.wait("document.querySelector('.state')", "the list")
            self.assertEqual(self.vms(), ["open", VMS["desk"]["desktop_name"]])

    def expect_same(self, name, probe):
        path = self.files / "same.ppm"

        def seen():
            probe("save", path)
            return Picture.read_ppm(path)

        novnc.expect_same(self.browser, name, seen, DEADLINE_S)

    def probe(self, daemon):
        """Another viewer of the same VM, at its own port."""
        return SpiceViewer(daemon.address("desk", protocol="spice"), patience_s=DEADLINE_S)

    def view_desk(self, user):
        self.log_in(user)
        self.wait("document.querySelector('.state')", "the list")
        self.open_vm(VMS["desk"]["desktop_name"])
        self.browser.value(novnc.UNCOVER)

    def test_viewer(self):
        for folder in NOVNCS:
            with self.subTest(folder), self.showing(folder) as daemon, self.probe(daemon) as probe:
                self.view_desk("alice")
                for size in (1000, 700), SIZE:
                    novnc.resize(self.browser, *size)
                    probe("size", *size)
                    wait_until(lambda size=size: novnc.size(self.browser) == list(size), "noVNC has the size",
                               DEADLINE_S, 0.1)
                    probe("scene", "still")
                    self.expect_same(f"web-{folder}-{size[0]}x{size[1]}", probe)
                probe("remember")
                novnc.click(self.browser, 300, 300)
                probe("changed")
                probe("remember")
                novnc.type_word(self.browser, "planecast")
                probe("changed")
                self.expect_same(f"web-{folder}-typed", probe)
                # Logout is the end of it.
                page = Page(self.files, self.address)
                page.cookie = self.browser.call("Network.getCookies", urls=[self.origin])["cookies"][0]["value"]
                self.assertEqual(page.log_out().status, 303)
                daemon.wait_line("VNC viewer left")
                self.wait("!document.documentElement.classList.contains('noVNC_connected')", "noVNC tells of it")

    def test_who_only_watches(self):
        with self.showing("novnc") as daemon, self.probe(daemon) as probe:
            self.view_desk("bob")
            daemon.wait_line("as bob, view only$")
            wait_until(lambda: novnc.size(self.browser) == list(SIZE), "the size of his window does not count", DEADLINE_S)
            self.expect_same("web-watched", probe)
            seen = self.files / "before.ppm"
            probe("save", seen)
            novnc.click(self.browser, 300, 300)
            novnc.type_word(self.browser, "planecast")
            # Behind what he did somebody else does something; the worker has read both then.
            page = Page(self.files, self.address)
            page.log_in("bob", PASSWORDS["bob"])
            with page.view("desk") as other:
                other.request(False)
                other.update()
            probe("scene", "still")
            self.expect_same("web-watched-still", probe)
            probe("save", self.files / "after.ppm")
            self.assertEqual(seen.read_bytes(), (self.files / "after.ppm").read_bytes())
            # The same hands do it where they may.
            self.browser.open(self.origin)
            self.wait("document.querySelector('.state')", "the list")
            self.browser.value("document.querySelector('header button').click()")
            self.wait("document.querySelector('form[action=\"/login\"]')", "the form")
            self.view_desk("alice")
            probe("remember")
            novnc.type_word(self.browser, "planecast")
            probe("changed")

    def test_names(self):
        """Whatever VMs are called, noVNC finds them."""
        names = ["a b", "50%", "wei\u00df?#&", "x=<y>;"]
        for folder in NOVNCS:
            with self.subTest(folder), self.showing(folder, {name: {"vnc_auth": "none", "server_names": "off"}
                                                             for name in names}) as daemon:
                self.log_in("carol")
                for name in names:
                    self.wait("document.querySelector('.state')", "the list")
                    mark = daemon.mark()
                    self.open_vm(name)
                    daemon.wait_line("by the web page, as carol$", mark)
                    self.assertIn(name, daemon.wait_line(r"\[(.*)\].*by the web page, as carol$", mark)[1])
                    self.browser.open(self.origin)

    def test_another_vm(self):
        """A link to a VM that is not his leads a person nowhere, and without a login to the login."""
        with self.showing("novnc") as daemon:
            path = "/novnc/vnc.html?autoconnect=1&path=../vm/" + urllib.parse.quote("cad 07")
            self.browser.open(self.origin + path)
            self.wait("document.querySelector('form[action=\"/login\"]')", "the form")
            self.fill_in("bob", PASSWORDS["bob"])
            self.wait("document.querySelector('.state')", "the list")
            self.browser.open(self.origin + path)
            daemon.wait_line("viewer refused: there is no such VM")
            self.wait("document.querySelector('#noVNC_status')?.textContent", "noVNC tells of it")
            self.assertEqual(daemon.count_lines("viewing"), 0)


if __name__ == "__main__":
    VIEWERS = find_viewers()
    unittest.main(verbosity=2)
