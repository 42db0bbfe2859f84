"""Diffs of every kind are read as patch(1) and git apply take them; what leaves its tree is refused with its line."""

import json
import random
import subprocess
from pathlib import Path

import pytest
from world import environment, git

from generator.errors import ParseError
from generator.model.diffs import count_lines
from generator.parse.diff import parse_diff
from generator.parse.escapes import RefusedPatch
from generator.parse.unified import parse_unified
from generator.relate.applying import apply_hunks

CASES = Path(__file__).parents[1] / "cases" / "unified"
LINES = [b"%d of the lines" % number for number in range(60)]
HUNK = "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"


def read(text, **more):
    return parse_unified(text.encode() if isinstance(text, str) else text, source="x.patch", **more)


def paths(text, **more):
    return [file.path.decode() for file in read(text, **more).files]


def diff(folder, *options):
    """Return what diff(1) prints for the folders `old` and `new`, or whatever the options name."""
    done = subprocess.run(["diff", *options], cwd=folder, env=environment(folder), capture_output=True)
    assert done.returncode == 1, done.stderr.decode()
    return done.stdout


def write(folder, name, content):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def edited(dice):
    """Return a text with some of its lines removed, replaced, or followed by others, with or without a last newline."""
    result = []
    for line in LINES:
        what = dice.random()
        if what > 0.1:
            result.append(line if what > 0.2 else b"changed")
        if what > 0.9:
            result += [b"added", b"", b"-- like a header", b"** like another"][: dice.randrange(5)]
    return b"\n".join(result) + (b"\n" if dice.random() < 0.7 else b"")


