"""`kdump-portal lab`: what can be run is listed, what cannot says why, wrong names are refused."""

import json
from pathlib import Path

import pytest
from project import ROOT

from generator.errors import PortalError
from generator.lab.jobs import Wish, planned
from generator.lab_command import Row, listing, listing_json, rows_json, run_lab, table

HOWTO = ROOT / "content/howto"


def wish(tmp_path: Path, **more) -> Wish:
    return Wish(output=tmp_path / "reports", cache=tmp_path / "cache", guides=HOWTO, **more)


def test_everything_is_listed_with_its_architectures() -> None:
    rows = json.loads(listing_json(HOWTO))
    names = {row["scenario"]: row["architectures"] for row in rows["scenarios"]}
    assert names["ext4"] == ["amd64", "i386", "ppc64el", "arm64"]
    assert "howto.first-crash" in names and "peer-kdump-tools" in names
    assert rows["impossible"][0]["architecture"] == "s390x"
    assert all(name in listing(HOWTO) for name in names)


def test_a_wish_narrows_the_plan(tmp_path: Path) -> None:
    plan = planned(wish(tmp_path, scenarios=("ext4",), architectures=("x86_64",)))
    assert [(job.name, job.architecture.name) for job in plan] == [("ext4", "amd64")]
    assert {job.builder for job in planned(wish(tmp_path, builders=("dracut",)))} == {"dracut"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"scenarios": ("ext5",)}, "--scenario ext5: there is none; there are: ext4"),
        ({"architectures": ("vax",)}, "--arch vax: there is none; there are: amd64"),
    ],
)
def test_a_name_that_is_none_is_refused_with_those_that_are(tmp_path: Path, more: dict, says: str) -> None:
    with pytest.raises(PortalError, match=says):
        planned(wish(tmp_path, **more))


def test_a_port_that_cannot_be_tried_is_skipped_with_a_report(tmp_path: Path) -> None:
    (row,) = run_lab(wish(tmp_path, architectures=("s390x",)), lambda words: None)
    assert row.verdict == "skip"
    assert "CRASH_DUMP" in row.reason
    stored = json.loads((tmp_path / f"reports/lab/{row.report}.json").read_text())
    assert stored["environment"]["architecture"] == "s390x"
    assert stored["runs"][0]["steps"][0]["verdict"] == "skip"


def test_rows_are_shown_for_people_and_machines() -> None:
    rows = [Row("ext4", "amd64", "generic", "pass", "", 9.1, 3_300_000, None, 158.0, 256.0, "abc")]
    assert table(rows).splitlines()[-1] == "| ext4 | amd64 | generic | pass | 9.1 | 3.3 |  | 158 | 256 |"
    assert json.loads(rows_json(rows))[0]["dump_bytes"] is None
