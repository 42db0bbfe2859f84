"""The diffs of patches as HTML, worked out once for each different one, wherever and however often it is carried."""

import hashlib
import json
from collections.abc import Iterable

from generator.model.patches import Patch
from generator.output.cache import Cache, pack
from generator.work.batches import Said, run_batches
from generator.work.diffs import diff_pages
from generator.work.keys import renderer_key

BATCH = 8
FACTS = 0  # the part that says how many files stand on each page


def highlight_patches(patches: Iterable[Patch], cache: Cache, said: Said) -> None:
    """Highlight the patches that the cache does not know, and keep what came out."""
    known = cache.keys(f"{renderer_key()}/patch-diff/")
    todo = {patch_diff_key(patch, FACTS): patch for patch in patches if patch.files}
    run_batches(_batch, [patch for key, patch in todo.items() if key not in known], cache, said, batch=BATCH)


def patch_parts(patch: Patch, cache: Cache) -> tuple[int, ...]:
    """Return how many files stand on each page of a highlighted patch's diff."""
    return tuple(json.loads(cache.get(patch_diff_key(patch, FACTS)))) if patch.files else ()


def patch_diff_key(patch: Patch, part: int) -> str:
    """Return the key of a page of a patch's diff; part 0 says how many files stand on each."""
    digest = hashlib.sha256(b"%d\0%b" % (patch.strip, patch.data)).hexdigest()
    return f"{renderer_key()}/patch-diff/{digest}/{part}"


def _batch(patches: list[Patch]) -> list[tuple[str, bytes]]:
    return [entry for patch in patches for entry in _entries(patch)]


def _entries(patch: Patch) -> list[tuple[str, bytes]]:
    """Return the cache entries of one patch. The whole files are not at hand, so hunks are read by themselves."""
    parts, pages = diff_pages(patch.files, [(None, None)] * len(patch.files))
    bodies = [json.dumps(parts).encode(), *pages]
    return [(patch_diff_key(patch, part), pack(body)) for part, body in enumerate(bodies)]
