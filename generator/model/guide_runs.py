"""What reports say of a guide."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model.reports import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRun:
    """One run of a guide: its report, the day, the kernel it ran on, and the verdict of each block by its id."""

    report: str
    day: str  # ISO date, "" unknown
    kernel: str  # version of the first kernel, "" unknown
    architecture: str
    verdict: Verdict
    steps: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideState:
    """The latest run of a guide, and the latest one that passed; None where there is none."""

    latest: GuideRun | None = None
    passed: GuideRun | None = None

    @property
    def failed(self) -> Mapping[str, Verdict]:
        """The blocks that did not pass in the latest run."""
        steps = self.latest.steps if self.latest else {}
        return {name: verdict for name, verdict in steps.items() if verdict in BAD}


BAD = (Verdict.FAIL, Verdict.ERROR, Verdict.MISS)
