"""The first page of the histories: every git source, present or not."""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.model.histories import GitSource
from generator.model.pages import Link, Page, SearchEntry
from generator.model.paths import source_path
from generator.render.escape import esc
from generator.render.html import href, link, outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A source in numbers."""

    source: GitSource
    commits: int
    tags: int
    newest: str  # the newest tag, "" when there is none


def sources_page(summaries: Sequence[Summary], absent: Sequence[GitSource]) -> Page:
    """Show every git source; `absent` are those that could not be read."""
    here = "history/index.html"
    cards = "".join(_card(summary, here) for summary in summaries)
    missing = "".join(
        f'<p class="notice"><b>{link(f"{source_path(source.name)}index.html", source.title, here)}</b> {ABSENT}</p>\n'
        for source in absent
    )
    return Page(
        path=here,
        title="History",
        description="Histories, releases, files and verified patches of the projects around kexec and kdump.",
        body=(
            '<h1>History</h1>\n<p class="lead">Every commit with its highlighted diff and a patch that was proven '
            "to apply; every release with checksums; every file.</p>\n",
            f'{missing}<ul class="cards">{cards}</ul>\n' if cards else missing,
        ),
        section="/history/",
        search=SearchEntry(text="History, commits, patches, releases, files", filters=(("kind", "page"),)),
    )


ABSENT = (
    "is not here yet: no mirror of it could be made where this portal was built. "
    "<code>kdump-portal sync</code> makes one where its addresses can be reached."
)


def absent_page(source: GitSource) -> Page:
    """Stand where a source's first page will be, and say plainly that there is nothing yet."""
    addresses = "".join(f"<li>{outside(address, address)}</li>" for address in source.public_addresses)
    return Page(
        path=f"{source_path(source.name)}index.html",
        title=source.title,
        description=f"{source.title} is not here yet: no mirror of it could be made where this portal was built.",
        body=(
            f'<h1>{esc(source.title)}</h1>\n<p class="lead">{esc(source.description)}</p>\n'
            f'<p class="notice">This history {ABSENT}</p>\n',
            f"<p>Until then it can be read where it comes from:</p>\n<ul>{addresses}</ul>\n" if addresses else "",
        ),
        crumbs=(Link("History", "history/index.html"),),
        section="/history/",
    )


def _card(summary: Summary, here: str) -> str:
    source = summary.source
    newest = f" · newest release {esc(summary.newest)}" if summary.newest else ""
    return (
        f'<li><a href="{href(f"{source_path(source.name)}index.html", here)}"><h2>{esc(source.title)}</h2></a>'
        f"<p>{esc(source.description)}</p>"
        f'<p class="note">{summary.commits:,} commits · {summary.tags:,} tags{newest}</p></li>\n'
    )
