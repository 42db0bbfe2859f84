"""Read YAML 1.1 from strangers: every scalar is text, so that 6.10 stays 6.10; aliases, anchors and tags are refused.

A plain `null`, `~` or nothing is the empty text. No object is ever made: only the parser's events are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from generator.errors import ParseError

DEEPEST = 12
LONGEST = 1 << 22  # characters
MOST_NODES = 200_000
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it: ten times faster
NOTHING = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its line: text, a list of nodes, or a mapping of nodes by key."""

    line: int
    value: "str | list[Node] | dict[str, Node]"


def parse_text_yaml(text: str, *, source: str) -> Node:
    """Return the one document of `text`. Raises ParseError where it is no YAML, or more than is read."""
    if len(text) > LONGEST:
        raise ParseError(source, 1, f"is longer than the {LONGEST} characters that are read")
    reader = _Reader(source, _events(text, source))
    if (first := next(reader.events, None)) is None:
        raise ParseError(source, 1, "is empty")
    root = reader.node(first, 1)
    if (second := next(reader.events, None)) is not None:
        raise ParseError(source, second.start_mark.line + 1, "holds more than one document")
    return root


EDGES = yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentStartEvent | yaml.DocumentEndEvent


def _events(text: str, source: str) -> Iterator[yaml.Event]:
    try:
        for number, event in enumerate(yaml.parse(text, Loader=LOADER)):
            if number > MOST_NODES:
                raise ParseError(source, event.start_mark.line + 1, f"holds more than {MOST_NODES} values")
            if not isinstance(event, EDGES):
                yield event
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        said = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "it cannot be read"
        raise ParseError(source, mark.line + 1 if mark else 1, f"is no YAML: {said}") from problem
    except UnicodeEncodeError as problem:
        raise ParseError(source, 1, "is no YAML: it holds half a surrogate pair") from problem


@dataclass(frozen=True, slots=True)
class _Reader:
    """Builds nodes of events, with the file's name at hand for complaints."""

    source: str
    events: Iterator[yaml.Event]

    def node(self, event: yaml.Event, depth: int) -> Node:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor or event.tag:
            raise ParseError(self.source, line, "aliases, anchors and tags are not read: write the text out")
        if isinstance(event, yaml.ScalarEvent):
            return Node(line, "" if event.implicit[0] and event.value in NOTHING else event.value)
        if depth > DEEPEST:
            raise ParseError(self.source, line, f"is nested deeper than {DEEPEST} levels")
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, [self.node(item, depth + 1) for item in self.until(yaml.SequenceEndEvent)])
        return Node(line, self.pairs(depth))

    def until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self.events), end):
            yield event

    def pairs(self, depth: int) -> dict[str, Node]:
        pairs: dict[str, Node] = {}
        for event in self.until(yaml.MappingEndEvent):
            key = self.node(event, depth + 1).value
            if not isinstance(key, str) or key == "<<":
                raise ParseError(self.source, event.start_mark.line + 1, "a key must be a word")
            if key in pairs:
                raise ParseError(self.source, event.start_mark.line + 1, f"{key[:80]!r} is said twice")
            pairs[key] = self.node(next(self.events), depth + 1)
        return pairs
