"""The smallest reservation with which a crash is still captured, found by trying."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from generator.lab.architectures import Architecture
from generator.lab.runs import Bench, Outcome, try_scenario
from generator.lab.scenarios import COMPLETE, Scenario

STEP_MB = 8
LEAST_MB = 32
PATIENCE_S = 150.0  # a capture kernel without memory may hang; a good one takes a tenth of it


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reservation that was tried; `outcome` when it was enough."""

    reserved_mb: int
    outcome: Outcome | None


def attempts(scenario: Scenario, architecture: Architecture, bench: Bench) -> Iterator[Attempt]:
    """Halve the span between too little and enough until they are neighbours; the last that was enough is the answer.

    Raises SourceError when the architecture's own reservation is not enough, or the lab cannot do its part.
    """
    low, high = LEAST_MB - STEP_MB, int(architecture.crashkernel.removesuffix("M"))
    while high - low > STEP_MB:
        middle = (low + high) // 2 // STEP_MB * STEP_MB
        tried = replace(scenario, crashkernel=f"{middle}M")
        outcome = try_scenario(tried, architecture, replace(bench, timeout_s=PATIENCE_S))
        good = outcome.session.find(COMPLETE) is not None and all(finding.is_good for finding in outcome.findings)
        low, high = (low, middle) if good else (middle, high)
        bench.say(f"  crashkernel={middle}M: {'enough' if good else 'not enough'}")
        yield Attempt(middle, outcome if good else None)
