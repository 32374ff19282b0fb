#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside the lab: the broker takes real mediated devices from processes that have them open, and gives them back."""
import os
import pathlib
import select
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from broker import AS_SERVICE, NOBODY, Broker  # noqa: E402
from harness import Daemon, wait_until  # noqa: E402
from viewers import Device, Timed, Viewer, vfio_vm  # noqa: E402

ATTACH_S = 0.2
NOTICE_S = 3  # the broker makes sure once a second
LET_GO_S = 0.5
QUERY_PLANE, REGION_PROBE, DMABUF_PROBE = 0x3b72, 5, 3

# What a VMM does, as it is told. It is started by somebody who ends at once: its parent is none of ours.
OWNER = r'''
import fcntl, os, sys
SET_IOMMU, SET_CONTAINER, GET_DEVICE, TYPE1 = 0x3b66, 0x3b68, 0x3b6a, 1
groups, devices = {}, {}
container = os.open("/dev/vfio/vfio", os.O_RDWR)

def group(uuid):
    path = "/sys/bus/mdev/devices/" + uuid + "/iommu_group"
    groups[uuid] = os.open("/dev/vfio/" + os.path.basename(os.readlink(path)), os.O_RDWR)

def join(uuid):
    fcntl.ioctl(groups[uuid], SET_CONTAINER, container.to_bytes(4, sys.byteorder))
    if len(groups) == 1:
        fcntl.ioctl(container, SET_IOMMU, TYPE1)

def device(uuid):
    devices[uuid] = fcntl.ioctl(groups[uuid], GET_DEVICE, bytearray(uuid.encode() + b"\0"))

def all(uuid):
    group(uuid), join(uuid), device(uuid)

def close(uuid):
    os.close(devices.pop(uuid)), os.close(groups.pop(uuid))

def fork(uuid):
    if not os.fork():
        sys.stdin.read()
        os._exit(0)

print(os.getpid(), flush=True)
for line in sys.stdin:
    word, uuid = line.split()
    globals()[word](uuid)
    print("ok", flush=True)
'''


