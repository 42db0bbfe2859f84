"""Read TAP 12 to 14 (https://testanything.org) and KTAP (Documentation/dev-tools/ktap.rst), from a kernel's log too.

A group of results is what one plan counts. Groups nest by indentation, by `{ }`, and in kselftest's logs by `# `.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from generator.errors import ParseError
from generator.model.reports import Imported, Run, Scenario, Step, Verdict
from generator.parse.evidence import excerpt
from generator.parse.naming import scenario_path
from generator.parse.repair import LONGEST, one_line, repair

LARGEST_BYTES = 32 << 20
DEEPEST = 32
MOST_RESULTS = 100_000
MOST_MISSES = 32  # of one plan that are named; more are one step with their number
MOST_NOTES = 20
LONGEST_LINE = 8_192  # characters
MOST_EVIDENCE = 400  # lines


def parse_tap(data: bytes, *, source: str, largest_bytes: int = LARGEST_BYTES) -> Imported:
    """Read one log: a run for each test with subtests, and one for the tests without. Console noise is skipped.

    What a plan promised and did not come is a `miss`. A log with a plan and no result gives no run. Raises ParseError
    where there is neither a version, nor a plan, nor a result: no result is never a pass.
    """
    if len(data) > largest_bytes:
        raise ParseError(source, 1, f"is larger than the {largest_bytes:,} bytes that are read")
    text, notes = repair(data)
    reader = _Reader(source)
    for number, line in enumerate(_lines(text.decode()), 1):
        reader.read(number, line)
    reader.end_document()
    if not reader.is_tap:
        raise ParseError(source, 1, "holds no TAP: no version, no plan and no result")
    notes += tuple(one_line(note) for note in reader.notes[:MOST_NOTES])
    return Imported(runs=tuple(reader.runs), tool="ktap" if reader.is_ktap else "tap", notes=notes)


def _lines(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[at : min(end, at + LONGEST_LINE)].rstrip("\r")
        at = end + 1


@dataclass(slots=True)
class _Result:
    name: str
    number: int
    verdict: Verdict
    reported: str = ""
    duration_s: float | None = None
    evidence: list[str] = field(default_factory=list)
    group: "_Group | None" = None  # its subtests

    def tell(self, line: str) -> None:
        if len(self.evidence) < MOST_EVIDENCE:
            self.evidence.append(line)


@dataclass(slots=True)
class _Group:
    """The results of one plan. `owner` has said `{`, or else the next result further out has these as subtests."""

    indent: int
    name: str = ""
    plan: int | None = None
    plan_after: int = 0  # results that came before the plan
    reason: str = ""
    results: list[_Result] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    owner: _Result | None = None
    numbers: dict[str, int] = field(default_factory=dict)  # by name

    def add(self, result: _Result) -> None:
        """Add a result. Of two tests with one name the later one has its number behind: they are no attempts."""
        if self.numbers.setdefault(result.name, result.number) != result.number:
            result.name = one_line(f"{result.name} (test {result.number})")
        self.results.append(result)


# What a line must hold to be more than console noise: of a kernel's log most are not looked at again.
TELLING_RE = re.compile(
    r"ok|1\.\.|[#{}]|ersion \d|---|pragma|out!|panic|BUG|Oops|error|Unable|fault", re.ASCII | re.IGNORECASE
)
PRINTK_RE = re.compile(r"(?:<\d{1,3}>)?\[ {0,10}\d{1,10}\.\d{1,9}\](?:\[ {0,10}[TC]\d{1,10}\])?(?: |$)", re.ASCII)
VERSION_RE = re.compile(r"(?P<before>.*?)\b(?P<k>K?)TAP version \d{1,4}\s*$", re.IGNORECASE | re.ASCII)
BARE_VERSION_RE = re.compile(r"K?TAP version \d{1,4}\s*$", re.IGNORECASE | re.ASCII)
CRASH_RE = re.compile(
    r"Kernel panic - not syncing|\bBUG: |\bOops(?::| - )|Internal error: |Unable to handle kernel |"
    r"general protection fault|\] Linux version \d|^Linux version \d"
)
HASH_RE = re.compile(r"# ?")
PLAN_RE = re.compile(r"1\.\.(?P<count>\d{1,1000})(?:\s+(?:todo\b.*|#\s*(?P<reason>.*)))?\s*$", re.IGNORECASE | re.ASCII)
RESULT_RE = re.compile(
    r"(?P<not>not )?ok(?=\s|$)(?:\s+(?P<number>\d{1,18})(?=\s|$))?(?:\s+-(?=\s|$))?(?P<rest>.*)$", re.ASCII
)
SUBTEST_RE = re.compile(r"# Subtest(?:: ?(?P<name>.*))?$")
PRAGMA_RE = re.compile(r"pragma ([+-])strict\s*$")
BAIL_RE = re.compile(r"Bail out!\s*(?P<reason>.*)$", re.IGNORECASE)


class _Reader:
    """One line after the other; `groups` are the open ones, the outermost first."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.runs: list[Run] = []
        self.notes: list[str] = []
        self.is_tap = False
        self.is_ktap = False
        self.prefix = 0  # characters before TAP in every line
        self.number = 0
        self.results = 0
        self.start_document()

    def start_document(self) -> None:
        self.groups = [_Group(0)]
        self.closed: _Group | None = None  # waits for its result
        self.last: _Result | None = None
        self.last_indent = 0
        self.subtest = ""  # a name that was announced
        self.hashes = 0  # how deep kselftest nests by `# `
        self.yaml_indent: int | None = None
        self.recent: deque[str] = deque(maxlen=MOST_EVIDENCE)
        self.crash = ""
        self.is_strict = False
        self.has_bailed_out = False

    def read(self, number: int, raw: str) -> None:
        self.number = number
        if self.yaml_indent is None and not self.is_strict and not TELLING_RE.search(raw):
            self.recent.append(raw)
            return
        if not self.crash and CRASH_RE.search(raw) and self.is_tap:
            self.crash = raw
        line = self.without_prefix(raw)
        if self.is_yaml(line):
            return
        depth, line = self.without_hashes(line)
        content = line.lstrip(" \t")
        indent = 2 * depth + len(line[: len(line) - len(content)].replace("\t", "    "))
        if self.has_bailed_out and not BARE_VERSION_RE.match(content):
            return
        self.take(indent, content.rstrip())

    def without_prefix(self, raw: str) -> str:
        """Cut what the console put before the line: printk's time, and whatever stood before the first version."""
        match = PRINTK_RE.match(raw)
        line = raw[match.end() :] if match else raw
        version = None if self.is_tap else VERSION_RE.match(line)
        if version and version["before"].strip(" \t#"):
            self.prefix = len(version["before"])
        if version:
            self.is_ktap = bool(match or version["k"] or self.prefix)
        return line[self.prefix :]

    def is_yaml(self, line: str) -> bool:
        """Keep a YAML block as text. It ends at `...`, or where a line is indented less: then it was none."""
        content = line.lstrip(" ")
        indent = len(line) - len(content)
        if self.yaml_indent is not None:
            if content and indent < self.yaml_indent:
                self.yaml_indent = None
                return False
            self.tell_yaml(line)
            if content.rstrip() == "..." and indent == self.yaml_indent:
                self.yaml_indent = None
            return True
        if self.last is not None and content.rstrip() == "---" and indent > self.last_indent:
            self.yaml_indent = indent
            return True
        return False

    def tell_yaml(self, line: str) -> None:
        if time := YAML_TIME_RE.match(line):
            self.last.duration_s = _seconds(time[1], "ms")
        self.last.tell(line[self.yaml_indent :])

    def without_hashes(self, line: str) -> tuple[int, str]:
        """Return how many levels of `# ` a line has; a level begins with a version line, and ends with a result."""
        depth, rest = 0, line
        while depth < self.hashes and rest.startswith("#"):
            depth, rest = depth + 1, HASH_RE.sub("", rest, count=1)
        inner = rest.removeprefix("# ")
        if inner != rest and BARE_VERSION_RE.match(inner):
            self.is_tap, self.is_ktap = True, True
            self.hashes = depth + 1
            return self.hashes, inner
        if RESULT_RE.match(rest):
            self.hashes = depth
        return depth, rest

    def take(self, indent: int, content: str) -> None:
        if not content:
            return
        if BARE_VERSION_RE.match(content):
            self.version(indent)
        elif match := SUBTEST_RE.match(content):
            self.announce(indent, match["name"] or "")
        elif content.startswith("#"):
            self.comment(content)
        elif match := PLAN_RE.match(content):
            self.plan(indent, match)
        elif match := RESULT_RE.match(content):
            self.result(indent, match)
        elif match := BAIL_RE.match(content):
            self.bail_out(indent, match["reason"])
        elif content[0] in "{}" and len(content) == 1:
            self.brace(indent, content)
        else:
            self.noise(content)

    def version(self, indent: int) -> None:
        if indent == 0 and any(group.results or group.plan is not None for group in self.groups):
            self.notes.append(f"line {self.number}: TAP begins again: the log holds more than one")
            self.end_document()
            self.start_document()
        self.is_tap = True
        self.level(indent)

    def announce(self, indent: int, name: str) -> None:
        group = self.groups[-1]
        if self.is_tap and indent > group.indent:
            self.level(indent).name = name
        elif self.is_ktap and indent == group.indent > 0 and not group.results and not group.name:
            group.name = name
        else:
            self.subtest = name

    def comment(self, content: str) -> None:
        self.recent.append(content)
        if self.last is not None and not self.is_ktap:
            self.last.tell(content)

    def noise(self, content: str) -> None:
        if match := PRAGMA_RE.match(content):
            self.is_strict = match[1] == "+"
        elif self.is_strict and not content.startswith("pragma ") and len(self.groups[0].problems) < MOST_NOTES:
            self.groups[0].problems.append(f"line {self.number} is no TAP, and the log is to be read strictly")
        self.recent.append(content)

    def level(self, indent: int) -> _Group:
        """Return the group at an indentation: groups further in are over, a deeper one begins."""
        while self.groups[-1].indent > indent:
            self.close()
        if self.groups[-1].indent < indent:
            if len(self.groups) >= DEEPEST:
                raise ParseError(self.source, self.number, f"is nested deeper than {DEEPEST} levels")
            group = _Group(indent, name=self.subtest, owner=self.opened())
            self.groups.append(group)
            self.subtest = ""
        return self.groups[-1]

    def opened(self) -> _Result | None:
        """Return the result that opened a brace and waits for its subtests."""
        results = self.groups[-1].results
        return results[-1] if results and results[-1].group is WAITING else None

    def close(self) -> None:
        """End the innermost group. The one before it never got its result, if one still waits."""
        group = self.groups.pop()
        self.adopt(group)
        if group.owner is not None:
            group.owner.group = group
        else:
            self.closed = group

    def adopt(self, group: _Group) -> None:
        """Give subtests whose result never came to `group`, as a test that was missed."""
        if self.closed is not None:
            orphan, self.closed = self.closed, None
            name = orphan.name or f"test {len(group.results) + 1}"
            group.results.append(_Result(one_line(name), 0, Verdict.MISS, evidence=[self.crash], group=orphan))

    def plan(self, indent: int, match: re.Match[str]) -> None:
        if not self.may_nest(indent):
            return
        self.is_tap = True
        count = int(match["count"])
        known = next((group.plan for group in self.groups if group.indent == indent), None)
        if known is not None:
            if known != count:
                self.notes.append(f"line {self.number}: another plan, 1..{count}: the first one counts")
            return
        group = self.level(indent)
        group.plan, group.plan_after = count, len(group.results)
        group.reason = one_line(match["reason"] or "")

    def may_nest(self, indent: int) -> bool:
        """TAP 14 indents by four; where nothing announced a subtest, other indentation is output of the test."""
        return self.is_ktap or indent <= self.groups[-1].indent or indent % 4 == 0 or bool(self.subtest)

    def result(self, indent: int, match: re.Match[str]) -> None:
        if not self.may_nest(indent):
            return
        self.results += 1
        if self.results > MOST_RESULTS:
            raise ParseError(self.source, self.number, f"holds more than {MOST_RESULTS:,} results")
        self.is_tap = True
        group = self.level(indent)
        result = _result(match, len(group.results) + 1)
        if result.group is None and self.closed is not None:
            result.group, self.closed = self.closed, None
        if self.is_ktap and result.verdict is not Verdict.PASS:
            result.evidence += self.recent
        self.recent.clear()
        group.add(result)
        self.last, self.last_indent = result, indent
        self.subtest = ""

    def brace(self, indent: int, content: str) -> None:
        if content == "{" and self.last is not None and self.last.group is None and indent == self.last_indent:
            self.last.group = WAITING
        elif content == "}":
            self.level(indent)
            if (owner := self.opened()) is not None:
                owner.group = None

    def bail_out(self, indent: int, reason: str) -> None:
        """End the log, or in KTAP, where a test runs others' programs, only what they report."""
        self.is_tap = True
        inner = self.is_ktap and indent > 0
        self.has_bailed_out = not inner
        self.groups[-1 if inner else 0].problems.append(f"Bail out! {reason}".strip())

    def end_document(self) -> None:
        while len(self.groups) > 1:
            self.close()
        root = self.groups[0]
        self.adopt(root)
        self.runs += _runs(root, self.is_ktap, self.crash, self.notes)
        if self.crash:
            self.notes.append(one_line(f"the log holds: {self.crash.strip()[:300]}"))


