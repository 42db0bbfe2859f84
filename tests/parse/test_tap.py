"""TAP and KTAP: what a plan promised and did not come is missed, a panic hides nothing, and noise is no result."""

import re
from collections import Counter

import pytest
from foreign_reports import sample, verdicts
from report_samples import outcomes, surprises

from generator.errors import ParseError
from generator.model.reports import Imported, Step, Verdict, worst
from generator.parse.tap import MOST_MISSES, parse_tap


def read(text: str | bytes) -> Imported:
    return parse_tap(text if isinstance(text, bytes) else text.encode(), source="r.tap")


def drawn(text: str) -> str:
    """Draw what was read: a line for each run, a word for each step that did not pass."""
    lines = []
    for run in read(text).runs:
        steps = [step.name if step.verdict == "pass" else f"{step.name}={step.verdict}" for step in run.steps]
        lines.append(f"{run.scenario.path}: {', '.join(steps)}")
    return "\n".join(lines)


def only(line: str) -> Step:
    return read(f"TAP version 14\n1..1\n{line}\n").runs[0].steps[0]


# A result line, and its name, verdict and the tool's word.
LINES = {
    "ok": ("test 1", "pass", ""),
    "ok 1": ("test 1", "pass", ""),
    "ok 1 - save": ("save", "pass", ""),
    "ok 1 save": ("save", "pass", ""),
    "not ok 1 - save": ("save", "fail", ""),
    "ok 1 - save # SKIP no nfs": ("save", "skip", ""),
    "not ok 1 - save # skipped: no nfs": ("save", "skip", ""),
    "not ok 1 - save # TODO later": ("save", "done", "todo"),
    "ok 1 - save # TODO later": ("save", "pass", "todo"),
    "ok 1 - save # XFAIL known": ("save", "pass", "xfail"),
    "not ok 1 - save # TIMEOUT 45 s": ("save", "fail", "timeout"),
    "not ok 1 - save # exit=2": ("save", "fail", "exit=2"),
    "not ok 1 - save # ERROR broke": ("save", "error", ""),
    "not ok 1 - save # error in line 3": ("save # error in line 3", "fail", ""),
    r"ok 1 - a \# TODO b": ("a # TODO b", "pass", ""),
    "ok 1 - a#todo": ("a#todo", "pass", ""),
    "ok 1 - #todo no name": ("test 1", "pass", "todo"),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_a_step(line: str) -> None:
    step = only(line)
    assert (step.name, str(step.verdict), step.reported) == LINES[line]


NO_RESULTS = ("okay", "ok: yes", "notok 1", "not okay", "# ok 1", "nok 1")


@pytest.mark.parametrize("line", NO_RESULTS)
def test_what_only_looks_like_a_result_is_missed(line: str) -> None:
    assert only(line).verdict is Verdict.MISS


PLANS = {
    "1..2\nok\nok": "tap: test 1, test 2",
    "ok\nok\n1..2": "tap: test 1, test 2",
    "1..3\nok 1 - a\nok 3 - c": "tap: a, c, test 2=miss",
    "1..1\nok\nok": "tap: test 1, test 2, log=error",
    "1..2\nok 1\nok 1": "tap: test 1, test 1, test 2=miss",
    "ok\n1..2\nok": "tap: test 1, test 2, log=error",
    "ok\nok": "tap: test 1, test 2, plan=miss",
    "1..0 # SKIP no kdump": "tap: all=skip",
    "1..2\nok 1 - a\nBail out! no disk\nok 2 - b": "tap: a, test 2=miss, log=error",
    "1..2\nok 1 - same\nnot ok 2 - same": "tap: same, same (test 2)=fail",
    "1..2\n1..2\n1..9\nok\nok": "tap: test 1, test 2",
}


@pytest.mark.parametrize("text", PLANS)
def test_a_plan_is_kept_or_what_is_missing_is_a_step(text: str) -> None:
    assert drawn(text) == PLANS[text]


def test_a_plan_without_a_result_misses_all_of_it() -> None:
    found = read("TAP version 13\n1..2\n")
    assert [str(step.verdict) for step in found.runs[0].steps] == ["miss", "miss"]


@pytest.mark.parametrize("text", ["", "a log\n", "# TAP\n", "\x00" * 100])
def test_a_log_without_tap_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="holds no TAP"):
        read(text)


def test_a_version_alone_is_no_run() -> None:
    assert read("TAP version 14\n").runs == ()


def test_a_plan_that_promises_the_world_is_one_step_with_the_number() -> None:
    run = read("1..999999999999999999\nok 1 - a\n").runs[0]
    assert [step.name for step in run.steps] == ["a", "999999999999999998 tests"]
    assert run.verdict is Verdict.MISS
    assert "999999999999999998 of 999999999999999999 results did not come" in run.steps[1].excerpt
    few = read(f"1..{MOST_MISSES + 1}\nok 1\n").runs[0]
    assert len(few.steps) == MOST_MISSES + 1


