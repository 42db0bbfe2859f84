from generator.parse.patch_output import SaidHunk, complaints, parse_apply_output, parse_patch_output

PATCH = """\
patching file new (read from old)
Hunk #1 succeeded at 12 with fuzz 2 (offset 3 lines).
Hunk #2 succeeded at 40 (offset -1 line).
Hunk #3 FAILED at 60.
Hunk #4 succeeded at 70 with fuzz 1.
Hunk #5 FAILED at 80 (different line endings).
2 out of 5 hunks FAILED -- saving rejects to file rejected
"""


def test_what_patch_says() -> None:
    assert parse_patch_output(PATCH) == (
        SaidHunk(1, False, 3, 2),
        SaidHunk(2, False, -1, 0),
        SaidHunk(3, True, 0, 0),
        SaidHunk(4, False, 0, 1),
        SaidHunk(5, True, 0, 0),
    )


GIT = """\
Checking patch a.c...
Hunk #2 succeeded at 5 (offset 2 lines).
Checking patch b => c...
error: while searching for:
x
error: patch failed: c:1
error: c: patch does not apply
"""


def test_what_git_says() -> None:
    assert parse_apply_output(GIT) == ((SaidHunk(2, False, 2, 0),), ())
    assert complaints(GIT) == ("while searching for:", "patch failed: c:1", "c: patch does not apply")
