# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside the lab: a QEMU that owns mediated devices, as an administrator's does, and whose guest the test plays.

Its processor stands still: what a guest would write to ports and memory, the test writes by
QEMU's own test protocol (qtest), so that it begins in a second where all is emulated twice.
"""
import json
import os
import pathlib
import socket
import subprocess
import tempfile

from harness import wait_until

DEADLINE_S = 60
# Where the test puts the memory of the first device; the next ones follow.
BARS_AT, BARS_STEP = 0xc0000000, 0x08000000
# Of the PC's board: "this slot's device has been let go of".
EJECT_PORT = 0xae08
FIRST_SLOT = 4


class Refused(Exception):
    """QEMU has ended at once: its last words."""


class Ended(Exception):
    """QEMU is no more."""


class Lines:
    """A socket of QEMU's that is asked in lines."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile("rw")

    def close(self):
        self.file.close()
        self.socket.close()

    def ask(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        return self.read(line)

    def read(self, what):
        line = self.file.readline()
        if not line:
            raise Ended(what)
        return line


class Qemu:
    """Owns the devices of these UUIDs, named vgpu0, vgpu1 ... in their order. Raises Refused where it cannot.

    more: what else is on its command line.
    """

    def __init__(self, *uuids, wait=True, more=()):
        self.directory = tempfile.TemporaryDirectory(prefix="lab-qemu-")
        folder = pathlib.Path(self.directory.name)
        self.qmp_path, self.qtest_path = str(folder / "qmp"), str(folder / "qtest")
        self.errors = open(folder / "errors", "w+", encoding="utf-8")
        self.qmp = self.qtest = None
        self.memory = {}
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-name", "guest=nested", "-machine", "pc", "-accel", "tcg,tb-size=1", "-S", "-m", "16",
             "-nodefaults", "-no-user-config", "-display", "none", "-vga", "none",
             "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
             "-chardev", f"socket,path={self.qtest_path},server=on,wait=off,id=qtest", "-qtest", "chardev:qtest",
             *(word for n, uuid in enumerate(uuids) for word in ("-device", self.device(n, uuid))), *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors)
        if wait:
            self.wait()

    @staticmethod
    def device(number, uuid):
        return (f"vfio-pci,id=vgpu{number},addr={FIRST_SLOT + number:#x},display=off,"
                f"sysfsdev=/sys/bus/mdev/devices/{uuid}")

    @property
    def pid(self):
        return self.process.pid

    def wait(self):
        """Until it runs, with all of its devices."""
        try:
            wait_until(self.is_reached, "QEMU's monitor", DEADLINE_S)
            # It answers when all devices are there.
            self.qmp.read("its greeting")
            self.execute("qmp_capabilities")
        except (ConnectionError, Ended):
            words = self.last_words()
            self.close()
            raise Refused(words) from None
        return self

    def is_reached(self):
        if self.process.poll() is not None:
            raise Ended
        try:
            self.qmp = Lines(self.qmp_path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def last_words(self):
        self.process.wait(DEADLINE_S)
        self.errors.seek(0)
        return self.errors.read().strip()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for one in (self.qmp, self.qtest):
            if one:
                one.close()
        self.errors.close()
        self.directory.cleanup()

    def kill(self):
        """At once and without a word; it has ended when this returns."""
        self.process.kill()
        self.process.wait()
        self.close()

    def quit(self):
        self.execute("quit")
        self.process.wait(DEADLINE_S)
        self.close()

    def execute(self, command, **arguments):
        answer = json.loads(self.qmp.ask(json.dumps({"execute": command, "arguments": arguments})))
        while "return" not in answer:
            assert "error" not in answer, answer
            answer = json.loads(self.qmp.read(command))
        return answer["return"]

    def reset(self):
        """The guest restarts."""
        self.execute("system_reset")
        self.memory.clear()

    def guest(self, *words):
        """What the guest's processor does: qtest's protocol."""
        if not self.qtest:
            self.qtest = Lines(self.qtest_path)
        answer = self.qtest.ask(" ".join(str(word) for word in words)).split()
        while answer[0] == "IRQ":
            answer = self.qtest.read(words).split()
        assert answer[0] == "OK", (words, answer)
        return answer[1:]

    def unplug(self, number):
        """As asked for by the administrator, and agreed to by the guest."""
        self.execute("device_del", id=f"vgpu{number}")
        self.guest("outl", EJECT_PORT, 1 << (FIRST_SLOT + number))
        wait_until(lambda: f"vgpu{number}" not in self.plugged(), "the end of the device", DEADLINE_S)

    def plugged(self):
        return [entry["name"] for entry in self.execute("qom-list", path="/machine/peripheral")]

    def plug(self, number, uuid):
        words = dict(word.split("=") for word in self.device(number, uuid).split(",")[1:])
        self.execute("device_add", driver="vfio-pci", **words)
        self.memory.pop(number, None)

    def config_write_slot(self, slot, offset, value):
        self.guest("outl", 0xcf8, 1 << 31 | slot << 11 | offset)
        self.guest("outl", 0xcfc, value)

    def config_write(self, number, offset, value):
        self.config_write_slot(FIRST_SLOT + number, offset, value)

    def enable(self, number):
        """As firmware does: the addresses of BAR 0 and BAR 2."""
        if number not in self.memory:
            base = BARS_AT + number * BARS_STEP
            self.config_write(number, 0x10, base)
            self.config_write(number, 0x18, base + BARS_STEP // 2)
            self.config_write(number, 0x04, 2)
            self.memory[number] = base, base + BARS_STEP // 2
        return self.memory[number]

    def bochs_mode(self, number, width, height, grey):
        """The guest's driver of mbochs sets a mode of one colour."""
        memory, registers = self.enable(number)
        enable, x, y, bits, virtual_width, y_offset = 4, 1, 2, 3, 6, 9
        # mbochs puts what is written through the file two pages further down.
        self.guest("memset", memory, width * height * 4 + 8192, grey)
        for index, value in ((enable, 0), (x, width), (y, height), (bits, 32), (virtual_width, width), (y_offset, 0),
                             (enable, 0x41)):
            self.guest("writew", registers + 0x500 + 2 * index, value)
