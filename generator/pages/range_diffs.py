"""Patches side by side: two versions of a series, and a patch with the commit that it is like."""

from collections.abc import Sequence

from generator.model.pages import Link, Page
from generator.model.patches import Collection, Patch
from generator.model.paths import PATCHES, collection_path, range_diff_path
from generator.pages.patch_lists import SECTION
from generator.relate.range_diff import Pairing
from generator.render.code import Highlighter
from generator.render.escape import esc
from generator.render.patches import per_cent
from generator.render.range_diff import pairing_rows, range_diff_body

LEGEND = (
    "Lines have two marks: the first says what {} removed or added, the second is the patch's own. "
    "Line numbers do not count."
)


def range_diff_page(
    collection: Collection,
    pairs: Sequence[tuple[int, int]],
    place: int,
    old: Sequence[Patch],
    new: Sequence[Patch],
    pairings: Sequence[Pairing],
    highlighter: Highlighter,
) -> Page:
    """Show what changed from one version to the next: of all `pairs` the one at `place`."""
    older, newer = pairs[place]
    title = f"{collection.title}: version {older} to {newer}"
    return Page(
        path=range_diff_path(collection.name, older, newer),
        title=title,
        description=f"What changed in {collection.title} from version {older} to version {newer}, patch by patch.",
        body=(
            f"<h1>{esc(title)}</h1>\n<p>{LEGEND.format(f'version {newer}')}</p>\n",
            range_diff_body(pairings, old, new, highlighter),
        ),
        crumbs=(Link("Patches", PATCHES), Link(collection.title, collection_path(collection.name))),
        section=SECTION,
        previous=_link(collection, *pairs[place - 1]) if place else None,
        next=_link(collection, *pairs[place + 1]) if place + 1 < len(pairs) else None,
        modified=max((patch.authored.seconds for patch in new if patch.authored), default=None),
    )


def _link(collection: Collection, older: int, newer: int) -> Link:
    return Link(f"Version {older} to {newer}", range_diff_path(collection.name, older, newer))


def likeness(pairings: Sequence[Pairing], highlighter: Highlighter) -> str:
    """Return how a patch differs from a commit, the older of one pair; "" when they have too little in common."""
    changed = [pairing for pairing in pairings if pairing.lines]
    if not changed:
        return ""
    return (
        '<details class="file" id="likeness"><summary>What differs from the commit <span class="note">'
        f"{per_cent(changed[0].share)} of all lines are the same, message and context too</span></summary>\n"
        f"<p>{LEGEND.format('the patch')}</p>\n"
        f"<pre class=diff tabindex=0><code>{pairing_rows(changed[0], highlighter)}</code></pre>\n</details>\n"
    )
