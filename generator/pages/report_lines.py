"""The page of one line of history: its state in a sentence, the chart, and every run."""

from collections.abc import Iterator, Sequence

from generator.model.pages import Asset, Output, Page, SearchEntry
from generator.model.report_histories import Line, Regression, Trial
from generator.model.report_paths import badge_path, chart_path, line_path, report_path
from generator.pages.paging import Part, neighbours, paged
from generator.pages.regressions import regression_html
from generator.pages.report_pieces import TAIL, trial_badge
from generator.pages.results import CRUMBS, SECTION, Results, line_title
from generator.render.escape import esc
from generator.render.html import href
from generator.render.report_charts import HEIGHT, WIDTH, alt, chart_svg
from generator.render.reports import (
    build_text,
    calm,
    counted,
    day_html,
    fact_list,
    mark,
    megabytes,
    name_html,
    scenario_text,
    seconds,
    short_html,
    told_apart,
    verdict_badge,
)

HEAD = (
    '<div class="scroll"><table class="runs"><thead><tr><th scope="col">Date</th><th scope="col">Tested</th>'
    '<th scope="col">Verdict</th><th scope="col" class="num">Dump</th><th scope="col" class="num">Reserved</th>'
    '<th scope="col" class="num">Least free</th><th scope="col">Origin</th></tr></thead><tbody>\n'
)


def line_parts(line: Line) -> tuple[Part[Trial], ...]:
    """Return the parts of a line's list of runs, the newest first."""
    return paged(line_path(line.key), line.trials[::-1])


def line_outputs(line: Line, part: Part[Trial], results: Results) -> Iterator[Output]:
    """Yield the page of a line, its chart and its badge. `part` is the first of `line_parts`."""
    chart = chart_svg(line.counted)
    previous, following = neighbours(part)
    yield Page(
        path=part.path,
        title=line_title(line),
        description=f"Every run of {line_title(line)}: {counted(len(line.trials), 'run')}.",
        body=(
            f"<h1>{esc(scenario_text(line.scenario))}</h1>\n",
            _top(line, results, bool(chart), part.path),
            _table(part.items, results, part.path),
        ),
        crumbs=CRUMBS,
        section=SECTION,
        previous=previous,
        next=following,
        feeds=results.feeds,
        modified=max(trial.moment for trial in line.trials) or None,
        search=_search(line),
    )
    if chart:
        yield Asset(path=chart_path(line.key), body=(chart.encode(),))


def line_part(line: Line, part: Part[Trial], results: Results) -> Page:
    """Show a further part of a long list; it says nothing that changes when the list grows at its top."""
    previous, following = neighbours(part)
    return Page(
        path=part.path,
        title=f"{line_title(line)}, part {part.number}",
        description=f"Earlier runs of {line_title(line)}.",
        body=(
            f"<h1>{esc(f'{scenario_text(line.scenario)}, part {part.number}')}</h1>\n",
            _table(part.items, results, part.path),
        ),
        crumbs=CRUMBS,
        section=SECTION,
        previous=previous,
        next=following,
        feeds=results.feeds,
        modified=max(trial.moment for trial in part.items) or None,
    )


def _search(line: Line) -> SearchEntry:
    filters = [("kind", "report")]
    if line.architecture:
        filters.append(("architecture", line.architecture))
    if line.distribution:
        filters.append(("distribution", line.distribution))
    return SearchEntry(text=line_title(line), filters=tuple(filters))


def _top(line: Line, results: Results, has_chart: bool, here: str) -> str:
    rows = [(calm(name), short_html(value)) for name, value in line.scenario.dimensions]
    rows += [
        ("Architecture", short_html(line.architecture)),
        ("Distribution", short_html(line.distribution)),
        ("Kernel line", short_html(line.kernel_line)),
        ("Runs", _counts(line)),
        ("Badge", f'<a href="{href(badge_path(line.key), here)}">an image of the newest verdict</a>'),
    ]
    open_one = line.open_regression
    older = [one for one in line.regressions if one is not open_one]
    return (
        f'<p class="verdict">{_state(line, results)}</p>\n{fact_list(rows)}'
        + (regression_html(open_one, results, here) if open_one else "")
        + _flaky(line)
        + (_picture(line, here) if has_chart else "")
        + _past(older, results, here)
        + '<h2 id="runs">Every run</h2>\n<p class="note">By version, the newest first; of one build by the time it was '
        "received. A run that was taken back stays, struck out.</p>\n"
    )


