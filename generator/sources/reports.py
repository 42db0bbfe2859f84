"""Reports as they lie in folders, `<origin>/<id>.json`: found, checked, and joined with how they came there."""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from generator.errors import ParseError, PortalError
from generator.model.report_sources import Arrival, Signer
from generator.model.reports import Report, Stored
from generator.parse.report import dump_report, parse_report
from generator.parse.report_form import report_of
from generator.sources.report_arrivals import REPORT_RE, Arrivals

LARGEST_BYTES = 4 << 20  # of one report: excerpts are in it, logs are not
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFolder:
    """A folder of reports. `shown` is its name in paths and complaints.

    `origins` are those that may speak there, () all. With `signers` (None: nobody signs) an origin is only believed
    when a key of its own signed the commit that brought the report in.
    """

    folder: Path
    shown: str
    source: str = ""  # the name in mkdocs.yml, "" our own
    origins: tuple[str, ...] = ()
    arrivals: Arrivals = field(default_factory=dict)
    signers: tuple[Signer, ...] | None = None


class Found(NamedTuple):
    """A file that is a report by its name, and what is known of its arrival, as `Stored` has it."""

    origin: str
    id: str
    file: str
    shown: str  # the path as it is said
    source: str
    committed: int | None
    signer: str
    forged: str


@dataclass(frozen=True, slots=True)
class Survey:
    """All reports that can be read, by origin and id, and what is wrong with others, a line `file:line: …` each."""

    reports: tuple[Stored, ...]
    problems: tuple[str, ...]


def survey_reports(folders: Iterable[ReportFolder]) -> Survey:
    """Read every report of the folders and collect what is wrong. A report that lies in two folders counts once."""
    found, problems = find_all(folders)
    reports: dict[str, Stored] = {}
    for one in found:
        if one.id not in reports:
            try:
                reports[one.id] = read_stored(one)
            except PortalError as problem:
                problems.append(str(problem))
    return Survey(tuple(reports.values()), tuple(problems))


def find_all(folders: Iterable[ReportFolder]) -> tuple[list[Found], list[str]]:
    """Return the reports of all folders, unread, the first folder first; and what else lies there, a line each."""
    problems: list[str] = []
    return [found for place in folders for found in find_reports(place, problems)], problems


def find_reports(place: ReportFolder, problems: list[str]) -> Iterator[Found]:
    """Yield the reports of a folder by their names, sorted, unread. What else lies there goes to `problems`.

    Beside the origins' folders pages and other files may lie.
    """
    for folder in _entries(place.folder):
        if not folder.is_dir(follow_symlinks=False):
            continue
        origin = folder.name
        for entry in _entries(folder.path):
            file = entry.name
            name = f"{origin}/{file}"
            match = REPORT_RE.fullmatch(name)
            if match and place.origins and origin not in place.origins:
                problems.append(f"{place.shown}/{_printable(name)}:1: {origin} may not speak here")
            elif match:
                yield _found(origin, match["id"], entry.path, place, place.arrivals.get(name))
            elif file.endswith(".json"):
                problems.append(f"{place.shown}/{_printable(name)}:1: is no name of a report: use `report add`")


def _found(origin: str, id: str, file: str, place: ReportFolder, arrival: Arrival | None) -> Found:
    signer, forged = _signature(origin, place.signers, arrival)
    committed = arrival.committed if arrival else None
    return Found(origin, id, file, f"{place.shown}/{origin}/{id}.json", place.source, committed, signer, forged)


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except FileNotFoundError:
        return []


def _printable(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def read_stored(found: Found) -> Stored:
    """Return a report with what is known of its arrival. Raises PortalError when it is not what its name says."""
    report = read_report(read_bytes(found.file, found.shown), origin=found.origin, id=found.id, shown=found.shown)
    return _stored(found, report)


def read_known(found: Found) -> Stored:
    """Return a report of which `read_stored` approved before: these very bytes, by their hash, had the right form.

    Raises ParseError when the bytes are others now.
    """
    data = read_bytes(found.file, found.shown)
    _check_hash(data, found.id, found.shown)
    return _stored(found, report_of(json.loads(data)))


def _stored(found: Found, report: Report) -> Stored:
    return Stored(
        id=found.id,
        report=report,
        path=found.shown,
        committed=found.committed,
        signer=found.signer,
        source=found.source,
        forged=found.forged,
    )


def _signature(origin: str, signers: tuple[Signer, ...] | None, arrival: Arrival | None) -> tuple[str, str]:
    """Return who signed, and why the origin is not believed."""
    if signers is None:
        return "", ""
    if not arrival or not arrival.fingerprint:
        return "", "no good signature is on the commit that brought it in"
    keys = {signer.fingerprint: signer for signer in signers}
    signer = keys.get(arrival.fingerprint)
    name = signer.name if signer else arrival.fingerprint
    is_own = signer and origin in signer.origins
    return name, "" if is_own else f"the key that signed its commit is not one of {origin}"


def read_bytes(file: Path | str, shown: str) -> bytes:
    """Return the bytes of a regular file of a report's size; links are not followed. Raises ParseError."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise ParseError(shown, 1, f"cannot be read: {problem.strerror}") from problem
    with os.fdopen(descriptor, "rb") as stream:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ParseError(shown, 1, "is no regular file")
        if facts.st_size > LARGEST_BYTES:
            raise ParseError(shown, 1, f"is larger than the {LARGEST_BYTES >> 20} MiB of a report: logs stay outside")
        return stream.read(LARGEST_BYTES + 1)


def read_report(data: bytes, *, origin: str, id: str, shown: str) -> Report:
    """Return the report that bytes are. Raises ParseError when hash or origin ("" unknown) are not as named."""
    _check_hash(data, id, shown)
    try:
        report = parse_report(data.decode("utf-8"), source=shown)
    except UnicodeDecodeError as problem:
        raise ParseError(shown, 1, "is not UTF-8") from problem
    if origin and report.origin != origin:
        raise ParseError(shown, 1, f"says it is of {report.origin}, and lies with {origin}: a forged origin")
    return report


def _check_hash(data: bytes, id: str, shown: str) -> None:
    if hashlib.sha256(data).hexdigest() != id:
        raise ParseError(shown, 1, "its bytes are not those of its name: reports are never edited, add a new one")


def check_report(data: bytes, *, origin: str, id: str, shown: str) -> Report:
    """Return a report that comes from outside: besides, it must be spelt the one way that we would. See read_report."""
    if len(data) > LARGEST_BYTES:
        raise ParseError(shown, 1, f"is larger than the {LARGEST_BYTES >> 20} MiB of a report: logs stay outside")
    report = read_report(data, origin=origin, id=id, shown=shown)
    if dump_report(report) != data:
        raise ParseError(shown, 1, "is not in the canonical form: let `kdump-portal report add` write it")
    return report


def store_report(folder: Path, report: Report) -> tuple[Path, bool]:
    """Write a report to its place below a folder; return the file, and whether it is new. Nothing is overwritten."""
    data = dump_report(report)
    file = folder / report.origin / f"{hashlib.sha256(data).hexdigest()}.json"
    return file, write_new(file, data)


def write_new(file: Path, data: bytes) -> bool:
    """Write a file that is whole or not there; False when there is one of that name. Raises OSError."""
    if os.path.lexists(file):
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        os.link(draft, file)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
