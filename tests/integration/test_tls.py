#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS as Python's ssl sees it: who gets in, what is refused, certificates that change under viewers."""
import hashlib
import os
import pathlib
import shutil
import ssl
import struct
import tempfile
import threading
import unittest

from harness import Daemon, RfbClient, Timeout, connect, run_planecastd, vm_section
from tls import (X509_NONE, TlsRfbClient, client_context, list_revoked, make_certs, server_section, tls_connect,
                 vencrypt_prelude)

# SpiceLinkHeader and SpiceLinkMess of a main channel without capabilities.
SPICE_LINK = b"REDQ" + struct.pack("<III", 2, 2, 18) + struct.pack("<IBBIII", 0, 1, 0, 0, 0, 18)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._directory = tempfile.TemporaryDirectory(prefix="planecast-tls-")
        cls.certs = pathlib.Path(cls._directory.name) / "certs"
        cls.said = make_certs(cls.certs, "localhost", "127.0.0.1")
        cls.other = pathlib.Path(cls._directory.name) / "other"
        make_certs(cls.other, "localhost")

    @classmethod
    def tearDownClass(cls):
        cls._directory.cleanup()

    def start(self, client_ca=False, **keys):
        daemon = Daemon(server_section(self.certs, client_ca) + vm_section("vm", **keys))
        daemon.wait_serving("vm")
        return daemon

    def watch(self, client):
        client.request(incremental=False)
        self.assertTrue(client.update())

    def test_certificates_are_made_once(self):
        for name in ("ca", "server", "client"):
            self.assertEqual((self.certs / f"{name}-key.pem").stat().st_mode & 0o777, 0o600)
        der = ssl.PEM_cert_to_DER_cert((self.certs / "server.pem").read_text())
        digest = hashlib.sha256(der).hexdigest().upper()
        self.assertIn(":".join(digest[i:i + 2] for i in range(0, 64, 2)), self.said)
        before = {file.name: file.read_bytes() for file in self.certs.iterdir()}
        status, _, err = run_planecastd("--make-certs", str(self.certs))
        self.assertEqual(status, 1)
        self.assertIn("ca.pem is there already, and is not overwritten", err)
        (self.certs / "ca.pem").rename(self.certs / "kept.pem")
        self.assertEqual(run_planecastd("--make-certs", str(self.certs))[0], 1)
        # What it had made by then is gone again.
        self.assertFalse((self.certs / "ca.pem").exists())
        (self.certs / "kept.pem").rename(self.certs / "ca.pem")
        self.assertEqual({file.name: file.read_bytes() for file in self.certs.iterdir()}, before)
        for name in ("a,DNS:b", "", ".x", "a b"):
            with self.subTest(name):
                status, _, err = run_planecastd("--make-certs", self._directory.name + "/no", name)
                self.assertEqual((status, "neither a host's name nor" in err), (1, True))

    def test_viewers_by_vencrypt(self):
        with self.start() as daemon:
            address = daemon.address("vm")
            with TlsRfbClient(address, client_context(self.certs)) as client:
                self.assertIn(client.sock.version(), ("TLSv1.2", "TLSv1.3"))
                self.watch(client)
            daemon.wait_line("viewing, RFB 3.8, shared, over TLS")
            with self.assertRaisesRegex(ConnectionError, "None is not offered"):
                RfbClient(address)
            # Who does not trust the server leaves, and costs nobody anything.
            with self.assertRaises(ssl.SSLError):
                TlsRfbClient(address, client_context(self.other))
            daemon.wait_line("TLS handshake: .*unknown ca")
            with TlsRfbClient(address, client_context(self.certs), host="127.0.0.1") as client:
                self.watch(client)

    def test_plaintext_in_front_of_tls(self):
        """ClientInit and a key press, put on the wire before the client's first record by somebody else."""
        with self.start() as daemon:
            with connect(daemon.address("vm")) as sock:
                vencrypt_prelude(sock, X509_NONE)
                sock.sendall(b"\1" + struct.pack(">BBxxI", 4, 1, 0x61))
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    client_context(self.certs).wrap_socket(sock, server_hostname="localhost")
            daemon.wait_line("VNC client left .*TLS handshake: ")
            self.assertEqual(daemon.count_lines("viewing, RFB"), 0)

    def test_spice(self):
        with self.start(spice_tls="127.0.0.1:0", vnc_tls="off") as daemon:
            address = daemon.address("vm", protocol="spice-tls")
            with tls_connect(address, client_context(self.certs)) as sock:
                sock.sendall(SPICE_LINK)
                self.assertEqual(sock.recv(4), b"REDQ")
            # Without TLS nobody answers.
            with connect(address) as sock:
                sock.sendall(SPICE_LINK)
                self.assertNotIn(b"REDQ", sock.recv(4096))
            daemon.wait_line("SPICE client left .*TLS handshake: ")
            with RfbClient(daemon.address("vm")) as client:
                self.watch(client)

    def test_clients_certificates(self):
        with self.start(client_ca=True, spice_tls="127.0.0.1:0") as daemon:
            with TlsRfbClient(daemon.address("vm"), client_context(self.certs, certificate=True)) as client:
                self.watch(client)
            daemon.wait_line("over TLS, certificate of CN=client,O=planecast")
            wrong = client_context(self.certs)
            wrong.load_cert_chain(self.other / "client.pem", self.other / "client-key.pem")
            for context in (client_context(self.certs), wrong):
                mark = daemon.mark()
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    TlsRfbClient(daemon.address("vm"), context)
                daemon.wait_line("left after .*TLS handshake: ", mark)
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    with tls_connect(daemon.address("vm", protocol="spice-tls"), context) as sock:
                        sock.sendall(SPICE_LINK)
                        if not sock.recv(4):
                            raise ConnectionError

    def refused(self, daemon, context, why):
        """By VNC and by SPICE."""
        mark = daemon.mark()
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            TlsRfbClient(daemon.address("vm"), context)
        daemon.wait_line(f"VNC client left after .*TLS handshake: {why}", mark)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            with tls_connect(daemon.address("vm", protocol="spice-tls"), context) as sock:
                sock.sendall(SPICE_LINK)
                if not sock.recv(4):
                    raise ConnectionError
        daemon.wait_line(f"SPICE client left after .*TLS handshake: {why}", mark)

    def test_revoked_certificates(self):
        live = pathlib.Path(self._directory.name) / "revoked"
        shutil.copytree(self.certs, live)
        list_revoked(live)
        # One has a CA of its own, of which nothing is listed.
        config = server_section(live, client_ca=True, **{"tls-client-crl": live / "crl.pem"}) + vm_section(
            "vm", spice_tls="127.0.0.1:0") + vm_section("other", tls_client_ca=self.other / "ca.pem")
        revoked = client_context(live, certificate=True)
        others = client_context(live)
        others.load_cert_chain(self.other / "client.pem", self.other / "client-key.pem")
        with Daemon(config) as daemon:
            daemon.wait_serving("vm")
            daemon.wait_serving("other")
            with TlsRfbClient(daemon.address("vm"), revoked) as client:
                self.watch(client)
                list_revoked(live, live / "client.pem")
                mark = daemon.reload(config)
                daemon.wait_line(r"\[vm\].*clients' certificates revoked: 1, list valid until", mark)
                self.refused(daemon, revoked, "certificate revoked")
                # It says that nobody is revoked, but no longer.
                list_revoked(live, age_s=7200)
                mark = daemon.reload(config, "the old one stays")
                daemon.wait_line(r"planecast.conf:4:\d+: /\S+/crl.pem has a list in it that has EXPIRED", mark)
                self.refused(daemon, revoked, "certificate revoked")
                (live / "crl.pem").write_text("-----BEGIN X509 CRL-----\n")
                mark = daemon.reload(config, "the old one stays")
                daemon.wait_line("crl.pem is no list of revoked certificates in PEM", mark)
                self.refused(daemon, revoked, "certificate revoked")
                # Who is in stays, and who has another CA has nothing to do with it.
                self.watch(client)
                with TlsRfbClient(daemon.address("other"), others) as client_of_other:
                    self.watch(client_of_other)
            list_revoked(live, live / "server.pem")
            daemon.reload(config)
            with TlsRfbClient(daemon.address("vm"), revoked) as client:
                self.watch(client)

    def test_certificates_change_under_viewers(self):
        """While others connect all the time."""
        live = pathlib.Path(self._directory.name) / "live"
        shutil.copytree(self.certs, live)
        config = server_section(live) + vm_section("vm")
        trust_both = ssl.create_default_context()
        trust_both.load_verify_locations(self.certs / "ca.pem")
        trust_both.load_verify_locations(self.other / "ca.pem")
        failures, served, stop = [], [], threading.Event()

        def connect_again_and_again():
            while not stop.is_set():
                try:
                    with TlsRfbClient(address, trust_both) as client:
                        served.append(client.sock.getpeercert()["serialNumber"])
                except (OSError, Timeout) as error:
                    failures.append(error)

        with Daemon(config, log_level="info") as daemon:
            worker = daemon.wait_serving("vm")
            address = daemon.address("vm")
            threads = [threading.Thread(target=connect_again_and_again) for _ in range(3)]
            with TlsRfbClient(address, client_context(live)) as client:
                self.watch(client)
                for thread in threads:
                    thread.start()
                try:
                    for source in (self.other, self.certs, self.other):
                        for name in ("server-key.pem", "server.pem"):
                            shutil.copy(source / name, live / f"{name}.new")
                            os.rename(live / f"{name}.new", live / name)
                        mark = daemon.reload(config)
                        daemon.wait_line("TLS certificate .*valid until", mark)
                        with TlsRfbClient(address, client_context(source)) as newcomer:
                            self.watch(newcomer)
                    # A key that is another's, and no key at all: what is in use stays.
                    shutil.copy(self.certs / "server-key.pem", live / "server-key.pem")
                    mark = daemon.reload(config, "the old one stays")
                    daemon.wait_line(r"planecast.conf:3:\d+: /\S+/server-key.pem does not belong to the certificate", mark)
                    (live / "server-key.pem").unlink()
                    mark = daemon.reload(config, "the old one stays")
                    daemon.wait_line("server-key.pem cannot be opened: No such file or directory", mark)
                    with TlsRfbClient(address, client_context(self.other)) as newcomer:
                        self.watch(newcomer)
                finally:
                    stop.set()
                    for thread in threads:
                        thread.join()
                self.watch(client)
            self.assertEqual(daemon.worker("vm"), worker)
            self.assertEqual(failures, [])
            print(f"{len(served)} connections during 5 reloads, none failed")
            self.assertEqual(len(set(served)), 2)

    def check(self, config):
        path = pathlib.Path(self._directory.name) / "check.conf"
        path.write_text(config)
        status, _, err = run_planecastd("--config", str(path), "--check-config")
        return status, err

    def test_files_of_no_use_are_problems_of_their_line(self):
        bad = pathlib.Path(self._directory.name) / "bad"
        shutil.copytree(self.certs, bad)
        (bad / "server-key.pem").chmod(0o644)
        list_revoked(bad)
        (bad / "text").write_text("certificate\n")
        (bad / "empty").touch()
        os.mkfifo(bad / "fifo")
        cut = (self.certs / "server.pem").read_text()
        (bad / "cut").write_text(cut[:len(cut) // 2])
        cases = [
            (3, {"tls-key": bad / "server-key.pem"}, r"server-key.pem is open to others \(expected mode 0600 or 0640, "
                                                     r"and not 0644\)"),
            (3, {"tls-key": self.other / "server-key.pem"}, "does not belong to the certificate"),
            (3, {"tls-key": bad / "server.pem"}, "open to others"),
            (2, {"tls-certificate": bad / "text"}, "text is no certificate in PEM"),
            (2, {"tls-certificate": bad / "cut"}, "cut is no certificate in PEM"),
            (2, {"tls-certificate": bad / "empty"}, "empty is no certificate in PEM"),
            (2, {"tls-certificate": bad / "fifo"}, "is not a regular file"),
            (2, {"tls-certificate": bad / "none"}, "none cannot be opened: No such file or directory"),
            (4, {"tls-client-ca": bad / "server.pem"}, "has a certificate in it that is not a CA's"),
            (4, {"tls-client-ca": bad / "text"}, "text is no certificate in PEM"),
            (5, {"tls-client-ca": self.certs / "ca.pem", "tls-client-crl": bad / "text"},
             "text is no list of revoked certificates in PEM"),
            (5, {"tls-client-ca": self.other / "ca.pem", "tls-client-crl": bad / "crl.pem"},
             "crl.pem has no list that the client CA /O=planecast/CN=planecast CA has signed"),
        ]
        for line, keys, expected in cases:
            with self.subTest(expected):
                status, err = self.check(server_section(self.certs, **keys) + vm_section("a") + vm_section("b"))
                self.assertEqual(status, 78)
                self.assertRegex(err, rf"^\S+check.conf:{line}:\d+: .*{expected}.*\n$")
        # A VM's own win.
        status, err = self.check(server_section(self.certs) + vm_section("a", tls_key=self.other / "server-key.pem"))
        self.assertEqual(status, 78)
        self.assertRegex(err, r"check.conf:9:\d+: .* does not belong to the certificate")
        status, err = self.check(server_section(self.certs) + vm_section(
            "a", tls_certificate=self.other / "server.pem", tls_key=self.other / "server-key.pem"))
        self.assertEqual((status, err), (0, ""))

    def test_start_without_a_usable_certificate(self):
        config = server_section(self.certs, **{"tls-key": self.other / "server-key.pem"}) + vm_section("vm")
        with Daemon(config) as daemon:
            self.assertEqual(daemon.wait_exit(), 78)
            daemon.wait_line("does not start with this configuration")


if __name__ == "__main__":
    unittest.main(verbosity=2)
