"""Who carries a commit as a patch."""

from collections.abc import Iterable, Mapping

from generator.model.patches import Collection, Facts, Provenance
from generator.model.paths import patch_page_path
from generator.relate.provenance import carried_commits
from generator.render.escape import esc
from generator.render.html import href

Carrier = tuple[str, str, str, Provenance]
Carriers = Mapping[tuple[str, str], tuple[Carrier, ...]]
"""By the source's name and the commit: (collection, its title, patch, how sure it is), the surest first."""


def carriers(collections: Iterable[Collection], facts: Facts) -> Carriers:
    """Return who carries which commit."""
    titles = {collection.name: collection.title for collection in collections}
    return {
        commit: tuple((name, titles[name], patch, facts[name, patch].provenance) for name, patch in own)
        for commit, own in carried_commits(facts).items()
    }


def carried_by(source: str, sha: str, who: Carriers, here: str) -> str:
    """Return who carries a commit, as a section for its page at `here`; "" when nobody does."""
    own = who.get((source, sha), ())
    if not own:
        return ""
    items = "".join(
        f'<li><a href="{href(patch_page_path(name, patch), here)}">{esc(patch)}</a> of {esc(title)}'
        f"{'' if found.verdict == 'equal' else ', changed'}</li>\n"
        for name, title, patch, found in own
    )
    return f'<h2 id="carried">Carried by</h2>\n<ul>\n{items}</ul>\n'
