"""The matrix: what works where. Scenario by architecture for each kernel line, and the same with other axes across."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.model.pages import Link, Page, SearchEntry
from generator.model.report_histories import Line
from generator.model.report_paths import MATRIX, axis_path, kernel_line_path, line_path
from generator.model.reports import Scenario
from generator.pages.report_pieces import toolbar
from generator.pages.results import CRUMBS, SECTION, Results
from generator.render.escape import esc
from generator.render.html import href, link
from generator.render.reports import NO_RESULT, calm, counted, day_html, legend, mark, scenario_html, verdict_badge

UNNAMED = "not named"
MOST_CELLS = 1_500  # on the first page; further kernel lines have pages of their own
MOST_ENTRIES = 4  # in a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What stands across: a name, the value of a line on it, and the row that a line is in."""

    name: str
    title: str
    value: Callable[[Line], str]
    row: Callable[[Line], Scenario]
    section: Callable[[Line], tuple[str, ...]]  # lines of one section share a table
    told: Callable[[Line], tuple[str, ...]]  # what tells the lines of one cell apart


def _dimension(name: str) -> Callable[[Line], str]:
    return lambda line: dict(line.scenario.dimensions).get(name, "")


def _without(name: str) -> Callable[[Line], Scenario]:
    return lambda line: Scenario(
        path=line.scenario.path,
        dimensions=tuple(pair for pair in line.scenario.dimensions if pair[0] != name),
    )


BY_ARCHITECTURE = Axis(
    name="architecture",
    title="by architecture",
    value=lambda line: line.architecture,
    row=lambda line: line.scenario,
    section=lambda line: (line.kernel_line,),
    told=lambda line: (line.distribution,),
)
AXES = (
    Axis(
        name="distribution",
        title="by distribution",
        value=lambda line: line.distribution,
        row=lambda line: line.scenario,
        section=lambda line: (line.kernel_line,),
        told=lambda line: (line.architecture,),
    ),
    Axis(
        name="target",
        title="by dump target",
        value=_dimension("target"),
        row=_without("target"),
        section=lambda line: (line.kernel_line, line.architecture),
        told=lambda line: (line.distribution,),
    ),
    Axis(
        name="load",
        title="by load call",
        value=_dimension("load"),
        row=_without("load"),
        section=lambda line: (line.kernel_line, line.architecture),
        told=lambda line: (line.distribution,),
    ),
)


def matrix_pages(results: Results) -> Iterator[Page]:
    """Yield the matrix, a page for each kernel line, and the matrices with other axes across."""
    sections = _sections(results.lines.values(), BY_ARCHITECTURE)
    yield _first(results, sections)
    for (name,), lines in sections.items():
        yield _kernel_line(name, lines, results)
    for axis in AXES:
        yield _by_axis(axis, results)


def _first(results: Results, sections: Mapping[tuple[str, ...], Sequence[Line]]) -> Page:
    here = MATRIX
    tables, room = [], MOST_CELLS
    for (name,), lines in sections.items():
        room -= len(lines)
        title = f'<h2 class="line">{link(kernel_line_path(name), calm(name) or "Kernel line not named", here)}</h2>\n'
        shown = _table(lines, BY_ARCHITECTURE, results, here) if room >= 0 or not tables else _summary(lines)
        tables.append(title + shown)
    return _page(here, "Matrix", results, tables, _ways(results, sections, here), CRUMBS)


def _kernel_line(name: str, lines: Sequence[Line], results: Results) -> Page:
    here = kernel_line_path(name)
    title = f"Matrix of {calm(name) or 'reports without a kernel line'}"
    return _page(here, title, results, [_table(lines, BY_ARCHITECTURE, results, here)], "", _below())


def _by_axis(axis: Axis, results: Results) -> Page:
    here = axis_path(axis.name)
    sections = _sections([line for line in results.lines.values() if axis.value(line)], axis)
    tables = []
    for names, lines in sections.items():
        title = esc(" · ".join(calm(name) or UNNAMED for name in names))
        tables.append(f'<h2 class="line">{title}</h2>\n{_table(lines, axis, results, here)}')
    return _page(here, f"Matrix {axis.title}", results, tables, "", _below())


def _below() -> tuple[Link, ...]:
    return (*CRUMBS, Link("Matrix", MATRIX))


