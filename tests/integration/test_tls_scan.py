#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What scanners find wrong with TLS at each port that has it, and behind VeNCrypt: nothing but that the CA is our own.

sslscan and testssl look at all of them. As one library with one set of options speaks at all, testssl looks for
everything behind VeNCrypt only, and elsewhere at the certificate and the server's defaults, unless PLANECAST_TESTSSL is set.
"""
import concurrent.futures
import json
import os
import pathlib
import shutil
import socketserver
import subprocess
import tempfile
import threading
import unittest
import xml.etree.ElementTree

from harness import SANITIZED, Daemon, connect, vm_section
from tls import X509_NONE, make_certs, server_section, vencrypt_prelude

# Scanners come again and again, and leave in the middle.
PATIENT = {"penalty_abort": "0ns", "max_handshakes_per_source": 1000, "handshake_drop_from": 1000,
           "max_handshakes": 1000}
# Who trusts no CA but those of browsers cannot trust this one, which tells nobody what it has revoked.
OF_OUR_CA = {"cert_chain_of_trust", "cert_revocation"}
# testssl's: protocols, ciphers, forward secrecy, the server's certificate and defaults, known vulnerabilities.
ALL, SOME = ("-p", "-s", "-f", "-S", "-U"), ("-S",)
THOROUGH = "PLANECAST_TESTSSL" in os.environ
HARMLESS = {"OK", "INFO", "LOW", "DEBUG", "WARN"}


class Relay(socketserver.ThreadingTCPServer):
    """A port that speaks TLS from the first byte, and VeNCrypt's prelude to the server behind it."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address):
        self.target = address
        super().__init__(("127.0.0.1", 0), Pair)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Scanners break off as they like."""


class Pair(socketserver.BaseRequestHandler):
    def handle(self):
        with connect(self.server.target) as inner:
            vencrypt_prelude(inner, X509_NONE)
            back = threading.Thread(target=self.pump, args=(inner, self.request), daemon=True)
            back.start()
            self.pump(self.request, inner)
            back.join()

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(1)
        except OSError:
            pass


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="planecast-tls-")
        cls.addClassCleanup(directory.cleanup)
        cls.directory = pathlib.Path(directory.name)
        make_certs(cls.directory / "certs", "localhost", "127.0.0.1")
        cls.daemon = cls.enterClassContext(Daemon(
            server_section(cls.directory / "certs", web="127.0.0.1:0", **{"spice-tls": "127.0.0.1:0"}) +
            vm_section("vm", spice_tls="127.0.0.1:0", websocket="127.0.0.1:0", server_names="localhost", **PATIENT)))
        cls.daemon.wait_serving("vm")
        cls.daemon.wait_line("gateway [0-9]+ serves")
        relay = Relay(cls.daemon.address("vm"))
        cls.addClassCleanup(relay.server_close)
        cls.addClassCleanup(relay.shutdown)
        shared = {key: cls.daemon.wait_line(rf"Z notice listening on 127.0.0.1:(\d+) for {key}$")[1]
                  for key in ("web", "spice-tls")}
        # By the name it is asked for the gateway knows whom to ask; an address is none.
        cls.doors = {
            "VeNCrypt": ("127.0.0.1", relay.server_address[1]),
            "SPICE": ("127.0.0.1", cls.daemon.address("vm", protocol="spice-tls")[1]),
            "WebSocket": ("127.0.0.1", cls.daemon.address("vm", protocol="websocket")[1]),
            "gateway, web": ("127.0.0.1", shared["web"]),
            "gateway, SPICE": ("localhost", shared["spice-tls"]),
        }

    @unittest.skipUnless(shutil.which("sslscan"), "there is no sslscan")
    def test_sslscan(self):
        for name, (host, port) in self.doors.items():
            with self.subTest(name):
                done = subprocess.run(["sslscan", "--ipv4", "--xml=-", f"{host}:{port}"], capture_output=True, text=True,
                                      check=True, timeout=120)
                scan = xml.etree.ElementTree.fromstring(done.stdout).find("ssltest")
                spoken = {(entry.get("type"), entry.get("version")) for entry in scan.findall("protocol")
                          if entry.get("enabled") == "1"}
                self.assertEqual(spoken, {("tls", "1.2"), ("tls", "1.3")})
                ciphers = [entry.get("cipher") for entry in scan.findall("cipher")]
                self.assertGreaterEqual(len(ciphers), 6)
                for cipher in ciphers:
                    self.assertRegex(cipher, "GCM|CHACHA20", "not authenticated")
                    self.assertRegex(cipher, "^(TLS_|ECDHE)", "no forward secrecy")
                self.assertEqual(scan.find("renegotiation").get("supported"), "0")
                for entry in scan.findall("heartbleed"):
                    self.assertEqual(entry.get("vulnerable"), "0")
                self.assertIsNone(scan.find("compression[@supported='1']"))
                print(f"{name}: {', '.join(ciphers)}")

    @unittest.skipIf(SANITIZED and not THOROUGH, "sslscan tries as much, in less time")
    @unittest.skipUnless(shutil.which("testssl"), "there is no testssl")
    def test_testssl(self):
        def look(turn):
            name, (host, port) = turn
            file = self.directory / f"{name}.json"
            all_of_it = name == "VeNCrypt" or THOROUGH
            subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip",
                            "127.0.0.1", "--jsonfile", file, *(ALL if all_of_it else SOME), f"{host}:{port}"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=600, check=False)
            return name, json.loads(file.read_text()), 50 if all_of_it else 20

        # Two at a time: they compute more than they wait.
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, findings, least in pool.map(look, self.doors.items()):
                with self.subTest(name):
                    self.assertGreater(len(findings), least)
                    self.assertEqual([finding for finding in findings if finding["severity"] not in HARMLESS and
                                      finding["id"] not in OF_OUR_CA], [])
                    print(f"{name}: {len(findings)} findings, none above low but of our CA")


if __name__ == "__main__":
    unittest.main(verbosity=2)
