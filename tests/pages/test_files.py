"""Pages about files: what they say, and that no name from outside breaks them or leads out of their folder."""

import posixpath
from html.parser import HTMLParser
from pathlib import Path

import pytest
from files_world import Repository, read_history, read_tree

from generator.model.files import HEAD, BlobFacts, Place
from generator.model.pages import Fragment, Page
from generator.model.paths import blob_path, deleted_path, files_path, history_path, raw_path, tree_path
from generator.pages.files import (
    SHOWN_BYTES,
    SHOWN_LINES,
    blob_fragment,
    blob_page,
    files_index_pages,
    history_pages,
    raw_asset,
    tree_pages,
)
from generator.relate.files import blob_facts, copies, departures, file_histories, list_files, places
from generator.render.escape import decode, esc
from generator.sources.git import open_blobs

VOID = {"br", "img", "input", "meta", "link", "hr"}
NASTY = (
    b"plain.c",
    b"<script>alert(1)</script>.c",
    b"quo\"te's & amp;.c",
    b"new\nline\ttab.c",
    b"latin-\xe9.c",
    b"bad-\xff\xfe.c",
    "bidi-\u202etxt.c".encode(),
    b"index.html",
    b"index",
    b"page.html/inner.c",
    b"page",
    b"page~2",
    b"p2",
    b"..hidden",
    b"a..b/c",
    b"...",
    b"%2e%2e/x",
    b"C:\\windows",
    b"-rf",
    b"~home",
    b"con",
    b" ",
    b"a b/c d",
    b"Makefile",
    b"makefile",
    b"x" * 200,
    b"a/b",
    b"a.html",
    b"deep/" * 40 + b"file",
    "ファイル.c".encode(),
    b"style</style>",
    b"q?a=b#c",
)


