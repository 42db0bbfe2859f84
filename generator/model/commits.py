"""Commits as git records them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """An identity as a commit or a tag names it; `.mailmap` of the source is applied."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment in git's terms: seconds since 1970 (may be negative) and the zone it was said in."""

    seconds: int
    zone: str  # "+0100", as git prints it


@dataclass(frozen=True, slots=True)
class Trailer:
    """One `Key: value` of the block that git itself takes for trailers, unfolded."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What the commit object holds. Bytes that are not UTF-8 stay as surrogate escapes."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    authored: Stamp
    committer: Person
    committed: Stamp
    subject: str
    body: str  # without the subject, trailers included
    trailers: tuple[Trailer, ...]

    @property
    def is_merge(self) -> bool:
        """Whether it has more than one parent."""
        return len(self.parents) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file of a commit's diff. Paths are text with surrogate escapes, modes octal as git prints them."""

    status: str  # A added, D deleted, M modified, R renamed, C copied, T type changed
    path: str  # the new path; for a deletion the old one
    old_path: str | None = None  # for renames and copies
    old_mode: str
    new_mode: str
    old_blob: str  # full object name, all zeros where there is none
    new_blob: str
    added: int | None  # lines; None: binary
    removed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What applying a commit's patch to its parent gave.

    verdict: `verified` (exactly the commit's tree), `lossy` (applies, but the mail cannot carry all of it),
    `failed` (does not give the tree), `merge` (there is no single patch).
    """

    verdict: str
    tree: str = ""
    notes: tuple[str, ...] = ()  # what is lost and which options help, in sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRecord:
    """What never changes about a commit's patch: worked out once, then kept in the cache."""

    sha: str
    changes: tuple[Change, ...]
    verification: Verification
    patch_id: str = ""  # git's stable patch-id, "" for a merge
    lines: bytes = b""  # fingerprint of its changed lines, see `relate.fingerprints`
    parts: tuple[int, ...] = ()  # files on each page of the diff: the commit's own page, then the further ones
