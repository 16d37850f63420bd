"""What a row names must be there: in the drop where it can tell, else in the mirror.

In: sheets with keys, and what was rejected so far. Out: rough findings. A reference is
judged only if every file that could hold the record is in the drop as bulk; what names
a rejected record falls with it in any case, and names the row where it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from sync.model.entities import PEOPLE, Entity, Kind, Mode
from sync.model.finding import Severity
from sync.model.roster import FILE, KEY, ROW
from sync.validate.causes import broken, causes, fallen
from sync.validate.hints import near
from sync.validate.people import STUDENT
from sync.validate.rough import Pile, rows
from sync.validate.sheet import NUMBER, Sheet, is_one_of

Sheets = Mapping[Entity, Sheet]
Target = tuple[Entity, ...]
"""The entities of which one must hold the identifier."""

CODES = {
    (Entity.ORGS,): ("RS250", "an org"),
    (Entity.ACADEMIC_SESSIONS,): ("RS251", "an academic session"),
    (Entity.COURSES,): ("RS252", "a course"),
    (Entity.CLASSES,): ("RS253", "a class"),
    PEOPLE: ("RS254", "a person"),
    (Entity.USERS,): ("RS254", "a person"),
    (Entity.STUDENTS,): ("RS255", "a student"),
}
"""By what is named: the code of a reference that is not met, and words for it."""

ORDER = (
    Entity.ORGS,
    Entity.ACADEMIC_SESSIONS,
    Entity.COURSES,
    Entity.CLASSES,
    *PEOPLE,
)
"""So judged, a record's own references are settled before others refer to it."""

VALUE = "_value"
_OF_THE_CELL = "^RS1|^RS25|^RS260"


@dataclass(frozen=True, slots=True)
class Holders:
    """What may be referred to: identifiers held, those fallen with their roots."""

    held: pl.Series
    fallen: pl.DataFrame
    judged: bool


def judge(entity: Entity, sheets: Sheets, pile: Pile) -> None:
    """Lay on the pile what an entity's references fail for, chains of its own too."""
    sheet = sheets[entity]
    names = [name for name in sheet.columns if sheet.column(name).references]
    while True:
        before = pile.rejected(entity).len()
        found = [f for name in names for f in _judge_column(sheet, name, sheets, pile)]
        fresh = [_not_said_yet(f, entity, pile) for f in found]
        pile.add(*fresh)
        own = any(entity in sheet.column(name).references for name in names)
        if not own or pile.rejected(entity).len() == before:
            return


def _not_said_yet(found: pl.DataFrame, entity: Entity, pile: Pile) -> pl.DataFrame:
    # A cell that cannot be read names nobody; that is one mistake and one finding.
    said = pile.rejecting(entity).filter(pl.col("code").str.contains(_OF_THE_CELL))
    return found.join(said, on=[NUMBER, "column"], how="anti")


def _judge_column(
    sheet: Sheet, name: str, sheets: Sheets, pile: Pile
) -> Iterable[pl.DataFrame]:
    target = sheet.column(name).references
    holders = holders_of(target, sheets, pile)
    if not holders.judged and holders.fallen.is_empty():
        return
    named = _named(sheet, name)
    met = pl.col(VALUE).is_in(_among(named[VALUE], holders.held).implode())
    fallen_too = pl.col(VALUE).is_in(holders.fallen[KEY].implode())
    missing = named.filter(~met if holders.judged else fallen_too & ~met)
    if missing.is_empty():
        return
    code, word = CODES[target]
    noun = word.partition(" ")[2]
    follows = missing.join(holders.fallen, left_on=VALUE, right_on=KEY).sort(NUMBER)
    yield rows(
        follows,
        sheet,
        "RS260",
        Severity.REJECTED,
        column=name,
        message=pl.format(
            f"{name} names {word} that was rejected because of {{}}:{{}}", *causes()[:2]
        ),
        hint="correct that row; this one is then judged again",
        **{cause: pl.col(cause) for cause in causes()},
    )
    if holders.judged:
        dangling = missing.join(holders.fallen, left_on=VALUE, right_on=KEY, how="anti")
        meant = near(dangling[VALUE], holders.held).rename({"wanted": VALUE})
        mend = pl.lit(f"deliver the {noun}, or correct {name}")
        yield rows(
            dangling.join(meant, on=VALUE, how="left").sort(NUMBER),
            sheet,
            code,
            Severity.REJECTED,
            column=name,
            message=pl.format(f'{name} "{{}}" is no {noun} of this drop', VALUE),
            hint=pl.coalesce(pl.format('{}; nearest is "{}"', mend, "near"), mend),
        )


def _among(named: pl.Series, held: pl.Series) -> pl.Series:
    """Those of the identifiers held that are named, where that is cheaper to tell: a
    set of a few, asked often, costs less than one of many."""
    if named.len() * FEW > held.len():
        return held
    return held.filter(held.is_in(named.unique().implode()))


FEW = 4
"""Of one that is named, so many must be held for the small set to pay."""


def _named(sheet: Sheet, name: str) -> pl.DataFrame:
    named = sheet.frame.select(NUMBER, FILE, ROW, pl.col(name).alias(VALUE))
    if sheet.column(name).kind is not Kind.IDENTIFIERS:
        return named
    named = named.with_columns(pl.col(VALUE).str.split(",")).explode(VALUE)
    return named.filter(pl.col(VALUE) != "")


def holders_of(target: Target, sheets: Sheets, pile: Pile) -> Holders:
    """Who is there to be referred to; people are matched over both files."""
    entities = [e for e in _files(target) if e in sheets]
    held = [_held(sheets[e], target, pile) for e in entities]
    named = [sheets[e] for e in entities]
    roots = fallen(named, pile)
    odd = broken(named, pile)
    if not roots.is_empty():
        odd = odd.join(roots, on=KEY, how="anti")
    roots = pl.concat([roots, odd], how="diagonal") if not odd.is_empty() else roots
    return Holders(
        pl.concat([pl.Series(KEY, [], pl.String), *held]),
        roots,
        _judged(target, sheets),
    )


def _files(target: Target) -> Target:
    return PEOPLE if set(target) & set(PEOPLE) else target


def _judged(target: Target, sheets: Sheets) -> bool:
    bulk = {e for e, sheet in sheets.items() if sheet.mode is Mode.BULK}
    if target == (Entity.STUDENTS,):
        # Only a file of users that is there can hold a student of its own.
        return Entity.STUDENTS in bulk and bool(
            Entity.USERS in bulk or Entity.USERS not in sheets
        )
    return set(_files(target)) <= bulk


def _held(sheet: Sheet, target: Target, pile: Pile) -> pl.Series:
    good = sheet.keyed
    rejected = pile.rejected(sheet.entity)
    if rejected.len():
        good = good.filter(~is_one_of(rejected))
    if target == (Entity.STUDENTS,) and sheet.entity is Entity.USERS:
        # Where roles stand in a file of their own, no student is left among the users.
        known = "role" in sheet.columns
        good = good.filter(pl.col("role") == STUDENT) if known else good.clear()
        return good[KEY]
    return pl.concat([good[KEY], sheet.aside.keys])
