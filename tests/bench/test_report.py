#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The report's arithmetic and its page, from made-up measurements.

    test_report.py              runs the tests
    test_report.py PAGE.html    writes the page of a made-up report, to look at
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import goals  # noqa: E402
import matrix  # noqa: E402
import measure  # noqa: E402
import peers_memory  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
import shape  # noqa: E402

peers = {peer.name: peer for peer in peers_memory.PEERS}
MACHINE = {"cpu": "Made-up CPU <4>", "cores": 2, "kernel": "6.1", "load_at_start": 0.1}


def run(peer="planecast", scene="typing", size=(1920, 1080), encoding="tight", viewers=1, rate=None, repeat=1, **more):
    """One measurement of 150 pictures in 5 s, as measure.py tells it."""
    made = {"case": report.case_key(scene, size, encoding, viewers, rate), "peer": peer, "scene": scene,
            "size": list(size), "encoding": encoding, "viewers": viewers, "rate": rate, "repeat": repeat,
            "pictures": 150, "pictures_a_second": 30, "changed_pictures": 150, "seconds": 5.0,
            "cpu_s": 0.1, "feed_cpu_s": None,
            "view": {"pictures": 150, "bytes": 150_000, "age_p50_ms": 2.0, "age_p95_ms": 3.0, "age_p99_ms": 4.0,
                     "copy_rects": 0},
            "others_pictures": [], "exact_moving": False, "psnr_moving": 40.0, "exact_whole": False, "psnr_whole": 45.0,
            "settle": {"exact": True, "seconds": 0.4, "cpu_s": 0.01}, "final": {"exact": True, "psnr": None},
            "rest": None, "error": None,
            "machine": {"total_s": 10.0, "steal_s": 0.0, "foreign_s": 0.0}, "client_limited": False,
            "feeder_late": False}
    made["view"].update(more.pop("view", {}))
    made.update(more)
    return made


def of(runs, micro=()):
    machine = dict(MACHINE)
    made = {"machine": machine, "settings": {"repeats": 1, "pictures": 150}, "runs": list(runs), "micro": list(micro),
            "peers": [{"name": "planecast", "available": True, "about": "planecast 0.1", "why": ""},
                      {"name": "gone", "available": False, "about": "", "why": "no gone here"}],
            "rows": report.summarise(runs), "warnings": report.warnings_of(machine, runs)}
    made["goals"] = goals.judge(made)
    return made


def goal(made, title):
    return next(each for each in made["goals"] if each["title"] == title)


class Figures(unittest.TestCase):
    def test_cpu_is_scaled_to_300_pictures_and_feeding_subtracted(self):
        figures = report.figures_of(run(cpu_s=1.0, feed_cpu_s=0.25))
        self.assertAlmostEqual(figures["cpu_s"], 1.5)
        self.assertAlmostEqual(figures["cpu_raw_s"], 2.0)
        self.assertAlmostEqual(figures["feed_cpu_s"], 0.5)
        self.assertAlmostEqual(figures["cpu_ms"], 5.0)

    def test_feeding_that_cost_more_alone_is_no_negative_cost(self):
        self.assertEqual(report.figures_of(run(cpu_s=0.1, feed_cpu_s=0.2))["cpu_s"], 0)

    def test_pictures_and_bytes(self):
        figures = report.figures_of(run(view={"pictures": 120, "bytes": 300_000}, others_pictures=[150, 90]))
        self.assertAlmostEqual(figures["kb"], 2.0)
        self.assertAlmostEqual(figures["fps"], 24.0)
        self.assertAlmostEqual(figures["worst_fps"], 18.0)
        self.assertAlmostEqual(figures["dropped"], 20.0)

    def test_idle_counts_only_pictures_that_differ_as_dropped(self):
        figures = report.figures_of(run(scene="idle", changed_pictures=5, view={"pictures": 5}))
        self.assertEqual(figures["dropped"], 0)

    def test_nothing_delivered(self):
        figures = report.figures_of(run(view={"pictures": 0, "age_p50_ms": None}))
        self.assertIsNone(figures["cpu_ms"])
        self.assertEqual(figures["dropped"], 100)

    def test_rest_is_scaled_to_ten_seconds(self):
        figures = report.figures_of(run(rest={"bytes": 7, "seconds": 2.0, "cpu_s": 0.01}))
        self.assertEqual(figures["rest_bytes"], 7)
        self.assertAlmostEqual(figures["rest_cpu_s"], 0.05)

    def test_one_that_did_not_become_exact_has_no_time(self):
        self.assertIsNone(report.figures_of(run(settle={"exact": False, "seconds": 5.0}))["settle_s"])


