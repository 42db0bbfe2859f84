"""The format of results, told by how they begin; a wrong guess is only an error, never a wrong result."""

import time

import pytest

from generator.parse.report_formats import FORMATS, guess_format

BEGINNINGS = {
    b'{"origin": "lab", "schema": "kdump-report/1"}': "kdump-report",
    b"<?xml version='1.0'?><testsuites/>": "junit",
    b"\xef\xbb\xbf\n <testsuite/>": "junit",
    "<testsuite/>".encode("utf-16"): "junit",
    b"TAP version 14\n1..1\nok 1\n": "tap",
    b"noise\nmore noise\nnot ok 1 - x\n": "tap",
    b"1..0 # skip\n": "tap",
    b"KTAP version 1\n1..1\n": "ktap",
    b"<6>[    1.5] KTAP version 1\n": "ktap",
    b"[    0.060000] ok 1 - example\n": "ktap",
    b"[    0.060000][    T1] # KTAP version 1\n": "ktap",
    b'{"version": {"major": 5, "minor": 3}, "tests": []}': "kcidb",
    b'{"tests": [{"id": "a:1", "origin": "a"}]}': "kcidb",
    b'{"results": [{"test_fqn": "x"}], "stats": {}}': "ltp",
    b"- name: /kdump\n  result: pass\n": "tmt",
    b"# a comment\n- result: fail\n": "tmt",
    b'[{"name": "/kdump", "result": "pass"}]': "tmt",
    b"smoke                PASS\ncrash                FAIL badpkg\n": "autopkgtest",
    b"": "",
    b"hello\n": "",
    b"{}": "",
    b"\x00\xff\x1b": "",
    b"<1>x": "",
}


@pytest.mark.parametrize("data", BEGINNINGS)
def test_a_format_is_told_by_its_beginning(data: bytes) -> None:
    assert guess_format(data) == BEGINNINGS[data]


def test_every_format_is_told() -> None:
    assert set(BEGINNINGS.values()) == {"", *FORMATS}


@pytest.mark.parametrize("piece", [b"{", b"[ ", b"<6>[ ", b"-\t", b"[    1.", b"\n- "])
def test_a_long_file_of_nothing_takes_no_time(piece: bytes) -> None:
    start = time.process_time()
    assert guess_format(piece * 1_000_000) == ""
    assert time.process_time() - start < 1
