#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SPICE clients that send garbage, dribble, flood, stall or die cost others nothing and leave nothing behind.

What may be said, and when, is net/spice_link.h's and net/spice_filter.h's to say; the end of a connection at any
point is everybody's right. Whatever a client does ends its own viewer at worst.
"""
import contextlib
import random
import select
import socket
import struct
import time
import unittest

import spice_raw as spice
from harness import SANITIZED, connect, process_fds, wait_until
from hostile import (GAP_MAX_MS, SpiceArena, be_preferred, closed_by_server, exchange, flood, garbage, reset_connection,
                     send_all, wait_read)
from spice_raw import CHANNELS, CURSOR, DISPLAY, INPUTS, MAIN, Channel, Refused, link_message, message

HANDSHAKE_S = 1
FLOOD_S = 0.5
CYCLES = 500
SILENT, ATTEMPTS_PER_S = 200, 50
OTHERS = (DISPLAY, INPUTS, CURSOR)
LINK = link_message()

# How far a stranger goes before he misbehaves, ticket and all. What he cannot know is made up.
TICKET = spice.MECHANISM + garbage(0, spice.TICKET_BYTES)
STATES = {
    "at once": b"",
    "in the header": LINK[:9],
    "in the link message": LINK[:30],
    "after the link message": LINK,
    "in the mechanism": LINK + TICKET[:3],
    "in the ticket": LINK + TICKET[:60],
}


def hang_up(sock, turn):
    """In one of the two ways there are."""
    reset_connection(sock) if turn % 2 else sock.close()


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


class Hostile(unittest.TestCase):
    def check(self, arena, attack):
        self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
        arena.check_unharmed()

    def assert_refused(self, code, function, *arguments, name=None):
        with self.assertRaises(Refused, msg=name) as refused:
            function(*arguments)
        self.assertEqual(refused.exception.code, code, name)


class Ends(Hostile):
    """The end of a connection, whenever it comes."""

    def test_stranger_dies_at_every_byte(self):
        with SpiceArena() as arena:
            def attack():
                for length in range(len(LINK) + len(TICKET)):
                    sock = arena.connect()
                    send_all(sock, LINK[:length])
                    if length >= len(LINK):
                        send_all(sock, spice.ticket(spice.read_key(sock))[:length - len(LINK)])
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


class Strangers(Hostile):
    """Up to the ticket."""

    def test_garbage_at_every_state(self):
        with SpiceArena(handshake_timeout=f"{HANDSHAKE_S}s") as arena:
            def attack():
                socks = []
                for seed, start in enumerate(STATES.values()):
                    for count in (1, 7, 100, 70000):
                        sock = arena.connect("127.0.2.1")
                        send_all(sock, start + garbage(seed * 10 + count, count))
                        socks.append(sock)
                for sock in socks:
                    self.assertTrue(closed_by_server(sock, 10))
                    sock.close()
            self.check(arena, attack)

    def test_bad_numbers(self):
        bad = {
            "another protocol": (link_message(magic=b"RFB "), None),
            "version 1": (link_message(major=1), spice.ERR_VERSION_MISMATCH),
            "version 3": (link_message(major=3), spice.ERR_VERSION_MISMATCH),
            "no message": (link_message(size=0), spice.ERR_INVALID_DATA),
            "half a message": (link_message(size=17), spice.ERR_INVALID_DATA),
            "a long message": (link_message(size=4097), spice.ERR_INVALID_DATA),
            "4 GB": (link_message(size=0xffffffff), spice.ERR_INVALID_DATA),
            "2 GB": (link_message(size=0x80000000), spice.ERR_INVALID_DATA),
            "many capabilities": (link_message(n_common=1000), spice.ERR_INVALID_DATA),
            "2^32 capabilities": (link_message(n_common=0xffffffff), spice.ERR_INVALID_DATA),
            "2^32 in all": (link_message(n_common=0x80000000, n_channel=0x80000000), spice.ERR_INVALID_DATA),
            "2^30 of a channel": (link_message(n_channel=0x40000000), spice.ERR_INVALID_DATA),
            "capabilities before the message": (link_message(offset=0), spice.ERR_INVALID_DATA),
            "capabilities behind it": (link_message(offset=26), spice.ERR_INVALID_DATA),
            "capabilities far behind it": (link_message(offset=0xfffffff8), spice.ERR_INVALID_DATA),
            "no capabilities": (link_message(common=0), spice.ERR_VERSION_MISMATCH),
            "full headers": (link_message(common=1), spice.ERR_VERSION_MISMATCH),
            "a main channel with a number": (link_message(number=1), spice.ERR_CHANNEL_NOT_AVAILABLE),
            "a main channel of another": (link_message(connection_id=1), spice.ERR_BAD_CONNECTION_ID),
            "a display of nobody's": (link_message(DISPLAY), spice.ERR_BAD_CONNECTION_ID),
        }
        for kind in (0, *range(5, 13), 64, 255):
            bad[f"channel {kind}"] = (link_message(kind), spice.ERR_CHANNEL_NOT_AVAILABLE)

        def link(arena, data):
            with arena.connect("127.0.2.1") as sock:
                send_all(sock, data)
                spice.read_key(sock)

        with SpiceArena() as arena:
            def attack():
                for name, (data, code) in bad.items():
                    self.assert_refused(code, link, arena, data, name=name)
            self.check(arena, attack)

    def test_every_step_is_taken_once(self):
        """What comes twice is not taken for what should have come."""
        def twice(arena, first, second):
            with arena.connect("127.0.2.1") as sock:
                send_all(sock, LINK)
                ticket = spice.ticket(spice.read_key(sock))
                said = {"link": LINK, "mechanism": spice.MECHANISM, "ticket": ticket}
                send_all(sock, said[first] + said[second])
                spice.read_verdict(sock)
                self.assertTrue(closed_by_server(sock, 10))

        with SpiceArena() as arena:
            def attack():
                self.assert_refused(spice.ERR_INVALID_DATA, twice, arena, "link", "ticket")
                # Made of the right one's start and the wrong one's end.
                self.assert_refused(spice.ERR_PERMISSION_DENIED, twice, arena, "mechanism", "ticket")
                # Let in: the second one is no message.
                twice(arena, "ticket", "ticket")
                twice(arena, "ticket", "link")
            self.check(arena, attack)

    def test_dribble(self):
        """One byte at a time, never done: the deadline is for the whole handshake, not for each byte."""
        with SpiceArena(handshake_timeout=f"{HANDSHAKE_S}s") as arena:
            def attack():
                start = time.monotonic()
                # What each has still to say, of which the last byte never comes.
                left = {}
                for turn in range(50):
                    sock = arena.connect("127.0.2.1")
                    send_all(sock, LINK if turn % 2 else b"")
                    left[sock] = (TICKET if turn % 2 else LINK)[:len(LINK) - 1]
                while left:
                    passed = time.monotonic() - start
                    self.assertLess(passed, HANDSHAKE_S + 5)
                    for sock, data in list(left.items()):
                        if len(data) > (1 - passed / HANDSHAKE_S) * len(LINK):
                            send_all(sock, data[:1])
                            left[sock] = data[1:]
                    for sock in select.select(list(left), [], [], 0.01)[0]:
                        if closed_by_server(sock, 0.001):
                            del left[sock]
                            sock.close()
                self.assertGreater(time.monotonic() - start, HANDSHAKE_S * 0.8)
            self.check(arena, attack)

    def test_half_closed(self):
        """Who will never say anything again is let go, at any state."""
        with SpiceArena() as arena:
            def attack():
                for state, start in STATES.items():
                    with arena.connect("127.0.2.1") as sock:
                        send_all(sock, start)
                        sock.shutdown(socket.SHUT_WR)
                        self.assertTrue(closed_by_server(sock, 10), state)
                with arena.come() as session:
                    for kind in (CURSOR, INPUTS, DISPLAY, MAIN):
                        session.channels[kind].sock.shutdown(socket.SHUT_WR)
                        self.assertTrue(closed_by_server(session.channels[kind].sock, 10), kind)
            self.check(arena, attack)


class Links(Hostile):
    """Which channels a viewer may link."""

    def test_only_his_own_and_once(self):
        with SpiceArena(password=b"Sesame") as arena:
            def link(viewer, kind, **keys):
                keys = {"session": viewer.id, "password": arena.password, "source": viewer.source, **keys}
                Channel(arena.address, kind, **keys).close()

            def attack():
                with arena.come() as stale:
                    pass
                wait_until(lambda: len(process_fds(arena.pid)) <= arena.fds, "the viewer is gone")
                with arena.come(kinds=(CURSOR,)) as one, arena.come(kinds=()) as other:
                    for name, viewer, keys in (
                            ("twice", one, {"kind": CURSOR}),
                            ("after its viewer left", stale, {"kind": DISPLAY}),
                            ("guessed", one, {"kind": DISPLAY, "session": one.id ^ 1}),
                            ("of all ones", one, {"kind": DISPLAY, "session": 0xffffffff}),
                            ("another source's", one, {"kind": DISPLAY, "source": other.source}),
                            ("no source's", one, {"kind": DISPLAY, "source": None}),
                    ):
                        self.assert_refused(spice.ERR_BAD_CONNECTION_ID, lambda: link(viewer, **keys), name=name)
                    self.assert_refused(spice.ERR_PERMISSION_DENIED,
                                        lambda: link(one, DISPLAY, password=b"sesame"), name="wrong password")
                    # None of that keeps the right ones out, nor does having been there count as being there.
                    one.channels[CURSOR].sock.shutdown(socket.SHUT_WR)
                    self.assertTrue(closed_by_server(one.channels[CURSOR].sock, 10))
                    self.assert_refused(spice.ERR_BAD_CONNECTION_ID, link, one, CURSOR, name="once for all")
                    for kind in (DISPLAY, INPUTS):
                        one.link(kind).wait(None)
                        other.link(kind).wait(None)
            self.check(arena, attack)

    def test_overheard_ticket_is_worth_nothing(self):
        """The same key is shown to many; what was said with it counts once."""
        def say(arena, source, known):
            with arena.connect(source) as sock:
                send_all(sock, LINK)
                key = spice.read_key(sock)
                if not known:
                    known.update(key=key, ticket=spice.ticket(key, arena.password))
                self.assertEqual(key, known["key"])
                send_all(sock, known["ticket"])
                spice.read_verdict(sock)

        with SpiceArena(password=b"Sesame") as arena:
            known = {}
            say(arena, "127.0.3.2", known)
            for source in ("127.0.3.2", "127.0.3.3"):
                self.assert_refused(spice.ERR_PERMISSION_DENIED, say, arena, source, known)
            arena.check_unharmed()

    def test_guessing_is_penalised(self):
        """As for VNC; hanging up before the answer must not buy another guess."""
        guesser = "127.0.3.1"

        def guess(arena, waits):
            with arena.connect(guesser) as sock:
                send_all(sock, LINK)
                send_all(sock, spice.ticket(spice.read_key(sock), b"sesame"))
                wait_read(sock)
                if waits:
                    spice.read_verdict(sock)

        with SpiceArena(password=b"Sesame", penalty_exempt=None, penalty_abort=0) as arena:
            arena.connect(guesser).close()
            self.assert_refused(spice.ERR_PERMISSION_DENIED, guess, arena, True)
            refused = 0
            for _ in range(20):
                try:
                    guess(arena, False)
                except Refused:
                    refused += 1
            # Five are forgiven, and one is too many.
            self.assertEqual(refused, 20 - 5)
            with self.assertRaises(Refused):
                Channel(arena.address, password=arena.password, source=guesser)
            arena.check_unharmed()

    def test_guessing_with_an_overheard_id_is_penalised(self):
        """Who guesses next to a viewer does not keep him from his further channels, but by his own id does."""
        def guess(session):
            with arena.connect(session.source) as sock:
                send_all(sock, link_message(DISPLAY, session.id))
                send_all(sock, spice.ticket(spice.read_key(sock), b"sesame"))
                wait_read(sock)

        with SpiceArena(password=b"Sesame", penalty_exempt=None) as arena:
            with arena.come(kinds=()) as session:
                for _ in range(8):
                    with arena.connect(session.source) as sock, contextlib.suppress(Refused):
                        send_all(sock, LINK)
                        send_all(sock, spice.ticket(spice.read_key(sock), b"sesame"))
                        wait_read(sock)
                session.link(INPUTS).wait(None)
                guess(session)
                self.assertRaises(Refused, guess, session)
                self.assertRaises(Refused, session.link, CURSOR)
            arena.check_unharmed()


class Messages(Hostile):
    """What a viewer says on its channels."""

    # All numbers that the protocol has, and some that it has not.
    TYPES = (0, *range(1, 8), *range(100, 118), 300, 0x7fff, 0x8000, 0xffff)
    # What each channel takes, by type; any other ends it.
    TAKEN = {
        MAIN: (1, 2, 3, 6, 101, 104, 105, 106, 107, 108),
        DISPLAY: (1, 2, 3, 6, 101, 102, 103, 105),
        INPUTS: (1, 2, 3, 6, 101, 102, 103, 104, 111, 112, 113, 114),
        CURSOR: (1, 2, 3, 6),
    }

    def test_only_those_of_its_channel(self):
        """And in their sizes; whatever else ends the channel, and the main channel's end the viewer."""
        with SpiceArena() as arena:
            def say(kind, data, name):
                with arena.come(kinds=() if kind == MAIN else (kind,)) as session:
                    session.channels[kind].send(data)
                    self.assertTrue(closed_by_server(session.channels[kind].sock, 10), name)

            def attack():
                for name, kind in CHANNELS.items():
                    for number in self.TYPES:
                        taken = number in self.TAKEN[kind]
                        size = 0xffffffff if taken else number % 3 * 100
                        say(kind, message(number, claimed=size) + bytes(min(size, 200)),
                            f"{name}: type {number}, {size} bytes")
            self.check(arena, attack)

    def test_any_number_in_them(self):
        """They are taken whatever they say, and the viewer goes on."""
        words = (0, 1, 0x7fff, 0x7fffffff, 0x80000000, 0xffffffff)
        said = {kind: b"" for kind in CHANNELS.values()}
        for word in words:
            number = struct.pack("<I", word)
            for kind in said:
                said[kind] += message(spice.ACK_SYNC, number) + message(spice.ACK) * 50
                said[kind] += message(spice.PONG, number * 3) + message(spice.DISCONNECTING, number * 3)
            said[MAIN] += (spice.mouse_mode(word & 0xffff) + message(spice.ATTACH_CHANNELS) +
                           message(spice.CLIENT_INFO, number) + message(spice.AGENT_TOKEN, number) +
                           message(spice.AGENT_START, number) + spice.agent_message(word, number * 7) +
                           spice.ask_size(word, word, word) + spice.ask_size(word, 1, 1))
            said[DISPLAY] += (spice.INIT + message(spice.DISPLAY_INIT, (number * 4)[:14]) +
                              message(spice.STREAM_REPORT, number * 8) +
                              message(spice.PREFERRED_COMPRESSION, number[:1]))
            for button in (0, 1, 4, 5, 255):
                said[INPUTS] += (message(spice.MOUSE_PRESS, struct.pack("<BH", button, word & 0xffff)) +
                                 message(spice.MOUSE_RELEASE, struct.pack("<BH", button, word & 0xffff)))
            said[INPUTS] += (message(spice.KEY_DOWN, number) + message(spice.KEY_UP, number) +
                             message(spice.KEY_MODIFIERS, number[:2]) + message(spice.KEY_SCANCODE, number * 16) +
                             message(spice.MOUSE_MOTION, number * 2 + number[:2]) +
                             message(spice.MOUSE_POSITION, number * 2 + number[:3]))
        # Whose rest never comes: it would swallow what is said to the agent from now on.
        said[MAIN] += message(spice.AGENT_DATA, struct.pack("<I", 0xfffff) * 5)
        said[INPUTS] += message(spice.KEY_SCANCODE, bytes(range(64))) + message(spice.KEY_SCANCODE, garbage(1, 64))
        with SpiceArena() as arena:
            def attack():
                for mode in (1, 2):
                    with arena.come() as session:
                        session.channels[MAIN].send(spice.mouse_mode(mode))
                        for kind, data in said.items():
                            session.channels[kind].send(data)
                            wait_read(session.channels[kind].sock)
                        # Which is answered only by a main channel that lives.
                        session.channels[MAIN].send(message(spice.ATTACH_CHANNELS))
                        session.channels[MAIN].wait(spice.CHANNELS_LIST)
                        for channel in session.channels.values():
                            self.assertFalse(closed_by_server(channel.sock, 0.05))
            self.check(arena, attack)

    def test_flood(self):
        """Nothing piles up, whether the flooding one reads the answers or not."""
        scancodes = message(spice.KEY_SCANCODE, bytes((0x1e, 0x9e)) * 32)
        floods = {
            "motion": (INPUTS, spice.mouse_motion(1, -1)),
            "positions": (INPUTS, spice.mouse_position(5, 5)),
            "buttons": (INPUTS, message(spice.MOUSE_PRESS, b"\1\1\0") + message(spice.MOUSE_RELEASE, b"\1\0\0")),
            "wheel": (INPUTS, message(spice.MOUSE_PRESS, b"\4\0\0")),
            "scancodes": (INPUTS, scancodes),
            "modifiers": (INPUTS, message(spice.KEY_MODIFIERS, b"\2\0") + message(spice.KEY_MODIFIERS, b"\0\0")),
            "modes": (MAIN, spice.mouse_mode(1) + spice.mouse_mode(2)),
            "channels": (MAIN, message(spice.ATTACH_CHANNELS)),
            "agent": (MAIN, message(spice.AGENT_DATA, bytes(2048))),
            "sizes": (MAIN, spice.ask_size(640, 480) + spice.ask_size(648, 480)),
            "many sizes": (MAIN, message(spice.AGENT_DATA, b"".join(
                spice.ask_size(width, 480)[6:] for width in (640, 648) * 20))),
            "acknowledgements": (DISPLAY, message(spice.ACK_SYNC, bytes(4)) + message(spice.ACK) * 10),
        }
        with SpiceArena() as arena:
            for name, (kind, data) in floods.items():
                with self.subTest(name), arena.come() as session:
                    session.channels[DISPLAY].wait(spice.DRAW_COPY)
                    # Who says much before he is served is hung up on.
                    session.channels[INPUTS].wait(None)
                    sock, rest = session.channels[kind].sock, b""
                    before = resident_bytes(arena.pid)

                    def attack():
                        nonlocal rest
                        rest = flood(sock, rest, data * (65536 // len(data)), FLOOD_S)
                    print(name, end=": ", flush=True)
                    self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)
                    grown = resident_bytes(arena.pid) - before
                    if not SANITIZED:
                        self.assertLess(grown, 8 << 20)
                    sent = exchange(sock, rest + data * 10, data * (65536 // len(data)), FLOOD_S)
                    self.assertFalse(closed_by_server(sock, 0.05), "it only said what it may")
                    print(f"{sent / 1e6:.1f} MB when it reads, {grown / 1024:.0f} KiB more when it does not")
            arena.check_unharmed()


    def test_input_beyond_the_rate(self):
        """It waits, and who goes on is disconnected."""
        with SpiceArena(input_rate=100) as arena:
            def attack():
                with arena.come() as session:
                    session.channels[DISPLAY].wait(spice.DRAW_COPY)
                    session.channels[INPUTS].wait(None)
                    sock = session.channels[INPUTS].sock
                    exchange(sock, spice.mouse_position(5, 5), spice.mouse_position(5, 5) * 1000, FLOOD_S)
                    self.assertTrue(closed_by_server(sock, 5))
                    arena.daemon.wait_line("inputs channel left.*says more than input-rate")
            self.check(arena, attack)


class Readers(Hostile):
    """Who does not take what he is sent."""

    def test_who_does_not_read_is_dropped(self):
        with SpiceArena(stall_timeout="1s", pattern_size="1920x1080") as arena:
            def attack():
                mark = arena.daemon.mark()
                sessions = [arena.come() for _ in range(4)]
                wait_until(lambda: arena.daemon.count_lines("display channel left.*: took none of", mark) >= 4,
                           "displays dropped")
                for session in sessions:
                    session.close()
            self.check(arena, attack)


class Crowds(Hostile):
    def test_silent_and_busy_strangers(self):
        """They go at their deadline at the latest; viewers come in meanwhile, and link as fast as ever."""
        with SpiceArena(password=b"Sesame", handshake_timeout=f"{HANDSHAKE_S}s") as arena:
            def attack():
                start = time.monotonic()
                silent = [arena.connect("127.0.4.1") for _ in range(SILENT)]
                tried, slowest, joined = 0, 0.0, start
                while time.monotonic() < start + 3 * HANDSHAKE_S:
                    while tried < (time.monotonic() - start) * ATTEMPTS_PER_S:
                        with connect(arena.address, source="127.0.4.1") as sock:
                            send_all(sock, LINK if tried % 2 else LINK + TICKET)
                        tried += 1
                    if time.monotonic() < joined + 0.2:
                        continue
                    joined = time.monotonic()
                    took = arena.viewer("join")
                    slowest = max(slowest, *(took[f"{name}_ms"] for name in ("display", "inputs", "cursor")))
                for sock in silent:
                    self.assertTrue(closed_by_server(sock, 0.1))
                    sock.close()
                print(f"{tried} attempts; slowest link of a viewer's further channel {slowest:.0f} ms")
                self.assertLess(slowest, GAP_MAX_MS)
            self.check(arena, attack)

    def test_a_crowd_makes_room_for_itself(self):
        """Where there are too many strangers those of the source that more come from go."""
        with SpiceArena(max_handshakes=8) as arena:
            def attack():
                with arena.connect("127.0.5.1") as slow:
                    socks = [arena.connect("127.0.4.1") for _ in range(SILENT)]
                    for sock in socks[:-8]:
                        self.assertTrue(closed_by_server(sock, 10))
                    send_all(slow, LINK)
                    send_all(slow, spice.ticket(spice.read_key(slow)))
                    spice.read_verdict(slow)
                for sock in socks:
                    sock.close()
            self.check(arena, attack)

    def test_few_descriptors_left(self):
        """However many there are when somebody is let in."""
        limit = 64
        with SpiceArena(wrapper=("prlimit", f"--nofile={limit}:{limit}"), max_handshakes=4096) as arena:
            def attack():
                for left in range(30):
                    with contextlib.ExitStack() as stack:
                        for _ in range(limit - arena.fds - left):
                            stack.enter_context(arena.connect("127.0.4.1"))
                        wait_until(lambda: len(process_fds(arena.pid)) >= limit - left, "descriptors taken")
                        with contextlib.suppress(Refused, ConnectionError), arena.come() as session:
                            for channel in session.channels.values():
                                channel.wait(None)
                    wait_until(lambda: len(process_fds(arena.pid)) <= arena.fds, "descriptors given back")
            self.check(arena, attack)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
