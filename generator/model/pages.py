"""What goes into the site: pages, and files that are given away as they are."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fragment:
    """Bytes kept in the cache under `key`, put in when the page is written.

    A key names its content: the same key always stands for the same bytes.
    """

    key: str


@dataclass(frozen=True, slots=True)
class Link:
    """A title (text) and a path inside the site."""

    title: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchEntry:
    """What search knows of a page: words, and values to filter by (`kind`, `source`, `release`, ...).

    `sections` are (id, title, text) of parts that a result can lead to.
    """

    text: str
    filters: tuple[tuple[str, str], ...] = ()
    sections: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One generated HTML page. `title` and `description` are text; `body` is HTML."""

    path: str  # relative, posix; `…/index.html` is linked to as its folder
    title: str
    description: str
    body: tuple[str | Fragment, ...]
    crumbs: tuple[Link, ...] = ()  # from the home page's child down to the parent
    section: str = ""  # path of the navigation entry that is current
    previous: Link | None = None
    next: Link | None = None
    feeds: tuple[Link, ...] = ()
    notice: str = ""  # HTML above the page, such as "as of DATE"
    modified: int | None = None  # seconds since 1970, for sitemap.xml
    listed: bool = True  # in the sitemap of the whole site; reports have sitemaps of their own
    search: SearchEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of the site that is not a page: a patch, a feed, JSON."""

    path: str
    body: tuple[bytes | Fragment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file too big to hold in memory: kept on disk outside the site, linked or copied into it."""

    path: str
    file: Path
    sha256: str
    size_bytes: int


Output = Page | Asset | Download
