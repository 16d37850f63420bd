from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.sandbox import DocumentError, Sandbox, SandboxSettings

LINK = {
    "studentSourcedId": "s1",
    "agentId": "a/1",
    "agentSourcedId": "p1",
    "relationshipType": "aunt",
}


def test_loading_a_dump_elsewhere_gives_the_same_dump(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    edubridge.post("/enroll/w1/k1/o1")
    sandbox.load(
        {
            "agents": [LINK],
            "demographics": [{"sourcedId": "s1", "birthDate": "2015-12-31"}],
            "races": [{"course": "k1", "school": "o1", "count": 2}],
        }
    )
    document = sandbox.dump()
    sandbox.reset()
    counts = sandbox.load(document)
    assert sandbox.dump() == document
    assert counts["users"] == 3


def test_a_dump_is_sorted_by_id_whatever_the_order_of_loading(
    sandbox: Sandbox,
) -> None:
    document = sandbox.dump()
    sandbox.reset()
    lists = {name: rows for name, rows in document.items() if isinstance(rows, list)}
    backwards = {name: rows[::-1] for name, rows in lists.items()}
    sandbox.load(backwards)
    assert sandbox.dump() == document


def test_loading_merges_and_replaces_by_id(sandbox: Sandbox) -> None:
    sandbox.load({"orgs": [{"sourcedId": "o1", "name": "New"}, {"sourcedId": "o9"}]})
    names = {org["sourcedId"]: org["name"] for org in sandbox.dump()["orgs"]}
    assert names == {"d1": "District", "o1": "New", "o9": ""}
    assert len(sandbox.dump()["users"]) == 3


def test_a_dump_over_http_is_the_same_document(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    document = everyone.get("/_sandbox/dump").json()
    assert document == sandbox.dump()
    assert everyone.post("/_sandbox/load", json=document).status_code == 200


def test_agents_inside_a_user_become_links(sandbox: Sandbox) -> None:
    student: dict[str, Any] = {"sourcedId": "s1", "agents": [{"sourcedId": "p1"}]}
    sandbox.load({"users": [student]})
    [link] = sandbox.dump()["agents"]
    assert (link["agentId"], link["relationshipType"]) == ("p1", None)
    assert "agents" not in sandbox.dump()["users"][1]


def test_a_link_of_the_document_is_not_made_a_second_time(sandbox: Sandbox) -> None:
    student: dict[str, Any] = {"sourcedId": "s1", "agents": [{"sourcedId": "p1"}]}
    sandbox.load({"users": [student], "agents": [LINK]})
    assert sandbox.dump()["agents"] == [LINK]


def test_the_platforms_status_of_a_person_is_kept(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.load({"users": [{"sourcedId": "s9", "status": "inactive"}]})
    assert platform.get("/users/s9").json()["user"]["status"] == "inactive"


def test_a_refused_document_changes_nothing(sandbox: Sandbox) -> None:
    before = sandbox.dump()
    with pytest.raises(DocumentError, match=r"users\[1\] has no sourcedId"):
        sandbox.load({"orgs": [{"sourcedId": "o9"}], "users": [{"sourcedId": "a"}, {}]})
    assert sandbox.dump() == before


@pytest.mark.parametrize("name", ["sandbox.db", ""])
def test_a_file_outlives_the_process_and_is_private(tmp_path: Path, name: str) -> None:
    settings = SandboxSettings(data=tmp_path / name)
    with Sandbox(settings) as first:
        first.load({"orgs": [{"sourcedId": "o1", "name": "School"}]})
        document = first.dump()
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    with Sandbox(settings) as second:
        assert second.dump() == document
