"""What the preview answers itself, what it leaves to MkDocs, and what it gives to nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.output.preview import preview


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[str], tuple[str, str, bytes]]:
    """Return a function that asks for a path and gives (status, type, body)."""
    folder = tmp_path / "preview"
    files = {"history/index.html": b"history", "a.patch": b"From", "x/SHA256SUMS": b"sums", "x.tar.gz": b"tar"}
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")

    def mkdocs(environ: dict, start_response: Callable) -> list[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/html")])
        return [b"mkdocs"]

    app = preview(folder, mkdocs, "/portal/")

    def asked(path: str) -> tuple[str, str, bytes]:
        said: list = []
        body = b"".join(app({"PATH_INFO": path}, lambda status, headers: said.append((status, dict(headers)))))
        return said[0][0], said[0][1]["Content-Type"], body

    return asked


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/portal/history/", "text/html; charset=utf-8", b"history"),
        ("/portal/history/index.html", "text/html; charset=utf-8", b"history"),
        ("/portal/a.patch", "text/plain; charset=utf-8", b"From"),
        ("/portal/x/SHA256SUMS", "text/plain; charset=utf-8", b"sums"),
        ("/portal/x.tar.gz", "application/x-tar", b"tar"),
    ],
)
def test_what_is_generated_is_answered_with_its_type(ask: Callable, path: str, kind: str, body: bytes) -> None:
    assert ask(path) == ("200 OK", kind, body)


@pytest.mark.parametrize(
    "path",
    ["/portal/", "/portal/none", "/portal/history", "/portal/../secret", "/portal//etc/passwd", "/portal/link", "/"],
)
def test_the_rest_is_left_to_mkdocs_and_nothing_outside_is_given(ask: Callable, path: str) -> None:
    assert ask(path)[2] == b"mkdocs"


def test_a_path_that_is_not_utf_8_is_no_error(ask: Callable) -> None:
    assert ask("/portal/caf\xe9")[2] == b"mkdocs"


def test_a_path_with_a_nul_is_no_error(ask: Callable) -> None:
    assert ask("/portal/a\0b")[2] == b"mkdocs"
