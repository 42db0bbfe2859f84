"""LTP's JSON of kirk and openQA: the worst of what a result says counts, and the machine's owner stays unknown."""

import json

import pytest
from foreign_reports import names, sample, verdicts

from generator.errors import ParseError
from generator.model.reports import Environment, Subject, Verdict
from generator.parse.ltp import parse_ltp

KIRK = {
    "results": [
        {
            "test_fqn": "kdump01",
            "status": "pass",
            "test": {
                "command": "sh",
                "arguments": ["--token=hunter2"],
                "log": "kdump01 1 TPASS: vmcore found\n",
                "retval": ["0"],
                "duration": 1.5,
                "result": "pass",
            },
        }
    ],
    "stats": {"runtime": 1.5, "passed": 0, "failed": 0, "broken": 0, "skipped": 0, "warnings": 0},
    "environment": {
        "distribution": "debian",
        "distribution_version": "12",
        "kernel": "Linux 6.10.0-rc1 #1 SMP PREEMPT_DYNAMIC Debian 6.10.1-1 (2026-01-01)",
        "cmdline": "BOOT_IMAGE=/vmlinuz root=UUID=0d3a ip=10.1.2.3 crashkernel=256M quiet",
        "arch": "x86_64",
        "cpu": "unknown",
        "RAM": "2030000 kB",
    },
}


def read(report):
    return parse_ltp(json.dumps(report), source="kirk.json")


def result(**said):
    return {"results": [{"test_fqn": "t", **said}]}


def test_a_kirk_report_says_kernel_distribution_and_the_allowed_parameters():
    imported = read(KIRK)
    assert imported.subjects == (Subject(role="first kernel", version="6.10.0-rc1"),)
    assert imported.environment == Environment(
        architecture="x86_64",
        distribution="debian-12",
        memory_mb=1982,
        command_line=(("crashkernel", "256M"), ("quiet", "")),
    )
    assert imported.tool == "kirk"
    assert imported.notes == ("3 parameters of the kernel command line were left out",)
    (run,) = imported.runs
    (step,) = run.steps
    assert (run.scenario.path, step.name, step.verdict, step.duration_s) == ("ltp", "kdump01", Verdict.PASS, 1.5)


def test_nothing_of_host_command_line_or_arguments_is_kept():
    openqa = {
        "format": "result_array:v2",
        "environment": {"kernel": "db1.corp.example 6.4.0-1-default #1 SMP x86_64 x86_64 x86_64 GNU/Linux"},
        "results": [{"test_fqn": "LTP:kdump:save", "status": "pass", "test": {"result": "PASS"}}],
    }
    kept = repr((read(KIRK), read(openqa)))
    assert not any(word in kept for word in ("BOOT_IMAGE", "UUID", "10.1.2.3", "hunter2", "db1", "corp"))
    assert read(openqa).subjects[0].version == "6.4.0-1-default"
    assert read(openqa).environment.architecture == "x86_64"


VERDICTS = {
    ("pass", "pass"): (Verdict.PASS, ""),
    ("pass", "TPASS"): (Verdict.PASS, ""),
    ("fail", "FAIL"): (Verdict.FAIL, ""),
    ("brok", "TBROK"): (Verdict.ERROR, "brok"),
    ("warn", "warn"): (Verdict.ERROR, "warn"),
    ("conf", "conf"): (Verdict.SKIP, "conf"),
    ("skip", "SKIP"): (Verdict.SKIP, ""),
    ("pass", "fail"): (Verdict.FAIL, "pass, fail"),
    ("", "TFAIL"): (Verdict.FAIL, ""),
    ("", ""): (Verdict.MISS, "no status"),
}


@pytest.mark.parametrize(("status", "word"), VERDICTS)
def test_the_worst_of_status_and_result_counts(status, word):
    (step,) = read(result(status=status, test={"result": word})).runs[0].steps
    assert (step.verdict, step.reported) == VERDICTS[status, word]


def test_a_pass_whose_own_counters_know_failures_is_none():
    (step,) = read(result(status="pass", test={"result": "pass", "failed": 2})).runs[0].steps
    assert (step.verdict, step.reported) == (Verdict.FAIL, "pass")


def test_repeats_are_attempts():
    report = {"results": [{"test_fqn": "t", "status": "fail"}, {"test_fqn": "t", "status": "pass"}]}
    assert [(step.attempt, step.verdict) for step in read(report).runs[0].steps] == [(1, "fail"), (2, "pass")]


def test_the_log_of_what_failed_is_kept_as_text():
    (step,) = read(result(status="fail", test={"log": "\x1b[31mno vmcore\x1b[0m\n"})).runs[0].steps
    assert step.excerpt == "no vmcore"
    (step,) = read(result(status="fail", test={"log": "", "retval": ["-9"]})).runs[0].steps
    assert step.excerpt == "exit status -9"


def test_totals_that_are_not_the_sums_are_noted():
    report = {**KIRK, "environment": {}, "stats": {"passed": 7, "failed": 0}}
    assert read(report).notes == ("the totals say passed: 7, the tests 0",)


REFUSED = {
    '{"results": []}': "1 to 100000 tests",
    "{}": "1 to 100000 tests",
    "[]": "must be an object",
    '{"results": [1]}': "a result must be an object",
    '{"results": [{"status": "pass"}]}': "no `test_fqn`",
    '{"results": [{"test_fqn": "a", "status": "great"}]}': "'great' is no result",
    '{"results": [{"test_fqn": "a", "status": 1}]}': "`status` must be text",
    '{"results": [{"test_fqn": "a", "test": []}]}': "`test` must be an object",
    '{"results": [{"test_fqn": "a", "test": {"duration": NaN}}]}': "NaN is no number",
    '{"results": [{"test_fqn": "a", "test_fqn": "b"}]}': "said twice",
    '{"results": [{"test_fqn": "a", "environment": 3}]}': "`environment` must be an object",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_none_is_refused(text):
    with pytest.raises(ParseError) as caught:
        parse_ltp(text, source="x.json")
    assert REFUSED[text] in str(caught.value)


# Counted by hand: the `status` of each result. Where kirk 1.4 calls a killed test `brok`, later ones say `fail`.
EXPECTED = {
    "kirk-1.4-results.json": "2 pass, 1 fail, 3 error, 1 skip",
    "kirk-2.3-results.json": "2 pass, 2 fail, 2 error, 1 skip",
    "kirk-4.2-results.json": "2 pass, 2 fail, 2 error, 1 skip",
    "os-autoinst+openQA__t__data__ltp_test_result_format.json": "6 pass",
    "os-autoinst+openQA__t__data__new_ltp_result_array.json": "4 pass, 2 skip, 1 error",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_gives_what_it_says(name):
    assert verdicts(parse_ltp(sample(name), source=name)) == EXPECTED[name]


def test_every_sample_is_in_the_table():
    assert names("ltp-json") == EXPECTED.keys()
