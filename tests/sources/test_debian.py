import gzip
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from debian_world import CHANGE, Archive, debian_part, packages_of
from quilt_world import applied_trees

from generator.errors import SourceError
from generator.model.commits import Person, Stamp
from generator.output.cache import open_cache
from generator.relate.targets import with_tag
from generator.sources import debian
from generator.sources.apt import apt_words, distribution_of
from generator.sources.debian import distribution_in, load_debian, survey_debian, sync_debian, upstream_version
from generator.sources.git import Mirror, read_tags
from generator.work.application import try_collections

needs_apt = pytest.mark.skipif(
    not (shutil.which("apt-get") and shutil.which("gpg")), reason="apt-get or gpg is not installed here"
)
PATCHES = {"one.patch": CHANGE, "two.patch": CHANGE.replace(b"main.c", b"other.c")}


@pytest.fixture
def archive(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path_factory.mktemp("a")  # gpg's sockets have short names only
    made = Archive(folder)
    for name, value in made.configure(folder).items():
        monkeypatch.setenv(name, value)
    yield made
    made.close()


def sync(folder: Path, *packages: str) -> tuple[str, ...]:
    return sync_debian(packages or ("thing",), folder, lambda _: None)


@needs_apt
def test_a_package_comes_through_apt_and_is_a_collection(archive: Archive, tmp_path: Path) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.publish()
    assert sync(tmp_path) == ()
    (made,) = load_debian(["thing"], tmp_path)
    assert made.name == "debian-thing-1.0-1"
    assert made.title == "thing 1:1.0-1 in Debian 12"
    assert (made.distribution, made.maintainer) == ("Debian 12", Person("Jürgen", "j@example.org"))
    assert made.released == Stamp(1_600_000_000, "+0200")
    assert [(patch.name, len(patch.files)) for patch in made.patches] == [("one.patch", 1), ("two.patch", 1)]
    assert (made.target.package, made.target.version) == ("thing", "1.0")
    assert "The signature of the .dsc itself was not checked here." in made.description
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and "apt" not in file.relative_to(tmp_path).parts]
    assert sorted(file.name for file in kept) == ["source.json", "thing_1.0-1.debian.tar.xz", "thing_1.0-1.dsc"]
    assert not any(str(archive.folder).encode() in file.read_bytes() for file in kept)


@needs_apt
@pytest.mark.skipif(not shutil.which("gpgv"), reason="gpgv is not installed here")
def test_the_signature_of_the_dsc_is_said_to_hold_only_when_it_was_checked(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.publish()
    monkeypatch.setattr(debian, "KEYRINGS", (archive.keyring,))
    assert sync(tmp_path) == ()
    (made,) = load_debian(["thing"], tmp_path)
    assert "The .dsc is signed by Archive <archive@example.org>." in made.description


@needs_apt
def test_every_version_is_a_collection_and_old_ones_stay(archive: Archive, tmp_path: Path) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.add("thing", "1:1.1-1", packages_of(debian_part({}), "1:1.1-1"))
    archive.publish()
    assert sync(tmp_path) == ()
    assert [made.name for made in load_debian(["thing"], tmp_path)] == ["debian-thing-1.0-1", "debian-thing-1.1-1"]
    archive._index.clear()
    archive.add("thing", "2.0-1", packages_of(debian_part(PATCHES), "2.0-1"))
    archive.publish()
    assert sync(tmp_path) == ()
    assert len(load_debian(["thing"], tmp_path)) == 3


@needs_apt
@pytest.mark.parametrize("style", ["sources", "list"])
def test_both_styles_of_apts_configuration_are_followed(archive: Archive, tmp_path: Path, style: str) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.publish()
    shutil.rmtree(archive.folder.parent / "parts")
    archive.configure(archive.folder.parent, style=style)
    assert sync(tmp_path) == ()
    assert len(load_debian(["thing"], tmp_path)) == 1


@needs_apt
def test_an_unsigned_archive_is_refused_whatever_the_machine_says(archive: Archive, tmp_path: Path) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.publish()
    release = (archive.folder / "InRelease").read_bytes()
    (archive.folder / "Release").write_bytes(release.partition(b"\n\n")[2].partition(b"\n-----BEGIN")[0] + b"\n")
    (archive.folder / "InRelease").unlink()
    shutil.rmtree(archive.folder.parent / "parts")
    archive.configure(archive.folder.parent, options="Trusted: yes\nAllow-Insecure: yes\n")
    problems = sync(tmp_path)
    assert "is not signed" in problems[0]
    assert load_debian(["thing"], tmp_path) == ()


@needs_apt
def test_a_file_that_is_not_what_the_archive_signed_is_not_kept(archive: Archive, tmp_path: Path) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.publish()
    file = archive.folder / "thing_1.0-1.debian.tar.xz"
    file.write_bytes(bytes(len(file.read_bytes())))
    (problem,) = sync(tmp_path)
    assert problem.startswith("thing 1:1.0-1: ")
    assert load_debian(["thing"], tmp_path) == ()
    assert list(tmp_path.rglob("*.partial")) == []


@needs_apt
def test_an_archive_that_is_away_leaves_what_is_kept(archive: Archive, tmp_path: Path) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.publish()
    assert sync(tmp_path) == ()
    shutil.rmtree(archive.folder)
    problems = sync(tmp_path)
    assert problems, "an archive that is away is told"
    assert not any(str(archive.folder.parent) in problem or "\n" in problem for problem in problems), problems
    assert len(load_debian(["thing"], tmp_path)) == 1


def test_without_apt_it_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, debian_part(PATCHES))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sync(tmp_path) == ("debian: apt-get is not installed here: Debian packages stay as they were",)
    assert len(load_debian(["thing"], tmp_path)) == 1


