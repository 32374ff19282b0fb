# SPDX-License-Identifier: GPL-2.0-or-later
"""What all peers of the bench have in common: a server on 127.0.0.1, its processes, and how it is fed.

    with Xvnc(1920, 1080, "vnc") as peer:          # start(), and stop() at the end
        feeder = subprocess.Popen([BENCH_FEED, *peer.feed, "typing", "1920x1080"], pass_fds=peer.feed_fds, ...)
        ... peer.address, peer.pids() ...

A peer runs with its own defaults, but for: loopback only, no authentication, no
TLS, no cursor in the picture, any number of viewers. What else differs stands
with the peer. The viewer chooses encodings and quality.

Whoever starts a peer must outlive it, thread and all: the kernel kills the
processes when the thread that started them ends, however it ends.
"""
import functools
import glob
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import BUILD, DEADLINE_S, Timeout, process_alive, process_children, wait_until  # noqa: E402,F401

PROGRAMS = BUILD / "tests"
SCRATCH = "/dev/shm/planecast-bench"
BENCH_FEED = str(PROGRAMS / "bench_feed")

# By itself libspice-server sends the viewer away that it has when another one comes.
SPICE_SHARED = {"SPICE_DEBUG_ALLOW_MC": "1"}

# What a client says first, and how a server that is there begins its answer. SPICE: link the main channel.
GREETINGS = {
    "vnc": (b"", b"RFB "),
    "spice": (b"REDQ" + struct.pack("<IIIIBBIIII", 2, 2, 22, 0, 1, 0, 1, 0, 18, 1 << 0 | 1 << 1 | 1 << 3), b"REDQ"),
}


def free_port():
    """A port that nobody listens on, the same in IPv4 and IPv6. QEMU can use none below 5900."""
    with socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::", 0))
        return sock.getsockname()[1]


