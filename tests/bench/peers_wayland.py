# SPDX-License-Identifier: GPL-2.0-or-later
"""wayvnc on a Wayland desktop without a screen: sway, drawing with the processor."""
import os

from peer import Peer
from peers_memory import neatvnc_quality


def _no_root():
    """sway does not start where it could become root: root gets a namespace without one."""
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"] if os.geteuid() == 0 else []


class Wayvnc(Peer):
    """bench_feed draws through Xwayland, which is the guest's part; no child of sway, it is not counted."""

    name = "wayvnc"
    about = "wayvnc {version} on sway without a screen, both counted"
    programs = ("wayvnc", "sway", "Xwayland", "setpriv")
    packages = "wayvnc, sway, xwayland"
    version_command = ("wayvnc", "--version")
    feeding_counts = True

    @classmethod
    def quality(cls, wanted):
        return neatvnc_quality(cls.version(), wanted)  # their versions go together

    def _launch(self):
        displays = self.directory / "displays"
        config = self.directory / "sway.conf"
        config.write_text(f"output HEADLESS-1 resolution {self.width}x{self.height} position 0 0\n"
                          "xwayland force\ndefault_border none\n"
                          f"exec echo $DISPLAY $WAYLAND_DISPLAY >{displays}.new && mv {displays}.new {displays}\n")
        wayland = {"XDG_RUNTIME_DIR": str(self.directory), "WLR_BACKENDS": "headless",
                   "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}
        self.spawn(*_no_root(), "sway", "--config", config, env=wayland)
        self.wait(displays.exists, "sway's displays")
        display, socket = displays.read_text().split()
        # A limit of 30 pictures a second, the default, would lose some of a guest that draws just as many.
        # Input devices would bring a cursor.
        self.spawn("wayvnc", "--max-fps=60", "--disable-input", *self.address,
                   env={**wayland, "WAYLAND_DISPLAY": socket})
        self.feed = ["--x11", display]


PEERS = [Wayvnc]
