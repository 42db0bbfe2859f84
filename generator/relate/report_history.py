"""Lines of history: which reports count, in which order, and where a line turned bad, good again, or is unsteady."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from generator.model.report_histories import Brief, Line, Regression, Standing, Trial
from generator.model.reports import Subject
from generator.relate.version_order import Order, version_order

ORDERING = ("first kernel", "capture kernel", "kexec-tools", "makedumpfile")
CommitTime = Callable[[Subject], int]  # seconds since 1970 of the commit that was tested, 0 unknown
Build = tuple[Subject, ...]


def standings(briefs: Iterable[Brief]) -> dict[str, Standing]:
    """Return, by id, the reports that do not count, and why.

    Only a report of the same origin takes one back; a withdrawal weighs more than a newer version. What took another
    back may itself be taken back: the older one stays out, since nobody said that it was right after all. A report
    of an origin that is not believed neither counts nor takes another back.
    """
    known = list(briefs)
    found = {brief.id: Standing(kind="forged", reason=brief.forged) for brief in known if brief.forged}
    believed = [brief for brief in known if not brief.forged]
    origins = {brief.id: brief.origin for brief in believed}
    takers = (brief for brief in believed if brief.supersedes or brief.withdraws)
    for brief in sorted(takers, key=lambda brief: (brief.moment, brief.id)):
        for kind, target in (("superseded", brief.supersedes), ("withdrawn", brief.withdraws)):
            if target and target != brief.id and origins.get(target) == brief.origin:
                old = found.get(target)
                if old is None or (kind == "withdrawn" and old.kind == "superseded"):
                    found[target] = Standing(kind=kind, by=brief.id, reason=brief.reason)
    return found


def lines_of(briefs: Iterable[Brief], gone: Mapping[str, Standing], commit_time: CommitTime) -> dict[str, Line]:
    """Return every line of history by its key. `gone` are the reports that no longer count."""
    by_key: dict[str, list[Trial]] = {}
    for brief in briefs:
        for trial in brief.trials:
            by_key.setdefault(trial.key, []).append(trial)
    orders: dict[Build, tuple[tuple[Order, int], ...]] = {}

    def place(trial: Trial) -> tuple[object, ...]:
        if trial.subjects not in orders:
            orders[trial.subjects] = _order(trial.subjects, commit_time)
        return orders[trial.subjects], trial.moment, trial.report, trial.number

    return {key: _line(key, sorted(trials, key=place), gone) for key, trials in by_key.items()}


def _order(subjects: Build, commit_time: CommitTime) -> tuple[tuple[Order, int], ...]:
    """Return what builds are sorted by: the versions of what is tested, and where these are equal their commits."""
    by_role = {subject.role: subject for subject in reversed(subjects)}
    ordered = [by_role.get(role) for role in ORDERING]
    return tuple((version_order(one.version), commit_time(one)) if one else (version_order(""), 0) for one in ordered)


def _line(key: str, trials: Sequence[Trial], gone: Mapping[str, Standing]) -> Line:
    first = trials[0]
    counted = tuple(trial for trial in trials if trial.report not in gone)
    builds = _builds(counted)
    return Line(
        key=key,
        scenario=first.scenario,
        architecture=first.environment.architecture,
        distribution=first.environment.distribution,
        kernel_line=first.kernel_line,
        trials=tuple(trials),
        counted=counted,
        regressions=regressions(builds),
        flaky_builds=sum(is_flaky(build) for build in builds),
    )


def _builds(trials: Sequence[Trial]) -> list[tuple[Trial, ...]]:
    """Return the runs by build. Runs of one build may lie apart, when something unordered was tested in between."""
    found: dict[Build, list[Trial]] = {}
    for _, together in groupby(trials, key=lambda trial: id(trial.subjects)):
        own = tuple(together)
        found.setdefault(own[0].subjects, []).extend(own)
    return [tuple(own) for own in found.values()]


def is_flaky(build: Sequence[Trial]) -> bool:
    """Tell whether runs of one build came out differently, or attempts within one of them.

    A build of which nobody said what it is may be many: there only attempts tell.
    """
    outcomes = {trial.outcome for trial in build}
    return any(trial.unsteady for trial in build) or (bool(build[0].subjects) and {"good", "bad"} <= outcomes)


def regressions(builds: Sequence[Sequence[Trial]]) -> tuple[Regression, ...]:
    """Return where a line turned from good to bad; `builds` come in order, each with its runs.

    Gaps change nothing. A build with both outcomes is unsteady: it neither begins a regression nor ends one.
    """
    found: list[Regression] = []
    good: Trial | None = None
    bad: list[Trial] = []
    unsteady = unsteady_before = 0
    for build in builds:
        judged = [trial for trial in build if trial.outcome != "gap"]
        outcomes = {trial.outcome for trial in judged}
        if len(outcomes) > 1:
            unsteady += 1
        elif outcomes == {"bad"}:
            unsteady_before = unsteady_before if bad else unsteady
            bad += judged
        elif outcomes == {"good"}:
            if good and bad:
                found.append(_regression(good, bad, judged[0], unsteady_before))
            good, bad, unsteady = judged[-1], [], 0
    if good and bad:
        found.append(_regression(good, bad, None, unsteady_before))
    return tuple(found)


def _regression(good: Trial, bad: Sequence[Trial], fixed: Trial | None, unsteady: int) -> Regression:
    return Regression(good=good, bad=bad[0], latest=bad[-1], fixed=fixed, count=len(bad), unsteady=unsteady)


def changed_subjects(good: Trial, bad: Trial) -> tuple[tuple[str, Subject | None, Subject | None], ...]:
    """Return what differs between two builds as (role, before, after); None where one does not name it."""
    before, after = ({subject.role: subject for subject in reversed(trial.subjects)} for trial in (good, bad))
    roles = sorted(before.keys() | after.keys(), key=lambda role: (role not in ORDERING, _rank(role), role))
    return tuple((role, before.get(role), after.get(role)) for role in roles if before.get(role) != after.get(role))


def _rank(role: str) -> int:
    return ORDERING.index(role) if role in ORDERING else len(ORDERING)
