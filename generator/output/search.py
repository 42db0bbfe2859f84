"""The search index. Pagefind reads small documents made for it (title, words, filters), not the pages themselves:
a third of the time and none of the diffs.
"""

import os
import subprocess
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from pagefind_bin import get_executable

from generator.errors import OutputError
from generator.model.pages import SearchEntry
from generator.output.lock import die_with
from generator.output.pagefind import sort_index
from generator.render.escape import esc

FOLDER = "pagefind"
STALE = ".stale"


class SearchDocuments:
    """The folder of documents, kept from build to build; only what differs is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._there = {
            Path(where, name).relative_to(folder).as_posix() for where, _, names in os.walk(folder) for name in names
        } - {STALE}
        self._wanted: set[str] = set()

    def put(self, path: str, title: str, entry: SearchEntry) -> None:
        """Add the document of the page at `path`."""
        self._wanted.add(path)
        file = self.folder / path
        text = _document(title, entry)
        if path in self._there and file.read_text("utf-8") == text:
            return
        self._mark_stale()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def keep(self, paths: Iterable[str]) -> bool:
        """Keep the documents of pages that did not change; False when one of them is missing."""
        paths = set(paths)
        self._wanted |= paths
        return paths <= self._there

    def index(self, output: Path) -> None:
        """Build the index into `output`. Raises OutputError with Pagefind's words when it fails."""
        command = [get_executable(), "--site", str(self.folder), "--output-path", str(output), "--quiet"]
        with_us = partial(die_with, os.getpid())
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=with_us)
        if done.returncode:
            raise OutputError(f"pagefind failed: {done.stderr.strip() or done.stdout.strip()}")
        sort_index(output)

    def is_stale(self) -> bool:
        """Drop documents nobody wants any more; tell whether the index in the site no longer fits the documents."""
        for path in self._there - self._wanted:
            self._mark_stale()
            (self.folder / path).unlink()
        return (self.folder / STALE).exists()

    def published(self) -> None:
        """Say that a site with an index of these documents is in its place."""
        (self.folder / STALE).unlink(missing_ok=True)

    def _mark_stale(self) -> None:
        """Kept on disk, for a build that is killed before its index is published."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / STALE).touch()


def _document(title: str, entry: SearchEntry) -> str:
    filters = "".join(
        f'<meta data-pagefind-filter="{esc(name)}[content]" content="{esc(value)}">' for name, value in entry.filters
    )
    # What commits, patches and reports say is weighed less than what was written to explain it.
    title_weight, weight = ("7", "1") if entry.sections else ("2", "0.5")
    return (
        f'<!doctype html><html lang="en"><head><title>{esc(title)}</title></head><body data-pagefind-body>{filters}'
        f'<h1 data-pagefind-weight="{title_weight}">{esc(title)}</h1>'
        f'<p data-pagefind-weight="{weight}">{esc(entry.text)}</p>'
        f"{''.join(map(_section, entry.sections))}</body></html>\n"
    )


def _section(section: tuple[str, str, str]) -> str:
    anchor, title, text = section
    heading = f'<h2 id="{esc(anchor)}" data-pagefind-weight="10">{esc(title)}</h2>' if anchor else ""
    return f"{heading}<p>{esc(text)}</p>\n"
