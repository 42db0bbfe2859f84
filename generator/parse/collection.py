"""Read collection.yml, which says what a folder of patches is. YAML 1.1; a scalar is text, so that 1.10 stays 1.10."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml

from generator.errors import ParseError
from generator.model.patches import Collection, Missing, Target

KINDS = ("series", "distribution", "historical")
ORDERS = ("series", "name")
KEYS = (
    "title", "kind", "description", "applies_to", "distribution", "origin", "licence", "order", "status", "successor",
    "missing",
)  # fmt: skip
TARGET_KEYS = ("source", "package", "version", "tag")
MISSING_KEYS = ("name", "purpose", "usage", "address", "sha256")
DEEPEST = 4
LONGEST = 1 << 17  # characters


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """A collection without its patches, and how they are ordered: by `series` or by `name`, "" when it does not say."""

    collection: Collection
    order: str


@dataclass(frozen=True, slots=True)
class _Node:
    """A value and its line: text, a list of nodes, or a mapping of (line of the key, node)."""

    line: int
    value: "str | list[_Node] | _Fields"


_Fields = dict[str, tuple[int, _Node]]


def parse_collection(text: str, *, source: str, name: str) -> CollectionFile:
    """Read the file of the collection `name`. Raises ParseError for the first thing that is not as it should be."""
    reader = _Reader(source)
    root = reader.root(text)
    fields = reader.mapping(root, KEYS, required=("title", "kind", "applies_to"))
    target = reader.texts(fields["applies_to"][1], TARGET_KEYS, required=("package", "version"))
    missing = reader.sequence(fields["missing"][1]) if "missing" in fields else []
    said = {key: reader.text(node) for key, (_, node) in fields.items() if key not in ("applies_to", "missing")}
    reader.one_of(fields, "kind", KINDS)
    reader.one_of(fields, "order", ORDERS)
    reader.address(fields, "origin")
    reader.place(fields, "successor")
    order = said.pop("order", "")
    whole = {key: target.get(key, "") for key in TARGET_KEYS}
    collection = Collection(name=name, target=Target(**whole), **said)
    return CollectionFile(replace(collection, missing=tuple(reader.missing(node) for node in missing)), order)


ADDRESS_RE = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")
SHA256_RE = re.compile(r"[0-9a-f]{64}")
SCHEME_RE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads nodes with the file's name at hand for complaints."""

    source: str

    def error(self, line: int, problem: str) -> ParseError:
        return ParseError(self.source, line, problem)

    def root(self, text: str) -> _Node:
        if len(text) > LONGEST:
            raise self.error(1, f"is longer than the {LONGEST} characters that are read")
        try:
            events = [event for event in yaml.parse(text, Loader=yaml.SafeLoader) if _has_content(event)]
        except yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            said = getattr(problem, "problem", None) or getattr(problem, "reason", "") or "it cannot be read"
            raise self.error(mark.line + 1 if mark else 1, f"is no YAML: {said}") from problem
        if not events:
            raise self.error(1, f"is empty: say at least {', '.join(('title', 'kind', 'applies_to'))}")
        walk = iter(events)
        return self.node(next(walk), walk, 0)

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Node:
        line = event.start_mark.line + 1
        if depth > DEEPEST or isinstance(event, yaml.AliasEvent):
            raise self.error(line, "is nested too deep, or an alias: write the text out")
        if isinstance(event, yaml.ScalarEvent):
            return _Node(line, event.value.strip())
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                items.append(self.node(item, events, depth + 1))
            return _Node(line, items)
        return _Node(line, self.pairs(events, depth))

    def pairs(self, events: Iterator[yaml.Event], depth: int) -> _Fields:
        pairs: dict[str, tuple[int, _Node]] = {}
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarEvent):
                raise self.error(line, "a key must be a word")
            if key.value in pairs:
                raise self.error(line, f"`{key.value}` is said twice, first in line {pairs[key.value][0]}")
            pairs[key.value] = line, self.node(next(events), events, depth + 1)
        return pairs

    def mapping(self, node: _Node, keys: tuple[str, ...], *, required: tuple[str, ...]) -> _Fields:
        if not isinstance(node.value, dict):
            raise self.error(node.line, f"must be a mapping with some of: {', '.join(keys)}")
        for key, (line, _) in node.value.items():
            if key not in keys:
                raise self.error(line, f"no such key: `{key}`; there are: {', '.join(keys)}")
        for key in required:
            if key not in node.value or not node.value[key][1].value:
                raise self.error(node.line, f"`{key}` is missing")
        return node.value

    def texts(self, node: _Node, keys: tuple[str, ...], *, required: tuple[str, ...]) -> dict[str, str]:
        return {key: self.text(value) for key, (_, value) in self.mapping(node, keys, required=required).items()}

    def text(self, node: _Node) -> str:
        if not isinstance(node.value, str):
            raise self.error(node.line, "must be text")
        return node.value

    def sequence(self, node: _Node) -> list[_Node]:
        if not isinstance(node.value, list):
            raise self.error(node.line, "must be a list, with `- ` before each entry")
        return node.value

    def one_of(self, fields: _Fields, key: str, values: tuple[str, ...]) -> None:
        if key in fields and fields[key][1].value not in values:
            raise self.error(fields[key][0], f"`{key}` must be one of: {', '.join(values)}")

    def address(self, fields: _Fields, key: str) -> None:
        if key in fields and fields[key][1].value and not ADDRESS_RE.fullmatch(self.text(fields[key][1])):
            raise self.error(fields[key][0], f"`{key}` must be an address with http:// or https://, or be left out")

    def place(self, fields: _Fields, key: str) -> None:
        """Check a path in the site, which may also be an address."""
        text = self.text(fields[key][1]) if key in fields else ""
        if ADDRESS_RE.fullmatch(text):
            return
        if SCHEME_RE.match(text) or ".." in text.split("/") or any(character.isspace() for character in text):
            raise self.error(fields[key][0], f"`{key}` must be a path in the site, or an address with https://")

    def missing(self, node: _Node) -> Missing:
        fields = self.mapping(node, MISSING_KEYS, required=("name", "purpose"))
        self.address(fields, "address")
        said = {key: self.text(value) for key, (_, value) in fields.items()}
        if said.get("sha256") and not SHA256_RE.fullmatch(said["sha256"]):
            raise self.error(fields["sha256"][0], "`sha256` must be 64 hexadecimal digits in lower case")
        return Missing(**said)


def _has_content(event: yaml.Event) -> bool:
    edges = yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentStartEvent | yaml.DocumentEndEvent
    return not isinstance(event, edges)
