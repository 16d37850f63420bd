"""Many calls, one commit: what waits for the disk, and the thread that writes it.

Level 3, under ``sync.state.journal``. In: calls of any number of tasks. Out: each of
them returns when the commit that it is a part of is through. Calls that come while a
commit is under way are committed together by the next one.

Per call this costs as much as SQLite does, so that it is made of asyncio's own parts: a
future for each call in place of an event for all of them, and one thread for all
commits in place of one borrowed for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

MOST = 1024
"""Calls that one commit writes; what comes meanwhile waits for the one after it."""

C = TypeVar("C")
Commit = Callable[[Sequence[C]], bool]
"""Writes calls in one transaction, in the thread; false where that failed."""


@dataclass(slots=True)
class _Batch(Generic[C]):
    """Calls that one commit writes; the first of them sees to it."""

    loop: asyncio.AbstractEventLoop
    calls: list[C]
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    written: bool = False
    error: BaseException | None = None
    """What the commit raised, which it should not; told to the first call."""

    def through(self) -> asyncio.Future[None]:
        """Is done when the commit is through."""
        one = self.loop.create_future()
        self.waiting.append(one)
        return one

    def release(self) -> None:
        """Let all go on who wait."""
        for one in self.waiting:
            if not one.done():  # cancelled
                one.set_result(None)


class Together(Generic[C]):
    """Commits calls together, for one event loop at a time."""

    def __init__(self, commit: Commit[C]) -> None:
        """Nothing is started before the first call."""
        self._commit = commit
        self._gathering: _Batch[C] | None = None
        """What the next commit will write, while calls may still join it."""
        self._writing = anyio.Lock()
        self._handed: queue.SimpleQueue[_Batch[C] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, call: C) -> bool:
        """Wait until the commit that this call is a part of is through; whether it
        was written."""
        while (batch := self._gathering) and len(batch.calls) >= MOST:
            await batch.through()
        if batch is not None:
            batch.calls.append(call)
            await batch.through()
            return batch.written
        await anyio.lowlevel.checkpoint_if_cancelled()
        batch = self._gathering = _Batch(asyncio.get_running_loop(), [call])
        # The others of the batch wait for this task, cancelled or not.
        with anyio.CancelScope(shield=True):
            await self._lead(batch)
        if batch.error is not None:
            raise batch.error
        return batch.written

    def close(self) -> None:
        """End the thread, after what it is at."""
        if self._thread is not None:
            self._handed.put(None)
            self._thread.join()
            self._thread = None

    async def _lead(self, batch: _Batch[C]) -> None:
        """Commit what has gathered by the time that the commit before it is through."""
        handed = False
        try:
            async with self._writing:
                # Whom that one has released may call again, and come along.
                await anyio.lowlevel.checkpoint()
                self._gathering = None
                self._hand_over(batch)
                handed = True
                await batch.through()
        finally:
            if not handed:  # the event loop itself comes to its end
                self._gathering = None
                batch.release()

    def _hand_over(self, batch: _Batch[C]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._handed.put(batch)

    def _work(self) -> None:
        """The thread: one commit after the other."""
        while (batch := self._handed.get()) is not None:
            try:
                batch.written = self._commit(batch.calls)
            except BaseException as error:  # noqa: BLE001 - raised by who waits for it
                batch.error = error
            # A loop that is closed has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                batch.loop.call_soon_threadsafe(batch.release)
