#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The web page: who logs in, what he sees, what he reaches, and what nobody reaches."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import tempfile
import time
import unittest

from harness import SANITIZED, Daemon, process_alive, process_children, process_cmdline, wait_until
from web_page import COOKIE, PASSWORDS, VMS, Page, config, web_address, write_files
from web_socket import frame

REFUSAL_S = 0.98  # by a clock that counts in 4 ms
LOGIN_S = 5.0 if SANITIZED else 2.0


def setUpModule():
    global FILES, _files
    _files = tempfile.TemporaryDirectory(prefix="planecast-web-")
    FILES = pathlib.Path(_files.name)
    write_files(FILES)


def tearDownModule():
    _files.cleanup()


def gateway_of(daemon):
    return next((pid for pid in process_children(daemon.pid)
                 if process_alive(pid) and process_cmdline(pid)[1:2] == ["--gateway"]), None)


class Served(unittest.TestCase):
    @contextlib.contextmanager
    def serving(self, **keys):
        with Daemon(config(FILES, **keys), log_level="info") as daemon:
            for vm in keys.get("vms") or VMS:
                daemon.wait_serving(vm)
            daemon.wait_line(r"gateway \d+ serves")
            self.address = web_address(daemon)
            yield daemon

    def page(self, user=None, source=None):
        page = Page(FILES, self.address, source)
        if user:
            self.assertEqual(page.log_in(user).status, 303)
        return page

    def expect_refused(self, status, opens):
        with self.assertRaisesRegex(ConnectionError, f"refused: {status}"):
            opens()


