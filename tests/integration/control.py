# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of planecastd's control socket, reduced to lines."""
import json
import socket

from harness import DEADLINE_S, Daemon, Timeout


class Refused(Exception):
    """The answer is an error: code, message, and the whole of it."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code, self.message, self.error = error["code"], error["message"], error


class Control:
    """One connection. Whatever takes longer than the deadline raises Timeout; an end, ConnectionError."""

    def __init__(self, path, deadline_s=DEADLINE_S):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(deadline_s)
        self._buffer = b""
        self.fds = []
        self.events = []
        try:
            self.sock.connect(str(path))
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        while b"\n" not in self._buffer:
            try:
                data, fds, _, _ = socket.recv_fds(self.sock, 65536, 4)
            except socket.timeout:
                raise Timeout(f"a line from the control socket: {self._buffer!r}") from None
            self.fds += fds
            if not data:
                raise ConnectionError(f"the control socket was closed behind {self._buffer!r}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def answer(self):
        """The next answer; events before it are kept."""
        while True:
            line = self.line()
            if "event" not in line:
                return line
            self.events.append(line)

    def ask(self, command, **arguments):
        """What the answer has as "ok"."""
        self.send(json.dumps({"id": command, "command": command, **arguments}).encode() + b"\n")
        answer = self.answer()
        assert answer["id"] == command, answer
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["ok"]

    def event(self, name, **members):
        """The next event of that name, with these members."""
        while True:
            for i, event in enumerate(self.events):
                if event["event"] == name and members.items() <= event.items():
                    del self.events[:i + 1]
                    return event
            self.events = [self.line()]

    def wait_closed(self, deadline_s=DEADLINE_S):
        self.sock.settimeout(deadline_s)
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionResetError:
            pass


class ControlDaemon(Daemon):
    """planecastd with a control socket in its directory. The configuration has {control} where its [server] is."""

    def write_config(self, config):
        super().write_config(config.replace("{control}", f"[server]\ncontrol-socket = {self.control_path}\n"))

    @property
    def control_path(self):
        return self.directory / "control"

    def control(self, deadline_s=DEADLINE_S):
        self.wait_line(r"control socket: /")
        return Control(self.control_path, deadline_s)
