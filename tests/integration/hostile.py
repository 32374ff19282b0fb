# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes of bad clients, and a good viewer who must not notice them."""
import contextlib
import itertools
import os
import random
import select
import socket
import struct
import tempfile
import time

from harness import BUILD, SANITIZED, TRUE_COLOUR_32, Daemon, connect, process_fds, vm_section, wait_until
import spice_raw
from viewer import Viewer

# A client may cost the others 50 ms; the pattern itself moves on each 33 ms. Sanitizers slow all down.
GAP_MAX_MS = 100 if not SANITIZED else 1000
ATTEMPTS = 5

VERSION = b"RFB 003.008\n"
NONE = b"\x01"
SHARED = b"\x01"
RAW, TIGHT, H264, CURSOR, FENCE, CONTINUOUS, EXTENDED_BUTTONS = 0, 7, 50, -239, -312, -313, -316


def set_encodings(*encodings):
    return struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings)


def request(width=640, height=480, incremental=False):
    return struct.pack(">BBHHHH", 3, incremental, 0, 0, width, height)


def key(keysym, down=True):
    return struct.pack(">BBxxI", 4, down, keysym)


def pointer(x, y, buttons=0):
    return struct.pack(">BBHH", 5, buttons, x, y)


def cut_text(text, claimed=None):
    return struct.pack(">BxxxI", 6, len(text) if claimed is None else claimed) + text


def fence(flags=0x80000000 | 1, payload=b"x"):
    return struct.pack(">BxxxIB", 248, flags, len(payload)) + payload


def continuous(width=640, height=480, enable=True):
    return struct.pack(">BBHHHH", 150, enable, 0, 0, width, height)


def resize(width, height, screens=1):
    screen = struct.pack(">IHHHHI", 0, 0, 0, width, height, 0)
    return struct.pack(">BxHHBx", 251, width, height, screens) + screen * screens


def extended_key(keysym=0x61, keycode=0x1e, down=True):
    return struct.pack(">BBHII", 255, 0, down, keysym, keycode)


SET_FORMAT = struct.pack(">Bxxx", 0) + TRUE_COLOUR_32
GREETING = VERSION + NONE + SHARED
# Every message once, as an ordinary client sends them.
SESSION = (GREETING + SET_FORMAT + set_encodings(TIGHT, RAW, 1, -224, -223, -308, FENCE, CONTINUOUS, -258, -314) +
           request() + key(0x61) + key(0x61, False) + pointer(10, 10, 1) + pointer(11, 11) + cut_text(b"clip") +
           fence() + continuous() + extended_key() + extended_key(down=False) + resize(640, 480) +
           request(incremental=True) + continuous(enable=False))


def garbage(seed, count):
    return random.Random(seed).randbytes(count)


def send_all(sock, data):
    """What the server takes of it. It may hang up meanwhile."""
    try:
        sock.sendall(data)
        return True
    except (ConnectionError, TimeoutError):
        return False


def unread_by_server(sock):
    """Bytes the kernel holds for the server's end of a loopback connection; None when that end is closed."""
    def place(address):
        return f"{struct.unpack('=I', socket.inet_aton(address[0]))[0]:08X}:{address[1]:04X}"

    server, client = place(sock.getpeername()), place(sock.getsockname())
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            _, local, remote, state, queues, *_ = line.split()
            if (local, remote) == (server, client):
                return int(queues.split(":")[1], 16) if state == "01" else None
    return None


def wait_read(sock):
    """Until the server has read all that was sent, so that a reset does not take it back."""
    wait_until(lambda: not unread_by_server(sock), "bytes read by the server")


def flood(sock, data, again, seconds):
    """Sends data, then again and again, and reads nothing. Returns what of it remains to be sent: a message that is
    cut short would make garbage of all that follows."""
    sock.settimeout(0.1)
    end = time.monotonic() + seconds
    view = memoryview(data)
    while time.monotonic() < end:
        view = view or memoryview(again)
        with contextlib.suppress(TimeoutError):
            view = view[sock.send(view):]
    return bytes(view)


def exchange(sock, data, again=b"", seconds=0):
    """Sends data, then again and again for some seconds, reading what comes back, until the server has read it all
    or hangs up."""
    sock.setblocking(False)
    start = time.monotonic()
    view, sent = memoryview(data), 0
    while view or unread_by_server(sock):
        assert time.monotonic() < start + seconds + 20, "the server neither reads nor hangs up"
        readable, writable, _ = select.select([sock], [sock] if view else [], [], 0.01)
        try:
            if readable and not sock.recv(1 << 20):
                break
            if writable:
                count = sock.send(view[:65536])
                sent += count
                view = view[count:]
        except BlockingIOError:
            pass
        except ConnectionError:
            break
        if not view and again and time.monotonic() < start + seconds:
            view = memoryview(again)
    return sent


