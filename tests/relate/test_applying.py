"""Applying is right when it gives what git gives, and refuses what git refuses."""

import os
import random
import subprocess

import pytest

from generator.parse.diff import parse_diff
from generator.relate.applying import HunkMismatch, apply_hunks, blob_name


@pytest.fixture
def git(tmp_path):
    """Return a function that runs git in a new repository, out of reach of any setting."""

    def run(*arguments, stdin=b"", codes=(0,)):
        environment = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        environment |= {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        done = subprocess.run(["git", *arguments], cwd=tmp_path, env=environment, input=stdin, capture_output=True)
        assert done.returncode in codes, done.stderr.decode()
        return done.stdout

    run("init", "-q")
    return run


@pytest.fixture
def difference(git, tmp_path):
    """Return a function from two contents to git's diff of them."""

    def run(old, new, *options):
        (tmp_path / "f").write_bytes(old)
        git("add", "f")
        (tmp_path / "f").write_bytes(new)
        return git("diff", "--full-index", "--text", *options, "f")

    return run


def parsed_one(data):
    ((file,), _) = parse_diff(data, source="test")
    return file


LINES = [
    b"",
    b"a",
    b"b",
    b"}",
    b"\treturn 0;",
    b"cr\r",
    b"\r",
    b"\\ No newline at end of file",
    b"@@ -1 +1 @@",
    b"\xff\0",
]


def edited(chance, lines):
    """Return the lines after a few insertions, deletions and replacements."""
    lines = list(lines)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randrange(4)] = chance.choices(LINES, k=chance.randrange(4))
    return lines


def content(chance, lines):
    return b"\n".join(lines) + (b"\n" if lines and chance.random() < 0.7 else b"")


@pytest.mark.parametrize("seed", range(8))
def test_git_diff_of_random_edits_applies_to_exactly_the_new_content(difference, seed):
    chance = random.Random(seed)
    for _ in range(12):
        lines = chance.choices(LINES, k=chance.randrange(60))
        old, new = content(chance, lines), content(chance, edited(chance, lines))
        context = chance.choice(["-U0", "-U1", "-U3", "-U30"])
        if data := difference(old, new, context):
            diff = parsed_one(data)
            assert apply_hunks(old, diff) == new
            assert blob_name(new) == diff.new_blob


def test_it_gives_what_git_apply_gives(difference, git, tmp_path):
    old = b"".join(b"line %d\n" % n for n in range(100))
    new = old.replace(b"line 7\n", b"seven\n").replace(b"line 50\n", b"").replace(b"line 99\n", b"line 99\nend")
    data = difference(old, new)
    git("checkout", "f")
    git("apply", stdin=data)
    assert apply_hunks(old, parsed_one(data)) == (tmp_path / "f").read_bytes() == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"x", b"x\n"),
        (b"x\n", b"x"),
        (b"x", b"y"),
        (b"a\nx", b"b\nx"),
        (b"", b"x"),
        (b"x", b""),
        (b"x\n", b"x\ny"),
    ],
)
def test_a_missing_newline_at_the_end_is_kept_given_and_taken(difference, old, new):
    assert apply_hunks(old, parsed_one(difference(old, new))) == new


@pytest.mark.parametrize(
    ("file", "number", "problem"),
    [
        (b"1\n2\nX\n4\n5\n6\n7\n", 1, "line 3 of the file is not what the hunk expects"),
        (
            b"0\n1\n2\n3\n4\n5\n6\n7\n",
            1,
            "line 1 of the file is not",
        ),  # git would find it one line further down
        (b"1\n2\n3\n4\n5\n", 1, "the file ends at line 5, inside the hunk"),
        (b"1\n2\n3\n4\n5\n6\n7", 1, "line 7 of the file is not"),
        (b"", 1, "the file ends at line 0"),
    ],
)
def test_a_file_that_differs_at_the_stated_lines_is_refused(difference, file, number, problem):
    diff = parsed_one(difference(b"1\n2\n3\n4\n5\n6\n7\n", b"1\n2\n3\nfour\n5\n6\n7\n"))
    with pytest.raises(HunkMismatch, match=problem) as caught:
        apply_hunks(file, diff)
    assert caught.value.hunk_number == number


HEAD = b"diff --git a/f b/f\n--- a/f\n+++ b/f\n"


@pytest.mark.parametrize(
    ("hunks", "problem"),
    [
        (b"@@ -2 +2 @@\n-2\n+x\n@@ -1 +1 @@\n-1\n+y\n", "hunk 2: line 1 is not after the hunk before"),
        (b"@@ -9,0 +9 @@\n+x\n", "hunk 1: line 10 is not after the hunk before, or not in the file"),
        (b"@@ -0 +0 @@\n-1\n+x\n", "hunk 1: line 0 is not"),
        (
            b"@@ -1 +1 @@\n-1\n+x\n\\ No newline at end of file\n",
            "hunk 1: a line without newline is not the last",
        ),
    ],
)
def test_hunks_that_fit_nowhere_are_refused(hunks, problem):
    with pytest.raises(HunkMismatch, match=problem):
        apply_hunks(b"1\n2\n3\n", parsed_one(HEAD + hunks))


def test_a_diff_that_holds_no_applicable_lines_is_refused():
    with pytest.raises(HunkMismatch, match="binary"):
        apply_hunks(b"", parsed_one(b"diff --git a/f b/f\nBinary files a/f and b/f differ\n"))
    with pytest.raises(HunkMismatch, match="combined"):
        apply_hunks(b"x\n", parsed_one(b"diff --cc f\n@@@ -1 -1 +1 @@@\n- x\n -z\n++y\n"))


def test_a_marker_with_no_line_before_it_is_refused():
    with pytest.raises(HunkMismatch, match="hunk 1: a newline is taken from no line"):
        apply_hunks(b"x\n", parsed_one(HEAD + b"@@ -1 +1 @@\n\\ No newline at end of file\n-x\n+y\n"))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("data", [b"", b"x\n", b"\0\r\n\xff" * 999])
def test_a_blob_is_named_as_git_names_it(git, tmp_path, algorithm, data):
    git("init", "-q", f"--object-format={algorithm}", "named")
    name = git("-C", "named", "hash-object", "--stdin", stdin=data).decode().strip()
    assert blob_name(data, algorithm) == name
