"""Pieces that several pages of patches share: the table of patches, facts, and links that are never dead."""

import re
from collections.abc import Iterable, Sequence

from generator.model.diffs import count_lines
from generator.model.pages import Link
from generator.model.patches import Target
from generator.model.paths import PATCHES, collection_path, patches_feed_path, release_path
from generator.pages.holdings import Holdings, Item
from generator.render.escape import esc
from generator.render.html import day, link, outside
from generator.render.log import lines
from generator.render.patches import applies_badge, badge, upstream_badge

SECTION = "/patches/"


def collection_crumbs(item: Item) -> tuple[Link, ...]:
    """Return the way from the home page to a patch's collection."""
    return Link("Patches", PATCHES), Link(item.collection.title, collection_path(item.collection.name))


def fact_list(rows: Sequence[tuple[str, str]]) -> str:
    """Return names (text) and their values (HTML) as a list of facts."""
    return '<dl class="facts">' + "".join(f"<dt>{esc(name)}</dt><dd>{value}</dd>\n" for name, value in rows) + "</dl>\n"


def release_link(holdings: Holdings, source: str, tag: str, words: str, here: str) -> str:
    """Return `words` (text) as a link to a release, or without one when the release has no page."""
    return link(release_path(source, tag), words, here) if holdings.has_release(source, tag) else esc(words)


def target_name(target: Target) -> str:
    """Return what a collection is for, as text."""
    return f"{target.package} {target.version}".strip() or "not said"


def target_link(target: Target, holdings: Holdings, here: str) -> str:
    """Return what a collection is for, linked to that release when it has a page."""
    return release_link(holdings, target.source, target.tag, target_name(target), here)


def address_link(address: str, here: str) -> str:
    """Return a link to another site, or to a path of this one; what is neither stays text."""
    if INSIDE_RE.fullmatch(address) and ".." not in address:
        return link(address.lstrip("/"), address, here)
    return outside(address, address)


INSIDE_RE = re.compile(r"[\w./~+-]+(?:#[\w.-]+)?", re.ASCII)


def patch_feeds(holdings: Holdings) -> tuple[Link, ...]:
    """Return the feeds of patches; without the site's own address there are none."""
    if not holdings.site_url:
        return ()
    return (
        Link("Patches", patches_feed_path("all")),
        Link("Patches not upstream", patches_feed_path("not-upstream")),
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 patch, 2 patches."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{'es' if noun.endswith('ch') else 's'}"


def applying(items: Iterable[Item]) -> list[bool]:
    """Return for each patch that was tried whether it applies to the release that it was made for."""
    tried = (_own_verdict(item) for item in items)
    return [verdict in ("clean", "offset", "fuzz") for verdict in tried if verdict]


def _own_verdict(item: Item) -> str:
    target = item.collection.target
    return next(
        (
            application.verdict
            for application in item.facts.applications
            if (application.source, application.tag) == (target.source, target.tag) and application.verdict != "unknown"
        ),
        "",
    )


def share(answers: Sequence[bool]) -> str:
    """Return how many of them hold: 3 of 8."""
    return f"{sum(answers)} of {len(answers)}" if answers else ""


TAIL = "</tbody></table></div>\n"


def patch_table(items: Iterable[Item], holdings: Holdings, here: str) -> str:
    """Return patches of one collection in their order."""
    rows = "".join(
        f'<tr><td class="num">{number}</td>{_cells(item, holdings, here)}</tr>\n'
        for number, item in enumerate(items, 1)
    )
    return _head("#") + rows + TAIL


def mixed_table(items: Iterable[Item], holdings: Holdings, here: str) -> str:
    """Return patches of many collections, with their dates."""
    rows = "".join(
        f"<tr><td>{day(item.when) if item.when else 'undated'}</td>{_cells(item, holdings, here, mixed=True)}</tr>\n"
        for item in items
    )
    return _head("Date") + rows + TAIL


def _head(first: str) -> str:
    kind = ' class="num"' if first == "#" else ""
    return (
        f'<div class="scroll"><table class="patches"><thead><tr><th scope="col"{kind}>{first}</th>'
        '<th scope="col">Patch</th><th scope="col">Upstream</th><th scope="col">Applies</th>'
        '<th scope="col" class="num">Lines</th></tr></thead><tbody>\n'
    )


def _cells(item: Item, holdings: Holdings, here: str, *, mixed: bool = False) -> str:
    name = esc(item.collection.title) if mixed else f"<code>{esc(item.patch.name)}</code>"
    under = f'<span class="under">{name}</span>' if mixed or item.patch.subject else ""
    return (
        f"<td>{link(item.path, item.title, here)}{under}</td><td>{_upstream(item, holdings, here)}</td>"
        f'<td>{_applies(item)}</td><td class="num">{_lines(item)}</td>'
    )


def _upstream(item: Item, holdings: Holdings, here: str) -> str:
    found = item.facts.provenance
    since = ""
    if found.first_tag and item.is_upstream:
        release = release_link(holdings, found.source, found.first_tag, found.first_tag, here)
        since = f' <span class="under">since {release}</span>'
    replaced = f" {badge('none', 'superseded')}" if item.superseded else ""
    return f"{upstream_badge(item.standing)}{replaced}{since}"


def _applies(item: Item) -> str:
    """Return a badge for each release that the patch was tried on."""
    return "\n".join(
        f'<span class="tried">{applies_badge(application)} <span class="note">{esc(application.tag)}</span></span>'
        for application in item.facts.applications
    )


def _lines(item: Item) -> str:
    counted = [count_lines(file) for file in item.patch.files]
    return lines(sum(added for added, _ in counted), sum(removed for _, removed in counted)) if counted else ""
