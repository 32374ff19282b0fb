#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC through WebSocket: the same picture, whose pages may connect, and every step in the wrong order."""
import pathlib
import socket
import ssl
import tempfile
import time
import unittest

from harness import Daemon, RfbClient, connect, run_planecastd, vm_section, wait_until
from web_socket import CLOSE, PING, TEXT, WebRfbClient, frame, read_head, request

STILL = {"pattern_scene": "still", "pattern_fps": 0, "pattern_size": "320x240"}
TIMEOUT_S = 2


def start(**keys):
    return Daemon(vm_section("vm", **{**STILL, "websocket": "127.0.0.1:0", **keys}), log_level="info")


def hears_the_end(sock):
    """Reads until the server hangs up; returns what it said before."""
    said = b""
    try:
        while data := sock.recv(65536):
            said += data
    except (ConnectionResetError, ssl.SSLError):
        pass
    return said


class Picture(unittest.TestCase):
    def picture(self, client):
        client.request(False)
        client.update()
        return bytes(client.pixels)

    def test_same_as_plain(self):
        with start() as daemon:
            daemon.wait_serving("vm")
            with RfbClient(daemon.address("vm")) as plain, \
                    WebRfbClient(daemon.address("vm", protocol="websocket")) as web:
                self.assertEqual((web.width, web.height, web.name), (plain.width, plain.height, plain.name))
                self.assertTrue(any(plain_pixels := self.picture(plain)))
                self.assertEqual(self.picture(web), plain_pixels)
                # Input goes the same way: both see what it changes.
                web.pointer(100, 100, 1)
                web.pointer(100, 100, 0)
                for client in plain, web:
                    client.request(True)
                    client.update()
                self.assertNotEqual(self.picture(web), plain_pixels)
                self.assertEqual(self.picture(web), self.picture(plain))
                web.sock.sock.sendall(frame(b"still there?", PING))
                self.picture(web)
                self.assertEqual(web.sock.pongs, [b"still there?"])
            daemon.wait_line("VNC viewer left")

    def test_unix_socket(self):
        with start(websocket=None) as daemon:
            daemon.wait_serving("vm")
            path = daemon.directory / "web"
            daemon.reload(vm_section("vm", **STILL, websocket=f"unix:{path}"))
            self.assertEqual(daemon.address("vm", protocol="websocket"), str(path))
            with WebRfbClient(str(path)) as web:
                self.assertTrue(any(self.picture(web)))

    def test_the_end(self):
        """A stop of the server is said in order."""
        with start() as daemon:
            daemon.wait_serving("vm")
            with WebRfbClient(daemon.address("vm", protocol="websocket")) as web:
                daemon.stop()
                with self.assertRaises(ConnectionError):
                    web.read(1)
                self.assertEqual(web.sock.closed, 1000)


class Pages(unittest.TestCase):
    def status(self, address, **headers):
        with connect(address) as sock:
            sock.sendall(request(**headers))
            return read_head(sock)[0]

    def test_origins(self):
        with start() as daemon:
            daemon.wait_serving("vm")
            address = daemon.address("vm", protocol="websocket")
            here = {"host": f"127.0.0.1:{address[1]}"}
            self.assertEqual(self.status(address, **here), 101)
            self.assertEqual(self.status(address, **here, Origin="http://127.0.0.1"), 101)
            self.assertEqual(self.status(address, **here, Origin="https://desk.example"), 403)
            daemon.wait_line("WebSocket refused: the page comes from another host")
            self.assertEqual(self.status(address, host="evil.example", Origin="http://evil.example"), 403)
            # A page that is there already does not have to come again.
            with WebRfbClient(address) as web:
                daemon.reload(vm_section("vm", **STILL, websocket="127.0.0.1:0",
                                         websocket_origins="https://desk.example"))
                # The worker hears of it a moment later.
                wait_until(lambda: self.status(address, **here, Origin="https://desk.example") == 101, "it may connect")
                self.assertEqual(self.status(address, **here, Origin="http://127.0.0.1"), 403)
                web.request(False)
                web.update()


