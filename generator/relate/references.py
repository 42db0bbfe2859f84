"""Commits that name other commits: fixes, reverts, mentions, and the same seen from the other side."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from generator.model.commits import Commit
from generator.model.histories import Reference

HEX_RE = re.compile(r"(?<![0-9A-Za-z_/.-])([0-9a-f]{7,64})(?![0-9A-Za-z_])")
REVERT_RE = re.compile(r"^This reverts commit ([0-9a-f]{7,64})", re.MULTILINE)
FIXES_RE = re.compile(r"([0-9a-f]{7,64})\b")
BACK = {"fixes": "fixed by", "reverts": "reverted by", "mentions": "mentioned by"}
ORDER = ("fixed by", "reverted by", "fixes", "reverts", "mentioned by", "mentions")


class Names:
    """Finds commits by the abbreviations people write."""

    def __init__(self, shas: Sequence[str]) -> None:
        self._sorted = sorted(shas)

    def find(self, prefix: str) -> str | None:
        """Return the one commit whose name starts with `prefix`; None when there is none or more than one."""
        at = bisect_left(self._sorted, prefix)
        matches = [sha for sha in self._sorted[at : at + 2] if sha.startswith(prefix)]
        return matches[0] if len(matches) == 1 else None


def references(commits: Sequence[Commit], names: Names) -> dict[str, tuple[Reference, ...]]:
    """Return what each commit says of others and what others say of it; the strongest word counts once per pair."""
    found: dict[str, set[Reference]] = {}
    for commit in commits:
        for sha, kind in _named(commit, names).items():
            found.setdefault(commit.sha, set()).add(Reference(kind, sha))
            found.setdefault(sha, set()).add(Reference(BACK[kind], commit.sha))
    age = {commit.sha: number for number, commit in enumerate(commits)}
    return {
        sha: tuple(sorted(items, key=lambda item: (ORDER.index(item.kind), -age[item.sha])))
        for sha, items in found.items()
    }


def _named(commit: Commit, names: Names) -> Mapping[str, str]:
    """Return the commits that a message names, each with the strongest relation it claims."""
    kinds: dict[str, str] = {}
    claims = [
        ("fixes", match)
        for trailer in commit.trailers
        if trailer.key.lower() == "fixes"
        for match in FIXES_RE.findall(trailer.value)[:1]
    ]
    claims += [("reverts", match) for match in REVERT_RE.findall(commit.body)]
    claims += [("mentions", match) for match in HEX_RE.findall(commit.body)]
    for kind, prefix in claims:
        sha = names.find(prefix)
        if sha and sha != commit.sha:
            kinds.setdefault(sha, kind)
    return kinds
