#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside the lab: a QEMU owns the devices and lives its life, planecastd looks on, and viewers stay connected.

planecastd knows the devices' UUIDs and nothing else (vfio-attach = auto). What keeps a device from its next
owner shows as a QEMU that is refused.
"""
import ctypes
import datetime
import fcntl
import os
import pathlib
import signal
import statistics
import struct
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Daemon, process_alive, process_cmdline, wait_until  # noqa: E402
from nested import Qemu, Refused  # noqa: E402
from viewers import CARD, Device, Timed, Viewer, ppm, vfio_vm, wait_reason  # noqa: E402

RESTARTS = 20
OPENS, ROUNDS = 9, 3
ATTACH_S = 0.2
PATIENCE_S = 60
# VFIO's requests as Python's fcntl takes them: linux/vfio.h.
SET_CONTAINER, GET_DEVICE_FD, SET_IOMMU, TYPE1 = 0x3b68, 0x3b6a, 0x3b66, 1


def auto_vm(name, device):
    return vfio_vm(name, device, vfio_attach="auto")


def write_ppm(path, width, height, pixels):
    pathlib.Path(path).write_bytes(b"P6\n%d %d\n255\n" % (width, height) + pixels)
    return path


def ramp():
    """What mdpy shows of itself."""
    width, height = 640, 480
    return write_ppm(ppm("ramp"), width, height, b"".join(bytes([y * 255 // height]) * width * 3 for y in range(height)))


class Case(Timed):
    def device(self, kind):
        return self.enterContext(Device(kind))

    def serve(self, **devices):
        """One VM a device, and a viewer of each."""
        self.daemon = self.enterContext(Daemon("".join(auto_vm(vm, device) for vm, device in devices.items())))
        self.view(*devices)

    def view(self, *vms):
        self.viewers = {vm: self.enterContext(Viewer(self.daemon, vm)) for vm in vms}

    def own(self, *devices):
        """Another QEMU, at once: it is not refused."""
        qemu = self.enterContext(Qemu(*(device.uuid for device in devices)))
        return qemu

    def wait_attached(self, vm, since):
        return self.daemon.wait_line(rf"^(\S+) .*\[{vm}\] .* is open in (\S+), process (\d+): attached", since,
                                     PATIENCE_S)

    def wait_free(self, device):
        wait_until(lambda: device.tell("get", "opens") == "0", "that the device is let go of", PATIENCE_S)

    def expect_card(self, vm, device, text, since=0, size=CARD):
        reason = wait_reason(self.daemon, vm, text, since)
        self.viewers[vm].expect(device.card(vm, reason, size), text)

    def expect_new(self, vm, device, what=""):
        self.viewers[vm].expect(device.show("XR24", 320, 200), what)


class Life(Case):
    """Three devices of one QEMU, each its own VM here."""

    def setUp(self):
        self.ours, self.mdpy, self.mbochs = (self.device(kind) for kind in ("pcmdev-dmabuf", "mdpy-vga",
                                                                            "mbochs-medium"))
        self.grey = 0x40

    def start(self):
        return self.own(self.ours, self.mdpy, self.mbochs)

    def broker(self):
        return next((pid for pid in self.daemon.workers() if "--broker" in process_cmdline(pid)), None)

    def expect_all(self, qemu, what):
        self.grey += 0x11
        qemu.bochs_mode(2, 128, 96, self.grey)
        self.expect_new("ours", self.ours, what)
        self.viewers["mdpy"].expect(ramp(), what)
        self.viewers["mbochs"].expect(write_ppm(ppm("grey"), 128, 96, bytes([self.grey]) * 128 * 96 * 3), what)

    def test_life(self):
        """One story, as each part of it begins where the one before ends."""
        self.serve(ours=self.ours, mdpy=self.mdpy, mbochs=self.mbochs)
        self.expect_card("ours", self.ours, "No QEMU has")
        qemu = self.start()
        self.expect_all(qemu, "a QEMU begins")

        mark = self.daemon.mark()
        qemu.reset()
        self.expect_card("ours", self.ours, "not enabled", mark, (320, 200))
        self.expect_all(qemu, "the guest has restarted")

        mark = self.daemon.mark()
        qemu.quit()
        self.expect_card("ours", self.ours, "No QEMU has", mark, (320, 200))
        qemu = self.start()
        self.expect_all(qemu, "stopped and started")

        qemu.kill()
        qemu = self.start()
        self.expect_all(qemu, "killed and started")

        # Pictures need no broker; what happens next is for the next one to see.
        mark = self.daemon.mark()
        before = self.broker()
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.broker() not in (None, before), "the next broker", PATIENCE_S)
        self.expect_all(qemu, "the broker was killed")
        self.assertEqual(self.daemon.count_lines("let go of the device", mark), 0)

        mark = self.daemon.mark()
        qemu.unplug(0)
        self.wait_free(self.ours)
        self.expect_card("ours", self.ours, "No QEMU has", mark, (320, 200))
        self.viewers["mdpy"].expect(ramp(), "the others stay")
        self.ours.tell("remove")
        self.ours.tell("create")
        qemu.plug(0, self.ours.uuid)
        self.expect_all(qemu, "unplugged, removed, made again and plugged in")

        self.assertEqual(self.daemon.stop()[0], 0)
        with Daemon("".join(auto_vm(vm, device) for vm, device in (
                ("ours", self.ours), ("mdpy", self.mdpy), ("mbochs", self.mbochs)))) as self.daemon:
            self.view("ours", "mdpy", "mbochs")
            self.expect_all(qemu, "planecastd began anew")
            self.hang(qemu)

    def hang(self, qemu):
        """A worker that does nothing any more keeps nobody's device for long, and costs nobody else anything."""
        mark = self.daemon.mark()
        worker, other = self.daemon.worker("ours"), self.daemon.worker("mdpy")
        os.kill(worker, signal.SIGSTOP)
        start = time.monotonic()
        qemu.kill()
        wait_until(lambda: not process_alive(worker), "the end of the worker that hung", PATIENCE_S)
        print(f"a hung worker's device is free after {time.monotonic() - start:.2f} s,", end=" ")
        qemu = self.start()
        self.daemon.wait_serving("ours", mark)
        self.viewers["ours"] = self.enterContext(Viewer(self.daemon, "ours"))
        self.expect_all(qemu, "a worker hung")
        self.assertEqual(self.daemon.worker("mdpy"), other)


