#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside the lab: planecastd captures real VFIO devices, and viewers, VNC's and SPICE's, compare each pixel.

What a viewer shows is compared with what the guest drew, or with the status card
of the reason that planecastd gives in its log.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from film import Show  # noqa: E402
from harness import BUILD, Daemon, process_alive, vm_section, wait_until  # noqa: E402

# What is served is served losslessly, whatever it is coded as.
FORMATS = ["XR24", "AR24", "XB24", "AB24", "RG16", "XR30", "XB30", "YUYV", "UYVY", "YVYU", "VYUY"]
SIZES = [(320, 200, 0), (366, 154, 32), (500, 300, 0)]
FOR_EVER = 0xffffffff
CARD = 1024, 768
# Registers as they are set, one after the other, and what is said of it.
LIES = [
    ({"width": 0}, "0x200"),
    ({"width": FOR_EVER}, "4294967295x200"),
    ({"stride": 8}, "overlap"),
    ({"size": 4096}, "but has only 4096"),
    ({"size": 1 << 30}, "memory of only"),
    ({"fourcc": 0x01020304}, "0x01020304"),
    ({"modifier_high": 0x01000000}, "tiled"),
    ({"query_errno": 5, "query_errno_count": FOR_EVER}, "does not say what the guest shows"),
    # What the driver is asked once a buffer, it is asked for another buffer.
    ({"get_errno": 5, "get_errno_count": FOR_EVER, "width": 318}, "does not hand out"),
    ({"mmap_errno": 19, "width": 316}, "only the GPU"),
]
FILM = 960, 600
FILM_FPS = 10
FILM_LOOKS = 6
# Of the film's picture 33, of the one before or after it below 25, of one that is read while it is drawn less.
PSNR_MIN = 28
PSNR_CODED = 60  # and above that it came as rectangles
PICTURES = tempfile.TemporaryDirectory(prefix="lab-pictures-")


def ppm(name):
    return str(pathlib.Path(PICTURES.name) / f"{name}.ppm")


