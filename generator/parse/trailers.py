"""Read the trailers of a message as git-interpret-trailers(1) finds them: in its last paragraph, or not at all."""

import re
from collections.abc import Iterator

from generator.model.commits import Trailer

TRAILER_RE = re.compile(r"([A-Za-z0-9-]+)[ \t]*:(.*)")
MOST_LINES = 1_000
MARKS = ("Signed-off-by: ", "(cherry picked from commit ")


def parse_trailers(message: str) -> tuple[Trailer, ...]:
    """Return the trailers of a message without its subject, unfolded.

    The last paragraph counts when all of its lines are trailers, or when one is of git's own making and a quarter are.
    """
    lines = _last_paragraph(message)
    return tuple(_trailers(lines)) if _is_block(lines) else ()


def _last_paragraph(message: str) -> list[str]:
    lines = message.rstrip().rsplit("\n", MOST_LINES)
    if len(lines) > MOST_LINES:
        lines[0] = lines[0].rpartition("\n")[2]
    first = max((number for number, line in enumerate(lines, 1) if not line.strip()), default=0)
    return [line for line in lines[first:] if not line.startswith("#")]


def _is_block(lines: list[str]) -> bool:
    marked, trailers, others, open_lines = False, 0, 0, 0
    for line in reversed(lines):
        if line.startswith(MARKS) or TRAILER_RE.match(line):
            marked = marked or line.startswith(MARKS)
            trailers += 1
            open_lines = 0
        elif line[:1].isspace():
            open_lines += 1
        else:
            others += 1 + open_lines
            open_lines = 0
    others += open_lines
    return trailers * 3 >= others if marked else trailers > 0 and not others


def _trailers(lines: list[str]) -> Iterator[Trailer]:
    key, parts = "", []
    for line in [*lines, "end"]:
        if key and line[:1].isspace():
            parts.append(line.strip())
            continue
        if key:
            yield Trailer(key, " ".join(filter(None, parts)))
        match = TRAILER_RE.match(line)
        key, parts = (match[1], [match[2].strip()]) if match else ("", [])