WAITING = _Group(-1)
DIRECTIVE_RE = re.compile(
    r"(?<!\S)#\s*(?P<word>skip\S*|todo|exit=\d{1,3}|(?-i:XFAIL|TIMEOUT|ERROR))\b[:\s]*(?P<reason>.*)$", re.IGNORECASE
)
BRACE_RE = re.compile(r"(?<=\s)\{\s*(?=#|$)")
TIME_RE = re.compile(r"\s#\s*time=(\d{1,12}(?:\.\d{1,12})?)(ms|s)\b", re.ASCII)
YAML_TIME_RE = re.compile(r"\s*duration_ms: ['\"]?(\d{1,12}(?:\.\d{1,12})?)['\"]?\s*$", re.ASCII)
ESCAPE_RE = re.compile(r"\\([#\\])")


def _result(match: re.Match[str], position: int) -> _Result:
    rest, opens = BRACE_RE.subn("", f" {match['rest'].strip()}", count=1)
    time = TIME_RE.search(rest)
    rest = TIME_RE.sub("", rest, count=1)
    directive = DIRECTIVE_RE.search(rest)
    name = rest[: directive.start()] if directive else rest
    number = int(match["number"]) if match["number"] else position
    verdict, reported = _verdict(not match["not"], directive["word"].upper() if directive else "")
    return _Result(
        name=one_line(ESCAPE_RE.sub(r"\1", name)) or f"test {number}",
        number=number,
        verdict=verdict,
        reported=reported,
        duration_s=_seconds(time[1], time[2]) if time else None,
        evidence=[directive["reason"]] if directive and directive["reason"] else [],
        group=WAITING if opens else None,
    )