class Login(Served):
    def test_login(self):
        with self.serving() as daemon:
            page = self.page()
            answer = page.get("/")
            self.assertEqual(answer.status, 200)
            self.assertIn('type="password"', answer.body)
            for vm in VMS:
                self.assertNotIn(vm, answer.body.partition("</style>")[2])
            self.assertIsNone(answer.header("Set-Cookie"))
            for name, password in ("alice", "wrong"), ("nobody", "wrong"), ("alice", ""), ("al ice", "x"), \
                    ("alice", PASSWORDS["bob"]):
                start = time.monotonic()
                answer = page.log_in(name, password)
                self.assertGreaterEqual(time.monotonic() - start, REFUSAL_S)
                self.assertEqual(answer.status, 401)
                self.assertIn("The name or the password is wrong.", answer.body)
                self.assertIn(f'value="{name}"', answer.body)
                self.assertIsNone(answer.header("Set-Cookie"))
                # Somebody else comes next.
                page.source = f"127.0.0.{int(page.source.rpartition('.')[2]) + 1 if page.source else 2}"
            page = self.page()
            answer = page.log_in("alice")
            self.assertEqual(answer.status, 303)
            self.assertEqual(answer.header("Location"), "/")
            self.assertRegex(answer.header("Set-Cookie"),
                             rf"^{COOKIE}=[\w-]{{43}}; Path=/; Secure; HttpOnly; SameSite=Strict$")
            self.assertEqual(answer.header("Cache-Control"), "no-store")
            daemon.wait_line("logged in to the web page as alice")
            self.assertIn("Signed in as <b>alice</b>", page.get("/").body)
            cookie = page.cookie
            answer = page.log_out()
            self.assertEqual((answer.status, answer.header("Location")), (303, "/"))
            self.assertRegex(answer.header("Set-Cookie"), rf"^{COOKIE}=; .*Max-Age=0$")
            page.cookie = cookie
            self.assertIn('type="password"', page.get("/").body)
            for password in PASSWORDS.values():
                self.assertFalse([line for line in daemon.lines if password in line or cookie in line])

    def test_sessions_are_their_own(self):
        with self.serving():
            alice, bob, again = self.page("alice"), self.page("bob"), self.page("alice")
            self.assertEqual(len({alice.cookie, bob.cookie, again.cookie}), 3)
            alice.log_out()
            self.assertIn("<b>bob</b>", bob.get("/").body)
            self.assertIn("<b>alice</b>", again.get("/").body)
            # Who logs in anew has one, and not two.
            before = bob.cookie
            self.assertEqual(bob.log_in("alice").status, 303)
            self.assertIn("<b>alice</b>", bob.get("/").body)
            bob.cookie = before
            self.assertIn('type="password"', bob.get("/").body)
            self.assertIn('type="password"', bob.get("/", Cookie=f"{COOKIE}={again.cookie}; {COOKIE}=x").body)

    def test_other_pages(self):
        """What other pages of the web cause is not done, whatever cookie comes with it."""
        with self.serving():
            page = self.page("alice")
            port = self.address[1]
            for origin in None, "null", "https://evil.example", f"http://127.0.0.1:{port}", f"https://127.0.0.1:{port + 1}", \
                    "https://127.0.0.1", f"https://127.0.0.1:{port}.evil.example", f"https://localhost:{port}":
                self.assertEqual(page.log_in("bob", Origin=origin).status, 403)
                self.assertEqual(page.log_out(Origin=origin).status, 403)
                self.expect_refused(403, lambda origin=origin: page.socket("desk", Origin=origin))
            self.assertIn("<b>alice</b>", page.get("/").body)

    def test_guesses_cost_their_source(self):
        with self.serving() as daemon:
            guesser, other = self.page(source="127.0.0.2"), self.page("carol", source="127.0.0.3")
            statuses = []
            while 429 not in statuses:
                self.assertLess(len(statuses), 20)
                statuses.append(guesser.log_in("alice", "wrong").status)
            self.assertEqual(set(statuses), {401, 429})
            self.assertEqual(guesser.log_in("alice").status, 429)
            daemon.wait_line("wrong name or password")
            self.assertIn("<b>carol</b>", other.get("/").body)
            start = time.monotonic()
            self.page("alice", source="127.0.0.3")
            self.assertLess(time.monotonic() - start, LOGIN_S)
            # The same while guesses are under way, as many as there can be.
            crowd = []
            for _ in range(32):
                sock = self.page(source="127.0.0.4").connect()
                body = b"name=alice&password=wrong"
                lines = {**self.page().headers(), "Content-Length": len(body),
                         "Content-Type": "application/x-www-form-urlencoded"}
                sock.sendall(b"POST /login HTTP/1.1\r\n" +
                             "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value).encode() + b"\r\n" + body)
                crowd.append(sock)
            start = time.monotonic()
            self.page("bob", source="127.0.0.3")
            self.assertLess(time.monotonic() - start, 3 * LOGIN_S)
            for sock in crowd:
                sock.close()

    def test_no_login(self):
        """Without users there are the VMs that anybody may see."""
        with self.serving(vms={name: keys for name, keys in VMS.items() if keys["vnc_auth"] != "users"}, users=False):
            page = self.page()
            self.assertEqual(set(page.vms()), {"open"})
            self.assertEqual(page.log_in("alice").status, 404)
            with page.view("open") as viewer:
                viewer.request(False)
                viewer.update()
            self.expect_refused(404, lambda: page.socket("own"))
            self.expect_refused(403, lambda: page.socket("open", Origin=None))

    def test_expiry(self):
        """The end of a login is the end of its viewers."""
        with self.serving(**{"web-session": "5s"}) as daemon:
            page = self.page("alice")
            with page.view("desk") as viewer:
                viewer.request(False)
                viewer.update()
                daemon.wait_line("the login has expired")
                with self.assertRaises(ConnectionError):
                    viewer.read(1)
                self.assertEqual(viewer.sock.closed, 1000)
            self.assertIn('type="password"', page.get("/").body)
            self.expect_refused(401, lambda: page.socket("desk"))


class Access(Served):
    def test_list(self):
        seen = {"alice": {"open": "control", "desk": "control", "cad 07": "control"},
                "bob": {"open": "control", "desk": "watch"}, "carol": {"open": "control"}}
        with self.serving():
            for user, vms in seen.items():
                page = self.page(user)
                found = page.vms()
                self.assertEqual(set(found), set(vms))
                for vm, word in vms.items():
                    self.assertIn(f"You may {word} it", found[vm])
                body = page.get("/").body
                self.assertEqual(">desk</p>" in body, "desk" in vms)
                self.assertEqual("Ann&#39;s &amp; Bob&#39;s &lt;desk&gt;" in body, "desk" in vms)
                self.assertNotIn("<desk>", body)
                # What is not there cannot be reached, either, and whether there is such a VM is not told.
                answers = set()
                for vm in {*VMS, "nothing", "..", "desk/"} - set(vms):
                    self.expect_refused(404, lambda vm=vm: page.socket(vm))
                    answer = page.get(f"/vm/{vm.replace(' ', '%20')}", Upgrade="websocket", Connection="Upgrade",
                                      Sec_WebSocket_Version="13", Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")
                    answers.add((answer.status, answer.head, answer.body))
                self.assertEqual(len(answers), 1)
            # As it is now.
            page = self.page("alice")
            with page.view("desk"):
                wait_until(lambda: "320 &times; 240" in page.vms()["desk"] and "1 viewer" in page.vms()["desk"],
                           "the list knows of the viewer")
            wait_until(lambda: "viewer" not in page.vms()["desk"], "the list knows that he left")

    def test_upgrade(self):
        with self.serving() as daemon:
            page = self.page()
            for vm in "open", "desk", "nothing":
                self.expect_refused(401, lambda vm=vm: page.socket(vm))
            page = self.page("alice")
            for changes, status in (({"Upgrade": None}, 426), ({"Sec_WebSocket_Version": "8"}, 426),
                                    ({"Sec_WebSocket_Key": "x"}, 400), ({"Cookie": f"{COOKIE}={'A' * 43}"}, 401),
                                    ({"Cookie": f"planecast={page.cookie}"}, 401)):
                self.expect_refused(status, lambda changes=changes: page.socket("desk", **changes))
            cookie = page.cookie
            with page.view("desk") as viewer:
                page.log_out()
                daemon.wait_line("alice has logged out")
                with self.assertRaises(ConnectionError):
                    viewer.read(1)
            page.cookie = cookie
            self.expect_refused(401, lambda: page.socket("desk"))

    def test_picture_and_input(self):
        """What a viewer at the VM's own port sees and causes."""
        with self.serving() as daemon:
            with self.page("alice").view("desk") as alice, self.page("bob").view("desk") as bob:
                self.assertEqual((alice.width, alice.height, alice.name), (320, 240, VMS["desk"]["desktop_name"]))
                for viewer in alice, bob:
                    viewer.request(False)
                    viewer.update()
                self.assertEqual(alice.pixels, bob.pixels)
                self.assertTrue(any(alice.pixels))
                before = bytes(alice.pixels)
                # What bob does is read before he is sent what he asks for behind it, and changes nothing.
                bob.pointer(50, 50, 1)
                bob.pointer(50, 50, 0)
                bob.key(ord("b"), True)
                for viewer in bob, alice:
                    viewer.request(False)
                    viewer.update()
                    self.assertEqual(bytes(viewer.pixels), before)
                alice.pointer(50, 50, 1)
                alice.pointer(50, 50, 0)
                for viewer in alice, bob:
                    viewer.request(True)
                    viewer.update()
                self.assertNotEqual(bytes(alice.pixels), before)
                wait_until(lambda: self.same(alice, bob), "both see what it changed")
            daemon.wait_line("viewing, RFB 3.8, shared, by the web page, as alice$")
            daemon.wait_line("viewing, RFB 3.8, shared, by the web page, as bob, view only$")

    @staticmethod
    def same(*viewers):
        for viewer in viewers:
            viewer.request(False)
            viewer.update()
        return viewers[0].pixels == viewers[1].pixels

    def test_no_port_of_its_own(self):
        with self.serving(vms={"desk": {**VMS["desk"], "vnc": None}}) as daemon:
            with self.page("alice").view("desk") as viewer:
                viewer.request(False)
                viewer.update()
            self.assertEqual(daemon.count_lines("listening on"), 1)

    def test_names(self):
        """Names that URLs and HTML would trip over."""
        names = ["a b", "50%", "wei\u00df?#&", "x=<y>;"]
        with self.serving(vms={name: {"vnc_auth": "none", "server_names": "off"} for name in names}) as daemon:
            page = self.page("carol")
            self.assertEqual(set(page.vms()), set(names))
            for name in names:
                with page.view(name) as viewer:
                    self.assertEqual(viewer.name, name)
            self.assertEqual(daemon.count_lines("worker .* died"), 0)


class Requests(Served):
    def test_nonsense(self):
        with self.serving():
            page = self.page()
            for method, path, body, status in (
                    ("GET", "/nothing", None, 404), ("GET", "/login", None, 405), ("POST", "/", "", 405),
                    ("DELETE", "/", None, 405), ("GET", "/vm/desk", None, 426), ("POST", "/login", "", 400),
                    ("POST", "/login", "name=alice", 400), ("POST", "/login", "x" * 2049, 413),
                    ("POST", "/login", "name=" + "a" * 256 + "&password=x", 400),
                    ("GET", "/" + "x" * 9000, None, 431), ("GET", "/novnc/vnc.html", None, 303),
                    ("GET", "/novnc/../../etc/passwd", None, 303)):
                # Nonsense is held against whom it comes from.
                page.source = f"127.0.1.{len(path) % 200 + 1}"
                self.assertEqual(page.request(method, path, body).status, status, (method, path))
            self.assertEqual(page.request("POST", "/login", "name=a&password=b", Content_Type="text/plain").status, 400)
            self.assertEqual(page.send(b"EHLO\r\n\r\n").status, 400)
            alice = self.page("alice")
            self.assertEqual(alice.get("/novnc/../../../../etc/passwd").status, 404)
            self.assertEqual(alice.get("/novnc/%2e%2e/vnc.html").status, 404)
            answer = alice.get("/")
            for name, value in {"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff",
                                "X-Frame-Options": "DENY", "Cache-Control": "no-store"}.items():
                self.assertEqual(answer.header(name), value)
            self.assertIn("frame-ancestors 'none'", answer.header("Content-Security-Policy"))

    def test_cleartext(self):
        with self.serving(), socket.create_connection(self.address, 20) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP", sock.recv(4096))
            except ConnectionResetError:
                pass


class Life(Served):
    def rss(self, pid):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])

    def test_who_does_not_read(self):
        """He costs no memory, and others are as fast as before."""
        size = {"pattern_scene": "video", "pattern_fps": 30, "pattern_size": "1280x720", "stall_timeout": "5s", "video": "off"}
        with self.serving(vms={"desk": VMS["desk"]}, vm_keys=size) as daemon:
            page = self.page("alice")
            with self.page("bob").view("desk") as other, contextlib.ExitStack() as stack:
                gateway = gateway_of(daemon)
                other.request(False)
                other.update()
                before = self.rss(gateway)
                for _ in range(8):
                    deaf = page.view("desk")
                    stack.callback(deaf.close)
                    for _ in range(20):
                        deaf.request(False)
                for _ in range(20):
                    other.request(True)
                    other.update()
                if not SANITIZED:  # what is freed is kept there
                    self.assertLess(self.rss(gateway) - before, 8 * 1024)
                daemon.wait_line("took none of", deadline_s=30)
                other.request(True)
                other.update()

    def test_reload_and_restarts(self):
        with self.serving() as daemon:
            page = self.page("alice")
            with page.view("desk") as viewer, page.view("open") as second:
                for reload in range(2):
                    daemon.reload(config(FILES, **{"web-session": f"{reload + 2}h"}))
                    for each in viewer, second:
                        each.request(False)
                        each.update()
                    self.assertIn("<b>alice</b>", page.get("/").body)
                # A worker's end is that of its viewers, and no others'.
                mark = daemon.mark()
                os.kill(daemon.worker("open"), signal.SIGKILL)
                with self.assertRaises(ConnectionError):
                    while True:
                        second.read(1)
                viewer.request(False)
                viewer.update()
                daemon.wait_serving("open", mark)
                with page.view("open") as again:
                    again.request(False)
                    again.update()
                # The gateway's end is that of its viewers, and the workers stay.
                mark, workers = daemon.mark(), {vm: daemon.worker(vm) for vm in VMS}
                os.kill(gateway_of(daemon), signal.SIGKILL)
                with self.assertRaises(ConnectionError):
                    while True:
                        viewer.read(1)
            daemon.wait_line(r"gateway \d+ serves", mark)
            self.assertEqual({vm: daemon.worker(vm) for vm in VMS}, workers)
            self.assertIn('type="password"', page.get("/").body)
            with self.page("alice").view("desk") as viewer:
                viewer.request(False)
                viewer.update()
            # Other users: whoever has logged in was none of them.
            page = self.page("alice")
            other = FILES / "other-users"
            other.touch(0o600)
            other.write_text((FILES / "users").read_text())
            daemon.reload(config(FILES, **{"users-file": other}))
            self.assertIn('type="password"', page.get("/").body)

    def test_access_follows_a_reload(self):
        with self.serving() as daemon:
            page = self.page("bob")
            self.assertEqual(set(page.vms()), {"open", "desk"})
            daemon.reload(config(FILES, vms={**VMS, "desk": {**VMS["desk"], "allow": "alice"}}))
            wait_until(lambda: set(page.vms()) == {"open"}, "the list follows the configuration")
            self.expect_refused(404, lambda: page.socket("desk"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