class Files(unittest.TestCase):
    """A folder for browsers, at the same address."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "vnc.html").write_text("<p>first</p>")
        (self.folder / "large.js").write_bytes(b"/" * 1_000_000)

    def get(self, address, path):
        with connect(address) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            status, head = read_head(sock)
            length = int(head.partition("Content-Length: ")[2].split()[0])
            with sock.makefile("rb") as file:
                return status, file.read(length)

    def test_files(self):
        keys = {"websocket_pages": self.folder, "max_handshakes": 8}
        with start(**keys) as daemon:
            daemon.wait_line("2 files for browsers")
            daemon.wait_serving("vm")
            address = daemon.address("vm", protocol="websocket")
            with WebRfbClient(address) as web:
                self.assertEqual(self.get(address, "/")[0], 303)
                self.assertEqual(self.get(address, "/vnc.html?autoconnect=1"), (200, b"<p>first</p>"))
                self.assertEqual(self.get(address, "/../planecast.conf")[0], 404)
                # As many as a page has, and nobody is blamed for coming and going.
                for _ in range(50):
                    self.assertEqual(self.get(address, "/large.js"), (200, b"/" * 1_000_000))
                with WebRfbClient(address) as another:
                    another.request(False)
                    another.update()
                # On a reload the folder is read again.
                (self.folder / "vnc.html").write_text("<p>second</p>")
                daemon.reload(vm_section("vm", **STILL, websocket="127.0.0.1:0", **keys, max_viewers=5))
                wait_until(lambda: self.get(address, "/vnc.html") == (200, b"<p>second</p>"), "the new page")
                daemon.reload(vm_section("vm", **STILL, websocket="127.0.0.1:0"))
                wait_until(lambda: self.get(address, "/")[0] == 426, "no pages")
                web.request(False)
                web.update()

    def test_no_folder(self):
        with start(websocket_pages=self.folder / "none") as daemon:
            daemon.wait_line("websocket-pages .*: there is no vnc.html")
            daemon.wait_serving("vm")
            with WebRfbClient(daemon.address("vm", protocol="websocket")) as web:
                web.request(False)
                web.update()


class Tls(unittest.TestCase):
    """Where there is a certificate the address is wss, and nothing else."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "tls"
        status, _, said = run_planecastd("--make-certs", str(self.folder), "localhost", "127.0.0.1")
        self.assertEqual(status, 0, said)
        self.keys = {"tls_certificate": self.folder / "server.pem", "tls_key": self.folder / "server-key.pem"}

    def secure(self, address, certificate=False):
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if certificate:
            context.load_cert_chain(self.folder / "client.pem", self.folder / "client-key.pem")
        return context.wrap_socket(connect(address), server_hostname="localhost")

    def view(self, sock):
        web = WebRfbClient(None, sock=sock)
        with web:
            web.request(False)
            web.update()
            return bytes(web.pixels)

    def test_wss(self):
        with start(**self.keys) as daemon:
            daemon.wait_serving("vm")
            address = daemon.address("vm", protocol="websocket")
            self.assertTrue(any(self.view(self.secure(address))))
            daemon.wait_line("viewing, .* over TLS")
            # A host's name is as good as its certificate.
            for origin, expected in ("https://desk.example", 101), ("https://evil.example", 403):
                with self.secure(address) as sock:
                    sock.sendall(request(host="desk.example", Origin=origin))
                    self.assertEqual(read_head(sock)[0], expected)
            with connect(address) as sock:
                sock.sendall(request())
                self.assertNotIn(b"HTTP", hears_the_end(sock))
            # Large messages both ways, and who keeps silent inside has the same deadline.
            with WebRfbClient(None, sock=self.secure(address)) as web:
                web.send(b"\x06\0\0\0" + (200_000).to_bytes(4, "big") + b"x" * 200_000)
                for _ in range(3):
                    web.request(False)
                    web.update()

    def test_clients_certificate(self):
        with start(**self.keys, tls_client_ca=self.folder / "ca.pem") as daemon:
            daemon.wait_serving("vm")
            address = daemon.address("vm", protocol="websocket")
            with self.assertRaises((ConnectionError, ssl.SSLError)):
                self.view(self.secure(address))
            self.assertTrue(any(self.view(self.secure(address, certificate=True))))

    def test_deadline(self):
        with start(**self.keys, handshake_timeout=f"{TIMEOUT_S}s") as daemon:
            daemon.wait_serving("vm")
            address = daemon.address("vm", protocol="websocket")
            begin = time.monotonic()
            for sock in connect(address), None:
                sock = sock or self.secure(address)
                with sock:
                    hears_the_end(sock)
                    self.assertAlmostEqual(time.monotonic() - begin, TIMEOUT_S, delta=1.5)
                begin = time.monotonic()


