#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real viewers over TLS under Xvfb: TigerVNC of two releases, gvncviewer, spicy and remote-viewer.

A viewer that came before TLS was required says what they have to show.
"""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import BUILD, Daemon, vm_section
from screen import Screen
from tls import make_certs, server_section
from viewer import Viewer

SIZE = (800, 600)
VIEWING = "viewing, RFB 3.8, .*over TLS"
VIEWERS = pathlib.Path(__file__).with_name("viewers")


class RealTls(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-tls-")
        self.addCleanup(directory.cleanup)
        self.certs = pathlib.Path(directory.name) / "certs"
        make_certs(self.certs, "localhost", "127.0.0.1")

    def config(self, **keys):
        return server_section(self.certs) + vm_section(
            "vm", pattern_scene="still", pattern_fps=0, pattern_size=f"{SIZE[0]}x{SIZE[1]}", **keys)

    def show(self, name, prepare, came, protocol="vnc", **keys):
        """prepare(screen, port) says what to start."""
        with Screen(1200, 900) as screen, Daemon(self.config(vnc_tls="off", **keys)) as daemon:
            daemon.wait_serving("vm")
            with Viewer(daemon.address("vm"), patience_s=60) as probe:
                if protocol == "vnc":
                    # The one that is in without TLS stays and says what there is to see.
                    daemon.reload(self.config(**keys))
                viewer = screen.start(prepare(screen, daemon.address("vm", protocol=protocol)[1]))
                daemon.wait_line(came)
                expected = screen.directory / "expected.ppm"
                probe("scene", "still")
                probe("save", expected)
                found = screen.expect(expected, f"tls-{name}")
                print(f"{name}: picture at {found['x']},{found['y']}, exact")
                self.assertIsNone(viewer.poll())
                screen.end(viewer)
            self.assertEqual(daemon.count_lines("TLS handshake: "), 0)

    def tigervnc(self, name, program):
        self.show(name, lambda screen, port: [
            program, "-geometry", "+0+0", "-RemoteResize=0", "-AutoSelect=0", "-Shared=1", "-ReconnectOnError=0",
            "-AlertOnFatalError=0", "-PreferredEncoding=Tight", "-NoJPEG=1", "-SecurityTypes=X509None",
            f"-X509CA={self.certs / 'ca.pem'}", f"127.0.0.1::{port}"], VIEWING)

    def test_tigervnc(self):
        self.tigervnc("tigervnc", "vncviewer")

    def test_newer_tigervnc(self):
        done = subprocess.run([VIEWERS], stdout=subprocess.PIPE, text=True)
        if done.returncode == 77:
            self.skipTest("there is no newer TigerVNC to be had")
        self.assertEqual(done.returncode, 0)
        self.tigervnc("tigervnc-newer", str(pathlib.Path(done.stdout.strip()) / "vncviewer"))

    def test_gvncviewer(self):
        def prepare(screen, port):
            ca = screen.directory / "home/.pki/CA"
            ca.mkdir(parents=True)
            shutil.copy(self.certs / "ca.pem", ca / "cacert.pem")
            # It looks in the home that the user database names.
            return ["env", f"LD_PRELOAD={BUILD}/tests/passwd_home.so", "gvncviewer", f"localhost:{port - 5900}"]

        self.show("gvncviewer", prepare, VIEWING)

    def spice(self, name, prepare):
        self.show(name, prepare, "display channel linked", "spice-tls", spice_tls="127.0.0.1:0")

    def test_spicy(self):
        """By the server's name, and by its subject where it is called by another name."""
        self.spice("spicy", lambda screen, port: [
            "spicy", "-h", "localhost", "-s", str(port), f"--spice-ca-file={self.certs / 'ca.pem'}"])
        self.spice("spicy-subject", lambda screen, port: [
            "spicy", "-h", "127.0.0.1", "-s", str(port),
            f"--spice-ca-file={self.certs / 'ca.pem'}", "--spice-host-subject=O=planecast,CN=localhost"])

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
