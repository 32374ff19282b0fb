# SPDX-License-Identifier: GPL-2.0-or-later
"""A report as one HTML file: plots as inline SVG, nothing fetched, readable in light and dark.

A chart is a list of rows (a server each) against columns: bars, ranges from
median to 95th percentile, or words. All charts are made by the same function.
"""
import html
import math
import statistics

from report import ENOUGH, MEASURES, US, by_cost, show

STYLE = """
:root { --page: #fbfbf9; --ink: #1d2226; --soft: #667078; --line: #dfe2e0; --card: #ffffff;
  --us: #0b6e99; --us-soft: #9fd0e6; --peer: #b4bbbf; --peer-soft: #dbdfe1; --good: #1b7f4b; --bad: #b3362b;
  --open: #8a6d1a; --cpu: #0b6e99; --bytes: #c2620c; --age: #6b4fa1; --warn: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --ink: #e6e9ea; --soft: #98a3aa; --line: #2c3338;
  --card: #1b2024; --us: #4cc0ee; --us-soft: #1f5a75; --peer: #66717a; --peer-soft: #39424a; --good: #57c98a;
  --bad: #ff8a7d; --open: #e0bd5a; --cpu: #4cc0ee; --bytes: #f0a057; --age: #b79cf0; --warn: #3a3216; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans",
  sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 80px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 20px; margin: 48px 0 6px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 4px 0 12px; max-width: 80ch; } .soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
  margin: 14px 0; overflow-x: auto; }
.warn { background: var(--warn); border-radius: 8px; padding: 10px 14px; margin: 8px 0; font-weight: 600; }
svg { display: block; min-width: 1060px; width: 100%; height: auto; font-size: 12.5px;
  font-family: inherit; fill: var(--ink); }
svg .soft { fill: var(--soft); } svg .halo { paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
svg .us { font-weight: 650; } svg .lost { fill: var(--bad); } svg .head { font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; }
.reached { color: var(--good); font-weight: 650; } .missed { color: var(--bad); font-weight: 650; }
.unmeasured { color: var(--open); } .reached, .missed, .unmeasured, td.n { white-space: nowrap; }
summary { cursor: pointer; color: var(--soft); }
.score { font-size: 40px; font-weight: 700; letter-spacing: -0.02em; line-height: 1.1; }
.scores { display: flex; gap: 48px; flex-wrap: wrap; margin: 18px 0 0; }
"""

NAME_WIDTH = 132
ROW = 23
HEAD = 40
# A bar longer than so many times the median is cut, or no other could be told from none.
CUT = 8.0


def escape(value):
    return html.escape(str(value), quote=True)


def text_at(x, y, words, classes="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}" text-anchor="{anchor}">{escape(words)}</text>'


def line_at(x1, y1, x2, y2, colour, width=1.0, dash=""):
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="var(--{colour})" '
            f'stroke-width="{width}"{dashed}/>')


def rect_at(x, y, width, height, colour, radius=2):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" rx="{radius}" '
            f'fill="var(--{colour})"/>')


def svg(width, height, parts, label):
    return (f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">'
            + "".join(parts) + "</svg>")


# ---- columns of a chart

class Column:
    """Words of a figure; the base of what draws it."""

    def __init__(self, title, field, digits, width, note=""):
        self.title, self.field, self.digits, self.width, self.note = title, field, digits, width, note

    def head(self, x):
        return [text_at(x, 14, self.title, "head"), text_at(x, 29, self.note, "soft")]

    def begin(self, rows, limit=None):
        pass

    def draw(self, row, x, y):
        return [text_at(x, y + 15, self.words(row), "us" if row.get("ours") else "")]

    def words(self, row):
        return show(row[self.field], self.digits)


class Shown(Column):
    """Pictures a second; red where many were not seen."""

    def draw(self, row, x, y):
        few = row["fps"] < ENOUGH * row["possible_fps"]
        return [text_at(x, y + 15, self.words(row), ("us " if row.get("ours") else "") + ("lost" if few else ""))]


class Quality(Column):
    """Exact, or PSNR."""

    def words(self, row):
        return "exact" if row.get("exact_moving") else show(row[self.field], self.digits)


class Settled(Column):
    def words(self, row):
        return "never" if row[self.field] is None else show(row[self.field], self.digits)


