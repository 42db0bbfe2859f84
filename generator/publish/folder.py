"""Publishing into a folder of this machine: each site in a folder of its own, and a link that names the current one.

TARGET/releases/<name>/     a whole site, unchanged files hard-linked from the one before
TARGET/current              a link to it, what a web server serves; replaced in one rename(2)
TARGET/previous             the one before, for `--rollback`
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generator.errors import PortalError
from generator.publish.inventory import LIST, compare, dump_list, load_list, name_of, take_inventory

RELEASES, CURRENT, PREVIOUS = "releases", "current", "previous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of it. `name` is the site that is visible now."""

    name: str
    sent: int
    kept: int
    removed: int
    sent_bytes: int = 0


def publish_folder(site: Path, target: Path, *, keep: int, progress: Callable[[str], None]) -> Published:
    """Make a site the current one of a folder; the newest `keep` stay. Raises PortalError, OSError."""
    new = take_inventory(site)
    name = name_of(new)
    home = target / RELEASES
    home.mkdir(parents=True, exist_ok=True)
    before = _linked(target / CURRENT)
    old = _list_of(before)
    changes = compare(old, new)
    final = home / name
    sent_bytes = 0
    if not final.exists():
        draft = home / f".{name}.part"
        shutil.rmtree(draft, ignore_errors=True)  # a publish that was interrupted left it
        for number, path in enumerate((*changes.send, *(path for path in new if old.get(path) == new[path])), 1):
            goal = draft / path
            goal.parent.mkdir(parents=True, exist_ok=True)
            if before is not None and old.get(path) == new[path]:
                os.link(before / path, goal)
            else:
                shutil.copyfile(site / path, goal)
                sent_bytes += goal.stat().st_size
            if number % 5000 == 0:
                progress(f"{number} of {len(new)} files")
        (draft / LIST).write_bytes(dump_list(new))
        os.sync()  # what the link will name is on the disk before the link is
        draft.rename(final)
    _switch(target, final, before)
    _prune(target, keep)
    return Published(
        name=name, sent=len(changes.send), kept=changes.kept, removed=len(changes.drop), sent_bytes=sent_bytes
    )


def roll_back(target: Path) -> str:
    """Make the site before the current one current again; return its name. Raises PortalError when there is none."""
    before, now = _linked(target / PREVIOUS), _linked(target / CURRENT)
    if before is None or now is None:
        raise PortalError(f"{target}: has no site before the current one")
    _switch(target, before, now)
    return before.name


def _linked(link: Path) -> Path | None:
    return link.resolve() if link.is_symlink() and link.exists() else None


def _list_of(folder: Path | None) -> dict[str, str]:
    if folder is None or not (folder / LIST).is_file():
        return {}
    return load_list((folder / LIST).read_bytes(), source=str(folder / LIST))


def _switch(target: Path, final: Path, before: Path | None) -> None:
    if before is not None and before != final:
        _link(target / PREVIOUS, before)
    _link(target / CURRENT, final)


def _link(link: Path, folder: Path) -> None:
    """Let a link name a folder, in one step."""
    if link.exists() and not link.is_symlink():
        raise PortalError(f"{link}: is no link; a folder that this command published has one there")
    draft = link.with_name(f".{link.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(f"{RELEASES}/{folder.name}")
    draft.replace(link)


def _prune(target: Path, keep: int) -> None:
    wanted = {_linked(target / CURRENT), _linked(target / PREVIOUS)}
    found = sorted(
        (folder for folder in (target / RELEASES).iterdir() if folder.is_dir() and not folder.name.startswith(".")),
        key=lambda folder: (folder / LIST).stat().st_mtime if (folder / LIST).exists() else 0.0,
        reverse=True,
    )
    for folder in found[max(keep, 1) :]:
        if folder.resolve() not in wanted:
            shutil.rmtree(folder)
