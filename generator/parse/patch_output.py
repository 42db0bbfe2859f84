"""Read what `patch` and `git apply --verbose` say of hunks, in English: GNU patch's patch.c, git's apply.c."""

import re
from dataclasses import dataclass

HUNK_RE = re.compile(
    r"Hunk #(?P<number>\d{1,9}) (?P<how>succeeded|FAILED|NOT MERGED)\b(?: at -?\d+)?(?: with fuzz (?P<fuzz>\d{1,9}))?"
    r"(?: \(offset (?P<offset>-?\d{1,9}) lines?\))?"
)


@dataclass(frozen=True, slots=True)
class SaidHunk:
    """What was said of one hunk. A hunk of which nothing is said went in where it said it would."""

    number: int
    failed: bool
    offset: int  # lines
    fuzz: int  # context lines given up


def parse_patch_output(text: str) -> tuple[SaidHunk, ...]:
    """Read what `patch` says about a single file; only hunks that did not go in cleanly are spoken of."""
    return tuple(_said(match) for line in text.splitlines() if (match := HUNK_RE.match(line)))


def _said(match: re.Match[str]) -> SaidHunk:
    return SaidHunk(
        int(match["number"]), match["how"] != "succeeded", int(match["offset"] or 0), int(match["fuzz"] or 0)
    )


CHECKING_PREFIX = "Checking patch "


def parse_apply_output(text: str) -> tuple[tuple[SaidHunk, ...], ...]:
    """Read what `git apply --verbose` says: for each file, in the order of the diff, what is said of its hunks."""
    files: list[list[SaidHunk]] = []
    for line in text.splitlines():
        if line.startswith(CHECKING_PREFIX):
            files.append([])
        elif files and (match := HUNK_RE.match(line)):
            files[-1].append(_said(match))
    return tuple(map(tuple, files))


ERROR_RE = re.compile(r"(?:error|fatal): (.*)")


def complaints(text: str) -> tuple[str, ...]:
    """Return what git complains of, a sentence each."""
    return tuple(match[1] for line in text.splitlines() if (match := ERROR_RE.match(line)))
