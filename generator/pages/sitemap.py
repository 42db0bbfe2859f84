"""Files about the whole site: sitemap.xml (sitemaps.org protocol 0.9) and robots.txt."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from generator.model.pages import Asset
from generator.render.escape import esc

LIMIT = 50_000  # addresses in one file, by the protocol
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def site_outputs(
    site_url: str, hand_written: Sequence[str], generated: Iterable[tuple[str, int | None]]
) -> Iterator[Asset]:
    """Yield sitemap and robots.txt. `generated` are paths with the seconds since 1970 of their last change.

    Without a `site_url` there is no sitemap: its addresses must be absolute.
    """
    if not site_url:
        yield _text("robots.txt", "User-agent: *\nAllow: /\n")
        return
    entries = [_entry(site_url, path, None) for path in sorted(hand_written)]
    entries += [_entry(site_url, path, modified) for path, modified in generated]
    chunks = [entries[start : start + LIMIT] for start in range(0, len(entries), LIMIT)]
    if len(chunks) > 1:
        names = [f"sitemap-{number}.xml" for number in range(1, len(chunks) + 1)]
        for name, chunk in zip(names, chunks, strict=True):
            yield _text(name, _document("urlset", chunk))
        items = [f"<sitemap><loc>{esc(site_url)}{name}</loc></sitemap>\n" for name in names]
        yield _text("sitemap.xml", _document("sitemapindex", items))
    else:
        yield _text("sitemap.xml", _document("urlset", entries))
    yield _text("robots.txt", f"User-agent: *\nAllow: /\nSitemap: {site_url}sitemap.xml\n")


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
