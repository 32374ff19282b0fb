# SPDX-License-Identifier: GPL-2.0-or-later
"""noVNC in a browser's page: what it shows, and hands that use it."""
from harness import wait_until
from screen import SCREENSHOTS

CANVAS = "document.querySelector('#noVNC_container canvas')"
# What the page has above the picture where the picture is as large as the page.
UNCOVER = """
for (const name of ["control_bar_anchor", "hint_anchor", "status"])
    document.getElementById("noVNC_" + name)?.style.setProperty("display", "none", "important");
"""


def size(browser):
    return browser.value(f"(({{width, height}}) => [width, height])({CANVAS} ?? {{}})")


def looks(browser):
    box = browser.value(f"(({{x, y, width, height}}) => [x, y, width, height])({CANVAS}.getBoundingClientRect())")
    return browser.picture(box)


def expect_same(browser, name, expected, deadline_s):
    """The canvas shows what expected() returns, pixel for pixel; a screenshot stays."""
    def is_same():
        nonlocal shown
        picture = expected()
        shown = looks(browser)
        return shown == picture

    shown = None
    try:
        wait_until(is_same, f"{name}: the same picture as another viewer's", deadline_s, 0.1)
    finally:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        if shown:
            shown.write_png(SCREENSHOTS / f"{name}.png")
    print(f"{name}: exact at {shown.width}x{shown.height}")


def click(browser, x, y):
    left, top = browser.value(f"(({{x, y}}) => [x, y])({CANVAS}.getBoundingClientRect())")
    for kind, buttons in ("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0):
        browser.call("Input.dispatchMouseEvent", type=kind, x=left + x, y=top + y, buttons=buttons, clickCount=1,
                     button="none" if kind == "mouseMoved" else "left")


def type_word(browser, word):
    for letter in word:
        key = {"key": letter, "code": f"Key{letter.upper()}", "windowsVirtualKeyCode": ord(letter.upper())}
        browser.call("Input.dispatchKeyEvent", type="keyDown", text=letter, **key)
        browser.call("Input.dispatchKeyEvent", type="keyUp", **key)


def resize(browser, width, height):
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
