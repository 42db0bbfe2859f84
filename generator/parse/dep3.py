"""Read what people write above a diff: DEP-3 headers, dpatch's, or free text.

The format: Debian's DEP-3, "Patch Tagging Guidelines", and dpatch(7) for the lines that begin with `## DP:`.
"""

import re
from dataclasses import dataclass

from generator.model.commits import Person, Stamp, Trailer
from generator.parse.dates import parse_mail_date
from generator.parse.mail import parse_person
from generator.parse.mime import decode_text
from generator.parse.trailers import parse_trailers


@dataclass(frozen=True, slots=True, kw_only=True)
class Preface:
    """What stands above a diff, which begins at byte `end`. Without anything there, all texts are ""."""

    headers: tuple[tuple[str, str], ...]  # DEP-3 fields in their order; continued lines keep their newlines
    subject: str
    author: Person | None
    authored: Stamp | None
    message: str
    trailers: tuple[Trailer, ...]
    end: int


START_RE = re.compile(
    rb"^(?:diff -|Index: |--- \S|\*\*\* \S+[^\n]*\n--- |RCS file: |={10,}$|@@ -"
    rb"|(?:Binary f|F)iles [^\n]{1,5000} differ$)",
    re.MULTILINE,
)


def parse_dep3(data: bytes) -> Preface:
    """Read the text above the first line that begins a diff. Never fails: what has no form is free text.

    Fields count in the first paragraph and in later ones that hold nothing else; from a line `---` on nothing counts.
    """
    match = START_RE.search(data)
    end = match.start() if match else len(data)
    lines = _uncommented(decode_text(data[:end], "").replace("\r\n", "\n").split("\n"))
    if "---" in (bare := [line.rstrip() for line in lines]):
        lines = lines[: bare.index("---")]
    headers, free = _fields(lines)
    said = {name.lower(): value for name, value in reversed(headers)}
    text = said.get("description") or said.get("subject") or ""
    subject, _, rest = (text or free).lstrip("\n").partition("\n")
    message = "\n\n".join(filter(None, (rest.strip("\n"), free if text else "")))
    return Preface(
        headers=tuple(headers),
        subject=" ".join(subject.split()),
        author=parse_person(said.get("author") or said.get("from") or _dpatch_author(data[:end])),
        authored=parse_mail_date(said.get("date", "")),
        message=message,
        trailers=parse_trailers(message),
        end=end,
    )


DPATCH_RE = re.compile(rb"^## [^\n]{1,200} by (?:: )?([^\n]{1,200})$", re.MULTILINE)
COMMENT_RE = re.compile(r"#!.*|@DPATCH@|## [^\n]{1,200} by [^\n]*|## All lines beginning with.*|#+(?: DP:)? ?")


def _dpatch_author(head: bytes) -> str:
    match = DPATCH_RE.search(head)
    return decode_text(match[1], "") if match else ""


def _uncommented(lines: list[str]) -> list[str]:
    """Take the comment marks of dpatch and of shell off, where every line has one."""
    if not all(line.startswith(("#", "@DPATCH@")) or not line.strip() for line in lines):
        return lines
    return [line[len(match[0]) :] if (match := COMMENT_RE.match(line)) else line for line in lines]


FIELD_RE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)")


def _fields(lines: list[str]) -> tuple[list[tuple[str, str]], str]:
    """Return the fields, and the text that is none, tidied."""
    fields: list[tuple[str, str]] = []
    free: list[str] = []
    for paragraph in _paragraphs(lines):
        if _is_field_block(paragraph, is_first=not fields and not free):
            fields += _unfolded(paragraph)
        else:
            free += ["", *(line.rstrip() for line in paragraph)]
    return fields, "\n".join(free).strip("\n")


def _paragraphs(lines: list[str]) -> list[list[str]]:
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]


KNOWN_RE = re.compile(
    r"(?:Description|Subject|Origin|Author|From|Forwarded|Last-Update|Reviewed-by|Acked-by|Applied-Upstream|Bug(?:-\w+)?):",
    re.IGNORECASE,
)


def _is_field_block(paragraph: list[str], *, is_first: bool) -> bool:
    """Whether a paragraph is made of fields: DEP-3's own, or the first paragraph's whatever their names."""
    heads = [line for line in paragraph if not line[0].isspace()]
    is_made_of = bool(heads) and not paragraph[0][0].isspace() and all(FIELD_RE.match(line) for line in heads)
    known = [KNOWN_RE.match(line) for line in heads]
    return is_made_of and (any(known) if is_first else all(known))


def _unfolded(paragraph: list[str]) -> list[tuple[str, str]]:
    fields: list[tuple[str, list[str]]] = []
    for line in paragraph:
        match = FIELD_RE.match(line)
        if match:
            fields.append((match[1], [match[2].strip()]))
        else:
            text = line[1:].rstrip()
            fields[-1][1].append("" if text.strip() == "." else text)
    return [(name, "\n".join(lines)) for name, lines in fields]