def _page(here: str, title: str, results: Results, tables: Sequence[str], ways: str, crumbs: tuple[Link, ...]) -> Page:
    empty = '<p class="notice">No report says anything here yet.</p>\n'
    return Page(
        path=here,
        title=title,
        description=f"{title}: what was reported to work, where, and what nobody reported.",
        body=(
            f'<h1>{esc(title)}</h1>\n<p class="lead">What was reported to work, and where. '
            "An empty cell is no result, never a pass.</p>\n",
            toolbar(here),
            ways,
            legend(),
            *(tables or (empty,)),
        ),
        crumbs=crumbs,
        section=SECTION,
        feeds=results.feeds,
        search=SearchEntry(text=f"{title}, scenarios, architectures, kernel lines", filters=(("kind", "page"),)),
    )


def _ways(results: Results, sections: Mapping[tuple[str, ...], Sequence[Line]], here: str) -> str:
    lines = [(calm(name) or UNNAMED, kernel_line_path(name), len(own)) for (name,), own in sections.items()]
    axes = [
        (axis.title, axis_path(axis.name), sum(bool(axis.value(line)) for line in results.lines.values()))
        for axis in AXES
    ]
    return _filters("Other axes", axes, here) + (_filters("Kernel lines", lines, here) if lines else "")


def _filters(title: str, rows: Sequence[tuple[str, str, int]], here: str) -> str:
    items = "".join(
        f'<li>{link(path, name, here)} <span class="count">{count:,}</span></li>' for name, path, count in rows
    )
    return f'<nav class="filters" aria-label="{title}"><h2>{title}</h2><ul>{items}</ul></nav>\n'


def _sections(lines: Sequence[Line], axis: Axis) -> dict[tuple[str, ...], list[Line]]:
    """Return the lines by section, in the order in which they come."""
    found: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        found.setdefault(axis.section(line), []).append(line)
    return found


def _summary(lines: Sequence[Line]) -> str:
    """Return a kernel line in numbers, for a matrix that is too big for one page."""
    latest = [line.latest.outcome if line.latest else "gap" for line in lines]
    counts = [(latest.count("good"), "good"), (latest.count("bad"), "bad"), (latest.count("gap"), "neither")]
    said = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    return f"<p>{counted(len(lines), 'line')}: {said}.</p>\n"


def _table(lines: Sequence[Line], axis: Axis, results: Results, here: str) -> str:
    columns = sorted({axis.value(line) for line in lines}, key=lambda name: (not name, name))
    rows: dict[Scenario, dict[str, list[Line]]] = {}
    for line in lines:
        rows.setdefault(axis.row(line), {}).setdefault(axis.value(line), []).append(line)
    head = "".join(f'<th scope="col">{esc(calm(name) or UNNAMED)}</th>' for name in columns)
    plural = len({axis.told(line) for line in lines}) > 1
    body = "".join(
        f'<tr><th scope="row">{scenario_html(row)}</th>'
        + "".join(_cell(cells.get(name, ()), name, axis, plural, results, here) for name in columns)
        + "</tr>\n"
        for row, cells in rows.items()
    )
    return (
        f'<div class="scroll"><table class="matrix"><thead><tr><th scope="col">Scenario</th>{head}</tr></thead>'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def _cell(lines: Sequence[Line], name: str, axis: Axis, plural: bool, results: Results, here: str) -> str:
    column = esc(calm(name) or UNNAMED)
    if not lines:
        return f'<td data-column="{column}">{NO_RESULT}</td>'
    ordered = sorted(lines, key=lambda line: -line.latest.verdict.severity if line.latest else 1)
    shown = "".join(_entry(line, axis, plural, results, here) for line in ordered[:MOST_ENTRIES])
    hidden = [line.latest.outcome if line.latest else "gap" for line in ordered[MOST_ENTRIES:]]
    more = ""
    if hidden:
        more = f'<span class="note">and {len(hidden)} more, {hidden.count("good")} of them good</span>'
    return f'<td data-column="{column}">{shown}{more}</td>'


def _entry(line: Line, axis: Axis, plural: bool, results: Results, here: str) -> str:
    """Return one line of history in a cell: verdict, what marks it, date and what tells it from its neighbours."""
    address = href(line_path(line.key), here)
    told = " ".join(calm(part) for part in axis.told(line) if part) if plural else ""
    note = f' <span class="note">{esc(told)}</span>' if told else ""
    latest = line.latest
    if latest is None:
        return f'<span class="entry"><a href="{address}">{NO_RESULT}</a> {mark("none", "taken back")}{note}</span>'
    flags = mark("bad", "regression") if line.open_regression and latest.outcome == "bad" else ""
    flags += mark("warn", "flaky") if line.flaky_builds else ""
    flags += mark("none", "known issue") if not results.live.isdisjoint(latest.issues) else ""
    return (
        f'<span class="entry"><a href="{address}">{verdict_badge(latest.verdict)} {day_html(latest.day)}</a>'
        f"{note}{flags and f' {flags}'}</span>"
    )
