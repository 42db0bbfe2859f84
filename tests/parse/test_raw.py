"""The raw lines that stand before a diff."""

import pytest

from generator.errors import ParseError
from generator.parse.raw import RawChange, parse_raw

ONE, TWO, NONE = "1" * 40, "2" * 40, "0" * 40


def line(status: str, *paths: str, old: str = ONE, new: str = TWO, modes: str = "100644 100755") -> bytes:
    return f":{modes} {old} {new} {status}\t".encode() + "\t".join(paths).encode() + b"\n"


def test_lines_are_read_up_to_the_empty_one_and_the_diff_is_left() -> None:
    data = b"x" + line("M", "a.c") + line("A", "b.c", old=NONE) + b"\ndiff --git a/a.c b/a.c\n"
    changes, end = parse_raw(data, source="s", start=1)
    assert [(change.status, change.path) for change in changes] == [("M", b"a.c"), ("A", b"b.c")]
    assert data[end:].startswith(b"diff --git")


def test_no_line_is_no_change_and_takes_nothing() -> None:
    assert parse_raw(b"\nnext", source="s") == ((), 0)
    assert parse_raw(b"", source="s") == ((), 0)


def test_a_rename_has_both_paths_and_empties_the_old_one() -> None:
    (change,), _ = parse_raw(line("R087", "old.c", "new.c"), source="s")
    assert change == RawChange("R", "100644", "100755", ONE, TWO, b"old.c", b"new.c")
    assert list(change.results()) == [(b"old.c", None), (b"new.c", ("100755", TWO))]


@pytest.mark.parametrize(("status", "count"), [("M", 1), ("A", 1), ("D", 1), ("T", 1), ("C100", 1), ("R100", 2)])
def test_a_change_says_what_stands_at_its_paths_afterwards(status: str, count: int) -> None:
    paths = ("a", "b") if status[0] in "RC" else ("a",)
    (change,), _ = parse_raw(line(status, *paths), source="s")
    results = list(change.results())
    assert len(results) == count
    assert (results[-1][1] is None) == (status == "D")


def test_quoted_paths_are_unquoted() -> None:
    (change,), _ = parse_raw(line("M", '"tab\\there \\303\\274 \\"q\\" \\\\ \\n"'), source="s")
    assert change.path == 'tab\there ü "q" \\ \n'.encode()


def test_combined_lines_of_a_merge_are_passed_over() -> None:
    data = f"::100644 100644 100644 {ONE} {ONE} {TWO} MM\ta.c\n\ndiff --cc a.c\n".encode()
    changes, end = parse_raw(data, source="s")
    assert changes == ()
    assert data[end:] == b"diff --cc a.c\n"


@pytest.mark.parametrize("data", [b":100644 100644 1 2\ta\n", b":100644 100644 1 2 M\n", b":\n", b":nothing"])
def test_a_line_that_is_not_whole_is_an_error_with_its_source(data: bytes) -> None:
    with pytest.raises(ParseError, match=r"^commit:1: not a raw diff line"):
        parse_raw(data, source="commit")


def test_the_last_line_may_lack_its_newline() -> None:
    changes, end = parse_raw(line("M", "a").rstrip(b"\n"), source="s")
    assert changes[0].path == b"a"
    assert end == len(line("M", "a")) - 1
