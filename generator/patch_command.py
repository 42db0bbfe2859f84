"""What `kdump-portal patch` does: add a patch to a collection, check all of them, say what there is."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from posixpath import basename
from urllib.parse import unquote, urlsplit

from generator.errors import PortalError
from generator.model.diffs import count_lines
from generator.model.patches import Collection, Facts, Patch
from generator.relate.patch_ids import patch_id
from generator.render.escape import decode
from generator.sources.http import Progress, fetch_file
from generator.sources.patches import (
    ENDINGS,
    LARGEST_BYTES,
    SERIES,
    SHEET,
    Survey,
    has_known_ending,
    make_patch,
    survey_collections,
)

NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,119}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `problems` must be mended, `notes` are worth knowing; a line `file:line: …` each."""

    collections: int
    patches: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def add_patch(folder: Path, collection: str, where: str, progress: Progress) -> tuple[Patch, ...]:
    """Put a file, or what an address gives, into a collection as it is, and into its series; return its patches.

    Raises PortalError when it is no patch, one that must not be offered, or there already.
    """
    home = _home(folder, collection)
    name, data = _received(where, progress)
    if not NAME_RE.fullmatch(name) or not has_known_ending(name):
        raise PortalError(f"{name}: name it with letters, digits and ._+~-, and one of {', '.join(ENDINGS)} at its end")
    patches = make_patch(name, data)
    problems = [patch.problem for patch in patches if patch.problem]
    if problems:
        raise PortalError("\n".join(problems))
    _refuse_known(folder, collection, patches)
    _store(home, name, data, patches[0].strip)
    return patches


def _home(folder: Path, collection: str) -> Path:
    homes = {sheet.parent.name: sheet.parent for sheet in sorted(folder.glob(f"*/{SHEET}"))}
    if collection not in homes:
        known = ", ".join(homes) or "none"
        raise PortalError(
            f"{collection}: no such collection; there are: {known}. Begin one with a {SHEET} in its folder"
        )
    return homes[collection]


def _received(where: str, progress: Progress) -> tuple[str, bytes]:
    if not where.startswith(("http://", "https://")):
        file = Path(where)
        if not file.is_file():
            raise PortalError(f"{where}: no such file")
        if file.stat().st_size > LARGEST_BYTES:
            raise PortalError(f"{where}: is larger than the {LARGEST_BYTES >> 20} MiB that are read")
        return file.name, file.read_bytes()
    with tempfile.TemporaryDirectory(prefix="kdump-portal-") as scratch:
        file = Path(scratch) / "received"
        fetch_file(where, file, max_bytes=LARGEST_BYTES, timeout_s=30.0, progress=progress)
        return unquote(basename(urlsplit(where).path)), file.read_bytes()


def _refuse_known(folder: Path, collection: str, patches: Iterable[Patch]) -> None:
    known = {
        (patch.sha256, other.name): patch for other in survey_collections(folder).collections for patch in other.patches
    }
    for patch in patches:
        if twin := known.get((patch.sha256, collection)):
            raise PortalError(f"{patch.name}: the collection has these bytes already, as {twin.name}")


def _store(home: Path, name: str, data: bytes, strip: int) -> None:
    try:
        with (home / name).open("xb") as file:
            file.write(data)
    except FileExistsError as problem:
        raise PortalError(f"{home.name}/{name}: is there already with other bytes; nothing is overwritten") from problem
    series = home / SERIES
    if series.exists():
        text = series.read_text("utf-8")
        gap = "" if not text or text.endswith("\n") else "\n"
        series.write_text(f"{text}{gap}{name}{'' if strip == 1 else f' -p{strip}'}\n", "utf-8")


def check_patches(folder: Path, mirror: Path | None = None) -> Checked:
    """Read all collections and return what is wrong with them. An equal patch in two collections is only noted."""
    survey = survey_collections(folder, mirror)
    patches = [(collection, patch) for collection in survey.collections for patch in collection.patches]
    doubles = tuple(_doubles(folder.name, patches))
    return Checked(
        collections=len(survey.collections),
        patches=len(patches),
        problems=(*_problems(folder.name, survey), *(text for is_within, text in doubles if is_within)),
        notes=tuple(text for is_within, text in doubles if not is_within),
    )


def _problems(shown: str, survey: Survey) -> Iterator[str]:
    yield from survey.problems
    for collection in survey.collections:
        yield from (f"{shown}/{collection.name}/{patch.problem}" for patch in collection.patches if patch.problem)


