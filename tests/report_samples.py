"""What importers make of the real result files against EXPECTED.tsv, which says what they hold."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from foreign_reports import ABSENT, SAMPLES

from generator.errors import ParseError
from generator.model.reports import Imported

Counts = tuple[int | bool, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a sample: `right`, `refused` as it should be, or `wrong` with what was found and expected."""

    file: str
    word: str
    detail: str = ""


def rows(format: str) -> list[Mapping[str, str]]:
    """Return the lines of EXPECTED.tsv of one format. Skips the test where the samples are not there."""
    table = SAMPLES / "EXPECTED.tsv"
    if not table.is_file():
        pytest.skip(ABSENT)
    with table.open(encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if row["format"] == format]


def outcomes(
    format: str,
    read: Callable[..., Imported],
    found: Callable[[Imported], Counts],
    expected: Callable[[Mapping[str, str]], Counts | None],
) -> list[Outcome]:
    """Read every sample of a format. `expected` returns None for a file that must be refused."""
    return [_outcome(row, read, found, expected(row)) for row in rows(format)]


def _outcome(row, read, found, wanted) -> Outcome:
    try:
        imported = read((SAMPLES / row["format"] / row["file"]).read_bytes(), source=row["file"])
    except ParseError as problem:
        return Outcome(row["file"], "refused" if wanted is None else "wrong", problem.problem)
    got = found(imported)
    return Outcome(row["file"], "right" if got == wanted else "wrong", "" if got == wanted else f"{got}, not {wanted}")


def surprises(format: str, results: list[Outcome], explained: Mapping[str, str]) -> dict[str, str]:
    """Print the table and return what is wrong and not explained, and explanations that nothing needs.

    `explained` says why a file, by the end of its name, is not as the table has it.
    """
    words = [result.word for result in results]
    known = {end: [r for r in results if r.file.endswith(end) and r.word == "wrong"] for end in explained}
    told = sum(map(len, known.values()))
    counted = f"{words.count('right')} right, {words.count('refused')} refused as they should be"
    print(f"{format}: {counted}, {told} explained, {words.count('wrong') - told} wrong")
    wrong = {r.file: r.detail for r in results if r.word == "wrong" and not r.file.endswith(tuple(explained))}
    return wrong | {end: "explained, but not wrong" for end, found in known.items() if not found}
