"""Reference data as Markdown, put where a hand-written page asks for it by a comment: `<!-- glossary -->`."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from generator.model.references import Group, Parameter, Term

MARK_RE = re.compile(r"^<!-- (?P<kind>parameters|glossary)(?:: (?P<key>[a-z_]+))? -->$", re.MULTILINE)
LETTERS = ("A to C", "D to F", "G to L", "M to P", "Q to Z")


def fill_in(markdown: str, groups: Mapping[str, Group], terms: Sequence[Term]) -> str:
    """Return a page's Markdown with the lists it asks for. Raises KeyError for a group that is not there."""

    def said(match: re.Match[str]) -> str:
        return glossary(terms) if match["kind"] == "glossary" else parameter_table(groups[match["key"] or ""])

    return MARK_RE.sub(said, markdown)


def parameter_table(group: Group) -> str:
    """Return a table with a row for each parameter, and an id for each of its names."""
    rows = "".join(_row(item) for item in group.items)
    return f"| Name | Meaning; since when; where it is written |\n|---|---|\n{rows}"


def _row(item: Parameter) -> str:
    pairs = zip(item.names, item.anchors, strict=True)
    names = ", ".join(f"[`{_cell(name)}`](#{one}){{: #{one} }}" for name, one in pairs)
    more = f" · [more]({item.page})" if item.page else ""
    since = f"{item.since}; " if item.since else ""
    written = f"<small>{_cell(since)}[{_cell(item.source)}]({item.url})</small>"
    return f"| {names} | {_cell(item.meaning)}{more}<br>{written} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def glossary(terms: Sequence[Term]) -> str:
    """Return all terms by their first letters, each with its id."""
    return "\n".join(
        f"## {letters}\n\n" + "\n".join(_entry(term) for term in part)
        for letters, part in groupby(terms, key=lambda term: _part(term.anchor))
    )


def _entry(term: Term) -> str:
    short = f"{term.expansion[:1].upper()}{term.expansion[1:]}. " if term.expansion else ""
    own = term.meaning.lower().startswith(term.expansion.lower()) if term.expansion else True
    return f"{term.term} {{: #{term.anchor} }}\n:   {'' if own else short}{term.meaning}\n"


def _part(name: str) -> str:
    return next((letters for letters in LETTERS if name[:1] <= letters[-1].lower()), LETTERS[-1])
