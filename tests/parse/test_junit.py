"""JUnit XML in its dialects: elements count, nothing that failed is lost, and what is no report is refused."""

from collections import Counter

import pytest
from foreign_reports import sample
from report_samples import outcomes, surprises

from generator.errors import ParseError
from generator.model.reports import Environment, Imported, Number, Step, Subject, Verdict
from generator.parse.junit import AGAIN, DEEPEST, MOST_ATTRIBUTES, parse_junit
from generator.relate.report_keys import scenario_key


def read(text: str | bytes) -> Imported:
    return parse_junit(text if isinstance(text, bytes) else text.encode(), source="r.xml")


def steps(text: str) -> list[tuple[str, str]]:
    return [(step.name, str(step.verdict)) for run in read(text).runs for step in run.steps]


def case(text: str, said: str = "") -> Step:
    """Return the last step of a suite with one case that holds `text`."""
    return read(f'<testsuite name="s"><testcase name="c" {said}>{text}</testcase></testsuite>').runs[0].steps[-1]


# What a case holds, and the verdict and the word of the tool.
OUTCOMES = {
    "": ("pass", ""),
    "<failure/>": ("fail", ""),
    "<error/>": ("error", ""),
    "<skipped/>": ("skip", ""),
    "<failure/><error/>": ("error", ""),
    "<skipped/><failure/>": ("fail", ""),
    '<skipped type="pytest.xfail" message="bz"/>': ("pass", "xfail"),
    '<skipped type="kdump.xfail"/>': ("pass", "xfail"),
    '<skipped type="XFAIL"/>': ("pass", "xfail"),
    '<skipped type="pytest.skip"/>': ("skip", ""),
    '<skipped type="todo"/>': ("skip", ""),
    '<skipped type="todo"/><failure/>': ("done", "todo"),
    '<error type="kdump.miss"/>': ("miss", ""),
    '<properties><property name="kdump.verdict" value="done"/></properties>': ("done", ""),
    '<properties><property name="kdump.verdict" value="pass"/></properties><failure/>': ("fail", ""),
    "<system-out>failure</system-out>": ("pass", ""),
}


@pytest.mark.parametrize("text", OUTCOMES)
def test_what_a_case_holds_is_its_verdict(text: str) -> None:
    step = case(text)
    assert (str(step.verdict), step.reported) == OUTCOMES[text]


STATUSES = {
    'status="run"': "pass",
    'status="run" result="completed"': "pass",
    'status="notrun" result="suppressed"': "skip",
    'status="disabled"': "skip",
    'status="skipped"': "skip",
    'status="failed"': "fail",
    'status="errored"': "error",
}


@pytest.mark.parametrize("said", STATUSES)
def test_a_status_that_no_element_repeats_counts(said: str) -> None:
    assert str(case("", said).verdict) == STATUSES[said]


TIMES = {
    "1.5": 1.5, "0": 0.0, ".5": 0.5, "1e-3": 0.001, "": None, "n/a": None, "-345345": None, "02:03:56": None,
    "1,234.5": None, "NaN": None, "inf": None, "1e99": None, "٣": None, "9" * 400: None,
}  # fmt: skip


@pytest.mark.parametrize("time", TIMES)
def test_an_odd_time_is_unknown_not_zero(time: str) -> None:
    assert case("", f'time="{time}"').duration_s == TIMES[time]


def test_suites_nest_and_those_with_cases_are_runs() -> None:
    found = read(
        '<testsuites name="all"><testsuite name="kdump"><testcase name="a"/><testsuite name="nfs v4">'
        '<testcase name="b"/></testsuite><testsuite name="none"/></testsuite></testsuites>'
    )
    paths = [(run.scenario.path, [step.name for step in run.steps]) for run in found.runs]
    assert paths == [("kdump.nfs_v4", ["b"]), ("kdump", ["a"])]


