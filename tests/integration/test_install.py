#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What cmake --install puts where, and that it works from there."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import BUILD, PLANECASTD, SANITIZED

DEADLINE_S = 60
SANDBOX = pathlib.Path(__file__).with_name("sandbox.py")


def cache(variable):
    return re.search(rf"(?m)^{variable}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text())[1]


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="planecast-install-")))
        subprocess.run(["cmake", "--install", BUILD], check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE_S,
                       env={**os.environ, "DESTDIR": str(cls.root)})
        cls.prefix = cls.root / cache("CMAKE_INSTALL_PREFIX").lstrip("/")
        cls.planecastd = cls.prefix / "sbin/planecastd"
        cls.drivers = cls.root / cache("PLANECAST_VA_DRIVER_DIR").lstrip("/")

    def probe(self, planecastd, **variables):
        """What is proven: {candidate: the rest of its row}."""
        env = {name: value for name, value in os.environ.items() if name != "LIBVA_DRIVERS_PATH"}
        done = subprocess.run([planecastd, "--probe-encoders"], capture_output=True, text=True, check=False,
                              timeout=DEADLINE_S, env={**env, **variables})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return dict(re.findall(r"(?m)^(\S+) +yes +(.*)$", done.stdout))

    def test_the_driver_is_where_libva_looks(self):
        """And is whole there: what it was linked with is still found."""
        self.assertEqual([file.name for file in self.drivers.iterdir()], ["planecast_drv_video.so"])
        found = subprocess.check_output(["pkg-config", "--variable=driverdir", "libva"], text=True).strip()
        self.assertEqual(cache("PLANECAST_VA_DRIVER_DIR"), found)
        self.assertIn("planecast software", self.probe(self.planecastd, LIBVA_DRIVERS_PATH=str(self.drivers))["software"])

    def test_a_driver_beside_the_daemon_is_found(self):
        """As in a build directory, wherever it was moved to and whatever its name."""
        moved = self.root / "opt/some where"
        moved.mkdir(parents=True)
        for file in self.planecastd, self.drivers / "planecast_drv_video.so":
            shutil.copy(file, moved)
        self.assertIn("planecast software", self.probe(moved / "planecastd")["software"])

    def test_the_unit_starts_what_is_installed(self):
        unit = (self.prefix / "lib/systemd/system/planecast.service").read_text()
        program = re.search(r"(?m)^ExecStart=(\S+)", unit)[1]
        self.assertEqual(self.root / program.lstrip("/"), self.planecastd)
        self.assertEqual(sorted(path.name for path in (self.prefix / "share/doc/planecast").iterdir()),
                         ["planecast.conf.example"])


@unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze here")
class Unit(unittest.TestCase):
    """The unit lets the daemon do what it needs, and little else."""

    unit = BUILD / "planecast.service"

    def analyze(self, *arguments):
        done = subprocess.run(["systemd-analyze", *arguments, self.unit], capture_output=True, text=True, check=False,
                              timeout=DEADLINE_S, env={**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""})
        return done.returncode, done.stdout + done.stderr

    def test_it_is_tight(self):
        """At most 2.2 of 10, where the network by itself is half a point, and what the broker needs a whole one."""
        status, said = self.analyze("security", "--offline=true", "--threshold=22")
        self.assertEqual(status, 0, said)
        allowed = re.search(r"DeviceAllow=.*: (char-.*:rw\S*)", said)[1]
        # char-rtc is what ProtectClock= leaves.
        self.assertEqual(sorted(re.sub(r"char-rtc:r\b ?", "", allowed).split()),
                         ["/dev/vfio/vfio:rw", "char-drm:rw", "char-vfio*:rw"])

    def test_it_is_tighter_without_the_broker(self):
        """As its comment says."""
        text = re.sub(r"(?m)^(CapabilityBoundingSet|AmbientCapabilities)=.*$", r"\1=", self.unit.read_text())
        self.assertEqual(set(re.findall(r"CAP_\w+", self.unit.read_text())), {"CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"})
        with tempfile.TemporaryDirectory(prefix="planecast-unit-") as folder:
            self.unit = pathlib.Path(folder, "planecast.service")
            self.unit.write_text(text.replace("\nNoNewPrivileges", "\nPrivateUsers=yes\nNoNewPrivileges"))
            status, said = self.analyze("security", "--offline=true", "--threshold=15")
        self.assertEqual(status, 0, said)

    def test_it_has_no_mistake(self):
        _, said = self.analyze("verify", "--man=no")
        said = [line for line in said.splitlines() if "planecastd is not executable" not in line]
        self.assertEqual(said, [])

    @unittest.skipIf(SANITIZED, "sanitizers do what no service needs")
    def test_video_is_encoded_within_it(self):
        """A worker starts this same program to try drivers, and the software driver threads to encode."""
        env = {name: value for name, value in os.environ.items() if name != "LIBVA_DRIVERS_PATH"}
        for command, status in (
                ([PLANECASTD, "--probe-encoders"], 0), (["/bin/true"], 0), (["/bin/chown", "0", "/tmp"], 1),
                ([sys.executable, "-c", "import socket; socket.socket(socket.AF_NETLINK)"], 1),
                ([sys.executable, "-c", "import mmap as m; m.mmap(-1, 4096, prot=m.PROT_WRITE | m.PROT_EXEC)"], 1)):
            done = subprocess.run([sys.executable, "-B", SANDBOX, self.unit, *command], capture_output=True, text=True,
                                  check=False, timeout=DEADLINE_S, env=env)
            self.assertEqual(done.returncode, status, (command, done.stdout + done.stderr))


if __name__ == "__main__":
    unittest.main(verbosity=2)
