"""Pages of patches: what they say, that every link leads somewhere, and that no name from outside breaks out."""

import hashlib
import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
from patches_world import SOURCE, TARGET, hostile, patch_of, realistic
from releases_world import git

from generator.assemble_patches import patch_outputs
from generator.model.pages import Asset, Fragment, Output, Page
from generator.model.paths import commit_path, release_path
from generator.output.cache import open_cache, pack
from generator.pages import api
from generator.render.carriers import carried_by, carriers
from generator.sources.schemas import load_schemas
from generator.work.keys import plain_diff_key

SITE = "https://portal.example/"
VOID = {"br", "img", "input", "meta", "link", "hr"}
OUTSIDE = {"history/index.html", "about/how-made/index.html", "api/v1/patches.json"}


class Document(HTMLParser):
    """Elements that match, ids, link targets, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.elements: set[str] = set()
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        assert len(values) == len(attrs)
        assert not any(name.startswith("on") or name == "style" for name in values)
        self.elements.add(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if "href" in values else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.words += [" "] if tag in ("td", "dt", "span") else []

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


class Shown:
    """All outputs of a world, with their fragments put in."""

    def __init__(self, world, folder: Path, site_url: str = SITE) -> None:
        collections, facts, histories = world
        with open_cache(folder / "work.sqlite") as cache:
            self.outputs = list(
                patch_outputs(collections, facts, histories, site_url=site_url, cache=cache, said=lambda *_: None)
            )
            self.histories = histories
            self.bodies = {output.path: self._body(output, cache) for output in self.outputs}
        self.pages = {output.path: output for output in self.outputs if isinstance(output, Page)}
        self.documents = {path: Document(self.bodies[path].decode("utf-8")) for path in self.pages}

    @staticmethod
    def _body(output: Output, cache) -> bytes:
        parts = [cache.get(part.key) if isinstance(part, Fragment) else part for part in output.body]
        return b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)

    def text(self, path: str) -> str:
        return self.documents[path].text


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("realistic")
    return Shown(realistic(folder), folder)


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("hostile")
    return Shown(hostile(folder), folder)


@pytest.fixture(params=["shown", "wild"])
def either(request: pytest.FixtureRequest) -> Shown:
    return request.getfixturevalue(request.param)


DEBIAN = "patches/debian-kexec-tools-2.0/"


# What holds for any set


def test_every_path_is_there_once_and_lies_inside_the_folder(either: Shown) -> None:
    counts = Counter(output.path for output in either.outputs)
    assert [path for path, count in counts.items() if count > 1] == []
    for path in counts:
        assert path.startswith("patches/") or path == "api/v1/patches.json"
        assert posixpath.normpath(path) == path
        assert re.fullmatch(r"[A-Za-z0-9._~+/-]+", path)
        assert all(len(part) <= 200 and not part.startswith(".") for part in path.split("/"))


def test_no_path_is_another_ones_folder(either: Shown) -> None:
    paths = {output.path for output in either.outputs}
    folders = {
        "/".join(parts[:depth]) for path in paths for parts in [path.split("/")] for depth in range(1, len(parts))
    }
    assert paths & folders == set()


def test_every_link_leads_to_something(either: Shown) -> None:
    known = set(either.bodies) | OUTSIDE
    for name, history in either.histories.items():
        known |= {commit_path(name, commit.sha) for commit in history.commits}
        known |= {release_path(name, tag.name) for tag in history.tags}
        known |= {f"git/{name}/index.html"}
        known |= {f"git/{name}/file/{change.path}.html" for r in history.records.values() for change in r.changes}
    dead = [(page, target) for page, target, _ in inner_links(either) if target not in known]
    assert dead == []


def test_every_anchor_is_there(either: Shown) -> None:
    lost = [
        (page, target, anchor)
        for page, target, anchor in inner_links(either)
        if anchor and target in either.documents and anchor not in either.documents[target].ids
    ]
    assert lost == []


def inner_links(shown: Shown) -> Iterator[tuple[str, str, str]]:
    for path, document in shown.documents.items():
        for address in document.links:
            if address.startswith(("https://", "http://", "mailto:")):
                continue
            assert ":" not in address.partition("/")[0], address
            inner, _, anchor = address.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(inner))) if inner else path
            yield path, posixpath.join(target, "index.html") if inner.endswith("/") or inner == "." else target, anchor
    for page in shown.pages.values():
        for item in (*page.crumbs, *page.feeds, *filter(None, (page.previous, page.next))):
            yield page.path, item.path, ""


def test_ids_are_unique_and_every_page_says_what_it_is(either: Shown) -> None:
    for path, page in either.pages.items():
        assert len(either.documents[path].ids) == len(set(either.documents[path].ids)), path
        assert page.title and page.description and page.section == "/patches/"
        assert page.crumbs or path == "patches/index.html"
        assert either.bodies[path].count(b"<h1>") == 1


def test_titles_are_different(shown: Shown) -> None:
    assert [title for title, count in Counter(page.title for page in shown.pages.values()).items() if count > 1] == []


def test_checksum_lists_are_right_and_complete(either: Shown) -> None:
    lists = [path for path in either.bodies if path.endswith("/SHA256SUMS")]
    summed = set()
    for path in lists:
        for line in either.bodies[path].decode().splitlines():
            digest, name = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line).groups()
            file = posixpath.join(posixpath.dirname(path), name)
            assert hashlib.sha256(either.bodies[file]).hexdigest() == digest
            summed.add(file)
    given = {o.path for o in either.outputs if isinstance(o, Asset)} - set(lists)
    assert {path for path in given - summed if not path.endswith((".atom", ".json"))} == set()


def test_the_data_is_what_its_schema_promises(either: Shown) -> None:
    schema = next(a for a in api.schemas(load_schemas(), SITE) if a.path == "api/v1/schema/patches.json")
    data = json.loads(either.bodies["api/v1/patches.json"])
    checker = jsonschema.Draft202012Validator(json.loads(b"".join(schema.body)))
    checker.check_schema(checker.schema)
    checker.validate(data)
    assert data["schema"] == f"{SITE}api/v1/schema/patches.json"
    for record in data["patches"]:
        assert record["url"].removeprefix(SITE) in either.pages
        body = either.bodies[record["received"]["url"].removeprefix(SITE)]
        assert record["received"]["sha256"] == hashlib.sha256(body).hexdigest()


def test_feeds_are_valid(either: Shown) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    for path in ("patches/all.atom", "patches/not-upstream.atom"):
        root = ElementTree.fromstring(either.bodies[path])
        ids = [item.text for item in root.iter(f"{atom}id")]
        assert len(ids) == len(set(ids))
        assert all(
            entry.findtext(f"{atom}id").removeprefix(SITE) in either.pages for entry in root.iter(f"{atom}entry")
        )


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    world = realistic(tmp_path)
    assert Shown(world, tmp_path / "one").bodies == Shown(world, tmp_path / "two").bodies


# What the hostile set tries


def test_no_markup_from_outside_becomes_markup(wild: Shown) -> None:
    for path, document in wild.documents.items():
        assert "script" not in document.elements, path
        assert not re.search(rb"[\x00-\x08\x0b-\x1f]", wild.bodies[path])
    for feed in ("patches/all.atom", "patches/not-upstream.atom"):
        root = ElementTree.fromstring(wild.bodies[feed])
        assert all("<script" not in (item.text or "") for item in root.iter("{http://www.w3.org/2005/Atom}content"))


def test_what_was_received_is_never_served_as_something_that_runs(wild: Shown) -> None:
    acting = re.compile(r"\.(?:x?html?|svg|php|js|xml)(?:\.|$)", re.IGNORECASE)
    given = [output.path for output in wild.outputs if isinstance(output, Asset)]
    assert [path for path in given if acting.search(path.rpartition("/")[2])] == []
    assert [path for path in given if "/received/" in path and "." not in path.rpartition("/")[2]] == [
        path for path in given if path.endswith("received/SHA256SUMS")
    ]


def test_commands_hold_no_name_that_a_shell_reads(wild: Shown) -> None:
    for path in wild.pages:
        for block in re.findall(rb'<div class="hl"><pre><code>(.*?)</code>', wild.bodies[path], re.DOTALL):
            assert b"$(" not in block or b"'" in block or b"&#x27;" in block
            assert b"&lt;script" not in block or b"&#x27;" in block


# What the realistic set says


def test_the_first_page_lists_collections_by_kind_with_their_numbers(shown: Shown) -> None:
    text = shown.text("patches/index.html")
    assert "4 patches in 3 collections: 1 of them upstream, 3 not." in text
    assert "kexec-tools 2.0 kexec-tools 2.0-1 in Debian 12Debian 12 3 1 of 3 1 of 3" in text
    assert "kexec-tools 1.101 with kdump 1 missing 0" in text
    assert text.index("Carried by distributions") < text.index("Series") < text.index("Historical")


def test_a_collection_has_its_patches_in_order_and_commands_to_paste(shown: Shown) -> None:
    text = shown.text(f"{DEBIAN}index.html")
    assert text.index("0001-b.patch") < text.index("many: add some") < text.index("own.patch")
    assert f"curl -fsSL {SITE}{DEBIAN}series.mbox | git am" in text
    assert (
        f"curl -fsSL {SITE}{DEBIAN}series.tar.gz | tar -xz QUILT_PATCHES=debian-kexec-tools-2.0 quilt push -a" in text
    )


def test_what_is_missing_is_said_with_how_to_contribute_it(shown: Shown) -> None:
    text = shown.text("patches/kdump-1.101/index.html")
    assert "missing Adds kdump. Usage patch -p1 < kdump.patch" in text
    assert "kdump-portal patch add FILE --collection kdump-1.101" in text
    assert "None of its patches is here." in text
    assert f"../../git/{SOURCE}/" in shown.documents["patches/kdump-1.101/index.html"].links


def test_a_series_has_a_table_a_version_and_their_comparison(shown: Shown) -> None:
    page = shown.documents["patches/many/index.html"]
    assert page.text.index("Version 2") < page.text.index("Version 1")
    assert "v1-v2.html" in page.links
    compared = shown.bodies["patches/many/v1-v2.html"].decode()
    assert re.search(r"<del><u>removed </u>-\+.*number_1000", compared)
    assert re.search(r"<ins><u>added </u>\+\+.*number_2000", compared)
    assert {"patches/many/series.mbox", "patches/many/series-v1.mbox"} <= set(shown.bodies)
    assert b"number_2000" in shown.bodies["patches/many/series.mbox"]
    assert b"number_1000" not in shown.bodies["patches/many/series.mbox"]


def test_mails_of_one_mbox_are_received_as_one_file(shown: Shown) -> None:
    received = [path for path in shown.bodies if path.startswith("patches/many/received/")]
    assert sorted(received) == [f"patches/many/received/{name}" for name in ("SHA256SUMS", "v1.mbox", "v2.mbox")]
    assert shown.bodies["patches/many/received/v2.mbox"] == b"From x\n\nall of version 2\n"
    assert "received/v2.mbox" in shown.documents["patches/many/v2.mbox~m2.html"].links


def test_a_patch_that_is_upstream_names_commit_release_and_confidence(shown: Shown) -> None:
    page = shown.documents[f"{DEBIAN}0001-b.patch.html"]
    assert "upstream It is the same change as upstream commit" in page.text
    assert f"both have patch-id {'1' * 40}" in page.text
    assert "The first release with it is v2.0: from there on the patch can be dropped." in page.text
    assert "../many/v2.mbox~m2.html" in page.links
    assert "https://lists.example/1" in page.links
    assert "DEP-3 headers Forwarded yes" in page.text


def test_a_near_miss_is_not_called_equal(shown: Shown) -> None:
    text = shown.text(f"{DEBIAN}0002-near.patch.html")
    assert "similar upstream The commit most like it upstream is" in text
    assert "89 % of the changed lines the same. It is not the same patch." in text


def test_a_patch_says_of_each_release_which_hunks_moved_or_failed(shown: Shown) -> None:
    near = shown.documents[f"{DEBIAN}0002-near.patch.html"]
    assert "applies, moved Of 1 hunk: 1 moved." in near.text
    assert "many.c hunk 1 3 lines further up" in near.text
    assert "#1h1" in near.links
    own = shown.text(f"{DEBIAN}own.patch.html")
    assert "does not apply Of 2 hunks: 1 failed, 1 went in with fuzz." in own
    assert "gone.c hunk 9 1 line of context ignored" in own
    assert "not tried there is no such tag" in own


def test_a_patch_page_has_the_highlighted_diff_and_downloads_with_sums(shown: Shown) -> None:
    path = f"{DEBIAN}own.patch.html"
    assert b"<pre class=diff" in shown.bodies[path]
    assert b"<b>int</b>" in shown.bodies[path] or b"<var>int</var>" in shown.bodies[path]
    text = shown.text(path)
    for file in (f"{DEBIAN}own.patch.mbox", f"{DEBIAN}received/own.patch"):
        assert hashlib.sha256(shown.bodies[file]).hexdigest() in text
    assert f"curl -fsSL {SITE}{DEBIAN}own.patch.mbox | git am" in text
    assert f"curl -fsSL {SITE}{DEBIAN}own.patch.mbox | patch -p1" in text


def test_a_message_has_its_links_and_trailers_are_not_said_twice(shown: Shown) -> None:
    page = shown.documents["patches/many/v2.mbox~m2.html"]
    assert page.text.count("Signed-off-by") == 1
    sha = shown.histories[SOURCE].commits[0].sha
    assert f"../../git/{SOURCE}/commit/{sha}.html" in page.links
    assert "https://lore.kernel.org/all/v2.1@example.org/" in page.links


def test_an_older_version_is_superseded_and_a_cover_letter_has_nothing_to_apply(shown: Shown) -> None:
    assert "By many: more in version 2." in shown.text("patches/many/v1.mbox~m2.html")
    cover = shown.text("patches/many/v2.mbox~m1.html")
    assert "It changes no file, so there is nothing to compare." in cover
    assert "Does it apply?" not in cover


def test_views_hold_what_belongs_to_them(shown: Shown) -> None:
    found = shown.text("patches/not-upstream.html")
    assert "many: add some" in found and "own.patch" in found and "0001-b.patch" not in found
    assert "Many numbers" not in found
    assert "0001-b.patch" in shown.text("patches/droppable/kexec-tools/v2.0.html")
    assert "own.patch" in shown.text("patches/by/status/does-not-apply.html")
    assert "many: more" in shown.text("patches/by/status/superseded.html")
    assert "3 patches." in shown.text("patches/by/distribution/Debian+12.html")
    assert "4 patches." in shown.text(f"patches/by/target/{TARGET.package}/1.101.html")


def test_an_empty_view_says_so(shown: Shown) -> None:
    assert "None of the patches here is in this list." in shown.text("patches/by/status/unreadable.html")


def test_without_collections_the_pages_are_there_and_say_so(tmp_path: Path) -> None:
    empty = Shown(((), {}, {}), tmp_path)
    assert "No collection is here yet." in empty.text("patches/index.html")
    assert "None: no patch is here yet." in empty.text("patches/not-upstream.html")
    assert json.loads(empty.bodies["api/v1/patches.json"])["patches"] == []


def test_without_an_address_of_the_site_commands_take_the_downloaded_file(tmp_path: Path) -> None:
    local = Shown(realistic(tmp_path), tmp_path, site_url="")
    assert "cat own.patch.mbox | git am" in local.text(f"{DEBIAN}own.patch.html")
    assert not [path for path in local.bodies if path.endswith((".atom", ".json"))]


def test_a_packed_patch_is_given_away_as_it_was_received(tmp_path: Path) -> None:
    collections, facts, histories = realistic(tmp_path)
    own = collections[0].patches[2]
    packed = replace(own, name="own.patch.gz", packing="gz", received=b"\x1f\x8b packed")
    shown = Shown(((replace(collections[0], patches=(packed,)),), facts, histories), tmp_path)
    assert shown.bodies[f"{DEBIAN}received/own.patch.gz"] == b"\x1f\x8b packed"
    assert shown.bodies[f"{DEBIAN}own.patch.gz.mbox"].startswith(b"From ")


def test_a_bundle_has_commands_of_its_own_and_no_mail(tmp_path: Path) -> None:
    collections, facts, histories = realistic(tmp_path)
    bundle = patch_of("work.bundle", b"# v2 git bundle\n", form="bundle")
    shown = Shown(((replace(collections[0], patches=(bundle,)),), facts, histories), tmp_path)
    text = shown.text(f"{DEBIAN}work.bundle.html")
    assert f"curl -fsSLO {SITE}{DEBIAN}received/work.bundle git bundle verify ./work.bundle" in text
    assert f"{DEBIAN}work.bundle.mbox" not in shown.bodies
    assert f"{DEBIAN}series.mbox" not in shown.bodies


def test_a_distribution_patch_that_is_a_second_version_makes_no_series_of_it(tmp_path: Path) -> None:
    collections, facts, histories = realistic(tmp_path)
    first, second, third = collections[0].patches
    mixed = replace(collections[0], patches=(first, replace(second, version=2), third))
    shown = Shown(((mixed,), facts, histories), tmp_path)
    assert "Version 2" not in shown.text(f"{DEBIAN}index.html")
    assert shown.bodies[f"{DEBIAN}series.mbox"].count(b"\nSubject: ") == 3
    assert not [path for path in shown.bodies if re.search(r"/v\d-v\d\.html", path)]


def test_a_patch_like_a_commit_shows_what_differs(tmp_path: Path) -> None:
    world = realistic(tmp_path)
    near = world[1][world[0][0].name, "0002-near.patch"].provenance
    body = world[0][0].patches[1].data.replace(b"number_7;", b"number_seven;")
    with open_cache(tmp_path / "work.sqlite") as cache:
        cache.put_packed([(plain_diff_key(near.sha), pack(body))])
    shown = Shown(world, tmp_path)
    page = shown.bodies[f"{DEBIAN}0002-near.patch.html"].decode()
    assert "What differs from the commit" in page
    assert re.search(r"<del><u>removed </u>-\+.*number_seven", page)
    assert "What differs" not in shown.text(f"{DEBIAN}0001-b.patch.html")


def test_a_big_diff_goes_on_on_further_pages(tmp_path: Path) -> None:
    collections, facts, histories = realistic(tmp_path)
    own = collections[0].patches[2]
    data = b"".join(own.data.replace(b"many.c", b"many%d.c" % n) for n in range(120))
    big = patch_of("own.patch", data)
    shown = Shown(((replace(collections[0], patches=(big,)),), facts, histories), tmp_path)
    assert "The diff is big: it goes on in part 2" in shown.text(f"{DEBIAN}own.patch.html")
    assert "own.patch~p2.html#f120" in shown.documents[f"{DEBIAN}own.patch.html"].links
    assert "f120" in shown.documents[f"{DEBIAN}own.patch~p2.html"].ids


def test_a_commit_says_who_carries_it(tmp_path: Path) -> None:
    collections, facts, _ = realistic(tmp_path)
    found = facts[collections[0].name, "0001-b.patch"].provenance
    here = commit_path(found.source, found.sha)
    section = carried_by(found.source, found.sha, carriers(collections, facts), here)
    assert Document(section).links == ["../../../patches/debian-kexec-tools-2.0/0001-b.patch.html"]
    assert "0001-b.patch of kexec-tools 2.0-1 in Debian 12" in Document(section).text
    assert carried_by(found.source, "0" * 40, carriers(collections, facts), here) == ""


def test_a_mail_goes_into_git(tmp_path: Path) -> None:
    shown = Shown(realistic(tmp_path), tmp_path)
    repository = tmp_path / "plain"
    git(repository, "checkout", "--quiet", "HEAD^")
    git(repository, "am", "--quiet", stdin=shown.bodies[f"{DEBIAN}own.patch.mbox"])
    assert "our_59" in (repository / "many.c").read_text()


def test_every_page_can_be_reached_from_the_first(shown: Shown) -> None:
    by_page: dict[str, set[str]] = {}
    for page, target, _ in inner_links(shown):
        by_page.setdefault(page, set()).add(target)
    seen: set[str] = set()
    waiting = ["patches/index.html"]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += by_page.get(path, ())
    assert set(shown.pages) - seen == set()
