#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A PC from its firmware over GRUB to a shell on the kernel's console, seen and steered in vncviewer and spicy.

QEMU shows it over D-Bus on a standard VGA. The viewers are there before QEMU is, and stay. Screenshots are
kept in the build folder, tests/screenshots.
"""
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import boot_disk
from harness import DEADLINE_S, Daemon, Timeout, vm_section, wait_until
from picture import Picture
from screen import SCREENSHOTS, Screen, spicy, tigervnc
from viewer import Viewer

SHOWN_S, SAME_S = 30, 2
BOOT_S = 120  # of a kernel whose processor is emulated, on a busy machine
ESCAPE = 0xff1b
PRESSES, PRESS_S = 10, 3


def contains(screen, wanted):
    """Somewhere on the screen is that picture, to the last pixel."""
    stride, bytes_wide = screen.width * 3, wanted.width * 3
    rows = [wanted.rgb[at:at + bytes_wide] for at in range(0, len(wanted.rgb), bytes_wide)]
    lead = max(range(len(rows)), key=lambda row: len(set(rows[row])))  # the one that is most of its own
    if len(set(rows[lead])) == 1:
        return False  # nothing has been shown yet
    at = screen.rgb.find(rows[lead])
    while at >= 0:
        start = at - lead * stride
        if start >= 0 and all(screen.rgb.startswith(row, start + y * stride) for y, row in enumerate(rows)):
            return True
        at = screen.rgb.find(rows[lead], at + 1)
    return False


class Machine:
    """A QEMU that waits in its firmware for somebody to say what to boot from."""

    def __init__(self, directory, qmp):
        disks = [word for index, disk in enumerate(boot_disk.build(directory))
                 for word in ("-drive", f"file={disk},format=raw,if=ide,index={index}")]
        self.firmware = os.path.join(directory, "firmware")
        os.mkfifo(self.firmware)
        self.lines = {"firmware": "", "serial": ""}
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "pc,accel=tcg", "-cpu", "max", "-m", "256", "-nodefaults", "-no-user-config",
             "-no-reboot", "-device", "VGA", "-display", "dbus,p2p=yes", "-boot", "menu=on,splash-time=60000",
             "-qmp", f"unix:{qmp},server=on,wait=off", "-serial", "stdio", "-chardev",
             f"file,id=firmware,path={self.firmware}", "-device", "isa-debugcon,iobase=0x402,chardev=firmware", *disks],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        for name, file in (("serial", self.process.stdout), ("firmware", self.firmware)):
            threading.Thread(target=self.read, args=(name, file), daemon=True).start()

    def read(self, name, file):
        with open(file, "rb", buffering=0) if isinstance(file, str) else file as stream:
            while data := os.read(stream.fileno(), 4096):
                with self.changed:
                    self.lines[name] += data.decode(errors="replace")
                    self.changed.notify_all()

    def wait(self, name, words, deadline_s=DEADLINE_S):
        """Until it has said that: the firmware to its port for that, or who runs on the serial line."""
        with self.changed:
            if not self.changed.wait_for(lambda: words in self.lines[name], deadline_s):
                raise Timeout(f"{name}: no {words!r} in {deadline_s} s, but {self.lines[name][-2000:]!r}")

    def close(self):
        self.process.kill()
        self.process.wait()


class Boot(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="planecast-test-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def show(self, probe, stage):
        """All are shown the same. A text cursor that blinks is so again and again."""
        path = os.path.join(self.directory, "shown.ppm")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for name, screen in self.screens.items():
            def is_shown(screen=screen):
                probe("save", path)
                wanted, end = Picture.read_ppm(path), time.monotonic() + SAME_S
                while time.monotonic() < end:
                    if contains(screen.picture(), wanted):
                        return True
                return False

            try:
                wait_until(is_shown, f"{name} shows what another viewer is shown: {stage}", SHOWN_S)
            finally:
                screen.picture().write_png(SCREENSHOTS / f"boot-{stage}-{name}.png")
            self.assertIsNone(self.processes[name].poll())

    def type(self, name, *keys):
        screen = self.screens[name]
        # There is no window manager to give it the keyboard.
        screen.xdotool("search", "--onlyvisible", "--name", self.titles[name], "windowfocus", "--sync")
        screen.xdotool(*keys)

    def ask_for_menu(self, probe, machine):
        """The firmware may not listen yet where it says that it does."""
        for _ in range(PRESSES):
            probe.press(ESCAPE)
            try:
                machine.wait("firmware", "Select boot device", PRESS_S)
                return
            except Timeout:
                pass
        self.fail("the firmware shows no menu")

    def test_from_firmware_to_console(self):
        qmp = os.path.join(self.directory, "qmp")
        config = vm_section("vm", source=None, dbus="p2p", qmp=qmp, spice="127.0.0.1:0", pattern_size=None,
                            pattern_fps=None)
        with Daemon(config) as daemon, Screen(1200, 1000) as vnc_screen, Screen(1200, 1000) as spice_screen:
            daemon.wait_serving("vm")
            vnc, spice = daemon.address("vm"), daemon.address("vm", protocol="spice")
            self.screens = {"vncviewer": vnc_screen, "spicy": spice_screen}
            self.titles = {"vncviewer": "TigerVNC", "spicy": "spice"}
            self.processes = {"vncviewer": vnc_screen.start(tigervnc(vnc, "-NoJPEG=1")),
                              "spicy": spice_screen.start(spicy(spice))}
            with Viewer(vnc, patience_s=60) as probe:
                self.show(probe, "0-off")
                machine = Machine(self.directory, qmp)
                self.addCleanup(machine.close)
                machine.wait("firmware", "Press ESC for boot menu")
                self.show(probe, "1-firmware")
                self.ask_for_menu(probe, machine)
                self.show(probe, "2-menu")
                self.type("spicy", "key", "1")
                machine.wait("serial", "GNU GRUB")
                self.show(probe, "3-grub")
                self.type("vncviewer", "key", "Return")
                machine.wait("serial", boot_disk.READY, BOOT_S)
                self.show(probe, "4-console")
                for name in self.screens:
                    self.type(name, "type", "--delay", "40", f"echo {name} has typed > /dev/ttyS0")
                    self.type(name, "key", "Return")
                    machine.wait("serial", f"{name} has typed")
                self.show(probe, "5-typed")
                self.assertEqual(daemon.count_lines("viewer left"), 0)


if __name__ == "__main__":
    if not boot_disk.is_there():
        print("skipped: needs the package grub-pc-bin, and a kernel that tests/lab/lab can download")
        sys.exit(77)
    unittest.main(verbosity=2)
