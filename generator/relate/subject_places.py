"""Where the portal shows what a report tested: the commit and the release of one of its git sources."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b

from generator.model.commits import Commit
from generator.model.histories import History
from generator.model.releases import version_of
from generator.model.report_histories import Brief, Trial
from generator.model.reports import KnownIssue, Subject
from generator.relate.references import Names

KERNELS = {"first kernel": "linux", "capture kernel": "linux"}
SHORTEST = 7  # digits of a commit's name


@dataclass(frozen=True, slots=True)
class Place:
    """A commit (full name) and a tag of a source; "" where it is not known."""

    source: str
    commit: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    names: Names
    by_sha: Mapping[str, Commit]
    tags: Mapping[str, str]  # version -> tag
    commits: Mapping[str, str]  # tag -> commit
    by_commit: Mapping[str, str]  # commit -> its newest tag


class Places:
    """Finds subjects among the git sources of the portal; each is looked up once."""

    def __init__(self, histories: Mapping[str, History]) -> None:
        self._sources = {name: _source(history) for name, history in histories.items()}
        self._found: dict[Subject, Place | None] = {}

    def find(self, subject: Subject) -> Place | None:
        """Return where a subject is shown; None when it is not, or when what it says does not name one place."""
        if subject not in self._found:
            self._found[subject] = self._find(subject)
        return self._found[subject]

    def commit_time(self, subject: Subject) -> int:
        """Return the seconds since 1970 of the commit that was tested, 0 when it is not known."""
        place = self.find(subject)
        commit = self._sources[place.source].by_sha.get(place.commit) if place else None
        return commit.committed.seconds if commit else 0

    def between(self, older: Subject, newer: Subject) -> tuple[str, tuple[Commit, ...]]:
        """Return the source and the commits that the newer subject has and the older one lacks, newest first.

        Empty when either is not known, or when they are not of one source.
        """
        start, end = self.find(older), self.find(newer)
        if not start or not end or start.source != end.source or not start.commit or not end.commit:
            return "", ()
        by_sha = self._sources[end.source].by_sha
        had = _ancestors(start.commit, by_sha, frozenset())
        return end.source, tuple(
            sorted(
                (by_sha[sha] for sha in _ancestors(end.commit, by_sha, had)),
                key=lambda commit: (-commit.committed.seconds, commit.sha),
            )
        )

    def _find(self, subject: Subject) -> Place | None:
        name = KERNELS.get(subject.role, subject.role)
        source = self._sources.get(name)
        if source is None:
            return None
        sha = source.names.find(subject.commit.lower()) if len(subject.commit) >= SHORTEST else None
        if sha:
            return Place(name, sha, source.by_commit.get(sha, ""))
        tag = "" if subject.commit else source.tags.get(version_of(subject.version), "")
        return Place(name, source.commits[tag], tag) if tag else None


def _ancestors(sha: str, by_sha: Mapping[str, Commit], without: Set[str]) -> Set[str]:
    """Return a commit and all that it descends from, but what is in `without`."""
    found: set[str] = set()
    waiting = [sha]
    while waiting:
        one = waiting.pop()
        if one in by_sha and one not in found and one not in without:
            found.add(one)
            waiting += by_sha[one].parents
    return found


def _source(history: History) -> _Source:
    oldest_first = list(reversed(history.tags))
    return _Source(
        names=Names(list(history.by_sha)),
        by_sha=history.by_sha,
        tags={version_of(tag.name): tag.name for tag in oldest_first},
        commits={tag.name: tag.commit for tag in oldest_first},
        by_commit={tag.commit: tag.name for tag in oldest_first if tag.commit},
    )


Tested = Mapping[tuple[str, str], tuple[Trial, ...]]
"""By the source's name and a commit or a tag: the runs that tested it, the newest first."""


def tested(trials: Iterable[Trial], places: Places) -> Tested:
    """Return which runs tested which commits and releases; `trials` are those that count."""
    found: dict[tuple[str, str], list[Trial]] = {}
    named: dict[int, set[tuple[str, str]]] = {}  # by the subjects' identity: those of one build are one object
    for trial in trials:
        subjects = trial.subjects
        if id(subjects) not in named:
            named[id(subjects)] = _names(subjects, places)
        for name in named[id(subjects)]:
            found.setdefault(name, []).append(trial)
    return {name: tuple(sorted(own, key=_newest_first)) for name, own in found.items()}


def _names(subjects: Iterable[Subject], places: Places) -> set[tuple[str, str]]:
    where = {place for subject in subjects if (place := places.find(subject))}
    return {(place.source, name) for place in where for name in (place.commit, place.tag) if name}


def _newest_first(trial: Trial) -> tuple[int, str, int]:
    return -trial.moment, trial.report, trial.number


def tested_keys(briefs: Iterable[Brief], issues: Sequence[KnownIssue], sources: Set[str]) -> dict[str, str]:
    """Return, by the names of sources, a digest of all reports that may say something of each.

    Which commit they mean is not asked: that needs the history, and mostly nothing new was said.
    """
    named: dict[int, Set[str]] = {}
    digests = {}
    taken_back = []
    for brief in briefs:
        if brief.supersedes or brief.withdraws:
            taken_back.append(f"{brief.id} {brief.supersedes} {brief.withdraws} {brief.forged} {brief.moment}")
        for trial in brief.trials:
            subjects = trial.subjects
            if id(subjects) not in named:
                named[id(subjects)] = sources & {KERNELS.get(one.role, one.role) for one in subjects}
            for name in named[id(subjects)]:
                digest = digests.setdefault(name, blake2b(digest_size=8))
                digest.update(f"{brief.id} {brief.moment} {brief.forged} {trial.issues}\n".encode())
    around = repr((taken_back, issues)).encode("utf-8", "surrogateescape")
    for digest in digests.values():
        digest.update(around)
    return {name: digest.hexdigest() for name, digest in digests.items()}
