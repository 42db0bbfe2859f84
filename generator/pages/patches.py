"""One patch: what it says, where it came from and went, whether it applies, what it changes, and its downloads."""

from collections.abc import Iterator
from math import ceil

from generator.model.commits import Change
from generator.model.pages import Link, Page, SearchEntry
from generator.model.paths import collection_path, commit_path, history_path, patches_feed_path
from generator.pages.holdings import Holdings, Item, last_update, versions
from generator.pages.patch_downloads import Offer, Offers, download_list
from generator.pages.patch_fates import Diff, applications, part_path, parts_of, provenance
from generator.pages.patch_lists import SECTION, collection_crumbs, fact_list, target_link
from generator.render.changes import GRAPH_WIDTH, STAT_HEAD
from generator.render.escape import decode, esc
from generator.render.html import href, link, moment, outside
from generator.render.log import lines
from generator.render.messages import message_html
from generator.render.patches import badge, commands, upstream_badge


def patch_pages(item: Item, holdings: Holdings, diff: Diff, offers: Offers, likeness: str = "") -> Iterator[Page]:
    """Yield a patch's page, and further ones when its diff is big.

    `likeness` is the range-diff with the commit that it is like, as HTML.
    """
    yield _first_page(item, holdings, diff, offers, likeness)
    total = len(diff.parts)
    for part, fragment in enumerate(diff.fragments[1:], 2):
        title = f"{item.title}, diff part {part} of {total}"
        yield Page(
            path=part_path(item, part),
            title=f"{title} · {item.collection.title}",
            description=f"Part {part} of {total} of the diff of {item.patch.name} of {item.collection.title}.",
            body=(f"<h1>{esc(title)}</h1>\n", fragment),
            crumbs=(*collection_crumbs(item), Link(item.title, item.path)),
            section=SECTION,
            previous=Link(f"Part {part - 1}", part_path(item, part - 1)),
            next=Link(f"Part {part + 1}", part_path(item, part + 1)) if part < total else None,
            modified=item.when.seconds if item.when else None,
        )


def _first_page(item: Item, holdings: Holdings, diff: Diff, offers: Offers, likeness: str) -> Page:
    siblings = _siblings(item, holdings)
    place = siblings.index(item)
    here = item.path
    return Page(
        path=here,
        title=f"{item.title}{_version(item)} · {item.collection.title}",
        description=f"{item.patch.name} of {item.collection.title}: {item.title}.",
        body=(
            f"<h1>{esc(item.title)}</h1>\n",
            _toolbar(item, offers, here),
            _facts(item, holdings, place, len(siblings), here),
            _problem(item),
            _message(item, holdings, here),
            _headers(item),
            provenance(item, holdings, here),
            likeness,
            applications(item, holdings, diff, here),
            _downloads(item, holdings, offers, here),
            _changes(item, holdings, diff, here),
            *diff.fragments[:1],
            _further(item, diff, here),
        ),
        crumbs=collection_crumbs(item),
        section=SECTION,
        previous=_neighbour(siblings[place - 1], "Before") if place else None,
        next=_neighbour(siblings[place + 1], "After") if place + 1 < len(siblings) else None,
        feeds=(Link("Patches", patches_feed_path("all")),) if holdings.site_url else (),
        modified=item.when.seconds if item.when else None,
        search=_search(item),
    )


def _siblings(item: Item, holdings: Holdings) -> tuple[Item, ...]:
    """Return the patches that it stands among: of a series those of its version."""
    own = holdings.by_collection[item.collection.name]
    return tuple(other for other in own if other.patch.version == item.patch.version) if _version(item) else own


def _version(item: Item) -> str:
    return f" (v{item.patch.version})" if len(versions(item.collection)) > 1 else ""


def _neighbour(item: Item, word: str) -> Link:
    return Link(f"{word}: {item.title}", item.path)


def _toolbar(item: Item, offers: Offers, here: str) -> str:
    mail = offers.mails.get(item.patch.name)
    links = [f'<a href="{href(offers.received[item.patch.name].path, here)}" download>As received</a>']
    if mail:
        links.insert(0, f'<a href="{href(mail.path, here)}" download>git am mail</a>')
    badges = [upstream_badge(item.standing)]
    if item.superseded:
        badges.append(badge("none", "superseded"))
    return f'<p class="toolbar">{" ".join(links)} {" ".join(badges)}</p>\n'


FORMS = {
    "mail": "a mail, as <code>git format-patch</code> writes them",
    "plain": "a bare diff, without author or message",
    "dep3": "a diff below headers of its own",
    "bundle": "a git bundle",
}


def _facts(item: Item, holdings: Holdings, place: int, total: int, here: str) -> str:
    patch, collection = item.patch, item.collection
    rows = [("File", f"<code>{esc(patch.name)}</code>, {FORMS.get(patch.form, esc(patch.form))}{_packed(item)}")]
    if patch.author:
        rows.append(("Author", f"{esc(patch.author.name) or '(no name)'} &lt;{esc(patch.author.email)}&gt;"))
    if item.when:
        rows.append(("Date" if patch.authored or last_update(patch) else "Released", moment(item.when)))
    own = collection_path(collection.name)
    rows.append(("Collection", f"{link(own, collection.title, here)}, {place + 1} of {total}"))
    if collection.distribution:
        rows.append(("Distribution", esc(collection.distribution)))
    rows.append(("Made for", target_link(collection.target, holdings, here)))
    if patch.total:
        rows.append(("Series", f"{'cover letter of ' if not patch.number else f'{patch.number} of '}{patch.total}"))
    if _version(item):
        rows.append(("Version", str(patch.version)))
    if patch.message_id:
        name = patch.message_id.strip("<>")
        rows.append(("Message-ID", outside(f"https://lore.kernel.org/all/{name}/", name)))
    return fact_list(rows)


