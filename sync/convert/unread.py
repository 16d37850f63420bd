"""What stands in a drop and in no roster: nothing here can write it either.

In: the mapped drop and the columns that its layout knows and nothing reads. Out: the
cells that are lost, column by column.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

import polars as pl

from sync.convert.moment import HEADERS
from sync.convert.package import LeftOut
from sync.model.entities import Entity
from sync.model.roster import Mapped, RawTable

NOBODY = "nothing reads them"
_TOLD_OTHERWISE = frozenset({*HEADERS, "sourcedid"})
"""The moment of a change is told anew, and so are identifiers of rows of roles."""
_DATES = ("beginDate", "endDate")


def unread(mapped: Mapped, unused: Set[str]) -> list[LeftOut]:
    """The cells and rows of a drop that never come into a roster.

    ``unused``: headers, in lower case, that the layout knows and nothing reads.
    """
    found = [
        lost
        for file, raw in sorted(mapped.drop.tables.items())
        for lost in _of_file(mapped, file, raw, unused)
    ]
    return [*found, *_of_satellites(mapped)]


def _of_file(
    mapped: Mapped, file: str, raw: RawTable, unused: Set[str]
) -> Iterator[LeftOut]:
    tables = {e: one for e, one in mapped.tables.items() if file in one.headers}
    if not tables:
        return
    entity = Entity.USERS if Entity.USERS in tables else next(iter(tables))
    read = {name for one in tables.values() for name in one.headers[file].values()}
    ignored = set.intersection(
        *(set(one.ignored.get(file, ())) for one in tables.values())
    )
    for name in raw.headers:
        known = name.lower() in unused and name not in read
        if (known or name in ignored) and name.lower() not in _TOLD_OTHERWISE:
            filled = raw.frame.filter(pl.col(name).str.strip_chars() != "").height
            if filled:
                yield LeftOut(entity.value, name, filled, NOBODY)


def _of_satellites(mapped: Mapped) -> Iterator[LeftOut]:
    """Logins at other systems, and from when to when somebody has a role."""
    profiles = mapped.tables.get(Entity.USER_PROFILES)
    if profiles is not None and profiles.frame.height:
        rows = profiles.frame.height
        yield LeftOut(Entity.USER_PROFILES.value, None, rows, NOBODY)
    roles = mapped.tables.get(Entity.ROLES)
    if roles is None:
        return
    for name in _DATES:
        if name in roles.frame.columns and roles.frame[name].count():
            count = roles.frame[name].count()
            yield LeftOut(Entity.ROLES.value, name, count, NOBODY)
