"""The files of a source: folders at refs, blobs, each file's history, and lists of all files."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from generator.model.files import HEAD, BlobFacts, Departure, FileHistory, Folder, Listing, Place, TreeEntry
from generator.model.histories import History
from generator.model.pages import Asset, Fragment, Link, Page, SearchEntry
from generator.model.paths import (
    blob_path,
    commit_path,
    deleted_path,
    files_path,
    history_path,
    raw_path,
    tree_path,
)
from generator.pages.commits import source_crumbs
from generator.pages.paging import Part, neighbours, paged
from generator.relate.files import folder_of, is_binary, parent_of
from generator.render.escape import decode, esc
from generator.render.html import day, href, link
from generator.render.log import log_table

Highlight = Callable[[bytes, str], Iterable[str]]
"""From a file's bytes and its path to one HTML text a line, without newlines."""

# A file beyond one of these is shown without highlighting, and no further than this.
SHOWN_BYTES = 1_000_000
SHOWN_LINES = 20_000
README_CHARS = 50_000
INDEX_PATHS = 2_000

KINDS = {"100755": "executable", "120000": "symbolic link", "160000": "submodule"}


def tree_pages(history: History, listing: Listing, listings: Sequence[Listing], readme: bytes = b"") -> Iterator[Page]:
    """Show every folder of a tree. `listings` are all that are shown, the head's first; `readme` is for the root."""
    for folder in listing.folders.values():
        yield _tree_page(history, listing, listings, folder, "" if folder.path else _readme(readme))


def _tree_page(history: History, listing: Listing, listings: Sequence[Listing], folder: Folder, readme: str) -> Page:
    ref, source = listing.tree.ref, history.source
    here = tree_path(source.name, ref, folder.path)
    name = f"{visible(folder.path)}/" if folder.path else "Files"
    return Page(
        path=here,
        title=f"{name} at {_ref_title(history, ref)} · {source.title}",
        description=f"{_count(folder.files, 'file')} in {visible(folder.path) or 'the root'} of {source.title} "
        f"at {_ref_title(history, ref)}, with sizes and last changes.",
        body=(
            f"<h1>{esc(name)} at {esc(_ref_title(history, ref))}</h1>\n",
            f'<p class="lead">{_count(folder.files, "file")}, {_size(folder.size_bytes)} bytes.</p>\n',
            _ref_row(history, listings, ref, folder.path, here),
            _tree_table(history, listing, folder, here),
            readme,
        ),
        crumbs=(*source_crumbs(history), *_folder_crumbs(history, ref, folder.path)),
        section="/history/",
        notice=history.notice,
        modified=_seconds(history, listing.touched.get(folder.path, "")),
    )


def _ref_row(history: History, listings: Sequence[Listing], ref: str, folder: str, here: str) -> str:
    """Return links to the same folder at the other refs that have it."""
    items = [
        f'<a href="{href(tree_path(history.source.name, other.tree.ref, folder), here)}"'
        f"{' aria-current=page' if other.tree.ref == ref else ''}>{esc(_ref_title(history, other.tree.ref))}</a>"
        for other in listings
        if folder in other.folders
    ]
    items.append(link(files_path(history.source.name), "All files", here))
    return _toolbar(items)


TREE_HEAD = (
    '<div class="scroll"><table class="tree"><thead><tr><th scope="col">Name</th><th scope="col">Kind</th>'
    '<th scope="col" class="num">Bytes</th><th scope="col">Last change</th><th scope="col">Date</th></tr></thead>'
    "<tbody>\n"
)
TREE_TAIL = "</tbody></table></div>\n"


