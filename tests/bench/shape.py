# SPDX-License-Identifier: GPL-2.0-or-later
"""What a report must have whatever the speed: fields, pictures, well-formed pages. For tests and --quick."""
import html.parser

from matrix import ENCODINGS, MICRO
from report import MEASURES

VOID = {"meta", "line", "rect", "circle", "br"}
RUN_NUMBERS = ("cpu_s", "seconds", "pictures", "late", "client_cpu", "client_busy")
VIEW_NUMBERS = ("pictures", "bytes", "age_p50_ms", "age_p95_ms", "age_p99_ms", "updates")
LOSSLESS = {name for name, options in ENCODINGS.items() if "--quality" not in options}


class _Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.charts, self.problems = [], 0, []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href") or "url(" in (value or ""):
                self.problems.append(f"<{tag}> fetches {value}")
        self.charts += tag == "svg"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else")


def read_page(text):
    """(number of charts, problems): elements that are not closed in order, anything fetched."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.charts, page.problems + [f"<{tag}> is not closed" for tag in page.open]


def _numbers(where, names, holder):
    return [f"{where}: {name} is {holder.get(name)!r}" for name in names
            if not isinstance(holder.get(name), (int, float)) or holder[name] < 0]


def run_problems(run):
    where = f"{run['peer']}: {run['case']}"
    if run["error"]:
        return [f"{where}: {run['error']}"]
    problems = _numbers(where, RUN_NUMBERS, run) + _numbers(where, VIEW_NUMBERS, run["view"])
    if run["encoding"] != "spice":
        problems += _numbers(where, ("copy_rects",), run["view"])
    if not run["view"].get("pictures"):
        problems.append(f"{where}: no picture delivered")
    if len(run["others_pictures"]) != run["viewers"] - 1:
        problems.append(f"{where}: {len(run['others_pictures'])} further viewers, not {run['viewers'] - 1}")
    if run["encoding"] in LOSSLESS and run["final"]["exact"] is not True:
        problems.append(f"{where}: the last picture is not exact: {run['final']}")
    if run["scene"] == "idle":
        problems += _numbers(where, ("bytes", "seconds", "cpu_s"), run["rest"] or {})
    return problems


def report_problems(report, text, peers):
    """All there is to say against a report and its page; peers: who has to be in it."""
    problems = [problem for run in report["runs"] for problem in run_problems(run)]
    measured = {row["peer"] for row in report["rows"]}
    problems += [f"{name} was not measured" for name in peers if name not in measured]
    problems += [f"{row['peer']}: {row['case']}: no {name}" for row in report["rows"]
                 for name, *_ in MEASURES if name not in row]
    problems += [f"{each['program']}: {row['name']}: {row['ns']} ns" for each in report["micro"]
                 for row in each["rows"] if not row["ns"] > 0]
    programs = {each["program"] for each in report["micro"]}
    problems += [f"{program} told nothing" for program in MICRO if program not in programs]
    charts, wrong = read_page(text)
    if charts < len({row["case"] for row in report["rows"]}):
        problems.append(f"only {charts} charts")
    return problems + wrong
