"""A tiny HTTP server on a real socket, and clocks that need no real time."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import anyio
import pytest

from sync.wire import Clock


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as the server got it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


TURNS = 40

Handler = Callable[[Heard], Awaitable[bytes | None]]


@dataclass(slots=True)
class Server:
    """Answers with what ``handler`` gives; None drops the connection."""

    handler: Handler
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    most_at_once: int = 0
    _at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @staticmethod
    def reply(
        status: int = 200, body: object = b"", headers: Mapping[str, str] | None = None
    ) -> bytes:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {text}" for name, text in (headers or {}).items()]
        lines += [f"content-length: {len(raw)}", "", ""]
        return "\r\n".join(lines).encode() + raw

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): text for name, text in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = first.split(" ")
        heard = Heard(method, target, headers, body)
        self.heard.append(heard)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            answer = await self.handler(heard)
        finally:
            self._at_once -= 1
        if answer is None:
            return False
        writer.write(answer)
        await writer.drain()
        return True


Start = Callable[[Handler], Awaitable[Server]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def serve() -> AsyncIterator[Start]:
    listeners: list[asyncio.Server] = []

    async def start(handler: Handler) -> Server:
        server = Server(handler)
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        listeners.append(listener)
        server.port = listener.sockets[0].getsockname()[1]
        return server

    yield start
    for listener in listeners:
        listener.close()


@dataclass(slots=True)
class Jumping:
    """Time that moves only when somebody sleeps, at once."""

    time: float = 1000.0
    slept: list[float] = field(default_factory=list)
    chance: float = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: self.time,
            sleep=self.sleep,
            wall=lambda: self.time,
            chance=lambda: self.chance,
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await anyio.lowlevel.checkpoint()


@dataclass(slots=True)
class Virtual:
    """Time in which many tasks sleep side by side; it moves when all of them wait."""

    time: float = 0.0
    _sleepers: list[tuple[float, int, anyio.Event]] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.time, sleep=self.sleep, chance=lambda: 0.5)

    async def sleep(self, seconds: float) -> None:
        wake = anyio.Event()
        entry = (self.time + seconds, id(wake), wake)
        heapq.heappush(self._sleepers, entry)
        await wake.wait()

    async def run(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Do ``work`` to its end, moving the time on."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._drive)
            await work()
            tasks.cancel_scope.cancel()

    async def _drive(self) -> None:
        while True:
            # Enough turns of the loop for everybody who is not asleep to get there.
            for _ in range(TURNS):
                await anyio.lowlevel.checkpoint()
            if self._sleepers:
                self.time, _, wake = heapq.heappop(self._sleepers)
                wake.set()


@pytest.fixture
def jumping() -> Jumping:
    return Jumping()


@pytest.fixture
def virtual() -> Virtual:
    return Virtual()
