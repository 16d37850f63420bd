from __future__ import annotations

import asyncio
import ssl

import anyio
import anyio.lowlevel
import httpcore
import pytest

from sync.wire.pieces import PIECE, InPieces

pytestmark = pytest.mark.anyio

LOTS = bytes(range(256)) * 4096


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def listening(said: bytes) -> asyncio.Server:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


async def connected(server: asyncio.Server) -> httpcore.AsyncNetworkStream:
    port = server.sockets[0].getsockname()[1]
    return await InPieces().connect_tcp("127.0.0.1", port, timeout=5.0)


async def test_what_has_come_is_read_in_larger_pieces_than_were_asked_for() -> None:
    async with await listening(LOTS) as server:
        stream = await connected(server)
        pieces = []
        while piece := await stream.read(1, timeout=5.0):
            pieces.append(piece)
        await stream.aclose()
    assert b"".join(pieces) == LOTS
    assert 1 < max(map(len, pieces)) <= PIECE


async def test_silence_is_a_time_out_still() -> None:
    async def silent(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        stream = await connected(server)
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1, timeout=0.05)
        await stream.aclose()
        await anyio.wait_all_tasks_blocked()


async def test_an_idle_connection_shows_that_the_server_has_gone() -> None:
    async with await listening(b"") as server:
        stream = await connected(server)
        with anyio.fail_after(5):
            while not stream.get_extra_info("is_readable"):
                await anyio.lowlevel.checkpoint()
        await stream.aclose()


async def test_a_handshake_that_fails_is_told_as_before() -> None:
    async with await listening(b"no TLS at all\r\n") as server:
        stream = await connected(server)
        with pytest.raises(httpcore.ConnectError):
            await stream.start_tls(ssl.create_default_context(), "localhost", 5.0)
