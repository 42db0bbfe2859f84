import gzip
import hashlib
import json
import lzma
import pickle
import subprocess
import tarfile
from functools import partial
from pathlib import Path

import pytest

from generator.errors import SourceError
from generator.model.mirrors import Tag
from generator.model.paths import snapshot_path
from generator.sources.archives import make_snapshot, snapshot_name
from generator.sources.git import Mirror, read_tags
from tests.releases_world import git, hostile_repository, mirror_of, plain_repository, tag


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return mirror_of(plain_repository(tmp_path / "plain"))


def tag_of(mirror: Mirror, name: str) -> Tag:
    return next(item for item in read_tags(mirror) if item.name == name)


def make(mirror: Mirror, name: str, folder: Path, kinds: tuple[str, ...] = ("gz",)):
    return make_snapshot(mirror, tag_of(mirror, name), name="kexec-tools", folder=folder, kinds=kinds)


def test_a_snapshot_is_the_tree_under_name_and_version(mirror, tmp_path):
    (archive,) = make(mirror, "v1.101", tmp_path / "kept")
    assert archive.name == "kexec-tools-v1.101-snapshot.tar.gz"
    with tarfile.open(archive.file) as tar:
        assert tar.getnames() == ["kexec-tools-1.101", "kexec-tools-1.101/configure.ac"]


def test_its_tar_is_what_git_itself_writes(mirror, tmp_path):
    archives = make(mirror, "v2.0", tmp_path / "kept", ("gz", "xz"))
    tar = subprocess.run(
        ["git", "--git-dir", mirror.folder, "archive", "--format=tar", "--prefix=kexec-tools-2.0/", "v2.0"],
        capture_output=True,
        check=True,
    ).stdout
    assert gzip.decompress(archives[0].file.read_bytes()) == tar
    assert lzma.decompress(archives[1].file.read_bytes()) == tar
    for archive in archives:
        assert archive.tar_sha256 == hashlib.sha256(tar).hexdigest()
        assert archive.sha256 == hashlib.sha256(archive.file.read_bytes()).hexdigest()
        assert archive.size_bytes == archive.file.stat().st_size


def test_the_same_tag_gives_the_same_bytes_anywhere_and_no_name_or_date(mirror, tmp_path):
    first, second = (make(mirror, "v2.0", tmp_path / name)[0].file.read_bytes() for name in ("one", "two"))
    assert first == second
    assert first[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"


def test_what_is_kept_is_not_made_again(mirror, tmp_path):
    before = make(mirror, "v2.0", tmp_path / "kept")
    stamp = before[0].file.stat().st_mtime_ns
    assert make(mirror, "v2.0", tmp_path / "kept") == before
    assert before[0].file.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("broken", [b"", b"something else"])
def test_a_file_that_is_not_what_was_kept_is_made_again(mirror, tmp_path, broken):
    before = make(mirror, "v2.0", tmp_path / "kept")
    before[0].file.write_bytes(broken)
    assert make(mirror, "v2.0", tmp_path / "kept") == before
    assert hashlib.sha256(before[0].file.read_bytes()).hexdigest() == before[0].sha256


@pytest.mark.parametrize("facts", ["", "[]", "{", '{"key": 1}'])
def test_facts_that_cannot_be_read_are_made_again(mirror, tmp_path, facts):
    before = make(mirror, "v2.0", tmp_path / "kept")
    file = tmp_path / "kept" / f"{before[0].name}.json"
    whole = file.read_text()
    file.write_text(facts)
    assert make(mirror, "v2.0", tmp_path / "kept") == before
    assert file.read_text() == whole


def test_a_tag_that_was_moved_gives_its_new_content(tmp_path):
    repository = plain_repository(tmp_path / "plain")
    before = make(mirror_of(repository), "v2.0", tmp_path / "kept")[0]
    git(repository, "tag", "-d", "v2.0")
    tag(repository, "v2.0", "again", 1_600_000_000, "HEAD")
    after = make(mirror_of(repository), "v2.0", tmp_path / "kept")[0]
    assert after.file == before.file
    assert after.tar_sha256 != before.tar_sha256


def test_tags_that_stand_for_one_version_do_not_share_a_file(tmp_path):
    repository = plain_repository(tmp_path / "plain")
    tag(repository, "2.0", "without a v", 1_600_000_000, "v1.101")
    mirror = mirror_of(repository)
    assert make(mirror, "2.0", tmp_path / "kept")[0].file != make(mirror, "v2.0", tmp_path / "kept")[0].file


def test_hostile_names_stay_in_the_folder_and_in_one_component(tmp_path):
    mirror = mirror_of(hostile_repository(tmp_path / "hostile"))
    tag_with_commit = next(item for item in read_tags(mirror) if item.commit)
    (archive,) = make_snapshot(mirror, tag_with_commit, name="../x", folder=tmp_path / "kept")
    assert archive.file.parent == tmp_path / "kept"
    assert snapshot_path("k", archive.name).endswith(f"/{archive.name}")
    with tarfile.open(archive.file) as tar:
        tops = {name.split("/")[0] for name in tar.getnames()}
    assert len(tops) == 1
    assert tops.pop().startswith("x-v-script-alert-1")


@pytest.mark.parametrize("name", ["v" + "9" * 75, "v" + "9" * 200, "a/b", "..", "v2.0.html"])
def test_a_file_name_is_its_own_slug_and_keeps_its_ending(name):
    file = snapshot_name("kexec-tools", name, "xz")
    assert file.endswith(".tar.xz")
    assert snapshot_path("k", file) == f"git/k/download/{file}"


def test_a_tag_that_leads_to_no_commit_has_no_snapshot(tmp_path):
    mirror = mirror_of(hostile_repository(tmp_path / "hostile"))
    assert make(mirror, "v9.9", tmp_path / "kept") == ()


def test_a_failure_of_git_leaves_nothing_behind(mirror, tmp_path):
    broken = Tag(
        name="v3",
        commit="0" * 40,
        target="0" * 40,
        annotated=False,
        tagger=None,
        stamp=tag_of(mirror, "v2.0").stamp,
        subject="",
        body="",
        signature="",
    )
    with pytest.raises(SourceError, match=r"v3: git archive failed: fatal: not a tree object"):
        make_snapshot(mirror, broken, name="k", folder=tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_it_can_be_sent_to_another_process(mirror, tmp_path):
    call = pickle.loads(pickle.dumps(partial(make_snapshot, mirror, tag_of(mirror, "v2.0"), name="k", folder=tmp_path)))
    assert json.loads((tmp_path / f"{call()[0].name}.json").read_text())["key"][2] == "gz"
