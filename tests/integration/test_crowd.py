#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many connections: hundreds that are silent, dribble or do not read, at each door, and no descriptors left."""
import contextlib
import itertools
import pathlib
import resource
import select
import socket
import ssl
import struct
import tempfile
import time
import unittest

from harness import SANITIZED, RfbClient, connect, process_fds, wait_until
from hostile import (CONTINUOUS, FENCE, GAP_MAX_MS, GREETING, NONE, RAW, SHARED, TIGHT, VERSION, Arena, be_preferred,
                     continuous, request, send_all, set_encodings)
import spice_raw
from tls import X509_NONE, TlsRfbClient, client_context, make_certs, tls_connect, vencrypt_prelude
from viewer import Refused, Viewer
import web_socket

SILENT, DRIBBLING, NOT_READING = 1000, 200, 50
SOURCES = 8
# A login is tried whenever so many more have come.
LOGIN_EVERY = 200
LOGIN_MAX_MS = 300 if not SANITIZED else 3000
DEADLINE_S = 2
EARLY_S, LATE_S = 1, 1 if not SANITIZED else 5
WANTS_ALL = set_encodings(RAW, CONTINUOUS) + continuous() + request()


def limit_files(soft, hard):
    return ["prlimit", f"--nofile={soft}:{hard}"]


class Vnc:
    """A door of a VM: its listener, what a client says there first, how one gets in, and how a bad viewer does."""

    listener, words = "vnc", VERSION

    def __init__(self, arena, certs=None):
        self.address = arena.daemon.address("vm", protocol=self.listener)
        self.context = certs and client_context(certs)

    def log_in(self):
        RfbClient(self.address).close()

    def watch(self, sock):
        send_all(sock, GREETING + WANTS_ALL)
        return sock


class Spice(Vnc):
    listener, words = "spice", spice_raw.link_message()

    def log_in(self):
        with spice_raw.Channel(self.address) as main:
            main.wait(spice_raw.MAIN_INIT)


class WebSocket(Vnc):
    listener, words = "websocket", web_socket.request()

    def log_in(self):
        web_socket.WebRfbClient(self.address).close()

    def watch(self, sock):
        # As one frame: what it is answered it does not read.
        send_all(sock, web_socket.request() + web_socket.frame(GREETING + WANTS_ALL))
        return sock


class VeNCrypt(Vnc):
    def log_in(self):
        TlsRfbClient(self.address, self.context).close()

    def watch(self, sock):
        vencrypt_prelude(sock, X509_NONE)
        sock = self.context.wrap_socket(sock, server_hostname="localhost")
        send_all(sock, SHARED + WANTS_ALL)
        return sock


def client_hello():
    said = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), said, server_hostname="localhost").do_handshake()
    return said.read()


class SecureWebSocket(WebSocket):
    words = client_hello()

    def log_in(self):
        web_socket.WebRfbClient(self.address, sock=tls_connect(self.address, self.context)).close()

    def watch(self, sock):
        return super().watch(self.context.wrap_socket(sock, server_hostname="localhost"))


class SecureSpice(Vnc):
    listener, words = "spice-tls", client_hello()

    def log_in(self):
        with tls_connect(self.address, self.context) as sock:
            sock.sendall(spice_raw.link_message())
            sock.sendall(spice_raw.ticket(spice_raw.read_key(sock)))
            spice_raw.read_verdict(sock)
            kind, = struct.unpack_from("<H", spice_raw.read_exactly(sock, 6))
            assert kind == spice_raw.MAIN_INIT


