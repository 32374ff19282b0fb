#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What scanners find wrong with TLS at SPICE's port and behind VeNCrypt: nothing but that the CA is our own.

sslscan is quick and runs always; testssl takes minutes, so only where PLANECAST_TESTSSL is set.
"""
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

from harness import Daemon, connect, vm_section
from tls import X509_NONE, make_certs, server_section, vencrypt_prelude

# Scanners come again and again, and leave in the middle.
PATIENT = {"penalty_abort": "0ns", "max_handshakes_per_source": 1000, "handshake_drop_from": 1000,
           "max_handshakes": 1000}
# Who trusts no CA but those of browsers cannot trust this one, which tells nobody what it has revoked.
OF_OUR_CA = {"cert_chain_of_trust", "cert_revocation"}
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
            server_section(cls.directory / "certs") + vm_section("vm", spice_tls="127.0.0.1:0", **PATIENT),
            log_level="info"))
        cls.daemon.wait_serving("vm")
        relay = Relay(cls.daemon.address("vm"))
        cls.addClassCleanup(relay.server_close)
        cls.addClassCleanup(relay.shutdown)
        cls.ports = {"SPICE": cls.daemon.address("vm", protocol="spice-tls")[1], "VeNCrypt": relay.server_address[1]}

    @unittest.skipUnless(shutil.which("sslscan"), "there is no sslscan")
    def test_sslscan(self):
        for name, port in self.ports.items():
            with self.subTest(name):
                done = subprocess.run(["sslscan", "--xml=-", f"127.0.0.1:{port}"], capture_output=True, text=True,
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

    @unittest.skipUnless(os.environ.get("PLANECAST_TESTSSL") and shutil.which("testssl"),
                         "PLANECAST_TESTSSL is not set, or there is no testssl")
    def test_testssl(self):
        scans = {name: (self.directory / f"{name}.json", subprocess.Popen(
            ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--jsonfile",
             self.directory / f"{name}.json", "-p", "-s", "-f", "-S", "-U", f"127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)) for name, port in self.ports.items()}
        for name, (file, process) in scans.items():
            with self.subTest(name):
                process.wait(600)
                findings = json.loads(file.read_text())
                self.assertGreater(len(findings), 50)
                self.assertEqual([finding for finding in findings if finding["severity"] not in HARMLESS and
                                  finding["id"] not in OF_OUR_CA], [])
                print(f"{name}: {len(findings)} findings, none above low but of our CA")


if __name__ == "__main__":
    unittest.main(verbosity=2)
