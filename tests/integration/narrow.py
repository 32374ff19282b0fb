# SPDX-License-Identifier: GPL-2.0-or-later
"""A narrow way to a server: what it sends comes through at so many bytes a second, and backs up behind that."""
import contextlib
import socket
import threading
import time

BUFFER_BYTES = 65536
PIECE_S = 0.01


class Narrow:
    """Listens at address for clients of the server at target."""

    def __init__(self, target, bytes_per_s):
        self.target, self.piece = target, int(bytes_per_s * PIECE_S)
        self.bytes_per_s = bytes_per_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._sockets = []
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for sock in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    @staticmethod
    def _start(run, *arguments):
        threading.Thread(target=run, args=arguments, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.socket()
                self._sockets += [client, server]
                # Little is on its way: that is what a server notices.
                server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
                for sock in (client, server):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server.connect(self.target)
                self._start(self._pass, client, server, 0)
                self._start(self._pass, server, client, self.bytes_per_s)

    def _pass(self, source, sink, bytes_per_s):
        with contextlib.suppress(OSError):
            while data := source.recv(self.piece if bytes_per_s else 65536):
                sink.sendall(data)
                if bytes_per_s:
                    time.sleep(len(data) / bytes_per_s)
            sink.shutdown(socket.SHUT_WR)
