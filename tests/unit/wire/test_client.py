from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import time
from collections.abc import Sequence
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Literal

import anyio
import httpx
import pytest

from sync.errors import LocalError, TargetError
from sync.log import configure
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Request
from sync.wire import (
    HALTED,
    Bearer,
    ClientCredentials,
    Deadline,
    Limits,
    Secret,
    Service,
    Wire,
)
from sync.wire.failures import MAX_BODY
from sync.wire.retry import RETRIES_EACH, SAVED_RETRIES

if TYPE_CHECKING:
    from tests.unit.wire.conftest import Handler, Heard, Jumping, Start, Virtual

pytestmark = pytest.mark.anyio

QUICK = Limits(requests_per_second=1000, burst=10, timeout=5.0)
GET = Request("api", "GET", "/users")
PUT = Request("api", "PUT", "/users/1", body={"user": {"sourcedId": "1"}})
POST = Request("api", "POST", "/users", body={}, repeatable=False)
WORD = "hunter2-of-the-district"


def service(url: str, token_url: str | None = None) -> dict[str, Service]:
    auth = ClientCredentials(token_url, "me", Secret(WORD)) if token_url else None
    return {"api": Service("api", url, auth)}


def scripted(answers: Sequence[bytes | None]) -> Handler:
    """The answers one after the other, the last one again and again."""
    left = list(answers)

    async def handler(_heard: Heard) -> bytes | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return handler


def reply(status: int = 200, body: object = b"", **headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    lines = [f"HTTP/1.1 {status} X", *named, f"content-length: {len(raw)}", "", ""]
    return "\r\n".join(lines).encode() + raw


class Issuer:
    """A token address and an API behind it; ``good`` are the tokens it accepts."""

    def __init__(self, *, expires_in: float = 3600, accept: bool = True) -> None:
        self.issued = 0
        self.expires_in = expires_in
        self.accept = accept
        self.good: set[str] = set()

    async def __call__(self, heard: Heard) -> bytes:
        if heard.path == "/token":
            self.issued += 1
            token = f"{WORD}-{self.issued}"
            self.good = {f"Bearer {token}"} if self.accept else set()
            return reply(body={"access_token": token, "expires_in": self.expires_in})
        known = heard.headers.get("authorization") in self.good
        return reply(200 if known else 401, {"ok": known})


async def test_a_request_arrives_as_composed(serve: Start) -> None:
    server = await serve(scripted([reply(201, {"ok": True}, x_total_count="7")]))
    request = Request("api", "PUT", "/users/a%2Fb", {"é": 1}, (("q", "a b"),))
    async with Wire(service(server.url + "/ims"), QUICK) as wire:
        answer = await wire.send(request)
    assert isinstance(answer, Answer)
    assert answer.status == 201
    assert answer.headers["x-total-count"] == "7"
    assert json.loads(answer.body) == {"ok": True}
    [heard] = server.heard
    assert heard.target == "/ims/users/a%2Fb?q=a%20b"
    assert json.loads(heard.body) == {"é": 1}
    assert heard.headers["content-type"] == "application/json"
    assert "authorization" not in heard.headers
    assert (wire.stats.sent, wire.stats.retried, wire.stats.throttled) == (1, 0, 0)


@pytest.mark.parametrize("trouble", [reply(500), reply(503), reply(429), None])
async def test_trouble_of_the_server_is_tried_again(
    serve: Start, jumping: Jumping, trouble: bytes | None
) -> None:
    server = await serve(scripted([trouble, trouble, reply(200)]))
    async with Wire(service(server.url), QUICK, clock=jumping.clock) as wire:
        assert isinstance(await wire.send(PUT), Answer)
    assert len(server.heard) == 3
    assert wire.stats.retried == 2


@pytest.mark.parametrize(
    ("status", "tries", "kind"),
    [
        (500, 4, FailureKind.RETRY),
        (400, 1, FailureKind.REJECT),
        (404, 1, FailureKind.REJECT),
        (403, 1, FailureKind.FATAL),
        (401, 1, FailureKind.FATAL),
    ],
)
async def test_the_last_failure_comes_back_after_all_retries(
    serve: Start, jumping: Jumping, status: int, tries: int, kind: FailureKind
) -> None:
    server = await serve(scripted([reply(status)]))
    limits = Limits(1000, retries=3)
    async with Wire(service(server.url), limits, clock=jumping.clock) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert (failure.status, failure.kind) == (status, kind)
    assert len(server.heard) == tries


@pytest.mark.parametrize(
    ("trouble", "tries", "doubt"),
    [
        (None, 1, True),
        (reply(500), 1, True),
        (reply(502), 1, True),
        (reply(503), 1, True),
        (reply(503, retry_after="1"), 2, False),
        (reply(429), 2, False),
        (reply(422), 1, False),
    ],
)
async def test_what_may_not_be_repeated_is_sent_again_only_without_any_effect(
    serve: Start, jumping: Jumping, trouble: bytes | None, tries: int, doubt: bool
) -> None:
    server = await serve(scripted([trouble]))
    limits = Limits(1000, retries=1)
    async with Wire(service(server.url), limits, clock=jumping.clock) as wire:
        failure = await wire.send(POST)
    assert isinstance(failure, Failure)
    assert failure.in_doubt is doubt
    assert len(server.heard) == tries


async def test_a_doubt_stays_when_a_later_try_could_not_connect(
    jumping: Jumping,
) -> None:
    def handler(_request: httpx.Request) -> httpx.Response:
        if not calls:
            calls.append(1)
            raise broken
        raise refused

    broken, refused = httpx.ReadError("broken"), httpx.ConnectError("refused")
    calls: list[int] = []
    transport = httpx.MockTransport(handler)
    services = service("https://api.example")
    async with Wire(services, QUICK, clock=jumping.clock, transport=transport) as wire:
        failure = await wire.send(PUT)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.in_doubt) == ("no_connection", True)


