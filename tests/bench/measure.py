# SPDX-License-Identifier: GPL-2.0-or-later
"""One measurement: a server, a feeder that paints, viewers that look; and the CPU time of each.

CPU, bytes and pictures are those from before the first picture until a frame
after the last. What it then takes until the picture is exact, and what that
costs, is told apart.
"""
import json
import os
import selectors
import signal
import subprocess
import time

from matrix import ENCODINGS, has_video, key_of, protocol_of, skims
from peer import BENCH_FEED, PROGRAMS, Timeout
from report import LATE_SHARE

VIEWERS = {"vnc": str(PROGRAMS / "bench_view"), "spice": str(PROGRAMS / "bench_spice")}
IDLE_PERIOD = 30  # BENCH_IDLE_PERIOD of scene.h
PATIENCE_S = 20
# Before the window: the first picture was everything at once, and is refined.
SETTLE_BEFORE_S = 2.0
SETTLE_AFTER_S = 5.0
# How long after the last picture its CPU counts; the figure to reach is 1 s.
AFTERMATH_S = 1.5
# Until then a film is known as one, and what counts is how it goes on.
LEAD_PICTURES = 45
TICK_S = 0.5


def process_cpu_s(pid):
    """User and system time of a process and all its threads, ended ones, too; None: it is gone."""
    try:
        # The kernel's name for another process's CPU clock: CPUCLOCK_SCHED of ~pid.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


class CpuMeter:
    """The CPU time of processes that come and go. What ends between two readings keeps what it had at the last."""

    def __init__(self, pids):
        self._pids, self._seen = pids, {}

    def read(self):
        for pid in self._pids():
            spent = process_cpu_s(pid)
            if spent is not None:
                self._seen[pid] = spent
        return sum(self._seen.values())


