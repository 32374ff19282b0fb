# SPDX-License-Identifier: GPL-2.0-or-later
"""What the bench's measurements say: figures, medians, ratios, goals; as data and as a table for a terminal.

A run is what measure.py hands over: one peer, one case, one repeat. Medians over
repeats make a row. Nothing here starts a process or reads a clock.
"""
import json
import statistics

US = "planecast"
# CPU is given for so many pictures of the source, whatever a run played.
REFERENCE_PICTURES = 300

# (field of a row, title, unit, digits, is less better)
MEASURES = (
    ("cpu_s", f"CPU per {REFERENCE_PICTURES} pictures", "s", 2, True),
    ("cpu_ms", "CPU per delivered picture", "ms", 2, True),
    ("kb", "per picture of the source", "kB", 2, True),
    ("fps", "distinct pictures a second", "/s", 1, False),
    ("worst_fps", "the same, worst viewer", "/s", 1, False),
    ("age_p50", "age, median", "ms", 1, True),
    ("age_p95", "age, 95th percentile", "ms", 1, True),
    ("age_p99", "age, 99th percentile", "ms", 1, True),
    ("dropped", "pictures not seen", "%", 1, True),
    ("torn", "updates with parts of two pictures", "", 0, True),
    ("psnr_moving", "PSNR of what moved", "dB", 1, False),
    ("psnr_whole", "PSNR of the whole while it moved", "dB", 1, False),
    ("psnr_rested", "PSNR after rest", "dB", 1, False),
    ("settle_s", "exact after", "s", 2, True),
    ("settle_cpu_s", "CPU after the last picture", "s", 3, True),
    ("rest_bytes", "bytes sent at rest", "B", 0, True),
    ("rest_cpu_s", "CPU in 10 s of rest", "s", 3, True),
)
# Who shows less than that part of what another does is not compared with it: showing little costs little.
ENOUGH = 0.8
# What peers are ranked by.
RATIOS = ("cpu_s", "cpu_ms", "kb", "age_p50", "age_p95")


def case_key(scene, size, encoding, viewers, rate):
    width, height = size
    return f"{scene} {width}x{height} {encoding} x{viewers}" + (f" at {rate} B/s" if rate else "")


def figures_of(run):
    """The measures of one run; what it does not tell is None."""
    pictures = run["pictures"]
    view = run["view"]
    delivered = view["pictures"]
    cpu_s = max(run["cpu_s"] - (run.get("feed_cpu_s") or 0), 0)
    settle, final, rest = run.get("settle") or {}, run.get("final") or {}, run.get("rest") or {}
    possible = run.get("changed_pictures") or pictures
    return {
        "cpu_s": cpu_s * REFERENCE_PICTURES / pictures,
        "cpu_raw_s": run["cpu_s"] * REFERENCE_PICTURES / pictures,
        "feed_cpu_s": run["feed_cpu_s"] * REFERENCE_PICTURES / pictures
        if run.get("feed_cpu_s") is not None else None,
        "cpu_ms": cpu_s * 1e3 / delivered if delivered else None,
        "coding_ms": run["coding_cpu_s"] * 1e3 / delivered if delivered and run.get("coding_cpu_s") is not None else None,
        "kb": view["bytes"] / 1e3 / pictures,
        "fps": delivered / run["seconds"],
        "possible_fps": possible * run["pictures_a_second"] / pictures,
        "worst_fps": min([view["pictures"], *run.get("others_pictures", [])]) / run["seconds"],
        "age_p50": view.get("age_p50_ms"),
        "age_p95": view.get("age_p95_ms"),
        "age_p99": view.get("age_p99_ms"),
        "dropped": 100 * max(possible - delivered, 0) / possible,
        "psnr_moving": run.get("psnr_moving"),
        "exact_moving": run.get("exact_moving"),
        "exact_whole": run.get("exact_whole"),
        "psnr_whole": run.get("psnr_whole"),
        "psnr_rested": final.get("psnr"),
        "exact_rested": final.get("exact"),
        "settle_s": settle.get("seconds") if settle.get("exact") else None,
        "settle_cpu_s": settle.get("cpu_s"),
        "rest_bytes": rest.get("bytes"),
        "rest_cpu_s": rest["cpu_s"] * 10 / rest["seconds"] if rest else None,
        "torn": view.get("torn"),
        "copy_rects": view.get("copy_rects"),
        "video_rects": view.get("video_rects"),
    }


