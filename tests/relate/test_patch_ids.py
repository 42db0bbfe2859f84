"""A patch-id is the one git prints, for whatever git can print a diff of."""

import random
from dataclasses import replace

import pytest
from world import FILE, LINK, PROGRAM, Repository, git

from generator.model.diffs import FileDiff, Hunk
from generator.parse.diff import parse_diff
from generator.relate.patch_ids import patch_id

OPTIONS = ("--full-index", "--binary", "-M", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short")


def commits_of(repository):
    return repository.git("rev-list", "--no-merges", "--all").split()


def diffs_of(repository, *options):
    """Return git's diffs of all commits as one text, and its id of each commit; git has none for an empty diff."""
    shas = commits_of(repository)
    command = ("diff-tree", "--stdin", "--always", "-r", "-p", "--root", *OPTIONS, *options)
    text = git(repository.folder, *command, stdin="".join(f"{sha}\n" for sha in shas).encode()) + b"\n"
    printed = git(repository.folder, "patch-id", "--stable", stdin=text).decode()
    return text, dict(line.split()[::-1] for line in printed.splitlines())


def parsed(repository, *options):
    """Return the files of each commit's diff, and git's ids."""
    text, wanted = diffs_of(repository, *options)
    files, at = {}, 0
    for sha in commits_of(repository):
        assert text.startswith(f"{sha}\n".encode(), at)
        files[sha], at = parse_diff(text, source=sha, start=at + len(sha) + 1)
    return files, wanted


def assert_same_as_git(repository, *options):
    files, wanted = parsed(repository, *options)
    ours = {sha: patch_id(files[sha]) for sha in files}
    assert {sha: found for sha, found in ours.items() if found} == wanted
    return files


@pytest.mark.parametrize("options", [(), ("--no-renames",), ("-U0",), ("-U10", "-C", "--find-copies-harder")])
def test_the_id_is_gits_for_every_odd_commit(hostile, options):
    assert len(assert_same_as_git(hostile, *options)) > 150


WORDS = (b"int a;", b"\treturn 0;", b"}", b"", b"  ", b"\x0cfeed\x0b", b"cr\r", b"\xff\xfe", b"a b\tc", b"@@ -1 +1 @@")
NAMES = (b"a.c", b"dir/b b.c", b'quo"te', b"caf\xe9", b"new\nline", b"deep/er/file.h", b"tab\t", b"back\\slash")


def random_content(chance):
    if chance.random() < 0.15:
        return chance.randbytes(40) + b"\0"
    end = b"" if chance.random() < 0.2 else b"\n"
    return b"\n".join(chance.choices(WORDS, k=chance.randint(0, 30))) + end


def random_changes(chance, tree):
    """Change, add, remove, move or re-mode a few files; `tree` follows."""
    changes = {}
    for name in chance.sample(NAMES, chance.randint(1, 4)):
        mode, data = tree.get(name, (FILE, b""))
        kind = chance.choice(("edit", "edit", "write", "mode", "move", "remove"))
        if kind == "edit" and data:
            lines = data.split(b"\n")
            lines[chance.randrange(len(lines))] = chance.choice(WORDS) + b"!"
            changes[name] = (mode, b"\n".join(lines))
        elif kind == "mode" and name in tree:
            changes[name] = (chance.choice((FILE, PROGRAM, LINK)), data)
        elif kind == "move" and name in tree:
            changes[name] = None
            changes[b"moved/" + name] = (mode, data + chance.choice((b"", b"more\n")))
        elif kind == "remove" and name in tree:
            changes[name] = None
        else:
            changes[name] = (mode, random_content(chance))
    for name, content in changes.items():
        tree.pop(name, None)
        if content:
            tree[name] = content
    return changes


def test_the_id_is_gits_for_random_edits_moves_modes_and_binaries(tmp_path):
    chance, repository, tree = random.Random(3), Repository(tmp_path / "random.git"), {}
    for number in range(80):
        repository.commit(f"change {number}", random_changes(chance, tree))
    files = assert_same_as_git(repository)
    statuses = {file.status + "b" * file.binary for found in files.values() for file in found}
    assert statuses >= {"A", "M", "D", "R", "Ab", "Mb", "Db"}


def hunk(*lines, at=1, heading=b""):
    old, new = (sum(line[:1] in marks for line in lines) for marks in (b" -", b" +"))
    return Hunk(((at, old),), (at, new), heading, lines)


def edit(path, *lines, **place):
    return FileDiff(
        path=path, old_path=path, status="M", old_mode="", new_mode="", old_blob="", new_blob="",
        hunks=(hunk(*lines, **place),),
    )  # fmt: skip


ONE = edit(b"a.c", b" int a;", b"-int b;", b"+int c;")
TWO = edit(b"b.c", b"-x", b"+y")


def test_place_heading_and_white_space_do_not_count():
    moved = edit(b"a.c", b" int  a;", b"-int b;\r", b"+\tint c;", at=99, heading=b"main(void)")
    assert patch_id((moved,)) == patch_id((ONE,))


def test_neither_does_a_missing_newline():
    open_end = edit(b"a.c", *ONE.hunks[0].lines, b"\\ No newline at end of file")
    assert patch_id((open_end,)) == patch_id((ONE,))


def test_the_order_of_files_does_not_count():
    assert patch_id((ONE, TWO)) == patch_id((TWO, ONE)) != patch_id((ONE,))


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, path=b"c.c", old_path=b"c.c"),
        edit(b"a.c", b"-int b;", b"+int c;"),
        edit(b"a.c", b" int x;", b"-int b;", b"+int c;"),
        edit(b"a.c", b" int a;", b"-int c;", b"+int b;"),
        edit(b"a.c", b" int a;", b"-int b;", b"+int C;"),
        replace(ONE, old_mode="100644", new_mode="100755"),
    ],
    ids=["file", "less context", "other context", "the reverse", "a letter", "mode"],
)
def test_a_near_miss_is_another_id(other):
    assert patch_id((other,)) != patch_id((ONE,))


def test_a_diff_that_does_not_give_modes_counts_as_one_of_plain_files():
    bare = replace(ONE, status="A")
    assert patch_id((bare,)) == patch_id((replace(bare, new_mode="100644"),))
    assert patch_id((ONE,)) == patch_id((replace(ONE, old_mode="100644", new_mode="100644"),))


def test_an_empty_diff_and_a_merge_have_no_id():
    combined = replace(ONE, hunks=(Hunk(((1, 1), (1, 1)), (1, 1), b"", (b"++x",)),))
    assert patch_id(()) == patch_id((combined,)) == ""
