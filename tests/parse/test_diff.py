"""Diffs are read from real repositories; what git itself says of them is the measure."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from generator.errors import ParseError
from generator.model.diffs import Hunk, count_lines
from generator.parse.diff import parse_diff, unquote_path

ZERO = "0" * 40
OPTIONS = ("-p", "-r", "--root", "-M", "--full-index", "--binary")


class Repo:
    """A git repository that no setting of the user or the machine reaches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self("init", "-q", "-b", "main")

    def __call__(self, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        who = {"NAME": "A", "EMAIL": "a@example.org", "DATE": "1700000000 +0000"}
        environment = {f"GIT_{role}_{key}": text for role in ("AUTHOR", "COMMITTER") for key, text in who.items()}
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        environment |= {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        command = ["git", *arguments]
        run = subprocess.run(command, cwd=self.folder, env=environment, input=stdin, capture_output=True)
        assert run.returncode == 0, run.stderr.decode()
        return run.stdout

    def write(self, name: str | bytes, content: bytes) -> Path:
        file = self.folder / os.fsdecode(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def commit(self) -> str:
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", "x")
        return self("rev-parse", "HEAD").decode().strip()

    def diff(self, *options: str) -> bytes:
        """Return the diff of the last commit."""
        return self("diff-tree", "--no-commit-id", *OPTIONS, *options, "HEAD")


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path)


def parsed(data):
    files, end = parse_diff(data, source="test")
    assert end == len(data)
    return files


def parsed_one(data):
    (file,) = parsed(data)
    return file


def test_a_change_is_read_with_its_hunks_names_and_blobs(repo):
    lines = [b"%d\n" % n for n in range(1, 41)]
    lines[19] = b"int f(void)\n"
    repo.write("kexec/a.c", b"".join(lines))
    repo.commit()
    lines[2] = b"three\n"
    repo.write("kexec/a.c", b"".join([*lines, b"41\n"]))
    repo.commit()
    file = parsed_one(repo.diff())
    assert (file.path, file.old_path, file.status) == (b"kexec/a.c", b"kexec/a.c", "M")
    assert (file.old_mode, file.new_mode, file.binary) == ("100644", "100644", False)
    assert file.old_blob == repo("rev-parse", "HEAD~:kexec/a.c").decode().strip()
    assert file.new_blob == repo("rev-parse", "HEAD:kexec/a.c").decode().strip()
    assert file.hunks == (
        Hunk(((1, 6),), (1, 6), b"", (b" 1", b" 2", b"-3", b"+three", b" 4", b" 5", b" 6")),
        Hunk(((38, 3),), (38, 4), b"int f(void)", (b" 38", b" 39", b" 40", b"+41")),
    )
    assert count_lines(file) == (2, 1)


def test_every_kind_of_change_has_its_status_and_modes(repo):
    repo.write("gone", b"1\n")
    repo.write("empty-gone", b"")
    repo.write("before", b"".join(b"%d\n" % n for n in range(50)))
    repo.write("script", b"x\n")
    repo.write("to-link", b"x\n")
    repo.commit()
    repo("mv", "before", "after")
    repo.write("after", b"".join(b"%d\n" % n for n in range(49)) + b"new\n")
    for name in ("gone", "empty-gone", "to-link"):
        (repo.folder / name).unlink()
    (repo.folder / "script").chmod(0o755)
    (repo.folder / "to-link").symlink_to("after")
    repo.write("new", b"n")
    repo("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    (repo.folder / "module").mkdir()
    repo.commit()
    files = parsed(repo.diff())
    assert [(file.path, file.status, file.old_mode, file.new_mode, len(file.hunks)) for file in files] == [
        (b"after", "R", "100644", "100644", 1),
        (b"empty-gone", "D", "100644", "", 0),
        (b"gone", "D", "100644", "", 1),
        (b"module", "A", "", "160000", 1),
        (b"new", "A", "", "100644", 1),
        (b"script", "M", "100644", "100755", 0),
        (b"to-link", "D", "100644", "", 1),
        (b"to-link", "A", "", "120000", 1),
    ]
    renamed, script = files[0], files[5]
    assert renamed.old_path == b"before" and renamed.similarity > 90
    assert script.old_blob == script.new_blob == ""
    assert files[2].new_blob == ZERO and files[4].old_blob == ZERO
    assert files[3].hunks[0].lines == (b"+Subproject commit " + b"1" * 40,)
    assert files[7].hunks[0].lines == (b"+after", b"\\ No newline at end of file")


def test_an_empty_file_comes_and_goes_without_a_hunk(repo):
    repo.write("empty", b"")
    repo.commit()
    came, gone = parsed_one(repo.diff()), parsed_one(repo.diff("-R"))
    assert (came.path, came.status, came.new_mode, came.hunks) == (b"empty", "A", "100644", ())
    assert (gone.path, gone.status, gone.old_mode, gone.hunks) == (b"empty", "D", "100644", ())


def test_a_copy_names_what_it_was_copied_from(repo):
    repo.write("one", b"".join(b"%d\n" % n for n in range(50)))
    repo.commit()
    repo.write("two", (repo.folder / "one").read_bytes())
    repo.commit()
    file = parsed_one(repo.diff("-C", "--find-copies-harder"))
    assert (file.status, file.old_path, file.path, file.similarity) == ("C", b"one", b"two", 100)


NASTY_NAMES = [
    b"plain.c",
    b"with space",
    b" leading and trailing ",
    b"tab\there",
    b"new\nline",
    b'quo"te',
    b"back\\slash",
    b"trailing\\",
    b'"wholly quoted"',
    b"\xff\xfe not utf-8 \xe9",
    "schön.c".encode(),
    b"a/b b/a",
    b"b/x b/b/x",
    b"rename from x",
    b"control\x01\x7f\x1b[31m",
    b"cr\r",
    b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y",
    b"\a\b\v\f",
    b"-dash/--- a",
]


@pytest.mark.parametrize("quote", ["true", "false"])
def test_any_path_git_can_hold_is_read_as_it_is(repo, quote):
    repo("config", "core.quotePath", quote)
    for number, name in enumerate(NASTY_NAMES):
        repo.write(name, b"%d\n" % number * 20)
    repo.commit()
    assert sorted(file.path for file in parsed(repo.diff())) == sorted(NASTY_NAMES)
    for name in NASTY_NAMES:
        repo.write(name, (repo.folder / os.fsdecode(name)).read_bytes() + b"x\n")
    repo.commit()
    assert {(file.path, file.old_path, file.status) for file in parsed(repo.diff())} == {
        (name, name, "M") for name in NASTY_NAMES
    }
    for name in NASTY_NAMES:
        (repo.folder / os.fsdecode(name)).chmod(0o755)
    repo.commit()
    assert {(file.path, file.new_mode) for file in parsed(repo.diff())} == {(name, "100755") for name in NASTY_NAMES}


@pytest.mark.parametrize("name", NASTY_NAMES, ids=range(len(NASTY_NAMES)))
def test_both_paths_of_a_rename_are_read_as_they_are(repo, name):
    repo.write("plain old", b"".join(b"%d\n" % n for n in range(50)))
    repo.commit()
    (repo.folder / "plain old").unlink()
    repo.write(name, b"".join(b"%d\n" % n for n in range(50)))
    repo.commit()
    forth, back = parsed_one(repo.diff()), parsed_one(repo.diff("-R"))
    assert (forth.status, forth.old_path, forth.path) == ("R", b"plain old", name)
    assert (back.status, back.old_path, back.path) == ("R", name, b"plain old")


def test_a_path_is_unquoted_by_the_rules_of_c():
    assert unquote_path(rb'"a\tb\\\"\303\274\n"') == b'a\tb\\"\xc3\xbc\n'
    assert unquote_path(b'"') == b'"'


HOSTILE = [
    b"diff --git a/evil b/evil",
    b"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
    b"0123456789012345678901234567890123456789",
    b"@@ -1 +1 @@",
    b"-- a/evil",
    b"++ b/evil",
    b"-- ",
    b"\\ No newline at end of file",
    b"GIT binary patch",
    b"literal 5",
    b"carriage return\r",
    b"\r",
    b"",
    b"\x0b\x0c\x1c\xc2\x85\xe2\x80\xa8",
    b"\xff\xfe",
]


def test_a_stream_of_commits_is_framed_by_counts_whatever_the_lines_say(repo):
    chance = random.Random(5)
    shas = []
    for _ in range(12):
        lines = chance.choices(HOSTILE, k=chance.randrange(30))
        repo.write("a", b"\n".join(lines))
        repo.write("b", b"\n".join([*lines, b"x\n"]))
        shas.append(repo.commit())
    stream = repo("diff-tree", "--stdin", *OPTIONS, stdin="\n".join(shas).encode() + b"\n")
    at, seen = 0, []
    while at < len(stream):
        sha = stream[at : at + 40].decode()
        files, at = parse_diff(stream, source="stream", start=at + 41)
        seen.append(sha)
        counts = [
            f"{added}\t{removed}\t{file.path.decode()}" for file in files for added, removed in [count_lines(file)]
        ]
        assert counts == repo("show", "--numstat", "--format=", sha).decode().splitlines()
    assert seen == [sha for sha in shas if sha in seen] and len(seen) > 8


def test_nul_bytes_in_lines_are_content_like_any_other(repo):
    repo.write(".gitattributes", b"* diff\n")
    repo.commit()
    repo.write("a", b"\0\ndiff --git a/x b/x\0\n")
    repo.commit()
    assert parsed_one(repo.diff()).hunks[0].lines == (b"+\0", b"+diff --git a/x b/x\0")


def test_binary_patches_are_stepped_over_exactly(repo):
    chance = random.Random(1)
    noise = chance.randbytes(20_000)
    repo.write("changed", noise)
    repo.write("gone", b"\0")
    repo.commit()
    repo.write("changed", noise + b"a little more")
    (repo.folder / "gone").unlink()
    repo.write("new", b"\0" + chance.randbytes(77))
    repo.write("text", b"x\n")
    repo.commit()
    data = repo.diff()
    assert b"\ndelta " in data and b"\nliteral " in data
    files = parsed(data)
    assert [(file.path, file.status, file.binary) for file in files] == [
        (b"changed", "M", True),
        (b"gone", "D", True),
        (b"new", "A", True),
        (b"text", "A", False),
    ]
    assert parsed(repo("diff-tree", "--no-commit-id", "-p", "-r", "HEAD"))[0].binary


def test_a_merge_has_a_column_of_marks_for_each_parent(repo):
    repo.write("f", b"".join(b"%d\n" % n for n in range(9)))
    repo.write("both", b"x")
    base = repo.commit()
    tips = []
    for name in (b"one", b"two", b"three"):
        repo("checkout", "-q", "--detach", base)
        repo.write("f", b"".join(b"%d\n" % n if n != 5 else name + b"\n" for n in range(9)))
        tips.append(repo.commit())
    repo.write("f", b"".join(b"%d\n" % n if n != 5 else b"all\n" for n in range(9)))
    repo.write("new in merge", b"n\n")
    (repo.folder / "both").unlink()
    repo("add", "-A")
    tree = repo("write-tree").decode().strip()
    parents = [word for tip in tips for word in ("-p", tip)]
    merge = repo("commit-tree", tree, *parents, "-m", "m").decode().strip()
    repo("reset", "-q", "--hard", merge)
    for option in ("--cc", "-c"):
        both, file, new = parsed(repo("diff-tree", "--no-commit-id", option, *OPTIONS, "HEAD"))
        assert (both.status, new.status, new.path) == ("D", "A", b"new in merge")
        assert len(file.old_blobs) == 3 and file.old_blob == file.old_blobs[0]
        (hunk,) = file.hunks
        assert hunk.old == ((3, 7),) * 3 and hunk.new == (3, 7)
        assert hunk.lines[3:8] == (b"-  one", b" - two", b"  -three", b"+++all", b"   6")
        assert count_lines(file) == (1, 3)


def test_what_follows_a_diff_is_left_to_the_caller(repo):
    repo.write("a", b"x")
    repo.commit()
    data = repo.diff()
    assert parse_diff(b"sha\n" + data + b"-- \n2.39\n", source="mail", start=4)[1] == 4 + len(data)
    assert parse_diff(b"nothing here", source="mail", start=3) == ((), 3)


def test_a_diff_cut_anywhere_is_an_error_of_ours_or_a_shorter_diff(repo):
    repo.write("a", b"x\ny")
    repo.write("b", b"\0" * 99)
    repo.commit()
    data = repo.diff()
    inside_hunk = data.index(b"+x")
    for cut in range(len(data)):
        try:
            parse_diff(data[:cut], source="cut")
        except ParseError as error:
            assert error.source == "cut"
        else:
            assert not inside_hunk <= cut < data.index(b"\\ No")


MALFORMED = {
    "diff --git a/x b/y\n": (1, "names no file"),
    "diff --git a/x b/x\n@@ nonsense\n": (2, "not a hunk header"),
    "diff --git a/x b/x\n@@@ -1 +1 @@\n": (2, "one @ more"),
    "diff --git a/x b/x\n@@ -1,2 +1,2 @@\n x\n": (4, "breaks off"),
    "diff --git a/x b/x\n@@ -1,2 +1,2 @@\n x\nx\n": (4, "begins with none of"),
    "diff --git a/x b/x\n@@ -1,2 +1 @@\n+x\n+x\n-x\n-x\n": (2, "counts"),
    "diff --git a/x b/x\n@@ -1 +%s @@\n" % ("9" * 5000): (2, "not a hunk header"),
    "diff --git a/x b/x\nGIT binary patch\nx\n": (3, "no literal or delta"),
    "diff --git a/x b/x\nGIT binary patch\nliteral 9\nzzz\n\n": (4, "base 85"),
    "diff --git a/x b/x\nGIT binary patch\nliteral 9\n": (4, "breaks off"),
    "diff --cc x\n@@@ -1 -1 +1,2 @@@\n  x\n +": (4, "marks"),
}


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_diff_is_refused_with_its_line(text):
    line, problem = MALFORMED[text]
    with pytest.raises(ParseError, match=rf"^bad\.patch:{line}: .*{problem}"):
        parse_diff(text.encode(), source="bad.patch")


def test_a_combined_hunk_is_read_to_its_end_whatever_its_counts_say():
    # git's own counts can be too high for a parent: git.git's merge 00c2c50ea67c says 15 where there are 14 lines.
    text = b"diff --cc x\n@@@ -1,2 -1,5 +1,2 @@@\n  a\n- b\n -c\n -d\n++e\n@@@ -9 -9 +9 @@@\n- y\n++z\n"
    (diff,), end = parse_diff(text + b"0123456789\n", source="x")
    assert [len(hunk.lines) for hunk in diff.hunks] == [5, 2]
    assert end == len(text)
