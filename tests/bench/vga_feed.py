# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies what bench_feed has changed into QEMU's video memory, by the machine's own disk controller.

usage: vga_feed.py QTEST-SOCKET WIDTHxHEIGHT VIDEO-MEMORY NOTICES

The disk is the picture, so one READ DMA EXT of a PIIX IDE controller is one
band of rows. Its time is the server's: measure it without a viewer.
"""
import select
import socket
import struct
import sys

from qtest import Qtest, pci_write, write

IDE = 0x1f0
BUS_MASTER = 0xc000
TABLE = 0x20000  # physical region descriptors, in guest memory
DESCRIPTOR_BYTES = 65536  # the most of one
SECTOR = 512
GAP_ROWS = 32  # bands nearer than this are one: a command costs more than these rows
NOTICE = struct.Struct("I64i")
POLL_S = 0.0002


def bands(boxes):
    """Rows that have changed, as few and far between as commands should be: [[first, end]]."""
    joined = []
    for first, end in sorted((y1, y2) for _, y1, _, y2 in boxes):
        if joined and first <= joined[-1][1] + GAP_ROWS:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([first, end])
    return joined


def descriptors(address, count):
    """The controller's list of where to put count bytes."""
    table = b""
    while count:
        part = min(count, DESCRIPTOR_BYTES)
        count -= part
        table += struct.pack("<IHH", address, part & 0xffff, 0 if count else 0x8000)
        address += part
    return table


def out(port, *values):
    return [f"outb {port:#x} {value:#x}" for value in values]


def read_dma(sector, count, address):
    """The commands that start it. Sector and count go in twice, the upper halves first."""
    commands = out(BUS_MASTER, 0) + out(BUS_MASTER + 2, 6) + [write(TABLE, descriptors(address, count * SECTOR))]
    commands += [f"outl {BUS_MASTER + 4:#x} {TABLE:#x}"] + out(IDE + 6, 0x40)
    commands += out(IDE + 2, count >> 8 & 0xff, count & 0xff)
    commands += out(IDE + 3, sector >> 24 & 0xff, sector & 0xff)
    commands += out(IDE + 4, 0, sector >> 8 & 0xff) + out(IDE + 5, 0, sector >> 16 & 0xff)
    return commands + out(IDE + 7, 0x25) + out(BUS_MASTER, 9)


def copy(qtest, width, video, band):
    sectors = width * 4 // SECTOR
    qtest.commands(read_dma(band[0] * sectors, (band[1] - band[0]) * sectors, video + band[0] * width * 4))
    while True:
        status = int(qtest.commands([f"inb {BUS_MASTER + 2:#x}"])[0][0], 16)
        if status & 2 or not status & 5:
            raise ConnectionError(f"disk controller: status {status:#x}")
        if status & 4:
            return
        select.select([], [], [], POLL_S)


def boxes_of(message):
    count, *numbers = NOTICE.unpack(message.ljust(NOTICE.size, b"\0"))
    return [numbers[4 * n:4 * n + 4] for n in range(min(count, 16))]


def main(path, size, video, notices):
    width, height = map(int, size.split("x"))
    sock = socket.socket(fileno=int(notices))
    qtest = Qtest(path)
    # The disk controller: function 1 of the south bridge.
    qtest.commands(pci_write(1, 1, 0x20, BUS_MASTER) + pci_write(1, 1, 0x04, 5))
    changed = [[0, 0, width, height]]
    while True:
        for band in bands(changed):
            copy(qtest, width, int(video, 0), band)
        changed = []
        while not changed or select.select([sock], [], [], 0)[0]:
            message = sock.recv(NOTICE.size)
            if not message:
                return
            changed += boxes_of(message)


main(*sys.argv[1:])
