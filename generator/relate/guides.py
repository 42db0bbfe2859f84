"""Guides and the reports about them: a run with the scenario `howto.NAME` is a run of the guide NAME."""

from collections.abc import Iterable, Mapping

from generator.model.guide_runs import GuideRun, GuideState
from generator.model.reports import Report, Run, Stored, Verdict, worst
from generator.relate.report_history import standings
from generator.relate.trials import brief, day_of, received

PREFIX = "howto."


def guide_states(stored: Iterable[Stored]) -> Mapping[str, GuideState]:
    """Return by scenario path what reports say of guides; those taken back or not believed do not count."""
    own = [one for one in stored if one.report.supersedes or one.report.withdraws or _runs(one.report)]
    gone = standings(brief(one, lambda report, run: ()) for one in own)
    states: dict[str, GuideState] = {}
    for one in sorted(own, key=lambda one: (received(one), one.id)):
        if one.id in gone:
            continue
        for run in _runs(one.report):
            found = _guide_run(one, run)
            before = states.get(run.scenario.path, GuideState())
            passed = found if found.verdict is Verdict.PASS else before.passed
            states[run.scenario.path] = GuideState(latest=found, passed=passed)
    return states


def _runs(report: Report) -> list[Run]:
    return [run for run in report.runs if run.scenario.path.startswith(PREFIX)]


def _guide_run(stored: Stored, run: Run) -> GuideRun:
    by_name: dict[str, list[Verdict]] = {}
    for step in run.steps:
        by_name.setdefault(step.name, []).append(step.verdict)
    kernel = next((one.version for one in stored.report.subjects if one.role == "first kernel"), "")
    return GuideRun(
        report=stored.id,
        day=day_of(received(stored)),
        kernel=kernel,
        architecture=stored.report.environment.architecture,
        verdict=run.verdict,
        steps={name: worst(verdicts) for name, verdicts in by_name.items()},
    )