def test_a_class_stands_before_the_name_where_the_suite_does_not_say_it() -> None:
    text = (
        '<testsuite name="kdump.nfs"><testcase classname="kdump.nfs" name="save"/><testcase classname="x" name="x"/>'
        '<testcase classname="other" name="save"/><testcase/><testcase class="k" name="k.z"/></testsuite>'
    )
    names = [name for name, _ in steps(text)]
    assert names == ["save", "x", "other.save", "case 4 without name", "k.z"]


def test_repeats_are_attempts_and_a_changed_mind_is_noted() -> None:
    found = read('<testsuite name="s"><testcase name="a"><failure/></testcase><testcase name="a"/></testsuite>')
    assert [(step.attempt, step.verdict) for step in found.runs[0].steps] == [(1, Verdict.FAIL), (2, Verdict.PASS)]
    assert found.notes == ("`a` failed and then did not, under the same name: kept as attempts, the worst counts",)


def test_surefire_says_which_attempts_failed() -> None:
    found = read(
        '<testsuite name="s"><testcase name="a"><flakyFailure message="m1" time="2"><stackTrace>t</stackTrace>'
        '</flakyFailure><flakyError/></testcase><testcase name="b"><failure/><rerunFailure/><rerunError message="m2"/>'
        "</testcase></testsuite>"
    )
    assert [(step.name, step.attempt, str(step.verdict), step.reported) for step in found.runs[0].steps] == [
        ("a", 1, "fail", "flakyFailure"),
        ("a", 2, "error", "flakyError"),
        ("a", 3, "pass", ""),
        ("b", 1, "fail", ""),
        ("b", 2, "fail", "rerunFailure"),
        ("b", 3, "error", "rerunError"),
    ]
    assert (found.runs[0].steps[0].excerpt, found.runs[0].steps[0].duration_s) == ("m1\nt", 2.0)
    assert found.runs[0].verdict is Verdict.FAIL
    assert found.notes == ()


def test_a_header_that_counts_otherwise_is_noted_and_does_not_count() -> None:
    found = read('<testsuites tests="1"><testsuite name="s" tests="16"><testcase name="a"/></testsuite></testsuites>')
    assert [step.name for step in found.runs[0].steps] == ["a"]
    assert found.notes == ("the header of `s` says 16 tests, there are 1",)


def test_a_suite_that_fails_outside_of_its_cases_fails() -> None:
    assert steps('<testsuite name="s"><testcase name="a"/><error message="setup"/></testsuite>') == [
        ("a", "pass"),
        ("(suite)", "error"),
    ]


def test_evidence_is_message_and_text_or_else_the_output() -> None:
    assert case('<failure message="m">t\nu</failure>').excerpt == "m\nt\nu"
    assert case('<failure message="m">m: t</failure>').excerpt == "m: t"
    assert case('<failure message=""/><system-out>no vmcore</system-out>').excerpt == "no vmcore"
    assert case("<system-out>much</system-out>").excerpt == ""
    assert len(case(f"<failure>{'x' * 100_000}</failure>").excerpt) <= 16_384


def test_properties_are_dimensions_subjects_and_numbers_and_the_rest_is_left() -> None:
    found = read(
        '<testsuite name="s"><properties><property name="kdump.dimension.target" value="nfs"/>'
        '<property name="kernel" value="6.10"/><property name="capture_kernel" value="6.1"/>'
        '<property name="memory_mb" value="2048"/><property name="processors" value="two"/>'
        '<property name="arch" value="amd64"/><property name="user.home" value="/home/zoe"/></properties>'
        '<testcase name="save"><properties><property name="kdump.number.dump size" value="731.5 MB"/>'
        '<property name="kdump.host" value="client"/><property name="kdump.reported" value="good"/></properties>'
        "</testcase></testsuite>"
    )
    assert found.runs[0].scenario.dimensions == (("target", "nfs"),)
    assert found.subjects == (
        Subject(role="first kernel", version="6.10"),
        Subject(role="capture kernel", version="6.1"),
    )
    assert found.environment == Environment(architecture="x86_64", memory_mb=2048)
    assert found.runs[0].steps[0].numbers == (Number(name="dump size", value=731.5, unit="MB"),)
    assert (found.runs[0].steps[0].host, found.runs[0].steps[0].reported) == ("client", "good")
    assert "zoe" not in str(found)


