"""Mistakes of which it is known what must be found: code, severity, row and column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.support.islands import Family, Row, Spoil

REJECTED, WARNING, NOTE = "rejected", "warning", "note"
HIGHEST = 255
"""Characters of an identifier."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One finding: which row it is about, and which row is its cause."""

    row: Row
    code: str
    severity: str
    column: str | None = None
    value: str | None = None
    cause: tuple[Row, str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a defect must give: findings, and rows that count as merged.

    Where rows say the same, ``either`` of them, whichever comes later in the file, has
    the finding; where rows differ, the earlier one is the cause of what follows.
    """

    found: Sequence[Expected] = ()
    merged: str = ""
    """The table of the one row that counts as merged."""
    alike: tuple[Row, Row] | None = None
    """Rows of which the later one in the file stands for the first in ``found``."""
    rivals: tuple[Row, Row] | None = None
    """Rows of which the earlier one in the file is the cause of what follows."""


Defect = Callable[[Family], Outcome]


def _follows(home: Family, row: Row, code: str, *, keyed: bool) -> list[Expected]:
    """What a rejected person takes along; without a key nobody knows why."""
    if row.table not in {"students", "users"}:
        return []
    cause = (row, code) if keyed else None
    student = row.table == "students"
    link = "studentSourcedId" if student else "agentSourcedId"
    unmet = "RS255" if student else "RS254"
    follows = [(home.link, link, unmet)]
    if student:
        follows.append((home.enrollment, "userSourcedId", "RS254"))
    return [
        Expected(
            *(one, "RS260" if keyed else lost, REJECTED),
            *(column, one.cells[column], cause),
        )
        for one, column, lost in follows
    ]


def _unguarded(home: Family) -> Expected:
    return Expected(home.student, "RS263", NOTE)


def cell(
    who: str, column: str, value: str, code: str, severity: str = REJECTED
) -> Defect:
    """Another text in one cell."""

    def spoil(home: Family) -> Outcome:
        row: Row = getattr(home, who)
        keyed = column != "sourcedId"
        row.cells[column] = value
        found = [Expected(row, code, severity, column, value)]
        if severity == REJECTED:
            found += _follows(home, row, code, keyed=keyed)
        if who == "link" and column == "studentSourcedId":
            found.append(_unguarded(home))
        return Outcome(found)

    return spoil


def broken(who: str, how: Spoil) -> Defect:
    """A row of which it is not known which cell is which."""

    def spoil(home: Family) -> Outcome:
        row: Row = getattr(home, who)
        row.spoil = how
        code = "RS038" if how == "behind" else "RS035"
        found = [Expected(row, code, REJECTED)]
        found += _follows(home, row, code, keyed=True)
        return Outcome(found)

    return spoil


def again(who: str, key: str | None) -> Defect:
    """The same row once more."""

    def spoil(home: Family) -> Outcome:
        row: Row = getattr(home, who)
        other = row.copy()
        home.more.append(other)
        value = row.cells[key] if key else None
        found = [Expected(row, "RS201", WARNING, key, value)]
        return Outcome(found, row.table, alike=(row, other))

    return spoil


def differing(who: str, key: str | None, **changes: str) -> Defect:
    """A second row of the same key that says something else."""

    def spoil(home: Family) -> Outcome:
        row: Row = getattr(home, who)
        other = row.copy(**changes)
        home.more.append(other)
        value = row.cells[key] if key else None
        found = [Expected(one, "RS202", REJECTED, key, value) for one in (row, other)]
        found += _follows(home, row, "RS202", keyed=True)
        return Outcome(found, rivals=(row, other))

    return spoil


def two_cells(home: Family) -> Outcome:
    """Every mistake of a row is named, and the row counts once."""
    row = home.enrollment
    row.cells.update(role="boss", endDate="31.12.2090", primary="perhaps")
    codes = {"role": "RS114", "endDate": "RS116", "primary": "RS111"}
    return Outcome(
        [
            Expected(row, code, REJECTED, name, row.cells[name])
            for name, code in codes.items()
        ]
    )


def one_username(home: Family) -> Outcome:
    """One username, in another case, for two active people."""
    home.student.cells["username"] = home.guardian.cells["username"].upper()
    found = []
    for row in (home.student, home.guardian):
        name = row.cells["username"]
        found.append(Expected(row, "RS203", REJECTED, "username", name))
        found += _follows(home, row, "RS203", keyed=True)
    return Outcome(found)


def one_email(home: Family) -> Outcome:
    """One e-mail address for two people."""
    home.student.cells["email"] = home.guardian.cells["email"].upper()
    return Outcome(
        [
            Expected(row, "RS204", WARNING, "email", row.cells["email"])
            for row in (home.student, home.guardian)
        ]
    )


def own_guardian(home: Family) -> Outcome:
    """A student who is named as the own guardian."""
    student = home.student.cells["sourcedId"]
    home.link.cells["agentSourcedId"] = student
    return Outcome([Expected(home.link, "RS262", REJECTED, "agentSourcedId", student)])


def no_guardian(home: Family) -> Outcome:
    """A student whom no link names: the link stands in no file."""
    home.link.table = ""
    return Outcome([_unguarded(home)])


def left(status: str) -> Defect:
    """Somebody who has left and still attends."""

    def spoil(home: Family) -> Outcome:
        home.student.cells["status"] = status
        who = home.student.cells["sourcedId"]
        return Outcome(
            [Expected(home.enrollment, "RS264", WARNING, "userSourcedId", who)]
        )

    return spoil


def second_role(home: Family) -> Outcome:
    """Another role of the same user is no mistake."""
    home.more.append(home.guardian.copy(role="relative"))
    return Outcome(merged="users")


def bad_second_role(home: Family) -> Outcome:
    """A role that is not known takes the user's other rows along."""
    other = home.guardian.copy(role="wizard")
    home.more.append(other)
    cause = (other, "RS113")
    who = home.guardian.cells["sourcedId"]
    return Outcome(
        [
            Expected(other, "RS113", REJECTED, "role", "wizard"),
            Expected(home.guardian, "RS206", REJECTED, "sourcedId", who, cause),
            Expected(home.link, "RS260", REJECTED, "agentSourcedId", who, cause),
        ]
    )


def in_both_files(home: Family) -> Outcome:
    """A student who stands among the users too, and says the same there."""
    home.more.append(_as_user(home))
    return Outcome(merged="users")


def in_both_files_and_different(home: Family) -> Outcome:
    """A student who has another name among the users."""
    other = _as_user(home)
    other.cells["givenName"] = "Somebody"
    home.more.append(other)
    rows = (home.student, other)
    found = [
        Expected(row, "RS205", REJECTED, "givenName", row.cells["givenName"])
        for row in rows
    ]
    return Outcome([*found, *_follows(home, home.student, "RS205", keyed=True)])


def _as_user(home: Family) -> Row:
    same = home.student.cells
    cells = {name: same.get(name, "") for name in home.guardian.cells}
    cells |= {"role": "student", "roleType": "primary", "roleOrgSourcedId": "sch-1"}
    return Row("users", cells)


PEOPLE = {
    f"{who} {name}": defect
    for who in ("student", "guardian")
    for name, defect in {
        "short": broken(who, "short"),
        "long": broken(who, "long"),
        "behind a quote": broken(who, "behind"),
        "without a name": cell(who, "givenName", "", "RS101"),
        "with a name of spaces": cell(who, "familyName", "  ", "RS101"),
        "without an id": cell(who, "sourcedId", "", "RS101"),
        "with an exponent for an id": cell(who, "sourcedId", "1.2E+05", "RS104"),
        "with a long id": cell(who, "sourcedId", "x" * (HIGHEST + 1), "RS102"),
        "with a line end in the id": cell(who, "sourcedId", "a\nb", "RS103"),
        "with a dot for an id": cell(who, "sourcedId", "..", "RS108"),
        "with no status": cell(who, "status", "gone", "RS110"),
        "with no boolean": cell(who, "enabledUser", "perhaps", "RS111"),
        "of an unknown org": cell(who, "primaryOrgSourcedId", "sch-9", "RS250"),
        "with no e-mail": cell(who, "email", "a@b", "RS117", WARNING),
        "with no phone": cell(who, "phone", "12", "RS118", WARNING),
        "with two lines": cell(who, "familyName", "Le\nRay", "RS105", WARNING),
        "misread": cell(who, "familyName", "JosÃ©", "RS106", WARNING),
        "shifted": cell(who, "givenName", "a@b.example", "RS107", WARNING),
        "twice": again(who, "sourcedId"),
        "twice, differently": differing(who, "sourcedId", givenName="Zo"),
    }.items()
}

DEFECTS: dict[str, Defect] = {
    **PEOPLE,
    "no grade": cell("student", "grades", "99", "RS112"),
    "one of two grades": cell("student", "grades", "05,15", "RS112"),
    "no birth date": cell("student", "birthDate", "05/14/2014", "RS116"),
    "a serial number for a date": cell("student", "birthDate", "41773", "RS116"),
    "a day that is not": cell("student", "birthDate", "2014-02-30", "RS116"),
    "long ago": cell("student", "birthDate", "0206-01-01", "RS121", WARNING),
    "an exponent": cell("student", "identifier", "1.23E+05", "RS104"),
    "no role of users": cell("guardian", "role", "wizard", "RS113"),
    "no role": cell("guardian", "role", "", "RS101"),
    "no type of role": cell("guardian", "roleType", "third", "RS115"),
    "a role at no org": cell("guardian", "roleOrgSourcedId", "sch-9", "RS250"),
    "a second role": second_role,
    "a bad second role": bad_second_role,
    "in both files": in_both_files,
    "in both files, differently": in_both_files_and_different,
    "one username": one_username,
    "one e-mail": one_email,
    "inactive": left("inactive"),
    "to be deleted": left("tobedeleted"),
    "no guardian": no_guardian,
    "own guardian": own_guardian,
    "link short": broken("link", "short"),
    "link behind a quote": broken("link", "behind"),
    "link of nobody": cell("link", "studentSourcedId", "stu-x", "RS255"),
    "link without a student": cell("link", "studentSourcedId", "", "RS101"),
    "link to nobody": cell("link", "agentSourcedId", "gdn-x", "RS254"),
    "link without a type": cell("link", "relationshipType", "", "RS101"),
    "link with no status": cell("link", "status", "dead", "RS110"),
    "link twice": again("link", None),
    "link twice, differently": differing("link", None, relationshipType="aunt"),
    "enrollment short": broken("enrollment", "short"),
    "enrollment long": broken("enrollment", "long"),
    "enrollment behind a quote": broken("enrollment", "behind"),
    "enrollment twice": again("enrollment", "sourcedId"),
    "enrollment twice, differently": differing(
        "enrollment", "sourcedId", role="teacher"
    ),
    "no role of enrollments": cell("enrollment", "role", "parent", "RS114"),
    "end before begin": cell("enrollment", "endDate", "2019-01-01", "RS120"),
    "no begin": cell("enrollment", "beginDate", "1/2/2020", "RS116"),
    "a far end": cell("enrollment", "endDate", "9999-12-31", "RS121", WARNING),
    "no class": cell("enrollment", "classSourcedId", "", "RS101"),
    "an unknown class": cell("enrollment", "classSourcedId", "cls-9", "RS253"),
    "an unknown school": cell("enrollment", "schoolSourcedId", "sch-9", "RS250"),
    "an unknown user": cell("enrollment", "userSourcedId", "stu-x", "RS254"),
    "no user": cell("enrollment", "userSourcedId", "", "RS101"),
    "three at once": two_cells,
}
"""All mistakes by name; each spoils one family and says what must be found."""
