"""A distribution's package kept in git: a spec file and the patches it names, at the head of a branch."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.errors import SourceError
from generator.model.commits import Stamp
from generator.model.patches import Collection, Missing, Patch, Target
from generator.parse.spec import Spec, parse_spec
from generator.render.escape import decode
from generator.sources.git import Mirror, list_tree, stamp
from generator.sources.series import make_series

LARGEST_BYTES = 32 << 20
FOLDERS = ("", "SOURCES/", "SPECS/")  # where the files stand: most have them at the top
FILE_MODES = ("100644", "100755")


def load_dist_git(mirror: Mirror, name: str, title: str, distribution: str) -> Collection:
    """Return the patches that the spec at the head of the mirror's branch applies, in its order.

    A patch that the spec names and the repository lacks is one of `missing`. A target's source is the package's name
    and its tag is "": which tag it is, `relate.targets` finds. Raises SourceError when there is no spec, ParseError
    when it is none.
    """
    files = _files(mirror)
    spec_path = _spec_path(files, name)
    spec = parse_spec(decode(_read(mirror, files[spec_path])), source=f"{name}: {spec_path}")
    return Collection(
        name=name,
        title=title,
        kind="distribution",
        description=_description(spec),
        target=Target(source=spec.name, tag="", package=spec.name, version=spec.version),
        distribution=distribution,
        licence=spec.licence,
        origin=_origin(mirror),
        patches=_patches(mirror, files, spec),
        missing=_absent(files, spec),
        released=_head_date(mirror),
    )


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    mode: str
    blob: str
    size_bytes: int


def _files(mirror: Mirror) -> Mapping[str, _File]:
    rows = list_tree(mirror, "HEAD")
    return {path: _File(path, mode, blob, size) for mode, kind, blob, size, path in rows if kind == "blob"}


def _spec_path(files: Mapping[str, _File], name: str) -> str:
    """Return the spec's path; of many, the one whose name is most like the collection's."""
    found = [path for path in files if path.endswith(".spec") and path.rpartition("/")[0] + "/" in ("/", *FOLDERS)]
    if not found:
        raise SourceError(f"{name}: has no .spec file at the head of its branch: correct `branch:` or the address")
    stems = {path: path.rpartition("/")[2].removesuffix(".spec") for path in found}
    return min(found, key=lambda path: (stems[path] not in name, -len(stems[path]), path))


def _read(mirror: Mirror, file: _File) -> bytes:
    if file.mode not in FILE_MODES:
        raise SourceError(f"{mirror.folder.name}: {file.path!a} is a link, which is not followed")
    if file.size_bytes > LARGEST_BYTES:
        raise SourceError(f"{mirror.folder.name}: {file.path!a} is larger than {LARGEST_BYTES >> 20} MiB")
    return mirror.run("cat-file", "blob", file.blob)


def _place(files: Mapping[str, _File], name: str) -> _File | None:
    return next((files[folder + name] for folder in FOLDERS if folder + name in files), None)


def _patches(mirror: Mirror, files: Mapping[str, _File], spec: Spec) -> tuple[Patch, ...]:
    here = [(entry, file) for entry in spec.patches if (file := _place(files, entry.file))]
    return make_series((entry.file, _read(mirror, file), entry.strip) for entry, file in here)


def _absent(files: Mapping[str, _File], spec: Spec) -> tuple[Missing, ...]:
    why = "named in the spec, but not in the repository"
    return tuple(Missing(name=entry.file, purpose=why) for entry in spec.patches if _place(files, entry.file) is None)


def _description(spec: Spec) -> str:
    """Return what the spec says of the patches besides their order, in sentences."""
    said = [f"The patches that the spec file of {spec.name} {spec.version} applies, in its order."]
    if spec.is_guess:
        said = [
            f"The patches that the spec file of {spec.name} {spec.version} names; how it applies them is not plain."
        ]
    said += [
        f"{patch.file} is applied under a condition: {patch.condition}." for patch in spec.patches if patch.condition
    ]
    said += [f"{patch.file} is named and not applied." for patch in spec.unused]
    return " ".join(said)


def _origin(mirror: Mirror) -> str:
    """Return where the mirror comes from, when that means something elsewhere than on this machine."""
    address = mirror.state.address if mirror.state else ""
    return address if address.startswith(("https://", "http://", "git://")) and "@" not in address else ""


def _head_date(mirror: Mirror) -> Stamp:
    words = mirror.run("log", "-1", "--date=raw", "--format=%cd", "HEAD", "--")
    return stamp(decode(words).strip())
