"""Which paths of a diff lead out of the tree that it is applied in. Such a patch is refused, never repaired."""

from collections.abc import Iterable

from generator.errors import ParseError
from generator.model.diffs import FileDiff

LINK_MODE = "120000"


class RefusedPatch(ParseError):
    """A patch that must not be offered: it writes outside its tree, or unpacks without end."""


class Escape(ValueError):
    """A file of a diff that leaves the tree. `number` is its index."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(problem)
        self.number = number
        self.problem = problem


def links_after(files: Iterable[FileDiff], links: frozenset[bytes] = frozenset()) -> frozenset[bytes]:
    """Return the paths that are symbolic links when `files` are applied after a series that made `links`.

    Raises Escape for the first path that is absolute, goes upwards, holds a NUL, is git's own, or lies behind a
    link: what is written there lands wherever the link points.
    """
    result = set(links)
    for number, file in enumerate(files):
        for path in {file.path, file.old_path}:
            if problem := _path_problem(path) or _link_problem(path, result):
                raise Escape(number, f"{problem}; a patch that can leave its tree is refused")
        _follow(file, result)
    return frozenset(result)


def shown(path: bytes) -> str:
    """Return a path for a message: backslashes for whatever could act in a terminal."""
    return repr(path.decode("utf-8", "backslashreplace"))


def _path_problem(path: bytes) -> str:
    parts = path.split(b"/")
    if b"\0" in path:
        return f"the path {shown(path)} holds a NUL byte"
    if path.startswith(b"/"):
        return f"the path {shown(path)} is absolute"
    if b".." in parts:
        return f"the path {shown(path)} leads upwards"
    if any(part.lower() == b".git" for part in parts):
        return f"the path {shown(path)} is git's own"
    return f"the path {shown(path)} has an empty part" if b"" in parts else ""


def _link_problem(path: bytes, links: set[bytes]) -> str:
    at = path.find(b"/")
    while links and at >= 0:
        if path[:at] in links:
            return f"{shown(path)} lies behind the symbolic link {shown(path[:at])} that the patches make"
        at = path.find(b"/", at + 1)
    return ""


def _follow(file: FileDiff, links: set[bytes]) -> None:
    moved = file.status == "R" and file.old_path in links
    if file.status in ("D", "R"):
        links.discard(file.old_path)
    if file.status != "D" and (file.new_mode == LINK_MODE or (moved and not file.new_mode)):
        links.add(file.path)
    elif file.new_mode:
        links.discard(file.path)
