"""Patches as people hand them on: the collections of patches/, a folder each, and single files in any form."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from generator.errors import ParseError, PortalError, SourceError
from generator.model.patches import Collection, Missing, Patch
from generator.model.paths import slug
from generator.parse.collection import CollectionFile, parse_collection
from generator.parse.dep3 import parse_dep3
from generator.parse.escapes import RefusedPatch, links_after
from generator.parse.mail import Mail, is_mbox, parse_mbox
from generator.parse.mime import fields_of
from generator.parse.series import SeriesEntry, parse_series
from generator.parse.unified import UnifiedDiff, parse_unified
from generator.sources.unpacking import unpack

LARGEST_BYTES = 16 << 20  # of one file of patches, unpacked
MOST_PATCHES = 10_000  # in one collection
SHEET = "collection.yml"
SERIES = "series"
BESIDE = (SHEET, SERIES, "README.md")
ENDINGS = (".patch", ".diff", ".mbox", ".eml", ".bundle")
PACKINGS = (".gz", ".xz")
NAME_RE = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class Survey:
    """All collections as far as they can be read, and what is wrong, a line `file:line: problem` each."""

    collections: tuple[Collection, ...]
    problems: tuple[str, ...]


def load_collections(folder: Path, mirror: Path | None = None) -> tuple[Collection, ...]:
    """Read every collection below `folder`, in the order of their names; () when there is no such folder.

    `mirror` is where `sync` put files that a collection lists as missing: they take their place in it. A patch that
    cannot be read stays, with its problem said; what must not be offered, and a collection that does not describe
    itself, raise PortalError with every problem, one a line.
    """
    survey = survey_collections(folder, mirror)
    if survey.problems:
        raise PortalError("\n".join(survey.problems))
    return survey.collections


def survey_collections(folder: Path, mirror: Path | None = None) -> Survey:
    """Read every collection below `folder` and collect what is wrong instead of raising it."""
    collections, problems = [], []
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.is_dir() and not place.name.startswith("."):
            reader = _Reader(place, f"{folder.name}/{place.name}", mirror and mirror / place.name, problems)
            collections += filter(None, [reader.collection()])
    return Survey(tuple(collections), tuple(problems))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one collection's folder. `shown` is its name in complaints, which go to `problems`."""

    folder: Path
    shown: str
    mirror: Path | None
    problems: list[str]

    def complain(self, name: str, problem: str, line: int = 1) -> None:
        self.problems.append(f"{self.shown}/{name if name.isprintable() else ascii(name)}:{line}: {problem}")

    def collection(self) -> Collection | None:
        if not NAME_RE.fullmatch(self.folder.name):
            self.complain("", "a collection's folder is named with lower-case letters, digits, `.`, `_` and `-`")
        try:
            sheet = parse_collection(self.text(SHEET), source=f"{self.shown}/{SHEET}", name=self.folder.name)
            entries = self.entries(sheet)
        except PortalError as problem:
            self.problems.append(str(problem))
            return None
        if len(entries) > MOST_PATCHES:
            self.complain(SHEET, f"has {len(entries):,} files: divide it, {MOST_PATCHES:,} are read")
            return None
        missing = {item.name: item for item in sheet.collection.missing}
        patches = tuple(self.patches(entries, missing))
        here = {entry.name for entry in entries if self.file(entry.name, missing)}
        left = tuple(item for name, item in missing.items() if name not in here)
        return replace(sheet.collection, patches=patches, missing=left)

    def text(self, name: str) -> str:
        try:
            return _read(self.folder / name, self.folder).decode("utf-8")
        except (OSError, SourceError, UnicodeDecodeError) as problem:
            raise ParseError(f"{self.shown}/{name}", 1, "must be there, as a small text in UTF-8") from problem

    def entries(self, sheet: CollectionFile) -> tuple[SeriesEntry, ...]:
        """Return the patches in their order, with the level that the series names, -1 where it is to be found."""
        missing = [item.name for item in sheet.collection.missing]
        found = sorted({*self.names(), *(name for name in missing if self.mirrored(name))})
        if sheet.order != SERIES and not (self.folder / SERIES).exists():
            for name in found:
                if not has_known_ending(name):
                    self.complain(name, f"is no patch by its name: it ends in none of {', '.join(ENDINGS)}")
            return tuple(SeriesEntry(name, -1, 1) for name in found)
        entries = parse_series(self.text(SERIES), source=f"{self.shown}/{SERIES}")
        listed = {entry.name for entry in entries}
        for entry in entries:
            if entry.name not in (*found, *missing):
                self.complain(SERIES, f"{entry.name!r} is not here: add it, or list it as `missing`", entry.line)
        for name in found:
            if name not in (*listed, *missing):
                self.complain(name, f"is not named in {SERIES}: add it there, or remove it")
        return (*entries, *(SeriesEntry(name, -1, 1) for name in found if name in missing and name not in listed))

    def names(self) -> Iterator[str]:
        for file in sorted(self.folder.rglob("*")):
            name = file.relative_to(self.folder).as_posix()
            if file.is_symlink():
                self.complain(name, "is a symbolic link: put the file itself here")
            elif file.is_file() and name not in BESIDE and not file.name.endswith((".partial", ".partial.json")):
                yield name

    def mirrored(self, name: str) -> Path | None:
        file = self.mirror / slug(name) if self.mirror else None
        return file if file and file.is_file() else None

    def file(self, name: str, missing: dict[str, Missing]) -> Path | None:
        """Return where a patch is: here, or in the mirror when it is the file that is missing."""
        here = self.folder / name
        return here if here.is_file() else self.mirrored(name) if name in missing else None

    def patches(self, entries: Iterable[SeriesEntry], missing: dict[str, Missing]) -> Iterator[Patch]:
        links: frozenset[bytes] = frozenset()
        for entry in entries:
            file = self.file(entry.name, missing)
            if not file:
                continue
            try:
                data = _read(file, self.folder if file.is_relative_to(self.folder) else file.parent)
                self.compare(entry.name, data, missing)
                made = make_patch(entry.name, data, strip=None if entry.strip < 0 else entry.strip, links=links)
                links = links_after((file for patch in made for file in patch.files), links)
            except OSError as problem:
                self.complain(entry.name, f"cannot be read: {problem.strerror}")
            except (ParseError, SourceError) as problem:
                self.problems.append(f"{self.shown}/{problem}")
            else:
                yield from made

    def compare(self, name: str, data: bytes, missing: dict[str, Missing]) -> None:
        wanted = missing[name].sha256 if name in missing else ""
        if wanted and wanted != (found := hashlib.sha256(data).hexdigest()):
            raise RefusedPatch(name, 1, f"its SHA-256 is {found}, {SHEET} wants {wanted}: it is another file")


