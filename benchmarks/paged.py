"""A long list read by pages: into frames, and by a bare client that decodes nothing.

``serve`` answers with pages that were made before, so that the server costs little;
``read`` is what a run does with a list of a OneRoster server; ``bare`` asks for the
same pages, as many at once, and throws the bytes away.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import anyio
import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from sync.fetch import fetch
from sync.model.entities import Entity
from sync.targets.base import Wants
from sync.targets.oneroster import OneRosterSettings, OneRosterTarget
from sync.wire import Limits, Service, Wire

RECORDS, PAGE, IN_FLIGHT = 300_000, 3_000, 8
PATH = "/ims/oneroster/rostering/v1p2"
STAMP = datetime(2026, 11, 20, tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _reference(kind: str, key: str) -> dict[str, str]:
    return {"sourcedId": key, "type": kind, "href": f"https://x.example/{kind}/{key}"}


def _enrollment(number: int) -> dict[str, object]:
    return {
        "sourcedId": f"enr-{number:07}",
        "status": "active",
        "dateLastModified": STAMP,
        "role": "student",
        "primary": "false",
        "beginDate": "2026-08-17",
        "endDate": "2027-06-04",
        "user": _reference("user", f"stu-{number // 6:06}"),
        "class": _reference("class", f"cls-{number % 9_973:05}"),
        "school": _reference("org", f"sch-{number % 53:03}"),
    }


def _pages() -> list[bytes]:
    counts = {"totalCount": RECORDS, "limit": PAGE}
    return [
        json.dumps(
            {"enrollments": [_enrollment(n) for n in range(at, at + PAGE)], **counts}
        ).encode()
        for at in range(0, RECORDS, PAGE)
    ]


def serve(port: str) -> int:
    """Answer until stopped."""
    pages = _pages()

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        query = parse_qs(scope["query_string"].decode())
        at = int(query.get("offset", ["0"])[0]) // PAGE
        name = scope["path"].rsplit("/", 1)[1]
        if name != "enrollments":
            body = json.dumps({name: [], "totalCount": 0}).encode()
        else:
            short = query.get("limit", [""])[0] == "1"
            body = pages[0] if short else pages[at]
        length = str(len(body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(app, port=int(port), log_level="error", lifespan="off")
    return 0


class Open(OneRosterTarget):
    """The target without credentials, so that nothing but reading is measured."""

    url = ""

    @property
    def services(self) -> dict[str, Service]:
        """The server of this benchmark."""
        return {"oneroster": Service("oneroster", self.url + PATH)}


def read(url: str) -> int:
    """The list of enrollments as a frame of the mirror."""
    secret = {"env": "NONE"}
    settings = OneRosterSettings.model_validate(
        {
            "url": f"https://x.example{PATH}",
            "token_url": "https://x.example/token",
            "client_id": secret,
            "client_secret": secret,
        }
    )
    target = Open(settings, dict.fromkeys(Entity, "keep"))
    target.url = url
    limits = Limits(requests_per_second=1000, burst=1000, concurrency=IN_FLIGHT)

    async def work() -> int:
        async with Wire(target.services, limits) as wire:
            mirror = await fetch(target, wire, Wants((Entity.ENROLLMENTS,)))
        if not mirror.complete[Entity.ENROLLMENTS]:
            message = "the list was not read completely"
            raise ValueError(message)
        return mirror.frames[Entity.ENROLLMENTS].height

    return anyio.run(work)


def bare(url: str) -> int:
    """The same pages, as many at once, not decoded."""
    left = iter(range(0, RECORDS, PAGE))
    where = f"{url}{PATH}/enrollments"

    async def client() -> None:
        async with httpx.AsyncClient() as one:
            for at in left:
                answer = await one.get(f"{where}?limit={PAGE}&offset={at}")
                answer.raise_for_status()

    async def work() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(IN_FLIGHT):
                group.start_soon(client)

    anyio.run(work)
    return RECORDS