def machine_times():
    """(all, busy, stolen) seconds of all cores since boot."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    per_s = os.sysconf("SC_CLK_TCK")
    return sum(ticks) / per_s, (sum(ticks) - ticks[3] - ticks[4]) / per_s, ticks[7] / per_s


class Talker:
    """A program that answers each line with a line of JSON; the first comes unasked."""

    def __init__(self, command, pass_fds=()):
        self.name = os.path.basename(command[0])
        self._text = b""
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=pass_fds, start_new_session=True)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)

    @property
    def pid(self):
        return self.process.pid

    def send(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            self._ended()

    def answer(self, patience_s=PATIENCE_S, tick=None):
        """tick is called now and then while the answer is waited for."""
        end = time.monotonic() + patience_s
        while b"\n" not in self._text:
            left = end - time.monotonic()
            if left <= 0:
                raise Timeout(f"{self.name}: no answer within {patience_s:.0f} s")
            if self._selector.select(min(left, TICK_S)):
                read = os.read(self.process.stdout.fileno(), 65536)
                if not read:
                    self._ended()
                self._text += read
            if tick:
                tick()
        line, _, self._text = self._text.partition(b"\n")
        return json.loads(line)

    def ask(self, line, patience_s=PATIENCE_S, tick=None):
        self.send(line)
        return self.answer(patience_s, tick)

    def _ended(self):
        self.process.kill()
        said = self.process.communicate()[1].decode(errors="replace").strip().splitlines()
        raise Timeout(f"{self.name} ended: {said[-1] if said else self.process.returncode}")

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except OSError:
                pass
        self._selector.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Feeder(Talker):
    """bench_feed. After play(): changed is how many pictures differed from the one before, sequence the last such."""

    def __init__(self, peer, case, fps):
        width, height = case.size
        super().__init__([BENCH_FEED, *peer.feed, "--fps", str(fps), case.scene, f"{width}x{height}"], peer.feed_fds)
        self.answer()
        self.fps, self.sequence, self.changed, self.late = fps, 0, 0, 0
        self._step = IDLE_PERIOD if case.scene == "idle" else 1

    def play(self, count, tick=None):
        """Seconds it took, which are more than they should be where the server holds the feeder up."""
        told = self.ask(f"go {count}", PATIENCE_S + 4 * count / self.fps, tick)
        self.changed = (told["sequence"] - self.sequence) // self._step
        self.sequence, self.late = told["sequence"], told["late"]
        time.sleep(1 / self.fps)  # the last picture has its time, too
        return told["seconds"]


def viewer_command(peer, case, viewers, *more):
    host, port = peer.address
    asks = list(ENCODINGS[case.encoding])
    if "--quality" in asks:
        level = asks.index("--quality") + 1
        asks[level] = str(peer.quality(int(asks[level])))
    command = [VIEWERS[peer.protocol], *asks, "--patience", str(PATIENCE_S), *more]
    if case.rate:
        command += ["--rate", str(case.rate)]
    if viewers > 1:
        command += ["--viewers", str(viewers)]
    return [*command, f"{host}:{port}"]


class Measurement:
    """Everything that runs for one case; a context manager."""

    def __init__(self, peer, case, pictures, fps, quick=False):
        self.peer, self.case, self.fps, self.pictures = peer, case, fps, pictures
        if case.scene == "idle":
            self.pictures = -(-pictures // IDLE_PERIOD) * IDLE_PERIOD
        self.before_s, self.after_s = (0.2, 1.0) if quick else (SETTLE_BEFORE_S, SETTLE_AFTER_S)
        self.rest_s = min(2 * pictures / fps, 10)
        self.cpu = CpuMeter(peer.pids)
        self.feeder = None
        self.views = []

    def __enter__(self):
        try:
            self.peer.start()
            self.feeder = Feeder(self.peer, self.case, self.fps)
            if self.case.scene == "idle":
                # A change at the very end of a run would not be seen in time by those that look seldom.
                self.feeder.play(IDLE_PERIOD // 2)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        for talker in [*self.views, self.feeder]:
            if talker:
                talker.stop()
        self.peer.stop()

    def feed_alone(self):
        """CPU of being fed while nobody looks."""
        before = self.cpu.read()
        self.feeder.play(self.pictures, self.cpu.read)
        return self.cpu.read() - before

    def connect(self):
        """The first decodes everything and tells; the others only mind the marks, where their protocol lets them."""
        commands = [viewer_command(self.peer, self.case, 1, "--scene", self.case.scene)]
        if self.case.viewers > 1:
            skim = ["--skim"] if skims(self.case) else []
            commands.append(viewer_command(self.peer, self.case, self.case.viewers - 1, *skim))
        for command in commands:
            self.views.append(Talker(command))
        for view in self.views:
            first = view.answer(2 * PATIENCE_S)
            if not first["ok"]:
                raise Timeout(f"{view.name}: {first['error']}")
        self.peer.warm_up()
        if not self.views[0].ask(f"settle {self.before_s}", self.before_s + PATIENCE_S)["settled"]:
            self.views[0].ask("final 0.5")  # it may still be sending better pixels

    def others_cpu_s(self):
        return sum(process_cpu_s(talker.pid) or 0 for talker in [*self.views, self.feeder])

    def play(self):
        if has_video(self.case):
            self.feeder.play(LEAD_PICTURES, self.cpu.read)
        for view in self.views:
            view.ask("reset")
        # What a viewer sees while it moves, before any server sends better pixels for what rests.
        self.views[0].ask(f"sample {self.feeder.sequence + self.pictures * 2 // 3}")
        total, busy, stolen = machine_times()
        others, cpu, coding = self.others_cpu_s(), self.cpu.read(), self.peer.coding_cpu_s()
        seconds = self.feeder.play(self.pictures, self.cpu.read)
        cpu = self.cpu.read() - cpu
        if coding is not None:
            coding = self.peer.coding_cpu_s() - coding
        for view in self.views:
            view.send("stats")
        stats = [view.answer() for view in self.views]
        now_total, now_busy, now_stolen = machine_times()
        own = cpu + self.others_cpu_s() - others
        first, *crowd = [viewer for each in stats for viewer in each["viewers"]]
        return {
            "seconds": seconds, "cpu_s": cpu, "coding_cpu_s": coding, "pictures": self.pictures, "pictures_a_second": self.fps,
            "changed_pictures": self.feeder.changed,
            "view": {**first, "copy_rects": first["rectangles"].get("copyrect", 0) if "rectangles" in first else None,
                     "video_rects": first["rectangles"].get("h264", 0) if "rectangles" in first else None},
            "others_pictures": [viewer["pictures"] for viewer in crowd],
            "client_cpu": max(each["cpu"] for each in stats), "client_busy": max(each["busy"] for each in stats),
            "client_limited": any(each["client_limited"] for each in stats),
            "late": self.feeder.late, "feeder_late": self.feeder.late > LATE_SHARE * self.feeder.changed,
            "machine": {"total_s": now_total - total, "steal_s": now_stolen - stolen,
                        "foreign_s": max(now_busy - busy - (now_stolen - stolen) - own, 0)},
        }

    def settle(self):
        """From the last picture on: when it came, when it was exact, what that cost, what stays."""
        view, cpu, start = self.views[0], self.cpu.read(), time.monotonic()
        came = view.ask(f"until {self.feeder.sequence}", 2 * PATIENCE_S)
        view.send(f"settle {self.after_s}")
        # A viewer takes its time to answer; the server's is read meanwhile.
        time.sleep(max(start + min(AFTERMATH_S, self.after_s) - time.monotonic(), 0))
        cpu = self.cpu.read() - cpu
        settled = view.answer(self.after_s + PATIENCE_S)
        viewer = settled["viewers"][0]
        exact = came["ok"] and viewer.get("exact_age_ms") is not None
        moving = view.ask("sampled")
        final = view.ask("final", 2 * PATIENCE_S)
        final = final["viewers"][0] if final["ok"] else {}
        return {
            # Of what moved last; the rest of the picture is exact or not for another reason.
            "exact_moving": moving.get("psnr_damaged", 0) is None, "psnr_moving": moving.get("psnr_damaged"),
            "exact_whole": moving.get("exact"), "psnr_whole": moving.get("psnr"),
            "settle": {"exact": exact, "cpu_s": cpu, "last_came_ms": came.get("ms"),
                       "seconds": viewer["exact_age_ms"] / 1e3 if exact else None},
            "final": {"exact": final.get("exact"), "psnr": final.get("psnr"), "psnr_damaged": final.get("psnr_damaged"),
                      "sequence": final.get("sequence")},
        }

    def rest(self):
        """Nothing changes: what is sent and spent all the same."""
        view = self.views[0]
        view.ask("reset")
        start, cpu = time.monotonic(), self.cpu.read()
        time.sleep(self.rest_s)
        cpu = self.cpu.read() - cpu
        seconds = time.monotonic() - start
        return {"bytes": view.ask("stats")["viewers"][0]["bytes"], "seconds": seconds, "cpu_s": cpu}


def expected_s(case, pictures, fps, feeds_alone, quick):
    """About how long measure() takes."""
    play_s = pictures / fps
    rest_s = 2 * play_s if case.scene == "idle" else 0
    return 1.5 + play_s * (2 if feeds_alone else 1) + (1.2 if quick else 6) + rest_s


def measure(peer_class, case, repeat, pictures, fps, feed_cpu_s=None, quick=False):
    """
    What report.py calls a run. feed_cpu_s: what being fed costs alone, where that
    is known from another case of this repeat; it is measured else. A server that
    does not do its part makes a run with an error.
    """
    run = {"case": key_of(case), "peer": peer_class.name, "repeat": repeat, "scene": case.scene,
           "size": list(case.size), "encoding": case.encoding, "viewers": case.viewers, "rate": case.rate,
           "feed_cpu_s": feed_cpu_s, "rest": None, "error": None}
    peer = peer_class(*case.size, protocol_of(case))
    try:
        with Measurement(peer, case, pictures, fps, quick) as measurement:
            if peer_class.feeding_counts and feed_cpu_s is None:
                run["feed_cpu_s"] = measurement.feed_alone()
            measurement.connect()
            run.update(measurement.play())
            run.update(measurement.settle())
            if case.scene == "idle":
                run["rest"] = measurement.rest()
            if not peer.running():
                run["error"] = "the server ended"
    except (Timeout, OSError, KeyError, ValueError) as problem:
        # A log may stand behind it; its end tells most.
        first, *log = f"{type(problem).__name__}: {problem}".strip().splitlines()
        run["error"] = " ... ".join([first, *log[-1:]])
    return run
