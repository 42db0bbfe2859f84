"""Read what git calls a diff, plain or combined, by its counts and never by what a line looks like.

The format: git-diff(1) "Generating patch text with -p" and "Combined diff format", git's diff.c and base85.c.
"""

import re

from generator.errors import ParseError
from generator.model.diffs import FileDiff, Hunk

GIT_PREFIX = b"diff --git "
COMBINED_PREFIXES = (b"diff --cc ", b"diff --combined ")
PREFIXES = (GIT_PREFIX, *COMBINED_PREFIXES)
HUNK_RE = re.compile(rb"(@@+)((?: -\d{1,12}(?:,\d{1,12})?)+) \+(\d{1,12})(?:,(\d{1,12}))? @@+ ?(.*)", re.DOTALL)
RANGE_RE = re.compile(rb"-(\d+)(?:,(\d+))?")
BLOCK_PREFIXES = (b"literal ", b"delta ")
SPACE, PLUS, MINUS, BACKSLASH, NEWLINE = b" +-\\\n"
CONTEXT = (SPACE, NEWLINE)


def parse_diff(data: bytes, *, source: str, start: int = 0) -> tuple[tuple[FileDiff, ...], int]:
    """Read the files of a diff at byte `start`; return them and the offset of the first byte after it.

    Reads what `git diff`, `show` and `diff-tree` print with `--full-index`, with or without `--binary`, `-M`,
    `--cc` or `-c`. No file at all gives `((), start)`. Raises ParseError when the diff breaks off or does not
    keep its own counts; the line it names is counted from the beginning of `data`.
    """
    lines = _Lines(data, source, start)
    files = []
    while data.startswith(PREFIXES, lines.at):
        files.append(_file(lines))
    return tuple(files), lines.at


def parse_hunks(data: bytes, *, source: str, start: int = 0) -> tuple[tuple[Hunk, ...], int]:
    """Read the unified hunks at byte `start`; return them and the offset of the first byte after them.

    No hunk at all gives `((), start)`. Raises ParseError as `parse_diff` does.
    """
    lines = _Lines(data, source, start)
    return _hunks(lines), lines.at


class _Lines:
    """A place in the data that moves on line by line."""

    __slots__ = ("at", "data", "source")

    def __init__(self, data: bytes, source: str, at: int) -> None:
        self.data = data
        self.source = source
        self.at = at

    def take(self) -> bytes:
        """Return the line here without its newline and step over it. The last one may lack its newline."""
        end = self.data.find(b"\n", self.at)
        if end < 0:
            end = len(self.data)
        line = self.data[self.at : end]
        self.at = min(end + 1, len(self.data))
        return line

    def starts(self, prefix: bytes | tuple[bytes, ...]) -> bool:
        return self.data.startswith(prefix, self.at)

    def error(self, at: int, problem: str) -> ParseError:
        return ParseError(self.source, self.data.count(b"\n", 0, at) + 1, problem)


def _file(lines: _Lines) -> FileDiff:
    first = lines.at
    line = lines.take()
    head = _headers(lines)
    old_path, path = _renamed(head)
    path = path or _titled_path(line)
    if not path:
        raise lines.error(first, "the diff names no file; make it with git's own prefixes a/ and b/")
    old_blobs, new_blob = _blobs(head)
    old_mode, new_mode = _modes(head)
    return FileDiff(
        path=path,
        old_path=old_path or path,
        status=next((status for name, status in STATUS.items() if name in head), "M"),
        old_mode=old_mode,
        new_mode=new_mode,
        old_blob=old_blobs[0],
        new_blob=new_blob,
        old_blobs=old_blobs if len(old_blobs) > 1 else (),
        similarity=_similarity(head),
        binary=_skip_binary(lines) or b"Binary files" in head,
        hunks=_hunks(lines),
    )


HEADER_RE = re.compile(
    rb"(index|new file mode|deleted file mode|old mode|new mode|mode|similarity index|dissimilarity index"
    rb"|rename from|rename to|copy from|copy to|Binary files) "
)
STATUS = {b"new file mode": "A", b"deleted file mode": "D", b"rename to": "R", b"copy to": "C"}


def _headers(lines: _Lines) -> dict[bytes, bytes]:
    """Return the extended headers by name; step over `---` and `+++` as well."""
    head = {}
    while match := HEADER_RE.match(lines.data, lines.at):
        head[match[1]] = lines.take()[len(match[0]) :]
    # With --combined-all-paths there is a `---` line for each parent.
    while lines.starts(b"--- "):
        lines.take()
    if lines.starts(b"+++ "):
        lines.take()
    return head


def _renamed(head: dict[bytes, bytes]) -> tuple[bytes | None, bytes | None]:
    """Return the old and the new path of a rename or a copy."""
    old = head.get(b"rename from", head.get(b"copy from"))
    new = head.get(b"rename to", head.get(b"copy to"))
    return old and unquote_path(old), new and unquote_path(new)


def _similarity(head: dict[bytes, bytes]) -> int | None:
    digits = head.get(b"similarity index", b"").removesuffix(b"%")
    return int(digits) if digits.isdigit() and len(digits) <= 3 else None


def _blobs(head: dict[bytes, bytes]) -> tuple[tuple[str, ...], str]:
    old, _, new = head.get(b"index", b"").partition(b"..")
    return tuple(old.decode("ascii", "replace").split(",")), new.partition(b" ")[0].decode("ascii", "replace")


