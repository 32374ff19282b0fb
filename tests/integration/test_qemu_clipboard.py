#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real QEMU between planecast and a guest's agent: its own agent's protocol by D-Bus, and its character device.

The guest's processor stands still; who speaks for the agent does so through the registers of a serial port, which
QEMU's test socket reads and writes.
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

from harness import DEADLINE_S, Daemon, RfbClient, vm_section, wait_until
from test_qemu_dbus import BUS_CONFIG

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
from qtest import Qtest  # noqa: E402

UART = 0x3f8
EXTENDED_CLIPBOARD = 0xc0a1e5ce - (1 << 32)
TEXT, CAPS, REQUEST, NOTIFY, PROVIDE = 1, 1 << 24, 1 << 25, 1 << 27, 1 << 28
# VD_AGENT_...
CLIPBOARD, ANNOUNCE, GRAB, ASK, RELEASE = 4, 6, 7, 8, 9
UTF8 = struct.pack("<I", 1)
UTF8_TYPE = "text/plain;charset=utf-8"
CLIENT_PORT = 1
# VD_AGENT_CAP_CLIPBOARD_...: BY_DEMAND, SELECTION, GRAB_SERIAL
CAPABILITIES = 1 << 5 | 1 << 6 | 1 << 17
WORDS = "Grüße für 5 €\nzweite Zeile"


class UartAgent:
    """An agent of a guest: its port is the serial one."""

    def __init__(self, qtest):
        self.qtest = qtest
        self.data = bytearray()
        self.stream = bytearray()
        self.caps = 0
        # 8 bits, and queues of 16 of them.
        self.qtest.commands([f"outb {UART + 3:#x} 3", f"outb {UART + 2:#x} 1"])

    def say(self, kind, content):
        message = struct.pack("<IIQI", 1, kind, 0, len(content)) + content
        chunk = struct.pack("<II", CLIENT_PORT, len(message)) + message
        self.qtest.commands([f"outb {UART:#x} {byte:#x}" for byte in chunk])

    def announce(self):
        self.say(ANNOUNCE, struct.pack("<II", 1, CAPABILITIES))

    def about(self, content=b""):
        """What is about the clipboard begins with the selection."""
        return bytes(4) + content

    def grab(self, serial):
        self.say(GRAB, self.about(struct.pack("<I", serial) + UTF8))

    def _read(self):
        while int(self.qtest.commands([f"inb {UART + 5:#x}"])[0][0], 16) & 1:
            self.data.append(int(self.qtest.commands([f"inb {UART:#x}"])[0][0], 16))
        while len(self.data) >= 8:
            port, size = struct.unpack_from("<II", self.data)
            if len(self.data) < 8 + size:
                break
            assert port == CLIENT_PORT, port
            self.stream += self.data[8:8 + size]
            del self.data[:8 + size]

    def message(self):
        self._read()
        if len(self.stream) < 20:
            return None
        _, kind, _, size = struct.unpack_from("<IIQI", self.stream)
        if len(self.stream) < 20 + size:
            return None
        content = bytes(self.stream[20:20 + size])
        del self.stream[:20 + size]
        return kind, content

    def hear(self, kind):
        """The content of the next of that kind; what is of another is passed over."""
        def next_one():
            message = self.message()
            return message if message and message[0] == kind else None

        return wait_until(next_one, f"message {kind} for the agent")[1]


class ClipboardClient(RfbClient):
    """A viewer with Extended Clipboard."""

    def __init__(self, address):
        super().__init__(address)
        self.set_encodings(0, EXTENDED_CLIPBOARD)
        assert self.hear()[0] & CAPS

    def say(self, flags, data=b""):
        self.send(struct.pack(">BxxxiI", 6, -4 - len(data), flags) + data)

    def hear(self):
        """(flags, what follows) of the next one."""
        while True:
            (kind,) = self.unpack(">B")
            if kind == 3:
                (length,) = self.unpack(">xxxi")
                assert length < 0, length
                return self.unpack(">I")[0], self.read(-length - 4)
            assert kind == 0, kind
            self._rectangles()

    def provide(self, text):
        data = text.replace("\n", "\r\n").encode() + b"\0"
        self.say(PROVIDE | TEXT, zlib.compress(struct.pack(">I", len(data)) + data))

    def provided(self):
        flags, data = self.hear()
        assert flags == PROVIDE | TEXT, hex(flags)
        data = zlib.decompress(data)
        assert struct.unpack_from(">I", data)[0] == len(data) - 4
        return data[4:].rstrip(b"\0").decode().replace("\r\n", "\n")


