"""Check the front matter of a hand-written page: every page says what it is, in a sentence, and who looks after it."""

import re
from collections.abc import Collection, Iterator

from generator.errors import ParseError
from generator.model.references import anchor
from generator.parse.text_yaml import Node, parse_text_yaml

FRONT_RE = re.compile(r"---[ \t]*\n(?P<yaml>.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
NEEDED = {
    "title": "`title: Words of the heading`",
    "description": "`description: One sentence, as a search engine would show it.`",
    "owner": "`owner: docs`, or another section of content/data/owners.yml",
}


def check_front_matter(text: str, *, source: str, owners: Collection[str]) -> Iterator[str]:
    """Yield what is wrong as `file:line: problem, and what to do`. Without `owners` every owner will do."""
    match = FRONT_RE.match(text)
    if not match:
        yield f"{source}:1: has no front matter: begin it with `---`, {', '.join(NEEDED)} and `---`"
        return
    try:
        top = parse_text_yaml(match["yaml"], source=source)
    except ParseError as problem:
        yield f"{source}:{problem.line + 1}: front matter {problem.problem}"
        return
    values = top.value if isinstance(top.value, dict) else {}
    for key, example in NEEDED.items():
        node = values.get(key)
        if node is None or not isinstance(node.value, str) or not node.value.strip():
            line = node.line + 1 if isinstance(node, Node) else 1
            yield f"{source}:{line}: says no `{key}`: write {example}"
    owner = values.get("owner")
    if owners and owner and isinstance(owner.value, str) and owner.value and owner.value not in owners:
        yield f"{source}:{owner.line + 1}: no section is called {owner.value!r}: there are {', '.join(sorted(owners))}"


def parse_owners(text: str, *, source: str) -> tuple[str, ...]:
    """Return the names of the sections of ownership."""
    top = parse_text_yaml(text, source=source)
    owners = top.value.get("owners") if isinstance(top.value, dict) else None
    if owners is None or not isinstance(owners.value, dict):
        raise ParseError(source, 1, "must be a mapping `owners:` of names to what they look after")
    for name, node in owners.value.items():
        if anchor(name) != name or not isinstance(node.value, str) or not node.value:
            raise ParseError(source, node.line, f"{name!r}: a name is lower-case words, with a sentence behind it")
    return tuple(owners.value)
