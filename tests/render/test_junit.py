"""JUnit as we write it: valid whatever the text holds, and our importer reads the same back."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from generator.model.reports import Environment, Number, Report, Run, Scenario, Step, Subject, Verdict, worst
from generator.parse.junit import parse_junit
from generator.render.junit import junit_xml

STEPS = (
    Step(name="reserve", verdict=Verdict.PASS, numbers=(Number(name="reserved", value=256.0, unit="MB"),)),
    Step(name="load", verdict=Verdict.FAIL, excerpt="first try\nkexec: busy", duration_s=0.0625),
    Step(name="load", verdict=Verdict.PASS, attempt=2, duration_s=1e-07),
    Step(name="trigger", verdict=Verdict.DONE, duration_s=3.0),
    Step(name="capture boot", verdict=Verdict.MISS, excerpt="the host never returned"),
    Step(name="save", verdict=Verdict.ERROR),
    Step(name="check", verdict=Verdict.SKIP, excerpt="no crash installed"),
    Step(name="clean up", verdict=Verdict.PASS, reported="xfail"),
)
REPORT = Report(
    origin="my-lab",
    started="2026-11-23T02:15:08Z",
    kernel_line="stable-6.10",
    subjects=(Subject(role="first kernel", version="6.10"), Subject(role="makedumpfile", version="1.7.6")),
    environment=Environment(
        architecture="x86_64",
        distribution="debian-12",
        machine="virtual",
        firmware="uefi",
        command_line=(("crashkernel", "256M"), ("nr_cpus", "1"), ("reset_devices", "")),
    ),
    runs=(
        Run(scenario=Scenario(path="kdump.nfs", dimensions=(("level", "31"), ("target", "nfs"))), steps=STEPS),
        Run(scenario=Scenario(path="kdump.raw"), steps=STEPS[:1]),
        Run(scenario=Scenario(path="kdump.raw"), steps=STEPS[1:2]),
    ),
)
HOSTILE = [
    "\x1b[31mred\x00\x07",
    "]]><script>alert(1)</script>",
    '"><!ENTITY x SYSTEM "file:///etc/passwd">&x;&#27;&#0;',
    "a\tb\nc\rd",
    "\ud800\udfff \ufffe\uffff \U0010ffff",
    "\u202egnp.exe\u200b\u2066",
    "<![CDATA[x]]>",
    "--> <?xml version='1.0'?>",
    " ",
    "",
]


def test_what_junit_can_hold_comes_back():
    imported = parse_junit(junit_xml(REPORT), source="out.xml")
    assert imported.runs == REPORT.runs
    assert imported.subjects == REPORT.subjects
    assert imported.environment == REPORT.environment
    assert (imported.started, imported.kernel_line) == (REPORT.started, REPORT.kernel_line)
    assert worst([run.verdict for run in imported.runs]) == REPORT.verdict


def test_the_headers_count_what_there_is():
    root = ElementTree.fromstring(junit_xml(REPORT))
    assert [root.find("testsuite").get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        "8", "1", "2", "2",
    ]  # fmt: skip


@pytest.mark.parametrize("steps", [STEPS[:1], ()], ids=["one", "none"])
def test_a_run_that_fell_short_of_its_plan_is_no_pass_for_any_reader(steps):
    report = replace(REPORT, runs=(Run(scenario=Scenario(path="a"), steps=steps, planned=3),))
    text = junit_xml(report)
    assert parse_junit(text, source="out.xml").runs[0].verdict is Verdict.MISS
    assert text.count(b'<error type="kdump.miss"') == 3 - len(steps)


def test_a_run_without_plan_and_steps_is_no_pass_either():
    report = replace(REPORT, runs=(Run(scenario=Scenario(path="a"), steps=()),))
    assert parse_junit(junit_xml(report), source="out.xml").runs[0].verdict is Verdict.MISS


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("verdict", Verdict)
def test_the_xml_is_valid_whatever_the_text_holds(text, verdict):
    step = Step(name=text, verdict=verdict, reported=text, excerpt=text, host=text)
    run = Run(scenario=Scenario(path="a", dimensions=(("target", text),)), steps=(step,))
    subject = Subject(role=text, version=text)
    report = Report(origin=text, runs=(run,), subjects=(subject,), environment=Environment(machine=text), started=text)
    written = junit_xml(report)
    ElementTree.fromstring(written)
    assert b"<!DOCTYPE" not in written and b"<!ENTITY" not in written
    assert parse_junit(written, source="out.xml").runs[0].verdict is verdict


def test_what_xml_cannot_hold_is_shown():
    report = replace(REPORT, runs=(Run(scenario=Scenario(path="a"), steps=(Step(name="\x1b", verdict="pass"),)),))
    assert rb'name="\x1b"' in junit_xml(report)


def test_the_same_report_gives_the_same_bytes():
    assert junit_xml(REPORT) == junit_xml(replace(REPORT))
