from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import anyio
import httpx
import polars as pl
import pytest

from sync.config import Limits as LimitsTable
from sync.config import Table, TargetConfig
from sync.errors import ExitCode, InterruptedRunError
from sync.flow.ping import Ping, ask, ping
from sync.model.request import Answer, Listing, Page
from sync.targets.base import ID
from sync.wire import (
    Bearer,
    ClientCredentials,
    Clock,
    Limits,
    OAuth1,
    Secret,
    Service,
    UnreadableError,
    Wire,
    parse_json,
)

pytestmark = pytest.mark.anyio

URL = "https://api.example/v1"
NOW = 1_800_000_000.0
QUICK = Limits(1000, retries=1)
WORD = "hunter2-of-the-district"
USERS = Listing("users", "api", "/users", limit=1)
CLASSES = Listing("classes", "api", "/classes", limit=1)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(slots=True)
class Asked:
    """A target that has these probes."""

    services: Mapping[str, Service]
    listings: Sequence[Listing] = (USERS, CLASSES)

    def probes(self) -> Sequence[Listing]:
        return self.listings

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        body = parse_json(answer)
        if not isinstance(body, dict) or listing.label not in body:
            message = "the list is not in its envelope"
            raise UnreadableError(message)
        rows = body[listing.label]
        page = Page(len(rows), body.get("total"), body.get("limit"), body.get("next"))
        return pl.DataFrame({ID: rows}, schema={ID: pl.String}), page


@dataclass(slots=True)
class Time:
    """Moves when somebody sleeps."""

    now: float = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: self.now,
            sleep=self.sleep,
            wall=lambda: NOW + self.now,
            chance=lambda: 0.0,
        )

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await anyio.lowlevel.checkpoint()


class Bare(Table):
    pass


TABLE = TargetConfig(name="district", kind="bare", settings=Bare())
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass(slots=True)
class World:
    """One service and what it answers by path."""

    answers: Mapping[str, httpx.Response | Exception]
    auth: ClientCredentials | Bearer | OAuth1 | None = None
    listings: Sequence[Listing] = (USERS, CLASSES)
    asked: list[httpx.Request] = field(default_factory=list)
    time: Time = field(default_factory=Time)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self.answers[request.url.path.removeprefix("/v1")]
        if isinstance(found, Exception):
            raise found
        # A response can be sent once; what it holds as often as one likes.
        return httpx.Response(
            found.status_code, headers=found.headers, content=found.content
        )

    async def ping(self) -> Ping:
        target = Asked({"api": Service("api", URL, self.auth)}, self.listings)
        clock = self.time.clock
        transport = httpx.MockTransport(self)
        async with Wire(
            target.services, QUICK, transport=transport, clock=clock
        ) as wire:
            return await ask(TABLE, target, wire, clock)


def page(label: str, count: int = 1, **facts: Any) -> httpx.Response:
    return httpx.Response(200, json={label: ["x"] * count, **facts})


def token(**facts: Any) -> httpx.Response:
    return httpx.Response(200, json={"access_token": WORD, **facts})


GOOD = {"/users": page("users", total=1204), "/classes": page("classes", total=7)}
CREDENTIALS = ClientCredentials(f"{URL}/token", "me", Secret(WORD), ("a", "b"))


def lines(found: Ping) -> list[str]:
    return [trouble.line() for trouble in found.troubles]


async def test_one_page_of_each_list_is_asked_for_and_counted() -> None:
    world = World({**GOOD})
    found = await world.ping()
    assert found.exit_code is ExitCode.DONE
    assert [(one.label, one.records, one.exact) for one in found.lists] == [
        ("users", 1204, True),
        ("classes", 7, True),
    ]
    assert [one.url.query for one in world.asked] == [b"limit=1&offset=0"] * 2
    assert {one.method for one in world.asked} == {"GET"}


