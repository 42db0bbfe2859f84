"""The samples of foreign report formats, where they are: none of them is part of the project."""

import os
from pathlib import Path

import pytest

from generator.model.reports import Imported

SAMPLES = Path(os.environ.get("KDUMP_PORTAL_SAMPLES", Path(__file__).parents[2] / "shared/samples/reports"))
ABSENT = "no samples: set KDUMP_PORTAL_SAMPLES to the folder that holds EXPECTED.tsv"


def sample(name: str) -> str:
    """Return the text of the one sample whose path ends with `name`, or skip the test."""
    if not (SAMPLES / "EXPECTED.tsv").exists():
        pytest.skip(ABSENT)
    files = [file for file in SAMPLES.rglob("*") if file.relative_to(SAMPLES).as_posix().endswith(name)]
    assert len(files) == 1, f"{name}: {len(files)} samples"
    return files[0].read_text("utf-8")


def names(folder: str) -> set[str]:
    """Return the names of the samples whose folder is called so, wherever it lies."""
    if not (SAMPLES / "EXPECTED.tsv").exists():
        pytest.skip(ABSENT)
    return {file.name for file in SAMPLES.rglob(f"{folder}/*")}


def verdicts(imported: Imported) -> str:
    """Return the verdicts of all steps as a sentence: `2 pass, 1 fail`, in the order in which they first come."""
    counts: dict[str, int] = {}
    for run in imported.runs:
        for step in run.steps:
            counts[step.verdict] = counts.get(step.verdict, 0) + 1
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
