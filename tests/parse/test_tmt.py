"""tmt's results: the effective result counts, the original one is kept, and phases never outweigh their test."""

import pytest
from foreign_reports import names, sample, verdicts

from generator.errors import ParseError
from generator.model.reports import Environment, Verdict
from generator.parse.tmt import parse_tmt


def read(text):
    return parse_tmt(text, source="results.yaml")


def steps(text):
    return [(step.name, step.verdict, step.reported) for run in read(text).runs for step in run.steps]


PLAN = """\
- name: /kdump/setup
  result: pass
  start-time: '2026-11-23T02:15:08.250000+00:00'
  end-time: '2026-11-23T02:15:09.000000+00:00'
  duration: 00:00:00
  guest: {name: client-1, role: client, primary-address: 192.0.2.7}
  context: {distro: [fedora-41], arch: [aarch64]}
- name: /kdump/crash
  result: pass
  original-result: fail
  duration: 00:12:23
  note: [test failed as expected, '  kernel panicked']
  guest: {name: client-1, role: client}
- name: /kdump/verify
  result: pending
  note: old form
"""


def test_the_tests_of_a_folder_are_the_steps_of_a_scenario():
    imported = read(PLAN)
    (run,) = imported.runs
    assert run.scenario.path == "kdump"
    assert steps(PLAN) == [
        ("setup", Verdict.PASS, ""),
        ("crash", Verdict.PASS, "originally fail"),
        ("verify", Verdict.MISS, "pending"),
    ]
    assert [step.duration_s for step in run.steps] == [0.75, 743.0, None]
    assert [step.host for step in run.steps] == ["client", "client", ""]
    assert [step.excerpt for step in run.steps] == ["", "test failed as expected\n  kernel panicked", "old form"]
    assert imported.environment == Environment(architecture="aarch64", distribution="fedora-41")
    assert imported.started == "2026-11-23T02:15:08.250000+00:00"
    assert run.verdict is Verdict.MISS


def test_addresses_of_guests_are_not_kept():
    assert "192.0.2.7" not in repr(read(PLAN))


@pytest.mark.parametrize(
    ("word", "verdict"),
    [("pass", "pass"), ("fail", "fail"), ("error", "error"), ("warn", "error"), ("info", "done"), ("skip", "skip")],
)
def test_each_result_has_its_verdict(word, verdict):
    assert steps(f"- {{name: /a/b, result: {word}}}") == [("b", verdict, "" if word == verdict else word)]


def test_a_phase_is_a_step_before_its_test_and_never_outweighs_it():
    phases = "subresult: [{name: /t/b/one, result: fail}, {name: two, result: pass}]"
    assert steps(f"- {{name: /t/b, result: pass, {phases}}}") == [
        ("b: one", Verdict.DONE, "fail"),
        ("b: two", Verdict.PASS, ""),
        ("b", Verdict.PASS, ""),
    ]
    assert read(f"- {{name: /t/b, result: pass, {phases}}}").runs[0].verdict is Verdict.PASS
    assert steps(f"- {{name: /t/b, result: fail, {phases}}}")[0] == ("b: one", Verdict.FAIL, "")


def test_a_test_on_two_guests_is_two_steps_and_neither_hides_the_other():
    text = (
        "- {name: /t/b, result: fail, guest: {name: one}}\n"
        "- {name: /t/b, result: pass, guest: {name: two}}\n"
        "- {name: /t/c, result: pass, guest: {name: one}}\n"
        "- {name: /t/c, result: pass, guest: {name: one}}\n"
    )
    assert [name for name, _, _ in steps(text)] == ["b on one", "b on two", "c", "c (2)"]
    assert read(text).runs[0].verdict is Verdict.FAIL


def test_json_is_read_as_the_yaml_is():
    text = '[{"name": "/t/b", "result": "fail", "note": ["6.10 \\ud83d\\ude00"], "serial-number": 1, "log": null}]'
    (step,) = read(text).runs[0].steps
    assert (step.name, step.verdict, step.excerpt) == ("b", Verdict.FAIL, "6.10 😀")


def test_a_version_in_a_name_stays_as_it_is():
    assert steps("- {name: 6.10, result: pass}") == [("6.10", Verdict.PASS, "")]


REFUSED = {
    "": (1, "is empty"),
    "[]": (1, "holds 0 results"),
    "a: b": (1, "must be a list"),
    "- a": (1, "must be a mapping"),
    "- {name: /a}": (1, "no `result`"),
    "- name: /b\n  result: pass\n- result: pass\n": (3, "no `name`"),
    "- name: /a\n  result: errrrrr": (2, "`result` is 'errrrrr'"),
    "- name: /a\n  result: pass\n  original-result: maybe": (3, "`original-result` is 'maybe'"),
    "- name: [a]\n  result: pass": (1, "`name` must be text"),
    "- &a {name: /a, result: pass}\n- *a": (1, "aliases, anchors and tags are not read"),
    "- !!python/object/apply:os.system [id]": (1, "aliases, anchors and tags are not read"),
    "- {name: /a, result: pass, subresult: [x]}": (1, "must be a mapping"),
    "- {name: /a, result: pass, guest: x}": (1, "must be a mapping"),
    '[{"name": "a", "name": "b"}]': (1, "said twice"),
    "[NaN]": (1, "NaN is no number"),
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_tmt_would_not_write_is_refused(text):
    line, problem = REFUSED[text]
    with pytest.raises(ParseError) as caught:
        read(text)
    assert problem in str(caught.value)
    assert caught.value.line == line


# Counted by hand: results, their phases and checks. A phase that is worse than its test is `done`.
EXPECTED = {
    "tmt-1.78-execute-results.yaml": "3 pass, 1 fail, 1 done",
    "teemtee+tmt__tests__execute__result__custom__results.json": "2 pass, 1 fail",
    "teemtee+tmt__tests__execute__result__custom__results.yaml": "4 pass, 1 fail, 1 skip",
    "teemtee+tmt__tests__report__display__data__faked-subresults-results.yaml": "2 pass, 2 done, 2 skip",
    "teemtee+tmt__tests__report__html__data__faked-subresults-results.yaml": "2 pass, 2 done, 4 skip",
}
REFUSED_SAMPLES = {
    "teemtee+tmt__tests__execute__result__custom__wrong_results.json": "`result` is 'errrrrr'",
    "teemtee+tmt__tests__execute__result__custom__wrong_results.yaml": "`result` is 'errrrrr'",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_gives_what_it_says(name):
    assert verdicts(parse_tmt(sample(name), source=name)) == EXPECTED[name]


@pytest.mark.parametrize("name", REFUSED_SAMPLES)
def test_a_sample_that_is_wrong_on_purpose_is_refused(name):
    with pytest.raises(ParseError) as caught:
        parse_tmt(sample(name), source=name)
    assert REFUSED_SAMPLES[name] in str(caught.value)


def test_every_sample_is_in_a_table():
    assert names("tmt-results") == EXPECTED.keys() | REFUSED_SAMPLES.keys()
