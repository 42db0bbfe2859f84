"""Show the diff of one file as rows, with the language's colours and the words that changed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

from generator.model.diffs import FileDiff, Hunk
from generator.render.code import (
    PLAIN,
    Highlighter,
    Language,
    Line,
    Run,
    guessed_state,
    html_of,
    language_of,
    states_at,
)
from generator.render.escape import decode, esc

FOLD_LINES = 400
"""A file with more lines of diff than this is shown folded."""

WORD_LINE_LIMIT = 400  # characters: longer lines are data, not something whose words are read
WORD_TOKEN_PRODUCT = 10_000  # difflib takes time by the product of the tokens it compares
WORD_PAIRS_PER_RUN = 100
WORD_PAIRS_PER_FILE = 1_000
WORD_LOOK_AHEAD = 4  # added lines tried for a removed one where their numbers differ
ALIKE = 0.5  # the least share of letters two lines have in common to be one line that was changed

SYMLINK, SUBMODULE = "120000", "160000"


def file_diff(diff: FileDiff, number: int, *, old: bytes | None, new: bytes | None, highlighter: Highlighter) -> str:
    """Return the rows of a diff, to be put into `<pre class=diff><code>`; "" when it has no hunks.

    `number` is the file's in the commit: it begins all ids, so that they are the page's own. `old` and `new` are
    the contents of the file, from which is known what a hunk begins inside of; None: guess from the hunk.
    """
    if any(len(hunk.old) != 1 for hunk in diff.hunks):
        return "".join(_combined_rows(diff, number, new, highlighter))
    before, after = _side(diff.old_path, old, diff, 0), _side(diff.path, new, diff, 1)
    width = _number_width(diff)
    words = _WordBudget(WORD_PAIRS_PER_FILE)
    parts = []
    for index, hunk in enumerate(diff.hunks):
        parts.append(_hunk_header(hunk, f"{number}h{index + 1}", after.language, highlighter))
        lines = _highlighted(hunk, before, after, index, highlighter)
        parts += _rows(hunk, _with_words(hunk, lines, words), number, width)
    return "".join(parts)


def diff_lines(diff: FileDiff) -> int:
    """Return how many rows the hunks take."""
    return sum(len(hunk.lines) + 1 for hunk in diff.hunks)


def change_notes(diff: FileDiff, *, old: bytes | None = None, new: bytes | None = None) -> tuple[str, ...]:
    """Return what happened to the file beside its lines, as short HTML texts: name, mode, kind, submodule.

    `old` and `new` are the contents where they are known; they give a binary file's sizes.
    """
    notes = [*_name_notes(diff), *_mode_notes(diff)]
    if SUBMODULE in (diff.old_mode, diff.new_mode):
        notes.append(_submodule_note(diff))
    if SYMLINK in (diff.old_mode, diff.new_mode):
        notes.append("symbolic link: its content is where it points to")
    if diff.binary:
        notes.append(_binary_note(diff, old, new))
    elif not diff.hunks:
        notes.append("empty file" if diff.status in "AD" else "content unchanged")
    return tuple(notes)


def _name_notes(diff: FileDiff) -> Iterator[str]:
    if diff.status in "RC":
        verb = "renamed" if diff.status == "R" else "copied"
        alike = "" if diff.similarity is None else f", {diff.similarity} % alike"
        yield f"{verb} from {esc(decode(diff.old_path))}{alike}"


def _mode_notes(diff: FileDiff) -> Iterator[str]:
    old, new = esc(diff.old_mode.replace(",", ", ")), esc(diff.new_mode)
    if diff.status == "A":
        yield f"new file, mode {new}" if new else "new file"
    elif diff.status == "D":
        yield f"deleted file, mode {old}" if old else "deleted file"
    elif old != new:
        yield f"mode {old} → {new}"


SUBPROJECT_RE = re.compile(rb"([+-])Subproject commit ([0-9a-f]{7,64})(?:-dirty)?")


def _submodule_note(diff: FileDiff) -> str:
    """Return the note with both commits; the hunk has them in full, and is all that git says of them."""
    lines = [SUBPROJECT_RE.fullmatch(line) for hunk in diff.hunks for line in hunk.lines]
    commits = {match[1]: match[2].decode() for match in lines if match}
    sides = [commits[sign] for sign in (b"-", b"+") if sign in commits]
    return f"submodule commit {' → '.join(sides)}" if sides else "submodule"


def _binary_note(diff: FileDiff, old: bytes | None, new: bytes | None) -> str:
    sizes = [f"{len(data):,} bytes" for data in (old, new) if data is not None]
    expected = 1 if diff.status in "AD" else 2
    return f"binary file, {' → '.join(sizes)}" if len(sizes) == expected else "binary file"


@dataclass(frozen=True, slots=True)
class _Side:
    """The old or the new side of a file: its language, and what each hunk begins inside of."""

    language: Language
    states: list[bytes]


def _side(path: bytes, content: bytes | None, diff: FileDiff, which: int) -> _Side:
    language = PLAIN if SUBMODULE in (diff.old_mode, diff.new_mode) else language_of(path)
    if content is None:
        return _Side(language, [guessed_state(language, _side_lines(hunk, which)) for hunk in diff.hunks])
    starts = [(hunk.new if which else hunk.old[0])[0] for hunk in diff.hunks]
    return _Side(language, states_at(language, content, starts))


def _side_lines(hunk: Hunk, which: int) -> list[bytes]:
    absent = (b"+", b"-")[which]
    return [line[1:] for line in hunk.lines if line[:1] != absent]


def _number_width(diff: FileDiff) -> int:
    ends = [start + count for hunk in diff.hunks for start, count in (*hunk.old, hunk.new)]
    return len(str(max(ends, default=0)))


def _hunk_header(hunk: Hunk, anchor: str, language: Language, highlighter: Highlighter) -> str:
    at = "@" * (len(hunk.old) + 1)
    # Like git: a plain diff leaves a count of one out.
    short = len(hunk.old) == 1
    old = " ".join("-" + _range(side, short) for side in hunk.old)
    heading = f" {highlighter.line(language, hunk.heading).html}" if hunk.heading else ""
    return f"<span class=h id={anchor}>{at} {old} +{_range(hunk.new, short)} {at}{heading}\n</span>"


def _range(side: tuple[int, int], short: bool) -> str:
    start, count = side
    return str(start) if short and count == 1 else f"{start},{count}"


def _highlighted(hunk: Hunk, before: _Side, after: _Side, index: int, highlighter: Highlighter) -> list[Line]:
    """Highlight a hunk's lines: a removed one as the old side has it, all others as the new one."""
    old_state, new_state = before.states[index], after.states[index]
    same = before.language is after.language
    line_of = highlighter.line
    lines = []
    for line in hunk.lines:
        mark, text = line[:1], line[1:]
        if mark == b" ":
            found = line_of(after.language, text, new_state)
            alike = same and old_state == new_state
            old_state = found.after if alike else line_of(before.language, text, old_state).after
            new_state = found.after
        elif mark == b"+":
            found = line_of(after.language, text, new_state)
            new_state = found.after
        elif mark == b"-":
            found = line_of(before.language, text, old_state)
            old_state = found.after
        else:
            found = line_of(PLAIN, text)
        lines.append(found)
    return lines


