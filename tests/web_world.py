"""A real web server on loopback that serves files well, or badly in chosen ways."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """What is served, how, and what was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    etag: str = '"one"'
    ranges: bool = True
    lengths: bool = True
    stop_after: list[int] = field(default_factory=list)  # bytes after which each coming answer breaks off
    drip_s: float = 0.0  # the pause after each byte
    statuses: list[int] = field(default_factory=list)  # what each coming request is answered instead
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def asked(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(1 for asked, _ in self.requests if asked == path)


@contextmanager
def serve() -> Iterator[Web]:
    """Run a server until the end of the block."""
    web = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"web": web}))
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


class _Handler(BaseHTTPRequestHandler):
    web: Web

    def do_GET(self) -> None:
        web = self.web
        web.requests.append((self.path, dict(self.headers)))
        if web.statuses:
            self._answer(web.statuses.pop(0), {}, b"")
        elif self.path in web.redirects:
            self._answer(302, {"Location": web.redirects[self.path]}, b"")
        elif self.path in web.files:
            self._file(web.files[self.path])
        else:
            self._answer(404, {}, b"no such file")

    def _file(self, data: bytes) -> None:
        web = self.web
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        headers = {"ETag": web.etag} if web.etag else {}
        if not (match and web.ranges and self.headers.get("If-Range") == web.etag):
            self._answer(200, headers, data)
        elif int(match[1]) >= len(data):
            self._answer(416, {"Content-Range": f"bytes */{len(data)}"}, b"")
        else:
            start = int(match[1])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._answer(206, headers, data[start:])

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        web = self.web
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if web.lengths:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        stop = web.stop_after.pop(0) if web.stop_after and status in (200, 206) else len(body)
        self._send(body[:stop])
        self.close_connection = True

    def _send(self, body: bytes) -> None:
        if not self.web.drip_s:
            self.wfile.write(body)
            return
        with suppress(OSError):  # who is served has gone
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(self.web.drip_s)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
