"""Known issues: what they fit, when they end, what they leave unexplained."""

from dataclasses import replace

from reports_world import START, report_of, run_of, stored

from generator.model.reports import KnownIssue, Stored, Verdict
from generator.pages.results import Results, relate_results

DAY = 86_400
ISSUE = KnownIssue(
    id="slow", title="Slow", url="", path="kdump.*", dimensions=(("target", "nfs"),), excerpt="a [literal]* text",
    owner="x", added="2025-01-01", expires="2025-10-09",
)  # fmt: skip
EXCERPT = "before a [literal]* text after"


def related(*reports: Stored, issue: KnownIssue = ISSUE) -> Results:
    return relate_results(reports, (issue,), {}, "")


def failed(day: int = 0, excerpt: str = EXCERPT, **settings: object) -> Stored:
    run = run_of("nfs", "save", excerpt=excerpt, **settings)
    return stored(report_of("6.12.0", run), committed=START + day * DAY)


def test_an_issue_explains_what_fits_it_in_every_way() -> None:
    results = related(failed())
    assert len(results.explained["slow"]) == 1
    assert results.unexplained == ()


def test_path_dimension_text_and_verdict_must_all_fit() -> None:
    for issue in (
        replace(ISSUE, path="kdump.local"),
        replace(ISSUE, path="kdump"),
        replace(ISSUE, dimensions=(("target", "ssh"),)),
        replace(ISSUE, dimensions=(("architecture", "s390x"),)),
        replace(ISSUE, excerpt="a .literal.* text"),
        replace(ISSUE, verdict=Verdict.ERROR),
    ):
        results = related(failed(), issue=issue)
        assert results.explained == {"slow": ()}
        assert len(results.unexplained) == 1


def test_architecture_distribution_and_kernel_line_are_dimensions_too() -> None:
    where = (("architecture", "x86_64"), ("distribution", "debian-13"), ("kernel line", "mainline"))
    assert related(failed(), issue=replace(ISSUE, dimensions=where)).unexplained == ()


def test_an_issue_lasts_through_its_last_day_and_ends_by_the_newest_report() -> None:
    assert related(failed(0)).live == {"slow"}
    results = related(failed(0), stored(report_of("6.13.0"), committed=START + DAY))
    assert results.live == frozenset()
    assert len(results.unexplained) == 1


def test_a_report_from_the_year_9999_ends_no_issue_by_its_own_word() -> None:
    liar = stored(report_of("6.13.0", started="9999-01-01T00:00:00Z"))
    assert related(failed(0), liar).live == {"slow"}
    assert related(liar).newest == "9999-01-01"


def test_a_pass_is_never_explained() -> None:
    results = related(stored(report_of("6.12.0", run_of("nfs")), committed=START), issue=replace(ISSUE, excerpt=""))
    assert results.explained == {"slow": ()}
