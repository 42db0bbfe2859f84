"""Lists of commits: a source's first page, its years, authors, architectures, and what is not released yet."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from generator.model.commits import Commit
from generator.model.histories import History
from generator.model.pages import Link, Page, SearchEntry
from generator.model.paths import (
    architecture_path,
    author_path,
    files_path,
    log_path,
    manual_path,
    release_path,
    source_path,
)
from generator.pages.commits import source_crumbs
from generator.pages.paging import neighbours, paged
from generator.relate.files import architectures
from generator.render.escape import esc
from generator.render.html import link, year_of
from generator.render.log import log_table

LATEST = 30
Groups = Mapping[str, Sequence[Commit]]


def log_pages(history: History) -> tuple[Page, Iterator[Page]]:
    """Return a source's first page, and every list of its commits; all work without script and are linked from it."""
    years = _group((str(year_of(commit.committed) or "undated"), commit) for commit in history.commits)
    authors = _group((commit.author.name, commit) for commit in history.commits)
    touched = _group(
        (name, commit)
        for commit in history.commits
        for name in architectures(change.path for change in history.records[commit.sha].changes)
    )
    return source_page(history, years, authors, touched), _lists(history, years, authors, touched)


def _lists(history: History, years: Groups, authors: Groups, touched: Groups) -> Iterator[Page]:
    source = history.source.name
    yield _authors_page(history, authors)
    for year, commits in years.items():
        yield from _list_pages(history, _year_path(source, year), f"Commits of {year}", commits)
    for name, commits in authors.items():
        yield from _list_pages(history, author_path(source, name), f"Commits by {name or '(no name)'}", commits)
    for name, commits in touched.items():
        yield from _list_pages(history, architecture_path(source, name), f"Commits that touch {name}", commits)
    unreleased = [commit for commit in history.commits if commit.sha not in history.first_tag]
    yield from _list_pages(history, unreleased_path(source), "Commits not released yet", unreleased)


def unreleased_path(source: str) -> str:
    """Return the list of commits that no tag contains."""
    return f"{source_path(source)}unreleased/index.html"


def authors_path(source: str) -> str:
    """Return the list of authors."""
    return f"{source_path(source)}author/index.html"


def _year_path(source: str, year: str) -> str:
    return log_path(source, int(year) if year.isdigit() else 0)


def _group(pairs: Iterable[tuple[str, Commit]]) -> dict[str, list[Commit]]:
    groups: dict[str, list[Commit]] = {}
    for name, commit in pairs:
        groups.setdefault(name, []).append(commit)
    return groups


def _list_pages(history: History, path: str, title: str, commits: Sequence[Commit]) -> Iterator[Page]:
    for part in paged(path, commits):
        newer, older = neighbours(part)
        suffix = f", part {part.number}" if not part.is_first else ""  # not "of N": that would rewrite every part
        count = f"{len(commits):,} commit{'s' if len(commits) != 1 else ''}"
        yield Page(
            path=part.path,
            title=f"{title}{suffix} · {history.source.title}",
            description=f"{title} of {history.source.title}, newest first: {count}{suffix}.",
            body=(
                f"<h1>{esc(title)}</h1>\n<p>{count}{suffix}, newest first.</p>\n",
                log_table(part.items, history, part.path) if part.items else "<p>None.</p>\n",
            ),
            crumbs=source_crumbs(history),
            section="/history/",
            previous=newer,
            next=older,
            notice=history.notice,
            modified=part.items[0].committed.seconds if part.items else None,
        )


def source_page(history: History, years: Groups, authors: Groups, touched: Groups) -> Page:
    """Show a source: its newest commits and every way into the rest."""
    source = history.source
    here = f"{source_path(source.name)}index.html"
    by_year = [(year, _year_path(source.name, year), len(commits)) for year, commits in years.items()]
    by_architecture = [
        (name, architecture_path(source.name, name), len(commits)) for name, commits in sorted(touched.items())
    ]
    by_author = [(name or "(no name)", author_path(source.name, name), count) for name, count in _most(authors)]
    everyone = (authors_path(source.name), len(authors))
    filters = "".join(
        (
            _filter("By release", _releases(history, here), here),
            _filter("By year", by_year, here),
            _filter("By architecture", by_architecture, here),
            _filter("By author", by_author, here, more=everyone),
        )
    )
    return Page(
        path=here,
        title=source.title,
        description=f"{source.title}: {source.description} History, releases, files and verified patches.",
        body=(
            f'<h1>{esc(source.title)}</h1>\n<p class="lead">{esc(source.description)}</p>\n',
            _summary(history, here),
            f'<h2 id="latest">Newest commits</h2>\n{log_table(history.commits[:LATEST], history, here)}',
            filters,
        ),
        crumbs=source_crumbs(history)[:1],
        section="/history/",
        feeds=source_feeds(history),
        notice=history.notice,
        modified=history.commits[0].committed.seconds,
        search=SearchEntry(text=source.description, filters=(("kind", "source"), ("source", source.name))),
    )