class Medians(unittest.TestCase):
    def test_median_of_repeats_and_spread(self):
        row, = report.summarise([run(cpu_s=cpu, repeat=i) for i, cpu in enumerate((0.3, 0.1, 0.2))])
        self.assertAlmostEqual(row["cpu_s"], 0.4)
        self.assertEqual(row["repeats"], 3)
        self.assertAlmostEqual(row["spread"]["cpu_s"][0], 0.2)
        self.assertAlmostEqual(row["spread"]["cpu_s"][1], 0.6)

    def test_what_is_missing_does_not_count(self):
        self.assertEqual(report.median([None, 3, 1, None, 2]), 2)
        self.assertIsNone(report.median([None]))

    def test_exact_once_is_not_exact(self):
        row, = report.summarise([run(exact_moving=True), run(exact_moving=False)])
        self.assertIs(row["exact_moving"], False)
        row, = report.summarise([run(), run(settle={"exact": False, "seconds": 5.0}), run()])
        self.assertIsNone(row["settle_s"])

    def test_failed_runs_are_left_out_and_told(self):
        runs = [run(), run(repeat=2, error="it died")]
        self.assertEqual(report.summarise(runs)[0]["repeats"], 1)
        self.assertTrue(any("it died" in said for said in report.warnings_of(MACHINE, runs)))

    def test_ratio_to_the_best_other(self):
        rows = report.summarise([run(cpu_s=0.1), run("a", cpu_s=0.2), run("b", cpu_s=0.4)])
        ratios = {row["peer"]: row["ratio"]["cpu_s"] for row in rows}
        self.assertAlmostEqual(ratios["planecast"], 0.5)
        self.assertAlmostEqual(ratios["a"], 0.5)
        self.assertAlmostEqual(ratios["b"], 2.0)

    def test_who_shows_little_sets_no_mark(self):
        rows = report.summarise([run(cpu_s=0.1), run("a", cpu_s=0.2), run("b", cpu_s=0.01, view={"pictures": 50})])
        self.assertAlmostEqual(rows[0]["ratio"]["cpu_s"], 0.5)

    def test_who_delivers_nothing_comes_last(self):
        rows = report.summarise([run("a", cpu_s=0.01, view={"pictures": 0}), run("b", cpu_s=0.4), run("c", cpu_s=0.3)])
        self.assertEqual([row["peer"] for row in sorted(rows, key=report.by_cost)], ["c", "b", "a"])

    def test_cases_are_kept_apart(self):
        rows = report.summarise([run(), run(viewers=4), run(encoding="zrle"), run(rate=1250000), run(size=(640, 480))])
        self.assertEqual(len({row["case"] for row in rows}), 5)


class Warnings(unittest.TestCase):
    def said(self, *runs, **machine):
        return " ".join(report.warnings_of({**MACHINE, **machine}, list(runs)))

    def test_nothing_to_say(self):
        self.assertEqual(self.said(run()), "")

    def test_each(self):
        self.assertIn("busy when the bench started", self.said(run(), load_at_start=1.5))
        self.assertIn("other programs took up to 30%", self.said(
            run(machine={"total_s": 10.0, "steal_s": 0.0, "foreign_s": 3.0})))
        self.assertIn("hypervisor took up to 5%", self.said(
            run(machine={"total_s": 10.0, "steal_s": 0.5, "foreign_s": 0.0})))
        self.assertIn("viewer was the limit", self.said(run(client_limited=True)))
        self.assertIn("published late", self.said(run(feeder_late=True)))


