"""Long lists in parts that stay as they are when the list grows at its top."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from generator.model.pages import Link
from generator.model.paths import list_part_path

T = TypeVar("T")
PART_ITEMS = 200
INDEX_ITEMS = 50  # the first page is never shorter than this, unless it is the only one


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """One page of a list. `number` counts from the oldest part, 1, up to `total`, which is the list's own page.

    A full part changes once, when the part after it gets a page of its own; showing `total` on it would end that.
    """

    path: str
    items: tuple[T, ...]
    number: int
    total: int
    previous_path: str | None  # the newer part
    next_path: str | None  # the older one

    @property
    def is_first(self) -> bool:
        """Whether it is the list's own page, with the newest items."""
        return self.number == self.total


def paged(path: str, items: Sequence[T], *, size: int = PART_ITEMS, least: int = INDEX_ITEMS) -> tuple[Part[T], ...]:
    """Cut a list, newest item first, into parts, newest part first; an empty list has one empty part.

    Parts are counted from the oldest item, `size` each. The page at `path` holds what no full part holds, and the
    newest full part too until it would be left with fewer than `least` items: at most `size + least - 1`.
    """
    full = max(0, (len(items) - least) // size)
    paths = [*(list_part_path(path, number) for number in range(1, full + 1)), path]
    parts = []
    for index, here in enumerate(paths):
        start = len(items) - size * (index + 1) if index < full else 0
        parts.append(
            Part(
                path=here,
                items=tuple(items[start : len(items) - size * index]),
                number=index + 1,
                total=full + 1,
                previous_path=paths[index + 1] if index < full else None,
                next_path=paths[index - 1] if index else None,
            )
        )
    return tuple(reversed(parts))


def neighbours(part: Part, newer: str = "Newer", older: str = "Older") -> tuple[Link | None, Link | None]:
    """Return the links for `Page.previous` and `Page.next`."""
    return (
        Link(newer, part.previous_path) if part.previous_path else None,
        Link(older, part.next_path) if part.next_path else None,
    )
