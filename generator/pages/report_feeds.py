"""Atom feeds of reports: the newest of all, and regressions."""

from collections.abc import Iterator

from generator.model.commits import Stamp
from generator.model.pages import Asset
from generator.model.report_histories import Brief, Line, Regression
from generator.model.report_paths import ALL_FEED, REGRESSIONS, REGRESSIONS_FEED, REPORTS, line_path, report_path
from generator.pages.report_pieces import brief_title
from generator.pages.results import Results, line_title
from generator.render.atom import Entry, atom
from generator.render.escape import esc
from generator.render.reports import told_apart, where_text

AUTHOR = "kdump portal"


def report_feeds(results: Results, limit: int = 100) -> Iterator[Asset]:
    """Yield the feeds. They need the site's own address."""
    reports = [_report(brief, results) for brief in results.briefs[:limit]]
    yield _feed(ALL_FEED, "Test reports", REPORTS.removesuffix("index.html"), results, reports)
    regressed = [_regression(line.open_regression, line, results) for line in results.regressed[:limit]]
    yield _feed(REGRESSIONS_FEED, "Regressions", REGRESSIONS, results, regressed)


def _feed(path: str, title: str, home: str, results: Results, entries: list[Entry]) -> Asset:
    site = results.site_url
    text = atom(title=title, address=site + path, home=site + home, author=AUTHOR, entries=entries)
    return Asset(path=path, body=(text.encode(),))


def _report(brief: Brief, results: Results) -> Entry:
    gone = results.gone.get(brief.id)
    verdict = "withdrawal" if brief.is_withdrawal else brief.verdict.value
    where = where_text(brief.trials[0]) if brief.trials else ""
    said = [part for part in (f"{verdict}{f', {gone.kind} since' if gone else ''}", where, brief.reason) if part]
    return Entry(
        address=results.site_url + report_path(brief.id),
        title=f"{verdict}: {brief_title(brief)}",
        author=brief.origin or "(no origin)",
        updated=Stamp(brief.moment, "+0000"),
        html="".join(f"<p>{esc(part)}</p>" for part in said),
    )


def _regression(one: Regression, line: Line, results: Results) -> Entry:
    """A line may regress again: the address of the entry holds the first bad report, so that it is another then."""
    good, bad = told_apart(one.good, one.bad)
    words = f"good with {good}, bad since {bad}"
    return Entry(
        address=f"{results.site_url}{line_path(line.key)}#{one.bad.report[:20]}-{one.bad.number}",
        title=f"{line_title(line)}: bad since {bad}",
        author=one.bad.origin or "(no origin)",
        updated=Stamp(one.bad.moment, "+0000"),
        html=f"<p>{esc(line_title(line))}: {esc(words)}.</p>",
    )
