"""What was sent and not answered: read, and then found done or sent again.

Nothing is created twice: an operation goes out again only after its record was read
and does not hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import polars as pl

from sync.apply.run import Sender
from sync.model.outcome import Outcome, State

ROUNDS = 3

Read = Callable[[pl.DataFrame], Awaitable[pl.DataFrame]]
"""Operations -> what does not hold of them (a frame with ``id``)."""


Twins = Callable[[pl.DataFrame], Awaitable[Mapping[str, str]]]
"""Operations that do not hold -> the identifiers of records that are theirs all the
same."""


async def _no_twins(_: pl.DataFrame) -> Mapping[str, str]:
    return {}


async def send_plan(
    sender: Sender, operations: pl.DataFrame, read: Read, twins: Twins = _no_twins
) -> None:
    """Send operations wave by wave, each without doubt before the next begins.

    Raises what ``Sender.send_all`` and ``settle_doubt`` raise.
    """
    for wave in operations.partition_by("phase", "wave", maintain_order=True):
        await sender.send_all(wave)
        await settle_doubt(sender, wave, read, twins)


async def settle_doubt(
    sender: Sender, operations: pl.DataFrame, read: Read, twins: Twins = _no_twins
) -> None:
    """Settle every operation in doubt, as far as the target answers.

    Raises ``TargetError`` where the records cannot be read: then they stay in doubt.
    """
    for _ in range(ROUNDS):
        doubtful = pending(sender, operations)
        if doubtful.is_empty() or sender.wire.halted is not None:
            return
        wrong = set((await read(doubtful))["id"])
        await sender.settle(
            [Outcome(one, State.DONE) for one in doubtful["id"] if one not in wrong]
        )
        again = doubtful.filter(pl.col("id").is_in(list(wrong)))
        found = await twins(again) if wrong else {}
        await sender.found(found)
        await sender.send_all(again.filter(~pl.col("id").is_in(list(found))))
    await _give_up(sender, pending(sender, operations), read)


async def _give_up(sender: Sender, doubtful: pl.DataFrame, read: Read) -> None:
    """What was judged each time and still does not hold has failed; what was not
    answered, or not for itself, stays in doubt."""
    answered = [
        one
        for one in doubtful["id"]
        if (failure := sender.outcomes[one].failure) and failure.of_item
    ]
    asked = doubtful.filter(pl.col("id").is_in(answered))
    if asked.is_empty() or sender.wire.halted is not None:
        return
    wrong = set((await read(asked))["id"])
    ends = [_ended(sender.outcomes[one], one in wrong) for one in answered]
    await sender.settle(ends)


def _ended(outcome: Outcome, wrong: bool) -> Outcome:
    return replace(outcome, state=State.FAILED if wrong else State.DONE)


def pending(sender: Sender, operations: pl.DataFrame) -> pl.DataFrame:
    """The operations that are in doubt, in their order."""
    return operations.filter(pl.col("id").is_in(sender.in_doubt()))