class Goals(unittest.TestCase):
    def test_reached_and_by_how_much(self):
        made = goal(of([run(cpu_s=0.12)]), "Typing: CPU")
        self.assertIs(made["reached"], True)
        self.assertEqual((made["wanted"], made["found"], made["by"]), ("<= 0.30 s", "0.24 s", "by 20 %"))
        self.assertEqual(made["cost"], "")

    def test_missed_and_by_how_much(self):
        made = goal(of([run(cpu_s=0.3)]), "Typing: CPU")
        self.assertIs(made["reached"], False)
        self.assertEqual(made["by"], "by 100 %")
        self.assertIn("drawn", made["cost"])

    def test_cpu_saved_by_showing_little_does_not_count(self):
        for shown, reached in ((150, True), (110, False)):
            made = goal(of([run(scene="film", cpu_s=1.0, view={"pictures": shown})]), "Full-screen film, JPEG: CPU")
            self.assertIs(made["reached"], reached)
        self.assertEqual(made["by"], "pictures by 12 %")

    def test_not_measured(self):
        self.assertIsNone(goal(of([run(scene="film")]), "Typing: CPU")["reached"])

    def test_either_way_will_do(self):
        title = "Idle, one change a second: CPU and age"
        for cpu_s, age, reached in ((0.07, 4, True), (0.02, 40, True), (0.07, 40, False), (0.1, 4, False)):
            made = goal(of([run(scene="idle", cpu_s=cpu_s, view={"age_p95_ms": age})]), title)
            self.assertIs(made["reached"], reached, made)
        made = goal(of([run(scene="idle", cpu_s=0.07, view={"age_p95_ms": 100})]), title)
        self.assertEqual(made["by"], "age p95 20 times or CPU by 180 %; age p95 by 100 %")

    def test_a_scene_that_never_settles_fails_all(self):
        made = goal(of([run(), run(scene="film", settle={"exact": False, "seconds": 5.0})]),
                    "After motion: exact, slowest scene and most viewers")
        self.assertIs(made["reached"], False)
        self.assertEqual((made["found"], made["by"]), ("never", "never"))

    def test_quality_is_that_of_the_best_lossy_peer(self):
        title = "Full-screen film: PSNR, over the best lossy peer's"
        peers = [run("a", "film", psnr_moving=41.0), run("b", "film", psnr_moving=37.0),
                 run("c", "film", psnr_moving=99.0, exact_moving=True)]
        self.assertIs(goal(of([run(scene="film", psnr_moving=40.6), *peers]), title)["reached"], True)
        self.assertIs(goal(of([run(scene="film", psnr_moving=40.4), *peers]), title)["reached"], False)

    def test_viewers_share(self):
        title = "16 viewers, typing: CPU, share of 16 x one"
        made = goal(of([run(cpu_s=0.1), run(viewers=16, cpu_s=0.4)]), title)
        self.assertEqual((made["reached"], made["found"]), (True, "0.25"))

    def test_the_way_of_spice_is_measured_against_its_library(self):
        title = "SPICE, text on 10 %: CPU over the library's own"
        runs = [run(peer, "text-10", encoding="spice", cpu_s=cpu)
                for peer, cpu in (("planecast", 0.2), ("spice-bare", 0.1))]
        for cpu, reached in ((0.129, True), (0.131, False)):
            made = of([run("spice-front", "text-10", encoding="spice", cpu_s=cpu), *runs])
            self.assertIs(goal(made, title)["reached"], reached)
            self.assertAlmostEqual(made["rows"][0]["ratio"]["cpu_s"], cpu / 0.1)
        self.assertIsNone(goal(of(runs), title)["reached"])

    def test_spice_age_is_no_figure_of_vnc(self):
        made = of([run(scene="text-1", encoding="spice", view={"age_p50_ms": 2.9, "age_p99_ms": 51})])
        made = goal(made, "SPICE, text on 1 %: age")
        self.assertEqual((made["reached"], made["by"]), (False, "p99 by 2 %"))
        self.assertIsNone(goal(of([run(scene="text-1")]), "SPICE, text on 1 %: age")["reached"])
        self.assertIsNone(goal(of([run(encoding="spice")]), "Typing: CPU")["reached"])

    def test_video_is_measured_against_x264_and_itself(self):
        rows = [{"group": "video", "name": name, "ns": ns, "ns_per_tile": ns}
                for name, ns in (("film: x264 alone", 8e6), ("film: server", 9e6))]
        # What it spends beside coding is not x264's.
        bare = run("x264-bare", "film", encoding="h264", cpu_s=1.4, coding_cpu_s=1.2)
        micro = [{"program": "video_bench", "width": 1920, "height": 1080, "turns": 1, "rows": rows}]
        runs = [run(scene="film", encoding="h264", cpu_s=1.5), run(scene="video", encoding="h264", cpu_s=0.5),
                run(scene="film", encoding="h264", viewers=16, cpu_s=2.1, settle={"exact": False, "cpu_s": 0.1}),
                run(scene="typing", encoding="h264", view={"video_rects": 1}), run(scene="film", cpu_s=9), bare]
        made = of(runs, micro)
        for title, reached, found in (
                ("Film as H.264: from the look to the packet, CPU over x264's own", True, "1.12 times"),
                ("Film as H.264: the server's CPU over x264's own", False, "1.25 times, 30 /s"),
                ("Film in a window as H.264: CPU over one that fills the picture", True, "0.33 times"),
                ("16 viewers, film as H.264: CPU over one viewer's", False, "1.40 times"),
                ("After a film as H.264 for 16 viewers: exact", False, "never"),
                ("Typing as H.264: packets of it", False, "1"), ("Idle as H.264: packets of it", None, "-")):
            with self.subTest(title):
                self.assertEqual((goal(made, title)["reached"], goal(made, title)["found"]), (reached, found))
        made = of([*runs[:-1], {**bare, "view": {**bare["view"], "pictures": 75}}], micro)
        self.assertEqual(goal(made, "Film as H.264: the server's CPU over x264's own")["found"], "0.62 times, 30 /s")
        self.assertIsNone(goal(of(runs[:-1], micro), "Film as H.264: the server's CPU over x264's own")["reached"])

    def test_video_by_spice(self):
        runs = [run(scene="film", encoding="spice", cpu_s=1.5, view={"bytes": 150 * 240e3, "age_p50_ms": 51}),
                run(scene="film", encoding="spice", cpu_s=1.8, viewers=16, others_pictures=[150, 120],
                    settle={"exact": True, "seconds": 2.1, "cpu_s": 0.1}),
                run(scene="film", encoding="h264", cpu_s=1, view={"bytes": 150 * 100e3, "age_p50_ms": 20})]
        made = of(runs)
        for title, reached, found in (
                ("Film by SPICE: age p50", False, "51.0 ms, 240 kB"),
                ("After a film by SPICE: exact", False, "0.40 s"),
                ("After a film in a window by SPICE: exact", None, "-"),
                ("After a film by SPICE for 16 viewers: exact", False, "2.10 s"),
                ("16 SPICE viewers, film: CPU over one viewer's", False, "1.20 times, 24 /s")):
            with self.subTest(title):
                self.assertEqual((goal(made, title)["reached"], goal(made, title)["found"]), (reached, found))
        runs[0]["view"]["age_p50_ms"] = 49
        self.assertIs(goal(of(runs), "Film by SPICE: age p50")["reached"], True)
        runs[0]["view"]["bytes"] = 150 * 260e3
        self.assertIs(goal(of(runs), "Film by SPICE: age p50")["reached"], False)

    def test_small_operations(self):
        rows = [{"group": "damage", "name": name, "ns": ns, "ns_per_tile": ns, "gb_per_s": 1 / ns}
                for name, ns in (("memcmp", 8.0), ("pass: unchanged", 10.0), ("pass: 1 % typing", 13.0))]
        made = of([run()], [{"program": "damage_bench", "width": 1920, "height": 1080, "turns": 1, "rows": rows}])
        self.assertIs(goal(made, "Damage pass, nothing changed: share of memcmp's speed")["reached"], True)
        self.assertIs(goal(made, "Damage pass, 1 % changed: times the unchanged pass")["reached"], False)


