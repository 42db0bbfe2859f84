"""What servers are told: one table; Debian's nginx, given ours, says what the table says."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from nginx_world import needs_nginx, nginx_over

from generator.publish.headers import EVERYWHERE, LONG, SERVERS, cache_of, server_config, type_of

HTML = "<!doctype html><title>t</title><script>alert(1)</script>"


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


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[str]:
    site = tmp_path / "site"
    for name in ("index.html", "404.html", "a/index.html", "x.patch", "capture/kdump-capture-0.1.0", "assets/x.css"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(HTML if name.endswith("html") else "<b>text</b>")
    with nginx_over(site, tmp_path) as address:
        yield address


def answer(address: str) -> tuple[int, dict[str, str]]:
    try:
        with urlopen(Request(address), timeout=10) as response:
            return response.status, dict(response.headers)
    except OSError as problem:
        return problem.code, dict(problem.headers)


@needs_nginx
@pytest.mark.parametrize(
    ("path", "status", "kind", "cache"),
    [
        ("", 200, "text/html; charset=utf-8", "max-age=300"),
        ("a/", 200, "text/html; charset=utf-8", "max-age=300"),
        ("x.patch", 200, "text/plain; charset=utf-8", "max-age=300"),
        ("capture/kdump-capture-0.1.0", 200, "text/plain; charset=utf-8", "max-age=300"),
        ("assets/x.css", 200, "text/css", "immutable"),
        ("nothing/", 404, "text/html; charset=utf-8", "max-age=300"),
    ],
)
def test_nginx_says_what_the_table_says(nginx: str, path: str, status: int, kind: str, cache: str) -> None:
    code, headers = answer(nginx + path)
    assert code == status
    assert headers["Content-Type"].startswith(kind)
    assert cache in headers["Cache-Control"]
    for name, value in EVERYWHERE.items():
        assert headers[name] == value
