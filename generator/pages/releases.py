"""The pages of releases: one for each tag, and the list of all."""

from collections.abc import Iterable, Mapping, Sequence

from generator.model.commits import Commit
from generator.model.histories import History
from generator.model.mirrors import Tag
from generator.model.pages import Asset, Download, Link, Page, SearchEntry
from generator.model.paths import (
    author_path,
    commit_path,
    feed_path,
    release_path,
    snapshot_path,
    source_path,
    tree_path,
)
from generator.model.releases import Archive, ReleaseFacts, SignatureState, is_pre_release
from generator.relate.subject_places import Tested
from generator.render.escape import esc
from generator.render.html import day, href, link, moment
from generator.render.tested import tested_by

SUMS = "SHA256SUMS"
NOT_TESTED: Tested = {}
CLASSES = (
    ("tarball", "Tarball as released", "As its authors published it: it has <code>configure</code>."),
    (
        "snapshot",
        "Snapshot of the repository",
        "Made by this portal with <code>git archive</code>: it has no <code>configure</code>, "
        "run <code>./bootstrap</code> first where the source has one.",
    ),
)
BADGES = {
    "none": ("none", "not signed"),
    "unverified": ("warn", "signature not verified"),
    "verified": ("ok", "signature verified"),
    "bad": ("bad", "BAD signature"),
}


def releases_path(source: str) -> str:
    """Return the list of a source's releases."""
    return f"{source_path(source)}release/index.html"


def release_diff_path(source: str, tag: str) -> str:
    """Return the page of the changes since the release before."""
    return release_path(source, tag).removesuffix("index.html") + "diff.html"


def release_before(history: History, tag: Tag) -> Tag | None:
    """Return the release that `tag` follows by containment; a release proper follows no pre-release.

    None when it contains no other.
    """
    return _followed(history, tag)[1]


def commits_since(history: History, tag: Tag) -> tuple[Commit, ...]:
    """Return what came since the release before, newest first; a release proper includes its pre-releases' commits."""
    own = (tag, *_followed(history, tag)[0])
    return tuple(history.by_sha[sha] for item in own for sha in history.by_tag.get(item.name, ()))


def _followed(history: History, tag: Tag) -> tuple[list[Tag], Tag | None]:
    """Return the pre-releases that are passed over, and the release before."""
    passed: list[Tag] = []
    before = _nearest(history, tag)
    while before and is_pre_release(before.name) and not is_pre_release(tag.name):
        passed.append(before)
        before = _nearest(history, before)
    return passed, before


def _nearest(history: History, tag: Tag) -> Tag | None:
    """Return the newest tag among the nearest ones that the commit descends from, or the next older on it."""
    on_commit = _tags_on_commits(history)
    own = on_commit.get(tag.commit, [])
    if older := own[own.index(tag) + 1 :] if tag in own else []:
        return older[0]
    nearest: set[str] = set()
    seen: set[str] = set()
    waiting = list(_parents(history, tag.commit))
    while waiting:
        sha = waiting.pop()
        if sha in on_commit:
            nearest.add(on_commit[sha][0].name)
        elif sha not in seen:
            seen.add(sha)
            waiting += _parents(history, sha)
    return next((other for other in history.tags if other.name in nearest), None)


def _tags_on_commits(history: History) -> dict[str, list[Tag]]:
    found: dict[str, list[Tag]] = {}
    for tag in history.tags:
        if tag.commit:
            found.setdefault(tag.commit, []).append(tag)
    return found


def _parents(history: History, sha: str) -> tuple[str, ...]:
    commit = history.by_sha.get(sha)
    return commit.parents if commit else ()


def downloads(history: History, archives: Iterable[Archive]) -> tuple[Download, ...]:
    """Return where archives stand in the site."""
    return tuple(
        Download(
            path=snapshot_path(history.source.name, archive.name),
            file=archive.file,
            sha256=archive.sha256,
            size_bytes=archive.size_bytes,
        )
        for archive in archives
    )


