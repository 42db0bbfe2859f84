"""The command as people use it: help, exit statuses, errors of one line, JSON, and the server."""

import json
import re
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from project import Project
from world import Repository, git, plain_repository


@pytest.fixture
def plain(tmp_path: Path) -> Repository:
    return plain_repository(tmp_path / "plain.git")


@pytest.fixture
def project(tmp_path: Path, plain: Repository) -> Project:
    return Project(tmp_path / "portal", plain=plain.folder)


@pytest.mark.parametrize("command", [(), ("sync",), ("build",), ("serve",), ("check",)])
def test_help_teaches(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = Project(tmp_path / "p").run(*command, "--help")
    assert done.returncode == 0
    assert "usage: kdump-portal" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


@pytest.mark.parametrize(
    "arguments", [(), ("bild",), ("build", "--source", "nothing"), ("build", "--sauce"), ("sync", "--x")]
)
def test_wrong_usage_is_status_two(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = Project(tmp_path / "p").run(*arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_errors_are_one_line_without_a_traceback(project: Project, tmp_path: Path) -> None:
    cases = [
        ("build", "--config-file", "none.yml"),
        ("build", "--source", "nothing=/x"),
        ("sync", "nothing"),
        ("check", str(tmp_path / "no-site")),
    ]
    for arguments in cases:
        done = project.run(*arguments)
        said = [line for line in done.stderr.splitlines() if line.startswith("kdump-portal: ")]
        assert (done.returncode, len(said)) == (1, 1), (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_told_with_file_and_line(project: Project) -> None:
    project.configure("      sources:\n        plain: {colour: red}\n")
    done = project.run("build")
    assert done.returncode == 1
    assert re.search(r"mkdocs\.yml:\d+: kdump-portal\.sources\.plain\.colour: no such setting", done.stderr)
    assert "Traceback" not in done.stderr


def test_sync_build_and_check_speak_json(project: Project) -> None:
    synced = project.run("sync", "--json")
    assert json.loads(synced.stdout)[0] == {"name": "plain", "branch": "main", "problem": ""}
    report = project.build("--quiet")
    assert report["sources"][0]["commits"] == 3
    assert report["changed"]
    checked = project.run("check", "--json")
    assert (checked.returncode, json.loads(checked.stdout)["problems"]) == (0, [])


def test_a_page_for_operators_is_written_beside_the_site_and_never_into_it(project: Project, tmp_path: Path) -> None:
    page = tmp_path / "out/build.html"
    assert project.run("build", "--report", page).returncode == 0
    text = page.read_text("utf-8")
    assert "plain" in text and "files written" in text and "mkdocs" in text
    refused = project.run("build", "--report", project.folder / "site/build.html")
    assert (refused.returncode, refused.stderr.count("inside the site")) == (1, 1)
    missing = project.run("build", "--source", "plain=/nowhere", "--report", page)
    assert missing.returncode == 0
    assert "its last good mirror is shown" in page.read_text("utf-8")


def test_sync_of_a_source_that_cannot_be_reached_fails_only_when_it_is_required(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", gone=tmp_path / "nowhere.git")
    assert project.run("sync").returncode == 0
    failed = project.run("sync", "--require-sources")
    assert failed.returncode == 1
    assert "not reached" in failed.stderr


def test_check_finds_a_dead_link_a_double_id_and_a_wrong_sum(project: Project) -> None:
    project.build()
    (project.site / "about/index.html").write_text('<a href="../none/">x</a><p id="a"><p id="a">', "utf-8")
    done = project.run("check")
    assert done.returncode == 1
    assert "none/index.html, which is not there" in done.stdout
    assert "id 'a' is there 2 times" in done.stdout


def test_another_site_folder_and_address_can_be_given(project: Project, plain: Repository, tmp_path: Path) -> None:
    plain.folder.rename(tmp_path / "moved.git")
    project.build("--site-dir", str(tmp_path / "out"), "--source", f"plain={tmp_path / 'moved.git'}")
    assert (tmp_path / "out/git/plain/index.html").is_file()
    assert not project.site.exists()
    project.build(KDUMP_PORTAL_SOURCE_PLAIN=str(tmp_path / "moved.git"))
    assert (project.site / "git/plain/index.html").is_file()


def ask(address: str) -> tuple[str, str]:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def wait_for(address: str, text: str, timeout_s: float = 60) -> float:
    """Ask until the text is there; return how long it took."""
    start = time.monotonic()
    while time.monotonic() - start < timeout_s:
        try:
            if text in ask(address)[1]:
                return time.monotonic() - start
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.02)
    raise AssertionError(f"{address} did not show {text!r}")


@pytest.mark.parametrize("program", ["generator.cli", "mkdocs"])
def test_the_server_shows_generated_pages_and_follows_content(
    project: Project, plain: Repository, program: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    top = f"http://127.0.0.1:{port}/portal/"
    with project.start("serve", "--dev-addr", f"127.0.0.1:{port}", program=program) as process:
        try:
            wait_for(top, "The home page.")
            sha = plain.shas["first"]
            assert "first" in ask(f"{top}git/plain/commit/{sha}.html")[1]
            kind, patch = ask(f"{top}git/plain/commit/{sha}.patch")
            assert kind.startswith("text/plain")
            assert patch.startswith(f"From {sha} ")
            (project.folder / "content/index.md").write_text("# Home\n\nA changed text.\n", "utf-8")
            assert wait_for(top, "A changed text.") < 5
            with pytest.raises(urllib.error.HTTPError):
                ask(f"{top}../../mkdocs.yml")
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert not project.site.exists()


def test_the_embedded_repository_is_mirrored_from_the_folder_of_mkdocs_yml(tmp_path: Path) -> None:
    project = Project(tmp_path / "portal", portal=".")
    git(project.folder, "init", "--quiet", "--initial-branch=main")
    git(project.folder, "commit", "--quiet", "--allow-empty", "--message", "begin")
    done = project.run("sync", "--json")
    assert json.loads(done.stdout)[0]["problem"] == ""
