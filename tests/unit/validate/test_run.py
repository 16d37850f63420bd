"""What holds for every drop, however broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.model.entities import ENTITIES, Entity
from sync.model.roster import FILE, ROW, Mapped, Table
from sync.validate import CODES, digest

KEYS = st.sampled_from(["s1", "s2", "s3", "u1", "u2", "", "1.2E+05"])
WORDS = st.sampled_from(["Ada", "Eve", "", "JosÃ©", "a@b.de"])


def rows(**cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    return st.lists(st.fixed_dictionaries(dict(cells)), max_size=6)


PEOPLE = {
    "sourcedId": KEYS,
    "status": st.sampled_from(["active", "Active", "inactive", "gone"]),
    "enabledUser": st.just("true"),
    "givenName": WORDS,
    "familyName": st.just("Byron"),
    "primaryOrgSourcedId": st.sampled_from(["o1", "o1", "o2"]),
    "email": st.sampled_from(["", "a@b.de", "nobody"]),
    "username": st.sampled_from(["a", "b", "c", "d", "e"]),
}
TABLES = {
    "orgs": rows(
        sourcedId=st.sampled_from(["o1", "o2", ""]),
        name=st.sampled_from(["North", ""]),
        parentSourcedId=st.sampled_from(["", "o1", "o2", "o3"]),
    ),
    "students": rows(**PEOPLE, grades=st.sampled_from(["05", "5", "99"])),
    "users": rows(**PEOPLE, role=st.sampled_from(["teacher", "student", "techer"])),
    "agents": rows(
        studentSourcedId=KEYS, agentSourcedId=KEYS, relationshipType=st.just("mother")
    ),
    "enrollments": rows(
        sourcedId=st.sampled_from(["e1", "e2", "e3", ""]),
        userSourcedId=KEYS,
        role=st.sampled_from(["student", "pupil"]),
        classSourcedId=st.sampled_from(["c1", ""]),
    ),
}
DROPS = st.fixed_dictionaries({}, optional=TABLES).filter(
    lambda tables: any(tables.values())
)
DELTAS = st.sets(st.sampled_from(sorted(TABLES))).map(tuple)

# A drop takes some milliseconds, on a busy machine many more.
settled = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def filled(tables: Mapping[str, list[dict[str, str]]]) -> dict[str, Any]:
    return {name: table for name, table in tables.items() if table}


@settled
@given(DROPS, DELTAS)
def test_the_counts_balance_and_agree_with_the_findings(
    school: Any, tables: dict[str, Any], delta: tuple[str, ...]
) -> None:
    judged = school.judge(filled(tables), delta=delta)
    found = judged.findings.frame.filter(severity="rejected")
    for entity, counts in judged.roster.counts.items():
        assert counts.read == len(tables[entity])
        assert counts.read == counts.accepted + counts.merged + counts.rejected
        assert counts.accepted == judged.roster.frames[entity].height
        assert counts.rejected == judged.roster.rejected[entity].height
        lines = found.filter(entity=entity.value)["line"].n_unique()
        assert counts.rejected == lines


@settled
@given(DROPS, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(
    school: Any, tables: dict[str, Any], chance: Any
) -> None:
    drop = school.mapped(filled(tables))
    shuffled = Mapped(
        drop.drop,
        drop.layout,
        {e: _shuffled(table, chance) for e, table in drop.tables.items()},
    )
    judge = type(school.judge({}))
    first, second = judge(drop, "reject"), judge(shuffled, "reject")
    assert first.findings.frame.equals(second.findings.frame)
    assert digest(first.roster.frames) == digest(second.roster.frames)
    assert first.roster.frozen.equals(second.roster.frozen)
    for entity, frame in first.roster.frames.items():
        assert frame.equals(second.roster.frames[entity])


def _shuffled(table: Table, chance: Any) -> Table:
    order = list(range(table.frame.height))
    chance.shuffle(order)
    return Table(table.entity, table.mode, table.frame[order], table.headers, {})


@settled
@given(DROPS)
def test_accepted_rows_are_accepted_again(school: Any, tables: dict[str, Any]) -> None:
    judged = school.judge(filled(tables))
    again = school.judge(
        {
            entity.value: _as_delivered(frame)
            for entity, frame in judged.roster.frames.items()
            if frame.height
        }
    )
    assert again.findings.frame.filter(severity="rejected").is_empty()
    for entity, counts in again.roster.counts.items():
        assert counts.accepted == judged.roster.counts[entity].accepted


def _as_delivered(frame: pl.DataFrame) -> list[dict[str, str]]:
    if frame[FILE][0] == "users.csv":
        roles = frame["roles"].str.split("\x1e").list.first().str.split("\x1f")
        frame = frame.with_columns(roles.list.get(1).alias("role"))
    own = [n for n in frame.columns if not n.startswith("_") and n != "roles"]
    return list(frame.select(pl.col(own).fill_null("")).to_dicts())


@settled
@given(DROPS, DELTAS)
def test_every_rejected_row_protects_its_record(
    school: Any, tables: dict[str, Any], delta: tuple[str, ...]
) -> None:
    judged = school.judge(filled(tables), delta=delta)
    frozen = set(judged.roster.frozen.rows())
    for entity, fallen in judged.roster.rejected.items():
        for key in fallen["_key"]:
            if key is None:
                assert entity in judged.roster.no_removals
            else:
                assert (entity.value, key) in frozen
        accepted = set(judged.roster.frames[entity]["_key"])
        assert not accepted & {k for e, k in frozen if e == entity.value}


@settled
@given(DROPS)
def test_every_consequence_names_a_row_that_was_rejected_for_itself(
    school: Any, tables: dict[str, Any]
) -> None:
    frame = school.judge(filled(tables)).findings.frame
    own = frame.filter(pl.col("cause_code").is_null(), severity="rejected")
    roots = set(own.select("file", "line", "code").rows())
    follows = frame.filter(pl.col("cause_code").is_not_null())
    assert set(follows.select("cause_file", "cause_line", "cause_code").rows()) <= roots


@settled
@given(DROPS)
def test_every_finding_has_a_code_that_is_explained(
    school: Any, tables: dict[str, Any]
) -> None:
    codes = {code.code: code.severity for code in CODES}
    found = school.judge(filled(tables)).findings.frame
    assert set(found["code"]) <= set(codes)
    assert found["message"].str.len_chars().min() != 0
    for code, severity in found.select("code", "severity").rows():
        assert codes[code] == severity


def test_the_frames_are_sorted_by_key_and_shaped_as_promised(school: Any) -> None:
    rows_ = [school.student(key) for key in ("s9", "s10", "S1")]
    judged = school.judge({"students": rows_})
    frame = judged.roster.frames["students"]
    assert judged.keys("students") == ["S1", "s10", "s9"]
    own = set(ENTITIES[Entity.STUDENTS].names) & set(rows_[0])
    assert set(frame.columns) == own | {"roles", "_key", FILE, ROW, "_keep"}
    assert "middleName" not in judged.roster.delivered(Entity.STUDENTS)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_file_without_rows_is_no_mistake(school: Any, name: str) -> None:
    drop = school.mapped({name: [{"sourcedId": ""}]})
    (table,) = drop.tables.values()
    columns = dict.fromkeys(ENTITIES[Entity(name)].names, pl.String)
    empty = pl.DataFrame(schema={**columns, FILE: pl.String, ROW: pl.UInt32})
    drop = Mapped(
        drop.drop,
        drop.layout,
        {table.entity: Table(table.entity, table.mode, empty, table.headers, {})},
    )
    judged = type(school.judge({}))(drop, "reject")
    assert judged.counts(name) == (0, 0, 0, 0)
    assert judged.short == []


def test_the_digest_follows_the_content_alone(school: Any) -> None:
    def made(*rows: Any) -> str:
        return digest(school.judge({"students": list(rows)}).roster.frames)

    first, second = school.student("s1"), school.student("s2")
    assert made(first, second) == made(second, first)
    assert made(first) == made(school.student("s1", grades="5th"))
    assert made(first) != made(school.student("s1", grades="06"))
    assert made(first) != made(first, second)
