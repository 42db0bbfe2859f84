"""Reports cut down to what lists and judgements need, so that a hundred thousand of them fit into memory."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from generator.model.report_histories import Brief, Trial
from generator.model.reports import PASSED_LATER, Report, Run, Stored, Subject, Verdict
from generator.relate.report_figures import figures
from generator.relate.report_keys import history_key, kernel_line

T = TypeVar("T")
Explain = Callable[[Report, Run], tuple[str, ...]]
LATEST = 253_402_300_799  # the last second of the year 9999


def brief(stored: Stored, explain: Explain) -> Brief:
    """Return what lists need of a report; `explain` names the known issues that fit a run."""
    report = stored.report
    moment = received(stored)
    trials = tuple(_trial(stored, number, run, moment, explain) for number, run in enumerate(report.runs, 1))
    return Brief(
        id=stored.id,
        origin=_shared(report.origin),
        signer=_shared(stored.signer),
        day=day_of(moment),
        moment=moment,
        committed=stored.committed is not None,
        verdict=max((trial.verdict for trial in trials), key=_severity, default=Verdict.MISS),
        trials=trials,
        supersedes=report.supersedes,
        withdraws=report.withdraws,
        reason=report.reason,
        source=stored.source,
        forged=stored.forged,
    )


def received(stored: Stored) -> int:
    """Return when a report came: by the commit that brought it in, else by its own clock; 0 when neither says."""
    said = stored.committed if stored.committed is not None else moment_of(stored.report.started)
    return said if 0 < said <= LATEST else 0


def moment_of(text: str) -> int:
    """Return the seconds since 1970 of an ISO 8601 moment, one without a zone in UTC; 0 when it is none."""
    try:
        moment = datetime.fromisoformat(text[:40])
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0


def day_of(moment: int) -> str:
    """Return the day in UTC as an ISO date, "" for an unknown moment."""
    return _day_by_number(moment // 86_400) if moment else ""


@lru_cache(maxsize=1 << 12)
def _day_by_number(number: int) -> str:
    return f"{datetime.fromtimestamp(number * 86_400, UTC):%Y-%m-%d}"


def _severity(verdict: Verdict) -> int:
    return verdict.severity


def _trial(stored: Stored, number: int, run: Run, moment: int, explain: Explain) -> Trial:
    report = stored.report
    verdict = run.verdict
    return Trial(
        report=stored.id,
        number=number,
        origin=_shared(report.origin),
        key=history_key(report, run),
        scenario=_shared(run.scenario),
        environment=_shared(report.environment),
        kernel_line=_shared(kernel_line(report)),
        subjects=_build(report.subjects),
        verdict=verdict,
        outcome=_outcome(run, verdict),
        unsteady=_is_unsteady(run),
        failure=_shared(first_failure(run)),
        day=day_of(moment),
        moment=moment,
        figures=figures(run),
        issues=explain(report, run) if verdict not in CONTENT else (),
    )


CONTENT = frozenset({Verdict.PASS, Verdict.SKIP, Verdict.DONE})


@lru_cache(maxsize=1 << 15)
def _shared(value: T) -> T:
    """Return the same object for equal values: a hundred thousand reports name few kernels and machines."""
    return value


@lru_cache(maxsize=1 << 15)
def _build(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    return tuple(sorted(subjects, key=lambda subject: (subject.role, subject.version, subject.commit, subject.package)))


def _outcome(run: Run, verdict: Verdict) -> str:
    """A pass is good. A failure is bad, so is a host that did not return; where no step came it is neither."""
    if verdict is Verdict.PASS:
        return "good"
    if verdict is Verdict.FAIL:
        return "bad"
    came = any(step.verdict is not Verdict.MISS for step in run.steps)
    return "bad" if verdict is Verdict.MISS and came else "gap"


def _is_unsteady(run: Run) -> bool:
    """Tell whether attempts of one step gave different verdicts; the host is part of a step's name."""
    first: dict[tuple[str, str], Verdict] = {}
    return any(first.setdefault((step.name, step.host), step.verdict) is not step.verdict for step in run.steps)


def first_failure(run: Run) -> str:
    """Return the name of the step at which a run went wrong, "" when none did."""
    counted = [step for step in run.steps if step.reported not in PASSED_LATER]
    for bad in (Verdict.FAIL, Verdict.ERROR, Verdict.MISS):
        if found := next((step.name for step in counted if step.verdict is bad), ""):
            return found
    return ""
