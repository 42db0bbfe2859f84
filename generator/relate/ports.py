"""What reports say of an architecture at last: by scenario, the newest run of each of its kinds, the worst of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.model.report_histories import Trial
from generator.model.reports import Stored, Verdict, worst
from generator.relate.report_history import standings
from generator.relate.trials import brief


@dataclass(frozen=True, slots=True, kw_only=True)
class PortResult:
    """One scenario on an architecture: `kinds` counts its ways to be run, `newest` is the run that was last."""

    path: str
    verdict: Verdict
    kinds: int
    newest: Trial


def counted_trials(stored: Iterable[Stored]) -> tuple[Trial, ...]:
    """Return the runs of all reports that count: nobody took them back, and their origin is believed."""
    briefs = [brief(one, lambda report, run: ()) for one in stored]
    gone = standings(briefs)
    return tuple(trial for one in briefs if one.id not in gone for trial in one.trials)


def port_results(trials: Iterable[Trial], architectures: Sequence[str]) -> tuple[PortResult, ...]:
    """Return the scenarios of an architecture, which may have several names, by their paths."""
    newest: dict[str, Trial] = {}
    for trial in trials:
        before = newest.get(trial.key)
        if trial.environment.architecture in architectures and (before is None or _later(trial, before)):
            newest[trial.key] = trial
    by_path: dict[str, list[Trial]] = {}
    for trial in newest.values():
        by_path.setdefault(trial.scenario.path, []).append(trial)
    return tuple(_result(path, trials) for path, trials in sorted(by_path.items()))


def _later(trial: Trial, before: Trial) -> bool:
    return (trial.moment, trial.report) > (before.moment, before.report)


def _result(path: str, trials: list[Trial]) -> PortResult:
    return PortResult(
        path=path,
        verdict=worst([trial.verdict for trial in trials]),
        kinds=len(trials),
        newest=max(trials, key=lambda trial: (trial.moment, trial.report)),
    )
