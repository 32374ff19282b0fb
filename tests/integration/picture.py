# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures: where they come from, what their marks say, how much two of them differ."""
import math
import operator
import pathlib
import struct
import zlib

MARK_BLOCK, MARK_WIDTH, MARK_HEIGHT = 8, 256, 32
SQUARES = [n * n for n in range(256)] + [n * n for n in range(-255, 0)]  # negative ones count from the end


class Picture:
    """24-bit RGB, rows without gaps."""

    def __init__(self, width, height, rgb):
        if len(rgb) != width * height * 3:
            raise ValueError(f"{len(rgb)} bytes are no picture of {width}x{height}")
        self.width, self.height, self.rgb = width, height, bytes(rgb)

    def __eq__(self, other):
        return (self.width, self.height, self.rgb) == (other.width, other.height, other.rgb)

    @classmethod
    def from_xr24(cls, width, height, pixels):
        rgb = bytearray(width * height * 3)
        for colour in range(3):
            rgb[colour::3] = pixels[2 - colour::4]
        return cls(width, height, rgb)

    @classmethod
    def read_ppm(cls, path):
        _, size, _, rgb = pathlib.Path(path).read_bytes().split(b"\n", 3)
        return cls(*map(int, size.split()), rgb)

    @classmethod
    def read_xwd(cls, path):
        """What Xvfb -fbdir keeps, while it may still draw."""
        data = pathlib.Path(path).read_bytes()
        header = struct.unpack(">25I", data[:100])
        width, height, stride = header[4], header[5], header[12]
        if header[11] != 32 or stride != width * 4:
            raise ValueError("the screen is not 32 bits a pixel")
        start = header[0] + header[19] * 12
        return cls.from_xr24(width, height, data[start:start + stride * height])

    def write_ppm(self, path):
        pathlib.Path(path).write_bytes(b"P6\n%d %d\n255\n" % (self.width, self.height) + self.rgb)

    def write_png(self, path):
        """For whoever wants to look at it."""
        stride = self.width * 3
        rows = b"".join(b"\0" + self.rgb[y * stride:(y + 1) * stride] for y in range(self.height))

        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                                       chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))

    def crop(self, x, y, width, height, each=1):
        """Each nth row of it is enough to tell pictures apart."""
        return b"".join(self.rgb[(row * self.width + x) * 3:(row * self.width + x + width) * 3]
                        for row in range(y, y + height, each))

    def number(self):
        """Of the bench's picture, which the marks in two corners tell (tests/bench/scene.h); None: they do not agree."""
        right = (self.width - MARK_WIDTH) // MARK_BLOCK * MARK_BLOCK
        bottom = (self.height - MARK_HEIGHT) // MARK_BLOCK * MARK_BLOCK
        first, second = self._mark(0, 0), self._mark(right, bottom)
        return first >> 96 if first == second else None

    def _mark(self, x, y):
        """All bits of a mark (server/capture/mark.h), its check sum with them."""
        value = 0
        for row in range(y + MARK_BLOCK // 2, y + MARK_HEIGHT, MARK_BLOCK):
            for column in range(x + MARK_BLOCK // 2, x + MARK_WIDTH, MARK_BLOCK):
                value = value << 1 | (self.rgb[(row * self.width + column) * 3 + 1] > 90)
        return value


def psnr(a, b):
    """Over all samples, dB."""
    error = sum(map(SQUARES.__getitem__, map(operator.sub, a, b)))
    return 10 * math.log10(255 * 255 * len(a) / error) if error else math.inf
