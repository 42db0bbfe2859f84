"""A guide's page says who runs each block, and what came of it at last."""

from generator.model.reports import Environment, Report, Run, Scenario, Step, Stored, Subject, Verdict
from generator.parse.guide import parse_guide
from generator.relate.guides import guide_states
from generator.relate.trials import brief
from generator.render.guides import show_guide

GUIDE = parse_guide(
    '```{ .console .run #look }\n# true\n```\n\n```{ .sh .hardware reason="needs <a> board" }\ntrue\n```\n',
    name="tea",
    source="content/howto/tea.md",
)
HTML = (
    '<p class="lead">Tea.</p>\n<div class="run hl"><pre>#</pre></div><div class="hl"></div>'
    '<div class="hardware hl"></div>'
)
HERE = "howto/tea/index.html"


def report(identity: str, verdict: Verdict, started: str, **more: str) -> Stored:
    run = Run(scenario=Scenario(path="howto.tea"), steps=(Step(name="look", verdict=verdict),))
    return Stored(
        id=identity,
        path="",
        report=Report(
            origin="lab",
            started=started,
            runs=(run,),
            subjects=(Subject(role="first kernel", version="7.2.1"),),
            environment=Environment(architecture="x86_64"),
            **more,
        ),
    )


def shown(*stored: Stored) -> str:
    briefs = [brief(one, lambda report, run: ()) for one in stored]
    states = guide_states(briefs, {one.id: one for one in stored}.__getitem__)
    return show_guide(HTML, GUIDE, states[GUIDE.scenario], HERE) if stored else ""


GOOD = report("aaaa", Verdict.PASS, "2026-11-01T00:00:00Z")
BAD = report("bbbb", Verdict.FAIL, "2026-11-02T00:00:00Z")


def test_a_guide_without_a_report_says_that_it_was_not_run() -> None:
    from_nothing = guide_states([], {}.__getitem__)
    assert from_nothing == {}


def test_a_guide_that_passed_says_when_on_what_and_links_the_report() -> None:
    html = shown(GOOD)
    assert "1 block last passed" in html
    assert '<time datetime="2026-11-01">2026-11-01</time> with Linux 7.2.1, x86_64' in html
    assert "reports/report/aaaa.html" in html
    assert "badge" not in html


def test_the_block_that_failed_in_the_latest_run_is_marked_and_the_last_pass_stays() -> None:
    html = shown(BAD, GOOD)
    assert "1 block last passed" in html
    mark = html[html.index('id="block-look"') :].partition("</p>")[0]
    assert "badge-bad" in mark
    assert "bbbb" in mark


def test_a_report_that_was_withdrawn_does_not_count() -> None:
    withdrawal = Stored(
        id="cccc", path="", report=Report(origin="lab", started="2026-11-03T00:00:00Z", withdraws="bbbb")
    )
    assert "badge" not in shown(GOOD, BAD, withdrawal)


def test_what_the_lab_cannot_run_says_why() -> None:
    assert "By hand: needs &lt;a&gt; board." in shown(GOOD)
