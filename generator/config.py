"""The portal's part of mkdocs.yml, checked key by key; every complaint names file and line."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from generator.errors import ConfigError
from generator.model.histories import GitSource, Tarballs
from generator.model.patches import DistGit, PatchSources
from generator.model.report_sources import ReportSource, ReportSources

PLUGIN = "kdump-portal"
NAME_RE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
ENVIRONMENT_PREFIX = "KDUMP_PORTAL_SOURCE_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the portal is told. Files and folders are absolute."""

    file: Path
    site_url: str
    content_folder: Path  # of the hand-written pages
    cache_folder: Path
    sources: tuple[GitSource, ...]
    patches: PatchSources
    reports: ReportSources
    require_sources: bool = False

    def mirror_folder(self, source: GitSource) -> Path:
        """Return where a source's mirror is kept."""
        return self.cache_folder / "mirrors" / f"{source.name}.git"

    def releases_folder(self, source: GitSource) -> Path:
        """Return where the archives of a source's releases are kept."""
        return self.cache_folder / "releases" / source.name

    def dist_git_folder(self, origin: DistGit) -> Path:
        """Return where a distribution's repository is mirrored."""
        return self.cache_folder / "dist-git" / f"{origin.name}.git"

    @property
    def debian_folder(self) -> Path:
        """Where Debian's source packages are kept."""
        return self.cache_folder / "debian"

    @property
    def missing_patches_folder(self) -> Path:
        """Where files are kept that collections list as missing and that could be fetched."""
        return self.cache_folder / "patches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says besides: addresses by source name, and whether every source must be there."""

    sources: Mapping[str, str]
    require_sources: bool = False


NO_OPTIONS = Options(sources={})


class Place:
    """Where the plugin's settings stand in mkdocs.yml, so that a complaint can name the line."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._root = _plugin_node(file)

    def error(self, path: tuple[str, ...], problem: str) -> ConfigError:
        """Return the complaint about the setting at `path`."""
        return ConfigError(f"{self.file.name}:{self._line(path)}: {'.'.join((PLUGIN, *path))}: {problem}")

    def _line(self, path: tuple[str, ...]) -> int:
        node, line = self._root, 1
        if node is not None:
            line = node.start_mark.line + 1
        for name in path:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            found = [(key, value) for key, value in pairs if key.value == name]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        return line


def _plugin_node(file: Path) -> yaml.Node | None:
    """Return the YAML node of our plugin's settings; `compose` builds no objects, so tags are harmless."""
    try:
        root = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return None
    plugins = [value for key, value in getattr(root, "value", ()) if key.value == "plugins"]
    for item in (entry for plugin in plugins for entry in plugin.value):
        pairs = [item] if isinstance(item, tuple) else getattr(item, "value", ())
        for pair in pairs:
            if isinstance(pair, tuple) and pair[0].value == PLUGIN:
                return pair[1]
    return None


def load_config(
    settings: Mapping[str, Any], *, file: Path, site_url: str, docs_dir: str = "content", options: Options = NO_OPTIONS
) -> Config:
    """Check the plugin's settings and return them. Raises ConfigError with every problem, one a line."""
    place = Place(file)
    problems: list[ConfigError] = []
    sources = []
    entries = settings.get("sources") or {}
    if not isinstance(entries, Mapping):
        raise place.error(("sources",), "must be a mapping: `name:` and its settings")
    for name, entry in entries.items():
        try:
            sources.append(_source(str(name), entry, place, file.parent))
        except ConfigError as problem:
            problems.append(problem)
    patches = PatchSources(folder=file.parent / "patches")
    try:
        patches = _patches(settings.get("patches") or {}, place, file.parent)
    except ConfigError as problem:
        problems.append(problem)
    reports = ReportSources(folder=file.parent / "content" / "reports")
    try:
        reports = _reports(settings.get("reports") or {}, place, file.parent)
    except ConfigError as problem:
        problems.append(problem)
    if problems:
        raise ConfigError("\n".join(str(problem) for problem in problems))
    return Config(
        file=file,
        site_url=site_url.rstrip("/") + "/" if site_url else "",
        content_folder=file.parent / docs_dir,
        cache_folder=(file.parent / str(settings.get("cache_dir") or ".cache")).resolve(),
        sources=_overridden(sources, options),
        patches=patches,
        reports=reports,
        require_sources=options.require_sources,
    )


