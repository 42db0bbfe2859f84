"""Names under which the cache keeps what was worked out. Each names the input and the code that worked on it."""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

WORKERS = ("model", "parse", "relate", "render", "work")


@cache
def renderer_key() -> str:
    """Return a digest of what turns a commit into what is kept: the stages that work on it, and Pygments."""
    package = Path(__file__).parent.parent
    return _digest(file for folder in WORKERS for file in (package / folder).rglob("*.py"))


@cache
def code_key() -> str:
    """Return a digest of all our code, for what depends on more than the stages that work on a commit."""
    return _digest(Path(__file__).parent.parent.rglob("*.py"))


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.blake2b(version("pygments").encode(), digest_size=8)
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def record_key(sha: str) -> str:
    """Return the key of a commit's record."""
    return f"{renderer_key()}/record/{sha}"


def diff_key(sha: str, part: int) -> str:
    """Return the key of one page of a commit's diff as HTML."""
    return f"{renderer_key()}/html/{sha}/{part}"


def patch_key(sha: str) -> str:
    """Return the key of a commit's mail."""
    return f"{renderer_key()}/patch/{sha}"


def plain_diff_key(sha: str) -> str:
    """Return the key of a commit's bare diff, or of a merge's bundle."""
    return f"{renderer_key()}/diff/{sha}"


def blob_key(kind: str, blob: str, path: str) -> str:
    """Return the key of a blob's `html`, `facts` or `raw` bytes; the path decides the language."""
    named = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{renderer_key()}/blob/{kind}/{blob}/{named}"


def comparison_key(older: str, newer: str, part: int) -> str:
    """Return the key of a page of the diff between two commits; part 0 holds the facts."""
    return f"{renderer_key()}/comparison/{older}/{newer}/{part}"


def briefs_prefix() -> str:
    """Return what the keys of reports cut down begin with."""
    return f"{renderer_key()}/briefs/"


def shards_key(group: str) -> str:
    """Return the key of the names of the shards that were made; `group` names what all of them depended on."""
    return f"{renderer_key()}/shards/{group}"
