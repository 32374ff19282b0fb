#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SPICE in bytes: the start of a connection, channels one by one, and a good viewer as a process of its own.

As a program it is that viewer, steered by lines on its standard input and answering each with a line of JSON, as
vncprobe does: `reset`, `stats`, `request`, `updates N`, `join` (a second viewer comes, links all its channels and
leaves). With `h264` or `mjpeg` behind the password he decodes that, and nothing but a packet of it is an update.
"""
import collections
import contextlib
import hashlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

from harness import DEADLINE_S, Timeout, connect

MAIN, DISPLAY, INPUTS, CURSOR = 1, 2, 3, 4
CHANNELS = {"main": MAIN, "display": DISPLAY, "inputs": INPUTS, "cursor": CURSOR}
AUTH_SELECTION, AUTH_SPICE, MINI_HEADER = 0, 1, 3
COMMON_CAPS = 1 << AUTH_SELECTION | 1 << AUTH_SPICE | 1 << MINI_HEADER
# Of the display: composite drawing, monitors, LZ4; who does not choose codecs has MJPEG.
CHANNEL_CAPS = {DISPLAY: 1 << 1 | 1 << 2 | 1 << 5}
NO_VIDEO = CHANNEL_CAPS[DISPLAY] | 1 << 8
MJPEG = NO_VIDEO | 1 << 9
H264 = NO_VIDEO | 1 << 11
HEADER, MESSAGE, REPLY, KEY_BYTES, TICKET_BYTES = 16, 18, 178, 162, 128

ERR_OK, ERR_ERROR, ERR_INVALID_MAGIC, ERR_INVALID_DATA, ERR_VERSION_MISMATCH = range(5)
ERR_PERMISSION_DENIED, ERR_BAD_CONNECTION_ID, ERR_CHANNEL_NOT_AVAILABLE = 7, 8, 9

# What a client says: of every channel, then of one.
ACK_SYNC, ACK, PONG, MIGRATE_FLUSH_MARK, MIGRATE_DATA, DISCONNECTING = range(1, 7)
CLIENT_INFO, MIGRATE_CONNECTED, MIGRATE_CONNECT_ERROR, ATTACH_CHANNELS, MOUSE_MODE_REQUEST = range(101, 106)
AGENT_START, AGENT_DATA, AGENT_TOKEN, MIGRATE_END, MIGRATE_DST_DO_SEAMLESS = range(106, 111)
DISPLAY_INIT, STREAM_REPORT, PREFERRED_COMPRESSION, GL_DRAW_DONE, PREFERRED_VIDEO_CODECS = range(101, 106)
KEY_DOWN, KEY_UP, KEY_MODIFIERS, KEY_SCANCODE = range(101, 105)
MOUSE_MOTION, MOUSE_POSITION, MOUSE_PRESS, MOUSE_RELEASE = range(111, 115)
# What a server says.
SET_ACK, PING = 3, 4
MAIN_INIT, CHANNELS_LIST, MOUSE_MODE = 103, 104, 105
COPY_BITS, STREAM_CREATE, STREAM_DATA, STREAM_DESTROY, DRAW_FIRST, DRAW_COPY, DRAW_LAST = 104, 122, 123, 125, 302, 304, 313


class Refused(Exception):
    """The server said no: the code of its answer, or None when it just hung up."""

    def __init__(self, code):
        super().__init__(f"refused: {code}")
        self.code = code


def header(size, magic=b"REDQ", major=2, minor=2):
    return magic + struct.pack("<III", major, minor, size)


def link_message(kind=MAIN, connection_id=0, number=0, common=COMMON_CAPS, channel=None, **parts):
    """Header and link message; parts overwrite what is said of the capabilities, and of the header."""
    if channel is None:
        channel = CHANNEL_CAPS.get(kind, 0)
    body = struct.pack("<IBBIII", connection_id, kind, number, parts.pop("n_common", 1), parts.pop("n_channel", 1),
                       parts.pop("offset", MESSAGE))
    body += struct.pack("<II", common, channel)
    return header(parts.pop("size", len(body)), **parts) + body


MECHANISM = struct.pack("<I", AUTH_SPICE)


def _mask(seed, count):
    """MGF1 of SHA-1."""
    blocks = (hashlib.sha1(seed + struct.pack(">I", i)).digest() for i in range(count // 20 + 1))
    return b"".join(blocks)[:count]


def _xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other))


def _integers(der):
    """All INTEGERs in it, however deep; of a public key they are modulus and exponent."""
    found, at = [], 0
    while at + 2 <= len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7f
            length, at = int.from_bytes(der[at:at + count]), at + count
        if tag == 0x30:
            continue
        if tag == 0x03:
            at += 1  # a bit string with a sequence inside
            continue
        if tag == 0x02:
            found.append(int.from_bytes(der[at:at + length]))
        at += length
    return found


def encrypt(key, password, noise=os.urandom):
    """RSA, OAEP with SHA-1, as a client does it with the key of the server's reply. password: bytes, without NUL."""
    modulus, exponent = _integers(key)
    size = (modulus.bit_length() + 7) // 8
    text = password + b"\0"
    block = hashlib.sha1(b"").digest()
    block += bytes(size - len(text) - 2 * 20 - 2) + b"\1" + text
    seed = noise(20)
    block = _xor(block, _mask(seed, len(block)))
    seed = _xor(seed, _mask(block, 20))
    return pow(int.from_bytes(b"\0" + seed + block), exponent, modulus).to_bytes(size)


