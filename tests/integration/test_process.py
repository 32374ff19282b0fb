#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Life and death of the processes: workers that are killed, orderly ends, what they inherit and leave."""
import contextlib
import ctypes
import datetime
import fcntl
import json
import os
import pathlib
import re
import signal
import socket
import stat
import struct
import tempfile
import unittest

from harness import (ASAN_SIGNALS, BUILD, PLANECASTD, ROOT, SANITIZED, Daemon, connect, greeting, process_alive,
                     process_children, process_cmdline, process_fds, run_planecastd, vm_section, wait_until)

# Kinds of messages, by their places.
KINDS = re.findall(r"^\tCHANNEL_(\w+)(?: = 1)?,", (ROOT / "server/channel.h").read_text(), re.M)
AVOID, ASK, SERVING, ENCODING, STATUS, ANSWER, EVENT = (
    1 + KINDS.index(kind) for kind in ("AVOID", "ASK", "SERVING", "ENCODING", "STATUS", "ANSWER", "EVENT"))
GPU = "/dev/dri/renderD128"
FATAL = [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT]


@contextlib.contextmanager
def environment(**variables):
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update({name: value for name, value in variables.items() if value is not None})
    for name in [name for name, value in variables.items() if value is None]:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def log_time(line):
    return datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00")).timestamp()


