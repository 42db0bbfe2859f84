"""Write a report as JUnit XML: a suite for each run, a case for each step, an attempt for each time it was tried.

`parse/junit.py` reads the same back: paths, dimensions, verdicts, times, numbers, evidence of what did not pass,
versions and environment. Commits, attachments, roles of hosts and the reported words have no place in JUnit.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from generator.model.reports import Number, Report, Run, Step, Verdict

# Properties of a suite, as the importer knows them.
ROLES = {"first kernel": "kernel", "capture kernel": "capture-kernel"}
ENVIRONMENT = {
    "arch": "architecture",
    "distribution": "distribution",
    "machine": "machine",
    "firmware": "firmware",
    "secure_boot": "secure_boot",
    "memory_mb": "memory_mb",
    "processors": "processors",
}
LONGEST_MESSAGE = 200  # characters


def junit_xml(report: Report) -> bytes:
    """Return the report as UTF-8 XML without a DOCTYPE. The same report gives the same bytes.

    A run that had fewer steps than planned gets a case for each that is missing, so that no reader takes it for a pass.
    """
    root = ElementTree.Element("testsuites", {"name": _text(report.origin)})
    for run in report.runs:
        root.append(_suite(report, run))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _suite(report: Report, run: Run) -> ElementTree.Element:
    missing = (run.planned or 0) - len({step.name for step in run.steps})
    missing = max(missing, 0 if run.steps else 1)
    suite = ElementTree.Element("testsuite", {"name": _text(run.scenario.path)})
    for name, count in _counts(run, missing).items():
        suite.set(name, str(count))
    if report.started:
        suite.set("timestamp", _text(report.started))
    _properties(suite, _said(report, run))
    for step in run.steps:
        suite.append(_case(run, step))
    for number in range(1, missing + 1):
        case = _element(
            suite, "testcase", classname=run.scenario.path, name=f"planned step {number} of {missing} missing"
        )
        _element(case, "error", type="kdump.miss", message="it was planned, and nothing was reported")
    return suite


def _counts(run: Run, missing: int) -> dict[str, int]:
    verdicts = [step.verdict for step in run.steps]
    return {
        "tests": len(verdicts) + missing,
        "failures": verdicts.count(Verdict.FAIL),
        "errors": verdicts.count(Verdict.ERROR) + verdicts.count(Verdict.MISS) + missing,
        "skipped": verdicts.count(Verdict.SKIP) + sum(_is_expected_failure(step) for step in run.steps),
    }


def _said(report: Report, run: Run) -> Iterator[tuple[str, str]]:
    """Yield what is said of the suite: importers of flat formats know no place but properties."""
    for name, value in run.scenario.dimensions:
        yield f"kdump.dimension.{name}", value
    for subject in report.subjects:
        yield ROLES.get(subject.role, subject.role), subject.version
    for name, field in ENVIRONMENT.items():
        if value := getattr(report.environment, field):
            yield name, str(value)
    if report.kernel_line:
        yield "kdump.kernel_line", report.kernel_line
    for name, value in report.environment.command_line:
        yield f"kdump.parameter.{name}", value


def _case(run: Run, step: Step) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {"classname": _text(run.scenario.path), "name": _text(step.name)})
    if step.duration_s is not None:
        case.set("time", repr(step.duration_s))
    _properties(case, _measured(step))
    if _is_expected_failure(step):
        _outcome(case, "skipped", step, type="kdump.xfail")
    elif step.verdict is Verdict.MISS:
        _outcome(case, "error", step, type="kdump.miss")
    elif step.verdict in OUTCOMES:
        _outcome(case, OUTCOMES[step.verdict], step)
    elif step.excerpt:
        _element(case, "system-out").text = _text(step.excerpt)
    return case


OUTCOMES = {Verdict.FAIL: "failure", Verdict.ERROR: "error", Verdict.SKIP: "skipped"}


def _is_expected_failure(step: Step) -> bool:
    return step.verdict is Verdict.PASS and step.reported == "xfail"


def _measured(step: Step) -> Iterator[tuple[str, str]]:
    if step.verdict is Verdict.DONE:
        yield "kdump.verdict", Verdict.DONE
    if step.reported:
        yield "kdump.reported", step.reported
    if step.host:
        yield "kdump.host", step.host
    for number in step.numbers:
        yield f"kdump.number.{number.name}", _number(number)


def _number(number: Number) -> str:
    """Return `731 MB`, without an exponent."""
    digits = f"{number.value:.15f}".rstrip("0").rstrip(".")
    return f"{digits} {number.unit}"


def _outcome(case: ElementTree.Element, tag: str, step: Step, **attributes: str) -> None:
    message = step.excerpt.strip().partition("\n")[0][:LONGEST_MESSAGE]
    _element(case, tag, **({"message": message} if message else {}), **attributes).text = _text(step.excerpt) or None


def _properties(parent: ElementTree.Element, said: Iterator[tuple[str, str]]) -> None:
    if pairs := list(said):
        properties = _element(parent, "properties")
        for name, value in pairs:
            _element(properties, "property", name=name, value=value)


def _element(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, {key: _text(value) for key, value in attributes.items()})


# What production 2 of XML 1.0 leaves out, and the carriage return, which a reader would make a newline.
NO_XML_RE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(text: str) -> str:
    """Return text that XML can hold: what it cannot becomes a visible `\\x1b` or `\\ud800`."""
    return NO_XML_RE.sub(lambda match: ascii(match[0])[1:-1], text)
