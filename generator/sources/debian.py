"""The patches of Debian source packages, fetched through the machine's own apt and kept: dsc(5), dpkg-source(1)."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial
from pathlib import Path

from generator.errors import ParseError, SourceError
from generator.model.commits import Person, Stamp
from generator.model.diffs import Hunk
from generator.model.patches import Collection, Missing, Patch, Target
from generator.model.paths import slug
from generator.parse.dates import parse_mail_date
from generator.parse.deb822 import parse_checksums, parse_deb822, signed_text
from generator.parse.series import SeriesEntry, parse_series
from generator.render.escape import decode
from generator.sources.apt import PACKAGE_RE, Apt, KnownSource
from generator.sources.patches import make_patch
from generator.sources.series import make_series
from generator.sources.unpacking import read_tar, unpack

Progress = Callable[[str], None]
TIMEOUT_S = 30.0
FACTS = "source.json"
# Where Debian's package debian-keyring puts the keys of those who may upload.
KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-{name}.gpg" for name in ("keyring", "maintainers", "nonupload"))


def sync_debian(packages: Iterable[str], folder: Path, progress: Progress) -> tuple[str, ...]:
    """Fetch every version of the packages that the machine's apt knows; return what went wrong, a line each.

    What is kept in `folder` stays, whatever happens: no apt, no network, a version that is gone from the archive.
    """
    named = list(dict.fromkeys(packages))
    problems = [f"{name!a}: no name of a Debian source package" for name in named if not PACKAGE_RE.fullmatch(name)]
    wanted = [name for name in named if PACKAGE_RE.fullmatch(name)]
    try:
        apt = Apt(folder / "apt")
        stale = _attempt("apt-get update", apt.update, progress)
        known = apt.known(wanted)
    except (SourceError, ParseError, OSError) as problem:
        return (*problems, f"debian: {problem}")
    problems += stale or _unknown(wanted, known)
    for source in known:
        what = f"{source.package} {source.version}"
        problems += _attempt(what, partial(_fetch, apt, source, folder), progress)
    return tuple(problems)


def _unknown(wanted: Iterable[str], known: Iterable[KnownSource]) -> list[str]:
    found = {source.package for source in known}
    advice = "correct `debian:`, or what apt installs from"
    return [f"{name}: apt knows no source package of this name: {advice}" for name in wanted if name not in found]


def _attempt(what: str, work: Callable[[], None], progress: Progress) -> list[str]:
    progress(what)
    try:
        work()
    except (SourceError, ParseError) as problem:
        return [f"{what}: {problem}"]
    except OSError as problem:
        return [f"{what}: {problem.strerror or problem}"]
    return []


def _fetch(apt: Apt, source: KnownSource, folder: Path) -> None:
    """Bring one version here, unless it is; it appears under its name when it is whole."""
    place = folder / slug(source.package) / slug(source.version)
    if not (place / FACTS).exists():
        draft = place.with_name(f"{place.name}.{os.getpid()}.partial")
        draft.mkdir(parents=True)
        try:
            _download(apt, source, draft)
            draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _download(apt: Apt, source: KnownSource, draft: Path) -> None:
    apt.download(source.package, source.version, "dsc", draft)
    package = _read_package(draft)
    if (package.name, package.version) != (source.package, source.version):
        raise SourceError(f"its .dsc is that of {package.name} {package.version}")
    if package.debian_part:
        apt.download(source.package, source.version, "diff", draft)
        _checked(draft, package)
    facts = {"distribution": source.distribution, "signed_by": _signer(package.file)}
    (draft / FACTS).write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Package:
    """What a .dsc says. `debian_part` is the name of the file with Debian's changes, "" for a native package."""

    file: Path
    name: str
    version: str
    form: str
    maintainer: str
    debian_part: str
    sha256: str
    size_bytes: int


DEBIAN_PART_RE = re.compile(r"[\w.+~-]+\.(?:debian\.tar\.(?:gz|bz2|xz|lzma)|diff\.gz)")