class QemuClipboard(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.qmp, self.port = f"{self.directory}/qmp", f"{self.directory}/agent"

    def start_qemu(self, chardev, *options):
        qtest = f"{self.directory}/qtest"
        process = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "pc", "-S", "-m", "32", "-nodefaults", "-no-user-config",
             "-qtest", f"unix:{qtest},server=on,wait=off", "-qtest-log", "/dev/null", "-qmp", f"unix:{self.qmp},server=on,wait=off",
             "-chardev", chardev, "-device", "isa-serial,chardev=agent", "-device", "VGA", *options],
            stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: os.path.exists(qtest), "the test socket")
        self.qemu = process
        self.qtest = Qtest(qtest)
        self.addCleanup(self.qtest.close)
        return UartAgent(self.qtest)

    def start(self, **keys):
        self.daemon = Daemon(vm_section("vm", **keys)).__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        self.daemon.wait_serving("vm")

    def viewer(self):
        viewer = ClipboardClient(self.daemon.address("vm"))
        self.addCleanup(viewer.close)
        return viewer

    def both_ways(self, agent, viewer, grab, has_serial):
        grab()
        self.assertEqual(viewer.hear(), (NOTIFY | TEXT, b""))
        viewer.say(REQUEST | TEXT)
        agent.hear(ASK)
        agent.say(CLIPBOARD, agent.about(UTF8 + WORDS.encode()))
        self.assertEqual(viewer.provided(), WORDS)
        viewer.say(NOTIFY | TEXT)
        if not has_serial:
            agent.hear(GRAB)
            agent.say(ASK, agent.about(UTF8))
        self.assertEqual(viewer.hear(), (REQUEST | TEXT, b""))
        viewer.provide("back: " + WORDS)
        if has_serial:
            agent.hear(GRAB)
            agent.say(ASK, agent.about(UTF8))
        self.assertEqual(agent.hear(CLIPBOARD), agent.about(UTF8 + b"back: " + WORDS.encode()))
        viewer.say(NOTIFY)
        agent.hear(RELEASE)

    def start_dbus(self, display="dbus,p2p=yes"):
        agent = self.start_qemu("qemu-vdagent,id=agent,clipboard=on", "-display", display)
        agent.announce()
        agent.hear(ANNOUNCE)
        return agent

    def test_by_dbus(self):
        agent = self.start_dbus()
        self.start(source="dbus", pattern_size=None, pattern_fps=None, dbus="p2p", qmp=self.qmp)
        self.daemon.wait_line("QEMU takes part in the clipboard")
        viewer = self.viewer()
        self.both_ways(agent, viewer, lambda: agent.grab(1), True)
        self.both_ways(agent, viewer, lambda: agent.grab(10), True)
        # Nothing is told of a guest whose QEMU has gone.
        agent.grab(20)
        self.assertEqual(viewer.hear(), (NOTIFY | TEXT, b""))
        self.qemu.kill()
        self.assertEqual(viewer.hear(), (NOTIFY, b""))
        mark = self.daemon.mark()
        os.unlink(f"{self.directory}/qtest")
        agent = self.start_dbus()
        self.daemon.wait_line("QEMU takes part in the clipboard", mark)
        self.both_ways(agent, viewer, lambda: agent.grab(1), True)

    def test_nobody_but_qemu_is_heard(self):
        """On a bus anybody may call anybody."""
        address, config = f"unix:path={self.directory}/bus", pathlib.Path(self.directory) / "bus.conf"
        config.write_text(BUS_CONFIG.format(address=address))
        bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(bus.wait)
        self.addCleanup(bus.kill)
        wait_until(lambda: os.path.exists(f"{self.directory}/bus"), "the bus")

        def busctl(*words):
            return subprocess.run(["busctl", f"--address={address}", "--no-pager", *words], capture_output=True,
                                  text=True, timeout=DEADLINE_S, check=False)

        def say(*words):
            return busctl("call", name, "/org/qemu/Display1/Clipboard", "org.qemu.Display1.Clipboard", *words)

        agent = self.start_dbus(f"dbus,addr={address}")
        self.start(source="dbus", pattern_size=None, pattern_fps=None, dbus=address)
        self.daemon.wait_line("QEMU takes part in the clipboard")
        worker = str(self.daemon.worker("vm"))
        name = next(line.split()[0] for line in busctl("list").stdout.splitlines() if line.split()[1] == worker)
        viewer = self.viewer()
        viewer.say(NOTIFY | TEXT)
        self.assertEqual(viewer.hear(), (REQUEST | TEXT, b""))
        viewer.provide("secret")
        agent.hear(GRAB)
        for words in (("Request", "uas", "0", "1", UTF8_TYPE), ("Grab", "uuas", "0", "9", "1", UTF8_TYPE),
                      ("Release", "u", "0"), ("Register",), ("Unregister",)):
            done = say(*words)
            self.assertIn("not for you", done.stderr, words)
            self.assertNotIn("secret", done.stdout)
        # It is still there for whom it is for.
        agent.say(ASK, agent.about(UTF8))
        self.assertEqual(agent.hear(CLIPBOARD), agent.about(UTF8 + b"secret"))

    def test_who_asks_for_a_text_of_a_viewer_does_not_wait_for_him(self):
        """QEMU stands still meanwhile."""
        agent = self.start_dbus()
        self.start(source="dbus", pattern_size=None, pattern_fps=None, dbus="p2p", qmp=self.qmp)
        self.daemon.wait_line("QEMU takes part in the clipboard")
        viewer = self.viewer()
        viewer.say(NOTIFY | TEXT)
        self.assertEqual(viewer.hear(), (REQUEST | TEXT, b""))
        # He does not answer, and the guest is not told that there is anything.
        agent.announce()
        agent.hear(ANNOUNCE)
        self.assertIsNone(agent.message())
        viewer.provide("late")
        agent.hear(GRAB)
        # By now it is there.
        agent.say(ASK, agent.about(UTF8))
        self.assertEqual(agent.hear(CLIPBOARD), agent.about(UTF8 + b"late"))

    def test_by_its_character_device(self):
        agent = self.start_qemu(f"socket,id=agent,path={self.port},server=on,wait=off", "-display", "none")
        self.start(vdagent=self.port)
        agent.hear(ANNOUNCE)
        agent.say(ANNOUNCE, struct.pack("<II", 0, 1 << 5 | 1 << 6))
        self.daemon.wait_line("the guest's agent takes part in the clipboard")
        self.both_ways(agent, self.viewer(), lambda: agent.say(GRAB, agent.about(UTF8)), False)


if __name__ == "__main__":
    unittest.main(verbosity=2)
