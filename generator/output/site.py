"""The site on disk: what changed is written beside it, then the whole takes its place in one step.

A manifest in the site says which digest each generated file was made from. A file whose digest is the same is not
even made again; one that comes out with the same bytes keeps its inode and time, so that rsync moves nothing.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from generator.errors import OutputError
from generator.model.pages import Asset, Download, Fragment, Output, Page
from generator.output.search import SearchDocuments
from generator.output.shell import Shell
from generator.output.swap import recover, replace_folder

MANIFEST = ".kdump-portal.json"


@dataclass(slots=True)
class Tally:
    """What a build did, in files."""

    written: int = 0
    kept: int = 0
    removed: int = 0
    paths: list[str] = field(default_factory=list)  # written ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is remembered of a generated file. `page`: the sitemap lists it; `modified` in seconds since 1970."""

    digest: str
    group: str
    page: bool = False
    modified: int | None = None
    searchable: bool = False


class Site:
    """A site being built: `final` is what stands there, `staging` collects what is new."""

    def __init__(
        self, final: Path, shell: Shell, resolve: Callable[[Fragment], bytes], documents: SearchDocuments
    ) -> None:
        self.final = final
        self.staging = staging_of(final)
        self.tally = Tally()
        self._shell = shell
        self._resolve = resolve
        self._documents = documents
        self._old = _load_manifest(final)
        self._by_group: dict[str, dict[str, Kept]] = {}
        for path, kept in self._old.items():
            self._by_group.setdefault(kept.group, {})[path] = kept
        self._there = set(_walk(final))
        self._new: dict[str, Kept] = {}

    def put(self, output: Output, group: str) -> None:
        """Add a page, asset or download. `group` names what it was made of, for `keep_groups`.

        Raises OutputError when two outputs want one path: nothing may be lost silently.
        """
        if output.path in self._new:
            raise OutputError(f"{output.path}: two outputs want this path; this is a bug in the names of the portal")
        kept = self._describe(output, group)
        self._new[output.path] = kept
        if isinstance(output, Page) and output.search:
            self._documents.put(output.path, output.title, output.search)
        before = self._old.get(output.path)
        if before and before.digest == kept.digest and output.path in self._there:
            self.tally.kept += 1
        elif isinstance(output, Download):
            self._place(output)
        else:
            self.write(output.path, self._bytes(output))

    def keep_groups(self, *groups: str) -> bool:
        """Keep all that the last build made for `groups`; False when some of it is missing, and nothing is kept."""
        mine = {path: kept for group in set(groups) for path, kept in self._by_group.get(group, {}).items()}
        searchable = [path for path, kept in mine.items() if kept.searchable]
        known = self._by_group.keys() >= set(groups)
        if not known or not mine.keys() <= self._there or not self._documents.keep(searchable):
            return False
        self._new.update(mine)
        self.tally.kept += len(mine)
        return True

    def write(self, path: str, data: bytes) -> None:
        """Write a file unless the site has these bytes there already."""
        old = self.final / path
        if path in self._there and _same(old, data):
            self.tally.kept += 1
            return
        file = self.staging / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            stream.write(data)
        self.tally.written += 1
        self.tally.paths.append(path)

    def old_files(self, folder: str) -> list[str]:
        """Return what the site of the last build has below a folder."""
        return [path for path in self._there if path.startswith(folder)]

    def pages(self) -> Iterable[tuple[str, Kept]]:
        """Yield what is known of every generated page, by path."""
        return ((path, kept) for path, kept in sorted(self._new.items()) if kept.page)

    def finish(self, foreign: Iterable[str]) -> bool:
        """Make the site what was put, plus the `foreign` files that others wrote into staging or that stay.

        Returns whether anything changed. Nothing changed: the site is left alone to the last inode.
        """
        fresh = set(_walk(self.staging))
        for path in sorted(fresh - set(self.tally.paths)):
            if path in self._new:
                (self.staging / path).unlink()  # MkDocs wrote its own sitemap.xml; ours is kept
            else:
                self._keep_if_same(path)
        wanted = self._new.keys() | fresh | (set(foreign) & self._there)
        gone = self._there - wanted - {MANIFEST}
        self.tally.removed = len(gone)
        if not self.tally.written and not gone and self._old == self._new and self.final.exists():
            shutil.rmtree(self.staging, ignore_errors=True)
            return False
        self.staging.mkdir(parents=True, exist_ok=True)
        for path in wanted & self._there:
            _link(self.final / path, self.staging / path)
        _save_manifest(self.staging, self._new)
        replace_folder(self.staging, self.final)
        return True

    def _describe(self, output: Output, group: str) -> Kept:
        if isinstance(output, Page):
            digest = _digest(output.body, self._shell.key(output))
            return Kept(digest=digest, group=group, page=True, modified=output.modified, searchable=bool(output.search))
        if isinstance(output, Asset):
            return Kept(digest=_digest(output.body, b""), group=group)
        return Kept(digest=output.sha256, group=group)

    def _bytes(self, output: Page | Asset) -> bytes:
        if isinstance(output, Page):
            return self._shell.wrap(output, self._resolve)
        return b"".join(self._resolve(part) if isinstance(part, Fragment) else part for part in output.body)

    def _place(self, output: Download) -> None:
        if output.path in self._there and _is(self.final / output.path, output):
            self.tally.kept += 1
            return
        file = self.staging / output.path
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(output.file, file)
        self.tally.written += 1
        self.tally.paths.append(output.path)

    def _keep_if_same(self, path: str) -> None:
        """A file that others wrote (MkDocs, the search index) counts as kept when it is what stands there."""
        fresh = self.staging / path
        if path in self._there and _same(self.final / path, fresh.read_bytes()):
            fresh.unlink()
            self.tally.kept += 1
        else:
            self.tally.written += 1
            self.tally.paths.append(path)


