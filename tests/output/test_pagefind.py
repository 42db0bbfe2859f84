"""The order that Pagefind leaves to chance, put right."""

import gzip
import json
from pathlib import Path

import pytest

from generator.errors import OutputError
from generator.model.pages import SearchEntry
from generator.output.pagefind import MARK, decode, encode, sort_index
from generator.output.search import SearchDocuments


def documents(folder: Path) -> SearchDocuments:
    """Return forty documents with filters of many values, enough for a hash map to show its order."""
    made = SearchDocuments(folder)
    for number in range(40):
        filters = (("kind", "commit"), ("author", f"Author {number % 17}"), ("release", f"v{number % 9}"), ("x", "y"))
        made.put(f"commit/{number}.html", f"Title {number}", SearchEntry(text=f"word{number} kexec", filters=filters))
    return made


def index(made: SearchDocuments) -> Path:
    with made.indexing() as wait:
        return wait()


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_two_runs_over_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    one, two, three = (contents(index(documents(tmp_path / name))) for name in ("one", "two", "three"))
    assert one == two == three


def test_an_index_over_an_older_one_is_the_same_as_a_new_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        made = documents(tmp_path / name)
        if name == "one":
            made.put("old.html", "Gone soon", SearchEntry(text="obsolete", filters=(("author", "Nobody"),)))
            before = contents(index(made))
            made = documents(tmp_path / name)
        made.put("new.html", "New", SearchEntry(text="recent", filters=(("author", "Somebody"),)))
        assert made.is_stale()
        after = contents(index(made))
        if name == "one":
            assert before.keys() - after.keys()
            replaced = after
    assert replaced == after


def test_an_index_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    made = documents(tmp_path / "documents")
    good = contents(index(made))
    for broken in (tmp_path / "documents-index/fragment").iterdir():
        broken.write_bytes(b"half")
    with pytest.raises(KeyboardInterrupt), made.indexing():
        raise KeyboardInterrupt
    assert contents(index(made)) == good


def test_pagefind_says_why_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pagefind"
    program.write_text("#!/bin/sh\necho no room >&2\nexit 1\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("generator.output.search.get_executable", lambda: program)
    with pytest.raises(OutputError, match="pagefind failed: no room"):
        index(documents(tmp_path / "documents"))


def test_pagefind_ends_with_what_runs_beside_it(tmp_path: Path) -> None:
    made = documents(tmp_path / "documents")
    with pytest.raises(KeyboardInterrupt), made.indexing() as wait:
        raise KeyboardInterrupt
    with pytest.raises(OutputError, match="pagefind failed"):
        wait()


def test_the_sorted_index_names_only_files_that_are_there(tmp_path: Path) -> None:
    folder = index(documents(tmp_path / "documents"))
    entry = json.loads((folder / "pagefind-entry.json").read_text("utf-8"))
    (name,) = [language["hash"] for language in entry["languages"].values()]
    files = set(contents(folder))
    meta, _ = decode(gzip.decompress((folder / f"pagefind.{name}.pf_meta").read_bytes()), len(MARK))
    assert [title for title, _ in meta[3]] == ["author", "kind", "release", "x"]
    assert {f"filter/{file}.pf_filter" for _, file in meta[3]} == {file for file in files if file.startswith("filter/")}
    assert {f"index/{chunk[2]}.pf_index" for chunk in meta[2]} == {file for file in files if file.startswith("index/")}
    assert {f"fragment/{page[0]}.pf_fragment" for page in meta[1]} == {
        file for file in files if file.startswith("fragment/")
    }


def test_values_of_a_filter_come_sorted_with_their_pages(tmp_path: Path) -> None:
    folder = index(documents(tmp_path / "documents"))
    filters = dict(decode(gzip.decompress(file.read_bytes()), len(MARK))[0] for file in (folder / "filter").iterdir())
    assert [value for value, _ in filters["release"]] == [f"v{number}" for number in range(9)]
    assert sorted(page for _, pages in filters["author"] for page in pages) == list(range(40))


def test_an_index_of_another_form_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pagefind-entry.json").write_text('{"version":"9","languages":{"en":{"hash":"en_1"}}}', "utf-8")
    (tmp_path / "pagefind.en_1.pf_meta").write_bytes(gzip.compress(b"another mark\xff"))
    before = contents(tmp_path)
    sort_index(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "value", [0, 23, 24, 255, 256, 65535, 65536, 1 << 40, "", "ü" * 30, [], [1, ["a", []]], ["x"] * 300]
)
def test_what_is_encoded_is_decoded_again(value: object) -> None:
    assert decode(encode(value)) == (value, len(encode(value)))


@pytest.mark.parametrize("data", [b"\x9f\xff", b"\xa0", b"\x20"])
def test_other_cbor_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="CBOR"):
        decode(data)
