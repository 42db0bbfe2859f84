"""Files about the whole site: sitemap.xml (sitemaps.org protocol 0.9) and robots.txt."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from generator.model.pages import Asset
from generator.render.escape import esc

LIMIT = 50_000  # addresses in one file, by the protocol
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def site_outputs(
    site_url: str,
    hand_written: Sequence[str],
    generated: Iterable[tuple[str, int | None]],
    others: Sequence[str] = (),
) -> Iterator[Asset]:
    """Yield sitemap and robots.txt. `generated` are paths with the seconds since 1970 of their last change.

    `others` are paths of sitemaps that list what `generated` does not. Without a `site_url` there is no sitemap: its
    addresses must be absolute.
    """
    if not site_url:
        yield _text("robots.txt", "User-agent: *\nAllow: /\n")
        return
    pages = [*((path, None) for path in sorted(hand_written)), *generated]
    own = list(sitemaps("sitemap", site_url, pages))
    if len(own) > 1 or others:
        yield from own
        names = [*(one.path for one in own), *others]
        items = [f"<sitemap><loc>{esc(site_url)}{name}</loc></sitemap>\n" for name in names]
        yield _text("sitemap.xml", _document("sitemapindex", items))
    else:
        yield Asset(path="sitemap.xml", body=own[0].body)
    yield _text("robots.txt", f"User-agent: *\nAllow: /\nSitemap: {site_url}sitemap.xml\n")


def sitemaps(name: str, site_url: str, pages: Sequence[tuple[str, int | None]]) -> Iterator[Asset]:
    """Yield the files that list pages, named by `sitemap_paths`."""
    for number, path in enumerate(sitemap_paths(name, len(pages))):
        entries = [_entry(site_url, *page) for page in pages[number * LIMIT : (number + 1) * LIMIT]]
        yield _text(path, _document("urlset", entries))


def sitemap_paths(name: str, count: int) -> tuple[str, ...]:
    """Return the paths of the sitemaps of so many pages."""
    return tuple(f"{name}-{number}.xml" for number in range(1, max(1, -(-count // LIMIT)) + 1))


def _text(path: str, text: str) -> Asset:
    return Asset(path=path, body=(text.encode(),))


def _document(kind: str, items: Sequence[str]) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{NAMESPACE}">\n{"".join(items)}</{kind}>\n'


def _entry(site_url: str, path: str, modified: int | None) -> str:
    address = esc(site_url + path.removesuffix("index.html"))
    changed = ""
    if modified is not None and 0 <= modified < 1 << 33:
        changed = f"<lastmod>{datetime.fromtimestamp(modified, UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>"
    return f"<url><loc>{address}</loc>{changed}</url>\n"
