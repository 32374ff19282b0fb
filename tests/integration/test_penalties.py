#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who guesses, or comes and goes, is kept out for a while, whatever he speaks; nobody else notices."""
import contextlib
import os
import tempfile
import threading
import time
import unittest

from harness import SANITIZED, Daemon, connect, vm_section, wait_until
from hostile import VERSION, be_preferred
import spice_raw
from viewer import Viewer

PASSWORD = "Sesame42"
GUESSES = 10000
ATTEMPTS = 5
LOGIN_MAX_MS = 300 if not SANITIZED else 3000
VNC_AUTH = b"\x02"


def read(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def guess_by_vnc(address, source):
    """None, or why one is not even asked. Does not wait for the answer."""
    with connect(address, source=source) as sock:
        try:
            read(sock, 12)
            sock.sendall(VERSION)
            if read(sock, 1) == b"\0":
                return read(sock, int.from_bytes(read(sock, 4), "big")).decode()
            sock.sendall(VNC_AUTH)
            read(sock, 17)
            sock.sendall(bytes(16))
            # The server has read it when it has answered, or would have to.
            sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                sock.recv(1)
            return None
        except ConnectionError:
            return "hung up"


def guess_by_spice(address, source):
    with connect(address, source=source) as sock:
        try:
            sock.sendall(spice_raw.link_message())
            sock.sendall(spice_raw.ticket(spice_raw.read_key(sock), b"sesame"))
            sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                sock.recv(1)
            return None
        except (ConnectionError, spice_raw.Refused):
            return "refused"


class Penalties(unittest.TestCase):
    def setUp(self):
        file = tempfile.NamedTemporaryFile("wb", prefix="planecast-")
        self.addCleanup(file.close)
        os.chmod(file.name, 0o600)
        file.write(PASSWORD.encode() + b"\n")
        file.flush()
        self.keys = {"pattern_scene": "still", "pattern_fps": 0, "spice": "127.0.0.1:0", "vnc_auth": "vncauth",
                     "vnc_password_file": file.name, "spice_auth": "ticket", "spice_password_file": file.name}

    @contextlib.contextmanager
    def start(self, **keys):
        with Daemon(vm_section("vm", **{**self.keys, **keys})) as daemon:
            daemon.wait_serving("vm")
            self.vnc, self.spice = (daemon.address("vm", protocol=protocol) for protocol in ("vnc", "spice"))
            yield daemon

    def log_in(self, source="127.0.0.1"):
        """By both; how long the slower one took, in ms."""
        start = time.monotonic()
        with Viewer(self.vnc, "--password", PASSWORD):
            middle = time.monotonic()
        with spice_raw.Channel(self.spice, password=PASSWORD.encode(), source=source) as main:
            main.wait(spice_raw.MAIN_INIT)
        return max(middle - start, time.monotonic() - middle) * 1000

    def test_guesses_by_one_protocol_count_for_the_other(self):
        for guess, other in ((guess_by_vnc, "spice"), (guess_by_spice, "vnc")):
            with self.subTest(other), self.start():
                address = {"spice": self.vnc, "vnc": self.spice}[other]
                for number in range(6):
                    self.assertIsNone(guess(address, "127.0.5.1"), number)
                self.assertTrue(guess_by_spice(self.spice, "127.0.5.1"))
                self.assertEqual(guess_by_vnc(self.vnc, "127.0.5.1"), "Too many failed attempts, try again later")
                self.log_in()

    def test_who_comes_and_goes_is_kept_out(self):
        with self.start(penalty_from="10s"):
            for number in range(11):
                with connect(self.vnc if number % 2 else self.spice, source="127.0.5.1") as sock:
                    sock.sendall(VERSION[:5] if number % 2 else spice_raw.link_message()[:5])
            wait_until(lambda: guess_by_vnc(self.vnc, "127.0.5.1"), "kept out")
            self.log_in()

    def test_the_exempt_go_on(self):
        with self.start(penalty_exempt="127.0.5.0/24 unix") as daemon:
            for _ in range(10):
                self.assertIsNone(guess_by_vnc(self.vnc, "127.0.5.1"))
            # Until they are exempt no more; what they did before is forgiven.
            mark = daemon.reload(vm_section("vm", **self.keys))
            daemon.wait_line("configuration reloaded", mark)
            wait_until(lambda: guess_by_vnc(self.vnc, "127.0.5.1"), "kept out")
            daemon.reload(vm_section("vm", **self.keys, penalty_exempt="127.0.5.1"))
            wait_until(lambda: guess_by_vnc(self.vnc, "127.0.5.1") is None, "exempt again")
            self.log_in()

    def test_a_wrong_password_waits_for_its_answer(self):
        """As long by one protocol as by the other, and as long as configured."""
        def answer_ms(protocol):
            with connect(getattr(self, protocol)) as sock:
                if protocol == "vnc":
                    read(sock, 12)
                    sock.sendall(VERSION)
                    read(sock, 2)
                    sock.sendall(VNC_AUTH)
                    read(sock, 16)
                    guess = bytes(16)
                else:
                    sock.sendall(spice_raw.link_message())
                    guess = spice_raw.ticket(spice_raw.read_key(sock), b"sesame")
                start = time.monotonic()
                sock.sendall(guess)
                read(sock, 4)
                return (time.monotonic() - start) * 1000

        with self.start(refusal_delay="700ms", penalty_exempt="localhost"):
            for protocol in ("vnc", "spice"):
                took = [answer_ms(protocol) for _ in range(2)]
                self.assertGreaterEqual(min(took), 695)
                self.assertLess(min(took), 1000)

    def test_brute_force(self):
        """Thousands of guesses, as fast as they can be made, from one address; others get in meanwhile."""
        guesses = 0

        def guess_on():
            nonlocal guesses
            for number in range(GUESSES):
                # He does not stop to read.
                with contextlib.suppress(ConnectionError), connect(self.spice if number % 4 == 0 else self.vnc,
                                                                   source="127.0.5.1") as sock:
                    guesses += 1
                    sock.sendall(spice_raw.link_message() if number % 4 == 0 else
                                 VERSION + VNC_AUTH + number.to_bytes(16, "big"))

        slowest = []
        with self.start(max_viewers=100) as daemon:
            pid = daemon.worker("vm")
            self.log_in()
            while len(slowest) < ATTEMPTS and (not slowest or min(slowest) >= LOGIN_MAX_MS):
                guesser = threading.Thread(target=guess_on)
                guesser.start()
                logins = []
                while guesser.is_alive():
                    logins.append(self.log_in())
                    # A person would not be back at once; nor does SPICE let one in as often as he likes.
                    guesser.join(0.05)
                slowest.append(max(logins))
                self.assertGreater(len(logins), 2)
            print(f"slowest of {len(logins)} logins {', '.join(f'{login:.0f}' for login in slowest)} ms", end=" ")
            self.assertLess(min(slowest), LOGIN_MAX_MS)
            self.assertEqual(guesses, GUESSES * len(slowest))
            self.assertEqual(daemon.worker("vm"), pid)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
