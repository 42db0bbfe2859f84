"""By which reports a commit or a release was tested, for its page."""

from generator.model.report_histories import Trial
from generator.model.report_paths import MATRIX, report_path
from generator.relate.subject_places import Tested
from generator.render.escape import esc
from generator.render.html import href, link
from generator.render.reports import counted, day_html, scenario_text, verdict_badge, where_text

MOST = 20


def tested_by(source: str, name: str, tested: Tested, here: str) -> str:
    """Return the runs that tested a commit (full name) or a tag, as a section for its page; "" when none did.

    Failures come first, then the newest; of many the rest is only counted.
    """
    own = tested.get((source, name), ())
    if not own:
        return ""
    shown = sorted(own, key=lambda trial: (trial.outcome != "bad", -trial.moment))[:MOST]
    items = "".join(_item(trial, here) for trial in shown)
    bad = sum(trial.outcome == "bad" for trial in own)
    more = f" {MOST} of them are shown, the bad ones first." if len(own) > MOST else ""
    return (
        f'<h2 id="tested">Tested by</h2>\n<p>{counted(len(own), "run")}, {bad:,} of them bad.{more} '
        f"{link(MATRIX, 'The matrix', here)} has all that works and does not.</p>\n"
        f'<ul class="relations">\n{items}</ul>\n'
    )


def _item(trial: Trial, here: str) -> str:
    return (
        f"<li>{verdict_badge(trial.verdict)} "
        f'<a href="{href(report_path(trial.report), here)}">{esc(scenario_text(trial.scenario))}</a> '
        f'<span class="note">{esc(where_text(trial))}, {day_html(trial.day)}</span></li>\n'
    )
