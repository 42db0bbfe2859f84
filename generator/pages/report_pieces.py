"""Pieces that several pages of reports share: the toolbar, lists of reports and of runs."""

from collections.abc import Iterable

from generator.model.report_histories import Brief, Trial
from generator.model.report_paths import (
    KNOWN_ISSUES,
    MATRIX,
    REGRESSIONS,
    REPORTS,
    SIZING,
    report_path,
)
from generator.pages.results import Results
from generator.render.escape import esc
from generator.render.html import href, link
from generator.render.reports import (
    build_text,
    counted,
    day_html,
    mark,
    name_html,
    scenario_text,
    short_html,
    verdict_badge,
    where_text,
)

WAYS = (
    (REPORTS, "All reports"),
    (MATRIX, "Matrix"),
    (REGRESSIONS, "Regressions"),
    (KNOWN_ISSUES, "Known issues"),
    (SIZING, "Memory sizes"),
)
TAIL = "</tbody></table></div>\n"


def toolbar(here: str) -> str:
    """Return the ways between the pages about all reports."""
    items = "".join(
        f"<li>{link(path, words, here)}</li>" if path != here else f'<li><b aria-current="page">{words}</b></li>'
        for path, words in WAYS
    )
    return f'<nav aria-label="Reports"><ul class="toolbar">{items}</ul></nav>\n'


REPORTS_HEAD = (
    '<div class="scroll"><table class="reports"><thead><tr><th scope="col">Date</th><th scope="col">Report</th>'
    '<th scope="col">Verdict</th><th scope="col">Tested</th><th scope="col">Origin</th></tr></thead><tbody>\n'
)


def report_table(briefs: Iterable[Brief], results: Results, here: str) -> str:
    """Return reports as a table; those that no longer count are marked."""
    return REPORTS_HEAD + "".join(_row(brief, results, here) for brief in briefs) + TAIL


def _row(brief: Brief, results: Results, here: str) -> str:
    title, under = brief_title(brief), ""
    if brief.trials:
        under = f'<span class="under">{name_html(where_text(brief.trials[0]))}</span>'
    tested = name_html(build_text(brief.trials[0])) if brief.trials else ""
    signed = "" if brief.signer else ' <span class="note">unsigned</span>'
    return (
        f"<tr><td>{day_html(brief.day)}</td>"
        f'<td><a href="{href(report_path(brief.id), here)}">{esc(title)}</a>{under}</td>'
        f"<td>{brief_badge(brief, results)}</td><td>{tested}</td><td>{short_html(brief.origin)}{signed}</td></tr>\n"
    )


def brief_title(brief: Brief) -> str:
    """Return what a report is about, as text: its worst run speaks for it."""
    if brief.is_withdrawal:
        return f"Withdrawal of {brief.withdraws[:12]}"
    if not brief.trials:
        return "No run: this report holds no result"
    worst = max(brief.trials, key=lambda trial: (trial.verdict.severity, -trial.number))
    more = f" and {counted(len(brief.trials) - 1, 'more run')}" if len(brief.trials) > 1 else ""
    return scenario_text(worst.scenario) + more


def brief_badge(brief: Brief, results: Results) -> str:
    """Return a report's verdict, or that it no longer counts."""
    standing = results.gone.get(brief.id)
    badge = mark("none", "withdrawal") if brief.is_withdrawal else verdict_badge(brief.verdict)
    if standing is None:
        return badge
    return f"{mark('none', standing.kind)} <s>{brief.verdict.value}</s>" if not brief.is_withdrawal else badge


def trial_badge(trial: Trial, results: Results) -> str:
    """Return a run's verdict with what is known of it."""
    standing = results.gone.get(trial.report)
    if standing:
        return f"{mark('none', standing.kind)} <s>{trial.verdict.value}</s>"
    flags = mark("warn", "attempts differ") if trial.unsteady else ""
    known = mark("none", "known issue") if not results.live.isdisjoint(trial.issues) else ""
    return " ".join(part for part in (verdict_badge(trial.verdict), flags, known) if part)
