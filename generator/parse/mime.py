"""Read headers and bodies of mails: RFC 5322 fields, RFC 2047 words, RFC 2045/2046 parts, RFC 3676 flowed text.

Nothing here trusts its input: nesting and parts are limited, charsets are those of a list.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 8
MOST_PARTS = 1_000
LONGEST_BOUNDARY = 200
MOST_FIELDS = 1_000
LONGEST_FIELD = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields in their order, unfolded and undecoded. Indexing by a lower-case name gives the first, or b""."""

    pairs: tuple[tuple[bytes, bytes], ...]

    def __getitem__(self, name: str) -> bytes:
        wanted = name.encode()
        return next((value for key, value in self.pairs if key.lower() == wanted), b"")


@dataclass(frozen=True, slots=True)
class Part:
    """The decoded content of a part that can hold message or patch; charset "" when it names none."""

    content: bytes
    charset: str


FIELD_RE = re.compile(rb"([!-9;-~]+):[ \t]*([^\n]*)\n|([ \t][^\n]*)\n|>?From [^\n]*\n")


def fields_of(data: bytes) -> tuple[Fields, bytes]:
    """Return the fields at the beginning, and what follows them and an empty line; at most 1,000 fields count.

    A `From ` line among them, which some mailers leave there, is passed over.
    """
    fields: list[tuple[bytes, list[bytes]]] = []
    at = 0
    while match := FIELD_RE.match(data, at):
        if match[3] and fields:
            fields[-1][1].append(match[3].strip())
        elif match[1] and len(fields) <= MOST_FIELDS:
            fields.append((match[1], [match[2].strip()]))
        at = match.end()
    pairs = tuple((name, b" ".join(lines)[:LONGEST_FIELD]) for name, lines in fields[:MOST_FIELDS])
    return Fields(pairs), data[at + data.startswith(b"\n", at) :]


WORD_RE = re.compile(rb"=\?([A-Za-z0-9_.:-]+)(?:\*[^?\s]*)?\?([BbQq])\?([^?]*)\?=")
GAP_RE = re.compile(rb"(?<=\?=)[ \t\n]+(?==\?)")


def decode_words(value: bytes) -> str:
    """Return a header value as text, its encoded words decoded (RFC 2047)."""
    pieces, at = [], 0
    value = GAP_RE.sub(b"", value)
    for match in WORD_RE.finditer(value):
        pieces += [decode_text(value[at : match.start()], ""), _word(match)]
        at = match.end()
    return "".join([*pieces, decode_text(value[at:], "")])


def _word(match: re.Match[bytes]) -> str:
    try:
        data = binascii.a2b_base64(match[3]) if match[2] in b"Bb" else binascii.a2b_qp(match[3], header=True)
    except binascii.Error:
        return decode_text(match[0], "")
    return " ".join(decode_text(data, match[1].decode()).split("\n"))


CHARSET_RE = re.compile(
    r"utf-?(?:7|8|16|32)(?:[bl]e)?|us-ascii|ascii|latin-?\d{1,2}|iso[-_]?8859[-_]\d{1,2}(?:-[ie])?|(?:windows|cp)-?\d{3,4}"
    r"|koi8-[rut]|gb(?:2312|k|18030)|big5(?:-hkscs)?|euc-(?:jp|kr)|shift[-_]jis|iso-2022-(?:jp|kr)(?:-\d)?|tis-620",
    re.IGNORECASE,
)


def decode_text(data: bytes, charset: str) -> str:
    """Return bytes in a charset as text. Without one they are UTF-8, else Latin-1, as git guesses.

    Where the charset does not explain them, or is none that we know, they are UTF-8 with surrogate escapes.
    """
    if not charset:
        return data.decode("utf-8") if _is_utf8(data) else data.decode("latin-1")
    try:
        text = data.decode(charset if CHARSET_RE.fullmatch(charset) else "utf-8")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "surrogateescape")
    return text if text.isascii() else SURROGATE_RE.sub("\ufffd", text)


SURROGATE_RE = re.compile("[\ud800-\udfff]")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parts_of(fields: Fields, body: bytes, depth: int = 0) -> Iterator[Part]:
    """Yield the decoded parts, inline or attached, that can hold message or patch; HTML and pictures cannot.

    Raises binascii.Error for base64 that is none.
    """
    kind = fields["content-type"].partition(b";")[0].strip().lower()
    boundary = _parameter(fields["content-type"], b"boundary")
    if kind.startswith(b"multipart/") and boundary and depth < DEEPEST:
        for part in _divided(body, boundary[:LONGEST_BOUNDARY]):
            yield from parts_of(*fields_of(part), depth + 1)
    elif _can_hold_patch(kind, fields):
        content = _decoded(body, fields["content-transfer-encoding"].strip().lower())
        if _parameter(fields["content-type"], b"format").lower() == b"flowed":
            content = _unflowed(content, _parameter(fields["content-type"], b"delsp").lower() == b"yes")
        if depth and content and not content.endswith(b"\n"):
            content += b"\n"
        yield Part(content, _parameter(fields["content-type"], b"charset").decode("ascii", "replace"))


def _divided(body: bytes, boundary: bytes) -> list[bytes]:
    """Return the parts between the boundary lines, without what stands before the first and after the last."""
    line_re = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t\r]*(?:\n|\Z)", re.MULTILINE)
    parts, start = [], None
    for match in line_re.finditer(body):
        if start is not None:
            parts.append(body[start : match.start()])
        start = match.end()
        if match[1] or len(parts) >= MOST_PARTS:
            return parts
    return parts if start is None else [*parts, body[start:]]


PATCH_NAME_RE = re.compile(rb"name\*?=[^;]{0,200}\.(?:patch|diff)\b", re.IGNORECASE)


def _can_hold_patch(kind: bytes, fields: Fields) -> bool:
    if kind.startswith(b"text/") or not kind:
        return kind != b"text/html"
    named = PATCH_NAME_RE.search(fields["content-disposition"] + b";" + fields["content-type"])
    return named is not None or kind in (b"application/x-patch", b"application/x-diff")


PARAMETER_RE = re.compile(rb';\s*([A-Za-z*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)')


def _parameter(value: bytes, name: bytes) -> bytes:
    """Return a parameter of Content-Type, b"" when it is not there."""
    for match in PARAMETER_RE.finditer(value):
        if match[1].lower() == name:
            return re.sub(rb"\\(.)", rb"\1", match[2][1:-1]) if match[2].startswith(b'"') else match[2]
    return b""


def _decoded(body: bytes, encoding: bytes) -> bytes:
    if encoding == b"quoted-printable":
        return binascii.a2b_qp(body)
    return binascii.a2b_base64(body) if encoding == b"base64" else body


def _unflowed(content: bytes, drops_space: bool) -> bytes:
    """Undo format=flowed: a line that ends in a space goes on in the next; a space put before a line goes."""
    lines, begun = [], b""
    for line in content.removesuffix(b"\n").split(b"\n"):
        line = line.removesuffix(b"\r")
        if line == b"-- ":
            lines += [begun, line] if begun else [line]
            begun = b""
            continue
        line = line.removeprefix(b" ")
        if line.endswith(b" "):
            begun += line[:-1] if drops_space else line
        else:
            lines.append(begun + line)
            begun = b""
    return b"\n".join([*lines, begun] if begun else lines) + b"\n"
