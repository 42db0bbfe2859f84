"""Read tmt's results.yaml, and the results.json that a test may write (tmt 1.30 to 1.78, its spec/results.fmf).

Each test is a step of the scenario it lies in: setup, crash and verify of `/tests/kdump` are one scenario.
The result that tmt makes of it is the verdict, the original one what was reported. Phases and checks never outweigh
their test: tmt says that they do not change its result.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from generator.errors import ParseError
from generator.model.reports import Environment, Imported, Run, Scenario, Step, Verdict
from generator.parse.evidence import excerpt
from generator.parse.naming import architecture, place, slug
from generator.parse.repair import one_line
from generator.parse.strict_json import Json, parse_strict_json
from generator.parse.text_yaml import LONGEST, Node, parse_text_yaml

VERDICTS = {
    "pass": Verdict.PASS,
    "fail": Verdict.FAIL,
    "error": Verdict.ERROR,
    "warn": Verdict.ERROR,  # automation must treat it as a failed test, says tmt
    "info": Verdict.DONE,  # a soft pass: it failed nothing, and judges nothing
    "skip": Verdict.SKIP,
    "pending": Verdict.MISS,  # it was to be run, and was not
}
MOST_TESTS = 20_000
_Fields = dict[str, Node]


def parse_tmt(text: str, *, source: str) -> Imported:
    """Read one file. Raises ParseError for what tmt would not write, and for a file without a result."""
    is_json = text.lstrip("\ufeff \t\r\n").startswith("[")
    if is_json:
        root = _nodes(parse_strict_json(text, source=source, longest=LONGEST))
    else:
        root = parse_text_yaml(text, source=source)
    reader = _Reader(source)
    results = [reader.mapping(result) for result in reader.sequence(root)]
    if not 0 < len(results) <= MOST_TESTS:
        raise reader.error(root, f"holds {len(results)} results; it must be 1 to {MOST_TESTS}")
    drafts = [draft for result in results for draft in reader.drafts(result)]
    times = sorted(filter(TIME_RE.fullmatch, (reader.text(result, "start-time") for result in results)))
    return Imported(
        runs=tuple(_runs(drafts)),
        environment=reader.environment(results),
        tool="tmt",
        started=times[0] if times else "",
        notes=tuple(_notes(drafts)),
    )


def _nodes(value: Json) -> Node:
    """Return JSON as the YAML reader would: text only."""
    if isinstance(value, list):
        return Node(1, [_nodes(item) for item in value])
    if isinstance(value, dict):
        return Node(1, {key: _nodes(item) for key, item in value.items()})
    return Node(1, "" if value is None else str(value))


TIME_RE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
DURATION_RE = re.compile(r"(\d{1,5}):(\d\d):(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A step before it is known whether its name is its own. `outweighed`: a phase that was worse than its test."""

    path: str
    name: str
    guest: str
    role: str
    verdict: Verdict
    reported: str
    duration_s: float | None
    excerpt: str
    outweighed: bool = False


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads nodes with the file's name at hand for complaints."""

    source: str

    def error(self, node: Node, problem: str) -> ParseError:
        return ParseError(self.source, node.line, problem)

    def mapping(self, node: Node) -> _Fields:
        if not isinstance(node.value, dict):
            raise self.error(node, "must be a mapping, with `name` and `result`")
        return node.value

    def sequence(self, node: Node) -> list[Node]:
        if node.value and not isinstance(node.value, list):
            raise self.error(node, "must be a list, with `- ` before each entry")
        return node.value or []

    def text(self, fields: _Fields, key: str) -> str:
        node = fields.get(key, Node(1, ""))
        if not isinstance(node.value, str):
            raise self.error(node, f"`{key}` must be text")
        return node.value

    def parts(self, fields: _Fields, key: str) -> Iterator[_Fields]:
        for node in self.sequence(fields.get(key, Node(1, ""))):
            yield self.mapping(node)

    def drafts(self, result: _Fields) -> Iterator[_Draft]:
        """Yield the phases and checks of a test in their order, then the test itself."""
        name = one_line(self.text(result, "name"))
        parts = [part for part in name.split("/") if part.strip()]
        if not name:
            raise self.error(next(iter(result.values()), Node(1, "")), "a result has no `name`")
        path, step = place(parts) if parts else ("tmt", "test")
        whole = self.draft(result, path, step, result)
        for phase in self.parts(result, "subresult"):
            label = f"{step}: {self.part_name(phase, name)}"
            yield from self.checks(phase, label, whole, result)
            yield self.part(self.draft(phase, path, label, result), whole)
        yield from self.checks(result, step, whole, result)
        yield whole

    def part_name(self, phase: _Fields, name: str) -> str:
        """Return the name of a phase without that of its test."""
        full = one_line(self.text(phase, "name"))
        return full.removeprefix(name).strip("/ ") or full or "unnamed"

    def checks(self, fields: _Fields, label: str, whole: _Draft, result: _Fields) -> Iterator[_Draft]:
        for check in self.parts(fields, "check"):
            words = ("check", self.text(check, "name"), self.text(check, "event"))
            name = one_line(f"{label}: {' '.join(filter(None, words))}")
            yield self.part(self.draft(check, whole.path, name, result), whole)

    def part(self, draft: _Draft, whole: _Draft) -> _Draft:
        if draft.verdict.severity <= whole.verdict.severity:
            return draft
        reported = draft.reported or str(draft.verdict)
        return replace(draft, verdict=Verdict.DONE, reported=reported, outweighed=True)

    def draft(self, fields: _Fields, path: str, name: str, result: _Fields) -> _Draft:
        word, original = self.word(fields, "result"), self.word(fields, "original-result")
        if not word:
            raise self.error(next(iter(fields.values()), Node(1, "")), "a result has no `result`")
        verdict = VERDICTS[word]
        said = [word] if word != verdict else []
        guest = self.mapping(result["guest"]) if result.get("guest", Node(1, "")).value else {}
        return _Draft(
            path=path,
            name=one_line(name),
            guest=one_line(self.text(guest, "name")),
            role=slug(self.text(guest, "role")),
            verdict=verdict,
            reported=", ".join([*said, f"originally {original}"] if original not in ("", word) else said),
            duration_s=self.duration(fields),
            excerpt=excerpt("\n".join(self.note(fields))),
        )

    def word(self, fields: _Fields, key: str) -> str:
        word = self.text(fields, key)
        if word and word not in VERDICTS:
            raise self.error(fields[key], f"`{key}` is {word[:80]!r}; it must be one of: {', '.join(VERDICTS)}")
        return word

    def note(self, fields: _Fields) -> list[str]:
        """Return the notes: a list since tmt 1.41, a text before."""
        node = fields.get("note", Node(1, ""))
        lines = [node] if isinstance(node.value, str) else self.sequence(node)
        return [item.value for item in lines if isinstance(item.value, str)]

    def duration(self, fields: _Fields) -> float | None:
        """Return seconds: of start and end, which have fractions, or of `hh:mm:ss`."""
        start, end = self.text(fields, "start-time"), self.text(fields, "end-time")
        match = DURATION_RE.fullmatch(self.text(fields, "duration"))
        said = float(int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])) if match else None
        if not TIME_RE.fullmatch(start) or not TIME_RE.fullmatch(end):
            return said
        try:
            seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
        except ValueError:
            return said
        return seconds if seconds >= 0 else said

    def environment(self, results: list[_Fields]) -> Environment:
        """Return what the fmf contexts agree on: `distro` and `arch`. Addresses of guests are not kept."""
        contexts = [self.mapping(node) for result in results if (node := result.get("context")) and node.value]
        return Environment(
            architecture=architecture(self.agreed(contexts, "arch")),
            distribution=one_line(self.agreed(contexts, "distro")),
        )

    def agreed(self, contexts: list[_Fields], dimension: str) -> str:
        nodes = [context[dimension] for context in contexts if dimension in context]
        lists = [node.value if isinstance(node.value, list) else [node] for node in nodes]
        values = {item.value for items in lists for item in items if isinstance(item.value, str)}
        return values.pop() if len(values) == 1 else ""


