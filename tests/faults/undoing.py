"""Rosters as a sandbox holds them, record by record, and runs that are taken back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sync.sandbox import Sandbox
from sync.targets.timeback.target import API_ADMINISTRATORS
from tests.contract.bench import Bench
from tests.contract.harness import Dump, Harness
from tests.faults.rosters import random_roster, universe
from tests.properties.test_nights import NO_GUARDS
from tests.support.ended import Ended
from tests.support.workspace import Workspace

STUDENTS = 5
Name = tuple[str, ...]
Record = dict[str, Any]
Records = dict[Name, Record]

TABLES = {
    "users": ("sourcedId",),
    "enrollments": ("sourcedId",),
    "demographics": ("sourcedId",),
    "agents": ("studentSourcedId", "agentSourcedId"),
    "orgs": ("sourcedId",),
    "academicSessions": ("sourcedId",),
    "courses": ("sourcedId",),
    "classes": ("sourcedId",),
    "schoology.enrollments": ("realm_id", "uid"),
    "openedx.enrollments": ("course_id", "username"),
    "openedx.permissions": ("course_id", "email"),
    "openedx.cohort_members": ("course_id", "username"),
}
"""Every table of a sandbox that a run may change, and what its records are known by;
what is left out is a log, or nobody's to write."""
ODD = {
    "dateLastModified": "the server writes it",
    "href": "an address of the server",
    "id": "a record that is made anew has another",
}
REFERENCE = {"sourcedId", "type", "name", "href"}
"""What names another record; beside its id all of it is the server's own words."""
ADMINISTRATORS = (*API_ADMINISTRATORS, "siteAdministrator")


def records(dump: Dump, *, told: bool, by_course: bool = False) -> Records:
    """All records of all tables, without what is the server's own.

    ``told``: in the words of a read side that knows one kind of administrator and one
    way to be ended; what it does not tell nobody can put back. ``by_course``: of a
    system without dates for what is over (EduBridge).
    """
    found: Records = {}
    for table, names in TABLES.items():
        part: Any = dump
        for name in table.split("."):
            part = part[name]
        for one in part:
            if one.get("metadata") == {"edubridgeDefault": True}:
                continue  # a class that EduBridge makes for itself, and never ends
            key = (table, *(str(one[name]) for name in names))
            assert key not in found, key
            found[key] = _plain(one, told=told)
            if table == "enrollments" and by_course and not in_force(found[key]):
                # To enroll again writes over it, and what is over is not shown.
                del found[key]["beginDate"]
    return found


def _plain(value: Any, *, told: bool) -> Any:
    if isinstance(value, dict):
        if "sourcedId" in value and value.keys() <= REFERENCE:
            return value["sourcedId"]
        plain = {k: _plain(v, told=told) for k, v in value.items() if k not in ODD}
        if told and plain.get("role") in ADMINISTRATORS:
            plain["role"] = "administrator"
        if told and plain.get("status") == "inactive":
            plain["status"] = "tobedeleted"
        return plain
    if isinstance(value, list):
        parts = [_plain(one, told=told) for one in value]
        return sorted(parts, key=lambda one: json.dumps(one, sort_keys=True))
    return value


def in_force(record: Record) -> bool:
    """Whether a record counts: links have nothing that says otherwise."""
    status = record.get("status", "active")
    return status in {"active", 1} and record.get("is_active", True) is True


def not_as_before(before: Records, now: Records) -> Iterator[Name]:
    """The records that are other than they were; what is new and over is not one of
    them: it was made, and can only be marked."""
    for name in sorted(before.keys() | now.keys()):
        other = name in before and before[name] != now.get(name)
        if other or (name not in before and not _is_over(name, now)):
            yield name


def _is_over(name: Name, now: Records) -> bool:
    """Whether a new record is one that can only be marked; what is known of a person
    goes the way of the person."""
    if name[0] == "demographics":
        return not in_force(now["users", name[1]])
    return not in_force(now[name])


