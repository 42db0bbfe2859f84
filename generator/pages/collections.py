"""The page of a collection of patches."""

import shlex
from collections.abc import Iterator, Sequence

from generator.model.pages import Link, Page, SearchEntry
from generator.model.patches import Collection, Missing
from generator.model.paths import (
    PATCHES,
    collection_path,
    distribution_path,
    range_diff_path,
    received_sums_path,
    sums_path,
    target_path,
)
from generator.model.releases import safe_name
from generator.pages.holdings import Holdings, Item, versions
from generator.pages.patch_downloads import Offers, download_list
from generator.pages.patch_lists import (
    SECTION,
    address_link,
    applying,
    counted,
    fact_list,
    patch_feeds,
    patch_table,
    share,
    target_link,
    target_name,
)
from generator.render.escape import esc
from generator.render.html import href, link, moment, outside
from generator.render.patches import badge, commands


def collection_page(
    collection: Collection, holdings: Holdings, offers: Offers, compared: Sequence[tuple[int, int]] = ()
) -> Page:
    """Show one collection; `compared` are the pairs of versions that have a range-diff page."""
    here = collection_path(collection.name)
    items = holdings.by_collection[collection.name]
    return Page(
        path=here,
        title=f"{collection.title} · Patches",
        description=f"{collection.title}: {counted(len(items), 'patch')} for {target_name(collection.target)}.",
        body=(
            f"<h1>{esc(collection.title)}</h1>\n",
            _toolbar(collection, offers, here),
            _facts(collection, items, holdings, here),
            *(f"<p>{esc(part)}</p>\n" for part in collection.description.split("\n\n") if part.strip()),
            *_patches(collection, items, holdings, compared, here),
            _missing(collection),
            _downloads(collection, holdings, offers, here),
        ),
        crumbs=(Link("Patches", PATCHES),),
        section=SECTION,
        feeds=patch_feeds(holdings),
        modified=max((item.when.seconds for item in items if item.when), default=None),
        search=_search(collection, items),
    )


def _search(collection: Collection, items: Sequence[Item]) -> SearchEntry:
    target = collection.target
    words = [collection.description, collection.name, collection.distribution, target_name(target)]
    words += [item.title for item in items]
    words += [f"{missing.name} {missing.purpose}" for missing in collection.missing]
    filters = [("kind", "collection"), ("source", target.source or target.package)]
    if collection.distribution:
        filters.append(("distribution", collection.distribution))
    return SearchEntry(text="\n".join(words), filters=tuple(filters))


def _toolbar(collection: Collection, offers: Offers, here: str) -> str:
    links = [
        f'<a href="{href(offer.path, here)}" download>{esc(offer.path.rpartition("/")[2])}</a>'
        for offer in offers.series.get(0, ())[:2]
    ]
    if collection.missing:
        links.append(badge("warn", f"{len(collection.missing)} missing"))
    return f'<p class="toolbar">{" ".join(links)}</p>\n' if links else ""


def _facts(collection: Collection, items: Sequence[Item], holdings: Holdings, here: str) -> str:
    target = collection.target
    view = link(target_path(target.package, target.version), "all patches for it", here)
    rows = [("Applies to", f"{target_link(target, holdings, here)} · {view}" if items else esc(target_name(target)))]
    if collection.distribution:
        name = collection.distribution
        rows.append(("Distribution", link(distribution_path(name), name, here) if collection.patches else esc(name)))
    if collection.maintainer:
        rows.append(("Maintainer", esc(f"{collection.maintainer.name} <{collection.maintainer.email}>".strip())))
    if collection.released:
        rows.append(("Released", moment(collection.released)))
    if collection.origin:
        rows.append(("Origin", outside(collection.origin, collection.origin)))
    rows += [
        (name, esc(value)) for name, value in (("Licence", collection.licence), ("Status", collection.status)) if value
    ]
    if collection.successor:
        rows.append(("Today", address_link(collection.successor, here)))
    own = holdings.current(collection)
    if own:
        rows.append(("Upstream", share([item.is_upstream for item in own])))
        rows.append(("Apply", share(applying(own)) if applying(own) else "not tried: the release is not here"))
    return fact_list(rows)


