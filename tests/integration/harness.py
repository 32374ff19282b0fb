# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts planecastd on a configuration of its own, watches its processes, and speaks raw RFB to it.

Nothing here sleeps to give something time: every wait is for an event and has a
deadline. Listeners use port 0; the log says which port the kernel chose.
"""
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PLANECAST_BUILD", ROOT / "build/release"))
PLANECASTD = str(BUILD / "planecastd")
SANITIZED = b"__asan_init" in pathlib.Path(PLANECASTD).read_bytes() if os.path.exists(PLANECASTD) else False
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")
# So that a signal sent from outside ends a process as it does without sanitizers.
ASAN_SIGNALS = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + "".join(
    f":handle_{name}=0" for name in ("segv", "abort", "sigbus", "sigfpe", "sigill"))}
DEADLINE_S = 20.0


class Timeout(Exception):
    """What was waited for did not come."""


def wait_until(condition, what, deadline_s=DEADLINE_S, interval_s=0.002):
    """Polls what has no event to wait for, such as /proc. Returns what condition() returned."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout(f"{what}: not within {deadline_s} s")
        threading.Event().wait(interval_s)


def vm_section(name, vnc="127.0.0.1:0", **keys):
    """One [vm] section: a small pattern VM unless the keys say otherwise; '_' stands for '-'."""
    values = {"source": "pattern", "pattern_size": "320x240", "pattern_fps": "30", "vnc": vnc, **keys}
    lines = [f"{key.replace('_', '-')} = {value}" for key, value in values.items() if value is not None]
    return f'[vm "{name}"]\n' + "\n".join(lines) + "\n"


