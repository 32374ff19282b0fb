# SPDX-License-Identifier: GPL-2.0-or-later
"""The pointer that an X server shows just now, by XFixes, which says it also where nothing is drawn."""
import ctypes


class _Image(ctypes.Structure):
    _fields_ = [("x", ctypes.c_short), ("y", ctypes.c_short), ("width", ctypes.c_ushort), ("height", ctypes.c_ushort),
                ("hot_x", ctypes.c_ushort), ("hot_y", ctypes.c_ushort), ("serial", ctypes.c_ulong),
                ("pixels", ctypes.POINTER(ctypes.c_ulong))]


class XPointer:
    """A connection of its own to a display."""

    def __init__(self, display):
        self._x11, self._xfixes = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXfixes.so.3")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._xfixes.XFixesGetCursorImage.restype = ctypes.POINTER(_Image)
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))
        assert self._display, f"no display {display}"
        first_event, first_error = ctypes.c_int(), ctypes.c_int()
        assert self._xfixes.XFixesQueryExtension(self._display, ctypes.byref(first_event), ctypes.byref(first_error))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._x11.XCloseDisplay(self._display)

    def shape(self):
        """(width, height, hot x, hot y, pixels as 0xaarrggbb, premultiplied)."""
        image = self._xfixes.XFixesGetCursorImage(self._display)
        size = image.contents.width * image.contents.height
        shape = (image.contents.width, image.contents.height, image.contents.hot_x, image.contents.hot_y,
                 [image.contents.pixels[i] & 0xffffffff for i in range(size)])
        self._x11.XFree(image)
        return shape