def _tree_table(history: History, listing: Listing, folder: Folder, here: str) -> str:
    source, ref = history.source.name, listing.tree.ref
    rows = []
    if folder.path:
        up = link(tree_path(source, ref, parent_of(folder.path)), "..", here)
        rows.append(f"<tr><td>{up}</td><td>parent folder</td><td></td><td></td><td></td></tr>\n")
    for path in folder.folders:
        name = link(tree_path(source, ref, path), visible(path.rpartition("/")[2]) + "/", here)
        below = listing.folders[path]
        kind = f"folder, {_count(below.files, 'file')}"
        rows.append(_tree_row(history, name, kind, below.size_bytes, listing.touched.get(path, ""), here))
    for entry in folder.entries:
        name = _entry_link(history, entry, folder.path, here)
        kind = KINDS.get(entry.mode, "")
        rows.append(_tree_row(history, name, kind, entry.size_bytes, listing.touched.get(entry.path, ""), here))
    return TREE_HEAD + "".join(rows) + TREE_TAIL


def _tree_row(history: History, name: str, kind: str, size_bytes: int, sha: str, here: str) -> str:
    commit = history.by_sha.get(sha)
    change = link(commit_path(history.source.name, sha), commit.subject or "(no subject)", here) if commit else ""
    date = day(commit.committed) if commit else ""
    return (
        f'<tr><td>{name}</td><td>{kind}</td><td class="num">{_size(size_bytes)}</td><td>{change}</td>'
        f"<td>{date}</td></tr>\n"
    )


def _entry_link(history: History, entry: TreeEntry, folder: str, here: str) -> str:
    """Link to the blob; a submodule has none here, so its history is linked, with the commit it names."""
    name = visible(entry.path.removeprefix(f"{folder}/"))
    if entry.is_submodule:
        at = f' <span class="note">at {esc(entry.blob[:12])}</span>'
        return link(history_path(history.source.name, entry.path), name, here) + at
    return link(blob_path(history.source.name, entry.blob), name, here)


def _readme(data: bytes) -> str:
    if not data or is_binary(data):
        return ""
    text = decode(data).replace("\r\n", "\n")
    cut = '<p class="note">Only the beginning is shown.</p>\n' if len(text) > README_CHARS else ""
    return f"<h2>README</h2>\n<pre>{esc(text[:README_CHARS])}</pre>\n{cut}"


def blob_page(history: History, blob: str, places: Sequence[Place], body: Fragment, facts: BlobFacts) -> Page:
    """Show one blob with every name it has in the trees that are shown. `places`: at least one, the head's first."""
    source, first = history.source, places[0]
    here = blob_path(source.name, blob)
    at_head = first.ref == HEAD
    name = visible(first.path) if at_head else f"{visible(first.path)} at {_ref_title(history, first.ref)}"
    return Page(
        path=here,
        title=f"{name} · {source.title}",
        description=f"{name} of {source.title}: {_describe(facts)}.",
        body=(
            f"<h1>{esc(name)}</h1>\n",
            _blob_row(history, blob, first, facts, here),
            _blob_facts(history, places, facts, here),
            body,
        ),
        crumbs=(*source_crumbs(history), *_folder_crumbs(history, first.ref, folder_of(first.path), inclusive=True)),
        section="/history/",
        notice=history.notice,
        modified=_seconds(history, first.commit),
        search=_file_search(history, places, facts),
    )


def _file_search(history: History, places: Sequence[Place], facts: BlobFacts) -> SearchEntry | None:
    """Only files at the head are searched for, by path and language; what they were before has the same names."""
    paths = sorted({place.path for place in places if place.ref == HEAD})
    if not paths:
        return None
    words = [visible(path) for path in paths] + [facts.language] * bool(facts.language)
    return SearchEntry(text="\n".join(words), filters=(("kind", "file"), ("source", history.source.name)))


def _blob_row(history: History, blob: str, first: Place, facts: BlobFacts, here: str) -> str:
    source = history.source.name
    raw = href(raw_path(source, blob, facts.binary), here)
    # The name a browser offers is the file's own; a browser takes no folders from it.
    name = f' download="{esc(visible(posixpath.basename(first.path)))}"' if facts.binary else ""
    return _toolbar(
        (
            f'<a href="{raw}"{name}>{"Download" if facts.binary else "Raw"}</a>',
            link(history_path(source, first.path), "History of this file", here),
            link(tree_path(source, first.ref, folder_of(first.path)), "Folder", here),
        )
    )