def _packed(item: Item) -> str:
    return f", packed with {esc(item.patch.packing)}" if item.patch.packing else ""


def _problem(item: Item) -> str:
    return f'<p class="notice">{esc(item.patch.problem)}</p>\n' if item.patch.problem else ""


def _message(item: Item, holdings: Holdings, here: str) -> str:
    text = item.patch.message.strip("\n").rstrip()
    if not text:
        return '<p class="note">It came without a message.</p>\n'
    source = item.facts.provenance.source or item.collection.target.source
    names = holdings.names.get(source)

    def address(word: str) -> str | None:
        sha = names.find(word) if names else None
        return href(commit_path(source, sha), here) if sha else None

    return f'<pre class="message">{message_html(text, address)}</pre>\n'


SHOWN_ABOVE = frozenset({"subject", "from", "date", "message-id", "content-type", "content-transfer-encoding"})


def _headers(item: Item) -> str:
    """Show headers and trailers that stand neither among the facts nor in the message."""
    patch = item.patch
    rows = [(name, value) for name, value in patch.headers if name.lower() not in SHOWN_ABOVE or not patch.author]
    rows += [
        (trailer.key, trailer.value)
        for trailer in patch.trailers
        if f"{trailer.key}: {trailer.value}" not in patch.message
    ]
    if not rows:
        return ""
    shown = fact_list([(name, message_html(value, lambda _: None)) for name, value in rows])
    title = "DEP-3 headers" if patch.form == "dep3" else "Headers and trailers"
    return f'<h2 id="headers">{title}</h2>\n{shown}'


def _downloads(item: Item, holdings: Holdings, offers: Offers, here: str) -> str:
    received = offers.received[item.patch.name]
    mail = offers.mails.get(item.patch.name)
    parts = ['<h2 id="downloads">Downloads</h2>\n', download_list([*([mail] if mail else []), received], here)]
    if mail:
        name = mail.path.rpartition("/")[2]
        fetch = f"curl -fsSL {holdings.site_url}{mail.path} |" if holdings.site_url else f"cat {name} |"
        parts.append(f"<p>In a clone:</p>\n{commands([f'{fetch} git am'])}")
        parts.append(f"<p>Without git, in the sources:</p>\n{commands([f'{fetch} patch -p1'])}")
    if item.verdict == "bundle":
        parts.append(f"<p>In a clone:</p>\n{commands(_bundle_commands(received, holdings))}")
    return "".join(parts)


def _bundle_commands(received: Offer, holdings: Holdings) -> tuple[str, ...]:
    name = received.path.rpartition("/")[2]
    fetch = (f"curl -fsSLO {holdings.site_url}{received.path}",) if holdings.site_url else ()
    return (*fetch, f"git bundle verify ./{name}", f"git fetch ./{name} 'refs/*:refs/bundle/*'")


def _changes(item: Item, holdings: Holdings, diff: Diff, here: str) -> str:
    if not diff.changes:
        return ""
    known = holdings.files.get(item.collection.target.source, frozenset())
    largest = max((change.added or 0) + (change.removed or 0) for change in diff.changes)
    rows = "".join(
        _stat_row(f"{'' if part == 1 else href(part_path(item, part), here)}#f{number}", change, largest)
        + _history_cell(item, change, known, here)
        for number, (part, change) in enumerate(zip(parts_of(diff), diff.changes, strict=True), 1)
    )
    return f'<h2 id="files">Changed files</h2>\n{STAT_HEAD}{rows}</tbody></table></div>\n'


def _stat_row(address: str, change: Change, largest: int) -> str:
    name = f"{esc(change.old_path)} → {esc(change.path)}" if change.old_path else esc(change.path)
    scale = min(1.0, GRAPH_WIDTH / largest) if largest else 0
    plus, minus = (ceil((count or 0) * scale) for count in (change.added, change.removed))
    return (
        f'<tr><td><a href="{address}">{name}</a></td><td class="num">{lines(change.added, change.removed)}</td>'
        f'<td class="graph"><ins>{"+" * plus}</ins><del>{"-" * minus}</del></td>'
    )


def _history_cell(item: Item, change: Change, known: frozenset[str], here: str) -> str:
    if change.path not in known:
        return '<td><span class="note">no history here</span></td></tr>\n'
    return f"<td>{link(history_path(item.collection.target.source, change.path), 'history', here)}</td></tr>\n"


def _further(item: Item, diff: Diff, here: str) -> str:
    total = len(diff.parts)
    if total < 2:
        return ""
    links = ", ".join(link(part_path(item, part), f"part {part}", here) for part in range(2, total + 1))
    return f'<p class="notice">The diff is big: it goes on in {links}.</p>\n'


def _search(item: Item) -> SearchEntry:
    patch, target = item.patch, item.collection.target
    paths = " ".join(decode(file.path) for file in patch.files[:200])
    filters = [("kind", "patch"), ("source", target.source or target.package)]
    if patch.author:
        filters.append(("author", patch.author.name))
    if item.collection.distribution:
        filters.append(("distribution", item.collection.distribution))
    return SearchEntry(
        text=f"{patch.message[:20_000]}\n{patch.name} {item.collection.title} {patch.message_id} {paths}",
        filters=tuple(filters),
    )