def _read(file: Path, inside: Path) -> bytes:
    """Read a plain file below `inside` that is not too big; raises SourceError or OSError."""
    if not file.resolve().is_relative_to(inside.resolve()) or not file.is_file():
        raise SourceError(f"{file.name}:1: is not here, or no plain file of the folder")
    if file.stat().st_size > LARGEST_BYTES:
        raise SourceError(f"{file.name}:1: is larger than the {LARGEST_BYTES >> 20} MiB that are read")
    return file.read_bytes()


def has_known_ending(name: str) -> bool:
    """Whether a file is a patch by its name, packed or not."""
    return name.removesuffix(".gz").removesuffix(".xz").endswith(ENDINGS)


def make_patch(
    name: str, data: bytes, *, strip: int | None = None, links: frozenset[bytes] = frozenset()
) -> tuple[Patch, ...]:
    """Return what a file as received holds: one patch, or each mail of an mbox as one.

    `strip` is the -p level where a series names it, `links` are the symbolic links that earlier patches made. What
    cannot be read becomes a Patch with its `problem`. Raises RefusedPatch for what must not be offered: paths that
    leave the tree, and files that unpack to more than 16 MiB.
    """
    packing = next((ending[1:] for ending in PACKINGS if name.endswith(ending)), "")
    maker = _Maker(name, hashlib.sha256(data).hexdigest(), len(data), packing, strip)
    try:
        content = unpack(data, name=name, largest_bytes=LARGEST_BYTES)
    except SourceError as problem:
        raise RefusedPatch(name, 1, f"is broken, or unpacks to more than {LARGEST_BYTES >> 20} MiB") from problem
    if len(content) > LARGEST_BYTES:
        raise RefusedPatch(name, 1, f"is larger than the {LARGEST_BYTES >> 20} MiB that are read")
    if BUNDLE_RE.match(content):
        return (maker.patch(form="bundle", data=content),)
    if is_mbox(content) or _is_mail(content):
        return maker.mails(content, links)
    return (maker.bare(content, links),)


