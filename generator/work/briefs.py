"""Reports cut down to what lists need, kept in batches: a report is read again only when its file or its arrival did.

A failure may be explained by a known issue; so what is kept of it also names the issues of that time.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache, partial

from generator.errors import PortalError
from generator.model.report_histories import Brief, Figures, Trial
from generator.model.reports import Environment, KnownIssue, Scenario, Subject, Verdict
from generator.output.cache import Cache, pack
from generator.relate.known_issues import Explainer, explainer
from generator.relate.trials import CONTENT, brief, day_of
from generator.sources.reports import Found, read_stored
from generator.work.batches import ALONE, Said, in_parallel
from generator.work.keys import briefs_prefix

BATCH = 500
SMALL = BATCH // 2  # a batch with fewer reports than this
MOST_SMALL = 16  # of them: then they are read again, together
Wanted = Mapping[str, Found]  # by name and stamp
Json = list[object]
Line = tuple[str, Scenario, Environment, str]  # key, ..., kernel line
Build = tuple[Subject, ...]
VERDICTS = {str(verdict): verdict for verdict in Verdict}


def load_briefs(
    found: Iterable[Found], issues: Sequence[KnownIssue], cache: Cache, said: Said
) -> tuple[tuple[Brief, ...], tuple[str, ...]]:
    """Return every report that can be read, cut down, in the order of `found`, and what is wrong with others.

    A report that lies in two places counts once. `said(done, all)` is called while those that are new are read.
    """
    wanted = {_stamp(one): one for one in found}
    known = hashlib.blake2b(repr(issues).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    briefs = _kept(wanted, known, cache)
    missing = [(stamp, one) for stamp, one in wanted.items() if stamp not in briefs]
    batches = [missing[start : start + BATCH] for start in range(0, len(missing), BATCH)]
    problems: list[str] = []
    done = 0
    bodies = in_parallel(partial(_cut, explainer(issues), known), batches, alone=len(missing) <= ALONE)
    for batch, body in zip(batches, bodies, strict=True):
        cache.put_packed([(_key(batch), pack(body))])
        told = json.loads(body)
        briefs.update(_briefs(told, wanted, known))
        problems += told["problems"]
        done += len(batch)
        said(done, len(missing))
    ordered = {briefs[stamp].id: briefs[stamp] for stamp in reversed(wanted) if stamp in briefs}
    return tuple(reversed(ordered.values())), tuple(problems)


def _stamp(found: Found) -> str:
    """Return what tells a report as it lies there and as it came."""
    try:
        facts = os.lstat(found.file)
        state = f"{facts.st_mtime_ns} {facts.st_size}"
    except OSError:
        state = ""
    how = f"{found.committed} {found.signer} {found.forged}"
    return f"{found.source}/{found.origin}/{found.id} {state} {how}"


def _key(batch: Sequence[tuple[str, Found]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for stamp, _ in batch:
        digest.update(f"{stamp}\n".encode("utf-8", "surrogateescape"))
    return f"{briefs_prefix()}{digest.hexdigest()}"


def _kept(wanted: Wanted, known: str, cache: Cache) -> dict[str, Brief]:
    """Return what is kept of the reports, by stamp. Batches without use are dropped, and small ones when many."""
    cache.drop_others(briefs_prefix())
    useful: dict[str, dict[str, Brief]] = {}
    for key, body in cache.get_all(briefs_prefix()).items():
        useful[key] = dict(_briefs(json.loads(body), wanted, known))
    small = [key for key, own in useful.items() if len(own) < SMALL]
    is_crowded = len(small) > MOST_SMALL
    unwanted = [key for key in small if is_crowded or not useful[key]]
    cache.drop(unwanted)
    return {stamp: one for key, own in useful.items() if key not in set(unwanted) for stamp, one in own.items()}


def _cut(explain: Explainer, known: str, batch: Sequence[tuple[str, Found]]) -> bytes:
    """Read reports and return them cut down, as JSON: `lines` and `builds` hold what many runs share."""
    lines: dict[str, int] = {}
    builds: dict[str, int] = {}
    rows, problems = [], []
    for stamp, found in batch:
        try:
            one = brief(read_stored(found), explain)
        except PortalError as problem:
            problems.append(str(problem))
            continue
        trials = [_trial_row(trial, lines, builds) for trial in one.trials]
        failed = any(trial.verdict not in CONTENT for trial in one.trials)
        facts = (one.moment, one.verdict, one.supersedes, one.withdraws, one.reason)
        rows.append([stamp, known if failed else "", *facts, trials])
    told = {"lines": list(lines), "builds": list(builds), "rows": rows, "problems": problems}
    return json.dumps(told, separators=(",", ":")).encode()


def _trial_row(trial: Trial, lines: dict[str, int], builds: dict[str, int]) -> Json:
    line = _line_text(trial.key, trial.scenario, trial.environment, trial.kernel_line)
    shared = (lines.setdefault(line, len(lines)), builds.setdefault(_build_text(trial.subjects), len(builds)))
    judged = (trial.verdict, trial.outcome, trial.unsteady, trial.failure, trial.issues)
    found = trial.figures
    measured = (found.dump_s, found.reserved_mb, found.available_mb, found.dump_mb)
    return [*shared, trial.number, *judged, *measured]


@lru_cache(maxsize=1 << 12)
def _line_text(key: str, scenario: Scenario, environment: Environment, kernel_line: str) -> str:
    return json.dumps([key, asdict(scenario), asdict(environment), kernel_line])


@lru_cache(maxsize=1 << 12)
def _build_text(subjects: Build) -> str:
    return json.dumps([asdict(one) for one in subjects])


def _briefs(told: Mapping[str, Sequence], wanted: Wanted, known: str) -> Iterator[tuple[str, Brief]]:
    """Yield what a batch holds of the reports that are wanted."""
    lines, builds = [_line(text) for text in told["lines"]], [_build(text) for text in told["builds"]]
    for stamp, explained, moment, verdict, supersedes, withdraws, reason, rows in told["rows"]:
        found = wanted.get(stamp)
        if found is None or explained not in ("", known):
            continue
        id, origin, day = found.id, found.origin, day_of(moment)
        trials = []
        for line, build, number, judged, outcome, unsteady, failure, issues, *measured in rows:
            where = (id, number, origin, *lines[line], builds[build])
            result = (VERDICTS[judged], outcome, unsteady, failure, day, moment, Figures(*measured), tuple(issues))
            trials.append(Trial(*where, *result))
        committed = found.committed is not None
        who = (id, origin, found.signer, day, moment, committed, VERDICTS[verdict], tuple(trials))
        yield stamp, Brief(*who, supersedes, withdraws, reason, found.source, found.forged)


@lru_cache(maxsize=1 << 15)
def _line(text: str) -> Line:
    """Read what the runs of a line have in common; that of equal texts is one object, here and in `_build`."""
    key, scenario, environment, kernel_line = json.loads(text)
    return (
        key,
        Scenario(path=scenario["path"], dimensions=_pairs(scenario["dimensions"])),
        Environment(**{**environment, "command_line": _pairs(environment["command_line"])}),
        kernel_line,
    )


@lru_cache(maxsize=1 << 15)
def _build(text: str) -> Build:
    return tuple(Subject(**one) for one in json.loads(text))


def _pairs(rows: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows)
