"""Which known issue explains which failure."""

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.model.report_histories import Brief, Trial
from generator.model.reports import KnownIssue, Report, Run
from generator.relate.report_keys import kernel_line


@dataclass(frozen=True, slots=True)
class Explainer:
    """Finds the issues that fit a run, expired or not: which of them still count is known when all reports are."""

    issues: tuple[tuple[KnownIssue, re.Pattern[str]], ...]

    def __call__(self, report: Report, run: Run) -> tuple[str, ...]:
        """Return the ids of the issues that fit a run, in their order."""
        return tuple(issue.id for issue, pattern in self.issues if _fits(issue, pattern, report, run))


def explainer(issues: Iterable[KnownIssue]) -> Explainer:
    """Return what finds the issues that fit a run."""
    return Explainer(tuple((issue, re.compile(fnmatch.translate(issue.path))) for issue in issues))


def _fits(issue: KnownIssue, pattern: re.Pattern[str], report: Report, run: Run) -> bool:
    return (
        run.verdict is issue.verdict
        and bool(pattern.match(run.scenario.path))
        and _has_dimensions(issue, report, run)
        and (not issue.excerpt or any(issue.excerpt in step.excerpt for step in run.steps))
    )


def _has_dimensions(issue: KnownIssue, report: Report, run: Run) -> bool:
    """A dimension is one of the scenario, or `architecture`, `distribution`, `kernel line`."""
    said = set(run.scenario.dimensions) | {
        ("architecture", report.environment.architecture),
        ("distribution", report.environment.distribution),
        ("kernel line", kernel_line(report)),
    }
    return said.issuperset(issue.dimensions)


def is_expired(issue: KnownIssue, newest: str) -> bool:
    """Tell whether an issue ended before the day (ISO) of the newest report: the clock of this machine has no say."""
    return bool(issue.expires) and newest > issue.expires


def newest_day(briefs: Sequence[Brief]) -> str:
    """Return the day of the newest report, "" when none has one.

    Once a report has git's word for its day, only such days count: anybody could let every issue expire by claiming
    to be from the year 9999.
    """
    sure = [brief.day for brief in briefs if brief.committed]
    return max(sure or [brief.day for brief in briefs], default="")


def explained(trials: Iterable[Trial], live: frozenset[str]) -> dict[str, tuple[Trial, ...]]:
    """Return for each live issue the runs that it explains."""
    found: dict[str, list[Trial]] = {identity: [] for identity in sorted(live)}
    for trial in trials:
        for identity in trial.issues:
            if identity in live:
                found[identity].append(trial)
    return {identity: tuple(own) for identity, own in found.items()}


def unexplained(latest: Iterable[Trial], live: frozenset[str]) -> tuple[Trial, ...]:
    """Return the failures, of the runs that speak for their lines, that no live issue explains."""
    return tuple(trial for trial in latest if trial.outcome == "bad" and live.isdisjoint(trial.issues))
