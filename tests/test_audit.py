"""`make audit`: it fails for a known vulnerability, and says what it could not ask; nothing passes unseen."""

import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from project import ROOT

AUDIT = ROOT / "requirements/audit.py"
audit = runpy.run_path(str(AUDIT))
needs_pip_audit = pytest.mark.skipif(
    not audit["PIP_AUDIT"].exists(), reason="pip-audit is not installed here: run `make test`"
)
ADVISORY = {
    "id": "PYSEC-2099-1",
    "summary": "gitpython runs what it is told",
    "published": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "gitpython", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}
NOBODY = "http://127.0.0.1:9/v1/query"


@contextmanager
def advisories(known: dict[str, dict], body: bytes | None = None) -> Iterator[str]:
    """Run a service that speaks OSV's protocol; `body` is answered instead. Yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = known.get(asked["package"]["name"])
            answer = json.dumps({"vulns": [found]} if found else {}).encode() if body is None else body
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(service: str, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, AUDIT, "--service", service, *words], capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@needs_pip_audit
def test_a_pin_with_a_known_vulnerability_fails_and_is_named() -> None:
    with advisories({"gitpython": ADVISORY}) as service:
        status, said = run(service)
    assert status == 1
    (line,) = (line for line in said.splitlines() if "gitpython" in line)
    assert "PYSEC-2099-1, mended by 99.0: gitpython runs what it is told" in line


@needs_pip_audit
def test_pins_that_nobody_complains_about_pass() -> None:
    with advisories({}) as service:
        status, said = run(service, "--strict")
    assert (status, said.count("\n")) == (0, 1), said
    assert "no known vulnerability" in said


@needs_pip_audit
def test_a_service_that_is_not_reached_is_said_and_fails_only_when_asked_to_be_strict() -> None:
    status, said = run(NOBODY)
    assert status == 0
    assert said.startswith("SKIPPED: audit: advisories were not asked for: ")
    assert "no known vulnerability" not in said
    assert run(NOBODY, "--strict")[0] == 1


@needs_pip_audit
def test_an_answer_that_is_none_is_a_failure() -> None:
    with advisories({}, b"<html>please log in</html>") as service:
        status, said = run(service)
    assert status == 1
    assert "pip-audit failed" in said


def test_a_pin_that_was_not_looked_at_is_a_failure() -> None:
    told = {"dependencies": [{"name": "mkdocs", "skip_reason": "not found"}]}
    assert list(audit["_read_advisories"](told, {"mkdocs": {"1.6.1"}})) == ["mkdocs 1.6.1: nobody looked at it"]


@pytest.mark.parametrize(
    "line", ["mkdocs==1.6.1", "mkdocs>=1.6 --hash=sha256:" + "0" * 64, "https://example.org/x.whl"]
)
def test_what_is_not_a_version_with_its_hashes_is_a_problem(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.txt").write_text(f"{line}\n    # via something\n")
    _, problems = audit["read_pins"]([tmp_path / "x.txt"])
    assert problems == [f"x.txt: {line[:80]}: no version pinned with its SHA-256"]


def test_what_is_installed_besides_is_a_problem() -> None:
    pins, problems = audit["read_pins"](AUDIT.with_name(name) for name in audit["FILES"])
    assert problems == []
    assert list(audit["besides"](pins)) == []
    del pins["pytest"]
    (said,) = audit["besides"](pins)
    assert said.startswith("pytest ")


@pytest.mark.parametrize(
    ("fields", "good"),
    [
        ({"License-Expression": "MIT"}, True),
        ({"License-Expression": "Apache-2.0 OR Proprietary"}, True),
        ({"License-Expression": "MIT AND Proprietary"}, False),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: MIT License"}, True),
        ({"License": "Do as we say"}, False),
        ({}, False),
    ],
)
def test_a_licence_that_is_not_known_to_go_with_ours_is_a_problem(fields: dict[str, str], good: bool) -> None:
    said = Message()
    for name, value in fields.items():
        said[name] = value
    assert bool(list(audit["licence_problems"]({"x": said}))) is not good
