"""The order that Pagefind leaves to chance, put right."""

import gzip
import json
from pathlib import Path

import pytest

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


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_two_runs_over_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    made = documents(tmp_path / "documents")
    for name in ("one", "two", "three"):
        made.index(tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "three")


def test_the_sorted_index_names_only_files_that_are_there(tmp_path: Path) -> None:
    documents(tmp_path / "documents").index(tmp_path / "index")
    entry = json.loads((tmp_path / "index/pagefind-entry.json").read_text("utf-8"))
    (name,) = [language["hash"] for language in entry["languages"].values()]
    files = set(contents(tmp_path / "index"))
    meta, _ = decode(gzip.decompress((tmp_path / f"index/pagefind.{name}.pf_meta").read_bytes()), len(MARK))
    assert [title for title, _ in meta[3]] == ["author", "kind", "release", "x"]
    assert {f"filter/{file}.pf_filter" for _, file in meta[3]} == {file for file in files if file.startswith("filter/")}
    assert {f"index/{chunk[2]}.pf_index" for chunk in meta[2]} == {file for file in files if file.startswith("index/")}
    assert {f"fragment/{page[0]}.pf_fragment" for page in meta[1]} == {
        file for file in files if file.startswith("fragment/")
    }


def test_values_of_a_filter_come_sorted_with_their_pages(tmp_path: Path) -> None:
    documents(tmp_path / "documents").index(tmp_path / "index")
    filters = dict(
        decode(gzip.decompress(file.read_bytes()), len(MARK))[0] for file in (tmp_path / "index/filter").iterdir()
    )
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