def sha256sums(history: History, archives: Iterable[Archive]) -> Asset:
    """Return the sums of everything that a source offers, in the form that `sha256sum -c` reads."""
    lines = sorted({f"{archive.sha256}  {archive.name}\n" for archive in archives}, key=lambda line: line[64:])
    return Asset(path=snapshot_path(history.source.name, SUMS), body=("".join(lines).encode(),))


def release_page(history: History, tag: Tag, facts: ReleaseFacts, tested: Tested = NOT_TESTED) -> Page:
    """Show one release: what it is, what it gives away, what came with it, and by which runs it was `tested`."""
    source = history.source
    here = release_path(source.name, tag.name)
    before = release_before(history, tag)
    commits = commits_since(history, tag)
    older, newer = _neighbours(history, tag)
    return Page(
        path=here,
        title=f"{source.title} {tag.name}",
        description=_description(history, tag, before, len(commits)),
        body=(
            f"<h1>{esc(source.title)} {esc(tag.name)}</h1>\n",
            _facts(history, tag, facts, before, len(commits), here),
            _message(tag),
            _downloads(source.name, facts, here),
            tested_by(source.name, tag.name, tested, here),
            _shortlog(source.name, commits, here),
        ),
        crumbs=(*_crumbs(history), Link("Releases", releases_path(source.name))),
        section="/history/",
        previous=_page_link(source.name, older, "Older"),
        next=_page_link(source.name, newer, "Newer"),
        feeds=_feeds(history),
        notice=history.notice,
        modified=tag.stamp.seconds,
        search=SearchEntry(
            text=" ".join([tag.name, tag.subject, tag.body, *(commit.subject for commit in commits)]),
            filters=(("kind", "release"), ("source", source.name)),
        ),
    )


def _crumbs(history: History) -> tuple[Link, ...]:
    source = history.source
    return Link("History", "history/index.html"), Link(source.title, f"{source_path(source.name)}index.html")


def _neighbours(history: History, tag: Tag) -> tuple[Tag | None, Tag | None]:
    """Return the releases that were made just before and after, by date."""
    place = history.tags.index(tag)
    older = history.tags[place + 1] if place + 1 < len(history.tags) else None
    return older, history.tags[place - 1] if place else None


def _page_link(source: str, tag: Tag | None, word: str) -> Link | None:
    return Link(f"{word}: {tag.name}", release_path(source, tag.name)) if tag else None


def _feeds(history: History) -> tuple[Link, ...]:
    return (Link(f"{history.source.title}: releases", feed_path(history.source.name, "releases")),)


def _description(history: History, tag: Tag, before: Tag | None, count: int) -> str:
    since = f" since {before.name}" if before else ""
    return f"{history.source.title} {tag.name}: {_counted(count, 'commit')}{since}, downloads with their checksums."


def _since(before: Tag | None) -> str:
    return f" since {esc(before.name)}" if before else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _facts(history: History, tag: Tag, facts: ReleaseFacts, before: Tag | None, count: int, here: str) -> str:
    source = history.source.name
    rows = [
        ("Date", moment(tag.stamp)),
        ("Tagged by", _tagger(tag)),
        ("Signature", signature_badge(facts.signature) + _signature_words(facts.signature)),
        ("Commit", _commit_link(history, tag, here)),
        ("Commits", f'<a href="#commits">{_counted(count, "commit")}</a>{_since(before)}'),
    ]
    if before:
        rows.append(("Release before", link(release_path(source, before.name), before.name, here)))
    if facts.diff and before:
        rows.append(("Changes", link(release_diff_path(source, tag.name), f"Diff against {before.name}", here)))
    if facts.tree:
        rows.append(("Files", link(tree_path(source, tag.name), "Files at this release", here)))
    return '<dl class="facts">\n' + "".join(f"<dt>{name}</dt><dd>{value}</dd>\n" for name, value in rows) + "</dl>\n"


