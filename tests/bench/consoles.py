#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What many resting consoles of QEMU cost: planecastd's CPU time, all its processes together, in per cent of a core.

Each console is a paused QEMU with a D-Bus display. Measured when nobody watches, and when one viewer watches each.
"""
import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "integration"))

from harness import Daemon, process_children, vm_section, wait_until  # noqa: E402
from viewer import Viewer  # noqa: E402


def start_console(qmp):
    """A machine that does not run. It takes no CPU, and its picture is what QEMU shows before there is one."""
    return subprocess.Popen(
        ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-S", "-m", "16", "-nodefaults", "-no-user-config",
         "-display", "dbus,p2p=yes", "-device", "VGA", "-qmp", f"unix:{qmp},server=on,wait=off"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def processes_of(pid):
    found = [pid]
    for child in process_children(pid):
        found += processes_of(child)
    return found


def cpu_ns(pid):
    """Of all threads that there are; nobody's come and go while all rests."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        total += int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text(encoding="ascii").split()[0])
    return total


class Consoles:
    """So many QEMUs and one planecastd that shows them."""

    def __init__(self, count):
        self.names = [f"console{i}" for i in range(count)]
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        directory = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="planecast-consoles-"))
        config = ""
        for name in self.names:
            qmp = f"{directory}/{name}"
            process = start_console(qmp)
            self.stack.callback(process.wait)
            self.stack.callback(process.kill)
            config += vm_section(name, source="dbus", dbus="p2p", qmp=qmp, pattern_size=None, pattern_fps=None)
        self.daemon = self.stack.enter_context(Daemon(config))
        for name in self.names:
            self.daemon.wait_serving(name)
        wait_until(lambda: self.daemon.count_lines("connected to QEMU's D-Bus display") >= len(self.names),
                   "all consoles are connected")
        return self

    def __exit__(self, *unused):
        self.stack.close()

    def watch(self):
        """A viewer for each, until the end."""
        for name in self.names:
            viewer = self.stack.enter_context(Viewer(self.daemon.address(name), "--encodings", "copyrect tight"))
            viewer("updates", 1)

    def cost(self, seconds):
        """Per cent of a core. What was begun before has to end first: the best of three."""
        costs = []
        for _ in range(3):
            pids = processes_of(self.daemon.pid)
            before = sum(map(cpu_ns, pids))
            threading.Event().wait(seconds)
            costs.append((sum(map(cpu_ns, pids)) - before) / seconds / 1e7)
        return min(costs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=16, help="consoles (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10, help="to measure each time (default: %(default)s)")
    options = parser.parse_args()
    with Consoles(options.count) as consoles:
        print(f"{options.count} consoles, nobody watches: {consoles.cost(options.seconds):.3f} % of a core")
        consoles.watch()
        print(f"{options.count} consoles, a viewer each: {consoles.cost(options.seconds):.3f} % of a core")


if __name__ == "__main__":
    main()
