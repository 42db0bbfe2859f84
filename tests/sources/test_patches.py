"""Collections are read from real folders: patches made by git, diff, gzip and xz, and what hostile ones would like."""

import gzip
import hashlib
import lzma
import subprocess
from pathlib import Path

import pytest
from world import git

from generator.errors import PortalError
from generator.model.commits import Person, Stamp
from generator.parse.escapes import RefusedPatch
from generator.sources.patches import LARGEST_BYTES, load_collections, make_patch, survey_collections

SHEET = "title: T\nkind: series\napplies_to: {package: kexec-tools, version: 1.10}\n"
DIFF = b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
ESCAPE = b"--- a/../../f\n+++ b/../../f\n@@ -1 +1 @@\n-a\n+b\n"
LINK = b"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n"
BEHIND = b"--- a/l/f\n+++ b/l/f\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """A repository with a series of three commits over a root."""
    folder = tmp_path_factory.mktemp("series")
    git(folder, "init", "-q", "-b", "main")
    for number in range(4):
        (folder / "f").write_text(f"{number}\n" * (number + 1))
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"step {number}\n\nWhy: it is due.\n\nSigned-off-by: Ann <ann@example.org>")
    return folder


@pytest.fixture
def fill(tmp_path):
    """Return a function that writes files into patches/NAME and returns patches/."""

    def fill(name="fixes", sheet=SHEET, **files):
        folder = tmp_path / "patches" / name
        folder.mkdir(parents=True)
        for file, data in ({"collection.yml": sheet.encode()} | files).items():
            place = folder / file.replace("__", ".")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return tmp_path / "patches"

    return fill


def mails(series, *options):
    return git(series, "format-patch", "--stdout", "--full-index", *options, "HEAD~3..HEAD") + b"\n"


def problems(folder, mirror=None):
    return survey_collections(folder, mirror).problems


def test_a_mail_of_format_patch_is_one_patch(series):
    data = git(series, "format-patch", "--stdout", "-v2", "-1") + b"\n"
    (patch,) = make_patch("0001-step.patch", data)
    assert (patch.form, patch.subject, patch.version, patch.problem) == ("mail", "step 3", 2, "")
    assert (patch.author, patch.authored) == (Person("Ann Author", "ann@example.org"), Stamp(1_700_000_000, "+0000"))
    assert patch.message == "Why: it is due.\n\nSigned-off-by: Ann <ann@example.org>"
    assert [trailer.key for trailer in patch.trailers] == ["Signed-off-by"]
    assert [file.path for file in patch.files] == [b"f"]
    assert (patch.sha256, patch.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))


def test_an_mbox_is_as_many_patches_with_its_cover_letter(series):
    data = mails(series, "--cover-letter", "--thread", "-v3")
    patches = make_patch("all.mbox", data)
    assert [patch.name for patch in patches] == [f"all.mbox#{number}" for number in (1, 2, 3, 4)]
    assert [(patch.version, patch.number, patch.total) for patch in patches] == [(3, n, 3) for n in range(4)]
    assert [len(patch.files) for patch in patches] == [0, 1, 1, 1]
    assert {patch.problem for patch in patches} == {""}
    assert {patch.sha256 for patch in patches} == {hashlib.sha256(data).hexdigest()}
    assert dict(patches[1].headers)["In-Reply-To"] == f"<{patches[0].message_id}>"


def test_each_mail_of_an_mbox_is_what_git_am_takes(series, tmp_path):
    git(tmp_path, "clone", "-q", series, "clone")
    git(tmp_path / "clone", "reset", "-q", "--hard", "HEAD~3")
    for patch in make_patch("all.mbox", mails(series)):
        git(tmp_path / "clone", "am", "-q", stdin=patch.data)
    assert git(tmp_path / "clone", "rev-parse", "HEAD^{tree}") == git(series, "rev-parse", "HEAD^{tree}")


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("xz", lzma.compress)])
def test_a_packed_patch_is_read_and_its_sum_is_of_the_packed_file(ending, pack):
    packed = pack(DIFF)
    (patch,) = make_patch(f"x.patch.{ending}", packed)
    assert (patch.packing, patch.form, patch.data, patch.size_bytes) == (ending, "plain", DIFF, len(packed))
    assert patch.sha256 == hashlib.sha256(packed).hexdigest()


def test_a_diff_below_dep3_fields_has_their_subject_and_author():
    (patch,) = make_patch("x.patch", b"Description: why\n and how\nAuthor: Ann <ann@example.org>\n\n" + DIFF)
    assert (patch.form, patch.subject, patch.message) == ("dep3", "why", "and how")
    assert patch.author == Person("Ann", "ann@example.org")


def test_a_git_bundle_is_only_recorded(series):
    data = git(series, "bundle", "create", "-q", "-", "HEAD")
    (patch,) = make_patch("x.bundle", data)
    assert (patch.form, patch.files, patch.problem) == ("bundle", (), "")


def test_the_line_of_a_problem_is_that_of_the_file(series):
    data = mails(series).replace(b"@@ -1,3 +1,4 @@", b"@@ nonsense")
    patches = make_patch("all.mbox", data)
    line = data[: data.index(b"@@ nonsense")].count(b"\n") + 1
    assert [patch.problem for patch in patches] == ["", "", f"all.mbox:{line}: this is not a hunk header"]
    assert patches[2].files == ()


def test_a_reply_without_a_diff_says_so():
    reply = b"From: Ann <ann@example.org>\nSubject: Re: [PATCH 1/2] x\n\nNice.\n"
    (patch,) = make_patch("x.eml", reply)
    assert patch.problem == "x.eml:1: the mail holds no diff"


def test_a_level_from_a_series_is_used(fill):
    folder = fill(series=b"x.patch -p2\n", x__patch=b"--- a/b/f\n+++ a/b/f\n@@ -1 +1 @@\n-a\n+b\n")
    (collection,) = load_collections(folder)
    assert [(file.path, patch.strip) for patch in collection.patches for file in patch.files] == [(b"f", 2)]


def test_patches_come_in_the_order_of_the_series_else_of_their_names(fill):
    files = {"a__patch": DIFF, "b__diff": DIFF, "c__patch": DIFF}
    fill("listed", series=b"c.patch\na.patch\nb.diff\n", **files)
    first, second = load_collections(fill("plain", **files))
    assert [patch.name for patch in first.patches] == ["c.patch", "a.patch", "b.diff"]
    assert [patch.name for patch in second.patches] == ["a.patch", "b.diff", "c.patch"]
    assert (first.name, first.target.version) == ("listed", "1.10")


def test_patch_applies_the_series_to_the_same_tree(fill, series, tmp_path):
    diffs = [git(series, "diff", f"HEAD~{3 - number}", f"HEAD~{2 - number}") + b"\n" for number in range(3)]
    files = {f"{number}__patch": diff for number, diff in enumerate(diffs)}
    (collection,) = load_collections(fill(series=b"0.patch\n1.patch\n2.patch\n", **files))
    (tmp_path / "f").write_bytes(git(series, "show", "HEAD~3:f") + b"\n")
    for patch in collection.patches:
        subprocess.run(["patch", f"-p{patch.strip}", "-s"], cwd=tmp_path, input=patch.data, check=True)
    assert (tmp_path / "f").read_bytes() == git(series, "show", "HEAD:f") + b"\n"


def test_no_folder_is_no_collection(tmp_path):
    assert load_collections(tmp_path / "patches") == ()


def test_every_problem_is_said_at_once(fill, tmp_path):
    fill("one", sheet="title: T\n")
    fill("two", series=b"x.patch\ngone.patch\n", x__patch=DIFF, extra__patch=DIFF)
    fill("three", notes__txt=b"x", bad__patch=ESCAPE)
    (tmp_path / "patches" / "empty").mkdir()
    with pytest.raises(PortalError) as caught:
        load_collections(tmp_path / "patches")
    assert str(caught.value).split("\n") == [
        "patches/empty/collection.yml:1: must be there, as a small text in UTF-8",
        "patches/one/collection.yml:1: `kind` is missing",
        "patches/three/notes.txt:1: is no patch by its name: it ends in none of .patch, .diff, .mbox, .eml, .bundle",
        "patches/three/bad.patch:1: the path '../../f' leads upwards; a patch that can leave its tree is refused",
        "patches/two/series:2: 'gone.patch' is not here: add it, or list it as `missing`",
        "patches/two/extra.patch:1: is not named in series: add it there, or remove it",
    ]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_bomb_is_refused(pack):
    name = "x.patch.gz" if pack is gzip.compress else "x.patch.xz"
    with pytest.raises(RefusedPatch, match=r"^x\.patch\...:1: is broken, or unpacks to more than 16 MiB"):
        make_patch(name, pack(b" " * (LARGEST_BYTES + 1)))


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(DIFF)[:-9]])
def test_a_broken_packed_patch_is_refused(data):
    with pytest.raises(RefusedPatch, match=r"^x\.patch\.gz:1: is broken"):
        make_patch("x.patch.gz", data)


@pytest.mark.parametrize("name", ["x.patch", "x.patch.gz", "x.mbox"])
def test_an_empty_file_is_a_patch_with_a_problem(name):
    (patch,) = make_patch(name, b"")
    assert patch.problem.startswith(f"{name}:1: holds no unified")


def test_a_link_made_by_one_patch_and_written_through_by_the_next_is_refused(fill):
    assert problems(fill(**{"1__patch": LINK, "2__patch": BEHIND})) == (
        "patches/fixes/2.patch:1: 'l/f' lies behind the symbolic link 'l' that the patches make; "
        "a patch that can leave its tree is refused",
    )


def test_a_link_inside_one_mbox_is_remembered_as_well():
    mail = b"From 0123 Mon Sep 17 00:00:00 2001\nFrom: a@example.org\nSubject: x\n\n---\n"
    with pytest.raises(RefusedPatch, match=r"^x\.mbox:18: .* behind the symbolic link"):
        make_patch("x.mbox", mail + LINK + b"\n" + mail + BEHIND)


def test_a_file_that_is_a_link_is_not_followed(fill, tmp_path):
    folder = fill()
    (tmp_path / "secret").write_bytes(DIFF)
    (folder / "fixes" / "x.patch").symlink_to(tmp_path / "secret")
    assert problems(folder) == ("patches/fixes/x.patch:1: is a symbolic link: put the file itself here",)


def test_a_folder_that_is_a_link_is_not_read_through(fill, tmp_path):
    folder = fill(series=b"sub/x.patch\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.patch").write_bytes(DIFF)
    (folder / "fixes" / "sub").symlink_to(tmp_path / "outside")
    (collection,) = survey_collections(folder).collections
    assert collection.patches == ()
    assert any("symbolic link" in problem for problem in problems(folder))


def test_a_missing_patch_takes_its_place_once_it_is_mirrored(fill, tmp_path):
    digest = hashlib.sha256(DIFF).hexdigest()
    sheet = (
        SHEET + f"missing:\n  - {{name: a.patch, purpose: x, sha256: {digest}}}\n  - {{name: z.patch, purpose: y}}\n"
    )
    folder = fill(sheet=sheet, b__patch=DIFF)
    mirror = tmp_path / "mirror"
    (before,) = load_collections(folder, mirror)
    (mirror / "fixes").mkdir(parents=True)
    (mirror / "fixes" / "a.patch").write_bytes(DIFF)
    (after,) = load_collections(folder, mirror)
    assert [item.name for item in before.missing] == ["a.patch", "z.patch"]
    assert [item.name for item in after.missing] == ["z.patch"]
    assert [patch.name for patch in after.patches] == ["a.patch", "b.patch"]
    (mirror / "fixes" / "a.patch").write_bytes(DIFF + b"\n")
    (problem,) = problems(folder, mirror)
    assert problem.startswith("patches/fixes/a.patch:1: its SHA-256 is ")


def test_the_collections_of_2005_are_here_and_say_what_is_missing():
    collections = load_collections(Path(__file__).parents[2] / "patches")
    missing = {item.name for collection in collections for item in collection.missing}
    here = {patch.name for collection in collections for patch in collection.patches}
    assert {
        "kexec-tools-1.101-kdump10.patch",
        "debian-mkinitrd-0.1.82-kdump-auto-capture.patch",
        "debian-mkinitrd-0.1.82-kdump-auto-load-capture-kernel.patch",
        "fc4-mkinitrd-4.2.15-auto-capture.patch",
        "sles9-sp2-mkinitrd-1.2-27.9-auto-capture.patch",
    } <= missing | here
    assert {collection.name for collection in collections if collection.kind == "historical"} >= {"rhel-4-u2-mkinitrd"}
