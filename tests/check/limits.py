#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that each limit that is a configuration key is set by a test of what it limits.

Tests of the configuration itself know all keys, and do not count.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    keys = re.findall(r'^\t\tVM\("([a-z-]+)", (\w+)\),', (ROOT / "config/schema_limits.h").read_text(), re.M)
    keys += re.findall(r'^\t\tSERVER\("(shared-[a-z-]+)", (\w+)\),', (ROOT / "config/schema.c").read_text(), re.M)
    tests = [file.read_text() for room, pattern in (("integration", "*.py"), ("unit", "*.c"))
             for file in (ROOT / "tests" / room).glob(pattern) if not file.name.startswith("test_config")]
    problems = []
    for key, field in keys:
        name = key.replace("-", "_")
        words = re.compile(rf'\b{name}=|"{name}"|\b{key} =|"{key}"|(\.|->){field} =')
        if not any(words.search(text) for text in tests):
            problems.append(f"no test sets {key}")
    print("\n".join(problems) if problems else f"{len(keys)} limits, each with a test")
    return bool(problems) or not keys


sys.exit(main())
