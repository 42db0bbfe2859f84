"""Reports brought together from wherever they lie: our own folder, and what `report pull` keeps of each source."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.config import Config
from generator.errors import ParseError, PortalError
from generator.model.report_histories import Brief
from generator.model.reports import KnownIssue, Stored
from generator.outcome import progress
from generator.output.cache import BrokenCache, open_cache, remove_cache
from generator.parse.known_issue import parse_known_issue
from generator.sources.git import Mirror
from generator.sources.report_arrivals import Arrivals, kept_arrivals, load_arrivals, read_signers
from generator.sources.report_pull import arrivals_file, pulled_folder
from generator.sources.reports import Found, ReportFolder, Say, find_all, read_known
from generator.work.briefs import load_briefs

ISSUES = "known-issues"
CACHE = "reports.sqlite"
OWN = ".own"  # no name of a source begins with a dot


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Every report, our own first: cut down in memory, whole on disk. `issues` are those that explain failures."""

    briefs: tuple[Brief, ...] = ()
    issues: tuple[KnownIssue, ...] = ()
    places: Mapping[str, Found] = field(default_factory=dict)

    def key(self) -> str:
        """Return a digest of all reports, how they came here, and what explains them."""
        digest = hashlib.blake2b(repr(self.issues).encode(), digest_size=16)
        for one in self.briefs:
            digest.update(f"{one.id} {one.moment} {one.committed} {one.signer} {one.source} {one.forged}\n".encode())
        return digest.hexdigest()

    def read(self, id: str) -> Stored:
        """Return a report as a whole. Raises PortalError when it is no longer what it was."""
        return read_known(self.places[id])


def gather_reports(config: Config, say: Say) -> Shelf:
    """Return every report. What cannot be read is told by `say` and hides nothing else."""
    issues = gather_issues(config)
    found, problems = find_all(report_folders(config, say))
    file = config.cache_folder / CACHE
    try:
        briefs, broken = _briefs(found, issues, file, say)
    except BrokenCache as problem:
        say(f"what was kept of reports is broken ({problem}): they are read anew")
        remove_cache(file)
        briefs, broken = _briefs(found, issues, file, say)
    for text in (*problems, *broken):
        say(f"reports: {text}")
    known = {one.id: one.source for one in briefs}
    places = {one.id: one for one in found if known.get(one.id) == one.source}
    return Shelf(briefs=briefs, issues=issues, places=places)


def _briefs(
    found: list[Found], issues: tuple[KnownIssue, ...], file: Path, say: Say
) -> tuple[tuple[Brief, ...], tuple[str, ...]]:
    with open_cache(file) as cache:
        return load_briefs(found, issues, cache, progress(say, "reports", "reports read"))


def gather_issues(config: Config) -> tuple[KnownIssue, ...]:
    """Return the reviewed files that explain failures, by name. Raises PortalError with every problem, one a line."""
    issues, problems = [], []
    folder = config.reports.folder / ISSUES
    for file in sorted(folder.glob("*.yml")):
        shown = os.path.relpath(file, config.file.parent)
        try:
            issues.append(parse_known_issue(file.read_text("utf-8"), source=shown, name=file.stem))
        except (OSError, UnicodeDecodeError) as problem:
            problems.append(f"{shown}:1: cannot be read: {problem}")
        except ParseError as problem:
            problems.append(str(problem))
    if problems:
        raise PortalError("\n".join(problems))
    return tuple(issues)


def report_folders(config: Config, say: Say) -> tuple[ReportFolder, ...]:
    """Return where reports lie, our own folder first, with what is known of their arrival."""
    origins = config.reports
    own = ReportFolder(
        folder=origins.folder,
        shown=os.path.relpath(origins.folder, config.file.parent),
        arrivals=_own_arrivals(config, say),
        signers=read_signers(origins.signers) if origins.signers else None,
    )
    pulled = (
        ReportFolder(
            folder=pulled_folder(config.cache_folder, source),
            shown=source.name,
            source=source.name,
            origins=source.origins,
            arrivals=kept_arrivals(arrivals_file(config.cache_folder, source.name)),
            signers=read_signers(source.signers) if source.signers else None,
        )
        for source in origins.sources
    )
    return own, *pulled


def _own_arrivals(config: Config, say: Say) -> Arrivals:
    """Return when our own reports were committed; nothing where there is no repository, or no commit in it yet."""
    folder = config.reports.folder
    top = next((place for place in folder.parents if (place / ".git").exists()), None)
    if top is None or not folder.is_dir():
        return {}
    try:
        return load_arrivals(
            Mirror(top / ".git"),
            "HEAD",
            below=folder.relative_to(top).as_posix(),
            signers=config.reports.signers,
            kept=arrivals_file(config.cache_folder, OWN),
        )
    except PortalError as problem:
        say(f"reports: when our own came is not known: {problem}")
        return {}
