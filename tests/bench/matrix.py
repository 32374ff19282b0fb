# SPDX-License-Identifier: GPL-2.0-or-later
"""What the bench measures: the cases, what they ask of a viewer, and in which order they come."""
import collections

from report import US, case_key

FULL_HD, UHD = (1920, 1080), (3840, 2160)
MICRO = ("damage_bench", "regions_bench", "rects_bench", "colour_bench", "video_bench")
SCENES = ("idle", "typing", "scroll", "window", "video", "film")
# For what a server spends on so much of the picture, whatever planecast makes of it.
SHARES = ("text-1", "text-10", "text-100")
# The link of the scarce cases: 10 Mbit/s.
RATE_BYTES_PER_S = 1_250_000

# What the viewer asks for. Fences come with ContinuousUpdates. In SPICE it is the server who decides.
ENCODINGS = {
    "tight": ("--encodings", "copyrect tight", "--quality", "8", "--continuous"),
    "h264": ("--encodings", "copyrect h264 tight", "--quality", "8", "--continuous"),
    "zrle": ("--encodings", "copyrect zrle", "--continuous"),
    "spice": (),
}

Case = collections.namedtuple("Case", "scene size encoding viewers rate")
VARIANTS = ("whole", "nonap")
# It codes all of the picture whatever moves, which is to be compared where all of it does.
BARE_ENCODER = "x264-bare"
# Which scenes are played in which way; of --viewers those above one take part.
LOSSLESS = ("typing", "scroll", "video")
LARGE = ("typing", "film")
CROWDED = ("typing", "scroll", "film")
SCARCE = ("scroll", "film")
VIDEO = ("idle", "typing", "video", "film")
VIDEO_CROWDED = ("film",)
VIDEO_CROWD = 16
SPICE = ("typing", "scroll", "video", "film", *SHARES)
SPICE_CROWDED = ("typing", "scroll", "film")
SPICE_CROWD = 4
# Known as a film after a second or so, and video from then on for viewers who can have it.
FILMS = ("video", "film")


def key_of(case):
    return case_key(case.scene, case.size, case.encoding, case.viewers, case.rate)


def protocol_of(case):
    return "spice" if case.encoding == "spice" else "vnc"


def has_video(case):
    return case.scene in FILMS and case.encoding in ("h264", "spice")


def skims(case):
    """Whether all viewers but the first only mind the marks. In SPICE they are no real ones then."""
    return protocol_of(case) == "vnc" or has_video(case)


def cases_of(scenes=SCENES + SHARES, viewers=(1, 4, 16), size=None, encodings=tuple(ENCODINGS)):
    """size: instead of full HD, and then nothing is played at 4K."""
    at = size or FULL_HD
    ways = (
        (SCENES, at, "tight", [count for count in viewers if count == 1], None),
        (LOSSLESS, at, "zrle", [count for count in viewers if count == 1], None),
        (CROWDED, at, "tight", [count for count in viewers if count > 1], None),
        (LARGE, UHD, "tight", [count for count in viewers if count == 1 and not size], None),
        (SCARCE, at, "tight", [count for count in viewers if count == 1], RATE_BYTES_PER_S),
        (VIDEO, at, "h264", [count for count in viewers if count == 1], None),
        (VIDEO_CROWDED, at, "h264", [count for count in viewers if count == VIDEO_CROWD], None),
        (SPICE, at, "spice", [count for count in viewers if count == 1], None),
        (SPICE_CROWDED, at, "spice", [count for count in viewers if count == SPICE_CROWD], None),
        (VIDEO_CROWDED, at, "spice", [count for count in viewers if count == VIDEO_CROWD], None),
    )
    return [Case(scene, at, encoding, count, rate)
            for names, at, encoding, counts, rate in ways for count in counts for scene in names
            if scene in scenes and encoding in encodings]


def quick_cases(size):
    """One of each kind, for a look at the machinery."""
    return [Case("idle", size, "tight", 1, None), Case("typing", size, "tight", 1, None),
            Case("scroll", size, "zrle", 3, None), Case("film", size, "spice", 2, None),
            Case("film", size, "tight", 1, RATE_BYTES_PER_S), Case("film", size, "h264", 2, None)]


def can_show(peer, case):
    return case.encoding in peer.encodings and peer.fits(*case.size, protocol_of(case))


def takes_part(name, case):
    """A server fed or set up in another way, as NAME-VARIANT, is compared in the plain cases and not in all others."""
    if name == BARE_ENCODER:
        return case.scene == "film"
    if case.encoding == "spice" and case.viewers == VIDEO_CROWD:
        return name == US  # others would send so many of them all that changes
    plain = (case.encoding, case.viewers, case.rate) == ("tight", 1, None) and case.size != UHD
    return plain or not any(name.endswith(f"-{variant}") for variant in VARIANTS)


def schedule(cases, peers, repeats):
    """
    (repeat, case, peer) in order: whatever else the machine does meets all servers
    alike. Each repeat has another one go first.
    """
    for repeat in range(repeats):
        shift = repeat % max(len(peers), 1)
        for case in cases:
            for peer in peers[shift:] + peers[:shift]:
                yield repeat + 1, case, peer


class Clock:
    """How much longer it takes, from what runs were expected to take and have taken."""

    def __init__(self, expected_s):
        self.left_s, self.expected_s, self.spent_s = sum(expected_s), 0.0, 0.0

    def done(self, expected_s, spent_s):
        self.left_s -= expected_s
        self.expected_s += expected_s
        self.spent_s += spent_s

    def left(self):
        return max(self.left_s, 0) * (self.spent_s / self.expected_s if self.expected_s else 1.0)


def show_time(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
