"""Atom 1.0 (RFC 4287), as text."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from generator.model.commits import Stamp
from generator.render.escape import esc

EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `address` is absolute, and as a page keeps its address it is the entry's id too. `html` is HTML."""

    address: str
    title: str
    author: str
    updated: Stamp
    html: str


def atom(*, title: str, address: str, home: str, author: str, entries: Iterable[Entry]) -> str:
    """Return a feed. `address` is its own, `home` the page it is of; its date is that of its newest entry."""
    items = tuple(entries)
    newest = max((entry.updated for entry in items), key=lambda stamp: stamp.seconds, default=Stamp(0, "+0000"))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{esc(title)}</title>\n<id>{esc(address)}</id>\n"
        f'<link rel="self" type="application/atom+xml" href="{esc(address)}"/>\n'
        f'<link rel="alternate" type="text/html" href="{esc(home)}"/>\n'
        f"<author><name>{esc(author)}</name></author>\n<updated>{instant(newest)}</updated>\n"
        + "".join(_entry(entry) for entry in items)
        + "</feed>\n"
    )


def _entry(entry: Entry) -> str:
    return (
        f"<entry>\n<title>{esc(entry.title)}</title>\n<id>{esc(entry.address)}</id>\n"
        f'<link rel="alternate" type="text/html" href="{esc(entry.address)}"/>\n'
        f"<author><name>{esc(entry.author)}</name></author>\n<updated>{instant(entry.updated)}</updated>\n"
        f'<content type="html">{esc(entry.html)}</content>\n</entry>\n'
    )


def instant(stamp: Stamp) -> str:
    """Return a moment as RFC 3339 has it, in UTC. It ends at the years 1 and 9999, and so do moments beyond."""
    try:
        moment = EPOCH + timedelta(seconds=stamp.seconds)
    except OverflowError:
        return "0001-01-01T00:00:00Z" if stamp.seconds < 0 else "9999-12-31T23:59:59Z"
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}Z"
