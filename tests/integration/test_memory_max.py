#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memory-max: a VM that needs more than it may have costs its own viewers, and nobody else anything."""
import pathlib
import unittest

from control import ControlDaemon
from harness import SANITIZED, RfbClient, Timeout, vm_section, wait_until
from viewer import Refused, SpiceViewer, Viewer

MIB = 1 << 20


def limit_of(pid):
    for line in pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max data size"):
            return line.split()[3:5]
    raise AssertionError(f"process {pid} has no such limit")


def section(name, **keys):
    return vm_section(name, pattern_scene="video", pattern_fps=30, spice="127.0.0.1:0", **keys)


@unittest.skipIf(SANITIZED, "sanitizers take all of the address space, so that there is no limit")
class MemoryMax(unittest.TestCase):
    def test_what_is_said_is_what_holds(self):
        config = "{control}" + section("default") + section("free", memory_max=0)
        with ControlDaemon(config + section("small", memory_max="300M")) as daemon:
            for vm, limit in ("default", str(4 << 30)), ("free", "unlimited"), ("small", str(300 * MIB)):
                daemon.wait_serving(vm)
                self.assertEqual(limit_of(daemon.worker(vm)), [limit, limit])
            # Another limit is another process.
            worker, other = daemon.worker("small"), daemon.worker("default")
            mark = daemon.reload(config + section("small", memory_max="500M"))
            daemon.wait_serving("small", mark)
            self.assertNotEqual(daemon.worker("small"), worker)
            self.assertEqual(limit_of(daemon.worker("small"))[0], str(500 * MIB))
            self.assertEqual(daemon.worker("default"), other)

    def crowd(self, daemon):
        """Viewers of 4K, each of whom wants to see something, until one is lost or the process is."""
        worker, viewers = daemon.worker("small"), []
        try:
            for _ in range(12):
                for kind, protocol in (Viewer, "vnc"), (SpiceViewer, "spice"):
                    viewers.append(kind(daemon.address("small", protocol=protocol), patience_s=5))
                    viewers[-1]("remember")
                if daemon.worker("small") != worker:
                    return "the process"
        except (Refused, Timeout, ConnectionError, OSError, RuntimeError, ProcessLookupError) as lost:
            return f"viewer {len(viewers)}: {lost}"
        finally:
            for viewer in viewers:
                viewer.close()
        return None

    def test_too_much_costs_its_own_viewers_only(self):
        config = "{control}" + section("small", pattern_size="3840x2160", memory_max="250M",
                                       max_handshakes_per_source=100) + section("other")
        with ControlDaemon(config) as daemon:
            for vm in "small", "other":
                daemon.wait_serving(vm)
            other, mark = daemon.worker("other"), daemon.mark()
            with RfbClient(daemon.address("other")) as witness, daemon.control() as control:
                lost = self.crowd(daemon)
                self.assertIsNotNone(lost)
                print(f"lost: {lost}")
                taken = daemon.count_lines("memory-max|[Mm]emory|worker [0-9]+ died", mark)
                self.assertGreater(taken, 0)
                # The others', and the supervisor, go on; and so does that VM.
                self.assertEqual(daemon.worker("other"), other)
                for _ in range(5):
                    witness.request(False)
                    witness.update()
                self.assertEqual(control.ask("version")["pid"], daemon.pid)
                wait_until(lambda: control.ask("status", vm="small")["worker"] == "serves", "the VM again", 15)
                with Viewer(daemon.address("small")) as viewer:
                    viewer("remember")


if __name__ == "__main__":
    unittest.main(verbosity=2)
