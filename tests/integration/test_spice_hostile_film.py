#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SPICE clients that come to a film to do harm: whoever else watches it, by SPICE or VNC, sees it go on, and rest exactly."""
import contextlib
import itertools
import pathlib
import re
import select
import socket
import struct
import tempfile
import time
import unittest

import spice_raw as spice
from film import Show
from harness import BUILD, Daemon, process_fds, wait_until
from hostile import (GAP_MAX_MS, Arena, SpiceArena, be_preferred, closed_by_server, exchange, flood, garbage,
                     reset_connection, unread_by_server)
from spice_raw import DISPLAY, H264, MJPEG, NO_VIDEO, STREAM_CREATE, STREAM_DATA, STREAM_DESTROY, message
from viewer import SpiceViewer, Viewer

SIZE = 640, 480
SECONDS = 1
CYCLES = 50
WAITING_MAX = 384 << 10
# What a client may say of codecs: nothing, that it has none, either, both.
ABILITIES = {"old": None, "no codec": NO_VIDEO, "H.264": H264, "MJPEG": MJPEG, "both": H264 | MJPEG}
WORDS = (0, 1, 49, 50, 63, 64, 0x7fffffff, 0x80000000, 0xffffffff)


def report(stream, frames=0, drops=0xffffffff):
    """How a stream is doing; the numbers that there are by default: it cannot be shown."""
    return message(spice.STREAM_REPORT, struct.pack("<8I", stream, 1, 0, 0, frames, drops, 0, 0))


def preferred(*codecs, claimed=None):
    """1: MJPEG, 3: H.264."""
    return message(spice.PREFERRED_VIDEO_CODECS, bytes((len(codecs) if claimed is None else claimed, *codecs)))


class Watchers:
    """Those whom it must not harm, as one: the longest gap of any, the fewest updates."""

    def __init__(self, *viewers):
        self.viewers = viewers

    def __call__(self, *words):
        answers = [viewer(*words) for viewer in self.viewers]
        return {"updates": min(answer.get("updates", 0) for answer in answers),
                "gap_max_ms": max(answer.get("gap_max_ms", 0) for answer in answers)}


class FilmArena(SpiceArena):
    """A film amid a desktop. Some viewers measure gaps, SPICE's in packets; two show it, at last exactly."""

    def __init__(self, **keys):
        self.password = b""
        self._sources = itertools.cycle(f"127.0.1.{number}" for number in range(1, 255))
        with contextlib.ExitStack() as stack:
            self.film = stack.enter_context(Show("video", *SIZE))
            self.daemon = stack.enter_context(Daemon(self.film.vm(spice="127.0.0.1:0", **keys),
                                                     env={**self.env, "LIBVA_DRIVERS_PATH": str(BUILD)}))
            self.pid = self.daemon.wait_serving("vm")
            self.address = self.daemon.address("vm", protocol="spice")
            vnc = stack.enter_context(Viewer(self.daemon.address("vm"), "--video"))
            raw = [stack.enter_context(self.join(codec)) for codec in ("h264", "mjpeg")]
            self.viewer = Watchers(vnc, *raw)
            self.shows = stack.enter_context(SpiceViewer(self.address, patience_s=60))
            self.film.start()
            wait_until(lambda: vnc("stats")["videos"] > 5, "the film goes as video")
            wait_until(lambda: self.daemon.count_lines("a stream of .* begins") >= 3, "a stream for each")
            self.fds = len(process_fds(self.pid))
            self.vnc, self._stack = vnc, stack.pop_all()

    def join(self, codec="h264"):
        return spice.Viewer(self.address, self.password, codec)

    def come_to_see(self, caps=H264, wanted=STREAM_CREATE, **keys):
        """A bad one's viewer, served, and with a stream if it can have one."""
        session = self.come(kinds=(DISPLAY,), caps=caps, **keys)
        session.channels[DISPLAY].wait(None if caps == NO_VIDEO else wanted)
        return session

    def check_exact(self):
        """Who went on watching is left with the right picture."""
        self.check_unharmed()
        with tempfile.TemporaryDirectory(prefix="planecast-") as directory:
            last = pathlib.Path(directory) / "last.ppm"
            self.film.stop().write_ppm(last)
            self.shows("expect", last)
            self.vnc("expect", last)


def watch(session, seconds, data=b""):
    """Reads what comes, saying data again and again. Returns the types; None at the end of the connection."""
    channel, end, kinds = session.channels[DISPLAY], time.monotonic() + seconds, []
    while time.monotonic() < end:
        if select.select([channel], [], [], 0.01)[0]:
            messages = channel.receive()
            if messages is None:
                return None
            kinds += [kind for kind, _ in messages]
        if data:
            channel.send(data)
    return kinds