class Page(unittest.TestCase):
    def test_spice_stands_beside_vnc(self):
        made = of([run(encoding="spice"), run("spice-bare", encoding="spice"), run(encoding="zrle")])
        text = plots.page(made)
        self.assertIn("planecast VNC", text[text.index("<h2>SPICE</h2>"):])
        self.assertEqual(shape.read_page(text)[1], [])

    def test_is_well_formed_and_fetches_nothing(self):
        made = made_up()
        text = plots.page(made)
        charts, problems = shape.read_page(text)
        self.assertEqual(problems, [])
        self.assertGreater(charts, 10)
        self.assertNotIn("<4>", text)
        for peer in ("planecast", "neatvnc", "gone"):
            self.assertIn(peer, text)
        self.assertNotIn("nan", text.replace("nano", ""))

    def test_of_nothing(self):
        self.assertEqual(shape.read_page(plots.page(of([]))), (0, []))

    def test_what_is_wrong_with_a_page(self):
        for wrong in ("<p><b></p></b>", "<p>", '<img src="x">', "</p>"):
            self.assertTrue(shape.read_page(wrong)[1], wrong)

    def test_scale_leaves_room_for_small_ones(self):
        self.assertEqual(plots.scale_end([3, 2, 1]), 3)
        self.assertEqual(plots.scale_end([500, 5, 4, 1]), 5)
        self.assertEqual(plots.scale_end([9, 0, 0]), 9)
        self.assertEqual(plots.scale_end([0, 0]), 1.0)
        self.assertEqual(plots.scale_end([None, 2]), 2)

    def test_terminal_and_json(self):
        made = made_up()
        text = report.text(made)
        self.assertIn("NOT REACHED", text)
        self.assertIn("made of: ", text)
        self.assertIn("unavailable: gone: no gone here", text)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "report.json"
            report.write_json(made, path)
            self.assertEqual(len(json.loads(path.read_text())["rows"]), len(made["rows"]))


