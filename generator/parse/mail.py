"""Read patches that travel as mails, one or many in an mbox.

The reference is git: git-mailsplit(1) where an mbox is cut, git-mailinfo(1) what is message, author and patch. RFC 5322
and 2045 to 2047 for headers and bodies, RFC 3676 for format=flowed. Unlike git we take `>From ` of an mbox for the
quoting that it is, and the CRs of a mail that was saved with CR LF throughout for those of the mail.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from generator.errors import ParseError
from generator.model.commits import Person, Stamp, Trailer
from generator.parse.dates import parse_mail_date
from generator.parse.mime import Fields, decode_text, decode_words, fields_of, parts_of
from generator.parse.trailers import parse_trailers


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail with what git would make of it. Text holds surrogate escapes for bytes that no charset explains.

    `data` are its bytes without the `From ` line of an mbox. `line` is where it begins in its file, `patch_line` the
    lines above `patch` in its file; 0 for a body that had to be decoded, whose lines are not the file's.
    """

    data: bytes
    line: int
    headers: tuple[tuple[str, str], ...]  # unfolded and decoded, in their order
    subject: str  # without Re: and brackets
    author: Person | None
    authored: Stamp | None
    message: str  # the text before the patch, tidied as git stripspace does, with the trailers
    trailers: tuple[Trailer, ...]
    message_id: str  # without its angle brackets
    version: int  # of the series: [PATCH v2 3/7]
    number: int  # 3; 0 for a cover letter or without number
    total: int  # 7
    patch: bytes
    patch_line: int


# git-mailsplit's idea of an mbox line: the time of day and a year after 1990.
FROM_RE = re.compile(rb"^From [^\n]*\d[^\n]\d\d:\d\d[^:\n]*\n", re.MULTILINE)
YEAR_RE = re.compile(rb":\d\d\s+[+-]?0*(\d+)")
QUOTED_RE = re.compile(rb"^>(>*From )", re.MULTILINE)


def is_mbox(data: bytes) -> bool:
    """Whether the data begins with the `From ` line of an mbox."""
    match = FROM_RE.match(data)
    return match is not None and _is_from(match[0])


def _is_from(line: bytes) -> bool:
    year = YEAR_RE.search(line, line.rfind(b":"))
    return len(line) > 20 and year is not None and (len(year[1]) > 2 or int(year[1]) > 90)


def parse_mbox(data: bytes, *, source: str) -> tuple[Mail, ...]:
    """Read every mail of an mbox, mboxrd included, or the one mail that a file without `From ` line is.

    Raises ParseError for a mail whose body is not in the encoding that it names.
    """
    starts = [match.start() for match in FROM_RE.finditer(data) if _is_from(match[0])]
    if not starts or starts[0] != 0:
        return (parse_mail(data, source=source),)
    mails, line = [], 1
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        first = data.index(b"\n", start) + 1
        mails.append(parse_mail(QUOTED_RE.sub(rb"\1", data[first:end]), source=source, line=line + 1))
        line += data.count(b"\n", start, end)
    return tuple(mails)


def parse_mail(data: bytes, *, source: str, line: int = 1) -> Mail:
    """Read one mail, which begins in line `line` of its file. Raises ParseError as `parse_mbox` does."""
    text = data.replace(b"\r\n", b"\n") if data.partition(b"\n")[0].endswith(b"\r") else data
    fields, body = fields_of(text)
    try:
        message, patch = _divided(fields, body)
    except binascii.Error as problem:
        raise ParseError(source, line, f"the body is not in the encoding that it names: {problem}") from problem
    inner, message = _inner_headers(message)
    said = {name: decode_words(fields[name]) for name in ("from", "subject", "date", "message-id")} | inner
    subject, brackets = _subject(said["subject"])
    version, number, total = _numbers(brackets)
    message = _tidied(message)
    return Mail(
        data=data,
        line=line,
        headers=tuple((decode_text(name, ""), decode_words(value)) for name, value in fields.pairs),
        subject=subject,
        author=parse_person(said["from"]),
        authored=parse_mail_date(said["date"]),
        message=message,
        trailers=parse_trailers(message),
        message_id=said["message-id"].strip().removeprefix("<").removesuffix(">"),
        version=version,
        number=number,
        total=total,
        patch=patch,
        patch_line=_lines_above(text, patch, line),
    )


def _lines_above(text: bytes, patch: bytes, line: int) -> int:
    at = text.find(patch) if patch else -1
    return line - 1 + text.count(b"\n", 0, at) if at >= 0 else 0


