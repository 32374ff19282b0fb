# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's qtest socket: reads and writes of a machine whose processor does not run.

The protocol is a line each way; see "QEMU Test protocol" in QEMU's softmmu/qtest.c.
"""
import socket
import struct

FW_CFG_DMA = 0x514
FW_CFG_DIRECTORY = 0x19
FW_CFG_READ, FW_CFG_SELECT, FW_CFG_WRITE, FW_CFG_ERROR = 2, 8, 16, 1
SCRATCH = 0x10000  # guest memory that nobody uses


class Qtest:
    def __init__(self, path, deadline_s=20):
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(deadline_s)
        try:
            self._sock.connect(str(path))
        except OSError:
            self._sock.close()
            raise
        self._lines = self._sock.makefile("r")

    def close(self):
        self._lines.close()
        self._sock.close()

    def commands(self, commands):
        """Sends all of them at once. Returns the words behind each OK."""
        self._sock.sendall("".join(command + "\n" for command in commands).encode())
        answers = []
        for command in commands:
            line = self._lines.readline()
            words = line.split()
            if not words or words[0] != "OK":
                raise ConnectionError(f"qtest: {command[:60]}: {line.strip() or 'closed'}")
            answers.append(words[1:])
        return answers

    def read(self, address, count):
        return bytes.fromhex(self.commands([read(address, count)])[0][0][2:])

    # ---- fw_cfg, by which firmware and devices talk

    def _fw_cfg(self, control, length, address):
        """One transfer; the access structure is big endian, and so are its two address registers."""
        access = struct.pack(">IIQ", control, length, address)
        high, low = struct.unpack("<II", struct.pack(">Q", SCRATCH))
        self.commands([write(SCRATCH, access), f"outl {FW_CFG_DMA:#x} {high:#x}",
                       f"outl {FW_CFG_DMA + 4:#x} {low:#x}"])
        if struct.unpack(">I", self.read(SCRATCH, 4))[0] != 0:
            raise ConnectionError(f"fw_cfg transfer {control:#x} failed")

    def fw_cfg_find(self, name):
        """The key of a file."""
        data = SCRATCH + 0x100
        self._fw_cfg(FW_CFG_DIRECTORY << 16 | FW_CFG_SELECT | FW_CFG_READ, 4, data)
        (count,) = struct.unpack(">I", self.read(data, 4))
        for _ in range(count):
            self._fw_cfg(FW_CFG_READ, 64, data)
            _, key, file = struct.unpack(">IHxx56s", self.read(data, 64))
            if file.rstrip(b"\0").decode() == name:
                return key
        raise KeyError(name)

    def fw_cfg_write(self, name, content):
        key = self.fw_cfg_find(name)
        data = SCRATCH + 0x100
        self.commands([write(data, content)])
        self._fw_cfg(key << 16 | FW_CFG_SELECT | FW_CFG_WRITE, len(content), data)


def read(address, count):
    return f"read {address:#x} {count:#x}"


def write(address, data):
    return f"write {address:#x} {len(data):#x} 0x{data.hex()}"


def pci_write(device, function, register, value):
    """The commands that write 32 bits of a device's configuration on bus 0."""
    return [f"outl 0xcf8 {0x80000000 | device << 11 | function << 8 | register:#x}", f"outl 0xcfc {value:#x}"]
