# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a screen, steered through the pipe of its DevTools protocol."""
import functools
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64decode

from harness import DEADLINE_S, Timeout
from picture import Picture

# The machine's GPU, its colours and its scaling have no say, and nothing is looked for on a network.
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb",
           "--force-device-scale-factor=1", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--disable-extensions", "--no-proxy-server"]


class PageError(Exception):
    """What a page was told to do it refused, or it threw."""


class Browser:
    """One page. A context manager. It trusts the CA of that file, too."""

    def __init__(self, width, height, ca=None):
        self._directory = tempfile.TemporaryDirectory(prefix="planecast-browser-", ignore_cleanup_errors=True)
        if ca:
            self._trust(ca)
        self.said = []  # what pages wrote to their consoles, and what they threw
        self._answers, self._condition, self._ended = {}, threading.Condition(), False
        self._number, self._session = 0, None
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        # It reads descriptor 3 and writes 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{from_write}', "-", "chromium", *OPTIONS,
             "--remote-debugging-pipe", f"--window-size={width},{height}", f"--user-data-dir={self._directory.name}/data",
             "about:blank"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[to_read, from_write], start_new_session=True, env={**os.environ, "HOME": self._directory.name})
        os.close(to_read)
        os.close(from_write)
        self._out = os.fdopen(to_write, "wb", buffering=0)
        self._reader = threading.Thread(target=self._read, args=[os.fdopen(from_read, "rb")], daemon=True)
        self._reader.start()
        try:
            target = self.call("Target.createTarget", url="about:blank", newWindow=True, width=width,
                               height=height)["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def _trust(self, ca):
        store = pathlib.Path(self._directory.name, ".pki/nssdb")
        store.mkdir(parents=True)
        for words in ("-N", "--empty-password"), ("-A", "-n", "planecast", "-t", "C,,", "-i", ca):
            subprocess.run(["certutil", "-d", f"sql:{store}", *words], check=True, timeout=DEADLINE_S)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self._out.close()  # the end of its orders is its own end
        try:
            self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self._reader.join(DEADLINE_S)
        self._directory.cleanup()

    def _read(self, pipe):
        rest = b""
        with pipe:
            while True:
                data = pipe.read1(1 << 20)
                if not data:
                    break
                *messages, rest = (rest + data).split(b"\0")
                for message in messages:
                    self._take(json.loads(message))
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def _take(self, message):
        with self._condition:
            parameters = message.get("params", {})
            if "id" in message:
                self._answers[message["id"]] = message
                self._condition.notify_all()
            elif message["method"] == "Runtime.consoleAPICalled":
                words = [str(word.get("value", word.get("description"))) for word in parameters["args"]]
                self.said.append(parameters["type"] + ": " + " ".join(words))
            elif message["method"] == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                self.said.append("thrown: " + details.get("exception", {}).get("description", details["text"]))
            elif message["method"] == "Log.entryAdded":
                self.said.append("{source}: {text}".format(**parameters["entry"]))

    def call(self, method, deadline_s=DEADLINE_S, **parameters):
        """A method of the protocol; returns its result."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        end = time.monotonic() + deadline_s
        self._out.write(json.dumps(message).encode() + b"\0")
        with self._condition:
            while number not in self._answers:
                if self._ended or not self._condition.wait(max(0, end - time.monotonic())):
                    raise Timeout(f"{method}: " + ("Chromium has ended" if self._ended else f"not within {deadline_s} s"))
            answer = self._answers.pop(number)
        if "error" in answer:
            raise PageError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def before_pages(self, script):
        """Runs in each page from now on, before its own scripts."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, url):
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise PageError(f"{url}: {failed}")

    def value(self, expression):
        """Of JavaScript, once it is there if it is promised."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise PageError(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return result["result"].get("value")

    def picture(self, box):
        """A screenshot of (x, y, width, height) of the page."""
        clip = {**dict(zip(("x", "y", "width", "height"), box)), "scale": 1}
        png = b64decode(self.call("Page.captureScreenshot", format="png", clip=clip)["data"])
        # The lines of a PNG may be filtered in five ways, which takes Python seconds.
        raw = subprocess.run(["ffmpeg", "-v", "error", "-f", "png_pipe", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24",
                              "-"], input=png, stdout=subprocess.PIPE, check=True, timeout=DEADLINE_S).stdout
        return Picture(round(box[2]), round(box[3]), raw)


class Pages(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        """Tests have their own say."""


class Folder:
    """A folder that browsers can look at, from a thread of the test's own. A context manager."""

    def __init__(self, folder):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=folder))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._server.shutdown()
        self._server.server_close()


def find_viewers():
    """The folder of viewers newer than this machine's; ends the test where they cannot be had."""
    done = subprocess.run([pathlib.Path(__file__).with_name("viewers")], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return pathlib.Path(done.stdout.strip())