class Matrix(unittest.TestCase):
    def test_every_kind_of_case(self):
        cases = matrix.cases_of()
        self.assertEqual(len(cases), len(set(cases)))
        for case in (matrix.Case("idle", (1920, 1080), "tight", 1, None),
                     matrix.Case("film", (3840, 2160), "tight", 1, None),
                     matrix.Case("scroll", (1920, 1080), "zrle", 1, None),
                     matrix.Case("scroll", (1920, 1080), "tight", 16, None),
                     matrix.Case("film", (1920, 1080), "spice", 1, None),
                     matrix.Case("video", (1920, 1080), "spice", 1, None),
                     matrix.Case("film", (1920, 1080), "spice", 16, None),
                     matrix.Case("typing", (1920, 1080), "spice", 4, None),
                     matrix.Case("film", (1920, 1080), "tight", 1, 1250000)):
            self.assertIn(case, cases)

    def test_choices_narrow_it(self):
        cases = matrix.cases_of(["scroll"], [4], (640, 480))
        self.assertEqual(cases, [matrix.Case("scroll", (640, 480), "tight", 4, None),
                                 matrix.Case("scroll", (640, 480), "spice", 4, None)])
        self.assertEqual(matrix.cases_of(["scroll"], [4], (640, 480), ["spice"]),
                         [matrix.Case("scroll", (640, 480), "spice", 4, None)])
        self.assertEqual(matrix.cases_of(["text-1"], [1, 4]),
                         [matrix.Case("text-1", matrix.FULL_HD, "spice", 1, None)])

    def test_repeats_are_interleaved(self):
        order = list(matrix.schedule(["a", "b"], ["x", "y"], 2))
        self.assertEqual(order[:4], [(1, "a", "x"), (1, "a", "y"), (1, "b", "x"), (1, "b", "y")])
        self.assertEqual(order[4:6], [(2, "a", "y"), (2, "a", "x")])

    def test_variants_of_a_server_are_seen_once(self):
        plain = matrix.Case("film", (1920, 1080), "tight", 1, None)
        crowd = plain._replace(viewers=4)
        self.assertTrue(matrix.takes_part("xvnc-whole", plain))
        self.assertFalse(matrix.takes_part("xvnc-whole", crowd))
        self.assertTrue(matrix.takes_part("xvnc", crowd))

    def test_servers_are_shown_what_they_have(self):
        film = matrix.Case("film", (1920, 1080), "h264", 1, None)
        us, lvs, bare = (peers[name] for name in ("planecast", "lvs", "x264-bare"))
        for peer, case, shows in ((us, film, True), (lvs, film, False), (bare, film, True),
                                  (bare, film._replace(encoding="tight"), False),
                                  (lvs, film._replace(encoding="spice"), False)):
            self.assertIs(matrix.can_show(peer, case), shows, (peer.name, case))
        self.assertTrue(matrix.takes_part("x264-bare", film))
        self.assertFalse(matrix.takes_part("x264-bare", film._replace(scene="typing")))
        crowd = film._replace(encoding="spice", viewers=16)
        self.assertTrue(matrix.takes_part("planecast", crowd))
        self.assertFalse(matrix.takes_part("spice-bare", crowd))

    def test_time_left_learns(self):
        clock = matrix.Clock([10, 10, 20])
        self.assertEqual(clock.left(), 40)
        clock.done(10, 20)
        self.assertEqual(clock.left(), 60)
        self.assertEqual(matrix.show_time(3661), "1:01:01")


