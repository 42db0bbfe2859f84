"""A manual page as blocks of text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one font: "b" bold, "i" italic, "" roman."""

    text: str
    font: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words that flow; `indent` is how many steps from the margin."""

    spans: tuple[Span, ...]
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A tagged paragraph: what it is about, and what is said of it. `line` is the tag's in the source."""

    tag: tuple[Span, ...]
    body: tuple[Paragraph, ...]
    indent: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A part under a heading; `line` is the heading's."""

    name: str
    blocks: tuple[Paragraph | Item, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Manual:
    """A whole page. `title` is such as `kexec(8)`."""

    title: str
    sections: tuple[Section, ...]
