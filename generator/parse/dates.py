"""Read the dates of mails (RFC 5322, 3.3) as git's moments."""

from calendar import timegm
from email.utils import parsedate_tz

from generator.model.commits import Stamp

LONGEST_DATE = 100


def parse_mail_date(text: str) -> Stamp | None:
    """Return the moment, None for what is no date."""
    try:
        parts = parsedate_tz(text[:LONGEST_DATE])
        seconds = timegm((*parts[:6], 0, 0, 0)) if parts else None
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if seconds is None:
        return None
    zone_s = parts[9] or 0
    hours, minutes = divmod(abs(zone_s) // 60, 60)
    if hours >= 24:
        return None
    return Stamp(seconds - zone_s, f"{'-' if zone_s < 0 else '+'}{hours:02d}{minutes:02d}")
