"""Atom feeds of patches: all of them, and what distributions carry and upstream lacks."""

from collections.abc import Iterator, Sequence

from generator.model.commits import Stamp
from generator.model.pages import Asset
from generator.model.paths import NOT_UPSTREAM, PATCHES, patches_feed_path
from generator.pages.holdings import Holdings, Item
from generator.pages.patch_lists import target_name
from generator.pages.patch_views import carried
from generator.render.atom import Entry, atom
from generator.render.escape import esc

UNDATED = Stamp(0, "+0000")


def feeds(holdings: Holdings, limit: int = 100) -> Iterator[Asset]:
    """Yield the feeds, each with the newest patches. They need the site's own address."""
    yield _feed(holdings, "all", "Patches", PATCHES.removesuffix("index.html"), holdings.items, limit)
    yield _feed(holdings, "not-upstream", "Patches not upstream", NOT_UPSTREAM, carried(holdings.items), limit)


def _feed(holdings: Holdings, kind: str, title: str, home: str, items: Sequence[Item], limit: int) -> Asset:
    path = patches_feed_path(kind)
    text = atom(
        title=title,
        address=holdings.site_url + path,
        home=holdings.site_url + home,
        author="kdump portal",
        entries=[_entry(item, holdings.site_url) for item in holdings.newest_first(items)[:limit]],
    )
    return Asset(path=path, body=(text.encode(),))


def _entry(item: Item, site_url: str) -> Entry:
    patch, collection = item.patch, item.collection
    return Entry(
        address=site_url + item.path,
        title=f"{item.title} ({collection.title})",
        author=(patch.author.name if patch.author else "") or "(no name)",
        updated=item.when or UNDATED,
        html=f"<p>{esc(patch.name)}, for {esc(target_name(collection.target))}</p>"
        + (f"<pre>{esc(patch.message.strip())}</pre>" if patch.message.strip() else ""),
    )
