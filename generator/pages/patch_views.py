"""Ways to the patches across collections: by target, by distribution, by status, and what a release makes needless."""

from collections.abc import Callable, Iterator, Sequence

from generator.model.pages import Link, Page, SearchEntry
from generator.model.paths import (
    NOT_UPSTREAM,
    PATCHES,
    distribution_path,
    droppable_path,
    status_path,
    target_path,
)
from generator.pages.holdings import Holdings, Item
from generator.pages.paging import neighbours, paged
from generator.pages.patch_index import Group
from generator.pages.patch_lists import SECTION, counted, mixed_table, patch_feeds, release_link
from generator.render.escape import esc
from generator.render.html import link

Rows = list[tuple[str, str, int]]
STATUSES: tuple[tuple[str, str, str, Callable[[Item], bool]], ...] = (
    (
        "upstream",
        "Upstream",
        "Upstream has the change: the same patch-id for certain, or its author and subject with most of its lines, or "
        "nearly all of its lines.",
        lambda item: item.is_upstream,
    ),
    (
        "not-upstream",
        "Not upstream",
        "No commit upstream has this change. Some have one that is like it; the patch's page says which.",
        lambda item: item.is_missing_upstream,
    ),
    (
        "superseded",
        "Superseded",
        "There is a newer version of the series, or something else took its place.",
        lambda item: item.superseded,
    ),
    (
        "does-not-apply",
        "Does not apply",
        "It was tried on a release and does not apply there: on the one it was made for, or on the newest.",
        lambda item: item.failed,
    ),
    (
        "unreadable",
        "Unreadable",
        "Its diff could not be read; its page says why, and gives it away as it was received.",
        lambda item: item.verdict == "unreadable",
    ),
)


def view_pages(holdings: Holdings) -> Iterator[Page]:
    """Yield every list of patches; all are linked from the list of collections."""
    changes = [item for item in holdings.items if item.patch.files]
    for (package, version), items in _by_target(holdings).items():
        name = f"{package} {version}".strip() or "an unnamed version"
        words = f"Every patch that was made for {name}."
        yield from _list(target_path(package, version), f"Patches for {name}", words, items, holdings)
    for name, items in _by_distribution(holdings).items():
        words = f"Every patch that {name} carries."
        yield from _list(distribution_path(name), f"Patches of {name}", words, items, holdings)
    for status, title, words, fits in STATUSES:
        items = [item for item in holdings.items if fits(item)]
        yield from _list(status_path(status), f"Patches: {title.lower()}", words, items, holdings)
    yield from _list(NOT_UPSTREAM, "Carried by distributions, not upstream", CARRIED, carried(changes), holdings)
    yield from _droppable_pages(holdings)


CARRIED = (
    "What distributions add and upstream does not have: each is work that someone does again with every release, "
    "until it is sent and taken."
)


def carried(items: Sequence[Item]) -> list[Item]:
    """Return what distributions carry and upstream lacks."""
    return [item for item in items if item.is_missing_upstream and item.collection.kind == "distribution"]


def view_groups(holdings: Holdings) -> tuple[Group, ...]:
    """Return the ways to the lists for the page of collections, with their numbers."""
    return (
        ("By status", _statuses(holdings)),
        (
            "By target",
            [
                (" ".join(name).strip() or "not said", target_path(*name), len(items))
                for name, items in _by_target(holdings).items()
            ],
        ),
        (
            "By distribution",
            [(name, distribution_path(name), len(items)) for name, items in _by_distribution(holdings).items()],
        ),
        ("Can be dropped since", _releases(holdings)),
    )


def _statuses(holdings: Holdings) -> Rows:
    return [(title, status_path(status), sum(map(fits, holdings.items))) for status, title, _, fits in STATUSES]


def _by_target(holdings: Holdings) -> dict[tuple[str, str], list[Item]]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in holdings.items:
        target = item.collection.target
        groups.setdefault((target.package, target.version), []).append(item)
    return dict(sorted(groups.items()))


