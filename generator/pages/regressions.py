"""Regressions: the last good and the first bad run of a line of history, and what changed between."""

from generator.model.pages import Page, SearchEntry
from generator.model.paths import commit_path
from generator.model.report_histories import Line, Regression, Trial
from generator.model.report_paths import REGRESSIONS, line_path, report_path
from generator.model.reports import Subject
from generator.pages.report_pieces import toolbar
from generator.pages.results import CRUMBS, SECTION, Results, line_title
from generator.relate.report_history import changed_subjects
from generator.render.escape import esc
from generator.render.html import href, link
from generator.render.reports import (
    SHORT,
    counted,
    day_html,
    mark,
    name_html,
    short_html,
    subject_html,
    told_apart,
    verdict_badge,
)


def regressions_page(results: Results) -> Page:
    """Show every open regression, the newest first, then how many were fixed."""
    here = REGRESSIONS
    parts = "".join(_section(line, results, here) for line in results.regressed)
    none = '<p class="notice">No line of history was good and is bad now.</p>\n' if results.lines else NOTHING
    return Page(
        path=here,
        title="Regressions",
        description="What worked and does not any more: the last good and the first bad run, and what lies between.",
        body=(
            '<h1>Regressions</h1>\n<p class="lead">What worked and does not work any more.</p>\n',
            toolbar(here),
            RULES,
            f"<p>{counted(len(results.regressed), 'open regression')}.</p>\n" if parts else none,
            parts,
            _fixed(results, here),
        ),
        crumbs=CRUMBS,
        section=SECTION,
        feeds=results.feeds,
        search=SearchEntry(text="Regressions, first bad, last good", filters=(("kind", "page"),)),
    )


NOTHING = '<p class="notice">There is no report yet, so nothing is known.</p>\n'
RULES = (
    "<p>A regression is the first bad build after a good one on the same line: same scenario, architecture, "
    "distribution and kernel line. Builds that were skipped, or whose test broke, neither begin nor end one. A build "
    "that came out both ways is flaky, which is no regression.</p>\n"
)


def _section(line: Line, results: Results, here: str) -> str:
    return (
        f'<h2 class="line">{link(line_path(line.key), line_title(line), here)}</h2>\n'
        f"{regression_html(line.open_regression, results, here)}"
    )


def _fixed(results: Results, here: str) -> str:
    found = [(one, line) for line in results.lines.values() for one in line.regressions if not one.is_open]
    if not found:
        return ""
    found.sort(key=lambda pair: (-pair[0].fixed.moment, pair[1].key))
    items = "".join(
        f"<li>{link(line_path(line.key), line_title(line), here)}: {_past(one)}</li>\n" for one, line in found[:100]
    )
    return f'<h2 id="fixed">Fixed</h2>\n<p>{counted(len(found), "regression")} of the past.</p>\n<ul>{items}</ul>\n'


def _past(one: Regression) -> str:
    bad, fixed = map(name_html, told_apart(one.bad, one.fixed))
    return f"bad since {bad}, good again with {fixed}"


def regression_html(one: Regression, results: Results, here: str) -> str:
    """Return one regression: its three or four runs, and what changed between good and bad."""
    good, bad = told_apart(one.good, one.bad)
    rows = [("Last good", one.good, good), ("First bad", one.bad, bad)]
    if one.latest is not one.bad:
        rows.append(("Newest bad", one.latest, told_apart(one.good, one.latest)[1]))
    if one.fixed:
        rows.append(("Good again", one.fixed, told_apart(one.bad, one.fixed)[1]))
    items = "".join(f"<dt>{name}</dt><dd>{_run(trial, build, here)}</dd>\n" for name, trial, build in rows)
    changes = "".join(
        f"<dt>{short_html(role)}</dt><dd>{_range(before, after, results, here)}</dd>\n"
        for role, before, after in changed_subjects(one.good, one.bad)
    )
    changed = f'<p>What changed between good and bad:</p>\n<dl class="facts">{changes}</dl>\n' if changes else UNCHANGED
    flaky = f" {mark('warn', f'{one.unsteady} flaky between')}" if one.unsteady else ""
    state = mark("bad", "regression") if one.is_open else mark("ok", "fixed")
    return (
        f'<div class="regression"><p>{state} {counted(one.count, "bad run")}{flaky}</p>\n'
        f'<dl class="facts">{items}</dl>\n{changed}</div>\n'
    )


UNCHANGED = "<p>Nothing that the reports name changed between good and bad.</p>\n"


def _run(trial: Trial, build: str, here: str) -> str:
    address = href(f"{report_path(trial.report)}#run-{trial.number}", here)
    at = f" at {short_html(trial.failure)}" if trial.failure else ""
    return (
        f'{verdict_badge(trial.verdict)} <a href="{address}">{name_html(build)}</a>{at}'
        f' <span class="note">{day_html(trial.day)}</span>'
    )


def _subject(one: Subject | None, results: Results, here: str) -> str:
    commit = f' <code class="note">{esc(one.commit[:SHORT])}</code>' if one and one.commit else ""
    return subject_html(one, results.places, here) + commit


def _range(before: Subject | None, after: Subject | None, results: Results, here: str) -> str:
    """Return two versions of a subject, with the commits between them where the portal has their history."""
    shown = " → ".join(_subject(one, results, here) for one in (before, after))
    source, commits = results.places.between(before, after) if before and after else ("", ())
    if not commits:
        return shown
    listed = "".join(
        f"<li>{link(commit_path(source, commit.sha), commit.subject or '(no subject)', here)}</li>"
        for commit in commits[:MOST]
    )
    more = f"<li>and {len(commits) - MOST:,} more</li>" if len(commits) > MOST else ""
    return f"{shown}<p>{counted(len(commits), 'commit')} between, the newest first:</p><ul>{listed}{more}</ul>"


MOST = 20
