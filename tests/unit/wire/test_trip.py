from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal

import anyio
import httpx
import pytest

from sync.errors import LocalError
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Request
from sync.wire import Bearer, ClientCredentials, Limits, OAuth1, Secret, Service, Wire
from tests.unit.wire.test_signing import parameters

if TYPE_CHECKING:
    from tests.unit.wire.conftest import Heard, Jumping, Start, Virtual

pytestmark = pytest.mark.anyio

QUICK = Limits(requests_per_second=1000, burst=10, timeout=5.0)
GET = Request("api", "GET", "/users")
WORD = "hunter2-of-the-district"
REPLAYED = b"Duplicate timestamp/nonce combination, possible replay attack."


def consumer(method: Literal["PLAINTEXT", "HMAC-SHA1"] = "HMAC-SHA1") -> OAuth1:
    return OAuth1("us", Secret(WORD), method, "Schoology API", token_parameter=True)


def services(url: str, auth: OAuth1 | Bearer | None = None) -> dict[str, Service]:
    return {"api": Service("api", url, auth)}


def reply(status: int = 200, body: object = b"", **headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    lines = [f"HTTP/1.1 {status} X", *named, f"content-length: {len(raw)}", "", ""]
    return "\r\n".join(lines).encode() + raw


def scripted(
    answers: Sequence[bytes | None],
) -> Callable[[Heard], Awaitable[bytes | None]]:
    left = list(answers)

    async def handler(_heard: Heard) -> bytes | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return handler


def signed_with(heard: Sequence[Heard]) -> list[dict[str, str]]:
    return [parameters(one.headers["authorization"]) for one in heard]


# --- OAuth 1.0a on the way ---


async def test_every_try_is_signed_anew(serve: Start, jumping: Jumping) -> None:
    server = await serve(scripted([reply(500), None, reply(429), reply(200)]))
    there = services(server.url, consumer())
    async with Wire(there, QUICK, clock=jumping.clock) as wire:
        assert isinstance(await wire.send(GET), Answer)
    said = signed_with(server.heard)
    assert len(said) == 4
    assert len({one["oauth_nonce"] for one in said}) == 4
    assert len({one["oauth_signature"] for one in said}) == 4


async def test_a_request_is_signed_when_it_leaves_and_not_when_it_begins_to_wait(
    virtual: Virtual,
) -> None:
    said: list[tuple[float, int]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        stamp = parameters(request.headers["authorization"])["oauth_timestamp"]
        said.append((virtual.time, int(stamp)))
        return httpx.Response(200)

    clock = virtual.clock
    wire = Wire(
        services("https://api.example", consumer()),
        Limits(0.5, 1, 8),
        transport=httpx.MockTransport(handler),
        clock=type(clock)(
            now=clock.now, sleep=clock.sleep, wall=clock.now, chance=clock.chance
        ),
    )

    async def ten() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(wire.send, GET)

    await virtual.run(ten)
    assert len(said) == 10
    assert all(stamp == int(left) for left, stamp in said)
    assert said[-1][1] >= 17


async def test_services_of_one_consumer_share_one_clock(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(200)]))
    there = services(server.url, consumer())
    there |= {"twin": Service("twin", server.url, consumer())}
    async with Wire(there, QUICK, clock=jumping.clock) as wire:
        await wire.send(GET)
        jumping.time -= 100
        await wire.send(Request("twin", "GET", "/users"))
    stamps = [one["oauth_timestamp"] for one in signed_with(server.heard)]
    assert stamps[0] == stamps[1]


@pytest.mark.parametrize(
    "body",
    [
        REPLAYED,
        b"TIMESTAMP/NONCE used",
        b'{"error":"timestamp\\/nonce"}',
        b"oauth_timestamp runs backwards",
        b"The timestamp is older than that of an earlier request",
    ],
)
async def test_what_is_taken_for_a_copy_is_signed_anew_and_sent_again(
    serve: Start, jumping: Jumping, body: bytes
) -> None:
    server = await serve(scripted([reply(401, body)] * 3 + [reply(200)]))
    there = services(server.url, consumer())
    put = Request("api", "PUT", "/users/1", body={}, repeatable=False)
    async with Wire(there, Limits(1000, retries=0), clock=jumping.clock) as wire:
        assert isinstance(await wire.send(put), Answer)
    assert len({one["oauth_nonce"] for one in signed_with(server.heard)}) == 4
    assert jumping.slept.count(0.0) == 3


