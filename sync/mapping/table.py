"""The parts of an entity put together to its canonical table.

In: what each file gives to each table of the mapping. Out: one ``Table``, and what to
say of columns that only some of the files have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from sync.mapping.codes import UNEVEN_COLUMN
from sync.mapping.joining import roots
from sync.mapping.rows import ODD, Part
from sync.mapping.steps import explodes
from sync.model.entities import ENTITIES, SATELLITES, Entity, Mode
from sync.model.finding import Finding, found
from sync.model.roster import FILE, KEEP, ROW, Table

_PART = "_part"


def table(entity: Entity, mode: Mode, parts: Sequence[Part], *, partial: bool) -> Table:
    """One table of all its files.

    A column that only some of them have counts as not delivered in the rows of the
    others, which ``_keep`` says. ``partial``: whether a file is not in the drop.
    """
    frame, folded = _together(entity, parts)
    several = len({part.file for part in parts}) < len(parts)
    files = dict.fromkeys(part.file for part in parts)
    tables = [part.match.table for part in parts]
    optional = {n for one in tables for n, s in one.columns.items() if s.optional}
    return Table(
        entity=entity,
        mode=mode,
        frame=frame.drop(_PART),
        headers={file: _headers(parts, file) for file in files},
        ignored={file: _ignored(parts, file) for file in files},
        joined=frozenset(file for part in parts for file in part.files),
        folded=folded,
        partial=partial,
        optional=frozenset(optional),
        parts=tuple(_made_of(part) for part in parts) if several else (),
        part=frame[_PART] if several else None,
    )


def uneven(entity: Entity, parts: Sequence[Part]) -> Iterator[Finding]:
    """Columns that other files of the same table of the mapping have."""
    named = None if entity in SATELLITES else entity.value
    for part in parts:
        same = [one for one in parts if one.match.table is part.match.table]
        names = dict.fromkeys(n for one in same for n in one.match.plan.columns)
        for name in names:
            if name not in part.match.plan.columns:
                yield found(
                    UNEVEN_COLUMN,
                    f'{entity} of other files have "{name}", these have not',
                    entity=named,
                    file=part.file,
                    column=name,
                    hint="for the rows of this file it counts as not delivered",
                )


def _together(entity: Entity, parts: Sequence[Part]) -> tuple[pl.DataFrame, int]:
    """All rows with all columns, and ``_part``: of which part each is; and how many
    were folded into another one."""
    names = ENTITIES[entity].names
    seen = dict.fromkeys(name for part in parts for name in part.match.plan.columns)
    ordered = [*(n for n in names if n in seen), *(n for n in seen if n not in names)]
    frame = pl.concat(
        _filled_up(part, ordered).with_columns(pl.lit(number, pl.UInt16).alias(_PART))
        for number, part in enumerate(parts)
    )
    if not frame[KEEP].count():
        frame = frame.drop(KEEP)
    before = frame.height
    if any(part.match.table.combine is not None for part in parts):
        frame = _distinct(entity, frame, parts)
    return frame.drop(ODD), before - frame.height


def _filled_up(part: Part, names: Sequence[str]) -> pl.DataFrame:
    absent = [name for name in names if name not in part.match.plan.columns]
    keep = f",{','.join(absent)}," if absent else None
    odd = [] if ODD in part.frame.columns else [pl.lit(value=False).alias(ODD)]
    return part.frame.with_columns(
        *odd,
        *(pl.lit(None, pl.String).alias(name) for name in absent),
        pl.lit(keep, pl.String).alias(KEEP),
    ).select(*names, FILE, ROW, KEEP, ODD)


def _distinct(
    entity: Entity, frame: pl.DataFrame, parts: Sequence[Part]
) -> pl.DataFrame:
    """Rows of derived tables that say the same as another one are that one, as far
    as their key can be read; each table says which columns may differ."""
    said = [name for name in frame.columns if not name.startswith("_")]
    keyed = pl.all_horizontal(
        pl.lit(value=True),
        *(pl.col(n).is_not_null() for n in ENTITIES[entity].key if n in said),
    )
    combine = [part.match.table.combine for part in parts]
    derived = [n for n, one in enumerate(combine) if one is not None]
    free = {
        name: [n for n in derived if name in (combine[n] or {})]
        for one in combine
        for name in one or ()
    }
    compared = [
        pl.when(~pl.col(_PART).is_in(free[name])).then(name).alias(name)
        if name in free
        else pl.col(name)
        for name in said
    ]
    again = pl.struct(*compared, ODD).is_first_distinct().not_()
    return frame.filter(~(pl.col(_PART).is_in(derived) & keyed & again))


def _headers(parts: Sequence[Part], file: str) -> dict[str, str]:
    """What the file's parts say together; the first of them goes before."""
    merged: dict[str, str] = {}
    for part in parts:
        if part.file == file:
            merged = _made_of(part) | merged
    return merged


def _made_of(part: Part) -> dict[str, str]:
    """Canonical column -> the first header that it came from; none for constants.

    A cell of a joined file is named by the header through which it was joined. Where
    a list gives the rows, it is the list that names their keys.
    """
    match = part.match
    way = roots(match.joined)
    made = {
        name: way.get(first, first)
        for name, (_, headers) in match.plan.columns.items()
        for first in list(headers.values())[:1]
    }
    lists = [n for n, (steps, _) in match.plan.columns.items() if explodes(steps)]
    keys = ENTITIES[match.table.entity].key if lists else ()
    return made | {name: made[lists[0]] for name in keys if name in made}


def _ignored(parts: Sequence[Part], file: str) -> tuple[str, ...]:
    own = [part.match.plan.ignored for part in parts if part.file == file]
    return tuple(name for name in own[0] if all(name in other for other in own))
