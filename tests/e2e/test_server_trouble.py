"""The platform in trouble: the right code, an honest report, nothing twice, and the
next run converges."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.districts import district, slim, without_students
from tests.support.meddler import Meddler, Rule, Trouble
from tests.support.remote import active, doubles
from tests.support.workspace import TARGET, Workspace, total

pytestmark = pytest.mark.long  # the contract suite has every trouble in its short form

PATIENT = {"timeout": "1s", "retries": 2}
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
API_SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly"
LOST = Trouble(None, forward=True)
HTML = Trouble(502, b"<html><h1>Bad gateway</h1></html>")


def always(trouble: Trouble, kind: str) -> Rule:
    """Every request of this kind (``reads`` or ``writes``)."""
    return lambda heard: trouble if getattr(heard, kind) else None


def at_times(trouble: Trouble, kind: str, each: int = 5) -> Rule:
    """One in five requests, its repetition not."""
    return lambda heard: (
        trouble
        if getattr(heard, kind) and heard.times == 1 and heard.n % each == 0
        else None
    )


def one_link(trouble: Trouble) -> Rule:
    return lambda heard: (
        trouble if heard.writes and "/stu-000001/agents/" in heard.path else None
    )


def one_user(trouble: Trouble) -> Rule:
    return lambda heard: (
        trouble if heard.writes and "/users/gdn-000001" in heard.path else None
    )


@pytest.fixture
def proxied(workspace: Workspace) -> Iterator[tuple[Workspace, Meddler]]:
    """A workspace that reaches its sandbox through the proxy, and the proxy."""
    with Meddler(workspace.sandbox.url) as proxy:
        configure(workspace, proxy.url)
        workspace.drop(slim())
        yield workspace, proxy


def configure(workspace: Workspace, url: str, **more: Any) -> None:
    workspace.configure(
        platform={"url": url},
        api={"url": url, "token_url": f"{url}/oauth2/token"},
        limits=PATIENT,
        **more,
    )


def converges(workspace: Workspace) -> None:
    """The next run finishes the work, and the one after it has none."""
    ended = workspace.sync(workspace.folder / "drop")
    assert ended.code == 0, ended.err
    assert ended.document["converged"] is True
    held = workspace.sandbox.dump()
    people = {*slim().students["sourcedId"], *slim().users["sourcedId"]}
    assert active(held)["users"] == people
    assert len(active(held)["enrollments"]) == slim().enrollments.height
    assert len(active(held)["agents"]) == slim().agents.height
    assert doubles(held) == []
    again = workspace.sync(workspace.folder / "drop")
    assert (again.code, total(again.document, "operations", "planned")) == (0, 0)


READING = {
    "404": Trouble(404),
    "409": Trouble(409),
    "422": Trouble(422),
    "429": Trouble(429),
    "503": Trouble(503),
    "a page of HTML": HTML,
}
"""What the contract suite does not try on every kind."""


@pytest.mark.parametrize("trouble", READING.values(), ids=READING)
def test_a_roster_that_cannot_be_read_ends_with_5_before_any_change(
    proxied: tuple[Workspace, Meddler], trouble: Trouble
) -> None:
    workspace, proxy = proxied
    proxy.rule = always(trouble, "reads")
    before = workspace.sandbox.dump()
    ended = workspace.sync(workspace.folder / "drop")
    assert ended.code == 5
    report = workspace.report(ended.document["run"])
    assert (report["outcome"], report["balanced"]) == ("target_failed", True)
    assert total(report, "operations", "done") == 0
    assert workspace.sandbox.dump() == before


@dataclass(frozen=True, slots=True)
class Case:
    """Trouble while sending: how the run ends, and what its report must count."""

    name: str
    rule: Rule
    code: int
    failed: int | None = 0
    blocked: int | None = 0
    doubt: int | None = 0


CASES = [
    Case("409 for one person", one_user(Trouble(409)), 1, failed=1, blocked=None),
    Case("422 for one person", one_user(Trouble(422)), 1, failed=1, blocked=None),
    Case("404 for one person", one_user(Trouble(404)), 1, failed=1, blocked=None),
    Case("403 for one person", one_user(Trouble(403)), 1, failed=1, blocked=None),
    Case("500 for one person", one_user(Trouble(500)), 5, None, None, doubt=1),
    Case("422 for the links of a student", one_link(Trouble(422)), 1, failed=2),
    Case("403 for all", always(Trouble(403), "writes"), 5, None, None, None),
    Case("401 at times", at_times(Trouble(401), "writes", 25), 0),
    Case("answers lost at times", at_times(LOST, "writes"), 0),
    Case("HTML at times", at_times(HTML, "writes"), 0),
]
"""What the fault suite (R3, R4) and the contract suite do not try, and two that they
do, for what the report counts."""


@pytest.mark.parametrize(
    "case",
    [pytest.param(one, id=one.name) for one in CASES],
)
def test_trouble_while_sending_is_told_and_the_next_run_converges(
    proxied: tuple[Workspace, Meddler], case: Case
) -> None:
    workspace, proxy = proxied
    proxy.rule = case.rule
    ended = workspace.sync(workspace.folder / "drop")
    report = ended.document
    assert ended.code == case.code, ended.err
    assert report["balanced"] is True
    expected = {"failed": case.failed, "blocked": case.blocked, "in_doubt": case.doubt}
    told = {name: total(report, "operations", name) for name in expected}
    assert told == {
        name: told[name] if count is None else count for name, count in expected.items()
    }
    assert doubles(workspace.sandbox.dump()) == []
    proxy.rule = lambda _: None
    converges(workspace)


def test_a_failed_person_blocks_what_needs_him_and_the_report_names_it(
    proxied: tuple[Workspace, Meddler],
) -> None:
    workspace, proxy = proxied
    proxy.rule = one_user(Trouble(422))
    ended = workspace.sync(workspace.folder / "drop")
    links = slim().agents.filter(agentSourcedId="gdn-000001").height
    assert total(ended.document, "operations", "blocked") == links > 0
    folder = workspace.state / "runs" / ended.document["run"]
    rows = (folder / "operations.csv").read_text("utf-8").splitlines()
    blocked = [row for row in rows if '"blocked"' in row]
    assert len(blocked) == links
    assert all("users:gdn-000001" in row for row in blocked)


def test_429_is_counted_as_throttled_and_500_as_retried(
    proxied: tuple[Workspace, Meddler],
) -> None:
    workspace, proxy = proxied
    proxy.rule = lambda heard: (
        Trouble(429, headers=(("Retry-After", "0"),))
        if heard.writes and heard.n % 20 == 0
        else Trouble(500)
        if heard.writes and heard.times == 1 and heard.n % 20 == 1
        else None
    )
    requests = workspace.sync(workspace.folder / "drop").document["requests"]
    assert requests["throttled"] > 0
    assert requests["retried"] >= requests["throttled"]


Sabotage = Callable[[Workspace], Any]


def down(workspace: Workspace) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        configure(workspace, f"http://127.0.0.1:{free.getsockname()[1]}")


def wrong_secret(workspace: Workspace) -> None:
    workspace.environment["TIMEBACK_CLIENT_SECRET"] = "wrong"  # noqa: S105 - of nobody


def wrong_api_secret(workspace: Workspace) -> None:
    workspace.environment["TIMEBACK_API_CLIENT_SECRET"] = "wrong"  # noqa: S105 - of nobody


def reading_scope_only(workspace: Workspace) -> None:
    workspace.sandbox.configure(granted_scopes=[SCOPE])


def no_api_scope(workspace: Workspace) -> None:
    workspace.sandbox.configure(granted_scopes=[SCOPE, API_SCOPE])


def wrong_token_path(workspace: Workspace) -> None:
    workspace.configure(api={"token_url": f"{workspace.sandbox.url}/nowhere/token"})


def slow(workspace: Workspace) -> None:
    workspace.sandbox.configure(latency=3.0)
    workspace.configure(limits={"timeout": "200ms", "retries": 1})


@pytest.mark.parametrize(
    "sabotage",
    [
        down,
        wrong_secret,
        wrong_api_secret,
        reading_scope_only,
        no_api_scope,
        wrong_token_path,
        slow,
    ],
    ids=lambda sabotage: sabotage.__name__.replace("_", " "),
)
def test_a_target_that_cannot_be_used_ends_with_5_and_the_next_run_converges(
    workspace: Workspace, sabotage: Sabotage
) -> None:
    drop = workspace.drop(slim())
    before = workspace.sandbox.dump()
    environment = dict(workspace.environment)
    sabotage(workspace)
    ended = workspace.run("run", drop, "--target", TARGET)
    assert ended.code == 5
    assert workspace.sandbox.dump() == before
    workspace.sandbox.configure(latency=0.0, granted_scopes=None)
    workspace.environment = environment
    workspace.configure()
    converges(workspace)


@pytest.mark.parametrize("command", [["plan"], ["run", "--dry-run"]])
@pytest.mark.parametrize("sabotage", [wrong_secret, wrong_api_secret])
def test_a_wrong_secret_of_either_service_shows_before_anything_is_sent(
    synced: Workspace, command: list[str], sabotage: Sabotage
) -> None:
    sabotage(synced)
    name, *options = command
    ended = synced.run(name, synced.folder / "drop", "--target", TARGET, *options)
    assert ended.code == 5
    assert "secret" in ended.line or "token" in ended.line


def test_what_a_run_that_failed_left_to_create_is_not_held_the_next_night(
    proxied: tuple[Workspace, Meddler],
) -> None:
    workspace, proxy = proxied
    tables = district()
    few = tables.students["sourcedId"].to_list()[2:]
    assert workspace.sync(workspace.drop(without_students(tables, *few))).code == 0
    guards = {"floor": 1, "creates": {"percent": 10}, "updates": {"percent": 100}}
    configure(workspace, proxy.url, guards=guards)
    held = workspace.sync(workspace.drop(tables))
    assert held.code == 4
    (name,) = {one["name"] for one in held.document["guards"] if one["tripped"]}
    assert name == "creates"
    proxy.rule = always(Trouble(500), "writes")
    plan, digest = held.document["plan"]["path"], held.document["digest"]
    assert workspace.run("apply", plan, "--approve", digest).code == 5
    proxy.rule = lambda _: None
    again = workspace.sync(workspace.folder / "drop")
    assert again.code == 0, again.err
    assert total(again.document, "operations", "done") > len(few)
    held_now = active(workspace.sandbox.dump())["users"]
    assert held_now >= set(tables.students["sourcedId"])


def test_a_target_that_fails_does_not_forget_what_it_created(
    proxied: tuple[Workspace, Meddler],
) -> None:
    workspace, proxy = proxied
    proxy.rule = lambda heard: Trouble(500) if heard.writes and heard.n > 60 else None
    ended = workspace.sync(workspace.folder / "drop")
    assert ended.code == 5
    done = total(ended.document, "operations", "done")
    assert 0 < done < total(ended.document, "operations", "planned")
    proxy.rule = lambda _: None
    again = workspace.sync(workspace.folder / "drop")
    assert again.code == 0, again.err
    assert total(again.document, "diff", "unchanged") >= done
