#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""planecastctl doctor on what is really so on this machine: it finds it, and says how it is mended."""
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from control import ControlDaemon
from harness import BUILD, DEADLINE_S, connect, vm_section, wait_until
from tls import make_certs, make_users

CTL = str(BUILD / "planecastctl")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PLANECAST_CONTROL", "NO_COLOR")}
UUID = "a297db4a-f4c2-11e6-90f6-d3b88d6c9525"
NOBODY = 65534


class NobodysDaemon(ControlDaemon):
    """As a user who is not root, in a folder of his own."""

    def __init__(self, config):
        super().__init__(config, wrapper=("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))

    def write_config(self, config):
        super().write_config(config)
        os.chown(self.directory, NOBODY, NOBODY)
        self.config_path.chmod(0o644)


class DoctorCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="planecast-doctor-")))
        self.config = self.folder / "planecast.conf"

    def write(self, *sections):
        self.config.write_text("\n".join(sections))

    def run_ctl(self, *arguments, daemon=None, env=None):
        config = daemon.config_path if daemon else self.config
        socket_path = daemon.control_path if daemon else self.folder / "no-server"
        return subprocess.run([CTL, "--socket", str(socket_path), *arguments, "--config", str(config)], text=True,
                              capture_output=True, timeout=DEADLINE_S * 2, check=False, env={**ENVIRONMENT, **(env or {})})

    def findings(self, *arguments, daemon=None, env=None):
        """What it says; and that its exit status and its words fit together."""
        done = self.run_ctl("--json", "doctor", *arguments, daemon=daemon, env=env)
        self.assertEqual(done.stderr, "")
        answer = json.loads(done.stdout)
        self.assertEqual(answer["running"], daemon is not None)
        bad = [finding for finding in answer["findings"] if finding["verdict"] == "bad"]
        self.assertEqual(done.returncode, 1 if bad else 0, done.stdout)
        self.assertEqual(answer["bad"], len(bad))
        for finding in answer["findings"]:
            if finding["verdict"] != "ok":
                self.assertTrue(finding.get("fix"), finding)
        return answer["findings"]

    def find(self, findings, check, verdict, pattern):
        """The one finding that is so."""
        for finding in findings:
            if (finding["check"], finding["verdict"]) == (check, verdict) and re.search(pattern, finding["text"]):
                return finding
        self.fail(f"no {verdict} {check} /{pattern}/ in {json.dumps(findings, indent=1)}")


def listens(path):
    """Somebody does at that unix socket, who is not connected to for it: some have room for one only."""
    lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
    return any(line.split()[3] == "00010000" and line.endswith(f" {path}") for line in lines)