def scale_end(values):
    """The largest value that a column makes room for; what is far beyond the others is cut."""
    values = [value for value in values if value is not None]
    if not values or max(values) <= 0:
        return 1.0
    middle = statistics.median(values)
    return max([value for value in values if value <= CUT * middle] or values) or max(values)


class Bar(Column):
    """From zero; the dashed line is the figure to reach."""
    label_width = 62
    scale_end = staticmethod(scale_end)

    def begin(self, rows, limit=None):
        self.limit = limit
        self.end = self.scale_end([self.upper(row) for row in rows])
        if limit and limit < 4 * self.end:
            self.end = max(self.end, limit)

    def upper(self, row):
        return row[self.field]

    def place(self, value, x):
        return x + (self.width - self.label_width - 14) * min(value / self.end, 1)

    def draw(self, row, x, y):
        value = row[self.field]
        if value is None:
            return [text_at(x, y + 15, "-", "soft")]
        right = self.place(value, x)
        parts = [rect_at(x, y + 5, max(right - x, 1.5), 13, "us" if row.get("ours") else "peer")]
        if value > self.end * 1.001:  # the cut says that there is more
            parts.append(line_at(right - 14, y + 20, right - 8, y + 3, "card", 4))
        return parts + self.mark(x, y) + self.label(row, right + 6, y)

    def label(self, row, x, y):
        return [text_at(x, y + 15, self.words(row), "halo us" if row.get("ours") else "halo")]

    def mark(self, x, y):
        if not self.limit or self.limit > self.end:
            return []
        at = self.place(self.limit, x)
        return [line_at(at, y + 1, at, y + ROW - 1, "good", 1.4, "3 2")]


class More(Bar):
    """More is better: nothing is cut."""
    @staticmethod
    def scale_end(values):
        return max([value for value in values if value], default=1.0)


class Range(Bar):
    """A dot at the median, a line to the 95th percentile."""
    label_width = 92

    def __init__(self, title, field, upper_field, digits, width, note=""):
        super().__init__(title, field, digits, width, note)
        self.upper_field = upper_field

    def upper(self, row):
        return row[self.upper_field]

    def words(self, row):
        return f"{show(row[self.field], self.digits)} \u2013 {show(row[self.upper_field], self.digits)}"

    def draw(self, row, x, y):
        low, high = row[self.field], row[self.upper_field]
        if low is None or high is None:
            return [text_at(x, y + 15, "-", "soft")]
        left, right = self.place(low, x), self.place(high, x)
        colour = "us" if row.get("ours") else "peer"
        parts = [rect_at(left, y + 9, right - left, 5, "us-soft" if row.get("ours") else "peer-soft")]
        parts += [f'<circle cx="{left:.1f}" cy="{y + 11.5:.1f}" r="5" fill="var(--{colour})"/>']
        return parts + self.mark(x, y) + self.label(row, right + 10, y)


def chart(rows, columns, label, limits=None, name_width=NAME_WIDTH):
    """rows: dicts with 'name' and the columns' fields, best first."""
    limits = limits or {}
    width = name_width + sum(column.width for column in columns)
    height = HEAD + ROW * len(rows) + 4
    parts, x = [], name_width
    for column in columns:
        column.begin(rows, limits.get(column.field))
        parts += column.head(x)
        x += column.width
    for index, row in enumerate(rows):
        y, x = HEAD + ROW * index, name_width
        parts.append(text_at(0, y + 15, row["name"], "us" if row.get("ours") else ""))
        if index:
            parts.append(line_at(0, y, width, y, "line", 0.7))
        for column in columns:
            parts += column.draw(row, x, y)
            x += column.width
    return svg(width, height, parts, label)


# ---- at a glance: our figures as multiples of the best peer's

GLANCE = (("cpu_s", "CPU", "cpu", "circle"), ("kb", "bytes", "bytes", "square"), ("age_p50", "age", "age", "diamond"))
GLANCE_MIN, GLANCE_MAX = 0.01, 10.0


