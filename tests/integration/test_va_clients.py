#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The software VA-API driver under programs that others wrote: vainfo, ffmpeg, GStreamer."""
import pathlib
import platform
import re
import subprocess
import tempfile
import unittest

from harness import BUILD
from screen import Screen

DEADLINE_S = 120
SIZE, PICTURES = "640x360", 24
SOURCE = ["-f", "lavfi", "-i", f"testsrc2=s={SIZE}:r=30"]


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.screen = cls.enterClassContext(Screen(64, 64))
        cls.directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.env = {**cls.screen.env, "LIBVA_DRIVERS_PATH": str(BUILD), "LIBVA_DRIVER_NAME": "planecast",
                   # Neither plugin takes drivers that it does not know.
                   "GST_VAAPI_ALL_DRIVERS": "1", "GST_VA_ALL_DRIVERS": "1"}
        # A driver with a sanitizer in it needs that in the program, too.
        cls.preload = re.findall(r"PLANECAST_SANITIZE:STRING=(address)", (BUILD / "CMakeCache.txt").read_text())
        if cls.preload:
            cls.preload = [subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip()]
            cls.env["ASAN_OPTIONS"] = "detect_leaks=0"

    def run_client(self, *command, expected=0):
        env = {**self.env, "LD_PRELOAD": ":".join(self.preload)}
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=DEADLINE_S,
                              check=False, env=env)
        self.assertEqual(done.returncode, expected, " ".join(map(str, command)) + "\n" + done.stdout + done.stderr)
        self.assertNotIn("AddressSanitizer", done.stderr)
        return done.stdout + done.stderr

    def encode(self, *options, picture="format=nv12,hwupload", encoder="h264_vaapi"):
        """The test film by ffmpeg, each picture decoded without a complaint; returns (file, PSNR of its luma)."""
        file = self.directory / "film.mp4"
        device = ["-vaapi_device", self.env["DISPLAY"]] if encoder == "h264_vaapi" else []
        self.run_client("ffmpeg", "-v", "warning", "-y", *device, *SOURCE, "-frames:v", PICTURES, "-vf", picture,
                        "-c:v", encoder, *options, file)
        return file, self.compare(file)

    def compare(self, file, source="format=yuv420p"):
        """Decodes a film without a complaint; returns the PSNR of its luma to that of the test film."""
        said = self.run_client("ffmpeg", "-v", "info", "-xerror", "-err_detect", "explode", "-r", "30", "-i", file,
                               *SOURCE, "-frames:v", PICTURES, "-lavfi", f"[1:v]{source}[a];[0:v][a]psnr",
                               "-f", "null", "-")
        self.assertNotIn("error", said.lower().replace("err_detect", ""))
        self.assertIn(f"frame={PICTURES:5d}", said)
        return float(re.search(r"PSNR y:([\d.]+)", said)[1])

    def pictures(self, file):
        """What kinds of pictures are in it, as IPPP..., and K for a key picture."""
        said = self.run_client("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
                               "packet=flags:frame=pict_type", "-show_frames", "-show_packets", "-of", "compact", file)
        kinds = re.findall(r"pict_type=(.)", said)
        keys = [flags.startswith("K") for flags in re.findall(r"flags=(\S+)", said)]
        return "".join("K" if key else kind for kind, key in zip(kinds, keys))


class Info(Clients):
    def test_vainfo_lists_it(self):
        said = self.run_client("vainfo", "--display", "x11", "-a")
        self.assertIn("planecast software encoder", said)
        for profile in ("ConstrainedBaseline", "Main", "High"):
            self.assertRegex(said, rf"VAProfileH264{profile}/VAEntrypointEncSlice")
        self.assertIn("VAProfileNone/VAEntrypointVideoProc", said)
        self.assertIn("VA_RC_CQP", said)


