"""Folders of reports: what is read, what is said of the rest, and who is believed."""

import hashlib
import os
import time
from pathlib import Path

import pytest
from submissions_world import named, put, report

from generator.errors import ParseError
from generator.model.report_sources import Arrival, Signer
from generator.model.reports import Verdict
from generator.sources.reports import (
    LARGEST_BYTES,
    ReportFolder,
    check_report,
    find_all,
    read_known,
    read_stored,
    store_report,
    survey_reports,
)


def survey(folder, **more):
    return survey_reports([ReportFolder(folder=folder, shown="content/reports", **more)])


def test_every_report_is_read_in_the_order_of_origin_and_id(tmp_path):
    ours = [report(origin=origin, kernel=f"6.{minor}") for origin in ("b", "a") for minor in range(3)]
    put(tmp_path, *ours)
    (tmp_path / "index.md").write_text("# Reports\n", "utf-8")
    found = survey(tmp_path)
    assert found.problems == ()
    assert [one.path for one in found.reports] == sorted(f"content/reports/{named(one)[0]}" for one in ours)
    assert {one.report for one in found.reports} == set(ours)
    assert {(one.committed, one.signer, one.source, one.forged) for one in found.reports} == {(None, "", "", "")}


def test_one_bad_file_never_hides_the_others(tmp_path):
    good, edited, moved, link, big = put(tmp_path, *(report(kernel=f"6.{minor}") for minor in range(5)))
    edited.write_bytes(edited.read_bytes().replace(b"6.1", b"6.7"))
    (tmp_path / "evil").mkdir()
    moved.rename(tmp_path / "evil" / moved.name)
    link.unlink()
    link.symlink_to(good)
    big.write_bytes(b" " * (LARGEST_BYTES + 1))
    os.mkfifo(tmp_path / "lab" / f"{'a' * 64}.json")
    (tmp_path / "lab" / "x\n\x1b[31m.json").write_bytes(b"{}")
    found = survey(tmp_path)
    assert [one.id for one in found.reports] == [good.stem]
    text = "\n".join(found.problems)
    assert len(found.problems) == 6 and "\x1b" not in text and all(":1: " in line for line in found.problems)
    for reason in ("its bytes are not those of its name", "a forged origin", "cannot be read", "is larger than the 4",
                   "is no regular file", "is no name of a report"):  # fmt: skip
        assert reason in text


def test_a_folder_that_is_not_there_has_no_reports(tmp_path):
    assert survey(tmp_path / "none").reports == ()


def test_only_those_who_may_speak_in_a_folder_are_heard(tmp_path):
    put(tmp_path, report(origin="lab"), report(origin="evil"))
    found = survey(tmp_path, origins=("lab",))
    assert [one.report.origin for one in found.reports] == ["lab"]
    assert "evil may not speak here" in found.problems[0]


def test_a_report_in_two_folders_counts_once(tmp_path):
    put(tmp_path / "a", report())
    put(tmp_path / "b", report())
    folders = [ReportFolder(folder=tmp_path / name, shown=name) for name in "ab"]
    assert [one.path for one in survey_reports(folders).reports] == [f"a/{named(report())[0]}"]


OWN = Signer(origins=("lab", "other"), fingerprint="SHA256:own", name="the lab's bot")
FOREIGN = Signer(origins=("evil",), fingerprint="SHA256:evil", name="evil")


@pytest.mark.parametrize(
    ("fingerprint", "signer", "forged"),
    [
        ("SHA256:own", "the lab's bot", ""),
        ("SHA256:evil", "evil", "the key that signed its commit is not one of lab"),
        ("SHA256:unknown", "SHA256:unknown", "the key that signed its commit is not one of lab"),
        ("", "", "no good signature is on the commit that brought it in"),
    ],
)
def test_an_origin_is_believed_by_a_key_of_its_own(tmp_path, fingerprint, signer, forged):
    put(tmp_path, report())
    arrivals = {named(report())[0]: Arrival(1_700_000_000, fingerprint)}
    (one,) = survey(tmp_path, arrivals=arrivals, signers=(OWN, FOREIGN)).reports
    assert (one.committed, one.signer, one.forged) == (1_700_000_000, signer, forged)


def test_storing_never_overwrites_and_leaves_nothing_half(tmp_path):
    file, is_new = store_report(tmp_path, report())
    assert is_new and file == tmp_path / named(report())[0]
    file.write_bytes(b"kept")
    assert store_report(tmp_path, report()) == (file, False)
    assert file.read_bytes() == b"kept"
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data.replace(b":", b": "), "not in the canonical form"),
        (lambda data: b'{"schema":"kdump-report/1"}\n', "origin"),
        (lambda data: b"\xff" + data, "not UTF-8"),
        (lambda data: data.replace(b'"lab"', b'"evil"'), "a forged origin"),
    ],
)
def test_what_comes_from_outside_must_be_as_we_would_write_it(change, reason):
    data = change(named(report())[1])
    ident = hashlib.sha256(data).hexdigest()
    with pytest.raises(ParseError, match=reason):
        check_report(data, origin="lab", id=ident, shown="x")


@pytest.mark.slow
def test_five_thousand_reports_are_read(tmp_path, record_property, capsys):
    for number in range(5_000):
        store_report(tmp_path, report(origin=f"lab-{number % 7}", kernel=f"6.12.{number}"))
    start = time.monotonic()
    found = survey(tmp_path)
    seconds = time.monotonic() - start
    assert (len(found.reports), found.problems) == (5_000, ())
    record_property("reports_per_s", round(5_000 / seconds))
    with capsys.disabled():
        print(f"\n5,000 reports read in {seconds:.2f} s: {5_000 / seconds:,.0f} a second")


def test_a_report_that_was_approved_is_read_again_as_it_was_and_only_by_its_hash(tmp_path):
    put(tmp_path, report(verdict=Verdict.FAIL))
    (found,), _ = find_all([ReportFolder(folder=tmp_path, shown="reports")])
    assert read_known(found) == read_stored(found)
    Path(found.file).write_bytes(b"{}")
    with pytest.raises(ParseError, match="its bytes are not those of its name"):
        read_known(found)
