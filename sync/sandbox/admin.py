"""The admin routes under ``/_sandbox``: for tests and people, not for clients.

They need no token and suffer neither faults nor latency nor the rate limit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.sandbox.errors import DocumentError
from sync.sandbox.exchange import encode
from sync.sandbox.faults import FaultSpecError
from sync.sandbox.settings import SettingsError
from sync.sandbox.transfer import dump, load

if TYPE_CHECKING:
    from sync.sandbox.world import World


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")


async def _object(request: Request) -> dict[str, Any]:
    value = json.loads(await request.body())
    if not isinstance(value, dict):
        msg = "send a JSON object"
        raise DocumentError(msg)
    return value


def admin_app(world: World) -> Starlette:
    """Return the application of the admin routes of ``world``."""

    async def requests(_request: Request) -> Response:
        return _json(world.log.entries())

    async def clear_requests(_request: Request) -> Response:
        world.log.clear()
        return Response(status_code=204)

    async def load_document(request: Request) -> Response:
        return _json(load(world, await _object(request)))

    async def dump_document(_request: Request) -> Response:
        return _json(dump(world))

    async def reset(_request: Request) -> Response:
        world.reset()
        return Response(status_code=204)

    async def configure(request: Request) -> Response:
        world.configure(await _object(request))
        return Response(status_code=204)

    async def refused(_request: Request, error: Exception) -> Response:
        return _json({"error": str(error)}, 400)

    wrong = (SettingsError, FaultSpecError, DocumentError, json.JSONDecodeError)
    return Starlette(
        routes=[
            Route("/_sandbox/requests", requests, methods=["GET"]),
            Route("/_sandbox/requests", clear_requests, methods=["DELETE"]),
            Route("/_sandbox/load", load_document, methods=["POST"]),
            Route("/_sandbox/dump", dump_document, methods=["GET"]),
            Route("/_sandbox/reset", reset, methods=["POST"]),
            Route("/_sandbox/configure", configure, methods=["POST"]),
        ],
        exception_handlers=dict.fromkeys(wrong, refused),
    )