def _tagger(tag: Tag) -> str:
    if tag.tagger:
        return f"{esc(tag.tagger.name) or '(no name)'} &lt;{esc(tag.tagger.email)}&gt;"
    if tag.annotated:
        return '<span class="note">the tag does not say</span>'
    return '<span class="note">nobody: a lightweight tag, which carries the date of its commit and no message</span>'


def signature_badge(state: SignatureState) -> str:
    """Return the state of a signature as a badge."""
    kind, words = BADGES[state.verdict]
    return f'<span class="badge badge-{kind}">{words}</span>'


def _signature_words(state: SignatureState) -> str:
    if state.verdict == "verified":
        return f" by {esc(state.signer)}, key <code>{esc(state.key)}</code>"
    if not state.reason:
        return ""
    key = f", key <code>{esc(state.key)}</code>" if state.key else ""
    return f" {esc(state.reason)}{key}"


def _commit_link(history: History, tag: Tag, here: str) -> str:
    if not tag.commit:
        return f"This tag leads to no commit. It names the object <code>{esc(tag.target)}</code>."
    if tag.commit not in history.by_sha:
        return f"<code>{esc(tag.commit)}</code>"
    return f"<code>{link(commit_path(history.source.name, tag.commit), tag.commit, here)}</code>"


def _message(tag: Tag) -> str:
    text = "\n\n".join(part for part in (tag.subject, tag.body.strip("\n")) if part)
    return f'<h2 id="message">Message</h2>\n<pre class="message">{esc(text)}</pre>\n' if text else ""


def _downloads(source: str, facts: ReleaseFacts, here: str) -> str:
    if not facts.archives and not facts.note:
        return ""
    parts = ['<h2 id="downloads">Downloads</h2>\n']
    for kind, title, words in CLASSES:
        archives = [archive for archive in facts.archives if archive.kind == kind]
        signatures = [archive for archive in facts.archives if archive.kind == "signature" and kind == "tarball"]
        if archives:
            items = "".join(_download(source, archive, here) for archive in [*archives, *signatures])
            parts.append(f'<h3>{title}</h3>\n<p>{words}</p>\n<ul class="downloads">\n{items}</ul>\n')
        elif kind == "tarball" and facts.note:
            parts.append(f'<h3>{title}</h3>\n<p class="notice">{esc(facts.note)}</p>\n')
    return "".join(parts) + (_verifying(source, facts.archives[0], here) if facts.archives else "")


def _download(source: str, archive: Archive, here: str) -> str:
    verdict = f" {_verdict_badge(archive.verdict)}" if archive.verdict else ""
    sums = _sum("SHA-256", archive.sha256)
    if archive.tar_sha256:
        sums += _sum("SHA-256 of the .tar", archive.tar_sha256)
    name = link(snapshot_path(source, archive.name), archive.name, here)
    return f'<li>{name} <span class="note">{_size(archive.size_bytes)}</span>{verdict}{sums}</li>\n'


def _sum(title: str, digest: str) -> str:
    return f' <span class="note">{title}</span> <code class="sum">{digest}</code>'


def _verdict_badge(verdict: str) -> str:
    if verdict.startswith("signature"):
        return f'<span class="note">{esc(verdict)}</span>'
    kind = "ok" if verdict.startswith("matches") else "warn"
    return f'<span class="badge badge-{kind}">{esc(verdict)}</span>'


def _size(size_bytes: int) -> str:
    """Return a size in the unit that leaves three digits before the point."""
    if size_bytes < 1000:
        return _counted(size_bytes, "byte")
    number, unit = (size_bytes / 1e3, "kB") if size_bytes < 1_000_000 else (size_bytes / 1e6, "MB")
    return f"{number:.1f} {unit}"