def _blob_facts(history: History, places: Sequence[Place], facts: BlobFacts, here: str) -> str:
    rows = [("Size", esc(_describe(facts)))]
    if facts.target and any(place.mode == "120000" for place in places):
        rows.append(("Leads to", f"<code>{esc(visible(facts.target))}</code>"))
    commit = history.by_sha.get(places[0].commit)
    if commit:
        change = link(commit_path(history.source.name, commit.sha), commit.subject or "(no subject)", here)
        rows.append(("Last change", f"{change}, {day(commit.committed)}"))
    rows.append(("Stands at", _names(history, places, here)))
    return '<dl class="facts">' + "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows) + "</dl>\n"


def _describe(facts: BlobFacts) -> str:
    if facts.binary:
        return f"{_size(facts.size_bytes)} bytes, binary"
    parts = [f"{_size(facts.size_bytes)} bytes", _count(facts.lines, "line")]
    if facts.language:
        parts.append(facts.language)
    if facts.line_ends:
        parts.append("CRLF line ends" if facts.line_ends == "CRLF" else "mixed line ends")
    if facts.ends_open:
        parts.append("no newline at the end")
    return ", ".join(parts)


def _names(history: History, places: Sequence[Place], here: str) -> str:
    """Return each path with its refs, in the order in which the paths first stand."""
    by_path: dict[str, list[Place]] = {}
    for place in places:
        by_path.setdefault(place.path, []).append(place)
    return "<br>".join(_name(history, path, standing, here) for path, standing in by_path.items())


def _name(history: History, path: str, standing: Sequence[Place], here: str) -> str:
    source = history.source.name
    refs = ", ".join(
        link(tree_path(source, place.ref, folder_of(path)), _ref_title(history, place.ref), here)
        + (f' <span class="note">({KINDS[place.mode]})</span>' if place.mode in KINDS else "")
        for place in standing
    )
    return f"{link(history_path(source, path), visible(path), here)} at {refs}"


def raw_asset(source: str, blob: str, data: bytes, *, binary: bool) -> Asset:
    """Give a blob away as it is, under an ending that no browser takes for HTML."""
    return Asset(path=raw_path(source, blob, binary), body=(data,))


def blob_fragment(data: bytes, path: str, highlight: Highlight) -> bytes:
    """Return the content of a blob's page: numbered lines, or a sentence where it has none to show.

    A line is `<span id=L12><a href=#L12>  12</a>code\\n</span>`. Beyond SHOWN_BYTES or SHOWN_LINES it is escaped
    only, cut there, and says so.
    """
    if is_binary(data):
        text = f'<p class="note">A binary file of {_size(len(data))} bytes: it can be downloaded above.</p>\n'
    elif not data:
        text = '<p class="note">An empty file.</p>\n'
    elif len(data) > SHOWN_BYTES or data.count(b"\n") > SHOWN_LINES:
        text = _plain_beginning(data)
    else:
        text = _code(list(highlight(data, path)))
    return text.encode()


# What may be the first bytes of a UTF-8 character that a cut went through.
CHARACTER_END_RE = re.compile(rb"[\xc0-\xff][\x80-\xbf]{0,3}\Z")


def _plain_beginning(data: bytes) -> str:
    """Show whole lines as far as the limits go; a first line that is itself beyond them is cut."""
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    end = len(data) if len(data) <= SHOWN_BYTES else data.rfind(b"\n", 0, SHOWN_BYTES) + 1
    rows = data[:end].removesuffix(b"\n").split(b"\n")[:SHOWN_LINES]
    what = "The first line follows" if len(rows) == 1 else f"The first {_size(len(rows))} lines follow"
    if not end:
        rows = [CHARACTER_END_RE.sub(b"", data[:SHOWN_BYTES])]
        what = "The beginning of its first line follows"
    return (
        f'<p class="note">This file is too big to be shown whole: {_size(len(data))} bytes in {_count(lines, "line")}. '
        f"{what}, without highlighting; the rest is in the raw file above.</p>\n"
        + _code([esc(decode(row)) for row in rows])
    )


