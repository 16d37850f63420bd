"""Whole nights against a OneRoster server, in both versions and every dialect."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.support.ended import Ended
from tests.support.small import Edit, cells, row, write
from tests.support.toml import merged
from tests.support.workspace import FAST, TARGET, Workspace

pytestmark = pytest.mark.long  # the contract suite has the short form

SAMPLE = Path(__file__).parents[2] / "samples" / "oneroster-1.2"
EVERYTHING = [
    *("orgs", "academicSessions", "courses", "classes"),
    *("students", "users", "agents", "enrollments"),
]
PEOPLE = EVERYTHING[4:]
ROOTS = {"1.2": "/ims/oneroster/rostering/v1p2", "1.1": "/ims/oneroster/v1p1"}
ENVIRONMENT = {
    "ONEROSTER_ID": "sandbox-oneroster",
    "ONEROSTER_SECRET": "sandbox-oneroster-secret",
}
ID, SECRET = ({"env": name} for name in ENVIRONMENT)
SIGNED = {"consumer_key": ID, "consumer_secret": SECRET}
COMPLETE: tuple[Edit, ...] = (
    cells("classes", 3, termSourcedIds="t1"),
    cells("enrollments", 4, classSourcedId="c2"),
    cells("users", 3, username="eva"),
    cells("users", 4, username="fay"),
)
"""OneRoster's classes need a term, its enrollments a class, 1.1's users a username."""


@dataclass(slots=True)
class Night:
    """A workspace whose target is a OneRoster server that keeps to the standard."""

    workspace: Workspace
    version: str = "1.2"

    @property
    def sandbox(self) -> Sandbox:
        return self.workspace.sandbox

    def configure(self, **changes: Any) -> None:
        url = self.sandbox.url
        token = {"token_url": f"{url}/oauth2/token", "client_id": ID}
        table: dict[str, Any] = {
            "kind": "oneroster",
            "version": self.version,
            "url": url + ROOTS[self.version],
            "writes": "post-put",
            "entities": EVERYTHING,
            "settle": "2s",
            "limits": FAST,
            "guards": {"first_run": "pass", "floor": 1000},
        }
        if "consumer_key" not in changes:
            table |= token | {"client_secret": SECRET}
        target = merged(table, changes)
        self.workspace.write_config({"state_dir": "state", "targets": {TARGET: target}})

    def drop(self, *edits: Edit, name: str) -> Path:
        return write(self.workspace.folder / name, (*COMPLETE, *edits))

    def sync(self, path: Path, *options: object) -> Ended:
        return self.workspace.sync(path, *options)

    def held(self, table: str) -> dict[str, dict[str, Any]]:
        return {one["sourcedId"]: one for one in self.sandbox.dump()[table]}

    def links(self) -> set[tuple[str, str]]:
        found = self.sandbox.dump()["agents"]
        return {(one["studentSourcedId"], one["agentSourcedId"]) for one in found}

    def sent(self, *methods: str) -> list[str]:
        root = ROOTS[self.version]
        return [
            f"{one['method']} {one['path'].removeprefix(root)}"
            for one in self.sandbox.requests()
            if one["method"] in methods and one["path"].startswith(root)
        ]


Make = Callable[..., Night]


@pytest.fixture
def night(tmp_path: Path, sandbox: Sandbox) -> Make:
    def make(
        version: str = "1.2", *, server: Mapping[str, Any] = {}, **keys: Any
    ) -> Night:
        sandbox.configure(oneroster_dialect="spec", **server)
        made = Night(Workspace(tmp_path, sandbox, dict(ENVIRONMENT)), version)
        made.configure(**keys)
        return made

    return make


def operations(ended: Ended) -> int:
    entities = ended.document["entities"].values()
    return sum(one.get("operations", {}).get("planned", 0) for one in entities)


@pytest.mark.parametrize("version", ["1.2", "1.1"])
def test_a_whole_zip_goes_into_an_empty_server_and_the_second_night_is_empty(
    night: Make, version: str
) -> None:
    made = night(version)
    first = made.sync(SAMPLE)
    assert (first.code, first.document["converged"]) == (0, True), first.err
    dump = made.sandbox.dump()
    # Counselors have no role in 1.1.
    people = 74 if version == "1.2" else 71
    assert {
        name: len(dump[name]) for name in ("orgs", "classes", "users", "agents")
    } == {
        "orgs": 4,
        "classes": 56,
        "users": people,
        "agents": 39,
    }
    assert len(dump["enrollments"]) == 176
    second = made.sync(SAMPLE)
    assert (second.code, operations(second)) == (0, 0), second.err


WRITES = ("POST", "PUT", "DELETE")


def gone(**lines: int) -> Edit:
    """Take one line out of each of these files."""

    def edit(files: dict[str, list[str]]) -> None:
        for name, number in lines.items():
            del files[name][number - 1]

    return edit


Before = dict[str, tuple[dict[str, Any], Path]]


@pytest.fixture(scope="session")
def before() -> Before:
    """By version, what a server and the state folder held after the first night."""
    return {}


@pytest.fixture
def synced(
    night: Make, before: Before, tmp_path_factory: pytest.TempPathFactory
) -> Make:
    """A server that holds the small drop, and nothing of how that came about."""

    def make(version: str = "1.2", **keys: Any) -> Night:
        if version not in before:
            first = night(version)
            first.workspace.folder = tmp_path_factory.mktemp("before")
            first.configure()
            ended = first.sync(first.drop(name="first"))
            assert ended.code == 0, ended.err
            before[version] = first.sandbox.dump(), first.workspace.state
            first.sandbox.reset()
        remote, state = before[version]
        made = night(version, **keys)
        made.sandbox.load(remote)
        shutil.copytree(state, made.workspace.state)
        made.sandbox.clear_requests()
        return made

    return make


@pytest.mark.parametrize("version", ["1.2", "1.1"])
def test_a_change_is_one_put_that_repeats_what_the_server_holds_besides(
    synced: Make, version: str
) -> None:
    made = synced(version)
    user = made.held("users")["s1"]
    more = {"sms": "555-01", "userIds": [{"type": "fed", "identifier": "77"}]}
    made.sandbox.load({"users": [user | more]})
    ended = made.sync(
        made.drop(cells("students", 2, phone="617-555-0100"), name="next")
    )
    assert ended.code == 0, ended.err
    assert made.sent(*WRITES) == ["PUT /users/s1"]
    after = made.held("users")["s1"]
    assert after["phone"] == "617-555-0100"
    assert {name: after[name] for name in more} == more
    assert made.links() == {("s1", "g1"), ("s2", "g2")}


@pytest.mark.parametrize("version", ["1.2", "1.1"])
def test_a_new_and_an_old_guardian_are_one_put_of_the_student(
    synced: Make, version: str
) -> None:
    made = synced(version)
    path = made.drop(row("agents", "s1,g2,aunt,,"), gone(agents=3), name="next")
    ended = made.sync(path)
    assert ended.code == 0, ended.err
    assert made.sent(*WRITES) == ["PUT /users/s1", "PUT /users/s2"]
    assert made.links() == {("s1", "g1"), ("s1", "g2")}
    assert operations(made.sync(path)) == 0


@pytest.mark.parametrize(
    ("policy", "status", "enabled"),
    [
        ("inactive", "active", "false"),
        ("tobedeleted", "tobedeleted", "true"),
        ("delete", "tobedeleted", "true"),
    ],
)
@pytest.mark.parametrize(
    "version", ["1.2", pytest.param("1.1", marks=pytest.mark.long)]
)
def test_who_leaves_is_ended_by_the_policy_with_links_and_enrollments(
    synced: Make, version: str, policy: str, status: str, enabled: str
) -> None:
    removal = {"students": policy, "enrollments": policy}
    made = synced(version, removal=removal)
    path = made.drop(gone(students=3, agents=3, enrollments=3), name="next")
    ended = made.sync(path)
    assert (ended.code, ended.document["converged"]) == (0, True), ended.err
    person = made.held("users")["s2"]
    assert (person["status"], person["enabledUser"]) == (status, enabled)
    assert made.held("enrollments")["e2"]["status"] == "tobedeleted"
    assert made.links() == {("s1", "g1")}
    assert operations(made.sync(path)) == 0


def test_who_was_disabled_comes_back(synced: Make) -> None:
    made = synced()
    leaves = made.drop(gone(students=3, agents=3, enrollments=3), name="without")
    assert made.sync(leaves).code == 0
    assert made.sync(made.drop(name="again")).code == 0
    person = made.held("users")["s2"]
    assert (person["status"], person["enabledUser"]) == ("active", "true")
    assert made.links() == {("s1", "g1"), ("s2", "g2")}


def test_a_server_that_creates_by_put_is_filled_by_put_alone(night: Make) -> None:
    made = night(server={"oneroster_writes": "put"}, writes="put")
    ended = made.sync(made.drop(name="first"))
    assert (ended.code, ended.document["converged"]) == (0, True), ended.err
    assert {one.split()[0] for one in made.sent(*WRITES)} == {"PUT"}
    assert operations(made.sync(made.drop(name="again"))) == 0


def test_requests_signed_with_a_consumers_secret_do_the_same(night: Make) -> None:
    made = night("1.1", **SIGNED)
    ended = made.sync(made.drop(name="first"))
    assert ended.code == 0, ended.err
    tokens = [one for one in made.sandbox.requests() if "token" in one["path"]]
    assert tokens == []
    assert operations(made.sync(made.drop(name="again"))) == 0


def test_people_whom_the_server_gives_other_ids_are_made_once(night: Make) -> None:
    made = night(entities=EVERYTHING[:4])
    assert made.sync(made.drop(name="places")).code == 0
    made.sandbox.configure(allocate_ids=True)
    made.configure(entities=PEOPLE)
    for name in ("one", "two", "three"):  # what depends on a person comes a night later
        made.sync(made.drop(name=name))
    ended = made.sync(made.drop(name="four"))
    assert (ended.code, operations(ended)) == (0, 0), ended.err
    dump = made.sandbox.dump()
    assert len(dump["users"]) == 5
    assert len(dump["enrollments"]) == 3
    assert len(made.links()) == 2
    assert "s1" not in made.held("users")


def until_quiet(made: Night, name: str, *edits: Edit) -> list[tuple[int, int]]:
    """Exit codes and planned operations of nights of one drop, until nothing is left
    to do."""
    path, found = made.drop(*edits, name=name), list[tuple[int, int]]()
    while not found or (found[-1][1] and len(found) < 9):
        ended = made.sync(path)
        found.append((ended.code, operations(ended)))
    return found


def ours(made: Night) -> dict[str, dict[str, str]]:
    """Per table the identifiers that stand for ours, by what the records say."""
    by = {
        "orgs": "name",
        "academicSessions": "title",
        "courses": "title",
        "classes": "title",
        "users": "givenName",
    }
    dump = made.sandbox.dump()
    return {
        table: {one[name]: one["sourcedId"] for one in dump[table]}
        for table, name in by.items()
    }


WHOLE = dict(zip(EVERYTHING, [2, 2, 1, 2, 0, 5, 2, 3], strict=True))


def counts(made: Night) -> dict[str, int]:
    dump = made.sandbox.dump()
    return {name: len(dump[name]) for name in EVERYTHING if name != "students"}


def named(record: Mapping[str, Any], *names: str) -> list[Any]:
    return [record[name]["sourcedId"] for name in names]


@pytest.mark.parametrize(("version", "every"), [("1.2", "7d"), ("1.1", "1ms")])
def test_whatever_the_server_gives_other_ids_is_made_once(
    night: Make, version: str, every: str
) -> None:
    """A night for each step: the district, its schools and courses, their classes and
    people, the links and enrollments. It does not matter whether lists are read whole
    or by changes alone."""
    made = night(version, full_read_every=every)
    made.sandbox.configure(allocate_ids=True)
    found = until_quiet(made, "first")
    assert found == [(1, 17), (1, 15), (1, 10), (0, 5), (0, 0)]
    assert counts(made) | {"students": 0} == WHOLE
    ids = ours(made)
    given = {one for table in ids.values() for one in table.values()}
    assert not given & {"o1", "o2", "y1", "t1", "k1", "c1", "c2", "s1", "u1", "g1"}
    orgs, people = ids["orgs"], ids["users"]
    school = made.held("orgs")[orgs["South Hill"]]
    assert named(school, "parent") == [orgs["North Valley"]]
    algebra = made.held("classes")[ids["classes"]["Algebra 1"]]
    assert named(algebra, "course", "school") == [
        ids["courses"]["Algebra"],
        orgs["South Hill"],
    ]
    terms = {one["sourcedId"] for one in algebra["terms"]}
    assert terms == set(ids["academicSessions"].values())
    teacher = made.held("users")[people["Tom"]]
    assert named(teacher["roles"][0], "org") == [orgs["South Hill"]]
    assert made.links() == {
        (people["Ada"], people["Eva"]),
        (people["Ben"], people["Fay"]),
    }
    seats = made.sandbox.dump()["enrollments"]
    assert {one["user"]["sourcedId"] for one in seats} == {
        people[name] for name in ("Ada", "Ben", "Tom")
    }


def test_what_was_given_other_ids_is_changed_moved_and_ended_there(
    night: Make,
) -> None:
    made = night(removal={"classes": "tobedeleted"})
    made.sandbox.configure(allocate_ids=True)
    until_quiet(made, "first")
    before = ours(made)
    edits = (
        cells("orgs", 3, name="South Hill High"),
        cells("classes", 2, title="Algebra I"),
        cells("students", 2, primaryOrgSourcedId="o1"),
        cells("enrollments", 4, classSourcedId="c1"),
        gone(classes=3),
    )
    made.sandbox.clear_requests()
    found = until_quiet(made, "next", *edits)
    assert [code for code, _ in found] == [0, 0]
    assert not [one for one in made.sent("POST") if "token" not in one]
    assert counts(made) | {"students": 0} == WHOLE
    after = ours(made)
    assert after["orgs"]["South Hill High"] == before["orgs"]["South Hill"]
    assert after["classes"]["Algebra I"] == before["classes"]["Algebra 1"]
    homeroom = made.held("classes")[before["classes"]["Homeroom"]]
    assert homeroom["status"] == "tobedeleted"
    student = made.held("users")[before["users"]["Ada"]]
    assert named(student, "primaryOrg") == [before["orgs"]["North Valley"]]


def test_a_person_moves_to_a_new_school_when_its_id_is_known(night: Make) -> None:
    made = night()
    made.sandbox.configure(allocate_ids=True)
    until_quiet(made, "first")
    edits = (
        row("orgs", "o3,West End,,school,003,o1"),
        cells("students", 3, primaryOrgSourcedId="o3"),
        row("agents", "s2,g1,aunt,,"),
    )
    found = until_quiet(made, "next", *edits)
    assert [code for code, _ in found] == [1, 0, 0]
    ids = ours(made)
    student = made.held("users")[ids["users"]["Ben"]]
    assert named(student, "primaryOrg") == [ids["orgs"]["West End"]]
    assert (ids["users"]["Ben"], ids["users"]["Eva"]) in made.links()
    assert len(made.sandbox.dump()["orgs"]) == 3


def test_hidden_guardians_stay_with_a_student_who_was_given_another_id(
    night: Make,
) -> None:
    made = night(server={"agents_in_list": "absent"})
    made.sandbox.configure(allocate_ids=True)
    until_quiet(made, "first")
    before = made.links()
    assert len(before) == 2
    found = until_quiet(made, "next", cells("students", 3, phone="617-555-0100"))
    assert found == [(0, 1), (0, 0)]
    assert made.links() == before


def test_a_plan_for_records_of_other_ids_is_carried_out_later(night: Make) -> None:
    made = night()
    made.sandbox.configure(allocate_ids=True)
    until_quiet(made, "first")
    edits = cells("orgs", 3, name="East"), cells("users", 2, phone="617-555-0100")
    path = made.drop(*edits, name="next")
    planned = made.workspace.plan(path).document["plan"]["path"]
    applied = made.workspace.run("apply", planned, "--json")
    assert applied.code == 0, applied.err
    ids = ours(made)
    assert set(ids["orgs"]) == {"North Valley", "East"}
    assert made.held("users")[ids["users"]["Tom"]]["phone"] == "617-555-0100"
    assert operations(made.sync(path)) == 0


LONG_AGO = "2026-01-01T00:00:00.000Z"


def given_id(made: Night, enrollment: str) -> str:
    """Under which identifier the ledger knows an enrollment of the drop."""
    path = made.workspace.state / "targets" / f"{TARGET}.sqlite"
    with closing(sqlite3.connect(path)) as state:
        query = "SELECT remote_id FROM ledger WHERE entity = ? AND key = ?"
        [(found,)] = state.execute(query, ("enrollments", enrollment))
    return str(found)


@pytest.mark.parametrize(
    "over",
    [
        pytest.param(False, id="in force", marks=pytest.mark.long),
        pytest.param(True, id="ended already"),
    ],
)
def test_an_enrollment_of_another_id_is_read_by_it_before_it_is_ended(
    night: Make, over: bool
) -> None:
    made = night()
    made.sandbox.configure(allocate_ids=True)
    while operations(made.sync(SAMPLE)):
        pass
    fewer = shutil.copytree(SAMPLE, made.workspace.folder / "fewer")
    lines = (fewer / "enrollments.csv").read_text().splitlines(keepends=True)
    (fewer / "enrollments.csv").write_text("".join(lines[:-1]))
    record = made.held("enrollments")[given_id(made, lines[-1].split(",")[0])]
    if over:  # by somebody else, and lists of changes do not tell
        ends = {"status": "tobedeleted", "dateLastModified": LONG_AGO}
        made.sandbox.load({"enrollments": [record | ends]})
    ended = made.sync(fewer)
    assert (ended.code, operations(ended)) == (0, 0 if over else 1), ended.err
    assert made.held("enrollments")[record["sourcedId"]]["status"] == "tobedeleted"


LISTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("in the body", {"oneroster_totals": "body"}, {"page_size": 2}),
    ("in a header", {"oneroster_totals": "header"}, {"page_size": 2}),
    ("in a link", {"oneroster_totals": "link"}, {"page_size": 2}),
    (
        "in a link that skips a record",
        {"oneroster_totals": "link", "oneroster_link": "ahead"},
        {"page_size": 2},
    ),
    ("nowhere", {"oneroster_totals": "none"}, {"page_size": 2}),
    (
        "nowhere, with small pages",
        {
            "oneroster_totals": "none",
            "oneroster_queries": "edfi",
            "oneroster_page_cap": 2,
        },
        {},
    ),
    (
        "with bare references, and guardians under another name",
        {
            "oneroster_references": "bare",
            "oneroster_agents": "agentSourceIds",
            "oneroster_nulls": "dropped",
        },
        {},
    ),
    ("with guardians in single records alone", {"agents_in_list": "absent"}, {}),
]


@pytest.mark.parametrize(
    ("server", "keys"),
    [pytest.param(server, keys, id=name) for name, server, keys in LISTS],
)
def test_lists_are_read_whole_however_their_length_is_told(
    synced: Make, server: dict[str, Any], keys: dict[str, Any]
) -> None:
    made = synced(server=server, **keys)
    ended = made.sync(
        made.drop(cells("students", 3, phone="617-555-0100"), name="next")
    )
    assert ended.code == 0, ended.err
    assert made.sent(*WRITES) == ["PUT /users/s2"]
    assert made.links() == {("s1", "g1"), ("s2", "g2")}


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"oneroster_envelope": "missing"}, "came back unreadable"),
        ({"oneroster_envelope": "bare"}, "came back unreadable"),
        (
            {"oneroster_totals": "link", "oneroster_link": "foreign"},
            "at another address",
        ),
        ({"oneroster_granted_scopes": frozenset()}, "forbidden"),
    ],
)
def test_a_list_that_cannot_be_had_ends_the_night_before_anything_is_sent(
    synced: Make, server: dict[str, Any], said: str
) -> None:
    made = synced(server=server, page_size=1)
    path = made.drop(gone(students=3, agents=3, enrollments=3), name="next")
    ended = made.sync(path)
    assert ended.code == 5
    assert said in ended.line
    assert made.sent(*WRITES) == []


@pytest.mark.parametrize(
    ("style", "in_200"),
    [
        ("object", False),
        ("object", True),
        ("string", False),
        ("statusInfoSet", True),
        ("html", False),
        ("html", True),
    ],
)
def test_a_refused_record_fails_alone_whatever_the_error_looks_like(
    synced: Make, style: str, in_200: bool
) -> None:
    server = {"oneroster_errors": style, "oneroster_failure_in_200": in_200}
    # This server creates by POST alone, which its configuration does not know.
    made = synced(server=server, writes="put")
    more = row("enrollments", "e4,s1,student,c2,,o2,active,,,")
    ended = made.sync(
        made.drop(more, cells("students", 2, phone="1 (617) 555-0100"), name="next")
    )
    counts = ended.document["entities"]
    if style == "html" and in_200:  # no JSON is no answer to the read-back either
        assert ended.code == 5
        return
    assert ended.code == 1, ended.err
    assert counts["enrollments"]["operations"]["failed"] == 1
    assert counts["students"]["operations"]["done"] == 1


def test_answers_that_are_lost_make_nothing_twice(night: Make) -> None:
    made = night(limits={"retries": 4})
    path = made.drop(name="first")
    made.sandbox.set_faults("lost=0.3")
    made.sync(path)
    made.sandbox.set_faults("")
    assert made.sync(path).code == 0
    ended = made.sync(path)
    assert (ended.code, operations(ended)) == (0, 0), ended.err
    dump = made.sandbox.dump()
    counts = {name: len(dump[name]) for name in EVERYTHING if name != "students"}
    assert list(counts.values()) == [2, 2, 1, 2, 5, 2, 3]


def test_a_server_that_takes_no_writes_is_compared_with(night: Make) -> None:
    made = night(writes="none")
    ended = made.sync(made.drop(name="first"))
    assert ended.code == 0, ended.err
    assert ended.document["outcome"] == "preview"
    assert ended.document["entities"]["students"]["diff"]["create"] == 2
    assert made.sent(*WRITES) == []
    assert made.sandbox.dump()["users"] == []


def test_a_server_that_knows_inactive_is_told_so(synced: Make) -> None:
    made = synced(server={"takes_inactive": True}, inactive_status=True)
    path = made.drop(gone(students=3, agents=3, enrollments=3), name="next")
    assert made.sync(path).code == 0
    assert made.held("users")["s2"]["status"] == "inactive"
    assert made.held("users")["s2"]["enabledUser"] == "true"
    assert made.held("enrollments")["e2"]["status"] == "inactive"
    assert operations(made.sync(path)) == 0


def test_reference_records_stay_unless_the_policy_says_otherwise(synced: Make) -> None:
    made = synced(removal={"classes": "tobedeleted", "courses": "delete"})
    without = (gone(classes=3), cells("enrollments", 4, classSourcedId="c1"))
    path = made.drop(*without, name="next")
    ended = made.sync(path)
    assert (ended.code, ended.document["converged"]) == (0, True), ended.err
    assert made.sent(*WRITES) == ["PUT /enrollments/e3", "PUT /classes/c2"]
    assert made.held("classes")["c2"]["status"] == "tobedeleted"
    assert operations(made.sync(path)) == 0


def test_without_such_a_policy_they_stay(synced: Make) -> None:
    made = synced()
    without = (gone(classes=3), cells("enrollments", 4, classSourcedId="c1"))
    assert made.sync(made.drop(*without, name="next")).code == 0
    assert made.sent(*WRITES) == ["PUT /enrollments/e3"]


def test_what_a_server_has_hidden_since_it_ended_is_made_anew(synced: Make) -> None:
    made = synced(server={"oneroster_ended": "hidden"}, full_read_every="1ms")
    assert made.sync(made.drop(gone(enrollments=3), name="without")).code == 0
    assert made.held("enrollments")["e2"]["status"] == "tobedeleted"
    ended = made.sync(made.drop(name="again"))
    assert ended.code == 0, ended.err
    assert made.held("enrollments")["e2"]["status"] == "active"


def test_lists_that_are_only_looked_up_are_asked_for_few_fields(synced: Make) -> None:
    made = synced(entities=["enrollments"])
    path = made.drop(name="next")
    assert made.sync(path).code == 0
    again = made.sync(path)
    assert (again.code, operations(again)) == (0, 0), again.err
    asked = {
        one.partition("?")[0].rpartition("/")[2]: "fields=" in one
        for one in made.sent("GET")
    }
    assert asked == {"orgs": True, "classes": True, "users": True, "enrollments": False}
