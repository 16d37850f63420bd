"""Rows that say the same twice, and values that two people must not share.

In: sheets with keys. Out: rough findings, and which rows are merged into another one.
The program never picks one of several that differ: all of them are rejected.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import ENTITIES, PEOPLE, Entity
from sync.model.finding import Severity
from sync.model.roster import FILE, KEY, ROW
from sync.validate.rough import Pile, rows
from sync.validate.sheet import NUMBER, Sheet, is_one_of

ROLE_COLUMNS = ("role", "roleType", "roleOrgSourcedId")
NAMED = 6
"""Places of a group of rows that a finding names."""

_BY_PLACE = [FILE, ROW, NUMBER]
PLACES, _SAID, _ROLE, _BAD = "_places", "_said", "_role", "_bad"


def repeated(sheet: Sheet) -> pl.DataFrame:
    """The rows whose key other rows have too, sorted by key and place."""
    keys = sheet.frame[KEY]
    # Counting hashes first costs a fraction of comparing texts, and misses no pair.
    if keys.hash().n_unique() == keys.len():
        return sheet.frame.clear()
    found = sheet.frame.filter(keys.is_duplicated() & keys.is_not_null())
    return found.sort(KEY, *_BY_PLACE)


def judge_keys(sheet: Sheet, pile: Pile) -> list[pl.DataFrame]:
    """Rows of one key: the same again is merged, with a warning; else all fall."""
    found = repeated(sheet)
    if found.is_empty():
        return []
    rejecting = pile.rejecting(sheet.entity)
    # A cell that cannot be read is null by now, which must not make rows alike.
    # A bad role is the row's own, and takes the user's other rows with it later.
    besides = ROLE_COLUMNS if sheet.entity is Entity.USERS else ()
    spoilt = rejecting.filter(~pl.col("column").is_in(besides).fill_null(value=False))
    # A malformed e-mail counts as not delivered, while a blank one empties the field.
    said = pile.frame.filter(entity=sheet.entity.value)
    email, phone = (said.filter(code=code) for code in ("RS117", "RS118"))
    groups = places(found, KEY).with_columns(
        pl.struct(
            _in(spoilt).alias("spoilt"),
            _in(email).alias("email"),
            _in(phone).alias("phone"),
            _content(sheet).alias("said"),
        ).alias(_SAID),
        _roles(sheet).alias(_ROLE),
        _in(rejecting).alias(_BAD),
    )
    differ = (pl.col(_SAID) != pl.col(_SAID).first()).any().over(KEY)
    again = pl.struct(KEY, _ROLE).is_first_distinct().not_()
    conflict = rows(
        groups.filter(differ),
        sheet,
        "RS202",
        Severity.REJECTED,
        column=_key_column(sheet.entity),
        message=pl.concat_str(pl.lit("rows with this key differ: "), PLACES),
        hint="keep the right one; the program never picks",
    )
    merged = rows(
        groups.filter(~differ & again & ~pl.col(_BAD)),
        sheet,
        "RS201",
        Severity.WARNING,
        column=_key_column(sheet.entity),
        message=pl.concat_str(pl.lit("says the same as another row: "), PLACES),
        hint="counted as merged; deliver each record once",
    )
    return [conflict, merged]


def _in(findings: pl.DataFrame) -> pl.Expr:
    return is_one_of(findings[NUMBER])


def merged(sheet: Sheet, rejected: pl.Series) -> pl.Series:
    """``_n`` of the accepted rows that are folded into an earlier one of their key."""
    found = repeated(sheet).filter(~is_one_of(rejected))
    return found.filter(~pl.col(KEY).is_first_distinct())[NUMBER]


def judge_people(
    sheets: Mapping[Entity, Sheet], same_username: Severity
) -> list[pl.DataFrame]:
    """One username for two active people, one e-mail for two who are not leaving."""
    return [
        *_shared(
            sheets, "username", "RS203", same_username, pl.col("status") == "active"
        ),
        *_shared(
            *(sheets, "email", "RS204", Severity.WARNING),
            pl.col("status").ne_missing("tobedeleted"),
        ),
    ]


def _shared(
    sheets: Mapping[Entity, Sheet],
    name: str,
    code: str,
    severity: Severity,
    counts: pl.Expr,
) -> list[pl.DataFrame]:
    value, there = pl.col(name).str.to_lowercase(), pl.col(name).is_not_null()
    own = {
        entity: sheets[entity].frame.filter(counts, there)
        for entity in PEOPLE
        if entity in sheets and {name, "status"} <= set(sheets[entity].columns)
    }
    hashes = [frame.select(value.hash()).to_series() for frame in own.values()]
    # Most values are there once; hashes tell it at a fraction of the cost of texts.
    if not own or (every := pl.concat(hashes)).n_unique() == every.len():
        return []
    people = pl.concat(
        frame.filter(
            hashed.is_in(every.filter(every.is_duplicated()).implode())
        ).select(
            pl.lit(entity.value).alias("entity"),
            value.alias(name),
            # A row without a readable key is a person of its own.
            pl.coalesce(KEY, pl.concat_str(pl.lit("\x00"), FILE, NUMBER)).alias(KEY),
            *_BY_PLACE,
        )
        for (entity, frame), hashed in zip(own.items(), hashes, strict=True)
    )
    clash = people.filter(pl.col(KEY).n_unique().over(name) > 1)
    clash = places(clash.sort(name, *_BY_PLACE), name)
    return [
        rows(
            clash.filter(pl.col("entity") == entity.value),
            sheets[entity],
            code,
            severity,
            column=name,
            message=pl.concat_str(pl.lit(f"one {name} for several people: "), PLACES),
            hint=f"give each person a {name} of their own",
        )
        for entity in PEOPLE
        if entity in sheets
    ]


def _key_column(entity: Entity) -> str | None:
    columns = ENTITIES[entity].key
    return columns[0] if len(columns) == 1 else None


def _content(sheet: Sheet) -> pl.Expr:
    """All that a row says of its record, as one text; roles are not the user's own."""
    besides = ROLE_COLUMNS if sheet.entity is Entity.USERS else ()
    return _said([name for name in sheet.columns if name not in besides])


def _roles(sheet: Sheet) -> pl.Expr:
    names = [name for name in ROLE_COLUMNS if name in sheet.columns]
    if sheet.entity is not Entity.USERS or not names:
        return pl.lit("")
    return _said(names)


def _said(names: list[str]) -> pl.Expr:
    # NUL cannot stand in a cell (it refuses the file), so blank and empty stay apart.
    return pl.concat_str(
        [pl.col(name).fill_null("\x00") for name in names], separator="\x00"
    )


def places(found: pl.DataFrame, by: str) -> pl.DataFrame:
    """With ``_places``: where the rows of each group stand, the first few of them."""
    place = pl.concat_str(FILE, pl.lit(":"), pl.col(ROW).cast(pl.String))
    more = pl.len().cast(pl.Int64) - NAMED
    groups = found.group_by(by).agg(
        place.head(NAMED).str.join(", ").alias(PLACES), more.alias("more")
    )
    rest = pl.format("{} and {} more", PLACES, "more")
    named = pl.when(pl.col("more") > 0).then(rest).otherwise(PLACES)
    groups = groups.select(by, named.alias(PLACES))
    return found.join(groups, on=by, how="left", maintain_order="left")
