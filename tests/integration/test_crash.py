#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon a killed worker is back, and what viewers of other VMs see of it: nothing."""
import os
import signal
import statistics
import threading
import time
import unittest

from harness import (ASAN_SIGNALS, SANITIZED, Daemon, RfbClient, greeting, process_alive, vm_section,
                     wait_until)

BACK_AGAIN_S = 0.1 if not SANITIZED else 1.0
FATAL = [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT]


class Crash(unittest.TestCase):
    def test_back_within_100_ms(self):
        """Each VM's first death: a viewer who comes that moment is greeted by the next worker."""
        names = [f"vm{n}" for n in range(10)]
        with Daemon("".join(vm_section(name) for name in names), env=ASAN_SIGNALS) as daemon:
            taken = []
            for n, name in enumerate(names):
                pid = daemon.wait_serving(name)
                address = daemon.address(name)
                mark = daemon.mark()
                start = time.monotonic()
                os.kill(pid, FATAL[n % len(FATAL)])
                wait_until(lambda pid=pid: not process_alive(pid), "death of the worker", interval_s=0.0001)
                self.assertEqual(greeting(address), b"RFB 003.008\n")
                taken.append(time.monotonic() - start)
                self.assertNotEqual(daemon.wait_serving(name, mark), pid)
            print(f"killed worker: next one greets after {statistics.median(taken) * 1000:.1f} ms median, "
                  f"{max(taken) * 1000:.1f} ms longest of {len(taken)}")
            self.assertLessEqual(statistics.median(taken), BACK_AGAIN_S)
            for number in FATAL:
                self.assertTrue(daemon.count_lines(rf"died: killed by {number.name} "), number.name)

    def test_other_viewers_see_no_gap(self):
        frame_s = 1 / 30
        names = [f"victim{n}" for n in range(5)]
        config = vm_section("watched") + "".join(vm_section(name) for name in names)
        with Daemon(config, log_level="info", env=ASAN_SIGNALS) as daemon:
            victims = [daemon.wait_serving(name) for name in names]
            times, end = [], threading.Event()

            def watch(viewer):
                while not end.is_set():
                    viewer.request()
                    viewer.update()
                    times.append(time.monotonic())

            with RfbClient(daemon.address("watched")) as viewer:
                thread = threading.Thread(target=watch, args=(viewer,))
                thread.start()
                gaps = []
                try:
                    for name, pid in zip(names, victims):
                        wait_until(lambda n=len(times): len(times) >= n + 5, "pictures before the kill")
                        first, mark = len(times) - 1, daemon.mark()
                        os.kill(pid, signal.SIGSEGV)
                        daemon.wait_serving(name, mark)
                        wait_until(lambda n=len(times): len(times) >= n + 5, "pictures after the kill")
                        window = times[first:]
                        gaps.append(max(b - a for a, b in zip(window, window[1:])))
                finally:
                    end.set()
                    thread.join()
            print(f"another VM's viewer: gaps around a crash of at most "
                  f"{', '.join(f'{gap * 1000:.0f}' for gap in sorted(gaps))} ms")
            self.assertLessEqual(statistics.median(gaps), frame_s + 0.1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
