"""The reading against the sandbox, over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from sync.fetch import Whole, read_whole
from sync.model.request import Answer, Listing, Page
from sync.sandbox import Sandbox, SandboxSettings
from sync.targets.base import ID
from sync.wire import (
    ClientCredentials,
    Clock,
    Limits,
    Secret,
    Service,
    UnreadableError,
    Wire,
    parse_json,
)

pytestmark = pytest.mark.anyio

COUNT = 230
ORGS = Listing(
    "orgs", "api", "/orgs", (("sort", "sourcedId"), ("orderBy", "asc")), limit=50
)


class OrgReader:
    """Reads one list of the api as a target would."""

    def __init__(self, url: str) -> None:
        auth = ClientCredentials(
            url + "/oauth2/token",
            "sandbox-api",
            Secret("sandbox-api-secret"),
            (),
            "body",
        )
        base = url + "/ims/oneroster/rostering/v1p2"
        self.services = {"api": Service("api", base, auth)}

    def listings(self, wants: object, tables: object) -> list[Listing]:
        return []

    def assemble(self, wants: object, tables: object) -> dict[Any, pl.DataFrame]:
        return {}

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        body = parse_json(answer)
        if not isinstance(body, dict) or not isinstance(body.get("orgs"), list):
            message = "no orgs"
            raise UnreadableError(message)
        ids = [org["sourcedId"] for org in body["orgs"]]
        frame = pl.DataFrame({ID: ids}, schema={ID: pl.String})
        return frame, Page(len(ids), body.get("totalCount"), body.get("limit"))


@pytest.fixture
def jump() -> Callable[[], Clock]:
    async def no_time(seconds: float) -> None:
        time[0] += seconds

    time = [0.0]
    return lambda: Clock(now=lambda: time[0], sleep=no_time)


async def read(settings: SandboxSettings, clock: Clock) -> Whole:
    with Sandbox(settings) as sandbox:
        orgs = [
            {"sourcedId": f"o{n:04}", "name": f"School {n}", "type": "school"}
            for n in range(COUNT)
        ]
        sandbox.load({"orgs": orgs})
        reader = OrgReader(sandbox.url)
        limits = Limits(1e6, concurrency=4, retries=12)
        async with Wire(reader.services, limits, clock=clock) as wire:
            return await read_whole(wire, reader, ORGS)


@pytest.mark.parametrize(
    "settings",
    [
        SandboxSettings(),
        SandboxSettings(page_cap_api=30, clamp_limit=True),
        SandboxSettings(totals=False, total_header=False),
        SandboxSettings(duplicate_rows=True),
        SandboxSettings(
            faults="429=0.1,500=0.1,503=0.1,drop=0.1,malformed=0.1,lost=0.1,html=0.1",
            seed=7,
        ),
        SandboxSettings(faults="401=0.2", seed=3),
        SandboxSettings(faults="429=0.3", retry_after="date"),
    ],
    ids=["plain", "clamped", "no totals", "duplicates", "faults", "401", "429"],
)
async def test_every_record_arrives_whatever_the_server_does(
    settings: SandboxSettings, jump: Callable[[], Clock]
) -> None:
    whole = await read(settings, jump())
    assert whole.complete
    assert whole.frame[ID].to_list() == [f"o{n:04}" for n in range(COUNT)]
