"""What is in a built site, file by file, and what differs from what was published before."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.errors import ParseError, PortalError
from generator.output.manifest import MANIFEST

LIST = ".published.json"  # beside what was published: path -> SHA-256
CHUNK = 1 << 20
MOST_FILES = 500_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What to send, in the order in which it must arrive, and what to remove after it."""

    send: tuple[str, ...]
    drop: tuple[str, ...]
    kept: int


def take_inventory(site: Path) -> dict[str, str]:
    """Return path -> SHA-256 of all files below a folder, sorted. Raises PortalError when it is no built site."""
    if not (site / "index.html").is_file():
        raise PortalError(f"{site}: is no built site, for it has no index.html: run kdump-portal build")
    found = {}
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.is_symlink() or not path.is_file() or name in (MANIFEST, LIST):
            continue
        found[name] = digest_of(path)
    if len(found) > MOST_FILES:
        raise PortalError(f"{site}: has {len(found)} files, and at most {MOST_FILES} are published")
    return found


def digest_of(file: Path) -> str:
    """Return a file's SHA-256."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def name_of(inventory: Mapping[str, str]) -> str:
    """Return a name for a site as it is: the same files have the same name."""
    return hashlib.sha256(dump_list(inventory)).hexdigest()[:16]


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> Changes:
    """Return what leads from one inventory to the other."""
    send = [path for path, digest in new.items() if old.get(path) != digest]
    return Changes(
        send=tuple(in_order(send)), drop=tuple(path for path in old if path not in new), kept=len(new) - len(send)
    )


def in_order(paths: Iterable[str]) -> list[str]:
    """Sort so that nothing refers to what has not arrived: files first, then pages, the ones that lead to them last."""
    return sorted(paths, key=_turn)


def _turn(path: str) -> tuple[bool, bool, int, str]:
    return path.endswith((".html", ".xml")), path.endswith("index.html"), -path.count("/"), path


def dump_list(inventory: Mapping[str, str]) -> bytes:
    """Return an inventory as it is kept."""
    return json.dumps(inventory, indent=0, sort_keys=True).encode()


def load_list(data: bytes, *, source: str) -> dict[str, str]:
    """Return a kept inventory. Raises ParseError when it is none."""
    try:
        found = json.loads(data)
    except ValueError as problem:
        raise ParseError(source, 1, f"is no list of a published site: {problem}") from problem
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ParseError(source, 1, "is no list of a published site")
    return found
