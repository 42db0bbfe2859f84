"""A manual page in full: its text, and every option that the program's source accepts, whether it is in it or not."""

from collections.abc import Iterator

from generator.model.histories import GitSource, History
from generator.model.manual_facts import ManualFacts
from generator.model.manuals import Item, Manual, Paragraph, Span
from generator.model.options import EVERY, CommandOption, Spot
from generator.model.pages import Link, Page, SearchEntry
from generator.model.paths import blob_path, commit_path, manual_path, slug, source_path
from generator.pages.commits import source_crumbs
from generator.render.escape import esc
from generator.render.html import href, link

LACKING = '<span class="badge badge-warn">not in the manual page</span>'
UNACCEPTED = '<span class="badge badge-bad">in no option table</span>'


def manual_page(history: History, facts: ManualFacts) -> Page:
    """Show the manual page of a source with the options of its program."""
    source = history.source
    here = manual_path(source.name)
    if facts.manual is None:
        return _without(source, "The tree at the head has no such file.", history.notice)
    title = facts.manual.title or source.manual
    lacking = [option for option in facts.options if not option.is_documented]
    return Page(
        path=here,
        title=f"{title} with all options · {source.title}",
        description=f"The manual page {title} in full, and the {len(facts.options)} options that the source accepts; "
        f"{len(lacking)} of them are missing from the manual page.",
        body=(
            f"<h1>{esc(title)} with all options</h1>\n",
            f'<p class="lead">{len(facts.options)} long options, read from the source; {len(lacking)} of them the '
            "manual page does not have.</p>\n",
            _provenance(history, facts, here),
            "".join(_lacking(history, facts, lacking, here)),
            _all(history, facts, here),
            _by_architecture(facts),
            *_text(facts.manual),
        ),
        crumbs=source_crumbs(history),
        section="/history/",
        notice=history.notice,
        search=SearchEntry(
            text=f"{title} " + " ".join(f"--{option.name} {_words(option)[0]}" for option in facts.options),
            filters=(("kind", "page"), ("source", source.title)),
        ),
    )


def absent_manual_page(source: GitSource) -> Page:
    """Say plainly that the manual cannot be shown, because its source was not mirrored."""
    return _without(source, "No mirror of the source could be made where this portal was built.", "")


def _without(source: GitSource, why: str, notice: str) -> Page:
    here = manual_path(source.name)
    return Page(
        path=here,
        title=f"Manual of {source.title}",
        description=f"The manual page of {source.title} is not here yet.",
        body=(
            f"<h1>Manual of {esc(source.title)}</h1>\n",
            f'<p class="notice">The manual page <code>{esc(source.manual)}</code> cannot be shown. {esc(why)} '
            f"See {link(f'{source_path(source.name)}index.html', source.title, here)}.</p>\n",
        ),
        crumbs=(Link("History", "history/index.html"), Link(source.title, f"{source_path(source.name)}index.html")),
        section="/history/",
        notice=notice,
    )


def _provenance(history: History, facts: ManualFacts, here: str) -> str:
    source = history.source
    file = _file(history, facts, Spot(source.manual, 1, EVERY), here, source.manual)
    commit = link(commit_path(source.name, history.head), history.head[:12], here)
    return (
        f"<p>Read from {file} and the C files beside and below it, at {commit}: the tables that getopt_long(3) is "
        "given, and the program's own usage texts. An option of an architecture exists only in the program that was "
        "built for it; the loaders of one file type may refuse what another takes.</p>\n"
    )


def _lacking(history: History, facts: ManualFacts, options: list[CommandOption], here: str) -> Iterator[str]:
    yield '<h2 id="lacking">What the manual page lacks</h2>\n'
    if not options:
        yield "<p>Nothing: it describes every option that the source accepts.</p>\n"
        return
    yield "<ul>"
    for option in options:
        where = ", ".join(esc(name or "every architecture") for name in option.architectures)
        yield f'<li><a href="#{_anchor(option)}"><code>--{esc(option.name)}</code></a> ({where})</li>\n'
    yield "</ul>\n"


def _all(history: History, facts: ManualFacts, here: str) -> str:
    rows = "".join(_row(history, facts, option, here) for option in facts.options)
    return (
        '<h2 id="options">Every option</h2>\n<div class="scroll"><table><thead><tr><th scope="col">Option</th>'
        '<th scope="col">Meaning</th><th scope="col">Accepted by</th><th scope="col">Since</th></tr></thead><tbody>\n'
        f"{rows}</tbody></table></div>\n"
    )


