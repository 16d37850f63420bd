"""``ping``: what a target answers, what is not permitted, and what to do about it."""

from __future__ import annotations

import time
import tomllib
from functools import partial
from typing import Any

import pytest

from sync.wire import Clock
from tests.support.workspace import TARGET, Workspace

SCOPES = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
API_SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
READ, WRITE = f"{SCOPES}roster.readonly", f"{SCOPES}roster.createput"
NOWHERE = "http://127.0.0.1:1"
OTHER = "a-word-that-nobody-knows"


@pytest.fixture
def asked(workspace: Workspace) -> Workspace:
    """A target that holds a district's schools and people."""
    workspace.fill(people=True)
    workspace.sandbox.clear_requests()
    return workspace


def one(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = document["targets"]
    assert isinstance(found, dict)
    return found


def test_a_target_that_answers_shows_how_big_its_roster_is(asked: Workspace) -> None:
    ended = asked.run("ping", "--target", TARGET)
    assert ended.code == 0
    assert "clocks agree" in ended.out
    assert ended.err == ""
    found = asked.run("ping", "--target", TARGET, "--json").document
    assert (found["format"], found["exit_code"]) == (1, 0)
    held = {
        name: len(rows)
        for name, rows in asked.sandbox.dump().items()
        if isinstance(rows, list)
    }
    for listed in one(found)["lists"]:
        if listed["service"] == "api":
            assert listed["records"] == held[listed["list"]]
        assert (listed["status"], listed["exact"]) == (200, True)
        assert f"{listed['records']:,}" in ended.out
    assert [each["access"] for each in one(found)["services"]] == ["token", "token"]


def test_it_reads_one_page_of_each_list_and_leaves_nothing_behind(
    asked: Workspace,
) -> None:
    before = asked.sandbox.dump()
    assert asked.run("ping", "--target", TARGET).code == 0
    heard = [each for each in asked.sandbox.requests() if each["service"] != "token"]
    assert {each["method"] for each in heard} == {"GET"}
    paths = [each["path"] for each in heard]
    assert len(paths) == len({path.partition("?")[0] for path in paths})
    assert all("limit=1&" in path for path in paths)
    assert asked.sandbox.dump() == before
    assert [path.name for path in asked.folder.iterdir()] == ["roster-sync.toml"]


def test_a_wrong_secret_names_its_service(asked: Workspace) -> None:
    asked.environment["TIMEBACK_CLIENT_SECRET"] = OTHER
    ended = asked.run("ping", "--target", TARGET)
    assert ended.code == 5
    assert "district: platform: no token: 401 invalid_client" in ended.line
    assert "client_secret" in ended.line
    assert OTHER not in ended.out + ended.err
    # The other service is asked all the same.
    assert "enrollments  api" in ended.out


def test_a_scope_that_is_not_granted_is_named_with_the_list_it_bars(
    asked: Workspace,
) -> None:
    asked.sandbox.configure(granted_scopes=[WRITE])
    ended = asked.run("ping", "--target", TARGET)
    assert ended.code == 5
    assert f"the scope {READ} was asked for, not granted; ask the vendor" in ended.line
    shown = " ".join(ended.out.split())
    assert "platform: the list users is forbidden (403 Forbidden)" in shown
    assert f"; ask the vendor to grant the scope {READ}" in shown


def test_a_forbidden_list_is_named(asked: Workspace) -> None:
    asked.sandbox.configure(granted_scopes=[READ, WRITE, f"{API_SCOPE}roster.nothing"])
    ended = asked.run("ping", "--target", TARGET, "--json")
    assert ended.code == ended.document["exit_code"] == 5
    assert "api: the list users is forbidden (403" in ended.line
    assert "ask the vendor to grant the permission to read it" in ended.line
    barred = [each for each in one(ended.document)["lists"] if each["error"]]
    assert {each["status"] for each in barred} == {403}
    assert {each["service"] for each in barred} == {"api"}


def test_a_wrong_address_is_told_from_a_missing_permission(asked: Workspace) -> None:
    asked.configure(
        api={
            "url": f"{asked.sandbox.url}/elsewhere",
            "token_url": f"{asked.sandbox.url}/oauth2/token",
        }
    )
    ended = asked.run("ping", "--target", TARGET)
    assert ended.code == 5
    assert "api: the list users does not exist (404" in ended.line
    assert "correct the address" in ended.line


@pytest.mark.parametrize(("apart", "warned"), [(90, True), (-90, True), (10, False)])
def test_clocks_that_differ_are_a_warning(
    asked: Workspace, monkeypatch: pytest.MonkeyPatch, apart: int, warned: bool
) -> None:
    wrong = partial(Clock, wall=lambda: time.time() + apart)
    monkeypatch.setattr("sync.flow.ping.Clock", wrong)
    ended = asked.run("ping", "--target", TARGET, "--json")
    assert ended.code == 0
    found = one(ended.document)
    for each in found["services"]:
        assert each["clock_ahead_seconds"] == pytest.approx(-apart, abs=3)
    assert bool(found["warnings"]) is warned
    shown = " ".join(asked.run("ping", "--target", TARGET).out.split())
    assert ("set the clock of this machine" in shown) is warned


def test_a_dead_server_ends_with_5_and_keeps_no_other_target_from_being_asked(
    asked: Workspace,
) -> None:
    path = asked.configure()
    document = tomllib.loads(path.read_text("utf-8"))
    dead = document["targets"][TARGET]
    there = {"url": NOWHERE, "token_url": f"{NOWHERE}/token"}
    dead = dead | {"platform": dead["platform"] | there, "api": dead["api"] | there}
    asked.write_config(document | {"targets": {"dead": dead, **document["targets"]}})
    ended = asked.run("ping", "--target", "dead", "--target", TARGET, "--json")
    assert ended.code == ended.document["exit_code"] == 5
    assert "dead: platform: the token service does not answer" in ended.line
    targets = ended.document["targets"]
    assert [each["exit_code"] for each in targets] == [5, 0]
    assert not any(each["status"] for each in targets[0]["lists"])


def test_an_unknown_target_is_asked_nothing(asked: Workspace) -> None:
    ended = asked.run("ping", "--target", TARGET, "--target", "distrct")
    assert ended.code == 2
    assert 'did you mean "district"' in ended.line
    assert not asked.sandbox.requests()


def test_a_secret_that_is_not_set_is_a_mistake_of_the_configuration(
    asked: Workspace,
) -> None:
    asked.environment["TIMEBACK_API_CLIENT_SECRET"] = ""
    ended = asked.run("ping", "--target", TARGET, "--json")
    assert ended.code == ended.document["exit_code"] == 2
    assert "TIMEBACK_API_CLIENT_SECRET" in ended.line
    assert "TIMEBACK_API_CLIENT_SECRET" in one(ended.document)["error"]
