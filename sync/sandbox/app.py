"""The ASGI application: one port, all imitated services, and the admin routes.

In: ASGI. Out: each request goes through log, rate limit, fault, latency, token and
handler, in this order; admin routes go through none of them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from sync.sandbox import (
    edubridge,
    oneroster,
    oneroster11,
    openedx,
    schoology,
    timeback,
    tokens,
)
from sync.sandbox.admin import admin_app
from sync.sandbox.exchange import (
    Call,
    Refusal,
    Reply,
    Service,
    encode,
)
from sync.sandbox.faults import BEFORE_KINDS, STATUS_KINDS
from sync.sandbox.requests import Entry
from sync.sandbox.routing import Match, Router

if TYPE_CHECKING:
    from sync.sandbox.world import World

SERVICES: tuple[Service, ...] = (
    tokens.SERVICE,
    timeback.SERVICE,
    oneroster.SERVICE,
    oneroster11.SERVICE,
    edubridge.SERVICE,
    schoology.SERVICE,
    openedx.TOKEN,
    openedx.SERVICE,
)
_NOWHERE = Service(
    name="unknown",
    host="unknown",
    realm="unknown",
    prefixes=(),
    routes=(),
    error=lambda refusal: {"error": refusal.text},
)
_ROUTER = Router(SERVICES)
_HTML = (
    b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"
)
_HINTED = (429, 503)
"""The statuses that say when to come back."""

Drop = Callable[[Scope], None]
"""Closes the connection of a request without an answer."""


class SandboxApp:
    """The application; ``drop`` is the server's way to cut a connection."""

    def __init__(self, world: World, drop: Drop) -> None:
        """Serve ``world``."""
        self._world = world
        self._drop = drop
        self._admin = admin_app(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["raw_path"].decode("latin-1")
        if path.startswith("/_sandbox"):
            await self._admin(scope, receive, send)
            return
        body = await _body(receive)
        query = scope["query_string"].decode("latin-1")
        call = Call(scope["method"], path, query, scope["headers"], body)
        reply = await self._answer(call)
        if reply is None:
            self._drop(scope)
            # The server calls an unanswered request a defect of the application,
            # unless it has seen the connection go.
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(reply, send)

    async def _answer(self, call: Call) -> Reply | None:
        world = self._world
        match = _ROUTER.match(call.method, call.path)
        service = match.service or _NOWHERE
        shown = f"{call.path}?{call.query}" if call.query else call.path
        logged = b"" if service.token else call.body
        entry = world.log.open(service.name, call.method, shown, logged)
        wait = world.limits.wait(service.host)
        if wait:
            return self._refused(
                entry, service, call, Refusal(429, "too many requests"), wait
            )
        fault = world.faults.draw(entry.n) if service is not _NOWHERE else None
        if fault is not None and service.trouble and fault not in service.trouble:
            fault = None
        entry.fault = fault
        if fault in BEFORE_KINDS:
            return self._troubled(entry, service, call, fault)
        if world.settings.latency:
            await asyncio.sleep(world.settings.latency)
        reply = await self._handled(service, match, call)
        if fault == "slow":
            await asyncio.sleep(world.settings.slow_seconds)
        if fault == "lost":
            return None
        if fault == "malformed":
            reply = _cut(reply)
        entry.status = reply.status
        return reply

    async def _handled(self, service: Service, match: Match, call: Call) -> Reply:
        world, route = self._world, match.route
        if route is None:
            text = "there is no such path, or not with this method"
            return self._error(service, call, Refusal(match.status, text), 1.0)
        try:
            if service.admit is not None:
                service.admit(world, call)
            elif route.scopes is not None:
                world.tokens.check(call, service.realm, route.scopes)
            call.values = match.values
            reply = route.handler(world, call)
            return reply if isinstance(reply, Reply) else await reply
        except Refusal as refusal:
            return self._error(service, call, refusal, 1.0)
        except (UnicodeError, RecursionError):
            # Half a surrogate pair, or an abyss of brackets.
            wrong = Refusal(400, "the body holds what cannot be stored")
            return self._error(service, call, wrong, 1.0)

    def _troubled(
        self, entry: Entry, service: Service, call: Call, fault: str
    ) -> Reply | None:
        if fault == "html":
            entry.status = 502
            return Reply(502, _HTML, content_type=b"text/html")
        if fault in STATUS_KINDS:
            refusal = Refusal(int(fault), "the sandbox was told to fail here")
            return self._refused(entry, service, call, refusal, 1.0)
        return None

    def _refused(
        self, entry: Entry, service: Service, call: Call, refusal: Refusal, wait: float
    ) -> Reply:
        entry.status = refusal.status
        return self._error(service, call, refusal, wait)

    def _error(
        self, service: Service, call: Call, refusal: Refusal, wait: float
    ) -> Reply:
        headers = self._hint(wait) if refusal.status in _HINTED else ()
        if service.render is not None:
            reply = service.render(self._world, call, refusal)
            return replace(reply, headers=(*reply.headers, *headers))
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            headers = ((b"www-authenticate", b"Bearer"),)
        body = encode(service.error(refusal)).encode()
        return Reply(refusal.status, body, headers)

    def _hint(self, wait: float) -> tuple[tuple[bytes, bytes], ...]:
        seconds = max(1, math.ceil(wait))
        match self._world.settings.retry_after:
            case "seconds":
                return ((b"retry-after", str(seconds).encode()),)
            case "date":
                when = formatdate(math.ceil(time.time()) + seconds, usegmt=True)
                return ((b"retry-after", when.encode()),)
            case "none":
                return ()


def _cut(reply: Reply) -> Reply:
    if not reply.body:
        return Reply(200, b'{"cut')
    return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def _send(reply: Reply, send: Send) -> None:
    headers: list[tuple[bytes, bytes]] = [*reply.headers]
    if reply.status != HTTPStatus.NO_CONTENT:
        headers.append((b"content-type", reply.content_type))
        headers.append((b"content-length", str(len(reply.body)).encode()))
    start: Mapping[str, object] = {
        "type": "http.response.start",
        "status": reply.status,
        "headers": headers,
    }
    await send(dict(start))
    await send({"type": "http.response.body", "body": reply.body})
