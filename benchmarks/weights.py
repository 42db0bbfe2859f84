"""How heavy the pages of a built site are, in bytes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FILE_RE = re.compile(rb"<details class=file .*?</details>", re.DOTALL)
MAIN_RE = re.compile(rb"<main.*</main>", re.DOTALL)
LEAST_HUNK_BYTES = 1_000  # a ratio to less says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Bytes of commit pages. A ratio is of the HTML that shows hunks to the hunks as git prints them."""

    shell: int  # everything of a page but its <main>, median
    median_page: int
    largest_page: int
    html_per_hunk_byte: float  # of all commits together
    worst_html_per_hunk_byte: float  # among commits with at least LEAST_HUNK_BYTES of hunks
    site: int
    files: int


def weigh(site: Path) -> Weights:
    """Weigh a site."""
    pages: list[int] = []
    shells: list[int] = []
    ratios: list[tuple[int, int]] = []
    for folder in site.glob("git/*/commit"):
        for file in folder.glob("*.diff"):
            own = [file.with_suffix(".html"), *folder.glob(f"{file.stem}-*.html")]
            bodies = [page.read_bytes() for page in own]
            pages.append(len(bodies[0]))
            shells.append(len(MAIN_RE.sub(b"", bodies[0])))
            html = sum(len(block) for body in bodies for block in FILE_RE.findall(body))
            ratios.append((html, _hunk_bytes(file.read_bytes().splitlines(keepends=True))))
    sizes = [file.stat().st_size for file in site.rglob("*") if file.is_file()]
    return Weights(
        shell=round(median(shells)),
        median_page=round(median(pages)),
        largest_page=max(pages),
        html_per_hunk_byte=sum(html for html, _ in ratios) / sum(hunk for _, hunk in ratios),
        worst_html_per_hunk_byte=max(html / hunk for html, hunk in ratios if hunk >= LEAST_HUNK_BYTES),
        site=sum(sizes),
        files=len(sizes),
    )


def _hunk_bytes(lines: Iterable[bytes]) -> int:
    """Count the bytes of a diff from each file's first `@@` on; the rest is names and modes."""
    count, inside = 0, False
    for line in lines:
        inside = not line.startswith(b"diff --git ") and (inside or line.startswith(b"@@ "))
        count += len(line) if inside else 0
    return count
