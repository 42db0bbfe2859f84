import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from generator.model.histories import History
from generator.model.pages import Page
from generator.model.releases import Archive, ReleaseFacts, SignatureState
from generator.pages.releases import (
    commits_since,
    downloads,
    release_before,
    release_diff_path,
    release_page,
    releases_page,
    sha256sums,
)
from generator.sources.archives import make_snapshot
from generator.sources.git import Mirror, read_tags
from tests.releases_world import EVIL, commit, git, history_of, hostile_repository, mirror_of, plain_repository, tag

UNSIGNED = ReleaseFacts(signature=SignatureState(verdict="none"))


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return mirror_of(plain_repository(tmp_path / "plain"))


@pytest.fixture
def history(mirror: Mirror) -> History:
    return history_of(mirror, notice="<p>as of today</p>")


def tag_of(history: History, name: str):
    return next(item for item in history.tags if item.name == name)


def page_of(history: History, name: str, facts: ReleaseFacts = UNSIGNED) -> Page:
    return release_page(history, tag_of(history, name), facts)


def body(page: Page) -> str:
    return "".join(page.body)


class Text(HTMLParser):
    """What is left when the markup is gone, and which elements and attributes there were."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def text(html: str) -> str:
    return " ".join("".join(Text(html).words).split())


def test_a_page_says_what_the_release_is(history):
    page = page_of(history, "v1.101")
    words = text(body(page))
    assert page.path == "git/kexec-tools/release/v1.101/index.html"
    assert page.title == "kexec-tools v1.101"
    assert "Date 2008-01-10 22:21:40 +0100" in words.replace("Date2", "Date 2")
    assert "Cy <cy@example.org>" in words
    assert '<span class="badge badge-none">not signed</span>' in body(page)
    assert "kexec-tools 1.101\n\nThe original." in body(page)
    assert "1 commit by 1 author Ada (1) first" in words


def test_a_page_fits_into_the_site(history):
    page = page_of(history, "v2.0")
    assert [crumb.title for crumb in page.crumbs] == ["History", "kexec-tools", "Releases"]
    assert (page.section, page.notice, page.modified) == ("/history/", "<p>as of today</p>", 1_400_000_100)
    assert (page.previous.title, page.next) == ("Older: v2.0-rc1", None)
    assert page_of(history, "v1.101").next.path == "git/kexec-tools/release/v2.0-rc1/index.html"
    assert page.search.filters == (("kind", "release"), ("source", "kexec-tools"))
    assert "b: add" in page.search.text


def test_commits_are_grouped_by_author_in_the_order_they_were_made(history):
    html = body(page_of(history, "v2.0-rc1"))
    assert "2 commits by 2 authors" in html
    assert text(html).endswith("Ada (1) a: one Bo (1) a: add")
    assert f'href="../../commit/{history.by_tag["v2.0-rc1"][0]}.html"' in html


def test_a_lightweight_tag_says_what_it_is(history):
    words = text(body(page_of(history, "v2.0-rc1")))
    assert "nobody: a lightweight tag, which carries the date of its commit and no message" in words
    assert "Message" not in words


def test_links_to_files_and_diff_are_there_when_the_caller_says_so(history):
    assert "diff.html" not in body(page_of(history, "v2.0"))
    html = body(page_of(history, "v2.0", replace(UNSIGNED, tree=True, diff=True)))
    assert '<a href="diff.html">Diff against v1.101</a>' in html
    assert '<a href="../../tree/v2.0/">Files at this release</a>' in html
    assert release_diff_path("kexec-tools", "v2.0") == "git/kexec-tools/release/v2.0/diff.html"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SignatureState(verdict="verified", key="AB12", signer="A <a@b>"), "✓signature verified by A <a@b>, key AB12"),
        (SignatureState(verdict="unverified", reason="why", key="AB"), "!signature not verified why, key AB"),
        (SignatureState(verdict="bad", reason="changed"), "✗BAD signature changed"),
    ],
)
def test_the_state_of_a_signature_is_said_with_its_reason(history, state, words):
    assert words[1:] in text(body(page_of(history, "v2.0", ReleaseFacts(signature=state))))


def test_a_release_follows_a_release_and_takes_its_pre_releases_in(history):
    names = {item.name: release_before(history, item) for item in history.tags}
    assert {name: before and before.name for name, before in names.items()} == {
        "v2.0": "v1.101",
        "v2.0-rc1": "v1.101",
        "v1.101": None,
    }
    subjects = {item.name: [commit.subject for commit in commits_since(history, item)] for item in history.tags}
    assert subjects == {"v2.0": ["b: add", "a: one", "a: add"], "v2.0-rc1": ["a: one", "a: add"], "v1.101": ["first"]}


def test_a_maintenance_release_follows_its_own_branch(tmp_path):
    repository = plain_repository(tmp_path / "plain")
    git(repository, "checkout", "--quiet", "-b", "maintenance", "v1.101")
    commit(repository, "fix.c", "fix\n", "fix", 1_500_000_000)
    tag(repository, "v1.102", "later than v2.0 and not after it", 1_500_000_100)
    history = history_of(mirror_of(repository))
    assert release_before(history, tag_of(history, "v1.102")).name == "v1.101"


def test_of_two_tags_on_one_commit_the_later_follows_the_earlier(tmp_path):
    repository = plain_repository(tmp_path / "plain")
    tag(repository, "v2.0-again", "again", 1_600_000_000, "v2.0^{commit}")
    history = history_of(mirror_of(repository))
    assert release_before(history, tag_of(history, "v2.0-again")).name == "v2.0"
    assert release_before(history, tag_of(history, "v2.0")).name == "v1.101"
    assert "No commits of its own" in body(page_of(history, "v2.0-again"))


def archives_of(mirror: Mirror, folder: Path) -> tuple[Archive, ...]:
    newest = read_tags(mirror)[0]
    snapshots = make_snapshot(mirror, newest, name="kexec-tools", folder=folder, kinds=("gz", "xz"))
    released = replace(
        snapshots[0], name="kexec-tools-2.0.tar.gz", kind="tarball", verdict="matches the published checksum"
    )
    signature = replace(
        released, name="kexec-tools-2.0.tar.sign", kind="signature", tar_sha256="", verdict="signature over the .tar"
    )
    return released, signature, *snapshots


def test_downloads_stand_in_two_classes_that_are_not_confused(history, mirror, tmp_path):
    facts = replace(UNSIGNED, archives=archives_of(mirror, tmp_path / "kept"))
    html = body(page_of(history, "v2.0", facts))
    released, snapshot = html.index("<h3>Tarball as released</h3>"), html.index("<h3>Snapshot of the repository</h3>")
    assert released < html.index("kexec-tools-2.0.tar.gz") < html.index("kexec-tools-2.0.tar.sign") < snapshot
    assert snapshot < html.index("kexec-tools-v2.0-snapshot.tar.gz") < html.index("kexec-tools-v2.0-snapshot.tar.xz")
    assert html.count(f'<code class="sum">{facts.archives[2].tar_sha256}</code>') == 3
    assert '<span class="badge badge-ok">matches the published checksum</span>' in html


def test_why_there_is_no_tarball_is_said_in_its_place(history):
    html = body(page_of(history, "v2.0", replace(UNSIGNED, note="It DIFFERS & is not offered.")))
    assert "<h3>Tarball as released</h3>" in html
    assert "It DIFFERS &amp; is not offered." in html
    assert "sha256sum -c" not in html


def test_the_commands_on_the_page_work_when_pasted(history, mirror, tmp_path):
    archives = make_snapshot(mirror, tag_of(history, "v2.0"), name="kexec-tools", folder=tmp_path / "kept")
    html = body(page_of(history, "v2.0", replace(UNSIGNED, archives=archives)))
    check, tar = (part.split("</code>")[0] for part in html.split("<pre><code>")[1:])
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / archives[0].name).write_bytes(archives[0].file.read_bytes())
    absent = replace(archives[0], name="absent.tar.gz", sha256="0" * 64)
    (folder / "SHA256SUMS").write_bytes(b"".join(sha256sums(history, [*archives, absent]).body))
    said = [
        subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=True).stdout.decode()
        for command in (check, tar)
    ]
    assert said == [f"{archives[0].name}: OK\n", f"{archives[0].tar_sha256}  -\n"]


def test_a_download_stands_where_the_page_links_to(history, mirror, tmp_path):
    archives = archives_of(mirror, tmp_path / "kept")
    html = body(page_of(history, "v2.0", replace(UNSIGNED, archives=archives)))
    for download in downloads(history, archives):
        assert f'href="../../{download.path.removeprefix("git/kexec-tools/")}"' in html


def test_the_list_has_every_release_newest_first(history, mirror, tmp_path):
    facts = {item.name: UNSIGNED for item in history.tags}
    facts["v2.0"] = replace(UNSIGNED, archives=archives_of(mirror, tmp_path / "kept"))
    page = releases_page(history, facts)
    html = body(page)
    assert page.path == "git/kexec-tools/release/index.html"
    assert html.index('href="v2.0/"') < html.index('href="v2.0-rc1/"') < html.index('href="v1.101/"')
    assert ">tarball .gz</a>, " in html
    assert ".sign" not in html


def test_a_source_without_tags_says_so(history):
    assert "This source has no tags." in body(releases_page(replace(history, tags=()), {}))


def test_a_tag_that_leads_to_no_commit_is_shown_as_such(tmp_path):
    history = history_of(mirror_of(hostile_repository(tmp_path / "hostile")))
    page = page_of(history, "v9.9")
    assert "This tag leads to no commit. It names the object" in body(page)
    assert "leads to no commit" in body(releases_page(history, {item.name: UNSIGNED for item in history.tags}))


def test_hostile_texts_stay_texts(tmp_path):
    history = history_of(mirror_of(hostile_repository(tmp_path / "hostile")))
    evil = SignatureState(verdict="verified", key=EVIL, signer=f'"{EVIL}\x1b')
    facts = {item.name: ReleaseFacts(signature=evil, note=EVIL) for item in history.tags}
    pages = [release_page(history, item, facts[item.name]) for item in history.tags] + [releases_page(history, facts)]
    for page in pages:
        html = body(page)
        html.encode("utf-8")
        assert "script" not in Text(html).elements
        assert "\x1b" not in html
        assert all(part not in ("", ".", "..") for part in page.path.split("/"))
