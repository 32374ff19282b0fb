#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks what every source file owes its reader: licence, a first sentence, a sane size."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINES_MAX = 600


def main():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "*.c", "*.h"],
                            capture_output=True, text=True, check=True).stdout.split()
    problems = []
    for path in listed:
        if not (ROOT / path).exists():
            continue
        text = (ROOT / path).read_text()
        lines = text.splitlines()
        if "SPDX-License-Identifier:" not in (lines[0] if lines else ""):
            problems.append(f"{path}:1: no SPDX licence line")
        if len(lines) < 2 or not re.match(r"\s*/[*/]", lines[1]):
            problems.append(f"{path}:2: does not start with a sentence on what it is for")
        if len(lines) > LINES_MAX:
            problems.append(f"{path}: {len(lines)} lines; the design wants another room past {LINES_MAX}")
        for number, line in enumerate(lines, 1):
            if len(line.expandtabs(8)) > 120:
                problems.append(f"{path}:{number}: longer than 120 columns")
            if line != line.rstrip():
                problems.append(f"{path}:{number}: trailing blanks")
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                problems.append(f"{path}:{number}: unfinished: {line.strip()}")
    print("\n".join(problems) if problems else f"{len(listed)} files are in order")
    return bool(problems) or not listed


sys.exit(main())