def _by_distribution(holdings: Holdings) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in holdings.items:
        if item.collection.distribution:
            groups.setdefault(item.collection.distribution, []).append(item)
    return dict(sorted(groups.items()))


def _list(path: str, title: str, words: str, items: Sequence[Item], holdings: Holdings) -> Iterator[Page]:
    """Yield a list's pages, newest patches first; an empty one says that it is."""
    for part in paged(path, holdings.newest_first(items)):
        previous, following = neighbours(part)
        suffix = "" if part.is_first else f", part {part.number}"
        table = mixed_table(part.items, holdings, part.path) if part.items else _empty(holdings)
        yield Page(
            path=part.path,
            title=f"{title}{suffix}",
            description=words,
            body=(f"<h1>{esc(title)}{suffix}</h1>\n", _lead(words, len(items)) if part.is_first else "", table),
            crumbs=(Link("Patches", PATCHES),),
            section=SECTION,
            previous=previous,
            next=following,
            feeds=patch_feeds(holdings),
            search=SearchEntry(text=words, filters=(("kind", "page"),)) if part.is_first else None,
        )


def _lead(words: str, count: int) -> str:
    return f'<p class="lead">{esc(words)}</p>\n<p>{counted(count, "patch")}.</p>\n'


def _empty(holdings: Holdings) -> str:
    if not holdings.items:
        return '<p class="notice">None: no patch is here yet.</p>\n'
    return '<p class="notice">None of the patches here is in this list.</p>\n'


def _dropped(holdings: Holdings) -> dict[tuple[str, str], list[Item]]:
    """Return the patches that are upstream by source and the release that first has them, the oldest first."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in holdings.items:
        found = item.facts.provenance
        if item.is_upstream and holdings.has_release(found.source, found.first_tag):
            groups.setdefault((found.source, found.first_tag), []).append(item)
    ages = {
        (name, tag.name): age
        for name, history in sorted(holdings.histories.items())
        for age, tag in enumerate(reversed(history.tags))
    }
    return {key: groups[key] for key in sorted(groups, key=lambda key: (key[0], ages[key]))}


def _releases(holdings: Holdings) -> Rows:
    groups = _dropped(holdings)
    return [(" ".join(key), droppable_path(*key), len(items)) for key, items in reversed(groups.items())]


def _droppable_pages(holdings: Holdings) -> Iterator[Page]:
    groups = _dropped(holdings)
    for (source, tag), items in groups.items():
        older = [key for key in groups if key[0] == source]
        yield _droppable_page(source, tag, items, older[: older.index((source, tag))], holdings)


def _droppable_page(
    source: str, tag: str, items: Sequence[Item], older: Sequence[tuple[str, str]], holdings: Holdings
) -> Page:
    here = droppable_path(source, tag)
    release = release_link(holdings, source, tag, f"{source} {tag}", here)
    before = ", ".join(link(droppable_path(*key), key[1], here) for key in reversed(older))
    return Page(
        path=here,
        title=f"Patches that {source} {tag} makes needless",
        description=f"Patches whose change is part of {source} since {tag}: who moves to it can drop them.",
        body=(
            f"<h1>Upstream since {esc(source)} {esc(tag)}</h1>\n"
            f'<p class="lead">{release} is the first release with these changes: who moves to it can drop them. '
            "Where only <em>probably</em> stands, look at the patch's page first.</p>\n",
            mixed_table(holdings.newest_first(items), holdings, here),
            f"<p>It has those of the releases before it too: {before}.</p>\n" if before else "",
        ),
        crumbs=(Link("Patches", PATCHES),),
        section=SECTION,
        feeds=patch_feeds(holdings),
        search=SearchEntry(
            text=f"Patches that can be dropped with {source} {tag}", filters=(("kind", "page"), ("source", source))
        ),
    )
