"""Servers for the guests, on loopback: QEMU's user network shows the host's loopback as 10.0.2.2."""

import http.server
import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from posixpath import normpath

from generator.errors import SourceError
from generator.lab.packages import run

CHUNK = 1 << 16
LONGEST_LINE = 1024
NFS_PATIENCE_S = 20


@contextmanager
def http_receiver(folder: Path, certificate: Path | None = None) -> Iterator[int]:
    """Take what is PUT below `folder`, whole or in chunks; yields the port. `certificate`, with its key: as https."""
    folder.mkdir(parents=True, exist_ok=True)

    class Receiver(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            path = folder / normpath(f"/{self.path}").lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for part in _body(self):
                    file.write(part)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Say nothing: what arrived is what counts."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_certificate(file: Path) -> Path:
    """Make a certificate for the host as guests see it, that vouches for itself, with its key; return the file."""
    key = file.with_suffix(".key")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=lab", "-addext", "subjectAltName=IP:10.0.2.2", "-keyout", str(key), "-out", str(file)]
    run(words)
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


def _body(request: http.server.BaseHTTPRequestHandler) -> Iterator[bytes]:
    """Yield the body of a request. Raises ConnectionError when it ends before its end."""
    if request.headers.get("Transfer-Encoding") != "chunked":
        yield from _exactly(request, int(request.headers.get("Content-Length") or 0))
        return
    while size := int(request.rfile.readline(LONGEST_LINE).split(b";")[0], 16):
        yield from _exactly(request, size)
        request.rfile.readline(LONGEST_LINE)
    request.rfile.readline(LONGEST_LINE)


def _exactly(request: http.server.BaseHTTPRequestHandler, size: int) -> Iterator[bytes]:
    while size:
        part = request.rfile.read(min(size, CHUNK))
        if not part:
            raise ConnectionError("the body ended early")
        size -= len(part)
        yield part


def sshd_problem() -> str:
    """Return why nobody could be let in by an sshd of ours, "" when nothing speaks against it."""
    if os.geteuid() != 0:
        return "only root can run sshd so that it lets somebody in"
    if not (shutil.which("sshd") or Path("/usr/sbin/sshd").exists()):
        return "sshd is not installed: install openssh-server"
    shadow = Path("/etc/shadow").read_text("utf-8")
    if any(line.startswith("root:!") for line in shadow.splitlines()):
        return "root's account is locked, and sshd lets nobody into a locked one"
    return ""


@contextmanager
def ssh_server(work: Path) -> Iterator[int]:
    """Run sshd with keys of its own: `host_key(.pub)` and `user_key(.pub)` in `work`; yields the port."""
    if problem := sshd_problem():
        raise SourceError(problem)
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    for name in ("host_key", "user_key", "other_key"):
        if not (work / name).exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(work / name)])
    Path("/run/sshd").mkdir(exist_ok=True)
    port = _free_port()
    lines = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": work / "host_key",
        "AuthorizedKeysFile": work / "user_key.pub",
        "PidFile": work / "sshd.pid",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
    }
    config = work / "sshd_config"
    config.write_text("".join(f"{key} {value}\n" for key, value in lines.items()), "utf-8")
    process = subprocess.Popen([program, "-D", "-f", str(config), "-E", str(work / "sshd.log")])
    try:
        time.sleep(0.5)
        if process.poll() is not None:
            raise SourceError(f"sshd ended with {process.returncode}: {(work / 'sshd.log').read_text('utf-8')[-300:]}")
        yield port
    finally:
        process.terminate()
        process.wait()


GANESHA = """\
NFS_CORE_PARAM {{ Protocols = 4; NFS_Port = 2049; Bind_addr = 127.0.0.1; Enable_NLM = false; Enable_RQUOTA = false; }}
NFSv4 {{ Graceless = true; Lease_Lifetime = 5; RecoveryBackend = fs; RecoveryRoot = {work}/recovery; }}
EXPORT {{ Export_Id = 1; Path = {work}/received; Pseudo = /export; Access_Type = RW; Squash = No_Root_Squash;
    SecType = sys; FSAL {{ Name = VFS; }} }}
LOG {{ Default_Log_Level = EVENT; }}
"""


@contextmanager
def nfs_server(work: Path) -> Iterator[None]:
    """Export `received` in `work` by NFS 4, at the port that every client takes it to have."""
    program = shutil.which("ganesha.nfsd")
    if program is None:
        raise SourceError("ganesha.nfsd is not installed: the nfs scenario needs nfs-ganesha and nfs-ganesha-vfs")
    for name in ("received", "recovery"):
        (work / name).mkdir(exist_ok=True)
    config, log = work / "ganesha.conf", work / "ganesha.log"
    config.write_text(GANESHA.format(work=work), "utf-8")
    process = subprocess.Popen([program, "-F", "-L", str(log), "-f", str(config), "-p", str(work / "ganesha.pid")])
    try:
        for _ in range(NFS_PATIENCE_S):
            if process.poll() is not None:
                raise SourceError(f"ganesha.nfsd ended with {process.returncode}: see {log}")
            if log.exists() and "NFS SERVER INITIALIZED" in log.read_text("utf-8", "replace"):
                break
            time.sleep(1)
        yield
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        return server.server_port
