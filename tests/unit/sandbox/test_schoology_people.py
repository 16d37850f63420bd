from __future__ import annotations

import httpx
import pytest

from sync.sandbox import Sandbox
from tests.support.schoology import client, small_school


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    sandbox.load(small_school())
    return client(sandbox, pool)


def test_users_are_the_active_ones(schoology: httpx.Client) -> None:
    page = schoology.get("users").json()
    assert [user["uid"] for user in page["user"]] == ["7001", "7002", "7003"]
    assert page["total"] == 3
    first = page["user"][0]
    assert (first["id"], first["school_uid"], first["name_first"]) == (
        7001,
        "S-17",
        "Ada",
    )


def test_users_who_are_not_active_stand_in_a_list_of_their_own(
    schoology: httpx.Client,
) -> None:
    page = schoology.get("users/inactive").json()
    assert [user["uid"] for user in page["user"]] == ["7009"]


def test_users_are_found_by_their_sis_ids(schoology: httpx.Client) -> None:
    page = schoology.get("users", params={"school_uids": "S-17,T-1,S-99,nobody"}).json()
    assert [user["school_uid"] for user in page["user"]] == ["S-17", "T-1"]
    assert page["total"] == 2


def test_users_are_found_by_building(sandbox: Sandbox, schoology: httpx.Client) -> None:
    user = {"uid": 7004, "school_uid": "S-20", "building_id": "102"}
    sandbox.load({"schoology": {"users": [user]}})
    page = schoology.get("users?building_id=102").json()
    assert [user["school_uid"] for user in page["user"]] == ["S-20"]


@pytest.mark.parametrize(
    "path", ["users/7777", "users/7009", "users/x", "users/ext/S-99"]
)
def test_other_users_are_not_there(schoology: httpx.Client, path: str) -> None:
    assert schoology.get(path).status_code == 404


def test_an_sis_id_with_a_slash_and_a_comma_is_found(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    user = {"uid": 7004, "school_uid": "S/20,b"}
    sandbox.load({"schoology": {"users": [user]}})
    answer = schoology.get("users/ext/S%2F20%2Cb")
    assert (answer.status_code, answer.headers["location"][-4:]) == (303, "7004")


def test_the_owner_of_the_key_is_there_even_when_no_document_has_him(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    answer = schoology.get("users/me")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{sandbox.url}/v1/users/1",
    )
    assert schoology.get("users/1").json()["name_last"] == "Administrator"
    sandbox.configure(schoology_owner=7003)
    place = schoology.get("users/me").headers["location"]
    assert schoology.get(place).json()["school_uid"] == "T-1"


def test_roles_are_those_of_the_document_or_the_usual_ones(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    usual = schoology.get("roles").json()
    assert [role["faculty"] for role in usual["role"]] == [1, 1, 0, 0]
    role = {"id": "8", "title": "Aide", "faculty": 1}
    sandbox.load({"schoology": {"roles": [role]}})
    assert [role["id"] for role in schoology.get("roles").json()["role"]] == [8]
    assert schoology.get("roles?start=1").json() == {"role": [], "total": 1}
