"""The operations of a wave as tasks: requests with what decides whether each leaves.

Comes in: a frame of operations (see ``Plan.operations``). Goes out: tasks in its order,
taken out of the frame in slices, or composed anew where a batch is not here as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from sync.model.request import Request

SLICE = 2_000
"""Operations taken out of the plan at once."""

Decode = Callable[[str], Request]
"""The request of a plan's cell."""
Compose = Callable[[pl.DataFrame], Iterable[Request]]
"""Operations -> the requests that carry them out."""
Facts = Mapping[str, tuple[list[str], str]]
"""Needs and verb of operations, by their id."""


@dataclass(frozen=True, slots=True)
class Task:
    """One request with the facts that decide whether it may be sent."""

    request: Request
    needs: Mapping[str, tuple[str, ...]]
    """By operation."""
    creates: bool
    wave: pl.DataFrame
    """The operations among which its own are."""


def tasks(
    wave: pl.DataFrame,
    decode: Decode,
    compose: Compose | None = None,
) -> Iterator[Task]:
    """The requests of the operations of one wave, with what each needs.

    ``compose`` is given where requests carry several operations: those whose batch is
    not here as a whole, because others of it are done, skipped or in doubt, are
    composed anew.
    """
    if compose is not None:
        yield from _batches(wave, decode, compose)
        return
    for chunk in wave.iter_slices(SLICE):
        facts = _facts(chunk)
        for text in chunk["request"].drop_nulls():
            yield _task(decode(text), facts, chunk)


def composed(operations: pl.DataFrame, compose: Compose) -> Iterator[Task]:
    """The tasks of some operations whose requests are made anew."""
    facts = _facts(operations)
    for request in compose(operations):
        yield _task(request, facts, operations)


def _batches(
    wave: pl.DataFrame,
    decode: Decode,
    compose: Compose,
) -> Iterator[Task]:
    facts = _facts(wave)
    told: set[str] = set()
    for text in wave["request"].drop_nulls():
        request = decode(text)
        if facts.keys() >= set(request.operations):
            told.update(request.operations)
            yield _task(request, facts, wave)
    if len(told) < wave.height:
        loose = wave.filter(~pl.col("id").is_in(list(told)))
        for request in compose(loose):
            yield _task(request, facts, wave)


def _facts(operations: pl.DataFrame) -> Facts:
    rows = operations.select("id", "needs", "verb").iter_rows()
    return {one: (needs, verb) for one, needs, verb in rows}


def _task(request: Request, facts: Facts, wave: pl.DataFrame) -> Task:
    mine = {one: facts[one] for one in request.operations}
    return Task(
        request,
        {one: tuple(needs) for one, (needs, _) in mine.items()},
        creates=any(verb == "create" for _, verb in mine.values()),
        wave=wave,
    )
