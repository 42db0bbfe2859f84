"""Many push at once to real servers: nothing is lost, nothing comes twice, and no token shows."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from git_servers import bare, daemon, smart_http
from submissions_world import named, report, ssh_key
from world import git

from generator.errors import SourceError
from generator.model.commits import Person
from generator.sources.branch import Signature
from generator.sources.remotes import find_remote
from generator.sources.report_push import Pushed, push_reports

TOKEN = "s3cret-tok3n"
JOBS = 20
JOB = """
import sys
from pathlib import Path
from submissions_world import named, report
from generator.sources.remotes import find_remote
from generator.sources.branch import Signature
from generator.sources.report_push import push_reports

where, clone, number = sys.argv[1:]
path, data = named(report(origin=f"lab-{int(number) % 3}", kernel=f"6.12.{number}"))
shared = named(report(origin="shared"))
remote = find_remote(where, folder=Path(clone))
done = push_reports(
    remote, "reports", dict([(path, data), shared]), signature=Signature(), patience_s=300, progress=print
)
print("tries", done.tries)
"""


def push(where: str, *reports, folder: Path = Path("/"), signature: Signature | None = None) -> Pushed:
    """Push reports and return what came of it."""
    remote = find_remote(where, folder=folder, environment={})
    files = dict(map(named, reports))
    who = signature or Signature()
    return push_reports(remote, "reports", files, signature=who, patience_s=60, progress=lambda _: None)


def listed(repository: Path, branch: str = "reports") -> list[str]:
    """Return every path of the branch."""
    return git(repository, "ls-tree", "-r", "--name-only", branch).decode().splitlines()


@contextmanager
def over_file(folder: Path):
    yield f"file://{folder}/r.git"


@contextmanager
def over_daemon(folder: Path):
    with daemon(folder) as address:
        yield f"{address}/r.git"


@contextmanager
def over_http(folder: Path):
    with smart_http(folder, TOKEN) as web:
        yield web.with_token("/r.git")


SLOW = pytest.mark.slow


SERVERS = [over_daemon, pytest.param(over_file, marks=SLOW), pytest.param(over_http, marks=SLOW)]


@pytest.mark.parametrize("server", SERVERS)
def test_twenty_jobs_push_at_once_from_shallow_clones_and_nothing_is_lost(tmp_path, server):
    repository = bare(tmp_path / "r.git")
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "--quiet")
    for number in range(3):
        git(source, "commit", "--quiet", "--allow-empty", "-m", str(number))
    git(source, "push", "--quiet", str(repository), "HEAD:refs/heads/main")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(tmp_path)}
    with server(tmp_path) as where:
        jobs = []
        for number in range(JOBS):
            clone = tmp_path / f"clone-{number}"
            git(tmp_path, "clone", "--quiet", "--depth=1", where, clone.name)
            command = [sys.executable, "-c", JOB, "origin", str(clone), str(number)]
            jobs.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        said = [job.communicate(timeout=300)[0].decode() for job in jobs]
    assert [job.returncode for job in jobs] == [0] * JOBS, said
    assert TOKEN not in "".join(said)
    expected = {named(report(origin=f"lab-{n % 3}", kernel=f"6.12.{n}"))[0] for n in range(JOBS)}
    expected.add(named(report(origin="shared"))[0])
    assert sorted(listed(repository)) == sorted(expected)
    added = git(repository, "log", "--format=", "--name-only", "--diff-filter=A", "reports").decode().split()
    assert sorted(added) == sorted(expected)  # each came in one commit, once
    assert git(repository, "log", "--format=", "--name-only", "--diff-filter=MD", "reports") == b""
    assert git(repository, "fsck", "--strict", "--no-dangling") == b""  # what lost a race may lie about


def test_a_push_begins_the_branch_and_a_second_one_goes_on(tmp_path):
    repository = bare(tmp_path / "r.git")
    first = push(str(repository), report(kernel="6.1"))
    second = push(str(repository), report(kernel="6.1"), report(kernel="6.2"))
    assert (len(first.new), len(second.new), len(second.known), second.tries) == (1, 1, 1, 1)
    assert listed(repository) == sorted((*first.new, *second.new))
    assert git(repository, "rev-list", "--count", "reports") == b"2"
    assert git(repository, "show", f"reports:{first.new[0]}") + b"\n" == named(report(kernel="6.1"))[1]


def test_what_is_there_already_makes_no_commit(tmp_path):
    repository = bare(tmp_path / "r.git")
    push(str(repository), report())
    again = push(str(repository), report())
    assert (again.new, again.commit, len(again.known)) == ((), "", 1)
    assert git(repository, "rev-list", "--count", "reports") == b"1"


def test_what_else_is_in_the_branch_stays(tmp_path):
    repository = bare(tmp_path / "r.git")
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "--quiet")
    (source / "-odd\nname").write_bytes(b"x")
    (source / "README").write_bytes(b"about\n")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "begin")
    git(source, "push", "--quiet", str(repository), "HEAD:refs/heads/reports")
    push(str(repository), report())
    assert len(listed(repository)) == 3
    assert git(repository, "show", "reports:README") == b"about"


def test_the_clone_around_is_left_as_it_is(tmp_path):
    repository = bare(tmp_path / "r.git")
    push(str(repository), report())
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=reports", f"file://{repository}", "clone")
    clone = tmp_path / "clone"
    before = {file: file.read_bytes() for file in sorted(clone.rglob("*")) if file.is_file()}
    assert push("origin", report(kernel="6.9"), folder=clone).new
    assert {file: file.read_bytes() for file in sorted(clone.rglob("*")) if file.is_file()} == before


def test_names_and_key_of_the_commit_are_chosen(tmp_path):
    repository = bare(tmp_path / "r.git")
    key, public = ssh_key(tmp_path, "bot")
    who = Signature(author=Person("Ann", "ann@example.org"), committer=Person("Bot", "bot@example.org"), key=str(key))
    push(str(repository), report(), signature=who)
    (tmp_path / "allowed").write_text(f"lab {public}\n", "utf-8")
    allowed = f"gpg.ssh.allowedSignersFile={tmp_path}/allowed"
    said = git(repository, "-c", allowed, "log", "--format=%an %ce %G?", "reports")
    assert said == b"Ann bot@example.org G"


def test_a_key_that_is_not_there_is_said(tmp_path):
    repository = bare(tmp_path / "r.git")
    with pytest.raises(SourceError, match="commit-tree failed"):
        push(str(repository), report(), signature=Signature(key=str(tmp_path / "none")))
    assert git(repository, "for-each-ref") == b""


def test_the_token_reaches_the_server_and_nothing_else(tmp_path, monkeypatch, capfd):
    repository = bare(tmp_path / "r.git")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seen = []
    with smart_http(tmp_path, TOKEN) as web, watched_arguments(seen):
        done = push(web.with_token("/r.git"), report())
        assert all(said for _, said in web.requests)
    assert listed(repository) == list(done.new)
    assert seen and not any(TOKEN.encode() in arguments for arguments in seen)
    assert TOKEN not in "".join(capfd.readouterr())
    assert [file for file in tmp_path.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()] == []


@contextmanager
def watched_arguments(seen: list[bytes]):
    """Look again and again at the arguments of every git process of this machine."""
    code = """