def _doubles(shown: str, patches: Iterable[tuple[Collection, Patch]]) -> Iterator[tuple[bool, str]]:
    """Yield for each patch that was there before whether in the same collection, and a line that says so.

    Versions of one series may share patches, and mails of one mbox share the file's SHA-256.
    """
    seen: dict[tuple[object, ...], tuple[Collection, Patch]] = {}
    for collection, patch in patches:
        for said, key in _identities(patch):
            _, near = seen.setdefault((collection.name, *key), (collection, patch))
            first, far = seen.setdefault(key, (collection, patch))
            line = f"{shown}/{collection.name}/{patch.name}:1: {said} as"
            if near is not patch:
                yield True, f"{line} {near.name} in the same collection: remove one of them"
                break
            if far is not patch:
                yield False, f"{line} {shown}/{first.name}/{far.name}"
                break


def _identities(patch: Patch) -> Iterator[tuple[str, tuple[object, ...]]]:
    if "#" not in patch.name:
        yield "the same bytes", ("bytes", patch.sha256)
    if same := patch_id(patch.files):
        yield "the same change", ("change", same, patch.version)


def is_amable(patch: Patch) -> bool:
    """Whether `git am` should take the bytes as they are: a mail with author, subject and a diff for -p1."""
    is_whole = bool(patch.author and patch.subject and patch.files) and not patch.problem
    return patch.form == "mail" and not patch.packing and is_whole and patch.strip == 1


def describe(patch: Patch) -> dict[str, object]:
    """Return what there is to say of a patch, for JSON. Bytes that are no UTF-8 become U+FFFD."""
    added, removed = (sum(counts) for counts in zip((0, 0), *map(count_lines, patch.files), strict=True))
    said = {
        "patch": patch.name,
        "form": patch.form,
        "packing": patch.packing,
        "sha256": patch.sha256,
        "size_bytes": patch.size_bytes,
        "subject": patch.subject,
        "author": f"{patch.author.name} <{patch.author.email}>" if patch.author else "",
        "version": patch.version,
        "number": patch.number,
        "total": patch.total,
        "strip": patch.strip,
        "files": [decode(file.path) for file in patch.files],
        "added": added,
        "removed": removed,
        "patch_id": patch_id(patch.files),
        "git_am": is_amable(patch),
        "problem": patch.problem,
    }
    return {key: _clean(value) for key, value in said.items()}


def _clean(value: object) -> object:
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if isinstance(value, str) else value


def describe_all(collections: Iterable[Collection], facts: Facts | None = None) -> list[dict[str, object]]:
    """Return each patch of each collection, and each missing one; with where it came from and applies, if known."""
    rows: list[dict[str, object]] = []
    for collection in collections:
        rows += ({"collection": collection.name, **describe(patch), **_known(collection, patch, facts)}
                 for patch in collection.patches)  # fmt: skip
        rows += ({"collection": collection.name, "patch": item.name, "form": "missing", "address": item.address,
                  "sha256": item.sha256, "problem": "is not here"} for item in collection.missing)  # fmt: skip
    return rows


def _known(collection: Collection, patch: Patch, facts: Facts | None) -> dict[str, object]:
    fact = facts.get((collection.name, patch.name)) if facts else None
    if fact is None:
        return {}
    return {"provenance": asdict(fact.provenance), "applies": [asdict(result) for result in fact.applications]}


def summary(patch: Patch) -> str:
    """Return what a patch is, as lines for a terminal: nothing in it can act there."""
    said = describe(patch)
    files = f"{len(patch.files)} files, +{said['added']} -{said['removed']}" if patch.files else "no files"
    lines = [
        f"{patch.name}: {FORMS[patch.form]}{f', packed as {patch.packing}' if patch.packing else ''}",
        f"  subject   {patch.subject or 'none'}",
        f"  author    {said['author'] or 'none'}",
        f"  changes   {files}, -p{patch.strip}",
        f"  patch-id  {said['patch_id'] or 'none'}",
        f"  git am    {'takes it as it is' if said['git_am'] else 'does not take it as it is'}",
    ]
    return "\n".join(UNSAFE_RE.sub(lambda match: f"\\x{ord(match[0]):02x}", line) for line in lines)


UNSAFE_RE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORMS = {
    "mail": "a mail with a patch",
    "plain": "a bare diff",
    "dep3": "a diff below headers or text",
    "bundle": "a git bundle",
}
