"""The search for the smallest reservation halves the span and ends at the border."""

import pytest

from generator.lab.smallest import attempts


@pytest.mark.parametrize("border", [32, 40, 112, 200, 248])
def test_it_finds_the_border(border: int) -> None:
    tried: list[int] = []

    def enough(reserved_mb: int) -> str | None:
        tried.append(reserved_mb)
        return "saved" if reserved_mb >= border else None

    found = [one.reserved_mb for one in attempts(enough, 256, lambda words: None) if one.outcome]
    assert found[-1] == border
    assert len(tried) <= 6


def test_when_nothing_less_is_enough_nothing_is_found() -> None:
    assert [one for one in attempts(lambda reserved_mb: None, 256, lambda words: None) if one.outcome] == []
