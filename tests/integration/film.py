# SPDX-License-Identifier: GPL-2.0-or-later
"""A film in a window amid a desktop, as a VM's picture in memory, and what of it a viewer shows."""
import json
import mmap
import pathlib
import subprocess
import tempfile
import threading

from harness import BUILD, DEADLINE_S, vm_section
from picture import MARK_HEIGHT, Picture, psnr

WIDTH, HEIGHT = 1280, 720
# As tests/bench/scene_video.c places it.
FILM = (WIDTH // 4 + 7, HEIGHT // 4 + 21, WIDTH // 2, HEIGHT // 2)
# The desktop above and below the film, without what is next to it and without the marks.
MARGIN = 16
STILL = [(0, MARK_HEIGHT, WIDTH, FILM[1] - MARGIN - MARK_HEIGHT),
         (0, FILM[1] + FILM[3] + MARGIN, WIDTH, HEIGHT - FILM[1] - FILM[3] - MARGIN - MARK_HEIGHT)]
# The pictures that a viewer may show when its mark is that of picture n: rectangles and video take their own ways.
AWAY = 6


class Feeder:
    """bench_feed on a file of its own, or on one that there is."""

    def __init__(self, fps, scene="video", width=WIDTH, height=HEIGHT, path=None):
        self.width, self.height = width, height
        self._directory = tempfile.TemporaryDirectory(prefix="planecast-film-")
        self.path = path or pathlib.Path(self._directory.name) / "picture"
        self.process = subprocess.Popen(
            [str(BUILD / "tests" / "bench_feed"), "--memory", self.path, "--fps", str(fps), scene, f"{width}x{height}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.communicate("quit\n", timeout=DEADLINE_S)
        self._directory.cleanup()

    def play(self, count):
        """Returns the number of the picture that is there then."""
        self.process.stdin.write(f"go {count}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["picture"]

    def picture(self):
        with open(self.path, "rb") as file, \
                mmap.mmap(file.fileno(), self.width * self.height * 4, prot=mmap.PROT_READ) as pixels:
            return Picture.from_xr24(self.width, self.height, pixels[:])


class Show:
    """A scene that a VM shows. It begins at rest, and moves from start to stop."""

    def __init__(self, scene, width, height, fps=30, path=None):
        self._feeder = Feeder(fps, scene, width, height, path)
        self._playing = threading.Event()
        self._thread = None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()
        self._feeder.__exit__()

    def vm(self, **keys):
        """A [vm] section."""
        return vm_section("vm", source="memory", pattern_size=None, pattern_fps=None, memory_file=self._feeder.path,
                          memory_size=f"{self._feeder.width}x{self._feeder.height}", **keys)

    def start(self):
        def play():
            while self._playing.is_set():
                self._feeder.play(6)

        self._playing.set()
        self._thread = threading.Thread(target=play)
        self._thread.start()

    def stop(self):
        """Returns the last picture."""
        if self._thread:
            self._playing.clear()
            self._thread.join()
            self._thread = None
        return self._feeder.picture()


class Film(Show):
    """The film amid a desktop, beside pictures of it to compare what viewers show with."""

    def __init__(self, fps=30):
        super().__init__("video", WIDTH, HEIGHT, fps)
        self._reference = Feeder(1000)
        self._painted = {0: self._reference.picture()}
        self._still = [self._painted[0].crop(*box) for box in STILL]

    def __exit__(self, *unused):
        super().__exit__()
        self._reference.__exit__()

    def find(self, screen):
        """The part of a screen that shows the VM, found by a row that the film does not touch; all of it, if none does."""
        stride = WIDTH * 3
        at = screen.rgb.find(self._still[1][:stride])
        y, x = divmod(at // 3, screen.width)
        y -= STILL[1][1]
        if at < 0 or y < 0 or x + WIDTH > screen.width or y + HEIGHT > screen.height:
            return screen
        return Picture(WIDTH, HEIGHT, screen.crop(x, y, WIDTH, HEIGHT))

    def _paint(self, first, last):
        """Pictures of these numbers, those that are long gone aside."""
        newest = max(self._painted)
        while newest < last:
            newest = self._reference.play(max(1, first - newest))
            self._painted[newest] = self._reference.picture()
        self._painted = {n: picture for n, picture in self._painted.items() if n > newest - 4 * AWAY}
        return {n: picture for n, picture in self._painted.items() if first <= n <= last}

    def compare(self, shown):
        """What a viewer shows while the film moves: (number by the marks, that of the film's picture, its PSNR).

        None where the marks or the desktop around the film are not as they should be, exactly.
        """
        if (shown.width, shown.height) != (WIDTH, HEIGHT):
            return None
        n = shown.number()
        if n is None or [shown.crop(*box) for box in STILL] != self._still:
            return None
        painted = self._paint(n - AWAY, n + AWAY)
        rough = {number: psnr(shown.crop(*FILM, each=16), picture.crop(*FILM, each=16))
                 for number, picture in painted.items()}
        if not rough:
            return None
        best = max(rough, key=rough.get)
        return n, best, psnr(shown.crop(*FILM), painted[best].crop(*FILM))
