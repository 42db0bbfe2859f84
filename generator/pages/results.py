"""What all pages of test reports draw on: every report cut down, the lines of history, and what explains failures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from generator.model.histories import History
from generator.model.pages import Link
from generator.model.report_histories import Brief, Line, Standing, Trial
from generator.model.report_paths import ALL_FEED, REGRESSIONS_FEED, REPORTS
from generator.model.reports import KnownIssue, Stored
from generator.relate.known_issues import explained, explainer, is_expired, newest_day, unexplained
from generator.relate.report_history import lines_of, standings
from generator.relate.subject_places import Places, Tested, tested
from generator.relate.trials import brief
from generator.relate.version_order import version_order
from generator.render.reports import calm, scenario_text

SECTION = "reports/"
CRUMBS = (Link("Reports", REPORTS),)


@dataclass(frozen=True, eq=False, kw_only=True)
class Results:
    """All reports, related. Without slots: what several pages need is worked out once, when it is asked for."""

    briefs: tuple[Brief, ...]  # the newest first
    gone: Mapping[str, Standing]  # reports that no longer count, by id
    lines: Mapping[str, Line]  # by key, in the order of `line_order`
    issues: tuple[KnownIssue, ...]
    live: frozenset[str]  # ids of the issues that have not expired
    newest: str  # the day of the newest report
    places: Places
    site_url: str

    @cached_property
    def by_id(self) -> Mapping[str, Brief]:
        """The reports by their ids."""
        return {one.id: one for one in self.briefs}

    @cached_property
    def latest(self) -> tuple[Trial, ...]:
        """The runs that speak for their lines."""
        return tuple(line.latest for line in self.lines.values() if line.latest)

    @cached_property
    def explained(self) -> Mapping[str, tuple[Trial, ...]]:
        """For each live issue the runs that it explains."""
        return explained((trial for line in self.lines.values() for trial in line.counted), self.live)

    @cached_property
    def unexplained(self) -> tuple[Trial, ...]:
        """The failures, of the runs that speak for their lines, that no issue explains."""
        return unexplained(self.latest, self.live)

    @cached_property
    def regressed(self) -> tuple[Line, ...]:
        """The lines with an open regression, the newest first."""
        found = [line for line in self.lines.values() if line.open_regression]
        return tuple(sorted(found, key=lambda line: (-line.open_regression.bad.moment, line.key)))

    @cached_property
    def months(self) -> Mapping[str, tuple[Brief, ...]]:
        """The reports by month, the newest first; those without a date last."""
        found: dict[str, list[Brief]] = {}
        for one in self.briefs:
            found.setdefault(one.month, []).append(one)
        ordered = sorted(found, key=lambda month: (month != "undated", month), reverse=True)
        return {month: tuple(found[month]) for month in ordered}

    @property
    def feeds(self) -> tuple[Link, ...]:
        """The feeds; without the site's own address there are none."""
        if not self.site_url:
            return ()
        return Link("Reports", ALL_FEED), Link("Regressions", REGRESSIONS_FEED)


def relate_results(
    stored: Iterable[Stored], issues: Iterable[KnownIssue], histories: Mapping[str, History], site_url: str
) -> Results:
    """Relate all reports; `stored` is gone through once, and nothing of it is held but what `Brief` has."""
    known = tuple(issues)
    explain = explainer(known)
    return relate_briefs((brief(one, explain) for one in stored), known, histories, site_url)


def relate_briefs(
    cut: Iterable[Brief], issues: Iterable[KnownIssue], histories: Mapping[str, History], site_url: str
) -> Results:
    """Relate reports that were cut down already, with the same `issues`; one that comes twice counts once."""
    known = tuple(sorted(issues, key=lambda issue: issue.id))
    briefs = tuple(sorted({one.id: one for one in cut}.values(), key=lambda one: (-one.moment, one.id)))
    gone = standings(briefs)
    places = Places(histories)
    lines = lines_of(briefs, gone, places.commit_time)
    newest = newest_day(briefs)
    return Results(
        briefs=briefs,
        gone=gone,
        lines={line.key: line for line in sorted(lines.values(), key=line_order)},
        issues=known,
        live=frozenset(issue.id for issue in known if not is_expired(issue, newest)),
        newest=newest,
        places=places,
        site_url=site_url,
    )


def line_order(line: Line) -> tuple[object, ...]:
    """Return what lines are sorted by: kernel line, scenario, architecture, distribution."""
    scenario = line.scenario
    where = (line.architecture, line.distribution, line.key)
    return *kernel_line_order(line.kernel_line), scenario.path, scenario.dimensions, *where


def kernel_line_order(name: str) -> tuple[int, tuple[int, ...], str]:
    """Return what kernel lines are sorted by: mainline, stable ones, others, not named; of each kind the newest."""
    kind = 3 if not name else 0 if name == "mainline" else 1 if name.startswith("stable") else 2
    return kind, tuple(-number for number in version_order(name)[0]), name


def tested_commits(results: Results) -> Tested:
    """Return which runs tested which commits and releases."""
    return tested((trial for line in results.lines.values() for trial in line.counted), results.places)


def line_title(line: Line) -> str:
    """Return what tells a line from the others, as text."""
    where = (line.architecture, line.distribution, line.kernel_line)
    return " · ".join((scenario_text(line.scenario), *(calm(part) for part in where if part)))
