"""What a page about an architecture says of its reports: the newest run of each kind, the worst of a scenario."""

from reports_world import report_of, run_of, stored

from generator.model.reports import Verdict
from generator.relate.ports import newest_trials, port_results
from generator.relate.trials import brief


def results(*reports, names=("x86_64",)):
    briefs = [brief(one, lambda report, run: ()) for one in reports]
    return {one.path: one for one in port_results(newest_trials(briefs), names)}


def test_the_newest_run_of_a_kind_counts() -> None:
    bad = stored(report_of("6.12.0", run_of("ext4", "save")), committed=100)
    good = stored(report_of("6.12.1", run_of("ext4")), committed=200)
    (one,) = results(bad, good).values()
    assert one.verdict is Verdict.PASS
    assert one.newest.moment == 200


def test_the_worst_kind_of_a_scenario_is_its_verdict() -> None:
    good = stored(report_of("6.12.0", run_of("ext4")), committed=100)
    bad = stored(report_of("6.12.0", run_of("nfs", "save")), committed=100)
    found = results(good, bad).values()
    assert Verdict.FAIL in {one.verdict for one in found}


def test_other_architectures_are_left_out_and_one_may_have_two_names() -> None:
    here = stored(report_of("6.12.0", run_of("ext4"), architecture="ppc64le"), committed=100)
    assert results(here) == {}
    assert len(results(here, names=("ppc64", "ppc64le"))) == 1
