"""Lists that lie without a contradiction, and answers that name other records."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.bench import Liar
from tests.e2e.test_oneroster_rest import Make, night, operations
from tests.support.small import row
from tests.support.workspace import Workspace

__all__ = ["night"]


WHOLE = 30


def leaves_out(collection: str, key: str) -> Callable[[bytes], bytes]:
    """A list without one record, and with a total that agrees."""

    def lie(content: bytes) -> bytes:
        try:
            body = json.loads(content)
        except ValueError:
            return content
        if not isinstance(body, dict) or not isinstance(body.get(collection), list):
            return content
        whole = body[collection]
        if len(whole) < WHOLE:  # somebody's own list, asked for by a filter
            return content
        body[collection] = [one for one in whole if one["sourcedId"] != key]
        if "totalCount" in body:
            body["totalCount"] -= 1
        return json.dumps(body).encode()

    return lie


def through(workspace: Workspace, url: str) -> None:
    """Let the api be asked through a proxy."""
    workspace.configure(api={"url": url, "token_url": f"{url}/oauth2/token"})


@pytest.mark.parametrize("collection", ["users", "enrollments"])
def test_what_a_list_leaves_out_is_neither_made_again_nor_overwritten(
    workspace: Workspace, collection: str
) -> None:
    workspace.sandbox.configure(total_header=False)
    assert workspace.sync(workspace.drop()).code == 0
    before = workspace.sandbox.dump()
    key = before[collection][0]["sourcedId"]
    with Liar(workspace.sandbox.url, leaves_out(collection, key)) as proxy:
        through(workspace, proxy.url)
        ended = workspace.sync(workspace.drop())
    assert ended.code == 5, ended.err
    assert any("leaves out" in note for note in ended.document["notes"])
    after = workspace.sandbox.dump()
    assert after[collection] == before[collection]
    workspace.configure()
    healed = workspace.sync(workspace.drop())
    assert (healed.code, operations(healed)) == (0, 0)


def test_a_create_answered_with_the_id_of_a_stranger_touches_nothing_of_his(
    night: Make,
) -> None:
    made = night(entities=["students", "users", "enrollments"])
    made.sandbox.load({"orgs": [ORG, SCHOOL], "users": [STRANGER]})
    real = json.dumps({"sourcedIdPairs": {"allocatedSourcedId": "x9"}}).encode()

    def stolen(content: bytes) -> bytes:
        return real if b"allocatedSourcedId" in content else content

    with Liar(made.sandbox.url, lambda content: content) as proxy:
        steal(proxy, stolen)
        made.configure(
            entities=["students"],
            url=proxy.url + "/ims/oneroster/rostering/v1p2",
            token_url=f"{proxy.url}/oauth2/token",
        )
        ended = made.sync(made.drop(row("students", THIRD), name="drop"))
    assert ended.code in {1, 4, 5}, ended.err
    assert made.held("users")["x9"]["givenName"] == "Xenia"
    assert "id_of_another_person" in reasons(made.workspace, ended.document["run"])


def steal(proxy: Liar, answered: Callable[[bytes], bytes]) -> None:
    """Rewrite what is answered to creations."""
    lying: Any = proxy._server.RequestHandlerClass
    honest = lying.forwarded

    def forwarded(handler: Any, body: bytes) -> tuple[int, list[Any], bytes]:
        status, headers, content = honest(handler, body)
        posts = handler.command == "POST" and "token" not in handler.path
        return status, headers, answered(content) if posts else content

    lying.forwarded = forwarded


def reasons(workspace: Workspace, run: str) -> str:
    return (workspace.state / "runs" / run / "operations.csv").read_text("utf-8")


ORG = {"sourcedId": "o1", "name": "North Valley", "type": "district"}
SCHOOL = {
    "sourcedId": "o2",
    "name": "South Hill",
    "type": "school",
    "parent": {"sourcedId": "o1"},
}
STRANGER = {
    "sourcedId": "x9",
    "username": "xenia",
    "enabledUser": "true",
    "givenName": "Xenia",
    "familyName": "Stranger",
    "roles": [{"roleType": "primary", "role": "student", "org": {"sourcedId": "o2"}}],
}
THIRD = "s3,active,cyd3,true,Cyd,Dole,o2,09,,,,,"
