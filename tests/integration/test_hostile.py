#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that send garbage, dribble, flood, stall or die cost others nothing and leave nothing behind."""
import select
import socket
import time
import unittest

from harness import process_fds, wait_until
from hostile import (CONTINUOUS, CURSOR, FENCE, GAP_MAX_MS, GREETING, H264, NONE, RAW, SESSION, SET_FORMAT, TIGHT,
                     VERSION, Arena, VideoArena, be_preferred, closed_by_server, continuous, cut_text, exchange, fence,
                     garbage, key, pointer, request, reset_connection, resize, send_all, set_encodings, wait_read)

HANDSHAKE_S = 1
FLOOD_S = 1

# How far a client goes before it misbehaves.
STATES = {
    "at once": b"",
    "in the version": VERSION[:5],
    "after the version": VERSION,
    "after the security type": VERSION + NONE,
    "as a viewer": GREETING,
    "in a message": GREETING + set_encodings(RAW, TIGHT)[:7],
}


class Hostile(unittest.TestCase):
    def check(self, arena, attack):
        self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
        arena.check_unharmed()

    def test_garbage_at_every_state(self):
        with Arena(handshake_timeout=f"{HANDSHAKE_S}s") as arena:
            def attack():
                socks = []
                for seed, (state, start) in enumerate(STATES.items()):
                    for count in (1, 7, 100, 70000):
                        sock = arena.connect()
                        send_all(sock, start + garbage(seed * 10 + count, count))
                        socks.append((f"{count} bytes {state}", sock))
                for name, sock in socks:
                    # Garbage of a byte or seven can be the start of a message: then the client's end ends it.
                    if not closed_by_server(sock, 0.01 if name.startswith(("1 ", "7 ")) else 10):
                        self.assertTrue(name.startswith(("1 ", "7 ")), name)
                    sock.close()
            self.check(arena, attack)

    def test_bad_numbers(self):
        """Messages of the right shape with impossible contents: refused or ignored, never fatal to others."""
        bad = {
            "no true colour": SET_FORMAT[:7] + b"\0" + SET_FORMAT[8:],
            "24 bits a pixel": SET_FORMAT[:4] + b"\x18" + SET_FORMAT[5:],
            "shift of 255": SET_FORMAT[:14] + b"\xff" + SET_FORMAT[15:],
            "maximum of 0": SET_FORMAT[:8] + b"\0\0" + SET_FORMAT[10:],
            "65,535 encodings": set_encodings(RAW)[:2] + b"\xff\xff" + bytes(1000),
            "no encoding": set_encodings() + request(),
            "unknown encodings": set_encodings(*range(-500, -400)) + request(),
            "huge request": request(65535, 65535) + request(0, 0),
            "cut text of 4 GB": cut_text(b"", 0xffffffff) + bytes(1000),
            "extended cut text": cut_text(bytes(8), 0xfffffff8),
            "huge desktop": resize(65535, 65535),
            "empty desktop": resize(0, 0),
            "255 screens": resize(640, 480, 255),
            "no screen": resize(640, 480, 0),
            "long fence": fence(payload=bytes(255)),
            "fence of all flags": fence(flags=0xffffffff),
            "unknown message": b"\x77" * 10,
            "pointer outside": pointer(65535, 65535, 255) + pointer(0, 0),
            "continuous updates nowhere": continuous(0, 0),
            "keysym of all ones": key(0xffffffff) + key(0),
        }
        with Arena() as arena:
            def attack():
                for name, data in bad.items():
                    for announced in (b"", set_encodings(RAW, FENCE, CONTINUOUS, -308)):
                        with self.subTest(name), arena.connect() as sock:
                            exchange(sock, GREETING + announced + data + request())
            self.check(arena, attack)

    def test_dies_at_every_byte(self):
        with Arena() as arena:
            def attack():
                for length in range(len(SESSION) + 1):
                    sock = arena.connect()
                    send_all(sock, SESSION[:length])
                    wait_read(sock)
                    reset_connection(sock) if length % 2 else sock.close()
            self.check(arena, attack)

    def test_dies_while_it_is_served(self):
        """Once the first update begins to arrive, so that a job of the encoder may be under way."""
        with Arena(pattern_size="1920x1080") as arena:
            def attack():
                for turn in range(40):
                    sock = arena.connect()
                    send_all(sock, GREETING + set_encodings(TIGHT if turn % 2 else RAW) + request(1920, 1080) * 3)
                    sock.recv(100 if turn % 4 < 2 else 4096)
                    reset_connection(sock) if turn % 3 else sock.close()
            self.check(arena, attack)

    def test_dribble(self):
        """One byte at a time, never done: the deadline is for the whole handshake, not for each byte."""
        with Arena(handshake_timeout=f"{HANDSHAKE_S}s") as arena:
            def attack():
                start = time.monotonic()
                open_socks = {arena.connect(): 0 for _ in range(50)}
                while open_socks:
                    self.assertLess(time.monotonic() - start, HANDSHAKE_S + 5)
                    for sock in list(open_socks):
                        sent = open_socks[sock]
                        # The last byte, which would make a version of them, never comes.
                        if sent < min(11, (time.monotonic() - start) * 10 / HANDSHAKE_S):
                            send_all(sock, VERSION[sent:sent + 1])
                            open_socks[sock] += 1
                    for sock in select.select(list(open_socks), [], [], 0.01)[0]:
                        if closed_by_server(sock, 0.001):
                            del open_socks[sock]
                            sock.close()
                took = time.monotonic() - start
                self.assertGreater(took, HANDSHAKE_S * 0.8)
            self.check(arena, attack)

    def test_half_closed(self):
        """Who will never say anything again is let go, at any state."""
        with Arena(handshake_timeout=f"{HANDSHAKE_S}s") as arena:
            def attack():
                for state, start in STATES.items():
                    with arena.connect() as sock:
                        send_all(sock, start)
                        sock.shutdown(socket.SHUT_WR)
                        self.assertTrue(closed_by_server(sock, 10), state)
            self.check(arena, attack)

    def test_flood(self):
        floods = {
            "pointer": pointer(5, 5) * 1000,
            "keys": (key(0x61) + key(0x61, False)) * 500,
            "whole pictures": request() * 1000,
            "formats": (SET_FORMAT + request()) * 500,
            "encodings": (set_encodings(TIGHT, -23) + set_encodings(RAW) + request()) * 300,
            "fences": fence() * 1000,
            "text": cut_text(bytes(200000)),
            "continuous": (continuous() + continuous(enable=False)) * 500,
            "sizes": resize(640, 480) + resize(648, 480),
        }
        with Arena() as arena:
            for name, data in floods.items():
                with self.subTest(name):
                    def attack():
                        with arena.connect() as sock:
                            sent = exchange(sock, GREETING + set_encodings(RAW, TIGHT, FENCE, CONTINUOUS, -308),
                                            data, FLOOD_S)
                            print(f"{sent / 1e6:.1f} MB", end=", ")
                    print(name, end=": ", flush=True)
                    self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
            arena.check_unharmed()

    def test_input_beyond_the_rate(self):
        """Motion is left out; of keys so many wait, and who goes on is disconnected."""
        with Arena(input_rate=100) as arena:
            def attack():
                with arena.connect() as sock:
                    exchange(sock, GREETING + set_encodings(RAW), pointer(5, 5) * 1000, FLOOD_S)
                    self.assertFalse(closed_by_server(sock, 0.05))
                with arena.connect() as sock:
                    exchange(sock, GREETING + set_encodings(RAW), (key(0x61) + key(0x61, False)) * 500, FLOOD_S)
                    self.assertTrue(closed_by_server(sock, 5))
                arena.daemon.wait_line("says more than input-rate")
            self.check(arena, attack)

    def test_film(self):
        """Those who say that they decode it, and change their minds, look elsewhere, or die over it."""
        able, unable = set_encodings(RAW, H264, CURSOR, FENCE, CONTINUOUS), set_encodings(RAW, CURSOR)
        floods = {
            "encodings": (able + request(incremental=True) + unable + request(incremental=True)) * 300,
            "pointers": (able + request(incremental=True) + set_encodings(RAW, H264) + request(incremental=True)) * 300,
            "parts": (request(incremental=True) + request(100, 100, True)) * 500,
            "whole pictures": request() * 1000,
            "continuous": (continuous() + continuous(100, 100) + continuous(enable=False)) * 500,
        }
        with VideoArena() as arena:
            for name, data in floods.items():
                with self.subTest(name):
                    def flood():
                        with arena.connect() as sock:
                            exchange(sock, GREETING + able + request(), data, FLOOD_S)
                    print(name, end=": ", flush=True)
                    self.assertLess(arena.longest_gap(flood), GAP_MAX_MS)

            def attack():
                for turn in range(20):
                    sock = arena.connect()
                    send_all(sock, GREETING + able + continuous() + request())
                    sock.recv(100 if turn % 4 < 2 else 65536)
                    reset_connection(sock) if turn % 3 else sock.close()
            self.check(arena, attack)

    def test_who_does_not_read_a_film_is_dropped(self):
        with VideoArena(stall_timeout="1s") as arena:
            def attack():
                socks = [arena.connect() for _ in range(10)]
                for sock in socks:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    send_all(sock, GREETING + set_encodings(RAW, H264, CURSOR, CONTINUOUS) + continuous() + request())
                wait_until(lambda: len(process_fds(arena.pid)) >= arena.fds + len(socks), "clients accepted")
                wait_until(lambda: len(process_fds(arena.pid)) <= arena.fds, "stalled clients dropped")
                for sock in socks:
                    sock.close()
            self.check(arena, attack)

    def test_who_does_not_read_is_dropped(self):
        with Arena(stall_timeout="1s", pattern_size="1920x1080") as arena:
            def attack():
                socks = []
                for _ in range(10):
                    sock = arena.connect()
                    send_all(sock, GREETING + set_encodings(RAW, CONTINUOUS) + continuous(1920, 1080) +
                             request(1920, 1080))
                    socks.append(sock)
                wait_until(lambda: len(process_fds(arena.pid)) >= arena.fds + len(socks), "clients accepted")
                wait_until(lambda: len(process_fds(arena.pid)) <= arena.fds, "stalled clients dropped")
                for sock in socks:
                    sock.close()
            self.check(arena, attack)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
