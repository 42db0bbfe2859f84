from generator.parse.apt_sources import source_lines, source_paragraphs

LINES = """\
# deb http://example.org/no no main
deb [signed-by=/k.gpg arch=amd64 trusted=yes] http://example.org/debian stable main contrib  # said
deb-src [ signed-by=/k.gpg  arch=amd64 ] http://example.org/debian stable main contrib
deb cdrom:[Debian] stable main
deb-src http://example.org/flat ./
rpm http://example.org/x y
"""


def test_lines_become_those_of_sources_once_and_unsigned_trust_is_dropped() -> None:
    assert source_lines(LINES) == (
        "deb-src [ signed-by=/k.gpg arch=amd64 ] http://example.org/debian stable main contrib\n"
        "deb-src http://example.org/flat ./\n"
    )


PARAGRAPHS = """\
Types: deb
URIs: http://example.org/debian
Suites: stable
Components: main
Trusted: yes
Allow-Insecure: yes
Targets: Packages
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb deb-src
Enabled: no
URIs: http://example.org/off

Types: deb
URIs: cdrom:[x]
"""


def test_paragraphs_keep_their_keys() -> None:
    assert source_paragraphs(PARAGRAPHS, source="x.sources") == (
        "types: deb-src\nuris: http://example.org/debian\nsuites: stable\ncomponents: main\n"
        "signed-by: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n"
    )
