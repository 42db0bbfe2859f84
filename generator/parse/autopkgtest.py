"""Read autopkgtest's `summary` file (autopkgtest 5.28, `--summary-file`), or its whole log, which ends with the same.

A line is `name  VERDICT reason`. A broken testbed or package leaves a line of free text instead.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from generator.errors import ParseError
from generator.model.reports import Environment, Imported, Run, Scenario, Step, Subject, Verdict
from generator.parse.evidence import excerpt
from generator.parse.naming import architecture, scenario_path
from generator.parse.repair import one_line

LONGEST = 1 << 24  # characters
MOST_TESTS = 10_000
RESULT_RE = re.compile(r"(\S+)[ \t]+(PASS|FAIL|SKIP|FLAKY|BROKEN)(?:[ \t]+(\S.*))?")
VERDICTS = {
    "PASS": Verdict.PASS,
    "FAIL": Verdict.FAIL,
    "SKIP": Verdict.SKIP,
    "FLAKY": Verdict.DONE,  # it failed, and its author says that such a failure means nothing
    "BROKEN": Verdict.ERROR,
}
SUPERFICIAL = "(superficial)"  # a pass that autopkgtest itself does not count: alone it ends with status 8, as no test
TROUBLE_RE = re.compile(r"(testbed failure|erroneous package|quitting): (.*)")
BLAME_RE = re.compile(r"(blame|badpkg): (.*)")
SUMMARY_RE = re.compile(r"^autopkgtest \[[\d:]+\]: @@@@+ summary[ \t]*$", re.MULTILINE)
LOG_RE = re.compile(r"^autopkgtest \[[\d:]+\]: ", re.MULTILINE)


def parse_autopkgtest(text: str, *, source: str) -> Imported:
    """Read a summary or a log. Raises ParseError where it holds no result, or a log has no summary at its end."""
    if len(text) > LONGEST:
        raise ParseError(source, 1, f"is longer than the {LONGEST} characters that are read")
    head, first, lines = _summary(text, source)
    steps = tuple(_steps(lines, first, source))
    if not steps:
        raise ParseError(source, first, "holds no result, such as `smoke  PASS`")
    package = PACKAGE_RE.search(head)
    path = scenario_path(["autopkgtest", package[1]] if package else ["autopkgtest"])
    return Imported(
        runs=(Run(scenario=Scenario(path=path), steps=steps),),
        subjects=tuple(_subjects(head)),
        environment=Environment(architecture=architecture(match[1]) if (match := MACHINE_RE.search(head)) else ""),
        tool="autopkgtest",
        notes=tuple(one_line(found) for found in lines if BLAME_RE.match(found))[:20],
    )


def _summary(text: str, source: str) -> tuple[str, int, list[str]]:
    """Return the log before the summary, the line that the summary begins at, and its lines."""
    if not LOG_RE.search(text):
        return "", 1, text.split("\n")
    if not (marks := list(SUMMARY_RE.finditer(text))):
        raise ParseError(source, text.count("\n") + 1, "is a log that was cut: it has no summary at its end")
    end = marks[-1].end()
    return text[:end], text.count("\n", 0, end) + 1, text[end:].split("\n")


def _steps(lines: Iterable[str], first: int, source: str) -> Iterator[Step]:
    attempts: Counter[str] = Counter()
    for number, text in enumerate(lines, first):
        if not text.strip() or BLAME_RE.match(text) or LOG_RE.match(text):
            continue
        if match := RESULT_RE.fullmatch(text.rstrip()):
            name = one_line(match[1])
            attempts[name] += 1
            yield _result(match, name, attempts[name])
        elif match := TROUBLE_RE.match(text):
            yield Step(name="testbed", verdict=Verdict.ERROR, reported=match[1], excerpt=excerpt(match[2]))
        elif attempts and not text[:1].isspace():
            # autopkgtest's own errors are free text, and end the file.
            yield Step(name="testbed", verdict=Verdict.ERROR, reported="error", excerpt=excerpt(text))
        elif not attempts:
            raise ParseError(source, number, "is no result, such as `smoke  PASS`")
        if attempts.total() > MOST_TESTS:
            raise ParseError(source, number, f"holds more than {MOST_TESTS} results")


def _result(match: re.Match[str], name: str, attempt: int) -> Step:
    word, reason = match[2], match[3] or ""
    verdict = VERDICTS[word]
    if verdict is Verdict.PASS and reason == SUPERFICIAL:
        verdict = Verdict.DONE
    differs = verdict is Verdict.DONE
    return Step(
        name=name,
        verdict=verdict,
        reported=one_line(f"{word} {reason}" if differs and verdict is not VERDICTS[word] else word) if differs else "",
        excerpt="" if reason == SUPERFICIAL else excerpt(reason),
        attempt=attempt,
    )


PACKAGE_RE = re.compile(r"^autopkgtest \[[\d:]+\]: testing package (\S+) version (\S+)", re.MULTILINE)
MACHINE_RE = re.compile(r"^autopkgtest \[[\d:]+\]: testbed dpkg architecture: (\S+)", re.MULTILINE)
KERNEL_RE = re.compile(r"^autopkgtest \[[\d:]+\]: testbed running kernel: Linux (\S+)", re.MULTILINE)


def _subjects(head: str) -> Iterator[Subject]:
    if match := KERNEL_RE.search(head):
        yield Subject(role="first kernel", version=one_line(match[1]))
    if match := PACKAGE_RE.search(head):
        yield Subject(role=one_line(match[1]), version=one_line(match[2]))
