"""Find the upstream commit that a patch is, or is like."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import groupby
from math import log

from generator.model.commits import Commit
from generator.model.histories import History
from generator.model.patches import Patch
from generator.relate.fingerprints import Likeness, fingerprint, hashes_of, likeness

# What makes a commit near. Of the 1,443 commits of kexec-tools 29 are near another: the same change for another
# architecture, a revert of a revert, a move in two steps.
NEAR = 0.5  # the least share of changed lines
NEAR_ELSEWHERE = 0.8  # the same where no file has the same name: a twin, mostly, not the patch
WHOLE = 0.9  # one that has so much of another one's lines has it whole
LEAST_SHARED = 1.5  # the weight that is shared: more than one rare line
LEAST_SHARED_WHOLE = 6.0  # the same for a commit that is only a part, or that the patch is only a part of
LEAST_SUBJECT_SHARE = 0.1  # author and subject say more than a near commit does, unless less than this is shared
COMMON_COMMITS = 64  # a line that more commits changed leads to none of them
CANDIDATES = 12  # commits compared line by line


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit with what it is recognised by."""

    commit: Commit
    patch_id: str  # "" for a merge
    fingerprint: bytes
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a patch was found to be. verdict and share as in `Provenance`.

    extent: `part of` (the patch is in the commit, which has more), `contains` (all of `parts` are in it), or "".
    """

    verdict: str
    sha: str = ""
    share: float = 0.0
    extent: str = ""
    parts: tuple[str, ...] = ()  # the commits that the patch contains, oldest first


NO_MATCH = Match(verdict="none")


class Index:
    """The commits of one source, to be asked for a patch.

    `entries` are newest first. Built with one sort; asked in well under a millisecond.
    """

    def __init__(self, source: str, entries: Iterable[Entry], first_tag: Mapping[str, str], reverted: Iterable[str]):
        self.source = source
        self.first_tag = first_tag
        self.entries = tuple(entries)
        self._reverted = frozenset(reverted)
        self._by_id: dict[str, list[int]] = {}
        self._by_subject: dict[tuple[str, str], list[int]] = {}
        for number, entry in enumerate(self.entries):
            self._by_id.setdefault(entry.patch_id, []).append(number)
            for key in subject_keys(entry.commit):
                self._by_subject.setdefault(key, []).append(number)
        # Each pair of a hash and the number of a commit that has it as one integer: 8 bytes, found by bisection.
        pairs = (value << 32 | number for number in range(len(self.entries)) for value in self._hashes(number))
        self._postings = array("Q", sorted(pairs))
        self._weights = dict(self._common_weights())

    def equal(self, patch_id: str) -> str:
        """Return the commit with this patch-id, "" for none: the oldest that was not reverted, else the oldest."""
        shas = [self.entries[number].commit.sha for number in reversed(self._by_id.get(patch_id, ()))]
        lasting = [sha for sha in shas if sha not in self._reverted]
        return (lasting or shas or [""])[0] if patch_id else ""

    def named(self, patch: Patch) -> list[int]:
        """Return the numbers of the commits with the patch's author, by name or address, and its subject."""
        return sorted({number for key in subject_keys(patch) for number in self._by_subject.get(key, ())})

    def candidates(self, hashes: Sequence[int]) -> list[int]:
        """Return the numbers of the few commits that share most with a fingerprint, by the weight of rare lines."""
        found: dict[int, float] = {}
        for value in hashes:
            start, end = self._span(value)
            if end - start <= COMMON_COMMITS:
                weight = self._weight(value)
                for pair in self._postings[start:end]:
                    number = pair & 0xFFFFFFFF
                    found[number] = found.get(number, 0.0) + weight
        return nlargest(CANDIDATES, found, key=lambda number: (found[number], number))

    def compare(self, hashes: Sequence[int], number: int) -> Likeness:
        """Return how alike a fingerprint and a commit are."""
        return likeness(hashes, self._hashes(number), self._weight)

    def _hashes(self, number: int) -> tuple[int, ...]:
        return hashes_of(self.entries[number].fingerprint)

    def _span(self, value: int) -> tuple[int, int]:
        start = bisect_left(self._postings, value << 32)
        return start, bisect_left(self._postings, (value + 1) << 32, start)

    def _weight(self, value: int) -> float:
        return self._weights.get(value, 1.0)

    def _common_weights(self) -> Iterator[tuple[int, float]]:
        """Yield what a line says that several commits changed: near 1 for two of them, near 0 for all."""
        most = log(len(self.entries) + 1)
        for value, group in groupby(self._postings, key=lambda pair: pair >> 32):
            commits = sum(1 for _ in group)
            if commits > 1:
                yield value, 1 - log(commits) / most


