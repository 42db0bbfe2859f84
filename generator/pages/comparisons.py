"""What changed between two releases."""

from collections.abc import Iterator, Sequence

from generator.model.commits import Change
from generator.model.histories import History
from generator.model.mirrors import Tag
from generator.model.pages import Fragment, Link, Page
from generator.model.paths import release_path
from generator.pages.commits import source_crumbs
from generator.pages.releases import release_diff_path, releases_path
from generator.render.changes import stat_table
from generator.render.escape import esc
from generator.render.html import link


def comparison_pages(
    history: History, before: Tag, tag: Tag, changes: Sequence[Change], parts: Sequence[int], diffs: Sequence[Fragment]
) -> Iterator[Page]:
    """Yield the pages of the diff from one release to the next; `parts` and `diffs` have an entry for each page."""
    source = history.source.name
    paths = [_path(source, tag.name, part) for part in range(1, max(len(parts), 1) + 1)]
    title = f"{before.name} to {tag.name}"
    for number, path in enumerate(paths):
        suffix = f", part {number + 1}" if number else ""
        if number == 0:
            summary = stat_table(changes, parts, paths, source) if changes else "<p>The two have the same files.</p>"
        else:
            summary = ""
        yield Page(
            path=path,
            title=f"{title}{suffix} · {history.source.title}",
            description=f"What changed in the files of {history.source.title} from {title}{suffix}.",
            body=(
                f"<h1>{esc(title)}{suffix}</h1>\n"
                f"<p>{len(changes):,} files changed. The commits are on the page of "
                f"{link(release_path(source, tag.name), tag.name, path)}.</p>\n",
                summary,
                *diffs[number : number + 1],
            ),
            crumbs=(
                *source_crumbs(history),
                Link("Releases", releases_path(source)),
                Link(tag.name, release_path(source, tag.name)),
            ),
            section="/history/",
            previous=Link(f"Part {number}", paths[number - 1]) if number else None,
            next=Link(f"Part {number + 2}", paths[number + 1]) if number + 1 < len(paths) else None,
            notice=history.notice,
            modified=tag.stamp.seconds,
        )


def _path(source: str, tag: str, part: int) -> str:
    first = release_diff_path(source, tag)
    return first if part == 1 else first.replace("diff.html", f"diff-{part}.html")
