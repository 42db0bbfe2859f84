"""Read the hunks of context diffs as unified ones, where that is exactly the same change.

The format: POSIX diff(1) -c and GNU diffutils "Context Format"; in a half without changed lines the lines are left out.
"""

import re
from dataclasses import dataclass

from generator.errors import ParseError
from generator.model.diffs import Hunk

SEPARATOR_RE = re.compile(rb"\*{15}(?: ([^\n]*))?\n")
OLD_RE = re.compile(rb"\*\*\* (\d{1,12})(?:,(\d{1,12}))? \*{4}\r?\n")
NEW_RE = re.compile(rb"--- (\d{1,12})(?:,(\d{1,12}))? -{4}\r?\n")


@dataclass(slots=True)
class _Half:
    """One half of a hunk: its lines as (mark, text), and what its header says."""

    start: int
    count: int | None  # None: the header names one line, which may stand for none
    lines: list[tuple[bytes, bytes]]
    at: int


def parse_context_hunks(data: bytes, *, source: str, start: int = 0) -> tuple[tuple[Hunk, ...], int]:
    """Read the hunks at byte `start`; return them and the offset of the first byte after them.

    Raises ParseError when a hunk does not keep its counts, or when its halves do not have the same context.
    """
    hunks, at = [], start
    while match := SEPARATOR_RE.match(data, at):
        hunk, at = _hunk(data, source, match)
        hunks.append(hunk)
    return tuple(hunks), at


def _hunk(data: bytes, source: str, separator: re.Match[bytes]) -> tuple[Hunk, int]:
    old, at = _half(data, source, separator.end(), OLD_RE, b"- !")
    new, at = _half(data, source, at, NEW_RE, b"+ !")
    if not old.lines:
        old.lines = _context(new.lines)
    elif not new.lines:
        new.lines = _context(old.lines)
    lines = _merged(old.lines, new.lines)
    if lines is None:
        raise _error(data, source, old.at, "the two halves of the context diff have not the same context")
    counts = [_counted(half, data, source) for half in (old, new)]
    return Hunk((counts[0],), counts[1], separator[1] or b"", tuple(lines)), at


def _half(data: bytes, source: str, at: int, header_re: re.Pattern[bytes], marks: bytes) -> tuple[_Half, int]:
    match = header_re.match(data, at)
    if not match:
        raise _error(data, source, at, "here the context diff should name a range, such as `*** 1,5 ****`")
    first, last = int(match[1]), match[2] and int(match[2])
    count = 0 if first == 0 and last is None else None if last is None else last - first + 1
    lines, end = _lines(data, match.end(), marks, 1 if count is None else count)
    if lines and sum(mark != b"\\" for mark, _ in lines) < (1 if count is None else count):
        raise _error(data, source, at, "the half does not keep the range of its header")
    return _Half(first, count, lines, at), end


def _lines(data: bytes, at: int, marks: bytes, left: int) -> tuple[list[tuple[bytes, bytes]], int]:
    """Read at most `left` lines, each two bytes of mark and its text, and a `\\ No newline` line behind them."""
    lines: list[tuple[bytes, bytes]] = []
    while left > 0 and at < len(data) and (_is_line(data, at, marks) or (lines and data[at : at + 1] == b"\n")):
        end = data.index(b"\n", at)
        lines.append((data[at : at + 1] if end > at else b" ", data[min(at + 2, end) : end]))
        at = end + 1
        left -= 1
    if lines and data.startswith(b"\\ ", at):
        end = data.index(b"\n", at)
        lines.append((b"\\", data[at:end]))
        at = end + 1
    return lines, at


def _is_line(data: bytes, at: int, marks: bytes) -> bool:
    """Whether a line of a half is here: a mark, and a space that may be lost where nothing or a tab follows."""
    return data[at] in marks and data[at + 1 : at + 2] in (b" ", b"\n", b"\t")


def _context(half: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the lines that the other half, which was left out, has: the unchanged ones."""
    context: list[tuple[bytes, bytes]] = []
    last = b" "
    for mark, text in half:
        if mark == b" " or (mark == b"\\" and last == b" "):
            context.append((mark, text))
        last = mark
    return context


def _merged(old: list[tuple[bytes, bytes]], new: list[tuple[bytes, bytes]]) -> list[bytes] | None:
    """Return both halves as the lines of one unified hunk; None when their context is not the same."""
    lines: list[bytes] = []
    left = right = 0
    while left < len(old) or right < len(new):
        left, removed = _changed(old, left, b"-")
        right, added = _changed(new, right, b"+")
        lines += removed + added
        if left < len(old) or right < len(new):
            if old[left : left + 1] != new[right : right + 1]:
                return None
            mark, text = old[left]
            lines.append(text if mark == b"\\" else b" " + text)
            left, right = left + 1, right + 1
    return lines


def _changed(half: list[tuple[bytes, bytes]], at: int, mark: bytes) -> tuple[int, list[bytes]]:
    """Return the changed lines from `at` on, with the `\\` line that belongs to them, and where they end."""
    lines: list[bytes] = []
    while at < len(half) and half[at][0] != b" " and (half[at][0] != b"\\" or lines):
        lines.append(half[at][1] if half[at][0] == b"\\" else mark + half[at][1])
        at += 1
    return at, lines


def _counted(half: _Half, data: bytes, source: str) -> tuple[int, int]:
    count = sum(mark != b"\\" for mark, _ in half.lines)
    if count != half.count and not (half.count is None and count <= 1):
        raise _error(data, source, half.at, "the half does not keep the range of its header")
    return half.start, count


def _error(data: bytes, source: str, at: int, problem: str) -> ParseError:
    return ParseError(source, data.count(b"\n", 0, at) + 1, problem)
