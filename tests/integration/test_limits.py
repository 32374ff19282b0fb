#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of which no other test is: each holds at what the configuration says, and others notice nothing."""
import re
import select
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import spice_raw as spice
from harness import Daemon, RfbClient, connect, vm_section, wait_until
from spice_raw import MAIN, Channel, Session, message

STILL = {"pattern_scene": "still", "pattern_fps": 0}


def start(**keys):
    daemon = Daemon(vm_section("vm", **{**STILL, "spice": "127.0.0.1:0", **keys}))
    daemon.wait_serving("vm")
    return daemon


def spice_address(daemon):
    return daemon.address("vm", protocol="spice")


def wait_end(sock, deadline_s=20):
    """Seconds until the server ends the connection."""
    begin = time.monotonic()
    sock.settimeout(deadline_s)
    try:
        while sock.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - begin


class Limits(unittest.TestCase):
    def test_prompt_timeout(self):
        """Who was asked for a password has longer, and not for ever."""
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("Sesame42\n")
            file.flush()
            with start(vnc_auth="vncauth", vnc_password_file=file.name, handshake_timeout="1s",
                       prompt_timeout="3s") as daemon, connect(daemon.address("vm")) as sock, \
                    connect(daemon.address("vm")) as silent:
                begin = time.monotonic()
                self.assertEqual(sock.recv(12), b"RFB 003.008\n")
                sock.sendall(b"RFB 003.008\n")
                self.assertEqual(sock.recv(2), b"\1\2")
                sock.sendall(b"\2")
                self.assertEqual(len(sock.recv(16)), 16)
                wait_end(silent)
                self.assertAlmostEqual(time.monotonic() - begin, 1, delta=0.9)
                wait_end(sock)
                self.assertAlmostEqual(time.monotonic() - begin, 3, delta=0.9)

    def probe_s(self, daemon):
        """In how many seconds the kernel asks whether the viewer's machine is there."""
        def read():
            done = subprocess.run(["ss", "-Htno", f"sport = :{daemon.address('vm')[1]}"], capture_output=True, text=True,
                                  check=True)
            return re.search(r"timer:\(keepalive,([\d.]+)(ms|sec|min)", done.stdout)

        number, unit = wait_until(read, "a connection that is at rest").groups()
        # ss says "920ms", "9.920ms" for ten times that, and "10sec".
        return float(number) * (1 if "." in number else {"ms": 0.001, "sec": 1, "min": 60}[unit])

    def test_keepalive_interval(self):
        """Of a connection that has just come to rest."""
        for keys, least, most in (({}, 2.5, 10), ({"keepalive_interval": "2s"}, 0, 2), ({"dead_peer_timeout": "6s"}, 0, 2)):
            with self.subTest(keys), start(**keys) as daemon, RfbClient(daemon.address("vm")):
                seconds = self.probe_s(daemon)
                self.assertGreater(seconds, least)
                self.assertLessEqual(seconds, most)

    def test_spice_viewer_rate(self):
        """16 at once, and then so many a second; the gate's own limits are out of the way."""
        with start(spice_viewer_rate=1, max_viewers=100, max_handshakes_per_source=100,
                   handshake_drop_from=100) as daemon, RfbClient(daemon.address("vm")):
            mark, let_in, begin = daemon.mark(), 0, time.monotonic()
            with self.assertRaises(spice.Refused):
                while let_in < 60:
                    self.enterContext(Channel(spice_address(daemon), MAIN))
                    let_in += 1
            self.assertGreaterEqual(let_in, 16)
            self.assertLessEqual(let_in, 17 + time.monotonic() - begin)
            daemon.wait_line("too many viewers from there at once", mark)
            # The next is let in when a second has paid for him.
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    self.enterContext(Channel(spice_address(daemon), MAIN))
                    break
                except spice.Refused:
                    select.select([], [], [], 0.1)
            else:
                self.fail("nobody is let in any more")

    def said_until_deaf(self, daemon):
        """How much a client can say that is answered, and does not read the answers."""
        with Session(spice_address(daemon), kinds=()) as session:
            sock = session.channels[MAIN].sock
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            sock.setblocking(False)
            # Acknowledged in advance, so that the library goes on.
            data, said = (message(spice.ATTACH_CHANNELS) + message(spice.ACK)) * 2000, 0
            while said < 50_000_000 and select.select([], [sock], [], 1.5)[1]:
                try:
                    said += sock.send(data[said % 6:])
                except BlockingIOError:
                    pass
            return said

    def test_pending_output_max(self):
        """Who does not take the answers is not heard: the more may wait the later, and about so much."""
        said = []
        for most in "64K", "16M":
            with start(pending_output_max=most, stall_timeout="60s") as daemon, RfbClient(daemon.address("vm")) as other:
                said.append(self.said_until_deaf(daemon))
                other.request(False)
                other.update()
        print(f"said until nobody listened: {said[0]} bytes with 64K, {said[1]} with 16M")
        self.assertGreater(said[1], said[0] + (1 << 18))
        self.assertLess(said[1], 20_000_000)

    def test_agent_message_max(self):
        """A longer one ends its viewer when it begins; others are passed over."""
        def clipboard(size):
            return message(spice.AGENT_DATA, struct.pack("<IIQI", 1, 4, 0, size))

        with start(agent_message_max="100K") as daemon, RfbClient(daemon.address("vm")) as other:
            with Session(spice_address(daemon), kinds=()) as session:
                main = session.channels[MAIN]
                for size in (0, 100 << 10):
                    main.send(clipboard(size) + message(spice.AGENT_DATA, bytes(2048)) * (size // 2048))
                main.send(message(spice.ATTACH_CHANNELS))
                main.wait(spice.CHANNELS_LIST)
                mark = daemon.mark()
                main.send(clipboard((100 << 10) + 1))
                self.assertLess(wait_end(main.sock), 10)
                daemon.wait_line("a message of 102401 bytes to the agent, with agent-message-max = 102400", mark)
            daemon.reload(vm_section("vm", **STILL, spice="127.0.0.1:0", agent_message_max="64M"))
            with Session(spice_address(daemon), kinds=()) as session:
                main = session.channels[MAIN]
                main.send(clipboard(64 << 20))
                main.send(message(spice.ATTACH_CHANNELS))
                main.wait(spice.CHANNELS_LIST)
            other.request(False)
            other.update()


if __name__ == "__main__":
    unittest.main(verbosity=2)
