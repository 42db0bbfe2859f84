"""Read JUnit XML in the dialects that test tools write: it has no standard, so what elements say counts, not headers.

Nearest to one: Ant's JUnit-6 schema, Surefire's surefire-test-report.xsd, and https://llg.cubic.org/docs/junit/.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.parsers import expat

from generator.errors import ParseError
from generator.model.reports import Environment, Imported, Number, Run, Scenario, Step, Subject, Verdict
from generator.parse.evidence import excerpt
from generator.parse.naming import architecture, scenario_path
from generator.parse.redact import command_line
from generator.parse.repair import one_line, repair

LARGEST_BYTES = 32 << 20
DEEPEST = 32
MOST_CASES = 100_000
MOST_ATTRIBUTES = 64
LONGEST_ATTRIBUTE = 1 << 20  # characters
MOST_NOTES = 20
MOST_DIMENSIONS = 32
MOST_NUMBERS = 64
MOST_PARAMETERS = 64


def parse_junit(data: bytes, *, source: str, largest_bytes: int = LARGEST_BYTES) -> Imported:
    """Read one file: a run for each suite that holds cases, a step for each case, repeats as attempts.

    A file without a case gives no run. Raises ParseError where it is no whole XML, has a DOCTYPE or another root, or
    is larger, deeper or longer than is read.
    """
    if len(data) > largest_bytes:
        raise ParseError(source, 1, f"is larger than the {largest_bytes:,} bytes that are read")
    text, notes = _text(data, source)
    reader = _Reader(source)
    reader.read(text)
    return Imported(
        runs=tuple(reader.runs),
        subjects=tuple(Subject(role=role, version=version) for role, version in reader.subjects.items()),
        environment=reader.all_environment(),
        started=reader.started,
        kernel_line=reader.kernel_line,
        notes=notes + _shortened(reader.notes),
    )


def _shortened(notes: list[str]) -> tuple[str, ...]:
    if len(notes) <= MOST_NOTES:
        return tuple(notes)
    return (*notes[:MOST_NOTES], f"and {len(notes) - MOST_NOTES:,} more of the kind")


DECLARED_RE = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
ENCODINGS = ("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16")


def _text(data: bytes, source: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the file as UTF-8 that XML can hold. Expat would refuse a control character where a test printed one."""
    declared = DECLARED_RE.match(data.removeprefix(b"\xef\xbb\xbf"))
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    if encoding not in ENCODINGS:
        raise ParseError(source, 1, f"the encoding {encoding} is not read: write it as UTF-8")
    text, notes = repair(data, encoding="utf-8" if encoding in ("utf8", "us-ascii", "ascii") else encoding)
    text, characters = _without_odd_references(text.removeprefix(b"\xef\xbb\xbf"))
    if characters:
        notes += (f"repaired: {characters:,} references to characters that XML forbids, shown as U+FFFD",)
    return text, notes


# References are none in CDATA and comments. An unclosed one reaches to the end, so that the search stays linear.
REFERENCE_RE = re.compile(rb"(?s)<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&#(?:x([0-9A-Fa-f]+)|([0-9]+));")


def _without_odd_references(text: bytes) -> tuple[bytes, int]:
    repaired = 0

    def mended(match: re.Match[bytes]) -> bytes:
        nonlocal repaired
        if match.lastindex is None or _is_character(match):
            return match[0]
        repaired += 1
        return "\ufffd".encode()

    return (REFERENCE_RE.sub(mended, text) if b"&#" in text else text), repaired


def _is_character(match: re.Match[bytes]) -> bool:
    """Tell whether a reference is to a character of XML 1.0, production 2."""
    digits = (match[1] or match[2]).lstrip(b"0")
    code = int(digits or b"0", 16 if match[1] else 10) if len(digits) <= 8 else 0
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


ROOTS = ("testsuites", "testsuite")
# Surefire repeats a failed case within it: what passed in the end is flaky, what did not was run again.
AGAIN = {
    "flakyFailure": Verdict.FAIL,
    "flakyError": Verdict.ERROR,
    "rerunFailure": Verdict.FAIL,
    "rerunError": Verdict.ERROR,
}
OUTCOMES = {"failure": Verdict.FAIL, "error": Verdict.ERROR, "skipped": Verdict.SKIP, **AGAIN}
OUTPUTS = ("system-out", "system-err")


@dataclass(slots=True)
class _Outcome:
    kind: str
    said: Mapping[str, str]  # attributes
    text: str = ""

    @property
    def evidence(self) -> str:
        message = self.said.get("message", "")
        return self.text if message.strip() in self.text else f"{message}\n{self.text}"


