#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each line that the demo prints, typed as it stands, shows the VM under Xvfb exactly.

Screenshots stay in the build folder, tests/screenshots.
"""
import os
import re
import shlex
import subprocess
import unittest

from harness import BUILD, DEADLINE_S, PLANECASTD, wait_until
from screen import Screen
from viewer import Viewer


class RealDemo(unittest.TestCase):
    def start_demo(self, directory):
        """With a recording of one picture, which can be compared. Returns the demo's lines, by VM."""
        recording, uris, out = (directory / name for name in ("still", "uris", "out"))
        subprocess.run([BUILD / "planecast-record", "--set", "pattern-scene=still", "--set", "pattern-size=800x600",
                        "--seconds", "0.1", "--output", recording], check=True, capture_output=True, timeout=DEADLINE_S)
        with open(out, "wb") as file:
            demo = subprocess.Popen([PLANECASTD, "--demo", "--demo-recording", recording, "--uris", uris,
                                     "--demo-pages", directory],
                                    stdin=subprocess.DEVNULL, stdout=file,
                                    env={**os.environ, "XDG_RUNTIME_DIR": str(directory)})
        self.addCleanup(Screen.end, demo)
        wait_until(uris.exists, "the file of URIs")
        blocks = re.findall(r"^(desktop|replay)\n((?:  .*\n)+)", out.read_text(), re.M)
        return {name: [line.strip() for line in lines.splitlines()] for name, lines in blocks}

    def test_each_line_works_as_it_is_printed(self):
        with Screen(1400, 1000) as screen:
            lines = self.start_demo(screen.directory)
            self.assertEqual([line.split()[0] for line in lines["replay"]], ["vncviewer", "spicy", "remote-viewer"])
            expected = screen.directory / "expected.ppm"
            with Viewer(lines["replay"][0].split()[1].replace("::", ":")) as probe:
                probe("scene", "still")
                probe("save", expected)
            for line in lines["replay"]:
                viewer = screen.start(shlex.split(line))
                name = line.split()[0]
                found = screen.expect(expected, f"demo-{name}")
                print(f"{name}: picture at {found['x']},{found['y']}, exact")
                screen.end(viewer)

    def test_the_file_says_whose_picture_it_is(self):
        with Screen(1400, 1000) as screen:
            screen.start(shlex.split(self.start_demo(screen.directory)["desktop"][2]))
            wait_until(lambda: subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "planecast demo: desktop"],
                                              env=screen.env, stdout=subprocess.DEVNULL, check=False).returncode == 0,
                       "the window with the VM's name", interval_s=0.2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