def closed_by_server(sock, deadline_s):
    """True when the server hangs up within deadline_s; what it sends before is read and dropped."""
    sock.settimeout(deadline_s)
    try:
        while sock.recv(1 << 20):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def reset_connection(sock):
    """Ends it with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def be_preferred():
    """What else this machine does is not what is measured. Only root may."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)


class Arena:
    """A daemon with a moving pattern, and one good viewer in front of it."""

    protocol, viewer_type = "vnc", Viewer
    # What is freed is overwritten, so that nothing of it can still be of use.
    env = {"MALLOC_PERTURB_": "90"}

    def __init__(self, wrapper=(), **keys):
        # It moves on at every picture. Good and bad are neighbours here, so that penalties would meet both.
        keys = {"pattern_scene": "scroll", "pattern_size": "640x480", "pattern_fps": 30,
                "penalty_exempt": "localhost", "input_rate": 0, **keys}
        with contextlib.ExitStack() as stack:
            self.daemon = stack.enter_context(Daemon(vm_section("vm", **keys), wrapper=wrapper, log_level="info",
                                                     env=self.env))
            self.pid = self.daemon.wait_serving("vm")
            self.address = self.daemon.address("vm", protocol=self.protocol)
            self.viewer = stack.enter_context(self.join())
            self.viewer("updates", 1)
            self.fds = len(process_fds(self.pid))
            self._stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def connect(self, source=None):
        return connect(self.address, source=source)

    def join(self):
        """Another good viewer."""
        return self.viewer_type(self.address)

    def longest_gap(self, attack):
        """Of the good viewer, in ms, while attack() runs: the best of some attempts, as the machine is not ours alone."""
        gaps = []
        while len(gaps) < ATTEMPTS and (not gaps or min(gaps) >= GAP_MAX_MS):
            self.viewer("reset")
            attack()
            # And on for half a second, as what was sent may still be waiting to be read.
            self.viewer("updates", self.viewer("stats")["updates"] + 15)
            stats = self.viewer("stats")
            gaps.append(stats["gap_max_ms"])
        age = f", age p95 {stats['age_p95_ms']:.0f} ms" if "age_p95_ms" in stats else ""
        print(f"longest gap {', '.join(f'{gap:.0f}' for gap in gaps)} ms in {stats['updates']} updates{age}")
        return min(gaps)

    def check_unharmed(self):
        """The same worker, no descriptor more than before, and it still serves."""
        wait_until(lambda: len(process_fds(self.pid)) <= self.fds, "descriptors of the bad clients closed")
        assert self.daemon.worker("vm") == self.pid, "the worker died"
        with self.join() as another:
            another("updates", 1)
        self.viewer("reset")
        self.viewer("request")
        self.viewer("updates", 1)


class VideoArena(Arena):
    """A film, and a viewer who decodes it."""

    env = {**Arena.env, "LIBVA_DRIVERS_PATH": str(BUILD)}

    def __init__(self, **keys):
        super().__init__(pattern_scene="video", **keys)
        wait_until(lambda: self.viewer("stats")["videos"] > 5, "the film goes as video", interval_s=0.05)
        self.fds = len(process_fds(self.pid))

    def join(self):
        return self.viewer_type(self.address, "--video")


class SpiceArena(Arena):
    """The same, by SPICE."""

    protocol, viewer_type = "spice", spice_raw.Viewer

    def __init__(self, wrapper=(), password=b"", **keys):
        self.password = password
        if password:
            self._file = tempfile.NamedTemporaryFile("wb", prefix="planecast-")
            os.chmod(self._file.name, 0o600)
            self._file.write(password)
            self._file.flush()
            keys = {"spice_auth": "ticket", "spice_password_file": self._file.name, **keys}
        self._sources = itertools.cycle(f"127.0.1.{number}" for number in range(1, 255))
        super().__init__(wrapper, vnc=None, spice="127.0.0.1:0", **keys)

    def join(self):
        return self.viewer_type(self.address, self.password)

    def come(self, **keys):
        """A bad one's viewer, let in; each from an address of its own, as few from one are let in at once. So are
        they where too many are just leaving."""
        def try_it():
            try:
                return spice_raw.Session(self.address, self.password, next(self._sources), **keys)
            except spice_raw.Refused as refused:
                if refused.code != spice_raw.ERR_ERROR:
                    raise
                return None

        return wait_until(try_it, "let in")
