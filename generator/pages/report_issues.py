"""Known issues: what each explains, those that explain nothing, and failures that none explains."""

from collections.abc import Sequence

from generator.model.pages import Page, SearchEntry
from generator.model.report_histories import Trial
from generator.model.report_paths import KNOWN_ISSUES, issue_anchor, line_path, report_path
from generator.model.reports import KnownIssue
from generator.pages.report_pieces import TAIL, toolbar
from generator.pages.results import CRUMBS, SECTION, Results
from generator.render.escape import esc
from generator.render.html import href, link, outside
from generator.render.reports import (
    build_text,
    counted,
    day_html,
    fact_list,
    mark,
    name_html,
    scenario_text,
    short_html,
    verdict_badge,
    where_text,
)

MOST = 200
HEAD = (
    '<div class="scroll"><table class="runs"><thead><tr><th scope="col">Date</th><th scope="col">Scenario</th>'
    '<th scope="col">Verdict</th><th scope="col">Tested</th></tr></thead><tbody>\n'
)


def issues_page(results: Results) -> Page:
    """Show what is known of failures, and what is not."""
    here = KNOWN_ISSUES
    live = [issue for issue in results.issues if issue.id in results.live]
    matching = [issue for issue in live if results.explained[issue.id]]
    idle = [issue for issue in live if not results.explained[issue.id]]
    expired = [issue for issue in results.issues if issue.id not in results.live]
    return Page(
        path=here,
        title="Known issues",
        description="Failures that are understood, issues that match nothing any more, and failures nobody explained.",
        body=(
            '<h1>Known issues</h1>\n<p class="lead">Which failures are understood, and which are not.</p>\n',
            toolbar(here),
            RULES,
            _unexplained(results.unexplained, here),
            _group("Explain failures", "explain", matching, results, here),
            _group("Match nothing", "idle", idle, results, here),
            _group("Expired", "expired", expired, results, here),
        ),
        crumbs=CRUMBS,
        section=SECTION,
        search=SearchEntry(
            text="Known issues " + " ".join(issue.title for issue in results.issues), filters=(("kind", "page"),)
        ),
    )


RULES = (
    "<p>A known issue is a reviewed file in the portal's repository. It never turns a failure into a pass, it only "
    "says why. After the day on which it expires it explains nothing; that day is compared with the newest report's, "
    "not with a clock.</p>\n"
)


def _unexplained(trials: Sequence[Trial], here: str) -> str:
    title = '<h2 id="unexplained">Failures that no issue explains</h2>\n'
    if not trials:
        return f'{title}<p class="notice">None among the newest runs of every line.</p>\n'
    ordered = sorted(trials, key=lambda trial: (-trial.moment, trial.report, trial.number))
    more = f" {MOST} of them are shown." if len(ordered) > MOST else ""
    rows = "".join(_row(trial, here) for trial in ordered[:MOST])
    return f"{title}<p>{counted(len(ordered), 'line')} of history, by their newest runs.{more}</p>\n{HEAD}{rows}{TAIL}"


def _row(trial: Trial, here: str) -> str:
    at = f'<span class="under">at {short_html(trial.failure)}</span>' if trial.failure else ""
    return (
        f"<tr><td>{day_html(trial.day)}</td><td>{link(line_path(trial.key), scenario_text(trial.scenario), here)}"
        f'<span class="under">{name_html(where_text(trial))}</span></td>'
        f"<td>{verdict_badge(trial.verdict)}{at}</td><td>{_report(trial, here)}</td></tr>\n"
    )


def _report(trial: Trial, here: str) -> str:
    address = href(f"{report_path(trial.report)}#run-{trial.number}", here)
    return f'<a href="{address}">{name_html(build_text(trial))}</a>'


def _group(title: str, name: str, issues: Sequence[KnownIssue], results: Results, here: str) -> str:
    if not issues:
        return ""
    shown = "".join(_issue(issue, results, here) for issue in issues)
    return f'<h2 id="{name}">{title}</h2>\n{shown}'


def _issue(issue: KnownIssue, results: Results, here: str) -> str:
    trials = results.explained.get(issue.id, ())
    rows = [
        ("Where", outside(issue.url, issue.url) if issue.url else ""),
        ("Scenarios", f"<code>{esc(issue.path)}</code>"),
        ("Only with", esc(", ".join(f"{name} {value}" for name, value in issue.dimensions))),
        ("Evidence holds", f"<code>{esc(issue.excerpt)}</code>" if issue.excerpt else ""),
        ("Explains", f"{counted(len(trials), 'run')} that came out {issue.verdict.value}"),
        ("Newest", _newest(trials, here)),
        ("Owner", esc(issue.owner)),
        ("Added", day_html(issue.added) if issue.added else ""),
        ("Expires", day_html(issue.expires) if issue.expires else ""),
        ("File", f"<code>{esc(issue.file)}</code>" if issue.file else ""),
    ]
    state = "" if trials else f" {mark('none', 'expired' if issue.id not in results.live else 'matches nothing')}"
    return f'<h3 id="{issue_anchor(issue.id)}">{esc(issue.title)}{state}</h3>\n{fact_list(rows)}'


def _newest(trials: Sequence[Trial], here: str) -> str:
    if not trials:
        return ""
    newest = max(trials, key=lambda trial: (trial.moment, trial.report))
    return f"{day_html(newest.day)} {_report(newest, here)}, {name_html(where_text(newest))}"