class Ffmpeg(Clients):
    def test_constant_qp_is_as_good_as_x264(self):
        for qp in ("20", "32"):
            for profile, cabac in (("constrained_baseline", "0"), ("high", "1")):
                with self.subTest(qp=qp, profile=profile):
                    _, reference = self.encode("-preset", "ultrafast", "-tune", "zerolatency", "-qp", qp, "-x264-params",
                                               f"cabac={cabac}:8x8dct={cabac}:ipratio=1", picture="format=yuv420p",
                                               encoder="libx264")
                    file, psnr = self.encode("-qp", qp, "-profile:v", profile)
                    self.assertGreater(psnr, reference - 0.5)
                    self.assertEqual(self.pictures(file), "K" + "P" * (PICTURES - 1))

    def test_bit_rates(self):
        for options in (("-rc_mode", "CBR", "-b:v", "1M"), ("-rc_mode", "VBR", "-b:v", "1M", "-maxrate", "2M")):
            with self.subTest(options=options):
                file, psnr = self.encode(*options)
                # A second at most, which begins with its dearest picture.
                self.assertLess(file.stat().st_size, 1.6 * 1_000_000 / 8 * PICTURES / 30)
                self.assertGreater(psnr, 25)
        _, psnr = self.encode("-rc_mode", "ICQ", "-global_quality", "20")
        self.assertGreater(psnr, 45)

    def test_groups_of_pictures(self):
        file, psnr = self.encode("-qp", "24", "-g", "8")
        self.assertGreater(psnr, 40)
        self.assertEqual(self.pictures(file), "KPPPPPPP" * (PICTURES // 8))
        # I pictures that are no key pictures.
        file, psnr = self.encode("-qp", "24", "-g", "6", "-idr_interval", "1")
        self.assertGreater(psnr, 40)
        self.assertEqual(self.pictures(file).replace("I", "K"), "KPPPPP" * (PICTURES // 6))
        # B pictures are not offered, and so not asked for.
        file, _ = self.encode("-qp", "24", "-bf", "2")
        self.assertNotIn("B", self.pictures(file))

    def test_slices_and_messages(self):
        _, psnr = self.encode("-qp", "24", "-slices", "4")
        self.assertGreater(psnr, 40)
        _, psnr = self.encode("-qp", "24", "-aud", "1", "-sei", "+identifier+timing+recovery_point", "-profile:v", "main")
        self.assertGreater(psnr, 40)

    def test_processing(self):
        file, psnr = self.encode("-qp", "18", picture="format=bgra,hwupload,scale_vaapi=format=nv12:"
                                 "out_color_matrix=smpte170m:out_range=tv")
        self.assertGreater(psnr, 45)
        file = self.directory / "small.mp4"
        self.run_client("ffmpeg", "-v", "warning", "-y", "-vaapi_device", self.env["DISPLAY"], *SOURCE, "-frames:v", "3",
                        "-vf", "format=nv12,hwupload,scale_vaapi=w=322:h=182", "-c:v", "h264_vaapi", "-qp", "20", file)
        said = self.run_client("ffmpeg", "-i", file, *SOURCE, "-frames:v", "3", "-lavfi", "[1:v]scale=322:182:"
                               "flags=bilinear,format=yuv420p[a];[0:v][a]psnr", "-f", "null", "-")
        self.assertGreater(float(re.search(r"PSNR y:([\d.]+)", said)[1]), 40)

    def test_download_and_maps(self):
        for picture in ("format=bgra,hwupload,hwdownload,format=bgra,format=nv12,hwupload",
                        "format=nv12,hwupload,hwmap=mode=read,format=nv12,negate,negate,hwupload"):
            with self.subTest(picture=picture):
                _, psnr = self.encode("-qp", "20", picture=picture)
                self.assertGreater(psnr, 40)


class Gstreamer(Clients):
    def encode_by(self, *elements):
        file = self.directory / "film.h264"
        words = f"videotestsrc num-buffers={PICTURES} ! video/x-raw,width=640,height=360,framerate=30/1".split()
        for element in elements:
            words += ["!", *element.split()]
        self.run_client("gst-launch-1.0", "-q", *words, "!", "h264parse", "!", "filesink", f"location={file}")
        said = self.run_client("ffprobe", "-v", "warning", "-count_frames", "-show_entries", "stream=nb_read_frames",
                               "-of", "csv=p=0", file)
        self.assertEqual(said.strip(), str(PICTURES))

    def test_vaapi_elements(self):
        self.encode_by("vaapih264enc rate-control=cqp init-qp=24")
        self.encode_by("vaapipostproc format=nv12 width=320 height=200", "vaapih264enc rate-control=cbr bitrate=800")
        self.encode_by("vaapih264enc rate-control=vbr bitrate=800 keyframe-period=8 num-slices=3")


@unittest.skipUnless(platform.machine() == "x86_64", "tests/gpu is built for x86 only")
class GstreamerVa(Clients):
    """GStreamer's newer plugin, which knows VA-API by way of render nodes only: it gets one that executes nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.update(GPU_NOOP_DEVICE="tigerlake", GST_REGISTRY=str(cls.directory / "registry"))
        cls.preload += [str(BUILD / "tests" / name) for name in ("gpu_noop.so", "gudev_node.so")]

    def encode_by(self, *elements, form="I420"):
        pixel = {"I420": "yuv420p", "BGRx": "bgr0"}[form]
        raw, file = self.directory / "film.raw", self.directory / "film.h264"
        self.run_client("ffmpeg", "-v", "warning", "-y", *SOURCE, "-frames:v", PICTURES, "-pix_fmt", pixel,
                        "-f", "rawvideo", raw)
        width, height = SIZE.split("x")
        words = ["filesrc", f"location={raw}", "!", "rawvideoparse", f"width={width}", f"height={height}",
                 f"format={form.lower()}", "framerate=30/1"]
        for element in elements:
            words += ["!", *element.split()]
        self.run_client("gst-launch-1.0", "-q", *words, "!", "h264parse", "!", "filesink", f"location={file}")
        return file

    def test_the_driver_is_found(self):
        said = self.run_client("gst-inspect-1.0", "va")
        self.assertIn("vah264enc", said)
        self.assertIn("vapostproc", said)

    def test_constant_qp(self):
        for options in ("", "num-slices=3", "key-int-max=8", "cabac=false dct8x8=false"):
            with self.subTest(options=options):
                file = self.encode_by("vapostproc", "vah264enc rate-control=cqp qpi=24 qpp=24 b-frames=0 " + options)
                self.assertGreater(self.compare(file), 48)

    def test_bit_rates(self):
        for control in ("cbr", "vbr"):
            with self.subTest(control=control):
                file = self.encode_by("vapostproc", f"vah264enc rate-control={control} bitrate=1500 b-frames=0")
                self.assertLess(file.stat().st_size, 1.6 * 1_500_000 / 8 * PICTURES / 30)
                self.assertGreater(self.compare(file), 25)

    def test_processing(self):
        """From the guest's kind of picture, and between the elements as a dma-buf."""
        for link in ("", "video/x-raw(memory:DMABuf),format=NV12"):
            with self.subTest(link=link):
                elements = [link] if link else []
                file = self.encode_by("vapostproc", *elements, "vah264enc rate-control=cqp qpi=20 qpp=20 b-frames=0",
                                      form="BGRx")
                self.assertGreater(self.compare(file), 45)
        file = self.encode_by("vapostproc", "video/x-raw(memory:VAMemory),width=322,height=182",
                              "vah264enc rate-control=cqp qpi=20 qpp=20 b-frames=0")
        self.assertGreater(self.compare(file, "scale=322:182:flags=bilinear,format=yuv420p"), 40)


if __name__ == "__main__":
    unittest.main()