class KilledWorker(unittest.TestCase):
    def test_who_comes_meanwhile_waits_in_the_backlog(self):
        with Daemon(vm_section("a")) as daemon:
            pid, mark = daemon.wait_serving("a"), daemon.mark()
            os.kill(pid, signal.SIGKILL)
            os.kill(daemon.wait_serving("a", mark), signal.SIGKILL)
            daemon.wait_line("starting another in 100 ms")
            self.assertEqual(daemon.workers(), [])
            waiting = [connect(daemon.address("a")) for _ in range(20)]
            for sock in waiting:
                self.assertEqual(sock.recv(12, socket.MSG_WAITALL), b"RFB 003.008\n")
                sock.close()

    def test_backoff_grows_to_its_limit(self):
        config = "[server]\nrestart-delay-max = 300ms\n" + vm_section("a") + vm_section("b")
        with Daemon(config) as daemon:
            daemon.wait_serving("b")
            mark = 0
            for delay in (0, 100, 200, 300, 300):
                pid = daemon.wait_serving("a", mark)
                mark = daemon.mark()
                os.kill(pid, signal.SIGKILL)
                match = daemon.wait_line(r"\[a\] worker \d+ died: killed by SIGKILL \(Killed\); "
                                         r"starting another in (\d+) ms", mark)
                self.assertEqual(int(match[1]), delay)
                daemon.wait_line(r"\[a\] worker \d+ started", mark)
                died, started = (log_time(line) for line in daemon.lines[mark:]
                                 if re.search(r"\[a\] worker \d+ (died|started)", line))
                # Timers count in ticks of the kernel's coarse clock, up to 10 ms long.
                self.assertGreaterEqual(started - died, delay / 1000 - 0.011)
            # the other VM's first death is still its first
            mark = daemon.mark()
            os.kill(daemon.worker("b"), signal.SIGKILL)
            daemon.wait_line(r"\[b\] worker \d+ died.* in 0 ms", mark)

    def test_fifty_deaths_leave_nothing(self):
        names = [f"vm{n}" for n in range(10)]
        config = "[server]\nrestart-delay-max = 100ms\n" + "".join(vm_section(name) for name in names)
        with Daemon(config, log_level="info", env=ASAN_SIGNALS) as daemon:
            for name in names:
                daemon.wait_serving(name)
            before = process_fds(daemon.pid)
            for kill in range(5):
                mark = daemon.mark()
                for n, name in enumerate(names):
                    os.kill(daemon.worker(name), FATAL[(n + kill) % len(FATAL)])
                for name in names:
                    daemon.wait_serving(name, mark)
            self.assertEqual(daemon.count_lines("died: "), 50)
            wait_until(lambda: not daemon.zombies(), "reaping of the dead")
            after = process_fds(daemon.pid)
            self.assertEqual(len(after), len(before), f"descriptors before {before}, after {after}")
            self.assertEqual(len(process_children(daemon.pid)), len(names))

    def take_channel(self, pid, number=3):
        """A copy of a worker's descriptor, by default its end of its channel."""
        libc = ctypes.CDLL(None, use_errno=True)
        pidfd = os.pidfd_open(pid)
        fd = libc.syscall(438, pidfd, number, 0)  # pidfd_getfd
        os.close(pidfd)
        self.assertGreaterEqual(fd, 0, os.strerror(ctypes.get_errno()))
        self.addCleanup(os.close, fd)
        return fd

    def test_worker_that_sends_nonsense_is_replaced(self):
        def message(kind, payload=b""):
            return struct.pack("=II", kind, len(payload)) + payload

        cases = [[b"\xff" * 100], [message(SERVING)], [message(AVOID)],
                 [message(ENCODING, text) for text in (b"software\n", b"", b"a candidate\n")],
                 [message(ENCODING, b"/dev/dri/renderD128\n\0/dev/dri/renderD129\n")],
                 [message(ENCODING, b"/" * 8193)], [message(ASK, b"1234{}")],
                 [message(ANSWER, b'\x01\0\0\0{"ok":{}}')],
                 [message(EVENT, b'{"event":"picture"}'), message(EVENT, b'{"event":"picture"')],
                 [message(EVENT, b'{"event":"reload"}')], [message(EVENT, b'{"event":"picture","width":NaN}')]]
        for messages in cases:
            with Daemon(vm_section("a") + vm_section("b")) as daemon:
                pid, other = daemon.wait_serving("a"), daemon.wait_serving("b")
                channel = self.take_channel(pid)
                mark = daemon.mark()
                for message in messages:
                    os.write(channel, message)
                daemon.wait_line(rf"\[a\] worker {pid} sends nonsense", mark)
                self.assertNotEqual(daemon.wait_serving("a", mark), pid)
                self.assertEqual(daemon.worker("b"), other)
                self.assertEqual(daemon.count_lines("video: a worker died"), 0)

    def test_worker_that_dies_in_a_video_driver(self):
        """Not whoever else dies; and what it said with its last breath counts."""
        def say(names):
            os.write(channel, struct.pack("=II", ENCODING, len(names)) + names.encode())

        said = rf"\[a\] video: a worker died while {GPU} encoded: the next ones do without it"
        config = "[server]\nrestart-delay-max = 100ms\n" + vm_section("a")
        with Daemon(config, env=ASAN_SIGNALS) as daemon:
            mark = 0
            for names, number, expected in (
                    (f"{GPU}\n", signal.SIGSEGV, said), (f"{GPU}\n", signal.SIGABRT, said),
                    (f"{GPU}\nsoftware\n", signal.SIGFPE, said),
                    ("software\n", signal.SIGBUS, r"\[a\] video: a worker died while the software driver encoded"),
                    (f"{GPU}\n", signal.SIGKILL, None), ("", signal.SIGSEGV, None)):
                pid = daemon.wait_serving("a", mark)
                mark = daemon.mark()
                channel = self.take_channel(pid)
                # More than is read in one turn of the loop, so that the death is heard of first.
                os.kill(daemon.pid, signal.SIGSTOP)
                for _ in range(100):
                    say("")
                say(names)
                os.kill(pid, number)
                os.kill(daemon.pid, signal.SIGCONT)
                daemon.wait_line(rf"\[a\] worker {pid} died", mark)
                daemon.wait_serving("a", mark)
                self.assertEqual(daemon.count_lines("video: a worker died", mark), bool(expected), (names, number))
                if expected:
                    daemon.wait_line(expected, mark)

    def test_worker_that_floods_is_replaced_whether_systemd_reads_or_not(self):
        with tempfile.TemporaryDirectory() as directory, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(f"{directory}/notify")
            with Daemon(vm_section("a") + vm_section("b"),
                        env={"NOTIFY_SOCKET": f"{directory}/notify"}) as daemon:
                pid, other = daemon.wait_serving("a"), daemon.wait_serving("b")
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
                    filler.setblocking(False)
                    with self.assertRaises(BlockingIOError):
                        while True:
                            filler.sendto(b"X=1", f"{directory}/notify")
                channel = self.take_channel(pid)
                mark = daemon.mark()
                os.set_blocking(channel, True)
                with self.assertRaises((BrokenPipeError, ConnectionResetError)):
                    for viewers in range(100000):
                        os.write(channel, struct.pack("=III252x", STATUS, 256, viewers))
                daemon.wait_line(rf"\[a\] worker {pid} sends too much", mark)
                self.assertNotEqual(daemon.wait_serving("a", mark), pid)
                self.assertEqual(daemon.worker("b"), other)
                self.assertEqual(daemon.stop()[0], 0)


