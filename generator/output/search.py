"""The search index. Pagefind reads small documents made for it (title, words, filters), not the pages themselves:
a third of the time and none of the diffs.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
        self._index = folder.with_name(f"{folder.name}-index")
        self._whole = folder.with_name(f"{folder.name}-index.whole")
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

    @contextmanager
    def indexing(self) -> Iterator[Callable[[], Path]]:
        """Build the index while the block runs, which calls what it is given to wait for the folder with it.

        All documents have to be there. Raises OutputError with Pagefind's words when it fails.
        """
        # Pagefind leaves a file that is there already as it is, which takes half the time: it must be a whole one then.
        if not self._whole.exists():
            shutil.rmtree(self._index, ignore_errors=True)
        self._whole.unlink(missing_ok=True)
        command = [get_executable(), "--site", str(self.folder), "--output-path", str(self._index), "--quiet"]
        with_us, pipe = partial(die_with, os.getpid()), subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=with_us) as process:

            def wait() -> Path:
                out, err = process.communicate()
                if process.returncode:
                    raise OutputError(f"pagefind failed: {err.strip() or out.strip()}")
                if sort_index(self._index):
                    self._whole.touch()
                return self._index

            try:
                yield wait
            finally:
                process.kill()  # it has ended, unless the block failed

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
