"""Which tag of a git source a collection of patches is made for: the one whose name says the version."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from generator.model.patches import Collection


def with_tag(collection: Collection, tags: Mapping[str, Iterable[str]]) -> Collection:
    """Return the collection with its target's source and tag filled in; `tags` are tag names by source.

    A target without a source gets the one that is called like the package. A source that is not there becomes "";
    a tag that the collection names itself stays.
    """
    target = collection.target
    source = target.source if target.source in tags else target.package if target.package in tags else ""
    tag = target.tag or tag_of_version(target.version, target.package, tags.get(source, ()))
    return replace(collection, target=replace(target, source=source, tag=tag))


def tag_of_version(version: str, package: str, tags: Iterable[str]) -> str:
    """Return the tag that stands for a version, "" when none does: v2.0.25, 2.0.25, makedumpfile-1.7.2, 1_7_2.

    Only names that say the same version count; the nearest one is not the version.
    """
    if not version:
        return ""
    wanted = _plain(version)
    found = sorted(tag for tag in tags if _plain(_without_package(tag, package)) == wanted)
    return next((tag for tag in found if tag in (f"v{version}", version)), found[0] if found else "")


def _without_package(tag: str, package: str) -> str:
    name = tag.rpartition("/")[2]
    lead = package.lower()
    return name[len(lead) :].lstrip("-_") if lead and name.lower().startswith(lead) else name


def _plain(version: str) -> str:
    """Return a version with one dot for every separator, and none before what leads to a release: 2.0.25~rc1."""
    text = version.lower().removeprefix("v")
    return re.sub(r"[~._-]+(?=rc|pre|alpha|beta)", "", re.sub(r"[_-]", ".", text))
