"""Lines of history: keys, order, what counts, regressions, flaky builds."""

import random
from dataclasses import replace

import pytest
from reports_world import START, report_of, run_of, stored

from generator.model.report_histories import Line, Regression
from generator.model.reports import Number, Report, Run, Scenario, Step, Stored, Subject, Verdict
from generator.pages.results import Results, relate_results
from generator.relate.report_figures import figures
from generator.relate.report_keys import history_key, kernel_line, run_id, scenario_key
from generator.relate.trials import moment_of
from generator.relate.version_order import series_of, version_order

DAY = 86_400


def related(*reports: Stored, issues: tuple = ()) -> Results:
    return relate_results(reports, issues, {}, "https://portal.example/")


def history(*outcomes: tuple[str, str], **settings: object) -> Line:
    """Return the one line of runs given as (kernel, bad step); each came a day after the one before."""
    reports = [
        stored(report_of(kernel, run_of(bad=bad, **settings)), committed=START + place * DAY)
        for place, (kernel, bad) in enumerate(outcomes)
    ]
    (line,) = related(*reports).lines.values()
    return line


def said(one: Regression) -> tuple[str, str, str | None]:
    kernels = [trial.subjects[1].version if trial else None for trial in (one.good, one.bad, one.fixed)]
    return tuple(kernels)


# Keys


def test_the_order_of_dimensions_does_not_matter_and_their_values_do() -> None:
    one = Scenario(path="kdump.local", dimensions=(("load", "kexec_load"), ("target", "ext4")))
    assert scenario_key(one) == scenario_key(replace(one, dimensions=one.dimensions[::-1]))
    assert scenario_key(one) != scenario_key(replace(one, dimensions=(("load", "kexec_load"), ("target", "xfs"))))


def test_parts_of_a_key_never_run_into_each_other() -> None:
    keys = {
        scenario_key(Scenario(path=path, dimensions=dimensions))
        for path, dimensions in (("a", (("b", "c"),)), ("a", (("bc", ""),)), ("ab", (("c", ""),)), ('a","b', ()))
    }
    assert len(keys) == 4


def test_time_host_and_log_never_enter_a_key() -> None:
    report, run = report_of(), run_of()
    other = replace(run, steps=tuple(replace(step, excerpt="log", host="h", duration_s=9.0) for step in run.steps))
    late = replace(report, started="2001-01-01T00:00:00Z", tool="x", notes=("n",), origin="other")
    assert history_key(report, run) == history_key(late, other)
    for field, value in (("kernel_line", "debian-12"), ("environment", replace(report.environment, architecture="x"))):
        assert history_key(replace(report, **{field: value}), run) != history_key(report, run)


@pytest.mark.parametrize(
    ("line", "version", "expected"),
    [
        ("mainline", "6.12.0", "mainline"),
        ("", "6.12.3-amd64", "6.12.x"),
        ("", "", ""),
        ("mainline", "6.12.0-00003-gabc-dirty", "mainline (changed tree)"),
        ("", "nonsense", ""),
    ],
)
def test_the_kernel_line_is_said_or_that_of_the_version_and_changed_trees_stand_apart(
    line: str, version: str, expected: str
) -> None:
    subjects = (Subject(role="first kernel", version=version),)
    assert kernel_line(Report(origin="x", kernel_line=line, subjects=subjects)) == expected


def test_a_run_is_named_by_origin_report_and_place() -> None:
    one = stored(report_of())
    assert run_id(one, 2) == f"lab-one:{one.id}:2"


# Versions


def test_versions_are_ordered_as_kernels_are() -> None:
    ordered = [
        "", "6.1.0-25-amd64", "6.1.0-31-amd64", "6.1.12", "6.9", "6.10-rc1", "v6.10.0-rc3", "6.10.0-rc3-12-gabc",
        "6.10-rc10", "6.10.0", "6.10-5-gdef", "6.10.1", "v6.11", "2024.1",
    ]  # fmt: skip
    assert sorted(random.Random(1).sample(ordered, len(ordered)), key=version_order) == ordered
    assert version_order("v6.10") == version_order("6.10.0")