def shape_at(kind, x, y, colour):
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="var(--{colour})"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if kind == "diamond" else ""
    return (f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" rx="1" fill="var(--{colour})"{turn}/>')


def glance(rows):
    left, width, row_height = NAME_WIDTH, 1090, 34
    right = width - 20
    height = HEAD + row_height * len(rows) + 30

    def place(ratio):
        ratio = min(max(ratio, GLANCE_MIN), GLANCE_MAX)
        return left + (right - left) * math.log(ratio / GLANCE_MIN) / math.log(GLANCE_MAX / GLANCE_MIN)

    parts, bottom = [], HEAD + row_height * len(rows)
    for ratio in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10):
        best = ratio == 1
        parts.append(line_at(place(ratio), HEAD - 6, place(ratio), bottom + 4, *(("ink", 1.6) if best else ("line",))))
        parts.append(text_at(place(ratio), bottom + 22, f"{ratio:g}\u00d7", "head" if best else "soft", "middle"))
    parts += [text_at(place(1) - 8, 14, "\u2190 less than the best peer needs", "good soft", "end"),
              text_at(place(1) + 8, 14, "more \u2192", "soft")]
    x = 0
    for _, title, colour, kind in GLANCE:
        parts += [shape_at(kind, x + 7, 10, colour), text_at(x + 18, 14, title)]
        x += 70
    for index, row in enumerate(rows):
        y = HEAD + row_height * index
        parts.append(text_at(0, y + 21, row["name"], "us"))
        parts.append(line_at(left, y + 17, right, y + 17, "line", 0.7))
        if not row["ratio"]:
            parts.append(text_at(place(1) + 8, y + 21, "no other shows as many pictures", "soft halo"))
        for field, title, colour, kind in GLANCE:
            ratio = row["ratio"].get(field)
            if ratio is not None:
                parts.append(f"<g><title>{escape(title)}: {ratio:.2f} x the best peer</title>"
                             + shape_at(kind, place(ratio), y + 17, colour) + "</g>")
    return svg(width, height, parts, "planecast's figures as multiples of the best peer's")


# ---- the page

def cpu(width=250):
    return Bar("CPU", "cpu_s", 2, width, "s per 300 source pictures")


def kilobytes(width=235):
    return Bar("Sent", "kb", 2, width, "kB a source picture")


def age(width=252):
    return Range("Age", "age_p50", "age_p95", 1, width, "ms, p50 \u2013 p95")


def quality():
    return (Quality("PSNR", "psnr_moving", 1, 84, "dB, moved"), Settled("Exact", "settle_s", 2, 60, "after, s"))


def fps(width=78):
    return Shown("Shown", "fps", 1, width, "pictures/s")


SECTIONS = (
    ("One viewer",
     "Tight, quality 8, CopyRect. planecast finds out itself what changed, as it has to with a VFIO device; "
     "the others are told, except those called -whole and those that poll. First comes who needs least CPU for a "
     "delivered picture; red is who shows less than four of five. Parts of two pictures are none.",
     lambda row: is_case(row, viewers=1), lambda: (cpu(), kilobytes(), age(), fps(), *quality())),
    ("Many viewers", "One decodes and tells age and bytes, the others skim what they get.",
     lambda row: row["viewers"] > 1 and not row["rate"] and row["encoding"] not in ("spice", "h264"),
     lambda: (cpu(), More("Worst viewer", "worst_fps", 1, 225, "pictures/s"), age(), kilobytes(180), fps())),
    ("Lossless (ZRLE)", "The same pictures, for a viewer that wants them exact at once.",
     lambda row: is_case(row, encoding="zrle"), lambda: (cpu(), kilobytes(), age(), fps(), *quality())),
    ("Video (H.264)",
     "The same pictures for a viewer that decodes Open H.264, once a film is known as one. Of the film in a window the "
     "marks lie beside it and come as rectangles: age and PSNR are theirs, and of one picture with another's film.",
     lambda row: row["encoding"] == "h264",
     lambda: (cpu(), kilobytes(), age(), fps(), Shown("Worst", "worst_fps", 1, 66, "viewer"), *quality())),
    ("4K", "Tight, quality 8, CopyRect.",
     lambda row: is_case(row, size=(3840, 2160)), lambda: (cpu(), kilobytes(), age(), fps(), *quality())),
    ("A scarce link", "The viewer takes no more than its rate; what a server queues grows old.",
     lambda row: bool(row["rate"]),
     lambda: (More("Shown", "fps", 1, 220, "distinct pictures/s"), age(330), cpu(210), kilobytes(170), *quality())),
    ("SPICE",
     "Lossless; the viewer is the library of spicy and remote-viewer. spice-bare is planecast's library by itself, "
     "told each change; spice-front, told as well, is planecast's way to a viewer, on top of that library; spice-look is "
     "the library that compares each picture once when it has come, while planecast has to find out when that is. "
     f"{US} VNC is the same picture by ZRLE, for a viewer of that protocol.",
     lambda row: row["encoding"] == "spice",
     lambda: (cpu(), kilobytes(), age(), fps(), Shown("Worst", "worst_fps", 1, 66, "viewer"), *quality()[1:])),
)
# Any other size stands where full HD does.
NAMED_SIZES = ((3840, 2160),)


