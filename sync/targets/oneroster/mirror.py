"""Which lists are read, with which fields, and what becomes of their tables.

In: what is wanted. Out: listings, and the mirror's frames in canonical columns. What a
run may change is read whole, because a PUT replaces; of lists that only serve to look
up references no more is asked for than that takes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce

import polars as pl

from sync.model import normalise
from sync.model.entities import ENTITIES, PEOPLE, REFERENCE, Entity, Kind
from sync.model.ids import Ids
from sync.model.mirror import FROZEN, REMOTE_ID, REST
from sync.model.normalise import FIELD_SEPARATOR, NORMALISERS
from sync.model.request import Among, Listing, Way
from sync.model.roster import KEY
from sync.targets.base import ID, Wants
from sync.targets.common.answers import segment
from sync.targets.common.columns import Read
from sync.targets.common.distinct import by_value
from sync.targets.common.mirroring import is_student, keyed, metadata, people
from sync.targets.oneroster import forms, records
from sync.targets.oneroster.config import SERVICE
from sync.targets.oneroster.shapes import SHAPES, USERS

Tables = Mapping[str, pl.DataFrame]
LOOKED_UP = " (looked up)"
"""Behind the label of a list of which only some fields are read: what is known of it
is no base for a later read of all of them."""
PERSON = "person"
"""The label of users that are read singly, to see guardians that the list hides."""

_ORDER = (("sort", "sourcedId"), ("orderBy", "asc"))
_LOOKED_UP = {
    "orgs": ("sourcedId", "status"),
    "academicSessions": ("sourcedId", "status", "type", "startDate", "endDate"),
    "courses": ("sourcedId", "status"),
    "classes": ("sourcedId", "status", "course", "school"),
    USERS: ("sourcedId", "status", "enabledUser", "username", "givenName", "email"),
}
"""The fields of lists of which nothing is changed: who it is, the terms' dates, the
places of a class, by what a person is known."""
_EITHER = ("sourcedId='", "' OR sourcedId='", "'")
WAYS = (
    Way("sourcedId@'", ",", "'", 1000, 6000),
    Way(*_EITHER, 1000, 6000),
    Way(*_EITHER, 20, 2000),
    Way(*_EITHER, 2, 2000),
)
"""How lists are asked for records by name: TimeBack's own predicate (OpenAPI, ``@``: in
a comma list); clauses in any number, as its OpenAPI has no limit; twenty, as Ed-Fi
takes; two, as the standard allows. 8,190 bytes of a request line and 2,048 of a query
are what common servers take by default (Apache, IIS)."""
NEVER_NAMED = "',\\"
"""OneRoster has no way to quote these within a value."""
_ROLES = {True: ("role", "orgs"), False: ("roles", "primaryOrg")}
"""Where users have their roles: in 1.1, in 1.2."""

_WORDS = {
    Kind.STATUS,
    Kind.BOOLEAN,
    Kind.DATE,
    Kind.ENROLLMENT_ROLE,
    Kind.ORG_TYPE,
    Kind.CLASS_TYPE,
    Kind.SESSION_TYPE,
}
"""Of these an unknown value means that the record is not understood."""


@dataclass(frozen=True, slots=True)
class Lists:
    """How the lists of one server are asked for."""

    page: int
    """Records at once."""
    old: bool
    """Whether it is version 1.1."""

    def all(self, wants: Wants) -> list[Listing]:
        """Every list that these entities need."""
        return [self._list(label, wants) for label in _labels(wants)]

    def probes(self) -> list[Listing]:
        """One of each."""
        wants = Wants((*REFERENCE, *PEOPLE, Entity.ENROLLMENTS))
        return [replace(one, limit=1) for one in self.all(wants)]

    def one(self, label: str, identifier: str, feeds: tuple[str, ...] = ()) -> Listing:
        """The listing of one record, which may be asked for together with others."""
        page = self.page
        among = Among(identifier, f"/{label}", "filter", WAYS, NEVER_NAMED, page)
        return replace(single(label, identifier, feeds), among=among)

    def _list(self, path: str, wants: Wants) -> Listing:
        preferred, label = list(_ORDER), path
        query: list[tuple[str, str]] = []
        if not _may_change(path, wants):
            label = path + LOOKED_UP
            own = _ROLES[self.old] if path == USERS else ()
            preferred.append(("fields", ",".join((*_LOOKED_UP[path], *own))))
        if wants.since is not None:
            query.append(("filter", f"dateLastModified>'{moment(wants.since)}'"))
        return Listing(
            label,
            SERVICE,
            f"/{path}",
            query=tuple(query),
            preferred=tuple(preferred),
            limit=self.page,
            feeds=_feeds(path, wants),
            delta=wants.since is not None,
            leads=label == USERS,
        )


def _may_change(label: str, wants: Wants) -> bool:
    """Whether records of this list are compared, or shown, and not only looked up."""
    if wants.roster is None:
        return True
    homes = (*PEOPLE, Entity.AGENTS) if label == USERS else (Entity(label),)
    return bool(set(homes) & set(wants.entities))


def _labels(wants: Wants) -> list[str]:
    """The lists of what is wanted and of what that names, in the order of a roster."""
    wanted = set(wants.entities)
    people_too = wanted & {*PEOPLE, Entity.AGENTS}
    enrollments = Entity.ENROLLMENTS in wanted
    courses = wanted & {Entity.COURSES, Entity.CLASSES}
    needed = {
        "orgs": wanted,
        "academicSessions": courses or Entity.ACADEMIC_SESSIONS in wanted,
        "courses": courses,
        "classes": enrollments or Entity.CLASSES in wanted,
        USERS: people_too or enrollments,
        "enrollments": enrollments,
    }
    return [label for label, why in needed.items() if why]


def _feeds(label: str, wants: Wants) -> tuple[str, ...]:
    if label != USERS:
        return (label,)
    homes = {*PEOPLE, Entity.AGENTS} & set(wants.entities)
    return tuple(sorted(one.value for one in homes)) or (USERS,)


def moment(when: datetime) -> str:
    """An instant as OneRoster filters by it: ISO 8601, UTC, milliseconds."""
    utc = when.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def single(label: str, identifier: str, feeds: tuple[str, ...] = ()) -> Listing:
    """The listing of one record."""
    return Listing(
        label,
        SERVICE,
        f"/{label}/{segment(identifier)}",
        paged=False,
        absent=(404,),
        feeds=feeds,
    )


def hidden(wants: Wants, table: pl.DataFrame) -> list[Listing]:
    """The students who are read singly, because the list may hide their guardians.

    A PUT replaces the guardians too, so what the list leaves out would be lost: those
    of whom the ledger knows one that is not shown, and, where the list shows nobody's
    at all, those who are to get some.
    """
    students = _students(table)
    shown = pl.col("_agents").fill_null("").str.split(FIELD_SEPARATOR)
    told = students.select(ID, shown.alias("_shown"))
    shows_some = (table["_agents"].fill_null("") != "").any()
    mine = [_owned(wants)] if shows_some else [_owned(wants), _named(wants)]
    given = dict(Ids.of_ledger(wants.ledger))
    lacking = (
        pl.concat(mine)
        .with_columns(pl.col("_student", "_agent").replace(given))
        .unique()
        .join(told, left_on="_student", right_on=ID, how="inner")
        .filter(~pl.col("_shown").list.contains(pl.col("_agent")))
    )
    return [
        Listing(
            PERSON,
            SERVICE,
            f"/{USERS}/{segment(student)}",
            paged=False,
            subject=student,
            absent=(404,),
            feeds=_feeds(USERS, wants),
        )
        for student in lacking["_student"].unique().sort()
    ]


def _students(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(is_student())


def _owned(wants: Wants) -> pl.DataFrame:
    """``_student`` and ``_agent`` of the links of the ledger that are in force."""
    parts = pl.col("key").str.split("/")
    return (
        wants.ledger.of(Entity.AGENTS)
        .filter(~pl.col("ended"))
        .select(
            _plain(parts.list.get(0)).alias("_student"),
            _plain(parts.list.get(1)).alias("_agent"),
        )
    )


def _plain(part: pl.Expr) -> pl.Expr:
    """A part of a key as it was before it was joined (see ``normalise.key``)."""
    return part.str.replace_all("%2F", "/", literal=True).str.replace_all(
        "%25", "%", literal=True
    )


def _named(wants: Wants) -> pl.DataFrame:
    """The same of the links that the drop wants."""
    frame = wants.roster.frames.get(Entity.AGENTS) if wants.roster else None
    if frame is None:
        return pl.DataFrame(schema=dict.fromkeys(("_student", "_agent"), pl.String()))
    if "status" in frame.columns:
        frame = frame.filter(pl.col("status").fill_null("active") == "active")
    return frame.select(
        pl.col("studentSourcedId").alias("_student"),
        pl.col("agentSourcedId").alias("_agent"),
    )


def assemble(wants: Wants, tables: Tables) -> dict[Entity, pl.DataFrame]:
    """The mirror's frames of everything that was read."""
    frames = {
        entity: _shaped(entity, wants, tables[shape.path])
        for entity, shape in SHAPES.items()
        if shape.path in tables
    }
    if USERS not in tables and PERSON not in tables:
        return frames
    everybody = _people(wants, _with_singles(tables))
    frames[Entity.STUDENTS] = everybody.filter(is_student()).drop("_agents")
    frames[Entity.USERS] = everybody.filter(~is_student()).drop("_agents")
    if Entity.AGENTS in wants.entities:
        frames[Entity.AGENTS] = _links(everybody.filter(is_student()))
    return frames