def _runs(drafts: list[_Draft]) -> Iterator[Run]:
    """Yield a run per scenario. A name that comes again is another step, not another attempt: its plan says it twice.

    Where a test ran on several guests, its steps say on which.
    """
    guests: dict[tuple[str, str], set[str]] = {}
    for draft in drafts:
        guests.setdefault((draft.path, draft.name), set()).add(draft.guest)
    times: Counter[tuple[str, str]] = Counter()
    scenarios: dict[str, list[Step]] = {}
    for draft in drafts:
        several = len(guests[draft.path, draft.name]) > 1
        name = f"{draft.name} on {draft.guest}" if several and draft.guest else draft.name
        times[draft.path, name] += 1
        again = f" ({times[draft.path, name]})" if times[draft.path, name] > 1 else ""
        scenarios.setdefault(draft.path, []).append(_step(draft, one_line(name + again)))
    for path, steps in scenarios.items():
        yield Run(scenario=Scenario(path=path), steps=tuple(steps))


def _step(draft: _Draft, name: str) -> Step:
    return Step(
        name=name,
        verdict=draft.verdict,
        reported=draft.reported,
        duration_s=draft.duration_s,
        excerpt=draft.excerpt,
        host=draft.role,
    )


def _notes(drafts: list[_Draft]) -> Iterator[str]:
    if count := sum(draft.outweighed for draft in drafts):
        yield f"phases or checks that were worse than their test, which tmt does not count: {count}"