@dataclass(slots=True)
class _Case:
    said: Mapping[str, str]
    of_suite: bool = False
    outcomes: list[_Outcome] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Suite:
    name: str
    said: Mapping[str, str]
    steps: list[Step] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)  # of itself and of what it holds
    dimensions: dict[str, str] = field(default_factory=dict)


class _Reader:
    """What Expat calls, and what was read so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.parser = self._parser()
        self.runs: list[Run] = []
        self.notes: list[str] = []
        self.subjects: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.amounts: dict[str, int] = {}
        self.kernel_line = ""
        self.parameters: dict[str, str] = {}
        self.started = ""
        self.depth = 0
        self.cases = 0
        self.suites: list[_Suite] = []
        self.case: _Case | None = None
        self.inside: list[str] = []  # outcomes and outputs that are open
        self.text: list[str] = []

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.buffer_size = 1 << 16
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        return parser

    def read(self, text: bytes) -> None:
        """Parse in one call: Expat goes over an open token again with every piece that it is given."""
        try:
            self.parser.Parse(text, True)
        except expat.ExpatError as problem:
            said = expat.ErrorString(problem.code)
            raise ParseError(self.source, problem.lineno, f"is unreadable, no whole XML: {said}") from problem

    def refused(self, problem: str) -> ParseError:
        return ParseError(self.source, self.parser.CurrentLineNumber, problem)

    def doctype(self, *_: str | int | None) -> None:
        raise self.refused("has a DOCTYPE, and no test tool writes one: it is not read")

    def start(self, name: str, said: dict[str, str]) -> None:
        self.depth += 1
        self.check(name, said)
        if self.inside or name in OUTPUTS or name in OUTCOMES:
            self.start_text(name, said)
        elif name in ROOTS:
            self.start_suite(name, said)
        elif name == "testcase":
            self.start_case(_Case(said))
        elif name == "property":
            self.property(said)

    def check(self, name: str, said: dict[str, str]) -> None:
        if self.depth == 1 and name not in ROOTS:
            raise self.refused(f"is no JUnit report: its root is <{one_line(name)[:80]}>, not <testsuites>")
        if self.depth > DEEPEST:
            raise self.refused(f"is nested deeper than {DEEPEST} elements")
        if len(said) > MOST_ATTRIBUTES:
            raise self.refused(f"has an element with more than {MOST_ATTRIBUTES} attributes")
        if said and max(map(len, said.values())) > LONGEST_ATTRIBUTE:
            raise self.refused(f"has an attribute of more than {LONGEST_ATTRIBUTE:,} characters")

    def start_suite(self, name: str, said: dict[str, str]) -> None:
        if self.case is not None:
            raise self.refused("has a <testsuite> within a <testcase>")
        outer = self.suites[-1].dimensions if self.suites else {}
        self.suites.append(_Suite(said.get("name", "") if name == "testsuite" else "", said, dimensions=dict(outer)))
        stamp = said.get("timestamp", "")
        if not self.started and STARTED_RE.fullmatch(stamp):
            self.started = stamp

    def start_case(self, case: _Case) -> None:
        if self.case is not None:
            raise self.refused("has a <testcase> within a <testcase>")
        self.count()
        self.case = case

    def count(self) -> None:
        self.cases += 1
        if self.cases > MOST_CASES:
            raise self.refused(f"holds more than {MOST_CASES:,} test cases")

    def start_text(self, name: str, said: dict[str, str]) -> None:
        if not self.inside:
            self.text = []
            if name in OUTCOMES:
                self.owner().outcomes.append(_Outcome(name, said))
                self.count()
        self.inside.append(name)

    def owner(self) -> _Case:
        """Return the open case. A suite that fails outside of its cases fails as a case of its own."""
        if self.case is None:
            self.start_case(_Case({"name": "(suite)"}, of_suite=True))
        return self.case

    def characters(self, text: str) -> None:
        if self.inside:
            self.text.append(text)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.inside:
            self.end_text()
        elif name == "testcase":
            self.end_case()
        elif name in ROOTS:
            self.end_suite()

    def end_text(self) -> None:
        name = self.inside.pop()
        if self.inside or self.case is None:
            return
        if name in OUTCOMES:
            self.case.outcomes[-1].text = "".join(self.text)
        else:
            self.case.outputs.append("".join(self.text))
        if self.case.of_suite:
            self.end_case()

    def end_case(self) -> None:
        suite = self.suites[-1]
        last = _step(self.case, _step_name(self.case, suite))
        for step in (*_earlier(self.case, last), last, *_later(self.case, last)):
            suite.attempts[step.name] += 1
            attempt = suite.attempts[step.name]
            suite.steps.append(replace(step, attempt=attempt) if attempt > 1 else step)
        suite.counts["tests"] += 1
        suite.counts[last.verdict] += 1
        self.case = None

    def end_suite(self) -> None:
        suite = self.suites[-1]
        self.compare(suite)
        if suite.steps:
            names = [RUN_RE.sub("", outer.name) for outer in self.suites]
            dimensions = sorted(suite.dimensions.items())[:MOST_DIMENSIONS]
            scenario = Scenario(path=scenario_path(names) or "junit", dimensions=tuple(dimensions))
            self.runs.append(Run(scenario=scenario, steps=tuple(suite.steps)))
            self.notes += _changed_their_mind(suite)
        self.suites.pop()
        if self.suites:
            self.suites[-1].counts.update(suite.counts)

    def compare(self, suite: _Suite) -> None:
        """Note where a header says another number than there are elements."""
        said, count = suite.said.get("tests", ""), suite.counts["tests"]
        if COUNT_RE.fullmatch(said) and int(said) != count:
            name = f"`{one_line(suite.said['name'])[:80]}`" if suite.said.get("name") else "a suite without name"
            self.notes.append(f"the header of {name} says {int(said):,} tests, there are {count:,}")

    def property(self, said: dict[str, str]) -> None:
        name, value = said.get("name", "").strip(), one_line(said.get("value", ""))
        if not name or not self.suites or not (value or name.startswith(PARAMETER)):
            return
        if self.case is not None:
            self.case.properties[name] = value
        elif name.startswith(DIMENSION):
            if DIMENSION_RE.fullmatch(key := name.removeprefix(DIMENSION)):
                self.suites[-1].dimensions[key] = value
        elif role := SUBJECTS.get(name.lower().replace("_", "-")):
            self.subjects.setdefault(role, value)
        elif key := ENVIRONMENT.get(name.lower()):
            self.environment.setdefault(key, architecture(value) if key == "architecture" else value)
        elif name.startswith(PARAMETER):
            self.parameters.setdefault(name.removeprefix(PARAMETER), value)
        elif name == KERNEL_LINE and KERNEL_LINE_RE.fullmatch(value):
            self.kernel_line = self.kernel_line or value
        elif name in AMOUNTS and COUNT_RE.fullmatch(value):
            self.amounts.setdefault(name, int(value))

    def all_environment(self) -> Environment:
        line = " ".join(f"{name}={value}" if value else name for name, value in self.parameters.items())
        return Environment(**self.environment, **self.amounts, command_line=command_line(line)[0][:MOST_PARAMETERS])


# unittest-xml-reporting and Avocado name a suite by the time of the run, which must not enter a key.
RUN_RE = re.compile(r"-\d{14}$|^job-\d{4}-\d\d-\d\dT\d\d\.\d\d-[0-9a-f]+$", re.ASCII)
# With a zone: another time is not known, and nothing is ever sorted by it.
STARTED_RE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
COUNT_RE = re.compile(r"\d{1,9}", re.ASCII)
KERNEL_LINE = "kdump.kernel_line"
KERNEL_LINE_RE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)  # as the schema has it
PARAMETER = "kdump.parameter."
DIMENSION = "kdump.dimension."
DIMENSION_RE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
SUBJECTS = {
    "kernel": "first kernel",
    "first-kernel": "first kernel",
    "capture-kernel": "capture kernel",
    "kexec-tools": "kexec-tools",
    "makedumpfile": "makedumpfile",
    "kdump-utils": "kdump-utils",
    "kdump-tools": "kdump-tools",
    "crash": "crash",
    "dracut": "dracut",
}
ENVIRONMENT = {
    "arch": "architecture",
    "architecture": "architecture",
    "distro": "distribution",
    "distribution": "distribution",
    "firmware": "firmware",
    "secure_boot": "secure_boot",
    "machine": "machine",
}
AMOUNTS = ("memory_mb", "processors")


def _step_name(case: _Case, suite: _Suite) -> str:
    """Return the name of a case, with its class where the suite does not say that already."""
    name = case.said.get("name", "").strip() or f"case {suite.counts['tests'] + 1} without name"
    group = (case.said.get("classname") or case.said.get("class") or "").strip()
    said = group in ("", name) or suite.name in (group, f"{group}.{name}") or name.startswith(f"{group}.")
    return one_line(name if said else f"{group}.{name}")


# Words of `status` (CTest, Catch2, openQA, tst) and `result` (GoogleTest) that no child element repeats.
STATUSES = {
    **dict.fromkeys(("fail", "failed", "failure"), Verdict.FAIL),
    **dict.fromkeys(("error", "errored"), Verdict.ERROR),
    **dict.fromkeys(("skip", "skipped", "ignored", "disabled", "notrun", "suppressed"), Verdict.SKIP),
}
HOST_RE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
EXPECTED_RE = re.compile(r"(?:^|[.])(xfail|todo)$", re.IGNORECASE)


def _step(case: _Case, name: str) -> Step:
    kinds = [outcome.kind for outcome in case.outcomes if outcome.kind not in AGAIN]
    status = case.said.get("status", "").strip().lower()
    result = case.said.get("result", "").strip().lower()
    verdict = next((OUTCOMES[kind] for kind in ("error", "failure", "skipped") if kind in kinds), None)
    verdict = verdict or STATUSES.get(status) or STATUSES.get(result) or Verdict.PASS
    verdict, reported = _effective(case, verdict)
    return Step(
        name=name,
        verdict=verdict,
        reported=reported or (status if status == "softfail" else case.properties.get("kdump.reported", "")),
        duration_s=_seconds(case.said.get("time", "")),
        numbers=_numbers(case.properties),
        excerpt=_evidence(case, verdict),
        host=host if HOST_RE.fullmatch(host := case.properties.get("kdump.host", "")) else "",
    )


def _evidence(case: _Case, verdict: Verdict) -> str:
    """Return what the failures say; where they say nothing, as CTest's, what the test put out."""
    said = "\n".join(outcome.evidence for outcome in case.outcomes if outcome.kind not in AGAIN)
    if verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.MISS) and not said.strip():
        said = "\n".join(case.outputs)
    return excerpt(said).strip() if said else ""