async def test_a_refused_connection_has_no_effect_and_is_tried_again(
    jumping: Jumping,
) -> None:
    limits = Limits(1000, retries=2)
    async with Wire(service("http://127.0.0.1:1"), limits, clock=jumping.clock) as wire:
        failure = await wire.send(POST)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.in_doubt) == ("no_connection", False)
    assert wire.stats.sent == 3


async def test_a_server_that_never_answers_is_given_up_in_time(serve: Start) -> None:
    async def never(_heard: Heard) -> bytes:
        await anyio.sleep_forever()
        raise AssertionError

    server = await serve(never)
    limits = Limits(1000, timeout=0.05, retries=0)
    with anyio.fail_after(5):
        async with Wire(service(server.url), limits) as wire:
            failure = await wire.send(PUT)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.in_doubt) == ("timeout", True)


async def test_a_server_that_drips_for_ever_is_given_up_in_time() -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def] # an async generator
            while True:
                yield b" "
                await anyio.sleep(0.01)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Drip()))
    limits = Limits(1000, timeout=0.05, retries=0)
    with anyio.fail_after(5):
        async with Wire(
            service("https://api.example"), limits, transport=transport
        ) as wire:
            failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert failure.code == "timeout"


@pytest.mark.parametrize(
    "hint", ["30", formatdate(1030, usegmt=True)], ids=["seconds", "date"]
)
async def test_retry_after_is_obeyed_by_every_service(
    serve: Start, jumping: Jumping, hint: str
) -> None:
    busy = await serve(scripted([reply(429, retry_after=hint), reply(200)]))
    other = await serve(scripted([reply(200)]))
    services = service(busy.url) | {"other": Service("other", other.url)}
    times: list[float] = []

    async def note() -> None:
        times.append(jumping.time)

    async with Wire(services, Limits(1000, retries=0), clock=jumping.clock) as wire:
        assert isinstance(await wire.send(GET), Failure)
        await wire.send(Request("other", "GET", "/users"), before=note)
        await wire.send(GET, before=note)
    assert min(times) >= 1030
    assert wire.stats.throttled == 1


