# SPDX-License-Identifier: GPL-2.0-or-later
"""WebSocket for tests (RFC 6455): one to talk RFB through, and one to say it wrong."""
import os
import socket
import struct

from harness import DEADLINE_S, RfbClient, Timeout, connect

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def request(path="/websockify", host="127.0.0.1", **headers):
    """The bytes of an upgrade; a header that is None is left out, '_' stands for '-'."""
    lines = {"Host": host, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": KEY, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return "".join([f"GET {path} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in lines.items()
                                                  if value is not None), "\r\n"]).encode()


def frame(data, opcode=BINARY, final=True, mask=b"\x12\x34\xa6\xf8"):
    """As a client sends it; mask None: as it must not."""
    size = len(data)
    length = bytes([size]) if size < 126 else struct.pack(">BH", 126, size) if size < 65536 else \
        struct.pack(">BQ", 127, size)
    length = bytes([length[0] | (0x80 if mask else 0)]) + length[1:]
    if mask:
        turned = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        data = mask + (int.from_bytes(data, "big") ^ turned).to_bytes(size, "big")
    return bytes([final << 7 | opcode]) + length + data


def read_head(sock):
    """An answer's status and head."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            raise ConnectionError(f"closed by the server behind {head!r}")
        head += byte
    return int(head.split()[1]), head.decode()


class WebSocket:
    """As much of a socket as RfbClient needs: each send is a message, messages received are one stream."""

    def __init__(self, address, deadline_s=DEADLINE_S, sock=None, **headers):
        self.sock = sock or connect(address, deadline_s)
        self.messages, self.pongs, self.closed = 0, [], None
        try:
            self.sock.sendall(request(**headers))
            status, head = read_head(self.sock)
            if status != 101:
                raise ConnectionError(f"refused: {status}")
            if f"Sec-WebSocket-Accept: {ACCEPT}\r\n" not in head:
                raise ValueError(head)
        except BaseException:
            self.sock.close()
            raise
        self._file = self.sock.makefile("rb", buffering=1 << 16)
        self._rest = b""

    def close(self):
        self._file.close()
        self.sock.close()

    def sendall(self, data):
        self.sock.sendall(frame(data, mask=os.urandom(4)))

    def _read(self, count):
        data = self._file.read(count)
        if len(data) < count:
            raise ConnectionError("the connection broke")
        return data

    def _message(self):
        """The payload of the next data frame; b"" once the server has said the end."""
        while True:
            first, second = self._read(2)
            if second & 0x80 or not first & 0x80:
                raise ValueError(f"a frame that begins with {first:#x} {second:#x}")
            size = second if second < 126 else struct.unpack(*((">H", self._read(2)) if second == 126 else
                                                              (">Q", self._read(8))))[0]
            data = self._read(size)
            opcode = first & 0xf
            if opcode == BINARY:
                self.messages += 1
                return data
            if opcode == PONG:
                self.pongs.append(data)
            elif opcode == CLOSE:
                self.closed, = struct.unpack(">H", data[:2])
                return b""
            else:
                raise ValueError(f"opcode {opcode}")

    def recv(self, count, _flags=0):
        try:
            self._rest = self._rest or self._message()
        except socket.timeout:
            raise Timeout("a message of the server") from None
        data, self._rest = self._rest[:count], self._rest[count:]
        return data


class WebRfbClient(RfbClient):
    """RfbClient through WebSocket."""

    def __init__(self, address, *arguments, sock=None, **keys):
        self._sock = sock
        super().__init__(address, *arguments, **keys)

    def connect(self, address, deadline_s):
        return WebSocket(address, deadline_s, self._sock)
