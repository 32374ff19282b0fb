# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in manual pages, so that tests do what people are told to do."""
import re

from harness import ROOT


def example(page, heading, nth):
    """The nth block of a section of a page's source."""
    text = (ROOT / page).read_text()
    section = text.split(f"\n# {heading}\n", 1)[1].split("\n# ", 1)[0]
    return re.findall(r"```\n(.*?)```", section, re.S)[nth]