async def test_after_three_new_signatures_it_is_over(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(401, REPLAYED)]))
    there = services(server.url, consumer())
    async with Wire(there, QUICK, clock=jumping.clock) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.status) == (FailureKind.FATAL, 401)
    assert len(server.heard) == 4


@pytest.mark.parametrize(
    "text",
    [
        b"bad signature",
        b"",
        b"timestamp out of range",
        b"oauth_timestamp is too far from the server's clock",
        b"nonce missing",
    ],
)
async def test_any_other_401_of_a_signed_request_is_fatal_at_once(
    serve: Start, text: bytes
) -> None:
    server = await serve(scripted([reply(401, text)]))
    async with Wire(services(server.url, consumer()), QUICK) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.FATAL
    assert len(server.heard) == 1


async def test_without_oauth1_a_talk_of_nonces_is_a_refusal_like_any_other(
    serve: Start,
) -> None:
    server = await serve(scripted([reply(401, REPLAYED)]))
    there = services(server.url, Bearer(Secret("t")))
    async with Wire(there, QUICK) as wire:
        assert isinstance(await wire.send(GET), Failure)
    assert len(server.heard) == 1


@pytest.mark.parametrize("method", ["PLAINTEXT", "HMAC-SHA1"])
async def test_a_signature_that_a_server_repeats_is_not_repeated_by_us(
    serve: Start,
    caplog: pytest.LogCaptureFixture,
    method: Literal["PLAINTEXT", "HMAC-SHA1"],
) -> None:
    caplog.set_level(logging.DEBUG)

    async def echo(heard: Heard) -> bytes:
        header = heard.headers["authorization"]
        marks = parameters(header)["oauth_signature"]
        said = f"{marks} is wrong, secret {WORD}, you sent {header}"
        return reply(403, {"message": said})

    server = await serve(echo)
    async with Wire(services(server.url, consumer(method)), QUICK) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    [said] = signed_with(server.heard)
    shown = f"{failure} {caplog.text}"
    assert "is wrong" in failure.message
    assert WORD not in shown
    assert said["oauth_signature"] not in shown


async def test_a_secret_that_is_cut_at_the_end_of_a_message_is_hidden_too(
    serve: Start,
) -> None:
    server = await serve(scripted([reply(403, {"message": "x" * 285 + WORD})]))
    async with Wire(services(server.url, Bearer(Secret(WORD))), QUICK) as wire:
        failure = await wire.send(GET)
    assert isinstance(failure, Failure)
    assert failure.message == "x" * 285 + "***"


# --- tokens ---


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [("JWT", "JWT"), ("jwt", "JWT"), ("bearer", "Bearer"), (None, "Bearer")],
)
async def test_a_token_is_shown_as_the_kind_that_it_is(
    serve: Start, kind: str | None, scheme: str
) -> None:
    async def handler(heard: Heard) -> bytes:
        if heard.path == "/token":
            return reply(200, {"access_token": WORD, "token_type": kind})
        return reply(200, [])

    server = await serve(handler)
    auth = ClientCredentials(
        f"{server.url}/token", "me", Secret("s"), form=(("token_type", "jwt"),)
    )
    async with Wire({"api": Service("api", server.url, auth)}, QUICK) as wire:
        await wire.send(GET)
    assert b"grant_type=client_credentials&token_type=jwt" in server.heard[0].body
    assert server.heard[1].headers["authorization"] == f"{scheme} {WORD}"


async def test_one_service_alone_can_be_asked_for_its_token(serve: Start) -> None:
    server = await serve(scripted([reply(200, {"access_token": "t"})]))
    there = {
        name: Service(
            name,
            server.url,
            ClientCredentials(f"{server.url}/{name}", "me", Secret("s")),
        )
        for name in ("one", "other")
    }
    async with Wire(there, QUICK) as wire:
        await wire.authenticate("other")
    assert [heard.path for heard in server.heard] == ["/other"]


# --- headers and text ---