class Restarts(Case):
    def test_restarts(self):
        """What is mapped of both kinds of devices is given back before QEMU is there again."""
        devices = [self.device("pcmdev-dmabuf"), self.device("pcmdev-region")]
        vms = ("buffers", "region")
        self.serve(**dict(zip(vms, devices)))
        refused = []
        for n in range(RESTARTS):
            mark = self.daemon.mark()
            try:
                qemu = self.own(*devices)
            except Refused as words:
                refused.append(f"{n}: {words}")
                continue
            for vm, device in zip(vms, devices):
                self.wait_attached(vm, mark)
                self.expect_new(vm, device, f"start {n}")
            if n % 2:
                qemu.kill()
            else:
                qemu.quit()
        self.assertEqual(refused, [])


class Owner:
    """A process that opens a device as QEMU does, and says when it had it."""

    def __init__(self, device):
        node = pathlib.Path("/sys/bus/mdev/devices", device.uuid, "iommu_group").readlink().name
        read, write = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                self.run(f"/dev/vfio/{node}", device.uuid, write)
            finally:
                os._exit(1)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            self.opened_s, = struct.unpack("d", pipe.read(8))

    @staticmethod
    def run(node, uuid, write):
        group, container = os.open(node, os.O_RDWR), os.open("/dev/vfio/vfio", os.O_RDWR)
        fcntl.ioctl(group, SET_CONTAINER, struct.pack("i", container))
        fcntl.ioctl(container, SET_IOMMU, TYPE1)
        name = ctypes.create_string_buffer(uuid.encode())
        if ctypes.CDLL(None).ioctl(group, GET_DEVICE_FD, name) < 0:
            os._exit(1)
        os.write(write, struct.pack("d", time.time()))
        signal.pause()

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Latency(Case):
    def measure(self, device):
        took = []
        for _ in range(OPENS):
            mark = self.daemon.mark()
            owner = Owner(device)
            line = self.wait_attached("ours", mark)
            took.append(datetime.datetime.fromisoformat(line[1].replace("Z", "+00:00")).timestamp() - owner.opened_s)
            owner.kill()
            self.wait_free(device)
        print("attached after", *(f"{1000 * s:.0f}" for s in took), "ms,", end=" ")
        return statistics.median(took)

    def test_attached_in_time(self):
        """Other work on the machine makes all of it slow, but not always."""
        device = self.device("pcmdev-region")
        self.serve(ours=device)
        self.expect_card("ours", device, "No QEMU has")
        self.assertTrue(any(self.measure(device) < ATTACH_S for _ in range(ROUNDS)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