@dataclass(frozen=True, slots=True)
class Office:
    """A kind at its sandbox, and the random rosters of one district."""

    bench: Bench
    chance: Random
    number: int

    @classmethod
    def of(
        cls,
        harness: Harness,
        folder: Path,
        sandbox: Sandbox,
        number: int,
        **changes: Any,
    ) -> Office:
        """A sandbox with what the kind does not make itself; ``changes`` are laid over
        the target's table."""
        sandbox.reset()
        sandbox.configure(**harness.settings)
        sandbox.load(harness.before(universe(STUDENTS, number)))
        folder.mkdir()
        workspace = Workspace(folder, sandbox, dict(harness.environment))
        bench = Bench(harness, workspace)
        bench.configure(**{"guards": NO_GUARDS, **changes})
        return cls(bench, Random(f"{harness.name} {number}"), number)  # noqa: S311

    @property
    def workspace(self) -> Workspace:
        """Where its commands run."""
        return self.bench.workspace

    def records(self) -> Records:
        """What the sandbox holds, as far as it can be read."""
        return plain(self.bench.harness, self.workspace.sandbox.dump())

    def night(self, name: str) -> Ended:
        """A random roster, planned and carried out; the end of ``apply``."""
        roster = random_roster(universe(STUDENTS, self.number), self.chance)
        return self.carried(self.workspace.plan(self.bench.drop(roster, name)))

    def undone(self, run: str) -> tuple[Ended, Ended]:
        """The preview of an undo, and the end of its ``apply``."""
        planned = self.workspace.run("undo", run, "--json")
        return planned, self.carried(planned)

    def carried(self, planned: Ended) -> Ended:
        """A plan carried out, approved where it is held."""
        assert planned.code in {0, 1, 4}, planned.err
        path = planned.document["plan"]["path"]
        held = ("--approve", planned.document["digest"]) if planned.code == 4 else ()
        ended = self.workspace.run("apply", path, *held, "--json")
        assert ended.code in {0, 1}, ended.err
        return ended

    def done(self, run: str) -> set[str]:
        """What a run did: ``entity:key`` of its operations that left something there
        in force."""
        return {
            f"{row['entity']}:{row['key']}"
            for row in self._sheet(run)
            if row["state"] == "done" and row["verb"] != "remove"
        }

    def listed(self, ended: Ended) -> dict[str, str]:
        """What a run left and said so: ``entity:key`` -> state and reason."""
        return {
            f"{row['entity']}:{row['key']}": f"{row['state']} {row['reason']}"
            for row in self._sheet(ended.document["run"])
            if row["state"] in LEFT
        }

    def _sheet(self, run: str) -> list[dict[str, str]]:
        path = self.workspace.state / "runs" / run / "operations.csv"
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def plain(harness: Harness, dump: Dump) -> Records:
    """The records of a sandbox, as far as this kind can read them."""
    return records(
        dump,
        told=harness.name.startswith("timeback"),
        by_course=harness.name in {"timeback", "edubridge"},
    )


def keys_of(name: Name, record: Record) -> set[str]:
    """The operations that may be about a record: ``entity:key``."""
    table, *parts = name
    if table == "users":
        return {f"{entity}:{parts[0]}" for entity in ("students", "users")}
    keys = {f"{table}:{'/'.join(parts)}"}
    if table == "enrollments" and "course" in record:
        places = (record[one] for one in ("user", "course", "school"))
        keys.add(f"enrollments:{'/'.join((*places, record['role']))}")
    return keys


def meddled(
    harness: Harness, dump: Any, chance: Random, done: set[str]
) -> dict[Name, set[str]]:
    """Change some of the records that a run has made or changed, as somebody else
    would; their names and the operations that are about them."""
    found: dict[Name, set[str]] = {}
    for table, change in OTHERS[harness.name].items():
        rows: Any = dump
        for part in table.split("."):
            rows = rows[part]
        names = TABLES[table]
        for one in rows:
            name = (table, *(str(one[part]) for part in names))
            keys = _keys_there(name, one, dump)
            alive = one.get("status", "active") in {"active", 1}
            mine = alive and one.get("is_active", True) and bool(keys & done)
            if mine and (chance.random() < SHARE or not found):
                change(one)
                found[name] = keys
    return found


def _keys_there(name: Name, one: Record, dump: Any) -> set[str]:
    """The same as ``keys_of``, from a record as it stands in a dump."""
    if name[0] == "schoology.enrollments":
        people = {u["uid"]: u["school_uid"] for u in dump["schoology"]["users"]}
        return {f"enrollments:{one['realm_id']}/{people[one['uid']]}"}
    if name[0] == "openedx.enrollments":
        people = {u["username"]: u["email"] for u in dump["openedx"]["users"]}
        return {f"enrollments:{one['course_id']}/{people[one['username']].lower()}"}
    return keys_of(name, _plain(one, told=False))


def _renamed(one: Record) -> None:
    one["middleName"] = "Somebody Else"


def _ended(one: Record) -> None:
    one["status"] = "tobedeleted"


def _leads(one: Record) -> None:
    one["admin"] = 1 - one["admin"]


def _away(one: Record) -> None:
    one["is_active"] = False


SHARE = 0.3
"""Of the records that a run has left in force, as many are changed by others."""
OTHERS: dict[str, dict[str, Callable[[Record], None]]] = {
    "timeback": {"users": _renamed, "enrollments": _ended},
    "oneroster-1.2": {"users": _renamed, "enrollments": _ended},
    "edubridge": {"enrollments": _ended},
    "schoology": {"schoology.enrollments": _leads},
    "openedx": {"openedx.enrollments": _away},
}
"""What somebody else may do at each kind."""
LEFT = {"kept", "frozen", "blocked", "deferred", "skipped"}