NESTED = {
    "1..1\n# Subtest: nfs\n    1..2\n    ok 1 - load\n    not ok 2 - save\nnot ok 1 - nfs": "nfs: load, save=fail",
    "1..1\n    # Subtest: nfs\n    1..1\n    ok\nok 1 - nfs": "nfs: test 1",
    "1..1\nok 1 - nfs {\n    1..1\n    ok 1 - load\n}": "nfs: load",
    "1..1\nok 1 - nfs # time=5ms {\n    ok 1 - load\n    1..1\n}": "nfs: load",
    "1..1\n    1..1\n        1..1\n        not ok 1 - c\n    ok 1 - b\nok 1 - a": "a: b > c=fail",
    # The parent is worse than its children, and the other way round.
    "1..1\n    1..1\n    ok 1 - b\nnot ok 1 - a": "a: b, a=fail",
    "1..1\n    1..2\n    ok 1 - b\nok 1 - a": "a: b, test 2=miss",
    "1..1\n    1..1\n    not ok 1 - b\nnot ok 1 - a # TODO": "a: b=done",
    # What nothing announced and is indented otherwise is output.
    "1..1\n   not ok 9 - no child\nok 1 - a": "tap: a",
}


@pytest.mark.parametrize("text", NESTED)
def test_a_test_with_subtests_is_a_run_of_them(text: str) -> None:
    assert drawn(text) == NESTED[text]


def test_yaml_is_kept_as_text_and_never_read() -> None:
    block = "  ---\n  x: !!python/object:os.system\n  duration_ms: 12.5\n  ok 9\n  ...\n"
    text = f"TAP version 13\n1..2\nnot ok 1 - a\n{block}ok 2\n"
    first, second = read(text).runs[0].steps
    assert first.excerpt == "x: !!python/object:os.system\nduration_ms: 12.5\nok 9\n..."
    assert (first.duration_s, second.verdict) == (0.0125, Verdict.PASS)


def test_a_block_that_never_ends_takes_no_result_along() -> None:
    assert drawn("1..2\nnot ok 1 - a\n  ---\n  x: y\nok 2 - b\n") == "tap: a=fail, b"


KTAP = """\
[    0.060000] Linux version 6.10.0
[    0.060000] KTAP version 1
[    0.060000] 1..2
[    0.060000]     KTAP version 1
[    0.060000]     # Subtest: kexec
[    0.060000]     1..2
[    0.060000] random: crng init done
[    0.060000]     # load: EXPECTATION FAILED at kernel/kexec_test.c:12
[    0.060000]     not ok 1 load
[    0.060000]         KTAP version 1
[    0.060000]         # Subtest: sizes
[    0.060000]         ok 1 256M
[    0.060000]         ok 2 1G
[    0.060000]     ok 2 sizes
[    0.060000] not ok 1 kexec
[    0.060000] ok 2 vmcore # SKIP no disk
"""
PREFIXES = {
    "none": "",
    "printk": "[    0.060000] ",
    "caller": "[    0.060000][    T1] ",
    "level": "<6>[    0.060000] ",
    "console": "2026-11-25 10:00:01 ttyS0: ",
}


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
def test_ktap_is_read_behind_what_a_console_writes_before_it(prefix: str) -> None:
    text = KTAP.replace("[    0.060000] ", prefix)
    assert drawn(text) == "kexec: load=fail, sizes > 256M, sizes > 1G\nktap: vmcore=skip"
    assert "EXPECTATION FAILED" in read(text).runs[0].steps[0].excerpt


def test_a_panic_is_the_reason_why_the_rest_is_missed() -> None:
    lines = KTAP.splitlines()
    text = "\n".join([*lines[:9], "[    9.1] Kernel panic - not syncing: Fatal exception", "[    9.2] CPU: 0"])
    assert drawn(text) == "kexec: load=fail, test 2=miss\nktap: test 2=miss"
    steps = [step for run in read(text).runs for step in run.steps if step.verdict is Verdict.MISS]
    assert {step.excerpt for step in steps} == {"[    9.1] Kernel panic - not syncing: Fatal exception"}


def test_what_comes_after_a_panic_counts_because_a_crash_may_be_the_test() -> None:
    text = "1..3\nok 1 - load\n[ 9.1] Kernel panic - not syncing: sysrq triggered crash\nok 2 - save\n"
    assert drawn(text) == "tap: load, save, test 3=miss"


def test_a_log_that_begins_again_is_two_logs_and_the_first_one_broke_off() -> None:
    text = "TAP version 14\n1..2\nok 1 - a\n[ 0.0] Linux version 6.10\nTAP version 14\n1..1\nok 1 - b\n"
    assert drawn(text) == "tap: a, test 2=miss\ntap: b"
    assert "begins again" in read(text).notes[0]


def test_kselftest_nests_by_number_signs() -> None:
    text = """\
TAP version 13
1..2
# selftests: kexec: test_kexec_load.sh
# TAP version 13
# 1..2
# ok 1 load
# # a comment
# not ok 2 unload
not ok 1 selftests: kexec: test_kexec_load.sh # exit=1
# ok, that was it
ok 2 selftests: kexec: other # SKIP
"""
    assert drawn(text) == ("selftests_kexec_test_kexec_load.sh: load, unload=fail\nktap: selftests: kexec: other=skip")