async def test_what_was_about_to_leave_when_a_pause_came_waits_for_its_end(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(429, retry_after="30"), reply(200)]))
    times: list[float] = []
    limits = Limits(1000, burst=10, retries=0)
    async with Wire(service(server.url), limits, clock=jumping.clock) as wire:

        async def the_other_is_told_to_wait() -> None:
            assert isinstance(await wire.send(GET), Failure)
            times.append(jumping.time)

        answer = await wire.send(PUT, before=the_other_is_told_to_wait)
    assert isinstance(answer, Answer)
    assert jumping.time >= times[0] + 30
    assert [one.method for one in server.heard] == ["GET", "PUT"]


async def test_a_pause_that_comes_while_a_connection_is_made_holds_the_request_back(
    serve: Start, jumping: Jumping, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(scripted([reply(200)]))
    paused_at: list[float] = []
    async with Wire(service(server.url), QUICK, clock=jumping.clock) as wire:
        connect = anyio.connect_tcp

        async def slowly(*arguments: Any, **named: Any) -> object:
            if not paused_at:
                paused_at.append(jumping.time)
                wire._pace(wire._origins["api"]).pause(30)
            return await connect(*arguments, **named)

        monkeypatch.setattr(anyio, "connect_tcp", slowly)
        answer = await wire.send(PUT)
    assert isinstance(answer, Answer)
    assert jumping.time >= paused_at[0] + 30
    assert len(server.heard) == 1
    assert (wire.stats.sent, wire.stats.retried) == (1, 0)


async def test_a_token_service_that_wants_a_pause_is_obeyed_by_all(
    serve: Start, jumping: Jumping
) -> None:
    busy = await serve(
        scripted(
            [reply(429, retry_after="30"), reply(200, {"access_token": "t"}), reply()]
        )
    )
    other = await serve(scripted([reply(200)]))
    services = service(busy.url, busy.url + "/token")
    services |= {"other": Service("other", other.url)}
    times: list[float] = []

    async def note() -> None:
        times.append(jumping.time)

    async with Wire(services, QUICK, clock=jumping.clock) as wire:
        await wire.authenticate()
        assert isinstance(
            await wire.send(Request("other", "GET", "/users"), before=note), Answer
        )
    assert times[0] >= 1030


async def test_a_storm_of_failures_is_not_multiplied_by_retries(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(500)]))
    limits = Limits(1e6, burst=100, retries=50)
    async with Wire(service(server.url), limits, clock=jumping.clock) as wire:
        assert not wire.overdrawn
        for _ in range(200):
            assert isinstance(await wire.send(GET), Failure)
    assert wire.overdrawn
    assert len(server.heard) <= 200 * (1 + RETRIES_EACH) + SAVED_RETRIES


async def test_a_token_that_never_comes_is_not_waited_for_beyond_the_deadline(
    serve: Start,
) -> None:
    async def never(_heard: Heard) -> bytes:
        await anyio.sleep_forever()
        raise AssertionError

    server = await serve(never)
    services = service(server.url, server.url + "/token")
    wire = Wire(services, QUICK, deadline=Deadline(time.monotonic() + 0.1))
    with anyio.fail_after(4):
        async with wire:
            await wire.authenticate()
            failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert failure.code == HALTED


async def test_a_pause_of_an_hour_is_not_waited_for(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(429, retry_after="3600")]))
    async with Wire(service(server.url), QUICK, clock=jumping.clock) as wire:
        first, second = await wire.send(PUT), await wire.send(PUT)
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert second.code == "paused"
    assert len(server.heard) == 1
    assert jumping.time < 1100


async def many(wire: Wire, request: Request, count: int) -> list[Answer | Failure]:
    results: list[Answer | Failure] = []

    async def one() -> None:
        results.append(await wire.send(request))

    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(one)
    return results


async def test_fifty_waiting_requests_ask_for_one_token(serve: Start) -> None:
    issuer = Issuer()
    server = await serve(issuer)
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK) as wire:
        results = await many(wire, GET, 50)
    assert all(isinstance(result, Answer) for result in results)
    assert issuer.issued == 1
    assert (wire.stats.token_requests, wire.stats.sent) == (1, 50)


