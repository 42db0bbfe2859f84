"""Git's stable patch-id: by it the same change is known again wherever it is carried.

git-patch-id(1) describes it; what that page leaves open was found by comparing with the command (git 2.39), and the
tests go on comparing. It is blind to white space, line numbers and what follows `@@`: patches that differ in
nothing else have the same id.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha1

from generator.model.diffs import FileDiff, Hunk

ID_BYTES = 20
NAME_DIGITS = (40, 64)  # of an object name
BLANKS = b" \t\n\r"  # what git takes for white space: the form feed is none
NOWHERE = b"/dev/null"
PLAIN_FILE = "100644"


def patch_id(files: Sequence[FileDiff]) -> str:
    """Return what `git patch-id --stable` prints for a diff, 40 hexadecimal digits, computed from its values.

    "" for an empty diff, for a merge's combined one and for a binary file without full object names, which are what
    it counts by. A diff counts as git would write it: without modes as one of plain files. As with git, the number
    of context lines matters. SHA-1 for a SHA-256 repository too, so that all ids can be compared.
    """
    if not files or not all(_has_id(file) for file in files):
        return ""
    digests = (sha1(part, usedforsecurity=False).digest() for part in _parts(files))
    total = sum(int.from_bytes(digest, "little") for digest in digests)
    return (total % (1 << 8 * ID_BYTES)).to_bytes(ID_BYTES, "little").hex()


def _has_id(file: FileDiff) -> bool:
    is_named = len(file.old_blob) == len(file.new_blob) in NAME_DIGITS
    return all(len(hunk.old) == 1 for hunk in file.hunks) and (is_named or not file.binary)


def _parts(files: Sequence[FileDiff]) -> Iterator[bytes]:
    """Yield what is hashed by itself: each file, with two exceptions that git makes.

    Headers alone (a rename, a mode, an empty file) go together with the file behind them. The file behind a binary
    one goes without its first line, and where there is none an empty part stands for it. So the order of files
    matters only around those.
    """
    headers: list[bytes] = []
    first = 0
    for file in files:
        headers += [*_headers(file)][first:]
        first = 1 if file.binary else 0
        if file.binary or file.hunks:
            body = (file.old_blob + file.new_blob).encode("ascii", "replace") if file.binary else _body(file.hunks)
            yield b"".join(headers).translate(None, BLANKS) + body
            headers.clear()
    if headers or first:
        yield b"".join(headers).translate(None, BLANKS)


def _headers(file: FileDiff) -> Iterator[bytes]:
    """Yield the lines above the hunks, but for the index line, which does not count."""
    old, new = _quoted(b"a/" + file.old_path), _quoted(b"b/" + file.path)
    yield b"diff --git " + old + new
    yield from _mode_headers(file)
    if file.status in ("R", "C"):
        verb = b"rename" if file.status == "R" else b"copy"
        if file.similarity is not None:
            yield b"similarity index %d%%" % file.similarity
        yield verb + b" from " + _quoted(file.old_path)
        yield verb + b" to " + _quoted(file.path)
    if file.hunks:
        yield b"---" + (NOWHERE if file.status == "A" else old)
        yield b"+++" + (NOWHERE if file.status == "D" else new)


def _mode_headers(file: FileDiff) -> Iterator[bytes]:
    if file.status == "A":
        yield b"new file mode " + (file.new_mode or PLAIN_FILE).encode()
    elif file.status == "D":
        yield b"deleted file mode " + (file.old_mode or PLAIN_FILE).encode()
    elif file.old_mode != file.new_mode and file.old_mode and file.new_mode:
        yield b"old mode " + file.old_mode.encode()
        yield b"new mode " + file.new_mode.encode()


ODD_BYTES = frozenset((*range(0x20), 0x22, 0x5C, *range(0x7F, 0x100)))
LETTERS = {7: b"a", 8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r", 0x22: b'"', 0x5C: b"\\"}
QUOTED = [b"\\" + LETTERS.get(code, b"%03o" % code) if code in ODD_BYTES else bytes([code]) for code in range(0x100)]


def _quoted(path: bytes) -> bytes:
    """Return a path as git prints it with its own settings: one with an odd byte in C's quotes."""
    if ODD_BYTES.isdisjoint(path):
        return path
    return b'"' + b"".join([QUOTED[code] for code in path]) + b'"'


def _body(hunks: Sequence[Hunk]) -> bytes:
    r"""Return the lines of the hunks without white space; the `\ No newline` lines do not count."""
    text = b"\n".join([line for hunk in hunks for line in hunk.lines if line[:1] != b"\\"])
    if b"\0" in text:  # git reads a line as a C string
        text = b"".join([line.partition(b"\0")[0] for line in text.split(b"\n")])
    return text.translate(None, BLANKS)
