import pytest

from generator.errors import ParseError
from generator.parse.checksums import parse_checksums

ONE, TWO = "1" * 64, "a" * 64
CLEARSIGNED = f"""{"9" * 64}  smuggled.tar.gz
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

{ONE}  kexec-tools-2.0.31.tar.gz
- {TWO}  kexec-tools-2.0.31.tar.xz
-----BEGIN PGP SIGNATURE-----

{"8" * 64}  too-late.tar.gz
-----END PGP SIGNATURE-----
"""


def test_both_formats_of_sha256sum_are_read():
    text = f"# sums\n{ONE}  a.tar.gz\n{TWO.upper()} *./sub/b.tar.gz\nSHA256 (c (1).tar.gz) = {ONE}\n"
    assert parse_checksums(text, source="SUMS") == {"a.tar.gz": ONE, "b.tar.gz": TWO, "c (1).tar.gz": ONE}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_of_a_clear_signed_text_only_the_signed_part_counts(newline):
    sums = parse_checksums(CLEARSIGNED.replace("\n", newline), source="sha256sums.asc")
    assert sums == {"kexec-tools-2.0.31.tar.gz": ONE, "kexec-tools-2.0.31.tar.xz": TWO}


def test_an_error_page_is_no_checksum_file():
    with pytest.raises(ParseError, match=r"SUMS:1: holds no SHA-256 sum: check the address"):
        parse_checksums("<html>not here</html>", source="SUMS")


def test_two_sums_for_one_name_are_refused():
    with pytest.raises(ParseError, match=r"SUMS:2: two different sums for 'a'"):
        parse_checksums(f"{ONE}  a\n{TWO}  a\n", source="SUMS")


def test_a_sum_that_is_said_twice_is_one():
    assert parse_checksums(f"{ONE}  a\n{ONE}  a\n", source="SUMS") == {"a": ONE}


def test_a_clear_signed_text_that_was_cut_holds_nothing():
    with pytest.raises(ParseError, match="holds no SHA-256 sum"):
        parse_checksums(CLEARSIGNED.partition("-----BEGIN PGP SIGNATURE")[0], source="SUMS")


def test_hostile_lines_are_passed_over_in_linear_time():
    text = "SHA256 (" * 200_000 + "\n-----BEGIN PGP SIGNED MESSAGE----- \n" * 20_000 + "\n-----BEGIN PGP\x1b"
    with pytest.raises(ParseError):
        parse_checksums(text, source="SUMS")


def test_a_name_with_folders_is_only_a_name():
    assert parse_checksums(f"{ONE}  ../../etc/passwd\n", source="SUMS") == {"passwd": ONE}
