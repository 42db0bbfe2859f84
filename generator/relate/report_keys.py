"""What reports are told apart and put together by. Time, host and log text never enter a key."""

import hashlib
import json
from functools import lru_cache

from generator.model.reports import Report, Run, Scenario, Stored
from generator.relate.version_order import series_of

DIGITS = 20  # of the hash: 80 bits, so that nobody makes two lines meet on purpose
KERNEL = "first kernel"


@lru_cache(maxsize=1 << 14)
def scenario_key(scenario: Scenario) -> str:
    """Return what one scenario has in common wherever it is tried: its path and its dimensions, in any order."""
    return _key(scenario.path, sorted(scenario.dimensions))


def history_key(report: Report, run: Run) -> str:
    """Return the line of history that a run belongs to: scenario, architecture, distribution and kernel line."""
    environment = report.environment
    return line_key(run.scenario, environment.architecture, environment.distribution, kernel_line(report))


@lru_cache(maxsize=1 << 14)
def line_key(scenario: Scenario, architecture: str, distribution: str, line: str) -> str:
    """Return the key of a line of history by its parts."""
    return _key(scenario_key(scenario), architecture, distribution, line)


def kernel_line(report: Report) -> str:
    """Return the kernel line: what the report says, else the series of its first kernel, `6.12.x`.

    A build from a changed tree (`-dirty`, as the kernel's own build says it) is never on the line of clean ones.
    """
    version = kernel_version(report)
    line = report.kernel_line or series_of(version)
    return f"{line} (changed tree)".lstrip() if version.endswith("-dirty") else line


def kernel_version(report: Report) -> str:
    """Return the version of the first kernel, "" when the report does not say."""
    return next((subject.version for subject in report.subjects if subject.role == KERNEL), "")


def run_id(stored: Stored, number: int) -> str:
    """Return the name of a report's run `number`, from 1: reports are never edited, so it stays."""
    return f"{stored.report.origin}:{stored.id}:{number}"


def _key(*facts: object) -> str:
    text = json.dumps(facts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
