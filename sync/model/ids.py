"""Identifiers that a target gave in place of ours, and the columns that name records.

In: the ledger. Out: for each entity our key -> the remote identifier, where the two
differ, and records with what they name under the one or the other. Students and users
are one collection; keys of different collections may coincide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from sync.model.entities import PEOPLE, REFERENCE, Entity
from sync.model.ledger import LEDGER_SCHEMA, LedgerView
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR, decode_roles

ROLES = "roles"
"""The column of people whose encoded roles each name an org."""
TERMS = "termSourcedIds"
"""The column that names several records, with commas between."""
COMPOSED = {
    Entity.AGENTS: ("studentSourcedId", "agentSourcedId"),
    Entity.ENROLLMENTS: (
        "userSourcedId",
        "courseSourcedId",
        "schoolSourcedId",
        "role",
    ),
}
"""Of what the keys of links consist, and those of enrollments by course."""

_NAMED: Mapping[str, Entity] = {
    "studentSourcedId": Entity.USERS,
    "agentSourcedId": Entity.USERS,
    "userSourcedId": Entity.USERS,
    "primaryOrgSourcedId": Entity.ORGS,
    "orgSourcedId": Entity.ORGS,
    "schoolSourcedId": Entity.ORGS,
    "courseSourcedId": Entity.COURSES,
    "classSourcedId": Entity.CLASSES,
    "schoolYearSourcedId": Entity.ACADEMIC_SESSIONS,
    TERMS: Entity.ACADEMIC_SESSIONS,
}
_PARENT = "parentSourcedId"
_WITH_PARENTS = (Entity.ORGS, Entity.ACADEMIC_SESSIONS)
_SLASHES = len(COMPOSED[Entity.ENROLLMENTS]) - 1

NAMED = (*REFERENCE, *PEOPLE)
"""The entities whose records others name."""

Values = Mapping[str, Any]


def collection(entity: Entity) -> Entity:
    """Whose identifiers are distinct among each other: all people's are."""
    return Entity.USERS if entity in PEOPLE else entity


def members(kind: Entity) -> tuple[Entity, ...]:
    """The entities of a collection."""
    return PEOPLE if kind in PEOPLE else (kind,)


def references(entity: Entity) -> Mapping[str, Entity]:
    """Column -> the collection of what it names (``ROLES`` beside)."""
    return {**_NAMED, _PARENT: entity} if entity in _WITH_PARENTS else _NAMED


def named(entity: Entity, values: Values) -> Iterator[tuple[Entity, str]]:
    """Every record that a record names, with its collection."""
    for column, what in references(entity).items():
        told = values.get(column)
        if isinstance(told, str):
            parts = told.split(",") if column == TERMS else [told]
            yield from ((what, one) for one in parts)
    for _, _, org in decode_roles(values.get(ROLES)):
        if org:
            yield Entity.ORGS, org


def with_given_ids(ledger: LedgerView) -> pl.DataFrame:
    """The records of a ledger whose remote identifier is not their key.

    Keys of enrollments that are composed are no identifiers.
    """
    composed = (pl.col("entity") == Entity.ENROLLMENTS.value) & (
        pl.col("key").str.count_matches("/", literal=True) == _SLASHES
    )
    kinds = [one.value for one in (*NAMED, Entity.ENROLLMENTS)]
    return ledger.records.filter(
        pl.col("entity").is_in(kinds)
        & (pl.col("remote_id") != pl.col("key"))
        & ~composed
    ).select("entity", "key", "remote_id")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ids(Mapping[str, str]):
    """Key -> remote identifier where the two differ: of people as a mapping, of any
    entity with ``of``."""

    odd: pl.DataFrame = field(default_factory=LEDGER_SCHEMA.to_frame)
    """``entity``, ``key`` and ``remote_id`` (see ``with_given_ids``)."""
    _found: dict[Entity, Mapping[str, str]] = field(default_factory=dict, init=False)

    @classmethod
    def of_ledger(cls, ledger: LedgerView) -> Ids:
        """Those that a ledger knows."""
        return cls(with_given_ids(ledger))

    def of(self, entity: Entity) -> Mapping[str, str]:
        """Those of the collection that an entity belongs to."""
        kind = collection(entity)
        if kind not in self._found:
            mine = pl.col("entity").is_in([one.value for one in members(kind)])
            rows = self.odd.filter(mine).select("key", "remote_id").rows()
            self._found[kind] = dict(rows)
        return self._found[kind]

    def remote(self, entity: Entity, values: Values) -> dict[str, Any]:
        """A record with everything that it names under the remote identifier."""
        found = dict(values)
        for column, what in references(entity).items():
            told, ids = found.get(column), self.of(what)
            if ids and isinstance(told, str):
                parts = told.split(",") if column == TERMS else [told]
                found[column] = ",".join(ids.get(one, one) for one in parts)
        if found.get(ROLES) and (orgs := self.of(Entity.ORGS)):
            found[ROLES] = ROLE_SEPARATOR.join(
                FIELD_SEPARATOR.join((kind, role, orgs.get(org, org)))
                for kind, role, org in decode_roles(found[ROLES])
            )
        return found

    def __getitem__(self, key: str) -> str:
        """The identifier of a person."""
        return self.of(Entity.USERS)[key]

    def __iter__(self) -> Iterator[str]:
        """The keys of people."""
        return iter(self.of(Entity.USERS))

    def __len__(self) -> int:
        """How many people have one."""
        return len(self.of(Entity.USERS))