def _modes(head: dict[bytes, bytes]) -> tuple[str, str]:
    """Return the old mode (a combined diff's joined by commas) and the new one."""
    if b"mode" in head:
        old, _, new = head[b"mode"].partition(b"..")
    else:
        same = head.get(b"index", b"").partition(b" ")[2]
        old = head.get(b"old mode") or head.get(b"deleted file mode") or same
        new = head.get(b"new mode") or head.get(b"new file mode") or same
    if b"new file mode" in head:
        old = b""
    if b"deleted file mode" in head:
        new = b""
    return old.decode("ascii", "replace"), new.decode("ascii", "replace")


def _titled_path(line: bytes) -> bytes | None:
    """Return the path of a `diff …` line; git says it twice there, and the same unless another header has it."""
    for prefix in COMBINED_PREFIXES:
        if line.startswith(prefix):
            return unquote_path(line[len(prefix) :])
    names = line[len(GIT_PREFIX) :]
    half, odd = divmod(len(names), 2)
    left, right = unquote_path(names[:half]), unquote_path(names[half + 1 :])
    if not odd or names[half : half + 1] != b" " or left[1:] != right[1:] or left[1:2] != b"/":
        return None
    return right[2:]


ESCAPE_RE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def unquote_path(name: bytes) -> bytes:
    """Return a path as it is, from the C-style quotes git puts around an odd one (quote.c)."""
    if len(name) < 2 or not (name.startswith(b'"') and name.endswith(b'"')):
        return name
    return ESCAPE_RE.sub(_unescape, name[1:-1])


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    return ESCAPES.get(code, code)


def _skip_binary(lines: _Lines) -> bool:
    """Step over a `GIT binary patch`, if one is here: one block forward, mostly a second one back."""
    if not lines.starts(b"GIT binary patch\n"):
        return False
    lines.take()
    if not lines.starts(BLOCK_PREFIXES):
        raise lines.error(lines.at, "the binary patch has no literal or delta block")
    while lines.starts(BLOCK_PREFIXES):
        lines.take()
        _skip_block(lines)
    return True


def _skip_block(lines: _Lines) -> None:
    while not lines.starts(b"\n"):
        at = lines.at
        line = lines.take()
        if not line or len(line) != _base85_length(line[0]):
            raise lines.error(at, "the binary patch breaks off, or this line is not git's base 85")
    lines.take()


def _base85_length(first: int) -> int:
    """Return the length of a base 85 line by its first byte, which counts the bytes it stands for, up to 52."""
    size = first - 64 if 65 <= first <= 90 else first - 70 if 97 <= first <= 122 else -1
    return 1 + (size + 3) // 4 * 5 if size > 0 else -1


def _hunks(lines: _Lines) -> tuple[Hunk, ...]:
    hunks = []
    while lines.starts(b"@@"):
        first = lines.at
        match = HUNK_RE.fullmatch(lines.take())
        if not match:
            raise lines.error(first, "this is not a hunk header")
        old = tuple((int(start), _count(count)) for start, count in RANGE_RE.findall(match[2]))
        new = int(match[3]), _count(match[4])
        if len(match[1]) != len(old) + 1:
            raise lines.error(first, "the hunk header has not one @ more than it has old sides")
        read = _plain_lines if len(old) == 1 else _combined_lines
        body = read(lines, [*(count for _, count in old), new[1]])
        if body is None:
            raise lines.error(first, "the hunk does not keep the counts of its header")
        if lines.starts(b"\\ "):
            body.append(lines.take())
        hunks.append(Hunk(old, new, match[5], tuple(body)))
    return tuple(hunks)


def _count(digits: bytes | None) -> int:
    return int(digits) if digits else 1


def _plain_lines(lines: _Lines, left: list[int]) -> list[bytes] | None:
    """Read until both sides are complete; None: one has too many lines. All of a history goes through here."""
    data, at = lines.data, lines.at
    find = data.find
    old_left, new_left = left
    body = []
    while old_left > 0 or new_left > 0:
        end = find(b"\n", at)
        if end < 0:
            raise lines.error(at, "the diff breaks off inside a hunk")
        mark = data[at]
        if mark in CONTEXT:  # an empty context line may have lost its space on the way
            old_left -= 1
            new_left -= 1
        elif mark == PLUS:
            new_left -= 1
        elif mark == MINUS:
            old_left -= 1
        elif mark != BACKSLASH:
            raise lines.error(at, "this line of a hunk begins with none of ' ', '+', '-' and '\\'")
        body.append(data[at:end] or b" ")
        at = end + 1
    lines.at = at
    return None if old_left or new_left else body


def _combined_lines(lines: _Lines, left: list[int]) -> list[bytes]:
    """Read a combined hunk. All its lines begin with their marks, which nothing that can follow it does.

    The counts cannot be relied on: git's own can be too high for a parent (git.git's 00c2c50ea67c says 15 for 14).
    """
    width = len(left) - 1
    body = []
    while lines.starts(MARKS):
        at = lines.at
        line = lines.take()
        marks = line[:width]
        if (
            lines.data[lines.at - 1 : lines.at] != b"\n"
            or len(marks) < width
            or (marks.strip(b" +-") and not line.startswith(b"\\"))
        ):
            raise lines.error(at, "the combined diff breaks off, or this line does not begin with its marks")
        body.append(line)
    return body


MARKS = (b" ", b"+", b"-", b"\\")
