"""Read lists of SHA-256 sums: `sha256sum`'s two formats, plain or inside a PGP clear-signed message."""

import re
from collections.abc import Mapping
from posixpath import basename

from generator.errors import ParseError

SIGNED_BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
SIGNATURE_BEGIN = "-----BEGIN PGP SIGNATURE-----"


def parse_checksums(text: str, *, source: str) -> Mapping[str, str]:
    """Return file name (without folders) -> SHA-256 in lower case. Of a clear-signed text only the signed part counts.

    Lines of other formats are passed over. Raises ParseError when there is no sum at all, as in an error page, or
    when one name has two sums.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    first, last = _signed(lines)
    sums: dict[str, str] = {}
    for number, line in enumerate(lines[first:last], first + 1):
        name, digest = _line(line.removeprefix("- ") if first else line)
        if name and sums.setdefault(name, digest) != digest:
            raise ParseError(source, number, f"two different sums for {name!r}: ask the mirror which one holds")
    if not sums:
        raise ParseError(source, 1, "holds no SHA-256 sum: check the address")
    return sums


def _signed(lines: list[str]) -> tuple[int, int]:
    """Return where the signed part begins and ends (RFC 9580, 7.1): after the empty line that ends its headers."""
    if SIGNED_BEGIN not in lines:
        return 0, len(lines)
    begin = lines.index(SIGNED_BEGIN)
    first = lines.index("", begin) + 1 if "" in lines[begin:] else len(lines)
    return first, lines.index(SIGNATURE_BEGIN, first) if SIGNATURE_BEGIN in lines[first:] else first


GNU_RE = re.compile(r"(?P<digest>[0-9a-fA-F]{64}) [ *](?P<name>\S.*)")
BSD_RE = re.compile(r"SHA256 \((?P<name>.+)\) = (?P<digest>[0-9a-fA-F]{64})")


def _line(line: str) -> tuple[str, str]:
    match = GNU_RE.fullmatch(line) or BSD_RE.fullmatch(line)
    return (basename(match["name"]), match["digest"].lower()) if match else ("", "")
