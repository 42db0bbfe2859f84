"""Small HTML fragments that every page uses."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from generator.model.commits import Stamp
from generator.render.escape import esc


def href(path: str, here: str) -> str:
    """Return the relative address of a site path (may carry a #fragment) from the page at path `here`."""
    target, mark, anchor = path.partition("#")
    folder, _, name = target.rpartition("/")
    way = _way(here.rpartition("/")[0], folder)
    if name == "index.html":
        name = "" if way else "./"
    return esc(way + name + mark + anchor)


@lru_cache(maxsize=1 << 14)
def _way(start: str, end: str) -> str:
    """Return the way from one folder to another, "" when they are the same; it ends in a slash."""
    ups = start.split("/") if start else []
    downs = end.split("/") if end else []
    same = 0
    while same < min(len(ups), len(downs)) and ups[same] == downs[same]:
        same += 1
    return "../" * (len(ups) - same) + "".join(f"{part}/" for part in downs[same:])


def link(path: str, text: str, here: str) -> str:
    """Return a link with `text` (raw text) to a site path."""
    return f'<a href="{href(path, here)}">{esc(text)}</a>'


def outside(url: str, text: str) -> str:
    """Return a link to another site. Only http(s) and mailto addresses become links."""
    if not url.startswith(("https://", "http://", "mailto:")):
        return esc(text)
    return f'<a href="{esc(url)}" rel="nofollow">{esc(text)}</a>'


@lru_cache(maxsize=1 << 12)  # a commit stands in several lists
def day(stamp: Stamp) -> str:
    """Return the date in the zone in which it was said, as a `<time>`; a year out of range is shown raw."""
    moment = _moment(stamp)
    if moment is None:
        return f"<span>@{stamp.seconds}</span>"
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%S}{_colon(stamp.zone)}">{moment:%Y-%m-%d}</time>'


def moment(stamp: Stamp) -> str:
    """Return date, time and zone as a `<time>`."""
    value = _moment(stamp)
    if value is None:
        return f"<span>@{stamp.seconds} {esc(stamp.zone)}</span>"
    shown = f"{value:%Y-%m-%d %H:%M:%S} {esc(stamp.zone)}"
    return f'<time datetime="{value:%Y-%m-%dT%H:%M:%S}{_colon(stamp.zone)}">{shown}</time>'


def year_of(stamp: Stamp) -> int:
    """Return the UTC year, 0 when no calendar holds it."""
    try:
        return datetime.fromtimestamp(stamp.seconds, UTC).year
    except (OverflowError, ValueError, OSError):
        return 0


def _moment(stamp: Stamp) -> datetime | None:
    sign = -1 if stamp.zone.startswith("-") else 1
    try:
        hours, minutes = int(stamp.zone[1:3]), int(stamp.zone[3:5])
        zone = timezone(sign * timedelta(hours=hours, minutes=minutes))
        value = datetime.fromtimestamp(0, UTC) + timedelta(seconds=stamp.seconds)
        return value.astimezone(zone)
    except (OverflowError, ValueError):
        return None


def _colon(zone: str) -> str:
    return f"{zone[:3]}:{zone[3:5]}"