def test_neither_time_nor_host_enter_a_key() -> None:
    keys = {
        scenario_key(read(f'<testsuite {said}><testcase name="a"/></testsuite>').runs[0].scenario)
        for said in (
            'name="T-20261123021045" timestamp="2026-11-23T02:10:45Z" hostname="a"',
            'name="T-20261124021045" timestamp="yesterday" hostname="b" id="3"',
        )
    }
    assert len(keys) == 1


STAMPS = {"2026-11-23T02:12:06.487717+00:00": True, "2018-05-06T07:41:51Z": True, "2020-09-04T16:18:04": False,
          "Tue Mar 31 05:03:00 2020": False, "2026-11-23T02:12:06Z\n": False}  # fmt: skip


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_time_without_zone_is_unknown(stamp: str) -> None:
    found = read(f'<testsuite timestamp="{stamp}".><testcase/></testsuite>'.replace(".>", ">").replace("\n", "&#10;"))
    assert found.started == (stamp if STAMPS[stamp] else "")


NO_CASES = ('<testsuites/>', '<testsuite/>', '<testsuite name="s" tests="6" failures="1"></testsuite>',
            '<testsuites><testsuite name="a"/><properties/></testsuites>')  # fmt: skip


@pytest.mark.parametrize("text", NO_CASES)
def test_a_file_without_a_case_gives_no_run(text: str) -> None:
    assert read(text).runs == ()


REPAIRED = {
    b"a\x1b[31mred\x1b[0m": ("ared", "2 terminal sequences left out"),
    b"a\x00b": ("a�b", "1 byte is no text"),
    b"a\x07b\x08": ("a�b�", "2 bytes are no text"),
    b"a\xffb": ("a�b", "1 byte is no text"),
    b"a&#27;b&#x0;": ("a�b�", "2 references to characters that XML forbids"),
    b"a&#xFFFE;b": ("a�b", "1 references"),
    b"a&#99999999999;": ("a�", "1 references"),
    "ü\u202ex".encode(): ("ü\u202ex", ""),
    b"a&#10;b": ("a b", ""),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_what_is_no_text_is_repaired_and_noted(name: bytes) -> None:
    found = read(b'<testsuite><testcase name="%s"/></testsuite>' % name)
    wanted, note = REPAIRED[name]
    assert found.runs[0].steps[0].name == wanted
    assert (note in "".join(found.notes)) if note else found.notes == ()


def test_a_reference_in_cdata_is_text() -> None:
    assert case("<failure><![CDATA[a&#27;b]]>&#27;</failure>").excerpt == "a&#27;b�"


ENCODINGS = ("utf-8", "UTF-8", "iso-8859-1", "windows-1252", "utf-16")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_usual_encodings_are_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><testsuite><testcase name="é"/></testsuite>'
    assert read(text.encode(encoding)).runs[0].steps[0].name == "é"


MANY = " ".join(f"a{number}='x'" for number in range(MOST_ATTRIBUTES + 1))
LONG = "x" * ((1 << 20) + 1)
DEEP = "<testsuite>" * (DEEPEST + 1)
BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><testsuite name="&b;"/>'
REFUSED = {
    "": (1, "is unreadable, no whole XML: no element found"),
    "<testsuite><testcase>": (1, "is unreadable, no whole XML: no element found"),
    "<testsuite>\n<testcase></testsuite>": (2, "is unreadable, no whole XML: mismatched tag"),
    "<testsuite/><testsuite/>": (1, "junk after document element"),
    "<html/>": (1, "is no JUnit report: its root is <html>"),
    BOMB: (1, "has a DOCTYPE"),
    '<!DOCTYPE testsuite SYSTEM "file:///etc/passwd"><testsuite/>': (1, "has a DOCTYPE"),
    '<testsuite name="&xxe;"/>': (1, "undefined entity"),
    DEEP: (1, "is nested deeper than 32 elements"),
    f"<testsuite {MANY}/>": (1, "more than 64 attributes"),
    f'<testsuite name="{LONG}"/>': (1, "an attribute of more than 1,048,576 characters"),
    "<testsuite><testcase><testcase/></testcase></testsuite>": (1, "a <testcase> within a <testcase>"),
    "<testsuite><testcase><testsuite/></testcase></testsuite>": (1, "a <testsuite> within a <testcase>"),
    '<?xml version="1.0" encoding="utf-7"?><testsuite/>': (1, "the encoding utf-7 is not read"),
    "<testsuite>" + "<testcase/>" * 100_001 + "</testsuite>": (1, "more than 100,000 test cases"),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:50])