def test_a_version_of_many_digits_is_no_trouble() -> None:
    assert version_order("9" * 5_000) > version_order("6.12")
    assert series_of("9" * 5_000) == ""


# Order, regressions, gaps


def test_runs_stand_by_version_whenever_they_were_received() -> None:
    reports = [
        stored(report_of(kernel, run_of()), committed=START - place)
        for place, kernel in enumerate(("6.9.0", "6.10.0-rc2", "6.10.0", "6.11.0"))
    ]
    (line,) = related(*reports).lines.values()
    assert [trial.subjects[1].version for trial in line.trials] == ["6.9.0", "6.10.0-rc2", "6.10.0", "6.11.0"]


def test_a_reports_own_clock_says_nothing_once_git_knows_when_it_came() -> None:
    early = stored(report_of(started="2030-01-01T00:00:00Z"), committed=START)
    late = stored(report_of(started="1999-01-01T00:00:00Z"), committed=START + 1)
    (line,) = related(late, early).lines.values()
    assert [trial.report for trial in line.trials] == [early.id, late.id]
    assert line.trials[0].day == "2025-10-09"


def test_a_regression_is_the_first_bad_after_the_last_good() -> None:
    line = history(("6.9.0", ""), ("6.10.0", ""), ("6.11.0", "save"), ("6.12.0", "save"))
    assert [said(one) for one in line.regressions] == [("6.10.0", "6.11.0", None)]
    assert line.open_regression.count == 2
    assert line.open_regression.latest.subjects[1].version == "6.12.0"


@pytest.mark.parametrize("verdict", [Verdict.ERROR, Verdict.SKIP, Verdict.DONE])
def test_a_regression_survives_what_says_nothing(verdict: Verdict) -> None:
    gap = Run(scenario=run_of().scenario, steps=(Step(name="load", verdict=verdict),))
    reports = [
        stored(report_of(kernel, run), committed=START)
        for kernel, run in (
            ("6.9.0", run_of()), ("6.10.0", gap), ("6.11.0", run_of(bad="save")), ("6.12.0", gap),
        )
    ]  # fmt: skip
    (line,) = related(*reports).lines.values()
    assert [said(one) for one in line.regressions] == [("6.9.0", "6.11.0", None)]


def test_a_fix_ends_a_regression_and_it_may_come_again() -> None:
    line = history(("6.9.0", ""), ("6.10.0", "save"), ("6.11.0", ""), ("6.12.0", "load"))
    assert [said(one) for one in line.regressions] == [("6.9.0", "6.10.0", "6.11.0"), ("6.11.0", "6.12.0", None)]


def test_what_was_never_good_is_no_regression() -> None:
    assert history(("6.9.0", "save"), ("6.10.0", "save")).regressions == ()


def test_a_host_that_did_not_return_is_bad_and_a_run_without_any_step_says_nothing() -> None:
    lost = history(("6.9.0", ""), ("6.10.0", "capture boot"), verdict=Verdict.MISS)
    assert lost.latest.outcome == "bad"
    empty = stored(report_of("6.10.0", replace(run_of(), steps=())))
    (line,) = related(stored(report_of("6.9.0", run_of())), empty).lines.values()
    assert line.latest.verdict is Verdict.MISS
    assert (line.latest.outcome, line.regressions) == ("gap", ())


def test_different_outcomes_of_one_build_are_flaky_and_no_regression() -> None:
    line = history(("6.9.0", ""), ("6.10.0", ""), ("6.10.0", "save"))
    assert (line.flaky_builds, line.regressions) == (1, ())
    steady = history(("6.9.0", ""), ("6.10.0", "save"), ("6.10.0", "save"))
    assert (steady.flaky_builds, len(steady.regressions)) == (0, 1)


def test_a_regression_tells_of_flaky_builds_before_it() -> None:
    line = history(("6.9.0", ""), ("6.10.0", ""), ("6.10.0", "save"), ("6.11.0", "save"))
    assert [said(one) for one in line.regressions] == [("6.9.0", "6.11.0", None)]
    assert line.open_regression.unsteady == 1


