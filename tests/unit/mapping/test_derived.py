"""A roster in a layout of another shape says the same as the four files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.mapping import load
from sync.model.entities import Entity
from sync.model.roster import FILE, KEEP, ROW
from sync.validate import digest

NAMES = st.text("abcdéüßñ' -", min_size=1, max_size=6).filter(
    lambda text: text.strip() == text
)
RELATIONS = st.sampled_from(["mother", "father", "aunt", "guardian"])


@dataclass(frozen=True)
class Pupil:
    """A student with the guardians and classes that stand on one row."""

    number: int
    given: str
    family: str
    status: str
    grade: str
    born: date | None
    school: int
    guardians: tuple[tuple[int, str], ...]
    classes: tuple[int, ...]


@dataclass(frozen=True)
class Shape:
    """How the other layout writes the same."""

    prefix: str
    suffix: str
    separator: str
    codes: tuple[str, ...]
    day: str
    beside: bool
    """Whether dates of birth stand in a file of their own."""
    together: bool
    """Whether both names stand in one cell."""
    names: tuple[str, ...]
    """How some headers are written."""


pupils = st.lists(
    st.builds(
        Pupil,
        st.integers(1, 999),
        NAMES,
        NAMES,
        st.sampled_from(["active", "inactive", "tobedeleted"]),
        st.sampled_from(["KG", "05", "12"]),
        st.none() | st.dates(date(2000, 1, 1), date(2020, 12, 31)),
        st.integers(1, 3),
        st.lists(
            st.tuples(st.integers(1, 9), RELATIONS),
            max_size=3,
            unique_by=lambda one: one[0],
        ).map(tuple),
        st.lists(st.integers(1, 9), max_size=4, unique=True).map(tuple),
    ),
    max_size=6,
    unique_by=lambda one: one.number,
)
shapes = st.builds(
    Shape,
    st.sampled_from(["", "stu-", "p/"]),
    st.sampled_from(["", "-x", "%"]),
    st.sampled_from([",", ";", "|", " / "]),
    st.permutations(["Active", "left", "9"]).map(tuple),
    st.sampled_from(["%m/%d/%Y", "%d.%m.%Y", "%Y%m%d"]),
    st.booleans(),
    st.booleans(),
    st.permutations(["ID", "Nr.", "key"]).map(tuple),
)


def text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


def key(pupil: Pupil, shape: Shape) -> str:
    return f"{shape.prefix}{pupil.number}{shape.suffix}"


def four_files(listed: Sequence[Pupil], shape: Shape) -> dict[str, str]:
    header = (
        "sourcedId,status,username,enabledUser,givenName,familyName,"
        "primaryOrgSourcedId,grades,birthDate"
    )
    students = [
        [
            key(one, shape),
            one.status,
            f"user{one.number}",
            "true",
            one.given,
            one.family,
            f"o{one.school}",
            one.grade,
            str(one.born or ""),
        ]
        for one in listed
    ]
    agents = [
        [key(one, shape), f"g{agent}", relation]
        for one in listed
        for agent, relation in one.guardians
    ]
    enrollments = [
        [key(one, shape), "student", f"c{room}"]
        for one in listed
        for room in one.classes
    ]
    orgs = [[f"o{n}", f"School {n}"] for n in sorted({one.school for one in listed})]
    links = ["studentSourcedId", "agentSourcedId", "relationshipType"]
    return {
        "students": text(header.split(","), students),
        "agents": text(links, agents),
        "enrollments": text(["userSourcedId", "role", "classSourcedId"], enrollments),
        "orgs": text(["sourcedId", "name"], orgs),
    }


STATES = ("active", "inactive", "tobedeleted")


def one_sheet(listed: Sequence[Pupil], shape: Shape) -> dict[str, str]:
    codes = dict(zip(STATES, shape.codes, strict=True))
    own, school, room = shape.names
    header = [own, "names", "first", "last", "st", "gr", "dob", school]
    header += ["school name", "kin", "how", room]

    def day(born: date | None) -> str:
        return born.strftime(shape.day) if born else ""

    def items(parts: Sequence[object]) -> str:
        return shape.separator.join(map(str, parts))

    rows = [
        [
            f" {one.number} ",
            f"{one.family}#{one.given}",
            one.given,
            one.family,
            codes[one.status].upper(),
            one.grade.removeprefix("0"),
            "" if shape.beside else day(one.born),
            str(one.school),
            f"School {one.school}",
            items([agent for agent, _ in one.guardians]),
            items([relation for _, relation in one.guardians]),
            items(one.classes),
        ]
        for one in listed
    ]
    files = {"sheet": text(header, rows)}
    if shape.beside:
        born = [[str(one.number), day(one.born)] for one in reversed(listed)]
        files["births"] = text(["number", "dob"], born)
    return files


def tables(shape: Shape) -> list[dict[str, Any]]:
    own, school, room = shape.names
    who = {"from": own, "trim": True}
    who |= {"prefix": shape.prefix} if shape.prefix else {}
    who |= {"suffix": shape.suffix} if shape.suffix else {}
    listed = {"split": shape.separator}
    named = {"from": "names", "split": "#"}
    codes = dict(zip(shape.codes, STATES, strict=True))
    born = "born.dob" if shape.beside else "dob"
    join = {"born": {"files": "births.csv", "on": own, "key": "number"}}
    students = {
        "sourcedId": who,
        "status": {"from": "st", "values": codes},
        "username": {"from": own, "prefix": "user", "trim": True},
        "enabledUser": {"value": "true"},
        "givenName": named | {"part": -1} if shape.together else "first",
        "familyName": named | {"part": 1} if shape.together else "LAST",
        "primaryOrgSourcedId": {"template": f"o{{{school}}}"},
        "grades": {"from": "gr", "values": {"kg": "KG", "5": "05", "12": "12"}},
        "birthDate": {"from": born, "as": "date", "format": shape.day},
    }
    agents = {
        "studentSourcedId": who,
        "agentSourcedId": {"from": "kin", "prefix": "g"} | listed,
        "relationshipType": {"from": "how"} | listed,
    }
    enrollments = {
        "userSourcedId": who,
        "role": {"value": "student"},
        "classSourcedId": {"from": room, "prefix": "c"} | listed,
    }
    orgs = {"sourcedId": {"from": school, "prefix": "o"}, "name": "school name"}
    return [
        {
            "entity": "students",
            "columns": students,
            **({"join": join} if shape.beside else {}),
        },
        {"entity": "agents", "columns": agents},
        {"entity": "enrollments", "columns": enrollments},
        {"entity": "orgs", "columns": orgs, "combine": {}},
    ]


def said(made: Any) -> dict[Entity, list[dict[str, Any]]]:
    """What the records are, wherever they stood."""
    return {
        entity: frame.drop(FILE, ROW, KEEP)
        .select(pl.all().exclude("_key"), "_key")
        .to_dicts()
        for entity, frame in made.roster.frames.items()
    }


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pupils, shapes)
def test_a_sheet_of_another_shape_gives_the_same_records(
    engine: Any, listed: list[Pupil], shape: Shape
) -> None:
    sheet = [{"files": "sheet.csv", **one} for one in tables(shape)]
    derived = engine.run(engine.mapping(*sheet), **one_sheet(listed, shape))
    plain = engine.run(load("four-files"), **four_files(listed, shape))
    assert said(derived) == said(plain)
    assert digest(derived.roster.frames) == digest(plain.roster.frames)
    assert derived.roster.frozen.rows() == plain.roster.frozen.rows() == []
