"""The pipeline: sources are read, related, shown as pages, and put into the site."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from generator import __version__
from generator.assemble import (
    commit_shards,
    data_outputs,
    file_outputs,
    manual_outputs,
    relate_history,
    release_outputs,
)
from generator.assemble_patches import patch_outputs
from generator.assemble_reports import report_shards
from generator.capture.downloads import tool_outputs
from generator.config import Config
from generator.content import Content
from generator.errors import SourceError
from generator.gather_patches import collections_key, gather_collections, patch_facts
from generator.gather_reports import Shelf
from generator.gather_sources import Ready, Say, digest_of, find_mirror, make_ready, notice_of, with_what_others_say
from generator.model.histories import GitSource, History
from generator.model.pages import Fragment, Output, SearchEntry
from generator.model.patches import Collection, Facts
from generator.outcome import Report, progress
from generator.output.cache import BrokenCache, Cache, open_cache, pack, remove_cache
from generator.output.search import FOLDER, SearchDocuments
from generator.output.shell import Render, Shell
from generator.output.site import Made, Site
from generator.pages import api
from generator.pages.commits import Mentions
from generator.pages.landing import absent_page, sources_page
from generator.pages.log import log_pages
from generator.pages.manual import absent_manual_page
from generator.pages.provenance import Input, provenance, sbom
from generator.pages.report_lists import report_sitemaps
from generator.pages.results import Results, relate_briefs, tested_commits
from generator.pages.sitemap import site_outputs
from generator.render.carriers import carriers
from generator.shards import Shard
from generator.sources.git import head_of, read_commits, read_tags
from generator.sources.installed import installed_packages
from generator.sources.schemas import load_schemas
from generator.work.batches import ALONE, in_parallel
from generator.work.commits import examine
from generator.work.keys import code_key, renderer_key, shards_key

CACHE = "work.sqlite"


def build_portal(
    config: Config,
    final: Path,
    render: Render,
    content: Content,
    say: Say,
) -> Report:
    """Add everything generated to what MkDocs wrote into the staging folder, and put the whole in its place.

    Raises SourceError when a required source is missing; the old site then stays as it is.
    """
    try:
        return _build(config, final, render, content, say)
    except BrokenCache as problem:
        say(f"the cache is broken ({problem}): it is made anew")
        remove_cache(config.cache_folder / CACHE)
        return _build(config, final, render, content, say)


def _build(
    config: Config,
    final: Path,
    render: Render,
    content: Content,
    say: Say,
) -> Report:
    report = Report()
    documents = SearchDocuments(config.cache_folder / f"search-{digest_of(str(final))}")
    shell = Shell(render)
    with open_cache(config.cache_folder / CACHE) as cache:
        site = Site(final, shell, partial(_fragment, cache), documents)
        for page in content.pages:
            entry = SearchEntry(text="", filters=(("kind", "page"),), sections=page.sections)
            documents.put(page.path, page.title, entry)
        build = Build(config, site, cache, shell.digest(), report, say)
        build.show_searchable(content.reports)
        index = [] if documents.is_stale() else site.old_files(f"{FOLDER}/")
        with nullcontext() if index else documents.indexing() as fresh:
            build.show_others()
            cache.drop_others(f"{renderer_key()}/")
            with report.stage("pages"):
                _put_sitemap(config, site, content)
            with report.stage("search"):
                index = index or site.bring(FOLDER, fresh())
    with report.stage("publish"):
        report.changed = site.finish(index)
        documents.published()
    report.written, report.kept, report.removed = site.tally.written, site.tally.kept, site.tally.removed
    return report


def _put_sitemap(config: Config, site: Site, content: Content) -> None:
    # MkDocs packs a sitemap of its own, with the day of the build in it; ours replaces the one, and this the other.
    (site.staging / "sitemap.xml.gz").unlink(missing_ok=True)
    changed = ((path, kept.modified) for path, kept in site.pages())
    hand_written, others = [page.path for page in content.pages], report_sitemaps(content.reports.briefs)
    for output in site_outputs(config.site_url, hand_written, changed, others):
        site.put(output, "site")


def _fragment(cache: Cache, fragment: Fragment) -> bytes:
    body = cache.get(fragment.key)
    if body is None:
        raise BrokenCache(f"it lost {fragment.key}")
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What is shown besides the sources: patches that others carry, and reports. `group` names all they depend on."""

    collections: Sequence[Collection]
    reports: Shelf
    group: str

    @property
    def patches_group(self) -> str:
        """The group of all pages about patches."""
        return f"patches:{self.group}"