@pytest.mark.parametrize(
    ("answer", "records", "exact"),
    [
        (page("users", 1), 1, False),
        (page("users", 0), 0, True),
        (page("users", 50, limit=50), 50, False),
        (page("users", 0, next="/users?x=1"), 0, False),
        (page("users", 1, total=0), 0, True),
    ],
)
async def test_without_a_total_it_is_at_least_what_came(
    answer: httpx.Response, records: int, exact: bool
) -> None:
    found = await World({"/users": answer}, listings=(USERS,)).ping()
    assert (found.lists[0].records, found.lists[0].exact) == (records, exact)


async def test_a_list_is_asked_for_in_its_own_words() -> None:
    listing = Listing(
        *("users", "api", "/users"),
        query=(("a", "b"),),
        window=("size", "start"),
        limit=3,
        headers=(("Accept", "text/xml"),),
    )
    single = Listing("classes", "api", "/classes", (("c", "d"),), window=None)
    world = World({**GOOD}, listings=(listing, single))
    await world.ping()
    assert [one.url.query for one in world.asked] == [b"a=b&size=3&start=0", b"c=d"]
    assert world.asked[0].headers["accept"] == "text/xml"


async def test_a_token_is_fetched_and_its_scopes_are_looked_at() -> None:
    world = World({**GOOD, "/token": token(scope="a b")}, CREDENTIALS)
    found = await world.ping()
    service = found.services["api"]
    assert (service.access, service.missing_scopes) == ("token", ())
    assert service.seconds is not None
    assert found.exit_code is ExitCode.DONE


async def test_a_scope_that_was_not_granted_is_named_and_fails() -> None:
    world = World({**GOOD, "/token": token(scope="a")}, CREDENTIALS)
    found = await world.ping()
    assert found.exit_code is ExitCode.TARGET_FAILED
    assert found.services["api"].missing_scopes == ("b",)
    assert lines(found) == [
        "api: the scope b was asked for, not granted; ask the vendor to grant it"
    ]
    assert [one.records for one in found.lists] == [1204, 7]


async def test_without_a_token_no_list_is_asked() -> None:
    refused = httpx.Response(401, json={"error": "invalid_client"})
    world = World({**GOOD, "/token": refused}, CREDENTIALS)
    found = await world.ping()
    assert [one.url.path for one in world.asked] == ["/v1/token"]
    [line] = lines(found)
    assert line.startswith("api: no token: 401 invalid_client; check client_id")
    assert "whether api.example is where they are for" in line
    assert [one.asked for one in found.lists] == [False, False]
    assert found.lists[0].trouble is not None
    assert found.lists[0].trouble.do == "see what api said first"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            httpx.Response(403, json={"error": "forbidden"}),
            "api: the list users is forbidden (403 forbidden); ask the vendor to grant "
            "the permission to read it",
        ),
        (
            httpx.Response(404),
            f"api: the list users does not exist (404 http_404); correct the address "
            f"{URL}",
        ),
        (
            httpx.Response(401),
            "api: the list users refuses our credentials (401 http_401); give it",
        ),
        (
            httpx.Response(500),
            "api: the list users fails (500 http_500); see whether the system is up",
        ),
        (
            httpx.Response(429, headers={"retry-after": "1"}),
            "api: the list users asks us to slow down (429 http_429); ping later",
        ),
        (
            httpx.Response(302, headers={"location": "https://evil.example"}),
            "api: the list users cannot be read (302 redirect: a redirect is not",
        ),
        (
            httpx.Response(400),
            "api: the list users cannot be read (400 http_400); check kind and",
        ),
        (
            httpx.Response(200, html="<!DOCTYPE html><p>Log in</p>"),
            "api: the list users is answered with a web page in place of data; check "
            "that the address is that of the API",
        ),
        (
            httpx.Response(200, json={"people": []}),
            "api: the list users came back unreadable: the list is not in its "
            "envelope; check kind and address",
        ),
        (
            httpx.Response(200, headers={"content-encoding": "br"}),
            "api: the list users cannot be read (encoding",
        ),
    ],
)
async def test_what_goes_wrong_is_named_with_what_to_do(
    answer: httpx.Response, says: str
) -> None:
    world = World({**GOOD, "/users": answer})
    found = await world.ping()
    assert found.exit_code is ExitCode.TARGET_FAILED
    [line] = lines(found)
    assert line.startswith(says)
    assert found.lists[1].records == 7


