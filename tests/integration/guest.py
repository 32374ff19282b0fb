# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU whose guest is a boot sector that echoes what its keyboard controller and its mouse say."""
import json
import os
import select
import socket
import struct
import subprocess
import time

from harness import DEADLINE_S
from picture import Picture

PAYLOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "payload.S")


def build_payload(directory, lights=False):
    """lights: those of its keyboard follow the lock keys."""
    options = ["--defsym", "LIGHTS=1"] if lights else []
    object_file, image = os.path.join(directory, "payload.o"), os.path.join(directory, "disk")
    subprocess.run(["as", "--32", *options, "-o", object_file, PAYLOAD], check=True)
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


NO_VMWARE_MOUSE = "q35,accel=tcg,vmport=off"


class Guest:
    """A QEMU that runs the boot sector, which uses VMware's absolute mouse, or PS/2's where that is not there."""

    def __init__(self, image, qmp, machine="q35,accel=tcg", devices=(), display="none",
                 program="qemu-system-x86_64"):
        self.control = f"{qmp}.control"
        self.process = subprocess.Popen(
            [program, "-machine", machine, "-m", "32", "-nodefaults", "-no-user-config",
             "-display", display, "-drive", f"file={image},format=raw,if=none,id=disk,readonly=on",
             "-device", "virtio-blk-pci,drive=disk", "-chardev", "stdio,id=echo,signal=off",
             "-device", "isa-debugcon,iobase=0xe9,chardev=echo", "-qmp", f"unix:{qmp},server=on,wait=off",
             "-qmp", f"unix:{qmp}.control,server=on,wait=off",
             *(word for device in devices for word in ("-device", device))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self.read(1, "boot") == b"R"
        if machine == NO_VMWARE_MOUSE:
            assert self.read(2, "mouse") == b"P\xfa"

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

    def execute(self, *commands):
        """The answer to the last of (name, arguments), given to QEMU over a monitor of the test's own."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(DEADLINE_S)
            monitor.connect(self.control)
            lines = monitor.makefile("rw")

            def execute(command, **arguments):
                lines.write(json.dumps({"execute": command, "arguments": arguments}))
                lines.flush()
                while True:
                    answer = json.loads(lines.readline())
                    if "return" in answer:
                        return answer["return"]
                    assert "error" not in answer, answer

            execute("qmp_capabilities")
            return [execute(name, **arguments) for name, arguments in commands][-1]

    def use_mouse(self, absolute):
        """As when the driver of that kind of mouse begins."""
        mice = self.execute(("query-mice", {}))
        index = next(mouse["index"] for mouse in mice if mouse["absolute"] == absolute)
        self.execute(("human-monitor-command", {"command-line": f"mouse_set {index}"}))

    def picture(self, path):
        """What QEMU itself says that the screen shows."""
        self.execute(("screendump", {"filename": str(path)}))
        return Picture.read_ppm(path)

    def motion(self, what):
        """(buttons, dx, dy) of a packet of the PS/2 mouse, downwards; 1 left, 2 right, 4 middle."""
        data = self.read(6, what)
        assert data[::2] == b"PPP", f"{what}: no packet of the mouse in {data.hex()}"
        flags, dx, dy = data[1::2]
        return flags & 7, dx - (flags << 4 & 0x100), -(dy - (flags << 3 & 0x100))

    def pointer(self, what):
        event = self.event(what)
        assert isinstance(event, tuple), f"{what}: no pointer packet but scancode {event:#x}"
        return event

    def kill(self):
        self.process.kill()
        self.process.communicate()
