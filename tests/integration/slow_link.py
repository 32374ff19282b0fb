# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine at the other end of a slow link, in which viewers can be run."""
import os

from harness import BUILD

NET = 240
HERE = f"198.18.{NET}.1"


def is_possible():
    """Root, and TUN devices."""
    return os.geteuid() == 0 and os.path.exists("/dev/net/tun")


def wrapper(rate, delay_ms, *options):
    """What to put before a command that is to be run there: this machine is HERE to it."""
    return [str(BUILD / "planecast-link"), "--net", str(NET), "--rate", rate, "--delay", str(delay_ms), *options, "--"]
