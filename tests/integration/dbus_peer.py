# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU reduced to its monitor and its D-Bus display, which says what it is told to say."""
import json
import os
import queue
import socket
import struct
import threading

from harness import DEADLINE_S

CALL, REPLY, ERROR, SIGNAL = 1, 2, 3, 4
NO_REPLY_EXPECTED = 1
FIXED = {"y": "B", "b": "I", "q": "H", "i": "i", "u": "I", "t": "Q", "h": "I"}
LISTENER_PATH, LISTENER = "/org/qemu/Display1/Listener", "org.qemu.Display1.Listener"
MAP = f"{LISTENER}.Unix.Map"
PROPERTIES = {"Name": ("s", "fake"), "Modifiers": ("u", 0), "IsAbsolute": ("b", 1)}


def align(data, size):
    data += bytes(-len(data) % size)


def marshal(signature, values, data=None):
    """Arguments without structs; arrays of bytes only, and variants as (signature, value)."""
    data = bytearray() if data is None else data
    values = iter(values)
    kinds = iter(signature)
    for kind in kinds:
        value = next(values)
        if kind in FIXED:
            align(data, struct.calcsize(FIXED[kind]))
            data += struct.pack("<" + FIXED[kind], value)
        elif kind in "so":
            align(data, 4)
            data += struct.pack("<I", len(value)) + value.encode() + b"\0"
        elif kind == "g":
            data += bytes([len(value)]) + value.encode() + b"\0"
        elif kind == "v":
            marshal("g", [value[0]], data)
            marshal(value[0], [value[1]], data)
        else:
            assert kind == "a" and next(kinds) == "y", signature
            align(data, 4)
            data += struct.pack("<I", len(value))
            data += value
    return data


def unmarshal(signature, data, at=0):
    values = []
    for kind in signature:
        if kind in FIXED:
            size = struct.calcsize(FIXED[kind])
            at += -at % size
            values += struct.unpack_from("<" + FIXED[kind], data, at)
            at += size
        elif kind in "so":
            at += -at % 4
            (length,) = struct.unpack_from("<I", data, at)
            values.append(data[at + 4:at + 4 + length].decode())
            at += 4 + length + 1
        else:
            assert kind == "g", signature
            values.append(data[at + 1:at + 1 + data[at]].decode())
            at += 2 + data[at]
    return values, at


class Message:
    def __init__(self, header, fields, body):
        self.kind, self.flags, self.serial = header[1], header[2], header[5]
        self.fields = {}
        at = 0
        while at < len(fields):
            at += -at % 8
            number = fields[at]
            (signature,), at = unmarshal("g", fields, at + 1)
            (self.fields[number],), at = unmarshal(signature, fields, at)
        self.member = self.fields.get(3)
        signature = self.fields.get(8, "")
        self.arguments = unmarshal(signature, body)[0] if set(signature) <= set(FIXED) | set("sog") else body