class Build:
    """The generated part of one build. What did not change is kept; what did is read, related and shown.

    What search knows comes first, so that its index is made beside the rest.
    """

    def __init__(self, config: Config, site: Site, cache: Cache, shell_key: str, report: Report, say: Say) -> None:
        self._config = config
        self._site = site
        self._cache = cache
        self._shell_key = shell_key
        self._report = report
        self._say = say
        self._others: list[Callable[[], None]] = []

    def show_searchable(self, reports: Shelf) -> None:
        """Put what search knows into the site. Raises SourceError for a missing source when all are required."""
        absent: list[GitSource] = []
        with self._report.stage("sources"):
            ready = [found for source in self._config.sources if (found := self._ready(source, absent))]
        with self._report.stage("patches"):
            tags = {found.source.name: read_tags(found.mirror) for found in ready}
            collections = gather_collections(self._config, tags, self._say)
        ready = with_what_others_say(ready, collections, reports)
        groups = (found.group for found in ready)
        whole = digest_of(*groups, collections_key(collections), reports.key(), self._shell_key, code_key())
        changed = [found for found in ready if not self._kept(found)]
        others = Others(collections=collections, reports=reports, group=whole)
        if changed or not self._others_kept(others):
            self._show_all(ready, changed, others)
        for source in absent:
            self._site.put(absent_page(source), "landing")
            if source.manual:
                self._site.put(absent_manual_page(source), "landing")
        self._site.put(sources_page([found.summary() for found in ready], absent), "landing")
        self._show_origin(ready, collections, reports)
        for asset in tool_outputs():
            self._site.put(asset, "landing")
        if self._config.site_url:
            address = self._config.site_url
            for asset in (api.index(self._config.sources, address), *api.schemas(load_schemas(), address)):
                self._site.put(asset, "landing")

    def show_others(self) -> None:
        """Put the rest into the site."""
        for show in self._others:
            show()

    def _show_origin(self, ready: Sequence[Ready], collections: Sequence[Collection], reports: Shelf) -> None:
        """Put down what the site was made from, and by what."""
        ids = [one.id for one in reports.briefs]
        inputs = [
            *(
                Input(kind="git", name=one.source.name, state=head_of(one.mirror, one.state.branch), count=one.count())
                for one in ready
            ),
            Input(kind="patches", name="patches", state=collections_key(collections), count=len(collections)),
            Input(kind="reports", name="reports", state=digest_of(*ids), count=len(ids)),
        ]
        for asset in (provenance(inputs, code_key(), __version__), sbom(installed_packages(), __version__)):
            self._site.put(asset, "landing")

    def _kept(self, found: Ready) -> bool:
        kept = self._keep(found.group, found.group, found.releases_group)
        if kept:
            unreached = found.state.problem
            self._report.sources.append(
                {"name": found.source.name, "commits": found.count(), "changed": False, "unreached": unreached}
            )
        return kept

    def _others_kept(self, others: Others) -> bool:
        """Keep what patches and reports gave at the last build, when all they depend on is as it was."""
        return self._keep(others.group, others.patches_group)

    def _keep(self, whole: str, *groups: str) -> bool:
        """Keep groups, and all shards of which `whole` names what they are made of."""
        labels = self._cache.get(shards_key(whole))
        return labels is not None and self._site.keep_groups(*groups, *json.loads(labels))

    def _changed(self, shards: Iterable[Shard], name: str, around: str, whole: str) -> dict[str, Shard]:
        """Keep the shards that are as they were; return the others by the name of their group.

        `around` is what no key of theirs holds, and `whole` names all that they are made of.
        """
        labels = {f"{name} {shard.name}:{digest_of(shard.key, around)}": shard for shard in shards}
        self._cache.put_packed([(shards_key(whole), pack(json.dumps(list(labels)).encode()))])
        return {label: shard for label, shard in labels.items() if not self._site.keep_groups(label)}

    def _show_all(self, ready: Sequence[Ready], changed: Sequence[Ready], others: Others) -> None:
        """Show the sources that changed, the patches and the reports: what is said of one depends on all."""
        histories, examined = {}, {}
        for found in ready:
            histories[found.source.name], examined[found.source.name] = self._history(found)
        with self._report.stage("patches"):
            mirrors = {found.source.name: found.mirror for found in ready}
            said = progress(self._say, "patches", "collections tried")
            facts = patch_facts(others.collections, histories, mirrors, self._cache, said)
        with self._report.stage("reports"):
            results = relate_briefs(others.reports.briefs, others.reports.issues, histories, self._config.site_url)
            shown = Mentions(carried=carriers(others.collections, facts), tested=tested_commits(results))
        for found in changed:
            self._show(found, histories[found.source.name], examined[found.source.name], shown)
        if self._others_kept(others):
            return
        with self._report.stage("patches"):
            self._show_patches(others, facts, histories)
        with self._report.stage("reports"):
            self._show_reports(others, results)

    def _show_patches(self, others: Others, facts: Facts, histories: Mapping[str, History]) -> None:
        said = progress(self._say, "patches", "patches highlighted")
        address = self._config.site_url
        for output in patch_outputs(
            others.collections, facts, histories, site_url=address, cache=self._cache, said=said
        ):
            self._site.put(output, others.patches_group)

    def _show_reports(self, others: Others, results: Results) -> None:
        """Put the reports into the site shard by shard; a shard that is as it was is not even made again."""
        around = digest_of(self._shell_key, code_key(), self._config.site_url)
        changed = self._changed(report_shards(others.reports.read, results), "reports", around, others.group)
        for label, shard in changed.items():
            for output in shard.outputs() if shard.is_searchable else ():
                self._site.put(output, label)
        apart = {label: shard for label, shard in changed.items() if not shard.is_searchable}
        self._others.append(partial(self._show_apart, apart))

    def _show_apart(self, shards: Mapping[str, Shard]) -> None:
        """Put shards into the site that helper processes write."""

        def make(label: str) -> Made:
            return self._site.make_apart(label, shards[label].outputs())

        said = progress(self._say, "reports", "days written")
        with self._report.stage("reports"):
            for number, made in enumerate(in_parallel(make, list(shards), alone=len(shards) <= ALONE), 1):
                self._site.adopt(made)
                said(number, len(shards))

    def _ready(self, source: GitSource, absent: list[GitSource]) -> Ready | None:
        """Return the source with its mirror; note it as absent when there is none."""
        try:
            mirror, state = find_mirror(self._config, source, self._say)
        except SourceError as problem:
            if self._config.require_sources:
                raise
            self._say(f"{source.name}: not available: {problem}")
            absent.append(source)
            self._report.sources.append({"name": source.name, "problem": str(problem)})
            return None
        return make_ready(self._config, source, mirror, state, self._shell_key)

    def _show(self, found: Ready, history: History, examined: int, shown: Mentions) -> None:
        """Put all pages of a source into the site."""
        mirror, cache, source = found.mirror, self._cache, found.source
        highlighted, prepared = (
            progress(self._say, source.name, what) for what in ("files highlighted", "releases prepared")
        )
        with self._report.stage("pages"):
            commits = self._changed(commit_shards(history, shown), source.name, found.around, found.group)
        for label, shard in commits.items():
            self._put("pages", label, shard.outputs())
        first, lists = log_pages(history)
        self._put("pages", found.group, [first])
        blobs, trees = file_outputs(history, mirror, cache, highlighted)
        self._put("files", found.group, chain(blobs, manual_outputs(history, mirror)))
        if not self._site.keep_groups(found.releases_group):
            releases = release_outputs(history, mirror, self._config, cache, prepared, shown.tested)
            self._put("releases", found.releases_group, releases)
        data = data_outputs(history, mirror, self._config.site_url)
        for stage, outputs in (("pages", lists), ("files", trees), ("data", data)):
            self._others.append(partial(self._put, stage, found.group, outputs))
        verdicts = [record.verification.verdict for record in history.records.values()]
        self._report.sources.append(
            {
                "name": source.name,
                "commits": len(history.commits),
                "changed": True,
                "unreached": found.state.problem,
                "examined": examined,
                "patches": sum(verdict != "merge" for verdict in verdicts),
                "verified": sum(verdict in ("verified", "lossy") for verdict in verdicts),
            }
        )

    def _put(self, stage: str, group: str, outputs: Iterable[Output]) -> None:
        with self._report.stage(stage):
            for output in outputs:
                self._site.put(output, group)

    def _history(self, found: Ready) -> tuple[History, int]:
        """Return a source's history, and how many of its commits were examined for the first time."""
        with self._report.stage("read"):
            commits = tuple(read_commits(found.mirror))
            tags = read_tags(found.mirror)
        with self._report.stage("examine"):
            said = progress(self._say, found.source.name, "commits examined")
            examined = examine(found.mirror, commits, self._cache, said)
        with self._report.stage("relate"):
            notice = notice_of(found.state)
            history = relate_history(found.source, found.state.branch, commits, tags, self._cache, notice)
        return history, examined
