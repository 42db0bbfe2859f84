"""Reports committed to a branch elsewhere, by many at once (`branch.py`).

Files are named by their hash, so that two pushes never conflict, and one that is repeated changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.errors import SourceError
from generator.sources.branch import Branch, Progress, Signature, until_done
from generator.sources.git import Mirror
from generator.sources.remotes import Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What came of a push. `commit` is "" when everything was there already."""

    new: tuple[str, ...]
    known: tuple[str, ...]
    commit: str
    tries: int


def push_reports(
    remote: Remote,
    branch: str,
    files: Mapping[str, bytes],
    *,
    signature: Signature,
    patience_s: float,
    progress: Progress,
) -> Pushed:
    """Add files (by path) to a branch, which is begun when it is not there. Raises SourceError when that is refused.

    What is there already, by path, is left as it is.
    """
    with TemporaryDirectory(prefix="kdump-portal-") as folder:
        there = Branch(Mirror(Path(folder)), remote, branch, signature)
        try:
            there.prepare()
            return until_done(remote, partial(_attempt, there, files), patience_s=patience_s, progress=progress)
        except SourceError as problem:
            raise SourceError(remote.clean(str(problem))) from None


def _attempt(there: Branch, files: Mapping[str, bytes], tries: int) -> Pushed:
    """Look at the branch, commit what it lacks, push."""
    there.look()
    paths = there.blobs()
    new = tuple(path for path in files if path not in paths)
    known = tuple(path for path in files if path in paths)
    if not new:
        return Pushed(new=(), known=known, commit="", tries=tries)
    commit = there.commit({path: files[path] for path in new}, _message(new))
    there.push(commit)
    return Pushed(new=new, known=known, commit=commit, tries=tries)


def _message(new: tuple[str, ...]) -> str:
    origins = sorted({path.partition("/")[0] for path in new})
    count = f"{len(new)} reports" if len(new) > 1 else "a report"
    return f"reports: {count} of {', '.join(origins)}\n\n" + "\n".join(new[:LISTED])


LISTED = 100
