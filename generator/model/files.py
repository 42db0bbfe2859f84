"""The files of a source: trees at refs, what stands in their folders, and each blob's facts."""

from collections.abc import Mapping
from dataclasses import dataclass

HEAD = "HEAD"
"""The `ref` under which the head's tree is shown: an address that stays when the branch gets another name."""

FileHistory = tuple[tuple[str, str], ...]
"""(commit, the file's path at that time) of every commit that touched a file, newest first."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree that is not a folder."""

    mode: str  # octal as git prints it: 100644, 100755, 120000 symbolic link, 160000 submodule
    kind: str  # blob, or commit for a submodule
    blob: str  # the object's full name; a submodule's is a commit of another repository
    size_bytes: int
    path: str

    @property
    def is_submodule(self) -> bool:
        """Whether it names a commit of another repository, whose content is not here."""
        return self.kind != "blob"


@dataclass(frozen=True, slots=True)
class Tree:
    """All that stands at a ref: a tag's name, or HEAD."""

    ref: str
    commit: str
    entries: tuple[TreeEntry, ...]  # by path


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What one folder's page lists, and the sums of all below it."""

    path: str  # without slashes around it, "" for the root
    folders: tuple[str, ...]  # paths of the folders right in it
    entries: tuple[TreeEntry, ...]
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A tree ready to be shown. `folders` is by path, the root first, parents before children.

    `touched` names for every path, and every folder, the newest commit the ref holds that touched it or what is below.
    """

    tree: Tree
    folders: Mapping[str, Folder]
    touched: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a blob stands: a ref, a path there, and the commit that put it there ("" unknown)."""

    ref: str
    path: str
    mode: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobFacts:
    """What a blob's page says above the content."""

    size_bytes: int
    lines: int  # 0 for a binary
    binary: bool
    language: str = ""  # "" where nothing is known
    line_ends: str = ""  # "CRLF", "mixed", or "" for LF alone
    ends_open: bool = False  # the last line has no newline
    target: str = ""  # of a blob that stands somewhere as a symbolic link: where it leads


@dataclass(frozen=True, slots=True)
class Departure:
    """The commit in which a path went away; `successor` is the path it was renamed to, "" when it was deleted."""

    commit: str
    successor: str