class Peers:
    """A crowd of bad peers from several addresses, at all doors of a VM, and when each of them is gone."""

    def __init__(self, doors, sources):
        self._choices = itertools.cycle(list(itertools.product(sources, doors)))
        self.since = {}  # socket: when it connected
        self.lived = []  # seconds, of those that are gone
        self._dribbling = {}  # socket: bytes said so far
        self._poll = select.poll()
        self._by_fd = {}

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for sock in self.since:
            sock.close()

    def add(self, dribbles=False):
        source, door = next(self._choices)
        sock = connect(door.address, source=source)
        sock.setblocking(False)
        self.since[sock] = time.monotonic()
        self._by_fd[sock.fileno()] = sock
        self._poll.register(sock, select.POLLIN)
        if dribbles:
            self._dribbling[sock] = (door.words, 0)

    def look(self, wait_s=0.0):
        """Notes who is gone, and says the next byte of who dribbles."""
        for fd, _ in self._poll.poll(wait_s * 1000):
            sock = self._by_fd[fd]
            try:
                gone = not sock.recv(4096)
            except BlockingIOError:
                gone = False
            except ConnectionError:
                gone = True
            if gone:
                self.lived.append(time.monotonic() - self.since.pop(sock))
                self._poll.unregister(fd)
                self._dribbling.pop(sock, None)
                sock.close()
        for sock, (words, said) in list(self._dribbling.items()):
            # The last one, with which something would have been said, never comes.
            if said < min(len(words) - 1, time.monotonic() - self.since[sock]):
                with contextlib.suppress(ConnectionError, BlockingIOError):
                    sock.send(words[said:said + 1])
                self._dribbling[sock] = (words, said + 1)