def test_what_is_refused_says_why(text: str) -> None:
    line, problem = REFUSED[text]
    with pytest.raises(ParseError) as raised:
        read(text)
    assert (raised.value.line, problem in raised.value.problem) == (line, True), raised.value


def test_what_is_larger_than_is_read_is_refused() -> None:
    with pytest.raises(ParseError, match="larger than the 10 bytes"):
        parse_junit(b"<testsuite/>", source="r.xml", largest_bytes=10)


# Where we are not as the table has it, which looks at child elements only, and why.
EXPLAINED = {
    "tst__disabled.xml": 'five cases say status="disabled" and hold nothing: they did not run, so they are skips',
    "openQA__t__data__junit-results.xml": 'cases with status="skipped" that hold nothing are skips, not passes',
    "python-xunit-pytest.xml": "an expected failure (pytest.xfail) is a pass with its word kept, not a skip",
    "python-xunit-unittest.xml": "an expected failure (XFAIL) is a pass with its word kept, not a skip",
}


def test_every_sample_is_as_expected() -> None:
    assert surprises("junit", outcomes("junit", parse_junit, counts, expected), EXPLAINED) == {}


def counts(found: Imported) -> tuple[int, ...]:
    """Count the cases: attempts that Surefire keeps within a case are none."""
    verdicts = Counter(str(step.verdict) for run in found.runs for step in run.steps if step.reported not in AGAIN)
    return (sum(verdicts.values()), *(verdicts[word] for word in ("pass", "fail", "error", "skip")))


def expected(row: dict[str, str]) -> tuple[int, ...] | None:
    if not row["total"]:
        return None
    return tuple(int(row[column]) for column in ("total", "passed", "failed", "errors", "skipped"))


def test_every_hostile_sample_is_refused() -> None:
    assert surprises("hostile-xml", outcomes("hostile-xml", parse_junit, counts, lambda _: None), {}) == {}


# Files that real tools wrote on small tests, which have no line in EXPECTED.tsv: pass, fail, error, skip, done.
WRITTEN = {
    "avocado-113": (2, 1, 1, 2, 0),
    "bats-charref27": (1, 1, 0, 1, 0),
    "ctest-3.25": (2, 2, 0, 3, 0),
    "jest-junit-ESC-in-name": (3, 1, 0, 1, 0),
    "mocha-xunit": (3, 1, 0, 1, 0),
    "node-20-ESC-in-name": (2, 2, 0, 1, 1),
    "pytest-9.2-legacy": (7, 3, 2, 1, 0),
    "pytest-9.2-xunit1": (7, 3, 2, 1, 0),
    "pytest-9.2-xunit2": (7, 3, 2, 1, 0),
    "robot-7.5-xunit": (1, 1, 0, 1, 0),
    "tmt-1.78": (3, 1, 0, 1, 0),
    "unittest-xml-reporting-4.0": (2, 2, 2, 1, 0),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_tools_wrote_is_read(name: str) -> None:
    found = read(sample(f"generated/junit/{name}.xml"))
    verdicts = Counter(str(step.verdict) for run in found.runs for step in run.steps)
    assert tuple(verdicts[word] for word in ("pass", "fail", "error", "skip", "done")) == WRITTEN[name]