def _overridden(sources: list[GitSource], options: Options) -> tuple[GitSource, ...]:
    """Put in the addresses that the command line or, after it, the environment names."""
    unknown = options.sources.keys() - {source.name for source in sources}
    if unknown:
        known = ", ".join(source.name for source in sources) or "none"
        raise ConfigError(f"--source {sorted(unknown)[0]}: no such source; mkdocs.yml has: {known}")
    result = []
    for source in sources:
        variable = ENVIRONMENT_PREFIX + re.sub(r"[^A-Z0-9]", "_", source.name.upper())
        address = options.sources.get(source.name) or os.environ.get(variable)
        result.append(replace(source, override=address) if address else source)
    return tuple(result)


def _source(name: str, entry: Any, place: Place, folder: Path) -> GitSource:
    path = ("sources", name)
    if not NAME_RE.fullmatch(name):
        raise place.error(path, "a source's name is lower-case letters, digits, `.`, `_` and `-`")
    _check_keys(entry, KEYS, path, place)
    for key in ("title", "description", "branch", "keyring", "manual"):
        if not isinstance(entry.get(key, ""), str):
            raise place.error((*path, key), "must be text; put it in quotes")
    addresses = _texts(entry, "addresses", path, place)
    if not addresses:
        raise place.error((*path, "addresses"), "is missing: list at least one address or folder")
    keyring = entry.get("keyring", "")
    return GitSource(
        name=name,
        title=entry.get("title") or name,
        description=entry.get("description", ""),
        addresses=tuple(_absolute(address, folder) for address in addresses),
        branch=entry.get("branch", ""),
        trees=_texts(entry, "trees", path, place) or ("newest",),
        xz=_texts(entry, "xz", path, place),
        keyring=str(folder / keyring) if keyring else "",
        tarballs=_tarballs(entry, path, place),
        manual=entry.get("manual", ""),
    )


KEYS = ("title", "description", "addresses", "branch", "trees", "xz", "keyring", "tarballs", "manual")


def _absolute(address: str, folder: Path) -> str:
    """A folder in mkdocs.yml is meant from the file on, wherever the command runs."""
    is_elsewhere = address.startswith(("/", "~", "-")) or ":" in address
    return address if is_elsewhere else str((folder / address).resolve())


def _texts(entry: Mapping, key: str, path: tuple[str, ...], place: Place) -> tuple[str, ...]:
    value = entry.get(key, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) and item for item in values):
        raise place.error((*path, key), "must be a list of texts; put numbers in quotes")
    return tuple(values)


def _tarballs(entry: Mapping, path: tuple[str, ...], place: Place) -> Tarballs | None:
    value = entry.get("tarballs")
    if value is None:
        return None
    here = (*path, "tarballs")
    keys = tuple(Tarballs.__dataclass_fields__)
    if not isinstance(value, Mapping) or not value.get("url"):
        raise place.error(here, "must be a mapping with at least `url:`")
    for key, text in value.items():
        if key not in keys:
            raise place.error((*here, str(key)), f"no such setting; there are: {', '.join(keys)}")
        if not isinstance(text, str):
            raise place.error((*here, key), "must be text; put it in quotes")
    if not value["url"].startswith(("https://", "http://")):
        raise place.error((*here, "url"), "must start with https:// or http://")
    return Tarballs(**value)


PATCH_KEYS = ("folder", "debian", "dist_git")
DIST_GIT_KEYS = ("title", "distribution", "addresses", "branch")


def _patches(entry: Any, place: Place, folder: Path) -> PatchSources:
    path = ("patches",)
    _check_keys(entry, PATCH_KEYS, path, place)
    origins = entry.get("dist_git") or {}
    if not isinstance(origins, Mapping):
        raise place.error((*path, "dist_git"), "must be a mapping: `name:` and its settings")
    where = entry.get("folder", "patches")
    if not isinstance(where, str):
        raise place.error((*path, "folder"), "must be text: a folder, from the file on")
    return PatchSources(
        folder=(folder / where).resolve(),
        debian=_texts(entry, "debian", path, place),
        dist_git=tuple(_dist_git(str(name), origin, place, folder) for name, origin in origins.items()),
    )