def _code(rows: Sequence[str]) -> str:
    width = len(str(len(rows)))
    lines = [
        f"<span id=L{number}><a href=#L{number}>{number:{width}}</a>{row}\n</span>"
        for number, row in enumerate(rows, 1)
    ]
    return f'<pre class="code"><code>{"".join(lines)}</code></pre>\n'


def history_pages(
    history: History,
    path: str,
    file_history: FileHistory,
    entry: TreeEntry | None,
    departure: Departure | None = None,
    copied: tuple[str, str] | None = None,
) -> Iterator[Page]:
    """Show a file's commits. `entry`: what stands at the path at the head; None: see `departure` for where it went.

    `copied` is the (commit, origin) of a file that began as a copy.
    """
    for part in paged(history_path(history.source.name, path), file_history):
        said = _whereabouts(history, path, entry, departure, part.path) + _origin(history, copied, part.path)
        yield _history_page(history, path, part, said)


def _history_page(history: History, path: str, part: Part[tuple[str, str]], said: str) -> Page:
    source = history.source
    number = "" if part.is_first else f", part {part.number}"
    newer, older = neighbours(part, "Newer commits", "Older commits")
    return Page(
        path=part.path,
        title=f"History of {visible(path)}{number} · {source.title}",
        description=f"The commits of {source.title} that touched {visible(path)}{number}.",
        body=(f"<h1>History of {esc(visible(path))}{number}</h1>\n", said, _history_tables(history, path, part)),
        crumbs=(*source_crumbs(history), Link("Files", files_path(source.name))),
        section="/history/",
        notice=history.notice,
        previous=newer,
        next=older,
        modified=_seconds(history, part.items[0][0]) if part.items else None,
    )


def _history_tables(history: History, path: str, part: Part[tuple[str, str]]) -> str:
    """Return one table for each name in turn; only a file that had more than one says which."""
    if not part.items:
        return '<p class="note">No commit of this history touched it: what came before is not here.</p>\n'
    tables = []
    for name, entries in groupby(part.items, key=lambda item: item[1]):
        if name != path or tables:
            where = history_path(history.source.name, name)
            tables.append(f"<h2>As {link(where, visible(name), part.path)}</h2>\n")
        tables.append(log_table([history.by_sha[sha] for sha, _ in entries], history, part.path))
    return "".join(tables)


def _whereabouts(history: History, path: str, entry: TreeEntry | None, departure: Departure | None, here: str) -> str:
    source, head = history.source.name, esc(visible(history.branch))
    if entry is not None:
        folder = link(tree_path(source, HEAD, folder_of(path)), "folder", here)
        if entry.is_submodule:
            return f'<p class="lead">A submodule at {head}, at commit {esc(entry.blob)}; see its {folder}.</p>\n'
        file = link(blob_path(source, entry.blob), f"The file at {visible(history.branch)}", here)
        return f'<p class="lead">{file}, and its {folder}.</p>\n'
    if departure is None:
        return f'<p class="lead">Not at {head}.</p>\n'
    commit = history.by_sha[departure.commit]
    where = link(commit_path(source, commit.sha), commit.sha[:12], here)
    when = f"in {where}, {day(commit.committed)}"
    if departure.successor:
        successor = link(history_path(source, departure.successor), visible(departure.successor), here)
        return f'<p class="lead">Renamed to {successor} {when}.</p>\n'
    return f'<p class="lead">Deleted {when}.</p>\n'


def _origin(history: History, copied: tuple[str, str] | None, here: str) -> str:
    if copied is None:
        return ""
    sha, path = copied
    origin = link(history_path(history.source.name, path), visible(path), here)
    return f"<p>Begun as a copy of {origin} in {link(commit_path(history.source.name, sha), sha[:12], here)}.</p>\n"