class Shape(unittest.TestCase):
    def problems(self, **wrong):
        whole = {"late": 0, "client_cpu": 0.1, "client_busy": 0.1, "view": {"updates": 150}}
        return shape.run_problems(run(**{**whole, **wrong}))

    def test_what_is_right(self):
        self.assertEqual(self.problems(), [])
        self.assertEqual(self.problems(scene="idle", rest={"bytes": 0, "seconds": 1, "cpu_s": 0}), [])

    def test_only_vnc_has_rectangles(self):
        view = {"updates": 150, "copy_rects": None}
        self.assertEqual(self.problems(encoding="spice", view=view), [])
        self.assertTrue(self.problems(view=view))
        self.assertTrue(self.problems(encoding="spice", view=view, final={"exact": False}))

    def test_what_is_wrong(self):
        for wrong in ({"error": "x"}, {"cpu_s": None}, {"view": {"pictures": 0, "updates": 1}}, {"viewers": 2},
                      {"encoding": "zrle", "final": {"exact": False}}, {"scene": "idle"}, {"late": -1}):
            self.assertTrue(self.problems(**wrong), wrong)


class Cpu(unittest.TestCase):
    def test_time_of_threads_that_ended_counts(self):
        def spin():
            end = time.thread_time() + 0.02
            while time.thread_time() < end:
                pass

        before = measure.process_cpu_s(os.getpid())
        thread = threading.Thread(target=spin)
        thread.start()
        thread.join()
        self.assertGreater(measure.process_cpu_s(os.getpid()) - before, 0.015)

    def test_processes_come_and_go(self):
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(b"ran\n")
            process.stdin.flush()
            process.stdout.readline()
            pids = [process.pid]
            meter = measure.CpuMeter(lambda: pids)
            spent = meter.read()
            self.assertGreater(spent, 0)
        self.assertIsNone(measure.process_cpu_s(process.pid))
        self.assertEqual(meter.read(), spent)
        pids = []
        self.assertEqual(meter.read(), spent)

    def test_a_program_that_ends_is_told(self):
        with measure.Talker(["sh", "-c", "echo '{\"a\": 1}'; echo oops >&2"]) as talker:
            self.assertEqual(talker.answer(), {"a": 1})
            with self.assertRaisesRegex(measure.Timeout, "oops"):
                talker.answer()


