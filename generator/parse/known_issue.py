"""Read a known issue, a reviewed YAML file. Scalars are text: 6.10 stays 6.10; no aliases, no key twice."""

import re
from collections.abc import Iterator
from datetime import date

import yaml

from generator.errors import ParseError
from generator.model.reports import KnownIssue, Verdict

KEYS = ("title", "url", "path", "dimensions", "excerpt", "verdict", "owner", "added", "expires")
REQUIRED = ("title", "path", "owner", "added", "expires")
BAD = (Verdict.FAIL, Verdict.ERROR, Verdict.MISS)
LONGEST = 1 << 16  # characters
Text = tuple[int, str]  # line, value
Pairs = dict[str, "Text | tuple[int, Pairs]"]


def parse_known_issue(text: str, *, source: str, name: str) -> KnownIssue:
    """Read the file `source` of the issue `name`. Raises ParseError for the first thing that is not as it should be."""
    fields = _fields(text, source)
    for key in REQUIRED:
        if not fields.get(key, (1, ""))[1]:
            raise ParseError(source, fields.get(key, (1, ""))[0], f"`{key}` is missing: say it")
    said = {key: _text(value, key, source) for key, value in fields.items() if key != "dimensions"}
    _check_days(fields, source)
    _check_address(fields, source)
    return KnownIssue(
        **{**said, "url": said.get("url", ""), "verdict": _verdict(fields, source)},
        id=name,
        dimensions=_dimensions(fields, source),
        file=source,
    )


def _fields(text: str, source: str) -> Pairs:
    if len(text) > LONGEST:
        raise ParseError(source, 1, f"is longer than the {LONGEST} characters that are read")
    try:
        events = [event for event in yaml.parse(text, Loader=yaml.SafeLoader) if not isinstance(event, EDGES)]
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        said = getattr(problem, "problem", None) or "it cannot be read"
        raise ParseError(source, mark.line + 1 if mark else 1, f"is no YAML: {said}") from problem
    if not events or not isinstance(events[0], yaml.MappingStartEvent):
        raise ParseError(source, 1, f"must be a mapping with some of: {', '.join(KEYS)}")
    walk = iter(events)
    next(walk)
    fields = _pairs(walk, source, 0)
    if (more := next(walk, None)) is not None:
        raise ParseError(source, more.start_mark.line + 1, "has a second document: put it into a file of its own")
    for key, (line, _) in fields.items():
        if key not in KEYS:
            raise ParseError(source, line, f"no such key: `{key}`; there are: {', '.join(KEYS)}")
    return fields


EDGES = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)


def _pairs(events: Iterator[yaml.Event], source: str, depth: int) -> Pairs:
    """Read a mapping of text to text; one level below the root may be another."""
    pairs: Pairs = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarEvent):
            raise ParseError(source, line, "a key must be a word")
        if key.value in pairs:
            raise ParseError(source, line, f"`{key.value}` is said twice, first in line {pairs[key.value][0]}")
        value = next(events)
        if isinstance(value, yaml.MappingStartEvent) and not depth:
            pairs[key.value] = line, _pairs(events, source, 1)
        elif isinstance(value, yaml.ScalarEvent):
            pairs[key.value] = line, value.value.strip("\n") if value.style in ("|", ">") else value.value.strip()
        else:
            raise ParseError(source, line, f"`{key.value}` must be text; lists and aliases are not read here")
    return pairs


def _text(field: "Text | tuple[int, Pairs]", key: str, source: str) -> str:
    line, value = field
    if not isinstance(value, str):
        raise ParseError(source, line, f"`{key}` must be text")
    return value


def _check_days(fields: Pairs, source: str) -> None:
    for key in ("added", "expires"):
        line, value = fields[key]
        if not DAY_RE.fullmatch(value) or not _is_day(value):
            raise ParseError(source, line, f"`{key}` must be a day such as 2026-11-30")
    if fields["expires"][1] < fields["added"][1]:
        raise ParseError(source, fields["expires"][0], "`expires` is before `added`")


DAY_RE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _check_address(fields: Pairs, source: str) -> None:
    line, value = fields.get("url", (1, ""))
    if value and not ADDRESS_RE.fullmatch(value):
        raise ParseError(source, line, "`url` must be an address with https://, or be left out")


ADDRESS_RE = re.compile(r"https://[^\s/?#@]+(?:[/?#]\S*)?")


def _verdict(fields: Pairs, source: str) -> Verdict:
    line, value = fields.get("verdict", (1, Verdict.FAIL))
    if value not in BAD:
        raise ParseError(source, line, f"`verdict` must be one of: {', '.join(BAD)}")
    return Verdict(value)


def _dimensions(fields: Pairs, source: str) -> tuple[tuple[str, str], ...]:
    line, value = fields.get("dimensions", (1, {}))
    if not isinstance(value, dict):
        raise ParseError(source, line, "`dimensions` must be a mapping, such as `target: nfs`")
    return tuple(sorted((name, _text(said, name, source)) for name, said in value.items()))