def _state(line: Line, results: Results) -> str:
    """Return how the line stands, in a sentence."""
    latest = line.latest
    if latest is None:
        return f"{mark('none', 'no result')} Every report of this line was taken back."
    badge = verdict_badge(latest.verdict)
    known = f" {mark('none', 'known issue')}" if not results.live.isdisjoint(latest.issues) else ""
    return f"{badge}{known} {_words(line, latest)}"


def _words(line: Line, latest: Trial) -> str:
    build = name_html(build_text(latest))
    found = line.open_regression
    if found and latest.outcome == "bad":
        good, bad = map(name_html, told_apart(found.good, found.bad))
        return f"It was good with {good} and is bad since {bad}; the newest run is of {build}."
    if latest.outcome == "bad":
        good = any(trial.outcome == "good" for trial in line.counted)
        return f"It is bad with {build}." + ("" if good else " No run of this line was ever good.")
    if latest.outcome == "gap":
        return f"The newest run, of {build}, says nothing either way."
    return f"It is good with {build}, the newest that was tested."


def _counts(line: Line) -> str:
    counts = [
        (sum(trial.outcome == outcome for trial in line.counted), words)
        for outcome, words in (("good", "good"), ("bad", "bad"), ("gap", "without a judgement"))
    ]
    gone = len(line.trials) - len(line.counted)
    said = [f"{count:,} {words}" for count, words in counts if count] + ([f"{gone:,} taken back"] if gone else [])
    return f"{len(line.trials):,}: {', '.join(said)}"


def _flaky(line: Line) -> str:
    if not line.flaky_builds:
        return ""
    builds = len({trial.subjects for trial in line.counted})
    return (
        f'<p class="notice">{mark("warn", "flaky")} Of {counted(builds, "build")}, {line.flaky_builds:,} came out '
        "differently in runs or attempts of the very same build. That is no regression of what was tested.</p>\n"
    )


def _picture(line: Line, here: str) -> str:
    return (
        f'<h2 id="numbers">In numbers</h2>\n<p><img class="chart" src="{href(chart_path(line.key), here)}" '
        f'alt="{esc(alt(line.counted))}" width="{WIDTH}" height="{HEIGHT}"></p>\n'
    )


def _past(older: Sequence[Regression], results: Results, here: str) -> str:
    if not older:
        return ""
    return '<h2 id="past">Regressions of the past</h2>\n' + "".join(
        regression_html(one, results, here) for one in reversed(older)
    )


def _table(trials: Sequence[Trial], results: Results, here: str) -> str:
    return HEAD + "".join(_row(trial, results, here) for trial in trials) + TAIL


def _row(trial: Trial, results: Results, here: str) -> str:
    found = trial.figures
    named = [one for one in trial.subjects if one.role not in SHOWN and one.version]
    others = ", ".join(f"{calm(one.role)} {calm(one.version)}" for one in named)
    under = f'<span class="under">{esc(others)}</span>' if others else ""
    address = href(f"{report_path(trial.report)}#run-{trial.number}", here)
    return (
        f'<tr><td>{day_html(trial.day)}</td><td><a href="{address}">{name_html(build_text(trial))}</a>{under}</td>'
        f"<td>{trial_badge(trial, results)}{_failure(trial)}</td>"
        f'<td class="num" data-unit="dump">{seconds(found.dump_s)}</td>'
        f'<td class="num" data-unit="reserved">{megabytes(found.reserved_mb)}</td>'
        f'<td class="num" data-unit="least free">{megabytes(found.available_mb)}</td>'
        f"<td>{short_html(trial.origin)}</td></tr>\n"
    )


SHOWN = frozenset({"first kernel", "capture kernel"})


def _failure(trial: Trial) -> str:
    return f'<span class="under">at {short_html(trial.failure)}</span>' if trial.failure else ""
