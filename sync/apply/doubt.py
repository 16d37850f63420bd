"""What was sent and not answered: read, and then found done or sent again.

Nothing is created twice: an operation goes out again only after its record was read
and does not hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import polars as pl

from sync.apply.run import Sender
from sync.model.outcome import Outcome, State

ROUNDS = 3

Read = Callable[[pl.DataFrame], Awaitable[pl.DataFrame]]
"""Operations -> what does not hold of them (a frame with ``id``)."""


async def send_plan(sender: Sender, operations: pl.DataFrame, read: Read) -> None:
    """Send operations wave by wave, each without doubt before the next begins.

    Raises what ``Sender.send_all`` and ``settle_doubt`` raise.
    """
    for wave in operations.partition_by("phase", "wave", maintain_order=True):
        await sender.send_all(wave)
        await settle_doubt(sender, wave, read)


async def settle_doubt(sender: Sender, operations: pl.DataFrame, read: Read) -> None:
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
        await sender.send_all(again)


def pending(sender: Sender, operations: pl.DataFrame) -> pl.DataFrame:
    """The operations that are in doubt, in their order."""
    return operations.filter(pl.col("id").is_in(sender.in_doubt()))
