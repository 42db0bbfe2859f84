"""Commit messages: text with the links that are in it."""

import re
from collections.abc import Callable, Sequence

from generator.model.commits import Trailer
from generator.render.escape import esc
from generator.render.html import outside

# One pass over the text: addresses, CVE ids, message ids, commit names. Bounded, so that no text makes it slow.
LINK_RE = re.compile(
    r"(?P<url>https?://[^\s<>\"')\]]{1,500}[^\s<>\"')\].,;:!?])"
    r"|(?P<cve>\bCVE-\d{4}-\d{4,7}\b)"
    r"|(?P<message>(?<=<)[^\s<>@]{1,200}@[^\s<>@]{1,200}(?=>))"
    r"|(?P<commit>(?<![0-9A-Za-z_/.-])[0-9a-f]{7,64}(?![0-9A-Za-z_]))"
)
MESSAGE_ID_RE = re.compile(r"^(?:message-id|link|in-reply-to|references)\s*:", re.IGNORECASE)


def message_html(text: str, commit_link: Callable[[str], str | None]) -> str:
    """Return a message as HTML with its addresses, CVE ids, message ids and commits linked.

    `commit_link` gives the address of the commit that a hexadecimal word names, None when it names none.
    """
    parts = []
    end = 0
    for match in LINK_RE.finditer(text):
        target = _target(match, text, commit_link)
        if target:
            parts += [esc(text[end : match.start()]), target]
            end = match.end()
    parts.append(esc(text[end:]))
    return "".join(parts)


def trailers_html(text: str, trailers: Sequence[Trailer], commit_link: Callable[[str], str | None]) -> str:
    """Return the last paragraph of a message with the keys marked of those lines that git takes for trailers."""
    keys = {trailer.key for trailer in trailers}
    lines = []
    for line in text.split("\n"):
        key = line.partition(":")[0]
        shown = message_html(line, commit_link)
        if key in keys and shown.startswith(start := f"{esc(key)}:"):
            shown = f"<b>{start}</b>{shown.removeprefix(start)}"
        lines.append(shown)
    return "\n".join(lines)


def _target(match: re.Match[str], text: str, commit_link: Callable[[str], str | None]) -> str | None:
    word = match[0]
    if match["url"]:
        return outside(word, word)
    if match["cve"]:
        return outside(f"https://www.cve.org/CVERecord?id={word}", word)
    if match["message"]:
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        return outside(f"https://lore.kernel.org/all/{word}/", word) if MESSAGE_ID_RE.match(line) else None
    address = commit_link(word)
    return f'<a href="{address}">{esc(word)}</a>' if address else None