def _effective(case: _Case, verdict: Verdict) -> tuple[Verdict, str]:
    """Return the effective verdict, and what the tool called it where that differs."""
    types = {outcome.kind: outcome.said.get("type", "") for outcome in case.outcomes}
    if types.get("error") == "kdump.miss":
        return Verdict.MISS, ""
    if verdict is Verdict.PASS and case.properties.get("kdump.verdict") == Verdict.DONE:
        return Verdict.DONE, ""
    expected = EXPECTED_RE.search(types.get("skipped", ""))
    if expected and expected[1].lower() == "xfail":
        return Verdict.PASS, "xfail"
    if expected and verdict in (Verdict.FAIL, Verdict.ERROR):
        return Verdict.DONE, "todo"  # node fails and skips at once: the test is not to be judged yet
    return verdict, ""


def _earlier(case: _Case, last: Step) -> list[Step]:
    """Return the failed attempts before the one that passed."""
    return [_attempt(outcome, last) for outcome in case.outcomes if outcome.kind.startswith("flaky")]


def _later(case: _Case, first: Step) -> list[Step]:
    """Return the attempts that failed again."""
    return [_attempt(outcome, first) for outcome in case.outcomes if outcome.kind.startswith("rerun")]


def _attempt(outcome: _Outcome, step: Step) -> Step:
    return Step(
        name=step.name,
        verdict=AGAIN[outcome.kind],
        reported=outcome.kind,
        duration_s=_seconds(outcome.said.get("time", "")),
        excerpt=excerpt(outcome.evidence).strip(),
    )


