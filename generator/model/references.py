"""What hand-written pages refer to: named parameters, words with their meaning, and links to elsewhere."""

import re
from dataclasses import dataclass
from typing import Literal

LinkState = Literal["ok", "moved", "dead", "unreachable"]
"""Answered; answered from another address; the server has no such page; no answer, which says nothing of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter, sysctl, file, config option or command. `names` are several ways to say one thing."""

    names: tuple[str, ...]
    meaning: str  # Markdown
    since: str  # "" not traced
    source: str
    url: str
    page: str  # address from docs/ on of the page that has more, "" none
    line: int

    @property
    def anchors(self) -> tuple[str, ...]:
        """The id of each name on the page of all."""
        return tuple(anchor(name) for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Parameters of one kind, such as `sysctl`."""

    key: str
    items: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word with its meaning. `expansion` is what an abbreviation is short for, "" where it is none."""

    term: str
    meaning: str  # Markdown
    abbreviation: str = ""
    expansion: str = ""

    @property
    def anchor(self) -> str:
        """The id of its entry."""
        return anchor(self.term)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkResult:
    """Whether a link answered at the last check, the day of it (ISO), and where it leads now."""

    url: str
    state: LinkState
    checked: str
    status: int = 0  # of HTTP, 0 no answer
    target: str = ""  # after permanent redirects
    note: str = ""  # why there was no answer


def anchor(name: str) -> str:
    """Return an id for a name: its words in lower case, which different names of one list may not share."""
    return "-".join(re.findall(r"[a-z0-9_]+", name.lower()))
