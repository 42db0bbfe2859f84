"""The words of a hand-written page, by the headings that can be linked to."""

import re

from markupsafe import Markup

# Where one block ends and the next begins, words must not run together.
BLOCK_RE = re.compile(r"(?=</?(?:p|h\d|li|[uod]l|d[td]|t[drh]|table|pre|div|br|details|summary|figure)\b)")
HEADING_RE = re.compile(r'<h[23] id="(?P<id>[^"]+)"[^>]*>(?P<title>.*?)</h[23]>', re.DOTALL)


def sections(html: str) -> tuple[tuple[str, str, str], ...]:
    """Return (id, title, text) of each part of a page; what stands above the first heading has neither id nor title."""
    found, anchor, title, start = [], "", "", 0
    for match in HEADING_RE.finditer(html):
        found.append((anchor, title, _text(html[start : match.start()])))
        anchor, title, start = match["id"], _text(match["title"]), match.end()
    found.append((anchor, title, _text(html[start:])))
    return tuple(part for part in found if part[1] or part[2])


def _text(html: str) -> str:
    return str(Markup(BLOCK_RE.sub(" ", html)).striptags())
