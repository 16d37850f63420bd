"""Nights on which only what has changed is read, from a server that tells it."""

from __future__ import annotations

import json
import shutil

import httpx
import pytest

from tests.e2e.test_oneroster_rest import (
    ROOTS,
    SAMPLE,
    Make,
    Night,
    night,
    operations,
)
from tests.support.workspace import TARGET

__all__ = ["night"]

CREDENTIALS = {
    "client_id": "sandbox-oneroster",
    "client_secret": "sandbox-oneroster-secret",
}
LISTS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


def read(made: Night) -> dict[str, bool]:
    """Which lists were read since the last look, and whether by changes alone."""
    found = {}
    for line in made.sent("GET"):
        name = line.split("?")[0].split("/")[-1]
        if name in LISTS and "limit=1&" not in line:
            found[name] = "dateLastModified" in line
    made.sandbox.clear_requests()
    return found


def delete(made: Night, path: str) -> None:
    """Take a record away, as somebody else would."""
    url = made.sandbox.url
    form = {"grant_type": "client_credentials", **CREDENTIALS}
    token = httpx.post(f"{url}/oauth2/token", data=form).json()["access_token"]
    gone = httpx.delete(
        f"{url}{ROOTS['1.2']}/{path}", headers={"Authorization": f"Bearer {token}"}
    )
    assert gone.status_code == 204


def synced(night: Make, **keys: object) -> Night:
    made = night(**keys)
    first = made.sync(made.drop(name="first"))
    assert (first.code, first.document["converged"]) == (0, True), first.err
    made.sandbox.clear_requests()
    return made


def test_the_second_night_reads_changes_and_finds_nothing(night: Make) -> None:
    made = synced(night)
    again = made.sync(made.drop(name="second"))
    assert (again.code, operations(again)) == (0, 0), again.err
    assert read(made) == dict.fromkeys(LISTS, True)
    kept = {e: one["remote"]["total"] for e, one in again.document["entities"].items()}
    assert kept["students"] == 2
    assert kept["enrollments"] > 0


def test_what_others_changed_since_is_seen(night: Make) -> None:
    made = synced(night)
    student = made.held("users")["s1"]
    made.sandbox.load({"users": [student | {"givenName": "Somebody"}]})
    again = made.sync(made.drop(name="second"))
    assert (again.code, operations(again)) == (0, 1), again.err
    assert made.held("users")["s1"]["givenName"] == student["givenName"]


@pytest.mark.parametrize(
    ("leave", "singly"),
    [
        pytest.param(1, True, id="few"),
        pytest.param(30, False, id="many", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("gone", [False, True], ids=["there", "gone already"])
def test_what_would_be_ended_is_read_in_this_run(
    night: Make, gone: bool, leave: int, singly: bool
) -> None:
    made = night(guards={"removals": {"percent": 100}, "by": []})
    drop = made.workspace.folder / "drop"
    shutil.copytree(SAMPLE, drop)
    for _ in range(2):  # the second reads what the first has written
        assert made.sync(drop).code == 0
    file = drop / "enrollments.csv"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    # Not its last rows: a file without them may have been cut off.
    file.write_text("".join([*lines[: -leave - 2], *lines[-2:]]), "utf-8")
    left = lines[-3].split(",")[0].strip('"')
    if gone:  # somebody else took it away, and lists of changes do not tell
        made.sandbox.configure(oneroster_delete="hard")
        delete(made, f"enrollments/{left}")
    made.sandbox.clear_requests()
    last = made.sync(drop)
    assert last.code == 0, last.err
    assert operations(last) == leave - gone
    assert f"GET /enrollments/{left}" in made.sent("GET") or not singly
    assert read(made)["enrollments"] is singly
    held = made.held("enrollments")
    assert gone or held[left]["status"] == "tobedeleted"
    assert made.sync(drop).document["entities"]["enrollments"]["diff"]["create"] == 0


def test_everything_is_read_when_the_last_whole_read_is_old(night: Make) -> None:
    made = synced(night)
    current = made.workspace.state / "mirrors" / TARGET / "current.json"
    facts = json.loads(current.read_bytes())
    facts["read_whole_at"] = "2026-01-01T00:00:00+00:00"
    current.write_text(json.dumps(facts))
    again = made.sync(made.drop(name="second"))
    assert (again.code, operations(again)) == (0, 0)
    assert read(made) == dict.fromkeys(LISTS, False)