async def test_fifty_refused_requests_ask_for_one_new_token(serve: Start) -> None:
    issuer = Issuer()
    server = await serve(issuer)
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK) as wire:
        await wire.send(GET)
        issuer.good = set()
        results = await many(wire, GET, 50)
    assert all(isinstance(result, Answer) for result in results)
    assert issuer.issued == 2


async def test_a_token_that_never_suffices_is_renewed_once_not_for_ever(
    serve: Start,
) -> None:
    issuer = Issuer(accept=False)
    server = await serve(issuer)
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK) as wire:
        results = await many(wire, GET, 50)
    kinds = {result.kind for result in results if isinstance(result, Failure)}
    assert kinds == {FailureKind.FATAL}
    assert len(results) == 50
    assert issuer.issued == 2


async def test_an_expired_token_is_renewed_before_it_is_refused(
    serve: Start, jumping: Jumping
) -> None:
    issuer = Issuer(expires_in=3600)
    server = await serve(issuer)
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK, clock=jumping.clock) as wire:
        await wire.send(GET)
        jumping.time += 3500
        await wire.send(GET)
        assert issuer.issued == 1
        jumping.time += 45
        await wire.send(GET)
        assert issuer.issued == 2
    assert wire.stats.retried == 0


async def test_a_bearer_that_is_refused_is_not_tried_again(serve: Start) -> None:
    server = await serve(scripted([reply(401)]))
    services = {"api": Service("api", server.url, Bearer(Secret("t")))}
    async with Wire(services, QUICK) as wire:
        assert isinstance(await wire.send(GET), Failure)
    assert [heard.headers["authorization"] for heard in server.heard] == ["Bearer t"]


@pytest.mark.parametrize("status", [400, 401, 403, 302])
async def test_a_refusing_token_service_is_named_with_its_status(
    serve: Start, jumping: Jumping, status: int
) -> None:
    said = {"error": "invalid_client", "error_description": f"not {WORD}"}
    server = await serve(scripted([reply(status, said)]))
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK, clock=jumping.clock) as wire:
        with pytest.raises(TargetError, match=rf"api: .*{status}") as caught:
            await wire.send(GET)
    assert WORD not in caught.value.line()
    assert len(server.heard) == 1


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[]", b"{}"])
async def test_a_token_service_that_speaks_otherwise_is_named(
    serve: Start, body: bytes
) -> None:
    server = await serve(scripted([reply(200, body)]))
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK) as wire:
        with pytest.raises(TargetError, match="api: the token service"):
            await wire.send(GET)


async def test_a_token_service_that_wants_an_hour_of_peace_ends_the_run(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(503, retry_after="3600")]))
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK, clock=jumping.clock) as wire:
        with pytest.raises(TargetError, match="no token: 503"):
            await wire.send(GET)
    assert len(server.heard) == 1


async def test_a_token_service_in_trouble_is_asked_again(
    serve: Start, jumping: Jumping
) -> None:
    issuer = Issuer()
    troubles = [reply(503), None, reply(500)]

    async def handler(heard: Heard) -> bytes | None:
        return troubles.pop() if troubles else await issuer(heard)

    server = await serve(handler)
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK, clock=jumping.clock) as wire:
        assert isinstance(await wire.send(GET), Answer)
    assert wire.stats.token_requests == 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_no_credential_and_no_body_anywhere(
    serve: Start, status: int
) -> None:
    evil = await serve(scripted([reply(200)]))
    server = await serve(scripted([reply(status, location=evil.url + "/users")]))
    services = {"api": Service("api", server.url, Bearer(Secret("t")))}
    async with Wire(services, QUICK) as wire:
        failure = await wire.send(PUT)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.FATAL
    assert "not followed" in failure.message
    assert evil.connections == 0


