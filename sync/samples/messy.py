"""A night as districts really send it: good tables come in, files with one of each
common mistake go out, and a README.md that says where each stands.

The drop stays readable and under the limit of rejected rows (5 % of each file, from
about 200 students on): the mistakes lose rows, not the night.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from sync.samples.chance import Chance
from sync.samples.sheet import Sheet, Style
from sync.samples.tables import Tables, csv_bytes

_REJECTED = "the row is rejected"
_WARNING = "a warning; the row counts"
_HARMLESS = "nothing: the file is read all the same"
_NOTE = "Nightly export, see the IT office (room 12) for questions.\n"
_MANY_LINES = 'Bus 7\nfrom the north gate, "late" bell'
_EXTRA = "Bus Notes"
_FIRST_PAGE = 30


@dataclass(frozen=True, slots=True)
class Planted:
    """One mistake: where it stands, of what kind it is and what becomes of it.

    `row` and `place` are those of `Sheet.records`; `text` stands on that line.
    """

    sheet: Sheet
    row: int
    place: int
    kind: str
    column: str
    text: str
    effect: str


@dataclass(slots=True)
class _Mess:
    """The sheets of one drop while mistakes are planted in them."""

    sheets: dict[str, Sheet]
    chance: Chance
    planted: list[Planted] = field(default_factory=list)
    rejected: dict[str, tuple[str, int]] = field(default_factory=dict, repr=False)

    def note(
        self, name: str, at: tuple[int, int], what: tuple[str, str, str], effect: str
    ) -> None:
        """Write down what was planted: `what` is kind, column and text."""
        self.planted.append(Planted(self.sheets[name], *at, *what, effect))

    def take(self, name: str, purpose: str, condition: pl.Expr) -> int | None:
        """Return a row of a sheet for a purpose, if there is one left."""
        return self.sheets[name].take(condition, self.chance, f"{name} {purpose}")

    def spoil(
        self, name: str, kind: str, cell: tuple[str, str], effect: str, fit: pl.Expr
    ) -> int | None:
        """Put a value into a column of a fitting row; return the row."""
        row = self.take(name, kind, fit)
        if row is None:
            return None
        column, value = cell
        self.sheets[name].replace(row, **{column: value})
        text = value or self.sheets[name].frame.row(row)[0]
        self.note(name, (row, 0), (kind, column, text), effect)
        return row


def messy_night(tables: Tables, seed: int) -> dict[str, bytes]:
    """Return the files of a night with mistakes, by name, README.md among them."""
    mess = _Mess(_sheets(tables), Chance(seed + 2_000_003))
    _spoil_students(mess, tables)
    _spoil_users(mess, tables)
    _spoil_agents(mess)
    _spoil_enrollments(mess)
    _name_consequences(mess)
    _name_styles(mess)
    files = {f"{name}.csv": sheet.content() for name, sheet in mess.sheets.items()}
    for name in ("orgs", "academicSessions", "classes"):
        files[f"{name}.csv"] = csv_bytes(dict(tables.items())[name])
    files["note.txt"] = _NOTE.encode()
    files["README.md"] = _readme(mess.planted).encode()
    return dict(sorted(files.items()))


def _sheets(tables: Tables) -> dict[str, Sheet]:
    students = tables.students.with_columns(pl.lit("").alias(_EXTRA))
    spaced = ",".join(f" {name.upper()} " for name in tables.users.columns)
    windows = Style(newline="\r\n", mark=b"\xef\xbb\xbf")
    return {
        "students": Sheet("students.csv", students, windows),
        "users": Sheet("users.csv", tables.users, header=spaced),
        "agents": Sheet("agents.csv", tables.agents, Style(delimiter=";")),
        "enrollments": Sheet("enrollments.csv", tables.enrollments),
        "courses": Sheet("courses.csv", tables.courses, Style(encoding="cp1252")),
    }


def _name_styles(mess: _Mess) -> None:
    for name, kind, effect in (
        ("students", "byte-order-mark", _HARMLESS),
        ("students", "crlf", _HARMLESS),
        ("students", "unknown-column", "a note: the column is not read"),
        ("users", "header-in-capitals-and-spaces", _HARMLESS),
        ("agents", "semicolon", "a note: the delimiter was guessed"),
        ("courses", "windows-1252", "a note: the encoding was guessed"),
    ):
        column = _EXTRA if kind == "unknown-column" else ""
        text = column or mess.sheets[name].header.split(",")[0]
        mess.note(name, (-1, 0), (kind, column, text), effect)


def _once(frame: pl.DataFrame, column: str) -> pl.Series:
    """Return the values that stand in the column exactly once."""
    return frame.select(pl.col(column).filter(pl.col(column).is_unique())).to_series()


def _spoil_students(mess: _Mess, tables: Tables) -> None:
    # One link each, so that few rows of agents.csv fall with them.
    few = pl.col("sourcedId").is_in(_once(tables.agents, "studentSourcedId").implode())
    for kind, column, value in (
        ("bad-grade", "grades", "4B"),
        ("missing-required-value", "givenName", ""),
        ("unknown-org", "primaryOrgSourcedId", "sch-999999"),
    ):
        row = mess.spoil("students", kind, (column, value), _REJECTED, few)
        _remember(mess, kind, row)
    _too_many_cells(mess, few)
    _key_with_other_content(mess, few)
    anybody = pl.lit(value=True)
    mail, short = ("email", "no-at-sign.example"), ("phone", "555-01")
    mess.spoil("students", "malformed-email", mail, _WARNING, anybody)
    mess.spoil("students", "malformed-phone", short, _WARNING, anybody)
    _mojibake(mess)
    _line_break(mess)
    _key_with_same_content(mess, "students", anybody)


def _remember(mess: _Mess, kind: str, row: int | None) -> None:
    if row is not None:
        key = mess.sheets["students"].frame["sourcedId"][row]
        mess.rejected[key] = (kind, row)


def _too_many_cells(mess: _Mess, fit: pl.Expr) -> None:
    sheet, kind = mess.sheets["students"], "too-many-cells"
    row = mess.take("students", kind, fit & ~pl.col("familyName").str.contains(","))
    if row is None:
        return
    name = sheet.cells(row)["familyName"]
    sheet.lines[row] = sheet.lines[row].replace(f",{name},", f",{name}, Jr.,", 1)
    what = (kind, "familyName", f"{name}, Jr.")
    mess.note("students", (row, 0), what, f"{_REJECTED}: a comma without quotes")
    _remember(mess, kind, row)


def _key_with_other_content(mess: _Mess, fit: pl.Expr) -> None:
    sheet, kind = mess.sheets["students"], "same-key-other-content"
    row = mess.take("students", kind, fit)
    if row is None:
        return
    cells = sheet.cells(row)
    other = cells | {"givenName": "Somebody", "birthDate": "2015-01-31"}
    place = sheet.follow(row, sheet.line(list(other.values())))
    what = (kind, "sourcedId", cells["sourcedId"])
    for at in ((row, 0), (row, place)):
        mess.note("students", at, what, "both rows are rejected: nobody picks one")
    _remember(mess, kind, row)


def _key_with_same_content(mess: _Mess, name: str, fit: pl.Expr) -> None:
    sheet, kind = mess.sheets[name], "same-key-same-content"
    row = mess.take(name, kind, fit)
    if row is not None:
        place = sheet.follow(row, sheet.lines[row])
        key = sheet.frame["sourcedId"][row]
        what = (kind, "sourcedId", key)
        mess.note(name, (row, place), what, "a warning; the two rows count as one")


def _mojibake(mess: _Mess) -> None:
    # Only letters whose second byte is a visible character of Windows-1252.
    accented = pl.col("givenName").str.contains("^[A-Za-z]*[éóñüçè][a-z]*$")
    row = mess.take("students", "mojibake", accented)
    if row is not None:
        sheet = mess.sheets["students"]
        name = sheet.cells(row)["givenName"].encode().decode("cp1252")
        sheet.replace(row, givenName=name)
        what = ("mojibake", "givenName", name)
        mess.note("students", (row, 0), what, _WARNING)


def _line_break(mess: _Mess) -> None:
    """A cell of two lines, early on, so that most lines after it are shifted by one."""
    early = pl.int_range(pl.len()) < _FIRST_PAGE
    row = mess.take("students", "quoted-line-break", early)
    if row is None:
        return
    sheet = mess.sheets["students"]
    text = _MANY_LINES.replace("\n", sheet.style.newline)
    sheet.replace(row, **{_EXTRA: text})
    what = ("quoted-line-break", _EXTRA, _MANY_LINES.partition("\n")[0])
    mess.note(
        "students", (row, 0), what, "nothing: the record goes on in the next line"
    )


def _spoil_users(mess: _Mess, tables: Tables) -> None:
    is_aide = (pl.col("role") == "aide") & (pl.col("roleType") == "primary")
    role = ("role", "paraprofessional")
    mess.spoil("users", "unknown-role", role, _REJECTED, is_aide)
    links = _once(tables.agents, "agentSourcedId").implode()
    guardian = (pl.col("role") == "parent") & pl.col("sourcedId").is_in(links)
    pair = [mess.take("users", f"shared username {n}", guardian) for n in (1, 2)]
    first, second = pair
    if first is not None and second is not None:
        _share_username(mess, first, second)
    sheet = mess.sheets["users"]
    middle = len(sheet.lines) // 2
    _blank_line(mess, "users", middle, "")


def _share_username(mess: _Mess, first: int, second: int) -> None:
    sheet = mess.sheets["users"]
    name = sheet.cells(first)["username"]
    sheet.replace(second, username=name.upper())
    effect = "both persons are rejected: case makes no difference"
    for row, text in ((first, name), (second, name.upper())):
        mess.note("users", (row, 0), ("shared-username", "username", text), effect)
        key = sheet.cells(row)["sourcedId"]
        mess.rejected[key] = ("shared-username", row)


def _spared(mess: _Mess, *columns: str) -> pl.Expr:
    """Rows that have nothing to do with anybody rejected: one mistake each."""
    keys = list(mess.rejected)
    return ~pl.any_horizontal(pl.col(column).is_in(keys) for column in columns)


def _spoil_agents(mess: _Mess) -> None:
    spared = _spared(mess, "studentSourcedId", "agentSourcedId")
    for kind, column, value in (
        ("unknown-student", "studentSourcedId", "stu-999999"),
        ("unknown-agent", "agentSourcedId", "gdn-999999"),
        ("missing-required-value", "relationshipType", ""),
    ):
        mess.spoil("agents", kind, (column, value), _REJECTED, spared)
    sheet, kind = mess.sheets["agents"], "own-guardian"
    row = mess.take("agents", kind, spared)
    if row is not None:
        student = sheet.cells(row)["studentSourcedId"]
        place = sheet.follow(row, sheet.line([student, student, "mother"]))
        what = (kind, "agentSourcedId", student)
        mess.note("agents", (row, place), what, _REJECTED)


def _spoil_enrollments(mess: _Mess) -> None:
    learns = (pl.col("role") == "student") & (pl.col("status") == "active")
    fit = learns & (pl.col("endDate") != "") & _spared(mess, "userSourcedId")
    for kind, column, value in (
        ("bad-date", "endDate", "06/04/2027"),
        ("end-before-begin", "endDate", "2026-08-01"),
        ("unknown-class", "classSourcedId", "cls-999999"),
        ("unknown-user", "userSourcedId", "stu-888888"),
        ("unknown-role", "role", "pupil"),
        ("spreadsheet-identifier", "sourcedId", "1.23E+05"),
    ):
        mess.spoil("enrollments", kind, (column, value), _REJECTED, fit)
    row = mess.take("enrollments", "too-few-cells", fit)
    if row is not None:
        sheet = mess.sheets["enrollments"]
        sheet.lines[row] = sheet.line(list(sheet.cells(row).values())[:-2])
        what = ("too-few-cells", "", sheet.cells(row)["sourcedId"])
        mess.note("enrollments", (row, 0), what, _REJECTED)
    _key_with_same_content(mess, "enrollments", fit)
    width = mess.sheets["enrollments"].frame.width
    middle = len(mess.sheets["enrollments"].lines) // 2
    _blank_line(mess, "enrollments", middle, "")
    _blank_line(mess, "enrollments", middle, "," * (width - 1))


def _blank_line(mess: _Mess, name: str, row: int, line: str) -> None:
    place = mess.sheets[name].follow(row, line)
    mess.note(name, (row, place), ("blank-line", "", line), _HARMLESS)


def _name_consequences(mess: _Mess) -> None:
    """Note each link and enrollment of a person who is rejected."""
    for name, columns in (
        ("agents", ("studentSourcedId", "agentSourcedId")),
        ("enrollments", ("userSourcedId",)),
    ):
        frame = mess.sheets[name].frame.with_columns(_row=pl.int_range(pl.len()))
        for column in columns:
            fallen = frame.filter(pl.col(column).is_in(list(mess.rejected)))
            for key, row in fallen.select(column, "_row").rows():
                kind = mess.rejected[key][0]
                effect = f"{_REJECTED}, because that person was: {kind}"
                what = ("rejected-person", column, key)
                mess.note(name, (row, 0), what, effect)


def _readme(planted: list[Planted]) -> str:
    lines = {p.sheet.name: p.sheet.physical_lines() for p in planted}
    rows = [(p.sheet.name, lines[p.sheet.name][p.row, p.place], p) for p in planted]
    rows.sort(key=lambda row: (row[0], row[1], row[2].kind))
    table = "\n".join(
        f"| {name} | {line} | {p.kind} | {p.column} | {_code(p.text)} | {p.effect} |"
        for name, line, p in rows
    )
    return f"{_INTRODUCTION}\n{_HEAD}\n{table}\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


_INTRODUCTION = """\
# A night with mistakes

Made by the generator from the last good night, one of each mistake that districts make.
Nothing here refuses the drop: some rows are rejected, and the records that they name
are left as they are. `note.txt` and this file are no part of a drop: a note each.

The line is the one on which the row starts, as a text editor counts; the text is to be
found on it.
"""
_HEAD = """\
| file | line | mistake | column | text | what becomes of it |
|---|---|---|---|---|---|"""