async def test_a_forbidden_list_names_the_scope_that_was_not_granted() -> None:
    answers = {**GOOD, "/token": token(scope="a"), "/users": httpx.Response(403)}
    found = await World(answers, CREDENTIALS).ping()
    assert lines(found)[1].endswith("ask the vendor to grant the scope b")


async def test_a_service_that_does_not_answer_is_not_asked_again_and_again() -> None:
    world = World({"/users": httpx.ConnectError("refused")})
    found = await world.ping()
    assert len(world.asked) == 1 + QUICK.retries
    [line] = lines(found)
    assert line.startswith("api: the list users does not answer (no_connection: no")
    assert URL in line
    assert [one.asked for one in found.lists] == [True, False]


@pytest.mark.parametrize(
    ("apart", "ahead", "warned"),
    [(0, 0, False), (2, 0, False), (-20, -20, False), (45, 45, True), (-90, -90, True)],
)
async def test_the_server_s_clock_is_compared_with_ours(
    apart: int, ahead: int, warned: bool
) -> None:
    answers = {
        path: httpx.Response(
            200, headers={"date": formatdate(NOW + apart, usegmt=True)}, content=one
        )
        for path, one in ((path, answer.content) for path, answer in GOOD.items())
    }
    found = await World(answers).ping()
    assert found.services["api"].ahead == pytest.approx(ahead, abs=1)
    assert bool(found.warnings) is warned
    assert found.exit_code is ExitCode.DONE
    if warned:
        assert f"{abs(ahead)} s" in found.warnings[0]
        assert ("ahead of" in found.warnings[0]) is (ahead > 0)


@pytest.mark.parametrize("date", ["", "yesterday"])
async def test_a_server_without_a_clock_is_no_trouble(date: str) -> None:
    answer = httpx.Response(200, headers={"date": date}, content=GOOD["/users"].content)
    found = await World({"/users": answer}, listings=(USERS,)).ping()
    assert found.services["api"].ahead is None
    assert found.exit_code is ExitCode.DONE


async def test_a_refused_signature_is_laid_to_the_clocks_where_they_differ() -> None:
    then = formatdate(NOW - 600, usegmt=True)
    refused = httpx.Response(401, headers={"date": then})
    auth = OAuth1("us", Secret(WORD))
    found = await World({"/users": refused}, auth, listings=(USERS,)).ping()
    assert found.services["api"].access == "signature"
    [line] = lines(found)
    assert (
        "; set the clocks right, which are 600 s apart, or check consumer_key" in line
    )
    assert WORD not in f"{found} {line}"


async def test_a_token_that_cannot_be_renewed_is_the_trouble_of_its_list() -> None:
    world = World({**GOOD, "/token": token(), "/users": httpx.Response(401)})
    world.auth = CREDENTIALS
    answers = iter([token(), httpx.Response(400, json={"error": "gone"})])
    old = world.__call__

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return next(answers)
        return old(request)

    target = Asked({"api": Service("api", URL, CREDENTIALS)}, (USERS,))
    transport = httpx.MockTransport(handler)
    clock = world.time.clock
    async with Wire(target.services, QUICK, transport=transport, clock=clock) as wire:
        found = await ask(TABLE, target, wire, clock)
    [line] = lines(found)
    assert line.startswith("api: no token: 400 gone")


async def test_a_stopped_ping_says_so() -> None:
    target = Asked({"api": Service("api", URL)})
    with pytest.raises(InterruptedRunError, match="SIGTERM"):
        await ping(TABLE, target, lambda wire: wire.halt("signal SIGTERM"))


async def test_a_dead_address_is_given_up_soon() -> None:
    slow = LimitsTable(requests_per_second=1000, retries=100)
    table = TABLE.model_copy(update={"limits": slow})
    target = Asked({"api": Service("api", "http://127.0.0.1:1")}, (USERS,))
    wires: list[Wire] = []
    found = await ping(table, target, wires.append)
    assert found.exit_code is ExitCode.TARGET_FAILED
    assert wires[0].stats.sent == 3