def is_case(row, viewers=1, encoding="tight", size=None):
    right = tuple(row["size"]) == size if size else tuple(row["size"]) not in NAMED_SIZES
    return right and row["viewers"] == viewers and row["encoding"] == encoding and not row["rate"]


def limits_of(report, row):
    """Where the figures to reach are, for this case."""
    if row["rate"] or tuple(row["size"]) != (1920, 1080):
        return {}
    return {mark["field"]: mark["limit"] for goal in report["goals"] for mark in goal["marks"]
            if all(mark[name] == row[name] for name in ("scene", "viewers", "encoding"))}


def case_title(row):
    share = row["scene"].removeprefix("text-")
    words = [row["scene"].capitalize() if share == row["scene"] else f"Text on {share} %"]
    if row["viewers"] > 1:
        words.append(f"{row['viewers']} viewers")
    if row["rate"]:
        words.append(f"{row['rate'] / 1e6:g} MB/s")
    return ", ".join(words)


def named(rows):
    """For a chart: those first that need least CPU for a delivered picture; ours marked."""
    return [{"name": row["peer"], **row, "ours": row["peer"] == US and "name" not in row}
            for row in sorted(rows, key=by_cost)]


def by_vnc(report, row):
    """A case's row of ours by VNC, as near to SPICE as that comes: [] or one."""
    same = ("scene", "size", "viewers", "rate")
    return [{**other, "name": f"{US} VNC"} for other in report["rows"] if other["peer"] == US and
            other["encoding"] == "zrle" and all(other[name] == row[name] for name in same)]


def section(report, title, about, chosen, columns):
    rows = [row for row in report["rows"] if chosen(row)]
    if not rows:
        return ""
    sizes = ", ".join(dict.fromkeys("{}x{}".format(*row["size"]) for row in rows))
    parts = [f"<h2>{escape(title)}</h2><p class=soft>{escape(sizes)}. {escape(about)}</p>"]
    for case in dict.fromkeys(row["case"] for row in rows):
        members = [row for row in rows if row["case"] == case]
        if members[0]["encoding"] == "spice":
            members += by_vnc(report, members[0])
        parts.append(f"<div class=card><h3>{escape(case_title(members[0]))}</h3>"
                     + chart(named(members), columns(), case, limits_of(report, members[0])) + "</div>")
    return "".join(parts)


def micro_section(report):
    parts = []
    for each in report["micro"]:
        rows = [{**row, "name": row["name"], "ours": not row["name"].startswith("mem"),
                 "what": "" if row["name"].startswith("mem") else row["group"], "gb_per_s": row.get("gb_per_s"),
                 "told": row.get("note") or (f"{row['bytes_out'] / 1e3:.1f} kB" if row.get("bytes_out") else "")}
                for row in each["rows"]]
        columns = (More("Speed", "gb_per_s", 2, 330, "GB/s of picture"), Column("Tile", "ns_per_tile", 1, 90, "ns"),
                   Words("What", "what", 130), Words("Found or made", "told", 300))
        parts.append(f"<div class=card><h3>{escape(each['program'])}, {each['width']}x{each['height']}, "
                     f"median of {each['turns']}</h3>"
                     + chart(rows, columns, each["program"], name_width=190) + "</div>")
    if not parts:
        return ""
    return ("<h2>Small operations</h2><p class=soft>Over pictures that no cache holds, beside memcmp and memcpy of "
            "one whole picture in the same run; a tile is 64x16 pixels.</p>" + "".join(parts))


class Words(Column):
    def __init__(self, title, field, width):
        super().__init__(title, field, 0, width)

    def words(self, row):
        return row[self.field]


def signs(words):
    """Alternatives on lines of their own."""
    return escape(words.replace("<=", "\u2264").replace(">=", "\u2265")).replace(" or ", "<br>or ")


