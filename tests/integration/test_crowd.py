#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many connections: hundreds that are silent, dribble or do not read, and no descriptors left."""
import contextlib
import itertools
import resource
import select
import socket
import time
import unittest

from harness import SANITIZED, connect, process_fds, wait_until
from hostile import (CONTINUOUS, FENCE, GAP_MAX_MS, GREETING, NONE, RAW, SHARED, TIGHT, VERSION, Arena, be_preferred,
                     continuous, request, send_all, set_encodings)
import spice_raw
from viewer import Refused, Viewer

SILENT, DRIBBLING, NOT_READING = 1000, 200, 50
SOURCES = 8
# A login is tried whenever so many more have come.
LOGIN_EVERY = 200
LOGIN_MAX_MS = 300 if not SANITIZED else 3000
DEADLINE_S = 2
EARLY_S, LATE_S = 1, 1 if not SANITIZED else 5
# What a client says first.
WHOLE = {"vnc": VERSION, "spice": spice_raw.link_message()}


def limit_files(soft, hard):
    return ["prlimit", f"--nofile={soft}:{hard}"]


class Peers:
    """A crowd of bad peers from several addresses, at both doors of a VM, and when each of them is gone."""

    def __init__(self, doors, sources):
        self.doors = doors
        self._turn = itertools.product(sources, doors)
        self._choices = itertools.cycle(list(self._turn))
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
        sock = connect(self.doors[door], source=source)
        sock.setblocking(False)
        self.since[sock] = time.monotonic()
        self._by_fd[sock.fileno()] = sock
        self._poll.register(sock, select.POLLIN)
        if dribbles:
            self._dribbling[sock] = (WHOLE[door], 0)

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

    def not_reading(self, arena, sources):
        """Viewers who have more to take than fits into the kernel."""
        with contextlib.ExitStack() as stack:
            for turn in range(NOT_READING):
                sock = stack.enter_context(arena.connect(sources[turn % len(sources)]))
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                send_all(sock, GREETING + set_encodings(RAW, CONTINUOUS) + continuous() + request())
            return stack.pop_all()

    def log_in(self, doors):
        """As VNC and as SPICE viewer; how long the slower one took, in ms."""
        slowest = 0
        for door in doors:
            start = time.monotonic()
            if door == "vnc":
                with connect(doors[door]) as sock:
                    for says, answer in ((b"", len(VERSION)), (VERSION, 2), (NONE, 4), (SHARED, 24)):
                        sock.sendall(says)
                        self.assertEqual(len(sock.recv(answer, socket.MSG_WAITALL)), answer)
            else:
                with spice_raw.Channel(doors[door]) as main:
                    main.wait(spice_raw.MAIN_INIT)
            slowest = max(slowest, (time.monotonic() - start) * 1000)
        return slowest

    def check_all_gone(self, peers):
        """Early, because there were too many, or at the deadline."""
        self.assertFalse(peers.since, "bad peers stay")
        self.assertLess(max(peers.lived), DEADLINE_S + LATE_S)
        at_deadline = sum(lived > DEADLINE_S - EARLY_S for lived in peers.lived)
        self.assertGreater(at_deadline, 0)
        print(f"{at_deadline} peers gone at their deadline, {len(peers.lived) - at_deadline} before", end=", ")

    def follow_with_crowd(self, **keys):
        """A viewer goes on, and others get in quickly from elsewhere, while a crowd of all kinds comes and goes."""
        attempts = itertools.count(1)
        logins = []
        with Arena(max_viewers=100, spice="127.0.0.1:0", handshake_timeout=f"{DEADLINE_S}s",
                   stall_timeout=f"{DEADLINE_S}s", **keys) as arena:
            doors = {door: arena.daemon.address("vm", protocol=door) for door in ("vnc", "spice")}
            # The library's first viewer takes some time once.
            self.log_in(doors)

            def attack():
                turn = next(attempts)
                slowest = 0
                sources = [f"127.0.{turn}.{number}" for number in range(2, 2 + SOURCES)]
                with self.not_reading(arena, sources), Peers(doors, sources) as peers:
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
                logins.append(slowest)

            self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
            print(f"slowest login {', '.join(f'{login:.0f}' for login in logins)} ms")
            self.assertLess(min(logins), LOGIN_MAX_MS)
            arena.check_unharmed()

    def test_crowd_as_it_comes(self):
        """The limits of each source, and what it did before, keep it small."""
        self.follow_with_crowd(penalty_exempt=None)

    def test_crowd_without_penalties(self):
        """All of them come in, each from more than it may; the oldest of the largest crowd goes."""
        self.follow_with_crowd()

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
