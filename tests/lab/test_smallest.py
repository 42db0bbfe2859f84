"""The search for the smallest reservation halves the span and ends at the border."""

from dataclasses import replace
from pathlib import Path

import pytest

from generator.lab import smallest
from generator.lab.architectures import ARCHITECTURES
from generator.lab.machine import Line, Session
from generator.lab.packages import Root
from generator.lab.runs import Bench, Outcome
from generator.lab.scenarios import SCENARIOS


@pytest.mark.parametrize("border", [40, 112, 200, 248])
def test_it_finds_the_border(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, border: int) -> None:
    tried: list[int] = []

    def crash(scenario, architecture, bench) -> Outcome:
        reserved = int(scenario.crashkernel.removesuffix("M"))
        tried.append(reserved)
        lines = (Line(1.0, "kdump-capture: complete x"),) if reserved >= border else ()
        return Outcome(
            scenario=scenario, architecture=architecture, root=Root(tmp_path, "6.1", {}), dump=None, findings=(),
            session=Session(lines, "ended", 1.0, 1), nonce="", image_bytes=1, build_s=1.0,
        )  # fmt: skip

    monkeypatch.setattr(smallest, "try_scenario", crash)
    architecture = replace(ARCHITECTURES[0], crashkernel="256M")
    bench = Bench(cache=tmp_path, work=tmp_path, tool=tmp_path, say=lambda words: None)
    enough = [one.reserved_mb for one in smallest.attempts(SCENARIOS[0], architecture, bench) if one.outcome]
    assert enough[-1] == border
    assert len(tried) <= 6