def test_attempts_that_differ_make_a_build_flaky() -> None:
    steps = (
        Step(name="save", verdict=Verdict.FAIL, reported="flakyFailure"),
        Step(name="save", verdict=Verdict.PASS, attempt=2),
    )
    run = Run(scenario=Scenario(path="kdump"), steps=steps)
    (line,) = related(stored(report_of("6.9.0", run))).lines.values()
    assert (line.latest.verdict, line.flaky_builds) == (Verdict.PASS, 1)


def test_runs_of_builds_that_nobody_named_are_not_called_flaky() -> None:
    reports = [stored(report_of("", run_of(bad=bad), subjects=()), committed=START) for bad in ("", "save")]
    (line,) = related(*reports).lines.values()
    assert line.flaky_builds == 0


# What counts


def test_a_later_report_of_the_same_origin_takes_an_earlier_one_back() -> None:
    first = stored(report_of("6.9.0", run_of(bad="save")), committed=START)
    second = stored(report_of("6.9.0", run_of(), supersedes=first.id), committed=START + 1)
    gone = stored(Report(origin="lab-one", withdraws=second.id, reason="wrong disk"), committed=START + 2)
    results = related(first, second, gone)
    assert {key: value.kind for key, value in results.gone.items()} == {first.id: "superseded", second.id: "withdrawn"}
    (line,) = results.lines.values()
    assert (len(line.trials), line.counted, line.latest) == (2, (), None)


def test_another_origin_takes_nothing_back() -> None:
    first = stored(report_of("6.9.0", run_of(bad="save")), committed=START)
    other = stored(report_of("6.9.0", run_of(), supersedes=first.id, origin="other"), committed=START + 1)
    assert related(first, other).gone == {}


def test_a_forged_report_neither_counts_nor_takes_back() -> None:
    first = stored(report_of("6.9.0", run_of(bad="save")), committed=START)
    later = stored(report_of("6.9.0", run_of(), supersedes=first.id), committed=START + 1)
    forged = replace(later, forged="not its key")
    results = related(first, forged)
    assert {key: value.kind for key, value in results.gone.items()} == {forged.id: "forged"}
    (line,) = results.lines.values()
    assert line.latest.report == first.id


def test_reports_that_take_each_other_back_end_nothing_but_themselves() -> None:
    one, two = stored(report_of("6.9.0")), stored(report_of("6.10.0"))
    pair = (
        replace(one, report=replace(one.report, supersedes=two.id)),
        replace(two, report=replace(two.report, supersedes=one.id)),
    )
    assert set(related(*pair).gone) == {one.id, two.id}


def test_the_same_report_given_twice_counts_once() -> None:
    one = stored(report_of())
    assert len(related(one, one).briefs) == 1


# Figures and moments


def test_figures_are_read_in_their_units_and_odd_numbers_are_left_out() -> None:
    numbers = (
        Number(name="Reserved", value=262_144, unit="kB"),
        Number(name="minimum available memory", value=float("nan"), unit="MB"),
        Number(name="dump size", value=2**21, unit="bytes"),
        Number(name="dump size", value=3, unit="furlongs"),
    )
    step = Step(name="save", verdict=Verdict.PASS, duration_s=3, numbers=numbers)
    found = figures(Run(scenario=Scenario(path="x"), steps=(step,)))
    assert (found.reserved_mb, found.available_mb, found.dump_mb, found.dump_s) == (256, None, 2, 3)
    assert found.used_mb is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-02T10:00:00+01:00", 1_793_610_000),
        ("2026-11-02T09:00:00Z", 1_793_610_000),
        ("2026-11-02T09:00:00", 1_793_610_000),
        ("yesterday", 0),
        ("", 0),
        ("0001-01-01T00:00:00+14:00", 0),
    ],
)
def test_moments_are_read_or_unknown(text: str, moment: int) -> None:
    assert max(0, moment_of(text)) == moment
