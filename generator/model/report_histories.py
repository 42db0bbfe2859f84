"""What many reports say together: runs on lines of history, what takes an earlier report back, and regressions.

What there is of every report (`Figures`, `Trial`, `Brief`) is a named tuple: a hundred thousand of them are made in a
quarter of the time that frozen dataclasses take.
"""

from dataclasses import dataclass
from typing import NamedTuple

from generator.model.reports import Environment, Scenario, Subject, Verdict


class Figures(NamedTuple):
    """What a run measured; None: it did not say. A MB has 2^20 bytes, as `crashkernel=` counts."""

    dump_s: float | None = None
    reserved_mb: float | None = None
    available_mb: float | None = None  # the least that was available in the capture kernel
    dump_mb: float | None = None

    @property
    def used_mb(self) -> float | None:
        """The most that the capture kernel needed of its reservation."""
        if self.reserved_mb is None or self.available_mb is None:
            return None
        return self.reserved_mb - self.available_mb


class Trial(NamedTuple):
    """One run of a report, on its line of history: what lists and judgements need of it.

    outcome: `good`, `bad`, or `gap` when it judges nothing (skipped, the test itself broke, no step came).
    """

    report: str  # the id of the report
    number: int  # its place among the report's runs, from 1
    origin: str
    key: str  # of the line of history
    scenario: Scenario
    environment: Environment
    kernel_line: str
    subjects: tuple[Subject, ...]  # sorted: two runs with the same are of the same build
    verdict: Verdict
    outcome: str
    unsteady: bool  # attempts of one step differ
    failure: str  # the first step that failed, "" none did
    day: str  # ISO date, "" unknown
    moment: int  # seconds since 1970 for ordering, 0 unknown
    figures: Figures
    issues: tuple[str, ...] = ()  # known issues that explain it, expired ones too


class Brief(NamedTuple):
    """What lists need of a report."""

    id: str
    origin: str
    signer: str
    day: str  # ISO date, "" unknown
    moment: int
    committed: bool  # the moment is that of the commit that brought it in, not of the report's own clock
    verdict: Verdict
    trials: tuple[Trial, ...]
    supersedes: str = ""
    withdraws: str = ""
    reason: str = ""
    source: str = ""  # where it was pulled from, "" our own folder
    forged: str = ""  # why its origin is not believed

    @property
    def month(self) -> str:
        """The month that it is listed under, `undated` when no date is known."""
        return self.day[:7] or "undated"

    @property
    def is_withdrawal(self) -> bool:
        """Whether it only takes another report back."""
        return bool(self.withdraws) and not self.trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Why a report does not count.

    It was `superseded` or `withdrawn` by a later report of the same origin, or its own origin is `forged`.
    """

    kind: str
    by: str = ""  # the id of the later report
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A line of history was good, then bad. `fixed` is None while it is open."""

    good: Trial  # the last good one before
    bad: Trial  # the first bad one
    latest: Trial  # the newest bad one
    fixed: Trial | None
    count: int  # bad runs from the first bad one on
    unsteady: int  # builds between good and bad that gave both outcomes

    @property
    def is_open(self) -> bool:
        """Whether nothing good came since."""
        return self.fixed is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """All runs of one scenario on one architecture, distribution and kernel line."""

    key: str
    scenario: Scenario
    architecture: str
    distribution: str
    kernel_line: str
    trials: tuple[Trial, ...]  # by version, the oldest first; those that no longer count too
    counted: tuple[Trial, ...]  # those that count
    regressions: tuple[Regression, ...]  # the oldest first
    flaky_builds: int  # builds with different outcomes, or with attempts that differ

    @property
    def latest(self) -> Trial | None:
        """The run that speaks for the line: of the newest build the last one. None: all were taken back."""
        return self.counted[-1] if self.counted else None

    @property
    def open_regression(self) -> Regression | None:
        """The regression that is still there."""
        return self.regressions[-1] if self.regressions and self.regressions[-1].is_open else None