async def test_headers_of_a_request_take_the_place_of_the_common_ones(
    serve: Start,
) -> None:
    server = await serve(scripted([reply(200)]))
    request = Request(
        *("api", "POST", "/users", "<body>é</body>"),
        headers=(("ACCEPT", "text/xml"), ("content-type", "text/xml"), ("X-A", "b")),
    )
    async with Wire(services(server.url), QUICK) as wire:
        await wire.send(request)
    [heard] = server.heard
    assert heard.headers["accept"] == "text/xml"
    assert heard.headers["content-type"] == "text/xml"
    assert heard.headers["x-a"] == "b"
    assert heard.headers["user-agent"].startswith("roster-sync/")
    assert heard.body == "<body>é</body>".encode()
    assert heard.headers["content-length"] == str(len(heard.body))


@pytest.mark.parametrize(
    "header",
    [
        ("Authorization", "Bearer x"),
        ("HOST", "evil.example"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("X-A", "b\r\nAuthorization: c"),
        ("X A", "b"),
    ],
)
async def test_a_header_that_is_not_the_request_s_to_say_is_never_sent(
    serve: Start, header: tuple[str, str]
) -> None:
    server = await serve(scripted([reply(200)]))
    async with Wire(services(server.url), QUICK) as wire:
        with pytest.raises(LocalError):
            await wire.send(Request("api", "GET", "/users", headers=(header,)))
    assert not server.heard


async def test_a_text_without_its_type_is_a_defect(serve: Start) -> None:
    server = await serve(scripted([reply(200)]))
    async with Wire(services(server.url), QUICK) as wire:
        with pytest.raises(LocalError):
            await wire.send(Request("api", "POST", "/users", "a,b\n"))
    assert not server.heard


# --- redirects ---

ASKS = Request("api", "GET", "/users/me", query=(("a", "b c"),), follow=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["{url}/v1/users/7?x=1,2", "/v1/users/7?x=1,2"])
async def test_a_get_that_may_follow_is_asked_anew_with_its_own_signature(
    serve: Start, status: int, location: str
) -> None:
    answers = [reply(200, {"uid": "7"})]

    async def handler(heard: Heard) -> bytes:
        if heard.path.endswith("/me"):
            return reply(status, location=location.format(url=server.url))
        return answers[0]

    server = await serve(handler)
    async with Wire(services(f"{server.url}/v1", consumer()), QUICK) as wire:
        answer = await wire.send(ASKS)
    assert isinstance(answer, Answer)
    assert json.loads(answer.body) == {"uid": "7"}
    targets = [heard.target for heard in server.heard]
    assert targets == ["/v1/users/me?a=b%20c", "/v1/users/7?x=1,2"]
    assert len({one["oauth_nonce"] for one in signed_with(server.heard)}) == 2
    assert (wire.stats.sent, wire.stats.retried) == (2, 0)


@pytest.mark.parametrize(
    "location",
    [
        "{other}/v1/users/7",
        "//evil.example/v1/users/7",
        "https://127.0.0.1/v1/users/7",
        "{url}/v2/users/7",
        "{url}/v1x/users",
        "{url}/v1/../admin",
        "{url}/v1/%2e%2e/admin",
        "{url}/v1//users",
        "http://me@127.0.0.1/v1/users",
        "/v1/users/a b",
        "/v1/users/%zz",
        "\\\\evil.example/v1",
        "javascript:alert(1)",
        "http://[",
        "",
    ],
)
async def test_no_other_address_is_ever_asked(serve: Start, location: str) -> None:
    evil = await serve(scripted([reply(200)]))

    async def handler(_heard: Heard) -> bytes:
        return reply(303, location=location.format(url=server.url, other=evil.url))

    server = await serve(handler)
    async with Wire(services(f"{server.url}/v1", consumer()), QUICK) as wire:
        failure = await wire.send(ASKS)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.code) == (FailureKind.FATAL, "redirect")
    assert len(server.heard) == 1
    assert evil.connections == 0


async def test_a_redirect_without_a_place_is_a_failure(serve: Start) -> None:
    server = await serve(scripted([reply(303)]))
    async with Wire(services(server.url), QUICK) as wire:
        failure = await wire.send(ASKS)
    assert isinstance(failure, Failure)
    assert failure.code == "redirect"


