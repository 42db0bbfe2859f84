"""The sandbox: what strangers send cannot eat memory or time, and what comes back is what the schema allows."""

import os
import resource
import subprocess
import sys
import time

import pytest

from generator.errors import ParseError, PortalError, SourceError
from generator.model.reports import Imported
from generator.parse.junit import parse_junit
from generator.sources.sandbox import Limits, read_in_sandbox

CASE = b'<testsuite name="s"><testcase name="%s"/></testsuite>'


def read(format: str, data: bytes, **limits: float) -> Imported:
    return read_in_sandbox(format, data, source="f", limits=Limits(**limits))


GOOD = {
    "junit": b'<testsuite name="s"><testcase name="a" time="1.5"><failure message="m"/></testcase></testsuite>',
    "tap": b"1..2\nok 1 - a\nnot ok 2 - \xc3\xa9\n",
    "ktap": b"KTAP version 1\n1..1\n  1..1\n  ok 1 a\nok 1 s\n",
    "autopkgtest": b"save PASS\nload FAIL non-zero exit status 1\n",
}


@pytest.mark.parametrize("format", GOOD)
def test_what_is_read_inside_comes_out_as_it_is(format: str) -> None:
    found = read(format, GOOD[format])
    assert found.runs and all(run.steps for run in found.runs)


def test_it_is_what_the_importer_says_outside_of_it() -> None:
    assert read("junit", GOOD["junit"]) == parse_junit(GOOD["junit"], source="f")


def test_a_file_without_a_test_stays_one_without() -> None:
    assert read("junit", b"<testsuites/>").runs == ()


ENTITIES = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
REFUSED = {
    "entity bomb": (
        "junit",
        b'<!DOCTYPE a [<!ENTITY e0 "x">' + ENTITIES + b"]><testsuite>&e11;</testsuite>",
        "DOCTYPE",
    ),
    "external entity": ("junit", b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><testsuite/>', "DOCTYPE"),
    "attribute of 30 MB": ("junit", CASE % (b"x" * 30_000_000), "an attribute of more than"),
    "attribute of 40 MB": ("junit", CASE % (b"x" * 40_000_000), "larger than the 33,554,432 bytes"),
    "depth of 100,000": ("junit", b"<testsuite>" * 100_000, "nested deeper than 32"),
    "a million cases": ("junit", b"<testsuite>" + b"<testcase/>" * 1_000_000 + b"</testsuite>", "more than 100,000"),
    "unclosed CDATA": ("junit", b"<testsuite>&#1;" + b"<![CDATA[" * 3_000_000, "unreadable"),
    "only NUL": ("junit", b"\0" * 8_000_000, "unreadable"),
    "a million results": ("tap", b"ok\n" * 1_000_000, "more than 100,000 results"),
    "deep JSON": ("kcidb", b"[" * 1_000_000, "nested deeper"),
    "no UTF-8": ("kcidb", b"{}\n\xff", "f:2: is not UTF-8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_and_says_why(name: str) -> None:
    format, data, problem = REFUSED[name]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with pytest.raises(ParseError) as raised:
        read(format, data, deadline_s=60)
    assert problem in str(raised.value)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 6


def test_a_plan_that_promises_the_world_costs_nothing() -> None:
    assert len(read("tap", b"1..999999999999999999\nok\n").runs[0].steps) == 2


def test_what_needs_more_memory_is_refused() -> None:
    data = b"<testsuite><testcase><failure>" + b"x" * 30_000_000 + b"</failure></testcase></testsuite>"
    with pytest.raises(SourceError, match="f: refused: used more than 80 MB of memory"):
        read("junit", data, memory_mb=80)


def test_what_needs_more_time_is_refused() -> None:
    slow = b"1..1\n" + (b"ok" + b" #" * 4_000 + b"\n") * 4_000
    with pytest.raises(SourceError, match="f: refused: used more than 1 s of processor time"):
        read("tap", slow, processor_s=1, deadline_s=60)


def test_what_takes_too_long_is_refused() -> None:
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"took longer than 0\.01 s"):
        read("junit", CASE % b"a", deadline_s=0.01)
    assert time.monotonic() - began < 5


def test_a_reader_that_breaks_is_a_reason_not_a_traceback() -> None:
    with pytest.raises(SourceError, match="the reader of none broke on it: KeyError: 'none'; please report this"):
        read("none", b"")


def test_the_environment_stays_outside(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "generator.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CI_TOKEN", "secret")
    seen = []

    def spy(command, **how):
        seen.append(how["env"])
        return real(command, **how)

    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", spy)
    assert read("junit", CASE % b"a").runs
    assert seen == [{"LC_ALL": "C.UTF-8"}]


INSIDE = """
import os, socket, sys
from generator.sources import sandboxed
sandboxed._limit(256 << 20, 5)
for attempt in (lambda: socket.socket(), lambda: open("/etc/hostname"), lambda: open(sys.argv[1], "w")):
    try:
        attempt()
        print("done")
    except OSError as problem:
        print(problem.strerror)
"""


def test_inside_no_file_and_no_socket_can_be_opened(tmp_path) -> None:
    file = tmp_path / "written"
    said = subprocess.run([sys.executable, "-I", "-c", INSIDE, file], capture_output=True, text=True, check=True).stdout
    assert said == "Too many open files\n" * 3
    assert not file.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may start processes whatever the limit says")
def test_inside_no_process_can_be_started() -> None:
    program = "from generator.sources import sandboxed; import os; sandboxed._limit(256 << 20, 5); os.fork()"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert "BlockingIOError" in done.stderr


def test_many_names_are_only_names() -> None:
    for name in ("-c", "a\nb", "../../x", "é", ""):
        with pytest.raises(PortalError):
            read_in_sandbox("junit", b"<html/>", source=name)