def _rows(hunk: Hunk, texts: Iterable[str], number: int, width: int) -> list[str]:
    old_line, new_line = hunk.old[0][0], hunk.new[0]
    blank = " " * width
    rows = []
    for line, text in zip(hunk.lines, texts, strict=True):
        mark = line[:1]
        if mark == b" ":
            anchor = f"{number}R{new_line}"
            rows.append(f"<a id={anchor} href=#{anchor}>{old_line:>{width}} {new_line:>{width}}</a> {text}\n")
            old_line += 1
            new_line += 1
        elif mark == b"+":
            anchor = f"{number}R{new_line}"
            rows.append(
                f"<ins id={anchor}><a href=#{anchor}>{blank} {new_line:>{width}}</a><u>added </u>+{text}\n</ins>"
            )
            new_line += 1
        elif mark == b"-":
            anchor = f"{number}L{old_line}"
            rows.append(
                f"<del id={anchor}><a href=#{anchor}>{old_line:>{width}} {blank}</a><u>removed </u>-{text}\n</del>"
            )
            old_line += 1
        else:
            rows.append(f"<span class=e>\\{text}\n</span>")
    return rows


def _combined_rows(diff: FileDiff, number: int, new: bytes | None, highlighter: Highlighter) -> Iterator[str]:
    """Yield a merge's rows: a column of marks for each parent; numbers are those of the result."""
    language = language_of(diff.path)
    width = _number_width(diff)
    starts = [hunk.new[0] for hunk in diff.hunks]
    states = states_at(language, new, starts) if new is not None else [b""] * len(starts)
    absent = 0
    for index, hunk in enumerate(diff.hunks):
        yield _hunk_header(hunk, f"{number}h{index + 1}", language, highlighter)
        columns, state, line_number = len(hunk.old), states[index], hunk.new[0]
        for line in hunk.lines:
            if line.startswith(b"\\"):
                yield f"<span class=e>{esc(decode(line))}\n</span>"
                continue
            marks = line[:columns].decode("ascii")
            found = highlighter.line(language, line[columns:], state)
            if "-" in marks:
                absent += 1
                anchor, shown = f"{number}L{absent}", "·"  # a link has to have a text
            else:
                anchor, shown = f"{number}R{line_number}", str(line_number)
                line_number += 1
                state = found.after
            yield _combined_row(marks, anchor, shown.rjust(width), found.html)


def _combined_row(marks: str, anchor: str, shown: str, text: str) -> str:
    tag, said = "", ""
    for mark, name, verb in (("+", "ins", "added to"), ("-", "del", "removed from")):
        parents = ", ".join(str(index) for index, found in enumerate(marks, 1) if found == mark)
        if parents:
            tag, said = name, f"<u>{verb} parent {parents} </u>"
    if not tag:
        return f"<a id={anchor} href=#{anchor}>{shown}</a>{marks}{text}\n"
    return f"<{tag} id={anchor}><a href=#{anchor}>{shown}</a>{said}{marks}{text}\n</{tag}>"


