"""Diffs as git writes them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk, or with more than one old side a hunk of a combined diff.

    `lines` are bytes without the newline, each with its marks first: one of `" +-"` per old side.
    A `\\ No newline at end of file` line stands in `lines` as git printed it.
    """

    old: tuple[tuple[int, int], ...]  # (start, count) of each old side
    new: tuple[int, int]
    heading: bytes  # what follows the second @@
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """The diff of one file. Paths are bytes, unquoted. Modes are octal text; "" where git gave none."""

    path: bytes  # the new path; for a deletion the old one
    old_path: bytes  # differs from `path` for renames and copies only
    status: str  # A, D, M, R, C, T as in `model.commits.Change`
    old_mode: str
    new_mode: str
    old_blob: str  # full object name; all zeros: none; "" when git gave no index line
    new_blob: str
    old_blobs: tuple[str, ...] = ()  # a combined diff's, one per parent
    similarity: int | None = None  # per cent, for renames and copies
    binary: bool = False
    hunks: tuple[Hunk, ...] = ()


def count_lines(diff: FileDiff) -> tuple[int, int]:
    """Return the lines added and removed; in a combined diff, as against any of its old sides."""
    added = removed = 0
    for hunk in diff.hunks:
        width = len(hunk.old)
        if width == 1:
            marks = b"".join([line[:1] for line in hunk.lines])
            added += marks.count(b"+")
            removed += marks.count(b"-")
        else:
            added += sum(b"+" in line[:width] for line in hunk.lines)
            removed += sum(b"-" in line[:width] for line in hunk.lines)
    return added, removed
