"""What stays of a patch when the code around it changes: the set of its changed lines, and how alike two sets are."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from struct import pack, unpack
from zlib import crc32

from generator.model.diffs import FileDiff

HASH_BYTES = 4
LINES_LIMIT = 128  # hashes kept of one patch
LEAST_LETTERS = 6  # a line with fewer letters, digits and underscores is in every program
BLANKS = b" \t\r\f\v"


def fingerprint(files: Sequence[FileDiff]) -> bytes:
    """Return the fingerprint of a diff: 4 bytes, big-endian, for each distinct line it adds or removes, in order.

    A line counts by its sign and its text without blanks, whatever file it stands in; a line with next to no
    letters (`}`, `break;`) does not. Of more than LINES_LIMIT lines those with the smallest hashes are kept: two
    such samples can still be compared, see `likeness`. Empty for a diff without such lines and for a combined one.
    """
    hashes = sorted({crc32(line) for file in files for line in _changed(file)})
    return pack(f">{len(hashes[:LINES_LIMIT])}I", *hashes[:LINES_LIMIT])


LETTERS_RE = re.compile(rb"(?:[^\w\n]*\w){%d}" % LEAST_LETTERS)


def _changed(file: FileDiff) -> Iterable[bytes]:
    if any(len(hunk.old) != 1 for hunk in file.hunks):
        return ()
    changed = b"\n".join([line for hunk in file.hunks for line in hunk.lines if line[:1] in (b"+", b"-")])
    return [line for line in changed.translate(None, BLANKS).split(b"\n") if LETTERS_RE.match(line)]


def hashes_of(fingerprint: bytes) -> tuple[int, ...]:
    """Return the hashes of a fingerprint, smallest first."""
    return unpack(f">{len(fingerprint) // HASH_BYTES}I", fingerprint)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two patches are, by the weights of their changed lines. Each share is 0..1."""

    shared: float  # the weight of what both have
    share: float  # of the lines of either, how many both have
    inside: float  # of the first one's lines, how many the second has
    around: float  # of the second one's lines, how many the first has


def likeness(first: Sequence[int], second: Sequence[int], weight: Callable[[int], float]) -> Likeness:
    """Compare the hashes of two fingerprints. With one that is a sample the shares are estimates.

    A sample has all of its patch's hashes up to its largest one, so both are looked at up to where both are whole.
    """
    end = min((hashes[-1] for hashes in (first, second) if len(hashes) >= LINES_LIMIT), default=1 << 8 * HASH_BYTES)
    one, other = ({value for value in hashes if value <= end} for hashes in (first, second))
    both, left, right = (sum(map(weight, sorted(part))) for part in (one & other, one - other, other - one))
    return Likeness(both, _part(both, left + right), _part(both, left), _part(both, right))


def _part(both: float, rest: float) -> float:
    return both / (both + rest) if both else 0.0
