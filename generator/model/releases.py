"""What a release gives away, and how far it can be trusted."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A file of a release that is kept on disk and offered for download.

    kind: `snapshot` (made here from the repository), `tarball` (as released) or `signature` (of the tarball).
    """

    name: str  # its file name, safe in an address and on a command line
    kind: str
    file: Path
    size_bytes: int
    sha256: str
    tar_sha256: str = ""  # of the bytes before compression; "" for what is no compressed archive
    verdict: str = ""  # how it compares with what was published, or what a signature is over


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureState:
    """What checking a tag's signature gave.

    verdict: `none` (it is not signed), `unverified` (see `reason`), `verified` (by `signer`), `bad`.
    """

    verdict: str
    reason: str = ""
    key: str = ""  # fingerprint or key id, hexadecimal
    signer: str = ""  # the user id of the key


@dataclass(frozen=True, slots=True, kw_only=True)
class Tarball:
    """What is known of a release's tarball as released: its files, or in `note` why there is none."""

    archives: tuple[Archive, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """What a release's page shows besides the history."""

    signature: SignatureState
    archives: tuple[Archive, ...] = ()
    note: str = ""  # why there is no tarball as released, "" when there is one or none was looked for
    tree: bool = False  # the files at this tag have pages
    diff: bool = False  # `diff.html` stands beside the page


def version_of(tag: str) -> str:
    """Return the version that a tag's name stands for: `v2.0.31` is 2.0.31."""
    return tag[1:] if tag[:1] == "v" and tag[1:2].isdigit() else tag


def is_pre_release(tag: str) -> bool:
    """Return whether a tag's name says that a release is still to come: `v2.0.32-rc1`, `v20080318-rc`."""
    return bool(PRE_RELEASE_RE.search(tag))


PRE_RELEASE_RE = re.compile(r"[-._]?(?:rc|pre|alpha|beta)[-._]?\d*$", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Return a file name that needs no quoting in an address or on a command line and that `paths.slug` keeps.

    A safe name stays as it is. Another keeps its endings, and what is readable of the rest before a hash of it; the
    two dots between them stand in no safe name, so different names stay different.
    """
    stem, endings = NAME_RE.fullmatch(name).groups()
    if SAFE_RE.fullmatch(stem) and ".." not in stem:
        return name
    digest = hashlib.sha256(stem.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    readable = ODD_RUN_RE.sub("-", stem)[:40].strip("-") or "file"
    return f"{readable}..{digest}{endings}"


NAME_RE = re.compile(r"(.*?)((?:\.[a-zA-Z0-9]{1,4}){0,2})", re.DOTALL)
SAFE_RE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
ODD_RUN_RE = re.compile(r"[^A-Za-z0-9_]+")
