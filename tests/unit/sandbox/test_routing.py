from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.sandbox.exchange import Call, Refusal, Reply, Route, Service
from sync.sandbox.routing import Router
from sync.sandbox.world import World


def _answer(_world: World, _call: Call) -> Reply:
    return Reply(200)


def _service(name: str, *routes: Route, slash: bool) -> Service:
    return Service(
        name=name,
        host=name,
        realm=name,
        prefixes=(f"/{name}",),
        routes=routes,
        error=lambda refusal: refusal.text,
        slash=slash,
    )


ROUTER = Router(
    (
        _service(
            "strict",
            Route("GET", "/strict/users", _answer, None),
            Route("GET", "/strict/users/{}", _answer, None),
            Route("PUT", "/strict/users/{}/agents/{}", _answer, None),
            slash=False,
        ),
        _service("loose", Route("GET", "/loose/users", _answer, None), slash=True),
    )
)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/strict/users", 200),
        ("GET", "/strict/users/", 404),
        ("GET", "/strict/users/a", 200),
        ("GET", "/strict/users/a/agents", 404),
        ("GET", "/strict/users/a/agents/b", 405),
        ("PUT", "/strict/users//agents/b", 404),
        ("GET", "/loose/users/", 200),
        ("GET", "/loose/users//", 404),
        ("GET", "/", 404),
        ("GET", "/elsewhere", 404),
    ],
)
def test_a_path_leads_where_its_segments_say(
    method: str, path: str, status: int
) -> None:
    assert ROUTER.match(method, path).status == status


@given(student=st.text(min_size=1), agent=st.text(min_size=1))
def test_any_id_comes_through_a_path_unchanged(student: str, agent: str) -> None:
    path = f"/strict/users/{quote(student, safe='')}/agents/{quote(agent, safe='')}"
    assert ROUTER.match("PUT", path).values == (student, agent)


def test_a_refusal_keeps_its_words() -> None:
    refusal = Refusal(404, "there is no x")
    assert (refusal.status, refusal.text) == (404, "there is no x")