def message(kind, data=b"", claimed=None):
    return struct.pack("<HI", kind, len(data) if claimed is None else claimed) + data


def key_down(code):
    return message(KEY_DOWN, struct.pack("<I", code))


def key_up(code):
    return message(KEY_UP, struct.pack("<I", code | 0x80))


def mouse_position(x, y, buttons=0):
    return message(MOUSE_POSITION, struct.pack("<IIHB", x, y, buttons, 0))


def mouse_motion(dx, dy, buttons=0):
    return message(MOUSE_MOTION, struct.pack("<iiH", dx, dy, buttons))


def mouse_mode(mode):
    return message(MOUSE_MODE_REQUEST, struct.pack("<H", mode))


def agent_message(kind, data, claimed=None):
    """To the agent in the guest, in one piece."""
    return message(AGENT_DATA, struct.pack("<IIQI", 1, kind, 0, len(data) if claimed is None else claimed) + data)


def ask_size(width, height, monitors=1):
    return agent_message(2, struct.pack("<7I", monitors, 0, height, width, 32, 0, 0))


INIT = message(DISPLAY_INIT, struct.pack("<BqBi", 1, 1 << 20, 1, 1 << 20))
# What an ordinary client says once it is let in.
FIRST_WORDS = {
    MAIN: message(ATTACH_CHANNELS) + mouse_mode(2),
    DISPLAY: INIT,
    INPUTS: message(KEY_MODIFIERS, b"\0\0") + mouse_position(10, 10) + key_down(0x1e) + key_up(0x1e),
    CURSOR: b"",
}


def read_exactly(sock, count):
    data = bytearray()
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise Refused(None)
        data += more
    return bytes(data)


def read_key(sock):
    """Reads the server's reply. Returns its key."""
    head = read_exactly(sock, HEADER)
    assert head[:4] == b"REDQ", head
    body = read_exactly(sock, struct.unpack("<I", head[12:])[0])
    code, = struct.unpack("<I", body[:4])
    if code:
        raise Refused(code)
    return body[4:4 + KEY_BYTES]


def read_verdict(sock):
    code, = struct.unpack("<I", read_exactly(sock, 4))
    if code:
        raise Refused(code)


def ticket(key, password=b""):
    return MECHANISM + encrypt(key, password)


