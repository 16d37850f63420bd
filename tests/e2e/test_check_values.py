"""Every form that a cell may have and forms that it may not, through ``check``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.checked import (
    ALONE,
    Case,
    judge,
    no,
)
from tests.support.small import (
    GOOD,
    cells,
    member,
    person,
)

LONG = "x" * 255


TOGETHER = 16
"""So many rows stay below those of which a share is judged."""


def values(
    file: str, name: str, given: Iterable[str], *found: tuple[str, str]
) -> Iterator[Case]:
    """Rows at the end, each with one of these cells; ``found``: severity and code."""
    make = {"students": person, "users": member}[file]
    good = len(GOOD[file].split("\n"))
    fallen = any(severity == "rejected" for severity, _ in found)
    for number, part in enumerate(batched(given)):
        rows = [make(f"p{one}", **{name: cell}) for one, cell in enumerate(part)]
        count, bad = good - 1 + len(part), len(part) * fallen
        yield Case(
            f"{file}: {name} {[code for _, code in found]} {number}",
            (ALONE, *rows),
            tuple(
                (severity, code, file, good + 1 + one, name)
                for one in range(len(part))
                for severity, code in found
            ),
            {file: (count, count - bad, 0, bad)},
        )


def batched(given: Iterable[str]) -> Iterator[list[str]]:
    whole = list(given)
    for start in range(0, len(whole), TOGETHER):
        yield whole[start : start + TOGETHER]


def enrollment(name: str, cell: str, *found: tuple[str, str]) -> Case:
    """A cell of the second enrollment is this."""
    fallen = any(severity == "rejected" for severity, _ in found)
    return Case(
        f"enrollments: {name} is {cell[:20]!r}",
        (cells("enrollments", 3, **{name: cell}),),
        tuple((severity, code, "enrollments", 3, name) for severity, code in found),
        {"enrollments": (3, 3 - fallen, 0, int(fallen))},
    )


NO, SAY = "rejected", "warning"

GRADES_READ = (
    *("IT", "PR", "PK", "TK", "KG", "01", "13", "PS", "UG", "Other", "other", "OTHER"),
    *("K", "k", "kg", "5", "05", "5th", "5TH", "1st", "2nd", "3rd", "13th"),
    *("5,6", "5, 6", '["5","6"]', '["KG", "01"]', "[5,6]", " 5 ", "PK,K"),
)
GRADES_NOT = (
    *("0", "00", "14", "99", "-1", "5.0", "1 2", "5;6", "5/6", "5-6", "5,", "5,99"),
    *("Grade 5", "Kindergarten", "4B", "[5", '["5"', "[]", "n/a", "5,,6", "five"),
)
DATES_READ = (
    *("2011-02-28", "2012-02-29", "2011-02-28T10:00:00", "2011-02-28T10:00:00.000Z"),
    *("2011-02-28 10:00:00", "2011-02-28T10:00:00+02:00", "2011-02-28T10:00-0500"),
    *("2011-02-28T10:00", "2011-02-28T23:59:59,5Z", " 2011-02-28 "),
)
DATES_NOT = (
    *("2011-02-30", "2011-02-29", "2011-13-01", "2011-00-10", "2/28/2011", "28.2.2011"),
    *("02/28/11", "20110228", "2011-2-8", "2011/02/28", "11-02-28", "Feb 28, 2011"),
    *("40602", "0000-00-00", "2011-02-28T25:00", "2011-02-28T10:61", "2011-02-28T"),
    *("2011-02-28Z", "2011-02-28 Monday", "2011-02", "2011"),
)
PHONES_READ = (
    *("1234567", "123456789012345", "+123456789012345", "(555) 123-4567"),
    *("555.123.4567", "555/123/4567", "[555] 123 4567", "+1 (555) 123-4567 x89"),
    *("555-123-4567 ext 89", "555-123-4567 ext. 89", "555-123-4567EXT89"),
    *("5551234567#2", "5551234567 X 2", "555\u00a0123\u00a04567", "555-1234 (x12)"),
)
PHONES_NOT = (
    *("123456", "1234567890123456", "+123456", "++15551234567", "1+5551234567"),
    *("555-CALL-NOW", "n/a", "x12345678", "5551234567 ext", "5551234567 y2"),
    *("555_123_4567", "555,123,4567", "tel:5551234567", "٥٥٥١٢٣٤٥٦٧"),
)
MAILS_READ = (
    *("a@b.de", " a@b.com ", "jürgen@müller.example", "愛@例え.jp", "a+b@c.d.e"),
    *("A.B@C.DE", "o'neil@x.example", "a@1.2"),
)
MAILS_NOT = (
    *("a", "a@b", "a@@b.de", "a@b@c.de", "a b@c.de", "a@b c.de", "a@b..de", "a@.de"),
    *("a@b.de.", "@b.de", "a@", "a\tb@c.de", "a@b.de;c@d.de"),
)

NAMED = ("status", "givenName", "familyName", "primaryOrgSourcedId")
ROLES = (
    *("teacher", "parent", "guardian", "relative", "aide", "counselor", "principal"),
    *("proctor", "districtAdministrator", "siteAdministrator", "systemAdministrator"),
    *("administrator", "student", "TEACHER", "siteadministrator", "ext:coach"),
    *("EXT:coach", " teacher "),
)
KEYS_READ = (
    LONG,
    "ä" * 255,
    "語" * 255,
    " q 9 ",
    "Q",
    "0009",
    "1E5",
    "…",
    "a/b",
    "...",
)
EXPONENTS = ("1.23E+05", "1.23e+05", "1E+11", "1,23E+11", "-1.5E+07", "9.9E-05")
CONTROLS = ("p\x0b9", "p\t9", "p\x7f9", "p\x859", "p\n9")

VALUES = (
    *values("students", "grades", GRADES_READ),
    *values("students", "grades", GRADES_NOT, (NO, "RS112")),
    *values("students", "grades", ("", " ", "\u200b"), (NO, "RS101")),
    *values(
        *("students", "enabledUser"),
        ("true", "TRUE", "1", "yes", "Y", "false", "0", "No", "n", " true"),
    ),
    *values(
        *("students", "enabledUser"),
        ("t", "f", "on", "2", "ja", "wahr", "1.0", "truee", "-", "null", "yes no"),
        (NO, "RS111"),
    ),
    *values("students", "enabledUser", (" ",), (NO, "RS101")),
    *values("students", "birthDate", DATES_READ),
    *values("students", "birthDate", DATES_NOT, (NO, "RS116")),
    *values(
        *("students", "birthDate"),
        ("0211-02-28", "1066-10-14", "1899-12-30", "9999-12-31", "0000-01-01"),
        (SAY, "RS121"),
    ),
    *values("students", "phone", PHONES_READ),
    *values("students", "phone", PHONES_NOT, (SAY, "RS118")),
    *values("users", "phone", PHONES_NOT[:3], (SAY, "RS118")),
    *values("students", "email", MAILS_READ),
    *values("students", "email", MAILS_NOT, (SAY, "RS117")),
    *values("users", "email", MAILS_NOT[:3], (SAY, "RS117")),
    *values(
        *("students", "status"),
        ("active", "ACTIVE", "Inactive", "toBeDeleted", " active "),
    ),
    *values(
        *("students", "status"),
        ("activ", "enrolled", "to be deleted", "deleted", "1", "true", "A"),
        (NO, "RS110"),
    ),
    *(
        case
        for file in ("students", "users")
        for name in NAMED
        for case in values(file, name, ("", " \u00a0"), (NO, "RS101"))
    ),
    *values("students", "username", ("  ",), (NO, "RS101")),
    *values("users", "username", ("", " ")),
    *values("users", "role", ("",), (NO, "RS101")),
    *values("users", "role", ROLES),
    *values(
        *("users", "role"),
        ("techer", "staff", "ext:", "ext: ", "ext:a b", "teacher,aide", "external"),
        (NO, "RS113"),
    ),
    *values("users", "roleType", ("primary", "SECONDARY", "")),
    *values("users", "roleType", ("main", "1", "ext:third"), (NO, "RS115")),
    *values("users", "roleOrgSourcedId", ("o9", "O1"), (NO, "RS250")),
    *values("students", "sourcedId", KEYS_READ),
    *values("users", "sourcedId", KEYS_READ),
    *values("students", "sourcedId", (LONG + "x", "ä" * 256), (NO, "RS102")),
    *values("students", "sourcedId", EXPONENTS, (NO, "RS104")),
    *values("students", "sourcedId", (".", ".."), (NO, "RS108")),
    *values("students", "sourcedId", ("", "\u200b"), (NO, "RS101")),
    *values("students", "primaryOrgSourcedId", EXPONENTS, (NO, "RS104")),
    *values("students", "primaryOrgSourcedId", CONTROLS[1:4], (NO, "RS103")),
    *values("students", "identifier", EXPONENTS, (NO, "RS104")),
    *values("students", "identifier", (LONG + "x",), (NO, "RS102")),
    *values("students", "identifier", (LONG, "1E5", "S/7", "")),
    *values("students", "identifier", CONTROLS[1:4], (NO, "RS103")),
    *values(
        *("students", "givenName"),
        ("JosÃ©", "Mu\ufffdoz", "ZoÃ«", "BjÃ¶rn", "BoÄ‡", "Oâ€™Neil", "Ð°Ð½Ð½Ð°"),
        (SAY, "RS106"),
    ),
    *values(
        *("students", "familyName"),
        (
            "José",
            "Åse",
            "SÃO",
            "Müller-Lüdenscheidt",
            "O\u2019Brien",
            "Ñandú",
            "Å\u2013Ä",
            "Ðóra",
        ),
    ),
    *values("students", "email", ("josÃ©@x.example",), (SAY, "RS106")),
    *values(
        *("students", "givenName"),
        ("ada@x.example", "2011-02-03", "active", "TRUE", "12345", "2/3/2011"),
        (SAY, "RS107"),
    ),
    *values("students", "middleName", ("ada@x.example", "false"), (SAY, "RS107")),
    *values("students", "givenName", ("Ann\tMarie", "Ann\x85Marie"), (SAY, "RS105")),
    *(
        enrollment("role", cell)
        for cell in ("Student", "teacher", "proctor", "aide", "ext:observer")
    ),
    *(
        enrollment("role", cell, (NO, "RS114"))
        for cell in ("pupil", "parent", "ext:", "studnet")
    ),
    enrollment("role", "", (NO, "RS101")),
    enrollment("userSourcedId", "", (NO, "RS101")),
    enrollment("primary", "yes"),
    enrollment("primary", "main", (NO, "RS111")),
    enrollment("status", "ended", (NO, "RS110")),
    enrollment("status", "tobedeleted"),
    enrollment("beginDate", "08/17/2026", (NO, "RS116")),
    enrollment("endDate", "2027-02-29", (NO, "RS116")),
    enrollment("classSourcedId", "", (NO, "RS101")),
    enrollment("classSourcedId", "c9", (NO, "RS253")),
    enrollment("classSourcedId", "C1", (NO, "RS253")),
    enrollment("courseSourcedId", "k9", (NO, "RS252")),
    enrollment("courseSourcedId", "k1"),
    enrollment("schoolSourcedId", "o9", (NO, "RS250")),
    enrollment("userSourcedId", "S2", (NO, "RS254")),
    enrollment("userSourcedId", "s9", (NO, "RS254")),
    enrollment("userSourcedId", "g1"),
    *(
        Case(
            f"an identifier with {control!r}",
            (ALONE, person(control, username="p9")),
            (no("RS103", "students", 4, "sourcedId"),),
            {"students": (3, 2, 0, 1)},
        )
        for control in CONTROLS
    ),
)


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.name)
def test_a_cell_is_judged_exactly(case: Case, tmp_path: Path) -> None:
    judge(case, tmp_path)
