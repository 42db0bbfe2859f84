"""Diffs of many files as the bodies of pages of bounded size."""

from collections.abc import Iterable, Sequence

from generator.model.commits import Change
from generator.model.diffs import FileDiff, count_lines
from generator.render.changes import file_block
from generator.render.escape import decode
from generator.sources.git import BlobReader
from generator.work.batches import highlighter

PAGE_BYTES = 400_000  # of diff HTML on one page
Contents = tuple[bytes | None, bytes | None]  # a file before and after, None where there is none to read


def contents_of(file: FileDiff, blobs: BlobReader) -> Contents:
    """Return the old and the new content of a file; a submodule's is elsewhere, a merge's old one is not single."""
    old = None if file.status == "A" or file.old_mode == "160000" or file.old_blobs else _blob(file.old_blob, blobs)
    new = None if file.status == "D" or file.new_mode == "160000" else _blob(file.new_blob, blobs)
    return old, new


def _blob(name: str, blobs: BlobReader) -> bytes | None:
    return blobs.read(name) if name.strip("0") else None


def change_of(file: FileDiff) -> Change:
    """Return what a file's diff says in short."""
    added, removed = (None, None) if file.binary else count_lines(file)
    return Change(
        status=file.status,
        path=decode(file.path),
        old_path=decode(file.old_path) if file.status in ("R", "C") else None,
        old_mode=file.old_mode,
        new_mode=file.new_mode,
        old_blob=file.old_blob,
        new_blob=file.new_blob,
        added=added,
        removed=removed,
    )


def diff_pages(files: Sequence[FileDiff], contents: Sequence[Contents]) -> tuple[tuple[int, ...], list[bytes]]:
    """Return how many files stand on each page, and the HTML of each page's diffs."""
    blocks = [
        file_block(file, number, old=old, new=new, highlighter=highlighter())
        for number, (file, (old, new)) in enumerate(zip(files, contents, strict=True), 1)
    ]
    parts = _parts(len(block) for block in blocks)
    pages = []
    first = 0
    for count in parts:
        pages.append("".join(blocks[first : first + count]).encode())
        first += count
    return parts, pages


def _parts(sizes: Iterable[int]) -> tuple[int, ...]:
    """Cut so that no page but one of a single file is over PAGE_BYTES."""
    parts: list[int] = []
    used = PAGE_BYTES + 1
    for size in sizes:
        if used + size > PAGE_BYTES:
            parts.append(0)
            used = 0
        parts[-1] += 1
        used += size
    return tuple(parts)
