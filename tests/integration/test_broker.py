#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The broker: whom it takes for a device's owner, what it says otherwise, and what it gives up."""
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
import unittest

from broker import AS_SERVICE, KINDS, NOBODY, Broker, Holder, enter_namespace, make_device
from harness import BUILD, DEADLINE_S, SANITIZED, Daemon, process_children, vm_section, wait_until

NODES = {"devices/vfio0": "/dev/zero", "devices/vfio1": "/dev/full", "vfio": "/dev/urandom"}
SANDBOX = pathlib.Path(__file__).with_name("sandbox.py")
UUID = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
PTRACE_AND_SEARCH = 1 << 19 | 1 << 2
OTHER_DEV = ("unshare", "--mount", "sh", "-c", "mount -t tmpfs none /dev/vfio && mkdir /dev/vfio/devices && "
             "touch /dev/vfio/devices/vfio0 && mount --bind /dev/zero /dev/vfio/devices/vfio0 && exec \"$@\"", "sh")
ATTACH_DEADLINE_S = 2.0 if SANITIZED else 0.2


def gpu(device):
    return vm_section("gpu", source="vfio", pattern_size=None, pattern_fps=None, vfio_device=device, vfio_attach="auto")


class WithDevices(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="planecast-sys-")))
        cls.folder.chmod(0o755)
        cls.zero = make_device(cls.folder, "zero-device", "vfio0", os.stat("/dev/zero").st_rdev)
        cls.full = make_device(cls.folder, "full-device", "vfio1", os.stat("/dev/full").st_rdev)

    def broker(self, **how):
        return self.enterContext(Broker(**how))

    def holder(self, *paths, **how):
        return self.enterContext(Holder(*paths, **how))


class Sentences(WithDevices):
    """What stands in the way is said, once, and found out again and again."""

    def test_no_such_device(self):
        broker = self.broker()
        said = broker.worker("win11", UUID).receive_reason("There is no device")
        self.assertIn(UUID, said)
        self.assertIn("create", said)
        self.assertIn("/nowhere", broker.worker("b", "/nowhere").receive_reason("There is no device"))
        self.assertIn("0000:ff:1f.7", broker.worker("c", "0000:ff:1f.7").receive_reason("There is no device"))
        self.assertIn("[win11] There is no device", broker.said())

    def test_a_device_that_comes_and_goes(self):
        worker = self.broker().worker("win11", self.folder / "late")
        worker.receive_reason("There is no device")
        made = make_device(self.folder, "late", "vfio7", os.makedev(1, 5))
        worker.receive_reason("No QEMU")
        shutil.rmtree(made)
        worker.receive_reason("There is no device")

    def test_not_bound_to_a_driver(self):
        bare = self.folder / "bare"
        bare.mkdir()
        self.broker().worker("win11", bare).receive_reason("has no IOMMU group")

    def test_nobody_has_it_until_somebody_does(self):
        """And then it is looked at at once, which here shows that it is no VFIO device."""
        worker = self.broker().worker("win11", self.zero)
        self.assertIn("zero-device", worker.receive_reason("No QEMU"))
        for _ in range(3):
            holder = self.holder("/dev/vfio/devices/vfio0")
            began = time.monotonic()
            worker.receive_reason("has no display")
            self.assertLess(time.monotonic() - began, ATTACH_DEADLINE_S)
            holder.close()
            worker.receive_reason("No QEMU")

    def test_a_dev_of_its_own(self):
        """As libvirt gives each QEMU: nobody tells of what is opened there, but it is young."""
        worker = self.broker().worker("win11", self.zero)
        worker.receive_reason("No QEMU")
        for _ in range(3):
            holder = self.holder("/dev/vfio/devices/vfio0", wrapper=OTHER_DEV)
            began = time.monotonic()
            worker.receive_reason("has no display")
            self.assertLess(time.monotonic() - began, ATTACH_DEADLINE_S)
            holder.close()
            worker.receive_reason("No QEMU")

    def test_several_have_it(self):
        one = self.holder("/dev/vfio/devices/vfio0", name="first")
        two = self.holder("/dev/vfio/devices/vfio0", name="second")
        worker = self.broker().worker("win11", self.zero)
        said = worker.receive_reason("2 processes")
        for holder, name in (one, "first"), (two, "second"):
            self.assertIn(f"{holder.pid} ({name})", said)
        one.close()
        worker.receive_reason("has no display")

    def test_each_is_said_once(self):
        broker = self.broker()
        worker = broker.worker("win11", self.zero)
        worker.receive_reason("No QEMU")
        # Somebody else's device makes it look, several times.
        for _ in range(3):
            other = broker.worker("b", self.full)
            other.receive_reason("No QEMU")
            with Holder("/dev/vfio/devices/vfio1"):
                other.receive_reason("has no display")
            other.receive_reason("No QEMU")
            other.close()
        self.assertEqual(len(re.findall("No QEMU has zero-device", broker.said())), 1)

    @unittest.skipIf(os.geteuid(), "needs other users")
    def test_no_permission(self):
        holder = self.holder("/dev/vfio/devices/vfio0")
        broker = self.broker(user=NOBODY)
        said = broker.worker("win11", self.zero).receive_reason("No QEMU that planecast may look into")
        self.assertIn("systemd", said)
        self.assertEqual(int(broker.status("CapPrm"), 16), 0)
        holder.close()

    @unittest.skipIf(os.geteuid(), "needs other users")
    def test_look_but_not_take(self):
        """As SELinux or AppArmor may have it: the files of a process are listed, but not shown."""
        self.holder("/dev/vfio/devices/vfio0")
        broker = self.broker(wrapper=("setpriv", "--bounding-set=-sys_ptrace"))
        said = broker.worker("win11", self.zero).receive_reason("No QEMU that planecast may look into")
        self.assertIn("zero-device", said)


