"""What is added to the HTML of a hand-written page: links of known names, tooltips of abbreviations, dead links."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generator.model.references import Group, LinkResult, Parameter, Term
from generator.render.escape import esc
from generator.render.html import href

PIECE_RE = re.compile(
    r"<!--.*?-->|<(?P<close>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>|[^<]+|<",
    re.DOTALL,
)
QUIET = ("a", "pre", "abbr", "h1", "h2", "h3", "h4", "h5", "h6", "script", "style", "svg", "button", "title")
HEADINGS = ("h1", "h2", "h3")
VOID = ("br", "hr", "img", "input", "wbr", "col", "source")
HREF_RE = re.compile(r"""\shref=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known: where inline code leads by its text, the abbreviations, and links that are dead."""

    targets: Mapping[str, str]  # text of code -> path in the site with #anchor
    stems: Mapping[str, str]  # the same for the word before `=`
    abbreviations: Mapping[str, tuple[str, str]]  # abbreviation -> (what it is short for, path with #anchor)
    dead: Mapping[str, LinkResult]


def known(
    groups: Iterable[Group], terms: Iterable[Term], links: Iterable[LinkResult], *, parameters: str, glossary: str
) -> Known:
    """Bring reference data into the form that pages are searched with; the paths are those of the two pages."""
    targets: dict[str, str] = {}
    stems: dict[str, str] = {}
    for item in (item for group in groups for item in group.items):
        for name, one in zip(item.names, item.anchors, strict=True):
            path = f"{parameters}#{one}"
            for alias in _aliases(name, item):
                targets.setdefault(alias, path)
            stem, equals, _ = name.partition("=")
            if equals or name.startswith("kernel."):
                stems.setdefault(stem, path)
    return Known(
        targets=targets,
        stems=stems,
        abbreviations={
            term.abbreviation: (term.expansion, f"{glossary}#{term.anchor}") for term in terms if term.abbreviation
        },
        dead={link.url: link for link in links if link.state == "dead"},
    )


def _aliases(name: str, item: Parameter) -> Iterable[str]:
    yield name
    if name.startswith(("kernel.", "vm.")):
        yield f"/proc/sys/{name.replace('.', '/')}"
    if name.startswith("CONFIG_"):
        yield f"{name}=y"


@dataclass(slots=True)
class _State:
    """Where the walk over a page stands."""

    quiet: list[str] = field(default_factory=list)  # open elements in which nothing is added
    linked: set[str] = field(default_factory=set)  # targets in this section
    explained: set[str] = field(default_factory=set)  # abbreviations on this page
    dead: LinkResult | None = None  # the dead link that is open


def add_links(html: str, here: str, known: Known) -> str:
    """Return the HTML of the page at path `here` with what is known added.

    Code is linked once in a section, abbreviations once on a page; headings, links and blocks of code stay as they
    are. The abbreviation is a link to its entry, so that keyboards reach it; what it is short for is its title.
    """
    state = _State()
    abbreviations = _pattern(known.abbreviations)
    pieces = list(PIECE_RE.finditer(html))
    out: list[str] = []
    skip = 0
    for number, piece in enumerate(pieces):
        if skip:
            skip -= 1
        elif not piece["tag"]:
            plain = not state.quiet and abbreviations and not piece[0].startswith("<")
            out.append(_explained(piece[0], here, known, state, abbreviations) if plain else piece[0])
        elif piece["tag"].lower() == "code" and not piece["close"] and not state.quiet:
            skip = _code_length(pieces, number)
            out.append(_code("".join(part[0] for part in pieces[number : number + skip + 1]), here, known, state))
        else:
            out.append(_tag(piece, known, state))
    return "".join(out)


def _pattern(abbreviations: Mapping[str, object]) -> re.Pattern[str] | None:
    names = sorted(abbreviations, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, names))})(?![\w/-])") if names else None


def _code_length(pieces: list[re.Match[str]], start: int) -> int:
    """Return how many pieces follow up to the end of an inline code."""
    for number in range(start + 1, min(start + 8, len(pieces))):
        if (pieces[number]["tag"] or "").lower() == "code":
            return number - start
    return 0


def _code(html: str, here: str, known: Known, state: _State) -> str:
    text = _plain(re.sub(r"<[^>]*>", "", html))
    stem, equals, _ = text.partition("=")
    path = known.targets.get(text) or (known.stems.get(stem) if equals or text in known.stems else None)
    if not path or path.partition("#")[0] == here or path in state.linked:
        return html
    state.linked.add(path)
    return f'<a class="known" href="{href(path, here)}">{html}</a>'


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def _explained(text: str, here: str, known: Known, state: _State, pattern: re.Pattern[str]) -> str:
    def said(match: re.Match[str]) -> str:
        expansion, path = known.abbreviations[match[0]]
        if match[0] in state.explained or path.partition("#")[0] == here:
            return match[0]
        state.explained.add(match[0])
        return f'<a class="term" href="{href(path, here)}"><abbr title="{esc(expansion)}">{match[0]}</abbr></a>'

    return pattern.sub(said, text)


def _tag(piece: re.Match[str], known: Known, state: _State) -> str:
    """Return a tag, marked where it opens or closes a dead link, and note what it means for the walk."""
    name = piece["tag"].lower()
    if name in HEADINGS and not piece["close"]:
        state.linked.clear()
    if piece["close"]:
        if state.quiet and state.quiet[-1] == name:
            state.quiet.pop()
        if name == "a" and state.dead:
            dead, state.dead = state.dead, None
            return f'</a> <span class="nothing">(did not answer on {esc(dead.checked)})</span>'
        return piece[0]
    if name in QUIET and name not in VOID and not piece["rest"].rstrip().endswith("/"):
        state.quiet.append(name)
    if name == "a" and (found := HREF_RE.search(piece["rest"])):
        state.dead = known.dead.get(_plain(found["double"] or found["single"] or "").partition("#")[0])
        if state.dead and " class=" not in piece["rest"]:
            return f'<a class="dead"{piece["rest"]}>'
    return piece[0]