@needs_apt
def test_an_unknown_name_and_one_that_is_none_are_said(archive: Archive, tmp_path: Path) -> None:
    archive.add("thing", "1:1.0-1", packages_of(debian_part(PATCHES)))
    archive.publish()
    problems = sync(tmp_path, "nothing", "--option", "thing")
    assert problems == (
        "'--option': no name of a Debian source package",
        "nothing: apt knows no source package of this name: correct `debian:`, or what apt installs from",
    )


def keep(folder: Path, part: bytes, name: str = "thing_1.0-1.debian.tar.xz") -> Path:
    """Put a package where `sync_debian` would; return its folder."""
    place = folder / "thing" / "1.0-1"
    place.mkdir(parents=True)
    (place / name).write_bytes(part)
    made = Archive.__new__(Archive)
    made.folder, made._index = place, []
    made._gpg = lambda *_, stdin: stdin
    made.add("thing", "1.0-1", {name: part})
    (place / "source.json").write_text(json.dumps({"distribution": "Debian 12"}))
    return place


def test_a_native_package_has_no_patches_and_says_so(tmp_path: Path) -> None:
    keep(tmp_path, b"", "thing_1.0.tar.xz")
    (made,) = load_debian(["thing"], tmp_path)
    assert made.patches == ()
    assert made.description.startswith("A native package")


def test_a_vendors_series_goes_first_and_what_is_not_there_is_missing(tmp_path: Path) -> None:
    series = b"two.patch\ngone.patch -p0\n"
    keep(tmp_path, debian_part(PATCHES, **{"debian/patches/debian.series": series}))
    (made,) = load_debian(["thing"], tmp_path)
    assert [patch.name for patch in made.patches] == ["two.patch"]
    assert [missing.name for missing in made.missing] == ["gone.patch"]


def test_format_1_is_a_diff_that_holds_the_patches_or_is_one(tmp_path: Path) -> None:
    added = {"debian/patches/series": b"one.patch\n", "debian/patches/one.patch": CHANGE}
    diff = b"".join(
        b"--- thing-1.0.orig/%b\n+++ thing-1.0/%b\n@@ -0,0 +1,%d @@\n"
        % (name.encode(), name.encode(), data.count(b"\n"))
        + b"".join(b"+" + line for line in data.splitlines(keepends=True))
        for name, data in added.items()
    )
    more = CHANGE.replace(b"a/main.c", b"thing-1.0.orig/x.c").replace(b"b/main.c", b"thing-1.0/x.c")
    keep(tmp_path / "a", gzip.compress(diff), "thing_1.0-1.diff.gz")
    keep(tmp_path / "b", gzip.compress(diff + more), "thing_1.0-1.diff.gz")
    (first,), (second,) = (load_debian(["thing"], tmp_path / name) for name in "ab")
    assert [patch.name for patch in first.patches] == ["one.patch"]
    assert first.patches[0].data == CHANGE
    assert [patch.name for patch in second.patches] == ["thing_1.0-1.diff.gz", "one.patch"]


