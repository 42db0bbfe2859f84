"""Where patches came from and where they went: upstream's commit, who else carries them, what took their place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from generator.model.patches import Collection, Facts, Patch, PatchFacts, Provenance
from generator.relate.matching import NO_MATCH, WHOLE, Index, Match, match, subject_keys
from generator.relate.patch_ids import patch_id

Key = tuple[str, str]
"""A collection's name and a patch's in it."""

NOTHING: Key = ("", "")
VERDICTS = ("equal", "subject", "near", "none")  # the surest first
SUBJECT_SHARE = 0.5  # a backport has that many of the changed lines of the commit with its subject


def trace(collections: Sequence[Collection], indexes: Mapping[str, Index]) -> Facts:
    """Work out the facts of every patch that has a diff; `indexes` are by source.

    Only equal patch-ids count in sources other than the one that a collection is for; where that one is not known,
    all sources count.
    """
    packages = [
        _Package(collection, tuple(_Held(collection, patch, patch_id(patch.files)) for patch in collection.patches))
        for collection in collections
    ]
    held = [item for package in packages for item in package.held if item.patch.files]
    carriers: dict[str, list[Key]] = {}
    for item in held:
        carriers.setdefault(item.patch_id, []).append(item.key)
    replaced = dict((*_newer_versions(packages), *_newer_releases(packages)))
    return {
        item.key: PatchFacts(
            collection=item.collection.name,
            patch=item.patch.name,
            patch_id=item.patch_id,
            provenance=_provenance(item, carriers, indexes),
            superseded_by=replaced.get(item.key, NOTHING),
        )
        for item in held
    }


def is_upstream(found: Provenance) -> bool:
    """Whether a patch is upstream, for certain or by all appearance: a release with the commit makes it needless.

    By appearance: a backport of the commit with its author and subject, or nearly all of its lines in one commit.
    """
    if found.verdict == "subject":
        return found.share >= SUBJECT_SHARE
    return found.verdict == "equal" or (found.verdict == "near" and found.share >= WHOLE)


def carried_commits(facts: Facts) -> dict[tuple[str, str], tuple[Key, ...]]:
    """Return who carries each commit that is carried, by (source, sha): the patches that are it, surest first."""
    found: dict[tuple[str, str], list[PatchFacts]] = {}
    for item in facts.values():
        if is_upstream(item.provenance):
            found.setdefault((item.provenance.source, item.provenance.sha), []).append(item)
    return {
        commit: tuple((item.collection, item.patch) for item in sorted(items, key=_sureness))
        for commit, items in found.items()
    }


def _sureness(item: PatchFacts) -> tuple[int, float, str, str]:
    return VERDICTS.index(item.provenance.verdict), -item.provenance.share, item.collection, item.patch


@dataclass(frozen=True, slots=True)
class _Held:
    """A patch where it is carried."""

    collection: Collection
    patch: Patch
    patch_id: str

    @property
    def key(self) -> Key:
        return self.collection.name, self.patch.name


@dataclass(frozen=True, slots=True)
class _Package:
    """A collection and what it holds, which may be nothing."""

    collection: Collection
    held: tuple[_Held, ...]


def _provenance(item: _Held, carriers: Mapping[str, Sequence[Key]], indexes: Mapping[str, Index]) -> Provenance:
    source, found = _best_match(item, indexes)
    index = indexes.get(source)
    return Provenance(
        verdict=found.verdict,
        source=source,
        sha=found.sha,
        share=found.share,
        extent=found.extent,
        parts=found.parts,
        first_tag=index.first_tag.get(found.sha, "") if index else "",
        carried_by=tuple(key for key in carriers[item.patch_id] if key != item.key) if item.patch_id else (),
        forwarded=next((value for name, value in item.patch.headers if name.lower() == "forwarded"), ""),
    )


def _best_match(item: _Held, indexes: Mapping[str, Index]) -> tuple[str, Match]:
    """Return the source ("" with no match) and what was found there; of equally good ones the collection's own."""
    own = item.collection.target.source
    named = sorted(indexes, key=lambda source: (source != own, source))
    matches = ((source, _match_in(indexes[source], item, source == own or own not in indexes)) for source in named)
    found = [pair for pair in matches if pair[1].verdict != "none"]
    return min(found, key=lambda pair: (VERDICTS.index(pair[1].verdict), -pair[1].share), default=("", NO_MATCH))


