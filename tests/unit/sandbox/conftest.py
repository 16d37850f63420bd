from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox

SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster."


def person(key: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "sourcedId": key,
        "givenName": key.upper(),
        "familyName": "Doe",
        "email": f"{key}@school.example",
        "primaryOrg": {"sourcedId": "o1"},
        "roles": [{"roleType": "primary", "role": role, "org": {"sourcedId": "o1"}}],
        **more,
    }


def school() -> dict[str, Any]:
    """One school with a course, a class, a student, a parent and a teacher."""
    return {
        "orgs": [
            {"sourcedId": "d1", "name": "District", "type": "district"},
            {"sourcedId": "o1", "name": "School", "type": "school"},
        ],
        "academicSessions": [{"sourcedId": "t1", "title": "Fall", "type": "term"}],
        "courses": [{"sourcedId": "k1", "title": "Algebra"}],
        "classes": [
            {
                "sourcedId": "c1",
                "title": "Algebra 1",
                "course": {"sourcedId": "k1"},
                "school": {"sourcedId": "o1"},
                "terms": [{"sourcedId": "t1"}],
            }
        ],
        "users": [
            person("s1", "student", grades=["5"]),
            person("p1", "parent"),
            person("w1", "teacher"),
        ],
        "enrollments": [
            {
                "sourcedId": "e1",
                "role": "student",
                "user": {"sourcedId": "s1"},
                "class": {"sourcedId": "c1"},
            }
        ],
    }


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    running.reset()
    running.load(school())
    yield running
    running.reset()


@pytest.fixture(scope="session")
def visitor(running: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def platform_token(visitor: httpx.Client) -> str:
    answer = visitor.post(
        "/auth/1.0/token",
        auth=("sandbox-platform", "sandbox-platform-secret"),
        data={
            "grant_type": "client_credentials",
            "scope": f"{SCOPE}createput {SCOPE}readonly",
        },
    )
    return str(answer.json()["access_token"])


@pytest.fixture(scope="session")
def api_token(visitor: httpx.Client) -> str:
    answer = visitor.post(
        "/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": "sandbox-api",
            "client_secret": "sandbox-api-secret",
        },
    )
    return str(answer.json()["access_token"])


@pytest.fixture(scope="session")
def oneroster_token(visitor: httpx.Client) -> str:
    """A token of the client of plain OneRoster, with every scope there is."""
    answer = visitor.post(
        "/oauth2/token",
        auth=("sandbox-oneroster", "sandbox-oneroster-secret"),
        data={"grant_type": "client_credentials"},
    )
    return str(answer.json()["access_token"])


@pytest.fixture
def everyone(sandbox: Sandbox, visitor: httpx.Client) -> httpx.Client:
    """A client without a token."""
    visitor.base_url = httpx.URL(sandbox.url)
    return visitor


@pytest.fixture(scope="session")
def pool() -> Iterator[httpx.HTTPTransport]:
    """One transport for all clients: making one takes longer than most tests."""
    with httpx.HTTPTransport(trust_env=False) as transport:
        yield transport


def _client(pool: httpx.HTTPTransport, root: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=root, headers=headers, transport=pool)


@pytest.fixture
def platform(
    sandbox: Sandbox, pool: httpx.HTTPTransport, platform_token: str
) -> httpx.Client:
    return _client(pool, f"{sandbox.url}/rostering/1.0", platform_token)


@pytest.fixture
def api(sandbox: Sandbox, pool: httpx.HTTPTransport, api_token: str) -> httpx.Client:
    root = f"{sandbox.url}/ims/oneroster/rostering/v1p2"
    return _client(pool, root, api_token)


@pytest.fixture
def edubridge(
    sandbox: Sandbox, pool: httpx.HTTPTransport, api_token: str
) -> httpx.Client:
    return _client(pool, f"{sandbox.url}/edubridge/enrollments", api_token)