def evil(name: str, target: str) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return debian_part(PATCHES, **{name: info})


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (evil("debian/patches/x", "/etc/passwd"), "is no plain file"),
        (debian_part(PATCHES, **{"debian/patches/../../../evil": b"x"}), "leads out of it"),
        (debian_part(PATCHES, **{"debian/patches/debian.series": b"../../../etc/passwd\n"}), "leads out of the folder"),
        (debian_part({"one.patch": CHANGE.replace(b"main.c", b"../../evil")}), "refused"),
        (b"garbage", "is broken"),
    ],
)
def test_a_hostile_package_is_refused_alone(tmp_path: Path, part: bytes, problem: str) -> None:
    keep(tmp_path, part)
    collections, (said,) = survey_debian(["thing"], tmp_path)
    assert collections == ()
    assert problem in said
    assert "\n" not in said
    with pytest.raises(SourceError, match="thing"):
        load_debian(["thing"], tmp_path)


def test_what_was_changed_on_disk_is_not_shown(tmp_path: Path) -> None:
    place = keep(tmp_path, debian_part(PATCHES))
    (place / "thing_1.0-1.debian.tar.xz").write_bytes(debian_part({}))
    with pytest.raises(SourceError, match=r"is not what its \.dsc says: remove it and run `kdump-portal sync`"):
        load_debian(["thing"], tmp_path)


def test_names_of_versions_and_distributions() -> None:
    versions = ("1:2.0.25-3+deb12u3", "1.101+dfsg-2", "8.0.2++-1", "1.8.1", "2.0~rc1+ds1-1")
    assert [upstream_version(version) for version in versions] == ["2.0.25", "1.101", "8.0.2++", "1.8.1", "2.0~rc1"]
    assert [distribution_in(version) for version in versions] == ["Debian 12", "", "", "", ""]
    assert distribution_of({"origin": "Ubuntu", "version": "24.04", "codename": "noble"}) == "Ubuntu 24.04"
    assert distribution_of({"origin": "Debian", "version": "12-updates"}) == "Debian 12"
    assert distribution_of({"origin": "Debian", "codename": "sid"}) == "Debian sid"
    assert distribution_of({}) == ""


def test_no_host_and_no_folder_is_repeated() -> None:
    said = (
        "W: x\nE: Failed to fetch http://mirror.example.org/debian/pool/x_1.tar.xz  404  Not Found [IP: 192.0.2.1 80]\n"
        "W: Failed to fetch http://a.example.org/dists/x/InRelease  Could not resolve 'a.example.org'\n"
        "E: Unable to connect to b.example.org:http:\n"
        "E: Could not connect to c.example.org:80 (192.0.2.1). - timed out\n"
        "E: The repository 'file:/srv/archive ./ Release' is not signed.\nE: Could not open /var/lib/apt/lists/lock\n"
    )
    words = apt_words(said)
    assert "Failed to fetch x_1.tar.xz  404  Not Found" in words
    assert "Could not resolve its host" in words
    assert not any(part in words for part in ("example.org", "192.0.2.1", "/srv", "/var/lib"))


CACHED = Path(__file__).parents[2] / ".cache/mirrors/kexec-tools.git"


@pytest.mark.slow
@needs_apt
def test_debians_kexec_tools_is_mailed_as_it_is_patched(tmp_path: Path) -> None:
    """The package as Debian has it: git am of our mails, `patch` and quilt give one tree at the tag it is made of."""
    problems = sync(tmp_path / "debian", "kexec-tools")
    found = load_debian(["kexec-tools"], tmp_path / "debian")
    if not found:
        pytest.skip(f"apt brings no kexec-tools here: {'; '.join(problems)}")
    if not CACHED.is_dir():
        pytest.skip("there is no mirror of kexec-tools here: `make site` or `kdump-portal sync` brings it")
    mirror = Mirror(CACHED)
    tags = read_tags(mirror)
    (made, *_) = [with_tag(each, {"kexec-tools": [tag.name for tag in tags]}) for each in found]
    assert made.target.tag, f"no tag is {made.target.version}"
    trees = applied_trees(CACHED, made, tmp_path)
    assert len(set(trees.values())) == 1, trees
    with open_cache(tmp_path / "work.sqlite") as cache:
        said = try_collections([made], {"kexec-tools": tags}, {"kexec-tools": mirror}, cache, lambda *_: None)
    assert len(said) == len(made.patches) > 0
    assert {each[0].verdict for each in said.values()} <= {"clean", "offset", "fuzz"}
    subprocess.run(["git", "--git-dir", str(CACHED), "fsck", "--connectivity-only"], check=True, capture_output=True)
