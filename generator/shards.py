"""A part of the site with a name for all that it is made of, so that it need not be made again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generator.model.pages import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Outputs that change together. `key` stands for all that they are made of but our code, the theme and the site.

    The same key always stands for the same outputs: what was made of it before need not even be asked for again.
    """

    name: str
    key: str
    is_searchable: bool = True
    outputs: Callable[[], Iterator[Output]]