def _read_package(folder: Path) -> _Package:
    """Read the .dsc in a folder. Raises SourceError when there is not one, ParseError when it is none."""
    files = sorted(folder.glob("*.dsc"))
    if len(files) != 1:
        raise SourceError("has no .dsc")
    text = decode(files[0].read_bytes())
    fields = next(parse_deb822(signed_text(text), source=files[0].name), {})
    sums = parse_checksums(fields.get("checksums-sha256", ""))
    part = next(filter(DEBIAN_PART_RE.fullmatch, sums), "")
    sha256, size_bytes = sums.get(part, ("", 0))
    return _Package(
        file=files[0],
        name=fields.get("source", ""),
        version=fields.get("version", ""),
        form=fields.get("format", ""),
        maintainer=fields.get("maintainer", ""),
        debian_part=part,
        sha256=sha256,
        size_bytes=size_bytes,
    )


def _checked(folder: Path, package: _Package) -> bytes:
    """Return Debian's part when it is what the .dsc says it is."""
    try:
        data = (folder / package.debian_part).read_bytes()
    except FileNotFoundError as problem:
        raise SourceError(f"{package.debian_part}: is not here: run `kdump-portal sync`") from problem
    if len(data) != package.size_bytes or hashlib.sha256(data).hexdigest() != package.sha256:
        raise SourceError(f"{package.debian_part}: is not what its .dsc says: remove it and run `kdump-portal sync`")
    return data


