from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from sync.errors import LocalError, RosterSyncError, TargetError
from sync.flow.preview import _remembered
from sync.model.mirror import Mirror

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.flow.context import Context
    from sync.wire import Wire

pytestmark = pytest.mark.anyio

READ = Mirror({}, {}, {}, datetime(2026, 11, 21, tzinfo=UTC))
DAMAGED = LocalError("the mirror is damaged")
REFUSED = TargetError("api: no token")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def memory(found: Mirror | LocalError | None, loaded: threading.Event) -> Context:
    """A run whose memory holds this; ``loaded`` is set once it was looked at."""

    def last_read() -> Mirror | None:
        loaded.set()
        if isinstance(found, LocalError):
            raise found
        return found

    return cast("Context", SimpleNamespace(ledger=dict, last_read=last_read))


def tokens(answer: Callable[[], Awaitable[None]]) -> Wire:
    return cast("Wire", SimpleNamespace(authenticate=answer))


@pytest.mark.parametrize("known", [READ, None])
async def test_the_memory_is_loaded_while_the_tokens_are_on_their_way(
    known: Mirror | None,
) -> None:
    loaded, had = threading.Event(), []

    async def when_loaded() -> None:
        await anyio.to_thread.run_sync(loaded.wait, 60)
        had.append(loaded.is_set())

    found = await _remembered(memory(known, loaded), tokens(when_loaded))
    assert found is known
    assert had == [True]


async def refuse() -> None:
    raise REFUSED


@pytest.mark.parametrize(
    ("known", "answer", "told"),
    [
        (DAMAGED, anyio.sleep_forever, DAMAGED),
        (DAMAGED, refuse, DAMAGED),
        (READ, refuse, REFUSED),
    ],
)
async def test_damage_here_is_told_before_what_a_token_service_says(
    known: Mirror | LocalError,
    answer: Callable[[], Awaitable[None]],
    told: RosterSyncError,
) -> None:
    with pytest.raises(RosterSyncError) as raised:
        await _remembered(memory(known, threading.Event()), tokens(answer))
    assert raised.value is told
