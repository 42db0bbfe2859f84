"""Read a manual page and its program's options from a mirror."""

import posixpath
from collections.abc import Sequence

from generator.model.files import TreeEntry
from generator.model.manual_facts import ManualFacts
from generator.model.options import Help, Row
from generator.parse.manual import manual_entries, parse_manual
from generator.parse.options import gather_options, parse_additions, parse_helps, parse_rows
from generator.render.escape import decode
from generator.sources.git import BlobReader, Mirror, list_tree, open_blobs

ENDINGS = (".c", ".h")
LINK = "120000"
LONGEST_PATH = 4096
MOST_BYTES = 1 << 20  # of a file that is looked at


def read_manual(mirror: Mirror, head: str, path: str) -> ManualFacts:
    """Return what the tree at `head` says in the manual page `path`, and in the C files beside and below it."""
    folder = f"{path.rpartition('/')[0]}/" if "/" in path else ""
    tree = [TreeEntry(*row) for row in list_tree(mirror, head)]
    rows: list[Row] = []
    helps: list[Help] = []
    with open_blobs(mirror) as blobs:
        files = _files(tree, blobs)
        if path not in files:
            return ManualFacts(manual=None, added={}, blobs={})
        manual = parse_manual(decode(blobs.read(files[path][0]) or b""))
        for name, (blob, size) in files.items():
            if name.startswith(folder) and name.endswith(ENDINGS) and size <= MOST_BYTES:
                text = decode(blobs.read(blob) or b"")
                rows += parse_rows(text, path=name)
                helps += parse_helps(text, path=name)
    accepted = {row.name for row in rows}
    entries = manual_entries(manual)
    known = accepted | {entry.name for entry in entries}
    options = gather_options(rows, (help for help in helps if help.name in known), entries)
    used = {thing.spot.path for option in options for thing in (*option.rows, *option.helps)} | {path}
    return ManualFacts(
        manual=manual,
        options=options,
        added=_additions(mirror, head, folder),
        blobs={name: files[name][0] for name in sorted(used)},
    )


def _files(tree: Sequence[TreeEntry], blobs: BlobReader) -> dict[str, tuple[str, int]]:
    """Return (blob, bytes) of every file by path; a symbolic link stands for the file of the tree that it leads to.

    kexec-tools has x86_64's table as a link to i386's.
    """
    files = {entry.path: (entry.blob, entry.size_bytes) for entry in tree if entry.mode in ("100644", "100755")}
    links = {}
    for entry in tree:
        if entry.mode == LINK and entry.size_bytes <= LONGEST_PATH:
            target = decode(blobs.read(entry.blob) or b"")
            links[entry.path] = files.get(posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target)))
    return files | {path: file for path, file in links.items() if file}


def _additions(mirror: Mirror, head: str, folder: str) -> dict[str, str]:
    arguments = ("--reverse", "--no-merges", "--format=commit %H", "-p", "-U0", r"-G\{ *\"[a-z]", head, "--")
    paths = [f":(glob){folder}**/*{ending}" for ending in ENDINGS]
    return parse_additions(decode(mirror.run("log", *arguments, *paths)))
