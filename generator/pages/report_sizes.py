"""How much memory capture kernels needed: measured, by architecture, kernel line and dump target."""

from dataclasses import dataclass

from generator.model.pages import Page, SearchEntry
from generator.model.report_histories import Trial
from generator.model.report_paths import SIZING, report_path
from generator.pages.report_pieces import TAIL, toolbar
from generator.pages.results import CRUMBS, SECTION, Results, kernel_line_order
from generator.render.escape import esc
from generator.render.html import href
from generator.render.reports import calm, plain, short_html

HEAD = (
    '<div class="scroll"><table class="sizes"><thead><tr><th scope="col">Kernel line</th><th scope="col">Target</th>'
    '<th scope="col" class="num">Runs</th><th scope="col" class="num">Machine</th>'
    '<th scope="col" class="num">Most needed</th><th scope="col" class="num">Enough</th>'
    '<th scope="col" class="num">Failed with</th><td class="beside"></td></tr></thead><tbody>\n'
)


CHART_MB = 512  # the width of the chart beside the numbers
ELSEWHERE = frozenset({"install", "configure", "trigger", "return", "fails as it must"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What runs of one kind measured, in MB. Each value comes with the run that shows it."""

    kernel_line: str
    target: str
    trials: tuple[Trial, ...]

    def most_used(self) -> Trial | None:
        """The run that needed the most."""
        measured = [trial for trial in self.trials if trial.figures.used_mb is not None]
        return max(measured, key=lambda trial: trial.figures.used_mb, default=None)

    def enough(self) -> Trial | None:
        """The good run with the smallest reservation."""
        return min(self._reserved("good"), key=lambda trial: trial.figures.reserved_mb, default=None)

    def failed(self) -> Trial | None:
        """The bad run with the largest reservation, but for those that failed where memory cannot be why."""
        bad = [trial for trial in self._reserved("bad") if trial.failure not in ELSEWHERE]
        return max(bad, key=lambda trial: trial.figures.reserved_mb, default=None)

    def machines(self) -> tuple[int, ...]:
        """The smallest and the largest memory of the machines, () when none said it."""
        sizes = {trial.environment.memory_mb for trial in self.trials} - {None}
        return (min(sizes), max(sizes)) if sizes else ()

    def _reserved(self, outcome: str) -> list[Trial]:
        return [trial for trial in self.trials if trial.outcome == outcome and trial.figures.reserved_mb is not None]


def sizes_page(results: Results) -> Page:
    """Show the table of sizes, a part for each architecture."""
    here = SIZING
    by_architecture = _sizes(results)
    parts = "".join(_part(name, sizes, here) for name, sizes in by_architecture.items())
    return Page(
        path=here,
        title="Memory sizes",
        description="Memory that capture kernels needed, as measured: by architecture, kernel line, dump target.",
        body=(
            '<h1>Memory sizes</h1>\n<p class="lead">How much memory capture kernels needed: measured.</p>\n',
            toolbar(here),
            RULES,
            parts or '<p class="notice">No report here brought such numbers yet.</p>\n',
        ),
        crumbs=CRUMBS,
        section=SECTION,
        search=SearchEntry(text="Memory sizes, crashkernel reservation, measured", filters=(("kind", "page"),)),
    )


RULES = (
    "<p><b>Most needed</b> is the reservation less the least memory that was available in the capture kernel. "
    "<b>Enough</b> is the smallest reservation of a run that passed. <b>Failed with</b> is the largest of one that "
    "failed at loading, booting or saving, which need not be for want of memory. Sizes are in MB of 2<sup>20</sup> "
    "bytes, as <code>crashkernel=</code> counts. Drivers, processors and the dump's target change what is needed: "
    "leave room. The bars show both, needed within enough, with a mark for each 128 MB.</p>\n"
)


def _part(architecture: str, sizes: list[Size], here: str) -> str:
    title = short_html(architecture) or "Architecture not named"
    return f"<h2>{title}</h2>\n{HEAD}{''.join(_row(size, here) for size in sizes)}{TAIL}"


def _sizes(results: Results) -> dict[str, list[Size]]:
    """Return what was measured, by architecture; runs without a number of memory are left out."""
    found: dict[tuple[str, str, str], list[Trial]] = {}
    for line in results.lines.values():
        target = dict(line.scenario.dimensions).get("target", "")
        measured = [trial for trial in line.counted if trial.figures.reserved_mb is not None]
        if measured:
            found.setdefault((line.architecture, line.kernel_line, target), []).extend(measured)
    sizes: dict[str, list[Size]] = {}
    for architecture, name, target in sorted(found, key=lambda key: (key[0], *kernel_line_order(key[1]), key[2])):
        own = tuple(found[architecture, name, target])
        sizes.setdefault(architecture, []).append(Size(kernel_line=name, target=target, trials=own))
    return sizes


def _row(size: Size, here: str) -> str:
    most = size.most_used()
    machines = size.machines()
    memory = " to ".join(plain(value) for value in dict.fromkeys(machines))
    return (
        f"<tr><td>{esc(calm(size.kernel_line) or 'not named')}</td><td>{esc(calm(size.target) or 'not named')}</td>"
        f'<td class="num" data-unit="runs">{len(size.trials):,}</td>'
        f'<td class="num" data-unit="MB machine">{memory}</td>'
        f'<td class="num" data-unit="MB most needed">{_value(most, most.figures.used_mb if most else None, here)}</td>'
        f'<td class="num" data-unit="MB enough">{_reserved(size.enough(), here)}</td>'
        f'<td class="num" data-unit="MB failed">{_reserved(size.failed(), here)}</td>'
        f'<td class="beside">{_chart(most, size.enough())}</td></tr>\n'
    )


def _chart(most: Trial | None, enough: Trial | None) -> str:
    """Return bars of what was needed and what was enough; the numbers beside them say the same."""
    used = min(int(most.figures.used_mb or 0), CHART_MB) if most else 0
    kept = min(int(enough.figures.reserved_mb or 0), CHART_MB) if enough else 0
    return (
        f'<svg class="bars" viewBox="0 0 {CHART_MB} 24" width="256" height="24" aria-hidden="true">'
        f'<rect class="enough" y="4" width="{kept}" height="16"/>'
        f'<rect class="used" y="8" width="{used}" height="8"/></svg>'
    )


def _reserved(trial: Trial | None, here: str) -> str:
    return _value(trial, trial.figures.reserved_mb if trial else None, here)


def _value(trial: Trial | None, value: float | None, here: str) -> str:
    """Return a value with the way to the report that shows it."""
    if trial is None or value is None:
        return ""
    return f'<a href="{href(f"{report_path(trial.report)}#run-{trial.number}", here)}">{plain(value)}</a>'
