"""What a build did, as its operator wants to read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One finished build. Sources are as `kdump-portal build --json` has them."""

    began: str  # ISO 8601, UTC
    seconds: float
    stages_s: Mapping[str, float]
    sources: Sequence[Mapping[str, object]]
    written: int  # files
    kept: int
    removed: int
    problems: Sequence[str]
    versions: Mapping[str, str]
