"""kdump-report/1: exact round trips, complaints that name line and path, a quick check that the library confirms."""

import hashlib
import json
import random
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from generator.errors import ParseError
from generator.model.reports import (
    Attachment,
    Environment,
    Number,
    Report,
    Run,
    Scenario,
    Step,
    Subject,
    Verdict,
)
from generator.parse.json_schema import compile_schema, find_fault
from generator.parse.report import REPORT_SCHEMA, dump_report, is_report, parse_report, report_id

STEP = Step(
    name="save",
    verdict=Verdict.FAIL,
    reported="failed",
    duration_s=12.5,
    numbers=(Number(name="dump size", value=731.0, unit="MB"), Number(name="rate", value=33.25, unit="MB/s")),
    excerpt="makedumpfile: no space\n\tleft",
    attachments=(Attachment(name="log", sha256="a" * 64, size_bytes=12, url="https://example.org/l?a=1"),),
    attempt=2,
    host="client",
)
FULL = Report(
    origin="lab-1",
    tool="kdump-test",
    tool_version="1.10",
    started="2026-11-25T10:00:00.5+01:00",
    kernel_line="stable-6.12",
    subjects=(Subject(role="first kernel", version="6.10", commit="0123abc", package="linux 6.10-1"),),
    environment=Environment(
        architecture="x86_64",
        distribution="debian-12",
        machine="virtual",
        firmware="uefi",
        secure_boot="off",
        memory_mb=2048,
        processors=2,
        command_line=(("crashkernel", "1G,high"), ("crashkernel", "256M,low"), ("irqpoll", "")),
    ),
    runs=(
        Run(
            scenario=Scenario(path="kdump.nfs", dimensions=(("load", "kexec_file_load"), ("target", "nfs"))),
            steps=(Step(name="load", verdict=Verdict.PASS), STEP),
            planned=7,
        ),
        Run(scenario=Scenario(path="empty"), steps=()),
    ),
    supersedes="b" * 64,
    withdraws="c" * 64,
    reason="the disk was full",
    source_format="junit",
    source_sha256="d" * 64,
    notes=("a ☃ note",),
)


def read(text: str) -> Report:
    return parse_report(text, source="r.json")


@pytest.mark.parametrize("report", [FULL, Report(origin="lab")], ids=["full", "least"])
def test_a_report_comes_back_as_it_was(report: Report) -> None:
    dumped = dump_report(report)
    assert read(dumped.decode()) == report
    assert dump_report(read(dumped.decode())) == dumped


def test_the_canonical_form_is_sorted_and_short_and_its_hash_is_the_id() -> None:
    report = Report(origin="lab", runs=(Run(scenario=Scenario(path="a"), steps=(), planned=3),), notes=("☃",))
    dumped = '{"notes":["☃"],"origin":"lab","runs":[{"planned":3,"scenario":{"path":"a"}}],"schema":"kdump-report/1"}\n'
    assert dump_report(report) == dumped.encode()
    assert report_id(report) == hashlib.sha256(dumped.encode()).hexdigest()


def test_another_spelling_of_the_same_report_has_the_same_id() -> None:
    spelled = dump_report(FULL).decode().replace("731", "731.0").replace('"attempt":2', '"attempt":2.0')
    form = json.dumps(json.loads(spelled), indent=3, ensure_ascii=True)
    assert "731.0" in form
    assert report_id(read(form)) == report_id(FULL)


LEAST = '{\n"schema": "kdump-report/1",\n"origin": "lab"%s\n}'
STEPS = '[{"name": "x", "verdict": "pass"}, {"name": "y",\n "verdict": "%s"}]'
RUN = ',\n"runs": [\n {"scenario": {"path": "a"},\n  "steps": ' + STEPS + "}]"
COMPLAINTS = {
    "": (1, "is no JSON: Expecting value"),
    "[]": (1, 'is no report: it must be an object with "schema": "kdump-report/1"'),
    '{"schema": "kdump-report/2"}': (1, "is no report"),
    '{"schema": "kdump-report/1", "schema": "x"}': (1, "'schema' is said twice"),
    '{"a": NaN}': (1, "NaN is no number"),
    '{"a": -Infinity}': (1, "-Infinity is no number"),
    '{"a": 1e999}': (1, "larger than a double"),
    '{"a": ' + "1" * 5000 + "}": (1, "more than 20 digits"),
    "[" * 100_000: (1, "nested deeper"),
    '{"a":' * 50_000: (1, "nested deeper"),
    '"\\ud800"': (1, "half a surrogate pair"),
    LEAST % RUN % "passed": (7, "$.runs[0].steps[1].verdict: 'passed' is not one of ['pass', 'fail'"),
    LEAST % ',\n"orgin": 1': (1, "$: Additional properties are not allowed ('orgin' was unexpected)"),
    LEAST % ',\n"notes": ["a\\u001b[31m"]': (4, "$.notes[0]: 'a\\x1b[31m' should not be valid under"),
    LEAST % ',\n"notes": ["a\\nb"]': (4, "$.notes[0]: "),
    LEAST % (',\n"withdraws": "' + "0" * 64 + '"'): (1, "$: 'reason' is a dependency of 'withdraws'"),
    LEAST.replace("lab", "../lab") % "": (3, "$.origin: '../lab' does not match"),
    LEAST.replace("lab", "lab\\n") % "": (3, "$.origin: "),
    LEAST % ',\n"started": "yesterday"': (4, "$.started: 'yesterday' does not match"),
    LEAST % ',\n"environment": {"memory_mb": true}': (4, "$.environment.memory_mb: True is not of type 'integer'"),
    LEAST % ',\n"environment": {"command_line": ["root=UUID=1"]}': (4, "$.environment.command_line[0]: "),
    LEAST % ',\n"runs": [{"scenario": {"path": "a", "dimensions": {"A b": "x"}}}]': (
        4,
        "dimensions: 'A b' does not match",
    ),
    LEAST % ',\n"runs": [{"scenario": {"path": "../etc"}}]': (4, "$.runs[0].scenario.path: "),
}