@pytest.mark.parametrize(
    "request_",
    [
        Request("api", "PUT", "/users/me", body={}, follow=True),
        Request("api", "GET", "/users/me"),
    ],
)
async def test_a_write_follows_nowhere_and_a_read_only_where_it_says_so(
    serve: Start, request_: Request
) -> None:
    server = await serve(scripted([reply(303, location="/users/7")]))
    async with Wire(services(server.url), QUICK) as wire:
        failure = await wire.send(request_)
    assert isinstance(failure, Failure)
    assert failure.code == "redirect"
    assert len(server.heard) == 1


@pytest.mark.parametrize("status", [300, 304, 305])
async def test_other_statuses_of_their_kind_are_not_followed(
    serve: Start, status: int
) -> None:
    server = await serve(scripted([reply(status, location="/users/7")]))
    async with Wire(services(server.url), QUICK) as wire:
        assert isinstance(await wire.send(ASKS), Failure)
    assert len(server.heard) == 1


async def test_five_redirects_are_followed_and_no_more(serve: Start) -> None:
    server = await serve(scripted([reply(302, location="/users/me")]))
    async with Wire(services(server.url), QUICK) as wire:
        failure = await wire.send(ASKS)
    assert isinstance(failure, Failure)
    assert failure.code == "redirect"
    assert len(server.heard) == 6


async def test_trouble_at_the_new_address_is_tried_again_there(
    serve: Start, jumping: Jumping
) -> None:
    moved = reply(303, location="/users/7")
    server = await serve(scripted([moved, reply(503), reply(200)]))
    limits = Limits(1000, retries=1)
    async with Wire(services(server.url), limits, clock=jumping.clock) as wire:
        assert isinstance(await wire.send(ASKS), Answer)
    paths = [heard.path for heard in server.heard]
    assert paths == ["/users/me", "/users/7", "/users/7"]


async def test_http_on_the_same_host_means_the_scheme_that_is_configured() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path.endswith("/me"):
            place = "http://API.example/v1/users/7"
            return httpx.Response(303, headers={"location": place})
        return httpx.Response(200)

    there = services("https://api.example/v1", consumer())
    transport = httpx.MockTransport(handler)
    async with Wire(there, QUICK, transport=transport) as wire:
        assert isinstance(await wire.send(ASKS), Answer)
    assert asked[1] == "https://api.example/v1/users/7"


# --- the page that says too much was asked for ---

PAGES = [
    b"<html><body>You have hit the <b>request limit of 15 requests</b> per 5 seconds"
    b"</body></html>",
    b"Request limit of 1 request per 1 second reached",
]


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_that_says_too_often_counts_as_429(
    serve: Start, jumping: Jumping, page: bytes
) -> None:
    server = await serve(scripted([reply(200, page), reply(200, {"user": []})]))
    async with Wire(services(server.url), QUICK, clock=jumping.clock) as wire:
        answer = await wire.send(GET)
    assert isinstance(answer, Answer)
    assert json.loads(answer.body) == {"user": []}
    assert (wire.stats.retried, wire.stats.throttled) == (1, 1)


async def test_a_write_that_such_a_page_answers_had_no_effect(
    serve: Start, jumping: Jumping
) -> None:
    server = await serve(scripted([reply(200, PAGES[0])]))
    post = Request("api", "POST", "/users", body={}, repeatable=False)
    limits = Limits(1000, retries=1)
    async with Wire(services(server.url), limits, clock=jumping.clock) as wire:
        failure = await wire.send(post)
    assert isinstance(failure, Failure)
    assert (failure.status, failure.in_doubt) == (429, False)
    assert len(server.heard) == 2


@pytest.mark.parametrize(
    ("body", "accept"),
    [
        (json.dumps({"said": PAGES[1].decode()}).encode(), "application/json"),
        (b" [" + json.dumps(PAGES[1].decode()).encode() + b"]", "application/json"),
        (b"<result><name>" + PAGES[1] + b"</name></result>", "text/xml"),
        (b"<html>maintenance</html>", "application/json"),
    ],
)
async def test_data_and_other_pages_are_what_they_are(
    serve: Start, body: bytes, accept: str
) -> None:
    server = await serve(scripted([reply(200, body)]))
    request = Request("api", "GET", "/users", headers=(("Accept", accept),))
    async with Wire(services(server.url), QUICK) as wire:
        answer = await wire.send(request)
    assert isinstance(answer, Answer)
    assert answer.body == body
    assert len(server.heard) == 1
