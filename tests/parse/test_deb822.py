import pytest

from generator.errors import ParseError
from generator.parse.deb822 import parse_checksums, parse_deb822, signed_text, write_deb822

TEXT = "# note\nPackage: a\nDepends: x,\n y\n .\n z\n\n\nPackage: b\n"


def test_paragraphs_and_continued_values() -> None:
    read = list(parse_deb822(TEXT, source="x"))
    assert read == [{"package": "a", "depends": "x,\ny\n.\nz"}, {"package": "b"}]
    assert list(parse_deb822("".join(map(write_deb822, read)), source="x")) == read


def test_another_line_is_an_error_with_its_number() -> None:
    with pytest.raises(ParseError, match=r"^x:2: is neither"):
        list(parse_deb822("Package: a\n<html>\n", source="x"))


SIGNED = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Source: a
- -dashed: b
-----BEGIN PGP SIGNATURE-----

x
-----END PGP SIGNATURE-----
Source: evil
"""


def test_only_what_is_signed_counts() -> None:
    assert signed_text(SIGNED) == "Source: a\n-dashed: b"
    assert signed_text("Source: a\n") == "Source: a\n"


def test_checksums() -> None:
    assert parse_checksums("\nab 12 x.tar.xz\ncd no y\n") == {"x.tar.xz": ("ab", 12)}
