"""Atom feeds of a git source: its commits and its releases."""

from generator.model.commits import Commit
from generator.model.histories import History
from generator.model.mirrors import Tag
from generator.model.pages import Asset
from generator.model.paths import commit_path, feed_path, release_path, source_path
from generator.pages.releases import commits_since
from generator.render.atom import Entry, atom
from generator.render.escape import esc


def commits_feed(history: History, site_url: str, limit: int = 100) -> Asset:
    """Return the feed of the newest commits. `site_url` is absolute and ends with a slash."""
    entries = [_commit_entry(history, commit, site_url) for commit in history.commits[:limit]]
    return _feed(history, site_url, "commits", entries)


def releases_feed(history: History, site_url: str, limit: int = 100) -> Asset:
    """Return the feed of the newest releases. `site_url` is absolute and ends with a slash."""
    entries = [_release_entry(history, tag, site_url) for tag in history.tags[:limit]]
    return _feed(history, site_url, "releases", entries)


def _feed(history: History, site_url: str, kind: str, entries: list[Entry]) -> Asset:
    source = history.source
    path = feed_path(source.name, kind)
    text = atom(
        title=f"{source.title}: {kind}",
        address=site_url + path,
        home=site_url + source_path(source.name),
        author=source.title,
        entries=entries,
    )
    return Asset(path=path, body=(text.encode(),))


def _commit_entry(history: History, commit: Commit, site_url: str) -> Entry:
    text = "\n\n".join(part for part in (commit.subject, commit.body.strip("\n")) if part)
    return Entry(
        address=site_url + commit_path(history.source.name, commit.sha),
        title=commit.subject or "(no subject)",
        author=commit.author.name or "(no name)",
        updated=commit.committed,
        html=f"<pre>{esc(text)}</pre>",
    )


def _release_entry(history: History, tag: Tag, site_url: str) -> Entry:
    message = "\n\n".join(part for part in (tag.subject, tag.body.strip("\n")) if part)
    subjects = [commit.subject for commit in commits_since(history, tag)]
    items = "".join(f"<li>{esc(subject) or '(no subject)'}</li>" for subject in subjects)
    return Entry(
        address=site_url + release_path(history.source.name, tag.name).removesuffix("index.html"),
        title=f"{history.source.title} {tag.name}",
        author=(tag.tagger.name if tag.tagger else "") or "(no name)",
        updated=tag.stamp,
        html=(f"<pre>{esc(message)}</pre>" if message else "") + (f"<ul>{items}</ul>" if items else ""),
    )
