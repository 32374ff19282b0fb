# SPDX-License-Identifier: GPL-2.0-or-later
"""A libvirtd of the test's own: as an unprivileged user's, all of whose files are in one folder."""
import html
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import DEADLINE_S, wait_until

NOBODY = 65534
DOMAIN = """<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/><vmport state='off'/></features>
  <devices>{devices}</devices>
  <qemu:commandline>{arguments}</qemu:commandline>
</domain>
"""


def is_here():
    return all(shutil.which(program) for program in ("libvirtd", "virsh", "qemu-system-x86_64"))


class Libvirt:
    """Root's libvirtd would use the host's own folders, so root's tests have nobody's."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="planecast-libvirt-", ignore_cleanup_errors=True)
        self.directory = pathlib.Path(self._directory.name)
        self.directory.chmod(0o755)
        self.prefix = []
        if os.geteuid() == 0:
            self.prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            os.chown(self.directory, NOBODY, NOBODY)
        self.environment = {**os.environ, "HOME": str(self.directory), "LC_ALL": "C",
                            "XDG_RUNTIME_DIR": str(self.directory / "run"),
                            "XDG_CONFIG_HOME": str(self.directory / "config"),
                            "XDG_CACHE_HOME": str(self.directory / "cache")}
        config = self.directory / "libvirtd.conf"
        config.write_text("listen_tls = 0\nauth_unix_rw = \"none\"\n")
        self.log = open(self.directory / "log", "wb")
        self.process = subprocess.Popen([*self.prefix, "libvirtd", "--config", str(config)], env=self.environment,
                                        cwd=self.directory, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(lambda: (self.directory / "run/libvirt/libvirt-sock").exists() or self.process.poll() is not None,
                   "libvirtd's socket")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        try:
            for name in self.virsh("list", "--name").split("\n"):
                if name:
                    self.virsh("destroy", name)
        finally:
            self.process.terminate()
            self.process.wait(DEADLINE_S)
            self.log.close()
            if kind:
                print((self.directory / "log").read_text(errors="replace")[-4000:])
            self._directory.cleanup()

    def virsh(self, *arguments):
        done = subprocess.run([*self.prefix, "virsh", "--quiet", "--connect", "qemu:///session", *arguments], text=True,
                              env=self.environment, cwd=self.directory, capture_output=True,
                              timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"virsh {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def define(self, name, devices, *arguments):
        words = "".join(f"<qemu:arg value='{word}'/>" for word in arguments)
        file = self.directory / "domain.xml"
        file.write_text(DOMAIN.format(name=html.escape(name), devices=devices, arguments=words))
        self.virsh("define", str(file))
