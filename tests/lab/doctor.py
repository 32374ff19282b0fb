#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside the lab: what planecastctl doctor says of real VFIO devices, and of who has them open."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from control import ControlDaemon  # noqa: E402
from harness import BUILD, vm_section  # noqa: E402

TYPES = next(pathlib.Path("/sys/class/mdev_bus").glob("pcmdev/mdev_supported_types/*"))
DEVICES = pathlib.Path("/sys/bus/mdev/devices")


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="lab-doctor-")))
        self.uuid = str(uuid.uuid4())
        (TYPES / "create").write_text(self.uuid)
        self.addCleanup(self.remove)
        self.group = "/dev/vfio/" + (DEVICES / self.uuid / "iommu_group").resolve().name

    def remove(self):
        if (DEVICES / self.uuid).exists():
            (DEVICES / self.uuid / "remove").write_text("1")

    def section(self, **keys):
        return vm_section("vm", **{"source": "vfio", "vfio_device": self.uuid, "vfio_attach": "own",
                                   "pattern_size": None, "pattern_fps": None, **keys})

    def findings(self, daemon=None, **keys):
        config, control = self.folder / "planecast.conf", self.folder / "control"
        config.write_text(self.section(**keys))
        if daemon:
            config, control = daemon.config_path, daemon.control_path
        done = subprocess.run([str(BUILD / "planecastctl"), "--json", "--socket", str(control), "doctor", "vm", "--config",
                               str(config)], text=True, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)["findings"]

    def find(self, findings, check, verdict, words):
        for finding in findings:
            if (finding["check"], finding["verdict"]) == (check, verdict) and words in finding["text"]:
                return finding.get("fix")
        self.fail(f"no {verdict} {check} '{words}' in {json.dumps(findings, indent=1)}")

    def test_free(self):
        findings = self.findings()
        self.find(findings, "device", "ok", f"{self.uuid}: mediated device of type {TYPES.name}")
        self.find(findings, "owner", "ok", "nobody else has it open")
        self.find(findings, "permission", "ok", "may open it")

    def test_who_has_it(self):
        with open(self.group, "rb+", buffering=0):
            me = f"(process {os.getpid()}) has it open"
            self.find(self.findings(), "owner", "bad", me)
            self.find(self.findings(vfio_attach="socket", vfio_socket="/nonexistent"), "owner", "ok", me)
        self.assertIn("start the VM", self.find(self.findings(vfio_attach="socket", vfio_socket="/nonexistent"),
                                                "owner", "bad", "nobody has it open"))

    def test_of_a_server(self):
        with ControlDaemon("{control}" + self.section()) as daemon:
            daemon.wait_serving("vm")
            findings = self.findings(daemon)
            # Its own hold on the device is none of others'.
            self.find(findings, "owner", "ok", "nobody else has it open")
            self.find(findings, "picture", "bad", "The guest has not enabled its display")

    def test_from_whom_it_is_taken(self):
        with open(self.group, "rb+", buffering=0):
            self.find(self.findings(vfio_attach="auto"), "owner", "ok", f"(process {os.getpid()}) has it open")
            config = "{control}" + self.section(vfio_attach="auto")
            with ControlDaemon(config) as daemon:
                daemon.wait_line("broker .* serves")
                self.find(self.findings(daemon), "broker", "ok", "may look into all processes")
            with NobodysDaemon(config) as daemon:
                daemon.wait_line("broker .* serves")
                self.find(self.findings(daemon), "broker", "bad", "user nobody) lacks the capabilities")

    def test_permission(self):
        os.chmod(self.group, 0o600)
        config = "{control}" + self.section()
        with NobodysDaemon(config) as daemon:
            daemon.wait_serving("vm")
            self.find(self.findings(daemon), "permission", "bad", f"{self.group} may not be used by user nobody")

    def test_gone(self):
        self.remove()
        fix = self.find(self.findings(), "device", "bad", f"there is no device {self.uuid}")
        self.assertIn(f"pcmdev/mdev_supported_types/{TYPES.name} (", fix)


class NobodysDaemon(ControlDaemon):
    def __init__(self, config):
        super().__init__(config, wrapper=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))

    def write_config(self, config):
        super().write_config(config)
        os.chown(self.directory, 65534, 65534)
        self.config_path.chmod(0o644)


if __name__ == "__main__":
    unittest.main(verbosity=2)
