"""The world brought here: mirrors of git sources, and tarballs as released. The only stage that uses the network."""

import time
from collections.abc import Callable

from generator.config import Config
from generator.errors import SourceError
from generator.model.histories import GitSource
from generator.model.mirrors import MirrorState
from generator.sources.debian import sync_debian
from generator.sources.git import Mirror, read_tags, sync_mirror
from generator.sources.missing import sync_missing
from generator.sources.patches import survey_collections
from generator.sources.tarballs import sync_tarballs

Say = Callable[[str], None]
PROGRESS_S = 0.5


def sync_source(config: Config, source: GitSource, say: Say) -> MirrorState:
    """Bring a source's mirror up to date. Raises SourceError when no address answered; the last good mirror stays."""
    addresses = (source.override,) if source.override else source.addresses
    folder = config.mirror_folder(source)
    return sync_mirror(folder, addresses, branch=source.branch, progress=_seldom(source.name, say))


def sync_releases(config: Config, source: GitSource, say: Say) -> tuple[str, ...]:
    """Fetch the tarballs as released that are not here yet; return what went wrong, a line each."""
    if source.tarballs is None:
        return ()
    tags = read_tags(Mirror(config.mirror_folder(source)))
    folder = config.releases_folder(source) / "tarballs"
    return sync_tarballs(source.tarballs, tags, folder=folder, progress=_seldom(source.name, say))


def sync_patches(config: Config, say: Say) -> tuple[str, ...]:
    """Bring here what distributions carry, and files that collections miss; return what went wrong, a line each."""
    problems = list(sync_debian(config.patches.debian, config.debian_folder, _seldom("patches", say)))
    for origin in config.patches.dist_git:
        try:
            folder = config.dist_git_folder(origin)
            sync_mirror(folder, origin.addresses, branch=origin.branch, progress=_seldom(origin.name, say))
        except SourceError as problem:
            problems.append(f"{origin.name}: {problem}")
    ours = survey_collections(config.patches.folder, config.missing_patches_folder).collections
    return (*problems, *sync_missing(ours, config.missing_patches_folder, _seldom("patches", say)))


def _seldom(name: str, say: Say) -> Callable[[str], None]:
    """Return what passes progress on, but not every line of it."""
    last = time.monotonic()

    def progress(line: str) -> None:
        nonlocal last
        if line.strip() and time.monotonic() - last > PROGRESS_S:
            last = time.monotonic()
            say(f"{name}: {line.strip()}")

    return progress
