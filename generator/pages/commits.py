"""One commit: what it says, what became of it, what it changed, and its patch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.commits import Commit, CommitRecord, Person, Verification
from generator.model.histories import History
from generator.model.pages import Fragment, Link, Page, SearchEntry
from generator.model.paths import (
    architecture_path,
    author_path,
    bundle_path,
    commit_path,
    diff_path,
    log_path,
    part_path,
    patch_path,
    release_path,
    source_path,
)
from generator.relate.files import architectures
from generator.relate.references import HEX_RE, Names
from generator.relate.subject_places import Tested
from generator.render.carriers import Carriers, carried_by
from generator.render.changes import stat_table
from generator.render.escape import esc
from generator.render.html import href, link, moment, year_of
from generator.render.messages import message_html, trailers_html
from generator.render.tested import tested_by

BADGES = {"verified": "badge-ok", "lossy": "badge-warn", "failed": "badge-bad", "merge": "badge-none"}
SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """What others say of commits and releases: who carries them as patches, which runs tested them."""

    carried: Carriers
    tested: Tested


def commit_page(
    commit: Commit, history: History, names: Names, diff: Sequence[Fragment], older: str, newer: str, said: Mentions
) -> Page:
    """Show a commit with the first part of its diff. `older` and `newer` are its log neighbours, "" at the ends."""
    source = history.source.name
    record = history.records[commit.sha]
    here = commit_path(source, commit.sha)
    return Page(
        path=here,
        title=f"{commit.subject or '(no subject)'} · {commit.sha[:SHORT]}",
        description=f"{source} commit {commit.sha[:SHORT]} by {commit.author.name}: {commit.subject}",
        body=(
            f"<h1>{esc(commit.subject) or '(no subject)'}</h1>\n",
            _toolbar(commit, record, source),
            _facts(commit, history, here),
            _message(commit, history, names, here),
            _relations(commit, history, here),
            carried_by(source, commit.sha, said.carried, here),
            tested_by(source, commit.sha, said.tested, here),
            _verification(commit, record.verification, here, source),
            _changes(commit, record, source),
            *diff,
            _further(commit, record, source),
        ),
        crumbs=(*source_crumbs(history), _year(commit, source)),
        section="/history/",
        previous=_neighbour(older, history),
        next=_neighbour(newer, history),
        feeds=(Link(f"{history.source.title}: commits", f"{source_path(source)}commits.atom"),),
        notice=history.notice,
        modified=commit.committed.seconds,
        search=_search(commit, record, history),
    )


def commit_facts(commit: Commit, history: History, names: Names, older: str, newer: str, said: Mentions) -> str:
    """Return what the page of a commit shows that neither the commit says itself nor all pages of the source share."""
    source, sha = history.source.name, commit.sha
    facts = (
        older,
        newer,
        history.first_tag.get(sha),
        [parent in history.by_sha for parent in commit.parents],
        history.children.get(sha, ()),
        [(item.kind, item.sha) for item in history.references.get(sha, ())],
        [names.find(word) for word in HEX_RE.findall(commit.body)],
        carried_by(source, sha, said.carried, ""),
        tested_by(source, sha, said.tested, ""),
    )
    return repr(facts)


def part_pages(commit: Commit, history: History, fragments: Sequence[Fragment]) -> Iterator[Page]:
    """Yield the further pages of a diff that is too big for the commit's page."""
    source = history.source.name
    total = len(fragments)
    for part, fragment in enumerate(fragments[1:], 2):
        title = f"{commit.subject or '(no subject)'}, diff part {part} of {total}"
        yield Page(
            path=part_path(source, commit.sha, part),
            title=f"{title} · {commit.sha[:SHORT]}",
            description=f"Part {part} of {total} of the diff of {source} commit {commit.sha[:SHORT]}.",
            body=(f"<h1>{esc(title)}</h1>\n", fragment),
            crumbs=(*source_crumbs(history), Link(commit.sha[:SHORT], commit_path(source, commit.sha))),
            section="/history/",
            previous=Link(f"Part {part - 1}", part_path(source, commit.sha, part - 1)),
            next=Link(f"Part {part + 1}", part_path(source, commit.sha, part + 1)) if part < total else None,
            notice=history.notice,
            modified=commit.committed.seconds,
        )


def source_crumbs(history: History) -> tuple[Link, ...]:
    """Return the way from the home page to a source."""
    return (
        Link("History", "history/index.html"),
        Link(history.source.title, f"{source_path(history.source.name)}index.html"),
    )


def _year(commit: Commit, source: str) -> Link:
    year = year_of(commit.committed)
    return Link(str(year) if year else "undated", log_path(source, year))


def _neighbour(sha: str, history: History) -> Link | None:
    return Link(history.by_sha[sha].subject or "(no subject)", commit_path(history.source.name, sha)) if sha else None


def _toolbar(commit: Commit, record: CommitRecord, source: str) -> str:
    if commit.is_merge:
        name = bundle_path(source, commit.sha).rpartition("/")[2]
        return f'<p class="toolbar"><a href="{name}" download>Bundle</a></p>\n'
    patch = patch_path(source, commit.sha).rpartition("/")[2]
    diff = diff_path(source, commit.sha).rpartition("/")[2]
    return (
        f'<p class="toolbar"><a href="{patch}" type="text/plain">Patch</a> <a href="{diff}" type="text/plain">Diff</a>'
        f' <span class="note">{len(record.changes)} file{"s" if len(record.changes) != 1 else ""} changed</span></p>\n'
    )


