"""Patches that apply one after the other, from wherever their bytes are read."""

from collections.abc import Iterable

from generator.model.patches import Patch
from generator.parse.escapes import links_after
from generator.sources.patches import make_patch


def make_series(files: Iterable[tuple[str, bytes, int | None]]) -> tuple[Patch, ...]:
    """Return the patches of (name, bytes as received, -p level or None to find it) in their order.

    Raises RefusedPatch for one that would write outside the tree, if only through a link that one before it makes.
    """
    links: frozenset[bytes] = frozenset()
    patches: list[Patch] = []
    for name, data, strip in files:
        made = make_patch(name, data, strip=strip, links=links)
        links = links_after((file for patch in made for file in patch.files), links)
        patches += made
    return tuple(patches)
