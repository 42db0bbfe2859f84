"""What MkDocs made of Markdown, kept from build to build: nothing else takes as long when nothing changed.

A page is kept under a digest of its text and of all that MkDocs looks at besides: settings, packages, which files
there are. One about which MkDocs complained is not kept, so that the next build complains again.
"""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from mkdocs.structure.toc import get_toc

from generator.sources.installed import installed_packages
from generator.work.keys import code_key

FILE = "rendered.json"
LOG = logging.getLogger("mkdocs.structure.pages")  # says what is wrong with a page's links


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A page as MkDocs rendered it from what `key` names.

    `headings` are Python-Markdown's `toc_tokens`. `links` are those to anchors, which MkDocs checks when all pages are
    there: source file -> anchor -> the link as it is written.
    """

    key: str
    html: str
    title: str
    headings: list[dict[str, object]]
    anchors: list[str]
    links: dict[str, dict[str, str]]

    @classmethod
    def of(cls, page, key: str) -> "Rendered":
        """Return what MkDocs' page has, just rendered."""
        return cls(
            key=key,
            html=page.content,
            title=page.title,
            headings=_headings(page.toc),
            anchors=sorted(page.present_anchor_ids or ()),
            links={file.src_uri: anchors for file, anchors in (page.links_to_anchors or {}).items()},
        )

    def restore(self, page, files) -> None:
        """Do to MkDocs' page what rendering it would."""
        page.content, page.toc, page.title = self.html, get_toc(self.headings), self.title
        page.present_anchor_ids = set(self.anchors)
        page.links_to_anchors = {files.get_file_from_path(name): anchors for name, anchors in self.links.items()}


class RenderedPages(logging.Handler):
    """The pages of the last build, by source file, and those of this one. Listens to what MkDocs says of each."""

    def __init__(self, folder: Path) -> None:
        """Read what is kept in `folder`; a file that cannot be read holds nothing."""
        super().__init__()
        self._file = folder / FILE
        try:
            self._old = {name: Rendered(**page) for name, page in json.loads(self._file.read_text("utf-8")).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._old = {}
        self._new: dict[str, Rendered] = {}
        self._around = self._key = ""
        self._complaints = 0

    def start(self, config, files) -> None:
        """Note what all pages are rendered with."""
        facts = [(file.src_uri, file.dest_uri, str(file.inclusion)) for file in files if file.inclusion.is_in_serve()]
        settings = (config.markdown_extensions, config.mdx_configs, config.validation, LOG.getEffectiveLevel())
        self._around = _digest(code_key(), sorted(installed_packages().items()), settings, sorted(facts))
        LOG.addHandler(self)

    def before(self, page, text: str) -> str:
        """Return `text`, the page's Markdown; make sure that MkDocs does not render it when it did so before."""
        self._key = _digest(self._around, page.file.src_uri, page.title, text)
        self._complaints = 0
        kept = self._old.get(page.file.src_uri)
        if kept and kept.key == self._key:
            page.render = lambda config, files: kept.restore(page, files)
        return text

    def after(self, page) -> None:
        """Keep what was rendered, unless MkDocs said something about it."""
        if not self._complaints:
            self._new[page.file.src_uri] = Rendered.of(page, self._key)

    def emit(self, record: logging.LogRecord) -> None:
        """Count a complaint."""
        self._complaints += 1

    def stop(self) -> None:
        """Listen no longer, and write the pages of this build for the next one."""
        LOG.removeHandler(self)
        if self._new != self._old:
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps({name: asdict(page) for name, page in self._new.items()}), "utf-8")
            fresh.replace(self._file)


def _headings(links) -> list[dict[str, object]]:
    return [
        {"name": link.title, "id": link.id, "level": link.level, "children": _headings(link.children)} for link in links
    ]


def _digest(*facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
