"""The smallest reservation with which a crash is still captured, found by trying."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
STEP_MB = 8
LEAST_MB = 32
PATIENCE_S = 150.0  # a capture kernel without memory may hang; a good one takes a tenth of it


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """One reservation that was tried; `outcome` when it was enough."""

    reserved_mb: int
    outcome: T | None


def attempts(enough: Callable[[int], T | None], most_mb: int, say: Callable[[str], None]) -> Iterator[Attempt[T]]:
    """Halve the span between too little and enough until they are neighbours; the last that was enough is the answer.

    `enough` crashes a machine with a reservation and returns what came of it, None when it was not enough.
    """
    low, high = LEAST_MB - STEP_MB, most_mb
    while high - low > STEP_MB:
        middle = (low + high) // 2 // STEP_MB * STEP_MB
        outcome = enough(middle)
        low, high = (low, middle) if outcome else (middle, high)
        say(f"  crashkernel={middle}M: {'enough' if outcome else 'not enough'}")
        yield Attempt(middle, outcome)
