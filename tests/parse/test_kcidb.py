"""KCIDB's JSON: six statuses that are ours, ids that belong to their origins, and links that cannot act."""

import json

import pytest
from foreign_reports import names, sample, verdicts

from generator.errors import ParseError
from generator.model.reports import Number, Subject, Verdict
from generator.parse.kcidb import parse_kcidb

COMMIT = "5acb9c2a7bc836e9e5172bbcd2311499c5b4e5f1"
CHECKOUT = {"id": "ci:1", "origin": "ci", "git_commit_name": "v6.10", "git_commit_hash": COMMIT}
BUILD = {"id": "ci:2", "origin": "ci", "checkout_id": "ci:1", "architecture": "s390x"}


def a_test(**said):
    return {"id": "ci:3", "origin": "ci", "build_id": "ci:2", "path": "kdump.nfs.save", "status": "PASS", **said}


def document(*tests, **said):
    parts = {"checkouts": [CHECKOUT], "builds": [BUILD], "tests": list(tests)}
    return json.dumps({"version": {"major": 5, "minor": 3}, **parts, **said})


def read(*tests, origin="", **said):
    return parse_kcidb(document(*tests, **said), source="k.json", origin=origin)


def step(**said):
    return read(a_test(**said)).runs[0].steps[0]


def test_a_test_is_a_step_of_what_its_path_lies_in():
    imported = read(a_test(duration=1.5, start_time="2026-11-23T02:15:08Z"))
    (run,) = imported.runs
    assert (run.scenario.path, run.scenario.dimensions) == ("kdump.nfs", ())
    assert [(step.name, step.verdict, step.duration_s) for step in run.steps] == [("save", Verdict.PASS, 1.5)]
    assert imported.subjects == (Subject(role="first kernel", version="v6.10", commit=COMMIT),)
    assert imported.environment.architecture == "s390x"
    assert imported.started == "2026-11-23T02:15:08Z"


@pytest.mark.parametrize("verdict", Verdict)
def test_the_six_statuses_are_ours(verdict):
    assert step(status=verdict.upper()).verdict is verdict


def test_a_waived_test_ran_and_judges_nothing():
    found = step(status="FAIL", waived=True)
    assert (found.verdict, found.reported) == (Verdict.DONE, "fail, waived")


def test_a_test_without_a_status_is_missing():
    imported = read({key: value for key, value in a_test().items() if key != "status"})
    assert imported.runs[0].verdict is Verdict.MISS
    assert imported.notes == ("tests without a status: 1",)


def test_numbers_keep_their_unit():
    numbers = step(number={"value": 1.5, "unit": "MB/s", "prefix": "metric"}).numbers
    assert numbers == (Number(name="save", value=1.5, unit="MB/s"),)
    assert step(number={"value": 3}).numbers == (Number(name="save", value=3.0, unit="1"),)


def test_the_excerpt_is_followed_by_the_links():
    files = [{"name": "dmesg", "url": "https://x.example/d"}, {"name": "old", "url": "http://x.example/o"}]
    imported = read(a_test(log_excerpt="\x1b[1mPanic", log_url="https://x.example/l", output_files=files))
    assert imported.runs[0].steps[0].excerpt == "Panic\nlog: https://x.example/l\ndmesg: https://x.example/d"
    assert imported.notes == ("links that are not https, or hold a name or a password: 1",)


def test_repeats_are_attempts():
    steps = read(a_test(id="ci:4", status="FAIL"), a_test()).runs[0].steps
    assert [(step.attempt, step.verdict) for step in steps] == [(1, "fail"), (2, "pass")]


def test_the_tests_of_several_builds_stay_apart():
    imported = read(a_test(), a_test(id="ci:5", build_id="ci:9", status="FAIL"))
    assert [dict(run.scenario.dimensions) for run in imported.runs] == [{"build": "ci:2"}, {"build": "ci:9"}]
    assert imported.environment.architecture == "" and imported.subjects == ()
    assert any("tests of 2 builds" in note for note in imported.notes)


def test_an_older_version_is_read_too():
    text = json.dumps(
        {
            "version": {"major": 3, "minor": 0},
            "revisions": [{"id": COMMIT, "origin": "ci", "git_commit_hash": COMMIT, "git_commit_name": "v6.1"}],
            "builds": [{"id": "ci:2", "origin": "ci", "revision_id": COMMIT}],
            "tests": [a_test(path="boot")],
        }
    )
    imported = parse_kcidb(text, source="k.json")
    assert imported.subjects == (Subject(role="first kernel", version="v6.1", commit=COMMIT),)
    assert (imported.runs[0].scenario.path, imported.runs[0].steps[0].name) == ("boot", "boot")


FORGED = [
    document(a_test(id="evil:3")),
    document(a_test(id="evil:3", origin="ci")),
    document(a_test(origin="redhat")),
    document(a_test(), builds=[{**BUILD, "origin": "redhat"}]),
    document(a_test(), checkouts=[{**CHECKOUT, "id": "redhat:1"}]),
    document(a_test(id="ci")),
    document(a_test(id="")),
]