# scene: {peer: (CPU s, kB, pictures of 150, p50, p95, PSNR, exact after)}
MADE_UP = {
    "idle": {"planecast": (0.13, 0.1, 5, 4, 6, None, 0.0), "neatvnc": (0.02, 0.2, 5, 1, 1, 37.3, None),
             "xvnc": (0.03, 0.1, 5, 9, 9, 44.9, None), "lvs-whole": (4.3, 422, 5, 30, 38, 42.0, None)},
    "typing": {"planecast": (0.27, 0.8, 150, 2.2, 3.6, None, 0.0), "neatvnc": (0.18, 5.8, 150, 0.7, 1.2, 37.3, None),
               "xvnc": (0.2, 1.6, 150, 8.7, 9.3, 44.9, 0.5), "lvs-whole": (4.3, 529, 150, 30, 38, 42.0, None),
               "qemu": (0.32, 0.3, 122, 14, 29, None, 0.0)},
    "scroll": {"planecast": (0.61, 4.2, 150, 3.1, 5.0, None, 0.0), "neatvnc": (1.6, 215, 150, 8, 12, 39.2, None),
               "xvnc": (1.9, 212, 150, 17, 21, 40.9, 0.5), "lvs": (1.45, 214, 150, 23, 27, 40.9, None),
               "qemu": (2.6, 393, 124, 28, 44, 43.1, 2.0)},
    "film": {"planecast": (4.4, 640, 150, 22, 30, 40.7, 0.6), "neatvnc": (5.2, 696, 150, 25, 32, 39.2, None),
             "xvnc": (5.0, 661, 148, 29, 32, 40.9, 0.5), "lvs": (4.2, 645, 150, 30, 39, 40.9, None),
             "qemu": (4.6, 650, 120, 40, 89, 37.5, 2.0)},
}


def made_up():
    runs = []
    for case in ({}, {"viewers": 16}, {"encoding": "zrle"}, {"encoding": "h264"}, {"encoding": "spice"}, {"rate": 1250000},
                 {"size": (3840, 2160)}):
        factor = case.get("viewers", 1) ** 0.6
        for scene, peers in MADE_UP.items():
            if case and scene not in ("scroll", "film"):
                continue
            for peer, (cpu, kb, pictures, p50, p95, psnr, settled) in peers.items():
                runs.append(run(peer, scene, cpu_s=cpu / 2 * factor, psnr_moving=psnr, exact_moving=psnr is None,
                                exact_whole=psnr is None,
                                others_pictures=[int(pictures / factor)] if "viewers" in case else [],
                                settle={"exact": settled is not None, "seconds": settled, "cpu_s": 0.1},
                                rest={"bytes": 0, "seconds": 10, "cpu_s": 0.02} if scene == "idle" else None,
                                changed_pictures=5 if scene == "idle" else 150,
                                view={"pictures": pictures, "bytes": kb * 150e3, "age_p50_ms": p50, "age_p95_ms": p95},
                                **case))
    rows = [{"group": "damage", "name": name, "ns": ns * 1000, "ns_per_tile": ns, "gb_per_s": 4096 / ns,
             "note": note} for name, ns, note in (
                 ("memcmp", 290.9, ""), ("memcpy", 409.5, ""), ("pass: unchanged", 290.5, ""),
                 ("pass: 1 % typing", 309.7, "1.00 % damaged, 9 rectangles"))]
    return of(runs, [{"program": "damage_bench", "width": 1920, "height": 1080, "turns": 216, "rows": rows}])


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].endswith(".html"):
        pathlib.Path(sys.argv[1]).write_text(plots.page(made_up()))
    else:
        unittest.main()
