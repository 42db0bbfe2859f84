"""Two versions of a series set side by side, as git-range-diff(1) does: which patch became which, and what changed."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from generator.model.diffs import FileDiff, Hunk
from generator.model.patches import Patch
from generator.relate.assignment import cheapest_pairs
from generator.relate.matching import subject_keys
from generator.relate.patch_ids import patch_id

CREATION_PER_CENT = 60  # git's --creation-factor: what a patch without a partner costs, in per cent of its lines
CONTEXT = 3  # lines around a change
PATCHES_LIMIT = 150  # of a version, without partner by patch-id: more are not compared with each other
# Pairs of equal lines in texts that are compared: what difflib takes time by. A text of 5,000 lines of C has 100,000.
EQUAL_PAIRS_LIMIT = 300_000  # in one comparison
EQUAL_PAIRS_BUDGET = 1_000_000  # in all of a step's, which share it evenly

Line = tuple[str, bytes]
"""A line of a patch's text: its inner mark, and what follows it.

The mark is one of `" +-"`, `\\`, `@` (a hunk begins), `#` (a file or part begins) or `=` (of the message).
"""
Text = list[Line]
Opcode = tuple[str, int, int, int, int]
"""As difflib has it: equal, replace, delete or insert; where it is in the one text, and where in the other."""


@dataclass(frozen=True, slots=True)
class DoubleLine:
    """A line of a diff of two patches. outer: ` `, `+`, `-`, or `…` where unchanged lines are left out."""

    outer: str
    inner: str = ""
    text: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """A patch and what became of it. verdict: `same`, `changed`, `added`, `removed`.

    share: how much of both texts is the same, 0..1; message, author, context lines and diff count.
    """

    old_index: int | None
    new_index: int | None
    verdict: str
    share: float = 0.0
    message_changed: bool = False  # or the author
    diff_changed: bool = False
    lines: tuple[DoubleLine, ...] = ()
    too_long: bool = False  # it changed, but too many lines to compare


def range_diff(old: Sequence[Patch], new: Sequence[Patch]) -> tuple[Pairing, ...]:
    """Pair the patches of two versions and compare each pair.

    First those with equal patch-ids in their order, then the others so that as few lines as possible differ in all,
    unless two have too little in common; so far like git. Last, those that are left with the same author and
    subject: git takes such a patch, often a small one, for removed and another one added. The order is that of
    `new`; a removed patch stands as soon as all before it in `old` have been shown.
    """
    pairs = _exact_pairs(old, new)
    pairs |= _close_pairs(old, new, pairs)
    pairs |= _named_pairs(old, new, pairs)
    partners = {newer: older for older, newer in pairs.items()}
    return tuple(
        _compared(older, newer, old, new) for older, newer in _shown_order(len(old), len(new), pairs, partners)
    )


def _exact_pairs(old: Sequence[Patch], new: Sequence[Patch]) -> dict[int, int]:
    old_ids = {index: patch_id(patch.files) for index, patch in enumerate(old) if patch.files}
    return _equal_pairs(old_ids, {index: patch_id(patch.files) for index, patch in enumerate(new)})


def _named_pairs(old: Sequence[Patch], new: Sequence[Patch], done: dict[int, int]) -> dict[int, int]:
    taken = set(done.values())
    old_names = {index: subject_keys(patch)[:1] for index, patch in enumerate(old) if index not in done}
    return _equal_pairs(
        old_names, {index: subject_keys(patch)[:1] for index, patch in enumerate(new) if index not in taken}
    )


def _equal_pairs(old: Mapping[int, Hashable], new: Mapping[int, Hashable]) -> dict[int, int]:
    """Return the pairs of indexes with equal values, in their order; an empty value has no equal."""
    waiting: dict[Hashable, list[int]] = {}
    for index, value in new.items():
        waiting.setdefault(value, []).append(index)
    return {index: waiting[value].pop(0) for index, value in old.items() if value and waiting.get(value)}


def _close_pairs(old: Sequence[Patch], new: Sequence[Patch], done: dict[int, int]) -> dict[int, int]:
    """Return the pairs, among the patches without partner, that differ in the fewest lines in all.

    What exceeds PATCHES_LIMIT stays without. A row of costs is an old patch; behind the new ones it has a column of
    its own for having no partner. A new patch without partner costs too, which is taken off the cost of a pair.
    """
    taken = set(done.values())
    rows = [index for index in range(len(old)) if index not in done][:PATCHES_LIMIT]
    columns = [index for index in range(len(new)) if index not in taken][:PATCHES_LIMIT]
    costs = _costs([_weighed(old[index]) for index in rows], [_weighed(new[index]) for index in columns])
    return {
        rows[row]: columns[column]
        for row, column in enumerate(cheapest_pairs(costs))
        if column < len(columns) and costs[row][column] < costs[row][-1]
    }


Bag = frozenset[tuple[Line, int]]
"""Lines wherever they stand; of equal ones the first has the number 1, and so on."""


def _bag(lines: Text) -> Bag:
    seen: Counter[Line] = Counter()
    bag = []
    for line in lines:
        seen[line] += 1
        bag.append((line, seen[line]))
    return frozenset(bag)


def _costs(old: Sequence[Text], new: Sequence[Text]) -> list[list[int]]:
    """Return what each pair costs more than its new text alone; behind that, what the old text costs alone.

    Like git's, a pair's cost is the length of its diff, with context. The lines that only one of the two has,
    wherever they stand, are fewer: where these alone are too many, or a diff would take too long, they are the cost.
    """
    old_bags, new_bags = [_bag(text) for text in old], [_bag(text) for text in new]
    old_alone, new_alone = ([len(text) * CREATION_PER_CENT // 100 for text in texts] for texts in (old, new))
    costs = [[len(bag ^ other) for other in new_bags] for bag in old_bags]
    alike = [
        (row, column)
        for row, line in enumerate(costs)
        for column, cost in enumerate(line)
        if cost < old_alone[row] + new_alone[column]
    ]
    for row, column in alike:
        groups = _groups(old[row], new[column], len(alike))
        if groups is not None:
            costs[row][column] = sum(1 + sum(map(_length, group)) for group in groups)
    own = [[alone] * len(old) for alone in old_alone]
    return [[cost - new_alone[at] for at, cost in enumerate(line)] + own[row] for row, line in enumerate(costs)]


def _length(code: Opcode) -> int:
    """Return how many lines of a diff an operation takes."""
    tag, start, end, new_start, new_end = code
    return end - start + (new_end - new_start if tag != "equal" else 0)


def _shown_order(
    old: int, new: int, pairs: dict[int, int], partners: dict[int, int]
) -> Iterator[tuple[int | None, int | None]]:
    """Yield (old, new) indexes in the order in which they are shown, None for no partner."""
    shown: set[int] = set()
    at = 0
    for newer in range(new + 1):
        while at < old and (at in shown or at not in pairs):
            if at not in shown:
                yield at, None
            at += 1
        if newer < new:
            older = partners.get(newer)
            yield older, newer
            shown.add(-1 if older is None else older)


def _compared(older: int | None, newer: int | None, old: Sequence[Patch], new: Sequence[Patch]) -> Pairing:
    if older is None or newer is None:
        return Pairing(old_index=older, new_index=newer, verdict="removed" if newer is None else "added")
    before, after = _message(old[older]), _message(new[newer])
    diff_before, diff_after = _diff_text(old[older].files), _diff_text(new[newer].files)
    message_changed, diff_changed = before != after, diff_before != diff_after
    before, after = before + diff_before, after + diff_after
    changed = message_changed or diff_changed
    lines = _double_lines(before, after, min(len(old), len(new))) if changed else ()
    return Pairing(
        old_index=older,
        new_index=newer,
        verdict="changed" if changed else "same",
        share=_share(before, after),
        message_changed=message_changed,
        diff_changed=diff_changed,
        lines=lines or (),
        too_long=lines is None,
    )


def _share(before: Text, after: Text) -> float:
    lines = len(before) + len(after)
    return 1 - len(_bag(before) ^ _bag(after)) / lines if lines else 1.0


def _weighed(patch: Patch) -> Text:
    """Return what decides which patch another one became: like git's, its diff; of a letter without one its text."""
    return _diff_text(patch.files) if patch.files else _message(patch)


