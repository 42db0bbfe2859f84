"""Where a patch went, and where it applies."""

from dataclasses import dataclass

from generator.model.commits import Change
from generator.model.pages import Fragment
from generator.model.patches import Application, HunkResult
from generator.model.paths import collection_path, commit_path, droppable_path, list_part_path
from generator.pages.holdings import Holdings, Item
from generator.pages.patch_lists import address_link, release_link
from generator.render.escape import decode, esc
from generator.render.html import href, link, outside
from generator.render.patches import applies_badge, badge, hunk_item, hunk_words, odd_hunks, per_cent, upstream_badge

SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A patch's diff as HTML: what each file is, how many of them stand on each page, and the pages' fragments."""

    changes: tuple[Change, ...] = ()
    parts: tuple[int, ...] = ()
    fragments: tuple[Fragment, ...] = ()


def part_path(item: Item, part: int) -> str:
    """Return a page of a patch's diff; the first is its own."""
    return item.path if part == 1 else list_part_path(item.path, part)


def provenance(item: Item, holdings: Holdings, here: str) -> str:
    """Say where a patch went: upstream, to others who carry it, into a newer version."""
    found = item.facts.provenance
    parts = [f"<p>{upstream_badge(item.standing)} {_whence(item, holdings, here)}</p>\n"]
    others = [holdings.by_name[key] for key in found.carried_by if key in holdings.by_name]
    if others:
        links = "".join(
            f"<li>{link(other.path, other.patch.name, here)} of "
            f"{link(collection_path(other.collection.name), other.collection.title, here)}</li>\n"
            for other in others
        )
        parts.append(f"<p>The same change is also carried by</p>\n<ul>\n{links}</ul>\n")
    if found.forwarded:
        parts.append(f"<p>Forwarded, as it says itself: {outside(found.forwarded, found.forwarded)}.</p>\n")
    if item.superseded:
        parts.append(f"<p>{badge('none', 'superseded')} {_successor(item, holdings, here)}</p>\n")
    return '<h2 id="upstream">Where it went</h2>\n' + "".join(parts)


def _whence(item: Item, holdings: Holdings, here: str) -> str:
    """Say what upstream made of it, and how sure that is."""
    found = item.facts.provenance
    commit = _commit(item, found.sha, holdings, here)
    since = _since(item, holdings, here)
    return {
        "equal": f"It is the same change as upstream commit {commit}: both have patch-id "
        f"<code>{esc(item.facts.patch_id)}</code>.{since}",
        "subject": f"Upstream commit {commit} has the same author and subject, with {per_cent(found.share)} of the "
        f"changed lines the same.{since}",
        "near": f"The commit most like it upstream is {commit}, with {per_cent(found.share)} of the changed lines the "
        f"same. It is not the same patch.{_extent(item, holdings, here)}{since}",
        "none": "No commit upstream is this change, has its author and subject, or shares much of its lines.",
        "unknown": "There was no history here to compare it with.",
        "letter": "It changes no file, so there is nothing to compare.",
        "bundle": "It is a git bundle: it carries commits, which are not looked into here.",
        "unreadable": "Its diff could not be read, so there is nothing to compare.",
    }[item.verdict]


def _extent(item: Item, holdings: Holdings, here: str) -> str:
    found = item.facts.provenance
    if found.extent == "part of":
        return " All of it is in the commit, which has more."
    if found.extent == "contains":
        commits = ", ".join(_commit(item, sha, holdings, here) for sha in found.parts)
        return f" It has all of {commits}, and more."
    return ""


def _commit(item: Item, sha: str, holdings: Holdings, here: str) -> str:
    source = item.facts.provenance.source
    commit = holdings.commit(source, sha)
    if commit is None:
        return f"<code>{esc(sha[:SHORT])}</code>"
    address = href(commit_path(source, commit.sha), here)
    return f'<a href="{address}"><code>{commit.sha[:SHORT]}</code> {esc(commit.subject)}</a>'


def _since(item: Item, holdings: Holdings, here: str) -> str:
    found = item.facts.provenance
    if not found.first_tag:
        return " No release has the commit yet."
    first = release_link(holdings, found.source, found.first_tag, found.first_tag, here)
    if not item.is_upstream or not holdings.has_release(found.source, found.first_tag):
        return f" The first release with it is {first}."
    dropped = link(droppable_path(found.source, found.first_tag), "can be dropped", here)
    return f" The first release with it is {first}: from there on the patch {dropped}."


def _successor(item: Item, holdings: Holdings, here: str) -> str:
    """Say what took its place."""
    name, patch = item.facts.superseded_by
    other = holdings.by_name.get((name, patch))
    if other:
        return f"By {link(other.path, other.title, here)} {_place(item, other)}."
    if name in holdings.by_collection:
        return f"{_dropped(item, name, holdings, here)}."
    if item.collection.successor:
        return f"Today's equivalent: {address_link(item.collection.successor, here)}."
    return "Its collection says so."


def _place(item: Item, other: Item) -> str:
    if other.collection is item.collection:
        return f"in version {other.patch.version}"
    return f"in {esc(other.collection.title)}"


def _dropped(item: Item, name: str, holdings: Holdings, here: str) -> str:
    if name == item.collection.name:
        return f"The {link(collection_path(name), 'newest version', here)} of its series does without it"
    title = next(collection.title for collection in holdings.collections if collection.name == name)
    return f"{link(collection_path(name), title, here)} does without it"


def applications(item: Item, holdings: Holdings, diff: Diff, here: str) -> str:
    """Say of each release that the patch was tried on whether it applies, and which hunks did not go on as they are."""
    if not item.patch.files:
        return ""
    title = '<h2 id="applies">Does it apply?</h2>\n'
    if not item.facts.applications:
        return f'{title}<p class="note">It was not tried: no history here has what it was made for.</p>\n'
    rows = "".join(_application_row(item, application, holdings, diff, here) for application in item.facts.applications)
    return (
        f"{title}<p>Tried at build time, after the patches before it in its collection.</p>\n"
        '<div class="scroll"><table class="applies"><thead><tr><th scope="col">To</th><th scope="col">Verdict</th>'
        f'<th scope="col">How</th></tr></thead><tbody>\n{rows}</tbody></table></div>\n'
    )


def _application_row(item: Item, application: Application, holdings: Holdings, diff: Diff, here: str) -> str:
    words = f"{application.source} {application.tag}"
    release = release_link(holdings, application.source, application.tag, words, here)
    said = hunk_words(application) or application.reason
    odd = odd_hunks(application.hunks)
    items = "\n".join(hunk_item(hunk, _hunk_address(hunk, item, diff, here)) for hunk in odd)
    more = f'<ul class="hunks">\n{items}</ul>' if odd else ""
    why = f" {esc(application.reason)}" if application.reason and application.reason != said else ""
    return f"<tr><td>{release}</td><td>{applies_badge(application)}</td><td>{esc(said)}{why}{more}</td></tr>\n"


def _hunk_address(hunk: HunkResult, item: Item, diff: Diff, here: str) -> str:
    """Return where a hunk's lines are shown, "" when they are not."""
    for number, (part, file) in enumerate(zip(parts_of(diff), item.patch.files, strict=False), 1):
        if decode(file.path) == hunk.file and 0 < hunk.number <= len(file.hunks):
            page = "" if part == 1 else href(part_path(item, part), here)
            return f"{page}#{number}h{hunk.number}"
    return ""


def parts_of(diff: Diff) -> list[int]:
    """Return for each file on which page its diff stands."""
    return [part for part, count in enumerate(diff.parts, 1) for _ in range(count)]