class Crowd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))

    def crowd(self, arena, silent, not_reading):
        """Connects them all; returns what closes them."""
        with contextlib.ExitStack() as stack:
            for _ in range(silent):
                stack.enter_context(arena.connect())
            for turn in range(not_reading):
                sock = stack.enter_context(arena.connect())
                wants = continuous() if turn % 2 else request() * 50
                send_all(sock, GREETING + set_encodings(TIGHT if turn % 4 < 2 else RAW, FENCE, CONTINUOUS) + wants)
            return stack.pop_all()

    def not_reading(self, doors, sources):
        """Viewers who have more to take than fits into the kernel."""
        with contextlib.ExitStack() as stack:
            for turn in range(NOT_READING):
                door = doors[turn % len(doors)]
                sock = connect(door.address, source=sources[turn % len(sources)])
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                stack.enter_context(door.watch(sock))
            return stack.pop_all()

    def log_in(self, doors):
        """At each; how long the slowest took, in ms."""
        slowest = 0
        for door in doors:
            start = time.monotonic()
            door.log_in()
            slowest = max(slowest, (time.monotonic() - start) * 1000)
        return slowest

    def check_all_gone(self, peers):
        """Early, because there were too many, or at the deadline."""
        self.assertFalse(peers.since, "bad peers stay")
        self.assertLess(max(peers.lived), DEADLINE_S + LATE_S)
        at_deadline = sum(lived > DEADLINE_S - EARLY_S for lived in peers.lived)
        self.assertGreater(at_deadline, 0)
        print(f"{at_deadline} peers gone at their deadline, {len(peers.lived) - at_deadline} before", end=", ")

    def follow_with_crowd(self, kinds=(Vnc, Spice), certs=None, **keys):
        """A viewer goes on, and others get in quickly from elsewhere, while a crowd of all kinds comes and goes. With
        certificates TLS is required of all but that viewer."""
        attempts = itertools.count(1)
        logins = []
        listeners = {kind.listener.replace("-", "_"): "127.0.0.1:0" for kind in kinds}
        if certs:
            keys = {"tls_certificate": certs / "server.pem", "tls_key": certs / "server-key.pem", "vnc_tls": "off", **keys}
        with Arena(max_viewers=100, handshake_timeout=f"{DEADLINE_S}s", stall_timeout=f"{DEADLINE_S}s",
                   **{**listeners, **keys}) as arena:
            doors = [kind(arena, certs) for kind in kinds]
            config = arena.daemon.config_path.read_text()
            if certs:
                arena.daemon.reload(config.replace("vnc-tls = off", "vnc-tls = required"))
            # The library's first viewer takes some time once.
            self.log_in(doors)
            watchable = [door for door in doors if "spice" not in door.listener]

            def attack():
                turn = next(attempts)
                mark = arena.daemon.mark()
                slowest = 0
                sources = [f"127.0.{turn}.{number}" for number in range(2, 2 + SOURCES)]
                with self.not_reading(watchable, sources), Peers(doors, sources) as peers:
                    for number in range(SILENT + DRIBBLING):
                        peers.add(dribbles=number % 6 == 0)
                        if number % LOGIN_EVERY == 0:
                            slowest = max(slowest, self.log_in(doors))
                            peers.look()
                    end = time.monotonic() + DEADLINE_S + 2 * LATE_S
                    while peers.since and time.monotonic() < end:
                        peers.look(0.05)
                    self.check_all_gone(peers)
                    wait_until(lambda: len(process_fds(arena.pid)) <= arena.fds, "who does not read dropped",
                               deadline_s=LATE_S)
                self.assertGreater(arena.daemon.count_lines("viewing, RFB", mark), NOT_READING)
                logins.append(slowest)

            self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
            print(f"slowest login {', '.join(f'{login:.0f}' for login in logins)} ms")
            self.assertLess(min(logins), LOGIN_MAX_MS)
            if certs:
                arena.daemon.reload(config)
            arena.check_unharmed()

    def test_crowd_as_it_comes(self):
        """The limits of each source, and what it did before, keep it small."""
        self.follow_with_crowd(penalty_exempt=None)

    def test_crowd_without_penalties(self):
        """All of them come in, each from more than it may; the oldest of the largest crowd goes."""
        self.follow_with_crowd()

    def test_crowd_at_websocket(self):
        self.follow_with_crowd((Vnc, WebSocket))

    def test_crowd_over_tls(self):
        with tempfile.TemporaryDirectory(prefix="planecast-") as folder:
            certs = pathlib.Path(folder) / "certs"
            make_certs(certs, "localhost")
            self.follow_with_crowd((VeNCrypt, SecureWebSocket, SecureSpice), certs)

    def test_crowd_all_let_in(self):
        with Arena(max_viewers=100, max_handshakes=4096) as arena:
            def attack():
                with self.crowd(arena, SILENT, NOT_READING):
                    # The good viewer goes on among them, and a new one gets in.
                    arena.viewer("updates", 120)
                    with Viewer(arena.address) as late:
                        late("updates", 3)
            self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
            arena.check_unharmed()

    def test_no_descriptors_left(self):
        with Arena(wrapper=limit_files(64, 64), max_handshakes=4096, max_viewers=100) as arena:
            def attack():
                with self.crowd(arena, 100, 0):
                    arena.viewer("updates", 60)
                    # Refused at once rather than left waiting.
                    with self.assertRaises(Refused):
                        Viewer(arena.address)
            self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
            arena.check_unharmed()
            self.assertEqual(arena.daemon.count_lines(
                "max-viewers = 100 and max-handshakes = 4096 can take [0-9]+ descriptors, and this process may have 64"), 1)
            lines = arena.daemon.count_lines("Too many open files")
            self.assertGreaterEqual(lines, 1)
            self.assertLess(lines, 30, "one line a client at most, and limited")

    def test_beyond_descriptor_1023(self):
        with Arena(wrapper=limit_files(4096, 4096), max_handshakes=4096, pattern_scene="still",
                   pattern_fps=0) as arena:
            with self.crowd(arena, 1200, 0):
                wait_until(lambda: max(process_fds(arena.pid)) > 1200, "descriptors beyond 1,200")
                for encoding in ("tight", "zrle", "raw"):
                    with Viewer(arena.address, "--encodings", encoding) as viewer:
                        viewer("scene", "still")
                        self.assertGreater(max(process_fds(arena.pid)), 1200)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