def _message(patch: Patch) -> Text:
    author = [("=", _encoded(f"{patch.author.name} <{patch.author.email}>"))] if patch.author else []
    words = [patch.subject, "", *patch.message.strip("\n").split("\n")]
    trailers = [f"{trailer.key}: {trailer.value}" for trailer in patch.trailers]
    trailers = [line for line in trailers if line not in words]
    message = [("=", _encoded(line.rstrip())) for line in (*words, *trailers)]
    return [("#", b"Author"), *author, ("#", b"Message"), *message]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _diff_text(files: Sequence[FileDiff]) -> Text:
    return [line for file in files for line in _file_text(file)]


def _file_text(file: FileDiff) -> Iterator[Line]:
    yield "#", file.path
    yield from (("=", note) for note in _notes(file))
    for hunk in file.hunks:
        yield from _hunk_text(hunk)


def _notes(file: FileDiff) -> Iterator[bytes]:
    """Yield what else than lines changed."""
    if file.status in ("A", "D"):
        yield b"new file" if file.status == "A" else b"deleted file"
    elif file.old_mode != file.new_mode:
        yield _encoded(f"mode {file.old_mode} to {file.new_mode}")
    if file.old_path != file.path:
        yield (b"copied" if file.status == "C" else b"renamed") + b" from " + file.old_path
    if file.binary:
        yield _encoded(f"binary: {file.old_blob} to {file.new_blob}")