class Channel:
    """One channel of a viewer, linked. Non-blocking from then on; the reader acknowledges as a client has to."""

    def __init__(self, address, kind=MAIN, session=0, password=b"", source=None, acknowledges=True, caps=None):
        self.kind = kind
        self.acknowledges = acknowledges
        self.bytes = 0
        self._buffer = bytearray()
        self._window = self._unacknowledged = 0
        start = time.monotonic()
        self.sock = connect(address, source=source)
        try:
            self.sock.sendall(link_message(kind, session, channel=caps if kind == DISPLAY else None))
            key = read_key(self.sock)
            self.sock.sendall(ticket(key, password))
            read_verdict(self.sock)
        except BaseException:
            self.sock.close()
            raise
        self.link_ms = (time.monotonic() - start) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.sock.close()

    def fileno(self):
        return self.sock.fileno()

    def send(self, data):
        """What the server takes of it. It may hang up meanwhile."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            self.sock.sendall(data)

    def receive(self):
        """Reads once what there is. Returns [(type, data)]; None at the end of the connection."""
        try:
            data = self.sock.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            return None
        self.bytes += len(data)
        self._buffer += data
        messages, at = [], 0
        while at + 6 <= len(self._buffer):
            kind, size = struct.unpack_from("<HI", self._buffer, at)
            if at + 6 + size > len(self._buffer):
                break
            messages.append((kind, bytes(self._buffer[at + 6:at + 6 + size])))
            at += 6 + size
        del self._buffer[:at]
        if self.acknowledges:
            self._acknowledge(messages)
        return messages

    def _acknowledge(self, messages):
        for kind, data in messages:
            self._unacknowledged += 1
            if kind == SET_ACK:
                generation, self._window = struct.unpack("<II", data)
                self._unacknowledged = 0
                self.send(message(ACK_SYNC, struct.pack("<I", generation)))
            elif kind == PING:
                self.send(message(PONG, data[:12]))
            if self._window and self._unacknowledged >= self._window:
                self._unacknowledged = 0
                self.send(message(ACK))

    def wait(self, kind, deadline_s=DEADLINE_S):
        """The data of the next message of that type (any: None)."""
        end = time.monotonic() + deadline_s
        while select.select([self], [], [], max(0, end - time.monotonic()))[0]:
            messages = self.receive()
            if messages is None:
                raise Refused(None)
            for found, data in messages:
                if kind in (None, found):
                    return data
        raise Timeout(f"message {kind}: not within {deadline_s} s")


class Session:
    """A viewer: its main channel, and others as they are linked."""

    def __init__(self, address, password=b"", source=None, kinds=(DISPLAY, INPUTS, CURSOR), acknowledges=True,
                 caps=None):
        self.address, self.password, self.source = address, password, source
        self.acknowledges, self.caps = acknowledges, caps
        self.channels = {}
        self.id = 0
        try:
            main = self.link(MAIN)
            self.id, = struct.unpack("<I", main.wait(MAIN_INIT)[:4])
            main.send(FIRST_WORDS[MAIN])
            for kind in kinds:
                self.link(kind).send(FIRST_WORDS[kind])
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        for channel in self.channels.values():
            channel.close()

    def link(self, kind):
        channel = Channel(self.address, kind, self.id, self.password, self.source, self.acknowledges, self.caps)
        self.channels[kind] = channel
        return channel


def draws(kind):
    return kind in (COPY_BITS, STREAM_DATA) or DRAW_FIRST <= kind <= DRAW_LAST


class _Watch:
    """The program: a session that is read all the time, and what is measured of it."""

    def __init__(self, *arguments, codec=None):
        self.arguments = arguments
        self.counts = (lambda kind: kind == STREAM_DATA) if codec else draws
        self.session = Session(*arguments, caps={"h264": H264, "mjpeg": MJPEG}.get(codec))
        # Else the last of them may not have all its descriptors yet.
        for kind in (INPUTS, CURSOR):
            self.session.channels[kind].wait(None)
        self.goal = None
        self.reset()
        self.updates = 0

    def reset(self):
        self.updates, self.gap_max, self.last = 0, 0.0, time.monotonic()
        self.bytes_before = self.bytes()

    def bytes(self):
        return sum(channel.bytes for channel in self.session.channels.values())

    def read(self, channel):
        messages = channel.receive()
        if messages is None:
            answer(ok=False, error="the server hung up")
            sys.exit(1)
        if any(self.counts(kind) for kind, _ in messages):
            now = time.monotonic()
            self.gap_max = max(self.gap_max, now - self.last)
            self.last = now
            self.updates += 1

    def stats(self):
        # A gap that has not ended counts, too.
        gap = max(self.gap_max, time.monotonic() - self.last)
        return {"updates": self.updates, "gap_max_ms": gap * 1000, "bytes": self.bytes() - self.bytes_before}

    def join(self):
        """A second viewer comes, is shown a picture and leaves. Returns how long each of its links took."""
        with Session(*self.arguments) as session:
            display = session.channels[DISPLAY]
            while not any(draws(kind) for kind, _ in display.receive() or ()):
                pass
            return {f"{name}_ms": session.channels[kind].link_ms for name, kind in CHANNELS.items()}

    def command(self, words):
        if words[0] == "reset":
            self.reset()
            answer()
        elif words[0] == "request":
            answer()  # nobody has to ask for pictures here
        elif words[0] == "stats":
            answer(**self.stats())
        elif words[0] == "updates":
            self.goal = int(words[1])
        elif words[0] == "join":
            answer(**self.join())

    def run(self):
        answer()
        pending = b""
        while True:
            if self.goal is not None and self.updates >= self.goal:
                self.goal = None
                answer(**self.stats())
            ready = select.select([0, *self.session.channels.values()], [], [])[0]
            for channel in ready:
                if channel:
                    self.read(channel)
            if 0 in ready:
                data = os.read(0, 4096)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    self.command(line.decode().split())


def answer(**values):
    print(json.dumps({"ok": True, **values}), flush=True)


class Viewer:
    """That program, as an object: viewer("updates", 3)["gap_max_ms"]."""

    def __init__(self, address, password=b"", *options):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, *map(str, address), password.decode(), *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        if not self.process.stdout.readline():
            self.close()
            raise Refused(None)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.process.communicate()

    def __call__(self, *words, deadline_s=DEADLINE_S):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        if not select.select([self.process.stdout], [], [], deadline_s)[0]:
            raise Timeout(f"{' '.join(map(str, words))}: not within {deadline_s} s")
        line = self.process.stdout.readline()
        values = json.loads(line) if line else {"ok": False, "error": "the viewer died"}
        if not values["ok"]:
            raise Timeout(f"{' '.join(map(str, words))}: {values}")
        return values


if __name__ == "__main__":
    _Watch((sys.argv[1], int(sys.argv[2])), sys.argv[3].encode(), codec="".join(sys.argv[4:])).run()