async def test_a_token_redirect_takes_the_secret_nowhere(serve: Start) -> None:
    evil = await serve(scripted([reply(200, {"access_token": "x"})]))
    server = await serve(scripted([reply(307, location=evil.url)]))
    services = service(server.url, server.url + "/token")
    async with Wire(services, QUICK) as wire:
        with pytest.raises(TargetError):
            await wire.send(GET)
    assert evil.connections == 0


async def test_proxies_of_the_environment_are_not_used(
    serve: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = await serve(scripted([reply(200)]))
    server = await serve(scripted([reply(200)]))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, evil.url)
    async with Wire(service(server.url), QUICK) as wire:
        assert isinstance(await wire.send(GET), Answer)
    assert evil.connections == 0


async def test_a_path_to_another_host_is_never_sent(serve: Start) -> None:
    server = await serve(scripted([reply(200)]))
    async with Wire(service(server.url), QUICK) as wire:
        with pytest.raises(LocalError):
            await wire.send(Request("api", "GET", "//evil.example/users"))
        with pytest.raises(LocalError):
            await wire.send(Request("nobody", "GET", "/users"))
    assert not server.heard


def huge(compress: bool) -> bytes:
    body = b" " * (MAX_BODY + 1)
    if not compress:
        return reply(200, body)
    return reply(200, gzip.compress(body, 1, mtime=0), content_encoding="gzip")


@pytest.mark.parametrize("compress", [True, False])
async def test_a_body_beyond_the_limit_is_refused_and_not_asked_for_again(
    serve: Start, compress: bool
) -> None:
    server = await serve(scripted([huge(compress)]))
    async with Wire(service(server.url), QUICK) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.kind) == ("too_large", FailureKind.REJECT)
    assert len(server.heard) == 1


async def test_a_compressed_answer_is_read(serve: Start) -> None:
    packed = gzip.compress(b'{"users":[]}', mtime=0)
    server = await serve(scripted([reply(200, packed, content_encoding="gzip")]))
    async with Wire(service(server.url), QUICK) as wire:
        answer = await wire.send(GET)
    assert isinstance(answer, Answer)
    assert answer.body == b'{"users":[]}'


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "gzip", "damaged"),
        (b"not gzip at all", "gzip", "damaged"),
        (
            gzip.compress(gzip.compress(b"x", mtime=0), mtime=0),
            "gzip, gzip",
            "encoding",
        ),
        (b"x", "br", "encoding"),
    ],
)
async def test_a_badly_compressed_answer_is_a_failure(
    serve: Start, jumping: Jumping, body: bytes, encoding: str, code: str
) -> None:
    server = await serve(scripted([reply(200, body, content_encoding=encoding)]))
    async with Wire(service(server.url), QUICK, clock=jumping.clock) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert failure.code == code


async def test_a_half_sent_answer_is_a_failure(serve: Start) -> None:
    whole = reply(200, b"x" * 100)

    async def half(_heard: Heard) -> bytes:
        return whole.replace(b"content-length: 100", b"content-length: 90000")

    server = await serve(half)
    limits = Limits(1000, timeout=0.05, retries=0)
    async with Wire(service(server.url), limits) as wire:
        assert isinstance(await wire.send(GET), Failure)


@pytest.mark.parametrize("ceiling", [1, 5])
async def test_never_more_are_in_flight_than_the_ceiling(
    serve: Start, ceiling: int
) -> None:
    async def slow(_heard: Heard) -> bytes:
        await anyio.sleep(0.002)
        return reply(200)

    server = await serve(slow)
    limits = Limits(1000, burst=100, concurrency=ceiling)
    async with Wire(service(server.url), limits) as wire:
        await many(wire, GET, 60)
    assert server.most_at_once == ceiling
    assert server.connections == ceiling


async def test_the_caller_is_asked_once_and_before_the_first_bytes(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(500), reply(500), reply(200)]))
    heard_then: list[int] = []

    async def before() -> None:
        heard_then.append(len(server.heard))

    async with Wire(service(server.url), QUICK, clock=jumping.clock) as wire:
        await wire.send(PUT, before=before)
    assert heard_then == [0]


