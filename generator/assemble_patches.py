"""The patch portal put together: every page and file that shows collections of patches."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from generator.model.commits import Commit
from generator.model.histories import History
from generator.model.pages import Fragment, Output
from generator.model.patches import Collection, Facts, Patch
from generator.output.cache import Cache
from generator.pages.collections import collection_page
from generator.pages.holdings import Holdings, Item, hold, of_version, versions
from generator.pages.patch_data import patches
from generator.pages.patch_downloads import Offers, offers_of
from generator.pages.patch_fates import Diff
from generator.pages.patch_feeds import feeds
from generator.pages.patch_index import collections_page
from generator.pages.patch_views import view_groups, view_pages
from generator.pages.patches import patch_pages
from generator.pages.range_diffs import likeness, range_diff_page
from generator.parse.diff import parse_diff
from generator.relate.range_diff import range_diff
from generator.work.batches import Said, highlighter
from generator.work.diffs import change_of
from generator.work.keys import plain_diff_key
from generator.work.patch_diffs import highlight_patches, patch_diff_key, patch_parts


def patch_outputs(
    collections: Iterable[Collection],
    facts: Facts,
    histories: Mapping[str, History],
    *,
    site_url: str,
    cache: Cache,
    said: Said,
) -> Iterator[Output]:
    """Yield every page and file about patches. `histories` are by the name of their source."""
    holdings = hold(collections, facts, histories, site_url)
    highlight_patches((item.patch for item in holdings.items), cache, said)
    offers = {collection.name: offers_of(collection) for collection in holdings.collections}
    yield collections_page(holdings, view_groups(holdings))
    yield from view_pages(holdings)
    for collection in holdings.collections:
        yield from _collection_outputs(collection, holdings, offers[collection.name])
    for item in holdings.items:
        differences = _likeness(item, holdings, cache)
        yield from patch_pages(item, holdings, _diff(item, cache), offers[item.collection.name], differences)
    if site_url:
        yield from feeds(holdings)
        yield patches(holdings, offers)


def _collection_outputs(collection: Collection, holdings: Holdings, offers: Offers) -> Iterator[Output]:
    numbers = [number for number in versions(collection) if _changes(collection, number)]
    pairs = list(pairwise(numbers))
    yield collection_page(collection, holdings, offers, pairs)
    for place, (older, newer) in enumerate(pairs):
        old, new = _changes(collection, older), _changes(collection, newer)
        yield range_diff_page(collection, pairs, place, old, new, range_diff(old, new), highlighter())
    yield from offers.assets()


def _changes(collection: Collection, version: int) -> tuple[Patch, ...]:
    """Return the patches of a version without its cover letter."""
    return tuple(patch for patch in of_version(collection, version) if patch.files)


def _diff(item: Item, cache: Cache) -> Diff:
    parts = patch_parts(item.patch, cache)
    return Diff(
        changes=tuple(map(change_of, item.patch.files)),
        parts=parts,
        fragments=tuple(Fragment(patch_diff_key(item.patch, part)) for part in range(1, len(parts) + 1)),
    )


def _likeness(item: Item, holdings: Holdings, cache: Cache) -> str:
    """Return how a patch differs from the commit that it is like."""
    found = item.facts.provenance
    commit = holdings.commit(found.source, found.sha)
    diff = cache.get(plain_diff_key(commit.sha)) if commit and not commit.is_merge else None
    if commit is None or diff is None or item.verdict not in ("subject", "near"):
        return ""
    return likeness(range_diff((_as_patch(commit, diff),), (item.patch,)), highlighter())


def _as_patch(commit: Commit, diff: bytes) -> Patch:
    return Patch(
        name=commit.sha,
        sha256="",
        size_bytes=len(diff),
        form="mail",
        data=diff,
        subject=commit.subject,
        author=commit.author,
        message=commit.body,
        files=parse_diff(diff, source=commit.sha)[0],
    )
