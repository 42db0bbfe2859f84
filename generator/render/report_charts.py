"""The numbers of a line of history as a small SVG picture: memory above, seconds below, the oldest run on the left.

Colours are attributes, so that the file shows under a policy without inline style; where style is allowed, as in a
page that embeds it as an image, it follows the reader's dark scheme.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.model.report_histories import Trial
from generator.render.escape import esc
from generator.render.reports import build_text, plain

WIDTH, HEIGHT = 520, 280
LEFT, RIGHT = 52, 508
MOST = 80  # runs: the newest ones
STYLE = (
    "@media (prefers-color-scheme:dark){.p{fill:#1a2127}.g{stroke:#303a42}.t{fill:#a5b1b8}.r{stroke:#7fcbe1}"
    ".a,.d{stroke:#f2a65a}.m{fill:#f2a65a}.b{stroke:#f3a09b}.n{fill:#7fcbe1}}"
)
INK = {"r": "#085a72", "a": "#a04408", "d": "#a04408"}
BAD = "#a3262b"
SOFT = "#525d60"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What is drawn as one line: a value for each run, None where it was not measured."""

    kind: str  # `r` reserved, `a` available, `d` dump seconds
    name: str
    values: tuple[float | None, ...]

    @property
    def is_empty(self) -> bool:
        """Whether fewer than two runs measured it: that is no line."""
        return sum(value is not None for value in self.values) < 2


def chart_series(trials: Sequence[Trial]) -> tuple[Series, ...]:
    """Return what there is to draw of runs in order, the oldest first."""
    shown = trials[-MOST:]
    every = (
        Series(kind="r", name="reserved", values=tuple(trial.figures.reserved_mb for trial in shown)),
        Series(kind="a", name="least available", values=tuple(trial.figures.available_mb for trial in shown)),
        Series(kind="d", name="dump", values=tuple(trial.figures.dump_s for trial in shown)),
    )
    return tuple(series for series in every if not series.is_empty)


def chart_svg(trials: Sequence[Trial]) -> str:
    """Return the picture, "" when fewer than two runs measured anything."""
    found = chart_series(trials)
    if not found:
        return ""
    shown = trials[-MOST:]
    memory = [series for series in found if series.kind != "d"]
    dump = [series for series in found if series.kind == "d"]
    top = 150 if memory and dump else 244
    panels = _panel(memory, shown, 26, top, "MB") if memory else ""
    panels += _panel(dump, shown, 180 if memory else 26, 244, "s") if dump else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'role="img" aria-labelledby="t" font-family="system-ui,sans-serif" font-size="13">'
        f'<title id="t">{esc(alt(trials))}</title><style>{STYLE}</style>'
        f'<rect class="p" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#f3f5f1"/>'
        f"{panels}{_ends(shown)}</svg>\n"
    )


def alt(trials: Sequence[Trial]) -> str:
    """Return the picture in words."""
    parts = []
    for series in chart_series(trials):
        values = [value for value in series.values if value is not None]
        least, most, last = plain(min(values)), plain(max(values)), plain(values[-1])
        parts.append(f"{series.name} between {least} and {most} {'s' if series.kind == 'd' else 'MB'}, last {last}")
    return f"{'; '.join(parts)}; over {min(len(trials), MOST)} runs. The table has the numbers."


def _panel(lines: Sequence[Series], trials: Sequence[Trial], top: int, bottom: int, unit: str) -> str:
    """Return one pair of axes from zero: a scale that is cut off below makes small changes look big."""
    highest = max(value for series in lines for value in series.values if value is not None) or 1.0
    scale = (bottom - top) / highest
    grid = "".join(
        f'<path class="g" stroke="#dadfd9" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        f'<text class="t" fill="{SOFT}" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{plain(value)}</text>'
        for value, y in ((0.0, float(bottom)), (highest, float(top)))
    )
    drawn = "".join(_drawn(series, trials, bottom, scale) for series in lines)
    return grid + _names(lines, top, unit) + drawn


def _names(lines: Sequence[Series], top: int, unit: str) -> str:
    """Return the names of the lines above their axes, each behind a piece of it."""
    parts = []
    x = LEFT
    for series in lines:
        words = f"{series.name}, {unit}"
        parts.append(
            f'<path {_pen(series)} d="M{x} {top - 12}h22"/>'
            f'<text class="t" fill="{SOFT}" x="{x + 28}" y="{top - 8}">{words}</text>'
        )
        x += 46 + 7 * len(words)
    return "".join(parts)


def _pen(series: Series) -> str:
    dash = ' stroke-dasharray="6 3"' if series.kind == "r" else ""
    return f'class="{series.kind}" fill="none" stroke="{INK[series.kind]}" stroke-width="1.5"{dash}'


def _drawn(series: Series, trials: Sequence[Trial], bottom: int, scale: float) -> str:
    """Return a line, broken where nothing was measured, with a dot for each run and a cross where one was bad."""
    steps, marks = [], []
    pen = "M"
    for place, (value, trial) in enumerate(zip(series.values, trials, strict=True)):
        if value is None:
            pen = "M"
            continue
        x, y = _across(place, len(trials)), bottom - value * scale
        steps.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
        if trial.outcome == "bad":
            marks.append(f'<path class="b" stroke="{BAD}" stroke-width="2" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"/>')
        else:
            kind = "n" if series.kind == "r" else "m"
            marks.append(f'<circle class="{kind}" fill="{INK[series.kind]}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>')
    return f'<path {_pen(series)} d="{"".join(steps)}"/>{"".join(marks)}'


def _across(place: int, count: int) -> float:
    return (LEFT + RIGHT) / 2 if count == 1 else LEFT + 6 + place * (RIGHT - LEFT - 12) / (count - 1)


def _ends(trials: Sequence[Trial]) -> str:
    return "".join(
        f'<text class="t" fill="{SOFT}" x="{x}" y="268" text-anchor="{anchor}">{esc(build_text(trial)[:30])}</text>'
        for x, anchor, trial in ((LEFT, "start", trials[0]), (RIGHT, "end", trials[-1]))
    )
