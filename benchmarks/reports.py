"""`python -m benchmarks.reports [COUNT]`: measure builds with many test reports, and with a hundred more."""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import Sample
from benchmarks.projects import ROOT, Project
from generator.model.reports import Environment, Number, Report, Run, Scenario, Step, Subject, Verdict
from generator.sources.reports import store_report

ORIGIN = "made"
MORE = 100
STEPS = ("reserve", "load", "trigger", "capture boot", "save", "return", "check")
ARCHITECTURES = ("x86_64", "aarch64", "ppc64le", "s390x")
TARGETS = ("ext4", "xfs", "btrfs", "nfs", "ssh", "raw", "https")
LOADS = ("kexec_load", "kexec_file_load")
LEVELS = ("0", "1", "17", "31")
START = 1_700_000_000
DAY_S = 86_400
SCENARIOS = tuple(
    (architecture, Scenario(path="kdump.made", dimensions=(("level", level), ("load", load), ("target", target))))
    for architecture in ARCHITECTURES
    for target in TARGETS
    for load in LOADS
    for level in LEVELS
)


def main() -> None:
    """Measure what the arguments ask for, and print it."""
    parser = argparse.ArgumentParser("python -m benchmarks.reports", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100_000, help="reports (default: %(default)s)")
    parser.add_argument("--folder", help="where to work (default: the system's folder for temporary files)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kdump-portal-bench-", dir=options.folder) as name:
        for row in _measure(options.count, Path(name)):
            print(json.dumps(row), flush=True)


def _measure(count: int, folder: Path) -> Iterator[dict[str, object]]:
    """Yield a row for each thing measured. The source is a folder of its own, as of a CI system."""
    source = folder / "reports"
    project = Project(folder / "project", ROOT, reports=f"{{many: {{folder: {source}, origins: [{ORIGIN}]}}}}")
    _store(source, 0, count)
    yield _row(f"pull of {count:,}", project.pull())
    yield _row("first build", project.build().process)
    yield _row("nothing changed", project.build().process)
    for number in range(3):
        _store(source, count + number * MORE, count + (number + 1) * MORE)
        yield _row(f"pull of {MORE} more", project.pull())
        yield _row(f"{MORE} more", project.build().process)
    yield _row("nothing changed", project.build().process)


def _row(name: str, sample: Sample) -> dict[str, object]:
    wall_s, cpu_s, peak_mb = round(sample.wall_s, 2), round(sample.cpu_s, 2), round(sample.peak_mb)
    return {"name": name, "wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb}


def _store(folder: Path, start: int, end: int) -> None:
    """Write the reports of a lab that goes through all its scenarios every night."""
    for number in range(start, end):
        store_report(folder, _report(number))


def _report(number: int) -> Report:
    night, place = divmod(number, len(SCENARIOS))
    architecture, scenario = SCENARIOS[place]
    bad = STEPS[number % 7] if number % 41 == 0 else ""
    kernel = f"6.{night // 60}.{night % 60}"
    return Report(
        origin=ORIGIN,
        tool="bench",
        started=datetime.fromtimestamp(START + night * DAY_S + place, UTC).isoformat(),
        kernel_line="mainline",
        subjects=tuple(Subject(role=role, version=kernel) for role in ("first kernel", "capture kernel")),
        environment=Environment(architecture=architecture, distribution="debian-13", memory_mb=4096),
        runs=(Run(scenario=scenario, steps=tuple(_steps(bad, number)), planned=len(STEPS)),),
    )


def _steps(bad: str, number: int) -> Iterator[Step]:
    """Yield the steps up to the one that goes wrong; what comes after it is missing."""
    for name in STEPS:
        step = Step(name=name, verdict=Verdict.PASS, duration_s=1 + number % 900 / 10)
        if name == bad:
            yield replace(step, verdict=Verdict.FAIL, excerpt="Kernel panic - not syncing: made up")
            return
        measured = {"reserve": 256, "capture boot": 60 + number % 90, "save": 80 + number % 9}
        names = {"reserve": "reserved", "capture boot": "minimum available memory", "save": "dump size"}
        numbers = (Number(name=names[name], value=measured[name], unit="MB"),) if name in names else ()
        yield replace(step, numbers=numbers)


if __name__ == "__main__":
    main()
