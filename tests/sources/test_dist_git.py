import json
from pathlib import Path

import pytest
from world import START, Repository

from generator.errors import ParseError, SourceError
from generator.model.patches import Collection
from generator.sources.dist_git import load_dist_git
from generator.sources.git import Mirror

CHANGE = b"--- a/main.c\n+++ b/main.c\n@@ -1,2 +1,2 @@\n line 1\n-line 2\n+line two\n"
SPEC = b"""\
Name: thing
Version: 1.0
Release: 4%{?dist}
License: GPL-2.0-only
Source0: thing-%{version}.tar.xz
Patch0: one.patch
Patch1: two.patch
Patch2: gone.patch
Patch3: never.patch
%description
%prep
%setup -q
%patch -P 1 -p0
%if 0%{?rhel}
%patch -P 0 -p1
%endif
%patch -P 2 -p1
"""
FILES = {
    "thing.spec": SPEC,
    "one.patch": CHANGE,
    "two.patch": CHANGE.replace(b"a/", b"").replace(b"b/", b""),
    "never.patch": CHANGE,
    "sources": b"SHA512 (thing-1.0.tar.xz) = 00\n",
}


def loaded(folder: Path, files: dict, address: str = "https://example.org/rpms/thing.git") -> Collection:
    repository = Repository(folder / "thing.git")
    repository.commit("one", files)
    state = {"address": address, "branch": "main", "fetched_at": START}
    (repository.folder / "portal-state.json").write_text(json.dumps(state))
    return load_dist_git(Mirror(repository.folder), "fedora-thing", "thing in Fedora", "Fedora 40")


def test_the_spec_says_which_patches_apply_and_how(tmp_path: Path) -> None:
    made = loaded(tmp_path, FILES)
    assert (made.name, made.title, made.distribution, made.kind) == (
        "fedora-thing", "thing in Fedora", "Fedora 40", "distribution"
    )  # fmt: skip
    assert (made.target.package, made.target.version, made.licence) == ("thing", "1.0", "GPL-2.0-only")
    assert [(patch.name, patch.strip) for patch in made.patches] == [("two.patch", 0), ("one.patch", 1)]
    assert {patch.files[0].path for patch in made.patches} == {b"main.c"}
    assert [missing.name for missing in made.missing] == ["gone.patch"]
    assert "one.patch is applied under a condition: %if 0%{?rhel}." in made.description
    assert "never.patch is named and not applied." in made.description
    assert made.origin == "https://example.org/rpms/thing.git"
    assert made.released is not None
    assert made.released.seconds == START + 60


@pytest.mark.parametrize(
    "address", ["/srv/mirror/thing.git", "file:///srv/x", "ssh://me@host/x", "https://a:b@example.org/x"]
)
def test_no_address_of_this_machine_is_shown(tmp_path: Path, address: str) -> None:
    assert loaded(tmp_path, FILES, address).origin == ""


def test_a_folder_of_sources_is_found(tmp_path: Path) -> None:
    files = {f"SOURCES/{name}": data for name, data in FILES.items() if name != "thing.spec"}
    made = loaded(tmp_path, files | {"SPECS/thing.spec": SPEC})
    assert [patch.name for patch in made.patches] == ["two.patch", "one.patch"]


def test_of_many_specs_the_one_like_the_name_counts(tmp_path: Path) -> None:
    assert loaded(tmp_path, FILES | {"a.spec": SPEC.replace(b"Name: thing", b"Name: x")}).target.package == "thing"


def test_without_a_spec_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^fedora-thing: has no \.spec file .*: correct `branch:` or the address"):
        loaded(tmp_path, {"README": b"x"})


@pytest.mark.parametrize(
    "files",
    [
        {"one.patch": ("120000", b"/etc/passwd")},
        {"thing.spec": ("120000", b"/etc/passwd")},
        {"thing.spec": b"no spec"},
        {"one.patch": CHANGE.replace(b"main.c", b"../../evil")},
    ],
)
def test_a_hostile_repository_is_refused(tmp_path: Path, files: dict) -> None:
    with pytest.raises((SourceError, ParseError)) as raised:
        loaded(tmp_path, FILES | files)
    assert "\n" not in str(raised.value)


def test_a_name_that_leads_out_finds_nothing(tmp_path: Path) -> None:
    made = loaded(tmp_path, FILES | {"thing.spec": SPEC.replace(b"Patch0: one.patch", b"Patch0: ../../../etc/passwd")})
    assert "passwd" in {missing.name for missing in made.missing}