class Connection:
    """One D-Bus connection, of which this is the end that lets the other one in."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(DEADLINE_S)
        self.sock.setblocking(True)
        self.sock.settimeout(DEADLINE_S)
        self.buffer, self.fds, self.serial = bytearray(), [], 0

    def close(self):
        self.sock.close()

    def fill(self, count):
        while len(self.buffer) < count:
            data, fds, _, _ = socket.recv_fds(self.sock, 65536, 8)
            if not data:
                raise EOFError
            self.buffer += data
            self.fds += fds

    def take(self, count):
        self.fill(count)
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def let_in(self):
        assert self.take(1) == b"\0"
        while True:
            while b"\r\n" not in self.buffer:
                self.fill(len(self.buffer) + 1)
            line = self.take(self.buffer.index(b"\r\n") + 2).decode().split()
            if line[0] == "BEGIN":
                return
            self.sock.sendall({"AUTH": b"DATA\r\n", "DATA": b"OK " + b"0" * 32 + b"\r\n",
                               "NEGOTIATE_UNIX_FD": b"AGREE_UNIX_FD\r\n"}[line[0]])

    def receive(self):
        header = struct.unpack("<cBBBIII", self.take(16))
        fields = self.take(header[6] + -header[6] % 8)[:header[6]]
        return Message(header, fields, self.take(header[4]))

    def send(self, kind, fields, signature="", values=(), fds=(), flags=0, cut=None):
        self.serial += 1
        body = marshal(signature, values)
        if signature:
            fields = [*fields, (8, "g", signature)]
        if fds:
            fields = [*fields, (9, "u", len(fds))]
        packed = bytearray()
        for number, field, value in fields:
            align(packed, 8)
            packed.append(number)
            marshal("v", [(field, value)], packed)
        data = bytearray(struct.pack("<cBBBIII", b"l", kind, flags, 1, len(body), self.serial, len(packed))) + packed
        align(data, 8)
        data = (data + body)[:cut]
        sent = socket.send_fds(self.sock, [data], fds) if fds else 0
        if sent < len(data):
            self.sock.sendall(memoryview(data)[sent:])
        return self.serial

    def call(self, path, interface, member, signature="", values=(), fds=(), cut=None):
        return self.send(CALL, [(1, "o", path), (2, "s", interface), (3, "s", member)], signature, values, fds, cut=cut)

    def answer(self, message, signature="", values=()):
        if not message.flags & NO_REPLY_EXPECTED:
            self.send(REPLY, [(5, "u", message.serial)], signature, values)


class Listener(Connection):
    """What planecast registers. Each call waits for its answer."""

    def __init__(self, sock):
        super().__init__(sock)
        self.let_in()

    def __call__(self, member, signature="", *values, fds=(), interface=LISTENER):
        serial = self.call(LISTENER_PATH, interface, member, signature, values, fds)
        message = self.receive()
        assert message.fields[5] == serial
        return message.kind == REPLY

    def scanout(self, width, height, pixels, pixman=0x20020888, stride=None):
        return self("Scanout", "uuuuay", width, height, width * 4 if stride is None else stride, pixman, pixels)

    def update(self, x, y, width, height, pixels, pixman=0x20020888, stride=None):
        return self("Update", "iiiiuuay", x, y, width, height, width * 4 if stride is None else stride, pixman, pixels)

    def is_left(self):
        """planecast hangs up."""
        try:
            self.receive()
        except (EOFError, ConnectionError):
            return True
        return False


class FakeQemu:
    """Serves one planecast at a time, until close(). first: what a listener is told at once; silent: no word of D-Bus."""

    def __init__(self, qmp, first=None, silent=False):
        self.first, self.silent = first, silent
        self.listeners, self.calls = queue.Queue(), queue.Queue()
        self.connections = []
        self.server = socket.socket(socket.AF_UNIX)
        if os.path.exists(qmp):
            os.unlink(qmp)
        self.server.bind(qmp)
        self.server.listen(1)
        self.start(self.serve_monitors)

    def start(self, run, *arguments):
        threading.Thread(target=self.run, args=(run, *arguments), daemon=True).start()

    @staticmethod
    def run(run, *arguments):
        try:
            run(*arguments)
        except (EOFError, OSError):
            pass

    def close(self):
        self.server.close()
        for connection in self.connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve_monitors(self):
        while True:
            monitor = Connection(self.server.accept()[0])
            monitor.sock.settimeout(None)
            self.connections.append(monitor)
            self.start(self.serve_monitor, monitor)

    def serve_monitor(self, monitor):
        version = {"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 0}}, "capabilities": []}}
        monitor.sock.sendall(json.dumps(version).encode() + b"\n")
        while True:
            while b"\n" not in monitor.buffer:
                monitor.fill(len(monitor.buffer) + 1)
            command = json.loads(monitor.take(monitor.buffer.index(b"\n") + 1))
            if command["execute"] == "add_client":
                self.start(self.serve_display, Connection(socket.socket(fileno=monitor.fds.pop())))
            answer = {"return": [] if command["execute"] == "query-mice" else {}, "id": command["id"]}
            monitor.sock.sendall(json.dumps(answer).encode() + b"\n")

    def serve_display(self, display):
        display.sock.settimeout(None)
        self.connections.append(display)
        if self.silent:
            display.fill(1 << 30)
        display.let_in()
        while True:
            message = display.receive()
            if message.kind != CALL:
                continue
            if message.member == "Get":
                display.answer(message, "v", [PROPERTIES[message.arguments[1]]])
            else:
                display.answer(message)
            if message.member == "RegisterListener":
                listener = Listener(socket.socket(fileno=display.fds.pop()))
                self.connections.append(listener)
                if self.first:
                    listener.scanout(*self.first)
                self.listeners.put(listener)
            elif message.member != "Get":
                self.calls.put((message.member, message.arguments))

    def listener(self):
        return self.listeners.get(timeout=DEADLINE_S)

    def next_call(self):
        return self.calls.get(timeout=DEADLINE_S)