def median(values):
    """Of those that are there; of truths the worst. None where there are none."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    if all(isinstance(value, bool) for value in values):
        return all(values)
    return statistics.median(values)


def summarise(runs):
    """One row a case and peer, in the order in which they first came."""
    groups = {}
    for run in runs:
        if not run.get("error"):
            groups.setdefault((run["case"], run["peer"]), []).append(run)
    rows = []
    for (case, peer), members in groups.items():
        figures = [figures_of(run) for run in members]
        row = {"case": case, "peer": peer, "repeats": len(members)}
        row.update({name: members[0][name] for name in ("scene", "size", "encoding", "viewers", "rate")})
        row.update({name: median([each[name] for each in figures]) for name in figures[0]})
        # Exact only if it was so each time: a median would hide the one that was not.
        if any(each["settle_s"] is None for each in figures):
            row["settle_s"] = None
        row["spread"] = {name: [min(values), max(values)] for name in RATIOS
                         if None not in (values := [each[name] for each in figures])}
        rows.append(row)
    add_ratios(rows)
    return rows


def add_ratios(rows):
    """ratio[measure]: a row's figure as a multiple of the best of all other servers' in its case."""
    for row in rows:
        row["ratio"] = {}
        for name in RATIOS:
            others = [other[name] for other in rows
                      if other["case"] == row["case"] and other["peer"] not in (row["peer"], US)
                      and other[name] is not None and other["fps"] >= ENOUGH * row["fps"]]
            if others and min(others) > 0 and row[name] is not None:
                row["ratio"][name] = row[name] / min(others)


def by_cost(row):
    """Sorts rows: least CPU for a delivered picture first, who delivers none last."""
    return row["cpu_ms"] is None, row["cpu_ms"] or 0, row["peer"]


def find_row(report, scene, peer=US, size=(1920, 1080), encoding="tight", viewers=1, rate=None):
    for row in report["rows"]:
        if (row["peer"], row["scene"], tuple(row["size"]), row["encoding"], row["viewers"], row["rate"]) == \
                (peer, scene, tuple(size), encoding, viewers, rate):
            return row
    return None


def find_micro(report, program, group, name, size=(1920, 1080)):
    for each in report["micro"]:
        if (each["program"], each["width"], each["height"]) == (program, *size):
            return next((row for row in each["rows"] if (row["group"], row["name"]) == (group, name)), None)
    return None


# ---- the loud part

BUSY_SHARE = 0.15
LATE_SHARE = 0.02
STEAL_SHARE = 0.02


def warnings_of(machine, runs):
    """What makes the figures worth less, one sentence each."""
    said = []
    if machine["load_at_start"] > 0.5 * machine["cores"]:
        said.append(f"the machine was busy when the bench started: load {machine['load_at_start']:.2f} "
                    f"on {machine['cores']} cores")
    good = [run for run in runs if not run.get("error")]

    def share(name):
        return [run["machine"][name] / run["machine"]["total_s"] for run in good
                if run.get("machine") and run["machine"]["total_s"] > 0]

    for name, limit, what in (("steal_s", STEAL_SHARE, "the hypervisor took"),
                              ("foreign_s", BUSY_SHARE, "other programs took")):
        shares = [value for value in share(name) if value > limit]
        if shares:
            said.append(f"{what} up to {max(shares):.0%} of the machine in {len(shares)} of {len(good)} runs")
    for name, what in (("client_limited", "the viewer was the limit, not the server"),
                       ("feeder_late", "the feeder published late")):
        which = sorted({f"{run['peer']}: {run['case']}" for run in good if run.get(name)})
        if which:
            said.append(f"{what}: {few(which)}")
    failed = {}
    for run in runs:
        if run.get("error"):
            failed.setdefault(run["peer"], []).append(f"{run['case']}: {run['error']}")
    said += [f"{peer}: {len(errors)} runs failed; the first: {errors[0]}" for peer, errors in failed.items()]
    return said


def few(words, limit=6):
    return "; ".join(words[:limit]) + (f"; and {len(words) - limit} more" if len(words) > limit else "")


# ---- for a terminal

COLUMNS = (("cpu_s", "CPU s", 7, 2), ("cpu_ms", "ms/pic", 7, 2), ("kb", "kB/pic", 8, 2), ("fps", "fps", 6, 1),
           ("worst_fps", "worst", 6, 1), ("age_p50", "p50", 7, 1), ("age_p95", "p95", 7, 1),
           ("psnr_moving", "PSNR", 6, 1), ("settle_s", "exact s", 8, 2))


def show(value, digits):
    if value is None:
        return "-"
    return f"{value:.{min(digits, 0 if value >= 100 else 1 if value >= 10 else digits)}f}"


def table(report):
    """The rows, one block a case; the last column is our CPU as a multiple of the best peer's."""
    lines = []
    cases = dict.fromkeys(row["case"] for row in report["rows"])
    for case in cases:
        lines += ["", f"{case:22}" + "".join(f"{title:>{width}}" for _, title, width, _ in COLUMNS) + "   x best"]
        for row in sorted((row for row in report["rows"] if row["case"] == case), key=by_cost):
            exact = row.get("exact_moving")
            cells = ["exact" if name == "psnr_moving" and exact else show(row[name], digits)
                     for name, _, _, digits in COLUMNS]
            lines.append(f"  {row['peer']:20}" + "".join(f"{cell:>{column[2]}}" for cell, column in zip(cells, COLUMNS))
                         + f"{show(row['ratio'].get('cpu_s'), 2):>9}")
    return lines


def text(report):
    lines = list(table(report))
    for each in report["micro"]:
        lines += ["", f"{each['program']}, {each['width']}x{each['height']}:"]
        lines += [f"  {row['group'] + ': ' + row['name']:44}{row['ns_per_tile']:12.1f} ns/tile"
                  f"{show(row.get('gb_per_s'), 2):>9} GB/s  {row.get('note', '')}".rstrip() for row in each["rows"]]
    lines += ["", "Figures to reach:"]
    for goal in report["goals"]:
        word = {True: "reached", False: "NOT REACHED", None: "not measured"}[goal["reached"]]
        lines.append(f"  {goal['title']:52} {goal['wanted']:>18} {goal['found']:>14}  {word} {goal['by']}".rstrip())
        if goal["cost"]:
            lines.append(f"    made of: {goal['cost']}")
    for peer in report["peers"]:
        if not peer["available"]:
            lines.append(f"  unavailable: {peer['name']}: {peer['why']}")
    for warning in report["warnings"]:
        lines.append(f"  WARNING: {warning}")
    return "\n".join(lines)


def write_json(report, path):
    path.write_text(json.dumps(report, indent=1) + "\n")
