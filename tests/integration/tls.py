# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates, and clients that speak TLS: after VNC's VeNCrypt prelude, or from the first byte."""
import pathlib
import ssl
import struct
import subprocess
import tempfile
import time

from harness import PLANECASTD, RfbClient, connect, run_planecastd

VENCRYPT, X509_NONE, X509_VNC, X509_PLAIN = 19, 260, 261, 262


def make_certs(directory, *names):
    status, out, err = run_planecastd("--make-certs", str(directory), *names)
    if status:
        raise RuntimeError(err)
    return out


def make_users(file, passwords):
    """A users-file of {name: password}."""
    lines = [subprocess.run([PLANECASTD, "--hash-password", name], input=password + "\n", text=True, check=True,
                            capture_output=True).stdout for name, password in passwords.items()]
    file.touch(0o600)
    file.write_text("".join(lines))


def list_revoked(directory, *certificates, age_s=60, lasts_s=3600):
    """Writes crl.pem: which of these files the CA there has revoked, as of then and for so long."""
    def text(seconds, form="%Y%m%d%H%M%SZ"):
        return time.strftime(form, time.gmtime(time.time() + seconds))

    with tempfile.TemporaryDirectory(prefix="planecast-ca-") as folder:
        index, config = pathlib.Path(folder) / "index", pathlib.Path(folder) / "ca.cnf"
        serials = [subprocess.run(["openssl", "x509", "-in", file, "-noout", "-serial"], check=True, text=True,
                                  capture_output=True).stdout.strip().partition("=")[2] for file in certificates]
        index.write_text("".join(f"R\t{text(86400, '%y%m%d%H%M%SZ')}\t{text(-age_s, '%y%m%d%H%M%SZ')}\t{serial}\tunknown"
                                 "\t/CN=x\n" for serial in serials))
        config.write_text(f"[ca]\ndefault_ca = own\n[own]\ndatabase = {index}\ndefault_md = sha256\n")
        subprocess.run(["openssl", "ca", "-config", config, "-gencrl", "-cert", directory / "ca.pem", "-keyfile",
                        directory / "ca-key.pem", "-crl_lastupdate", text(-age_s), "-crl_nextupdate",
                        text(lasts_s - age_s), "-out", directory / "crl.pem"], check=True, stderr=subprocess.DEVNULL)


def server_section(directory, client_ca=False, **keys):
    values = {"tls-certificate": directory / "server.pem", "tls-key": directory / "server-key.pem", **keys}
    if client_ca:
        values["tls-client-ca"] = directory / "ca.pem"
    return "[server]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


def client_context(directory, certificate=False):
    context = ssl.create_default_context(cafile=directory / "ca.pem")
    if certificate:
        context.load_cert_chain(directory / "client.pem", directory / "client-key.pem")
    return context


def vencrypt_prelude(sock, subtype):
    """Up to where TLS begins."""
    def expect(data):
        got = sock.recv(len(data), 0x100)  # MSG_WAITALL
        if got != data:
            raise ConnectionError(f"the server said {got!r}, expected {data!r}")

    expect(b"RFB 003.008\n")
    sock.sendall(b"RFB 003.008\n")
    expect(bytes([1, VENCRYPT]))
    sock.sendall(bytes([VENCRYPT]))
    expect(b"\0\2")
    sock.sendall(b"\0\2")
    expect(b"\0" + struct.pack(">BI", 1, subtype))
    sock.sendall(struct.pack(">I", subtype))
    expect(b"\1")


class TlsRfbClient(RfbClient):
    """A viewer by VeNCrypt with X509None."""

    def __init__(self, address, context, host="localhost", source=None, **keys):
        self.context, self.host, self.source = context, host, source
        super().__init__(address, **keys)

    def connect(self, address, deadline_s):
        return connect(address, deadline_s, self.source)

    def handshake(self, shared=True):
        vencrypt_prelude(self.sock, X509_NONE)
        self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)
        if self.unpack(">I") != (0,):
            raise ConnectionError("refused: " + self._reason())
        self.send(struct.pack(">B", shared))
        self.width, self.height, _, length = self.unpack(">HH16sI")
        self.name = self.read(length).decode()
        self.pixels = bytearray(self.width * self.height * 4)
        self.send(struct.pack(">Bxxx", 0) + struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        self.set_encodings(0)


def tls_connect(address, context, host="localhost"):
    sock = connect(address)
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise
