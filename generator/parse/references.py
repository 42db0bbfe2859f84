"""Read the data that hand-written pages draw on: content/data/parameters.yml, glossary.yml and links.yml."""

import re
from typing import get_args

from generator.errors import ParseError
from generator.model.references import Group, LinkResult, LinkState, Parameter, Term
from generator.parse.text_yaml import Node, parse_text_yaml

PARAMETER_KEYS = ("name", "meaning", "since", "source", "page")
TERM_KEYS = ("term", "abbreviation", "expansion", "meaning")
LINK_KEYS = ("state", "checked", "status", "target", "note")
DAY_RE = re.compile(r"\d{4}-\d\d-\d\d")


def parse_parameters(text: str, *, source: str) -> tuple[Group, ...]:
    """Return the groups of parameters. Raises ParseError where something is missing, or two names share an id."""
    top = _mapping(parse_text_yaml(text, source=source), source, ("sources", "groups"))
    addresses = {name: _text(node, source) for name, node in _mapping(top["sources"], source).items()}
    taken: dict[str, int] = {}
    groups = []
    for key, node in _mapping(top["groups"], source).items():
        group = _mapping(node, source, ("title", "items"))
        items = tuple(_parameter(item, addresses, source) for item in _list(group["items"], source))
        for item in items:
            for one in item.anchors:
                if not one or one in taken:
                    raise ParseError(source, item.line, f"the id {one!r} is taken in line {taken.get(one)}: rename one")
                taken[one] = item.line
        groups.append(Group(key=key, items=items))
    return tuple(groups)


def _parameter(node: Node, addresses: dict[str, str], source: str) -> Parameter:
    values = _texts(node, source, PARAMETER_KEYS, needed=("name", "meaning", "source"))
    if values["source"] not in addresses:
        raise ParseError(source, node.line, f"{values['source']!r} is not in `sources`: say there where it is found")
    return Parameter(
        names=_names(values["name"]),
        meaning=values["meaning"],
        since=values["since"],
        source=values["source"],
        url=addresses[values["source"]],
        page=values["page"],
        line=node.line,
    )


def _names(said: str) -> tuple[str, ...]:
    """Return the names that `, ` separates; those of a folder's files may leave the folder out."""
    first, *others = said.split(", ")
    folder = first.rpartition("/")[0] if first.startswith("/") else ""
    return (first, *(f"{folder}/{name}" if folder and not name.startswith(("/", "…")) else name for name in others))


def parse_glossary(text: str, *, source: str) -> tuple[Term, ...]:
    """Return the terms, in the order of the file. Raises ParseError for doubled ones."""
    top = _mapping(parse_text_yaml(text, source=source), source, ("terms",))
    terms: list[Term] = []
    taken: set[str] = set()
    for node in _list(top["terms"], source):
        values = _texts(node, source, TERM_KEYS, needed=("term", "meaning"))
        term = Term(**values)
        if bool(term.abbreviation) != bool(term.expansion):
            raise ParseError(source, node.line, "`abbreviation` and `expansion` go together")
        if term.anchor in taken:
            raise ParseError(source, node.line, f"{term.term!r} is there twice")
        taken.add(term.anchor)
        terms.append(term)
    return tuple(terms)


def parse_links(text: str, *, source: str) -> dict[str, LinkResult]:
    """Return the results of the last check by address."""
    top = _mapping(parse_text_yaml(text, source=source), source, ("links",))
    if top["links"].value == "":
        return {}
    return {url: _link(url, node, source) for url, node in _mapping(top["links"], source).items()}


def _link(url: str, node: Node, source: str) -> LinkResult:
    values = _texts(node, source, LINK_KEYS, needed=("state", "checked"))
    if values["state"] not in get_args(LinkState):
        raise ParseError(source, node.line, f"`state` is one of {', '.join(get_args(LinkState))}")
    if not DAY_RE.fullmatch(values["checked"]):
        raise ParseError(source, node.line, "`checked` is a day such as 2026-11-26")
    if values["status"] and not re.fullmatch(r"\d{3}", values["status"]):
        raise ParseError(source, node.line, "`status` is a number of HTTP such as 404")
    return LinkResult(
        url=url,
        state=values["state"],
        checked=values["checked"],
        status=int(values["status"] or 0),
        target=values["target"],
        note=values["note"],
    )


def _mapping(node: Node, source: str, keys: tuple[str, ...] = ()) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise ParseError(source, node.line, "must be a mapping" + (f" of: {', '.join(keys)}" if keys else ""))
    for key in keys:
        if key not in node.value:
            raise ParseError(source, node.line, f"`{key}:` is missing")
    return node.value


def _list(node: Node, source: str) -> list[Node]:
    if not isinstance(node.value, list):
        raise ParseError(source, node.line, "must be a list")
    return node.value


def _text(node: Node, source: str) -> str:
    if not isinstance(node.value, str):
        raise ParseError(source, node.line, "must be text")
    return node.value


def _texts(node: Node, source: str, keys: tuple[str, ...], *, needed: tuple[str, ...]) -> dict[str, str]:
    found = _mapping(node, source)
    for key in found:
        if key not in keys:
            raise ParseError(source, found[key].line, f"`{key}` is no key here; there are: {', '.join(keys)}")
    values = {key: _text(found[key], source) if key in found else "" for key in keys}
    for key in needed:
        if not values[key]:
            raise ParseError(source, node.line, f"`{key}:` is missing")
    return values