def _signer(dsc: Path) -> str:
    """Return the user id of the key that signed a .dsc, "" when that could not be checked here."""
    rings = [word for ring in KEYRINGS if ring.is_file() for word in ("--keyring", str(ring))]
    if not rings or not shutil.which("gpgv"):
        return ""
    command = ["gpgv", "--status-fd", "1", *rings, str(dsc)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return ""
    match = GOOD_RE.search(decode(done.stdout))
    return match[1] if match and done.returncode == 0 else ""


GOOD_RE = re.compile(r"^\[GNUPG:\] GOODSIG [0-9A-F]+ (.*)$", re.MULTILINE)


def load_debian(packages: Iterable[str], folder: Path) -> tuple[Collection, ...]:
    """Return a collection for each version of the packages that is kept, without the network.

    A target's source is the package's name and its tag is "": which tag it is, `relate.targets` finds. Raises
    SourceError with every problem, one a line.
    """
    collections, problems = survey_debian(packages, folder)
    if problems:
        raise SourceError("\n".join(problems))
    return collections


def survey_debian(packages: Iterable[str], folder: Path) -> tuple[tuple[Collection, ...], tuple[str, ...]]:
    """Return the collections that can be read and what is wrong with the others, a line each."""
    collections: list[Collection] = []
    problems: list[str] = []
    for name in dict.fromkeys(packages):
        for place in sorted((folder / slug(name)).glob(f"*/{FACTS}")):
            try:
                collections.append(_collection(place.parent))
            except (SourceError, ParseError) as problem:
                problems.append(f"{name} {place.parent.name}: {problem}")
            except OSError as problem:
                problems.append(f"{name} {place.parent.name}: cannot be read: {problem.strerror or problem}")
    return tuple(collections), tuple(problems)


def _collection(folder: Path) -> Collection:
    package = _read_package(folder)
    facts = _facts(folder)
    distribution = facts["distribution"] or distribution_in(package.version)
    contents = _Contents()
    if package.debian_part:
        contents = _contents(package, _checked(folder, package), distribution)
    name, address = parseaddr(package.maintainer)
    return Collection(
        name=f"debian-{package.name}-{without_epoch(package.version)}",
        title=f"{package.name} {package.version} in {distribution or 'Debian'}",
        kind="distribution",
        description=_description(package, facts["signed_by"], bool(contents.patches)),
        target=Target(source=package.name, tag="", package=package.name, version=upstream_version(package.version)),
        distribution=distribution,
        patches=contents.patches,
        missing=contents.missing,
        maintainer=Person(name, address) if address else None,
        released=contents.released,
    )


def _facts(folder: Path) -> Mapping[str, str]:
    try:
        facts = json.loads((folder / FACTS).read_text("utf-8"))
        return {name: str(facts.get(name, "")) for name in ("distribution", "signed_by")}
    except (OSError, ValueError, AttributeError) as problem:
        raise SourceError(f"{FACTS} cannot be read: remove the folder and run `kdump-portal sync`") from problem


def _description(package: _Package, signer: str, has_patches: bool) -> str:
    if not package.debian_part:
        what = "A native package: the distribution itself is its author, so it carries no patches."
    elif has_patches:
        what = "The patches that the distribution's source package applies, in its order."
    else:
        what = "The distribution's source package has no patches."
    checked = "Fetched through apt, which checked its sums down from the archive's signed Release file."
    signed = f"The .dsc is signed by {signer}." if signer else "The signature of the .dsc itself was not checked here."
    return f"{what} Source format {package.form}. {checked} {signed}"


def without_epoch(version: str) -> str:
    """Return a package's version as its files have it: `1:2.0.25-3` is 2.0.25-3."""
    return version.partition(":")[2] or version


def upstream_version(version: str) -> str:
    """Return the version of what is packaged: `1:2.0.25+dfsg-3` is 2.0.25."""
    whole = without_epoch(version)
    upstream = whole.rpartition("-")[0] or whole
    return REPACKED_RE.sub("", upstream)


REPACKED_RE = re.compile(r"[+~.-](?:dfsg|ds|repack|really)[\w.+~-]*$")


def distribution_in(version: str) -> str:
    """Return the distribution that a version names itself, such as "Debian 12" for `+deb12u3`; mostly none."""
    match = re.search(r"[+~](deb|bpo)(\d{1,3})", version)
    return f"Debian {match[2]}" if match else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    """What was found in Debian's part of a source package."""

    patches: tuple[Patch, ...] = ()
    missing: tuple[Missing, ...] = ()
    released: Stamp | None = None


PATCHES = "debian/patches/"
CHANGELOG = "debian/changelog"


def _is_wanted(path: str) -> bool:
    return path.startswith(PATCHES) or path == CHANGELOG


def _contents(package: _Package, data: bytes, distribution: str) -> _Contents:
    if package.debian_part.endswith(".diff.gz"):
        files, others = _added_files(package, data)
    else:
        files, others = read_tar(data, name=package.debian_part, wanted=_is_wanted), ()
    entries = _series(files, distribution)
    here = [entry for entry in entries if PATCHES + entry.name in files]
    named = make_series((entry.name, files[PATCHES + entry.name], entry.strip) for entry in here)
    return _Contents(
        patches=(*others, *named),
        missing=tuple(Missing(name=entry.name, purpose=ABSENT) for entry in entries if entry not in here),
        released=changelog_date(decode(files.get(CHANGELOG, b""))),
    )


ABSENT = "named in the package's series, but not in the package"


def _series(files: Mapping[str, bytes], distribution: str) -> tuple[SeriesEntry, ...]:
    """Return the patches in the order of the series; a vendor's own series goes before the common one."""
    vendor = distribution.partition(" ")[0].lower()
    name = next((name for name in (f"{vendor}.series", "series") if PATCHES + name in files), "")
    return parse_series(decode(files[PATCHES + name]), source=PATCHES + name) if name else ()


def _added_files(package: _Package, data: bytes) -> tuple[Mapping[str, bytes], Sequence[Patch]]:
    """Read a format 1.0 diff: the files that it adds below debian/, and itself when it changes anything else."""
    unpack(data, name=package.debian_part)  # with our limits, before anybody else does it
    whole = make_patch(package.debian_part, data)
    diffs = [file for patch in whole for file in patch.files]
    if not diffs:
        raise SourceError(f"{package.debian_part}: {whole[0].problem if whole else 'is empty'}")
    files = {decode(file.path): _added(file.hunks) for file in diffs if _is_wanted(decode(file.path))}
    changes_more = any(not file.path.startswith(b"debian/") for file in diffs)
    return files, whole if changes_more else ()


def _added(hunks: Sequence[Hunk]) -> bytes:
    return b"".join(line[1:] + b"\n" for hunk in hunks for line in hunk.lines if line.startswith(b"+"))


def changelog_date(text: str) -> Stamp | None:
    """Return when a package's newest version was made, from its changelog: deb-changelog(5)."""
    match = CHANGED_RE.search(text)
    return parse_mail_date(match[1]) if match else None


CHANGED_RE = re.compile(r"^ -- [^\n]*>  ([^\n]+)$", re.MULTILINE)
