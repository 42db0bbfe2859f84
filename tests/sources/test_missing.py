"""Missing patches are fetched from a real server, and kept only when they are what was missing."""

import hashlib

import pytest
import web_world

from generator.model.patches import Collection, Missing, Target
from generator.sources.missing import sync_missing

DIFF = b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
TARGET = Target(source="", tag="", package="kexec-tools", version="1.101")


@pytest.fixture
def web():
    with web_world.serve() as web:
        yield web


@pytest.fixture
def sync(web, tmp_path):
    """Return a function that syncs one collection of missing (name, path, sum) and says what went wrong."""

    def sync(*wanted, address="", archive=""):
        missing = tuple(
            Missing(name=name, purpose="x", address=path and (address or web.address) + path, sha256=digest)
            for name, path, digest in wanted
        )
        collection = Collection(name="old", title="Old", kind="historical", target=TARGET, missing=missing)
        return sync_missing([collection], tmp_path, lambda line: None, timeout_s=2, pause_s=0.01, archive=archive)

    return sync


def kept(folder):
    return {file.name: file.read_bytes() for file in (folder / "old").glob("*")}


def test_a_patch_with_the_right_sum_is_kept_as_it_came(web, sync, tmp_path):
    web.files["/a"] = b"anything \0"
    assert sync(("a.patch", "/a", hashlib.sha256(b"anything \0").hexdigest())) == ()
    assert kept(tmp_path) == {"a.patch": b"anything \0"}


def test_another_file_than_the_one_wanted_is_not_kept(web, sync, tmp_path):
    web.files["/a"] = DIFF
    (problem,) = sync(("a.patch", "/a", "0" * 64))
    assert "its SHA-256 is" in problem and "it is not kept" in problem
    assert kept(tmp_path) == {}


def test_without_a_sum_a_patch_is_kept_and_an_error_page_is_not(web, sync, tmp_path):
    web.files |= {"/a": DIFF, "/b": b"<html>Sorry, this page has moved.</html>"}
    (problem,) = sync(("a.patch", "/a", ""), ("b.patch", "/b", ""))
    assert "holds no unified, context or git diff" in problem
    assert kept(tmp_path) == {"a.patch": DIFF}


def test_what_has_no_address_is_not_asked_for(web, sync, tmp_path):
    assert sync(("a.patch", "", "")) == ()
    assert web.requests == [] and not (tmp_path / "old").exists()


def test_a_file_that_is_gone_is_said_and_the_others_come(web, sync, tmp_path):
    web.files["/b"] = DIFF
    (problem,) = sync(("a.patch", "/a", ""), ("b.patch", "/b", ""))
    assert problem.startswith("old: ") and "(404)" in problem
    assert kept(tmp_path) == {"b.patch": DIFF}


def test_a_silent_host_is_given_up_after_its_first_file(sync):
    assert len(sync(("a.patch", "/a", ""), ("b.patch", "/b", ""), address="http://127.0.0.1:9")) == 1


def test_a_name_cannot_leave_the_folder(web, sync, tmp_path):
    web.files["/a"] = DIFF
    assert sync(("../../a.patch", "/a", "")) == ()
    assert [file.parent for file in tmp_path.rglob("*.patch")] == [tmp_path / "old" / "~2e.~2f.."] or kept(tmp_path)
    assert not (tmp_path.parent / "a.patch").exists()


def test_what_the_address_no_longer_has_an_archive_may_have(web, sync, tmp_path):
    gone = f"{web.address}/gone/a.patch"
    web.files[f"/web/{gone}"] = DIFF
    assert sync(("a.patch", "/gone/a.patch", ""), archive=f"{web.address}/web/") == ()
    assert kept(tmp_path) == {"a.patch": DIFF}
