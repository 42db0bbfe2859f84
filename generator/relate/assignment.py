"""Pair rows with columns so that the sum of the costs is as small as can be."""

from collections.abc import Sequence

NO_ROW = -1


def cheapest_pairs(costs: Sequence[Sequence[int]]) -> list[int]:
    """Return the column of each row, each column once, with the least sum of costs; not more rows than columns.

    The Hungarian method with potentials, in rows² · columns steps. Whole numbers are compared strictly and in the
    order of the columns, so the same costs always give the same pairs.
    """
    prices = _Prices(costs)
    for row in range(len(costs)):
        prices.place(row)
    found = [0] * len(costs)
    for column, row in enumerate(prices.row_of[:-1]):
        if row != NO_ROW:
            found[row] = column
    return found


class _Prices:
    """The pairs so far, and prices of rows and columns of which no two sum up to more than their cost.

    The last column stands for the beginning of a path: the row that is to be placed.
    """

    __slots__ = ("column_price", "costs", "row_of", "row_price")

    def __init__(self, costs: Sequence[Sequence[int]]) -> None:
        self.costs = costs
        columns = len(costs[0]) if costs else 0
        self.row_of = [NO_ROW] * (columns + 1)
        self.row_price = [0] * len(costs)
        self.column_price = [0] * (columns + 1)

    def place(self, row: int) -> None:
        """Give one more row a column, along the cheapest path of exchanges with the rows that have one."""
        start = len(self.row_of) - 1
        self.row_of[start] = row
        # Of each column that is not on the path yet: what it costs to get there, and from which column.
        left: dict[int, tuple[int | float, int]] = dict.fromkeys(range(start), (float("inf"), start))
        before: dict[int, int] = {}
        column = start
        while self.row_of[column] != NO_ROW:
            self._look_from(column, left)
            cost, following = min((cost, other) for other, (cost, _) in left.items())
            self._shift(cost, (start, *before), left)
            before[following] = left.pop(following)[1]
            column = following
        while column != start:
            self.row_of[column] = self.row_of[before[column]]
            column = before[column]

    def _look_from(self, column: int, left: dict[int, tuple[int | float, int]]) -> None:
        row = self.row_of[column]
        costs, paid = self.costs[row], self.row_price[row]
        for other, (least, _) in left.items():
            cost = costs[other] - paid - self.column_price[other]
            if cost < least:
                left[other] = cost, column

    def _shift(self, amount: int | float, path: Sequence[int], left: dict[int, tuple[int | float, int]]) -> None:
        """Move the prices along the path so that the next column can be reached for nothing."""
        for column in path:
            self.row_price[self.row_of[column]] += amount
            self.column_price[column] -= amount
        for other, (cost, column) in left.items():
            left[other] = cost - amount, column
