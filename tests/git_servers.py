"""Real git servers on loopback: `git daemon`, and smart HTTP by git's own `http-backend`, with a token if wanted."""

import base64
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from world import environment, git


def bare(folder: Path, branch: str = "main") -> Path:
    """Make an empty repository that may be pushed to and that gives parts of itself."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", f"--initial-branch={branch}")
    for key in ("uploadpack.allowFilter", "http.receivepack", "daemon.receivepack"):
        git(folder, "config", key, "true")
    return folder


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """Run `git daemon` over a folder of repositories; yield its address."""
    port = _free_port()
    command = ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", f"--base-path={folder}"]
    command += ["--export-all", "--enable=receive-pack", str(folder)]
    process = subprocess.Popen(command, env=environment(folder), stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("git daemon did not come up")


@dataclass
class GitWeb:
    """What is served over HTTP. `token`: the one who has it may come in, "" everybody."""

    folder: Path
    token: str = ""
    address: str = ""
    break_after: list[str] = field(default_factory=list)  # requests whose answers get lost: the end of their path
    requests: list[tuple[str, str]] = field(default_factory=list)  # path, what came as Authorization

    def with_token(self, path: str) -> str:
        """Return the address of a repository with the token in it."""
        return self.address.replace("://", f"://ci-bot:{self.token}@") + path


@contextmanager
def smart_http(folder: Path, token: str = "") -> Iterator[GitWeb]:
    """Serve a folder of repositories over smart HTTP."""
    web = GitWeb(folder, token)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Backend,), {"web": web}))
    server.daemon_threads = True
    web.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Backend(BaseHTTPRequestHandler):
    """Hands each request to `git http-backend` as CGI (RFC 3875)."""

    web: GitWeb

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        self.answer(self.body())

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def answer(self, body: bytes) -> None:
        web = self.web
        said = self.headers.get("Authorization", "")
        web.requests.append((self.path, said))
        if web.token and base64.b64encode(f"ci-bot:{web.token}".encode()).decode() not in said:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        done = subprocess.run(["git", "http-backend"], input=body, env=self.cgi(), capture_output=True, timeout=60)
        if web.break_after and self.path.endswith(web.break_after[0]) and self.command == "POST":
            web.break_after.pop(0)
            self.close_connection = True
            return
        self.pass_on(done.stdout)

    def cgi(self) -> dict[str, str]:
        path, _, query = self.path.partition("?")
        return environment(self.web.folder) | {
            "GIT_PROJECT_ROOT": str(self.web.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }

    def pass_on(self, output: bytes) -> None:
        head, _, body = output.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
