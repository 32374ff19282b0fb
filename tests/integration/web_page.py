# SPDX-License-Identifier: GPL-2.0-or-later
"""The web page for tests: requests by https as a browser makes them, and VMs through it."""
import contextlib
import re
import urllib.parse

from harness import DEADLINE_S, RfbClient, connect, vm_section
from tls import client_context, make_certs, make_users, server_section
from web_socket import WebSocket, read_head

COOKIE = "__Host-planecast"
PASSWORDS = {"alice": "wonderland-4711", "bob": "builder-0815", "carol": "christmas-1843"}
# Everybody may control, some may, some may watch; one asks for something else.
VMS = {
    "open": {"vnc_auth": "none"},
    "desk": {"vnc_auth": "users", "allow": "alice bob:view", "desktop_name": "Ann's & Bob's <desk>"},
    "cad 07": {"vnc_auth": "users", "allow": "alice"},
    "own": {"vnc_auth": "vncauth"},
}


class Answer:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body

    def header(self, name):
        found = re.search(rf"^{name}: (.*?)\r$", self.head, re.I | re.M)
        return found and found[1]

    @property
    def cookie(self):
        """The session's, of an answer that sets one."""
        found = re.match(rf"{COOKIE}=([\w-]+);", self.header("Set-Cookie") or "")
        return found and found[1]


class Page:
    """A browser's view of the web page. Each request is a connection."""

    def __init__(self, directory, address, source=None):
        self.address, self.source = address, source
        self.context = client_context(directory)
        self.host = f"{address[0]}:{address[1]}"
        self.cookie = None

    def connect(self):
        sock = connect(self.address, source=self.source)
        try:
            return self.context.wrap_socket(sock, server_hostname=self.address[0])
        except BaseException:
            sock.close()
            raise

    def headers(self, **more):
        """What browsers say of themselves; None leaves out one of it."""
        said = {"Host": self.host, "Origin": f"https://{self.host}",
                "Cookie": f"theme=dark; {COOKIE}={self.cookie}" if self.cookie else None,
                **{name.replace("_", "-"): value for name, value in more.items()}}
        return said

    def send(self, data):
        """Raw; the answer."""
        with self.connect() as sock:
            sock.sendall(data)
            status, head = read_head(sock)
            body = b""
            with contextlib.suppress(ConnectionResetError):
                while more := sock.recv(65536):
                    body += more
            return Answer(status, head, body.decode(errors="replace"))

    def request(self, method, path, body=None, **headers):
        lines = self.headers(**headers)
        data = b"" if body is None else body.encode() if isinstance(body, str) else body
        if body is not None:
            lines = {"Content-Length": len(data), "Content-Type": "application/x-www-form-urlencoded", **lines}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()
                                                       if value is not None)
        return self.send(head.encode() + b"\r\n" + data)

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def log_in(self, name, password=None, **headers):
        """Keeps the cookie of a login that succeeds."""
        form = urllib.parse.urlencode({"name": name, "password": PASSWORDS.get(name, "") if password is None else password})
        answer = self.request("POST", "/login", form, **headers)
        self.cookie = answer.cookie or self.cookie
        return answer

    def log_out(self, **headers):
        return self.request("POST", "/logout", "", **headers)

    def vms(self):
        """{name: what the list says of it} of those that can be opened."""
        found = re.findall(r'<a class="panel" href="[^"]*path=\.\./vm/([^"]*)">(.*?)</a>', self.get("/").body, re.S)
        return {urllib.parse.unquote(urllib.parse.unquote(name)): re.sub(r"<[^>]*>|\s+", " ", text) for name, text in found}

    def socket(self, vm, **headers):
        """To a VM. ConnectionError with the status when it is refused."""
        path = "/vm/" + urllib.parse.quote(vm, safe="")
        return WebSocket(None, sock=self.connect(), path=path, Sec_WebSocket_Protocol="binary", **self.headers(**headers))

    def view(self, vm, **keys):
        return PageRfbClient(self, vm, **keys)


class PageRfbClient(RfbClient):
    """RfbClient of a VM by the web page."""

    def __init__(self, page, vm, **keys):
        self._page, self._vm = page, vm
        super().__init__(None, **keys)

    def connect(self, address, deadline_s):
        return self._page.socket(self._vm)


def write_files(directory):
    make_certs(directory, "127.0.0.1", "localhost")
    make_users(directory / "users", PASSWORDS)
    (directory / "password").touch(0o600)
    (directory / "password").write_text("Sesame42\n")
    # Enough to be taken for noVNC.
    (directory / "novnc").mkdir()
    (directory / "novnc/vnc.html").write_text("<!DOCTYPE html><title>noVNC</title>\n")


def config(directory, vms=None, users=True, vm_keys=None, **server):
    server = {"web": "127.0.0.1:0", "web-pages": directory / "novnc",
              **({"users-file": directory / "users"} if users else {}), **server}
    keys = {"pattern_scene": "still", "pattern_fps": 0, "vnc_password_file": directory / "password", **(vm_keys or {})}
    return server_section(directory, **server) + "".join(
        vm_section(name, **{**keys, **values}) for name, values in (VMS if vms is None else vms).items())


def web_address(daemon, since=0):
    found = daemon.wait_line(r"listening on (\S+) for web$", since)[1]
    host, _, port = found.rpartition(":")
    return host.strip("[]"), int(port)
