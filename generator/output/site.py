"""The site on disk: what changed is written beside it, then the whole takes its place in one step.

A manifest in the site says which digest each generated file was made from. A file whose digest is the same is not
even made again; one that comes out with the same bytes keeps its inode and time, so that rsync moves nothing.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from generator.errors import OutputError
from generator.model.pages import Asset, Download, Fragment, Output, Page
from generator.output.manifest import (
    FOREIGN,
    MANIFEST,
    Group,
    Kept,
    dump_manifest,
    expected_files,
    family,
    load_manifest,
)
from generator.output.search import SearchDocuments
from generator.output.shell import Shell
from generator.output.spare import keep_spare, take_spare
from generator.output.swap import recover, replace_folder
from generator.output.trees import count_files, holds, link_file, move_file, remove_files, walk


@dataclass(slots=True)
class Tally:
    """What a build did, in files."""

    written: int = 0
    kept: int = 0
    removed: int = 0
    paths: list[str] = field(default_factory=list)  # written ones


@dataclass(frozen=True, slots=True)
class Made:
    """What a helper process wrote of a group."""

    group: str
    files: dict[str, Kept]
    tally: Tally


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
        self._old = load_manifest(final)
        self._families = {family(group.name): group for group in self._old.values()}
        # A site in which somebody removed or added files is looked at file by file.
        self._strange = set(walk(final)) if count_files(final) != expected_files(self._old) else None
        self._kept: dict[str, Group] = {}
        self._new: dict[str, dict[str, Kept]] = {}
        self._owner: dict[str, str] = {}  # of new files, by path

    def put(self, output: Output, group: str) -> None:
        """Add a page, asset or download. `group` names what it was made of, for `keep_groups`.

        What is before a colon in the name of a group stays when what it was made of changes. Raises OutputError when
        two outputs want one path: nothing may be lost silently.
        """
        self._own(output.path, group)
        kept = self._describe(output)
        self._new.setdefault(group, {})[output.path] = kept
        if isinstance(output, Page) and output.search:
            self._documents.put(output.path, output.title, output.search)
        if self._was(output.path, group) == kept.digest and self._is_there(output.path):
            self.tally.kept += 1
        elif isinstance(output, Download):
            self._place(output)
        else:
            self.write(output.path, self._bytes(output))

    def make_apart(self, group: str, outputs: Iterable[Output]) -> Made:
        """Write a group's files in a helper process, a copy of this one, which gives what this returns to `adopt`.

        Search must not know them: its documents are counted in one process.
        """
        before, self.tally = self.tally, Tally()
        for output in outputs:
            self.put(output, group)
        made = Made(group, self._new.pop(group, {}), self.tally)
        self.tally = before
        return made

    def adopt(self, made: Made) -> None:
        """Take what a helper process wrote."""
        for path in made.files:
            self._own(path, made.group)
        self._new[made.group] = made.files
        self.tally.written += made.tally.written
        self.tally.kept += made.tally.kept
        self.tally.paths += made.tally.paths

    def keep_groups(self, *groups: str) -> bool:
        """Keep all that the last build made for `groups`; False when some of it is missing, and nothing is kept."""
        mine = [self._old[name] for name in dict.fromkeys(groups) if name in self._old]
        if len(mine) < len(set(groups)):
            return False
        if self._strange is not None and not all(group.files.keys() <= self._strange for group in mine):
            return False
        searchable = [
            path for group in mine if group.searchable for path, kept in group.files.items() if kept.searchable
        ]
        if not self._documents.keep(searchable):
            return False
        for group in mine:
            if group.name not in self._kept:
                self._kept[group.name] = group
                self.tally.kept += group.count
        return True

    def write(self, path: str, data: bytes) -> None:
        """Write a file unless the site has these bytes there already."""
        if holds(self.final / path, data):
            self.tally.kept += 1
            return
        file = self.staging / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            stream.write(data)
        self._wrote(path)

    def old_files(self, folder: str) -> list[str]:
        """Return what others wrote below a folder of the last build's site, and is still there."""
        old = self._old[FOREIGN].files if FOREIGN in self._old else ()
        return [path for path in old if path.startswith(folder) and self._is_there(path)]

    def bring(self, place: str, folder: Path) -> list[str]:
        """Write the files of a folder to `place`; return the paths of those that the site has there already."""
        there = []
        for name in walk(folder):
            path = f"{place}/{name}"
            if holds(self.final / path, (folder / name).read_bytes()):
                there.append(path)
                self.tally.kept += 1
            else:
                (self.staging / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, self.staging / path)
        return there

    def pages(self) -> Iterator[tuple[str, Kept]]:
        """Yield what is known of every generated page that the sitemap lists, by path."""
        listed = {path: kept for files in self._new.values() for path, kept in files.items() if kept.listed}
        for group in self._kept.values():
            if group.listed:
                listed.update((path, kept) for path, kept in group.files.items() if kept.listed)
        return iter(sorted(listed.items()))

    def finish(self, foreign: Iterable[str]) -> bool:
        """Make the site what was put, plus the `foreign` files that others wrote into staging or that stay.

        Returns whether anything changed. Nothing changed: the site is left alone to the last inode.
        """
        others = dict.fromkeys(foreign, Kept(digest=""))
        for path in sorted(set(walk(self.staging)) - set(self.tally.paths)):
            if path in self._owner:
                (self.staging / path).unlink()  # MkDocs wrote its own sitemap.xml; ours is kept
            else:
                others[path] = Kept(digest="")
                self._keep_ifholds(path)
        self._check_owners(others)
        made = (Group.of(name, files) for name, files in (*self._new.items(), (FOREIGN, others)))
        groups = {**self._kept, **{group.name: group for group in made}}
        gone = self._gone(groups)
        self.tally.removed = len(gone)
        text = dump_manifest(groups.values())
        if not self.tally.written and not gone and holds(self.final / MANIFEST, text.encode()):
            shutil.rmtree(self.staging, ignore_errors=True)
            return False
        self._swap(gone, groups, text)
        return True

    def _swap(self, gone: set[str], groups: dict[str, Group], manifest: str) -> None:
        """Put the new tree into the site's place, and keep the old one as the spare of the next build."""
        self.staging.mkdir(parents=True, exist_ok=True)
        spare = take_spare(self.final) if self._strange is None else None
        if spare is None:
            tree, is_linked = self.staging, self._link_kept(groups)
        else:
            tree, is_linked = spare, True
            remove_files(tree, gone)
            for path in self.tally.paths:
                move_file(self.staging / path, tree / path)
        (tree / MANIFEST).unlink(missing_ok=True)
        (tree / MANIFEST).write_text(manifest, "utf-8")
        old = replace_folder(tree, self.final)
        if old and is_linked:
            keep_spare(old, self.final, {*self.tally.paths, *gone, MANIFEST})
        elif old:
            shutil.rmtree(old)
        shutil.rmtree(self.staging, ignore_errors=True)

    def _link_kept(self, groups: dict[str, Group]) -> bool:
        """Give all that stays its name in the new tree; tell whether the file system can give a file two names."""
        written = set(self.tally.paths)
        copies = 0
        for group in groups.values():
            for path in group.files.keys() - written:
                copies += not link_file(self.final / path, self.staging / path)
        return not copies

    def _gone(self, groups: dict[str, Group]) -> set[str]:
        """Return the files of the site that nobody wants any more."""
        if self._strange is not None:
            return self._strange - {path for group in groups.values() for path in group.files} - {MANIFEST}
        dropped = [group for name, group in self._old.items() if groups.get(name) is not group]
        before = {path for group in dropped for path in group.files}
        return before - {path for name in (*self._new, FOREIGN) for path in groups[name].files}

    def _own(self, path: str, group: str) -> None:
        if self._owner.setdefault(path, group) != group or path in self._new.get(group, ()):
            raise _two_owners(path)

    def _check_owners(self, others: Iterable[str]) -> None:
        """Make sure that no new file stands where a kept one does; only those that are new there can."""
        news = {path for path in (*self._owner, *others) if not self._knew(path) and self._is_there(path)}
        for group in self._kept.values() if news else ():
            for path in news & group.files.keys():
                raise _two_owners(path)

    def _knew(self, path: str) -> bool:
        """Tell whether the file at `path` is what it was, of a group that is made anew."""
        old = self._families.get(family(self._owner.get(path, FOREIGN)))
        return old is not None and old.name not in self._kept and path in old.files

    def _was(self, path: str, group: str) -> str | None:
        """Return from which digest the last build made the file at `path`, if it did so for this family of groups."""
        old = self._families.get(family(group))
        kept = old.files.get(path) if old else None
        return kept.digest if kept else None

    def _is_there(self, path: str) -> bool:
        return (self.final / path).is_file()

    def _wrote(self, path: str) -> None:
        self.tally.written += 1
        self.tally.paths.append(path)

    def _describe(self, output: Output) -> Kept:
        if isinstance(output, Page):
            digest = _digest(output.body, self._shell.key(output))
            searchable = bool(output.search)
            return Kept(digest=digest, listed=output.listed, modified=output.modified, searchable=searchable)
        if isinstance(output, Asset):
            return Kept(digest=_digest(output.body, b""))
        return Kept(digest=output.sha256)

    def _bytes(self, output: Page | Asset) -> bytes:
        if isinstance(output, Page):
            return self._shell.wrap(output, self._resolve)
        return b"".join(self._resolve(part) if isinstance(part, Fragment) else part for part in output.body)

    def _place(self, output: Download) -> None:
        if self._is_there(output.path) and _is(self.final / output.path, output):
            self.tally.kept += 1
            return
        file = self.staging / output.path
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(output.file, file)
        self._wrote(output.path)

    def _keep_ifholds(self, path: str) -> None:
        """A file that others wrote (MkDocs, the search index) counts as kept when it is what stands there."""
        fresh = self.staging / path
        if holds(self.final / path, fresh.read_bytes()):
            fresh.unlink()
            self.tally.kept += 1
        else:
            self._wrote(path)


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


def _is(file: Path, output: Download) -> bool:
    if file.stat().st_size != output.size_bytes:
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == output.sha256


def _two_owners(path: str) -> OutputError:
    return OutputError(f"{path}: two outputs want this path; this is a bug in the names of the portal")
