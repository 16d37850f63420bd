"""Many small families that have nothing to do with one another, written as a drop.

What is wrong with one family concerns no other, so that the findings of a drop with
many mistakes are the findings of each. ``written`` says on which line each row stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

COLUMNS: Mapping[str, Sequence[str]] = {
    "students": (
        *("sourcedId", "status", "username", "enabledUser", "givenName", "middleName"),
        *("familyName", "email", "phone", "identifier", "birthDate", "grades"),
        "primaryOrgSourcedId",
    ),
    "users": (
        *("sourcedId", "status", "username", "enabledUser", "givenName", "familyName"),
        *("email", "phone", "primaryOrgSourcedId"),
        *("role", "roleType", "roleOrgSourcedId"),
    ),
    "agents": (
        *("studentSourcedId", "agentSourcedId", "relationshipType"),
        *("agentId", "status"),
    ),
    "enrollments": (
        *("sourcedId", "status", "userSourcedId", "role", "classSourcedId"),
        *("schoolSourcedId", "primary", "beginDate", "endDate"),
    ),
}
REFERENCE = {
    "orgs.csv": "sourcedId,name,type\nsch-1,Lincoln,school\n",
    "classes.csv": "sourcedId,title,schoolSourcedId\ncls-1,Reading,sch-1\n",
}
KEYS = ("sourcedId", "studentSourcedId", "agentSourcedId")
Spoil = Literal["", "short", "long", "behind"]
"""How a row is broken while it is written: its width, or text behind a quote."""


HEADERS: Sequence[Callable[[str], str]] = (
    lambda name: name,
    lambda name: name.upper(),
    lambda name: name.lower(),
    lambda name: f" {name} ",
)
"""All the ways in which a header is understood."""


@dataclass(eq=False, slots=True)
class Row:
    """One row of one file; told from others by what it is, not by what it says."""

    table: str
    cells: dict[str, str]
    spoil: Spoil = ""

    def copy(self, **changes: str) -> Row:
        """Another row that says the same but for some cells."""
        return Row(self.table, {**self.cells, **changes})


@dataclass(slots=True)
class Family:
    """A student, one guardian, the link between them and one enrollment."""

    student: Row
    guardian: Row
    link: Row
    enrollment: Row
    more: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All rows of the family."""
        return [self.student, self.guardian, self.link, self.enrollment, *self.more]


def family(number: int) -> Family:
    """A family with which nothing is wrong."""
    student, guardian = f"stu-{number}", f"gdn-{number}"
    person = {"status": "active", "enabledUser": "true", "primaryOrgSourcedId": "sch-1"}
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return Family(
        Row(
            "students",
            {
                **person,
                "sourcedId": student,
                "username": student,
                "givenName": f"Ana{letters}",
                "middleName": "May",
                "familyName": "O'Neil-Núñez, Jr.",
                "email": f"{student}@d.example",
                "phone": "+1 505 555 0100",
                "identifier": f"{number:06}",
                "birthDate": "2014-05-14",
                "grades": "07",
            },
        ),
        Row(
            "users",
            {
                **person,
                "sourcedId": guardian,
                "username": guardian,
                "givenName": "Bo",
                "familyName": f'Lee "{letters}" Ray',
                "email": f"{guardian}@d.example",
                "phone": "",
                "role": "parent",
                "roleType": "primary",
                "roleOrgSourcedId": "sch-1",
            },
        ),
        Row(
            "agents",
            {
                "studentSourcedId": student,
                "agentSourcedId": guardian,
                "relationshipType": "mother",
                "agentId": "",
                "status": "active",
            },
        ),
        Row(
            "enrollments",
            {
                "sourcedId": f"enr-{number}",
                "status": "active",
                "userSourcedId": student,
                "role": "student",
                "classSourcedId": "cls-1",
                "schoolSourcedId": "sch-1",
                "primary": "false",
                "beginDate": "2020-08-17",
                "endDate": "2090-06-04",
            },
        ),
    )


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written; nothing of it changes what it says."""

    encoding: str
    delimiter: str
    newline: str
    quote_all: bool
    columns: Sequence[str]
    """In the order of the file."""
    header: Callable[[str], str]

    @classmethod
    def of_chance(cls, table: str, chance: Random) -> Form:
        """Any of the forms that are read without a note."""
        columns = list(COLUMNS[table])
        chance.shuffle(columns)
        # What a broken row is about can be told only while its key keeps its place.
        columns.sort(key=lambda name: name not in KEYS)
        return cls(
            encoding=chance.choice(["utf-8", "utf-8-sig", "utf-16"]),
            delimiter=chance.choice(",;\t|"),
            newline=chance.choice(["\n", "\r\n", "\r"]),
            quote_all=chance.random() < 0.3,
            columns=columns,
            header=chance.choice(HEADERS),
        )

    def cell(self, text: str) -> str:
        """A cell as it stands in the file."""
        odd = any(letter in text for letter in f'"\r\n{self.delimiter}')
        if not odd and not self.quote_all:
            return text
        return f'"{text.replace(chr(34), chr(34) * 2)}"'

    def line(self, row: Row) -> str:
        """A row as it stands in the file."""
        cells = [self.cell(row.cells[name]) for name in self.columns]
        match row.spoil:
            case "short":
                cells.pop()
            case "long":
                cells.append("one more")
            case "behind":
                cells[-1] = '"a quote" and more'
            case "":
                pass
        return self.delimiter.join(cells)


@dataclass(slots=True)
class Written:
    """Where everything stands after a drop was written."""

    lines: dict[int, tuple[str, int]] = field(default_factory=dict)
    headers: dict[str, Callable[[str], str]] = field(default_factory=dict)

    def place(self, row: Row) -> tuple[str, int]:
        """The file and the physical line of a row."""
        return self.lines[id(row)]

    def header(self, table: str, column: str) -> str:
        """A column as its file writes it, without the spaces around it."""
        return self.headers[table](column).strip()


def write(families: Sequence[Family], folder: Path, chance: Random) -> Written:
    """Write the files of a drop, each in a form of its own and in any order of rows."""
    written = Written()
    for name, text in REFERENCE.items():
        (folder / name).write_text(text, "utf-8")
    for table in COLUMNS:
        rows = [row for one in families for row in one.rows if row.table == table]
        chance.shuffle(rows)
        form = Form.of_chance(table, chance)
        written.headers[table] = form.header
        data = _file(rows, form, chance, written)
        (folder / f"{table}.csv").write_bytes(data)
    return written


def _file(rows: Sequence[Row], form: Form, chance: Random, written: Written) -> bytes:
    blank = ["", " ", form.delimiter * 3, f'""{form.delimiter} ']
    header = form.delimiter.join(form.cell(form.header(one)) for one in form.columns)
    lines = [f"sep={form.delimiter}", header]
    for row in rows:
        if chance.random() < 0.05:
            lines.append(chance.choice(blank))
        written.lines[id(row)] = (f"{row.table}.csv", len(lines) + 1)
        text = form.line(row)
        if not row.spoil and chance.random() < 0.05:
            text += form.delimiter * chance.randint(1, 3)
        lines += text.split("\n")
    if rows[-1].spoil or chance.random() < 0.5:
        lines.append("")
    return form.newline.join(lines).encode(form.encoding)