def _seconds(text: str, unit: str) -> float | None:
    seconds = float(text) / (1000 if unit == "ms" else 1)
    return seconds if seconds <= 1e9 else None


def _verdict(is_ok: bool, word: str) -> tuple[Verdict, str]:
    """Return the effective verdict and the tool's word where it differs; beyond SKIP and TODO they are KTAP's."""
    if word.startswith("SKIP"):
        return Verdict.SKIP, ""
    if word == "XFAIL":
        return Verdict.PASS, "xfail"
    if is_ok:
        return Verdict.PASS, word.lower()
    if word == "TODO":
        return Verdict.DONE, "todo"
    if word == "ERROR":
        return Verdict.ERROR, ""
    return Verdict.FAIL, word.lower()


def _runs(root: _Group, is_ktap: bool, crash: str, notes: list[str]) -> list[Run]:
    """Return a run for every test with subtests, and one for what stands beside them."""
    path = "ktap" if is_ktap else "tap"
    if root.plan == 0 and not root.results and not root.problems:
        step = Step(name="all", verdict=Verdict.SKIP, reported="1..0", excerpt=excerpt(root.reason))
        return [Run(scenario=Scenario(path=path), steps=(step,))]
    runs, plain = [], []
    for result in root.results:
        if result.group is not None and result.group.results:
            runs.append(_run(result, is_ktap, crash, notes))
        else:
            plain.append(_step(result, "", notes))
    plain += _own(root, "", is_ktap, crash, notes)
    if plain:
        runs.append(Run(scenario=Scenario(path=path), steps=_numbered(plain)))
    return runs


