#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real viewers over TLS under Xvfb: TigerVNC of two releases, gvncviewer, spicy and remote-viewer.

A viewer of the other protocol, without TLS, says what they have to show.
"""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import BUILD, Daemon, vm_section
from screen import Screen
from tls import make_certs, make_users, server_section
from viewer import SpiceViewer, Viewer

SIZE = (800, 600)
VIEWING = "viewing, RFB 3.8, .*over TLS"
VIEWERS = pathlib.Path(__file__).with_name("viewers")
USER, PASSWORD = "alice", "looking-glass-1871"
# VNC's own takes no more.
SHORT_PASSWORD = "Sesame42"
WRONG = "VNC client left .* wrong password"


class RealTls(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-tls-")
        self.addCleanup(directory.cleanup)
        self.certs = pathlib.Path(directory.name) / "certs"
        make_certs(self.certs, "localhost", "127.0.0.1")

        make_users(self.certs / "users", {USER: PASSWORD})
        password = self.certs / "password"
        password.touch(0o600)
        password.write_text(SHORT_PASSWORD + "\n")
        # TigerVNC's security type: the keys that ask for it, the password, and how the log knows who is in.
        self.logins = {
            "X509None": ({}, None, VIEWING),
            "X509Vnc": ({"vnc_auth": "vncauth", "vnc_password_file": password}, SHORT_PASSWORD, VIEWING),
            "X509Plain": ({"vnc_auth": "users", "users_file": self.certs / "users"}, PASSWORD, f"{VIEWING}.* as {USER}$"),
        }

    def config(self, server=None, **keys):
        return server_section(self.certs, **(server or {})) + vm_section(
            "vm", pattern_scene="still", pattern_fps=0, pattern_size=f"{SIZE[0]}x{SIZE[1]}", **keys)

    def show(self, name, prepare, came, probe_type=SpiceViewer, listener="vnc", **keys):
        """prepare(screen, port) says what to start."""
        with Screen(1200, 900) as screen, Daemon(self.config(spice="127.0.0.1:0", **keys)) as daemon:
            daemon.wait_serving("vm")
            with probe_type(daemon.address("vm", protocol=probe_type.PROTOCOL), patience_s=60) as probe:
                viewer = screen.start(prepare(screen, int(daemon.wait_line(
                    rf"Z notice listening on \S+:(\d+) for {listener}$")[1]) if "server" in keys else
                    daemon.address("vm", protocol=listener)[1]))
                daemon.wait_line(came)
                expected = screen.directory / "expected.ppm"
                probe("scene", "still")
                probe("save", expected)
                found = screen.expect(expected, f"tls-{name}")
                print(f"{name}: picture at {found['x']},{found['y']}, exact")
                self.assertIsNone(viewer.poll())
                screen.end(viewer)
            self.assertEqual(daemon.count_lines("TLS handshake: "), 0)

    def tigervnc(self, program, kind, password, port):
        # Who is asked for nothing is to say nothing.
        login = [] if password is None else [f"VNC_USERNAME={USER}", f"VNC_PASSWORD={password}"]
        return ["env", *login, program, "-geometry", "+0+0", "-RemoteResize=0", "-AutoSelect=0", "-Shared=1",
                "-ReconnectOnError=0", "-AlertOnFatalError=0", "-PreferredEncoding=Tight", "-NoJPEG=1",
                f"-SecurityTypes={kind}", f"-X509CA={self.certs / 'ca.pem'}", f"127.0.0.1::{port}"]

    def tigervnc_by_each(self, name, program):
        for kind, (keys, password, came) in self.logins.items():
            with self.subTest(kind):
                self.show(f"{name}-{kind.lower()}",
                          lambda screen, port: self.tigervnc(program, kind, password, port), came, **keys)
        for kind, (keys, password, came) in self.logins.items():
            if password is None:
                continue
            with self.subTest(f"{kind}, wrong"), Screen(1200, 900) as screen, Daemon(self.config(**keys)) as daemon:
                daemon.wait_serving("vm")
                viewer = screen.start(self.tigervnc(program, kind, password[:-1], daemon.address("vm")[1]))
                daemon.wait_line(WRONG, deadline_s=60)
                viewer.wait(60)
                self.assertEqual(daemon.count_lines(came), 0)

    def test_tigervnc(self):
        self.tigervnc_by_each("tigervnc", "vncviewer")

    def test_newer_tigervnc(self):
        done = subprocess.run([VIEWERS], stdout=subprocess.PIPE, text=True)
        if done.returncode == 77:
            self.skipTest("there is no newer TigerVNC to be had")
        self.assertEqual(done.returncode, 0)
        self.tigervnc_by_each("tigervnc-newer", str(pathlib.Path(done.stdout.strip()) / "vncviewer"))

    def gtk_vnc(self, program, address):
        """address(port) is how the program calls it."""
        def prepare(screen, port):
            ca = screen.directory / "home/.pki/CA"
            ca.mkdir(parents=True)
            shutil.copy(self.certs / "ca.pem", ca / "cacert.pem")
            # It looks in the home that the user database names.
            return ["env", f"LD_PRELOAD={BUILD}/tests/passwd_home.so", program, address(port)]

        self.show(f"{program}-vnc", prepare, VIEWING)

    def test_gvncviewer(self):
        self.gtk_vnc("gvncviewer", lambda port: f"localhost:{port - 5900}")

    def test_remote_viewer(self):
        self.gtk_vnc("remote-viewer", lambda port: f"vnc://localhost:{port}")

    def spice(self, name, prepare):
        self.show(name, prepare, "display channel linked", Viewer, "spice-tls", spice_tls="127.0.0.1:0",
                  vnc_tls="off")

    def test_spicy(self):
        """By the server's name, and by its subject where it is called by another name."""
        self.spice("spicy", lambda screen, port: [
            "spicy", "-h", "localhost", "-s", str(port), f"--spice-ca-file={self.certs / 'ca.pem'}"])
        self.spice("spicy-subject", lambda screen, port: [
            "spicy", "-h", "127.0.0.1", "-s", str(port),
            f"--spice-ca-file={self.certs / 'ca.pem'}", "--spice-host-subject=O=planecast,CN=localhost"])

    def test_at_a_port_that_vms_share(self):
        """By the name that they ask for."""
        ca = f"--spice-ca-file={self.certs / 'ca.pem'}"
        for name, command in (
                ("spicy-shared", lambda screen, port: ["spicy", "-h", "localhost", "-s", str(port), ca]),
                ("remote-viewer-shared", lambda screen, port: [
                    "remote-viewer", ca, f"spice://localhost?tls-port={port}"])):
            with self.subTest(name):
                self.show(name, command, r"\[vm\] .*display channel linked", Viewer, "spice-tls",
                          server={"spice-tls": "127.0.0.1:0"}, server_names="desk localhost", vnc_tls="off")

    def test_remote_viewer_with_a_file(self):
        """All that it needs to know in the file that it opens, the CA included."""
        def command(screen, port):
            ca = (self.certs / "ca.pem").read_text().replace("\n", "\\n")
            file = screen.directory / "vm.vv"
            file.write_text(f"[virt-viewer]\ntype=spice\nhost=127.0.0.1\ntls-port={port}\nca={ca}\n"
                            "host-subject=O=planecast,CN=localhost\nsecure-channels=main;display;inputs;cursor\n")
            return ["remote-viewer", str(file)]

        self.spice("remote-viewer", command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
