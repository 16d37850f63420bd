"""Guardians on the student's row: the list, the lists beside it, what is left out."""

from __future__ import annotations

import pytest

from tests.unit.convert.conftest import Office, Row

OURS = "metadata.rosterSync."
TYPES, IDS, STATUSES = (
    f"{OURS}{name}" for name in ("relationshipTypes", "agentIds", "agentStatuses")
)
both = pytest.mark.parametrize("layout", ["oneroster-1.1", "oneroster-1.2"])


def lists(office: Office, layout: str, *links: Row) -> dict[str, str | None]:
    users = [office.user("u1"), office.user("u2", role="teacher")]
    pupils = [office.student(), office.student("s2")]
    made = office.made(layout, students=pupils, users=users, agents=[*links])
    assert made.package.left_out == ()
    row = made.row("users", "s1")
    return {name: row.get(name) for name in ("agentSourcedIds", TYPES, IDS, STATUSES)}


@both
def test_a_type_that_the_role_says_is_not_said_again(
    office: Office, layout: str
) -> None:
    assert lists(office, layout, office.link()) == {
        "agentSourcedIds": "u1",
        TYPES: None,
        IDS: None,
        STATUSES: None,
    }


@both
def test_lists_beside_the_guardians_have_an_item_for_each(
    office: Office, layout: str
) -> None:
    links = [
        office.link(
            "s1", "u2", relationshipType="mother", agentId="", status="inactive"
        ),
        office.link("s1", "u1", agentId="7", status=""),
        office.link("s2", "u1", agentId="", status=""),
    ]
    assert lists(office, layout, *links) == {
        "agentSourcedIds": "u1,u2",
        TYPES: "guardian|mother",
        IDS: "7|",
        STATUSES: "|inactive",
    }


@both
def test_the_type_is_said_where_the_agent_has_several_roles(
    office: Office, layout: str
) -> None:
    users = [office.user(), office.user(role="teacher")]
    made = office.made(
        layout, students=[office.student()], users=users, agents=[office.link()]
    )
    assert made.row("users", "s1")[TYPES] == "guardian"


@both
def test_a_link_whose_student_has_no_row_is_left_out(
    office: Office, layout: str
) -> None:
    made = office.made(
        layout, users=[office.user()], agents=[office.link("s9"), office.link("s8")]
    )
    (lost,) = made.package.left_out
    assert (lost.entity, lost.column, lost.count) == ("agents", None, 2)


@both
def test_a_link_is_never_written_on_the_row_of_somebody_who_is_no_student(
    office: Office, layout: str
) -> None:
    users = [office.user(), office.user("t1", role="teacher")]
    made = office.made(layout, delta=True, users=users, agents=[office.link("t1")])
    assert "agentSourcedIds" not in made.row("users", "t1")
    assert [one.count for one in made.package.left_out] == [1]


@both
def test_an_agent_with_a_comma_is_left_out(office: Office, layout: str) -> None:
    made = office.made(
        layout,
        students=[office.student()],
        users=[office.user("a,b")],
        agents=[office.link("s1", "a,b")],
    )
    assert "agentSourcedIds" not in made.row("users", "s1")
    assert [one.column for one in made.package.left_out] == [None]


@both
def test_a_separator_within_an_item_never_moves_the_others(
    office: Office, layout: str
) -> None:
    links = [
        office.link("s1", "u1", relationshipType="a|b", agentId="1|2"),
        office.link("s1", "u2", relationshipType="mother", agentId="3"),
    ]
    users = [office.user("u1"), office.user("u2")]
    made = office.made(layout, students=[office.student()], users=users, agents=links)
    row = made.row("users", "s1")
    assert (row[TYPES], row[IDS]) == ("a/b|mother", "|3")
    lost = {(one.column, one.count) for one in made.package.left_out}
    assert lost == {("relationshipType", 1), ("agentId", 1)}
