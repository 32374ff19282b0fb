# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaks to planecastd --broker as the supervisor and workers do (server/channel.h), and plays QEMUs.

Devices here are folders that look like sysfs's, and their nodes are /dev/zero and the like under the names of
VFIO's, in a mount namespace of our own: whatever the kernel is asked for is real, but nothing is a VFIO device.
"""
import array
import ctypes
import os
import pathlib
import re
import select
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

from harness import DEADLINE_S, PLANECASTD, ROOT, Timeout

HEADER = struct.Struct("=II")
CHANNEL_FD = 3  # SUPERVISOR_CHANNEL_FD
NOBODY = 65534
BOTH = "+sys_ptrace,+dac_read_search"
# planecastd as systemd starts the service: another user, and ambient capabilities.
AS_SERVICE = ("sh", "-c", 'for word; do case $word in */planecast.conf) chmod 755 "${word%/*}"; chmod 644 "$word"; '
              'esac; done; exec "$@"', "sh", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
              f"--bounding-set=-all,{BOTH}", f"--inh-caps=-all,{BOTH}", f"--ambient-caps=-all,{BOTH}", "--no-new-privs")


def kinds():
    text = re.search(r"(?s)enum channel_kind \{(.*?)\n\};", (ROOT / "server/channel.h").read_text())[1]
    names = re.findall(r"(?m)^\tCHANNEL_(\w+)", text)
    return {name: number for number, name in enumerate(names, 1)}


KINDS = kinds()
NAMES = {number: name for name, number in KINDS.items()}


class Channel:
    """One end of a channel."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, kind, payload=b"", fd=None, size=None):
        header = HEADER.pack(kind if isinstance(kind, int) else KINDS[kind], len(payload) if size is None else size)
        passed = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.sock.sendmsg([header, payload], passed)

    def receive(self, deadline_s=DEADLINE_S):
        """(kind's name, payload, descriptor or None); None at its end."""
        if not select.select([self.sock], [], [], deadline_s)[0]:
            raise Timeout(f"nothing on the channel within {deadline_s} s")
        try:
            data, fds, _, _ = socket.recv_fds(self.sock, 70000, 4)
        except ConnectionResetError:
            return None
        if not data:
            return None
        kind, size = HEADER.unpack_from(data)
        assert size == len(data) - HEADER.size and len(fds) <= 1, (data, fds)
        return NAMES[kind], data[HEADER.size:], fds[0] if fds else None

    def receive_reason(self, matching, deadline_s=DEADLINE_S):
        """The first CHANNEL_DEVICE_NONE that has this in it; no other kind may come before."""
        end = time.monotonic() + deadline_s
        while True:
            kind, payload, _ = self.receive(end - time.monotonic())
            assert kind == "DEVICE_NONE", kind
            if matching in payload.decode():
                return payload.decode()

    def close(self):
        self.sock.close()


class Broker:
    """The real one, whose supervisor is this process. wrapper: what it is started by."""

    def __init__(self, wrapper=(), user=None):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel = Channel(ours)
        self.workers = []
        moved = os.dup2(theirs.fileno(), os.open("/dev/null", os.O_RDONLY), True)

        def prepare():
            os.dup2(moved, CHANNEL_FD, True)
        self.log = tempfile.TemporaryFile("w+")  # pylint: disable=consider-using-with
        # The directory of the test may be nobody else's.
        self.process = subprocess.Popen([*wrapper, PLANECASTD, "--broker"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self.log, pass_fds=[CHANNEL_FD],
                                        preexec_fn=prepare, user=user, extra_groups=[] if user else None,
                                        cwd="/")
        theirs.close()
        os.close(moved)
        self.channel.send("LOG", struct.pack("=ii", 4, 0))
        self.channel.send("READY")
        assert self.channel.receive()[0] == "SERVING"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for channel in self.channel, *self.workers:
            channel.close()
        try:
            self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()
            self.process.wait()
            self.log.close()

    def worker(self, name, device):
        """Introduces one: its end of the channel."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.send("VM_DEVICE", f"{name}\n{device}".encode(), theirs.fileno())
        theirs.close()
        self.workers.append(Channel(ours))
        return self.workers[-1]

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def status(self, key):
        return re.search(rf"(?m)^{key}:\s*(.*)$", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]


class Holder:
    """A process, no child of ours, that opens paths and keeps them until it is closed."""

    PROGRAM = ("import os, sys\n"
               "user, name, *paths = sys.argv[1:]\n"
               "open('/proc/self/comm', 'w').write(name)\n"
               "fds = [os.open(path, os.O_RDONLY) for path in paths]\n"
               "user and os.setuid(int(user))\n"
               "print(os.getpid(), flush=True)\n"
               "sys.stdin.read()\n")

    def __init__(self, *paths, name="qemu-system-x86", user="", wrapper=()):
        theirs, self._ours = os.pipe2(os.O_CLOEXEC)
        # Who starts it ends at once, and somebody else is its parent.
        with subprocess.Popen(["sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh", *wrapper, sys.executable, "-c", self.PROGRAM,
                               str(user), name, *map(str, paths)], stdin=theirs, stdout=subprocess.PIPE) as started:
            os.close(theirs)
            self.pid = int(started.stdout.readline())

    def close(self):
        if self._ours is not None:
            os.close(self._ours)
        self._ours = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def enter_namespace(nodes):
    """This process gets a /dev of its own, with nodes {name below vfio: what it is}. Needs to be root of something."""
    libc = ctypes.CDLL(None, use_errno=True)

    def check(result):
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def mount(source, target, kind=None, flags=0):
        check(libc.mount(*(os.fsencode(x) if x is not None else None for x in (source, target, kind)), flags, None))
    bind, recursive, private = 4096, 16384, 1 << 18
    check(libc.unshare(0x20000))  # CLONE_NEWNS
    mount(None, "/", None, recursive | private)
    with tempfile.TemporaryDirectory(prefix="planecast-dev-") as folder:
        mount("none", folder, "tmpfs")
        os.chmod(folder, 0o755)
        for name, source in {**{name: f"/dev/{name}" for name in ("null", "zero", "full", "urandom")},
                             **{f"vfio/{name}": source for name, source in nodes.items()}}.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                # The kernel tells of opening those, of bound ones at the place where they come from.
                os.mknod(path, 0o666 | stat.S_IFCHR, os.stat(source).st_rdev)
                path.chmod(0o666)
            except PermissionError:
                path.touch()
                mount(source, path, None, bind)
        mount(folder, "/dev", None, bind | recursive)
        check(libc.umount2(os.fsencode(folder), 2))


def make_device(folder, name, node, number):
    """A device that is opened by the node /dev/vfio/devices/NODE of that number."""
    device = pathlib.Path(folder, name)
    (device / "vfio-dev" / node).mkdir(parents=True)
    (device / "vfio-dev" / node / "dev").write_text(f"{os.major(number)}:{os.minor(number)}\n")
    (device / "driver").symlink_to(folder)
    return device
