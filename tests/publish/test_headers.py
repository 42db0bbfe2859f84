"""What servers are told: one table; Debian's nginx, Apache and Caddy, given ours, say what the table says."""

import gzip
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import brotli
import pytest
from web_servers import PROGRAMS, needs, serving

from generator.publish.headers import EVERYWHERE, LONG, SERVERS, SHORT, TEXT, cache_of, server_config, type_of
from generator.publish.pack import pack_site

HTML = b"<!doctype html><title>t</title><script>alert(1)</script>" + b"<p>long enough to be packed</p>" * 20
HTML_TYPE = "text/html; charset=utf-8"
FILES = (
    *("index.html", "404.html", "a/index.html", "assets/x.css", "data.json", "feed.xml", "x.svg", "x.bundle"),
    *("x.patch", "x.mbox", "x.patch.gz", "x.tar.gz", "file/x.tar.gz.html", "file/x.var.html", "pagefind/x.wasm"),
    *("capture/kdump-capture", "capture/kdump-capture-0.1.0", "capture/SHA256SUMS"),
)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("git/x/abc.patch", "text/plain; charset=utf-8"),
        ("capture/kdump-capture", "text/plain; charset=utf-8"),
        ("capture/kdump-capture-0.1.0", "text/plain; charset=utf-8"),
        ("capture/SHA256SUMS", "text/plain; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("assets/x.js", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("x.tar.gz", "application/x-tar"),
        ("raw/abc", "application/octet-stream"),
    ],
)
def test_what_came_from_outside_is_shown_as_text_and_never_guessed(path: str, kind: str) -> None:
    assert type_of(path) == kind


def test_only_what_has_its_digest_in_its_address_is_kept_for_long() -> None:
    assert cache_of("assets/portal.css") == LONG
    assert "immutable" not in cache_of("index.html")


@pytest.mark.parametrize("server", SERVERS)
def test_every_server_is_told_the_whole_policy(server: str) -> None:
    said = server_config(server)
    for name, value in EVERYWHERE.items():
        assert name in said and value in said
    assert "immutable" in said


class Served(NamedTuple):
    """A server that runs."""

    name: str
    address: str


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    headers: Message
    body: bytes


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of each kind, packed as `publish --pack` does it, with names that servers take for something else."""
    top = tmp_path_factory.mktemp("served")
    folder = top / "site"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(gzip.compress(HTML, mtime=0) if name.endswith(".gz") else HTML)
    pack_site(folder, {name: name.replace("/", "-") for name in FILES}, top / "cache", print)
    return folder


@pytest.fixture(scope="module", params=[pytest.param(name, marks=needs(name)) for name in PROGRAMS])
def server(request: pytest.FixtureRequest, site: Path) -> Iterator[Served]:
    """Each server, told by us, over the packed site."""
    with serving(request.param, site, packed=True) as address:
        yield Served(request.param, address)


def ask(address: str, codings: str = "") -> Answer:
    try:
        with urlopen(Request(address, headers={"Accept-Encoding": codings}), timeout=10) as response:
            return Answer(response.status, response.headers, response.read())
    except HTTPError as problem:
        with problem:
            return Answer(problem.code, problem.headers, problem.read())


@pytest.mark.parametrize(
    ("path", "status", "kind", "cache"),
    [
        ("", 200, HTML_TYPE, SHORT),
        ("a/", 200, HTML_TYPE, SHORT),
        ("x.patch", 200, TEXT, SHORT),
        ("x.mbox", 200, TEXT, SHORT),
        ("capture/kdump-capture", 200, TEXT, SHORT),
        ("capture/kdump-capture-0.1.0", 200, TEXT, SHORT),
        ("capture/SHA256SUMS", 200, TEXT, SHORT),
        ("x.bundle", 200, "application/octet-stream", SHORT),
        ("pagefind/x.wasm", 200, "application/wasm", SHORT),
        ("assets/x.css", 200, "text/css; charset=utf-8", LONG),
        ("file/x.tar.gz.html", 200, HTML_TYPE, SHORT),
        ("file/x.var.html", 200, HTML_TYPE, SHORT),
        ("nothing/", 404, HTML_TYPE, SHORT),
        ("nothing.patch", 404, HTML_TYPE, SHORT),
        ("assets/nothing.css", 404, HTML_TYPE, SHORT),
    ],
)
def test_a_server_says_what_the_table_says(server: Served, path: str, status: int, kind: str, cache: str) -> None:
    answer = ask(server.address + path)
    assert answer.status == status
    assert answer.body == HTML
    assert answer.headers.get_all("Content-Type") == [kind]
    assert answer.headers.get_all("Cache-Control") == [cache]
    for name, value in EVERYWHERE.items():
        assert answer.headers.get_all(name) == [value]


def test_a_folder_without_a_page_is_answered_as_if_it_were_not_there_and_not_for_long(server: Served) -> None:
    answer = ask(f"{server.address}assets/")
    assert answer.status in (403, 404)
    assert answer.body == HTML
    assert answer.headers.get_all("Cache-Control") == [SHORT]


@pytest.mark.parametrize("path", ["", "a/", "assets/x.css", "data.json", "feed.xml", "x.svg", "file/x.tar.gz.html"])
@pytest.mark.parametrize("codings", ["gzip", "gzip, deflate, br"])
def test_texts_are_answered_as_they_were_packed(server: Served, path: str, codings: str) -> None:
    answer = ask(server.address + path, codings)
    coding = "br" if "br" in codings and server.name != "nginx" else "gzip"  # Debian's nginx has no brotli
    assert answer.headers.get_all("Content-Encoding") == [coding]
    assert "Accept-Encoding" in answer.headers.get_all("Vary")
    assert (brotli.decompress if coding == "br" else gzip.decompress)(answer.body) == HTML
    assert answer.headers["Content-Type"] == ask(server.address + path).headers["Content-Type"]


@pytest.mark.parametrize("path", ["x.patch", "x.tar.gz", "x.patch.gz", "x.bundle", "capture/kdump-capture"])
def test_downloads_are_sent_as_they_are(server: Served, site: Path, path: str) -> None:
    answer = ask(server.address + path, "gzip, deflate, br")
    assert answer.headers["Content-Encoding"] is None
    assert answer.body == (site / path).read_bytes()
