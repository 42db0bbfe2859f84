"""Reports brought here from a git branch, a folder or an HTTPS index: each one checked before it is kept."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit

from generator.errors import ParseError, PortalError, SourceError
from generator.model.report_sources import ReportSource
from generator.render.escape import decode
from generator.sources.git import Mirror, list_tree, open_blobs
from generator.sources.http import fetch_file
from generator.sources.remotes import LOOPBACK, TOKEN, USER, find_remote
from generator.sources.report_arrivals import REPORT_RE, load_arrivals
from generator.sources.reports import (
    LARGEST_BYTES,
    ReportFolder,
    check_report,
    find_reports,
    read_bytes,
    write_new,
)

Progress = Callable[[str], None]
LARGEST_INDEX_BYTES = 64 << 20
MOST_REPORTS = 500_000
TIMEOUT_S = 30.0
REGULAR = ("100644", "100755")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What came of pulling one source. `problems`: what was kept out and why, a line each.

    `failure` is why the source as a whole could not be had.
    """

    name: str
    new: int
    known: int
    removed: int
    problems: tuple[str, ...]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class _Offer:
    """A report that a source has. `origin` is "" where only its content says it."""

    origin: str
    id: str
    shown: str
    read: Callable[[], bytes]


def pulled_folder(cache: Path, source: ReportSource) -> Path:
    """Return where a source's reports are kept."""
    return cache / "reports" / source.name


def arrivals_file(cache: Path, name: str) -> Path:
    """Return where is kept when the reports of a source came, and by whom."""
    return cache / "reports" / f"{name}.arrivals"


def pull_source(source: ReportSource, cache: Path, *, base: Path, progress: Progress) -> Pulled:
    """Bring what is new of a source into the cache, and take from it what the source no longer has.

    What does not hold is kept out and said. `base` is the folder that addresses are meant from. Raises SourceError
    when the source as a whole cannot be had: then what was pulled before stays.
    """
    problems: list[str] = []
    folder = pulled_folder(cache, source)
    with OPENERS[source.kind](source, cache, base, problems, progress) as offers:
        return _take(source, folder, offers, problems)


def _take(source: ReportSource, folder: Path, offers: Iterable[_Offer], problems: list[str]) -> Pulled:
    here = {found.id: found for found in find_reports(ReportFolder(folder=folder, shown=source.name), [])}
    seen: set[str] = set()
    new = 0
    for offer in offers:
        if offer.origin and offer.origin not in source.origins:
            problems.append(f"{offer.shown}:1: {offer.origin} may not speak here: its source may, see `origins`")
            continue
        if offer.id not in here:
            try:
                new += _keep(source, folder, offer)
            except PortalError as problem:
                problems.append(str(problem))
                continue
        seen.add(offer.id)
    gone = [found for id, found in here.items() if id not in seen]
    for found in gone:
        Path(found.file).unlink()
    return Pulled(name=source.name, new=new, known=len(seen) - new, removed=len(gone), problems=tuple(problems))


def _keep(source: ReportSource, folder: Path, offer: _Offer) -> bool:
    data = offer.read()
    report = check_report(data, origin=offer.origin, id=offer.id, shown=offer.shown)
    if report.origin not in source.origins:
        raise ParseError(offer.shown, 1, f"is of {report.origin}, who may not speak here: a forged origin")
    return write_new(folder / report.origin / f"{offer.id}.json", data)


@contextmanager
def _open_branch(
    source: ReportSource, cache: Path, base: Path, problems: list[str], progress: Progress
) -> Iterator[Iterator[_Offer]]:
    mirror = Mirror(cache / "reports" / f"{source.name}.git")
    _fetch(mirror, source, base)
    ref = f"refs/heads/{source.branch}"
    load_arrivals(mirror, ref, below="", signers=source.signers, kept=arrivals_file(cache, source.name))
    with open_blobs(mirror) as blobs:

        def offers() -> Iterator[_Offer]:
            for mode, kind, blob, size_bytes, path in list_tree(mirror, ref):
                match = REPORT_RE.fullmatch(path)
                shown = f"{source.name}/{path if path.isprintable() else ascii(path)}"
                if not match:
                    continue
                if kind != "blob" or mode not in REGULAR or size_bytes > LARGEST_BYTES:
                    problems.append(f"{shown}:1: is no file, or larger than {LARGEST_BYTES >> 20} MiB")
                    continue
                yield _Offer(match["origin"], match["id"], shown, lambda blob=blob: blobs.read(blob) or b"")

        yield offers()