@functools.lru_cache
def version_of(*command):
    """The first version number in what the command prints, or ''."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = done.stdout.replace(",", " ").split()
    return next((word.lstrip("v") for word in words if word.lstrip("v")[:1].isdigit() and "." in word), "")


def descendants(pid):
    """A process and all below it that live."""
    found = [pid] if process_alive(pid) else []
    for child in process_children(pid):
        found += descendants(child)
    return found


def scratch_directory(name):
    """In memory, as pictures should be; sweeps up after those that were killed."""
    for left in glob.glob(f"{SCRATCH}.*"):
        if not process_alive(int(left.split(".")[1])):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"{SCRATCH}.{os.getpid()}.{name}.", ignore_cleanup_errors=True)


class Peer:
    """One server. Not running until start(); stop() may be called at any time."""

    name = ""
    about = ""  # one line
    programs = ()  # that have to be there: names in PATH, or paths
    packages = ""  # where Debian has them
    version_command = ()
    protocols = ("vnc",)  # of which one is served at a time
    encodings = ("tight", "zrle", "spice")  # of matrix.ENCODINGS, that it has
    feeding_counts = False  # some of the server's time goes into being fed: measure it without a viewer, subtract it

    def __init__(self, width, height, protocol="vnc"):
        self.width, self.height, self.protocol = width, height, protocol
        self.feed = []  # arguments of bench_feed, known once started
        self.feed_fds = []  # descriptors it has to inherit
        self.address = ("127.0.0.1", 0)
        self.directory = None
        self._temporary = None
        self._server = []  # processes whose time is counted
        self._processes = []  # all, in the order of their starts
        self._sockets = []

    # ---- what may be asked without starting it

    @classmethod
    def available(cls):
        """(True, "") or (False, why not)."""
        for program in cls.programs:
            if not shutil.which(program):
                built = program.startswith(str(BUILD)) and "not built"
                hint = cls.packages and f"Debian: {cls.packages}" or built
                return False, f"no {os.path.basename(program)} here" + (f" ({hint})" if hint else "")
        return True, ""

    @classmethod
    def fits(cls, width, height, protocol="vnc"):
        """Whether it can show pictures of that size."""
        return protocol in cls.protocols and width > 0 and height > 0

    @classmethod
    def version(cls):
        return version_of(*cls.version_command)

    @classmethod
    def quality(cls, wanted):
        """The JPEG quality a viewer has to ask for, 0 to 9, where all others ask for wanted."""
        return wanted

    @classmethod
    def describe(cls):
        return cls.about.format(version=cls.version() or "of unknown version")

    # ---- running

    def start(self):
        """Returns when the server greets whoever connects. Timeout, with the end of the log, if it does not."""
        self._temporary = scratch_directory(self.name)
        self.directory = pathlib.Path(self._temporary.name)
        self.address = ("127.0.0.1", free_port())
        try:
            self._launch()
            self._wait_greeting()
        except BaseException as problem:
            log = self.log()
            self.stop()
            if isinstance(problem, Timeout):
                raise Timeout(f"{self.name}: {problem}\n{log}") from None
            raise

    def _launch(self):
        """Starts what the peer consists of and says in self.feed how it is fed."""
        raise NotImplementedError

    def warm_up(self):
        """With the viewers there: returns when the server has its usual pace."""

    def pids(self):
        """The server's processes, the feeder's never."""
        return [pid for process in self._server for pid in descendants(process.pid)]

    def coding_cpu_s(self):
        """What of their time went into coding pictures, where they tell."""
        return None

    def running(self):
        return bool(self._server) and all(process.poll() is None for process in self._processes)

    def log(self):
        """The last of what all processes said."""
        texts = [path.read_text(errors="replace") for path in sorted(self.directory.glob("*.log"))]
        return "".join(texts)[-4000:]

    def stop(self):
        for process in reversed(self._processes):
            _end(process)
        for sock in self._sockets:
            sock.close()
        self._server, self._processes, self._sockets, self.feed_fds = [], [], [], []
        if self._temporary:
            self._temporary.cleanup()
            self._temporary = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.stop()

    # ---- for the classes of peers

    def spawn(self, *command, server=True, pass_fds=(), env=None, stdin=subprocess.DEVNULL, stdout=None):
        """A process of its own group that dies with us. server: its time counts."""
        log = open(self.directory / f"{len(self._processes)}-{os.path.basename(command[0])}.log", "wb")
        with log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)], stdin=stdin,
                stdout=log if stdout is None else stdout, stderr=log, pass_fds=pass_fds,
                start_new_session=True, cwd=self.directory, env={**os.environ, "HOME": str(self.directory),
                                                                 **(env or {})})
        self._processes.append(process)
        if server:
            self._server.append(process)
        return process

    def make_memory(self, size_bytes=None):
        """The file the feeder paints into, there before anybody maps it."""
        path = self.directory / "picture"
        with open(path, "wb") as file:
            file.truncate(size_bytes or self.width * self.height * 4)
        self.feed = ["--memory", str(path)]
        return path

    def make_notices(self):
        """The number of the descriptor that the server reads notices from; the feeder writes to the other end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._sockets += [ours, theirs]
        self.feed += ["--notify", str(theirs.fileno())]
        self.feed_fds = [theirs.fileno()]
        return ours.fileno()

    def wait(self, condition, what):
        """Waits for what the server does when it starts; stops waiting when a process has died."""
        def settled():
            return condition() or (not self.running() and "died")

        if wait_until(settled, what) == "died":
            raise Timeout(f"{what}: a process ended")

    def _wait_greeting(self):
        said, answer = GREETINGS[self.protocol]

        def greeted():
            try:
                with socket.create_connection(self.address, 1) as sock:
                    sock.settimeout(DEADLINE_S)
                    sock.sendall(said)
                    return sock.recv(len(answer), socket.MSG_WAITALL) == answer
            except OSError:
                return False

        self.wait(greeted, f"greeting on port {self.address[1]}")


def _end(process):
    """The whole group, gently first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        try:
            process.wait(3)
            break
        except subprocess.TimeoutExpired:
            continue
    try:
        os.killpg(process.pid, signal.SIGKILL)  # what the leader has left behind
    except ProcessLookupError:
        pass
