"""All reports: the first page, and the lists by month."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from generator.model.pages import Asset, Page, SearchEntry
from generator.model.paths import slug
from generator.model.report_histories import Brief
from generator.model.report_paths import (
    ALL_FEED,
    KNOWN_ISSUES,
    REGRESSIONS,
    REPORTS,
    architecture_badge_path,
    month_path,
    report_path,
)
from generator.pages.paging import neighbours, paged
from generator.pages.report_pieces import report_table, toolbar
from generator.pages.results import CRUMBS, SECTION, Results
from generator.pages.sitemap import sitemap_paths, sitemaps
from generator.render.escape import esc
from generator.render.html import href, link
from generator.render.reports import calm, counted, day_html

NEWEST = 30


def reports_page(results: Results) -> Page:
    """Show where everything stands, the newest reports, and the ways to all others."""
    here = REPORTS
    return Page(
        path=here,
        title="Test reports",
        description="Test reports of kdump: what works where, what broke since when, and the evidence.",
        body=(
            '<h1>Test reports</h1>\n<p class="lead">What was tested, how far it came, and the evidence.</p>\n',
            toolbar(here),
            _summary(results, here),
            _architectures(results, here),
            _months(results, here),
            '<h2 id="newest">Newest reports</h2>\n',
            report_table(results.briefs[:NEWEST], results, here) if results.briefs else NOTHING,
        ),
        section=SECTION,
        feeds=results.feeds,
        search=SearchEntry(text="Test reports, verdicts, evidence", filters=(("kind", "page"),)),
    )


NOTHING = '<p class="notice">No report is published yet, so nothing here is green.</p>\n'


def _summary(results: Results, here: str) -> str:
    if not results.briefs:
        return ""
    latest = [line.latest.outcome if line.latest else "gap" for line in results.lines.values()]
    good, bad, gap = (latest.count(outcome) for outcome in ("good", "bad", "gap"))
    newest = f", the newest of {day_html(results.newest)}" if results.newest else ""
    gone = f" {len(results.gone):,} of them do not count." if results.gone else ""
    feeds = ""
    if results.site_url:
        data = f"{link(ALL_FEED, 'Atom feed', here)} · {link('api/v1/reports.json', 'JSON', here)}"
        feeds = f'<p class="note">{data}</p>\n'
    return (
        f"<p>{counted(len(results.briefs), 'report')}{newest}.{gone} By its newest run, of "
        f"{counted(len(latest), 'line')} of history {good:,} are good, {bad:,} bad, and {gap:,} say neither. "
        f"{_ways(results, here)}.</p>\n{feeds}"
    )


def _ways(results: Results, here: str) -> str:
    regressed = link(REGRESSIONS, counted(len(results.regressed), "open regression"), here)
    unexplained = link(f"{KNOWN_ISSUES}#unexplained", f"{len(results.unexplained):,} unexplained", here)
    return f"{regressed}, failures: {unexplained}"


def _architectures(results: Results, here: str) -> str:
    """Return what each architecture comes to, with the address of its badge."""
    rows = "".join(
        f"<tr><td>{esc(calm(name) or 'not named')}</td>"
        f'<td class="num">{good:,}</td><td class="num">{bad:,}</td><td class="num">{total - good - bad:,}</td>'
        f'<td><a href="{href(architecture_badge_path(name), here)}">badge</a></td></tr>\n'
        for name, (good, bad, total) in by_architecture(results).items()
    )
    if not rows:
        return ""
    head = (
        '<div class="scroll"><table class="stat"><thead><tr><th scope="col">Architecture</th>'
        '<th scope="col" class="num">Good</th><th scope="col" class="num">Bad</th>'
        '<th scope="col" class="num">Neither</th><th scope="col">Image</th></tr></thead><tbody>\n'
    )
    return f'<h2 id="architectures">By architecture</h2>\n{head}{rows}</tbody></table></div>\n'


def by_architecture(results: Results) -> dict[str, tuple[int, int, int]]:
    """Return for each architecture how many lines are good, bad, and there at all, by their newest runs."""
    found: dict[str, list[str]] = {}
    for line in results.lines.values():
        found.setdefault(line.architecture, []).append(line.latest.outcome if line.latest else "gap")
    return {name: (own.count("good"), own.count("bad"), len(own)) for name, own in sorted(found.items())}


def _months(results: Results, here: str) -> str:
    items = "".join(
        f'<li>{link(month_path(month), month, here)} <span class="count">{len(briefs):,}</span></li>'
        for month, briefs in results.months.items()
    )
    return f'<nav class="filters" aria-label="By month"><h2>By month</h2><ul>{items}</ul></nav>\n' if items else ""


def month_pages(month: str, briefs: Sequence[Brief], results: Results) -> Iterator[Page]:
    """Yield the list of a month's reports, the newest first."""
    title = f"Reports of {month}" if month != "undated" else "Reports without a date"
    for part in paged(month_path(month), briefs):
        previous, following = neighbours(part)
        whole = title + ("" if part.is_first else f", part {part.number}")
        yield Page(
            path=part.path,
            title=whole,
            description=f"{title}: {counted(len(briefs), 'report')}.",
            body=(f"<h1>{esc(whole)}</h1>\n", report_table(part.items, results, part.path)),
            crumbs=CRUMBS,
            section=SECTION,
            previous=previous,
            next=following,
        )


def month_sitemaps(month: str, briefs: Sequence[Brief], results: Results) -> Iterator[Asset]:
    """Yield what lists the pages of a month's reports for those who index the site."""
    pages = [(report_path(brief.id), brief.moment or None) for brief in briefs]
    yield from sitemaps(_sitemap(month), results.site_url, pages)


def report_sitemaps(briefs: Iterable[Brief]) -> list[str]:
    """Return the paths of all sitemaps of reports."""
    counts = Counter(brief.month for brief in briefs)
    return [path for month, count in sorted(counts.items()) for path in sitemap_paths(_sitemap(month), count)]


def _sitemap(month: str) -> str:
    return f"reports/sitemap-{slug(month)}"