def staging_of(final: Path) -> Path:
    """Return the folder in which the next site is collected."""
    return final.with_name(final.name + ".new")


def prepare(final: Path) -> Path:
    """Clean up after a killed build and return an empty staging folder."""
    staging = staging_of(final)
    recover(final, staging)
    staging.mkdir(parents=True)
    return staging


def _digest(body: tuple[str | bytes | Fragment, ...], around: bytes) -> str:
    digest = hashlib.blake2b(around, digest_size=16)
    for part in body:
        if isinstance(part, Fragment):
            part = f"\0{part.key}\0"
        digest.update(part if isinstance(part, bytes) else part.encode())
    return digest.hexdigest()


def _walk(folder: Path) -> Iterable[str]:
    """Yield the files below a folder as posix paths."""
    top = str(folder)
    for where, _, names in os.walk(top):
        inner = os.path.relpath(where, top).replace(os.sep, "/")
        yield from names if inner == "." else (f"{inner}/{name}" for name in names)


def _same(file: Path, data: bytes) -> bool:
    try:
        return file.stat().st_size == len(data) and file.read_bytes() == data
    except OSError:
        return False


def _is(file: Path, output: Download) -> bool:
    if file.stat().st_size != output.size_bytes:
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == output.sha256


def _link(source: Path, target: Path) -> None:
    """Give a kept file its name in the new tree: the same inode where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _load_manifest(folder: Path) -> dict[str, Kept]:
    try:
        rows = json.loads((folder / MANIFEST).read_text("utf-8"))
        return {
            path: Kept(digest=digest, group=group, page=page, modified=modified, searchable=searchable)
            for path, (digest, group, page, modified, searchable) in rows.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _save_manifest(folder: Path, rows: dict[str, Kept]) -> None:
    lines = (
        f"{json.dumps(path)}:"
        + json.dumps([kept.digest, kept.group, kept.page, kept.modified, kept.searchable], separators=(",", ":"))
        for path, kept in sorted(rows.items())
    )
    (folder / MANIFEST).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
