"""Text files packed beforehand, beside themselves: `X.gz` and, where the module is installed, `X.br`.

Only what a page is made of. Never a download with a checksum, and never where `X.gz` is a file of the site: a server
that serves packed files would hand it out as `X`.
"""

import gzip
import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

TEXTS = (".html", ".css", ".js", ".json", ".xml", ".svg")
ASSETS = ("assets/", "pagefind/")
LEAST_BYTES = 512  # below, a packed file saves nothing
GZIP_LEVEL, PAGE_QUALITY, ASSET_QUALITY = 9, 9, 11


def pack_site(site: Path, inventory: Mapping[str, str], cache: Path, progress: Callable[[str], None]) -> int:
    """Put packed files beside the texts of a site, by way of a cache named by content; return how many were packed."""
    cache.mkdir(parents=True, exist_ok=True)
    done = 0
    for path, digest in inventory.items():
        if not is_packed(path, inventory):
            continue
        file = site / path
        if file.stat().st_size < LEAST_BYTES:
            continue
        for suffix, pack in packers(path):
            kept = cache / f"{digest}.{suffix}"
            if not kept.exists():
                draft = kept.with_name(f".{kept.name}.{os.getpid()}")
                draft.write_bytes(pack(file.read_bytes()))
                draft.replace(kept)
                done += 1
                if done % 1000 == 0:
                    progress(f"{done} files packed")
            goal = file.with_name(f"{file.name}.{suffix}")
            goal.unlink(missing_ok=True)
            os.link(kept, goal)
    return done


def is_packed(path: str, inventory: Mapping[str, str]) -> bool:
    """Return whether a file gets packed neighbours."""
    return path.endswith(TEXTS) and f"{path}.gz" not in inventory and f"{path}.br" not in inventory


def packers(path: str) -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    """Yield suffix and function of each way to pack that is there."""
    yield "gz", lambda data: gzip.compress(data, GZIP_LEVEL, mtime=0)
    if not find_spec("brotli"):
        return
    brotli = import_module("brotli")
    quality = ASSET_QUALITY if path.startswith(ASSETS) else PAGE_QUALITY
    yield "br", lambda data: brotli.compress(data, quality=quality)
