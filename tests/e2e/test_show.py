"""``show``: what is in a plan, for people and for programs."""

from __future__ import annotations

import pytest

from sync.sandbox import Sandbox
from tests.support.before import Before
from tests.support.districts import district, with_cell, without_students
from tests.support.workspace import Workspace

PERSON = "stu-000002"


@pytest.fixture(scope="module")
def synced(
    before: Before, served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """One for all tests, which only look."""
    return before.again(tmp_path_factory.mktemp("synced"), served)


@pytest.fixture(scope="module")
def plan(synced: Workspace) -> str:
    """A new phone number, and a student who left."""
    synced.configure(guards={"removals": {"percent": 60}, "by_percent": 80})
    tables = with_cell(district(), "students", PERSON, phone="+1-617-555-0199")
    tables = without_students(tables, "stu-000003")
    path = synced.plan(synced.drop(tables, "next")).document["plan"]["path"]
    assert isinstance(path, str)
    return path


def test_show_json_has_the_documented_shape(synced: Workspace, plan: str) -> None:
    shown = synced.run("show", plan, "--json").document
    assert set(shown) == {
        *("digest", "id", "valid_until", "held", "guards", "operations"),
    }
    keys = {"id", "entity", "verb", "key", "phase", "fields", "needs", "reason"}
    assert all(set(one) == keys for one in shown["operations"])
    ids = {one["id"] for one in shown["operations"]}
    assert all(ids.issuperset(one["needs"]) for one in shown["operations"])
    (update,) = (one for one in shown["operations"] if one["verb"] == "update")
    assert update["fields"] == {
        "phone": {
            "before": district().students.filter(sourcedId=PERSON)["phone"].item()
            or None,
            "after": "+1-617-555-0199",
        }
    }


def test_operations_come_in_the_order_of_their_phases(
    synced: Workspace, plan: str
) -> None:
    shown = synced.run("show", plan, "--json").document["operations"]
    phases = [one["phase"] for one in shown]
    assert phases == sorted(phases)
    removed = [one["entity"] for one in shown if one["verb"] == "remove"]
    assert removed[-1] == "students"
    assert set(removed) == {"students", "agents", "enrollments"}


def test_show_requests_json_has_the_documented_shape(
    synced: Workspace, plan: str
) -> None:
    shown = synced.run("show", plan, "--requests", "--json").document
    operations = synced.run("show", plan, "--json").document["operations"]
    assert set(shown) == {"digest", "requests"}
    keys = {"n", "phase", "method", "path", "body", "operations"}
    assert all(set(one) == keys for one in shown["requests"])
    numbers = [one["n"] for one in shown["requests"]]
    assert numbers == list(range(1, len(numbers) + 1))
    named = [one for request in shown["requests"] for one in request["operations"]]
    assert sorted(named) == sorted(one["id"] for one in operations)
    assert all(one["path"].startswith("/") for one in shown["requests"])


def test_show_of_one_entity_shows_only_that(synced: Workspace, plan: str) -> None:
    shown = synced.run("show", plan, "--entity", "agents", "--json").document
    assert {one["entity"] for one in shown["operations"]} == {"agents"}
    requests = synced.run("show", plan, "--entity", "agents", "--requests", "--json")
    assert all("/agents/" in one["path"] for one in requests.document["requests"])


def test_show_of_one_entity_tells_people_of_only_that(
    synced: Workspace, plan: str
) -> None:
    whole, part = (
        synced.run("show", plan),
        synced.run("show", plan, "--entity", "users"),
    )
    assert PERSON in whole.out
    assert (part.code, PERSON in part.out) == (0, False)
    assert not any(f"{name}, " in part.out for name in ("students", "agents"))
    links = synced.run("show", plan, "--entity", "agents").out
    assert "agents, remove" in links
    assert "students, " not in links


def test_show_of_an_unknown_entity_ends_with_2(synced: Workspace, plan: str) -> None:
    assert synced.run("show", plan, "--entity", "pupils", "--json").code == 2


def test_show_for_people_names_the_field_and_masks_the_number(
    synced: Workspace, plan: str
) -> None:
    shown = synced.run("show", plan)
    assert shown.code == 0
    assert "…99" in shown.out
    assert "phone" in shown.out


def test_show_requests_for_people_has_one_line_for_each(
    synced: Workspace, plan: str
) -> None:
    told = synced.run("show", plan, "--requests").out.splitlines()
    shown = synced.run("show", plan, "--requests", "--json").document["requests"]
    assert len(told) == len(shown)
    assert "PUT /rostering/1.0/students" in told[0]
