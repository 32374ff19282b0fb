#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
How old a film's pictures are at the other end of slow links.

What is to be reached: half of them RTT / 2, the time that one takes to be sent and 50 ms; 99 of 100
three times that.
"""
import contextlib
import time
import unittest

import slow_link
from film import Show
from harness import BUILD, Daemon
from hostile import be_preferred
from viewer import Viewer

ATTEMPTS = 4
WINDOW_S = 4
# Until the film is known as one, and its quality what the link wants.
BEGIN_S = 4


class BenchView(Viewer):
    PROGRAM = str(BUILD / "tests" / "bench_view")


class BenchSpice(Viewer):
    PROGRAM = str(BUILD / "tests" / "bench_spice")
    PROTOCOL = "spice"


OPTIONS = ["--encodings", "copyrect h264 tight", "--quality", "8", "--continuous", "--fence"]


@unittest.skipUnless(slow_link.is_possible(), "needs root and /dev/net/tun")
class Links(unittest.TestCase):
    @contextlib.contextmanager
    def film(self):
        """A film, and where its viewers connect."""
        with Show("film", 1280, 720) as show, \
                Daemon(show.vm(vnc="0.0.0.0:0", spice="0.0.0.0:0", allow_unauthenticated_remote="yes",
                               allow_cleartext="yes")) as daemon:
            daemon.wait_serving("vm")
            show.start()
            yield daemon

    def window(self, name, *viewers):
        """What the first of each got in a window of time."""
        for viewer in viewers:
            viewer("reset")
        time.sleep(WINDOW_S)
        all_stats = [viewer("stats")["viewers"][0] for viewer in viewers]
        for stats in all_stats:
            print(f"{name}: age p50 {stats['age_p50_ms']} ms, p99 {stats['age_p99_ms']} ms, {stats['fps']} a second, "
                  f"{stats['bytes'] * 8 / WINDOW_S / 1e6:.2f} Mbit/s")
        return all_stats

    def watch(self, rate, delay_ms, windows, begin_s=BEGIN_S):
        """Yields what a viewer got of a film in each window of time."""
        with self.film() as daemon, \
                BenchView((slow_link.HERE, daemon.address("vm")[1]), *OPTIONS,
                          wrapper=slow_link.wrapper(rate, delay_ms)) as viewer:
            time.sleep(begin_s)
            for _ in range(windows):
                stats = self.window(f"{rate}, {delay_ms} ms", viewer)[0]
                self.assertIn("h264", stats["rectangles"])
                yield stats

    def reach(self, rate, delay_ms, p50_ms):
        """The machine may be busy with something else: the best of some windows."""
        best = []
        for stats in self.watch(rate, delay_ms, ATTEMPTS):
            best.append(max(stats["age_p50_ms"], stats["age_p99_ms"] / 3))
            if best[-1] <= p50_ms:
                return
        self.fail(f"age p50, or a third of p99: {best} ms, at most {p50_ms} ms wanted")

    def test_10_mbit(self):
        self.reach("10M", 50, 25 + 33 + 50)

    def test_1_mbit(self):
        # Its coarsest pictures take 45 ms.
        self.reach("1M", 50, 25 + 45 + 50)

    def test_spice(self):
        with self.film() as daemon, \
                BenchSpice((slow_link.HERE, daemon.address("vm", protocol="spice")[1]),
                           wrapper=slow_link.wrapper("10M", 50)) as viewer:
            time.sleep(BEGIN_S)
            for _ in range(ATTEMPTS):
                stats = self.window("SPICE, 10M, 50 ms", viewer)[0]
                if max(stats["age_p50_ms"], stats["age_p99_ms"] / 3) <= 25 + 33 + 50:
                    return
        self.fail("too old")

    def test_beside_fast_ones(self):
        """A slow viewer is shown what its link carries, and the others what they were."""
        with self.film() as daemon, \
                BenchView(("127.0.0.1", daemon.address("vm")[1]), *OPTIONS, "--viewers", 3, "--skim") as fast:
            time.sleep(BEGIN_S)
            alone = self.window("alone", fast)[0]
            with BenchView((slow_link.HERE, daemon.address("vm")[1]), *OPTIONS,
                           wrapper=slow_link.wrapper("1M", 50)) as slow:
                time.sleep(2 * BEGIN_S)
                for _ in range(ATTEMPTS):
                    beside, far = self.window("beside", fast, slow)
                    if beside["fps"] >= .9 * alone["fps"] and far["age_p50_ms"] <= 25 + 45 + 50 and far["fps"] > 10:
                        return
        self.fail("too old, or too few")

    def test_step_down(self):
        """From 50 to 2 Mbit/s: young again within a second."""
        stats = list(self.watch("50M,12:2M", 50, 3, 6))
        self.assertLess(stats[-1]["age_p99_ms"], 500)


if __name__ == "__main__":
    be_preferred()
    unittest.main(verbosity=2)
