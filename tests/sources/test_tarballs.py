import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.model.commits import Stamp
from generator.model.histories import Tarballs
from generator.model.mirrors import Tag
from generator.sources import tarballs as module
from generator.sources.tarballs import load_tarballs, sync_tarballs
from tests.web_world import Web, serve

TAR = b"the tar" * 100
GZ = gzip.compress(TAR, mtime=0)
SHA = hashlib.sha256(GZ).hexdigest()


def tag_of(name: str, seconds: int = 1_500_000_000) -> Tag:
    return Tag(
        name=name,
        commit="1" * 40,
        target="2" * 40,
        annotated=True,
        tagger=None,
        stamp=Stamp(seconds, "+0000"),
        subject="",
        body="",
        signature="",
    )


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve() as running:
        running.files |= {
            "/k-2.0.tar.gz": GZ,
            "/k-2.0.tar.sign": b"signed",
            "/SUMS": f"{SHA}  k-2.0.tar.gz\n".encode(),
        }
        yield running


class Desk:
    """One configuration, synced and loaded again and again."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.folder = folder
        self.tarballs = Tarballs(
            url=f"{web.address}/k-{{version}}.tar.gz",
            signature=f"{web.address}/k-{{version}}.tar.sign",
            signs="tar",
            checksums=f"{web.address}/SUMS",
        )

    def sync(self, *tags: Tag, **options) -> tuple[str, ...]:
        return sync_tarballs(
            self.tarballs, tags, folder=self.folder, progress=lambda _: None, timeout_s=5, pause_s=0.001, **options
        )

    def load(self, *tags: Tag, **options):
        return load_tarballs(self.tarballs, tags, folder=self.folder, **options)


@pytest.fixture
def desk(web: Web, tmp_path: Path) -> Desk:
    return Desk(web, tmp_path / "tarballs")


def test_a_tarball_comes_with_its_checksum_compared_and_its_signature(desk):
    assert desk.sync(tag_of("v2.0")) == ()
    tarball, signature = desk.load(tag_of("v2.0"))["v2.0"].archives
    assert (tarball.name, tarball.kind, tarball.sha256) == ("k-2.0.tar.gz", "tarball", SHA)
    assert tarball.tar_sha256 == hashlib.sha256(TAR).hexdigest()
    assert tarball.verdict == "matches the published checksum"
    assert (signature.name, signature.kind) == ("k-2.0.tar.sign", "signature")
    assert signature.verdict == "signature over the uncompressed .tar"
    assert signature.file.read_bytes() == b"signed"


def test_what_is_kept_is_not_asked_for_again(desk, web):
    desk.sync(tag_of("v2.0"))
    web.requests.clear()
    assert desk.sync(tag_of("v2.0")) == ()
    assert web.requests == []


def test_a_tarball_that_differs_is_not_offered_and_is_asked_for_again(desk, web):
    web.files["/SUMS"] = f"{'0' * 64}  k-2.0.tar.gz\n".encode()
    (problem,) = desk.sync(tag_of("v2.0"))
    assert problem.endswith(f"its SHA-256 is {SHA}, published is {'0' * 64}: it is not offered")
    found = desk.load(tag_of("v2.0"))["v2.0"]
    assert found.archives == ()
    assert "DIFFERS from the published checksum" in found.note
    assert not (desk.folder / "k-2.0.tar.gz").exists()
    web.files["/SUMS"] = f"{SHA}  k-2.0.tar.gz\n".encode()
    assert desk.sync(tag_of("v2.0")) == ()
    assert desk.load(tag_of("v2.0"))["v2.0"].archives[0].verdict == "matches the published checksum"


def test_a_tarball_that_no_checksum_is_published_for_says_so_until_there_is_one(desk, web):
    web.files["/SUMS"] = f"{SHA}  another.tar.gz\n".encode()
    assert desk.sync(tag_of("v2.0")) == ()
    assert desk.load(tag_of("v2.0"))["v2.0"].archives[0].verdict == "no published checksum"
    web.files["/SUMS"] = f"{SHA}  k-2.0.tar.gz\n".encode()
    desk.sync(tag_of("v2.0"))
    assert desk.load(tag_of("v2.0"))["v2.0"].archives[0].verdict == "matches the published checksum"
    assert web.asked("/k-2.0.tar.gz") == 1


def test_a_checksum_file_that_is_an_error_page_is_a_problem_once(desk, web):
    web.files |= {"/SUMS": b"<html>", "/k-1.0.tar.gz": GZ}
    (problem,) = desk.sync(tag_of("v2.0"), tag_of("v1.0"))
    assert problem.endswith("/SUMS:1: holds no SHA-256 sum: check the address")
    assert web.asked("/SUMS") == 1
    verdict = desk.load(tag_of("v2.0"))["v2.0"].archives[0].verdict
    assert verdict == "the published checksum could not be read"


def test_a_missing_tarball_is_remembered_with_the_reason(desk, web):
    desk.sync(tag_of("v1.0"))
    desk.sync(tag_of("v1.0"))
    assert web.asked("/k-1.0.tar.gz") == 1
    note = desk.load(tag_of("v1.0"))["v1.0"].note
    assert note == (
        f"The mirror has no tarball of this release. {web.address}/k-1.0.tar.gz: the server has no such file (404)."
    )


def test_the_tarball_of_a_young_tag_is_asked_for_again(desk, web):
    young = tag_of("v1.0", seconds=1 << 40)
    desk.sync(young)
    desk.sync(young)
    assert web.asked("/k-1.0.tar.gz") == 2
    assert desk.load(young)["v1.0"].note == "The tarball as released has not been fetched yet."


def test_an_unreachable_mirror_is_not_remembered_and_not_asked_for_the_rest(desk, web):
    web.statuses = [503] * 4
    (problem,) = desk.sync(tag_of("v2.0"), tag_of("v1.0"))
    assert "the server answered 503" in problem
    assert web.asked("/k-1.0.tar.gz") == 0
    assert desk.sync(tag_of("v2.0")) == ()
    assert desk.load(tag_of("v2.0"))["v2.0"].archives


def test_a_file_that_is_refused_does_not_keep_the_others_back(desk, web, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    web.files["/k-3.0.tar.gz"] = b"too big" * 1000
    (problem,) = desk.sync(tag_of("v3.0"), tag_of("v2.0"))
    assert "is bigger than" in problem
    assert desk.load(tag_of("v2.0"))["v2.0"].archives


@pytest.mark.parametrize("name", ["v2.0-rc1", "v20080318-rc", "v2.0.rc2", "v2.0-beta1"])
def test_pre_releases_are_asked_for_only_when_wanted(desk, web, name):
    desk.sync(tag_of(name))
    assert (web.requests, desk.load(tag_of(name))) == ([], {})
    desk.sync(tag_of(name), pre_releases=True)
    assert len(web.requests) == 1
    assert name in desk.load(tag_of(name), pre_releases=True)


def test_a_kept_file_that_was_changed_is_not_offered(desk):
    desk.sync(tag_of("v2.0"))
    (desk.folder / "k-2.0.tar.gz").write_bytes(b"changed")
    assert desk.load(tag_of("v2.0"))["v2.0"].archives == ()
    desk.sync(tag_of("v2.0"))
    assert desk.load(tag_of("v2.0"))["v2.0"].archives[0].sha256 == SHA


def test_a_release_without_signature_is_offered_without(desk, web):
    del web.files["/k-2.0.tar.sign"]
    assert desk.sync(tag_of("v2.0")) == ()
    assert [archive.kind for archive in desk.load(tag_of("v2.0"))["v2.0"].archives] == ["tarball"]


@pytest.mark.parametrize("data", [b"no gzip", GZ[:-9], b""])
def test_a_broken_archive_has_no_sum_of_its_tar(desk, web, data):
    web.files["/k-2.0.tar.gz"] = data
    web.files["/SUMS"] = f"{hashlib.sha256(data).hexdigest()}  k-2.0.tar.gz\n".encode()
    desk.sync(tag_of("v2.0"))
    assert desk.load(tag_of("v2.0"))["v2.0"].archives[0].tar_sha256 == ""


def test_an_archive_that_unpacks_without_end_is_given_up(desk, monkeypatch):
    monkeypatch.setattr(module, "MAX_TAR_BYTES", 10)
    desk.sync(tag_of("v2.0"))
    assert desk.load(tag_of("v2.0"))["v2.0"].archives[0].tar_sha256 == ""


@pytest.mark.parametrize("name", ["v../../../etc/x", "v%2e%2e/x", "v2?x=1#y", "v<script>", "v\udcff", "v{tag}"])
def test_hostile_tags_stay_in_the_folder_and_below_the_address(desk, web, name):
    desk.sync(tag_of(name))
    assert all(path.startswith("/k-") and "?" not in path and "/" not in path[1:] for path, _ in web.requests)
    assert all(item.parent == desk.folder for item in desk.folder.rglob("*"))
    assert len(list(desk.folder.glob("*.facts.json"))) == 1


def test_facts_of_another_address_do_not_count(desk, web):
    desk.sync(tag_of("v2.0"))
    facts = desk.folder / "k-2.0.tar.gz.facts.json"
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"url": "http://another/"}))
    assert desk.load(tag_of("v2.0"))["v2.0"].archives == ()
