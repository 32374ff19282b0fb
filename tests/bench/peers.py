#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The servers that the bench compares, all fed with the very same pictures.

usage: peers.py                  lists them, with versions, and says which cannot be had here
       peers.py smoke [NAME]...  starts each, feeds it 30 pictures, and sees that a viewer gets them

PLANECAST_BENCH_PEER="NAME=COMMAND" adds a server of your own: COMMAND gets
{memory} (a file of XR24 pixels, rows of width * 4 bytes), {width}, {height} and
{port} filled in, and serves 127.0.0.1:{port} in the foreground without
authentication.
"""
import sys

import peers_memory
import peers_qemu
import peers_wayland
import peers_x11
import smoke

PEERS = {peer.name: peer for module in (peers_memory, peers_x11, peers_qemu, peers_wayland) for peer in module.PEERS}


def show():
    for name, peer in PEERS.items():
        ready, why = peer.available()
        print(f"{name:14} {' '.join(peer.protocols):10} {peer.describe() if ready else 'unavailable: ' + why}")
    return 0


def main(arguments):
    if not arguments:
        return show()
    command, *names = arguments
    if command != "smoke" or not all(name in PEERS for name in names):
        sys.exit(__doc__.strip())
    return not smoke.smoke([PEERS[name] for name in names or PEERS])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
