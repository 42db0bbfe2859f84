"""What all pages of patches draw on: every patch where it stands, with what is known of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from generator.model.commits import Commit, Stamp
from generator.model.histories import History
from generator.model.patches import Collection, Facts, Patch, PatchFacts, Provenance
from generator.model.paths import patch_page_path
from generator.relate.provenance import is_upstream
from generator.relate.references import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A patch where it stands."""

    collection: Collection
    patch: Patch
    facts: PatchFacts
    known: bool  # whether the history was here in which its commit would be
    when: Stamp | None  # when it was written, else when its collection was given out

    @property
    def path(self) -> str:
        """Its page."""
        return patch_page_path(self.collection.name, self.patch.name)

    @property
    def title(self) -> str:
        """Its subject, or the name of its file."""
        return self.patch.subject or self.patch.name

    @property
    def verdict(self) -> str:
        """What is known of its provenance: as `Provenance` has it, `unknown`, or for what has no diff what it is."""
        if not self.patch.files:
            return "unreadable" if self.patch.problem else "bundle" if self.patch.form == "bundle" else "letter"
        return self.facts.provenance.verdict if self.known else "unknown"

    @property
    def is_upstream(self) -> bool:
        """Whether upstream has the change, for certain or by all appearance: a release with it makes this needless."""
        return self.verdict in ("equal", "subject", "near") and is_upstream(self.facts.provenance)

    @property
    def standing(self) -> str:
        """What `render.patches.upstream_badge` says: the verdict, but `probable` or `similar` where it is not sure."""
        if self.verdict in ("subject", "near"):
            return "probable" if self.is_upstream else "similar"
        return self.verdict

    @property
    def is_missing_upstream(self) -> bool:
        """Whether upstream does not have it."""
        return self.verdict in ("none", "subject", "near") and not self.is_upstream

    @property
    def superseded(self) -> bool:
        """Whether something took its place: a newer version or release, or what its collection names."""
        replaced = any(self.facts.superseded_by) or self.collection.status == "superseded"
        return replaced or bool(self.collection.successor)

    @property
    def failed(self) -> bool:
        """Whether it does not apply to something that it was tried on."""
        return any(application.verdict == "failed" for application in self.facts.applications)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All collections, by name, and the histories that they were compared with. Made by `hold`."""

    collections: tuple[Collection, ...]
    items: tuple[Item, ...]  # by collection, in each in its order
    by_name: Mapping[tuple[str, str], Item]
    by_collection: Mapping[str, tuple[Item, ...]]
    histories: Mapping[str, History]
    names: Mapping[str, Names]
    tags: Mapping[str, frozenset[str]]
    files: Mapping[str, frozenset[str]]  # by source: every path that has a history page
    site_url: str

    def commit(self, source: str, sha: str) -> Commit | None:
        """Return the commit when it has a page."""
        history = self.histories.get(source)
        return history.by_sha.get(sha) if history else None

    def has_release(self, source: str, tag: str) -> bool:
        """Whether a tag has a page."""
        return tag in self.tags.get(source, ())

    def newest_first(self, items: Iterable[Item]) -> tuple[Item, ...]:
        """Return items by their dates; those without a date come last."""
        return tuple(sorted(items, key=lambda item: -item.when.seconds if item.when else 1 << 62))

    def current(self, collection: Collection) -> tuple[Item, ...]:
        """Return the changes of a collection as they stand now: of a series those of its newest version."""
        newest = versions(collection)[-1:]
        own = self.by_collection[collection.name]
        return tuple(item for item in own if item.patch.files and {0, item.patch.version} & set(newest))


def hold(collections: Iterable[Collection], facts: Facts, histories: Mapping[str, History], site_url: str) -> Holdings:
    """Put together what the pages need. `site_url` is absolute and ends with a slash, or is ""."""
    ordered = tuple(sorted(collections, key=lambda collection: collection.name))
    by_collection = {collection.name: tuple(_items(collection, facts, histories)) for collection in ordered}
    items = tuple(item for own in by_collection.values() for item in own)
    return Holdings(
        collections=ordered,
        items=items,
        by_name={(item.collection.name, item.patch.name): item for item in items},
        by_collection=by_collection,
        histories=histories,
        names={name: Names(list(history.by_sha)) for name, history in histories.items()},
        tags={name: frozenset(tag.name for tag in history.tags) for name, history in histories.items()},
        files={
            name: frozenset(change.path for record in history.records.values() for change in record.changes)
            for name, history in histories.items()
        },
        site_url=site_url,
    )


def _items(collection: Collection, facts: Facts, histories: Mapping[str, History]) -> Iterator[Item]:
    for patch in collection.patches:
        found = facts.get((collection.name, patch.name))
        yield Item(
            collection=collection,
            patch=patch,
            facts=found or _nothing(collection, patch),
            known=found is not None and (bool(found.provenance.sha) or collection.target.source in histories),
            when=patch.authored or last_update(patch) or collection.released,
        )


def _nothing(collection: Collection, patch: Patch) -> PatchFacts:
    return PatchFacts(collection=collection.name, patch=patch.name, patch_id="", provenance=Provenance(verdict="none"))


def versions(collection: Collection) -> tuple[int, ...]:
    """Return the versions of a series that are here, the oldest first; what is no series has one, 0."""
    return tuple(sorted({patch.version for patch in collection.patches})) if collection.kind == "series" else (0,)


def of_version(collection: Collection, version: int) -> tuple[Patch, ...]:
    """Return the patches of one version."""
    return tuple(patch for patch in collection.patches if version in (0, patch.version))


def last_update(patch: Patch) -> Stamp | None:
    """Return the day that DEP-3's Last-Update names."""
    value = next((value for name, value in patch.headers if name.lower() == "last-update"), "")
    try:
        moment = datetime.combine(date.fromisoformat(value.strip()), time(12), UTC)
    except ValueError:
        return None
    return Stamp(int(moment.timestamp()), "+0000")
