"""Apply a parsed diff the way `git apply` does without fuzz: each line where the hunk says, or not at all."""

import hashlib

from generator.model.diffs import FileDiff, Hunk


class HunkMismatch(ValueError):
    """A hunk does not fit the content. `hunk_number` counts from 1; 0 stands for the whole diff."""

    def __init__(self, hunk_number: int, problem: str) -> None:
        super().__init__(f"hunk {hunk_number}: {problem}" if hunk_number else problem)
        self.hunk_number = hunk_number
        self.problem = problem


def apply_hunks(old: bytes, diff: FileDiff) -> bytes:
    """Return the content after `diff`; a diff without hunks gives `old`.

    Raises HunkMismatch when a line is not where a hunk says it is, and for binary and combined diffs, which
    hold nothing that could be applied.
    """
    if diff.binary:
        raise HunkMismatch(0, "a binary diff has no lines to apply")
    # Split, a file that ends in a newline has an empty last part, which no hunk removes.
    parts = old.split(b"\n")
    result: list[bytes] = []
    at = 0
    for number, hunk in enumerate(diff.hunks, 1):
        start = _start(hunk, number)
        if not at <= start < len(parts):
            raise HunkMismatch(number, f"line {start + 1} is not after the hunk before, or not in the file")
        removed, added, open_sides = _sides(hunk, number)
        result += parts[at:start]
        at = start + len(removed)
        reached_end = at >= len(parts)
        if parts[start:at] != removed or (reached_end and b"-" not in open_sides):
            raise HunkMismatch(number, _difference(parts, removed, start))
        if b"-" in open_sides and not reached_end:
            raise HunkMismatch(number, f"line {at} of the file is not what the hunk expects: it has a newline")
        result += added
        if b"+" in open_sides:
            if parts[at:] not in ([], [b""]) or number < len(diff.hunks):
                raise HunkMismatch(number, "a line without newline is not the last one")
            at = len(parts)
        elif reached_end:
            result.append(b"")
    return b"\n".join(result + parts[at:])


def blob_name(data: bytes, algorithm: str = "sha1") -> str:
    """Return the object name git gives to a file of this content; `algorithm` is `sha1` or `sha256`."""
    return hashlib.new(algorithm, b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _start(hunk: Hunk, number: int) -> int:
    """Return the index of the hunk's first old line; with no old line, of the line it stands before."""
    if len(hunk.old) != 1:
        raise HunkMismatch(number, "a combined diff cannot be applied")
    start, count = hunk.old[0]
    return start - 1 if count else start


def _sides(hunk: Hunk, number: int) -> tuple[list[bytes], list[bytes], bytes]:
    """Return the lines before and after, and which sides (`-`, `+`) end without a newline."""
    removed: list[bytes] = []
    added: list[bytes] = []
    open_sides = mark = b""
    for line in hunk.lines:
        if line[:1] == b"\\":
            if not mark:
                raise HunkMismatch(number, "a newline is taken from no line")
            open_sides += b"-+" if mark == b" " else mark
            continue
        mark, text = line[:1], line[1:]
        if mark != b"+":
            removed.append(text)
        if mark != b"-":
            added.append(text)
    return removed, added, open_sides


def _difference(parts: list[bytes], removed: list[bytes], start: int) -> str:
    pairs = zip(parts[start:], removed, strict=False)
    number = next((number for number, (have, want) in enumerate(pairs, start + 1) if have != want), len(parts))
    lines = len(parts) - (parts[-1] == b"")
    if number > lines:
        return f"the file ends at line {lines}, inside the hunk"
    return f"line {number} of the file is not what the hunk expects"