def files_index_pages(history: History, listing: Listing, gone: Mapping[str, Departure]) -> Iterator[Page]:
    """List every path at the head by folder, and on pages of their own the paths that are no longer there.

    `gone` may hold paths that came back: they are left out.
    """
    source = history.source.name
    there = {entry.path for entry in listing.tree.entries}
    away = sorted(gone.keys() - there)
    by_folder = sorted(listing.tree.entries, key=lambda entry: (folder_of(entry.path), entry.path))
    for part in paged(files_path(source), by_folder, size=INDEX_PATHS):
        yield _index_page(history, part, "All files", f"at {visible(history.branch)}", _index(history, part, len(away)))
    for part in paged(deleted_path(source), away, size=INDEX_PATHS):
        yield _index_page(history, part, "Deleted and renamed files", "no longer there", _away(history, part, gone))


def _index_page(history: History, part: Part, title: str, what: str, body: str) -> Page:
    number = "" if part.is_first else f", part {part.number}"
    newer, older = neighbours(part, "Paths before", "Paths after")
    source = history.source
    return Page(
        path=part.path,
        title=f"{title}{number} · {source.title}",
        description=f"The paths of {source.title} that are {what}{number}, by folder.",
        body=(f"<h1>{title}{number}</h1>\n", body),
        crumbs=source_crumbs(history),
        section="/history/",
        notice=history.notice,
        previous=newer,
        next=older,
        modified=_seconds(history, history.head),
    )


def _index(history: History, part: Part[TreeEntry], away: int) -> str:
    source, here = history.source.name, part.path
    row = _toolbar(
        (
            link(tree_path(source, HEAD), "By folder", here),
            link(deleted_path(source), f"Deleted and renamed: {away:,}", here),
        )
    )
    lists = []
    for folder, entries in groupby(part.items, key=lambda entry: folder_of(entry.path)):
        title = link(tree_path(source, HEAD, folder), f"{visible(folder)}/", here)
        names = "".join(f"<li>{_entry_link(history, entry, folder, here)}</li>\n" for entry in entries)
        lists.append(f"<h2>{title}</h2>\n<ul>\n{names}</ul>\n")
    return row + f'<nav class="filters" aria-label="Files">{"".join(lists)}</nav>\n'


def _away(history: History, part: Part[str], gone: Mapping[str, Departure]) -> str:
    if not part.items:
        return "<p>No file was ever deleted or renamed.</p>\n"
    return f"<ul>\n{''.join(_gone(history, path, gone[path], part.path) for path in part.items)}</ul>\n"


def _gone(history: History, path: str, departure: Departure, here: str) -> str:
    source, successor = history.source.name, departure.successor
    became = f"became {link(history_path(source, successor), visible(successor), here)}" if successor else "deleted"
    date = day(history.by_sha[departure.commit].committed)
    commit = link(commit_path(source, departure.commit), departure.commit[:12], here)
    return f"<li>{link(history_path(source, path), visible(path), here)}: {became} in {commit}, {date}</li>\n"


def visible(name: str) -> str:
    """Return a path or ref as text of one line: what else breaks or blanks it is marked as `esc` marks the rest."""
    return name.replace("\n", "\\x0a").replace("\t", "\\x09")


def _toolbar(links: Iterable[str]) -> str:
    return f'<p class="toolbar">{" ".join(links)}</p>\n'


def _ref_title(history: History, ref: str) -> str:
    return visible(history.branch if ref == HEAD else ref)


def _folder_crumbs(history: History, ref: str, folder: str, *, inclusive: bool = False) -> Iterator[Link]:
    """Yield the root at a ref and the folders down to the one around `folder`, or with `inclusive` to itself."""
    parts = folder.split("/") if folder else []
    paths = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    for path in paths if inclusive else paths[:-1]:
        title = visible(path.rpartition("/")[2]) if path else _ref_title(history, ref)
        yield Link(title, tree_path(history.source.name, ref, path))


def _seconds(history: History, sha: str) -> int | None:
    commit = history.by_sha.get(sha)
    return commit.committed.seconds if commit else None


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _size(size_bytes: int) -> str:
    return f"{size_bytes:,}"
