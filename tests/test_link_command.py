"""Links are asked for politely, from a real server on loopback, and only a server that says so makes one dead."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from generator import link_command
from generator.config import Config, load_config
from generator.content import Content
from generator.errors import PortalError
from generator.link_command import Checked, check_links


class Handler(BaseHTTPRequestHandler):
    """Each path is a way to answer."""

    asked: list[tuple[str, str, float, str]]

    def answer(self, method: str) -> None:
        self.asked.append((method, self.path, time.monotonic(), self.headers.get("User-Agent", "")))
        status, headers = self.judge(method)
        if status:
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

    def judge(self, method: str) -> tuple[int, dict[str, str]]:
        name = self.path.strip("/")
        times = sum(path == self.path for _, path, _, _ in self.asked)
        if name == "reset":
            linger = b"\1\0\0\0\0\0\0\0"
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return 0, {}
        if name == "slow":
            time.sleep(1.5)
        known = {
            "moved": (301, {"Location": "/ok"}),
            "moved-twice": (308, {"Location": "/moved"}),
            "elsewhere": (302, {"Location": "/ok"}),
            "moved-to-nothing": (301, {"Location": "/gone"}),
            "loop": (302, {"Location": "/loop"}),
            "missing": (404, {}),
            "gone": (410, {}),
            "forbidden": (403, {}),
            "broken": (500, {}),
            "no-head": (405 if method == "HEAD" else 200, {}),
            "head-lies": (404 if method == "HEAD" else 200, {}),
            "busy": (429 if times == 1 else 200, {"Retry-After": "1"}),
            "busy-for-long": (429, {"Retry-After": "86400"}),
        }
        return known.get(name, (200, {}))

    def do_HEAD(self) -> None:
        self.answer("HEAD")

    def do_GET(self) -> None:
        self.answer("GET")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(link_command, "TIMEOUT_S", 0.7)
    running = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"asked": []}))
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


class World:
    """A portal with one page that links to what a test names."""

    def __init__(self, folder: Path, address: str, *targets: str) -> None:
        self.address, self.folder = address, folder
        self.content = folder / "content"
        (self.content / "data").mkdir(parents=True)
        (self.content / "tea.md").write_text("# Tea\n")
        page = folder / "site/tea/index.html"
        page.parent.mkdir(parents=True)
        (folder / "site/index.html").write_text("")
        urls = [target if "://" in target else f"{address}/{target}" for target in targets]
        page.write_text("".join(f'<a href="{url}">x</a>' for url in [*urls, "https://example.org/reserved", "../"]))
        (folder / "mkdocs.yml").write_text("site_name: A\n")
        self.config: Config = load_config({}, file=folder / "mkdocs.yml", site_url="")

    def check(self, *, max_age_days: int = 7, pause_s: float = 0.0) -> Checked:
        content = Content(self.content, self.folder)
        return check_links(
            self.config, content, self.folder / "site", max_age_days=max_age_days, say=lambda _: None, pause_s=pause_s
        )

    def states(self, checked: Checked) -> dict[str, str]:
        return {url.removeprefix(f"{self.address}/"): result.state for url, result in checked.results.items()}


@pytest.fixture
def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


WAYS = {
    "ok": "ok",
    "moved": "moved",
    "moved-twice": "moved",
    "elsewhere": "ok",
    "moved-to-nothing": "dead",
    "loop": "unreachable",
    "missing": "dead",
    "gone": "dead",
    "forbidden": "unreachable",
    "broken": "unreachable",
    "no-head": "ok",
    "head-lies": "ok",
    "busy": "ok",
    "busy-for-long": "unreachable",
    "reset": "unreachable",
    "slow": "unreachable",
}


def test_ok_moved_dead_and_unreachable_are_told_apart(tmp_path: Path, address: str) -> None:
    world = World(tmp_path, address, *WAYS)
    checked = world.check()
    assert world.states(checked) == WAYS
    assert checked.results[f"{address}/moved-twice"].target == f"{address}/ok"
    assert [line.partition(",")[0] for line in checked.problems] == [
        f"tea/index.html: links to {address}/{name}" for name in ("gone", "missing", "moved-to-nothing")
    ]
    assert "redirects more than" in checked.results[f"{address}/loop"].note
    assert "no answer within" in checked.results[f"{address}/slow"].note
    kept = Content(world.content, tmp_path).links
    assert {url: result.state for url, result in kept.items()} == {
        url: one.state for url, one in checked.results.items()
    }
    assert checked.summary.startswith(
        "16 external links, 16 of them asked for now: 5 ok, 2 moved, 3 dead, 6 unreachable"
    )
    json.dumps(checked.rows)


def test_head_comes_first_and_a_body_is_asked_for_only_where_head_is_taken_amiss(
    tmp_path: Path, address: str, server: ThreadingHTTPServer
) -> None:
    World(tmp_path, address, "ok", "no-head").check()
    asked = server.RequestHandlerClass.asked
    assert [(method, path) for method, path, _, _ in asked] == [
        ("HEAD", "/no-head"),
        ("GET", "/no-head"),
        ("HEAD", "/ok"),
    ]
    assert all(agent.startswith("kdump-portal/") and "link check" in agent for _, _, _, agent in asked)


def test_what_was_asked_for_lately_is_not_asked_for_again(
    tmp_path: Path, address: str, server: ThreadingHTTPServer
) -> None:
    world = World(tmp_path, address, "ok", "missing")
    world.check()
    before = len(server.RequestHandlerClass.asked)
    again = world.check()
    assert (len(server.RequestHandlerClass.asked), again.asked) == (before, 0)
    assert world.states(again) == {"missing": "dead", "ok": "ok"}
    assert world.check(max_age_days=0).asked == 2


def test_one_host_is_asked_slowly(tmp_path: Path, address: str, server: ThreadingHTTPServer) -> None:
    World(tmp_path, address, "a", "b", "c").check(pause_s=0.2)
    moments = [moment for _, _, moment, _ in server.RequestHandlerClass.asked]
    assert all(later - earlier >= 0.19 for earlier, later in pairwise(moments))


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_without_a_network_nothing_is_recorded_and_nothing_is_called_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    world = World(tmp_path, f"http://127.0.0.1:{closed_port()}", "a", "b")
    file = world.content / "data/links.yml"
    file.write_text("links:\n")
    with pytest.raises(PortalError, match="none of 2 links could be reached"):
        world.check()
    assert file.read_text() == "links:\n"


def test_one_host_that_is_away_is_unreachable_while_others_answer(tmp_path: Path, address: str) -> None:
    away = f"http://127.0.0.1:{closed_port()}/away"
    world = World(tmp_path, address, "ok", away)
    assert world.check().results[away].state == "unreachable"


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_a_certificate_that_does_not_hold_is_no_death(tmp_path: Path, address: str) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secure = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"asked": []}))
    secure.daemon_threads = True
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    secure.handle_error = lambda *_: None
    thread = threading.Thread(target=secure.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"https://127.0.0.1:{secure.server_address[1]}/ok"
        result = World(tmp_path / "portal", address, "ok", url).check().results[url]
    finally:
        secure.shutdown()
        thread.join()
        secure.server_close()
    assert result.state == "unreachable"
    assert "certificate" in result.note