def _match_in(index: Index, item: _Held, is_own: bool) -> Match:
    if is_own:
        return match(item.patch, index, item.patch_id)
    sha = index.equal(item.patch_id)
    return Match(verdict="equal", sha=sha, share=1.0) if sha else NO_MATCH


def _newer_versions(packages: Sequence[_Package]) -> Iterator[tuple[Key, Key]]:
    """Yield what replaces patches in the newest version of the series that stand in one collection.

    It is the one with the author and subject, else the one with the same diff, else with the same number of a
    series of as many patches; none of these: it was dropped, and the collection alone is named.
    """
    for package in packages:
        newest = max((item.patch.version for item in package.held), default=0)
        latest = [item for item in package.held if item.patch.version == newest and item.patch.files]
        for item in package.held:
            if item.patch.version < newest:
                yield item.key, (package.collection.name, _successor(item, latest))


def _successor(item: _Held, latest: Sequence[_Held]) -> str:
    """Return the name of the patch that took another one's place, "" for none."""
    tests = (_same_subject, _same_change, _same_number)
    return next((other.patch.name for test in tests for other in latest if test(item, other)), "")


def _same_subject(one: _Held, other: _Held) -> bool:
    return bool(set(subject_keys(one.patch)) & set(subject_keys(other.patch)))


def _same_change(one: _Held, other: _Held) -> bool:
    return one.patch_id == other.patch_id != ""


def _same_number(one: _Held, other: _Held) -> bool:
    place = (one.patch.number, one.patch.total)
    return place == (other.patch.number, other.patch.total) and one.patch.number > 0


def _newer_releases(packages: Sequence[_Package]) -> Iterator[tuple[Key, Key]]:
    """Yield what became of a distribution's patches in the next release of the same package that changed them."""
    lines: dict[tuple[str, str], list[_Package]] = {}
    for package in packages:
        collection = package.collection
        if collection.kind == "distribution":
            lines.setdefault((_family(collection.distribution), collection.target.package), []).append(package)
    for releases in lines.values():
        ordered = sorted(releases, key=lambda package: version_order(package.collection.name))
        for number, package in enumerate(ordered, 1):
            for item in package.held:
                changed = (release for release in ordered[number:] if not _has(release, item))
                yield from ((item.key, _place_in(release, item)) for release in islice(changed, 1))


def _has(release: _Package, item: _Held) -> bool:
    return any(_same_change(item, other) for other in release.held)


def _place_in(release: _Package, item: _Held) -> Key:
    """Return the patch of a release that has the name or the subject of another one, or none of them."""
    names = (
        other.patch.name for other in release.held if other.patch.name == item.patch.name or _same_subject(item, other)
    )
    return release.collection.name, next(names, "")


def _family(distribution: str) -> str:
    """Return a distribution without its release: `Debian 12` and `Debian 13` carry the same package on."""
    return " ".join(word for word in distribution.casefold().split() if not word[0].isdigit())


VERSION_RE = re.compile(r"(\d+)|(~)|([^\d~]+)")


def version_order(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts versions as packagers mean them: numbers by value, `~` before the end of the text."""
    found: Iterator[tuple[str, str, str]] = iter(VERSION_RE.findall(text))
    parts = [(3, int(digits), "") if digits else (0, 0, "") if tilde else (2, 0, rest) for digits, tilde, rest in found]
    return (*parts, (1, 0, ""))
