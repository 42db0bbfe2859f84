"""Commits that name commits."""

import pytest
from files_world import a_commit

from generator.model.commits import Commit, Trailer
from generator.relate.references import Names, references

ONE, TWO, THREE = "a1" * 20, "b2" * 20, "a1" + "c3" * 19


def commit(sha: str, body: str = "", *trailers: tuple[str, str]) -> Commit:
    plain = a_commit(sha)
    values = {name: getattr(plain, name) for name in Commit.__dataclass_fields__}
    return Commit(**values | {"body": body, "trailers": tuple(Trailer(*pair) for pair in trailers)})


def related(*commits: Commit) -> dict[str, list[tuple[str, str]]]:
    found = references(commits, Names([item.sha for item in commits]))
    return {sha: [(item.kind, item.sha) for item in items] for sha, items in found.items()}


def test_a_fix_is_seen_from_both_sides() -> None:
    assert related(commit(TWO, "", ("Fixes", f'{ONE[:12]} ("x")')), commit(ONE)) == {
        TWO: [("fixes", ONE)],
        ONE: [("fixed by", TWO)],
    }


def test_a_revert_and_a_mention_are_seen_from_both_sides() -> None:
    newer = commit(THREE, f"as in {TWO[:10]}")
    assert related(newer, commit(TWO, f"This reverts commit {ONE}."), commit(ONE)) == {
        THREE: [("mentions", TWO)],
        TWO: [("reverts", ONE), ("mentioned by", THREE)],
        ONE: [("reverted by", TWO)],
    }


def test_the_strongest_word_counts_once() -> None:
    body = f"See {ONE}.\n\nThis reverts commit {ONE}."
    assert related(commit(TWO, body, ("fixes", ONE)), commit(ONE))[TWO] == [("fixes", ONE)]


@pytest.mark.parametrize("word", [ONE[:6], "ffffffff", TWO, f"x{ONE}", f"path/{ONE}", ONE.upper()])
def test_what_names_no_other_commit_relates_nothing(word: str) -> None:
    assert related(commit(TWO, word), commit(ONE)) == {}


def test_an_abbreviation_of_two_commits_names_none() -> None:
    assert Names([ONE, THREE]).find("a1") is None
    assert Names([ONE, THREE]).find(ONE[:4]) == ONE
    assert Names([]).find("a1") is None
