from __future__ import annotations

from types import SimpleNamespace

import pytest

from sync.sandbox import SandboxSettings, openedx_gate
from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.openedx_gate import EMPTY, HTML, MESSAGE, render, throttled
from sync.sandbox.world import World

CALL = Call("GET", "/", "", [], b"")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(openedx_gate, "time", SimpleNamespace(time=lambda: now[0]))
    return now


def test_the_throttle_slides_and_refused_calls_do_not_count(
    clock: list[float],
) -> None:
    world = World(SandboxSettings(openedx_per_minute=2))
    handler = throttled(lambda _world, _call: Reply(200))

    def call(at: float) -> tuple[int, tuple[tuple[bytes, bytes], ...]]:
        clock[0] = 1000.0 + at
        reply = handler(world, CALL)
        assert isinstance(reply, Reply)
        return reply.status, reply.headers

    assert [call(0), call(20)] == [(200, ()), (200, ())]
    assert call(30) == (429, ((b"retry-after", b"30"),))
    assert call(59.5) == (429, ((b"retry-after", b"1"),))
    assert [call(60)[0], call(61)[0], call(80)[0]] == [200, 429, 200]
    world.reset()
    assert [call(81)[0], call(81)[0]] == [200, 200]
    world.store.close()


@pytest.mark.parametrize(
    ("refusal", "kind", "body"),
    [
        (Refusal(404, "Not found."), b"json", b'{"detail":"Not found."}'),
        (Refusal(404, "x", minor=EMPTY), b"json", b""),
        (Refusal(406, "no user", minor=MESSAGE), b"json", b'{"message":"no user"}'),
        (
            Refusal(400, "x", details=({"courses": "bad"}, {"action": "worse"})),
            b"json",
            b'{"courses":["bad"],"action":["worse"]}',
        ),
    ],
)
def test_a_refusal_has_the_words_of_its_api(
    refusal: Refusal, kind: bytes, body: bytes
) -> None:
    world = World(SandboxSettings())
    reply = render(world, CALL, refusal)
    assert (reply.status, reply.body) == (refusal.status, body)
    assert kind in reply.content_type
    world.store.close()


@pytest.mark.parametrize("refusal", [Refusal(404, "x", minor=HTML), Refusal(503, "x")])
def test_pages_are_html(refusal: Refusal) -> None:
    world = World(SandboxSettings())
    reply = render(world, CALL, refusal)
    assert (reply.status, reply.content_type) == (refusal.status, b"text/html")
    world.store.close()