def _run(result: _Result, is_ktap: bool, crash: str, notes: list[str]) -> Run:
    steps = list(_subtests(result, "", is_ktap, crash, notes))
    return Run(scenario=Scenario(path=scenario_path([result.name]) or "tap"), steps=_numbered(steps))


def _subtests(result: _Result, prefix: str, is_ktap: bool, crash: str, notes: list[str]) -> Iterator[Step]:
    """Yield the steps of a test: of the innermost results, and of itself where it is worse than they are."""
    found = []
    for inner in result.group.results:
        if inner.group is not None and inner.group.results:
            found += _subtests(inner, f"{prefix}{inner.name} > ", is_ktap, crash, notes)
        else:
            found.append(_step(inner, prefix, notes))
    found += _own(result.group, prefix, is_ktap, crash, notes)
    if result.verdict is Verdict.DONE:  # a test that is not to be judged, so neither are its subtests
        found = [replace(step, verdict=Verdict.DONE, reported="todo") for step in found]
    yield from found
    severest = max((step.verdict.severity for step in found), default=-1)
    if result.verdict.severity > max(severest, Verdict.PASS.severity):
        yield _step(result, prefix, notes)


def _step(result: _Result, prefix: str, notes: list[str]) -> Step:
    if result.group is not None and not result.group.results and len(notes) < MOST_NOTES:
        notes.append(one_line(f"`{result.name[:200]}` announced subtests, and none came"))
    evidence = "" if result.verdict is Verdict.PASS else "\n".join(result.evidence)
    return Step(
        name=f"{prefix}{result.name}",
        verdict=result.verdict,
        reported=result.reported,
        duration_s=result.duration_s,
        excerpt=excerpt(evidence).strip(),
    )


