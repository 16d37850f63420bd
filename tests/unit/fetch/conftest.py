"""A remote list that misbehaves to order, and the target that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import polars as pl
import pytest

from sync.model.entities import Entity
from sync.model.request import Answer, Listing, Page
from sync.targets.base import ID, Wants
from sync.wire import Clock, Limits, Service, UnreadableError, Wire, parse_json

URL = "https://api.example/ims"


@dataclass(slots=True)
class Remote:
    """Lists by path, served by slices; every habit of a real server is a switch."""

    lists: dict[str, list[str]] = field(default_factory=dict)
    largest: int = 100
    """Records a page at most, silently."""
    totals: bool = True
    lie: int = 0
    """Added to every announced total."""
    links: bool = False
    after: Callable[[Remote, int], None] | None = None
    """Called with the number of requests so far, before each answer."""
    odd: Callable[[int, httpx.Request], httpx.Response | None] | None = None
    """Answers in the place of the list, by the number of the request."""
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.after is not None:
            self.after(self, len(self.asked))
        if self.odd is not None:
            answer = self.odd(len(self.asked), request)
            if answer is not None:
                return answer
        return self._page(request)

    def _page(self, request: httpx.Request) -> httpx.Response:
        rows = self.lists.get(request.url.path.removeprefix("/ims"))
        if rows is None:
            return httpx.Response(404, json={"error": "unknownobject"})
        query = request.url.params
        offset = int(query.get("offset", 0))
        limit = min(int(query.get("limit", 10**9)), self.largest)
        items = rows[offset : offset + limit]
        body: dict[str, Any] = {"items": [{"sourcedId": row} for row in items]}
        if self.totals:
            body["total"] = len(rows) + self.lie
        if self.links and offset + limit < len(rows):
            body["next"] = f"{URL}{request.url.path[4:]}?offset={offset + limit}"
        return httpx.Response(200, json=body)

    @property
    def windows(self) -> list[tuple[int, int]]:
        """Offset and limit of every request, in order of sending."""
        return [
            (int(each.url.params["offset"]), int(each.url.params["limit"]))
            for each in self.asked
        ]


@dataclass(slots=True)
class Reader:
    """A target that only reads; ``rounds`` are its lists, one round after the other."""

    rounds: list[list[Listing]] = field(default_factory=list)
    tables_seen: list[dict[str, int]] = field(default_factory=list)
    look: Callable[[Mapping[str, pl.DataFrame]], None] = lambda _: None
    """Is shown the tables before each round."""

    @property
    def services(self) -> Mapping[str, Service]:
        return {"api": Service("api", URL)}

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        self.look(tables)
        self.tables_seen.append({label: t.height for label, t in tables.items()})
        place = len(self.tables_seen) - 1
        return self.rounds[place] if place < len(self.rounds) else ()

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        body = parse_json(answer)
        if not isinstance(body, dict) or "items" not in body:
            message = "the list is not in its envelope"
            raise UnreadableError(message)
        ids = [item["sourcedId"] for item in body["items"]]
        frame = pl.DataFrame({ID: ids}, schema={ID: pl.String})
        page = Page(len(ids), body.get("total"), body.get("limit"), body.get("next"))
        return frame, page

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        return {e: tables.get(e.value, pl.DataFrame()) for e in wants.entities}


async def no_time(seconds: float) -> None:
    """Sleep without sleeping."""


@dataclass(slots=True)
class World:
    """A remote, the reader of it and the wire between them."""

    remote: Remote = field(default_factory=Remote)
    reader: Reader = field(default_factory=Reader)
    concurrency: int = 8

    def wire(self) -> Wire:
        now = iter(range(10**9))
        return Wire(
            self.reader.services,
            Limits(1e6, concurrency=self.concurrency, retries=2),
            transport=httpx.MockTransport(self.remote),
            clock=Clock(now=lambda: float(next(now)), sleep=no_time),
        )

    def holds(self, count: int, path: str = "/users") -> None:
        self.remote.lists[path] = [f"u{n:06}" for n in range(count)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def new_world() -> Callable[[], World]:
    return World
