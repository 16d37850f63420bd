"""Runs the application: in a thread of its own for tests, or in the foreground.

In: :class:`SandboxSettings`. Out: a listening socket, and its url.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.sandbox.app import SandboxApp
from sync.sandbox.settings import SandboxSettings
from sync.sandbox.transfer import dump, load
from sync.sandbox.world import World

T = TypeVar("T")
_GRACE = 1
"""Whole seconds that requests in flight get when the server stops."""


class _Connections:
    """Which transport belongs to which client address, to cut one off."""

    def __init__(self) -> None:
        self._open: dict[Any, asyncio.Transport] = {}

    def drop(self, scope: Scope) -> None:
        """Close the connection of a request at once."""
        self._open[tuple(scope["client"])].abort()

    def protocol(self) -> type[H11Protocol]:
        """Return a protocol class that keeps this register."""
        register = self._open

        class Registered(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                register[tuple(transport.get_extra_info("peername")[:2])] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                peer = self.transport.get_extra_info("peername")
                register.pop(tuple(peer[:2]), None)
                super().connection_lost(exc)

        return Registered


class _Server(uvicorn.Server):
    """Uvicorn, telling when it listens."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()


def _listen(settings: SandboxSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's algorithm off; without, every
    # answer would wait 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(world: World, started: Callable[[], None]) -> _Server:
    connections = _Connections()
    config = uvicorn.Config(
        SandboxApp(world, connections.drop),
        http=connections.protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=_GRACE,
    )
    return _Server(config, started)


class Sandbox:
    """A sandbox in a background thread: ``with Sandbox() as sandbox: sandbox.url``.

    All methods may be called from any thread; the work is done on the server's own.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        """Keep the settings; nothing is opened before the ``with``."""
        self._settings = settings or SandboxSettings()
        self._world: World | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.url = ""

    def __enter__(self) -> Self:
        """Start to serve; returns once the socket listens."""
        listener = _listen(self._settings)
        self.url = _url(listener)
        self._world = World(self._settings)
        started = threading.Event()

        def tell() -> None:
            self._loop = asyncio.get_running_loop()
            started.set()

        self._server = _server(self._world, tell)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="sandbox", daemon=True
        )
        self._thread.start()
        started.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to serve."""
        self.close()

    def close(self) -> None:
        """Stop to serve and close the store; a second time does nothing."""
        if self._server is None or self._thread is None or self._world is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._world.store.close()
        self._server = self._thread = self._world = None

    def requests(self) -> list[dict[str, Any]]:
        """Return the log: n, time, service, method, path, body, status, fault."""
        return self._do(lambda world: world.log.entries())

    def clear_requests(self) -> None:
        """Empty the log."""
        self._do(lambda world: world.log.clear())

    def load(self, document: Mapping[str, Any]) -> dict[str, int]:
        """Merge a document; see :mod:`sync.sandbox.transfer`."""
        return self._do(lambda world: load(world, document))

    def dump(self) -> dict[str, Any]:
        """Return everything as a document that ``load`` takes."""
        return self._do(dump)

    def reset(self) -> None:
        """Forget all records and requests, and return to the first settings."""
        self._do(lambda world: world.reset())

    def set_faults(self, spec: str | Mapping[str, float]) -> None:
        """Change the faults; an empty spec ends them."""
        self.configure(faults=spec)

    def configure(self, **changes: Any) -> None:
        """Change settings at run time; raises SettingsError or FaultSpecError."""
        self._do(lambda world: world.configure(changes))

    def _do(self, work: Callable[[World], T]) -> T:
        world, loop = self._world, self._loop
        if world is None or loop is None:
            msg = "the sandbox is not running"
            raise RuntimeError(msg)

        async def run() -> T:
            return work(world)

        return asyncio.run_coroutine_threadsafe(run(), loop).result()


def serve(
    settings: SandboxSettings,
    ready: Callable[[str], None] | None = None,
    document: Mapping[str, Any] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` gets the url once it listens.

    ``document`` is loaded before (see :mod:`sync.sandbox.transfer`).
    """
    listener = _listen(settings)
    url = _url(listener)
    world = World(settings)
    if document is not None:
        load(world, document)
    server = _server(world, lambda: None if ready is None else ready(url))
    with _signals(server):
        server.run([listener])
    world.store.close()


@contextmanager
def _signals(server: _Server) -> Iterator[None]:
    """Outlive uvicorn's raising a signal anew after it has stopped in good order."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    wanted = (signal.SIGINT, signal.SIGTERM)
    held = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
