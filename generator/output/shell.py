"""The theme around a generated page, rendered once and cut into strings, so that a page is a join."""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from generator.model.pages import Fragment, Page
from generator.render.escape import esc
from generator.render.html import href

SLOTS = ("title", "description", "canonical", "head", "crumbs", "notice", "body", "pager")
SLOT_RE = re.compile("\x02([a-z]+)\x03")
# Renders the theme for a folder depth and a current section, with the given slot texts put in.
Render = Callable[[int, str, Mapping[str, str]], str]


class Shell:
    """Wraps pages in the theme. Two pages of one depth and section share one rendering of it."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._pieces = cache(self._cut)

    def digest(self) -> str:
        """Return a digest of the theme as generated pages have it."""
        pieces = [text or name.encode() for depth in (1, 2, 3) for name, text in self._pieces(depth, "/history/")]
        return hashlib.blake2b(b"\0".join(pieces), digest_size=16).hexdigest()

    def key(self, page: Page) -> bytes:
        """Return a digest of everything around the page's own body."""
        slots = _slots(page)
        pieces = self._pieces(page.path.count("/"), page.section)
        around = b"".join([slots[name].encode() if name else text for name, text in pieces])
        return hashlib.blake2b(around, digest_size=16).digest()

    def wrap(self, page: Page, resolve: Callable[[Fragment], bytes]) -> bytes:
        """Return the whole page; fragments of its body come from `resolve`."""
        slots = _slots(page)
        parts = []
        for name, text in self._pieces(page.path.count("/"), page.section):
            if name == "body":
                parts += [resolve(part) if isinstance(part, Fragment) else part.encode() for part in page.body]
            else:
                parts.append(slots[name].encode() if name else text)
        return b"".join(parts)

    def _cut(self, depth: int, section: str) -> tuple[tuple[str, bytes], ...]:
        """Return (slot, "") and ("", text) pieces in turn, the text ready to be written."""
        text = self._render(depth, section, {name: f"\x02{name}\x03" for name in SLOTS})
        pieces = enumerate(SLOT_RE.split(text))
        return tuple((piece, b"") if number % 2 else ("", piece.encode()) for number, piece in pieces)


def _slots(page: Page) -> dict[str, str]:
    """Return the HTML of every slot but the body."""
    return {
        "title": esc(page.title),
        "description": esc(page.description[:300]),
        "canonical": esc(page.path.removesuffix("index.html")),
        "head": _head(page),
        "crumbs": _crumbs(page),
        "notice": page.notice,
        "pager": _pager(page),
        "body": "",
    }


def _head(page: Page) -> str:
    atom = 'rel="alternate" type="application/atom+xml"'
    links = [f'<link {atom} title="{esc(feed.title)}" href="{href(feed.path, page.path)}">' for feed in page.feeds]
    for rel, target in (("prev", page.previous), ("next", page.next)):
        if target:
            links.append(f'<link rel="{rel}" href="{href(target.path, page.path)}">')
    return "".join(links)


def _crumbs(page: Page) -> str:
    if not page.crumbs:
        return ""
    items = "".join(f'<li><a href="{href(item.path, page.path)}">{esc(item.title)}</a></li>' for item in page.crumbs)
    return f'<nav class="breadcrumb" aria-label="Breadcrumb"><ol class="crumbs">{items}</ol></nav>'


def _pager(page: Page) -> str:
    links = [
        f'<a rel="{rel}" href="{href(target.path, page.path)}">{esc(target.title)}</a>'
        for rel, target in (("prev", page.previous), ("next", page.next))
        if target
    ]
    return f'<nav class="pager" aria-label="Previous and next">{"".join(links)}</nav>' if links else ""


def theme_stamp() -> str:
    """Return a digest of the theme's style and scripts: an address with it may be kept for ever."""
    files = sorted((Path(__file__).parents[1] / "theme" / "assets").iterdir())
    return hashlib.blake2b(b"\0".join(file.read_bytes() for file in files), digest_size=4).hexdigest()
