"""autopkgtest's summary: FLAKY and superficial tests judge nothing, and a broken testbed is never a pass."""

import pytest
from foreign_reports import names, sample, verdicts

from generator.errors import ParseError
from generator.model.reports import Subject, Verdict
from generator.parse.autopkgtest import parse_autopkgtest


def steps(text):
    (run,) = parse_autopkgtest(text, source="summary").runs
    return [(step.name, step.verdict, step.reported, step.excerpt) for step in run.steps]


def verdict(text):
    (run,) = parse_autopkgtest(text, source="summary").runs
    return run.verdict


def test_each_word_has_its_verdict():
    text = "a  PASS\nb  FAIL timed out\nc  SKIP no kvm\nd  FLAKY exit 1\ne  PASS (superficial)\nf  BROKEN no path\n"
    assert steps(text) == [
        ("a", Verdict.PASS, "", ""),
        ("b", Verdict.FAIL, "", "timed out"),
        ("c", Verdict.SKIP, "", "no kvm"),
        ("d", Verdict.DONE, "FLAKY", "exit 1"),
        ("e", Verdict.DONE, "PASS (superficial)", ""),
        ("f", Verdict.ERROR, "", "no path"),
    ]


def test_what_passes_only_superficially_is_no_pass():
    assert verdict("a  PASS (superficial)\n") == Verdict.DONE
    assert verdict("a  PASS (superficial)\nb  PASS\n") == Verdict.PASS


def test_a_broken_testbed_is_an_error_whatever_passed_before():
    text = "a  PASS\ntestbed failure: cannot send to testbed: Broken pipe\n"
    assert verdict(text) == Verdict.ERROR
    assert steps(text)[1] == ("testbed", Verdict.ERROR, "testbed failure", "cannot send to testbed: Broken pipe")
    assert verdict("testbed failure: gone\n") == Verdict.ERROR
    assert verdict("a  PASS\nsome error that autopkgtest ends with\n") == Verdict.ERROR


def test_a_package_that_cannot_be_installed_is_blamed_in_a_note():
    text = "a  FAIL badpkg\nblame: kexec-tools\nbadpkg: Test dependencies are unsatisfiable.\n"
    imported = parse_autopkgtest(text, source="summary")
    assert [step.verdict for step in imported.runs[0].steps] == [Verdict.FAIL]
    assert imported.notes == ("blame: kexec-tools", "badpkg: Test dependencies are unsatisfiable.")


def test_no_tests_at_all_are_skipped():
    assert verdict("*  SKIP no tests in this package\n") == Verdict.SKIP


LOG = """\
autopkgtest [02:15:53]: testbed dpkg architecture: ppc64el
autopkgtest [02:15:54]: testbed running kernel: Linux 6.10 #1 SMP
autopkgtest [02:15:54]: testing package kexec-tools version 1:2.0.29-2
a  PASS
b  FAIL no vmcore
autopkgtest [02:16:02]: @@@@@@@@@@@@@@@@@@@@ summary
a  PASS
b  FAIL no vmcore
"""


def test_of_a_log_the_summary_counts_and_the_head_says_what_was_tested():
    imported = parse_autopkgtest(LOG, source="log")
    assert verdicts(imported) == "1 pass, 1 fail"
    assert imported.runs[0].scenario.path == "autopkgtest.kexec-tools"
    assert imported.environment.architecture == "ppc64le"
    assert imported.subjects == (
        Subject(role="first kernel", version="6.10"),
        Subject(role="kexec-tools", version="1:2.0.29-2"),
    )


REFUSED = {
    "": "holds no result",
    "\n\n": "holds no result",
    "hello\n": "is no result",
    '{"virt_server": "null"}\n': "is no result",
    LOG.partition(" @@@@")[0]: "a log that was cut",
    "blame: x\n": "holds no result",
    "x  PASSED\n": "is no result",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_holds_no_result_is_refused(text):
    with pytest.raises(ParseError) as caught:
        parse_autopkgtest(text, source="summary")
    assert REFUSED[text] in str(caught.value)


EXPECTED = {
    "autopkgtest-5.28-summary": "1 pass, 2 fail, 1 skip, 1 done",
    "autopkgtest-5.28.log": "1 pass, 2 fail, 1 skip, 1 done",
    "summary-allpass": "1 pass",
    "summary-needsvm": "1 pass",
    "summary-skipall": "1 skip",
    "summary-superficial": "1 done",
    "summary-timeout": "1 fail",
}
REFUSED_SAMPLES = {"testinfo.redacted.txt": "is no result"}  # it describes the testbed, and lies beside the summaries


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_gives_what_it_says(name):
    assert verdicts(parse_autopkgtest(sample(name), source=name)) == EXPECTED[name]


@pytest.mark.parametrize("name", REFUSED_SAMPLES)
def test_a_sample_of_something_else_is_refused(name):
    with pytest.raises(ParseError) as caught:
        parse_autopkgtest(sample(name), source=name)
    assert REFUSED_SAMPLES[name] in str(caught.value)


def test_every_sample_is_in_a_table():
    assert names("autopkgtest") == EXPECTED.keys() | REFUSED_SAMPLES.keys()
