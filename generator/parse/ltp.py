"""Read the JSON of the Linux Test Project: kirk 1.4 to 4.2 (`--json-report`), and openQA's `result_array` v1 and v2.

kirk writes the kernel's whole command line since 4.2, and openQA a host name before the kernel's: neither is kept.
Commands and their arguments are not kept either.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from generator.errors import ParseError
from generator.model.reports import Environment, Imported, Run, Scenario, Step, Subject, Verdict, worst
from generator.parse.evidence import excerpt
from generator.parse.naming import architecture, place
from generator.parse.redact import command_line
from generator.parse.repair import one_line
from generator.parse.strict_json import Json, parse_strict_json

MOST_TESTS = 100_000
LONGEST_TEXT = 1 << 24  # characters
DEEPEST = 8
LONGEST_S = 1e9
# A warning is a problem of the test: its exit status is not 0, and LTP counts it as no pass.
VERDICTS = {
    "pass": Verdict.PASS,
    "fail": Verdict.FAIL,
    "brok": Verdict.ERROR,
    "warn": Verdict.ERROR,
    "conf": Verdict.SKIP,
    "skip": Verdict.SKIP,
}
# The counters that a test and the whole have, and what one of them above 0 makes of a pass.
COUNTERS = {"failed": Verdict.FAIL, "broken": Verdict.ERROR, "warnings": Verdict.ERROR}
UNSAID = ("", "unknown", "REDACTED")
_Fields = dict[str, Json]


def parse_ltp(text: str, *, source: str) -> Imported:
    """Read one file: each test is a step of the scenario of its suite. Only what did not pass brings its log.

    Raises ParseError for a file that is not as kirk or openQA writes it, and for one without a result.
    """
    reader = _Reader(source)
    top = reader.object(parse_strict_json(text, source=source, deepest=DEEPEST, longest=LONGEST_TEXT), "the file")
    results = top.get("results")
    if not isinstance(results, list) or not 0 < len(results) <= MOST_TESTS:
        raise reader.error(f"`results` must be a list of 1 to {MOST_TESTS} tests")
    results = [reader.object(result, "a result") for result in results]
    said = _agreed([reader.object(part.get("environment", {}), "`environment`") for part in (top, *results)])
    return Imported(
        runs=tuple(reader.runs(results)),
        subjects=_kernel(said),
        environment=_environment(said),
        tool="kirk" if "stats" in top else "ltp",
        tool_version=said.get("ltp_version", ""),
        notes=tuple(_notes(top, results)),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads results with the file's name at hand for complaints."""

    source: str

    def error(self, problem: str) -> ParseError:
        return ParseError(self.source, 1, problem)

    def object(self, value: Json, name: str) -> _Fields:
        if not isinstance(value, dict):
            raise self.error(f"{name} must be an object")
        return value

    def text(self, fields: _Fields, key: str) -> str:
        value = fields.get(key, "")
        if not isinstance(value, str):
            raise self.error(f"`{key}` must be text")
        return value

    def runs(self, results: list[_Fields]) -> Iterator[Run]:
        suites: dict[str, list[Step]] = {}
        attempts: Counter[tuple[str, str]] = Counter()
        for result in results:
            path, name = self.place(result)
            attempts[path, name] += 1
            suites.setdefault(path, []).append(self.step(result, name, attempts[path, name]))
        for path, steps in suites.items():
            yield Run(scenario=Scenario(path=path), steps=tuple(steps))

    def place(self, result: _Fields) -> tuple[str, str]:
        """Split `LTP:syscalls:abort01`, openQA's form; kirk names the test alone."""
        full = one_line(self.text(result, "test_fqn"))
        if not full.strip(": "):
            raise self.error("a result has no `test_fqn`, its name")
        parts = [part for part in full.split(":") if part.strip()]
        return place(parts if len(parts) > 1 else ["ltp", *parts])

    def step(self, result: _Fields, name: str, attempt: int) -> Step:
        test = self.object(result.get("test", {}), "`test`")
        verdict, reported = self.verdict(result, test)
        duration = test.get("duration")
        known = isinstance(duration, int | float) and not isinstance(duration, bool) and 0 <= duration <= LONGEST_S
        return Step(
            name=name,
            verdict=verdict,
            reported=reported,
            duration_s=float(duration) if known else None,
            excerpt="" if verdict is Verdict.PASS else self.evidence(test),
            attempt=attempt,
        )

    def verdict(self, result: _Fields, test: _Fields) -> tuple[Verdict, str]:
        """Return the worst of what the result says in its three places: status, result (`TPASS`), counters."""
        words = [_word(self.text(fields, key)) for fields, key in ((result, "status"), (test, "result"))]
        words = list(dict.fromkeys(word for word in words if word))
        if wrong := next((word for word in words if word not in VERDICTS), None):
            raise self.error(f"{wrong[:80]!r} is no result; there are: {', '.join(VERDICTS)}")
        if not words:
            return Verdict.MISS, "no status"
        verdict = worst([VERDICTS[word] for word in words])
        if verdict is Verdict.PASS:
            counted = [bad for counter, bad in COUNTERS.items() if _count(test, counter)]
            verdict = worst([verdict, *counted])
        return verdict, "" if words == [verdict] else ", ".join(words)

    def evidence(self, test: _Fields) -> str:
        log = excerpt(self.text(test, "log"))
        status = test.get("retval", [])
        codes = [code for code in status if isinstance(code, str)] if isinstance(status, list) else []
        return log or one_line(f"exit status {' '.join(codes)}" if codes else "")


