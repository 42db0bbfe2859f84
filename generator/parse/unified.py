"""Read diffs as people keep them: unified or context, with or without git's headers, with junk between the files.

The formats: POSIX diff(1), GNU diffutils "Unified Format" and "Context Format", and what GNU patch and git apply make
of them. Sections with git's headers go through `parse.diff`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from generator.errors import ParseError
from generator.model.diffs import FileDiff, Hunk
from generator.parse.context import parse_context_hunks
from generator.parse.diff import COMBINED_PREFIXES, GIT_PREFIX, parse_diff, parse_hunks, unquote_path
from generator.parse.escapes import Escape, RefusedPatch, links_after, shown

MOST_FILES = 50_000


@dataclass(frozen=True, slots=True)
class UnifiedDiff:
    """A diff read. `strip` is the -p level its paths wanted; `links` the symbolic links that are there after it."""

    files: tuple[FileDiff, ...]
    strip: int
    links: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a file as its header names it. `is_epoch`: its timestamp is 1970's first second, so it is no file."""

    name: bytes
    is_epoch: bool

    @property
    def is_null(self) -> bool:
        return self.name == b"/dev/null"

    @property
    def is_absolute(self) -> bool:
        return self.name.startswith(b"/") and not self.is_null

    @property
    def parts(self) -> list[bytes]:
        return re.split(rb"/+", self.name)


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands from byte `at` on: files that git's headers describe, or one file with two sides."""

    at: int
    files: tuple[FileDiff, ...] = ()
    sides: tuple[_Side, ...] = ()
    hunks: tuple[Hunk, ...] = ()

    @property
    def is_git(self) -> bool:
        return not self.sides


def parse_unified(
    data: bytes, *, source: str, start: int = 0, strip: int | None = None, links: frozenset[bytes] = frozenset()
) -> UnifiedDiff:
    """Read all files of a diff from byte `start` on, stepping over what is no diff.

    `strip` is the -p level when it is known from elsewhere, else it is found; `links` are the symbolic links that
    patches before this one made. Modes and blobs are "" where no git header gives them in full. Raises ParseError when
    there is no diff, or one that does not keep its counts, and RefusedPatch for a path that leaves the tree; lines are
    counted from the beginning of `data`.
    """
    data = _tidy(data)
    sections = tuple(islice(_sections(data, source, start), MOST_FILES + 2))
    if not sections:
        raise ParseError(source, 1, "holds no unified, context or git diff: make it with git format-patch or diff -u")
    level = _strip_level(sections) if strip is None else strip
    files, places = [], []
    for section in sections:
        if len(files) > MOST_FILES:
            raise ParseError(source, 1, f"changes more than the {MOST_FILES:,} files that are read: divide it")
        found = _git_files(section, level) if section.is_git else (_plain_file(section, level, data, source),)
        files += found
        places += [section.at] * len(found)
    try:
        after = links_after(files, links)
    except Escape as escape:
        raise RefusedPatch(source, _line(data, places[escape.number]), escape.problem) from None
    return UnifiedDiff(tuple(files), level, after)


CARRIAGE_RE = re.compile(rb"^(?:diff --git|---|\+\+\+|\*\*\*) [^\n]*\r$", re.MULTILINE)


def _tidy(data: bytes) -> bytes:
    """Return the diff with a newline at its end, and without the CRs of a file that was saved with CR LF throughout.

    Where only the lines of the files have them, they belong to the files.
    """
    if CARRIAGE_RE.search(data):
        data = data.replace(b"\r\n", b"\n")
    return data if data.endswith(b"\n") else data + b"\n"


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


START_RE = re.compile(rb"^(?:diff --(?:git|cc|combined) |--- |\*\*\* |(?:Binary f|F)iles |@@ -)", re.MULTILINE)


def _sections(data: bytes, source: str, at: int) -> Iterator[_Section]:
    while match := START_RE.search(data, at):
        section, at = _section(data, source, match.start())
        if section:
            yield section
            _refuse_left_over(data, source, at)


LEFT_OVER_RE = re.compile(rb"\+|-(?!-)")


def _refuse_left_over(data: bytes, source: str, at: int) -> None:
    """Refuse a changed line right behind the last hunk, which patch(1) would leave out without a word."""
    if LEFT_OVER_RE.match(data, at):
        raise ParseError(source, _line(data, at), "the counts of the hunk above do not cover this line: correct its @@")


COMBINED = "holds the combined diff of a merge, which nothing applies: make it with git diff -m"
UNIFIED_RE = re.compile(rb"--- ([^\n]{1,5000})\n\+\+\+ ([^\n]{1,5000})\n(?=@@ -)")
CONTEXT_RE = re.compile(rb"\*\*\* ([^\n]{1,5000})\n--- ([^\n]{1,5000})\n(?=\*{15})")