# Where git-mailinfo takes the message to end.
BREAK_RE = re.compile(rb"^(?:diff -|Index: |---[ \t\r]*$|--- [^ \t\r\n])", re.MULTILINE)


def _divided(fields: Fields, body: bytes) -> tuple[str, bytes]:
    """Return the message and the patch, which goes on through all parts from where it begins."""
    message: list[str] = []
    patch: list[bytes] = []
    for part in parts_of(fields, body):
        found = None if patch else BREAK_RE.search(part.content)
        at = 0 if patch else found.start() if found else len(part.content)
        message.append(decode_text(part.content[:at], part.charset))
        if part.content[at:]:
            patch.append(part.content[at:])
    return "".join(message).replace("\r\n", "\n"), b"".join(patch)


EMPTY_RE = re.compile(r"(?:[ \t\r]*\n)*")
INNER_RE = re.compile(r"(From|Subject|Date):[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)\n?", re.IGNORECASE)
TITLE_RE = re.compile(r"(?=(\[PATCH\]\s))([^\n]*)\n?")
MOST_INNER = 20
FORMAT_RE = re.compile(r">From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001\n")


def _inner_headers(message: str) -> tuple[dict[str, str], str]:
    """Return the From:, Subject: and Date: with which the message itself begins, and the message without them."""
    found: dict[str, str] = {}
    at = EMPTY_RE.match(message).end()
    for _ in range(MOST_INNER):
        match = INNER_RE.match(message, at) or TITLE_RE.match(message, at) or FORMAT_RE.match(message, at)
        if not match:
            break
        if match.re is not FORMAT_RE:
            name = "subject" if match.re is TITLE_RE else match[1].lower()
            found.setdefault(name, decode_words(match[2].encode("utf-8", "surrogateescape")))
        at = match.end()
    return found, message[at:]


BRACKET_RE = re.compile(r"[ \t:]+|[Rr][Ee]:|\[[^\]]*\]")


def _subject(text: str) -> tuple[str, str]:
    """Return the subject as git cleans it, and the brackets that it began with."""
    at, brackets = 0, []
    while match := BRACKET_RE.match(text, at):
        brackets.append(match[0] if match[0].startswith("[") else "")
        at = match.end()
    return _single_spaced(text[at:]), " ".join(brackets)


SPACE_RE = re.compile(r"[ \t\r\n]+")  # what git takes for space: no other character is


def _single_spaced(text: str) -> str:
    return SPACE_RE.sub(" ", text).strip(" ")


VERSION_RE = re.compile(r"(?<![A-Za-z0-9])(?:PATCH|RFC|RESEND)?[vV](\d{1,3})(?![\w.])")
NUMBER_RE = re.compile(r"(?<![\w/.])(\d{1,5})/(\d{1,5})(?![\w/.])")


def _numbers(brackets: str) -> tuple[int, int, int]:
    version, number = VERSION_RE.search(brackets), NUMBER_RE.search(brackets)
    place = (int(number[1]), int(number[2])) if number else (0, 0)
    return (int(version[1]) if version else 1, *place)


ANGLE_RE = re.compile(r"<([^<>]*)>")
BARE_RE = re.compile(r"[^\s<>()\"]+@[^\s<>()\"]+")
QUOTE_RE = re.compile(r'\\(.)|"')
LONGEST_NAME = 60  # characters; of a longer name git makes the address
LONGEST_PERSON = 1_000


def parse_person(text: str) -> Person | None:
    """Read `Name <address>`, `address (Name)` or a bare address, as git-mailinfo does; None when there is none."""
    text = text[:LONGEST_PERSON]
    match = ANGLE_RE.search(text) or BARE_RE.search(text)
    if not match or not match[match.lastindex or 0].strip():
        return None
    email = match[match.lastindex or 0].strip()
    name = _single_spaced(text[: match.start()] + text[match.end() :])
    name = QUOTE_RE.sub(lambda found: found[1] or "", name).strip()
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1]
    is_odd = not name or len(name) > LONGEST_NAME or any(mark in name for mark in "@<>")
    return Person(email if is_odd else name, email)


def _tidied(message: str) -> str:
    """Return the message as git stripspace leaves it: no empty lines around it, one at a time inside."""
    return "\n".join(_spaced(message)).strip("\n")


def _spaced(message: str) -> Iterator[str]:
    was_empty = False
    for line in message.split("\n"):
        text = line.rstrip(" \t\r")
        if text or not was_empty:
            yield text
        was_empty = not text