def test_a_kselftest_that_bails_out_ends_itself_only() -> None:
    text = """\
KTAP version 1
1..2
# TAP version 13
# 1..2
# ok 1 load
# Bail out! no root
not ok 1 kexec
ok 2 other
"""
    assert drawn(text) == "kexec: load, test 2=miss, log=error, kexec=fail\nktap: other"


@pytest.mark.parametrize("digits", [15, 19, 999, 5000])
def test_a_plan_of_any_length_is_never_a_pass(digits: int) -> None:
    found = read(f"KTAP version 1\n1..{'9' * digits}\nok 1 a\n")
    assert digits > 999 or found.runs[0].verdict is Verdict.MISS


def test_a_subtest_that_was_announced_and_did_not_come_is_noted() -> None:
    found = read("KTAP version 1\n1..1\n    # Subtest: a\n    1..0\nok 1 - a\n")
    assert found.notes == ("`a` announced subtests, and none came",)


def test_terminal_sequences_and_what_is_no_text_leave_a_note() -> None:
    found = read(b"1..1\n\x1b[32mok\x1b[0m 1 - a\x00\xff\n")
    assert (found.runs[0].steps[0].name, len(found.notes)) == ("a��", 2)


def test_lines_end_as_they_like() -> None:
    assert drawn("1..2\r\nok 1 - a\r\nnot ok 2 - b\r\n") == "tap: a, b=fail"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1..1\n" + "ok\n" * 100_001, "more than 100,000 results"),
        ("".join(f"{' ' * 4 * depth}ok\n" for depth in range(100)), "nested deeper than 32 levels"),
    ],
)
def test_what_is_refused_says_why(text: str, problem: str) -> None:
    with pytest.raises(ParseError, match=problem):
        read(text)


def test_what_is_larger_than_is_read_is_refused() -> None:
    with pytest.raises(ParseError, match="larger than the 3 bytes"):
        parse_tap(b"1..0", source="r.tap", largest_bytes=3)


# Where we are not as tap-parser counts, which the table says is no truth, and why.
EXPLAINED = {
    "die.tap": "it is empty: refused, where the reference says 0 tests and all is well",
    "out_err_mix.tap": "it holds no TAP: refused, where the reference says 0 tests and all is well",
    "out_of_order.tap": "the plan stands in the middle: all 15 results are kept, the log is an error",
    "skip-all-with-assert.tap": "a result although the plan skips all of them is an error, not a skip",
    "space_after_plan.tap": "a blank behind a plan hurts nobody: the plan counts",
}


def test_every_tap_sample_is_as_expected() -> None:
    assert surprises("tap", outcomes("tap", parse_tap, tap_counts, tap_expected), EXPLAINED) == {}


def tap_counts(found: Imported) -> tuple[int | bool, ...]:
    """Count what tap-parser counts, the outermost results: total, skipped, and whether all is well."""
    nested = [run for run in found.runs if run.scenario.path != "tap"]
    plain = [step for run in found.runs if run.scenario.path == "tap" for step in run.steps]
    said = [step for step in plain if step.verdict is not Verdict.MISS and step.name not in ("log", "all")]
    skipped = sum(step.verdict is Verdict.SKIP for step in said)
    return len(nested) + len(said), skipped, worst([run.verdict for run in found.runs]).severity < Verdict.MISS.severity


def tap_expected(row: dict[str, str]) -> tuple[int | bool, ...]:
    return int(row["total"]), int(row["skipped"]), "ok=True" in row["note"]


KTAP_EXPLAINED = {
    "is_test_passed-kselftest.log": "the kernel's parser takes what nests by `# ` for comments: 2 tests, not 4"
}


def test_every_ktap_sample_is_as_the_kernels_own_parser_counts() -> None:
    assert surprises("ktap", outcomes("ktap", parse_tap, ktap_counts, ktap_expected), KTAP_EXPLAINED) == {}


def ktap_counts(found: Imported) -> tuple[int, ...]:
    said = Counter(str(step.verdict) for run in found.runs for step in run.steps)
    return said["pass"], said["fail"], said["error"] + said["miss"], said["skip"]


def ktap_expected(row: dict[str, str]) -> tuple[int, ...] | None:
    """Its `crashed` are our errors and misses. What it cannot parse is refused."""
    if re.search("FAILURE_TO_PARSE", row["note"]):
        return None
    return tuple(int(row[column]) for column in ("passed", "failed", "errors", "skipped"))


# Files that real tools wrote on small tests, which have no line in EXPECTED.tsv.
WRITTEN = {
    "avocado-113": "2 pass, 2 fail, 2 skip",
    "bats": "1 pass, 1 fail, 1 skip",
    "bats13": "1 pass, 1 fail, 1 skip",
    "mocha": "3 pass, 1 fail, 1 skip",
    "node-20": "2 pass, 2 fail, 1 skip, 1 done",
    "perl-test-more": "2 pass, 2 fail, 1 done, 1 skip",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_tools_wrote_is_read(name: str) -> None:
    assert verdicts(read(sample(f"generated/tap/{name}.tap"))) == WRITTEN[name]
