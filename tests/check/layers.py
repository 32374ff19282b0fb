#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that no room includes a header of a room above it.

Each layer may use the ones listed with it, and itself. A file that no pattern
names is an error, so that a new room has to say where it lives.
"""
import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What every room may use: plain words and data, no behaviour of a VM.
BASE = ("server/clock.h", "server/log.h", "server/frame.h", "server/update.h", "server/cursor.h",
        "server/input.h")

# (name, files, what they may include besides BASE and their own)
LAYERS = [
    ("base", ["server/clock.*", "server/log.*", "server/frame.*", "server/update.*",
              "server/cursor.*", "server/format.*"], []),
    ("config", ["config/*"], []),
    ("damage", ["server/damage*", "server/scroll*"], ["server/format.h"]),
    ("pacer", ["server/pacer.*", "server/beat.*", "server/half.*"], []),
    ("keys", ["server/keymap*", "server/keytext.*"], []),
    ("size wish", ["server/size_wish.*"], []),
    ("activity", ["server/activity.*", "server/activity_box.*", "server/activity_cells.*"], []),
    ("activity photo", ["server/activity_photo.*"], ["encoders/photo.h", "server/activity.h"]),
    ("channel", ["server/channel.*", "server/board.*"], []),
    ("sandbox", ["server/sandbox.*"], []),
    ("json", ["server/json.*"], ["config/text.h"]),
    ("screenshot", ["server/screenshot.*"], []),
    ("framefile", ["server/framefile*"], []),
    ("capture", ["server/capture/*"], ["config/*", "server/format.h", "server/framefile.h", "server/channel.h",
                                        "server/bus_pump.h", "server/qemu_bus.h", "server/qemu_input.h"]),
    # Another program's plugin: of the project it may know only what knows nothing of it.
    ("softva", ["encoders/softva/*"], ["encoders/colour.h", "encoders/detile.h", "encoders/h264_*.h"]),
    ("encoders", ["encoders/*"], []),
    ("net", ["net/*"], ["config/*", "encoders/rects.h", "encoders/rects_debt.h", "encoders/packet.h", "server/clipboard.h",
                        "server/clip_text.h", "server/vdagent.h"]),
    ("clipboard", ["server/vdagent.*", "server/clip_text.*", "server/clipboard.*", "server/guest_agent.*",
                   "server/qemu_clipboard.*"],
     ["config/config.h", "config/text.h", "net/spice_wire.h", "server/qemu_bus.h"]),
    ("guest", ["server/guest.*", "server/input.*", "server/qmp*", "server/locks.*",
               "server/qemu_bus.*", "server/qemu_input.*", "server/bus_pump.*", "server/input_queue.*"], []),
    ("video", ["server/video.*", "server/quality.*"],
     ["config/*", "net/flow.h", "net/protocol.h", "encoders/*", "server/activity.h", "server/activity_photo.h"]),
    ("vm", ["server/vm.*", "server/vm_window.*", "server/vm_picture.*", "server/resizer.*", "server/protocols.*",
            "server/input_route.*", "server/vm_clipboard.*"],
     ["config/*", "net/gate.h", "net/protocol.h", "net/tls_config.h", "server/capture/*",
      "server/damage.h", "server/half.h", "server/key*.h", "server/pacer.h", "server/video.h", "server/size_wish.h",
      "server/channel.h", "server/guest.h", "server/qemu_bus.h",
      "server/locks.h", "server/format.h", "server/clipboard.h",
      "server/guest_agent.h", "server/qemu_clipboard.h"]),
    ("hello", ["server/gateway/hello.*"], ["config/server_name.h", "net/bytes.h"]),
    # The one process with privileges: what it includes is to be read by whoever audits it.
    ("broker", ["server/broker/*"],
     ["server/channel.h", "server/capture/vfio_device.h", "server/capture/vfio_plane.h",
      "server/capture/vfio_sysfs.h", "server/worker_memory.h"]),
    ("processes", ["server/main.c", "server/supervisor*", "server/worker*", "server/demo*",
                   "server/control*", "server/options*", "server/hash_password.*",
                   "server/make_certs.*", "server/privileges.*", "server/probe.*", "server/notify.*", "server/gateway/*",
                   "tools/*"], ["*"]),
]

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def layer_of(path):
    return next((layer for layer in LAYERS
                 if any(fnmatch.fnmatch(path, pattern) for pattern in layer[1])), None)


def main():
    problems = []
    files = [f for room in ("config", "server", "encoders", "net", "tools")
             for f in (ROOT / room).rglob("*.[ch]")]
    for file in sorted(files):
        path = file.relative_to(ROOT).as_posix()
        layer = layer_of(path)
        if not layer:
            problems.append(f"{path}: belongs to no layer; add it to {pathlib.Path(__file__).name}")
            continue
        name, own, allowed = layer
        for include in INCLUDE.findall(file.read_text()):
            if not (ROOT / include).exists():
                continue  # generated
            if include in BASE or any(fnmatch.fnmatch(include, p) for p in own + allowed):
                continue
            problems.append(f"{path}: layer '{name}' must not include {include}")
    print("\n".join(problems) if problems else f"{len(files)} files keep to their layers")
    return bool(problems) or not files


sys.exit(main())
