"""What reports say of an architecture, put where a hand-written page asks for it: `<!-- tested: x86_64 -->`."""

import re
from collections.abc import Callable, Sequence

from generator.model.report_paths import MATRIX, report_path
from generator.relate.ports import PortResult
from generator.render.escape import esc
from generator.render.html import href
from generator.render.reports import calm

MARK_RE = re.compile(r"^<!-- tested: (?P<names>[\w ,-]+) -->$", re.MULTILINE)
NOTHING = (
    "No report for this architecture is published yet, so nothing on this page has been proven by this site.\n"
    "How to send one: [publishing a result](../../howto/publish.md)."
)


def fill_in_ports(markdown: str, path: str, results: Callable[[Sequence[str]], Sequence[PortResult]]) -> str:
    """Return a page's Markdown with the table that it asks for; `path` is where the page is in the site."""

    def said(match: re.Match[str]) -> str:
        rows = results([name.strip() for name in match["names"].split(",")])
        return _table(rows, path) if rows else NOTHING

    return MARK_RE.sub(said, markdown)


def _table(rows: Sequence[PortResult], path: str) -> str:
    body = "".join(_row(row, path) for row in rows)
    return (
        "<table><thead><tr><th>Scenario</th><th>Verdict</th><th>Last run</th><th>First kernel</th></tr></thead>"
        f'<tbody>{body}</tbody></table>\n\nAll of it is in <a href="{href(MATRIX, path)}">the matrix</a>.'
    )


def _row(row: PortResult, path: str) -> str:
    kernel = next((one.version for one in row.newest.subjects if one.role == "first kernel"), "")
    kinds = f" ({row.kinds} kinds)" if row.kinds > 1 else ""
    link = href(report_path(row.newest.report), path)
    return (
        f"<tr><td><code>{esc(calm(row.path))}</code>{kinds}</td><td>{esc(row.verdict.value)}</td>"
        f'<td><a href="{link}">{esc(row.newest.day or "undated")}</a></td><td>{esc(calm(kernel))}</td></tr>'
    )
