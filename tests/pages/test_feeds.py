from pathlib import Path
from xml.etree import ElementTree

import pytest

from generator.model.histories import History
from generator.model.pages import Asset
from generator.pages.feeds import commits_feed, releases_feed
from tests.releases_world import EVIL, history_of, hostile_repository, mirror_of, plain_repository

NAME = "{http://www.w3.org/2005/Atom}"
SITE = "https://portal.example/"


@pytest.fixture
def history(tmp_path: Path) -> History:
    return history_of(mirror_of(plain_repository(tmp_path / "plain")))


@pytest.fixture
def hostile(tmp_path: Path) -> History:
    return history_of(mirror_of(hostile_repository(tmp_path / "hostile")))


def read(asset: Asset) -> ElementTree.Element:
    return ElementTree.fromstring(b"".join(asset.body))


def check(root: ElementTree.Element) -> None:
    """Hold a feed against what RFC 4287 demands of it."""
    assert root.tag == f"{NAME}feed"
    ids = [item.text for item in root.iter(f"{NAME}id")]
    assert len(ids) == len(set(ids))
    assert all(address.startswith(SITE) for address in ids)
    for element in (root, *root.iter(f"{NAME}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{NAME}{name}")) == 1
        assert all(author.findtext(f"{NAME}name") for author in element.findall(f"{NAME}author"))
        assert len(element.findall(f"{NAME}link[@rel='alternate']")) == 1
    assert root.find(f"{NAME}author") is not None


def test_the_feed_of_commits_has_the_newest_first(history):
    asset = commits_feed(history, SITE, limit=2)
    root = read(asset)
    check(root)
    assert asset.path == "git/kexec-tools/commits.atom"
    assert root.find(f"{NAME}link[@rel='self']").get("href") == SITE + asset.path
    assert [item.findtext(f"{NAME}title") for item in root.iter(f"{NAME}entry")] == ["c: add", "b: add"]
    assert root.findtext(f"{NAME}entry/{NAME}content") == "<pre>c: add\n\nFixes: nothing</pre>"
    assert root.findtext(f"{NAME}entry/{NAME}id") == f"{SITE}git/kexec-tools/commit/{history.head}.html"


def test_the_feed_of_releases_has_messages_and_what_is_new(history):
    root = read(releases_feed(history, SITE))
    check(root)
    entries = list(root.iter(f"{NAME}entry"))
    assert [item.findtext(f"{NAME}title") for item in entries] == [
        "kexec-tools v2.0",
        "kexec-tools v2.0-rc1",
        "kexec-tools v1.101",
    ]
    assert (
        entries[0].findtext(f"{NAME}content")
        == "<pre>kexec-tools 2.0</pre><ul><li>b: add</li><li>a: one</li><li>a: add</li></ul>"
    )
    assert entries[0].findtext(f"{NAME}id") == f"{SITE}git/kexec-tools/release/v2.0/"


def test_a_feed_depends_on_the_history_alone(history):
    assert commits_feed(history, SITE) == commits_feed(history, SITE)
    assert read(commits_feed(history, SITE)).findtext(f"{NAME}updated") == "2017-07-14T02:40:00Z"


def test_hostile_texts_stay_texts_and_valid_xml(hostile):
    for asset in (commits_feed(hostile, SITE), releases_feed(hostile, SITE)):
        root = read(asset)
        check(root)
        assert all("<script" not in item.text for item in root.iter(f"{NAME}content") if item.text)
    titles = [item.findtext(f"{NAME}title") for item in read(commits_feed(hostile, SITE)).iter(f"{NAME}entry")]
    assert titles == ["caf\\xe9 \\u{202e}", EVIL]
