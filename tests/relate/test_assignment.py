"""Pairs are the cheapest there are."""

import random
from itertools import permutations

import pytest

from generator.relate.assignment import cheapest_pairs


def total(costs, columns):
    return sum(row[column] for row, column in zip(costs, columns, strict=True))


@pytest.mark.parametrize("seed", range(60))
def test_no_other_pairs_are_cheaper(seed):
    chance = random.Random(seed)
    rows = chance.randint(1, 5)
    columns = chance.randint(rows, 6)
    costs = [[chance.randint(-9, 9) for _ in range(columns)] for _ in range(rows)]
    found = cheapest_pairs(costs)
    assert len(set(found)) == rows
    assert total(costs, found) == min(total(costs, other) for other in permutations(range(columns), rows))


def test_equal_costs_pair_in_order():
    assert cheapest_pairs([[0] * 6 for _ in range(4)]) == [0, 1, 2, 3]


def test_nothing_has_no_pairs():
    assert cheapest_pairs([]) == []