def index_history(history: History) -> Index:
    """Return the index of a source's commits, from what was kept of each."""
    records = history.records
    entries = (
        Entry(commit, record.patch_id, record.lines, tuple(change.path for change in record.changes))
        for commit in history.commits
        for record in (records[commit.sha],)
    )
    reverted = (sha for sha, found in history.references.items() if any(item.kind == "reverted by" for item in found))
    return Index(history.source.name, entries, history.first_tag, reverted)


def match(patch: Patch, index: Index, patch_id: str) -> Match:
    """Return the commit a patch is: by its patch-id, by author and subject, or by the lines it changes."""
    sha = index.equal(patch_id)
    if sha:
        return Match(verdict="equal", sha=sha, share=1.0)
    hashes = hashes_of(fingerprint(patch.files))
    names = {_base_name(file.path.decode("utf-8", "surrogateescape")) for file in patch.files}
    named, near = _named(patch, hashes, names, index), _near(hashes, names, index)
    weak = named.share < LEAST_SUBJECT_SHARE and near.verdict != "none"
    return near if named.verdict == "none" or weak else named


@dataclass(frozen=True, slots=True)
class _Found:
    """A commit compared. extent as in `Match`."""

    number: int
    likeness: Likeness
    same_file: bool

    @property
    def extent(self) -> str:
        if self.likeness.share >= WHOLE or self.likeness.shared < LEAST_SHARED_WHOLE:
            return ""
        return "part of" if self.likeness.inside >= WHOLE else "contains" if self.likeness.around >= WHOLE else ""

    @property
    def is_near(self) -> bool:
        least = NEAR if self.same_file else NEAR_ELSEWHERE
        whole = self.likeness.share == 1.0 and self.same_file
        alike = self.likeness.share >= least and (self.likeness.shared >= LEAST_SHARED or whole)
        return alike or (self.same_file and self.extent != "")


def _named(patch: Patch, hashes: Sequence[int], names: set[str], index: Index) -> Match:
    """Return the commit of the same author and subject that shares most, provided it shares a line or a file."""
    found = [
        item for item in _compared(index.named(patch), hashes, names, index) if item.same_file or item.likeness.share
    ]
    return _match("subject", found, index)


def _near(hashes: Sequence[int], names: set[str], index: Index) -> Match:
    found = _compared(index.candidates(hashes), hashes, names, index)
    return _match("near", [item for item in found if item.is_near], index)


def _compared(numbers: Iterable[int], hashes: Sequence[int], names: set[str], index: Index) -> Iterator[_Found]:
    for number in numbers:
        same_file = any(_base_name(path) in names for path in index.entries[number].paths)
        yield _Found(number, index.compare(hashes, number), same_file)


def _match(verdict: str, found: Sequence[_Found], index: Index) -> Match:
    """Return the best of what was found; of equally good ones the oldest."""
    if not found:
        return NO_MATCH
    best = max(found, key=lambda item: (item.likeness.share, item.same_file, item.number))
    parts = sorted((item.number for item in found if item.extent == "contains"), reverse=True)
    return Match(
        verdict=verdict,
        sha=index.entries[best.number].commit.sha,
        share=best.likeness.share,
        extent=best.extent,
        parts=tuple(index.entries[number].commit.sha for number in parts) if best.extent == "contains" else (),
    )


def _base_name(path: str) -> str:
    return path.rpartition("/")[2]


BRACKETS_RE = re.compile(r"^(?:\s*\[[^\]]{0,80}\])+")


def subject_keys(value: Commit | Patch) -> tuple[tuple[str, str], ...]:
    """Return what a commit or patch is known by: its author's name and its address, each with the subject.

    The subject counts without brackets before it, case, and the stop behind it. () without an author or a subject.
    """
    plain = " ".join(BRACKETS_RE.sub("", value.subject).casefold().split()).rstrip(".")
    who = (value.author.name, value.author.email) if value.author else ()
    return tuple((name.casefold(), plain) for name in dict.fromkeys(who) if name and plain)
