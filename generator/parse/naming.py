"""How names of foreign formats become ours: dotted scenario paths, and architectures as `uname -m` says them."""

import re
from collections.abc import Iterable

LONGEST = 200  # characters of a path
ODD_RE = re.compile(r"[^A-Za-z0-9_-]+")


def scenario_path(parts: Iterable[str]) -> str:
    """Return `kdump.nfs` for (`kdump`, `nfs`): KCIDB's alphabet, anything else is `_`; "" where nothing is left.

    A dot within a part parts it.
    """
    clean = (ODD_RE.sub("_", piece.strip()).strip("_") for part in parts for piece in part.split("."))
    return ".".join(piece for piece in clean if piece)[:LONGEST].rstrip(".")


def place(parts: list[str]) -> tuple[str, str]:
    """Return the path of the scenario and the name of the step: a test lies in what stands before its last part.

    A test of a single part is the only step of a scenario of that name.
    """
    return scenario_path(parts[:-1] or parts) or "unnamed", parts[-1].strip()


# Debian's names, and the kernel's own for what uname says otherwise.
ARCHITECTURES = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "i386": "i686",
    "ppc64el": "ppc64le",
    "armhf": "armv7l",
}
ARCHITECTURE_RE = re.compile(r"[a-z][a-z0-9_]{1,19}")


def architecture(name: str) -> str:
    """Return an architecture as `uname -m` says it, "" where `name` is none."""
    known = ARCHITECTURES.get(name, name)
    return known if ARCHITECTURE_RE.fullmatch(known) else ""


SLUG_RE = re.compile(r"[^a-z0-9._-]+")


def slug(name: str) -> str:
    """Return a name in the alphabet of roles and origins: lower case, digits, `.`, `_`, `-`; or ""."""
    return SLUG_RE.sub("-", name.lower()).strip("-._")[:64]