def _section(data: bytes, source: str, at: int) -> tuple[_Section | None, int]:
    """Read what begins at `at`; return it, or None for junk, and the offset of what follows."""
    if data.startswith(COMBINED_PREFIXES, at):
        raise ParseError(source, _line(data, at), COMBINED)
    if data.startswith(GIT_PREFIX, at) and _is_git(data, source, at):
        files, end = parse_diff(data, source=source, start=at)
        return _Section(at, files=tuple(_checked(files, data, source, at))), end
    if match := UNIFIED_RE.match(data, at):
        hunks, end = parse_hunks(data, source=source, start=match.end())
        return _Section(at, sides=(_side(match[1]), _side(match[2])), hunks=hunks), end
    if match := CONTEXT_RE.match(data, at):
        hunks, end = parse_context_hunks(data, source=source, start=match.end())
        return _Section(at, sides=(_side(match[1]), _side(match[2])), hunks=hunks), end
    if data.startswith(b"@@ -", at):
        raise ParseError(source, _line(data, at), "a hunk without a file above it: put `--- a/…` and `+++ b/…` there")
    end = data.index(b"\n", at)
    sides = _binary_sides(data[at:end])
    return (_Section(at, sides=sides) if sides else None), end + 1


GIT_RE = re.compile(
    rb"^diff --git ([^\n]*)\n((?:(?:index|new|deleted|old|similarity|dissimilarity|rename|copy) [^\n]*\n)*)"
    rb"(?:--- ([^\n]*)\n\+\+\+ ([^\n]*)\n)?",
    re.MULTILINE,
)
MOVED_RE = re.compile(rb"^(?:rename|copy) from ", re.MULTILINE)


def _is_git(data: bytes, source: str, at: int) -> bool:
    """Whether git's header names one file behind the prefixes a/ and b/, or what was moved where.

    Without them (--no-prefix, --no-index) the names of `---` and `+++` are all there is, as in a plain diff.
    """
    head = GIT_RE.match(data, at)
    half = len(head[1]) // 2
    old, new = unquote_path(head[1][:half]), unquote_path(head[1][half + 1 :])
    if MOVED_RE.search(head[2]) or (old[1:] == new[1:] and old[1:2] == b"/"):
        return True
    if head[3] is None:
        raise ParseError(source, _line(data, at), "git's header does not say which file: make it with a/ and b/")
    return False


def _checked(files: tuple[FileDiff, ...], data: bytes, source: str, at: int) -> Iterator[FileDiff]:
    """Yield files from git's headers after comparing with the names of `---` and `+++`, which patch(1) goes by."""
    if any(file.old_blobs or any(len(hunk.old) > 1 for hunk in file.hunks) for file in files):
        raise ParseError(source, _line(data, at), COMBINED)
    for file, head in zip(files, GIT_RE.finditer(data, at), strict=False):
        for text, path in ((head[3], file.old_path), (head[4], file.path)):
            side = _side(text) if text is not None else None
            if side and not side.is_null and side.name.partition(b"/")[2] != path and side.name != path:
                problem = f"{shown(side.name)} is not the file of the `diff --git` line; such a patch is refused"
                raise RefusedPatch(source, _line(data, head.start()), problem)
        yield _whole_names(file)


def _whole_names(file: FileDiff) -> FileDiff:
    """Drop the blobs of an index line that is not in full: they are no object names."""
    if len(file.old_blob) == len(file.new_blob) and len(file.old_blob) in (0, 40, 64):
        return file
    return replace(file, old_blob="", new_blob="")


def _binary_sides(line: bytes) -> tuple[_Side, ...]:
    """Return the two sides of `Binary files OLD and NEW differ`, () for any other line."""
    names = line.removeprefix(b"Binary files ").removeprefix(b"Files ").removesuffix(b" differ").split(b" and ")
    is_whole = line.endswith(b" differ") and len(names) == 2
    return tuple(_Side(unquote_path(name), False) for name in names) if is_whole else ()


DATE_RE = re.compile(
    rb"[ \t](?=\d{4}-\d\d-\d\d[ T]\d\d:\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +[A-Z][a-z][a-z] +\d{1,2} \d\d:)"
)


def _side(text: bytes) -> _Side:
    """Read what follows `--- `: a name, and behind a tab, or where a date begins, the time."""
    name, tab, stamp = text.partition(b"\t")
    if not tab:
        name, *rest = DATE_RE.split(text, maxsplit=1)
        stamp = rest[0] if rest else b""
    return _Side(unquote_path(name.rstrip(b" \r")), _is_epoch(stamp))