class _WordBudget:
    """How many more pairs of lines of a file may be compared word by word."""

    __slots__ = ("left",)

    def __init__(self, pairs: int) -> None:
        self.left = pairs

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


Spans = list[tuple[int, int]]
# Possessive, and never begun inside a run: a long run of removed lines is to take linear time.
RUN_RE = re.compile(rb"(?<!-)(-++)\\?(\++)")


def _with_words(hunk: Hunk, lines: Sequence[Line], budget: _WordBudget) -> list[str]:
    """Return the lines' HTML; where lines were removed and others added in their place, words are marked."""
    texts = [line.html for line in lines]
    signs = b"".join([line[:1] for line in hunk.lines])
    for match in RUN_RE.finditer(signs):
        removed, added = range(*match.span(1)), range(*match.span(2))
        for old, new, spans in islice(_pairs(lines, removed, added, budget), WORD_PAIRS_PER_RUN):
            texts[old] = _marked(lines[old].runs, spans[0])
            texts[new] = _marked(lines[new].runs, spans[1])
    return texts


def _pairs(
    lines: Sequence[Line], removed: range, added: range, budget: _WordBudget
) -> Iterator[tuple[int, int, tuple[Spans, Spans]]]:
    """Yield the pairs of lines that are alike, in order: by position, or the next alike if numbers differ."""
    ahead = 1 if len(removed) == len(added) else WORD_LOOK_AHEAD
    first = added.start
    for place, old in enumerate(removed):
        if ahead == 1:
            first = added[place]
        for new in range(first, min(first + ahead, added.stop)):
            if not budget.spend():
                return
            spans = changed_words(_raw(lines[old]), _raw(lines[new]))
            if spans:
                yield old, new, spans
                first = new + 1
                break


def _raw(line: Line) -> str:
    return "".join([text for _, text in line.runs])


WORD_RE = re.compile(r"\w+|\s+|[^\w\s]")


def changed_words(old: str, new: str) -> tuple[Spans, Spans] | None:
    """Return the (start, end) of what differs in each line; None when they have too little in common to say."""
    if max(len(old), len(new)) > WORD_LINE_LIMIT:
        return None
    old_words, new_words = WORD_RE.findall(old), WORD_RE.findall(new)
    head = _common(old_words, new_words)
    tail = _common(old_words[head:][::-1], new_words[head:][::-1])
    old_inner = old_words[head : len(old_words) - tail]
    new_inner = new_words[head : len(new_words) - tail]
    if len(old_inner) * len(new_inner) > WORD_TOKEN_PRODUCT:
        return None
    old_size, new_size = _letters(old_inner), _letters(new_inner)
    outer = _letters(old_words) - old_size
    least = ALIKE * (2 * outer + old_size + new_size) / 2
    if not outer + min(old_size, new_size) >= least > 0:
        return None
    kept = _kept_blocks(old_inner, new_inner)
    if outer + sum([_letters(old_inner[start : start + size]) for start, _, size in kept]) < least:
        return None
    old_gaps = _gaps([(start, start + size) for start, _, size in kept], len(old_inner))
    new_gaps = _gaps([(start, start + size) for _, start, size in kept], len(new_inner))
    return _spans(old_words, head, old_gaps), _spans(new_words, head, new_gaps)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return how many words both begin with."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _letters(words: Sequence[str]) -> int:
    """Return how many characters are not blank."""
    return len("".join("".join(words).split()))


def _kept_blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return (old start, new start, size) of what is the same; blanks alone are not."""
    if not old or not new:
        return []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [
        (block.a, block.b, block.size)
        for block in matcher.get_matching_blocks()
        if not all(word.isspace() for word in old[block.a : block.a + block.size])
    ]


def _gaps(kept: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in (*kept, (size, size)):
        if at < start:
            yield at, start
        at = end


def _spans(words: Sequence[str], head: int, gaps: Iterable[tuple[int, int]]) -> Spans:
    """Return gaps, counted in words after `head`, as offsets in the line."""
    offsets = [0]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    return [(offsets[head + start], offsets[head + end]) for start, end in gaps]


def _marked(runs: Sequence[Run], spans: Spans) -> str:
    """Return runs as HTML with `<mark>` around the spans; a run that crosses an edge is cut there."""
    if not spans:
        return html_of(runs)
    parts, at = [], 0
    rest = list(runs)
    for start, end in spans:
        before, rest = _cut(rest, start - at)
        inside, rest = _cut(rest, end - start)
        parts.append(f"{html_of(before)}<mark>{html_of(inside)}</mark>")
        at = end
    return "".join(parts) + html_of(rest)


def _cut(runs: Sequence[Run], length: int) -> tuple[list[Run], list[Run]]:
    """Split runs after `length` characters."""
    for index, (kind, text) in enumerate(runs):
        if length < len(text):
            left = [(kind, text[:length])] if length else []
            return [*runs[:index], *left], [(kind, text[length:]), *runs[index + 1 :]]
        length -= len(text)
    return list(runs), []