class Balance(HTMLParser):
    """Collects what would make a page invalid or let it act: unbalanced tags, scripts, handlers, odd addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []
        self.hrefs: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style", "iframe", "object") or any(name.startswith("on") for name, _ in attrs):
            self.problems.append(f"<{tag} {attrs}>")
        self.hrefs += [value for name, value in attrs if name == "href"]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}>")


def checked(text: str) -> Balance:
    balance = Balance()
    balance.feed(text)
    balance.close()
    assert balance.problems == []
    assert balance.open == []
    assert len(set(balance.ids)) == len(balance.ids)
    text.encode("utf-8")
    return balance


def html(page: Page) -> str:
    return "".join(part for part in page.body if isinstance(part, str))


def plain(data: bytes, path: str) -> list[str]:
    return [esc(decode(line)) for line in data.removesuffix(b"\n").split(b"\n")]


def all_pages(repository: Repository, *tags: str) -> dict[str, Page]:
    """Make every page about files, as a build does, and check that no two want one path."""
    mirror = repository.mirror
    history = read_history(mirror)
    commits, records = history.commits, history.records
    found = file_histories(commits, records, history.head)
    gone, copied = departures(commits, records, history.head), copies(commits, records)
    listings = [list_files(read_tree(mirror, ref), commits, records) for ref in (HEAD, *tags)]
    entries = {entry.path: entry for entry in listings[0].tree.entries}
    pages = [page for listing in listings for page in tree_pages(history, listing, listings, b"read <me>\n")]
    for path in sorted(found.keys() | entries.keys()):
        past = found.get(path, ())
        pages += history_pages(history, path, past, entries.get(path), gone.get(path), copied.get(path))
    pages += files_index_pages(history, listings[0], gone)
    with open_blobs(mirror) as blobs:
        for blob, standing in places(listings).items():
            data = blobs.read(blob)
            facts = blob_facts(data, is_link=any(place.mode == "120000" for place in standing))
            pages.append(blob_page(history, blob, standing, Fragment(blob), facts))
            checked(blob_fragment(data, standing[0].path, plain).decode())
    by_path = {page.path: page for page in pages}
    assert len(by_path) == len(pages)
    return by_path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def nasty(repository: Repository) -> Repository:
    for number, name in enumerate(NASTY):
        repository.write(name, b"same\n" if number % 7 == 0 else b"content of " + name)
    repository.commit("make <b>all</b>\u202e")
    repository.git("tag", "v1.0\u00e9<i>")
    (repository.folder / "link").symlink_to("../../etc/<passwd>")
    repository.write("tool.sh", "#!/bin/sh\n")
    (repository.folder / "tool.sh").chmod(0o755)
    repository.write("empty", b"")
    repository.write("image.bin", b"\x89PNG\0\0")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub<module>")
    repository.git("rm", "-q", "--", "index.html", "new\nline\ttab.c")
    repository.move("latin-\udce9.c", "renamed-\udce9\n.c")
    repository.commit("odd kinds")
    return repository


def test_names_from_outside_neither_break_a_page_nor_lead_out_of_the_folder(nasty):
    pages = all_pages(nasty, "v1.0\u00e9<i>")
    for path, page in pages.items():
        assert path.startswith("git/tools/")
        assert posixpath.normpath(path) == path
        assert path.isascii()
        assert all(len(part) < 200 for part in path.split("/"))
        assert "\n" not in page.title + page.description
        checked(html(page))


def test_every_link_leads_to_a_page_or_to_something_the_build_makes(nasty):
    pages = all_pages(nasty, "v1.0\u00e9<i>")
    for path, page in pages.items():
        for address in checked(html(page)).hrefs:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), address))
            target += "/index.html" if address.endswith("/") else ""
            made = target.startswith(("git/tools/commit/", "git/tools/author/")) or target.endswith((".txt", ".bin"))
            assert target in pages or made, (path, address)
        for crumb in page.crumbs[2:]:
            assert crumb.path in pages


def test_building_twice_gives_the_same_pages(nasty):
    assert all_pages(nasty) == all_pages(nasty)


def test_odd_kinds_are_shown_as_what_they_are(nasty):
    root = html(all_pages(nasty)[tree_path("tools", HEAD)])
    rows = {row.split("</a>")[0].rpartition(">")[2]: row for row in root.split("<tr>")}
    assert "<td>symbolic link</td>" in rows["link"]
    assert "<td>executable</td>" in rows["tool.sh"]
    assert "<td>submodule</td>" in rows["sub&lt;module&gt;"]
    assert "at 111111111111" in rows["sub&lt;module&gt;"]
    assert "<td>folder, 1 file</td>" in rows["a b/"]
    assert "new\\x0aline" not in root
    assert "bad-\\xff\\xfe.c" in root


def test_a_folder_links_to_itself_at_the_other_refs_that_have_it(repository):
    repository.write("lib/a", "1\n")
    repository.commit("one")
    repository.git("tag", "v1")
    repository.write("new/b", "2\n")
    repository.commit("two")
    pages = all_pages(repository, "v1")
    assert 'href="../../v1/lib/"' in html(pages[tree_path("tools", HEAD, "lib")])
    assert "v1" not in html(pages[tree_path("tools", HEAD, "new")])
    assert tree_path("tools", "v1", "new") not in pages
    assert [crumb.title for crumb in pages[tree_path("tools", HEAD, "lib")].crumbs] == ["History", "The tools", "main"]


def test_the_readme_stands_below_the_root_alone(repository):
    repository.write("lib/a", "1\n")
    repository.commit("one")
    pages = all_pages(repository)
    assert "<pre>read &lt;me&gt;\n</pre>" in html(pages[tree_path("tools", HEAD)])
    assert "README" not in html(pages[tree_path("tools", HEAD, "lib")])


def test_a_blob_has_one_page_with_all_its_names_and_is_found_by_those_at_the_head(repository):
    repository.write("old.c", "same\n")
    repository.commit("one")
    repository.git("tag", "v1")
    repository.move("old.c", "b.c")
    repository.write("a.c", "same\n")
    repository.commit("two")
    blob = repository.git("rev-parse", "HEAD:a.c").strip()
    page = all_pages(repository, "v1")[blob_path("tools", blob)]
    assert page.title == "a.c · The tools"
    assert page.search.text == "a.c\nb.c"
    assert page.search.filters == (("kind", "file"), ("source", "tools"))
    for name in ("a.c", "b.c", "old.c"):
        assert f'">{name}</a> at <a' in html(page)
    assert page.modified == 1_700_000_120


def test_a_blob_that_only_an_older_tree_has_is_not_searched_for(repository):
    repository.write("a.c", "before\n")
    repository.commit("one")
    repository.git("tag", "v1")
    repository.write("a.c", "after\n")
    repository.commit("two")
    page = all_pages(repository, "v1")[blob_path("tools", repository.git("rev-parse", "v1:a.c").strip())]
    assert page.title == "a.c at v1 · The tools"
    assert page.search is None


def test_the_list_of_all_files_has_each_folder_once(repository):
    for path in ("a/x", "a/b/y", "a/z", "top"):
        repository.write(path, path)
    repository.commit("one")
    listed = html(all_pages(repository)[files_path("tools")])
    assert [part.split("</a>")[0].rpartition(">")[2] for part in listed.split("<h2>")[1:]] == ["/", "a/", "a/b/"]


def test_a_history_says_its_older_names_and_where_a_file_went(repository):
    repository.write("a.c", "text\n" * 20)
    repository.commit("one")
    repository.move("a.c", "b.c")
    repository.commit("two")
    repository.write("c.c", "other\n")
    repository.commit("three")
    repository.git("rm", "-q", "c.c")
    deleting = repository.commit("four")
    pages = all_pages(repository)
    present = html(pages[history_path("tools", "b.c")])
    assert present.index(">two<") < present.index('<h2>As <a href="a.c.html">a.c</a></h2>') < present.index(">one<")
    assert "The file at main" in present
    assert 'Renamed to <a href="b.c.html">b.c</a> in' in html(pages[history_path("tools", "a.c")])
    assert f">{deleting[:12]}</a>" in html(pages[history_path("tools", "c.c")])
    assert "Deleted in" in html(pages[history_path("tools", "c.c")])
    away = html(pages[deleted_path("tools")])
    assert "became" in away
    assert "b.c" not in html(pages[files_path("tools")]).split("b.c</a>")[1]


def test_a_long_history_is_cut_into_parts_that_do_not_meet_other_files(repository):
    repository.write("f~1", "x\n")
    repository.write("~1", "x\n")
    for number in range(251):
        repository.write("f", f"{number}\n")
        repository.write("index", f"{number}\n")
        repository.commit(f"edit {number}")
    pages = all_pages(repository)
    first, older = pages["git/tools/file/f.html"], pages["git/tools/file/f~p1.html"]
    assert html(first).count("<tr><td>") == 51
    assert html(older).count("<tr><td>") == 200
    assert first.next.path == older.path
    assert "git/tools/file/~p1.html" in pages


def test_lines_have_numbers_anchors_and_their_newline_inside():
    text = blob_fragment(b"a < b\n" * 10, "a.c", plain).decode()
    assert text.startswith('<pre class="code"><code><span id=L1><a href=#L1> 1</a>a &lt; b\n</span>')
    assert text.endswith("<span id=L10><a href=#L10>10</a>a &lt; b\n</span></code></pre>\n")


def test_a_binary_and_an_empty_file_say_so_and_are_not_shown():
    assert "binary file of 3 bytes" in blob_fragment(b"a\0b", "x", plain).decode()
    assert "empty file" in blob_fragment(b"", "x", plain).decode()


def refuse(data: bytes, path: str) -> list[str]:
    raise AssertionError("too big to be highlighted")


@pytest.mark.parametrize(
    ("data", "said", "rows"),
    [
        (b"x" * (SHOWN_BYTES + 1), "The beginning of its first line follows", 1),
        ("é".encode() * SHOWN_BYTES, "The beginning of its first line follows", 1),
        (b"y\n" * (SHOWN_LINES + 1), "The first 20,000 lines follow", SHOWN_LINES),
        (b"z" * 99 + b"\n" + b"w" * SHOWN_BYTES, "The first line follows", 1),
        ((b"v" * 999 + b"\n") * 1_001, "The first 1,000 lines follow", 1_000),
    ],
)
def test_a_big_file_is_shown_plain_up_to_the_limit_and_says_so(data, said, rows):
    text = blob_fragment(data, "x", refuse).decode()
    assert said in text
    assert text.count("<span id=L") == rows
    assert "\\x" not in text
    assert len(text) < 1.2 * SHOWN_BYTES + 60 * SHOWN_LINES


def test_a_blob_is_given_away_under_an_ending_that_is_not_html():
    asset = raw_asset("tools", "b" * 40, b"<script>", binary=False)
    assert asset.path == raw_path("tools", "b" * 40, False) == f"git/tools/blob/{'b' * 40}.txt"
    assert asset.body == (b"<script>",)
    assert raw_path("tools", "b" * 40, True).endswith(".bin")


def test_a_symbolic_link_says_where_it_leads(repository):
    repository.write("a", "1\n")
    repository.commit("one")
    history = read_history(repository.mirror)
    place = Place(HEAD, "link", "120000", "")
    facts = BlobFacts(size_bytes=9, lines=1, binary=False, ends_open=True, target="../<a>\nb")
    text = html(blob_page(history, "c" * 40, (place,), Fragment("k"), facts))
    assert "<dt>Leads to</dt><dd><code>../&lt;a&gt;\\x0ab</code></dd>" in text
    assert "(symbolic link)" in text