STAMP_RE = re.compile(
    rb"(1970-01-01|1969-12-31)[ T](\d\d):(\d\d):(\d\d)(?:[.,]0+)? ?(?:([-+])(\d\d):?(\d\d))?[ \r]*"
    rb"|(?:Thu Jan  1|Wed Dec 31) \d\d:[03]0:00 (?:1970|1969)[ \r]*"
)


def _is_epoch(stamp: bytes) -> bool:
    """Whether a timestamp is 0 seconds since 1970; where it names no zone, in any zone."""
    match = STAMP_RE.fullmatch(stamp)
    if not match or not match[1] or not match[5]:
        return match is not None
    day, hours, minutes, seconds = match[1], *(int(match[group]) for group in (2, 3, 4))
    zone_s = (int(match[6]) * 60 + int(match[7])) * 60 * (-1 if match[5] == b"-" else 1)
    day_s = -86_400 if day == b"1969-12-31" else 0
    return day_s + (hours * 60 + minutes) * 60 + seconds == zone_s


def _strip_level(sections: tuple[_Section, ...]) -> int:
    """Find the -p level: what must go so that both sides of most files have the same name."""
    plain = [[side.parts for side in section.sides if not side.is_null] for section in sections if not section.is_git]
    if len(plain) < len(sections):
        return 1
    levels = Counter(level for names in plain if (level := _agreement(names)) is not None)
    if levels and (level := max(levels, key=lambda level: (levels[level], level))):
        return level
    return _top_level([name for names in plain for name in names])


def _agreement(names: list[list[bytes]]) -> int | None:
    """Return how many leading parts must go until the two sides are one name; None when they never are."""
    if len(names) != 2:
        return None
    old, new = ([*parts[:-1], BACKUP_RE.sub(b"", parts[-1])] for parts in names)
    if len(old) != len(new) or old[-1] != new[-1]:
        return None
    return max((level for level, pair in enumerate(zip(old, new, strict=True), 1) if pair[0] != pair[1]), default=0)


BACKUP_RE = re.compile(rb"(?<=.)(?:\.orig|\.old|\.bak|~[^/]*)$")
VERSIONED_RE = re.compile(rb"[A-Za-z][\w+.-]{0,99}?-\d[\w+.~-]{0,99}")


def _top_level(names: list[list[bytes]]) -> int:
    """Return 1 when all names begin with git's a and b, or with one folder that is called after a version."""
    tops = {parts[0] for parts in names if len(parts) > 1}
    if not tops or any(len(parts) < 2 for parts in names):
        return 0
    return int(tops <= {b"a", b"b"} or (len(tops) == 1 and VERSIONED_RE.fullmatch(*tops) is not None))


def _git_files(section: _Section, level: int) -> tuple[FileDiff, ...]:
    return section.files if level in (0, 1) else tuple(_deeper(file, level - 1) for file in section.files)


def _deeper(file: FileDiff, level: int) -> FileDiff:
    paths = {name: b"/".join(getattr(file, name).split(b"/")[level:]) for name in ("path", "old_path")}
    return replace(file, **paths)


def _plain_file(section: _Section, level: int, data: bytes, source: str) -> FileDiff:
    named = [side for side in section.sides if not side.is_null]
    problem = _naming_problem(named, level)
    if problem:
        kind = RefusedPatch if any(side.is_absolute for side in named) else ParseError
        raise kind(source, _line(data, section.at), problem)
    path = min((_stripped(side, level) for side in named), key=_plainness)
    return FileDiff(
        path=path,
        old_path=path,
        status=_status(section),
        old_mode="",
        new_mode="",
        old_blob="",
        new_blob="",
        binary=not section.hunks,
        hunks=section.hunks,
    )


def _naming_problem(named: list[_Side], level: int) -> str:
    if not named:
        return "both sides are /dev/null: name the file"
    for side in named:
        if side.is_absolute:
            return f"the path {shown(side.name)} is absolute; a patch that can leave its tree is refused"
        if not _stripped(side, level):
            return f"{shown(side.name)} has not {level + 1} parts: say the right -p level"
    return ""


def _status(section: _Section) -> str:
    """Return A, D or M. A side is no file when it says so, by /dev/null or by the epoch, and has no line."""
    old, new = section.sides
    single = section.hunks[0] if len(section.hunks) == 1 else None
    if old.is_null or (single and single.old[0] == (0, 0)):
        return "A"
    return "D" if new.is_null or (new.is_epoch and single and single.new == (0, 0)) else "M"


def _stripped(side: _Side, level: int) -> bytes:
    return b"/".join(part for part in side.parts[level:] if part not in (b"", b"."))


def _plainness(path: bytes) -> tuple[int, int, int]:
    """Order names as GNU patch does: fewest folders, shortest base name, shortest."""
    return path.count(b"/"), len(path.rpartition(b"/")[2]), len(path)
