"""Lists of commits."""

from collections.abc import Iterable

from generator.model.commits import Commit
from generator.model.histories import History
from generator.model.paths import author_path, commit_path, release_path
from generator.render.escape import esc
from generator.render.html import day, href, link

HEAD = (
    '<div class="scroll"><table class="log"><thead><tr><th scope="col">Date</th><th scope="col">Commit</th>'
    '<th scope="col">Author</th><th scope="col">First in</th><th scope="col" class="num">Files</th>'
    '<th scope="col" class="num">Lines</th></tr></thead><tbody>\n'
)
TAIL = "</tbody></table></div>\n"


def log_table(commits: Iterable[Commit], history: History, here: str) -> str:
    """Return commits as a table, in the order given, for the page at path `here`."""
    return HEAD + "".join(_row(commit, history, here) for commit in commits) + TAIL


def _row(commit: Commit, history: History, here: str) -> str:
    source = history.source.name
    tag = history.first_tag.get(commit.sha, "")
    release = link(release_path(source, tag), tag, here) if tag else '<span class="note">unreleased</span>'
    files, added, removed = counts(history, commit.sha)
    return (
        f'<tr><td>{day(commit.committed)}</td><td><a href="{href(commit_path(source, commit.sha), here)}">'
        f"{esc(commit.subject) or '(no subject)'}</a></td>"
        f"<td>{link(author_path(source, commit.author.name), commit.author.name or '(no name)', here)}</td>"
        f'<td>{release}</td><td class="num">{files}</td>'
        f'<td class="num">{lines(added, removed)}</td></tr>\n'
    )


def lines(added: int | None, removed: int | None) -> str:
    """Return line counts as `+12 −3`; None stands for a binary file."""
    if added is None or removed is None:
        return '<span class="note">binary</span>'
    return f'<span class="add">+{added}</span> <span class="del">−{removed}</span>'


def counts(history: History, sha: str) -> tuple[int, int, int]:
    """Return (files, lines added, lines removed) of a commit; binary files count no lines."""
    changes = history.records[sha].changes
    return (
        len(changes),
        sum(change.added or 0 for change in changes),
        sum(change.removed or 0 for change in changes),
    )