def _row(history: History, facts: ManualFacts, option: CommandOption, here: str) -> str:
    short = f"<code>-{esc(option.short)}</code>, " if option.short else ""
    value = _value(option)
    name = f'<a href="#{_anchor(option)}"><code>--{esc(option.name)}{f"={esc(value)}" if value else ""}</code></a>'
    text, origin = _words(option)
    said = f'{esc(text)} <span class="note">{origin}</span>' if text else '<span class="note">not described</span>'
    marks = ("" if option.is_documented else f" {LACKING}") + ("" if option.rows else f" {UNACCEPTED}")
    return (
        f'<tr id="{_anchor(option)}"><td>{short}{name}</td><td>{said}{marks}</td>'
        f"<td>{_places(history, facts, option, here)}</td><td>{_since(history, facts, option, here)}</td></tr>\n"
    )


def _anchor(option: CommandOption) -> str:
    return f"option-{slug(option.name)}"


def _value(option: CommandOption) -> str:
    """Return the name of the argument; what takes one without a name anywhere shows VALUE."""
    named = next((said.value for said in (*option.entries, *option.helps) if said.value), "")
    takes = any(row.argument != "no" for row in option.rows) or not option.rows
    return (named or ("VALUE" if option.rows else "")) if takes else ""


def _words(option: CommandOption) -> tuple[str, str]:
    """Return what an option means and who says so: the manual page, else the longest of the usage texts."""
    if option.entries:
        return option.entries[0].text.partition("\n\n")[0], "(manual page)"
    if option.helps:
        return max((said.text for said in option.helps), key=len), "(usage text)"
    return "", ""


def _places(history: History, facts: ManualFacts, option: CommandOption, here: str) -> str:
    """Return the architectures, each linked to the line of its table."""
    by_name: dict[str, Spot] = {}
    for row in sorted(option.rows, key=lambda row: (not row.spot.path.endswith("options.h"), row.spot.path)):
        by_name.setdefault(row.spot.architecture, row.spot)
    return ", ".join(
        _file(history, facts, by_name[name], here, name or "every architecture") for name in option.architectures
    )


def _file(history: History, facts: ManualFacts, spot: Spot, here: str, text: str) -> str:
    blob = facts.blobs.get(spot.path)
    return link(f"{blob_path(history.source.name, blob)}#L{spot.line}", text, here) if blob else esc(text)


def _since(history: History, facts: ManualFacts, option: CommandOption, here: str) -> str:
    """Return the commit that first had the option in a table, and the first release that holds it."""
    sha = facts.added.get(option.name, "")
    commit = history.by_sha.get(sha)
    if commit is None:
        return '<span class="note">unknown</span>'
    released = history.first_tag.get(sha, "")
    said = esc(released) if released else "not released yet"
    return f'{said}<br><a href="{href(commit_path(history.source.name, sha), here)}">{esc(sha[:10])}</a>'


def _by_architecture(facts: ManualFacts) -> str:
    """Return for each architecture what it takes beyond what all take."""
    names = sorted({name for option in facts.options for name in option.architectures if name != EVERY})
    if not names:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td>'
        + " ".join(
            f'<a href="#{_anchor(option)}"><code>--{esc(option.name)}</code></a>'
            for option in facts.options
            if name in option.architectures
        )
        + "</td></tr>\n"
        for name in names
    )
    return (
        '<h2 id="architectures">By architecture</h2>\n<p>Beyond the options that every architecture takes. The names '
        'are those of the folders of the source.</p>\n<div class="scroll"><table><thead><tr><th scope="col">'
        f'Architecture</th><th scope="col">Its options</th></tr></thead><tbody>\n{rows}</tbody></table></div>\n'
    )


def _text(manual: Manual) -> Iterator[str]:
    """Yield the manual page itself."""
    yield '<h2 id="text">The manual page</h2>\n<div class="prose">\n'
    for section in manual.sections:
        yield f"<h3>{esc(section.name)}</h3>\n"
        for block in section.blocks:
            if isinstance(block, Item):
                yield f"<dl><dt>{_spans(block.tag)}</dt><dd>{''.join(map(_paragraph, block.body))}</dd></dl>\n"
            else:
                yield _paragraph(block)
    yield "</div>\n"


def _paragraph(paragraph: Paragraph) -> str:
    words = _spans(paragraph.spans)
    return f"<blockquote><p>{words}</p></blockquote>\n" if paragraph.indent else f"<p>{words}</p>\n"


def _spans(spans: tuple[Span, ...]) -> str:
    return "".join(f"<{span.font}>{esc(span.text)}</{span.font}>" if span.font else esc(span.text) for span in spans)
