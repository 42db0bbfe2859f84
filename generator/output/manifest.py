"""What the site on disk was made of: for every file its digest, by the group that it was made with.

One line of the file is one group, so that what stands for a hundred thousand pages that did not change is neither read
nor written again but as a text.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MANIFEST = ".kdump-portal.json"
FOREIGN = "foreign"  # the group of files that others wrote
LAYOUT = '{"layout": 2, "groups": ['


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is remembered of a generated file. `listed`: the sitemap has it; `modified` in seconds since 1970."""

    digest: str
    listed: bool = False
    modified: int | None = None
    searchable: bool = False


class Group:
    """The files of one group, by path; read from the manifest's line only when they are asked for."""

    def __init__(self, name: str, line: str, counts: tuple[int, int, int]) -> None:
        self.name = name
        self.line = line
        self.count, self.listed, self.searchable = counts  # files, those that the sitemap has, that search knows

    @classmethod
    def of(cls, name: str, files: Mapping[str, Kept]) -> "Group":
        """Return a group of these files."""
        counts = (
            len(files),
            sum(kept.listed for kept in files.values()),
            sum(kept.searchable for kept in files.values()),
        )
        rows = {
            path: [kept.digest, kept.listed, kept.modified, kept.searchable] for path, kept in sorted(files.items())
        }
        return cls(name, json.dumps([name, counts, rows], separators=(",", ":")), counts)

    @cached_property
    def files(self) -> Mapping[str, Kept]:
        """The group's files by path."""
        rows = json.loads(self.line)[2]
        return {
            path: Kept(digest=digest, listed=listed, modified=modified, searchable=searchable)
            for path, (digest, listed, modified, searchable) in rows.items()
        }


def family(group: str) -> str:
    """Return the part of a group's name that stays from build to build: what is before the colon."""
    return group.partition(":")[0]


def load_manifest(folder: Path) -> dict[str, Group]:
    """Return the groups of the site in `folder` by name; none when it has no manifest that can be read."""
    try:
        head, *lines, _ = (folder / MANIFEST).read_text("utf-8").split("\n")
        if head != LAYOUT:
            return {}
        return {group.name: group for group in map(_group, lines[:-1])}
    except (OSError, ValueError, TypeError, IndexError):
        return {}


def _group(line: str) -> Group:
    """Read a line but for its files."""
    line = line.removesuffix(",")
    name, counts = json.loads(f"{line[: line.index(']')]}]]")
    return Group(name, line, tuple(counts))


def dump_manifest(groups: Iterable[Group]) -> str:
    """Return the manifest of these groups."""
    lines = ",\n".join(group.line for group in sorted(groups, key=lambda group: group.name))
    return f"{LAYOUT}\n{lines}\n]}}\n"


def expected_files(groups: Mapping[str, Group]) -> int:
    """Return how many files a site with these groups has, its manifest included."""
    return sum(group.count for group in groups.values()) + bool(groups)
