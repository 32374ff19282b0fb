# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest makes of the scancodes that its keyboard sends: libxkbcommon's tables of a layout, X11's dead keys."""
import ctypes
import ctypes.util

XKB = ctypes.CDLL(ctypes.util.find_library("xkbcommon") or "libxkbcommon.so.0")
EVDEV = 8
KEY_RIGHTALT, KEY_RIGHTCTRL = 100, 97
EXTENDED = {0x38: KEY_RIGHTALT, 0x1d: KEY_RIGHTCTRL}
DOWN, UP = 1, 0
NO_ENVIRONMENT_NAMES = 2
COMPOSING, COMPOSED = 1, 2


class RuleNames(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options")]


for function in ("xkb_context_new", "xkb_keymap_new_from_names", "xkb_state_new",
                 "xkb_compose_table_new_from_locale", "xkb_compose_state_new"):
    getattr(XKB, function).restype = ctypes.c_void_p


class Reader:
    """A guest with that layout, for as long as the test lives."""

    def __init__(self, layout):
        context = ctypes.c_void_p(XKB.xkb_context_new(NO_ENVIRONMENT_NAMES))
        names = RuleNames(b"evdev", b"pc105", layout.encode(), b"", b"")
        keymap = ctypes.c_void_p(XKB.xkb_keymap_new_from_names(context, ctypes.byref(names), 0))
        assert keymap, f"no layout {layout}"
        self.state = ctypes.c_void_p(XKB.xkb_state_new(keymap))
        table = ctypes.c_void_p(XKB.xkb_compose_table_new_from_locale(context, b"en_US.UTF-8", 0))
        assert table, "no compose table: libx11-data is missing"
        self.compose = ctypes.c_void_p(XKB.xkb_compose_state_new(table, 0))
        self.down = set()
        self.text = ""
        self.extended = False

    def feed(self, scancodes):
        for byte in scancodes:
            if byte == 0xe0:
                self.extended = True
                continue
            code = (EXTENDED[byte & 0x7f] if self.extended else byte & 0x7f) + EVDEV
            self.extended = False
            if byte & 0x80:
                self.down.discard(code)
            else:
                self._press(code)
                self.down.add(code)
            XKB.xkb_state_update_key(self.state, code, UP if byte & 0x80 else DOWN)

    def _press(self, code):
        keysym = XKB.xkb_state_key_get_one_sym(self.state, code)
        if 0xffe1 <= keysym <= 0xffee or keysym == 0xfe03:  # Shift .. Hyper, AltGr
            return
        XKB.xkb_compose_state_feed(self.compose, keysym)
        status = XKB.xkb_compose_state_get_status(self.compose)
        if status == COMPOSING:
            return
        if status == COMPOSED:
            keysym = XKB.xkb_compose_state_get_one_sym(self.compose)
        character = XKB.xkb_keysym_to_utf32(keysym)
        self.text += chr(character) if character else f"<{keysym:#x}>"


def keysym_of(character):
    return XKB.xkb_utf32_to_keysym(ord(character))
