"""What is never dropped: what an open regression, the newest of a line, and a withdrawal rest on."""

from dataclasses import replace

from submissions_world import named, report

from generator.model.reports import Stored, Verdict
from generator.pages.results import relate_results
from generator.relate.retention import reasons_to_keep


def stored(number: int, one) -> Stored:
    path, _ = named(one)
    return Stored(id=path[-69:-5], report=one, path=path, committed=1_700_000_000 + number)


def kept(*reports) -> dict[str, str]:
    """Return why each is kept, by the version of its kernel."""
    every = [stored(number, one) for number, one in enumerate(reports)]
    results = relate_results(every, (), {}, "")
    reasons = reasons_to_keep(results.briefs, results.lines.values())
    return {one.report.subjects[0].version: reasons[one.id] for one in every if one.id in reasons}


def line(*verdicts: Verdict):
    return [report(kernel=f"6.12.{number}", verdict=verdict) for number, verdict in enumerate(verdicts)]


GOOD, BAD = Verdict.PASS, Verdict.FAIL


def test_of_an_open_regression_last_good_first_bad_and_latest_stay():
    assert kept(*line(GOOD, GOOD, BAD, BAD, BAD)) == {
        "6.12.1": "the last good of an open regression",
        "6.12.2": "the first bad of an open regression",
        "6.12.4": "the latest of an open regression",
    }


def test_of_a_regression_that_is_over_only_the_newest_stays():
    assert kept(*line(GOOD, BAD, GOOD, GOOD)) == {"6.12.3": "the newest of its line"}


def test_what_takes_back_a_report_stays_as_long_as_that_one():
    wrong = report(kernel="6.12.9")
    back = replace(report(kernel="5.1"), runs=(), withdraws=stored(0, wrong).id, reason="wrong")
    assert kept(report(), wrong, back)["5.1"] == "it takes back a report that is here"
    assert "5.1" not in kept(report(), back)
