"""A Schoology that knows a district's people and classes, and one who may ask it.

The signer is written from RFC 5849 and shares no code with the sandbox.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx

from sync.samples import SchoologyDocument, Tables
from sync.samples import schoology_document as sample
from sync.sandbox import Sandbox

KEY = "sandbox-schoology"
SECRET = "sandbox-schoology-secret"  # noqa: S105 - of no use elsewhere
_NONCES = itertools.count()


def schoology_document(tables: Tables) -> SchoologyDocument:
    """The document of a sample district, whose grading periods are never over."""
    document = sample(tables)
    for period in document["schoology"]["grading_periods"]:
        period["end"] = ""
    return document


def encoded(text: str) -> str:
    """Percent-encode as RFC 5849 section 3.6 wants it."""
    return quote(text, safe="~")


def signature(method: str, url: str, said: dict[str, str], secret: str = SECRET) -> str:
    """The HMAC-SHA1 of a request without a form: RFC 5849 section 3.4.2."""
    address, _, query = url.partition("?")
    pairs = [*parse_qsl(query, keep_blank_values=True), *said.items()]
    normal = "&".join(
        f"{name}={value}"
        for name, value in sorted((encoded(n), encoded(v)) for n, v in pairs)
    )
    base = "&".join([method, encoded(address), encoded(normal)])
    key = f"{encoded(secret)}&"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def header(said: dict[str, str], proof: str, realm: str = "Schoology API") -> str:
    """The text of an Authorization header."""
    parts = {**said, "oauth_signature": proof}.items()
    return f'OAuth realm="{realm}",' + ",".join(f'{n}="{encoded(v)}"' for n, v in parts)


def facts(**changes: str) -> dict[str, str]:
    """What a signed header says, of this moment and with a nonce of its own."""
    return {
        "oauth_consumer_key": KEY,
        "oauth_token": "",
        "oauth_nonce": f"nonce{next(_NONCES)}",
        "oauth_timestamp": str(int(time.time())),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_version": "1.0",
        **changes,
    }


class Signed(httpx.Auth):
    """Signs every request anew."""

    def __init__(self, method: str = "HMAC-SHA1") -> None:
        self._method = method

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        said = facts(oauth_signature_method=self._method)
        proof = f"{encoded(SECRET)}&"
        if self._method == "HMAC-SHA1":
            proof = signature(request.method, str(request.url), said)
        request.headers["Authorization"] = header(said, proof)
        yield request


def client(
    sandbox: Sandbox, pool: httpx.BaseTransport, accept: str = "application/json"
) -> httpx.Client:
    """Somebody with the key of the sandbox; redirects are not followed."""
    return httpx.Client(
        base_url=f"{sandbox.url}/v1",
        headers={"Accept": accept},
        auth=Signed(),
        transport=pool,
    )


def small_school(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    """Two sections of a course, a group and four people, one of them in a section."""
    return {
        "schoology": {
            "users": [
                {"uid": "7001", "school_uid": "S-17", "name_first": "Ada"},
                {"uid": "7002", "school_uid": "S-18", "name_last": "Ruiz"},
                {"uid": "7003", "school_uid": "T-1", "name_first": "Mr."},
                {"uid": "7009", "school_uid": "S-99", "active": 0},
            ],
            "courses": [{"id": "41", "course_code": "MATH7", "title": "Mathematics"}],
            "sections": [
                {
                    "id": "55",
                    "course_id": "41",
                    "section_code": "A",
                    "section_school_code": "2026-MATH7-A",
                    "title": "First hour",
                    "grading_periods": ["13", "14"],
                    "access_code": "ABCDE-FGHIJ",
                },
                {
                    "id": "56",
                    "course_id": "41",
                    "section_code": "B",
                    "section_school_code": "2026-MATH7-B",
                    "title": "Second hour",
                    "grading_periods": ["13"],
                },
            ],
            "groups": [{"id": "9", "title": "Chess", "group_code": "chess"}],
            "grading_periods": [
                {"id": "13", "title": "Fall", "start": "2026-08-01", "end": ""},
                {"id": "14", "title": "Spring", "start": "2027-01-01", "end": ""},
                {
                    "id": "15",
                    "title": "Past",
                    "start": "2001-01-01",
                    "end": "2001-06-01",
                },
            ],
            "enrollments": [member("900", "7001")],
            **lists,
        }
    }


def member(key: str, uid: str, **changes: Any) -> dict[str, Any]:
    """An enrollment as documents have it: an active member of section 55."""
    return {
        "id": key,
        "realm": "section",
        "realm_id": "55",
        "uid": uid,
        "admin": 0,
        "status": 1,
        **changes,
    }


def held(sandbox: Sandbox) -> list[tuple[str, str, str, int, int]]:
    """All enrollments: realm, its id, uid, admin, status; by id."""
    return [
        (e["realm"], e["realm_id"], e["uid"], e["admin"], e["status"])
        for e in sandbox.dump()["schoology"]["enrollments"]
    ]


def wrapped(*items: dict[str, Any]) -> dict[str, Any]:
    """The body of a bulk call."""
    return {"enrollments": {"enrollment": list(items)}}
