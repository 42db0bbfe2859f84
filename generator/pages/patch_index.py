"""The first page of the patches: every collection, and the other ways to them."""

from collections.abc import Iterable, Iterator, Sequence

from generator.model.pages import Page, SearchEntry
from generator.model.patches import Collection
from generator.model.paths import NOT_UPSTREAM, PATCHES, collection_path, patches_feed_path
from generator.pages.holdings import Holdings
from generator.pages.patch_lists import SECTION, TAIL, applying, counted, patch_feeds, share, target_name
from generator.render.escape import esc
from generator.render.html import link
from generator.render.patches import badge, commands

KINDS = (
    ("distribution", "Carried by distributions", "What a distribution adds to a release, package by package."),
    ("series", "Series", "Patches that were sent or are kept as one piece of work."),
    ("historical", "Historical", "Sets of the early days, before the project had a git repository."),
)
Group = tuple[str, Sequence[tuple[str, str, int]]]  # a title, and (name, path, patches) of each view


def collections_page(holdings: Holdings, groups: Iterable[Group]) -> Page:
    """Show every collection, by kind, and the other ways to the patches: `groups` of views."""
    here = PATCHES
    known = {kind for kind, _, _ in KINDS}
    sections = [*KINDS, ("", "Others", "")]
    tables = [
        _kind(title, words, [item for item in holdings.collections if _is_kind(item, kind, known)], holdings, here)
        for kind, title, words in sections
    ]
    return Page(
        path=here,
        title="Patches",
        description="Every patch that is carried around kexec and kdump: where it came from, where it went, "
        "and whether it applies.",
        body=(
            '<h1>Patches</h1>\n<p class="lead">Every patch that someone carries: where it came from, where it went, '
            "and whether it applies.</p>\n",
            _summary(holdings, here),
            *tables,
            *(_filter(title, rows, here) for title, rows in groups),
            _commits(here),
            _contributing(),
        ),
        section=SECTION,
        feeds=patch_feeds(holdings),
        search=SearchEntry(
            text="Patches, collections, distributions, series, not upstream, " + " ".join(_titles(holdings)),
            filters=(("kind", "page"),),
        ),
    )


def _is_kind(collection: Collection, kind: str, known: set[str]) -> bool:
    return collection.kind == kind or (not kind and collection.kind not in known)


def _titles(holdings: Holdings) -> Iterator[str]:
    for collection in holdings.collections:
        yield collection.title


def _summary(holdings: Holdings, here: str) -> str:
    items = [item for collection in holdings.collections for item in holdings.current(collection)]
    upstream = sum(item.is_upstream for item in items)
    lacking = sum(item.is_missing_upstream for item in items)
    links = [link(NOT_UPSTREAM, "Carried, not upstream", here), '<a href="#contribute">Contribute</a>']
    if holdings.site_url:
        links += [link(patches_feed_path("all"), "Atom feed", here), link("api/v1/patches.json", "JSON", here)]
    if not holdings.collections:
        return f'<p class="toolbar">{" ".join(links)}</p>\n<p class="notice">No collection is here yet.</p>\n'
    return (
        f'<p class="toolbar">{" ".join(links)}</p>\n<p>{counted(len(items), "patch")} in '
        f"{counted(len(holdings.collections), 'collection')}: {upstream:,} of them upstream, "
        f"{lacking:,} not.</p>\n"
    )


COLLECTIONS_HEAD = (
    '<div class="scroll"><table class="patches collections"><thead><tr><th scope="col">Applies to</th>'
    '<th scope="col">Collection</th><th scope="col" class="num">Patches</th><th scope="col" class="num">Upstream</th>'
    '<th scope="col" class="num">Apply</th></tr></thead><tbody>\n'
)


def _kind(title: str, words: str, collections: Sequence[Collection], holdings: Holdings, here: str) -> str:
    if not collections:
        return ""
    rows = "".join(_row(collection, holdings, here) for collection in collections)
    return f"<h2>{title}</h2>\n<p>{words}</p>\n{COLLECTIONS_HEAD}{rows}{TAIL}"


def _row(collection: Collection, holdings: Holdings, here: str) -> str:
    own = holdings.current(collection)
    missing = f" {badge('warn', f'{len(collection.missing)} missing')}" if collection.missing else ""
    under = f'<span class="under">{esc(collection.distribution)}</span>' if collection.distribution else ""
    return (
        f"<tr><td>{esc(target_name(collection.target))}</td>"
        f"<td>{link(collection_path(collection.name), collection.title, here)}{missing}{under}</td>"
        f'<td class="num" data-unit="patches">{len(own)}</td>'
        f'<td class="num" data-unit="upstream">{share([item.is_upstream for item in own])}</td>'
        f'<td class="num" data-unit="apply">{share(applying(own))}</td></tr>\n'
    )


def _filter(title: str, rows: Sequence[tuple[str, str, int]], here: str) -> str:
    if not rows:
        return ""
    items = "".join(
        f'<li>{link(path, name, here)} <span class="count">{count:,}</span></li>' for name, path, count in rows
    )
    return f'<nav class="filters" aria-label="{title}"><h2>{title}</h2><ul>{items}</ul></nav>\n'


def _commits(here: str) -> str:
    return (
        '<h2 id="commits">Every commit is a patch too</h2>\n'
        f"<p>Each commit of the {link('history/index.html', 'histories', here)} offers itself as a mail for "
        "<code>git am</code> and as a bare diff; a merge, which no single patch can carry, offers a git bundle. "
        "At build time each is applied to its parent and the result compared with the commit's own tree: "
        f"{link('about/how-made/index.html#verification', 'how that is done', here)}.</p>\n"
    )


def _contributing() -> str:
    return (
        '<h2 id="contribute">Contribute a patch</h2>\n'
        "<p>A collection is a folder of the portal's repository: <code>collection.yml</code> says what it is, and the "
        "files lie beside it exactly as they were received. Add one, look at what the portal makes of it, and send "
        "the change.</p>\n"
        + commands(("kdump-portal patch add FILE-OR-ADDRESS --collection NAME", "kdump-portal patch check"))
    )
