"""What reports say of an architecture at last: by scenario, the newest run of each of its kinds, the worst of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.model.report_histories import Brief, Trial
from generator.model.reports import Verdict, worst
from generator.relate.report_history import standings


@dataclass(frozen=True, slots=True, kw_only=True)
class PortResult:
    """One scenario on an architecture: `kinds` counts its ways to be run, `newest` is the run that was last."""

    path: str
    verdict: Verdict
    kinds: int
    newest: Trial


def newest_trials(briefs: Sequence[Brief]) -> tuple[Trial, ...]:
    """Return the newest run of every line of history, of the reports that count: not taken back, and believed."""
    gone = standings(briefs)
    newest: dict[str, Trial] = {}
    for brief in briefs:
        for trial in () if brief.id in gone else brief.trials:
            before = newest.get(trial.key)
            if before is None or (trial.moment, trial.report) > (before.moment, before.report):
                newest[trial.key] = trial
    return tuple(newest.values())


def port_results(newest: Iterable[Trial], architectures: Sequence[str]) -> tuple[PortResult, ...]:
    """Return the scenarios of an architecture, which may have several names, by their paths."""
    by_path: dict[str, list[Trial]] = {}
    for trial in newest:
        if trial.environment.architecture in architectures:
            by_path.setdefault(trial.scenario.path, []).append(trial)
    return tuple(_result(path, trials) for path, trials in sorted(by_path.items()))


def _result(path: str, trials: list[Trial]) -> PortResult:
    return PortResult(
        path=path,
        verdict=worst([trial.verdict for trial in trials]),
        kinds=len(trials),
        newest=max(trials, key=lambda trial: (trial.moment, trial.report)),
    )
