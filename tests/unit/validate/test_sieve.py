"""What passes the sieve is as it should be: normalising leaves it, no rule minds it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.entities import ENTITIES, Entity, Kind, Mode
from sync.model.normalise import NORMALISERS
from sync.model.roster import FILE, ROW, Table
from sync.validate import rules, sieve
from sync.validate.glance import FREE
from sync.validate.sheet import sheet
from sync.validate.sieve import DOUBT, LETTERS, SAME, Source

TODAY = date(2026, 11, 20)
GOOD = {
    Entity.CLASSES: {
        "sourcedId": "cls-1",
        "title": "Reading",
        "status": "active",
        "grades": "09",
        "courseSourcedId": "crs-1",
        "classType": "scheduled",
        "schoolSourcedId": "sch-1",
        "termSourcedIds": "trm-1",
    },
    Entity.STUDENTS: {
        "sourcedId": "stu-1",
        "status": "active",
        "username": "ada",
        "enabledUser": "true",
        "givenName": "Ada",
        "familyName": "Núñez",
        "primaryOrgSourcedId": "sch-1",
        "grades": "09",
        "email": "ada@district.example",
        "phone": "+1-555-1234567",
        "birthDate": "2012-02-28",
    },
    Entity.USERS: {
        "sourcedId": "gdn-1",
        "status": "active",
        "enabledUser": "true",
        "givenName": "Eva",
        "familyName": "Stone",
        "primaryOrgSourcedId": "sch-1",
        "role": "parent",
        "roleType": "primary",
    },
    Entity.AGENTS: {
        "studentSourcedId": "stu-1",
        "agentSourcedId": "gdn-1",
        "relationshipType": "mother",
    },
    Entity.ENROLLMENTS: {
        "sourcedId": "enr-1",
        "status": "tobedeleted",
        "userSourcedId": "stu-1",
        "role": "student",
        "classSourcedId": "cls-1",
        "courseSourcedId": "",
        "primary": "false",
        "beginDate": "2026-08-17",
        "endDate": "",
    },
}


def source(entity: Entity, cells: dict[str, str]) -> Source:
    return Source(entity, {name: name for name in cells})


def doubted(entity: Entity, cells: dict[str, str]) -> bool:
    said = sieve.doubt(source(entity, cells), TODAY)
    return bool(pl.DataFrame([cells]).select(said).item())


def minded(entity: Entity, cells: dict[str, str]) -> bool:
    """Whether normalising changes a cell, or a rule on single rows finds a fault."""
    blank = {name: (cell.strip() and cell) or None for name, cell in cells.items()}
    frame = pl.DataFrame([blank], dict.fromkeys(blank, pl.String()))
    placed = frame.with_columns(pl.lit("f.csv").alias(FILE), pl.lit(2).alias(ROW))
    one = sheet(Table(entity, Mode.BULK, placed, {"f.csv": {}}, {}))
    free = [n for n in cells if one.column(n).kind in FREE | {Kind.IDENTIFIERS}]
    changed = any(one.frame[n].item() != blank[n] for n in free)
    return changed or bool(rules.judge(one, TODAY))


@pytest.mark.parametrize("entity", sieve.SIEVED)
def test_a_good_row_passes(entity: Entity) -> None:
    assert sieve.can_sieve(source(entity, GOOD[entity]))
    assert not doubted(entity, GOOD[entity])


CELLS = st.one_of(
    st.text(max_size=20),
    st.text("aZ09 .-@éÃÂ±©?e+/\u00a0\u200b\u0301ñ", max_size=8),
    st.from_regex(r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]", fullmatch=True),
    st.sampled_from(
        [
            *("", " ", "ACTIVE", "inactive", "TRUE", "Yes", "n", "0", "KG", "k", "05"),
            *("5", "13", "14", "5,6", "student", "Aide", "ext:x", "primary", ".", ".."),
            *("1E+5", "1.23E+05", "a@b.c", "a@b", "+15551234567", "555", "0211-01-01"),
            *("x" * 255, "x" * 256, "é" * 128, "2024-02-29", "2026-02-29", "Ŋ", "ŉ"),
        ]
    ),
).filter(lambda text: "\0" not in text)


@given(data=st.data())
def test_what_is_minded_does_not_pass(data: st.DataObject) -> None:
    entity = data.draw(st.sampled_from(sieve.SIEVED))
    cells = dict(GOOD[entity])
    for name in data.draw(st.sets(st.sampled_from(sorted(cells)), max_size=3)):
        cells[name] = data.draw(CELLS)
    assert doubted(entity, cells) or not minded(entity, cells)


@pytest.mark.parametrize("kind", sorted(sieve.PLAIN))
def test_a_plain_cell_can_be_read(kind: Kind) -> None:
    cells = [
        *("active", "Inactive", "tobedeleted", "true", "Y", "0", "k", "05", "5", "13"),
        *("KG", "parent", "Teacher", "aide", "primary", "school", "homeroom"),
        *("term", "2024-02-29", "2026-12-31", "a@b.example", "+1 (555) 123-4567"),
        *(
            "2024-02-30",
            "2026-02-29",
            "2100-02-29",
            "1900-02-29",
            "14",
            "nobody",
            "ext:x",
            "",
        ),
    ]
    said = pl.DataFrame({"cell": cells}).select(
        sieve.PLAIN[kind](pl.col("cell")).alias("plain"),
        NORMALISERS[kind](pl.col("cell")).is_not_null().alias("read"),
    )
    assert said["plain"].any()
    assert said.filter("plain")["read"].all()


def test_letters_that_pass_stay_as_they_are_whatever_follows() -> None:
    ranges = re.findall(r"\\x\{([0-9A-F]+)\}(?:-\\x\{([0-9A-F]+)\})?", LETTERS)
    letters = [
        chr(code)
        for first, last in ranges
        for code in range(int(first, 16), int(last or first, 16) + 1)
    ]
    some = [*letters[::61], *(c for c in letters if unicodedata.combining(c)), "a", "'"]
    assert len(letters) > 30_000
    assert all(unicodedata.is_normalized("NFC", one) for one in letters)
    pairs = (one + other for one in letters for other in some[-90:])
    assert all(unicodedata.is_normalized("NFC", pair) for pair in pairs)


@pytest.mark.parametrize(
    ("entity", "lacks", "possible"),
    [
        (Entity.ENROLLMENTS, "sourcedId", False),
        (Entity.STUDENTS, "grades", True),
        (Entity.AGENTS, "agentSourcedId", False),
    ],
)
def test_rows_without_a_key_of_their_own_are_for_others(
    entity: Entity, lacks: str, *, possible: bool
) -> None:
    cells = {name: cell for name, cell in GOOD[entity].items() if name != lacks}
    assert sieve.can_sieve(source(entity, cells)) is possible


@pytest.mark.parametrize("entity", [Entity.ORGS, Entity.ROLES])
def test_other_tables_are_for_others(entity: Entity) -> None:
    cells = dict.fromkeys(ENTITIES[entity].names, "x")
    assert not sieve.can_sieve(source(entity, cells))


def test_a_row_in_doubt_is_called_what_it_is_called_once_it_is_normalised() -> None:
    cells = GOOD[Entity.USERS] | {"username": "Bo\u0301b"}
    odd = cells | {"sourcedId": " gdn-1 ", "username": " bób\u200b"}
    frame = pl.DataFrame([cells, odd])
    said = frame.select(sieve.hashes(source(Entity.USERS, cells), normalised=True))
    assert said[SAME].n_unique() == 1
    assert said["_username"].n_unique() == 1
    assert frame.select(sieve.doubt(source(Entity.USERS, cells), TODAY))[DOUBT].all()
