"""Files of test results taken in: their format found, read in the sandbox, joined with what was said, redacted."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from generator.errors import ParseError, PortalError
from generator.model.reports import Report
from generator.parse.redact import redact_report
from generator.parse.report import dump_report, parse_report
from generator.parse.report_formats import FORMATS, guess_format
from generator.parse.sidecar import KEYS, Sidecar, merged, parse_sidecar, sidecar_of, with_sidecar
from generator.sources.reports import LARGEST_BYTES, read_bytes, store_report
from generator.sources.sandbox import read_in_sandbox

LARGEST_IMPORT_BYTES = 32 << 20
NOTHING_SAID = Sidecar()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How files are to be read: their format ("auto": by their beginning), and what they do not say themselves."""

    format: str = "auto"
    sidecar: Sidecar = NOTHING_SAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A report that was taken in. `is_new`: it was not there before."""

    file: Path
    report: Report
    id: str
    is_new: bool


def make_choice(format: str, sidecar: Path | None, said: Iterable[tuple[str, str]]) -> Choice:
    """Return the choice of a sidecar file and of options, which prevail. Raises PortalError for what is none."""
    try:
        of_options = sidecar_of([(_key(key), value) for key, value in said])
    except ParseError as problem:
        raise PortalError(f"options: {problem.problem}") from problem
    if sidecar is None:
        return Choice(format=format, sidecar=of_options)
    text = decoded(read_bytes(sidecar, sidecar.name), sidecar.name)
    return Choice(format=format, sidecar=merged(parse_sidecar(text, source=sidecar.name), of_options))


def _key(key: str) -> str:
    """Return a sidecar's key; what is none names a dimension, unless it is a slip of the pen."""
    if "." in key or key.replace("-", "_") in KEYS:
        return key
    if near := get_close_matches(key, KEYS, n=1, cutoff=0.8):
        raise PortalError(f"--set {key}: is no key, and nearly {near[0]}: write that, or set.{key} for a dimension")
    return f"set.{key}"


def decoded(data: bytes, shown: str) -> str:
    """Return bytes as the UTF-8 they should be. Raises ParseError with the line where they are not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ParseError(shown, data.count(b"\n", 0, problem.start) + 1, "is not UTF-8") from problem


def import_file(file: Path, choice: Choice) -> Report:
    """Return what would be stored of a file: read in the sandbox, joined with what was said, redacted.

    Raises PortalError with the reason when it is refused.
    """
    shown = file.name if file.name.isprintable() else ascii(file.name)
    data = _import_bytes(file, shown)
    format = guess_format(data) if choice.format == "auto" else choice.format
    if not format:
        raise PortalError(f"{shown}: its format is not recognized: say --format, one of {', '.join(FORMATS)}")
    report = _own(data, choice, shown) if format == "kdump-report" else _foreign(data, format, choice, shown)
    if not report.origin:
        raise PortalError(f"{shown}: who submits it is not said: add --origin NAME")
    redacted = redact_report(report)
    is_checked = format == "kdump-report" and redacted is report
    return report if is_checked else _checked(redacted, shown)


def _checked(report: Report, shown: str) -> Report:
    """Return a report that was put together here as reading it will give it."""
    data = dump_report(report)
    if len(data) > LARGEST_BYTES:
        raise PortalError(f"{shown}: makes a report larger than {LARGEST_BYTES >> 20} MiB: hand it in in parts")
    return parse_report(decoded(data, shown), source=shown)


def _import_bytes(file: Path, shown: str) -> bytes:
    try:
        if not file.is_file():
            raise PortalError(f"{shown}: no such file")
        if file.stat().st_size > LARGEST_IMPORT_BYTES:
            raise PortalError(f"{shown}: is larger than the {LARGEST_IMPORT_BYTES >> 20} MiB that are read: divide it")
        return file.read_bytes()
    except OSError as problem:
        raise PortalError(f"{shown}: cannot be read: {problem.strerror}") from problem


def _own(data: bytes, choice: Choice, shown: str) -> Report:
    report = parse_report(decoded(data, shown), source=shown, longest=LARGEST_BYTES)
    if choice.sidecar not in (NOTHING_SAID, Sidecar(origin=report.origin)):
        raise PortalError(
            f"{shown}: is a kdump-report of {report.origin}, which says everything itself: leave out what says it again"
        )
    return report


def _foreign(data: bytes, format: str, choice: Choice, shown: str) -> Report:
    imported = read_in_sandbox(format, data, source=shown, origin=choice.sidecar.origin)
    return with_sidecar(imported, choice.sidecar, source_format=format, source_sha256=hashlib.sha256(data).hexdigest())


def add_files(folder: Path, files: Sequence[Path], choice: Choice) -> tuple[Added, ...]:
    """Store what files say, a report each. All of them are read first: one that is refused stores none.

    Raises PortalError with every reason, one a line.
    """
    reports, problems = [], []
    for file in files:
        try:
            reports.append(import_file(file, choice))
        except PortalError as problem:
            problems.append(str(problem))
    if problems:
        raise PortalError("\n".join(problems))
    return tuple(_added(folder, report) for report in reports)


def _added(folder: Path, report: Report) -> Added:
    file, is_new = store_report(folder, report)
    return Added(file=file, report=report, id=file.stem, is_new=is_new)
