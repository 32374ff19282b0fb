# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's own VNC and SPICE servers. The machine never runs; what its guest would draw is put there from outside."""
import pathlib
import struct
import sys

from peer import SPICE_SHARED, Peer, free_port
from qtest import Qtest, pci_write

MIB = 1 << 20
LOW_MEMORY = 16 * MIB
XRGB8888 = 0x34325258
HLT = b"\xf4"


class _Qemu(Peer):
    programs = ("qemu-system-x86_64", "setpriv")
    packages = "qemu-system-x86"
    version_command = ("qemu-system-x86_64", "--version")

    @classmethod
    def limits(cls):
        """The largest picture its VNC server sends; of a larger one it sends the upper left part."""
        numbers = [int(number) for number in cls.version().split(".")[:2] if number.isdigit()]
        return (5120, 2160) if numbers >= [9, 1] else (2560, 2048)

    @classmethod
    def fits(cls, width, height, protocol="vnc"):
        limits = cls.limits() if protocol == "vnc" else (width, height)
        return super().fits(width, height, protocol) and width <= limits[0] and height <= limits[1]

    @classmethod
    def describe(cls):
        return super().describe() + "; by VNC shows {}x{} at most".format(*cls.limits())

    def spawn_qemu(self, *options):
        """Returns the connected qtest."""
        while self.address[1] < 5900:
            self.address = ("127.0.0.1", free_port())
        path = self.directory / "qtest"
        self.spawn("qemu-system-x86_64", "-machine", "pc", "-nodefaults", "-vga", "none",
                   "-qtest", f"unix:{path},server=on,wait=off", "-qtest-log", "none",
                   *self._server_options(), *options, env=SPICE_SHARED)
        connected = []

        def connect():
            try:
                connected.append(Qtest(path))
            except OSError:
                return False
            return True

        self.wait(connect, "qtest socket")
        return connected[0]

    def _server_options(self):
        """
        VNC, lossy: without it QEMU sends no JPEG whatever the viewer asks for.
        SPICE shows nothing of a machine that is stopped: this one runs, and the
        first instruction of its firmware halts it.
        """
        port = self.address[1]
        if self.protocol == "vnc":
            return "-accel", "tcg", "-S", "-vnc", f"127.0.0.1:{port - 5900},lossy=on"
        bios = self.directory / "halt"
        bios.write_bytes(HLT * 65536)
        return "-accel", "tcg", "-bios", bios, "-spice", f"addr=127.0.0.1,port={port},disable-ticketing=on"


class Qemu(_Qemu):
    """A display in guest memory that tells no change, as QEMU sees a vGPU's: compares each refresh itself.

    The second memory node of the guest is the file with the picture.
    """

    name = "qemu"
    about = "QEMU {version} over ramfb, compares the pictures itself"
    protocols = ("vnc", "spice")

    def _launch(self):
        rows = self.width * 4
        size = -(-rows * self.height // (2 * MIB)) * 2 * MIB
        memory = self.make_memory(size)
        qtest = self.spawn_qemu(
            "-m", str((LOW_MEMORY + size) // MIB), "-device", "ramfb",
            "-object", f"memory-backend-ram,id=low,size={LOW_MEMORY}",
            "-object", f"memory-backend-file,id=picture,size={size},mem-path={memory},share=on",
            "-numa", "node,memdev=low", "-numa", "node,memdev=picture")
        qtest.fw_cfg_write("etc/ramfb", struct.pack(">QIIIII", LOW_MEMORY, XRGB8888, 0, self.width,
                                                    self.height, rows))
        qtest.close()


class QemuStdvga(_Qemu):
    """The display of most VMs: QEMU's standard VGA, which notes what the guest writes.

    The picture is the machine's disk, and its disk controller copies the rows
    that have changed into video memory (vga_feed.py): a thing QEMU does
    without a running processor, at the speed of memory.
    """

    name = "qemu-stdvga"
    about = "QEMU {version} -vnc over its standard VGA, which notes each change"
    feeding_counts = True
    VIDEO_MEMORY = 0xe0000000
    VGA_PORTS = {"index": 0x1ce, "data": 0x1cf}

    @classmethod
    def fits(cls, width, height, protocol="vnc"):
        return super().fits(width, height, protocol) and width * 4 % 512 == 0  # rows are whole sectors

    def _launch(self):
        memory = self.make_memory()
        notices = self.make_notices()
        video_mib = 16
        while video_mib * MIB < self.width * self.height * 4:
            video_mib *= 2
        qtest = self.spawn_qemu(
            "-m", str(LOW_MEMORY // MIB), "-device", f"VGA,addr=2,vgamem_mb={video_mib}",
            "-drive", f"if=none,id=picture,format=raw,file.locking=off,file={memory}",
            "-device", "ide-hd,bus=ide.0,drive=picture")
        qtest.commands(pci_write(2, 0, 0x10, self.VIDEO_MEMORY) + pci_write(2, 0, 0x04, 3) + self._mode())
        qtest.close()
        self.spawn(sys.executable, "-B", pathlib.Path(__file__).with_name("vga_feed.py"), self.directory / "qtest",
                   f"{self.width}x{self.height}", f"{self.VIDEO_MEMORY:#x}", notices, server=False,
                   pass_fds=[notices])

    def _mode(self):
        """The registers of Bochs' VGA: disable, width, height, bits a pixel, enable with linear memory."""
        settings = [(4, 0), (1, self.width), (2, self.height), (3, 32), (4, 0x41)]
        words = [f"outw {self.VGA_PORTS[port]:#x} {value:#x}"
                 for index, number in settings for port, value in (("index", index), ("data", number))]
        return words + ["outb 0x3c0 0x20"]  # the screen is on


PEERS = [Qemu, QemuStdvga]