class Film(unittest.TestCase):
    def check(self, arena, attack):
        self.assertLess(arena.longest_gap(attack), GAP_MAX_MS)

    def test_who_acknowledges_as_he_likes(self):
        """Nothing, or far too much, or what he was never asked for; whatever he says he decodes."""
        too_much = message(spice.ACK) * 100 + message(spice.ACK_SYNC, bytes(4)) * 10
        with FilmArena() as arena:
            for acknowledges, data in ((False, b""), (True, too_much)):
                def attack():
                    # The library may stop in the middle of a message that is not acknowledged, and no stream begins.
                    wanted = STREAM_CREATE if acknowledges else None
                    sessions = [arena.come_to_see(caps, wanted, acknowledges=acknowledges)
                                for caps in ABILITIES.values()]
                    for name, session in zip(ABILITIES, sessions):
                        kinds = watch(session, SECONDS / 2, data)
                        self.assertIsNotNone(kinds, name)
                        if acknowledges:
                            self.assertEqual(STREAM_DATA in kinds, name != "no codec", name)
                        session.close()
                with self.subTest(acknowledges=acknowledges):
                    self.check(arena, attack)
            arena.check_exact()

    def test_who_stops_reading(self):
        """In the middle of a packet. He is dropped in the end, and waited for by nobody."""
        with FilmArena(stall_timeout="3s") as arena:
            def attack():
                mark = arena.daemon.mark()
                sessions = [arena.come_to_see(caps) for caps in (H264, MJPEG, H264)]
                for session in sessions:
                    session.channels[DISPLAY].sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    session.channels[DISPLAY].sock.recv(100)
                dropped = "display channel left.*: (?:took none of|acknowledged nothing for)"
                wait_until(lambda: arena.daemon.count_lines(dropped, mark) >= 3, "displays dropped")

                waited = [int(bytes_) for line in arena.daemon.lines[mark:]
                          for bytes_ in re.findall(r"took none of (\d+)", line)]
                print(f"bytes that waited: {waited}")
                self.assertLess(max(waited, default=0), WAITING_MAX)
                for session in sessions:
                    session.close()
            self.check(arena, attack)
            arena.check_exact()

    def test_who_leaves_in_the_middle(self):
        """Of a packet, of a stream's beginning, or before that; with all channels or with one."""
        with FilmArena() as arena:
            def attack():
                for turn in range(CYCLES):
                    wanted = (None, STREAM_CREATE, STREAM_DATA)[turn % 3]
                    session = arena.come_to_see((H264, MJPEG)[turn % 2], wanted)
                    sock = session.channels[DISPLAY].sock
                    select.select([sock], [], [], 0.1 * (turn % 4))
                    with contextlib.suppress(BlockingIOError):
                        sock.recv(10 + 50 * (turn % 5))
                    reset_connection(sock) if turn % 4 < 2 else sock.close()
                    session.close()
            self.check(arena, attack)
            arena.check_exact()

    def test_what_is_said_of_streams(self):
        """Of any, in any number, of any length that a message can have; what is longer ends him."""
        said = preferred() + preferred(claimed=255) + preferred(1, claimed=255) + preferred(3, 1, claimed=0)
        said += preferred(*range(63)) + preferred(*[255] * 63) + message(spice.PREFERRED_VIDEO_CODECS)
        for word in WORDS:
            said += report(word) + report(word, 1, 0) + report(word, word, word)
            said += message(spice.STREAM_REPORT, struct.pack("<I", word) * 16)
        for size in range(65):
            said += message(spice.STREAM_REPORT, garbage(size, size))
            said += message(spice.PREFERRED_VIDEO_CODECS, garbage(size, size))
        with FilmArena() as arena:
            def attack():
                for name, caps in ABILITIES.items():
                    with arena.come_to_see(caps) as session:
                        self.assertIsNotNone(watch(session, SECONDS / 5, said), name)
                for kind in (spice.STREAM_REPORT, spice.PREFERRED_VIDEO_CODECS):
                    for size in (65, 4096, 0xffffffff):
                        with arena.come_to_see() as session:
                            session.channels[DISPLAY].send(message(kind, garbage(size, min(size, 4096)), size))
                            self.assertTrue(closed_by_server(session.channels[DISPLAY].sock, 10), (kind, size))
            self.check(arena, attack)
            arena.check_exact()

    def test_flood(self):
        """Of changes of mind, whether he reads what comes of it or not."""
        floods = {
            "codecs": (preferred(1) + preferred(3)) * 100,
            "reports": report(50) * 100,
            "acknowledgements": message(spice.ACK) * 1000,
        }
        with FilmArena() as arena:
            for name, data in floods.items():
                with self.subTest(name), arena.come_to_see(H264 | MJPEG) as session:
                    sock, rest = session.channels[DISPLAY].sock, b""

                    def attack():
                        nonlocal rest
                        rest = flood(sock, rest, data, SECONDS / 2)
                        sent = exchange(sock, rest, data, SECONDS / 2)
                        rest = b""
                        print(f"{name}: {sent / 1e6:.1f} MB", end=", ", flush=True)
                    self.check(arena, attack)
                    self.assertIsNotNone(unread_by_server(sock), "it only said what it may")
            arena.check_exact()


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