def _fetch(mirror: Mirror, source: ReportSource, base: Path) -> None:
    """Bring the branch here; the address is nowhere kept, and credentials are in git's environment alone."""
    remote = find_remote(source.address, folder=base, environment=_credentials(source.name, os.environ))
    if not (mirror.folder / "HEAD").exists():
        mirror.folder.mkdir(parents=True, exist_ok=True)
        mirror.run("init", "--quiet", "--bare", str(mirror.folder))
    ref = f"refs/heads/{source.branch}"
    command = ["fetch", "--quiet", "--atomic", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"]
    command += ["--no-recurse-submodules", "--", remote.address, f"+{ref}:{ref}"]
    with Mirror(mirror.folder, remote.settings).open(*command) as process:
        _, errors = process.communicate()
    if process.returncode:
        words = " ".join(remote.clean(decode(errors)).split())
        raise SourceError(f"{source.name}: {remote.address}: the branch {source.branch} cannot be fetched: {words}")


def _credentials(name: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the environment has for this source alone: a token for one server must not go to the others."""
    ending = re.sub(r"[^A-Z0-9]", "_", name.upper())
    found = {variable: environment.get(f"{variable}_{ending}", "") for variable in (TOKEN, USER)}
    return {variable: value for variable, value in found.items() if value}


@contextmanager
def _open_folder(
    source: ReportSource, cache: Path, base: Path, problems: list[str], progress: Progress
) -> Iterator[Iterator[_Offer]]:
    folder = base / source.address
    if not folder.is_dir():
        raise SourceError(f"{source.name}: {source.address}: no such folder")
    place = ReportFolder(folder=folder, shown=source.name, origins=source.origins)
    yield (
        _Offer(found.origin, found.id, found.shown, lambda found=found: read_bytes(found.file, found.shown))
        for found in find_reports(place, problems)
    )


@contextmanager
def _open_index(
    source: ReportSource, cache: Path, base: Path, problems: list[str], progress: Progress
) -> Iterator[Iterator[_Offer]]:
    _check_https(source.address, source.name)
    with TemporaryDirectory(prefix="kdump-portal-") as scratch:
        file = Path(scratch) / "file"

        def fetch(url: str, max_bytes: int) -> bytes:
            fetch_file(url, file, max_bytes=max_bytes, timeout_s=TIMEOUT_S, progress=progress)
            return file.read_bytes()

        entries = _entries(fetch(source.address, LARGEST_INDEX_BYTES), source)
        yield _indexed(source, entries, problems, fetch)


def _check_https(address: str, name: str) -> None:
    """Refuse what anybody on the way could change: plain http is for this machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise SourceError(f"{name}: {address}: an index is fetched by https")


def _entries(data: bytes, source: ReportSource) -> list[Mapping[str, str]]:
    """Return the list that an index is: objects with `url` and `sha256`."""
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise SourceError(f"{source.name}: {source.address}: is no JSON: {type(problem).__name__}") from problem
    if not isinstance(entries, list) or len(entries) > MOST_REPORTS:
        raise SourceError(f'{source.name}: {source.address}: is no list of {{"url": …, "sha256": …}}')
    return entries


def _indexed(
    source: ReportSource, entries: Iterable[object], problems: list[str], fetch: Callable[[str, int], bytes]
) -> Iterator[_Offer]:
    for number, entry in enumerate(entries, 1):
        shown = f"{source.name}: entry {number}"
        facts = entry if isinstance(entry, dict) else {}
        url, sha256 = facts.get("url"), facts.get("sha256")
        if not isinstance(url, str) or not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
            problems.append(f"{shown}:1: needs `url`, and `sha256` in lower-case hexadecimal")
            continue
        try:
            where = urljoin(source.address, url)
            is_near = urlsplit(where)[:2] == urlsplit(source.address)[:2]
        except ValueError:
            is_near = False
        if not is_near:
            # an index must not make this machine ask other servers, some of which only it can reach
            problems.append(f"{shown}:1: lies on another server than its index")
            continue
        yield _Offer("", sha256, shown, lambda where=where: fetch(where, LARGEST_BYTES))


OPENERS = {"git": _open_branch, "folder": _open_folder, "index": _open_index}