def _patches(
    collection: Collection, items: Sequence[Item], holdings: Holdings, compared: Sequence[tuple[int, int]], here: str
) -> Iterator[str]:
    """Yield the tables of patches, the newest version of a series first."""
    if not items:
        yield '<h2 id="patches">Patches</h2>\n<p class="notice">None of its patches is here.</p>\n'
        return
    if compared:
        links = " ".join(
            link(range_diff_path(collection.name, older, newer), f"v{older} to v{newer}", here)
            for older, newer in compared
        )
        yield f'<p class="toolbar"><span class="note">Compare</span> {links}</p>\n'
    numbers = versions(collection)
    for version in reversed(numbers):
        own = [item for item in items if version in (0, item.patch.version)]
        title, mark = (f"Version {version}", f"v{version}") if len(numbers) > 1 else ("Patches", "patches")
        yield f'<h2 id="{mark}">{title}</h2>\n{patch_table(own, holdings, here)}'


def _missing(collection: Collection) -> str:
    if not collection.missing:
        return ""
    items = "".join(map(_missing_item, collection.missing))
    command = f"kdump-portal patch add FILE --collection {shlex.quote(collection.name)}"
    return (
        '<h2 id="missing">Missing</h2>\n<p>These are known of but not here: no address that had them answered from '
        "where this portal is built. If you have one, it is welcome; its sum or its origin tells whether it is the "
        f'one.</p>\n{commands((command,))}<ul class="cards missing">\n{items}</ul>\n'
    )


def _missing_item(missing: Missing) -> str:
    rows = []
    if missing.usage:
        rows.append(("Usage", f"<code>{esc(missing.usage)}</code>"))
    if missing.address:
        rows.append(("Once at", outside(missing.address, missing.address)))
    rows.append(("SHA-256", f'<code class="sum">{esc(missing.sha256)}</code>' if missing.sha256 else "not known"))
    return (
        f"<li><h3>{esc(missing.name)}</h3>\n<p>{badge('warn', 'missing')} {esc(missing.purpose)}</p>\n"
        f"{fact_list(rows)}</li>\n"
    )


def _downloads(collection: Collection, holdings: Holdings, offers: Offers, here: str) -> str:
    if not offers.received:
        return ""
    series = [offer for version in sorted(offers.series) for offer in offers.series[version]]
    received = {offer.path: offer for offer in offers.received.values()}
    parts = ['<h2 id="downloads">Downloads</h2>\n']
    if series:
        parts += [download_list(series, here), _pasting(collection, holdings, offers)]
    sums = [link(received_sums_path(collection.name), "those as received", here)]
    if series:
        sums.insert(0, link(sums_path(collection.name), "the mails and the series", here))
    parts.append(
        f"<details><summary>{counted(len(received), 'file')} as received</summary>\n"
        f"{download_list(received.values(), here)}</details>\n<p>Sums for <code>sha256sum -c</code>: of "
        f"{', of '.join(sums)}.</p>\n"
    )
    return "".join(parts)


def _pasting(collection: Collection, holdings: Holdings, offers: Offers) -> str:
    """Return how the series is put to use."""
    if 0 not in offers.series:
        return ""
    mbox, tar, *_ = (
        f"curl -fsSL {holdings.site_url}{offer.path}" if holdings.site_url else f"cat {offer.path.rpartition('/')[2]}"
        for offer in offers.series[0]
    )
    folder = safe_name(collection.name)
    return f"<p>In a clone:</p>\n{commands((f'{mbox} | git am',))}<p>With quilt, in the sources:</p>\n" + commands(
        (f"{tar} | tar -xz", f"QUILT_PATCHES={folder} quilt push -a")
    )
