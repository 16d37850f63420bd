from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.targets.oneroster.roles import (
    held_roles,
    several,
    with_own_role,
    with_roles,
    without_kinds,
)

P, S = "primary", "secondary"
Role = tuple[str, str, str]


def encoded(*roles: Role) -> str | None:
    return "\x1e".join(sorted("\x1f".join(one) for one in roles)) or None


def people(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    names = ("_key", "primaryOrgSourcedId", "roles")
    schema = dict.fromkeys(names, pl.String)
    return pl.DataFrame(list(rows), schema=schema, orient="row")


@pytest.mark.parametrize(
    ("given", "new", "old"),
    [
        pytest.param([(P, "teacher", "o1")], None, [(P, "teacher", "o1")], id="plain"),
        pytest.param(
            [(P, "administrator", "o1")],
            [(P, "siteAdministrator", "o1")],
            [(P, "administrator", "o1")],
            id="1.1's administrator",
        ),
        pytest.param(
            [(P, "principal", "o2")],
            None,
            [(P, "administrator", "o1"), (S, "administrator", "o2")],
            id="1.2's administrators",
        ),
        pytest.param(
            [(P, "parent", "")], [(P, "parent", "o1")], [(P, "parent", "o1")], id="home"
        ),
        pytest.param([(P, "ext:coach", "o1")], None, [], id="an extension"),
        pytest.param([(P, "counselor", "o1")], None, [], id="a word of 1.2 alone"),
        pytest.param(
            [(S, "teacher", "o1"), (P, "parent", "o1")],
            None,
            [(P, "parent", "o1")],
            id="the primary one of two",
        ),
        pytest.param(
            [(P, "parent", "o1"), (P, "teacher", "o1")],
            None,
            [(P, "teacher", "o1")],
            id="the one with classes of two",
        ),
        pytest.param(
            [(P, "teacher", "o2"), (P, "aide", "o1")],
            None,
            [(P, "aide", "o1")],
            id="the one at home of two",
        ),
        pytest.param(
            [(P, "teacher", "o1"), (S, "teacher", "o2")],
            None,
            [(P, "teacher", "o1"), (S, "teacher", "o2")],
            id="one role at two orgs",
        ),
    ],
)
def test_roles_are_in_the_words_of_each_version(
    given: list[Role], new: list[Role] | None, old: list[Role]
) -> None:
    frame = people(("u1", "o1", encoded(*given)))
    found = [
        with_roles(frame, Entity.USERS, old=one)["roles"].item()
        for one in (False, True)
    ]
    assert found == [encoded(*(given if new is None else new)), encoded(*old)]


def test_a_student_stays_one_in_1_1_whatever_else_he_is() -> None:
    both = encoded((P, "teacher", "o1"), (S, "student", "o2"))
    frame = people(("s1", "o1", both))
    found = with_roles(frame, Entity.STUDENTS, old=True)["roles"].item()
    assert found == encoded((P, "student", "o1"), (S, "student", "o2"))
    assert several(frame) == 1


HELD = encoded((P, "student", "o1"), (S, "teacher", "o1"))


@pytest.mark.parametrize(
    ("home", "held", "old", "expected"),
    [
        pytest.param("o1", None, False, [(P, "student", "o1")], id="new"),
        pytest.param(
            "o1",
            HELD,
            False,
            [(P, "student", "o1"), (S, "teacher", "o1")],
            id="other roles stay",
        ),
        pytest.param(
            "o2",
            HELD,
            False,
            [(P, "student", "o2"), (S, "teacher", "o1")],
            id="another school",
        ),
        pytest.param(
            "o1",
            encoded((P, "teacher", "o1")),
            False,
            [(P, "student", "o1"), (P, "teacher", "o1")],
            id="no student over there",
        ),
        pytest.param(
            "o2",
            encoded((P, "student", "o1"), (S, "student", "o2")),
            True,
            [(P, "student", "o1"), (S, "student", "o2")],
            id="1.1: at both schools already",
        ),
        pytest.param(
            "o3",
            encoded((P, "student", "o1"), (S, "student", "o2")),
            True,
            [(P, "student", "o3"), (S, "student", "o2")],
            id="1.1: another school",
        ),
        pytest.param(
            "o1",
            encoded((P, "teacher", "o1")),
            True,
            [(P, "student", "o1")],
            id="1.1: no student over there",
        ),
    ],
)
def test_a_mere_student_is_a_student_at_his_school_beside_what_he_is(
    home: str, held: str | None, old: bool, expected: list[Role]
) -> None:
    remote = people(*([("s1", "o1", held)] if held else []))
    frame = people(("s1", home, None))
    found = with_own_role(frame, remote, old=old)["roles"].item()
    assert found == encoded(*expected)


def test_a_student_whose_row_says_roles_has_these() -> None:
    remote = people(("s1", "o1", HELD))
    own = encoded((P, "student", "o2"))
    found = with_own_role(people(("s1", "o2", own)), remote, old=False)
    assert found["roles"].item() == own


@pytest.mark.parametrize("kinds", [(P, S), (S, P), (S, S)])
def test_1_1_knows_no_kinds(kinds: tuple[str, str]) -> None:
    roles = encoded((kinds[0], "student", "o1"), (kinds[1], "student", "o2"))
    wanted = encoded((P, "student", "o1"), (S, "student", "o2"))
    frame = pl.DataFrame({"a": [roles, None], "b": [wanted, None]})
    found: Any = frame.select(without_kinds(pl.col("a")), without_kinds(pl.col("b")))
    assert found["a"].equals(found["b"])


def test_everybody_of_the_mirror_is_looked_at() -> None:
    found = held_roles(people(("s1", "o1", HELD)), people(("u1", "o1", None)))
    assert found["_key"].to_list() == ["s1", "u1"]
    assert held_roles(None, None).is_empty()