def _with_singles(tables: Tables) -> pl.DataFrame:
    """The list of users, in which those that were read singly stand as they are."""
    singly = tables.get(PERSON)
    table = tables.get(USERS)
    if table is None or singly is None:
        return next(one for one in (table, singly) if one is not None)
    told = singly.drop("_subject", strict=False)
    if told.is_empty():
        return table
    rest = table.join(told, on=ID, how="anti")
    return pl.concat([rest, told], how="diagonal_relaxed").sort(ID)


def _shaped(entity: Entity, wants: Wants, table: pl.DataFrame) -> pl.DataFrame:
    """One collection under its own identifiers, each column as its kind is read."""
    spec, columns = ENTITIES[entity], SHAPES[entity].columns
    kinds = {name: spec.column(name).kind for name in columns}
    clean = table.with_columns(
        by_value(table[name], _reads(kind)).alias(f"_clean:{name}")
        for name, kind in kinds.items()
    )
    words = (name for name, kind in kinds.items() if kind in _WORDS)
    odd = [
        by_value(table[name], normalise.text).is_not_null()
        & clean[f"_clean:{name}"].is_null()
        for name in words
    ]
    if entity is Entity.ENROLLMENTS:
        # Whose it is, and of which class, decides what it means.
        whose = ("userSourcedId", "classSourcedId", "role")
        odd.extend(table[name].is_null() for name in whose)
    whole = clean.with_columns(
        reduce(operator.or_, odd, clean[FROZEN]).alias(FROZEN)
    ).with_columns(pl.col(f"_clean:{name}").alias(name) for name in columns)
    named = whole.select(pl.exclude("^_clean:.*$"))
    if entity is Entity.ENROLLMENTS:  # its class says which; see ``with_class``
        named = named.with_columns(courseSourcedId=pl.lit(None, dtype=pl.String))
    return keyed(named.with_columns(*metadata(wants, (entity,))))


