"""Known issues as files: what is read, and every complaint with file and line."""

import pytest

from generator.errors import ParseError
from generator.model.reports import KnownIssue, Verdict
from generator.parse.known_issue import parse_known_issue

GOOD = """\
title: NFS is slow  # a comment
url: https://bugs.example/1
path: kdump.*
dimensions:
  target: nfs
  kernel line: 6.10
excerpt: |
  Out of memory: {all} & *more
verdict: miss
owner: lab-one
added: 2026-01-01
expires: 2026-12-31
"""


def read(text: str) -> KnownIssue:
    return parse_known_issue(text, source="k/slow.yml", name="slow")


def test_a_file_is_read_and_every_scalar_is_text() -> None:
    assert read(GOOD) == KnownIssue(
        id="slow",
        title="NFS is slow",
        url="https://bugs.example/1",
        path="kdump.*",
        dimensions=(("kernel line", "6.10"), ("target", "nfs")),
        excerpt="Out of memory: {all} & *more",
        verdict=Verdict.MISS,
        owner="lab-one",
        added="2026-01-01",
        expires="2026-12-31",
        file="k/slow.yml",
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("owner: lab-one\n", "", "1: `owner` is missing: say it"),
        ("owner: lab-one", "owner: ''", "10: `owner` is missing: say it"),
        ("owner:", "ownr:", "10: no such key: `ownr`; there are: title"),
        ("verdict: miss", "colour: red", "9: no such key: `colour`; there are: title"),
        ("verdict: miss", "verdict: pass", "9: `verdict` must be one of: fail, error, miss"),
        ("verdict: miss", "verdict: [fail]", "9: `verdict` must be text; lists and aliases"),
        ("verdict: miss", "path: again", "9: `path` is said twice, first in line 3"),
        ("2026-12-31", "2026-13-31", "12: `expires` must be a day such as"),
        ("2026-12-31", "2025-12-31", "12: `expires` is before `added`"),
        ("https://bugs", "javascript://bugs", "2: `url` must be an address with https://"),
        ("url: https://bugs.example/1", "url: {a: b}", "2: `url` must be text"),
        ("dimensions:\n  target: nfs\n  kernel line: 6.10", "dimensions: nfs", "4: `dimensions` must be a mapping"),
        ("  target: nfs", "  target: {a: b}", "5: `target` must be text"),
        ("lab-one", "&a lab-one\n<<: *a", "11: `<<` must be text"),
        ("title: NFS", "title: [", "no YAML"),
    ],
)
def test_complaints_name_file_and_line(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    with pytest.raises(ParseError) as caught:
        read(GOOD.replace(old, new, 1))
    assert str(caught.value).startswith("k/slow.yml:")
    assert problem in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n", "word", f"{GOOD}---\n{GOOD}", "x" * 70_000, "a: \x00"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read(text)
