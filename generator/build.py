"""The pipeline: sources are read, related, shown as pages, and put into the site."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from generator.assemble import file_outputs, history_outputs, relate_history, release_outputs
from generator.config import Config
from generator.errors import OutputError, SourceError
from generator.model.histories import GitSource
from generator.model.mirrors import MirrorState
from generator.model.pages import Fragment, SearchEntry
from generator.output.cache import Cache, open_cache
from generator.output.search import FOLDER, SearchDocuments
from generator.output.shell import Render, Shell
from generator.output.site import Site
from generator.pages import api
from generator.pages.landing import Summary, sources_page
from generator.pages.sitemap import site_outputs
from generator.sources.git import Mirror, read_commits, read_tags, sync_mirror
from generator.sources.schemas import load_schemas
from generator.work.batches import Said
from generator.work.commits import examine
from generator.work.keys import renderer_key

Say = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What a build did, for people and for `--json`. Times in seconds."""

    sources: list[dict[str, object]] = field(default_factory=list)
    stages_s: dict[str, float] = field(default_factory=dict)
    changed: bool = False
    written: int = 0  # files
    kept: int = 0
    removed: int = 0

    def timed(self, stage: str, since: float) -> None:
        """Add the time since `since` (of `time.monotonic`) to a stage."""
        self.stages_s[stage] = round(self.stages_s.get(stage, 0.0) + time.monotonic() - since, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandWritten:
    """A page that MkDocs made of Markdown: its path in the site, and what search knows of it (text)."""

    path: str
    title: str
    text: str


def build_portal(config: Config, final: Path, render: Render, hand_written: Sequence[HandWritten], say: Say) -> Report:
    """Add everything generated to what MkDocs wrote into the staging folder, and put the whole in its place.

    Raises SourceError when a required source is missing; the old site then stays as it is.
    """
    report = Report()
    documents = SearchDocuments(config.cache_folder / f"search-{final.name}")
    shell = Shell(render)
    with open_cache(config.cache_folder / "work.sqlite") as cache:
        site = Site(final, shell, partial(_fragment, cache), documents)
        for page in hand_written:
            entry = SearchEntry(text=page.text, filters=(("kind", "page"),))
            documents.put(page.path, page.title, entry)
        _build_sources(config, site, cache, shell.digest(), report, say)
        cache.drop_others(f"{renderer_key()}/")
    start = time.monotonic()
    for output in site_outputs(
        config.site_url, [page.path for page in hand_written], ((path, kept.modified) for path, kept in site.pages())
    ):
        site.put(output, "site")
    report.timed("pages", start)
    start = time.monotonic()
    index = site.old_files(f"{FOLDER}/")
    if documents.is_stale() or not index:
        documents.index(site.staging / FOLDER)
        index = []
    report.timed("search", start)
    start = time.monotonic()
    report.changed = site.finish(index)
    documents.published()
    report.timed("publish", start)
    report.written, report.kept, report.removed = site.tally.written, site.tally.kept, site.tally.removed
    return report


def _fragment(cache: Cache, fragment: Fragment) -> bytes:
    body = cache.get(fragment.key)
    if body is None:
        raise OutputError(f"the cache lost {fragment.key}: remove the cache folder and build again")
    return body


def _build_sources(config: Config, site: Site, cache: Cache, shell_key: str, report: Report, say: Say) -> None:
    summaries: list[Summary] = []
    absent: list[tuple[str, str]] = []
    for source in config.sources:
        try:
            summaries.append(_build_source(config, source, site, cache, shell_key, report, say))
        except SourceError as problem:
            if config.require_sources:
                raise
            say(f"{source.name}: not available: {problem}")
            absent.append((source.title, str(problem)))
            report.sources.append({"name": source.name, "problem": str(problem)})
    site.put(sources_page(summaries, absent), "landing")
    if config.site_url:
        for asset in (api.index(config.sources, config.site_url), *api.schemas(load_schemas(), config.site_url)):
            site.put(asset, "landing")


def sync_source(config: Config, source: GitSource, say: Say) -> MirrorState:
    """Bring one source's mirror up to date; progress is said twice a second at most."""
    addresses = (source.override,) if source.override else source.addresses
    last = 0.0

    def progress(line: str) -> None:
        nonlocal last
        if line and time.monotonic() - last > 0.5:
            last = time.monotonic()
            say(f"{source.name}: {line.strip()}")

    return sync_mirror(config.mirror_folder(source), addresses, branch=source.branch, progress=progress)


def _build_source(
    config: Config, source: GitSource, site: Site, cache: Cache, shell_key: str, report: Report, say: Say
) -> Summary:
    start = time.monotonic()
    mirror, state = _mirror(config, source, say)
    notice = _notice(state)
    group = f"{source.name}:{_digest(mirror, source, shell_key, notice, config.site_url)}"
    report.timed("sources", start)
    tags = read_tags(mirror)
    count = int(mirror.run("rev-list", "--count", "HEAD", "--tags"))
    summary = Summary(source=source, commits=count, tags=len(tags), newest=tags[0].name if tags else "")
    if site.keep_group(group):
        report.sources.append({"name": source.name, "commits": count, "changed": False})
        return summary
    start = time.monotonic()
    commits = tuple(read_commits(mirror))
    report.timed("read", start)
    start = time.monotonic()
    examined = examine(mirror, commits, cache, _progress(source, "commits examined", say))
    report.timed("examine", start)
    start = time.monotonic()
    history = relate_history(source, state.branch, commits, tags, cache, notice)
    report.timed("relate", start)
    start = time.monotonic()
    for output in history_outputs(history):
        site.put(output, group)
    report.timed("pages", start)
    start = time.monotonic()
    for output in file_outputs(history, mirror, cache, _progress(source, "files highlighted", say)):
        site.put(output, group)
    report.timed("files", start)
    start = time.monotonic()
    for output in release_outputs(history, mirror, config, cache, _progress(source, "releases prepared", say)):
        site.put(output, group)
    report.timed("releases", start)
    verdicts = [record.verification.verdict for record in history.records.values()]
    report.sources.append(
        {
            "name": source.name,
            "commits": count,
            "changed": True,
            "examined": examined,
            "patches": sum(verdict != "merge" for verdict in verdicts),
            "verified": sum(verdict in ("verified", "lossy") for verdict in verdicts),
        }
    )
    return summary


def _progress(source: GitSource, what: str, say: Say) -> Said:
    """Return what tells about long work, once a second at most."""
    last = time.monotonic()

    def said(done: int, todo: int) -> None:
        nonlocal last
        if time.monotonic() - last > 1:
            last = time.monotonic()
            say(f"{source.name}: {done:,} of {todo:,} {what}")

    return said


def _mirror(config: Config, source: GitSource, say: Say) -> tuple[Mirror, MirrorState]:
    """Return the mirror. Folders of this machine are always read anew; the network is left to `sync`."""
    mirror = Mirror(config.mirror_folder(source))
    local = [address for address in ((source.override,) if source.override else source.addresses) if _is_local(address)]
    if local:
        try:
            return mirror, sync_source(config, replace(source, override=local[0]), say)
        except SourceError:
            if mirror.state is None:
                raise
    state = mirror.state
    if state is None:
        raise SourceError(f"{source.name} was not mirrored yet")
    return mirror, state


def _is_local(address: str) -> bool:
    return address.startswith(("/", ".", "~", "file:")) or Path(address).exists()


def _notice(state: MirrorState) -> str:
    if not state.problem:
        return ""
    day = datetime.fromtimestamp(state.fetched_at, UTC).date()
    return (
        f'<p class="notice">As of <time datetime="{day}">{day}</time>: the source could not be reached since, '
        "so newer commits may exist.</p>"
    )


def _digest(mirror: Mirror, source: GitSource, *others: str) -> str:
    """Return what all pages of a source depend on: its references, its settings, our code, the theme."""
    shown = replace(source, override="")
    facts = (
        mirror.run("for-each-ref"),
        mirror.run("symbolic-ref", "HEAD"),
        repr(shown).encode(),
        renderer_key().encode(),
    )
    digest = hashlib.blake2b(digest_size=8)
    for fact in (*facts, *(other.encode() for other in others)):
        digest.update(fact + b"\0")
    return digest.hexdigest()
