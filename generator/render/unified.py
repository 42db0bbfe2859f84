"""Write parsed diffs as unified diffs that `git apply`, `git am` and `patch -p1` read."""

import re
from collections.abc import Iterable

from generator.model.diffs import FileDiff, Hunk

NOWHERE = b"/dev/null"
PLAIN_MODE = "100644"


def unified(files: Iterable[FileDiff]) -> bytes:
    """Return the files' diffs with a/ and b/ before their paths; with git's own headers only where they say more.

    A binary file has no diff that could be written: it is left out, and so is a combined one.
    """
    return b"".join(_file(file) for file in files if not file.binary and not file.old_blobs)


def _file(diff: FileDiff) -> bytes:
    old = NOWHERE if diff.status == "A" else _name(b"a/" + diff.old_path)
    new = NOWHERE if diff.status == "D" else _name(b"b/" + diff.path)
    return b"".join([_git_headers(diff), body(diff.hunks, old, new)])


def body(hunks: tuple[Hunk, ...], old: bytes, new: bytes) -> bytes:
    """Return the `---` and `+++` lines and the hunks; nothing when there is no hunk."""
    if not hunks:
        return b""
    return b"".join([b"--- ", _ended(old), b"+++ ", _ended(new), *map(_hunk, hunks)])


def _ended(name: bytes) -> bytes:
    """A tab ends a name with blanks in it, so that what follows a blank is not taken for a date."""
    return name + (b"\t\n" if b" " in name else b"\n")


def _hunk(hunk: Hunk) -> bytes:
    heading = b" " + hunk.heading if hunk.heading else b""
    head = b"@@ -%d,%d +%d,%d @@%b" % (*hunk.old[0], *hunk.new, heading)
    return b"\n".join([head, *hunk.lines, b""])


def _git_headers(diff: FileDiff) -> bytes:
    lines = _mode_lines(diff) + _rename_lines(diff)
    if not lines and diff.hunks:
        return b""
    names = b" ".join([_name(b"a/" + diff.old_path), _name(b"b/" + diff.path)])
    return b"\n".join([b"diff --git " + names, *lines, b""])


def _mode_lines(diff: FileDiff) -> list[bytes]:
    """Return the modes that a diff without git's headers cannot say."""
    old, new = diff.old_mode.encode(), diff.new_mode.encode()
    is_odd = not diff.hunks
    if diff.status == "A":
        return [b"new file mode " + (new or b"100644")] if is_odd or diff.new_mode not in ("", PLAIN_MODE) else []
    if diff.status == "D":
        return [b"deleted file mode " + (old or b"100644")] if is_odd or diff.old_mode not in ("", PLAIN_MODE) else []
    return [b"old mode " + old, b"new mode " + new] if old and new and old != new else []


def _rename_lines(diff: FileDiff) -> list[bytes]:
    verb = {"R": b"rename", "C": b"copy"}.get(diff.status)
    if not verb:
        return []
    similarity = b"similarity index %d%%" % (100 if diff.similarity is None else diff.similarity)
    return [similarity, verb + b" from " + _name(diff.old_path), verb + b" to " + _name(diff.path)]


ODD_RE = re.compile(rb'[\x00-\x1f"\\\x7f]')


def _name(path: bytes) -> bytes:
    """Return a path, in the quotes of git's quote.c when it holds what would end or change it."""
    if not ODD_RE.search(path):
        return path
    return b'"' + ODD_RE.sub(lambda match: b"\\%03o" % match[0][0], path) + b'"'