def _verifying(source: str, archive: Archive, here: str) -> str:
    """Return the commands that check a download; file names are slugs, so they need no quotes."""
    sums = link(snapshot_path(source, SUMS), SUMS, here)
    return (
        f"<p>To check what you downloaded, put {sums} into the same folder and run there:</p>\n"
        f"<pre><code>sha256sum -c --ignore-missing {SUMS}</code></pre>\n"
        "<p>Compressed bytes depend on the compressor, the <code>.tar</code> inside does not. Its sum comes from</p>\n"
        f"<pre><code>{_unpacker(archive.name)} -dc {esc(archive.name)} | sha256sum</code></pre>\n"
    )


def _unpacker(name: str) -> str:
    return {"xz": "xz", "bz2": "bzip2"}.get(name.rpartition(".")[2], "gzip")


def _shortlog(source: str, commits: Sequence[Commit], here: str) -> str:
    """Return the commits by author: who has most first, each author's in the order they were made."""
    by_author: dict[str, list[Commit]] = {}
    for commit in reversed(commits):
        by_author.setdefault(commit.author.name, []).append(commit)
    ordered = sorted(by_author.items(), key=lambda item: (-len(item[1]), item[0]))
    counts = f"{_counted(len(commits), 'commit')} by {_counted(len(ordered), 'author')}"
    title = counts if commits else "No commits of its own"
    return f'<h2 id="commits">{title}</h2>\n' + "".join(_author(source, name, own, here) for name, own in ordered)


def _author(source: str, name: str, commits: list[Commit], here: str) -> str:
    links = [link(commit_path(source, commit.sha), commit.subject or "(no subject)", here) for commit in commits]
    items = "".join(f"<li>{address}</li>\n" for address in links)
    title = link(author_path(source, name), name or "(no name)", here)
    return f"<h3>{title} ({len(commits)})</h3>\n<ul>\n{items}</ul>\n"


def releases_page(history: History, facts_by_tag: Mapping[str, ReleaseFacts]) -> Page:
    """List every release, the newest first; `facts_by_tag` has an entry for each tag."""
    source = history.source
    here = releases_path(source.name)
    rows = "".join(_row(history, tag, facts_by_tag[tag.name], here) for tag in history.tags)
    return Page(
        path=here,
        title=f"{source.title} releases",
        description=f"Every release of {source.title}, with dates, signatures, downloads and checksums.",
        body=(
            f"<h1>{esc(source.title)} releases</h1>\n",
            _LIST_HEAD + rows + _LIST_TAIL if rows else '<p class="notice">This source has no tags.</p>\n',
        ),
        crumbs=_crumbs(history),
        section="/history/",
        feeds=_feeds(history),
        notice=history.notice,
        modified=history.tags[0].stamp.seconds if history.tags else None,
        search=SearchEntry(
            text=" ".join(tag.name for tag in history.tags), filters=(("kind", "release"), ("source", source.name))
        ),
    )


_LIST_HEAD = (
    '<div class="scroll"><table class="log"><thead><tr><th scope="col">Date</th><th scope="col">Release</th>'
    '<th scope="col" class="num">Commits</th><th scope="col">Signature</th><th scope="col">Downloads</th></tr></thead>'
    "<tbody>\n"
)
_LIST_TAIL = "</tbody></table></div>\n"


def _row(history: History, tag: Tag, facts: ReleaseFacts, here: str) -> str:
    source = history.source.name
    files = ", ".join(
        f'<a href="{href(snapshot_path(source, archive.name), here)}">{esc(archive.kind)} {_ending(archive.name)}</a>'
        for archive in facts.archives
        if archive.kind != "signature"
    )
    return (
        f"<tr><td>{day(tag.stamp)}</td><td>{link(release_path(source, tag.name), tag.name, here)}</td>"
        f'<td class="num">{len(commits_since(history, tag))}</td><td>{signature_badge(facts.signature)}</td>'
        f"<td>{files or _nothing(tag)}</td></tr>\n"
    )


def _ending(name: str) -> str:
    return f".{name.rpartition('.')[2]}"


def _nothing(tag: Tag) -> str:
    return '<span class="note">none</span>' if tag.commit else '<span class="note">leads to no commit</span>'
