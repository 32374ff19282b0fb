# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that read the live picture from the memory bench_feed paints: planecast, and what is a library."""
import os
import shlex
import sys

from peer import BUILD, PROGRAMS, Peer


class Planecast(Peer):
    """Nobody tells it what changed, as with a VFIO device."""

    name = "planecast"
    about = "planecast {version}, compares the pictures itself"
    programs = (str(BUILD / "planecastd"), "setpriv")
    version_command = (str(BUILD / "planecastd"), "--version")
    protocols = ("vnc", "spice")
    encodings = ("tight", "h264", "zrle", "spice")

    def _launch(self):
        memory = self.make_memory()
        config = self.directory / "planecast.conf"
        config.write_text(f'[vm "bench"]\nsource = memory\nmemory-file = {memory}\n'
                          f"memory-size = {self.width}x{self.height}\n{self.protocol} = 127.0.0.1:{self.address[1]}\n")
        self.spawn(BUILD / "planecastd", "--config", config)


class _Fed(Peer):
    program = ""
    options = ()

    def _launch(self):
        memory = self.make_memory()
        notices = self.make_notices()
        self.spawn(PROGRAMS / self.program, *self.options, *self.more_options(), memory, f"{self.width}x{self.height}",
                   self.address[1], notices, pass_fds=[notices])

    def more_options(self):
        """Those that are known once there is a directory."""
        return ()


class Libvncserver(_Fed):
    name = "lvs"
    about = "libvncserver {version} in a plain loop, told each change"
    program = "bench_lvs"
    programs = (str(PROGRAMS / program), "setpriv")
    version_command = (str(PROGRAMS / program), "--version")


class LibvncserverWhole(Libvncserver):
    name = "lvs-whole"
    about = "libvncserver {version} in a plain loop, told that all changed each time"

    def _launch(self):
        super()._launch()
        self.feed.append("--whole")


def neatvnc_quality(version, wanted):
    """0.5 knows the levels 9 (which is its JPEG at 66) and 0, and sends what asks for others without loss."""
    return 9 if version.startswith("0.5.") else wanted


class Neatvnc(_Fed):
    name = "neatvnc"
    about = "neatvnc {version}, told each change"
    program = "bench_neatvnc"
    programs = (str(PROGRAMS / program), "setpriv")
    packages = "libneatvnc-dev when planecast is built"
    version_command = (str(PROGRAMS / program), "--version")
    feeding_counts = True

    @classmethod
    def quality(cls, wanted):
        return neatvnc_quality(cls.version(), wanted)


class NeatvncWhole(Neatvnc):
    name = "neatvnc-whole"
    about = "neatvnc {version}, told that all changed each time"

    def _launch(self):
        super()._launch()
        self.feed.append("--whole")


class SpiceBare(_Fed):
    """What planecast's SPICE is measured against."""

    name = "spice-bare"
    about = "libspice-server {version} by itself, told each change; LZ4"
    program = "bench_spice_bare"
    programs = (str(PROGRAMS / program), "setpriv")
    version_command = (str(PROGRAMS / program), "--version")
    protocols = ("spice",)


class SpiceLook(SpiceBare):
    name = "spice-look"
    about = "libspice-server {version} by itself, compares the pictures as planecast does; LZ4"
    options = ("--look",)


class SpiceFront(_Fed):
    name = "spice-front"
    about = "planecast {version}'s way to SPICE viewers by itself, told each change"
    program = "bench_spice_front"
    programs = (str(PROGRAMS / program), "setpriv")
    version_command = (str(PROGRAMS / program), "--version")
    protocols = ("spice",)


class X264Bare(_Fed):
    """What planecast's video is measured against."""

    name = "x264-bare"
    about = "x264 {version} and the conversion by themselves, told each change, all of the picture each time"
    program = "bench_x264_bare"
    programs = (str(PROGRAMS / program), "setpriv")
    version_command = (str(PROGRAMS / program), "--version")
    encodings = ("h264",)

    def more_options(self):
        self._spent = self.directory / "spent"
        self._spent.write_bytes(bytes(8))
        return "--spent", self._spent

    def coding_cpu_s(self):
        return int.from_bytes(self._spent.read_bytes(), sys.byteorder) / 1e9


def fill_in(word, values):
    for name, value in values.items():
        word = word.replace("{" + name + "}", str(value))
    return word


def other(definition):
    """The peer that PLANECAST_BENCH_PEER="NAME=COMMAND" describes: a server over the live picture.

    COMMAND is split as a shell would, without being run by one, and {memory},
    {width}, {height} and {port} in it are filled in. It stays in the foreground
    and serves 127.0.0.1:{port} without authentication; the file holds XR24
    pixels, rows of width * 4 bytes.
    """
    name, _, command = definition.partition("=")
    words = shlex.split(command)
    if not name or not words:
        sys.exit(f"PLANECAST_BENCH_PEER={definition!r}: expected NAME=COMMAND")

    class Other(Peer):
        about = f"as PLANECAST_BENCH_PEER says: {command}"
        programs = (words[0], "setpriv")

        @classmethod
        def describe(cls):
            return cls.about

        def _launch(self):
            memory = self.make_memory()
            values = {"memory": memory, "width": self.width, "height": self.height, "port": self.address[1]}
            self.spawn(*(fill_in(word, values) for word in words))

    Other.name = name
    return Other


PEERS = [Planecast, Libvncserver, LibvncserverWhole, Neatvnc, NeatvncWhole, SpiceBare, SpiceLook, SpiceFront,
         X264Bare]
if os.environ.get("PLANECAST_BENCH_PEER"):
    PEERS.append(other(os.environ["PLANECAST_BENCH_PEER"]))
