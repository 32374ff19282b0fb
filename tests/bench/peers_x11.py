# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that show an X display; bench_feed puts changed rows there by XShmPutImage."""
import os

from peer import SPICE_SHARED, Peer


class _Display(Peer):
    """Any X server here. -noreset: the picture stays when a feeder has gone and another comes."""

    feeding_counts = True
    options = ()

    def spawn_display(self, command, *options, env=None):
        ready, told = os.pipe()
        # Screens blank after ten minutes unless told otherwise.
        try:
            self.spawn(command, "-displayfd", told, "-noreset", "-nocursor", "-nolisten", "tcp", "-s", "0",
                       *options, pass_fds=[told], env=env)
        finally:
            os.close(told)
        with open(ready, encoding="ascii") as numbers:  # closing before the line's end would kill the server
            number = numbers.readline().strip()
        if not number:
            self.wait(lambda: False, "number of the display")
        self.feed = ["--x11", f":{number}"]
        return f":{number}"


class Xvnc(_Display):
    name = "xvnc"
    about = "TigerVNC's Xvnc {version}, told each change by X"
    programs = ("Xvnc", "setpriv")
    packages = "tigervnc-standalone-server"
    version_command = ("Xvnc", "-version")

    def _launch(self):
        # It takes sixteen viewers that connect at once for somebody who tries passwords.
        self.spawn_display("Xvnc", "-geometry", f"{self.width}x{self.height}", "-depth", "24",
                           "-rfbport", str(self.address[1]), "-localhost", "-SecurityTypes", "None",
                           "-AlwaysShared", "-UseBlacklist=0")


class XvncWhole(Xvnc):
    name = "xvnc-whole"
    about = "TigerVNC's Xvnc {version}, the whole picture put each time"

    def _launch(self):
        super()._launch()
        self.feed.append("--whole")


class X11vnc(_Display):
    name = "x11vnc"
    about = "x11vnc {version} on Xvfb, both counted"
    programs = ("x11vnc", "Xvfb", "setpriv")
    packages = "x11vnc, xvfb"
    version_command = ("x11vnc", "-version")
    options = ()

    def _launch(self):
        display = self.spawn_display("Xvfb", "-screen", "0", f"{self.width}x{self.height}x24")
        # -norc: no settings of whoever runs the bench. Without -forever it ends after the first viewer.
        self.spawn("x11vnc", "-norc", "-display", display, "-rfbport", self.address[1], "-localhost", "-no6",
                   "-nopw", "-shared", "-forever", "-nocursor", *self.options)

    def warm_up(self):
        """Only seconds after its first viewer has come does it listen to what X says about changes."""
        self.wait(lambda: "xdamage object" in self.log(), "x11vnc's use of XDAMAGE")


class X11vncAwake(X11vnc):
    name = "x11vnc-nonap"
    about = "x11vnc {version} on Xvfb, both counted, told not to nap while no viewer touches key or mouse"
    options = ("-nonap",)


# The sizes of its buffers, in MiB, and its caches are the documented defaults, which the driver forgets unless told.
XSPICE = """\
Section "Device"
    Identifier "device"
    Driver "spiceqxl"
    Option "SpiceAddr" "127.0.0.1"
    Option "SpicePort" "{port}"
    Option "SpiceDisableTicketing" "True"
    Option "NumHeads" "1"
    Option "FrameBufferSize" "16"
    Option "SurfaceBufferSize" "128"
    Option "CommandBufferSize" "128"
    Option "EnableImageCache" "True"
    Option "EnableFallbackCache" "True"
    Option "EnableSurfaces" "True"
EndSection
Section "InputDevice"
    Identifier "pointer"
    Driver "xspice pointer"
EndSection
Section "InputDevice"
    Identifier "keyboard"
    Driver "xspice keyboard"
EndSection
Section "Monitor"
    Identifier "monitor"
EndSection
Section "Screen"
    Identifier "screen"
    Monitor "monitor"
    Device "device"
    DefaultDepth 24
    SubSection "Display"
        Modes "{width}x{height}"
    EndSubSection
EndSection
Section "ServerLayout"
    Identifier "layout"
    Screen "screen"
    InputDevice "keyboard" "CoreKeyboard"
    InputDevice "pointer" "CorePointer"
EndSection
Section "ServerFlags"
    Option "AutoAddDevices" "False"
EndSection
"""


class Xspice(_Display):
    """Xorg with the driver that the program Xspice starts it with."""

    name = "xspice"
    about = "Xorg {version} with the driver of Xspice, told each change by X"
    programs = ("/usr/lib/xorg/Xorg", "setpriv")
    driver = "/usr/lib/xorg/modules/drivers/spiceqxl_drv.so"
    packages = "xserver-xspice"
    version_command = ("/usr/lib/xorg/Xorg", "-version")
    protocols = ("spice",)
    SIZES = ((640, 480), (800, 600), (1024, 768), (1280, 1024), (1600, 1200), (1920, 1080))

    @classmethod
    def available(cls):
        if os.geteuid() != 0:
            return False, "only root may start its Xorg"
        if not os.path.exists(cls.driver):
            return False, f"no {os.path.basename(cls.driver)} here (Debian: {cls.packages})"
        return super().available()

    @classmethod
    def fits(cls, width, height, protocol="vnc"):
        return super().fits(width, height, protocol) and (width, height) in cls.SIZES

    def _launch(self):
        config = self.directory / "xorg.conf"
        config.write_text(XSPICE.format(port=self.address[1], width=self.width, height=self.height))
        self.spawn_display(self.programs[0], "-config", config, "-logfile", self.directory / "xorg.log",
                           "-sharevts", "-novtswitch", *self.options, env=SPICE_SHARED)


PEERS = [Xvnc, Xspice, XvncWhole, X11vnc, X11vncAwake]
