"""The best pairs of rows and columns: each used once, the greatest sum of scores."""

from __future__ import annotations

from collections.abc import Sequence

_FAR = float("inf")


def assign(scores: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """(row, column) pairs in the order of rows; pairs of score 0 or less stay apart.

    The Hungarian method with potentials (Kuhn 1955, Munkres 1957); the tables here
    have some dozens of rows and columns.
    """
    if not scores or not scores[0]:
        return []
    size = max(len(scores), len(scores[0]))
    costs = [[0.0] * size for _ in range(size)]
    for row, line in enumerate(scores):
        for column, score in enumerate(line):
            costs[row][column] = -max(score, 0.0)
    pairs = sorted((row, column) for column, row in enumerate(_cheapest(costs)))
    return [
        (row, column)
        for row, column in pairs
        if row < len(scores) and column < len(scores[0]) and scores[row][column] > 0
    ]


def _cheapest(costs: list[list[float]]) -> list[int]:
    """For each column its row, at the least sum of costs."""
    size = len(costs)
    rows, columns = [0.0] * (size + 1), [0.0] * (size + 1)
    taken = [0] * (size + 1)
    for row in range(1, size + 1):
        taken[0] = row
        _augment(costs, rows, columns, taken)
    return [taken[column] - 1 for column in range(1, size + 1)]


def _augment(
    costs: list[list[float]], rows: list[float], columns: list[float], taken: list[int]
) -> None:
    """Find a place for the row in ``taken[0]``, moving others where that is better."""
    size = len(costs)
    least, way, seen = [_FAR] * (size + 1), [0] * (size + 1), [False] * (size + 1)
    at = 0
    while taken[at]:
        seen[at] = True
        row, delta, following = taken[at], _FAR, 0
        for column in range(1, size + 1):
            if seen[column]:
                continue
            cost = costs[row - 1][column - 1] - rows[row] - columns[column]
            if cost < least[column]:
                least[column], way[column] = cost, at
            if least[column] < delta:
                delta, following = least[column], column
        for column in range(size + 1):
            if seen[column]:
                rows[taken[column]] += delta
                columns[column] -= delta
            else:
                least[column] -= delta
        at = following
    while at:
        taken[at] = taken[way[at]]
        at = way[at]
