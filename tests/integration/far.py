# SPDX-License-Identifier: GPL-2.0-or-later
"""Another machine, as far as the network goes: a namespace at the other end of a wire that can be cut."""
import contextlib
import ctypes
import os
import subprocess
import threading

HERE, THERE = "198.18.247.1", "198.18.247.2"  # RFC 2544: nobody's
CLONE_NEWNET = 0x40000000


class CannotBe(Exception):
    """Not root, or a kernel without such things."""


class Far:
    """There is one at a time."""

    def __init__(self):
        self._wire = f"pc{os.getpid()}"
        # The namespace lives as long as this process, and with it goes the wire.
        self._keeper = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            if self._keeper.stdout.readline() != b"\n":
                raise CannotBe("there are no network namespaces to be had")
            self._run("ip", "link", "add", self._wire, "type", "veth", "peer", "name", "wire", "netns", self._keeper.pid)
            self._run("ip", "address", "add", f"{HERE}/30", "dev", self._wire)
            self._run("ip", "link", "set", self._wire, "up")
            for words in ("address", "add", f"{THERE}/30", "dev", "wire"), ("link", "set", "wire", "up"):
                self._run_there("ip", *words)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._keeper.communicate()
        # A namespace goes some time after its last process.
        with contextlib.suppress(CannotBe):
            self._run("ip", "link", "delete", self._wire)

    @staticmethod
    def _run(*words):
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
        if done.returncode:
            raise CannotBe(f"{' '.join(map(str, words))}: {done.stderr.strip()}")

    def _run_there(self, *words):
        self._run("nsenter", "--target", self._keeper.pid, "--net", *words)

    def call(self, function, *arguments):
        """What the function returns, called by a thread that is there: the sockets that it makes stay there."""
        result = []

        def run():
            libc = ctypes.CDLL(None, use_errno=True)
            fd = os.open(f"/proc/{self._keeper.pid}/ns/net", os.O_RDONLY)
            if libc.setns(fd, CLONE_NEWNET):
                result.append(OSError(ctypes.get_errno(), "setns"))
            else:
                try:
                    result.append(function(*arguments))
                except Exception as error:  # the caller's to see
                    result.append(error)
            os.close(fd)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    def cut(self):
        """Nothing goes through any more, and neither end is told anything by the other."""
        self._run_there("ip", "link", "set", "wire", "down")

    def mend(self):
        self._run_there("ip", "link", "set", "wire", "up")
