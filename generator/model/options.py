"""The options of a command, gathered from its manual page and from its C sources."""

from dataclasses import dataclass
from typing import Literal

EVERY = ""
"""The architecture of code that is built for all of them."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a source file."""

    path: str
    line: int
    architecture: str  # the folder below arch/, EVERY elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of an option table, as getopt_long(3) reads them: what the program accepts there."""

    name: str  # without the dashes
    argument: Literal["no", "required", "optional"]
    short: str = ""  # the letter that means the same, where a constant or a usage text says so
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """An option as a usage text of the program describes it."""

    name: str
    short: str
    value: str  # such as FILE, "" none
    text: str
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An option as the manual page describes it. `text` is its words, blocks apart by an empty line."""

    name: str
    short: str
    value: str
    text: str
    heading: str  # the part it stands in, such as `bzImage-x86`
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOption:
    """One long option by everything that is said of it."""

    name: str
    short: str
    rows: tuple[Row, ...]
    helps: tuple[Help, ...]
    entries: tuple[Entry, ...]

    @property
    def is_documented(self) -> bool:
        """Whether the manual page has it."""
        return bool(self.entries)

    @property
    def architectures(self) -> tuple[str, ...]:
        """Those whose tables accept it; EVERY alone where a table for all does."""
        found = {row.spot.architecture for row in self.rows}
        return (EVERY,) if EVERY in found else tuple(sorted(found))