SECONDS_RE = re.compile(r"\d{1,9}(?:\.\d{1,20})?(?:[eE]-?\d{1,2})?|\.\d{1,20}", re.ASCII)


def _seconds(time: str) -> float | None:
    """Return a time in seconds. Negative, `n/a`, `02:03:56` and `1,234.5` are unknown, not zero."""
    if not SECONDS_RE.fullmatch(time.strip()):
        return None
    seconds = float(time)
    return seconds if seconds <= 1e9 else None


NUMBER = "kdump.number."
NUMBER_RE = re.compile(r"(-?\d{1,15}(?:\.\d{1,15})?) (\S{1,20})", re.ASCII)


def _numbers(properties: Mapping[str, str]) -> tuple[Number, ...]:
    """Return what was measured: the property `kdump.number.dump size` with the value `731 MB`."""
    found = ((name.removeprefix(NUMBER), NUMBER_RE.fullmatch(value)) for name, value in properties.items())
    numbers = [
        Number(name=one_line(name), value=float(match[1]), unit=match[2]) for name, match in found if match and name
    ]
    return tuple(numbers[:MOST_NUMBERS])


def _changed_their_mind(suite: _Suite) -> list[str]:
    """Note the steps that failed and passed afterwards under one name, and were not said to be repeats."""
    failed = {
        step.name
        for step in suite.steps
        if step.verdict in (Verdict.FAIL, Verdict.ERROR) and step.reported not in AGAIN
    }
    last = {step.name: step.verdict for step in suite.steps}
    return [
        one_line(f"`{name[:200]}` failed and then did not, under the same name: kept as attempts, the worst counts")
        for name in sorted(failed)
        if last[name].severity < Verdict.ERROR.severity
    ]
