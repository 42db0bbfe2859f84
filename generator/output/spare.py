"""The tree that stood at the site's place before: brought up to date, it is the next one.

A new site is a whole tree of hard links, and making one costs a link a file. The tree of the build before differs from
the site by what that build changed, so making up for that and for this build's changes is enough.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from generator.output.manifest import MANIFEST
from generator.output.trees import link_file, remove_files

BEHIND = ".kdump-portal.behind"  # in the spare tree: what it is behind of, and in which files


def spare_of(final: Path) -> Path:
    """Return where the spare tree of a site is kept."""
    return final.with_name(f".{final.name}.spare")


def keep_spare(old: Path, final: Path, changed: Iterable[str]) -> None:
    """Keep the tree that was just replaced. `changed` are the files in which it differs from the site."""
    spare = spare_of(final)
    if old != spare:
        shutil.rmtree(spare, ignore_errors=True)
        old.rename(spare)
    (spare / BEHIND).write_text(json.dumps([_state(final), sorted(changed)]), "utf-8")


def take_spare(final: Path) -> Path | None:
    """Return the spare tree with all that the site has, or None when there is none that can be trusted.

    It is no spare any more from the first change on: a build that is killed here leaves one that nobody trusts.
    """
    spare = spare_of(final)
    try:
        state, changed = json.loads((spare / BEHIND).read_text("utf-8"))
        is_good = state == _state(final)
    except (OSError, ValueError):
        is_good = False
    (spare / BEHIND).unlink(missing_ok=True)
    if not is_good:
        shutil.rmtree(spare, ignore_errors=True)
        return None
    remove_files(spare, changed)
    for path in changed:
        if (final / path).is_file():
            link_file(final / path, spare / path)
    return spare


def _state(final: Path) -> list[int]:
    """Return what tells a site from the one before: its manifest is written anew whenever a file is."""
    facts = (final / MANIFEST).stat()
    return [facts.st_ino, facts.st_mtime_ns, facts.st_size]