async def test_a_caller_that_fails_keeps_the_request_from_leaving(serve: Start) -> None:
    server = await serve(scripted([reply(200)]))

    async def before() -> None:
        message = "disk full"
        raise LocalError(message)

    async with Wire(service(server.url), Limits(1000, concurrency=1)) as wire:
        with pytest.raises(LocalError):
            await wire.send(PUT, before=before)
        assert isinstance(await wire.send(PUT), Answer)
    assert len(server.heard) == 1


async def test_a_token_that_a_server_repeats_is_not_repeated_by_us(
    serve: Start,
) -> None:
    server = await serve(scripted([reply(403, {"error": f"{WORD} is not allowed"})]))
    services = {"api": Service("api", server.url, Bearer(Secret(WORD)))}
    async with Wire(services, QUICK) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert failure.message == "*** is not allowed"
    assert WORD not in str(failure)


async def test_a_judge_may_refuse_a_200(serve: Start) -> None:
    server = await serve(scripted([reply(200, b"no")]))
    refused = Failure(FailureKind.REJECT, 200, "said_no", "")
    async with Wire(service(server.url), QUICK) as wire:
        result = await wire.send(PUT, judge=lambda _: refused)
    assert result == refused


async def test_a_halted_wire_sends_nothing_new(serve: Start) -> None:
    server = await serve(scripted([reply(200)]))
    async with Wire(service(server.url), QUICK) as wire:
        wire.halt("SIGTERM")
        failure = await wire.send(PUT)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.in_doubt) == (HALTED, False)
    assert wire.halted == "SIGTERM"
    assert not server.heard


async def test_a_halt_ends_every_wait_and_lets_those_in_flight_finish(
    serve: Start,
) -> None:
    go = anyio.Event()
    arrived = anyio.Event()

    async def slow(_heard: Heard) -> bytes:
        arrived.set()
        await go.wait()
        return reply(200)

    server = await serve(slow)
    results: list[Answer | Failure] = []

    async def one(wire: Wire) -> None:
        results.append(await wire.send(PUT))

    async with Wire(service(server.url), Limits(0.1, concurrency=3)) as wire:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(one, wire)
                await arrived.wait()
                wire.halt("SIGTERM")
                go.set()
    assert sum(isinstance(result, Answer) for result in results) == 1
    codes = [result.code for result in results if isinstance(result, Failure)]
    assert codes == [HALTED] * 9


async def test_a_signal_handler_may_halt_the_wire_from_outside_of_any_task(
    serve: Start,
) -> None:
    arrived = anyio.Event()

    async def slow(_heard: Heard) -> bytes:
        arrived.set()
        await anyio.sleep(0.05)
        return reply(200)

    server = await serve(slow)
    results: list[Answer | Failure] = []

    async def one(wire: Wire) -> None:
        results.append(await wire.send(PUT))

    async with Wire(service(server.url), Limits(0.1, concurrency=2)) as wire:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(one, wire)
                await arrived.wait()
                loop = asyncio.get_running_loop()
                loop.call_soon_threadsafe(wire.halt, "SIGTERM")
    assert sum(isinstance(result, Answer) for result in results) == 1
    assert len(server.heard) == 1


async def test_what_is_in_flight_too_long_after_a_halt_is_in_doubt(
    serve: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.wire.halt.DRAIN_SECONDS", 0.05)
    arrived = anyio.Event()

    async def never(_heard: Heard) -> bytes:
        arrived.set()
        await anyio.sleep_forever()
        raise AssertionError

    server = await serve(never)
    results: list[Answer | Failure] = []

    async def one(wire: Wire) -> None:
        results.append(await wire.send(PUT))

    async with Wire(service(server.url), QUICK) as wire:
        with anyio.fail_after(4):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one, wire)
                await arrived.wait()
                wire.halt("SIGTERM")
    [failure] = results
    assert isinstance(failure, Failure)
    assert (failure.code, failure.in_doubt) == (HALTED, True)