def _facts(commit: Commit, history: History, here: str) -> str:
    source = history.source.name
    rows = [
        ("Commit", f"<code>{commit.sha}</code>"),
        ("Author", _person(commit.author, source, here) + f" · {moment(commit.authored)}"),
        ("Committer", _person(commit.committer, source, here, linked=False) + f" · {moment(commit.committed)}"),
        ("Parents" if commit.is_merge else "Parent", _commits(commit.parents, history, here) or "none: a root commit"),
        ("Children", _commits(history.children.get(commit.sha, ()), history, here) or "none yet"),
        ("Tree", f"<code>{commit.tree}</code>"),
        ("First release", _first_release(commit, history, here)),
    ]
    touched = architectures(change.path for change in history.records[commit.sha].changes)
    if touched:
        links = ", ".join(link(architecture_path(source, name), name, here) for name in touched)
        rows.append(("Architectures", links))
    return '<dl class="facts">' + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>\n"


def _person(person: Person, source: str, here: str, linked: bool = True) -> str:
    name = person.name or "(no name)"
    shown = link(author_path(source, person.name), name, here) if linked else esc(name)
    return f"{shown} &lt;{esc(person.email)}&gt;"


def _commits(shas: tuple[str, ...], history: History, here: str) -> str:
    return ", ".join(commit_link(sha, history, here) for sha in shas)


def commit_link(sha: str, history: History, here: str) -> str:
    """Return an abbreviated name with the subject, linked when the commit has a page."""
    commit = history.by_sha.get(sha)
    if commit is None:
        return f"<code>{esc(sha[:SHORT])}</code>"
    address = href(commit_path(history.source.name, sha), here)
    return f'<a href="{address}"><code>{sha[:SHORT]}</code> {esc(commit.subject)}</a>'


def _first_release(commit: Commit, history: History, here: str) -> str:
    tag = history.first_tag.get(commit.sha)
    return link(release_path(history.source.name, tag), tag, here) if tag else "not released yet"


def _message(commit: Commit, history: History, names: Names, here: str) -> str:
    if not commit.body.strip():
        return '<p class="note">The message has no more than its subject.</p>\n'

    def address(word: str) -> str | None:
        sha = names.find(word)
        return href(commit_path(history.source.name, sha), here) if sha and sha in history.by_sha else None

    text, gap, last = commit.body.rstrip().rpartition("\n\n")
    shown = f"{message_html(text, address)}{gap}{trailers_html(last, commit.trailers, address)}"
    return f'<pre class="message">{shown}</pre>\n'


def _relations(commit: Commit, history: History, here: str) -> str:
    items = history.references.get(commit.sha, ())
    if not items:
        return ""
    rows = "".join(f"<li><b>{item.kind.capitalize()}</b> {commit_link(item.sha, history, here)}</li>" for item in items)
    return f'<h2 id="relations">Related commits</h2>\n<ul class="relations">{rows}</ul>\n'


def _verification(commit: Commit, found: Verification, here: str, source: str) -> str:
    """Say what was proven about the patch, in a sentence."""
    badge = f'<span class="badge {BADGES[found.verdict]}">{VERDICT_WORDS[found.verdict]}</span>'
    sentences = {
        "verified": f"applied to its parent, the patch gives tree <code>{found.tree[:SHORT]}</code>, the commit's own.",
        "lossy": f"the patch gives tree <code>{found.tree[:SHORT]}</code>, the commit's own, "
        "but as a mail it loses something.",
        "failed": "applied to its parent, the patch does not give the commit's tree.",
        "merge": "a merge has no single patch. The bundle carries it whole: "
        f"<code>git pull {commit.sha[:SHORT]}….bundle</code> works where its parents are.",
    }
    notes = "".join(f"<li>{esc(note)}</li>" for note in found.notes)
    return f"<p>{badge} {sentences[found.verdict]}</p>\n" + (f"<ul>{notes}</ul>\n" if notes else "")


VERDICT_WORDS = {"verified": "verified", "lossy": "verified, lossy as mail", "failed": "not verified", "merge": "merge"}


def _changes(commit: Commit, record: CommitRecord, source: str) -> str:
    if not record.changes:
        if record.verification.notes and record.parts:
            return ""  # the diff could not be read; the note says so
        why = "the merge differs from none of its parents in a way of its own" if commit.is_merge else "no file changes"
        return f'<h2 id="files">Changed files</h2>\n<p>None: {why}.</p>\n'
    pages = [part_path(source, commit.sha, part) for part in range(1, len(record.parts) + 1)]
    return '<h2 id="files">Changed files</h2>\n' + stat_table(record.changes, record.parts, pages, source)


def _further(commit: Commit, record: CommitRecord, source: str) -> str:
    total = len(record.parts)
    if total < 2:
        return ""
    here = commit_path(source, commit.sha)
    links = ", ".join(link(part_path(source, commit.sha, part), f"part {part}", here) for part in range(2, total + 1))
    return f'<p class="notice">The diff is big: it goes on in {links}.</p>\n'


def _search(commit: Commit, record: CommitRecord, history: History) -> SearchEntry:
    paths = " ".join(change.path for change in record.changes[:200])
    filters = [("kind", "commit"), ("source", history.source.name), ("author", commit.author.name)]
    filters += [("architecture", name) for name in architectures(change.path for change in record.changes)]
    filters.append(("release", history.first_tag.get(commit.sha, "unreleased")))
    return SearchEntry(
        text=f"{commit.body[:20_000]}\n{commit.sha} {commit.sha[:SHORT]} {commit.sha[:8]} {commit.author.name} {paths}",
        filters=tuple(filters),
    )