def goals_section(report):
    rows = []
    for goal in report["goals"]:
        cost = f"<br><span class=soft>Made of: {escape(goal['cost'])}</span>" if goal["cost"] else ""
        kind, word = {True: ("reached", "reached"), False: ("missed", "not reached"),
                      None: ("unmeasured", "not measured")}[goal["reached"]]
        rows.append(f"<tr><td>{escape(goal['title'])}<br><span class=soft>{escape(goal['source'])}</span>{cost}</td>"
                    f"<td class=n>{signs(goal['wanted'])}</td><td class=n>{escape(goal['found'])}</td>"
                    f"<td class={kind}>{word}</td><td>{signs(goal['by'])}</td></tr>")
    return ("<h2>Figures to reach</h2><div class=card><table><thead><tr><th>Figure</th><th class=n>Wanted</th>"
            "<th class=n>Found</th><th></th><th>By</th></tr></thead><tbody>" + "".join(rows) + "</tbody></table></div>")


def pairs_table(pairs):
    return "<table><tbody>" + "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
                                      for name, value in pairs) + "</tbody></table>"


def about_section(report):
    peers = [(peer["name"], peer["about"] if peer["available"] else f"unavailable: {peer['why']}")
             for peer in report["peers"]]
    machine = [(name.replace("_", " "), value) for name, value in report["machine"].items()]
    settings = [(name.replace("_", " "), value) for name, value in report["settings"].items()]
    return ("<h2>Servers</h2><div class=card>" + pairs_table(peers)
            + "</div><h2>Machine and settings</h2><div class=card>" + pairs_table(machine + settings) + "</div>")


def everything(report):
    head = "".join(f"<th class=n>{escape(title)}{', ' + unit if unit else ''}</th>"
                   for _, title, unit, _, _ in MEASURES)
    rows = "".join(f"<tr><td>{escape(row['case'])}</td><td>{escape(row['peer'])}</td>"
                   + "".join(f"<td class=n>{show(row[name], digits)}</td>" for name, _, _, digits, _ in MEASURES)
                   + f"<td class=n>{show(row['ratio'].get('cpu_s'), 2)}</td></tr>" for row in report["rows"])
    return ("<h2>All figures</h2><div class=card><details><summary>Medians of every case and server</summary><table>"
            f"<thead><tr><th>Case</th><th>Server</th>{head}<th class=n>CPU, x best peer</th></tr></thead>"
            f"<tbody>{rows}</tbody></table></details></div>")


def glance_section(report):
    rows = [{"name": row["scene"].capitalize(), "ratio": row["ratio"]} for row in report["rows"]
            if row["peer"] == US and is_case(row)]
    if not any(row["ratio"] for row in rows):
        return ""
    return ("<h2>At a glance</h2><p class=soft>planecast beside the best other server in each measure, whichever that "
            "is, of those that show about as many pictures; one viewer, Tight. Further left is better.</p>"
            "<div class=card>" + glance(rows) + "</div>")


def score(report):
    judged = [goal["reached"] for goal in report["goals"] if goal["reached"] is not None]
    scores = [(f"{sum(judged)} of {len(judged)}", "figures reached")] if judged else []
    scores.append((str(len({row["peer"] for row in report["rows"]})), "servers measured"))
    scores.append((str(len(report["runs"])), "runs"))
    return "<div class=scores>" + "".join(f"<div><div class=score>{number}</div><div class=soft>{what}</div></div>"
                                          for number, what in scores) + "</div>"


def page(report):
    warnings = "".join(f"<div class=warn>\u26a0 {escape(each)}</div>" for each in report["warnings"])
    machine, n_repeats = report["machine"], report["settings"]["repeats"]
    repeats = f"medians of {n_repeats} interleaved repeats." if n_repeats > 1 else "one repeat only."
    return ("<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta name=viewport "
            'content="width=device-width, initial-scale=1"><title>planecast bench</title>'
            f"<style>{STYLE}</style></head><body><main><h1>planecast beside other VNC and SPICE servers</h1>"
            f"<p class=soft>{escape(machine['cpu'])}, {machine['cores']} cores, {escape(machine['kernel'])}. "
            "Every server is shown the same pictures at the same times and has the same viewer; "
            f"{repeats} Dashed lines are the figures to reach.</p>"
            + warnings + score(report) + glance_section(report)
            + "".join(section(report, *each) for each in SECTIONS)
            + goals_section(report) + micro_section(report) + about_section(report) + everything(report)
            + "</main></body></html>\n")