def source_feeds(history: History) -> tuple[Link, ...]:
    """Return a source's feeds."""
    folder = source_path(history.source.name)
    return (
        Link(f"{history.source.title}: commits", f"{folder}commits.atom"),
        Link(f"{history.source.title}: releases", f"{folder}releases.atom"),
    )


def _summary(history: History, here: str) -> str:
    source = history.source
    folder = source_path(source.name)
    merges = sum(commit.is_merge for commit in history.commits)
    verdicts = Counter(history.records[commit.sha].verification.verdict for commit in history.commits)
    proven = verdicts["verified"] + verdicts["lossy"]
    links = [
        (f"{folder}release/index.html", f"{len(history.tags)} releases"),
        (f"{folder}tree/HEAD/index.html", "Files"),
        (files_path(source.name), "All files A to Z"),
        (unreleased_path(source.name), "Not released yet"),
        (f"{folder}commits.atom", "Atom feed"),
        (f"api/v1/{source.name}/commits.json", "JSON"),
    ]
    if source.manual:
        links.append((manual_path(source.name), "Manual with all options"))
    addresses = "".join(f"<li><code>git clone {esc(address)}</code></li>" for address in source.public_addresses)
    return (
        f'<p class="toolbar">{" ".join(link(path, text, here) for path, text in links)}</p>\n'
        f"<p>{len(history.commits):,} commits, {merges} of them merges, on branch <code>{esc(history.branch)}</code> "
        f"and its tags. {proven:,} of {len(history.commits) - merges:,} patches give exactly their commit's tree when "
        "applied to its parent.</p>\n"
        + (f"<details><summary>Clone it</summary><ul>{addresses}</ul></details>\n" if addresses else "")
    )


def _releases(history: History, here: str) -> list[tuple[str, str, int]]:
    source = history.source.name
    rows = [(tag.name, release_path(source, tag.name), len(history.by_tag.get(tag.name, ()))) for tag in history.tags]
    unreleased = sum(commit.sha not in history.first_tag for commit in history.commits)
    return [("unreleased", unreleased_path(source), unreleased), *rows]


def _most(authors: Groups) -> list[tuple[str, int]]:
    counts = [(name, len(commits)) for name, commits in authors.items()]
    return sorted(counts, key=lambda item: (-item[1], item[0]))[:LATEST]


def _filter(title: str, rows: Sequence[tuple[str, str, int]], here: str, more: tuple[str, int] | None = None) -> str:
    if not rows:
        return ""
    items = "".join(
        f'<li>{link(path, name, here)} <span class="count">{count:,}</span></li>' for name, path, count in rows
    )
    if more and more[1] > len(rows):
        items += f"<li>{link(more[0], f'all {more[1]:,}', here)}</li>"
    return f'<nav class="filters" aria-label="{title}"><h2>{title}</h2><ul>{items}</ul></nav>\n'


def _authors_page(history: History, authors: Groups) -> Page:
    source = history.source
    here = authors_path(source.name)
    names = sorted(authors, key=lambda name: (name.casefold(), name))
    rows = [(name or "(no name)", author_path(source.name, name), len(authors[name])) for name in names]
    return Page(
        path=here,
        title=f"Authors · {source.title}",
        description=f"Everyone who wrote a commit of {source.title}, by name: {len(authors):,} people.",
        body=(f"<h1>Authors</h1>\n<p>{len(authors):,} names, by name.</p>\n", _filter("All authors", rows, here)),
        crumbs=source_crumbs(history),
        section="/history/",
        notice=history.notice,
    )