class Lies(WithDevices):
    """Who is an owner is not for processes to say."""

    def test_a_file_of_that_name(self):
        """Any user may have a /dev of his own."""
        fake = self.folder / "fake"
        fake.touch()
        self.holder("/dev/vfio/devices/vfio0", wrapper=(
            "unshare", "--mount", "sh", "-c", f'mount --bind {fake} /dev/vfio/devices/vfio0 && exec "$@"', "sh"))
        # The same, in which the name is another device's.
        self.holder("/dev/vfio/devices/vfio0", wrapper=(
            "unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /dev/vfio/devices/vfio0 && exec "$@"', "sh"))
        worker = self.broker().worker("win11", self.zero)
        worker.receive_reason("No QEMU")
        # And there the name does not matter, as where libvirt gives QEMU a /dev of its own.
        self.holder("/dev/vfio/devices/whatever", wrapper=(
            "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /dev/vfio && mkdir /dev/vfio/devices && "
            "touch /dev/vfio/devices/whatever && mount --bind /dev/zero /dev/vfio/devices/whatever && "
            'exec "$@"', "sh"))
        worker.receive_reason("has no display")

    def test_names_that_look_like_something_else(self):
        self.holder("/dev/vfio/devices/vfio0", name="x) S 1 (\n\x1b[31m")
        self.holder("/dev/vfio/devices/vfio0", name=f") S {os.getpid()} 1")
        said = self.broker().worker("win11", self.zero).receive_reason("2 processes")
        self.assertNotRegex(said, r"[^ -~]")

    def test_our_own_workers_are_no_owners(self):
        with open("/dev/vfio/devices/vfio0", "rb"):
            pid = os.fork()
            if not pid:
                os.read(self.pipe[0], 1)
                os._exit(0)
        try:
            worker = self.broker().worker("win11", self.zero)
            worker.receive_reason("No QEMU")
            self.holder("/dev/vfio/devices/vfio0")
            worker.receive_reason("has no display")
        finally:
            os.write(self.pipe[1], b"x")
            os.waitpid(pid, 0)

    def setUp(self):
        self.pipe = os.pipe2(os.O_CLOEXEC)
        self.addCleanup(lambda: [os.close(fd) for fd in self.pipe])


class Workers(WithDevices):
    """What a worker in somebody's hands may say costs that worker."""

    def test_nonsense(self):
        broker = self.broker()
        good = broker.worker("good", self.zero)
        good.receive_reason("No QEMU")
        for speak in (lambda worker: worker.send("DEVICE_LET_GO"),  # it was given nothing
                      lambda worker: worker.send("STOP"),
                      lambda worker: worker.send("VM_DEVICE", b"good\n/dev/zero", 1),
                      lambda worker: worker.send("DEVICE_LET_GO", b"x"),
                      lambda worker: worker.send(9999),
                      lambda worker: worker.send("DEVICE_GONE", size=7),
                      lambda worker: worker.sock.send(b"")):
            bad = broker.worker("bad", self.zero)
            bad.receive_reason("No QEMU")
            speak(bad)
            self.assertIsNone(bad.receive())
        with Holder("/dev/vfio/devices/vfio0"):
            good.receive_reason("has no display")
        self.assertIsNone(broker.process.poll())

    def test_workers_come_and_go(self):
        """Nothing of them is left."""
        broker = self.broker()
        first = broker.worker("first", self.zero)
        first.receive_reason("No QEMU")
        fds = pathlib.Path(f"/proc/{broker.process.pid}/fd")
        before = len(list(fds.iterdir()))
        for _ in range(100):
            broker.worker("vm", self.full).close()
        last = broker.worker("last", self.full)
        last.receive_reason("No QEMU")
        last.close()
        wait_until(lambda: len(list(fds.iterdir())) == before, "descriptors are closed")

    def test_the_supervisor_ends_it(self):
        broker = self.broker()
        broker.channel.send("STOP")
        self.assertEqual(broker.process.wait(DEADLINE_S), 0)
        broker = self.broker()
        broker.channel.close()
        self.assertEqual(broker.process.wait(DEADLINE_S), 1)
        broker = self.broker()
        broker.process.terminate()
        self.assertEqual(broker.process.wait(DEADLINE_S), 0)


class Privileges(WithDevices):
    """The broker has two, and nobody else any."""

    def test_what_the_broker_keeps(self):
        broker = self.broker()
        for key in "CapPrm", "CapEff", "CapInh", "CapAmb":
            wanted = PTRACE_AND_SEARCH if key in ("CapPrm", "CapEff") and not os.geteuid() else 0
            self.assertEqual(int(broker.status(key), 16), wanted, key)
        self.assertEqual((broker.status("NoNewPrivs"), broker.status("Seccomp")), ("1", "2"))
        self.assertEqual(broker.status("Name"), "pc:broker")
        self.assertEqual(broker.said().count("cannot"), 0, broker.said())

    @unittest.skipIf(SANITIZED or not shutil.which("systemd-analyze"), "needs systemd-analyze, and no sanitizers")
    def test_the_unit_lets_it_work(self):
        with Holder("/dev/vfio/devices/vfio0"):
            broker = self.broker(wrapper=(sys.executable, "-B", str(SANDBOX), str(BUILD / "planecast.service")))
            broker.worker("win11", self.zero).receive_reason("has no display")

    @unittest.skipIf(os.geteuid() or not shutil.which("setpriv"), "needs other users")
    def test_who_gets_what_in_the_service(self):
        """As systemd starts it: another user, and ambient capabilities."""
        with Daemon(gpu(self.zero) + vm_section("test"), wrapper=AS_SERVICE) as daemon:
            daemon.wait_line(r"broker \d+ serves")

            def processes():
                found = {}
                for pid in process_children(daemon.process.pid):
                    status = pathlib.Path(f"/proc/{pid}/status").read_text()
                    found[re.search(r"(?m)^Name:\s*(.*)$", status)[1]] = status
                return found if {"pc:broker", "pc:gpu", "pc:test"} <= set(found) else None

            def sets(status):
                return {key: int(value, 16) for key, value in re.findall(r"(?m)^Cap(\w+):\s*(.*)$", status)}
            found = wait_until(processes, "all processes are there")
            for name, status in found.items():
                has = sets(status)
                wanted = PTRACE_AND_SEARCH if name == "pc:broker" else 0
                self.assertEqual((has["Prm"], has["Eff"], has["Inh"], has["Amb"]), (wanted, wanted, 0, 0), name)
            has = sets(pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text())
            self.assertEqual((has["Prm"], has["Eff"], has["Inh"], has["Amb"]), (PTRACE_AND_SEARCH, 0, 0, 0))
            # Another user's process is seen by that.
            with Holder("/dev/vfio/devices/vfio0"):
                daemon.wait_line(r"zero-device has no display")


class Life(WithDevices):
    """The supervisor has one while a VM needs it."""

    def test_it_comes_and_goes_with_its_vms(self):
        with Daemon(vm_section("test")) as daemon:
            daemon.wait_serving("test")
            self.assertEqual(daemon.count_lines(r"broker \d+ started"), 0)
            daemon.reload(vm_section("test") + gpu(self.zero))
            daemon.wait_line(r"broker \d+ serves")
            daemon.wait_line(r"gpu.*No QEMU has zero-device open")
            daemon.reload(vm_section("test"))
            daemon.wait_line(r"broker \d+ ended: exit status 0")

    def test_it_dies(self):
        """The next one is told all again; the worker notices and stays."""
        with Daemon(gpu(self.zero)) as daemon:
            daemon.wait_line(r"gpu.*No QEMU has zero-device open")
            first = int(daemon.wait_line(r"broker (\d+) serves")[1])
            os.kill(first, 9)
            daemon.wait_line(rf"broker {first} died: killed by SIGKILL")
            with Holder("/dev/vfio/devices/vfio0"):
                daemon.wait_line(r"zero-device has no display")
            self.assertEqual(daemon.count_lines(r"worker \d+ died"), 0)

    def test_its_worker_dies(self):
        with Daemon(gpu(self.zero)) as daemon:
            daemon.wait_line(r"gpu.*No QEMU has zero-device open")
            worker = daemon.wait_serving("gpu")
            os.kill(worker, 9)
            daemon.wait_line(r"worker \d+ died")
            wait_until(lambda: daemon.count_lines(r"gpu.*No QEMU has zero-device open") == 2, "the next one is told")
            self.assertEqual(daemon.count_lines(r"broker \d+ died"), 0)


if __name__ == "__main__":
    assert KINDS["CONFIG"] == 1
    if os.geteuid() and "PLANECAST_UNSHARED" not in os.environ:
        os.execvpe("unshare", ["unshare", "--user", "--map-root-user", sys.executable, "-B", *sys.argv],
                   {**os.environ, "PLANECAST_UNSHARED": "1"})
    try:
        enter_namespace(NODES)
    except OSError as error:
        print(f"SKIPPED: no mount namespace can be had here: {error}", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
