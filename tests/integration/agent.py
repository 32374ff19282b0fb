# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's spice-vdagent as the agent of a guest: its desktop is an X server of this machine, its virtio port a socket."""
import os
import pathlib
import socket
import subprocess
import tempfile
import threading

from harness import DEADLINE_S, wait_until


class Port:
    """Two unix sockets with a wire between them, as QEMU's character device and the port in the guest are.

    What one end says waits until there is somebody at the other. A context manager.
    """

    def __init__(self, host, guest):
        self.paths = [str(host), str(guest)]
        self.peers = [None, None]
        self.heard = [bytearray(), bytearray()]  # from the host, from the guest
        self._condition = threading.Condition()
        self._listeners = []
        for end, path in enumerate(self.paths):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(4)
            self._listeners.append(listener)
            threading.Thread(target=self._accept, args=(end, listener), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for listener in self._listeners:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        for path in self.paths:
            os.unlink(path)
        with self._condition:
            for peer in self.peers:
                if peer:
                    peer.shutdown(socket.SHUT_RDWR)

    def _accept(self, end, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with self._condition:
                self.peers[end] = peer
                self._condition.notify_all()
            self._pump(end, peer)
            with self._condition:
                self.peers[end] = None
            peer.close()

    def _pump(self, end, peer):
        while True:
            try:
                data = peer.recv(65536)
            except OSError:
                return
            if not data:
                return
            with self._condition:
                self.heard[end] += data
                self._condition.wait_for(lambda: self.peers[1 - end], DEADLINE_S)
                other = self.peers[1 - end]
            try:
                other.sendall(data)
            except (OSError, AttributeError):
                return


class Agent:
    """spice-vdagentd and spice-vdagent, with the clipboard of a Screen. A context manager; ends them."""

    def __init__(self, port, screen):
        self.screen = screen
        self._directory = tempfile.TemporaryDirectory(prefix="planecast-agent-")
        session = os.path.join(self._directory.name, "session")
        self.log = open(pathlib.Path(self._directory.name) / "log", "w+")
        daemon = ["spice-vdagentd", "-x", "-d", "-f", "-u", "/dev/null", "-X", "-s", port, "-S", session]
        self.processes = [subprocess.Popen(daemon, stdout=self.log, stderr=self.log)]
        wait_until(lambda: os.path.exists(session), "the socket of spice-vdagentd")
        self.processes.append(subprocess.Popen(["spice-vdagent", "-x", "-d", "-s", port, "-S", session],
                                               env=screen.env, stdout=self.log, stderr=self.log))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        for process in self.processes:
            process.terminate()
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if kind:
            self.log.seek(0)
            print("--- log of spice-vdagent:\n" + self.log.read()[-4000:])
        self.log.close()
        self._directory.cleanup()


def copy(screen, text):
    """As a program on that screen does it whose user copies something."""
    subprocess.run(["xclip", "-selection", "clipboard", "-in"], input=text.encode(), env=screen.env, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=DEADLINE_S)


def paste(screen):
    """What is pasted there now, or None if there is nothing."""
    try:
        done = subprocess.run(["xclip", "-selection", "clipboard", "-out", "-target", "UTF8_STRING"], env=screen.env,
                              capture_output=True, timeout=DEADLINE_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode() if done.returncode == 0 else None


def wait_pasted(screen, text, deadline_s=DEADLINE_S):
    """Until that is pasted there."""
    last = []

    def pasted():
        last[:] = [paste(screen)]
        return last[0] == text

    try:
        wait_until(pasted, f"{len(text)} characters are pasted", deadline_s, 0.05)
    except Exception:
        print(f"pasted instead: {last[0]!r:.200}")
        raise