BUNDLE_RE = re.compile(rb"# v[23] git bundle\n")
MAIL_FIELDS = ("from", "subject")


def _is_mail(data: bytes) -> bool:
    """Whether the data begins with the headers of a mail. DEP-3 headers with From: and Subject: are one as well."""
    fields, _ = fields_of(data[: 1 << 16].replace(b"\r\n", b"\n"))
    first = data.partition(b"\n")[0]
    return bool(FIRST_RE.match(first)) and all(fields[name] for name in MAIL_FIELDS)


FIRST_RE = re.compile(rb"[!-9;-~]+:")


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the patches of one file: what is the same for all of them."""

    name: str
    sha256: str
    size_bytes: int
    packing: str
    strip: int | None

    def patch(self, **fields: object) -> Patch:
        common = {"name": self.name, "sha256": self.sha256, "size_bytes": self.size_bytes, "packing": self.packing}
        return Patch(**(common | fields))

    def mails(self, content: bytes, links: frozenset[bytes]) -> tuple[Patch, ...]:
        try:
            mails = parse_mbox(content, source=self.name)
        except ParseError as problem:
            return (self.patch(form="mail", data=content, problem=str(problem)),)
        if len(mails) > MOST_PATCHES:
            raise RefusedPatch(self.name, 1, f"holds {len(mails):,} mails: divide it, {MOST_PATCHES:,} are read")
        patches = []
        for number, mail in enumerate(mails, 1):
            patch, links = self.mail(mail, self.name if len(mails) == 1 else f"{self.name}#{number}", links)
            patches.append(patch)
        return tuple(patches)

    def mail(self, mail: Mail, name: str, links: frozenset[bytes]) -> tuple[Patch, frozenset[bytes]]:
        is_cover = not mail.patch.strip() or (mail.total > 0 and mail.number == 0)
        diff, problem = self.diff(mail.patch, 0, mail.patch_line, links)
        if is_cover and not diff.files:
            problem = "" if mail.total and not mail.number else f"{name}:{mail.line}: the mail holds no diff"
        patch = self.patch(
            name=name,
            form="mail",
            data=mail.data,
            subject=mail.subject,
            author=mail.author,
            authored=mail.authored,
            message=mail.message,
            trailers=mail.trailers,
            message_id=mail.message_id,
            headers=mail.headers,
            version=mail.version,
            number=mail.number,
            total=mail.total,
            strip=diff.strip,
            files=diff.files,
            problem=problem,
        )
        return patch, diff.links

    def bare(self, content: bytes, links: frozenset[bytes]) -> Patch:
        preface = parse_dep3(content)
        diff, problem = self.diff(content, preface.end, 0, links)
        return self.patch(
            form="dep3" if content[: preface.end].strip() else "plain",
            data=content,
            subject=preface.subject,
            author=preface.author,
            authored=preface.authored,
            message=preface.message,
            trailers=preface.trailers,
            headers=preface.headers,
            strip=diff.strip,
            files=diff.files,
            problem=problem,
        )

    def diff(self, text: bytes, start: int, lines_above: int, links: frozenset[bytes]) -> tuple[UnifiedDiff, str]:
        """Read the diff; return it, or an empty one with the problem, whose line is the file's where that is known."""
        try:
            return parse_unified(text, source=self.name, start=start, strip=self.strip, links=links), ""
        except ParseError as problem:
            placed = type(problem)(self.name, problem.line + lines_above, problem.problem)
            if isinstance(problem, RefusedPatch):
                raise placed from None
            return UnifiedDiff((), 1 if self.strip is None else self.strip, links), str(placed)