@pytest.mark.parametrize("text", FORGED, ids=range(len(FORGED)))
def test_a_forged_origin_is_refused(text):
    with pytest.raises(ParseError, match="is not of the origin"):
        parse_kcidb(text, source="k.json", origin="ci")


def test_the_tests_of_another_origin_than_the_submitters_are_shown_as_such():
    assert read(a_test(), origin="red-hat").notes == ("handed in by red-hat; the file names as origin: ci",)


def test_the_tests_of_the_submitter_need_no_note():
    assert read(a_test(), origin="ci").notes == ()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//x", "", " https://x"]
)
def test_a_link_that_runs_or_reads_files_is_refused(url):
    for said in ({"log_url": url}, {"output_files": [{"name": "a", "url": url}]}):
        with pytest.raises(ParseError, match="is refused: it must begin with https://"):
            read(a_test(**said))


def test_a_link_with_a_password_is_left_out():
    assert step(log_url="https://me:secret@x.example/").excerpt == ""


REFUSED = {
    "[]": "is no KCIDB report",
    "{}": "is no KCIDB report",
    '{"version": {"major": 2}}': "must be 3, 4 or 5",
    '{"version": {"major": true}}': "must be 3, 4 or 5",
    '{"version": {"major": 5}}': "holds 0 tests",
    document(): "holds 0 tests",
    document(a_test(), issue=[]): "no such key: 'issue'",
    document(a_test(), tests={}): "`tests` must be a list of objects",
    document(a_test(), tests=[1]): "`tests` must be a list of objects",
    document(a_test(status="MAYBE")): "`status` is 'MAYBE'",
    document(a_test(status=None)): "`status` must be text",
    document(a_test(waived="no")): "`waived` must be true or false",
    document(a_test(duration="3")): "`duration` must be a number",
    document(a_test(number={"unit": "s"})): "needs a `value`",
    document(a_test(number={"value": True})): "`value` must be a number",
    document(a_test(path=["a"])): "`path` must be text",
    document(a_test(misc={"kdump-portal": 1})): "`kdump-portal` must be an object",
    document(a_test(misc={"kdump-portal": {"dimensions": {"<b>": "x"}}})): "is no name of a dimension",
    document(a_test(misc={"kdump-portal": {"attachments": [{"name": "x"}]}})): "needs `sha256`",
    document(a_test(misc={"kdump-portal": {"planned": -1}})): "`planned` must be a count",
    document(a_test(misc={"kdump-portal": {"numbers": [{"name": "x", "value": 1}] * 65}})): "more than 64",
    '{"version": {"major": 5}, "tests": [], "tests": []}': "said twice",
    '{"version": {"major": 5}, "tests": [{"duration": NaN}]}': "NaN is no number",
    '{"version": {"major": 5}, "tests": ' + "[" * 100_000: "is nested deeper",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_the_schema_forbids_is_refused(text):
    with pytest.raises(ParseError) as caught:
        parse_kcidb(text, source="k.json")
    assert REFUSED[text] in str(caught.value)


def test_odd_lists_of_devices_do_no_harm():
    environments = ({"compatible": "ti"}, {"compatible": [1, "ti,omap3"]}, {"misc": {"hostname": "db1"}})
    tests = [a_test(id=f"ci:{number}", environment=said) for number, said in enumerate(environments)]
    assert read(*tests).notes == ("devices: ti,omap3",)


# Counted by hand: the `status` of each test; a test without one is missing.
EXPECTED = {
    "kernelci+kcidb__kcidb__test_db.py~L732.json": "1 fail",
    "kernelci+kcidb__kcidb__test_db.py~L911.json": "1 miss",
    "kernelci+kcidb__kcidb__test_db.py~L1326.json": "1 miss",
    "kernelci+kcidb__kcidb__test_db.py~L1680.json": "1 miss",
    "kernelci+kcidb__kcidb__test_db.py~L1859.json": "1 miss",
    "kernelci+kcidb__kcidb__test_orm.py~L746.json": "5 pass, 1 miss, 1 done",
}
# KCIDB's own guide has `issue` for `issues`, which KCIDB's own validator refuses too.
REFUSED_SAMPLES = {"kernelci+kcidb__doc__submitter_guide.md~L133.json": "no such key: 'issue'"}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_gives_what_it_says(name):
    assert verdicts(parse_kcidb(sample(name), source=name)) == EXPECTED[name]


@pytest.mark.parametrize("name", REFUSED_SAMPLES)
def test_a_sample_that_the_schema_forbids_is_refused(name):
    with pytest.raises(ParseError) as caught:
        parse_kcidb(sample(name), source=name)
    assert REFUSED_SAMPLES[name] in str(caught.value)


def test_every_sample_is_in_a_table():
    assert names("kcidb-json") == EXPECTED.keys() | REFUSED_SAMPLES.keys()


@pytest.mark.parametrize("major", ['{"major": 4}', "[4]", '"4"', "null", "true", "4.0e0"])
def test_a_version_that_is_no_number_is_refused(major):
    """The first was found by fuzzing: what cannot be hashed cannot be looked up."""
    with pytest.raises(ParseError, match="must be 3, 4 or 5"):
        parse_kcidb(f'{{"version": {{"major": {major}, "minor": 3}}}}', source="x")