async def test_after_the_deadline_nothing_leaves(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(200)]))
    limits = Limits(1)
    wire = Wire(
        service(server.url), limits, clock=jumping.clock, deadline=Deadline(1002.5)
    )
    async with wire:
        results = [await wire.send(PUT) for _ in range(8)]
    assert sum(isinstance(result, Answer) for result in results) == 3
    assert len(server.heard) == 3
    assert wire.halted is not None
    assert "deadline" in wire.halted


async def test_a_wait_for_a_retry_ends_at_the_deadline(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(503, retry_after="200")]))
    wire = Wire(
        service(server.url), QUICK, clock=jumping.clock, deadline=Deadline(1002.5)
    )
    async with wire:
        failure = await wire.send(PUT)
    assert isinstance(failure, Failure)
    assert failure.code == HALTED
    assert jumping.time < 1010


async def test_a_cancelled_request_leaves_the_wire_usable(serve: Start) -> None:
    arrived = anyio.Event()
    sleepy = True

    async def handler(_heard: Heard) -> bytes:
        arrived.set()
        if sleepy:
            await anyio.sleep_forever()
        return reply(200)

    server = await serve(handler)
    async with Wire(service(server.url), Limits(1000, concurrency=1)) as wire:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wire.send, PUT)
            await arrived.wait()
            tasks.cancel_scope.cancel()
        sleepy = False
        with anyio.fail_after(5):
            assert isinstance(await wire.send(PUT), Answer)


async def test_the_timeline_counts_what_left_in_which_second(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(200), reply(429), reply(200)]))
    async with Wire(
        service(server.url), Limits(2, retries=0), clock=jumping.clock
    ) as wire:
        for _ in range(4):
            await wire.send(GET)
    assert sum(sent for _, sent, _ in wire.stats.timeline) == wire.stats.sent == 4
    assert sum(slow for _, _, slow in wire.stats.timeline) == 1
    assert [second for second, _, _ in wire.stats.timeline] == [0, 1]


async def test_logs_hold_no_query_no_body_no_identifier_and_no_secret(
    serve: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = await serve(Issuer())
    services = service(server.url, server.url + "/token")
    query = (("filter", "email='anna.smith@school.example'"),)
    body = {"givenName": "Annabella"}
    heard = io.StringIO()
    configure("debug", heard)
    try:
        async with Wire(services, QUICK) as wire:
            await wire.send(Request("api", "PUT", "/users/anna.smith", body, query))
    finally:
        configure()
    [line] = heard.getvalue().splitlines()
    assert "debug" in line
    for told in ('path="/users/{}"', "status=200", "attempt=1"):
        assert told in line
    everything = f"{line} {caplog.text}"
    for private in ("smith", "Annabella", WORD, "email"):
        assert private not in everything


@pytest.mark.parametrize("style", ["basic", "body"])
async def test_scopes_that_were_not_granted_are_known(
    serve: Start, style: Literal["basic", "body"]
) -> None:
    server = await serve(scripted([reply(200, {"access_token": "t", "scope": "read"})]))
    auth = ClientCredentials(
        server.url + "/token", "me", Secret(WORD), ("read", "write"), style
    )
    async with Wire({"api": Service("api", server.url, auth)}, QUICK) as wire:
        await wire.send(GET)
    assert wire.missing_scopes == {"api": ("write",)}


async def test_the_permitted_rate_is_used_and_not_passed(
    virtual: Virtual,
) -> None:
    left: list[float] = []

    def handler(_request: httpx.Request) -> httpx.Response:
        left.append(virtual.time)
        return httpx.Response(200)

    transport = httpx.MockTransport(handler)
    services = service("https://api.example")
    services |= {"twin": Service("twin", "https://API.example:443/other")}
    wire = Wire(services, Limits(20, 1, 8), transport=transport, clock=virtual.clock)

    async def all_of_it() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(many, wire, GET, 100)
            tasks.start_soon(many, wire, Request("twin", "GET", "/x"), 100)

    await virtual.run(all_of_it)
    assert len(left) == 200
    most = max(sum(1 for t in left if start <= t <= start + 1) for start in left)
    assert most <= 21
    assert left[-1] == pytest.approx(199 / 20, rel=0.01)
