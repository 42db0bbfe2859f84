"""Show two versions of a series side by side: which patch became which, and the diff of their diffs."""

from collections.abc import Iterator, Sequence

from generator.model.patches import Patch
from generator.relate.range_diff import DoubleLine, Pairing
from generator.render.code import PLAIN, Highlighter, Language, language_of
from generator.render.escape import decode, esc

SIGNS = {"same": "=", "changed": "!", "added": ">", "removed": "<"}
HEAD = (
    '<div class="scroll"><table><thead><tr><th scope="col" class="num">Old</th><th scope="col">Change</th>'
    '<th scope="col" class="num">New</th><th scope="col">Patch</th><th scope="col">What changed</th></tr>'
    "</thead><tbody>\n"
)


def range_diff_body(
    pairings: Sequence[Pairing], old: Sequence[Patch], new: Sequence[Patch], highlighter: Highlighter
) -> str:
    """Return the table of all patches and, for each pair that changed, a block with the diff of the two diffs."""
    rows = "".join(_row(pairing, number, old, new) for number, pairing in enumerate(pairings, 1))
    blocks = "".join(
        _block(pairing, number, new, highlighter)
        for number, pairing in enumerate(pairings, 1)
        if pairing.verdict == "changed"
    )
    return f"{HEAD}{rows}</tbody></table></div>\n{blocks}"


def _row(pairing: Pairing, number: int, old: Sequence[Patch], new: Sequence[Patch]) -> str:
    title = esc(_subject(pairing, old, new))
    if pairing.verdict == "changed":
        title = f'<a href="#p{number}">{title}</a>'
    return (
        f'<tr><td class="num">{_place(pairing.old_index)}</td>'
        f"<td><code>{esc(SIGNS[pairing.verdict])}</code> {pairing.verdict}</td>"
        f'<td class="num">{_place(pairing.new_index)}</td><td>{title}</td><td>{_what(pairing)}</td></tr>\n'
    )


def _subject(pairing: Pairing, old: Sequence[Patch], new: Sequence[Patch]) -> str:
    patch = old[pairing.old_index] if pairing.new_index is None else new[pairing.new_index]
    return patch.subject or patch.name


def _place(index: int | None) -> str:
    return "–" if index is None else str(index + 1)


def _what(pairing: Pairing) -> str:
    parts = [("message", pairing.message_changed), ("diff", pairing.diff_changed)]
    return ", ".join(name for name, changed in parts if changed)


def _block(pairing: Pairing, number: int, new: Sequence[Patch], highlighter: Highlighter) -> str:
    patch = new[pairing.new_index]
    same = f"{int(pairing.share * 100)} % of the lines are the same"
    shown = pairing_rows(pairing, highlighter)
    body = (
        f"<pre class=diff tabindex=0><code>{shown}</code></pre>\n" if shown else "<p>It is too long to compare.</p>\n"
    )
    return (
        f"<details class=file id=p{number} open><summary>{pairing.new_index + 1}. {esc(patch.subject or patch.name)} "
        f'<span class="note">{_what(pairing)}; {same}</span></summary>\n'
        f"{body}</details>\n"
    )


def pairing_rows(pairing: Pairing, highlighter: Highlighter) -> str:
    """Return the rows of a pair, to be put into `<pre class=diff><code>`.

    Each has the outer mark, what the newer version added or removed, before the patch's own mark. Code is in the
    colours of its file's language, line by line.
    """
    return "".join(_rows(pairing.lines, highlighter))


def _rows(lines: Sequence[DoubleLine], highlighter: Highlighter) -> Iterator[str]:
    language = PLAIN
    for line in lines:
        if line.inner == "#":
            language = language_of(line.text)
        yield _double_row(line, language, highlighter)


def _double_row(line: DoubleLine, language: Language, highlighter: Highlighter) -> str:
    if line.outer == "…":
        return "<span class=e><u>lines left out </u>…\n</span>"
    text = _inner(line, language, highlighter)
    if line.outer == "+":
        return f"<ins><u>added </u>+{text}\n</ins>"
    if line.outer == "-":
        return f"<del><u>removed </u>-{text}\n</del>"
    kind = " class=h" if line.inner in ("#", "@") else ""
    return f"<span{kind}> {text}\n</span>"


def _inner(line: DoubleLine, language: Language, highlighter: Highlighter) -> str:
    if line.inner == "#":
        return f"## {esc(decode(line.text))}"
    if line.inner == "@":
        return f"@@ {highlighter.line(language, line.text).html}"
    if line.inner == "=":
        return f"  {esc(decode(line.text))}"
    return f"{esc(line.inner)}{highlighter.line(language, line.text).html}"
