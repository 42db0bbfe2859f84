"""Which of two versions is the older one: kernels, `git describe`, packages of distributions."""

import re
from functools import lru_cache

RELEASE_RE = re.compile(r"[0-9]+(?:\.[0-9]+)*")
TOKEN_RE = re.compile(r"([0-9]+)|(~)|([A-Za-z]+)")
PRE_RE = re.compile(r"rc|pre|alpha|beta", re.IGNORECASE)
LONGEST = 100  # characters that are looked at
END = (1, 0, "")
Order = tuple[tuple[int, ...], tuple[tuple[int, int, str], ...]]


@lru_cache(maxsize=1 << 14)
def version_order(version: str) -> Order:
    """Return what versions are sorted by: 6.9, 6.10-rc3, 6.10.0-rc3-12-gabc, 6.10, 6.10.1; no number comes first.

    A zero at the end of the dotted numbers says nothing: uname calls v6.10 `6.10.0`.
    """
    text = version[:LONGEST]
    found = RELEASE_RE.search(text)
    if found is None:
        return (), ((2, 0, text),)
    release = [int(number) for number in found[0].split(".")]
    while len(release) > 2 and not release[-1]:
        release.pop()
    rest = tuple(_token(match) for match in TOKEN_RE.finditer(text, found.end()))
    return tuple(release), (*rest, END)


def _token(match: re.Match[str]) -> tuple[int, int, str]:
    """Return a part's place: what announces a release stands before the end, all else behind it."""
    if match[1]:
        return 3, int(match[1]), ""
    if match[2] or PRE_RE.fullmatch(match[0]):
        return 0, 0, match[0].lower()
    return 2, 0, match[0]


def series_of(version: str) -> str:
    """Return the first two numbers of a version as `6.12.x`, "" when there are none."""
    found = RELEASE_RE.search(version[:LONGEST])
    parts = found[0].split(".") if found else []
    return f"{parts[0]}.{parts[1]}.x" if len(parts) > 1 else ""