class WrongOrder(unittest.TestCase):
    """Whatever comes in the wrong place ends that connection, at once or at the deadline, and nothing else."""
    # Of a viewer without password, step by step.
    STEPS = [request(), frame(b"RFB 003.008\n"), frame(b"\x01"), frame(b"\x01"), frame(b"\x02\x00\x00\x00")]
    # (what, from which step on it ends the connection before its deadline)
    WRONG = {
        "a request": (request(), 1),
        "a plain viewer": (b"RFB 003.008\n\x01\x01" + bytes(20), 1),
        "TLS": (bytes.fromhex("1603010005") + b"\0" * 20, 1),
        "text": (frame(b"RFB 003.008\n", TEXT), 1),
        "not masked": (frame(b"RFB 003.008\n", mask=None), 1),
        "a second message within the first": (frame(b"", final=False) + frame(b""), 1),
        "an end": (frame(b"\x03\xe8", CLOSE), 1),
        "an end without a reason's half": (frame(b"\x03", CLOSE), 1),
        "a frame that never ends": (b"\x82\xff\x7f" + b"\xff" * 11, 1),
        "a reserved bit": (b"\xc2\x80" + bytes(4), 1),
        "HTTP that is too long": (b"GET /" + b"x" * 20000, 0),
        "HTTP of another kind": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    }

    def test_every_wrong_order(self):
        with start(handshake_timeout=f"{TIMEOUT_S}s") as daemon:
            worker = daemon.wait_serving("vm")
            address = daemon.address("vm", protocol="websocket")
            with WebRfbClient(address) as witness:
                for done in range(len(self.STEPS)):
                    for what, (data, at_once_from) in self.WRONG.items():
                        with self.subTest(what, after=done), connect(address) as sock:
                            if done:
                                sock.sendall(b"".join(self.STEPS[:done]))
                                self.assertEqual(read_head(sock)[0], 101)
                            start_s = time.monotonic()
                            try:
                                sock.sendall(data)
                            except (BrokenPipeError, ConnectionResetError):
                                pass
                            if done < at_once_from:
                                sock.shutdown(socket.SHUT_WR)  # or its deadline would be waited for
                            hears_the_end(sock)
                            self.assertLess(time.monotonic() - start_s, TIMEOUT_S)
                witness.request(False)
                witness.update()
            self.assertEqual(daemon.worker("vm"), worker)

    def test_deadlines(self):
        """Silence and dribbling at each stage end at the same deadline, counted from the start."""
        with start(handshake_timeout=f"{TIMEOUT_S}s") as daemon:
            daemon.wait_serving("vm")
            address = daemon.address("vm", protocol="websocket")
            silent = []
            for done in range(3):
                silent.append((time.monotonic(), connect(address)))
                silent[-1][1].sendall(b"".join(self.STEPS[:done]))
            begin, dribble = time.monotonic(), connect(address, deadline_s=0.2)
            for byte in request():
                try:
                    dribble.sendall(bytes([byte]))
                    if not dribble.recv(1):
                        break
                except TimeoutError:
                    pass
                except ConnectionResetError:
                    break
            silent.append((begin, dribble))
            self.assertAlmostEqual(time.monotonic() - begin, TIMEOUT_S, delta=1)
            dribble.settimeout(20)
            for begin, sock in silent:
                with sock:
                    hears_the_end(sock)
                    self.assertAlmostEqual(time.monotonic() - begin, TIMEOUT_S, delta=1.5)

    def test_wrong_doors(self):
        with start() as daemon:
            daemon.wait_serving("vm")
            with connect(daemon.address("vm")) as sock:
                sock.sendall(request())
                self.assertEqual(hears_the_end(sock), b"RFB 003.008\n")
            with connect(daemon.address("vm", protocol="websocket")) as sock:
                sock.sendall(b"RFB 003.008\n\r\n\r\n")
                self.assertTrue(hears_the_end(sock).startswith(b"HTTP/1.1 400 "))

    def test_who_does_not_read(self):
        with start(pattern_scene="video", pattern_fps=30, pattern_size="1280x720", stall_timeout="1s") as daemon:
            daemon.wait_serving("vm")
            with WebRfbClient(daemon.address("vm", protocol="websocket")) as web:
                for _ in range(100):
                    web.request(False)
                daemon.wait_line("VNC viewer left .* took none of")


if __name__ == "__main__":
    unittest.main(verbosity=2)
