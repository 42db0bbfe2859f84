"""A project with the portal's own settings and content, and one git source; and what a build does to its files."""

import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Sample, measure

ROOT = Path(__file__).parents[1]
SOURCE = "measured"
COMMAND = Path(sys.executable).with_name("kdump-portal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build: the process, and what the build itself tells with `--json`."""

    process: Sample
    stages_s: dict[str, float]
    written: int
    kept: int
    removed: int


class Project:
    """A folder to build in."""

    def __init__(self, folder: Path, repository: Path, *, reports: str = "") -> None:
        """Make the folder. `reports` is where the plugin takes test reports from, as YAML of its `reports` sources."""
        self.folder = folder
        self.site = folder / "site"
        settings, mark, _ = (ROOT / "mkdocs.yml").read_text("utf-8").partition("      sources:\n")
        folder.mkdir(parents=True)
        (folder / "content").symlink_to(ROOT / "content")
        source = f"        {SOURCE}:\n          description: What is measured.\n          addresses:\n"
        more = f"      reports:\n        folder: content/reports\n        sources: {reports}\n" if reports else ""
        (folder / "mkdocs.yml").write_text(f"{settings}{mark}{source}            - {repository}\n{more}", "utf-8")

    def pull(self) -> Sample:
        """Bring the reports of the sources here."""
        return measure([COMMAND, "report", "pull"], self.folder)

    def build(self) -> Build:
        """Build once, with whatever the cache has."""
        sample = measure([COMMAND, "build", "--json", "--quiet", "--require-sources"], self.folder)
        told = json.loads(sample.output)
        return Build(
            process=sample,
            stages_s=told["stages_s"],
            written=told["written"],
            kept=told["kept"],
            removed=told["removed"],
        )

    def forget(self) -> None:
        """Remove the site and everything that was worked out."""
        for name in ("site", ".cache"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Trace:
    """What can be seen of a file without its name: was it written again, has it other bytes."""

    inode: int
    mtime_ns: int
    digest: bytes


def traces(site: Path) -> dict[str, Trace]:
    """Return the trace of every file of a site but the build's own notes."""
    found = {}
    for file in site.rglob("*"):
        if file.is_file() and not file.name.startswith("."):
            state = file.stat()
            digest = hashlib.blake2b(file.read_bytes(), digest_size=16).digest()
            found[file.relative_to(site).as_posix()] = Trace(state.st_ino, state.st_mtime_ns, digest)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a build did to the files that stood there: `rewritten` for nothing have the bytes they had."""

    new: int
    changed: int
    rewritten: tuple[str, ...]
    gone: int


def difference(before: dict[str, Trace], after: dict[str, Trace]) -> Difference:
    """Compare a site before and after a build."""
    both = before.keys() & after.keys()
    return Difference(
        new=len(after.keys() - both),
        changed=sum(before[path].digest != after[path].digest for path in both),
        rewritten=tuple(
            path for path in sorted(both) if before[path] != after[path] and before[path].digest == after[path].digest
        ),
        gone=len(before.keys() - both),
    )