def _word(status: str) -> str:
    """Return `pass` for `pass`, `PASS` and `TPASS`."""
    return status.strip().lower().removeprefix("t")


def _count(fields: _Fields, counter: str) -> int:
    value = fields.get(counter)
    return value if isinstance(value, int) and value > 0 else 0


def _agreed(parts: list[_Fields]) -> dict[str, str]:
    """Return what all environments that say it agree on, as lines."""
    said: dict[str, set[str]] = {}
    for part in parts:
        for key, value in part.items():
            if isinstance(value, str) and value.strip() not in UNSAID:
                said.setdefault(key, set()).add(value.strip())
    return {key: one_line(values.pop()) for key, values in said.items() if len(values) == 1}


RELEASE_RE = re.compile(r"(?:^|\s)(\d+\.\d+[\w.+~-]*)(?=\s+#\d|\s*$)", re.ASCII)
BARE_RE = re.compile(r"(?:^|\s)(\d+\.\d+\.\d+[\w.+~-]*)", re.ASCII)


def _kernel(said: dict[str, str]) -> tuple[Subject, ...]:
    """Read `uname -s -r -v` or `uname -n -r -v -m`: the release stands before `#1`."""
    kernel = said.get("kernel", "")
    match = RELEASE_RE.search(kernel) or BARE_RE.search(kernel)
    return (Subject(role="first kernel", version=match[1]),) if match else ()


MEMORY_RE = re.compile(r"(\d{1,15})\s*kB", re.ASCII)
MACHINE_RE = re.compile(r"\b([a-z0-9_]+)(?: \S+){0,2} GNU/Linux$")


def _environment(said: dict[str, str]) -> Environment:
    distribution = "-".join(filter(None, (said.get("distribution", ""), said.get("distribution_version", ""))))
    memory = MEMORY_RE.fullmatch(said.get("RAM", ""))
    machine = MACHINE_RE.search(said.get("kernel", ""))
    return Environment(
        architecture=architecture(said.get("arch", "")) or (architecture(machine[1]) if machine else ""),
        distribution=distribution or said.get("product", "").replace(":", "-"),
        memory_mb=int(memory[1]) // 1024 if memory else None,
        command_line=command_line(said.get("cmdline", ""))[0],
    )


def _notes(top: _Fields, results: list[_Fields]) -> Iterator[str]:
    """Yield where the totals are not the sums of the tests, and how much of the command line was left out."""
    stats = top.get("stats")
    tests = [test for result in results if isinstance(test := result.get("test"), dict)]
    for counter in ("passed", "skipped", *COUNTERS) if isinstance(stats, dict) else ():
        total = sum(_count(test, counter) for test in tests)
        if counter in stats and total != _count(stats, counter):
            yield f"the totals say {counter}: {_count(stats, counter)}, the tests {total}"
    environment = top.get("environment")
    cmdline = environment.get("cmdline") if isinstance(environment, dict) else ""
    if isinstance(cmdline, str) and cmdline not in UNSAID and (left_out := command_line(cmdline)[1]):
        yield f"{left_out} parameters of the kernel command line were left out"