def process_stat(pid):
    """(state letter, parent) or None for a process that is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[1])


def process_alive(pid):
    stat = process_stat(pid)
    return stat is not None and stat[0] not in "ZX"


def process_children(pid):
    """All children, zombies as well."""
    children = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = process_stat(int(entry))
            if stat and stat[1] == pid:
                children.append(int(entry))
    return children


def process_fds(pid):
    """What each descriptor of a process is: {number: link}."""
    links = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            links[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        except FileNotFoundError:
            pass
    return links


def process_cmdline(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


class Daemon:
    """planecastd on a temporary configuration. A context manager; stops what still runs."""

    def __init__(self, config, *arguments, log_level="debug", env=None, pass_fds=(), wrapper=()):
        self._directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.directory = pathlib.Path(self._directory.name)
        self.config_path = self.directory / "planecast.conf"
        self.lines = []
        self._condition = threading.Condition()
        self._ended = False
        self.write_config(config)
        command = [*wrapper, PLANECASTD, "--config", str(self.config_path), "--log-level", log_level,
                   *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, errors="replace",
                                        start_new_session=True, pass_fds=pass_fds, env={**os.environ, **(env or {})})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self._condition:
                self.lines.append(line.rstrip("\n"))
                self._condition.notify_all()
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        try:
            os.killpg(self.pid, signal.SIGKILL)  # a worker that was left behind holds on to the log
        except ProcessLookupError:
            pass
        self._reader.join(5)
        self.process.stderr.close()
        self._directory.cleanup()
        reports = [line for line in self.lines if SANITIZER_REPORT.search(line)]
        if kind or reports:
            print(f"--- log of planecastd ({len(self.lines)} lines), the last:")
            print("\n".join(self.lines[-60:]))
            print("\n".join(reports))
        if reports and not kind:
            raise AssertionError(reports[0])

    @property
    def pid(self):
        return self.process.pid

    def write_config(self, config):
        """Whole or not at all, as an administrator's tools would."""
        new = self.config_path.with_suffix(".new")
        new.write_text(config)
        new.rename(self.config_path)

    def mark(self):
        """A place in the log, for wait_line(since=)."""
        with self._condition:
            return len(self.lines)

    def wait_line(self, pattern, since=0, deadline_s=DEADLINE_S):
        """The match of the first log line, from since on, that the pattern is found in."""
        end = time.monotonic() + deadline_s
        regex = re.compile(pattern)
        with self._condition:
            while True:
                for line in self.lines[since:]:
                    match = regex.search(line)
                    if match:
                        return match
                since = len(self.lines)
                if self._ended or not self._condition.wait(max(0, end - time.monotonic())):
                    why = "the log ended" if self._ended else f"not within {deadline_s} s"
                    raise Timeout(f"log line /{pattern}/: {why}")

    def count_lines(self, pattern, since=0):
        with self._condition:
            return sum(bool(re.search(pattern, line)) for line in self.lines[since:])

    def wait_serving(self, vm, since=0, deadline_s=DEADLINE_S):
        """Returns the worker's pid."""
        return int(self.wait_line(rf"\[{re.escape(vm)}\] worker (\d+) serves", since, deadline_s)[1])

    def address(self, vm, nth=0, since=0, protocol="vnc"):
        """The nth address a VM listens on: (host, port), or the path of a unix socket."""
        pattern = rf"\[{re.escape(vm)}\] listening on (\S+) for {protocol}$"
        found = []

        def enough():
            with self._condition:
                found[:] = [m[1] for m in map(re.compile(pattern).search, self.lines[since:]) if m]
            return len(found) > nth

        wait_until(enough, f"address {nth} of {vm}")
        text = found[nth]
        if text.startswith("unix:"):
            return text[5:]
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port)

    def worker(self, vm):
        """The pid of the worker that runs now, or None."""
        for pid in process_children(self.pid):
            if process_alive(pid) and process_cmdline(pid)[1:3] == ["--worker", vm]:
                return pid
        return None

    def workers(self):
        return [pid for pid in process_children(self.pid) if process_alive(pid)]

    def zombies(self):
        return [pid for pid in process_children(self.pid) if not process_alive(pid)]

    def reload(self, config, expect=r"configuration reloaded"):
        """Writes the configuration, sends SIGHUP, waits for the answer in the log. Returns the mark before."""
        mark = self.mark()
        self.write_config(config)
        self.process.send_signal(signal.SIGHUP)
        self.wait_line(expect, mark)
        return mark

    def stop(self, number=signal.SIGTERM, deadline_s=DEADLINE_S):
        """Returns (exit status, seconds it took)."""
        start = time.monotonic()
        self.process.send_signal(number)
        try:
            status = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise Timeout(f"end after signal {number}: not within {deadline_s} s") from None
        return status, time.monotonic() - start

    def wait_exit(self, deadline_s=DEADLINE_S):
        return self.process.wait(deadline_s)


