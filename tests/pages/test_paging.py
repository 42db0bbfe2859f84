"""Lists in parts that stay as they are when the list grows."""

from itertools import pairwise

import pytest

from generator.pages.paging import neighbours, paged

PATH = "git/tools/log/2020/index.html"


def newest_first(count: int) -> list[int]:
    return list(range(count, 0, -1))


@pytest.mark.parametrize("count", [0, 1, 49, 199, 200, 249, 250, 251, 399, 449, 450, 1_447])
def test_every_item_stands_once_and_in_order(count):
    parts = paged(PATH, newest_first(count))
    assert [item for part in parts for item in part.items] == newest_first(count)
    assert len({part.path for part in parts}) == len(parts)


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (249, [249]), (250, [50, 200]), (460, [60, 200, 200])])
def test_the_first_page_holds_what_no_full_part_holds(count, sizes):
    parts = paged(PATH, newest_first(count))
    assert [len(part.items) for part in parts] == sizes
    assert parts[0].path == PATH
    assert parts[0].is_first


def test_a_full_part_is_the_same_whatever_comes_after_the_next_one():
    before = {part.path: part for part in paged(PATH, newest_first(700))}
    after = {part.path: part for part in paged(PATH, newest_first(2_000))}
    old = "git/tools/log/2020/~p1.html"
    assert before[old].items == after[old].items == tuple(range(200, 0, -1))
    assert (before[old].previous_path, before[old].next_path) == (after[old].previous_path, after[old].next_path)


def test_neighbours_lead_through_all_parts_and_back():
    parts = paged(PATH, newest_first(1_000))
    assert [part.number for part in parts] == [5, 4, 3, 2, 1]
    for newer, older in pairwise(parts):
        assert neighbours(newer)[1].path == older.path
        assert neighbours(older)[0].path == newer.path
    assert neighbours(parts[0])[0] is None
    assert neighbours(parts[-1])[1] is None
