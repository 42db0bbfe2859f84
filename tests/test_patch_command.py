"""`kdump-portal patch` as a user runs it: what is stored, what is said, and with which status it ends."""

import json
import subprocess

import pytest
import web_world
from project import Project
from world import git

from generator.patch_command import is_amable
from generator.sources.patches import make_patch

SHEET = "title: T\nkind: series\napplies_to: {package: kexec-tools, version: 1.10}\n"
DIFF = b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
MAIL = b"From: Ann <ann@example.org>\nSubject: [PATCH] x\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n\nWhy.\n---\n" + DIFF


@pytest.fixture
def project(tmp_path):
    """A portal with one collection, `fixes`, and a file to add."""
    project = Project(tmp_path / "portal")
    home = project.folder / "patches" / "fixes"
    home.mkdir(parents=True)
    (home / "collection.yml").write_text(SHEET)
    (tmp_path / "x.patch").write_bytes(MAIL)
    return project


def add(project, name="x.patch", *more):
    file = name if "://" in name else str(project.folder.parent / name)
    return project.run("patch", "add", file, "--collection", "fixes", *more)


def test_add_stores_the_bytes_and_says_what_they_are(project):
    done = add(project)
    assert done.returncode == 0, done.stderr
    assert (project.folder / "patches" / "fixes" / "x.patch").read_bytes() == MAIL
    said = subprocess.run(["git", "patch-id", "--stable"], input=b"diff --git a/f b/f\n" + DIFF, capture_output=True)
    ident = said.stdout.split()[0].decode()
    assert done.stdout.splitlines() == [
        "x.patch: a mail with a patch",
        "  subject   x",
        "  author    Ann <ann@example.org>",
        "  changes   1 files, +1 -1, -p1",
        f"  patch-id  {ident}",
        "  git am    takes it as it is",
    ]


def test_add_never_overwrites_and_knows_what_is_there(project):
    add(project)
    assert "has these bytes already, as x.patch" in add(project).stderr
    (project.folder.parent / "x.patch").write_bytes(DIFF)
    done = add(project)
    assert (done.returncode, "is there already with other bytes" in done.stderr) == (1, True)
    assert (project.folder / "patches" / "fixes" / "x.patch").read_bytes() == MAIL


def test_add_puts_the_patch_into_the_series_with_its_level(project):
    series = project.folder / "patches" / "fixes" / "series"
    series.write_text("# order")
    (project.folder.parent / "y.diff").write_bytes(b"--- f\n+++ f\n@@ -1 +1 @@\n-a\n+b\n")
    assert add(project).returncode == add(project, "y.diff").returncode == 0
    assert series.read_text() == "# order\nx.patch\ny.diff -p0\n"
    assert project.run("patch", "check").returncode == 1  # the two are the same change


def test_add_fetches_an_address(project):
    with web_world.serve() as web:
        web.files["/lists/fix%20one.patch"] = web.files["/fix-1.patch"] = MAIL
        assert add(project, f"{web.address}/fix-1.patch").returncode == 0
        assert "name it with letters" in add(project, f"{web.address}/lists/fix%20one.patch").stderr
        assert "no such file (404)" in add(project, f"{web.address}/none.patch").stderr
    assert (project.folder / "patches" / "fixes" / "fix-1.patch").read_bytes() == MAIL


REFUSED = {
    "escape.patch": (DIFF.replace(b"/f", b"/../../f"), "escape.patch:1: the path '../../f' leads upwards"),
    "text.patch": (b"hello\n", "text.patch:1: holds no unified, context or git diff"),
    "x.txt": (DIFF, "one of .patch, .diff, .mbox, .eml, .bundle at its end"),
    "bomb.patch.gz": (b"\x1f\x8b", "is broken, or unpacks to more than 16 MiB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_add_stores_nothing_that_is_refused(project, name):
    data, problem = REFUSED[name]
    (project.folder.parent / name).write_bytes(data)
    done = add(project, name)
    assert done.returncode == 1 and problem in done.stderr and "Traceback" not in done.stderr
    assert [file.name for file in (project.folder / "patches" / "fixes").iterdir()] == ["collection.yml"]


def test_an_unknown_collection_is_told_from_the_known_ones(project):
    done = project.run("patch", "add", str(project.folder.parent / "x.patch"), "-c", "fixs")
    assert (done.returncode, "fixs: no such collection; there are: fixes" in done.stderr) == (1, True)


def test_check_says_file_and_line_and_fails(project):
    home = project.folder / "patches" / "fixes"
    (home / "a.patch").write_bytes(DIFF)
    (home / "b.patch").write_bytes(DIFF)
    (home / "c.patch").write_bytes(DIFF.replace(b"-1 +1", b"-1 +1,9"))
    done = project.run("patch", "check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "patches/fixes/c.patch:6: the diff breaks off inside a hunk",
        "patches/fixes/b.patch:1: the same bytes as a.patch in the same collection: remove one of them",
        "3 patches in 1 collections: 2 problems",
    ]
    assert json.loads(project.run("patch", "check", "--json").stdout)["patches"] == 3


def test_an_equal_patch_in_another_collection_is_only_noted(project):
    add(project)
    other = project.folder / "patches" / "other"
    other.mkdir()
    (other / "collection.yml").write_text(SHEET)
    (other / "y.patch").write_bytes(DIFF)
    done = project.run("patch", "check", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["notes"] == ["patches/other/y.patch:1: the same change as patches/fixes/x.patch"]


def test_status_lists_every_patch_and_what_is_missing(project):
    home = project.folder / "patches" / "fixes"
    (home / "collection.yml").write_text(SHEET + "missing: [{name: z.patch, purpose: y}]\n")
    add(project)
    first, second = json.loads(project.run("patch", "status", "--json").stdout)
    assert {key: first[key] for key in ("collection", "patch", "form", "subject", "files", "git_am", "problem")} == {
        "collection": "fixes", "patch": "x.patch", "form": "mail", "subject": "x", "files": ["f"], "git_am": True,
        "problem": "",
    }  # fmt: skip
    assert (second["patch"], second["form"], second["problem"]) == ("z.patch", "missing", "is not here")


def test_what_a_terminal_would_obey_is_shown_instead(project):
    (project.folder.parent / "x.patch").write_bytes(MAIL.replace(b"] x", b"] \x1b[31mred\xe2\x80\xae"))
    assert "subject   \\x1b[31mred\\x202e" in add(project).stdout


def test_help_teaches_the_forms(project):
    done = project.run("patch", "--help")
    assert "patch add FIX.patch --collection NAME" in done.stdout and "exit status" in done.stdout


@pytest.mark.parametrize("data", [MAIL, DIFF, MAIL.replace(b"From: Ann <ann@example.org>\n", b"From: \n")])
def test_what_looks_git_amable_is_taken_by_git_am(data, tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "f").write_bytes(b"a\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "root")
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "am", "-q"]
    taken = subprocess.run(command, cwd=tmp_path, input=data, capture_output=True).returncode == 0
    (patch,) = make_patch("x.patch", data)
    assert is_amable(patch) is taken