import pathlib, sys
while True:
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            data = file.read_bytes()
        except OSError:
            continue
        if b"git" in data and b"watch-this" not in data:
            sys.stdout.write(repr(data) + "\\n")
"""
    watcher = subprocess.Popen([sys.executable, "-uc", code, "watch-this"], stdout=subprocess.PIPE)
    time.sleep(0.3)
    try:
        yield
    finally:
        watcher.terminate()
        seen += set(watcher.communicate()[0].splitlines())


@pytest.mark.parametrize("given", ["wrong", "", "wr%6Fng"])
def test_a_refused_token_is_an_error_that_does_not_show_it(tmp_path, given):
    bare(tmp_path / "r.git")
    with smart_http(tmp_path, TOKEN) as web, pytest.raises(SourceError) as raised:
        push(web.address.replace("://", f"://ci-bot:{given}@" if given else "://") + "/r.git", report())
    assert "KDUMP_PORTAL_TOKEN" in str(raised.value)
    assert not re.search("wr(o|%6F)ng", str(raised.value))


def test_an_answer_that_gets_lost_is_no_second_commit(tmp_path):
    repository = bare(tmp_path / "r.git")
    with smart_http(tmp_path) as web:
        web.break_after.append("git-receive-pack")
        done = push(f"{web.address}/r.git", report())
    assert (done.tries, len(done.known)) == (2, 1)
    assert git(repository, "rev-list", "--count", "reports") == b"1"


def set_hook(repository: Path, script: str) -> Path:
    """Let a script decide what may be pushed."""
    hook = repository / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    hook.chmod(0o755)
    return hook


def test_a_push_that_was_killed_can_be_run_again(tmp_path):
    repository = bare(tmp_path / "r.git")
    hook = set_hook(repository, f"touch {tmp_path}/reached; while [ ! -e {tmp_path}/go ]; do sleep 0.1; done; exit 1")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TMPDIR": str(tmp_path)}
    with daemon(tmp_path) as address:
        command = [sys.executable, "-c", JOB, f"{address}/r.git", str(tmp_path), "1"]
        with subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL) as job:
            for _ in range(200):
                if (tmp_path / "reached").exists():
                    break
                time.sleep(0.1)
            os.killpg(job.pid, signal.SIGKILL)
        (tmp_path / "go").touch()
        assert git(repository, "for-each-ref") == b""
        hook.unlink()
        assert push(f"{address}/r.git", report(origin="lab-1", kernel="6.12.1")).new
    assert len(listed(repository)) == 1


def test_a_hook_that_says_no_is_final(tmp_path):
    set_hook(bare(tmp_path / "r.git"), "exit 1")
    with daemon(tmp_path) as address, pytest.raises(SourceError, match=r"hook declined.*let this branch be pushed to"):
        push(f"{address}/r.git", report())


@pytest.mark.parametrize("branch", ["a..b", "a b", "", "x.lock"])
def test_a_branch_must_have_a_name_for_one(tmp_path, branch):
    repository = bare(tmp_path / "r.git")
    remote = find_remote(str(repository), folder=tmp_path, environment={})
    with pytest.raises(SourceError, match="is no name for a branch"):
        push_reports(remote, branch, {}, signature=Signature(), patience_s=1, progress=print)


def test_a_repository_that_is_not_there_is_said_at_once(tmp_path):
    with pytest.raises(SourceError, match="check the address"):
        push(str(tmp_path / "none.git"), report())
