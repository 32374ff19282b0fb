#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SPICE clients that send garbage, dribble, flood, stall or die cost others nothing and leave nothing behind.

What may be said, and when, is net/spice_link.h's and net/spice_filter.h's to say; the end of a connection at any
point is everybody's right. Whatever a client does ends its own viewer at worst.
"""
import contextlib
import random
import socket
import struct
import time
import unittest

import spice_raw as spice
from harness import process_fds, wait_until
from hostile import (GAP_MAX_MS, SpiceArena, be_preferred, closed_by_server, exchange, garbage, reset_connection,
                     send_all, wait_read)
from spice_raw import CHANNELS, CURSOR, DISPLAY, INPUTS, MAIN, Channel, Refused

HANDSHAKE_S = 1
CYCLES = 500
OTHERS = (DISPLAY, INPUTS, CURSOR)


def hang_up(sock, turn):
    """In one of the two ways there are."""
    reset_connection(sock) if turn % 2 else sock.close()


class Hostile(unittest.TestCase):
    def check(self, arena, attack):
        self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
        arena.check_unharmed()


class Ends(Hostile):
    """The end of a connection, whenever it comes."""

    def test_stranger_dies_at_every_byte(self):
        link = spice.link_message()
        with SpiceArena() as arena:
            def attack():
                for length in range(len(link) + 4 + spice.TICKET_BYTES):
                    sock = arena.connect()
                    send_all(sock, link[:length])
                    if length >= len(link):
                        send_all(sock, spice.ticket(spice.read_key(sock))[:length - len(link)])
                    wait_read(sock)
                    hang_up(sock, length)
            self.check(arena, attack)

    def test_channel_dies_at_every_byte(self):
        """Of what it says first; with nothing said it may not even have begun."""
        with SpiceArena() as arena:
            def attack():
                for kind in OTHERS:
                    words = spice.FIRST_WORDS[kind]
                    for length in range(len(words) + 1):
                        with arena.come(kinds=()) as session:
                            channel = session.link(kind)
                            channel.send(words[:length])
                            hang_up(channel.sock, length)
                            # Half of them go on without it.
                            if length % 4 > 1:
                                session.link(INPUTS if kind == CURSOR else CURSOR)
            self.check(arena, attack)

    def test_viewer_dies_at_any_moment(self):
        """Each with some of its channels, linked in any order, hanging up in any order, after any while."""
        seed = int(time.time())
        print(f"seed {seed}")
        chance = random.Random(seed)
        with SpiceArena() as arena:
            def live():
                with contextlib.suppress(Refused, ConnectionError), arena.come(kinds=()) as session:
                    for kind in chance.sample(OTHERS, chance.randrange(4)):
                        channel = session.link(kind)
                        words = spice.FIRST_WORDS[kind]
                        channel.send(words[:chance.choice((0, len(words), chance.randrange(len(words) + 1)))])
                        if chance.random() < 0.3:
                            channel.wait(None)
                        if chance.random() < 0.3:
                            hang_up(channel.sock, chance.randrange(2))
                    channels = list(session.channels.values())
                    chance.shuffle(channels)
                    for channel in channels:
                        if channel.fileno() >= 0:
                            hang_up(channel.sock, chance.randrange(2))

            def attack():
                for _ in range(CYCLES):
                    live()
            self.check(arena, attack)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
