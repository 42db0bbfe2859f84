"""Files in a tree of folders, named by posix paths below its top."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def walk(folder: Path) -> Iterable[str]:
    """Yield the files below a folder."""
    top = str(folder)
    for where, _, names in os.walk(top):
        inner = os.path.relpath(where, top).replace(os.sep, "/")
        yield from names if inner == "." else (f"{inner}/{name}" for name in names)


def count_files(folder: Path | str) -> int:
    """Return how many files are below a folder, without their names: several times sooner than `walk`."""
    try:
        with os.scandir(folder) as entries:
            return sum(count_files(entry.path) if entry.is_dir(follow_symlinks=False) else 1 for entry in entries)
    except FileNotFoundError:
        return 0


def holds(file: Path, data: bytes) -> bool:
    """Tell whether a file is there and has these bytes."""
    try:
        return file.stat().st_size == len(data) and file.read_bytes() == data
    except OSError:
        return False


def move_file(source: Path, target: Path) -> None:
    """Move a file, over one that is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def link_file(source: Path, target: Path) -> bool:
    """Give a file a second name: the same inode where the file system can, which is returned; else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
        return False
    return True


def remove_files(folder: Path, paths: Iterable[str]) -> None:
    """Remove files of a tree, and the folders that they leave empty. What is not there, or is no file, is passed over.

    Where one path is below another, one of both trees has a file there and the other a folder.
    """
    for path in sorted(paths, reverse=True):
        file = folder / path
        if file.is_file():
            file.unlink()
            _remove_empty(folder, file.parent)


def _remove_empty(folder: Path, empty: Path) -> None:
    while empty != folder:
        try:
            empty.rmdir()
        except OSError:  # not empty
            return
        empty = empty.parent
