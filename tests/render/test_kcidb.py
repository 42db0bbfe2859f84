"""KCIDB's JSON as we write it: as its schema v5.3 wants it, and our importer reads the same back."""

import json
import re
from dataclasses import replace

import pytest

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
from generator.parse.kcidb import parse_kcidb
from generator.render.kcidb import kcidb_json

COMMIT = "5acb9c2a7bc836e9e5172bbcd2311499c5b4e5f1"
LOG = Attachment(name="console.log", sha256="0" * 64, size_bytes=7, url="https://x.example/console.log")
STEPS = (
    Step(
        name="reserve",
        verdict=Verdict.PASS,
        numbers=(Number(name="reserved", value=256.0, unit="MB"), Number(name="ratio", value=0.25, unit="1")),
        host="client",
    ),
    Step(name="load", verdict=Verdict.FAIL, excerpt="busy\n<b>", duration_s=0.0625, attachments=(LOG,)),
    Step(name="load", verdict=Verdict.PASS, attempt=2),
    Step(name="capture boot: 6.10", verdict=Verdict.MISS),
    Step(name="save", verdict=Verdict.ERROR, reported="brok"),
    Step(name="check", verdict=Verdict.SKIP),
    Step(name="clean up", verdict=Verdict.DONE, reported="fail, waived"),
)
REPORT = Report(
    origin="my-lab",
    tool="kdump-portal lab",
    tool_version="0.1",
    started="2026-11-23T02:15:08Z",
    kernel_line="mainline",
    subjects=(
        Subject(role="first kernel", version="6.10", commit=COMMIT),
        Subject(role="kexec-tools", version="2.0.29", package="kexec-tools 1:2.0.29-2"),
    ),
    environment=Environment(
        architecture="x86_64",
        distribution="debian-12",
        memory_mb=2048,
        processors=2,
        command_line=(("crashkernel", "256M"), ("quiet", "")),
    ),
    runs=(
        Run(scenario=Scenario(path="kdump._nfs", dimensions=(("target", "nfs"),)), steps=STEPS, planned=9),
        Run(scenario=Scenario(path="kdump.raw"), steps=STEPS[:1]),
        Run(scenario=Scenario(path="kdump.raw"), steps=STEPS[:1]),
        Run(scenario=Scenario(path="kdump.ssh"), steps=(), planned=7),
    ),
)


def test_everything_but_the_line_and_the_notes_comes_back():
    imported = parse_kcidb(kcidb_json([REPORT]).decode(), source="out.json", origin="my_lab")
    assert imported.runs == REPORT.runs
    assert imported.subjects == REPORT.subjects
    assert imported.environment == REPORT.environment
    assert (imported.tool, imported.tool_version, imported.started) == ("kdump-portal lab", "0.1", REPORT.started)
    assert imported.notes == ()


def test_a_reader_that_knows_only_kcidb_finds_kernel_path_status_and_number():
    top = json.loads(kcidb_json([REPORT]))
    assert top["checkouts"][0]["git_commit_hash"] == COMMIT
    assert top["builds"][0]["architecture"] == "x86_64"
    first, second = top["tests"][:2]
    assert (first["path"], first["status"], first["number"]) == (
        "kdump.nfs.reserve", "PASS", {"unit": "MB", "value": 256.0},
    )  # fmt: skip
    assert second["output_files"] == [{"name": "console.log", "url": "https://x.example/console.log"}]
    assert "unit" not in top["tests"][0]["misc"]


# The patterns of kcidb-io's schema v5.3.
ID_RE = re.compile(r"[a-z0-9_]+:[^\0]*")
PATH_RE = re.compile(r"([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?")
KEYS = {
    "checkouts": {"id", "origin", "tree_name", "git_commit_hash", "git_commit_name"},
    "builds": {"id", "origin", "checkout_id", "architecture", "misc"},
    "tests": {
        "id", "origin", "build_id", "environment", "path", "log_excerpt", "status", "number", "start_time", "duration",
        "output_files", "misc",
    },
}  # fmt: skip
HOSTILE = ["\x00\x1b[31m", "</script>", "a/b c", "\u202e", "é", "x" * 300, "", "."]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_it_is_as_the_schema_wants_it_whatever_the_text_holds(text):
    step = Step(name=text, verdict=Verdict.FAIL, reported=text, excerpt=text, attachments=(replace(LOG, name=text),))
    run = Run(scenario=Scenario(path="a", dimensions=(("target", text),)), steps=(step, *STEPS))
    subjects = (Subject(role="first kernel", version=text, commit="master"),)
    top = json.loads(kcidb_json([replace(REPORT, origin="A-b", subjects=subjects, runs=(run,), started=text)]))
    assert top.keys() == {"version", *KEYS}
    for kind, keys in KEYS.items():
        for found in top[kind]:
            assert found.keys() <= keys
            assert ID_RE.fullmatch(found["id"]) and found["id"].startswith(f"{found['origin']}:")
            assert PATH_RE.fullmatch(found.get("path", ""))
            assert "\0" not in found.get("log_excerpt", "")
            assert all(file["name"] and not {"/", "\0"} & set(file["name"]) for file in found.get("output_files", ()))


def test_two_reports_on_one_kernel_share_it_and_keep_their_tests_apart():
    later = replace(REPORT, started="2026-11-24T02:15:08Z")
    top = json.loads(kcidb_json([REPORT, later]))
    assert [len(top[kind]) for kind in ("checkouts", "builds", "tests")] == [1, 2, 20]


def test_the_same_reports_give_the_same_bytes_and_a_report_twice_is_one():
    assert kcidb_json([REPORT]) == kcidb_json([replace(REPORT), REPORT])


def test_a_withdrawal_has_no_place():
    top = json.loads(kcidb_json([Report(origin="lab", withdraws="0" * 64, reason="wrong kernel")]))
    assert (top["tests"], top["builds"]) == ([], [])
