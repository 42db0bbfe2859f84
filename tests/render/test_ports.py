"""A page about an architecture shows what reports say, or that none says anything."""

from reports_world import report_of, run_of, stored

from generator.relate.ports import newest_trials, port_results
from generator.relate.trials import brief
from generator.render.ports import fill_in_ports

PAGE = "## Status\n\n<!-- tested: x86_64, amd64 -->\n"
PATH = "docs/architectures/x86_64/index.html"


def shown(*reports) -> str:
    newest = newest_trials([brief(one, lambda report, run: ()) for one in reports])
    return fill_in_ports(PAGE, PATH, lambda names: port_results(newest, names))


def test_without_a_report_nothing_is_claimed() -> None:
    assert "nothing on this page has been proven" in shown()


def test_a_report_is_linked_with_its_verdict_and_kernel() -> None:
    one = stored(report_of("6.12.<1>", run_of("ext4")), committed=86_400)
    page = shown(one)
    assert f"../../../reports/report/{one.id}.html" in page
    assert "<td>pass</td>" in page and "1970-01-02" in page
    assert "<1>" not in page
