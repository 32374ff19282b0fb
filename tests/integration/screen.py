# SPDX-License-Identifier: GPL-2.0-or-later
"""An X server without a screen, real viewers on it, and what they show."""
import json
import os
import pathlib
import subprocess
import tempfile

from harness import BUILD, DEADLINE_S, Timeout, wait_until
from picture import Picture

SCREENPROBE = str(BUILD / "tests" / "screenprobe")
SCREENSHOTS = BUILD / "tests" / "screenshots"


def tigervnc(address, *options, program="vncviewer"):
    return [program, "-geometry", "+0+0", "-RemoteResize=0", "-AutoSelect=0", "-Shared=1", "-ReconnectOnError=0",
            "-AlertOnFatalError=0", "-SecurityTypes", "None", *options, f"{address[0]}::{address[1]}"]


def gvncviewer(address):
    # It knows displays, which begin at port 5900, and no ports.
    return ["gvncviewer", f"{address[0]}:{address[1] - 5900}"]


def spicy(address, *options):
    return ["spicy", "-h", address[0], "-p", str(address[1]), *options]


def remote_viewer(address, *options):
    return ["remote-viewer", *options, f"spice://{address[0]}:{address[1]}"]


class Screen:
    """An Xvfb. Viewers started on it are ended with it."""

    def __init__(self, width=3980, height=2300):
        self._directory = tempfile.TemporaryDirectory(prefix="planecast-screen-")
        self.directory = pathlib.Path(self._directory.name)
        self.processes = []
        read, write = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-fbdir", self.directory,
             "-nolisten", "tcp", "-nocursor", "-noreset"], pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise Timeout("Xvfb did not start")
        home = self.directory / "home"
        home.mkdir()
        # A home of its own: no viewer finds settings but these, and none keeps any.
        (home / ".config" / "spicy").mkdir(parents=True)
        self.set_spicy(resize_guest=False)
        self.env = {**os.environ, "DISPLAY": f":{number}", "HOME": str(home), "GDK_BACKEND": "x11", "GDK_SCALE": "1",
                    "NO_AT_BRIDGE": "1", "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(home),
                    "XDG_CONFIG_HOME": str(home / ".config"), "SPICE_NOGRAB": "1"}
        self.env.pop("WAYLAND_DISPLAY", None)
        self.env.pop("XAUTHORITY", None)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for process in self.processes + [self.process]:
            self.end(process)
        self._directory.cleanup()

    @staticmethod
    def end(process):
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def set_spicy(self, resize_guest):
        """For those that are started from now on. Whether the guest gets the window's size."""
        (self.directory / "home/.config/spicy/settings").write_text(
            f"[general]\nscaling=false\nresize-guest={str(resize_guest).lower()}\nauto-clipboard=true\n")

    def wait_window(self, name, *action):
        """One with that name; does something with it."""
        self.xdotool("search", "--sync", "--onlyvisible", "--name", name, *action)

    def start(self, command, log=subprocess.DEVNULL):
        process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=log)
        self.processes.append(process)
        return process

    def picture(self):
        """All of it, as it is now."""
        return Picture.read_xwd(self.directory / "Xvfb_screen0")

    def xdotool(self, *words):
        """Returns what it says."""
        return subprocess.run(["xdotool", *map(str, words)], env=self.env, check=True, timeout=DEADLINE_S,
                              stdout=subprocess.PIPE, text=True).stdout

    def type_words(self, probe):
        """Into what has the keyboard; each is seen to change the picture."""
        for word in ("planecast", "Hello, World!"):
            probe("remember")
            self.xdotool("type", "--delay", 20, word)
            probe("changed")
        self.xdotool("key", "Return")

    def show_the_same(self, probe, name):
        """Waits until the screen shows what the probe is shown, which both may still change. Returns as expect."""
        def shows():
            probe("save", ppm)
            try:
                return self.expect(ppm, name, deadline_s=1)
            except Timeout:
                return None

        ppm = self.directory / "same.ppm"
        return wait_until(shows, f"the screen shows the same as another viewer: {name}", 60)

    def expect(self, ppm, name, deadline_s=60):
        """Waits until the screen shows the picture, keeps the screenshot, returns where it was found."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        saved = self.directory / "screen.ppm"
        done = subprocess.run([SCREENPROBE, self.directory / "Xvfb_screen0", ppm, str(deadline_s), saved],
                              capture_output=True, text=True, check=False)
        if saved.exists():
            Picture.read_ppm(saved).write_png(SCREENSHOTS / f"{name}.png")
        if done.returncode:
            raise Timeout(f"the screen does not show {name}: {done.stderr or 'see its screenshot'}")
        return json.loads(done.stdout)