def run_planecastd(*arguments, deadline_s=DEADLINE_S):
    """For what answers and ends: (exit status, stdout, stderr)."""
    done = subprocess.run([PLANECASTD, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=deadline_s)
    return done.returncode, done.stdout, done.stderr


RAW, COPYRECT = 0, 1
LAST_RECT, DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE = -224, -223, -308
TRUE_COLOUR_32 = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


def connect(address, deadline_s=DEADLINE_S, source=None):
    """A connected socket, from the address source if given. A refused connection raises at once."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(deadline_s)
    try:
        if source:
            sock.bind((source, 0))
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def greeting(address):
    """The server's first bytes, from a worker that serves."""
    with connect(address) as sock:
        return sock.recv(12, socket.MSG_WAITALL)


class RfbClient:
    """A viewer reduced to bytes: handshake with security type None, Raw and CopyRect rectangles.

    Each read has deadline_s; a peer that closes raises ConnectionError.
    """

    def __init__(self, address, shared=True, deadline_s=DEADLINE_S, handshake=True):
        self.deadline_s = deadline_s
        self.sock = self.connect(address, deadline_s)
        self._buffer = bytearray()
        self.width = self.height = 0
        self.name = ""
        self.pixels = bytearray()
        self.bytes_received = 0
        if handshake:
            try:
                self.handshake(shared)
            except BaseException:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.sock.close()

    def connect(self, address, deadline_s):
        return connect(address, deadline_s)

    def send(self, data):
        self.sock.sendall(data)

    def read(self, count):
        while len(self._buffer) < count:
            try:
                data = self.sock.recv(max(65536, count - len(self._buffer)))
            except socket.timeout:
                raise Timeout(f"{count} bytes from the server: not within {self.deadline_s} s") from None
            if not data:
                raise ConnectionError(f"closed by the server, {count - len(self._buffer)} bytes early")
            self._buffer += data
            self.bytes_received += len(data)
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def unpack(self, form):
        return struct.unpack(form, self.read(struct.calcsize(form)))

    def handshake(self, shared=True):
        version = self.read(12)
        if not version.startswith(b"RFB 003.00"):
            raise ValueError(f"version {version!r}")
        self.send(b"RFB 003.008\n")
        (count,) = self.unpack(">B")
        if not count:
            raise ConnectionError("refused: " + self._reason())
        if 1 not in self.read(count):
            raise ConnectionError("security type None is not offered")
        self.send(b"\x01")
        if self.unpack(">I") != (0,):
            raise ConnectionError("refused: " + self._reason())
        self.send(struct.pack(">B", shared))
        self.width, self.height, _, length = self.unpack(">HH16sI")
        self.name = self.read(length).decode()
        self.pixels = bytearray(self.width * self.height * 4)
        self.send(struct.pack(">Bxxx", 0) + TRUE_COLOUR_32)
        self.set_encodings(RAW)

    def _reason(self):
        return self.read(*self.unpack(">I")).decode(errors="replace")

    def set_encodings(self, *encodings):
        self.send(struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))

    def request(self, incremental=True, x=0, y=0, width=None, height=None):
        self.send(struct.pack(">BBHHHH", 3, incremental, x, y, width or self.width, height or self.height))

    def key(self, keysym, down):
        self.send(struct.pack(">BBxxI", 4, down, keysym))

    def pointer(self, x, y, buttons=0):
        self.send(struct.pack(">BBHH", 5, buttons, x, y))

    def update(self):
        """Reads up to the end of the next FramebufferUpdate. Returns its rectangles [(x, y, w, h, encoding)]."""
        while True:
            (kind,) = self.unpack(">B")
            if kind == 0:
                return self._rectangles()
            if kind == 1:
                _, count = self.unpack(">xHH")
                self.read(6 * count)
            elif kind == 2:
                continue
            elif kind == 3:
                self.read(*self.unpack(">xxxI"))
            else:
                raise ValueError(f"server message {kind}")

    def _rectangles(self):
        rectangles = []
        (count,) = self.unpack(">xH")
        while count:
            x, y, width, height, encoding = self.unpack(">HHHHi")
            if encoding == LAST_RECT:
                break
            if encoding == RAW:
                self._raw(x, y, width, height)
            elif encoding == COPYRECT:
                self._copy(x, y, width, height, *self.unpack(">HH"))
            elif encoding in (DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE):
                if encoding == EXTENDED_DESKTOP_SIZE:
                    self.read(16 * self.unpack(">Bxxx")[0])
                self.width, self.height = width, height
                self.pixels = bytearray(width * height * 4)
            elif not self.other(encoding):
                raise ValueError(f"encoding {encoding}")
            rectangles.append((x, y, width, height, encoding))
            count -= 1
        return rectangles

    def other(self, encoding):
        """Reads a rectangle of an encoding that is not known here. False: neither it is there."""
        return False

    def _raw(self, x, y, width, height):
        data = self.read(width * height * 4)
        for row in range(height):
            at = ((y + row) * self.width + x) * 4
            self.pixels[at:at + width * 4] = data[row * width * 4:(row + 1) * width * 4]

    def _copy(self, x, y, width, height, from_x, from_y):
        rows = [bytes(self.pixels[((from_y + row) * self.width + from_x) * 4:][:width * 4])
                for row in range(height)]
        for row, data in enumerate(rows):
            at = ((y + row) * self.width + x) * 4
            self.pixels[at:at + width * 4] = data
