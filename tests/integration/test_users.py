#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Users and their passwords: who is let in over TLS, as what, and what a crowd of guesses costs others."""
import pathlib
import socket
import ssl
import struct
import tempfile
import threading
import time
import unittest

from harness import SANITIZED, Daemon, vm_section, wait_until
from tls import make_certs, make_users

DEADLINE_S = 20
PLAIN, X509_NONE = 262, 260
PASSWORDS = {"alice": "wonderland-4711", "bob": "builder-0815", "carol": "christmas-1843"}
GUESSES = 10000
LOGIN_S = 3.0 if SANITIZED else 0.3


class Refused(Exception):
    """The server said no, in these words."""


class Client:
    """VeNCrypt by hand, up to ServerInit."""

    def __init__(self, address, files, claim=None, source=None, certificate=False):
        self.sock = socket.create_connection(address, DEADLINE_S, (source, 0) if source else None)
        try:
            self._join(files, claim, certificate)
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.sock.close()

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise ConnectionError("the server closed the connection")
            data += more
        return data

    def refused(self):
        raise Refused(self.read(struct.unpack(">I", self.read(4))[0]).decode())

    def _join(self, files, claim, certificate):
        self.read(12)
        self.sock.sendall(b"RFB 003.008\n")
        count = self.read(1)[0]
        if not count:
            self.refused()
        assert self.read(count) == b"\x13"
        self.sock.sendall(b"\x13")
        assert self.read(2) == b"\0\2"
        self.sock.sendall(b"\0\2")
        assert self.read(2) == b"\0\1"
        subtype = struct.unpack(">I", self.read(4))[0]
        assert subtype == (X509_NONE if claim is None else PLAIN), subtype
        self.sock.sendall(struct.pack(">I", subtype))
        assert self.read(1) == b"\1"
        context = ssl.create_default_context(cafile=files / "ca.pem")
        if certificate:
            context.load_cert_chain(files / "client.pem", files / "client-key.pem")
        self.sock = context.wrap_socket(self.sock, server_hostname="127.0.0.1")
        if claim is not None:
            name, password = (text.encode() for text in claim)
            self.sock.sendall(struct.pack(">II", len(name), len(password)) + name + password)
        if struct.unpack(">I", self.read(4))[0]:
            self.refused()
        self.sock.sendall(b"\1")
        self.size = struct.unpack(">HH", self.read(4))


class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="planecast-")
        cls.files = pathlib.Path(cls.directory.name)
        make_certs(cls.files, "127.0.0.1")
        cls.users = cls.files / "users"
        make_users(cls.users, PASSWORDS)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def start(self, **keys):
        keys = {"vnc_auth": "users", "users_file": self.users, "tls_certificate": self.files / "server.pem",
                "tls_key": self.files / "server-key.pem", "pattern_scene": "still", "pattern_fps": 0, **keys}
        daemon = Daemon(vm_section("vm", **keys))
        daemon.wait_serving("vm")
        return daemon

    def join(self, daemon, name, password=None, **more):
        return Client(daemon.address("vm"), self.files, (name, PASSWORDS[name] if password is None else password),
                      **more)

    def test_right_and_wrong(self):
        with self.start(allow="alice bob:view") as daemon:
            with self.join(daemon, "alice") as alice, self.join(daemon, "bob"):
                self.assertEqual(alice.size, (320, 240))
                daemon.wait_line(r"viewing.* as alice$")
                daemon.wait_line(r"viewing.* as bob, view only$")
                for name, password in (("alice", PASSWORDS["bob"]), ("alice", ""), ("mallory", "guess")):
                    start = time.monotonic()
                    with self.assertRaisesRegex(Refused, "Authentication failed"):
                        self.join(daemon, name, password)
                    # Whatever was wrong with it, and however long that took to find out.
                    self.assertGreaterEqual(time.monotonic() - start, 1)
                # The right password, but not for this VM.
                with self.assertRaisesRegex(Refused, "Authentication failed"):
                    self.join(daemon, "carol")
                daemon.wait_line("user carol is not among those")
                # Secrets are nobody's to read.
                for secret in PASSWORDS.values():
                    self.assertEqual(daemon.count_lines(secret), 0)

    def test_a_changed_file_counts_at_once(self):
        with self.start() as daemon:
            text = self.users.read_text()
            self.addCleanup(self.users.write_text, text)
            with self.join(daemon, "carol"):
                self.users.write_text("\n".join(line for line in text.split("\n") if not line.startswith("carol")))
                with self.assertRaises(Refused):
                    self.join(daemon, "carol")

    def test_pam(self):
        service = self.files / "planecast-test"
        service.write_text("auth required pam_permit.so\naccount required pam_permit.so\n")
        with self.start(users_file=None, pam_service=service) as daemon:
            with self.join(daemon, "alice", "anything"):
                service.write_text("auth required pam_deny.so\naccount required pam_deny.so\n")
                with self.assertRaises(Refused):
                    self.join(daemon, "alice", "anything")

    def test_a_certificate_is_enough(self):
        keys = {"vnc_auth": "certificate", "users_file": None, "tls_client_ca": self.files / "ca.pem"}
        with self.start(**keys) as daemon:
            address = daemon.address("vm")
            with Client(address, self.files, certificate=True):
                name = daemon.wait_line(r"viewing.* as (\S+)$")[1]
            with self.assertRaises((ConnectionError, ssl.SSLError)):
                Client(address, self.files)
        with self.start(**keys, allow=f"{name}:view") as daemon:
            with Client(daemon.address("vm"), self.files, certificate=True):
                daemon.wait_line(f"viewing.* as {name}, view only$")
        with self.start(**keys, allow="somebody-else") as daemon:
            with self.assertRaises(Refused):
                Client(daemon.address("vm"), self.files, certificate=True)

    def test_guesses_cost_only_who_guesses(self):
        with self.start() as daemon:
            address = daemon.address("vm")
            left = [GUESSES]
            refused = [0]
            lock = threading.Lock()
            ended = threading.Event()

            def guess():
                while True:
                    with lock:
                        left[0] -= 1
                        if left[0] < 0:
                            return
                    try:
                        Client(address, self.files, ("alice", f"guess {left[0]}"), source="127.0.0.2").sock.close()
                        raise AssertionError("a guess was right")
                    except (Refused, OSError):
                        with lock:
                            refused[0] += 1

            def crowd():
                threads = [threading.Thread(target=guess) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                ended.set()

            threading.Thread(target=crowd).start()
            wait_until(lambda: refused[0] > 20, "guesses")
            took = []
            while not ended.is_set() or not took:
                start = time.monotonic()
                with self.join(daemon, "alice"):
                    took.append(time.monotonic() - start)
                ended.wait(0.5)
            took.sort()
            print(f"{len(took)} logins beside {refused[0]} guesses: median {took[len(took) // 2] * 1000:.0f} ms, "
                  f"slowest {took[-1] * 1000:.0f} ms")
            self.assertEqual(refused[0], GUESSES)
            self.assertLess(took[len(took) // 2], LOGIN_S)


if __name__ == "__main__":
    unittest.main()
