"""Reproducible snapshots of the repository: `git archive`, compressed here, made once and kept.

The tar's bytes come from git alone. A compressed file carries neither a name nor a date, so that it depends on
nothing but the tar and the compressor; since another zlib may compress otherwise, what was given out once is kept.
"""

import gzip
import hashlib
import json
import lzma
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from generator.errors import SourceError
from generator.model.mirrors import Tag
from generator.model.releases import Archive, safe_name, version_of
from generator.sources.git import Mirror

RECIPE = 1  # to be raised when the same tag would give other bytes; not at each of our versions: sums were published
BLOCK_BYTES = 1 << 18
ENDINGS: Mapping[str, str] = {"gz": ".tar.gz", "xz": ".tar.xz"}


def make_snapshot(
    mirror: Mirror, tag: Tag, *, name: str, folder: Path, kinds: Iterable[str] = ("gz",)
) -> tuple[Archive, ...]:
    """Return a tag's snapshots, `kinds` of `gz` and `xz`; those that are kept in `folder` are not made again.

    They unpack into NAME-VERSION/. A tag that leads to no commit has none: its tar would carry the time of day.
    Raises SourceError when git cannot make it or the disk not take it. Can be sent to another process.
    """
    if not tag.commit:
        return ()
    files = {kind: folder / snapshot_name(name, tag.name, kind) for kind in kinds}
    kept = {kind: _kept(file, _key(tag, kind)) for kind, file in files.items()}
    wanted = {kind: files[kind] for kind, archive in kept.items() if archive is None}
    if wanted:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made = _make(mirror, tag, f"{folder_name(name, tag.name)}/", wanted)
        except OSError as problem:
            raise SourceError(f"{tag.name}: the snapshot cannot be written: {problem.strerror or problem}") from problem
        kept |= made
    return tuple(archive for archive in kept.values() if archive)


def snapshot_name(name: str, tag: str, kind: str) -> str:
    """Return a snapshot's file name. It holds the whole tag, so that no two tags nor a tarball as released share it."""
    return safe_name(f"{name}-{tag}-snapshot{ENDINGS[kind]}")


def folder_name(name: str, tag: str) -> str:
    """Return the folder that a snapshot unpacks into: NAME-VERSION, as a tarball as released has it."""
    return safe_name(f"{name}-{version_of(tag)}")


def _key(tag: Tag, kind: str) -> list[object]:
    return [tag.target, tag.commit, kind, RECIPE]


def _kept(file: Path, key: list[object]) -> Archive | None:
    """Return what is kept when it is what it says; None to make it again."""
    try:
        facts = json.loads(_facts(file).read_text("utf-8"))
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size_bytes = file.stat().st_size
    except (OSError, ValueError):
        return None
    if not isinstance(facts, dict) or facts.get("key") != key or facts.get("sha256") != digest:
        return None
    return _archive(file, size_bytes, digest, str(facts.get("tar_sha256", "")))


def _facts(file: Path) -> Path:
    return file.with_name(file.name + ".json")


def _archive(file: Path, size_bytes: int, sha256: str, tar_sha256: str) -> Archive:
    return Archive(
        name=file.name, kind="snapshot", file=file, size_bytes=size_bytes, sha256=sha256, tar_sha256=tar_sha256
    )


@dataclass(slots=True)
class _Measured:
    """A file that is measured while it is written."""

    stream: BinaryIO
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    size_bytes: int = 0

    def write(self, block: bytes) -> int:
        self.digest.update(block)
        self.size_bytes += len(block)
        return self.stream.write(block)

    def flush(self) -> None:
        self.stream.flush()


def _make(mirror: Mirror, tag: Tag, prefix: str, files: Mapping[str, Path]) -> dict[str, Archive]:
    """Make all kinds from one run of git; each appears under its name when it is whole."""
    drafts = {kind: file.with_name(f"{file.name}.{os.getpid()}.partial") for kind, file in files.items()}
    try:
        tar_sha256, measured = _write(mirror, tag, prefix, drafts)
        return {kind: _keep(drafts[kind], files[kind], _key(tag, kind), tar_sha256, measured[kind]) for kind in files}
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _write(mirror: Mirror, tag: Tag, prefix: str, drafts: Mapping[str, Path]) -> tuple[str, dict[str, _Measured]]:
    digest = hashlib.sha256()
    with ExitStack() as stack:
        measured = {kind: _Measured(stack.enter_context(draft.open("wb"))) for kind, draft in drafts.items()}
        packers = [stack.enter_context(_packer(kind, file)) for kind, file in measured.items()]
        process = stack.enter_context(mirror.open("archive", "--format=tar", f"--prefix={prefix}", tag.commit))
        process.stdin.close()
        while block := process.stdout.read(BLOCK_BYTES):
            digest.update(block)
            for packer in packers:
                packer.write(block)
        errors = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
    if process.returncode:
        raise SourceError(f"{tag.name}: git archive failed: {'; '.join(errors) or 'git gave no reason'}")
    return digest.hexdigest(), measured


def _packer(kind: str, file: _Measured) -> gzip.GzipFile | lzma.LZMAFile:
    if kind == "gz":
        return gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0)
    return lzma.LZMAFile(file, "wb", preset=6)


def _keep(draft: Path, file: Path, key: list[object], tar_sha256: str, measured: _Measured) -> Archive:
    """Put the file in place, then its facts: facts of another file do not match its sum, so no order can mislead."""
    sha256 = measured.digest.hexdigest()
    draft.replace(file)
    facts = {"key": key, "sha256": sha256, "tar_sha256": tar_sha256}
    draft.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    draft.replace(_facts(file))
    return _archive(file, measured.size_bytes, sha256, tar_sha256)