class Owner:
    def __init__(self):
        self.process = subprocess.Popen(["sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh", sys.executable, "-c", OWNER],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.process.wait()
        self.pid = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()  # until it has ended
        self.process.stdout.close()

    def tell(self, word, device):
        self.process.stdin.write(f"{word} {device.uuid}\n")
        if self.process.stdout.readline() != "ok\n":
            raise AssertionError(f"{word} {device.uuid}: the owner has ended")


class Given:
    """What a worker is given."""

    def __init__(self, worker, deadline_s=20):
        kind, owner, self.pidfd = worker.receive(deadline_s)
        while kind == "DEVICE_NONE":  # why not yet
            kind, owner, self.pidfd = worker.receive(deadline_s)
        assert kind == "DEVICE_OWNER", kind
        self.owner_pid = int.from_bytes(owner[:4], sys.byteorder)
        self.owner_name = owner[4:].rstrip(b"\0").decode()
        kind, _, self.fd = worker.receive(1)
        assert kind == "DEVICE", kind
        self.fds = self.fd, self.pidfd

    def probe(self, flags):
        """As somebody without any privilege."""
        program = ("import fcntl, struct, sys\n"
                   "fcntl.ioctl(int(sys.argv[1]), int(sys.argv[2]), struct.pack('=16I', 64, int(sys.argv[3]), *[0] * 14))")
        return subprocess.run([sys.executable, "-c", program, str(self.fd), str(QUERY_PLANE), str(flags)],
                              pass_fds=[self.fd], user=NOBODY, group=NOBODY, extra_groups=[], check=False,
                              stderr=subprocess.DEVNULL, cwd="/").returncode == 0

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = ()


class Case(Timed):
    def given(self, worker):
        """Given back before its device is removed, which waits for that."""
        given = Given(worker)
        self.addCleanup(given.close)
        return given


class Taking(Case):
    def setUp(self):
        self.broker = self.enterContext(Broker())

    def device(self, kind="pcmdev-region"):
        return self.enterContext(Device(kind))

    def owner(self):
        return self.enterContext(Owner())

    def holds_nothing(self):
        links = [os.readlink(link) for link in pathlib.Path(f"/proc/{self.broker.process.pid}/fd").iterdir()]
        return not any("vfio" in link for link in links)

    def test_not_before_its_owner_has_it(self):
        """Who opens a device first is who its driver takes for its virtual machine."""
        device, owner = self.device(), self.owner()
        worker = self.broker.worker("a", device.uuid)
        worker.receive_reason("No QEMU")
        for step in "group", "join":
            owner.tell(step, device)
            # Something else opens meanwhile, and it looks.
            with open("/dev/vfio/vfio", "rb"):
                self.assertEqual(select.select([worker.sock], [], [], 1)[0], [])
            self.assertEqual(device.tell("get", "opens"), "0")
        owner.tell("device", device)
        began = time.monotonic()
        given = self.given(worker)
        print(f"attached after {(time.monotonic() - began) * 1000:.1f} ms ", end="")
        self.assertLess(time.monotonic() - began, ATTACH_S)
        self.assertEqual((given.owner_pid, given.owner_name), (owner.pid, "python3"))
        self.assertTrue(given.probe(REGION_PROBE))
        self.assertFalse(given.probe(DMABUF_PROBE))
        self.assertTrue(self.holds_nothing())
        given.close()

    def test_each_its_own(self):
        """Three of one process, which all look alike."""
        kinds = {"pcmdev-region": REGION_PROBE, "pcmdev-dmabuf": DMABUF_PROBE, "mdpy-vga": REGION_PROBE}
        devices, owner = [self.device(kind) for kind in kinds], self.owner()
        for device in devices:
            owner.tell("all", device)
        workers = [self.broker.worker(f"vm{n}", device.uuid) for n, device in enumerate(devices)]
        given = [self.given(worker) for worker in workers]
        for one, probe in zip(given, kinds.values()):
            self.assertTrue(one.probe(probe))
            self.assertFalse(one.probe(REGION_PROBE + DMABUF_PROBE - probe))
        # One is unplugged, the others stay.
        owner.tell("close", devices[0])
        self.assertEqual(workers[0].receive(NOTICE_S)[0], "DEVICE_GONE")
        given[0].close()
        workers[0].send("DEVICE_LET_GO")
        workers[0].receive_reason("No QEMU")
        wait_until(lambda: devices[0].tell("get", "opens") == "0", "nobody has it open")
        owner.tell("all", devices[0])
        given[0] = self.given(workers[0])
        self.assertTrue(given[0].probe(REGION_PROBE))
        for one in given:
            one.close()

    def test_owner_ends(self):
        device = self.device()
        worker = self.broker.worker("a", device.uuid)
        for _ in range(5):
            with Owner() as owner:
                owner.tell("all", device)
                given = self.given(worker)
                os.kill(owner.pid, 9)
            began = time.monotonic()
            self.assertEqual(worker.receive()[0], "DEVICE_GONE")
            self.assertLess(time.monotonic() - began, ATTACH_S)
            self.assertEqual(select.select([given.pidfd], [], [], 0)[0], [given.pidfd])
            given.close()
            worker.send("DEVICE_LET_GO")

    def test_worker_that_does_not_let_go(self):
        device = self.device()
        worker = self.broker.worker("hung", device.uuid)
        with Owner() as owner:
            owner.tell("all", device)
            given = self.given(worker)
        began = time.monotonic()
        kind, name, _ = self.broker.channel.receive()
        self.assertEqual((kind, name), ("DEVICE_HELD", b"hung"))
        self.assertGreater(time.monotonic() - began, LET_GO_S - 0.1)
        self.assertEqual(worker.receive()[0], "DEVICE_GONE")
        self.assertIsNone(worker.receive())
        given.close()

    def test_worker_lets_go_by_itself(self):
        """And is given it again, but not at once."""
        device, owner = self.device(), self.owner()
        owner.tell("all", device)
        worker = self.broker.worker("a", device.uuid)
        for _ in range(2):
            self.given(worker).close()
            worker.send("DEVICE_LET_GO")
            began = time.monotonic()
        self.given(worker).close()
        self.assertGreater(time.monotonic() - began, 0.5)

    def test_several_owners(self):
        device, owner = self.device(), self.owner()
        owner.tell("all", device)
        owner.tell("fork", device)
        said = self.broker.worker("a", device.uuid).receive_reason("2 processes")
        self.assertIn(f"{owner.pid} (python3)", said)

    def test_device_is_being_removed(self):
        """The kernel waits until nobody has it."""
        device = self.device()
        worker = self.broker.worker("a", device.uuid)
        with Owner() as owner:
            owner.tell("all", device)
            given = self.given(worker)
            device.begin("remove")
            self.assertEqual(worker.receive(NOTICE_S)[0], "DEVICE_GONE")
            given.close()
            worker.send("DEVICE_LET_GO")
        self.assertTrue(device.answer("remove").startswith("ok"))
        worker.receive_reason("There is no device")
        device.tell("create")
        worker.receive_reason("No QEMU")


class Service(Timed):
    def test_workers_have_no_privilege(self):
        """Pixels by a worker that is nobody, of a device that root has open."""
        device = self.enterContext(Device("pcmdev-dmabuf"))
        with Daemon(vfio_vm("lab", device, vfio_attach="auto"), wrapper=AS_SERVICE) as daemon, Owner() as owner:
            viewer = self.enterContext(Viewer(daemon, "lab"))
            owner.tell("all", device)
            viewer.expect(device.show("XR24", 320, 200))
            status = pathlib.Path(f"/proc/{daemon.worker('lab')}/status").read_text()
            self.assertRegex(status, rf"(?m)^Uid:\s+{NOBODY}\b")
            self.assertRegex(status, r"(?m)^CapPrm:\s+0+$")


class Yama(Case):
    """Last: there is no way back."""

    def test_it_forbids_all(self):
        scope = pathlib.Path("/proc/sys/kernel/yama/ptrace_scope")
        if not scope.exists():
            self.skipTest("this kernel has no Yama")
        device = self.enterContext(Device("pcmdev-region"))
        owner = self.enterContext(Owner())
        owner.tell("all", device)
        for value in 1, 2:
            scope.write_text(str(value))
            with Broker() as broker:
                self.given(broker.worker("a", device.uuid)).close()
        scope.write_text("3")
        with Broker() as broker:
            self.assertIn("vfio-attach = socket", broker.worker("a", device.uuid).receive_reason("ptrace_scope is 3"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
