"""What the lab reports gives nothing of the machine away that it ran on, and says what is to be known of every run."""

from dataclasses import replace
from pathlib import Path

import pytest

from generator.lab.architectures import ARCHITECTURES
from generator.lab.reports import EMULATED, finished, skipped_report
from generator.lab.runs import Bench
from generator.parse.report import dump_report

CACHE = Path('/srv/somebody/a "quoted" cache')
BENCH = Bench(cache=CACHE, work=CACHE, tool=CACHE, say=lambda words: None)


def test_the_folder_it_works_in_is_not_named() -> None:
    report = skipped_report("s390x", f"{CACHE}/runs/x: nothing can load a capture kernel")
    said = dump_report(finished(report, ARCHITECTURES[0], BENCH)).decode()
    assert "somebody" not in said
    assert "lab/runs/x: nothing can load" in said


@pytest.mark.parametrize(("accelerator", "said"), [("tcg", True), ("kvm", False)])
def test_that_seconds_are_emulated_is_said_where_they_are(accelerator: str, said: bool) -> None:
    report = skipped_report("s390x", "a reason")
    assert (EMULATED in finished(report, ARCHITECTURES[0], replace(BENCH, accelerator=accelerator)).notes) == said


def test_why_an_architecture_is_run_otherwise_is_said() -> None:
    arm64 = next(one for one in ARCHITECTURES if one.name == "arm64")
    assert arm64.note in finished(skipped_report("arm64", "a reason"), arm64, BENCH).notes
