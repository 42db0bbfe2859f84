"""Mirrors of real repositories, over folders and loopback, and what is read of them."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from world import Repository, environment, git, plain_repository

from generator.errors import SourceError
from generator.sources.git import Mirror, list_tree, open_blobs, read_commits, read_tags, sync_mirror


@pytest.fixture
def plain(tmp_path: Path) -> Repository:
    return plain_repository(tmp_path / "plain.git")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirrors/plain.git"


def sync(folder: Path, *addresses: object, branch: str = ""):
    return sync_mirror(folder, [str(address) for address in addresses], branch=branch, progress=lambda _: None)


def references(folder: Path) -> bytes:
    return git(folder, "for-each-ref")


def test_a_mirror_holds_all_branches_and_tags_and_knows_where_it_is_from(plain: Repository, folder: Path) -> None:
    state = sync(folder, plain.folder)
    assert (state.address, state.branch, state.problem) == (str(plain.folder), "main", "")
    assert references(folder) == references(plain.folder)
    assert Mirror(folder).state == state
    assert not folder.with_name("plain.git.partial").exists()


def test_a_mirror_with_nothing_new_keeps_its_state(plain: Repository, folder: Path) -> None:
    first = sync(folder, plain.folder)
    assert sync(folder, plain.folder) == first


def test_the_next_address_is_tried_when_one_does_not_answer(plain: Repository, folder: Path, tmp_path: Path) -> None:
    assert sync(folder, tmp_path / "nowhere.git", plain.folder).address == str(plain.folder)


def test_when_nobody_answers_the_mirror_stays_and_says_why(plain: Repository, folder: Path, tmp_path: Path) -> None:
    state = sync(folder, plain.folder)
    before = references(folder)
    with pytest.raises(SourceError, match=r"nowhere\.git"):
        sync(folder, tmp_path / "nowhere.git")
    assert references(folder) == before
    assert Mirror(folder).state.fetched_at == state.fetched_at
    assert "nowhere.git" in Mirror(folder).state.problem
    assert sync(folder, plain.folder).problem == ""


def test_a_source_without_a_mirror_that_does_not_answer_leaves_nothing_half(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        sync(folder, tmp_path / "nowhere.git")
    assert Mirror(folder).state is None
    with pytest.raises(SourceError, match="no address"):
        sync(folder)


def test_deleted_branches_and_tags_and_rewritten_history_are_followed(plain: Repository, folder: Path) -> None:
    plain.git("update-ref", "refs/heads/topic", plain.head)
    sync(folder, plain.folder)
    plain.git("update-ref", "-d", "refs/heads/topic")
    plain.git("update-ref", "-d", "refs/tags/v1.0")
    plain.commit("another past\n", {"x": b"x\n"}, parents=[])
    sync(folder, plain.folder)
    assert references(folder) == references(plain.folder)
    assert [commit.subject for commit in read_commits(Mirror(folder))] == ["another past"]


def test_a_branch_that_becomes_a_folder_of_branches_is_followed(plain: Repository, folder: Path) -> None:
    plain.git("update-ref", "refs/heads/topic", plain.head)
    sync(folder, plain.folder)
    plain.git("update-ref", "-d", "refs/heads/topic")
    plain.git("update-ref", "refs/heads/topic/one", plain.head)
    sync(folder, plain.folder)
    assert references(folder) == references(plain.folder)


def test_a_renamed_default_branch_is_followed(plain: Repository, folder: Path) -> None:
    sync(folder, plain.folder)
    plain.git("branch", "--move", "main", "trunk")
    assert sync(folder, plain.folder).branch == "trunk"
    assert git(folder, "symbolic-ref", "HEAD") == b"refs/heads/trunk"


def test_a_branch_that_is_asked_for_is_taken_and_one_that_is_not_there_is_named(
    plain: Repository, folder: Path
) -> None:
    plain.git("update-ref", "refs/heads/stable", plain.shas["first"])
    assert sync(folder, plain.folder, branch="stable").branch == "stable"
    with pytest.raises(SourceError, match="has no branch 'none'"):
        sync(folder, plain.folder, branch="none")
    assert git(folder, "symbolic-ref", "HEAD") == b"refs/heads/stable"


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c 'touch %s'",
        "--upload-pack=touch %s",
        "-u/touch",
        "fd::17",
        "foo::bar",
        "ext://x",
        "persistent-https://x",
    ],
)
def test_addresses_that_run_something_are_refused(folder: Path, tmp_path: Path, address: str) -> None:
    evil = tmp_path / "evil"
    with pytest.raises(SourceError):
        sync(folder, address.replace("%s", str(evil)))
    assert not evil.exists()


def test_settings_hooks_and_environment_of_the_user_are_not_heeded(
    plain: Repository, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil, home = tmp_path / "evil", tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-update", "pre-auto-gc"):
        (home / "hooks" / name).write_text(f"#!/bin/sh\ntouch {evil}\n", "utf-8")
        (home / "hooks" / name).chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {home}/hooks\n\tfsmonitor = touch {evil}\n\tpager = touch {evil}\n"
        f"[diff]\n\texternal = touch {evil}\n[alias]\n\tfetch = !touch {evil}\n[log]\n\tshowSignature = true\n"
        f"[url \"{tmp_path}/nowhere/\"]\n\tinsteadOf = {tmp_path}/\n[format]\n\tsignature = evil\n\tpretty = evil\n",
        "utf-8",
    )  # fmt: skip
    monkeypatch.setenv("HOME", str(home))
    for name, value in {
        "GIT_DIR": str(tmp_path / "other"), "GIT_WORK_TREE": "/", "GIT_EXTERNAL_DIFF": f"touch {evil}",
        "GIT_CONFIG_PARAMETERS": "'core.pager'='false'", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare",
        "GIT_CONFIG_VALUE_0": "nonsense", "GIT_TRACE": str(evil), "GIT_PAGER": f"touch {evil}",
        "GIT_OBJECT_DIRECTORY": str(tmp_path), "GIT_INDEX_FILE": "/none", "GIT_NAMESPACE": "x",
        "XDG_CONFIG_HOME": str(home),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    sync(folder, plain.folder)
    mirror = Mirror(folder)
    assert len(list(read_commits(mirror))) == 3
    assert b"evil" not in mirror.run("format-patch", "--stdout", "-1", "main")
    assert not evil.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else_is_read_all_the_same(plain: Repository, folder: Path) -> None:
    for path in (plain.folder, *plain.folder.rglob("*")):
        os.chown(path, 12345, 12345)
    assert sync(folder, plain.folder).branch == "main"


def test_a_fetch_that_breaks_off_leaves_the_last_good_mirror(plain: Repository, folder: Path, tmp_path: Path) -> None:
    sync(folder, plain.folder)
    before = references(folder)
    plain.commit("new\n", {"big": os.urandom(100_000)})
    blob = plain.git("rev-parse", "main:big")
    file = plain.folder / "objects" / blob[:2] / blob[2:]
    data = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceError):
        sync(folder, plain.folder)
    assert references(folder) == before
    assert len(list(read_commits(Mirror(folder)))) == 3
    file.write_bytes(data)
    sync(folder, plain.folder)
    assert len(list(read_commits(Mirror(folder)))) == 4


def test_a_first_fetch_that_breaks_off_is_taken_up_again(plain: Repository, folder: Path) -> None:
    packed = plain.folder / "objects"
    away = plain.folder / "away"
    packed.rename(away)
    packed.mkdir()
    with pytest.raises(SourceError):
        sync(folder, plain.folder)
    assert Mirror(folder).state is None
    packed.rmdir()
    away.rename(packed)
    assert sync(folder, plain.folder).branch == "main"


@pytest.mark.parametrize("lost", ["all objects", "the references", "HEAD", "the state"])
def test_a_damaged_mirror_is_mended_by_its_source(plain: Repository, folder: Path, lost: str) -> None:
    sync(folder, plain.folder)
    if lost == "all objects":
        shutil.rmtree(folder / "objects")
        (folder / "objects").mkdir()
    elif lost == "the references":
        (folder / "packed-refs").unlink(missing_ok=True)
        shutil.rmtree(folder / "refs")
    elif lost == "HEAD":
        (folder / "HEAD").write_text("", "utf-8")
    else:
        (folder / "portal-state.json").write_text("{", "utf-8")
    sync(folder, plain.folder)
    assert len(list(read_commits(Mirror(folder)))) == 3
    assert references(folder) == references(plain.folder)
    git(folder, "fsck", "--connectivity-only")


def test_a_damaged_mirror_says_what_is_wrong_and_what_to_do(plain: Repository, folder: Path) -> None:
    sync(folder, plain.folder)
    shutil.rmtree(folder / "objects")
    (folder / "objects").mkdir()
    with pytest.raises(SourceError, match=r"remove .*sync"):
        list(read_commits(Mirror(folder)))


def test_a_mirror_is_made_over_the_git_protocol(plain: Repository, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        "git", "daemon", f"--base-path={plain.folder.parent}", "--export-all", "--listen=127.0.0.1", f"--port={port}",
        "--reuseaddr",
    ]  # fmt: skip
    with subprocess.Popen(command, env=environment(plain.folder), stderr=subprocess.PIPE) as daemon:
        try:
            address = f"git://127.0.0.1:{port}/plain.git"
            for _ in range(100):
                try:
                    state = sync(folder, address)
                    break
                except SourceError:
                    time.sleep(0.05)
            assert state.address == address
            assert references(folder) == references(plain.folder)
        finally:
            daemon.terminate()
    with pytest.raises(SourceError, match=r"127\.0\.0\.1"):
        sync(folder, address)
    assert len(list(read_commits(Mirror(folder)))) == 3


def test_hostile_commits_are_read_one_by_one_as_git_has_them(hostile: Repository) -> None:
    commits = list(read_commits(Mirror(hostile.folder)))
    assert [commit.sha for commit in commits] == hostile.git("rev-list", "--date-order", "HEAD", "--tags").split()
    by_sha = {commit.sha: commit for commit in commits}
    assert by_sha[hostile.shas["a root"]].parents == ()
    assert len(by_sha[hostile.shas["an octopus"]].parents) == 3
    assert by_sha[hostile.shas["latin-1"]].subject == "Grüße"
    assert by_sha[hostile.shas["latin-1"]].author.name == "Jürgen Groß"
    assert by_sha[hostile.shas["message: empty"]].subject == ""
    assert by_sha[hostile.shas["date: 3000"]].authored.seconds == 32503680000
    trailers = by_sha[hostile.shas["message: trailers"]].trailers
    assert [(trailer.key, trailer.value) for trailer in trailers][1] == ("Signed-off-by", "Ann <ann@example.org>")


def test_hostile_tags_are_read_and_those_that_lead_to_no_commit_say_so(hostile: Repository) -> None:
    tags = {tag.name: tag for tag in read_tags(Mirror(hostile.folder))}
    assert tags["v1.0"].annotated
    assert not tags["v1.1"].annotated
    assert tags["tree"].commit == tags["blob"].commit == tags["light-blob"].commit == ""
    assert tags["tag-of-tag"].commit == tags["v1.0"].commit == hostile.shas["a root"]
    assert tags["HEAD"].commit == hostile.shas["mode only"]
    assert tags["caf\udce9"].commit == hostile.shas["CRLF comes"]


def test_a_tag_named_head_does_not_stand_for_the_head(hostile: Repository) -> None:
    head = git(hostile.folder, "rev-parse", "refs/heads/main").decode()
    assert next(iter(read_commits(Mirror(hostile.folder), ("HEAD",)))).sha == head


def test_hostile_paths_are_listed_whole(hostile: Repository) -> None:
    paths = [row[4] for row in list_tree(Mirror(hostile.folder), hostile.shas["odd names come"])]
    assert {"new\nline", "tab\there", "caf\udce9 latin", "trailing "} <= set(paths)


def test_objects_are_read_through_one_process_and_a_missing_one_is_none(plain: Repository) -> None:
    with open_blobs(Mirror(plain.folder)) as blobs:
        assert blobs.read(plain.git("rev-parse", "main:README")) == b"Hello, world.\n"
        assert blobs.read("1" * 40) is None
        assert blobs.read(plain.git("rev-parse", "main:docs/more.txt")) == b"More.\n"