@pytest.mark.parametrize("text", COMPLAINTS, ids=lambda text: text[:60])
def test_a_complaint_names_the_line_and_the_place(text: str) -> None:
    line, problem = COMPLAINTS[text]
    with pytest.raises(ParseError) as raised:
        read(text)
    assert (raised.value.line, problem in raised.value.problem) == (line, True), raised.value
    assert len(str(raised.value)) < 1000 and str(raised.value).isprintable()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://example.org", "https://", "https://a b/", "file:///x"]
)
def test_an_attachment_is_at_an_https_address_or_at_none(address: str) -> None:
    form = json.loads(dump_report(FULL))
    form["runs"][0]["steps"][1]["attachments"][0]["url"] = address
    with pytest.raises(ParseError, match="url"):
        read(json.dumps(form))


def test_what_is_larger_than_is_read_is_refused() -> None:
    with pytest.raises(ParseError, match="longer than the 10 characters"):
        parse_report(LEAST % "", source="r.json", longest=10)


def test_a_fault_in_a_huge_report_is_found_at_once() -> None:
    form = json.loads(dump_report(FULL))
    form["runs"] = form["runs"] * 10_000
    form["more"] = 1
    assert find_fault(REPORT_SCHEMA, form).path == ()
    with pytest.raises(ParseError, match="'more' was unexpected"):
        read(json.dumps(form))


def test_the_schema_is_one_and_every_object_in_it_is_closed() -> None:
    Draft202012Validator.check_schema(REPORT_SCHEMA)
    objects = [node for node in walk(REPORT_SCHEMA) if node.get("type") == "object"]
    assert len(objects) == 9
    assert all("additionalProperties" in node for node in objects)


def walk(node: object) -> Iterator[dict]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from walk(child)


ODD = (
    None, True, 0, -1, 1.5, 3.0, 1e300, 1 << 60, [], [1], {}, {"name": "x"}, {"A b": "x"}, ["x"] * 101,
    "", "x", "a\nb", "a\x1bb", "\x85", "\ufffe", "x" * 1001, "x" * 20_000, "0" * 64, "pass", "a.b", "https://a/",
    "2026-11-25T10:00Z", "irqpoll", "root=/dev/sda",
)  # fmt: skip


def test_the_quick_check_and_the_library_agree() -> None:
    chance = random.Random(4)
    validator = Draft202012Validator(REPORT_SCHEMA)
    accepted = 0
    for _ in range(400):
        form = mutated(json.loads(dump_report(FULL)), chance)
        assert is_report(form) == validator.is_valid(form), form
        accepted += is_report(form)
        if not is_report(form):
            fault = find_fault(REPORT_SCHEMA, form)
            assert not Draft202012Validator(fault.schema).is_valid(fault.value), (form, fault)
    assert 20 < accepted < 380


def mutated(form: dict, chance: random.Random) -> dict:
    """Change, drop or add one thing anywhere."""
    node = chance.choice([part for part in holders(form) if part])
    key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
    kind = chance.randrange(4)
    if kind == 0:
        del node[key]
    elif kind == 1 and isinstance(node, dict):
        node[chance.choice(["more", "name", "reason", "host", "planned", "tool"])] = chance.choice(ODD)
    else:
        node[key] = chance.choice(ODD)
    return form


def holders(node: object) -> Iterator[dict | list]:
    if isinstance(node, dict | list):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from holders(child)


def test_a_keyword_that_is_not_compiled_is_an_error() -> None:
    with pytest.raises(KeyError, match="uniqueItems"):
        compile_schema({"$defs": {}, "type": "array", "maxItems": 1, "items": {"enum": ["a"]}, "uniqueItems": True})