class Commanded:
    """A program that answers each line it is told with one line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def begin(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")

    def ask(self, *words):
        self.begin(*words)
        return self.answer(words)

    def answer(self, words):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"{self.process.args[0]} ended at {words}")
        return line.rstrip("\n")


class Device(Commanded):
    """A mediated device and its guest."""

    def __init__(self, kind):
        super().__init__(str(BUILD / "tests/mdevctl"), kind)
        self.uuid = self.answer(kind)
        self.seed = 0

    def tell(self, *words):
        answer = self.ask(*words)
        if not answer.startswith("ok"):
            raise AssertionError(f"{words}: {answer}")
        return answer[3:]

    def show(self, fourcc, width, height, padding=0):
        """Draws something new; the path of what a viewer has to see."""
        self.seed += 1
        path = ppm(self.uuid)
        self.tell("show", fourcc, width, height, padding, self.seed, path)
        return path

    def mode(self, width, height, first_row=0):
        self.seed += 1
        path = ppm(self.uuid)
        self.tell("mode", width, height, first_row, self.seed, path)
        return path

    def pointer(self, width, height, x, y, hot, fourcc="AR24", says=None):
        """Draws another pointer, whose hot spot is hot and which the device says is elsewhere; the path of its shape."""
        self.seed += 1
        path = ppm(f"pointer-{self.uuid}")
        self.tell("pointer", fourcc, width, height, x, y, *(says or hot), self.seed, path, *(hot if says else ()))
        return path

    def card(self, vm, reason, size=CARD):
        path = ppm(f"card-{self.uuid}")
        self.tell("card", vm, *size, path, reason)
        return path


class Viewer(Commanded):
    def __init__(self, daemon, vm, *options, protocol="vnc", patience_s=60):
        host, port = daemon.address(vm, protocol=protocol)
        super().__init__(str(BUILD / f"tests/{protocol}probe"), "--patience", str(patience_s), *options,
                         f"{host}:{port}")
        self.protocol = protocol
        self.answer("connect")

    def expect(self, path, what=""):
        answer = json.loads(self.ask("expect", path))
        if not answer["ok"]:
            raise AssertionError(f"{what}: the {self.protocol} viewer shows something else: {answer}")


class Viewers:
    """One of each protocol."""

    def __init__(self, daemon, vm, *vnc_options):
        self.daemon, self.vm = daemon, vm
        self.vnc = Viewer(daemon, vm, *vnc_options)
        self.spice = Viewer(daemon, vm, protocol="spice")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.spice.__exit__(*exception)
        self.vnc.__exit__(*exception)

    def expect(self, path, what=""):
        self.vnc.expect(path, what)
        self.spice.expect(path, what)

    def expect_pointer(self, path, what=""):
        for viewer in (self.vnc, self.spice):
            answer = json.loads(viewer.ask(*(("shape", path) if path else ("hidden",))))
            assert answer["ok"], f"{what}: the {viewer.protocol} viewer's pointer is another one"

    def reconnect(self):
        """The SPICE viewer, whose next instance of the library is born with the picture there is."""
        self.spice.__exit__()
        self.spice = Viewer(self.daemon, self.vm, protocol="spice")

    def wish(self, device, draw, *sizes):
        """Each wishes for a size: the guest reads it of its monitor, shows it, and both see that."""
        for viewer, size in zip((self.vnc, self.spice), sizes):
            viewer.begin("resize", *size)
            wait_until(lambda: device.tell("monitor") == "{}x{}".format(*size), "the guest's monitor", 60)
            path = draw(*size)
            answer = json.loads(viewer.answer("resize"))
            assert answer["ok"], answer
            self.expect(path, f"{size}, wished for by {viewer.protocol}")

    def ask_in_vain(self, width, height):
        """For a size, of a device that cannot be asked."""
        for protocol in ("vnc", "spice"):
            mark = self.daemon.mark()
            with Viewer(self.daemon, self.vm, protocol=protocol, patience_s=5) as viewer:
                assert not json.loads(viewer.ask("resize", width, height))["ok"]
            self.daemon.wait_line(f"asked for {width}x{height}: Operation not supported", mark, 60)


def vfio_vm(name, device, **keys):
    return vm_section(name, source="vfio", pattern_size=None, pattern_fps=None, vfio_device=device.uuid,
                      spice="127.0.0.1:0", **{"vfio_attach": "own", **keys})


def wait_reason(daemon, vm, text, since=0):
    """The whole reason in the log that has the text."""
    return daemon.wait_line(rf"\[{vm}\] no picture: (.*{text}.*)", since, 60)[1]


class Timed(unittest.TestCase):
    def tearDown(self):
        print(f"{time.monotonic():6.1f} s  ", end="", flush=True)


class Pixels(Timed):
    def show_all(self, kind):
        with Device(kind) as device, Daemon(vfio_vm("lab", device)) as daemon:
            with Viewers(daemon, "lab", "--encodings", "tight zrle raw") as viewer:
                for n, fourcc in enumerate(FORMATS):
                    width, height, padding = SIZES[n % len(SIZES)]
                    # The first shows a mode change to who is connected, the second a change of content.
                    for _ in range(2):
                        viewer.expect(device.show(fourcc, width, height, padding), f"{fourcc} {width}x{height}")
                # The last one, unchanged.
                viewer.reconnect()
                viewer.expect(ppm(device.uuid), "after a reconnect")
            self.assertEqual(daemon.stop()[0], 0)
            self.assertEqual(device.tell("get", "opens"), "0")
            self.assertEqual(device.tell("get", "exports"), "0")

    def test_dmabuf_in_every_format(self):
        self.show_all("pcmdev-dmabuf")

    def test_region_in_every_format(self):
        self.show_all("pcmdev-region")

    def test_mdpy(self):
        """Nobody draws: the grey ramp that it begins with."""
        width, height = 640, 480
        ramp = b"".join(bytes([y * 255 // height]) * width * 3 for y in range(height))
        path = ppm("ramp")
        pathlib.Path(path).write_bytes(b"P6\n%d %d\n255\n" % (width, height) + ramp)
        with Device("mdpy-vga") as device, Daemon(vfio_vm("lab", device)) as daemon, \
                Viewers(daemon, "lab") as viewer:
            viewer.expect(path)
            viewer.ask_in_vain(800, 600)
            viewer.reconnect()
            viewer.expect(path)


class Pointers(Timed):
    def test_cursor_plane(self):
        with Device("pcmdev-dmabuf") as device, Daemon(vfio_vm("lab", device)) as daemon:
            path = device.show("XR24", 640, 480)
            with Viewers(daemon, "lab") as viewers:
                viewers.expect(path)
                for width, height, fourcc, hot in ((64, 64, "AR24", (3, 4)), (128, 128, "AR24", (64, 127)),
                                                   (256, 256, "AB24", (0, 0)), (24, 17, "AR24", (23, 16))):
                    shape = device.pointer(width, height, 100, 50, hot, fourcc)
                    viewers.expect_pointer(shape, f"{width}x{height} {fourcc}")
                # Drawn anew where the last one was, elsewhere in the picture.
                shape = device.pointer(24, 17, 300, 200, (1, 2))
                viewers.expect_pointer(shape, "drawn anew")
                device.tell("no-pointer")
                viewers.expect_pointer(None, "hidden")
                shape = device.pointer(64, 64, 10, 10, (5, 5))
                viewers.expect_pointer(shape, "there again")
                viewers.reconnect()
                viewers.expect_pointer(shape, "after a reconnect")
                # It is no part of the picture.
                viewers.expect(path)
                shape = device.pointer(64, 64, 10, 10, (0, 0), says=(FOR_EVER, FOR_EVER))
                viewers.expect_pointer(shape, "without a hot spot")


class Sizes(Timed):
    def test_wishes(self):
        with Device("pcmdev-dmabuf") as device, Daemon(vfio_vm("lab", device)) as daemon:
            def draw(width, height):
                return device.show("XR24", width, height)
            path = draw(640, 480)
            with Viewers(daemon, "lab") as viewers:
                viewers.expect(path)
                viewers.wish(device, draw, (800, 600), (1280, 720))
                viewers.wish(device, draw, (1024, 768), (1366, 768))
                # A guest that does nothing about it: all stays as it is, and the viewer is told so.
                mark = daemon.mark()
                with Viewer(daemon, "lab", patience_s=5) as vain:
                    self.assertFalse(json.loads(vain.ask("resize", 1600, 900))["ok"])
                daemon.wait_line("monitor is one of 1600x900", mark, 60)
                viewers.expect(ppm(device.uuid))

    def test_too_small_an_area(self):
        """One line for the device, however many wish."""
        with Device("pcmdev-dmabuf") as device, Daemon(vfio_vm("lab", device)) as daemon:
            device.tell("set", "edid_max_size", 64)
            path = device.show("XR24", 640, 480)
            with Viewers(daemon, "lab") as viewers:
                viewers.expect(path)
                viewers.ask_in_vain(800, 600)
                viewers.expect(path)
            daemon.wait_line("takes EDIDs of 64 bytes", 0, 60)
            self.assertEqual(daemon.count_lines("takes EDIDs"), 1)


class Mbochs:
    """The launcher holds it and plays its guest; planecastd is passed the device."""

    def run_with(self, modes):
        with Device("mbochs-medium") as device:
            path = ppm("socket").replace(".ppm", ".socket")
            device.tell("hold", path)
            config = vfio_vm("lab", device, vfio_attach="socket", vfio_socket=path)
            with Daemon(config) as daemon, Viewers(daemon, "lab") as viewer:
                viewer.expect(device.card("lab", wait_reason(daemon, "lab", "not enabled its display")))
                modes(device, daemon, viewer)
            device.tell("release")


class MbochsStock(Mbochs, Timed):
    def test_modes(self):
        def modes(device, daemon, viewer):
            mark = daemon.mark()
            device.mode(640, 480)
            # Queried and fetched, but nobody can map it.
            viewer.expect(device.card("lab", wait_reason(daemon, "lab", "only the GPU", mark)))
            device.mode(800, 600)
            self.assertTrue(process_alive(daemon.worker("lab")))
        self.run_with(modes)


class MbochsMended(Mbochs, Timed):
    def test_modes(self):
        def modes(device, daemon, viewer):
            for width, height, row in ((640, 480, 0), (800, 600, 0), (1024, 768, 0), (1024, 768, 768),
                                       (1024, 768, 0), (640, 480, 0)):
                viewer.expect(device.mode(width, height, row), f"{width}x{height} from row {row}")
            viewer.wish(device, device.mode, (800, 600), (1152, 864))
            viewer.reconnect()
            viewer.expect(ppm(device.uuid), "after a reconnect")
            self.assertTrue(process_alive(daemon.worker("lab")))
        self.run_with(modes)


class Video(Timed):
    """A film that the guest draws into the buffer that it shows: it goes as H.264, and is exact when it rests."""

    def ask(self, viewer, *words):
        answer = json.loads(viewer.ask(*words))
        self.assertTrue(answer["ok"], answer)
        return answer

    def is_good(self, viewer):
        """Whether it shows a picture of the film, coded, and exactly what is beside it."""
        seen = self.ask(viewer, "film", "video", 1)
        print(f"{seen['mean']} dB", end=" ", flush=True)
        return PSNR_MIN < seen["mean"] < PSNR_CODED and seen["exact"] == 1

    def watch_by_vnc(self, daemon, film):
        """Beside a viewer who knows no video."""
        with Viewer(daemon, "lab") as other, Viewer(daemon, "lab", "--video") as video:
            film.start()
            seen = self.ask(video, "film", "video", FILM_LOOKS)
            self.assertGreater(seen["mean"], PSNR_MIN, seen)
            self.assertLess(seen["mean"], PSNR_CODED, seen)
            self.assertGreater(seen["exact"], FILM_LOOKS / 2, seen)
            print(f"{seen['mean']} dB by VNC,", end=" ")
            film.stop().write_ppm(ppm("film"))
            video.expect(ppm("film"))
            other.expect(ppm("film"))

    def watch_by_spice(self, daemon, film):
        """What he is sent is a stream and little else, and he shows what comes of it."""
        with Viewer(daemon, "lab", protocol="spice") as viewer:
            # Twice: his decoder takes seconds to begin, and shows late what came meanwhile, beside newer marks.
            for last in (False, True):
                mark, deadline_s = daemon.mark(), time.monotonic() + 120
                film.start()
                daemon.wait_line("a stream of H.264 begins", mark, 120)
                self.ask(viewer, "reset")
                self.ask(viewer, "updates", FILM_LOOKS)
                while last and not self.is_good(viewer):
                    self.assertLess(time.monotonic(), deadline_s, "no picture is the film's")
                film.stop().write_ppm(ppm("film"))
                viewer.expect(ppm("film"))
                daemon.wait_line(r"the stream ends after [^0]\d* pictures", mark, 60)

    def test_film(self):
        with Device("pcmdev-dmabuf") as device, \
                Daemon(vfio_vm("lab", device), env={"LIBVA_DRIVERS_PATH": str(BUILD)}) as daemon:
            device.show("XR24", *FILM)
            memory = pathlib.Path("/sys/bus/mdev/devices", device.uuid, "pcmdev/vram")
            with Show("video", *FILM, fps=FILM_FPS, path=memory) as film:
                self.watch_by_vnc(daemon, film)
                self.watch_by_spice(daemon, film)
            self.assertEqual(daemon.stop()[0], 0)
            self.assertEqual(device.tell("get", "exports"), "0")


class Trouble(Timed):
    """One VM in trouble, one beside it that has none."""

    def setUp(self):
        self.device = self.enterContext(Device("pcmdev-dmabuf"))
        self.other = self.enterContext(Device("pcmdev-region"))

    def serve(self, wrapper=()):
        config = vfio_vm("lab", self.device) + vfio_vm("calm", self.other)
        self.daemon = self.enterContext(Daemon(config, wrapper=wrapper))
        self.viewer = self.enterContext(Viewer(self.daemon, "lab"))
        self.calm = self.enterContext(Viewer(self.daemon, "calm"))
        self.calm.expect(self.other.show("XR24", 320, 200))

    def expect_card(self, text, since=0, size=CARD):
        self.viewer.expect(self.device.card("lab", wait_reason(self.daemon, "lab", text, since), size), text)

    def expect_both(self):
        self.viewer.expect(self.device.show("XR24", 320, 200))
        self.calm.expect(self.other.show("XR24", 320, 200))

    def test_lies_of_a_guest(self):
        self.serve()
        for lie, says in LIES:
            with self.subTest(lie=lie):
                self.viewer.expect(self.device.show("XR24", 320, 200))
                mark = self.daemon.mark()
                for field, value in lie.items():
                    self.device.tell("set", field, value)
                self.expect_card(says, mark, (320, 200))
                self.calm.expect(self.other.show("XR24", 320, 200))
                for field in lie:
                    if "errno" in field:
                        self.device.tell("set", field, 0)
        self.expect_both()

    def test_device_removed_and_made_again(self):
        self.serve()
        self.expect_both()
        mark = self.daemon.mark()
        self.device.tell("remove")
        self.expect_card("There is no device", mark, (320, 200))
        self.calm.expect(self.other.show("XR24", 320, 200))
        self.device.tell("create")
        self.expect_both()

    def test_forbidden_device(self):
        """root without its privileges is nobody special."""
        device = pathlib.Path("/sys/bus/mdev/devices", self.device.uuid)
        node = pathlib.Path("/dev/vfio", (device / "iommu_group").readlink().name)
        # The kernel may have another way to it.
        nodes = [node, *(pathlib.Path("/dev/vfio/devices", entry.name) for entry in device.glob("vfio-dev/vfio*"))]
        nodes = [path for path in nodes if path.exists()]
        for path in nodes:
            os.chown(path, 1, 1)
        self.serve(("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"))
        self.expect_card(f"{node} may not be opened")
        for path in nodes:
            os.chown(path, 0, 0)
        self.expect_both()

    def test_worker_killed(self):
        """The device is free the moment its worker dies, and the next one has it."""
        self.serve()
        self.expect_both()
        mark = self.daemon.mark()
        pid = self.daemon.worker("lab")
        os.kill(pid, signal.SIGKILL)
        self.daemon.wait_serving("lab", mark)
        self.calm.expect(self.other.show("XR24", 320, 200))
        with Viewer(self.daemon, "lab") as viewer:
            viewer.expect(self.device.show("XR24", 320, 200))
        wait_until(lambda: not process_alive(pid), "the end of the old worker")
        self.assertEqual(self.device.tell("get", "opens"), "1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