def _hunk_text(hunk: Hunk) -> Iterator[Line]:
    yield "@", hunk.heading
    width = len(hunk.old)
    for line in hunk.lines:
        yield line[:width].decode("ascii", "replace"), line[width:]


def _groups(before: Text, after: Text, comparisons: int) -> list[list[Opcode]] | None:
    """Return the changes with their context; None: it would take too long for one of so many comparisons."""
    if before == after:
        return []
    counts = Counter(after)
    if sum(counts[line] for line in before) > min(EQUAL_PAIRS_LIMIT, EQUAL_PAIRS_BUDGET // comparisons):
        return None
    return list(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT))


def _double_lines(before: Text, after: Text, comparisons: int) -> tuple[DoubleLine, ...] | None:
    """Return the diff of two texts, with some lines around each change and the heads they stand under.

    None: it would take too long.
    """
    groups = _groups(before, after, comparisons)
    if groups is None:
        return None
    found: list[DoubleLine] = []
    shown = 0  # of `before`
    for group in groups:
        first = group[0][1]
        if first > shown:
            found.append(DoubleLine("…"))
            found += _heads(before, shown, first)
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                found += [DoubleLine(" ", *line) for line in before[start:end]]
                continue
            found += [DoubleLine("-", *line) for line in before[start:end]]
            found += [DoubleLine("+", *line) for line in after[new_start:new_end]]
        shown = group[-1][2]
    return tuple(found)


def _heads(lines: Text, start: int, end: int) -> list[DoubleLine]:
    """Return the heads of the file and of the hunk that line `end` is in, as far as they stand from `start` on."""
    heads: list[DoubleLine] = []
    for place in range(end - 1, start - 1, -1):
        mark = lines[place][0]
        if mark == "#" or (mark == "@" and not heads):
            heads.insert(0, DoubleLine(" ", *lines[place]))
        if mark == "#":
            break
    return heads