def _reads(kind: Kind) -> Callable[[pl.Expr], pl.Expr]:
    clean = NORMALISERS[kind]
    if kind in _WORDS or clean is normalise.text:
        return clean
    return lambda column: pl.coalesce(clean(column), normalise.text(column))


def _people(wants: Wants, table: pl.DataFrame) -> pl.DataFrame:
    odd = [
        normalise.text(pl.col(name)).is_not_null() & read(pl.col(name)).is_null()
        for name, read in (
            ("status", normalise.status),
            ("enabledUser", normalise.boolean),
        )
    ]
    marked = table.with_columns(
        pl.any_horizontal(pl.col(FROZEN), *odd).alias(FROZEN),
        birthDate=pl.lit(None, dtype=pl.String),  # demographics are not read
    )
    return people(wants, marked)


def _links(students: pl.DataFrame) -> pl.DataFrame:
    """The guardians of each student; of an unreadable record nothing is changed."""
    return (
        students.filter(pl.col("_agents").fill_null("") != "")
        .select(
            pl.col(KEY).alias("studentSourcedId"),
            pl.col("_agents").str.split(FIELD_SEPARATOR).alias("agentSourcedId"),
            pl.col(FROZEN),
        )
        .explode("agentSourcedId", empty_as_null=False)
        .with_columns(
            pl.lit("active").alias("status"),
            pl.lit(None, dtype=pl.String).alias(REMOTE_ID),
            pl.lit(None, dtype=pl.String).alias(REST),
            normalise.key("studentSourcedId", "agentSourcedId").alias(KEY),
        )
        .sort(KEY)
    )


READERS: Mapping[str, Read] = {
    USERS: records.people,
    **{shape.path: forms.reader(shape) for shape in SHAPES.values()},
}


def whole(tables: Tables) -> dict[str, pl.DataFrame]:
    """The tables by collection, with the columns of their records: read singly and all
    of them absent, a table has none but the identifier."""
    found: dict[str, pl.DataFrame] = {}
    for label, table in tables.items():
        path = label.removesuffix(LOOKED_UP)
        read = READERS.get(USERS if path == PERSON else path)
        if read is not None:
            empty = pl.concat([read([]), table], how="diagonal_relaxed")
            found[path] = empty if table.is_empty() else table
    return found
