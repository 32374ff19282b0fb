# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU whose guest is a boot sector that echoes what its keyboard controller and its absolute mouse say."""
import os
import select
import struct
import subprocess
import time

from harness import DEADLINE_S

PAYLOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "payload.S")


def build_payload(directory):
    object_file, image = os.path.join(directory, "payload.o"), os.path.join(directory, "disk")
    subprocess.run(["as", "--32", "-o", object_file, PAYLOAD], check=True)
    subprocess.run(["ld", "-m", "elf_i386", "-Ttext=0x7c00", "--oformat=binary", "-o", image, object_file],
                   check=True)
    os.truncate(image, 1 << 20)
    return image


def read_exactly(pipe, count, what):
    """count bytes from an unbuffered pipe, or a failure after DEADLINE_S."""
    data, end = b"", time.monotonic() + DEADLINE_S
    while len(data) < count:
        if not select.select([pipe], [], [], max(0, end - time.monotonic()))[0]:
            raise AssertionError(f"{what}: {count} bytes wanted, only {data.hex() or 'none'} came")
        piece = os.read(pipe.fileno(), count - len(data))
        if not piece:
            raise AssertionError(f"{what}: stream ended after {data.hex()}")
        data += piece
    return data


class Guest:
    """A QEMU that runs the boot sector."""

    def __init__(self, image, qmp, machine="q35,accel=tcg", devices=()):
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", machine, "-m", "32", "-nodefaults", "-no-user-config",
             "-display", "none", "-drive", f"file={image},format=raw,if=none,id=disk,readonly=on",
             "-device", "virtio-blk-pci,drive=disk", "-chardev", "stdio,id=echo,signal=off",
             "-device", "isa-debugcon,iobase=0xe9,chardev=echo", "-qmp", f"unix:{qmp},server=on,wait=off",
             *(word for device in devices for word in ("-device", device))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self.read(1, "boot") == b"R"

    def read(self, count, what):
        return read_exactly(self.process.stdout, count, what)

    def scancodes(self, count, what):
        data = self.read(2 * count, what)
        assert data[::2] == b"K" * count, f"{what}: not only keys in {data.hex()}"
        return data[1::2]

    def event(self, what):
        """A scancode, or (buttons, x, y, wheel) of the pointer."""
        if self.read(1, what) == b"K":
            return self.read(1, what)[0]
        status, x, y, wheel = struct.unpack("<IIIi", self.read(16, what))
        return status & 0x38, x, y, wheel & 0xff

    def pointer(self, what):
        event = self.event(what)
        assert isinstance(event, tuple), f"{what}: no pointer packet but scancode {event:#x}"
        return event

    def kill(self):
        self.process.kill()
        self.process.communicate()