class Doctor(DoctorCase):
    def test_all_well_without_a_server(self):
        self.write(vm_section("vm"), vm_section("other", vnc=None, spice="127.0.0.1:0"))
        findings = self.findings()
        self.assertEqual({finding["verdict"] for finding in findings if finding["check"] != "render node"}, {"ok", "warn"})
        self.find(findings, "server", "warn", "does not run")
        self.find(findings, "encoder", "ok", "software encodes: planecast software encoder")
        self.assertEqual(self.find(findings, "port", "ok", r"spice 127\.0\.0\.1:0 is free")["vm"], "other")
        self.assertEqual({finding.get("vm") for finding in self.findings("vm")}, {None, "vm"})

    def test_all_well_with_a_server(self):
        with ControlDaemon("{control}" + vm_section("vm", vnc="127.0.0.1:0 unix:" + str(self.folder / "vnc"))) as daemon:
            daemon.wait_serving("vm")
            findings = self.findings(daemon=daemon)
            self.find(findings, "server", "ok", rf"\(process {daemon.pid}\) and serves 1 of 1 VMs")
            # Nobody watches: it has the server look.
            self.find(findings, "picture", "ok", "320x240 XR24")
            self.find(findings, "port", "ok", rf"vnc 127\.0\.0\.1:{daemon.address('vm')[1]}: planecastd listens")
            self.find(findings, "port", "ok", r"vnc unix:.*/vnc: planecastd listens")
            # By the path in its configuration, too.
            done = subprocess.run([CTL, "--json", "doctor", "--config", str(daemon.config_path)], text=True,
                                  capture_output=True, timeout=DEADLINE_S, check=True, env=ENVIRONMENT)
            self.assertTrue(json.loads(done.stdout)["running"])

    def test_a_server_that_does_not_serve(self):
        config = "{control}" + vm_section("vm") + vm_section("none", source="replay", replay_file="/nonexistent",
                                                             pattern_size=None, pattern_fps=None)
        with ControlDaemon(config) as daemon:
            daemon.wait_serving("none")
            findings = self.findings("none", daemon=daemon)
            self.find(findings, "picture", "bad", "none: The recording nonexistent cannot be played: No such file or directory. Mend")
            self.find(findings, "file", "bad", "replay-file /nonexistent is not there")
            daemon.write_config(config + vm_section("new"))
            self.assertIn("reload", self.find(self.findings("new", daemon=daemon), "picture", "warn", "not know")["fix"])
            stopped = daemon.wait_serving("vm")
            os.kill(stopped, signal.SIGSTOP)
            try:
                self.find(self.findings("vm", daemon=daemon), "picture", "warn", "nobody has looked")
            finally:
                os.kill(stopped, signal.SIGCONT)

    def test_configuration(self):
        self.write("[vm \"vm\"]\nsource = pattern\nvcn = 127.0.0.1:0\n")
        findings = self.findings()
        self.find(findings, "config", "bad", r"planecast\.conf:3:1: .*did you mean .vnc.")
        self.config.unlink()
        self.find(self.findings(), "config", "bad", "no-config|No such file|cannot")
        self.write("")
        self.find(self.findings(), "config", "warn", "has no VM")

    def test_no_such_vm(self):
        self.write(vm_section("win11"))
        done = self.run_ctl("doctor", "win12")
        self.assertEqual((done.returncode, done.stdout.count("ok")), (1, 0), done)
        self.assertIn("there is no VM 'win12' in", done.stderr)
        self.assertIn("did you mean 'win11'?", done.stderr)

    def test_ports(self):
        path = str(self.folder / "taken")
        with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket(socket.AF_UNIX) as at_path:
            at_path.bind(path)
            at_path.listen()
            port = taken.getsockname()[1]
            sections = vm_section("vm", vnc=f"127.0.0.1:{port} unix:{path}", spice="192.0.2.1:5900",
                                  spice_auth="none", allow_unauthenticated_remote="yes", allow_cleartext="yes")
            me = rf"is taken by python3?\S* \(process {os.getpid()}\)"
            self.write(sections)
            with ControlDaemon("{control}" + sections) as daemon:
                daemon.wait_serving("vm")
                for findings in self.findings("vm"), self.findings("vm", daemon=daemon):
                    self.find(findings, "port", "bad", rf"vnc 127\.0\.0\.1:{port} {me}")
                    self.find(findings, "port", "bad", rf"vnc unix:{path} {me}")
                    self.find(findings, "port", "bad", r"spice 192\.0\.2\.1:5900: this host does not have")

    def test_nobody_can_connect(self):
        self.write(vm_section("vm", vnc=None))
        self.find(self.findings(), "port", "bad", "no address to listen at")

    @unittest.skipIf(os.geteuid(), "only root can become somebody else")
    def test_what_the_servers_user_may_not(self):
        path = self.folder / "qmp"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            config = "{control}" + vm_section("vm", vnc="127.0.0.1:0 127.0.0.1:79", qmp=str(path)) \
                + vm_section("secret", vnc_auth="vncauth", vnc_password_file=str(self.folder / "password"))
            (self.folder / "password").write_text("x\n")
            (self.folder / "password").chmod(0o600)
            with NobodysDaemon(config) as daemon:
                daemon.wait_serving("vm")
                findings = self.findings(daemon=daemon)
                self.find(findings, "config", "ok", "can be read by user nobody")
                self.find(findings, "input", "bad", f"qmp {path} may not be used by user nobody")
                self.find(findings, "password", "bad", f"{self.folder}/password may not be read by user nobody")
                self.find(findings, "port", "bad", "127.0.0.1:79: user nobody may not listen at a port below 1024")

    def test_devices_that_are_not_there(self):
        self.write(vm_section("mdev", source="vfio", vfio_device=UUID, vfio_attach="own", pattern_size=None,
                              pattern_fps=None),
                   vm_section("pci", source="vfio", vfio_device="0000:ff:1f.7", vfio_attach="own", pattern_size=None,
                              pattern_fps=None),
                   vm_section("passed", source="vfio", vfio_device=UUID, vfio_attach="socket", pattern_size=None,
                              vfio_socket=str(self.folder / "launcher"), pattern_fps=None))
        findings = self.findings()
        self.assertIn(f"create {UUID}", self.find(findings, "device", "bad", f"there is no device {UUID}")["fix"])
        self.assertIn("lspci", self.find(findings, "device", "bad", "there is no device 0000:ff:1f.7")["fix"])
        self.find(findings, "launcher", "bad", "vfio-socket .*/launcher is not there")
        self.find(findings, "input", "warn", "has no qmp")

    def test_a_device_that_is_none_of_vfio(self):
        devices = sorted(pathlib.Path("/sys/bus/pci/devices").iterdir()) if os.path.isdir("/sys/bus/pci/devices") else []
        address = next((device.name for device in devices if not (device / "iommu_group").exists()), None)
        if not address:
            self.skipTest("no PCI device without an IOMMU group here")
        self.write(vm_section("vm", source="vfio", vfio_device=address, vfio_attach="own", pattern_size=None,
                              pattern_fps=None))
        self.assertIn("driverctl", self.find(self.findings(), "device", "bad", "is no VFIO device")["fix"])

    def test_the_broker(self):
        config = "{control}" + vm_section("vm", source="vfio", vfio_device=UUID, pattern_size=None, pattern_fps=None)
        self.write(config.replace("{control}", ""))
        self.find(self.findings(), "broker", "ok", r"kernel\.yama\.ptrace_scope \((there is none|[012])\) does not forbid")
        with ControlDaemon(config) as daemon:
            pid = int(daemon.wait_line(r"broker (\d+) serves")[1])
            verdict = "bad" if os.geteuid() else "ok"
            self.find(self.findings(daemon=daemon), "broker", verdict, rf"the broker \(process {pid}\b")
        if os.geteuid() == 0:
            with NobodysDaemon(config) as daemon:
                daemon.wait_line(r"broker (\d+) serves")
                found = self.find(self.findings(daemon=daemon), "broker", "bad", r"user nobody\) lacks the capabilities")
                self.assertIn("AmbientCapabilities", found["fix"])

    def test_memory(self):
        file = self.folder / "memory"
        file.write_bytes(bytes(320 * 240 * 4 - 1))
        self.write(vm_section("vm", source="memory", memory_file=str(file), memory_size="320x240", pattern_size=None,
                              pattern_fps=None))
        self.find(self.findings(), "file", "bad", "has 307199 bytes, and the picture is 307200")
        os.truncate(file, 307200)
        self.find(self.findings(), "file", "ok", "can be read")

    def test_certificates(self):
        make_certs(self.folder, "localhost")

        def look(certificate="server.pem", key="server-key.pem", **keys):
            self.write(vm_section("vm", tls_certificate=str(self.folder / certificate), tls_key=str(self.folder / key),
                                  **keys))
            return self.findings()

        def sign(name, start, end):
            """One of the same key, from and to these days from now."""
            day = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400 + 3600)) for days in (start, end)]
            (self.folder / "index").write_text("")
            (self.folder / "ca.cnf").write_text(
                f"[ca]\ndefault_ca = own\n[own]\ndatabase = {self.folder}/index\nnew_certs_dir = {self.folder}\nrand_serial = yes\n"
                "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n")
            subprocess.run(["openssl", "req", "-new", "-key", self.folder / "server-key.pem", "-subj", "/CN=localhost",
                            "-out", self.folder / "request"], check=True, capture_output=True)
            subprocess.run(["openssl", "ca", "-batch", "-notext", "-config", self.folder / "ca.cnf", "-in",
                            self.folder / "request", "-cert", self.folder / "ca.pem", "-keyfile",
                            self.folder / "ca-key.pem", "-startdate", day[0], "-enddate", day[1], "-out",
                            self.folder / name], check=True, capture_output=True)

        self.find(look(), "certificate", "ok", "server.pem is good for [0-9]+ days")
        sign("over.pem", -9, -3)
        self.find(look("over.pem"), "certificate", "bad", "over.pem has ended [23] days ago")
        sign("soon.pem", -9, 5)
        self.find(look("soon.pem"), "certificate", "warn", "soon.pem ends in 5 days")
        sign("early.pem", 3, 100)
        self.find(look("early.pem"), "certificate", "bad", "early.pem has not begun yet")
        self.find(look(key="client-key.pem"), "certificate", "bad", "client-key.pem ")
        self.find(look("absent.pem"), "certificate", "bad", "absent.pem is not there")
        self.find(look("index"), "certificate", "bad", "index has no certificate")
        self.find(look(server_names="other.example.org"), "certificate", "warn", "not for the name other.example.org")
        (self.folder / "server-key.pem").chmod(0o644)
        self.assertIn("chmod", self.find(look(), "certificate", "bad", "is open to everybody on this host")["fix"])

    def test_passwords(self):
        password, users = self.folder / "password", self.folder / "users"
        password.write_text("x\n")
        password.chmod(0o640)
        make_users(users, {"ann": "x"})
        users.chmod(0o600)
        make_certs(self.folder, "localhost")
        self.write(vm_section("vm", vnc_auth="vncauth", vnc_password_file=str(password)),
                   vm_section("users", vnc_auth="users", users_file=str(users),
                              tls_certificate=str(self.folder / "server.pem"),
                              tls_key=str(self.folder / "server-key.pem")))
        findings = self.findings()
        self.assertEqual(self.find(findings, "password", "bad", r"is open to group or others \(mode 0640\)")["fix"],
                         f"chmod 0600 {password}")
        self.find(findings, "password", "ok", "users-file .* can be read")
        password.chmod(0o600)
        self.find(self.findings(), "password", "ok", "vnc-password-file .* can be read")
        password.write_text("")
        self.find(self.findings(), "password", "bad", "is empty")

    def test_no_encoder(self):
        self.write(vm_section("vm"), vm_section("off", video="off"))
        env = {"LIBVA_DRIVERS_PATH": "/nonexistent"}
        self.find(self.findings(env=env), "encoder", "bad", "software does not encode: there is no driver for it")
        self.write(vm_section("off", video="off"))
        self.assertNotIn("encoder", {finding["check"] for finding in self.findings(env=env)})

    def test_for_people(self):
        self.write(vm_section("vm", qmp="/nonexistent"))
        said = self.run_ctl("doctor").stdout
        self.assertRegex(said, r"(?m)^this host$")
        self.assertRegex(said, r"(?m)^vm\n  BAD   input +qmp /nonexistent is not there\n +fix: start the VM")
        self.assertRegex(said, r"\n\n\d well, \d to look at, 1 wrong\n$")
        self.assertNotIn("\033", said)

    def test_colours_are_for_terminals(self):
        self.write(vm_section("vm", qmp="/nonexistent"))

        def on_terminal(**env):
            ours, theirs = pty.openpty()
            with contextlib.closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
                process = subprocess.Popen([CTL, "doctor", "--config", str(self.config)], stdout=theirs,
                                           env={**ENVIRONMENT, "LC_ALL": "C.UTF-8", **env})
                os.close(theirs)
                said = b""
                with contextlib.suppress(OSError):  # EIO at its end
                    while select.select([terminal], [], [], DEADLINE_S)[0] and (data := terminal.read(65536)):
                        said += data
                self.assertEqual(process.wait(DEADLINE_S), 1)
            return said.decode()

        said = on_terminal()
        self.assertIn("\033[32m\u2714\033[0m", said)
        self.assertIn("\033[31m\u2718\033[0m     input", said)
        for plain in on_terminal(NO_COLOR="1"), on_terminal(LC_ALL="C"):
            self.assertIn("BAD   input", plain)
            self.assertNotIn("\033", plain)

    def test_names_cannot_write_on_the_terminal(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            child = subprocess.Popen(
                ["python3", "-c", "import sys; open('/proc/self/comm', 'w').write('\033[2Jx'); print('named', flush=True);"
                 "sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[taken.fileno()])
        try:
            child.stdout.readline()
            self.write(vm_section("vm", vnc=f"127.0.0.1:{port}"))
            said = self.run_ctl("doctor").stdout
        finally:
            child.communicate(timeout=DEADLINE_S)
        self.assertIn(f"?[2Jx (process {child.pid})", said)
        self.assertNotIn("\033", said)


class Qemu(DoctorCase):
    """QEMU's sockets."""

    def start(self, *arguments):
        process = subprocess.Popen(["qemu-system-x86_64", "-machine", "q35,accel=tcg,vmport=off", "-m", "32", "-nodefaults",
                                    "-name", "guest=win11,debug-threads=on",
                                    *(() if "-display" in arguments else ("-display", "none")), *arguments])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def qmp(self, *arguments):
        """Its process, and the path of its monitor."""
        path = str(self.folder / "qmp")
        process = self.start("-qmp", f"unix:{path},server=on,wait=off", *arguments)
        wait_until(lambda: listens(path), "the monitor")
        self.write(vm_section("vm", qmp=path))
        return process, path

    def test_it_answers(self):
        self.qmp("-device", "qemu-xhci", "-device", "usb-tablet")
        self.find(self.findings(), "input", "ok", r"QEMU \d+\.\d+\.\d+ answers")
        self.assertEqual([finding["verdict"] for finding in self.findings() if finding["check"] == "input"], ["ok"])

    def test_no_tablet_and_paused(self):
        self.qmp("-S")
        findings = self.findings()
        self.find(findings, "input", "bad", "its guest does not run: it is prelaunch")
        self.assertIn("usb-tablet", self.find(findings, "input", "warn", "no pointer that takes positions")["fix"])

    def test_taken(self):
        _, path = self.qmp()
        with connect(path) as other:
            other.recv(1)
            found = self.find(self.findings(), "input", "bad", rf"is taken by python3?\S* \(process {os.getpid()}\)")
            self.assertIn("-qmp unix:PATH,server=on,wait=off", found["fix"])

    def test_taken_by_us(self):
        _, path = self.qmp()
        with ControlDaemon("{control}" + vm_section("vm", qmp=path)) as daemon:
            daemon.wait_line("QEMU")
            self.find(self.findings(daemon=daemon), "input", "ok",
                      rf"pc:vm \(process {daemon.worker('vm')}\) is connected to {path}")

    def test_left_over(self):
        process, _ = self.qmp()
        process.kill()
        process.wait()
        self.find(self.findings(), "input", "bad", "nobody listens at .* it is left over")

    def test_display(self):
        path, bus = str(self.folder / "qmp"), str(self.folder / "bus")

        def look(dbus):
            self.write(vm_section("vm", source="dbus", dbus=dbus, qmp=path, pattern_size=None, pattern_fps=None))
            return self.findings()

        self.find(look(f"unix:path={bus}"), "display", "bad", f"dbus {bus} is not there")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(bus)
            self.find(look(f"unix:path={bus}"), "display", "bad", f"nobody listens at {bus}")
            listener.listen()
            self.find(look(f"unix:path={bus}"), "display", "ok", f"there is a bus at {bus}")
        for display, verdict, words in (("none", "bad", r"no D-Bus display \(its display is none\)"),
                                        ("dbus,p2p=yes", "ok", "answers")):
            with self.subTest(display=display):
                if os.path.exists(path):
                    os.unlink(path)
                process, _ = self.qmp("-display", display)
                findings = look("p2p")
                found = self.find(findings, "input", verdict, words)
                self.assertTrue(verdict == "ok" or "p2p=yes" in found["fix"], found)
                self.assertEqual(any("D-Bus display" in finding["text"] for finding in findings), verdict == "bad")
                if verdict == "ok":
                    self.assertIn("addr=unix:path=", self.find(look(f"unix:path={bus}"), "input", "bad",
                                                                "is from peer to peer, and not as dbus says")["fix"])
                process.kill()
                process.wait()

    def test_the_agents_port(self):
        path = str(self.folder / "agent")
        self.write(vm_section("vm", vdagent=path))
        self.assertIn("-chardev socket", self.find(self.findings(), "clipboard", "bad", "is not there")["fix"])
        self.start("-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={path},server=on,wait=off",
                   "-device", "virtserialport,chardev=agent,name=com.redhat.spice.0")
        wait_until(lambda: listens(path), "the port")
        self.find(self.findings(), "clipboard", "ok", "QEMU listens")
        with ControlDaemon("{control}" + vm_section("vm", vdagent=path)) as daemon:
            daemon.wait_serving("vm")
            worker = daemon.worker("vm")

            def is_connected():
                return any(finding["check"] == "clipboard" and f"pc:vm (process {worker}) is connected" in finding["text"]
                           for finding in self.findings(daemon=daemon))

            wait_until(is_connected, "the worker's connection", interval_s=.1)
        self.write(vm_section("vm", vdagent="/nonexistent", clipboard="off"))
        self.assertNotIn("clipboard", {finding["check"] for finding in self.findings()})

    def test_another_monitor(self):
        path = str(self.folder / "hmp")
        self.start("-monitor", f"unix:{path},server=on,wait=off")
        wait_until(lambda: listens(path), "the monitor")
        self.write(vm_section("vm", qmp=path))
        found = self.find(self.findings(), "input", "bad", "speaks no QMP, but: .*QEMU .* monitor")
        self.assertIn("human monitor", found["fix"])

    def test_it_hangs(self):
        process, _ = self.qmp()
        process.send_signal(signal.SIGSTOP)
        self.find(self.findings(), "input", "bad", "does not answer: Connection timed out")

    def test_no_socket(self):
        (self.folder / "file").write_text("")
        self.write(vm_section("vm", qmp=str(self.folder / "file")))
        self.find(self.findings(), "input", "bad", "is no socket")

    def test_what_holds_a_port_is_named_with_its_guest(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.start("-chardev", f"socket,id=c,host=127.0.0.1,port={port},server=on,wait=off")

        def listens():
            with contextlib.suppress(ConnectionRefusedError):
                connect(("127.0.0.1", port)).close()
                return True

        wait_until(listens, "the port")
        self.write(vm_section("vm", vnc=f"127.0.0.1:{port}"))
        self.find(self.findings(), "port", "bad", r"is taken by qemu-system-x86 \(process \d+, guest win11\)")


if __name__ == "__main__":
    unittest.main(verbosity=2)