@pytest.mark.parametrize("name", sorted(case.name for case in CASES.iterdir()))
def test_a_diff_is_read_as_expected(name):
    result = read((CASES / name / "input.patch").read_bytes())
    said = {
        "strip": result.strip,
        "files": [
            [file.status, file.path.decode(), file.new_mode, file.binary, len(file.hunks), *count_lines(file)]
            for file in result.files
        ],
    }
    assert said == json.loads((CASES / name / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(case.name for case in CASES.iterdir() if case.name != "context"))
def test_git_apply_counts_the_same_lines_in_the_same_files(name, tmp_path):
    data = (CASES / name / "input.patch").read_bytes()
    result = read(data)
    lines = git(tmp_path, "apply", "--numstat", "--unidiff-zero", f"-p{result.strip}", "-", stdin=data).splitlines()
    said = [(*count_lines(file), file.path) if not file.binary else (b"-", b"-", file.path) for file in result.files]
    assert lines == [b"%s\t%s\t%s" % tuple(str(part).encode() if isinstance(part, int) else part for part in row)
                     for row in said]  # fmt: skip


@pytest.mark.parametrize("option", ["-u", "-U0", "-U1", "-c", "-C0", "-C1", "-cp", "-up"])
@pytest.mark.parametrize("seed", range(4))
def test_a_diff_of_any_form_turns_the_old_file_into_the_new_one(option, seed, tmp_path):
    dice = random.Random(seed)
    old, new = edited(dice), edited(dice)
    write(tmp_path, "old/f.c", old)
    write(tmp_path, "new/f.c", new)
    data = diff(tmp_path, option, "old/f.c", "new/f.c")
    result = read(data)
    (file,) = result.files
    assert (result.strip, file.path, file.status) == (1, b"f.c", "M")
    assert apply_hunks(old, file) == new


@pytest.mark.parametrize("seed", range(4))
def test_context_and_unified_form_are_read_as_the_same_hunks(seed, tmp_path):
    dice = random.Random(seed)
    write(tmp_path, "old", edited(dice))
    write(tmp_path, "new", edited(dice))
    unified, context = (read(diff(tmp_path, option, "old", "new")).files[0] for option in ("-u", "-c"))
    assert unified.hunks == context.hunks


def test_a_recursive_diff_gives_the_tree_that_patch_gives(tmp_path):
    old, new = tmp_path / "kexec-tools-1.101", tmp_path / "kexec-tools-1.101-kdump"
    for folder, number in ((old, 1), (new, 2)):
        write(folder, "kexec/a.c", b"int a = %d;\n" % number)
        write(folder, "kexec/name with space.c", b"%d\n" % number)
        write(folder, "same.c", b"same\n")
        write(folder, "blob", b"\0\1%d" % number)
    write(new, "kexec/arch/new.c", b"new\n" * 3)
    write(new, "open end", b"no newline")
    write(old, "gone.c", b"gone\n")
    data = diff(tmp_path, "-urN", "kexec-tools-1.101", "kexec-tools-1.101-kdump")
    result = read(data)
    assert result.strip == 1
    assert " ".join(f"{file.status}:{file.path.decode()}" for file in result.files) == (
        "M:blob D:gone.c M:kexec/a.c A:kexec/arch/new.c M:kexec/name with space.c A:open end"
    )
    assert [file.path for file in result.files if file.binary] == [b"blob"]
    for file in result.files:
        if not file.binary:
            place = old / file.path.decode()
            made = apply_hunks(place.read_bytes() if place.exists() else b"", file)
            assert made == ((new / file.path.decode()).read_bytes() if file.status != "D" else b"")
    text = data.replace(b"Binary files kexec-tools-1.101/blob and kexec-tools-1.101-kdump/blob differ\n", b"")
    subprocess.run(["patch", "-p1", "-s"], cwd=old, input=text, check=True)
    (old / "blob").write_bytes((new / "blob").read_bytes())
    assert subprocess.run(["diff", "-r", str(old), str(new)], capture_output=True).stdout == b""


def test_what_git_prints_is_read_as_the_core_reads_it(hostile):
    data = git(hostile.folder, "diff-tree", "-r", "-p", "-M", "--full-index", "--binary", "main~5", "main")
    expected, _ = parse_diff(data + b"\n", source="x")
    assert read(data).files == expected


def test_short_blob_names_are_no_names_and_no_prefix_means_no_strip(tmp_path):
    write(tmp_path, "old/f.c", b"a\n")
    write(tmp_path, "new/f.c", b"b\n")
    between = git(tmp_path, "diff", "--no-index", "old", "new", check=False)
    assert (paths(between), read(between).strip) == (["f.c"], 2)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    write(tmp_path, "old/f.c", b"c\n")
    short, bare = git(tmp_path, "diff"), git(tmp_path, "diff", "--no-prefix")
    assert {(file.old_blob, file.new_blob) for file in read(short).files} == {("", "")}
    assert (paths(bare), read(bare).strip) == (["old/f.c"], 0)


STRIPS = {
    "--- a/x/y.c\n+++ b/x/y.c\n": (1, "x/y.c"),
    "--- kexec-tools-1.101/x.c\t2005-07-01\n+++ kexec-tools-1.101-kdump/x.c\t2005-07-02\n": (1, "x.c"),
    "--- linux-2.6.13/MAINTAINERS~kdump\t2006\n+++ linux-2.6.13-vivek/MAINTAINERS\t2006\n": (1, "MAINTAINERS"),
    "--- kexec-tools-2.0.0/x.c.orig\n+++ kexec-tools-2.0.0/x.c\n": (1, "x.c"),
    "--- x/y.c\t(revision 1)\n+++ x/y.c\t(working copy)\n": (0, "x/y.c"),
    "--- ./y.c 2005-07-01 12:00:00.000 +0200\n+++ ./y.c 2005-07-02 12:00:00.000 +0200\n": (0, "y.c"),
    "--- y.c.old\n+++ y.c\n": (0, "y.c"),
    "--- one/two/a/y.c\n+++ one/two/b/y.c\n": (3, "y.c"),
    "--- a//x///y.c\n+++ b/x/y.c\n": (1, "x/y.c"),
    "--- ../old/y.c\n+++ ../new/y.c\n": (2, "y.c"),
    '--- "a/\\303\\244.c"\n+++ "b/\\303\\244.c"\n': (1, "ä.c"),
}


@pytest.mark.parametrize("head", STRIPS)
def test_the_strip_level_is_found_from_both_names(head):
    result = read(head + HUNK)
    assert (result.strip, result.files[0].path.decode()) == STRIPS[head]


def test_a_level_that_is_said_holds():
    assert paths("--- a/b/c.c\n+++ a/b/c.c\n" + HUNK, strip=2) == ["c.c"]
    with pytest.raises(ParseError, match=r"^x\.patch:1: 'c\.c' has not 2 parts"):
        read("--- c.c\n+++ c.c\n" + HUNK, strip=1)


EPOCHS = {
    "1970-01-01 00:00:00.000000000 +0000": True,
    "1970-01-01 05:30:00 +0530": True,
    "1969-12-31 19:00:00.000000000 -0500": True,
    "Thu Jan  1 01:00:00 1970": True,
    "1970-01-01 01:00:00 +0000": False,
    "2005-07-01 00:00:00 +0000": False,
}


@pytest.mark.parametrize("stamp", EPOCHS)
def test_a_side_of_1970_is_no_file(stamp):
    old = f"--- a/x\t{stamp}\n+++ b/x\t2005-07-01 00:00:00 +0000\n@@ -0,0 +1 @@\n+a\n"
    new = f"--- a/x\t2005-07-01 00:00:00 +0000\n+++ b/x\t{stamp}\n@@ -1 +0,0 @@\n-a\n"
    assert read(old).files[0].status == "A"
    assert read(new).files[0].status == ("D" if EPOCHS[stamp] else "M")


def test_dev_null_names_no_file():
    assert read("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n").files[0].status == "A"
    assert read("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n").files[0].status == "D"


def test_empty_context_lines_may_have_lost_their_space():
    (file,) = read("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n\n-b\n+c\n\n").files
    assert file.hunks[0].lines == (b" ", b"-b", b"+c", b" ")


def test_cr_lf_of_the_whole_patch_goes_and_of_the_files_stays():
    whole = ("--- a/x\n+++ b/x\n" + HUNK).replace("\n", "\r\n")
    assert read(whole).files == read(whole.replace("\r\n", "\n")).files
    (file,) = read("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-b\r\n+c\r\n").files
    assert file.hunks[0].lines == (b"-b\r", b"+c\r")


REFUSED = {
    "junk\n--- a/../../etc/passwd\n+++ b/../../etc/passwd\n" + HUNK: (2, "leads upwards"),
    "--- /etc/passwd\n+++ /etc/passwd\n" + HUNK: (1, "is absolute"),
    '--- "a/x\\000y"\n+++ "b/x\\000y"\n' + HUNK: (1, "NUL"),
    "--- a/.git/config\n+++ b/.git/config\n" + HUNK: (1, "git's own"),
    "--- a/x/.GIT/hooks/y\n+++ b/x/.GIT/hooks/y\n" + HUNK: (1, "git's own"),
    "diff --git a/../x b/../x\n--- a/../x\n+++ b/../x\n" + HUNK: (1, "leads upwards"),
    "diff --git a//x b//x\nindex 1..2\n--- a//x\n+++ b//x\n" + HUNK: (1, "absolute"),
    "diff --git a/x b/../y\nsimilarity index 100%\nrename from x\nrename to ../y\n": (1, "leads upwards"),
    "diff --git a/x b/y\nsimilarity index 100%\ncopy from ../../x\ncopy to y\n": (1, "leads upwards"),
    (
        "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n"
        "\\ No newline at end of file\n--- a/l/passwd\n+++ b/l/passwd\n" + HUNK
    ): (8, "behind the symbolic link 'l'"),
    (
        "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n"
        "diff --git a/l b/m\nsimilarity index 100%\nrename from l\nrename to m\nIndex: m/x\n--- a/m/x\n+++ b/m/x\n"
        + HUNK
    ): (12, "behind the symbolic link 'm'"),
    "diff --git a/x b/x\n--- a/../y\n+++ b/../y\n" + HUNK: (1, "is not the file of the `diff --git` line"),
    "*** ../../x\t2005\n--- ../../x\t2006\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n": (1, "leads upwards"),
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_a_patch_that_can_leave_its_tree_is_refused(text):
    line, problem = REFUSED[text]
    with pytest.raises(RefusedPatch, match=rf"^x\.patch:{line}: .*{problem}.* refused"):
        read(text)


def test_a_link_of_an_earlier_patch_is_remembered_and_its_removal_too():
    link = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n"
    links = read(link).links
    assert links == {b"l"}
    with pytest.raises(RefusedPatch, match="behind the symbolic link"):
        read("--- a/l/x\n+++ b/l/x\n" + HUNK, links=links)
    removal = "diff --git a/l b/l\ndeleted file mode 120000\n--- a/l\n+++ /dev/null\n@@ -1 +0,0 @@\n-/etc\n"
    assert read(removal, links=links).links == frozenset()


MALFORMED = {
    "": (1, "holds no unified"),
    "just text\n--- a/x\n+++ b/x\nno hunk\n": (1, "holds no unified"),
    "x\n@@ -1 +1 @@\n-a\n+b\n": (2, "without a file"),
    "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n": (6, "do not cover this line"),
    "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n-a\n": (5, "breaks off"),
    "--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n": (1, "both sides"),
    "diff --git x x\nold mode 100644\nnew mode 100755\n": (1, "which file"),
    "diff --git a/y b/y\ndiff --cc x\nindex 1,2..3\n": (1, "combined diff"),
    "diff --cc x\nindex 1,2..3\n": (1, "combined diff"),
    "*** x\n--- x\n***************\nnonsense\n": (4, "name a range"),
    "*** x\n--- x\n***************\n*** 1,3 ****\n  a\n--- 1 ----\n  a\n": (4, "range of its header"),
    "*** x\n--- x\n***************\n*** 1,2 ****\n  a\n! b\n--- 1,2 ----\n  other\n! c\n": (4, "not the same context"),
    "*** x\n--- x\n***************\n*** 1,3 ****\n--- 1,2 ----\n  a\n+ c\n": (4, "range of its header"),
}


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_diff_is_an_error_with_its_line(text):
    line, problem = MALFORMED[text]
    with pytest.raises(ParseError, match=rf"^x\.patch:{line}: .*{problem}") as caught:
        read(text)
    assert not isinstance(caught.value, RefusedPatch)


HUGE = 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        "--- " + " " * HUGE + "\n+++ b/x\n" + HUNK,
        "--- a/x\n+++ " + "a-1" * (HUGE // 3) + "!\n" + HUNK,
        "--- " + "a/" * 2_400 + "x\n+++ " + "b/" * 2_400 + "x\n" + HUNK,
        ("--- a/x\n+++ b/x\n" + HUNK) * (HUGE // 400),
        "Binary files " + "a and " * (HUGE // 6) + "differ\n",
        "--- a/x\n+++ b/x\n@@ -1,999999999999 +1,999999999999 @@\n" + " a\n" * (HUGE // 3),
        "*** x\n--- x\n***************\n*** 1,999999999999 ****\n" + "  a\n" * (HUGE // 4),
        "diff --git a/x b/x\n" * (HUGE // 200),
        "*** " * (HUGE // 4) + "\n--- x\n",
    ],
    ids=range(9),
)
def test_a_hostile_diff_takes_no_more_time_than_its_size_is_worth(text):
    try:
        assert len(read(text).files) <= len(text)
    except ParseError as problem:
        assert len(str(problem)) < 500


def test_a_diff_cut_anywhere_is_a_diff_or_an_error_of_ours(tmp_path):
    write(tmp_path, "old", b"\n".join(LINES[:9]))
    write(tmp_path, "new", b"\n".join(LINES[1:12]) + b"\n")
    for option in ("-u", "-c"):
        data = diff(tmp_path, option, "old", "new")
        for cut in range(len(data)):
            try:
                read(data[:cut])
            except ParseError as problem:
                assert problem.source == "x.patch"
