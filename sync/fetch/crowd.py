"""Many things at once, but never more than so many: the workers of a read.

Comes in: things, an async function, a width. Goes out: the results in the order of
the things. The first error ends the others and is raised as it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


async def in_crowd(
    things: Iterable[T], work: Callable[[T], Awaitable[R]], width: int
) -> list[R]:
    """``work`` done on every thing by at most ``width`` tasks; results in order."""
    results: dict[int, R] = {}
    queue = enumerate(things)

    async def worker(source: Iterator[tuple[int, T]]) -> None:
        for place, thing in source:
            results[place] = await work(thing)

    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(width):
                tasks.start_soon(worker, queue)
    except BaseExceptionGroup as group:
        raise _first(group) from None
    return [results[place] for place in sorted(results)]


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
