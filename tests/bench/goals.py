# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures planecast wants to reach, and whether a report reaches them.

One table. A goal is one value and its limit; where a figure may be reached in
two ways, each way is one entry of `ways`, all of whose conditions have to hold.
"""
import collections

from report import US, find_micro, find_row

# value(report) gives a number, or None where it was not measured.
Condition = collections.namedtuple("Condition", "what value sense limit unit digits")
# source: where the limit comes from; cost: what the figure is made of, for when it is missed.
Goal = collections.namedtuple("Goal", "title ways source cost", defaults=("",))

FULL_HD, UHD = (1920, 1080), (3840, 2160)
MOVING = ("typing", "scroll", "window", "video", "film")
LOSSY_PSNR_SLACK_DB = 0.5
FPS_LEAST = 25  # of 30
YES = "yes or no"  # the unit of what truth() gives
SPICE_OVERHEAD = 1.3
OVER_X264 = 1.15
VIDEO_AGE_MS = 1.5 * 1000 / 30
SPICE_VIDEO_KB = 250  # as MJPEG it is three times that, and many more as rectangles


def of(scene, field, **case):
    def value(report):
        row = find_row(report, scene, **case)
        return row[field] if row else None
    value.mark = {"scene": scene, "field": field, "viewers": case.get("viewers", 1),
                  "encoding": case.get("encoding", "tight")}
    return value


def truth(scene, field, **case):
    """1 or 0."""
    def value(report):
        found = of(scene, field, **case)(report)
        return None if found is None else int(found)
    return value


def micro_ratio(name, over, field, group="damage"):
    def value(report):
        one, other = (find_micro(report, f"{group}_bench", group, each) for each in (name, over))
        return one[field] / other[field] if one and other else None
    return value


def psnr_lead(scene):
    """dB above the best of the peers that lose something; None without any."""
    def value(report):
        us = find_row(report, scene)
        others = [row["psnr_moving"] for row in report["rows"] if us and row["case"] == us["case"] and
                  row["peer"] != US and row["psnr_moving"] is not None and not row["exact_moving"]]
        if not others or not us:
            return None
        if us["exact_moving"]:
            return float("inf")
        return None if us["psnr_moving"] is None else us["psnr_moving"] - max(others)
    return value


def settled(size):
    """The slowest of all moving scenes by VNC; one that never became exact is infinitely slow."""
    def value(report):
        rows = [row for row in report["rows"] if row["peer"] == US and row["scene"] in MOVING and not row["rate"] and
                row["encoding"] != "spice" and tuple(row["size"]) == size]
        times = [float("inf") if row["settle_s"] is None else row["settle_s"] for row in rows]
        return max(times, default=None)
    return value


def share_of_viewers(scene, viewers):
    """CPU of so many viewers over so many times that of one."""
    def value(report):
        many, one = find_row(report, scene, viewers=viewers), find_row(report, scene)
        return many["cpu_s"] / (viewers * one["cpu_s"]) if many and one and one["cpu_s"] else None
    return value


def spice(scene, field):
    return of(scene, field, encoding="spice")


def over_library(scene):
    """CPU of a delivered picture over that of libspice-server by itself, both told what changed."""
    def value(report):
        us, library = (find_row(report, scene, peer, encoding="spice") for peer in ("spice-front", "spice-bare"))
        return us["cpu_ms"] / library["cpu_ms"] if us and library and us["cpu_ms"] and library["cpu_ms"] else None
    return value


def h264(scene, field, viewers=1):
    return of(scene, field, encoding="h264", viewers=viewers)


def cpu_over(case, other, encoding="h264"):
    """CPU of a delivered picture over that in the other case; each a scene and viewers."""
    def value(report):
        one, base = (of(scene, "cpu_ms", encoding=encoding, viewers=viewers)(report) for scene, viewers in (case, other))
        return one / base if one and base else None
    return value


def cpu_over_x264(scene):
    """CPU of a delivered picture over what x264 and the conversion took of it, as a part of another server."""
    def value(report):
        us, bare = h264(scene, "cpu_ms")(report), find_row(report, scene, "x264-bare", encoding="h264")
        return us / bare["coding_ms"] if us and bare and bare["coding_ms"] else None
    return value


def exact_after(scene, viewers, encoding="h264"):
    """Infinite where it never was."""
    def value(report):
        row = find_row(report, scene, encoding=encoding, viewers=viewers)
        return row and (float("inf") if row["settle_s"] is None else row["settle_s"])
    return value


def spice_cpu(percent):
    scene = f"text-{percent}"
    return Goal(f"SPICE, text on {percent} %: CPU over the library's own", (
        (most("CPU", over_library(scene), SPICE_OVERHEAD, "times"), least("pictures", spice(scene, "fps"), FPS_LEAST,
                                                                          "/s", 0)),),
        "without the search for what changed: the front, which looks at each message, and what keeps viewers apart",
        "a pair of sockets more in the way: for each part of a picture the loop wakes up, reads and writes once more")


def spice_age(percent, limit_ms):
    scene = f"text-{percent}"
    return Goal(f"SPICE, text on {percent} %: age", (
        (most("p50", spice(scene, "age_p50"), limit_ms, "ms", 1), most("p99", spice(scene, "age_p99"), 50, "ms", 1)),),
        "from the due time to the viewer's picture, the wait for a look included",
        "what spice-bare's age is: the library compresses and the viewer draws; the rest is the look, its wait, and "
        "the one copy more")


def most(what, value, limit, unit="", digits=2):
    return Condition(what, value, "most", limit, unit, digits)


def least(what, value, limit, unit="", digits=2):
    return Condition(what, value, "least", limit, unit, digits)


def one(title, condition, source, cost=""):
    return Goal(title, ((condition,),), source, cost)


def cpu_of(title, scene, limit, source, cost=""):
    """Less work because fewer pictures were shown does not count."""
    return Goal(title, ((most("CPU", of(scene, "cpu_s"), limit, "s"),
                         least("pictures", of(scene, "fps"), FPS_LEAST, "/s", 0)),), source, cost)


GOALS = (
    one("Damage pass, nothing changed: share of memcmp's speed",
        least("speed", micro_ratio("pass: unchanged", "memcmp", "gb_per_s"), 0.70),
        "a pass reads both pictures once, as memcmp does"),
    one("Damage pass, 1 % changed: times the unchanged pass",
        most("time", micro_ratio("pass: 1 % typing", "pass: unchanged", "ns"), 1.2),
        "what did not change has to be compared all the same"),
    one("Rest: bytes in 10 s", most("bytes", of("idle", "rest_bytes"), 0, "B", 0),
        "nothing changes, so there is nothing to tell"),
    Goal("Idle, one change a second: CPU and age", (
        (most("CPU", of("idle", "cpu_s"), 0.15, "s"), most("age p95", of("idle", "age_p95"), 5, "ms", 1)),
        (most("CPU", of("idle", "cpu_s"), 0.05, "s"), most("age p95", of("idle", "age_p95"), 50, "ms", 1)),
    ), "reading each picture once costs 0.10 s; a peer that polls slowly takes 0.04 s, and 265 ms",
        "two dozen looks a second: half of it wakeups, half reading an eighth of the picture, at memory's speed"),
    one("Typing: pictures a second", least("fps", of("typing", "fps"), 29.5, "", 1), "the source's 30"),
    one("Typing: CPU", most("CPU", of("typing", "cpu_s"), 0.30, "s"),
        "best peers without damage given: 0.32 s at 25 fps, 0.69 s at 30",
        "looks that find nothing, and those for the rest of a picture that was still being drawn"),
    one("Typing: bytes a picture", most("bytes", of("typing", "kb"), 1.0, "kB"), "best peers: 0.3 kB with ZRLE"),
    one("Typing: lossless while it moves", least("exact", truth("typing", "exact_whole"), 1, YES),
        "text is read"),
    one("Typing: age p50", most("age p50", of("typing", "age_p50"), 1000 / 60 / 2 + 2, "ms", 1),
        "half an interval of capturing at 60 Hz, and 2 ms"),
    cpu_of("Scroll: CPU", "scroll", 0.5, "best peer: 1.45 s",
           "half of the picture is read, compared with where it came from and moved in the shadow, at memory's speed: "
           "1.0 ms a picture with cold caches; the rest is encoding what came in"),
    one("Scroll: bytes a picture", most("bytes", of("scroll", "kb"), 5, "kB", 1), "best peer: 53 kB"),
    one("Scroll: by CopyRect", least("rectangles", of("scroll", "copy_rects"), 1, "", 0),
        "no peer sends a single one"),
    cpu_of("Video in a window, JPEG: CPU", "video", 1.3, "best peer: 1.2 s, told each change"),
    cpu_of("Full-screen film, JPEG: CPU", "film", 4.0, "best peer: 4.0 to 4.2 s"),
    one("Full-screen film: PSNR, over the best lossy peer's",
        least("PSNR", psnr_lead("film"), -LOSSY_PSNR_SLACK_DB, "dB", 1),
        "speed is not bought with quality"),
    one("After motion: exact, slowest scene and most viewers", most("time", settled(FULL_HD), 1.0, "s"),
        "one peer manages 2 s, others never"),
    one("After motion: exact, slowest scene at 4K", most("time", settled(UHD), 1.0, "s"), "the same"),
    one("16 viewers, typing: worst viewer", least("fps", of("typing", "worst_fps", viewers=16), FPS_LEAST, "/s", 1),
        "of 30"),
    one("16 viewers, scroll: worst viewer", least("fps", of("scroll", "worst_fps", viewers=16), FPS_LEAST, "/s", 1),
        "of 30"),
    one("16 viewers, typing: CPU, share of 16 x one", most("share", share_of_viewers("typing", 16), 0.5),
        "what is equal is made once"),
    one("16 viewers, scroll: CPU, share of 16 x one", most("share", share_of_viewers("scroll", 16), 0.5),
        "what is equal is made once"),
    one("Viewers that answer fences at once are not starved",
        least("fps", of("scroll", "worst_fps", viewers=4), FPS_LEAST, "/s", 1),
        "three of the four viewers only skim what they get; one peer starves such viewers"),
    one("Typing as H.264: packets of it", most("rectangles", h264("typing", "video_rects"), 0, "", 0),
        "what is read is lossless, whatever the viewer can decode"),
    one("Idle as H.264: packets of it", most("rectangles", h264("idle", "video_rects"), 0, "", 0), "the same"),
    one("Film as H.264: from the look to the packet, CPU over x264's own",
        most("CPU", micro_ratio("film: server", "film: x264 alone", "ns", "video"), OVER_X264, "times"),
        "x264 ultrafast zerolatency and the conversion of the same pictures",
        "at memory's speed: the picture is read, compared and copied once"),
    Goal("Film as H.264: the server's CPU over x264's own", (
        (most("CPU", cpu_over_x264("film"), OVER_X264, "times"),
         least("pictures", h264("film", "fps"), FPS_LEAST, "/s", 0)),),
        "the same of a server that is told each change and codes all of it, beside the same feeder and viewer",
        "the looks that find nothing or half a picture, the copy of what changed, and sending, come on top"),
    one("Film in a window as H.264: CPU over one that fills the picture",
        most("CPU", cpu_over(("video", 1), ("film", 1)), 0.4, "times"), "a quarter of the pixels move"),
    one("16 viewers, film as H.264: CPU over one viewer's", most("CPU", cpu_over(("film", 16), ("film", 1)), 1.3, "times"),
        "one packet for all of them"),
    one("Film as H.264: age p50", most("age p50", h264("film", "age_p50"), VIDEO_AGE_MS, "ms", 1),
        "one and a half times a picture's time, to where the viewer has decoded it"),
    one("After a film as H.264: exact", most("time", exact_after("film", 1), 0.3, "s"), "one viewer",
        "150 ms until it counts as over, and a picture encoded losslessly"),
    one("After a film in a window as H.264: exact", most("time", exact_after("video", 1), 0.3, "s"), "one viewer"),
    one("After a film as H.264 for 16 viewers: exact", most("time", exact_after("film", 16), 2, "s"), "16 of them"),
    Goal("Film by SPICE: age p50", (
        (most("age p50", spice("film", "age_p50"), VIDEO_AGE_MS, "ms", 1),
         most("bytes", spice("film", "kb"), SPICE_VIDEO_KB, "kB", 0)),),
        "the same, to where the library has drawn it; as H.264, which takes GStreamer's decoder"),
    one("After a film by SPICE: exact", most("time", exact_after("film", 1, "spice"), 0.3, "s"), "one viewer",
        "150 ms until it counts as over, and a picture sent losslessly"),
    one("After a film in a window by SPICE: exact", most("time", exact_after("video", 1, "spice"), 0.3, "s"), "one viewer"),
    one("After a film by SPICE for 16 viewers: exact", most("time", exact_after("film", 16, "spice"), 2, "s"),
        "16 of them"),
    Goal("16 SPICE viewers, film: CPU over one viewer's", (
        (most("CPU", cpu_over(("film", 16), ("film", 1), "spice"), 1.3, "times"),
         least("pictures", of("film", "worst_fps", encoding="spice", viewers=16), FPS_LEAST, "/s", 0)),),
        "one packet for all of them"),
    spice_cpu(1), spice_cpu(10), spice_cpu(100),
    spice_age(1, 3), spice_age(100, 15),
)


def met(condition, value):
    return value <= condition.limit if condition.sense == "most" else value >= condition.limit


def excess(condition, value):
    """How far a value is from its limit, in words: positive is beyond it."""
    if value == float("inf"):
        return "never"
    if condition.unit == YES:
        return ""
    if value == condition.limit:
        return "just"
    if condition.limit > 0:
        percent = 100 * (value / condition.limit - 1)
        if percent > 300:
            return f"{value / condition.limit:.0f} times"
        return f"by {abs(percent):.0f} %" if round(abs(percent)) else "just"
    return f"by {abs(value - condition.limit):.{condition.digits}f} {condition.unit}".rstrip()


def with_unit(value, condition):
    if value in (float("inf"), float("-inf")):
        return "never" if condition.sense == "most" else "exact"
    if condition.unit == YES:
        return "yes" if value else "no"
    return f"{value:.{condition.digits}f} {condition.unit}".rstrip()


def judge_way(way, report):
    """(reached, wanted, found, by) of conditions that all have to hold."""
    values = [condition.value(report) for condition in way]
    signs = {"most": "<= ", "least": ">= "}
    wanted = ", ".join(("" if each.unit == YES else signs[each.sense]) + with_unit(each.limit, each) for each in way)
    if None in values:
        return None, wanted, "-", ""
    found = ", ".join(with_unit(value, each) for value, each in zip(values, way))
    failed = [(each, value) for each, value in zip(way, values) if not met(each, value)]
    by = "; ".join((f"{each.what} " if len(way) > 1 else "") + excess(each, value)
                   for each, value in failed or zip(way, values))
    return not failed, wanted, found, by


def marks_of(goal):
    """Where a plot may draw the limit: a figure of one case, with one way to reach it."""
    conditions = goal.ways[0] if len(goal.ways) == 1 else ()
    return [{**each.value.mark, "limit": each.limit} for each in conditions if hasattr(each.value, "mark")]


def judge(report):
    """One plain dict a goal; of several ways the first that holds, or what is missing on each."""
    rows = []
    for goal in GOALS:
        ways = [judge_way(way, report) for way in goal.ways]
        reached, _, found, by = next((way for way in ways if way[0]), ways[0])
        if reached is False:
            by = " or ".join(way[3] for way in ways)
        rows.append({"title": goal.title, "wanted": " or ".join(way[1] for way in ways), "found": found,
                     "reached": reached, "by": by, "source": goal.source,
                     "cost": goal.cost if reached is False else "", "marks": marks_of(goal)})
    return rows
