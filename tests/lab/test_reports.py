"""What the lab reports gives nothing of the machine away that it ran on."""

from pathlib import Path

from generator.lab.reports import skipped_report, without_places
from generator.parse.report import dump_report


def test_the_folder_it_works_in_is_not_named() -> None:
    cache = Path('/srv/somebody/a "quoted" cache')
    report = skipped_report("s390x", f"{cache}/runs/x: nothing can load a capture kernel")
    said = dump_report(without_places(report, cache)).decode()
    assert "somebody" not in said
    assert "lab/runs/x: nothing can load" in said
