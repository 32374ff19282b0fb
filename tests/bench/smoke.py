# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a viewer of a peer gets what the peer is fed: every peer, before anybody believes its figures."""
import itertools

from measure import VIEWERS, Talker
from peer import BENCH_FEED, Timeout

SCENE = "typing"
PICTURES = 30
SIZES = ((640, 480), (1920, 1080))


def show(peer):
    """Feeds a running peer. Returns (no problem, what to say)."""
    size = f"{peer.width}x{peer.height}"
    host, port = peer.address
    with Talker([BENCH_FEED, *peer.feed, SCENE, size], peer.feed_fds) as feeder:
        feeder.answer()
        # No quality asked for: nobody has a reason to send anything but the very picture, unless he has but video.
        lossy = peer.encodings == ("h264",)
        names = "h264" if lossy else "copyrect tight zrle hextile raw"
        asks = ["--encodings", names] if peer.protocol == "vnc" else []
        with Talker([VIEWERS[peer.protocol], "--patience", "10", *asks, "--scene", SCENE, f"{host}:{port}"]) as viewer:
            viewer.answer()
            peer.warm_up()
            viewer.ask("reset")
            feeder.ask(f"go {PICTURES}")
            seen = viewer.ask(f"until {PICTURES}")
            pictures = viewer.ask("stats")["viewers"][0]["pictures"]
            final = viewer.ask("final")["viewers"][0]
    if not peer.running():
        return False, "a process has ended:\n" + peer.log()
    exact = final.get("exact")
    text = f"{pictures} of {PICTURES} pictures seen, the last one " + ("exact" if exact else f"not exact: {final}")
    return bool(seen["ok"] and (exact or lossy)), text


def smoke(peers):
    """True if all that can be had work."""
    good = True
    for peer in peers:
        ready, why = peer.available()
        if not ready:
            print(f"{peer.name:14} unavailable: {why}", flush=True)
            continue
        for protocol, (width, height) in itertools.product(peer.protocols, SIZES):
            try:
                with peer(width, height, protocol) as running:
                    works, text = show(running)
            except (Timeout, OSError) as problem:
                works, text = False, str(problem)
            good &= works
            print(f"{peer.name:14} {protocol:6}{width}x{height:<5} {'ok' if works else 'FAILED'}: {text}", flush=True)
    return good
