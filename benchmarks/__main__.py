"""`python -m benchmarks [REPOSITORY]`: measure builds of a real history, beside stagit where it is installed."""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.histories import add_commit, copy, git, make
from benchmarks.processes import Sample, Spread, measure, spread
from benchmarks.projects import ROOT, Build, Difference, Project, difference, traces
from benchmarks.weights import Weights, weigh

BESIDE = ("files", "releases", "search")  # stages that stagit has nothing to compare with


@dataclass(slots=True)
class Row:
    """One measured thing."""

    name: str
    wall_s: Spread
    cpu_s: Spread
    peak_mb: Spread
    stages_s: dict[str, Spread] = field(default_factory=dict)


@dataclass(slots=True)
class Results:
    """Everything that was measured."""

    commits: int = 0
    runs: int = 0
    rows: list[Row] = field(default_factory=list)
    weights: Weights | None = None
    unchanged: Difference | None = None
    one_commit: Difference | None = None


def main() -> None:
    """Measure what the arguments ask for, and print it."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="kdump-portal-bench-", dir=options.folder) as name:
        results = _measure(options, Path(name))
    print(json.dumps(asdict(results), indent=1) if options.json else _table(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("repository", nargs="?", type=Path, default=ROOT, help="a git repository (default: this one)")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--growth", type=int, metavar="N", help="also build made histories of N, 2N and 4N commits")
    parser.add_argument("--folder", help="where to work (default: the system's folder for temporary files)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def _measure(options: argparse.Namespace, folder: Path) -> Results:
    repository = copy(options.repository.resolve(), folder / "repository")
    project = Project(folder / "project", repository)
    results = Results(commits=int(git(repository, "rev-list", "--count", "--all")), runs=options.runs)
    stagit = os.environ.get("STAGIT") or shutil.which("stagit")
    cold, peer = [], []
    for _ in range(options.runs):  # in turn, so that a busy machine is busy for both
        project.forget()
        cold.append(project.build())
        if stagit:
            peer.append(_stagit(stagit, repository, folder / "stagit"))
    results.rows.append(_builds("first build", cold))
    if peer:
        results.rows.append(_row("stagit", peer))
    before = traces(project.site)
    results.rows.append(_builds("nothing changed", _repeat(options.runs, project.build)))
    results.unchanged = difference(before, traces(project.site))
    results.weights = weigh(project.site)
    results.rows.append(_builds("one commit more", [_one_more(project, repository) for _ in range(options.runs)]))
    results.one_commit = _difference_of_one_more(project, repository)
    if options.growth:
        results.rows += [_growth(folder, options.growth * factor) for factor in (1, 2, 4)]
    return results


def _repeat(times: int, build: Callable[[], Build]) -> list[Build]:
    return [build() for _ in range(times)]


def _stagit(program: str, repository: Path, folder: Path) -> Sample:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return measure([program, repository], folder)


def _one_more(project: Project, repository: Path) -> Build:
    add_commit(repository)
    return project.build()


def _difference_of_one_more(project: Project, repository: Path) -> Difference:
    before = traces(project.site)
    _one_more(project, repository)
    return difference(before, traces(project.site))


def _growth(folder: Path, commits: int) -> Row:
    repository = make(folder / f"made-{commits}", commits)
    project = Project(folder / f"project-{commits}", repository)
    row = _builds(f"made history, {commits:,} commits", [project.build()])
    project.forget()
    return row


def _builds(name: str, builds: Sequence[Build]) -> Row:
    row = _row(name, [build.process for build in builds])
    stages = {stage: [build.stages_s.get(stage, 0.0) for build in builds] for stage in builds[0].stages_s}
    row.stages_s = {stage: spread(values) for stage, values in stages.items()}
    return row


def _row(name: str, samples: Sequence[Sample]) -> Row:
    return Row(
        name=name,
        wall_s=spread([sample.wall_s for sample in samples]),
        cpu_s=spread([sample.cpu_s for sample in samples]),
        peak_mb=spread([sample.peak_mb for sample in samples]),
    )


def _table(results: Results) -> str:
    lines = [
        f"{results.commits:,} commits; median of {results.runs} runs (least..most)",
        "",
        "| what | wall s | CPU s | peak MB |",
        "|---|---|---|---|",
        *(f"| {row.name} | {row.wall_s} | {row.cpu_s} | {row.peak_mb.median:.0f} |" for row in results.rows),
        "",
        *_stages(results.rows),
        *_ratios(results.rows),
        "",
        *_writes("nothing changed", results.unchanged),
        *_writes("one commit more", results.one_commit),
        "",
        *_weights(results.weights),
    ]
    return "\n".join(lines)


def _stages(rows: Sequence[Row]) -> list[str]:
    return [
        f"{row.name}: " + ", ".join(f"{stage} {value.median:.2f} s" for stage, value in row.stages_s.items())
        for row in rows
        if row.stages_s
    ]


def _history_s(row: Row) -> float:
    """Return the wall time of a build without what stagit does not do: file pages, releases, search."""
    return row.wall_s.median - sum(row.stages_s[stage].median for stage in BESIDE if stage in row.stages_s)


def _ratios(rows: Sequence[Row]) -> list[str]:
    first = rows[0]
    lines = ["", f"history, commit pages, verified patches: {_history_s(first):.2f} s of the first build"]
    for peer in (row for row in rows if row.name == "stagit"):
        whole, history = (value / peer.wall_s.median for value in (first.wall_s.median, _history_s(first)))
        lines.append(f"beside stagit: {history:.2f} times its wall time; the whole build: {whole:.2f} times")
        lines.append(f"the whole build takes {first.cpu_s.median / peer.cpu_s.median:.2f} times its processor time")
    return lines


def _writes(name: str, found: Difference | None) -> list[str]:
    if found is None:
        return []
    text = f"{name}: {found.new} files new, {found.changed} with other bytes, {found.gone} gone"
    return [f"{text}, {len(found.rewritten)} written again for nothing", *found.rewritten[:10]]


def _weights(found: Weights | None) -> list[str]:
    if found is None:
        return []
    return [
        f"shell of a commit page: {found.shell:,} bytes",
        f"commit page: median {found.median_page:,} bytes, largest {found.largest_page:,}",
        f"HTML for each byte of hunk: {found.html_per_hunk_byte:.2f} overall, "
        f"{found.worst_html_per_hunk_byte:.2f} at worst",
        f"site: {found.files:,} files, {found.site / 1e6:.0f} MB",
    ]


if __name__ == "__main__":
    main()
