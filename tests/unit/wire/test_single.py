from __future__ import annotations

import inspect
import ssl
from typing import TYPE_CHECKING

import anyio
import httpcore
import httpx
import pytest

from sync.wire import single
from sync.wire.pieces import InPieces
from sync.wire.single import SingleConnection

if TYPE_CHECKING:
    from tests.unit.wire.conftest import Heard, Start

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CUT = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"
SHORT = {"connect": 1.0, "read": 0.05, "write": 1.0, "pool": 1.0}


def held() -> SingleConnection:
    return SingleConnection(ssl.create_default_context(), 5.0, InPieces())


async def get(transport: SingleConnection, url: str, **timeout: float) -> bytes:
    extensions = {"timeout": {**SHORT, "read": 5.0, **timeout}}
    request = httpx.Request("GET", url, extensions=extensions)
    answer = await transport.handle_async_request(request)
    try:
        return await answer.aread()
    finally:
        await answer.aclose()


async def test_a_request_that_was_given_up_leaves_no_answer_to_the_next(
    serve: Start,
) -> None:
    async def handler(heard: Heard) -> bytes:
        if heard.path == "/slow":
            await anyio.sleep_forever()
        return OK

    server, transport = await serve(handler), held()
    with anyio.move_on_after(0.05):
        await get(transport, f"{server.url}/slow")
    assert await get(transport, server.url) == b"ok"
    assert await get(transport, server.url) == b"ok"
    await transport.aclose()
    assert server.connections == 2


async def test_an_answer_that_is_late_or_cut_off_is_an_error_of_httpx(
    serve: Start,
) -> None:
    async def handler(heard: Heard) -> bytes | None:
        if heard.path == "/late":
            await anyio.sleep_forever()
        return None if heard.path == "/dropped" else CUT

    server, transport = await serve(handler), held()
    with pytest.raises(httpx.ReadTimeout):
        await get(transport, f"{server.url}/late", read=0.05)
    with pytest.raises(httpx.RemoteProtocolError):
        await get(transport, f"{server.url}/dropped")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadTimeout)):
        await get(transport, f"{server.url}/cut", read=0.05)
    await transport.aclose()


async def test_where_nobody_listens_is_an_error_of_httpx() -> None:
    with pytest.raises(httpx.ConnectError):
        await get(held(), "http://127.0.0.1:9")


def test_every_error_of_httpcore_has_its_counterpart() -> None:
    known = {
        error
        for _, error in inspect.getmembers(httpcore, inspect.isclass)
        if issubclass(error, Exception) and not error.__subclasses__()
    }
    # Of pools, proxies and HTTP/2 alone, which are not used.
    others = {httpcore.ConnectionNotAvailable, httpcore.ProxyError}
    told = set(single._ERRORS)
    assert known - told <= others
    assert all(
        issubclass(getattr(httpx, one.__name__), httpx.TransportError) for one in told
    )
