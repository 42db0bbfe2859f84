"""Reports brought together from wherever they lie: our own folder, and what `report pull` keeps of each source."""

import os

from generator.config import Config
from generator.errors import ParseError, PortalError
from generator.model.reports import KnownIssue, Stored
from generator.parse.known_issue import parse_known_issue
from generator.sources.git import Mirror
from generator.sources.report_arrivals import Arrivals, kept_arrivals, load_arrivals, read_signers
from generator.sources.report_pull import arrivals_file, pulled_folder
from generator.sources.reports import ReportFolder, Say, load_reports

ISSUES = "known-issues"
OWN = ".own"  # no name of a source begins with a dot


def gather_reports(config: Config, say: Say) -> tuple[Stored, ...]:
    """Return every report, our own first. What cannot be read is said and hides nothing else."""
    return load_reports(report_folders(config, say), say)


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
