"""Put a finished folder in the place of the old one, in one step.

Linux' `renameat2(RENAME_EXCHANGE)` exchanges two names atomically (renameat2(2), Linux 3.15). Where the file system
refuses, two renames are made, and `recover` mends what a crash between them leaves.
"""

import ctypes
import errno
import os
import shutil
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def replace_folder(staging: Path, final: Path) -> Path | None:
    """Make `staging` what stands at `final`; return where the old content is now, None when there was none."""
    if not final.exists():
        staging.rename(final)
        return None
    if _exchange(staging, final):
        return staging
    old = _old_name(final)
    final.rename(old)
    staging.rename(final)
    return old


def recover(final: Path, staging: Path) -> None:
    """Mend what a killed build left: the old site returns when it is the only whole one; drafts are removed."""
    old = _old_name(final)
    if old.exists() and not final.exists():
        old.rename(final)
    for leftover in (old, staging):
        if leftover.exists():
            shutil.rmtree(leftover)


def _old_name(final: Path) -> Path:
    return final.with_name(final.name + ".old")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names; False when the kernel or the file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    result = library.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    if result == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.EXDEV):
        return False
    raise OSError(code, os.strerror(code), str(other))
