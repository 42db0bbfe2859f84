"""What a commit or a release changed: the table of files, and for each file a block with its diff that folds."""

from collections.abc import Sequence
from math import ceil

from generator.model.commits import Change
from generator.model.diffs import FileDiff, count_lines
from generator.model.paths import history_path
from generator.render.code import Highlighter
from generator.render.diff import FOLD_LINES, change_notes, diff_lines, file_diff
from generator.render.escape import decode, esc
from generator.render.html import href
from generator.render.log import lines


def file_block(diff: FileDiff, number: int, *, old: bytes | None, new: bytes | None, highlighter: Highlighter) -> str:
    """Return the block of a commit's file `number`. Big ones come folded; nothing is left out."""
    path = decode(diff.path)
    counted = lines(None, None) if diff.binary else _signed(*count_lines(diff))
    notes = "".join(f' <span class="note">{note}</span>' for note in change_notes(diff, old=old, new=new))
    rows = file_diff(diff, number, old=old, new=new, highlighter=highlighter)
    body = f"<pre class=diff tabindex=0><code>{rows}</code></pre>\n" if rows else ""
    unfolded = "" if diff_lines(diff) > FOLD_LINES else " open"
    return (
        f"<details class=file id=f{number}{unfolded}><summary><code>{esc(path)}</code> {counted}{notes}</summary>\n"
        f"{body}</details>\n"
    )


def _signed(added: int, removed: int) -> str:
    """Return line counts in less markup than `lines`: a commit of many small files is mostly their headings."""
    return f"<ins>+{added}</ins> <del>−{removed}</del>"


GRAPH_WIDTH = 40
STAT_HEAD = (
    '<div class="scroll"><table class="stat"><thead><tr><th scope="col">Change</th>'
    '<th scope="col" class="num">Lines</th><th scope="col">Share</th><th scope="col">File</th></tr></thead><tbody>\n'
)


def stat_table(changes: Sequence[Change], parts: Sequence[int], pages: Sequence[str], source: str) -> str:
    """Return the table of changed files for the page `pages[0]`.

    `parts` are the numbers of files whose diffs stand on each of the `pages`.
    """
    largest = max((change.added or 0) + (change.removed or 0) for change in changes)
    where = [page for page, count in zip(pages, parts, strict=True) for _ in range(count)]
    here = pages[0]
    rows = "".join(
        _stat_row(f"{'' if page == here else href(page, here)}#f{number}", change, largest, source, here)
        for number, (page, change) in enumerate(zip(where, changes, strict=True), 1)
    )
    return f"{STAT_HEAD}{rows}</tbody></table></div>\n"


def _stat_row(address: str, change: Change, largest: int, source: str, here: str) -> str:
    name = esc(change.path if not change.old_path else f"{change.old_path} → {change.path}").replace("/", "/<wbr>")
    scale = min(1.0, GRAPH_WIDTH / largest) if largest else 0
    plus, minus = (ceil((count or 0) * scale) for count in (change.added, change.removed))
    return (
        f'<tr><td><a href="{address}">{name}</a></td><td class="num">{lines(change.added, change.removed)}</td>'
        f'<td class="graph"><ins>{"+" * plus}</ins><del>{"-" * minus}</del></td>'
        f'<td><a href="{href(history_path(source, change.path), here)}">history</a></td></tr>\n'
    )