def _dist_git(name: str, entry: Any, place: Place, folder: Path) -> DistGit:
    path = ("patches", "dist_git", name)
    if not NAME_RE.fullmatch(name):
        raise place.error(path, "a name is lower-case letters, digits, `.`, `_` and `-`")
    _check_keys(entry, DIST_GIT_KEYS, path, place)
    for key in ("title", "distribution", "branch"):
        if not isinstance(entry.get(key, ""), str):
            raise place.error((*path, key), "must be text; put it in quotes")
    addresses = _texts(entry, "addresses", path, place)
    if not addresses:
        raise place.error((*path, "addresses"), "is missing: list at least one address or folder")
    return DistGit(
        name=name,
        title=entry.get("title") or name,
        distribution=entry.get("distribution", ""),
        addresses=tuple(_absolute(address, folder) for address in addresses),
        branch=entry.get("branch", ""),
    )


REPORT_KEYS = ("folder", "signers", "sources")
REPORT_KINDS = ("git", "folder", "index")
REPORT_SOURCE_KEYS = (*REPORT_KINDS, "branch", "origins", "signers")


def _reports(entry: Any, place: Place, folder: Path) -> ReportSources:
    path = ("reports",)
    _check_keys(entry, REPORT_KEYS, path, place)
    for key in ("folder", "signers"):
        if not isinstance(entry.get(key, ""), str):
            raise place.error((*path, key), "must be text: a path, from the file on")
    sources = entry.get("sources") or {}
    if not isinstance(sources, Mapping):
        raise place.error((*path, "sources"), "must be a mapping: `name:` and its settings")
    return ReportSources(
        folder=(folder / entry.get("folder", "content/reports")).resolve(),
        signers=_file(entry, "signers", folder),
        sources=tuple(_report_source(str(name), source, place, folder) for name, source in sources.items()),
    )


def _report_source(name: str, entry: Any, place: Place, folder: Path) -> ReportSource:
    path = ("reports", "sources", name)
    if not NAME_RE.fullmatch(name):
        raise place.error(path, "a name is lower-case letters, digits, `.`, `_` and `-`")
    _check_keys(entry, REPORT_SOURCE_KEYS, path, place)
    for key in (*REPORT_KINDS, "branch", "signers"):
        if not isinstance(entry.get(key, ""), str):
            raise place.error((*path, key), "must be text; put it in quotes")
    kinds = [kind for kind in REPORT_KINDS if entry.get(kind)]
    if len(kinds) != 1:
        raise place.error(path, "needs one of `git:` (an address), `folder:` and `index:` (an https address)")
    for key in ("branch", "signers"):
        if key in entry and kinds != ["git"]:
            raise place.error((*path, key), "goes with `git:` alone: only commits are signed")
    _check_public(entry[kinds[0]], (*path, kinds[0]), place)
    return ReportSource(
        name=name,
        kind=kinds[0],
        address=entry[kinds[0]],
        origins=_texts(entry, "origins", path, place) or (name,),
        branch=(entry.get("branch") or "reports") if kinds == ["git"] else "",
        signers=_file(entry, "signers", folder),
    )


def _check_public(address: str, path: tuple[str, ...], place: Place) -> None:
    """Refuse a password in a file that everybody reads."""
    if re.match(r"[a-z+]+://[^/]*:[^/]*@", address, re.IGNORECASE):
        raise place.error(path, "must hold no password: put a token into the environment, as KDUMP_PORTAL_TOKEN_NAME")


def _file(entry: Mapping, key: str, folder: Path) -> str:
    return str((folder / entry[key]).resolve()) if entry.get(key) else ""


def _check_keys(entry: Any, keys: tuple[str, ...], path: tuple[str, ...], place: Place) -> None:
    if not isinstance(entry, Mapping):
        raise place.error(path, f"must be a mapping of: {', '.join(keys)}")
    for key in entry:
        if key not in keys:
            raise place.error((*path, str(key)), f"no such setting; there are: {', '.join(keys)}")
