import pytest

from generator.errors import ParseError
from generator.parse.spec import Spec, parse_spec

HEAD = """\
%global upstream 2.0.31
Name:    thing
Version: %{upstream}
Release: 3%{?dist}
License: GPL-2.0-only
URL:     https://example.org/%{name}
Source0: https://example.org/%{name}-%{version}.tar.xz
"""
PATCHES = """\
Patch0: one.patch
Patch1: https://example.org/x/%{name}-two.patch # said
Patch: three.patch
Patch601: four.patch
"""


def spec(text: str) -> Spec:
    return parse_spec(text, source="thing.spec")


def applied(text: str) -> list[tuple[str, int | None]]:
    return [(patch.file, patch.strip) for patch in spec(text).patches]


def prep(*lines: str, patches: str = PATCHES) -> str:
    return "\n".join([HEAD + patches + "%description\nPatch9: none\n", "%prep", *lines, "%build", "%patch601 -p9", ""])


def test_what_a_spec_says_of_itself() -> None:
    read = spec(HEAD)
    assert (read.name, read.version, read.release) == ("thing", "2.0.31", "3")
    assert (read.licence, read.address, read.patches) == ("GPL-2.0-only", "https://example.org/thing", ())


ALL = ("one.patch", "thing-two.patch", "three.patch", "four.patch")


@pytest.mark.parametrize(
    ("lines", "files", "strip"),
    [
        (["%autosetup -p1"], ALL, 1),
        (["%autosetup -p 2 -n thing-%{version}"], ALL, 2),
        (["%autosetup"], ALL, None),
        (["%autosetup -S git_am"], ALL, 1),
        (["%autosetup -N", "%autopatch -p1"], ALL, 1),
        (["%setup -q", "%autopatch -p1 -m 1 -M 600"], ALL[1:3], 1),
        (["%setup -q", "%autopatch -p1 601 0"], (ALL[3], ALL[0]), 1),
        (["%setup -q", "%patch0 -p1", "%patch1 -p1"], ALL[:2], 1),
        (["%patch -P 2 -p1", "%patch -P0 -p1"], (ALL[2], ALL[0]), 1),
        (["%patch 601 -p1"], ALL[3:], 1),
        (["%patch"], ALL[:1], 0),
        (["%{patch601} -p1"], ALL[3:], 1),
        (["patch -p1 < %{PATCH1}"], ALL[1:2], 1),
        (["git am %{patches}"], ALL, 1),
        (["%{__patch} -p2 < %{P:2}"], ALL[2:3], 2),
        (["# %patch0 -p1", "%patch1 \\", " -p1"], ALL[1:2], 1),
    ],
)
def test_order_and_level_are_those_of_the_macros(lines: list[str], files: tuple[str, ...], strip: int | None) -> None:
    read = spec(prep(*lines))
    assert [(patch.file, patch.strip) for patch in read.patches] == [(file, strip) for file in files]
    assert {patch.file for patch in read.unused} == set(ALL) - set(files)
    assert not read.is_guess


def test_a_patch_under_a_condition_is_taken_and_the_condition_told() -> None:
    read = spec(
        prep("%if 0%{?rhel}", "%patch0 -p1", "%else", "%patch1 -p1", "%endif", "%ifarch s390x", "%patch2 -p1", "%endif")
    )
    assert [(patch.number, patch.condition) for patch in read.patches] == [
        (0, "%if 0%{?rhel}"), (1, "%if 0%{?rhel} %else"), (2, "%ifarch s390x")
    ]  # fmt: skip


def test_what_stands_under_if_0_does_not_count() -> None:
    read = spec(prep("%if 0", "%patch0 -p1", "%else", "%patch1 -p1", "%endif", "%if 1", "%patch2 -p1", "%endif"))
    assert [(patch.number, patch.condition) for patch in read.patches] == [(1, ""), (2, "")]


def test_a_patchlist_counts_on() -> None:
    assert applied(HEAD + "%patchlist\na.patch\n# no\nb.patch\n%prep\n%autosetup -p1\n") == [
        ("a.patch", 1),
        ("b.patch", 1),
    ]


def test_a_spec_that_does_not_say_how_gives_all_and_says_so() -> None:
    read = spec(prep("%my_own_macro"))
    assert read.is_guess
    assert len(read.patches) == 4


def test_no_spec_is_an_error() -> None:
    with pytest.raises(ParseError, match=r"^thing.spec:1: has no `Name:` line"):
        spec("hello\n")
    with pytest.raises(ParseError, match="longer than"):
        spec("x" * 2_000_000)


@pytest.mark.parametrize(
    "text",
    [
        "%global a %{b}%{b}%{b}%{b}\n%global b %{a}%{a}%{a}%{a}\nName: x\nVersion: %{a}\n",
        "Name: x\nVersion: " + "%{" * 50_000,
        "Name: x\n" + "%if 1\n" * 10_000 + "%endif\n" * 20_000,
        "Name: x\nPatch999999999: x\nPatch: ../../evil\n%prep\n%autosetup -p999999999999\n%patch\n",
        "Name: x\nPatch0: a\n%prep\n" + "%autopatch -p1 " + "0 " * 100_000 + "\n",
    ],
)
def test_a_hostile_spec_comes_to_an_end(text: str) -> None:
    read = spec(text)
    assert read.name == "x"
    assert all("/" not in patch.file and (patch.strip is None or patch.strip < 100) for patch in read.patches)
    assert len(read.version) <= 4_000
