"""Read quilt's series files, quilt(1) "series file": a patch a line, with options behind it."""

import re
from dataclasses import dataclass

from generator.errors import ParseError

OPTION_RE = re.compile(r"-p(\d{1,2}|ab)")


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """One patch of a series: its path below the series' folder, the -p level, and the line it stands in."""

    name: str
    strip: int
    line: int


def parse_series(text: str, *, source: str) -> tuple[SeriesEntry, ...]:
    """Return the patches in the order in which they apply; `#` begins a comment.

    Raises ParseError for a patch named twice or outside the folder, for -R (a patch that is applied backwards says
    the opposite of what it does) and for other options that we do not know.
    """
    entries: dict[str, SeriesEntry] = {}
    for number, line in enumerate(text.split("\n"), 1):
        words = re.sub(r"(?:^|\s)#.*", "", line).split()
        if not words:
            continue
        entry = SeriesEntry(words[0], _strip(words[1:], source, number), number)
        if problem := _name_problem(entry.name):
            raise ParseError(source, number, problem)
        if entry.name in entries:
            raise ParseError(source, number, f"{entry.name!r} stands here twice: leave one out")
        entries[entry.name] = entry
    return tuple(entries.values())


def _strip(options: list[str], source: str, line: int) -> int:
    level = 1
    for option in options:
        match = OPTION_RE.fullmatch(option)
        if option in ("-R", "--reverse"):
            raise ParseError(source, line, "-R is refused: store the patch the right way round (diff -u NEW OLD)")
        if not match:
            raise ParseError(source, line, f"unknown option {option!r}: only -p0, -p1 and so on are")
        level = 1 if match[1] == "ab" else int(match[1])
    return level


def _name_problem(name: str) -> str:
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        return f"{name!r} leads out of the folder: put the patch beside the series"
    return ""
