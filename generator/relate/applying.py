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
    lines = _split(old)
    result: list[bytes] = []
    at = 0
    for number, hunk in enumerate(diff.hunks, 1):
        start = _start(hunk, number)
        if not at <= start <= len(lines):
            raise HunkMismatch(number, f"line {start + 1} is not after the hunk before, or not in the file")
        result += lines[at:start]
        removed, added = _sides(hunk, number)
        at = start + len(removed)
        if lines[start:at] != removed:
            raise HunkMismatch(number, _difference(lines[start:at], removed, start))
        result += added
    result += lines[at:]
    return _joined(result, len(diff.hunks))


def blob_name(data: bytes, algorithm: str = "sha1") -> str:
    """Return the object name git gives to a file of this content; `algorithm` is `sha1` or `sha256`."""
    return hashlib.new(algorithm, b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _split(data: bytes) -> list[bytes]:
    """Return the lines with their newlines; only the last one may lack it."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _start(hunk: Hunk, number: int) -> int:
    """Return the index of the hunk's first old line; with no old line, of the line it stands before."""
    if len(hunk.old) != 1:
        raise HunkMismatch(number, "a combined diff cannot be applied")
    start, count = hunk.old[0]
    return start - 1 if count else start


def _sides(hunk: Hunk, number: int) -> tuple[list[bytes], list[bytes]]:
    """Return the lines before and after, with newlines; a `\\` line takes it from the line before it."""
    removed: list[bytes] = []
    added: list[bytes] = []
    last: tuple[list[bytes], ...] = ()
    for line in hunk.lines:
        if line.startswith(b"\\"):
            if not last:
                raise HunkMismatch(number, "a newline is taken from no line")
            for side in last:
                side[-1] = side[-1].removesuffix(b"\n")
            continue
        last = {b"-": (removed,), b"+": (added,)}.get(line[:1], (removed, added))
        for side in last:
            side.append(line[1:] + b"\n")
    return removed, added


def _difference(found: list[bytes], expected: list[bytes], start: int) -> str:
    for offset, (have, want) in enumerate(zip(found, expected, strict=False)):
        if have != want:
            return f"line {start + offset + 1} of the file is not what the hunk expects"
    return f"the file ends at line {start + len(found)}, inside the hunk"


def _joined(lines: list[bytes], hunks: int) -> bytes:
    """Join; a line without newline that is no longer the last one means that the last hunk ends too early."""
    if any(not line.endswith(b"\n") for line in lines[:-1]):
        raise HunkMismatch(hunks, "a line without newline is not the last one")
    return b"".join(lines)
