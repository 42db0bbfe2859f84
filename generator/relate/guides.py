"""Guides and the reports about them: a run with the scenario `howto.NAME` is a run of the guide NAME."""

from collections.abc import Callable, Iterable, Mapping

from generator.model.guide_runs import GuideRun, GuideState
from generator.model.report_histories import Brief, Trial
from generator.model.reports import Report, Stored, Verdict, worst
from generator.relate.report_history import standings

PREFIX = "howto."


def guide_states(briefs: Iterable[Brief], read: Callable[[str], Stored]) -> Mapping[str, GuideState]:
    """Return by scenario path what reports say of guides; those taken back or not believed do not count.

    `read` gives a whole report by its id: its steps are the blocks of the guide.
    """
    known = list(briefs)
    gone = standings(known)
    own = [one for one in known if one.id not in gone and any(map(_is_of_guide, one.trials))]
    states: dict[str, GuideState] = {}
    for one in sorted(own, key=lambda one: (one.moment, one.id)):
        report = read(one.id).report
        for trial in filter(_is_of_guide, one.trials):
            found = _guide_run(trial, report)
            before = states.get(trial.scenario.path, GuideState())
            passed = found if found.verdict is Verdict.PASS else before.passed
            states[trial.scenario.path] = GuideState(latest=found, passed=passed)
    return states


def _is_of_guide(trial: Trial) -> bool:
    return trial.scenario.path.startswith(PREFIX)


def _guide_run(trial: Trial, report: Report) -> GuideRun:
    by_name: dict[str, list[Verdict]] = {}
    for step in report.runs[trial.number - 1].steps:
        by_name.setdefault(step.name, []).append(step.verdict)
    kernel = next((one.version for one in report.subjects if one.role == "first kernel"), "")
    return GuideRun(
        report=trial.report,
        day=trial.day,
        kernel=kernel,
        architecture=trial.environment.architecture,
        verdict=trial.verdict,
        steps={name: worst(verdicts) for name, verdicts in by_name.items()},
    )