class OrderlyEnd(unittest.TestCase):
    def end(self, number, hang=False):
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/a.vnc"
            with Daemon(vm_section("a", f"127.0.0.1:0 unix:{path}") + vm_section("b")) as daemon:
                pids = [daemon.wait_serving("a"), daemon.wait_serving("b")]
                self.assertTrue(os.path.exists(path))
                with connect(daemon.address("a")), connect(path):
                    if hang:
                        os.kill(pids[0], signal.SIGSTOP)
                    status, seconds = daemon.stop(number)
                print(f"{number.name}{' with a worker that hangs' if hang else ''}: "
                      f"all gone after {seconds * 1000:.0f} ms")
                self.assertEqual(status, 0)
                self.assertLessEqual(seconds, 1.0 if not SANITIZED else 5.0)
                self.assertFalse(any(map(process_alive, pids)))
                self.assertFalse(os.path.exists(path))

    def test_sigterm(self):
        self.end(signal.SIGTERM)

    def test_sigint(self):
        self.end(signal.SIGINT)

    def test_a_worker_that_hangs_is_killed(self):
        self.end(signal.SIGTERM, hang=True)

    def test_a_worker_that_cannot_be_killed_is_left(self):
        """The parent does not see the end of a process that is traced until its tracer has."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        for signals in (1, 2):
            with Daemon(vm_section("a") + vm_section("b")) as daemon:
                pid = daemon.wait_serving("a")
                self.assertEqual(libc.ptrace(0x4206, pid, None, None), 0)  # PTRACE_SEIZE
                try:
                    for _ in range(signals):
                        mark = daemon.mark()
                        daemon.process.send_signal(signal.SIGTERM)
                        daemon.wait_line("SIGTERM: ending", mark)
                    self.assertEqual(daemon.wait_exit(), 0)
                    daemon.wait_line(rf"\[a\] worker {pid} cannot be killed")
                    self.assertEqual(daemon.count_lines("cannot be killed"), 1)
                    self.assertEqual(daemon.count_lines("did not end in time"), 2 - signals)
                finally:
                    os.waitpid(pid, 0)

    def test_workers_do_not_outlive_a_killed_supervisor(self):
        with tempfile.TemporaryDirectory() as directory:
            config = vm_section("a", f"unix:{directory}/a.vnc") + vm_section("b")
            with Daemon(config) as daemon:
                pids = [daemon.wait_serving("a"), daemon.wait_serving("b")]
                os.kill(pids[1], signal.SIGSTOP)  # not even one that hangs
                os.kill(daemon.pid, signal.SIGKILL)
                wait_until(lambda: not any(map(process_alive, pids)), "end of the workers")
                daemon.wait_exit()
                self.assertTrue(os.path.exists(f"{directory}/a.vnc"))
            # what it left behind is no obstacle
            with Daemon(config) as daemon:
                daemon.wait_serving("a")
                self.assertEqual(greeting(f"{directory}/a.vnc"), b"RFB 003.008\n")


class WhatAWorkerHas(unittest.TestCase):
    def test_any_name_that_a_vm_may_have(self):
        names = ["B\u00fcro #7 ; x", "-c", "a" * 64, "%s%n"]
        with Daemon("".join(vm_section(name) for name in names)) as daemon:
            for name in names:
                daemon.wait_serving(name)
                self.assertEqual(greeting(daemon.address(name)), b"RFB 003.008\n")

    def test_inherits_nothing_but_its_own(self):
        read, write = os.pipe()
        fcntl.fcntl(read, fcntl.F_DUPFD, 50)  # a number that no worker puts to its own use
        os.close(read)
        read = 50
        pipe = os.readlink(f"/proc/self/fd/{read}")
        try:
            config = vm_section("a", "127.0.0.1:0 [::1]:0") + vm_section("b")
            with Daemon(config, pass_fds=(read,)) as daemon:
                a, b = daemon.wait_serving("a"), daemon.wait_serving("b")
                sockets = [{link for link in process_fds(pid).values() if link.startswith("socket:")}
                           for pid in (a, b)]
                self.assertEqual(sockets[0] & sockets[1], set())
                supervisor = {link for link in process_fds(daemon.pid).values() if link.startswith("socket:")}
                self.assertEqual(len(sockets[0] & supervisor), 2)  # its two listeners
                self.assertIn(pipe, process_fds(daemon.pid).values())
                self.assertNotIn(pipe, process_fds(a).values())
                self.assertEqual(process_fds(a)[0], "/dev/null")
        finally:
            os.close(read)
            os.close(write)

    def test_name_limits_and_privileges(self):
        with Daemon(vm_section("win11")) as daemon:
            proc = pathlib.Path(f"/proc/{daemon.wait_serving('win11')}")
            self.assertEqual((proc / "comm").read_text(), "pc:win11\n")
            self.assertRegex((proc / "status").read_text(), r"NoNewPrivs:\s+1")
            soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", (proc / "limits").read_text()).groups()
            self.assertEqual(int(soft), min(int(hard), 65536))

    def test_its_system_calls_are_filtered(self):
        """In all of its threads, from before it has heard of strangers."""
        for alone in ((), ("--vm", "a")):
            with self.subTest(alone=alone), Daemon(vm_section("a", spice="127.0.0.1:0"), *alone) as daemon:
                pid = daemon.pid if alone else daemon.wait_serving("a")
                self.assertEqual(greeting(daemon.address("a")), b"RFB 003.008\n")
                for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
                    self.assertRegex(status.read_text(), r"\nSeccomp:\s+2\n")
                self.assertEqual(daemon.count_lines("system calls are not filtered"), 0)


class Listeners(unittest.TestCase):
    def test_ipv4_ipv6_and_unix(self):
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/a.vnc"
            with Daemon(vm_section("a", f"127.0.0.1:0, [::1]:0, unix:{path}")) as daemon:
                daemon.wait_serving("a")
                addresses = [daemon.address("a", n) for n in range(3)]
                self.assertEqual([addresses[0][0], addresses[1][0], addresses[2]], ["127.0.0.1", "::1", path])
                for address in addresses:
                    self.assertEqual(greeting(address), b"RFB 003.008\n")
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_taken_port_is_one_line_and_is_had_later(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            config = vm_section("a", f"127.0.0.1:{port} [::1]:0") + vm_section("b")
            with Daemon(config) as daemon:
                line = config[:config.index("vnc =")].count("\n") + 1
                daemon.wait_line(rf"error +\[a\] cannot listen on 127.0.0.1:{port} "
                                 rf"\({daemon.config_path}:{line}\): Address already in use")
                daemon.wait_serving("a")
                self.assertEqual(greeting(daemon.address("a")), b"RFB 003.008\n")
                daemon.reload(config)  # tries again at once, and says nothing new
                holder.close()
                daemon.wait_line(rf"\[a\] listening on 127.0.0.1:{port}")
                self.assertEqual(greeting(("127.0.0.1", port)), b"RFB 003.008\n")
                self.assertEqual(daemon.count_lines("cannot listen"), 1)


    def test_what_a_worker_shut_down_is_bound_again(self):
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/a.vnc"
            with Daemon(vm_section("a", f"127.0.0.1:0 unix:{path}")) as daemon:
                pid = daemon.wait_serving("a")
                pidfd = os.pidfd_open(pid)
                libc = ctypes.CDLL(None)
                for number, link in process_fds(pid).items():
                    fd = libc.syscall(438, pidfd, number, 0)  # pidfd_getfd
                    if link.startswith("socket:"):
                        with socket.socket(fileno=os.dup(fd)) as copy:
                            if copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                                copy.shutdown(socket.SHUT_RDWR)
                    os.close(fd)
                os.close(pidfd)
                wait_until(lambda: daemon.count_lines("does not listen any more") == 2, "the worker's notice")
                mark = daemon.mark()
                os.kill(pid, signal.SIGKILL)
                daemon.wait_serving("a", mark)
                self.assertEqual(greeting(daemon.address("a", since=mark)), b"RFB 003.008\n")
                self.assertEqual(greeting(path), b"RFB 003.008\n")
                self.assertEqual(daemon.count_lines("does not listen any more"), 2)

    def test_unix_path_that_was_removed_or_taken_over(self):
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/a.vnc"
            config = vm_section("a", f"unix:{path}")
            for alone in ((), ("--vm", "a")):
                with Daemon(config, *alone) as daemon:
                    self.assertEqual(daemon.address("a"), path)
                    os.unlink(path)
                    daemon.reload(config)
                    self.assertEqual(greeting(path), b"RFB 003.008\n")
                    os.unlink(path)
                    with socket.socket(socket.AF_UNIX) as other:
                        other.bind(path)
                        other.listen()
                        inode = os.stat(path).st_ino
                        daemon.reload(config)
                        daemon.wait_line(rf"cannot listen on unix:{path}.*Address already in use")
                        self.assertEqual(daemon.stop()[0], 0)
                        self.assertEqual(os.stat(path).st_ino, inode)
                os.unlink(path)
                # the same without a reload between
                with Daemon(config, *alone) as daemon:
                    self.assertEqual(daemon.address("a"), path)
                    os.unlink(path)
                    pathlib.Path(path).write_text("another's")
                    self.assertEqual(daemon.stop()[0], 0)
                    self.assertEqual(pathlib.Path(path).read_text(), "another's")
                os.unlink(path)


class Alone(unittest.TestCase):
    def test_one_vm_in_the_foreground(self):
        config = vm_section("a", "127.0.0.1:0 [::1]:0") + vm_section("b")
        with Daemon(config, "--vm", "a") as daemon:
            address = daemon.address("a", 1)
            self.assertEqual(greeting(address), b"RFB 003.008\n")
            self.assertEqual(process_children(daemon.pid), [])
            self.assertEqual(process_cmdline(daemon.pid)[-2:], ["--vm", "a"])
            self.assertEqual(daemon.stop()[0], 0)
            self.assertEqual(daemon.count_lines(r"\[b\]"), 0)

    def test_reload_changes_listeners_and_refuses_what_needs_a_restart(self):
        with Daemon(vm_section("a"), "--vm", "a") as daemon:
            first = daemon.address("a")
            mark = daemon.reload(vm_section("a", "[::1]:0", desktop_name="new"))
            second = daemon.address("a", since=mark)
            self.assertEqual(second[0], "::1")
            self.assertEqual(greeting(second), b"RFB 003.008\n")
            with self.assertRaises(ConnectionRefusedError):
                connect(first)
            daemon.reload(vm_section("a", "[::1]:0", pattern_size="640x480"), "needs a restart")
            daemon.reload(vm_section("b"), "no longer in it")
            self.assertEqual(greeting(second), b"RFB 003.008\n")
            self.assertEqual(daemon.stop(signal.SIGINT)[0], 0)


class Log(unittest.TestCase):
    def test_json_lines(self):
        with Daemon(vm_section("a") + vm_section("b"), "--log-format", "json") as daemon:
            daemon.wait_line(r'"message":"worker \d+ serves"')
            os.kill(wait_until(lambda: daemon.worker("b"), "worker of b"), signal.SIGKILL)
            daemon.wait_line("died: killed by SIGKILL")
            daemon.stop()
            daemon.wait_exit()
            lines = [json.loads(line) for line in daemon.lines]
            died = [line for line in lines if "died" in line["message"]]
            self.assertEqual([line["vm"] for line in died], ["b"])
            self.assertEqual(died[0]["level"], "error")

    def test_systemd_is_told(self):
        with tempfile.TemporaryDirectory() as directory, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(f"{directory}/notify")
            notify.settimeout(20)
            config = vm_section("a")
            with Daemon(config, env={"NOTIFY_SOCKET": f"{directory}/notify"}) as daemon:
                self.assertEqual(notify.recv(4096).split(b"\n")[:2], [b"READY=1", b"STATUS=1 VMs, 0 viewers"])
                daemon.reload(config + vm_section("b"))
                self.assertRegex(notify.recv(4096), rb"^RELOADING=1\nMONOTONIC_USEC=\d+")
                self.assertEqual(notify.recv(4096).split(b"\n")[:2], [b"READY=1", b"STATUS=2 VMs, 0 viewers"])
                daemon.stop()
                self.assertEqual(notify.recv(4096), b"STOPPING=1")


class CommandLine(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = f"{directory.name}/planecast.conf"

    def write(self, text):
        pathlib.Path(self.path).write_text(text)

    def test_check_config(self):
        self.write(vm_section("a") + vm_section("b"))
        self.assertEqual(run_planecastd("--config", self.path, "--check-config"), (0, "OK: 2 VMs\n", ""))
        self.write(vm_section("a", sorce="pattern", max_fps="many"))
        status, out, err = run_planecastd("--config", self.path, "--check-config")
        self.assertEqual((status, out), (78, ""))
        places = re.findall(rf"^{re.escape(self.path)}:(\d+):(\d+): ", err, re.M)
        self.assertEqual([line for line, _ in places], ["6", "7"])
        self.assertIn("source", err)
        self.assertEqual(run_planecastd("--config", "/nowhere/x.conf", "--check-config")[0], 78)
        self.write(vm_section("desktop"))
        status, out, err = run_planecastd("--config", self.path, "--check-config", "--vm", "destkop")
        self.assertEqual((status, out), (78, ""))
        self.assertIn("did you mean 'desktop'", err)

    def test_a_wrong_configuration_does_not_start(self):
        self.write(vm_section("a", max_fps="many"))
        status, _, err = run_planecastd("--config", self.path)
        self.assertEqual(status, 78)
        self.assertIn(f"{self.path}:6:", err)
        self.assertEqual(run_planecastd("--config", self.path, "--vm", "a")[0], 78)
        status, _, err = run_planecastd("--config", "/nowhere/x.conf")
        self.assertEqual(status, 78)
        self.assertRegex(err, r" /nowhere/x\.conf: ")

    def test_dump_config(self):
        self.write(vm_section("a") + vm_section("b"))
        status, out, _ = run_planecastd("--config", self.path, "--dump-config", "--vm", "b")
        self.assertEqual(status, 0)
        self.assertIn('[vm "b"]', out)
        self.assertNotIn('[vm "a"]', out)
        self.write(out)
        self.assertEqual(run_planecastd("--config", self.path, "--check-config")[1], "OK: 1 VMs\n")
        status, out, _ = run_planecastd("--config", self.path, "--dump-config", "--log-level", "debug")
        self.assertRegex(out, r"(?m)^log-level = debug +# from the command line$")
        self.assertRegex(out, rf"(?m)^log-format = text +# from {re.escape(self.path)}:\d+$")

    def test_probe_encoders(self):
        """Each candidate in a row of its own, the driver of this build among them."""
        # Only devices that are there are listed, and what they can do is not for this test to say.
        with environment(LIBVA_DRIVERS_PATH=os.path.dirname(PLANECASTD)):
            status, out, _ = run_planecastd("--probe-encoders")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"(?m)^CANDIDATE +PROVEN +PROFILE +ENTRYPOINT +IMPORT +RATE CONTROL +SIZES +DRIVER$")
        self.assertRegex(out, r"(?m)^software +yes +\w+ +EncSlice +PRIME_2 PRIME CPU +CQP .*\d+x\d+ to \d+x\d+ +planecast .+$")
        # Without being told where that is, too.
        with environment(LIBVA_DRIVERS_PATH=None):
            self.assertEqual(run_planecastd("--probe-encoders")[:2], (status, out))

    def test_probe_encoders_where_nothing_is_proven(self):
        """Each says why."""
        with environment(LIBVA_DRIVERS_PATH="/nowhere"):
            status, out, _ = run_planecastd("--probe-encoders")
            self.assertEqual(run_planecastd("--probe-encoder", "software")[0], 1)
        self.assertEqual(status, 1)
        names = re.findall(r"(?m)^(software|/dev/dri/renderD\d+) +no( +-){6}$", out)
        self.assertEqual([name for name, _ in names][-1:], ["software"])
        for name, _ in names:
            self.assertRegex(out, rf"(?m)^{name}: \w.+$")
        self.assertRegex(out, r"(?m)^software: there is no driver for it, or it does not start$")
        self.assertNotRegex(out, r" yes ")

    def test_probe_encoders_with_a_driver_that_misbehaves(self):
        """It costs its own row, and does not get into what is printed."""
        for fault, reason in (("crash", r"its driver crashes \(Aborted\)"), ("error", "encoding a picture fails"),
                              ("garbage", "what it encodes is not H.264")):
            with environment(LIBVA_DRIVERS_PATH=f"{BUILD}/tests", BROKEN_DRIVER=fault):
                status, out, _ = run_planecastd("--probe-encoder", "headless:broken")
            if fault == "crash":
                self.assertEqual((status, out), (-signal.SIGABRT, ""))
            else:
                self.assertEqual((status, out.count("\n"), out.count("\t")), (1, 1, 6))
                self.assertRegex(out, rf"\t{reason}\n$")

    def test_usage_errors_name_what_was_meant(self):
        self.write(vm_section("desktop"))
        cases = [(["--cofnig", "x"], "did you mean 'config'"), (["--config"], "--config needs a value"),
                 (["--log-level", "debgu"], "debug"), (["-x"], "-x"), (["word"], "'word'"),
                 (["--for", "3"], "--demo"), (["--demo", "--for", "x"], "seconds"),
                 (["--demo", "--vm", "a"], "--vm"), (["--check-config", "--demo"], "--demo"),
                 (["--worker", "a"], "--vm NAME"), (["--gateway"], "for planecastd itself"),
                 (["--config", self.path, "--vm", "destkop"], "did you mean 'desktop'")]
        for arguments, expected in cases:
            status, out, err = run_planecastd(*arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertIn(expected, err)
            self.assertEqual(err.count("\n"), 1, err)

    def test_help_and_version(self):
        status, out, err = run_planecastd("--help")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("--check-config", out)
        self.assertNotIn("--worker", out)
        self.assertNotIn("--gateway", out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        status, out, _ = run_planecastd("--version")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^planecastd \d+\.\d+\.\d+\n")
        for library in ("libvncserver", "libspice-server", "libevent"):
            self.assertRegex(out, rf"(?m)^  {library} \d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main(verbosity=2)
