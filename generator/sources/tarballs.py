"""Tarballs as released, from the mirror that publishes them, each with its checksum and signature.

`sync_tarballs` asks the mirror, `load_tarballs` only reads what is kept. Beside each file stand its facts, also when
it is not there: a 404 is remembered, silence is not.
"""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from posixpath import basename
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit

from generator.errors import ParseError, SourceError
from generator.model.histories import Tarballs
from generator.model.mirrors import Tag
from generator.model.paths import slug
from generator.model.releases import Archive, Tarball, is_pre_release, safe_name, version_of
from generator.parse.checksums import parse_checksums
from generator.sources.http import Fetched, MissingFile, Progress, Unreachable, fetch_file

MATCHES = "matches the published checksum"
DIFFERS = "DIFFERS from the published checksum"
UNPUBLISHED = "no published checksum"
UNKNOWN = "the published checksum could not be read"
MAX_BYTES = 512 << 20
MAX_TAR_BYTES = 4 << 30  # what a hostile file may unpack to before its .tar goes without a sum
SETTLED_S = 90 * 86400  # a tarball may follow its tag by days: a 404 counts only for tags older than this
SIGNED = {"tarball": "signature over the compressed file", "tar": "signature over the uncompressed .tar"}
OPENERS: Mapping[str, Callable[[Path], BinaryIO]] = {
    ".gz": gzip.open,
    ".tgz": gzip.open,
    ".xz": lzma.open,
    ".bz2": bz2.open,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What is known of one file of the mirror. `missing`: the server's answer, "" when the file is kept."""

    url: str
    missing: str = ""
    sha256: str = ""
    size_bytes: int = 0
    tar_sha256: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class _Mirror:
    """How to ask, and the checksum files read in this run (None: it could not be read)."""

    tarballs: Tarballs
    folder: Path
    progress: Progress
    timeout_s: float
    pause_s: float
    published: dict[str, Mapping[str, str] | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def fetch(self, url: str, file: Path) -> Fetched:
        return fetch_file(
            url,
            file,
            max_bytes=MAX_BYTES,
            timeout_s=self.timeout_s,
            progress=self.progress,
            pause_s=self.pause_s,
        )


def sync_tarballs(
    tarballs: Tarballs,
    tags: Iterable[Tag],
    *,
    folder: Path,
    progress: Progress,
    pre_releases: bool = False,
    timeout_s: float = 30.0,
    pause_s: float = 1.0,
) -> tuple[str, ...]:
    """Fetch what is not kept yet, newest tag first, and compare it with what is published.

    Returns what went wrong, a line each. A mirror that cannot be reached is not asked for the rest. Pre-releases are
    passed over unless wanted: kernel.org and its like have none.
    """
    mirror = _Mirror(tarballs, folder, progress, timeout_s, pause_s)
    try:
        for tag in _asked(tags, pre_releases):
            _sync_tag(mirror, tag)
    except Unreachable as problem:
        mirror.problems.append(str(problem))
    return tuple(dict.fromkeys(mirror.problems))


def load_tarballs(
    tarballs: Tarballs, tags: Iterable[Tag], *, folder: Path, pre_releases: bool = False
) -> Mapping[str, Tarball]:
    """Return for each tag what is kept of its tarball. Nothing is fetched."""
    return {tag.name: _load_tag(tarballs, tag, folder) for tag in _asked(tags, pre_releases)}


def tarballs_digest(folder: Path) -> str:
    """Return a digest of all that is known of the tarballs in a folder, so that a build sees what a sync changed."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _asked(tags: Iterable[Tag], pre_releases: bool) -> list[Tag]:
    return [tag for tag in tags if pre_releases or not is_pre_release(tag.name)]


def _sync_tag(mirror: _Mirror, tag: Tag) -> None:
    """Bring one release up to date. Only Unreachable leaves this function; other problems concern this file alone."""
    url = _address(mirror.tarballs.url, tag)
    file = mirror.folder / _file_name(url)
    try:
        facts = _read(file, url) or _fetch(mirror, url, file, tag)
        if facts.missing:
            return
        _compare(mirror, facts, file, tag)
        if mirror.tarballs.signature:
            url = _address(mirror.tarballs.signature, tag)
            file = mirror.folder / _file_name(url)
            _ = _read(file, url) or _fetch(mirror, url, file, tag)
    except Unreachable:
        raise
    except SourceError as problem:
        mirror.problems.append(str(problem))


def _address(template: str, tag: Tag) -> str:
    """Return the address for a tag. What a tag's name holds can neither leave the folder nor add a query."""
    version = quote(version_of(tag.name), safe="", errors="surrogateescape")
    name = quote(tag.name, safe="", errors="surrogateescape")
    return template.replace("{version}", version).replace("{tag}", name)


def _file_name(url: str) -> str:
    return safe_name(_published_name(url))


def _published_name(url: str) -> str:
    return unquote(basename(urlsplit(url).path))


def _read(file: Path, url: str) -> _Facts | None:
    """Return what is known of a file; None when it is to be asked for."""
    try:
        facts = _Facts(**json.loads(_facts_file(file).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if facts.url != url or facts.verdict == DIFFERS:
        return None
    return facts if facts.missing or _digest(file) == facts.sha256 else None


def _facts_file(file: Path) -> Path:
    return file.with_name(file.name + ".facts.json")


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def _fetch(mirror: _Mirror, url: str, file: Path, tag: Tag) -> _Facts:
    try:
        fetched = mirror.fetch(url, file)
    except MissingFile as problem:
        facts = _Facts(url=url, missing=str(problem))
        if tag.stamp.seconds < time.time() - SETTLED_S:
            _write(file, facts)
        return facts
    facts = _Facts(
        url=url, sha256=fetched.sha256, size_bytes=fetched.size_bytes, tar_sha256=_tar_digest(file), verdict=UNPUBLISHED
    )
    _write(file, facts)
    return facts


def _write(file: Path, facts: _Facts) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.facts.{os.getpid()}.partial")
        draft.write_text(json.dumps(asdict(facts), indent=1) + "\n", "utf-8")
        draft.replace(_facts_file(file))
    except OSError as problem:
        raise SourceError(f"{file.name}: its facts cannot be kept: {problem.strerror or problem}") from problem


def _tar_digest(file: Path) -> str:
    """Return the SHA-256 of what a compressed file unpacks to, "" for other files, broken and endless ones."""
    opener = OPENERS.get(file.suffix)
    if opener is None:
        return ""
    digest, size_bytes = hashlib.sha256(), 0
    try:
        with opener(file) as stream:
            while block := stream.read(1 << 18):
                digest.update(block)
                size_bytes += len(block)
                if size_bytes > MAX_TAR_BYTES:
                    return ""
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return ""
    return digest.hexdigest() if size_bytes else ""


def _compare(mirror: _Mirror, facts: _Facts, file: Path, tag: Tag) -> None:
    """Settle the verdict of a tarball. One that differs is thrown away, and asked for again next time."""
    if facts.verdict == MATCHES or not mirror.tarballs.checksums:
        return
    published = _published(mirror, _address(mirror.tarballs.checksums, tag))
    expected = published.get(_published_name(facts.url), "") if published is not None else ""
    verdict = UNKNOWN if published is None else UNPUBLISHED
    if expected:
        verdict = MATCHES if expected == facts.sha256 else DIFFERS
    if verdict != facts.verdict:
        _write(file, replace(facts, verdict=verdict))
    if verdict == DIFFERS:
        file.unlink(missing_ok=True)
        raise SourceError(f"{facts.url}: its SHA-256 is {facts.sha256}, published is {expected}: it is not offered")


def _published(mirror: _Mirror, url: str) -> Mapping[str, str] | None:
    """Return the sums of a checksum file, which is fetched once a run; {} when there is none, None when unreadable."""
    if url not in mirror.published:
        mirror.published[url] = _fetch_sums(mirror, url)
    return mirror.published[url]


def _fetch_sums(mirror: _Mirror, url: str) -> Mapping[str, str] | None:
    file = mirror.folder / "checksums" / slug(url)
    try:
        mirror.fetch(url, file)
        return parse_checksums(file.read_text("utf-8", "replace"), source=url)
    except MissingFile:
        return {}
    except (SourceError, ParseError) as problem:
        mirror.problems.append(str(problem))
        return None


def _load_tag(tarballs: Tarballs, tag: Tag, folder: Path) -> Tarball:
    url = _address(tarballs.url, tag)
    file = folder / _file_name(url)
    facts = _read(file, url)
    if facts is None:
        return Tarball(note=_why_not(file, url))
    if facts.missing:
        return Tarball(note=f"The mirror has no tarball of this release. {facts.missing}.")
    archives = [_archive(file, facts, "tarball", facts.verdict)]
    signature = _load_signature(tarballs, tag, folder)
    return Tarball(archives=tuple([*archives, signature] if signature else archives))


def _why_not(file: Path, url: str) -> str:
    try:
        facts = json.loads(_facts_file(file).read_text("utf-8"))
    except (OSError, ValueError):
        facts = {}
    if isinstance(facts, dict) and (facts.get("url"), facts.get("verdict")) == (url, DIFFERS):
        return f"The tarball on the mirror {DIFFERS}, so it is not offered here. {url}"
    return "The tarball as released has not been fetched yet."


def _load_signature(tarballs: Tarballs, tag: Tag, folder: Path) -> Archive | None:
    if not tarballs.signature:
        return None
    url = _address(tarballs.signature, tag)
    file = folder / _file_name(url)
    facts = _read(file, url)
    return _archive(file, facts, "signature", SIGNED[tarballs.signs]) if facts and not facts.missing else None


def _archive(file: Path, facts: _Facts, kind: str, verdict: str) -> Archive:
    return Archive(
        name=file.name,
        kind=kind,
        file=file,
        size_bytes=facts.size_bytes,
        sha256=facts.sha256,
        tar_sha256=facts.tar_sha256,
        verdict=verdict,
    )