def _own(group: _Group, prefix: str, is_ktap: bool, crash: str, notes: list[str]) -> list[Step]:
    """Return the steps that no result stands for: what did not come, and what is wrong with the log itself."""
    steps = list(_misses(group, prefix, crash))
    problems = list(group.problems)
    outside = sum(1 for result in group.results if group.plan is not None and result.number > group.plan)
    if outside or (group.plan is not None and len(group.results) > group.plan):
        problems.append(f"{len(group.results)} results, {outside} of them outside of the plan 1..{group.plan}")
    if group.plan is not None and 0 < group.plan_after < len(group.results):
        problems.append(f"the plan stands between the results: {group.plan_after} came before it")
    if is_ktap:
        notes += [f"{prefix or 'the log: '}{problem}" for problem in problems if not problem.startswith("Bail out!")]
        problems = [problem for problem in problems if problem.startswith("Bail out!")]
    elif group.plan is None and group.results:
        steps.append(
            Step(name=f"{prefix}plan", verdict=Verdict.MISS, excerpt="no plan: nobody knows if all results came")
        )
    if problems:
        steps.append(Step(name=f"{prefix}log", verdict=Verdict.ERROR, excerpt=excerpt("\n".join(problems))))
    return steps


def _misses(group: _Group, prefix: str, crash: str) -> Iterator[Step]:
    missing = _missing(group)
    why = excerpt(crash).strip()
    if missing > MOST_MISSES:
        said = f"{missing} of {group.plan} results did not come"
        yield Step(name=f"{prefix}{missing} tests", verdict=Verdict.MISS, excerpt=f"{said}\n{why}".strip())
    elif missing:
        seen = {result.number or position for position, result in enumerate(group.results, 1)}
        wanted = (number for number in range(1, group.plan + 1) if number not in seen)
        yield from (Step(name=f"{prefix}test {number}", verdict=Verdict.MISS, excerpt=why) for number in wanted)


def _missing(group: _Group) -> int:
    """Return how many results of the plan did not come, however many others did."""
    if group.plan is None:
        return 0
    seen = {result.number or position for position, result in enumerate(group.results, 1)}
    return group.plan - sum(1 for number in seen if number <= group.plan)


def _numbered(steps: list[Step]) -> tuple[Step, ...]:
    """Count the repeats of a name as attempts, and keep the names within their limit."""
    seen: dict[str, int] = {}
    counted = []
    for step in steps:
        seen[step.name] = seen.get(step.name, 0) + 1
        odd = seen[step.name] > 1 or len(step.name) > LONGEST
        counted.append(replace(step, name=one_line(step.name), attempt=seen[step.name]) if odd else step)
    return tuple(counted)
