"""Read Debian's control files: deb822(5), Debian policy chapter 5; and the clear-signed ones among them, RFC 9580."""

import re
from collections.abc import Iterator

from generator.errors import ParseError

FIELD_RE = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)")


def parse_deb822(text: str, *, source: str) -> Iterator[dict[str, str]]:
    """Yield the paragraphs: lower-case field names and values; a value's further lines follow a newline each.

    A further line is given without its first blank; comments are dropped. Raises ParseError for any other line.
    """
    paragraph: dict[str, str] = {}
    name = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            if paragraph:
                yield paragraph
            paragraph, name = {}, ""
        elif line[0] in " \t" and name:
            paragraph[name] += f"\n{line[1:].rstrip()}"
        elif match := FIELD_RE.fullmatch(line.rstrip()):
            name = match[1].lower()
            paragraph[name] = match[2]
        elif not line.startswith("#"):
            raise ParseError(source, number, "is neither a `Field: value` line nor the continuation of one")
    if paragraph:
        yield paragraph


def write_deb822(paragraph: dict[str, str]) -> str:
    """Return a paragraph as text, an empty line after it."""
    lines = [f"{name}: {value}".replace("\n", "\n ") for name, value in paragraph.items()]
    return "\n".join([*lines, "", ""])


SIGNED_RE = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[^\n]+\n)*\n(.*?)\n-----BEGIN PGP SIGNATURE-----", re.DOTALL
)


def signed_text(text: str) -> str:
    """Return what stands inside the signature of a clear-signed text, and nothing around it; else the text itself."""
    match = SIGNED_RE.match(text)
    return re.sub(r"^- ", "", match[1], flags=re.MULTILINE) if match else text


def parse_checksums(value: str) -> dict[str, tuple[str, int]]:
    """Read a `Checksums-Sha256` value: `sum size name` lines. Return name -> (sum, size in bytes)."""
    rows = [line.split() for line in value.split("\n")]
    return {row[2]: (row[0], int(row[1])) for row in rows if len(row) == 3 and row[1].isdecimal()}
