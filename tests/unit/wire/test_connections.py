from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from sync.model.request import Answer
from sync.wire import connections as wires
from sync.wire.connections import FORESEEN, Connections, Lost, NoAnswerError

if TYPE_CHECKING:
    from tests.unit.wire.conftest import Heard, Start

pytestmark = pytest.mark.anyio

# Made for these tests alone: for localhost and 127.0.0.1, signed by itself.
SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgW0mD+ElxItS3bySw
R0wkG1e7kCf00Grw9oROj8BshluhRANCAAR16J6NLmLxGEVW1JlsW5WJxCX5x1T1
Bl1kivU7yDDf5I68GL05lpYTJIn1p4+viTmuFmt2gI7jSvClPAHrPfQn
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUPbQ8927443J6T7aasOVia2kyelIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEyMzk1OFoYDzIxMjYxMDI4
MTIzOTU4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR16J6NLmLxGEVW1JlsW5WJxCX5x1T1Bl1kivU7yDDf5I68GL05lpYT
JIn1p4+viTmuFmt2gI7jSvClPAHrPfQno28wbTAdBgNVHQ4EFgQUNVkfHKR/u6RN
Fob8eryGsQGKdm4wHwYDVR0jBBgwFoAUNVkfHKR/u6RNFob8eryGsQGKdm4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgH/9X0+H/mu/nUNrqqC8lgHx8h+CR9PG2E6zlCWuCZn4CIAok
X8JepEVByOQoa9zpWNxBXJIi+THBLy9cY1P4HiWB
-----END CERTIFICATE-----
"""

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nlink: a\r\nLink: b\r\n\r\nok"
CLOSING = OK.replace(b"link: a", b"connection: close")


async def get(connections: Connections, url: str) -> Answer:
    return await connections.exchange("GET", url, (), None)


async def test_requests_one_after_the_other_share_a_connection(serve: Start) -> None:
    async def handler(_heard: Heard) -> bytes:
        return OK

    server = await serve(handler)
    connections = Connections(5.0)
    answers = [await get(connections, server.url) for _ in range(5)]
    await connections.close()
    assert server.connections == 1
    assert answers[4] == Answer(200, {"content-length": "2", "link": "a, b"}, b"ok")


async def test_as_many_connections_are_opened_as_are_needed_at_once(
    serve: Start,
) -> None:
    all_here = anyio.Event()

    async def handler(_heard: Heard) -> bytes:
        if server.most_at_once == 7:
            all_here.set()
        await all_here.wait()
        return OK

    server = await serve(handler)
    connections = Connections(5.0)
    for _ in range(3):
        async with anyio.create_task_group() as tasks:
            for _ in range(7):
                tasks.start_soon(get, connections, server.url)
    await connections.close()
    assert server.connections == 7


async def test_a_connection_that_the_server_closed_is_replaced(serve: Start) -> None:
    async def handler(_heard: Heard) -> bytes:
        return CLOSING

    server = await serve(handler)
    connections = Connections(5.0)
    for _ in range(3):
        assert (await get(connections, server.url)).status == 200
    await connections.close()
    assert server.connections == 3


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01 no http at all\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"]
)
async def test_an_answer_that_is_not_http_is_no_answer(
    serve: Start, garbage: bytes
) -> None:
    async def handler(_heard: Heard) -> bytes:
        return garbage

    server = await serve(handler)
    connections = Connections(5.0)
    with pytest.raises(NoAnswerError) as caught:
        await get(connections, server.url)
    await connections.close()
    assert caught.value.lost is Lost.DISCONNECTED
    assert not caught.value.unsent


@pytest.mark.parametrize("trusted_by_environment", [True, False])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted_by_environment: bool
) -> None:
    path = tmp_path / "self-signed.pem"
    path.write_text(SELF_SIGNED)
    if trusted_by_environment:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    heard: list[bytes] = []

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        heard.append(await reader.read(1))
        writer.close()

    listener = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    connections = Connections(5.0)
    with pytest.raises(NoAnswerError) as caught:
        await get(connections, f"https://127.0.0.1:{port}/")
    await connections.close()
    listener.close()
    assert caught.value.lost is Lost.TLS
    assert caught.value.unsent
    assert not heard


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ("[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol", Lost.TLS_VERSION),
        ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert", Lost.TLS_VERSION),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", Lost.TLS_VERSION),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate expired", Lost.TLS),
        ("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred", Lost.NO_CONNECTION),
        ("All connection attempts failed", Lost.NO_CONNECTION),
    ],
)
async def test_why_there_is_no_safe_connection_is_told_apart(
    said: str, lost: Lost
) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(said)

    connections = Connections(5.0, httpx.MockTransport(refuse))
    with pytest.raises(NoAnswerError) as caught:
        await get(connections, "https://127.0.0.1/")
    assert caught.value.lost is lost
    assert caught.value.unsent


@pytest.mark.parametrize(
    ("announced", "said"),
    [
        *((1 << 20, "exactly"), (5 << 20, "exactly"), (0, "exactly")),
        *((300_000, "nothing"), (300_000, "not a number")),
    ],
)
async def test_a_body_is_what_was_sent_whatever_was_said_of_its_length(
    announced: int, said: str
) -> None:
    body = bytes(range(256)) * (announced // 256)
    lengths = {"exactly": {"content-length": str(len(body))}, "nothing": {}}
    headers = lengths.get(said, {"content-length": "²9"})

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 70_000):
            yield body[at : at + 70_000]

    def answered(_: httpx.Request) -> httpx.Response:
        raw = [(name.encode(), text.encode()) for name, text in headers.items()]
        return httpx.Response(200, headers=raw, content=pieces())

    connections = Connections(1.0, httpx.MockTransport(answered))
    answer = await connections.exchange("GET", "http://api.example", (), None)
    assert answer.body == body


async def test_a_server_s_word_for_a_length_costs_no_more_memory_than_foreseen() -> (
    None
):
    assert len(wires._buffer("999999999").getbuffer()) == FORESEEN
    assert len(wires._buffer("9" * 5000).getbuffer()) == FORESEEN
    for said in ("", "0", "-1", "many", "1e9"):
        assert not wires._buffer(said).getbuffer()


async def test_certificates_are_read_where_they_are_needed_alone(
    serve: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bool] = []
    real = httpx.create_ssl_context

    def watched(**how: Any) -> ssl.SSLContext:
        read.append(True)
        return real(**how)

    async def handler(_: Heard) -> bytes:
        return OK

    monkeypatch.setattr(httpx, "create_ssl_context", watched)
    server, connections = await serve(handler), Connections(1.0)
    await connections.exchange("GET", server.url, (), None)
    assert not read
    for _ in range(2):
        with pytest.raises(NoAnswerError):
            await connections.exchange("GET", "https://127.0.0.1:9", (), None)
    assert read == [True]
    await connections.close()
