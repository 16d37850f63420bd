"""A long list read by pages: into frames, and by a client that decodes nothing.

``serve`` cuts its pages out of one text that was made before, so that the server costs
little; ``read`` is what a run does with a list of a OneRoster server; ``bare`` asks for
the same pages, as many at once, and throws the bytes away.
"""

from __future__ import annotations

import asyncio
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

PAGE = 3_000
PATH = "/ims/oneroster/rostering/v1p2"
STAMP = datetime(2026, 11, 20, tzinfo=UTC).isoformat().replace("+00:00", "Z")
COUNT = "x-total-count"


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


class Pages:
    """A list of enrollments of which any page is a slice: all records are as long."""

    def __init__(self, records: int) -> None:
        """Make the text."""
        parts = [json.dumps(_enrollment(number)).encode() for number in range(records)]
        self._records = records
        self._width = len(parts[0]) + 1
        self._text = b",".join(parts)
        if len(self._text) + 1 != records * self._width:
            message = "the records are not all as long"
            raise ValueError(message)

    def page(self, name: str, query: dict[str, list[str]]) -> bytes:
        """One page of a list; there is none but that of enrollments."""
        if name != "enrollments":
            return json.dumps({name: [], "totalCount": 0}).encode()
        at = int(query.get("offset", ["0"])[0])
        limit = min(PAGE, int(query.get("limit", ["100"])[0]))
        part = self._text[at * self._width : (at + limit) * self._width - 1]
        tail = f'],"totalCount":{self._records},"limit":{limit}}}'
        return b'{"enrollments":[' + part + tail.encode()


def serve(port: str, records: int, latency: float = 0.0) -> None:
    """Answer until stopped."""
    pages = Pages(records)

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        query = parse_qs(scope["query_string"].decode())
        if latency:
            await asyncio.sleep(latency)
        body = pages.page(scope["path"].rsplit("/", 1)[1], query)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (COUNT.encode(), str(records).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(app, port=int(port), log_level="error", lifespan="off")


class Open(OneRosterTarget):
    """The target without credentials, so that nothing but reading is measured."""

    url = ""

    @property
    def services(self) -> dict[str, Service]:
        """The server of this benchmark."""
        return {"oneroster": Service("oneroster", self.url + PATH)}


def read(url: str, in_flight: int) -> int:
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
    limits = Limits(requests_per_second=1000, burst=1000, concurrency=in_flight)

    async def work() -> int:
        async with Wire(target.services, limits) as wire:
            mirror = await fetch(target, wire, Wants((Entity.ENROLLMENTS,)))
        if not mirror.complete[Entity.ENROLLMENTS]:
            message = "the list was not read completely"
            raise ValueError(message)
        return mirror.frames[Entity.ENROLLMENTS].height

    return anyio.run(work)


def bare(url: str, in_flight: int) -> int:
    """The same list, not decoded: one client of httpx for each of as many tasks."""
    where = f"{url}{PATH}/enrollments"
    with httpx.Client() as first:
        total = int(first.get(f"{where}?limit=1").raise_for_status().headers[COUNT])
    left = iter(range(0, total, PAGE))

    async def client() -> None:
        async with httpx.AsyncClient() as one:
            for at in left:
                answer = await one.get(f"{where}?limit={PAGE}&offset={at}")
                answer.raise_for_status()

    async def work() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(in_flight):
                group.start_soon(client)

    anyio.run(work)
    return total
