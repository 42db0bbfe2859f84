"""What `kdump-portal report` does besides taking files in: show, send on, bring others' here, drop the old."""

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.config import Config
from generator.errors import ParseError, PortalError
from generator.gather_reports import report_folders
from generator.model.reports import Report, Stored, Verdict
from generator.pages.results import relate_results
from generator.parse.junit import AGAIN
from generator.parse.redact import redact_report
from generator.parse.report import dump_report, parse_report, report_id
from generator.relate.report_keys import kernel_version
from generator.relate.retention import reasons_to_keep
from generator.report_import import decoded
from generator.sources.report_pull import Pulled, pull_source
from generator.sources.reports import ReportFolder, Say, read_bytes, survey_reports

DAY_S = 86_400


def counts(report: Report) -> dict[str, int]:
    """Return how many steps came to each verdict, and how many were planned and did not come.

    A case that JUnit repeats within itself counts once, by what came of it in the end; other attempts count each.
    """
    found = Counter(step.verdict for run in report.runs for step in run.steps if step.reported not in AGAIN)
    for run in report.runs:
        found[Verdict.MISS] += max(0, (run.planned or 0) - len({step.name for step in run.steps}))
    return {str(verdict): found[verdict] for verdict in COUNTED}


COUNTED = (Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.MISS, Verdict.SKIP, Verdict.DONE)


def describe(report: Report) -> dict[str, object]:
    """Return what there is to say of a report, for JSON."""
    return {
        "verdict": str(report.verdict),
        "counts": counts(report),
        "id": report_id(report),
        "origin": report.origin,
        "format": report.source_format,
        "tool": report.tool,
        "tool_version": report.tool_version,
        "started": report.started,
        "kernel": kernel_version(report),
        "kernel_line": report.kernel_line,
        "architecture": report.environment.architecture,
        "distribution": report.environment.distribution,
        "subjects": {subject.role: subject.version for subject in report.subjects},
        "runs": [
            {
                "path": run.scenario.path,
                "dimensions": dict(run.scenario.dimensions),
                "verdict": str(run.verdict),
                "steps": len(run.steps),
                "planned": run.planned,
            }
            for run in report.runs
        ],
        "notes": list(report.notes),
    }


def summary(report: Report) -> str:
    """Return what a report says, as one line for a terminal."""
    tally = ", ".join(f"{count} {verdict}" for verdict, count in counts(report).items() if count) or "no result"
    where = " ".join(filter(None, (kernel_version(report), report.environment.architecture)))
    return _harmless(f"{report.verdict}: {tally}" + (f" ({where})" if where else ""))


def _harmless(text: str) -> str:
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def files_to_push(folder: Path, files: Sequence[Path], origins: Sequence[str]) -> Mapping[str, bytes]:
    """Return path -> bytes of the reports to push: the files, or all that the folder has.

    Each must be a report as `add` writes it, redacted, and of one of the origins (() all). Raises PortalError with
    every reason, one a line: then nothing is pushed.
    """
    chosen = files or sorted(folder.glob("*/*.json"))
    if not chosen:
        raise PortalError(f"{folder.name}: there is no report to push: begin with `kdump-portal report add`")
    found: dict[str, bytes] = {}
    problems = []
    for file in chosen:
        shown = file.name if file.name.isprintable() else ascii(file.name)
        try:
            data = read_bytes(file, shown)
            report = _to_push(data, shown, origins)
            found[f"{report.origin}/{hashlib.sha256(data).hexdigest()}.json"] = data
        except PortalError as problem:
            problems.append(str(problem))
    if problems:
        raise PortalError("\n".join((*problems, "nothing was pushed")))
    return found


def _to_push(data: bytes, shown: str, origins: Sequence[str]) -> Report:
    report = parse_report(decoded(data, shown), source=shown)
    if dump_report(report) != data:
        raise ParseError(shown, 1, "is not as `kdump-portal report add` writes it: let it read the file first")
    if redact_report(report) != report:
        raise ParseError(shown, 1, "holds what must not be published: let `kdump-portal report add` read it first")
    if origins and report.origin not in origins:
        raise ParseError(shown, 1, f"is of {report.origin}, and only {', '.join(origins)} may be pushed from here")
    return report


def pull_reports(config: Config, names: Sequence[str] = ()) -> tuple[Pulled, ...]:
    """Bring the reports of the sources (() all) here. Of one that cannot be had, what was pulled before stays."""
    known = {source.name: source for source in config.reports.sources}
    if unknown := set(names) - known.keys():
        there = ", ".join(known) or "none"
        raise PortalError(f"{min(unknown)}: no such source under `reports.sources` of mkdocs.yml; there are: {there}")
    chosen = [source for name, source in known.items() if not names or name in names]
    base = config.file.parent
    results = []
    for source in chosen:
        try:
            results.append(pull_source(source, config.cache_folder, base=base, progress=lambda _: None))
        except PortalError as problem:
            results.append(Pulled(name=source.name, new=0, known=0, removed=0, problems=(), failure=str(problem)))
    return tuple(results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a pruning drops, and what it must not: (path, why) each."""

    dropped: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]
    size_bytes: int  # of what is dropped


def prune_reports(
    config: Config, *, older_than_days: int, larger_than_kib: int | None, move_to: Path | None, dry_run: bool, say: Say
) -> Pruned:
    """Drop reports of our own folder that are old or big, unless a judgement of today rests on them.

    With `move_to` they are moved there instead. A report whose arrival no commit tells is never old.
    """
    own = report_folders(config, say)[0]
    survey = survey_reports([own])
    if survey.problems:
        raise PortalError("\n".join((*survey.problems, "mend these first: nothing was dropped")))
    reasons = _reasons(survey.reports)
    oldest = time.time() - older_than_days * DAY_S
    marked = list(_marked(survey.reports, own, oldest, larger_than_kib))
    dropped = [(stored, why, size) for stored, why, size in marked if stored.id not in reasons]
    if not dry_run:
        for stored, _, _ in dropped:
            _drop(own.folder, stored, move_to)
    return Pruned(
        dropped=tuple((stored.path, why) for stored, why, _ in dropped),
        kept=tuple((stored.path, reasons[stored.id]) for stored, _, _ in marked if stored.id in reasons),
        size_bytes=sum(size for _, _, size in dropped),
    )


def _reasons(reports: Sequence[Stored]) -> Mapping[str, str]:
    results = relate_results(reports, (), {}, "")
    return reasons_to_keep(results.briefs, results.lines.values())


def _marked(
    reports: Iterable[Stored], own: ReportFolder, oldest: float, larger_than_kib: int | None
) -> Iterator[tuple[Stored, str, int]]:
    for stored in reports:
        size = _file(own.folder, stored).stat().st_size
        if stored.committed is not None and stored.committed < oldest:
            yield stored, "old", size
        elif larger_than_kib is not None and size > larger_than_kib << 10:
            yield stored, "big", size


def _file(folder: Path, stored: Stored) -> Path:
    return folder / stored.report.origin / f"{stored.id}.json"


def _drop(folder: Path, stored: Stored, move_to: Path | None) -> None:
    file = _file(folder, stored)
    if move_to is None:
        file.unlink()
        return
    target = move_to / stored.report.origin / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(file, target)
