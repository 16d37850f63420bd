"""OneRoster's JSON records -> frames, for every list that is read.

Comes in: the records of one page. Goes out: a frame with ``_id`` and String columns.
Strict on identifiers, tolerant of everything else: a record that does not fit is kept
with ``_frozen`` set, so that nobody changes or ends what could not be understood.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from sync.model.entities import STATUSES
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.targets.base import ID
from sync.targets.common.columns import Reader, Record

CARRIED = (
    "sms",
    "userMasterIdentifier",
    "preferredFirstName",
    "preferredMiddleName",
    "preferredLastName",
    "pronouns",
    "demographics",
    "metadata",
)
"""What a replacing write must repeat, beside the compared fields. Passwords are
dropped here and never stored or sent."""


PERSON_TEXTS = (
    "status",
    "username",
    "enabledUser",
    "givenName",
    "familyName",
    "middleName",
    "email",
    "phone",
    "identifier",
)


AGENT_NAMES = ("agents", "agentSourcedIds", "agentSourceIds")
"""The last two are deviations seen in OneRoster servers."""


def people(records: Sequence[Any]) -> pl.DataFrame:
    """Users as they are listed: texts, ``grades``, ``roles``, ``_agents``, ``_rest``.

    ``_agents`` is null where the record does not say, else identifiers joined by a
    field separator.
    """
    rows = [record(one) for one in records]
    columns: dict[str, list[str | None]] = {
        name: [text(row.get(name)) for row in rows] for name in PERSON_TEXTS
    }
    columns |= {
        "grades": [joined(row.get("grades")) for row in rows],
        "primaryOrgSourcedId": [ref(row.get("primaryOrg")) for row in rows],
        "birthDate": [ref(row.get("demographics"), "birthDate") for row in rows],
        "roles": [roles(row.get("roles")) for row in rows],
        "_agents": [agents(row) for row in rows],
        "_rest": [rest(row) for row in rows],
    }
    return frame(rows, columns, misfit=_person_misfit)


def references(names: Mapping[str, str]) -> Reader:
    """The reader of orgs, courses, classes and sessions.

    ``names``: column -> key of the record; a key that ends in ``.sourcedId`` is a
    reference.
    """

    def read(records: Sequence[Any]) -> pl.DataFrame:
        rows = [record(one) for one in records]
        columns = {
            column: [at(row, key) for row in rows] for column, key in names.items()
        }
        return frame(rows, columns)

    def fits(row: Record) -> bool:
        paths = ("sourcedId", *names.values())
        return all(_is_text(row, *path.partition(".")[::2]) for path in paths)

    def shape(texts: pl.DataFrame) -> pl.DataFrame:
        return filled(texts, names).with_columns(pl.lit(value=False).alias("_frozen"))

    return Reader(
        read, tuple(dict.fromkeys(("sourcedId", *names.values()))), fits, shape
    )


def filled(texts: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """``_id`` and these columns out of texts by path, blank ones null."""
    return texts.select(
        pl.col(path).replace("", None).alias(column)
        for column, path in {ID: "sourcedId", **names}.items()
    )


def _is_text(row: Record, name: str, inner: str) -> bool:
    """Whether a text is all that can be read there, or nothing is there at all."""
    value = row.get(name)
    if inner and isinstance(value, dict):
        value = value.get(inner)
    elif inner and value is not None:
        return False
    return value is None or isinstance(value, str | bool)


orgs = references(
    {"status": "status", "name": "name", "type": "type", "identifier": "identifier"}
)


sessions = references(
    {
        "status": "status",
        "title": "title",
        "type": "type",
        "startDate": "startDate",
        "endDate": "endDate",
    }
)


courses = references(
    {
        "status": "status",
        "title": "title",
        "courseCode": "courseCode",
        "orgSourcedId": "org.sourcedId",
    }
)


classes = references(
    {
        "status": "status",
        "title": "title",
        "classCode": "classCode",
        "classType": "classType",
        "courseSourcedId": "course.sourcedId",
        "schoolSourcedId": "school.sourcedId",
    }
)


_references = references(
    {
        "status": "status",
        "role": "role",
        "primary": "primary",
        "beginDate": "beginDate",
        "endDate": "endDate",
        "userSourcedId": "user.sourcedId",
        "classSourcedId": "class.sourcedId",
        "schoolSourcedId": "school.sourcedId",
        "courseSourcedId": "course.sourcedId",
    }
)


def _read_enrollments(records: Sequence[Any]) -> pl.DataFrame:
    carried = [rest(record(one)) for one in records]
    found = _references(records).with_columns(pl.Series("_rest", carried, pl.String))
    return _understood(found)


def _shape_enrollments(texts: pl.DataFrame) -> pl.DataFrame:
    carried = pl.lit(None, dtype=pl.String).alias("_rest")
    return _understood(_references.shape(texts).with_columns(carried))


def _understood(found: pl.DataFrame) -> pl.DataFrame:
    known = pl.all_horizontal(
        pl.col("userSourcedId", "role").is_not_null(),
        pl.col("status").is_in(STATUSES),
    )
    return found.with_columns(_frozen=pl.col("_frozen") | ~known.fill_null(value=False))


enrollments = Reader(
    _read_enrollments,
    _references.paths,
    lambda row: _references.fits(row) and rest(row) is None,
    _shape_enrollments,
)
"""Enrollments as OneRoster lists them: references as columns, ``_rest``."""


def frame(
    rows: Sequence[Record],
    columns: Mapping[str, list[str | None]],
    misfit: Callable[[Record], bool] = lambda _: False,
) -> pl.DataFrame:
    """The frame of a page: ``_id``, these columns, and ``_frozen`` for misfits."""
    ids = [text(row.get("sourcedId")) for row in rows]
    data = {
        ID: [one or _nameless(row) for one, row in zip(ids, rows, strict=True)],
        **columns,
    }
    frozen = [one is None or misfit(row) for one, row in zip(ids, rows, strict=True)]
    texts = pl.DataFrame(data, schema=dict.fromkeys(data, pl.String))
    return texts.with_columns(pl.Series("_frozen", frozen, dtype=pl.Boolean))


def record(one: Any) -> Record:
    """The record as an object, whatever stands in its place."""
    return one if isinstance(one, dict) else {"": one}


def _nameless(row: Record) -> str:
    """A record without an identifier is told from others by what it says."""
    said = json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)
    return "?" + hashlib.sha256(said.encode()).hexdigest()[:24]


def _person_misfit(row: Record) -> bool:
    return row.get("status") not in STATUSES


def text(value: Any) -> str | None:
    """A value as text; null for blank ones and for what is no single value."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return (text if text.isascii() else _whole(text)) or None


def _whole(text: str) -> str:
    """JSON may hold halves of characters, which no file and no frame can."""
    return text.encode("utf-8", "replace").decode()


def at(row: Record, key: str) -> str | None:
    """The text under a key; ``name.sourcedId`` looks into a reference."""
    name, _, inner = key.partition(".")
    return ref(row.get(name), inner) if inner else text(row.get(name))


def ref(value: Any, key: str = "sourcedId") -> str | None:
    """The text under a key of a reference."""
    return text(value.get(key)) if isinstance(value, dict) else None


def joined(value: Any) -> str | None:
    """A list as one text with commas."""
    if isinstance(value, list):
        return text(",".join(str(item) for item in value if item is not None))
    return text(value)


def roles(value: Any) -> str | None:
    """The roles of a person, encoded as in the roster."""
    if not isinstance(value, list):
        return None
    roles = sorted(
        FIELD_SEPARATOR.join(
            (
                text(role.get("roleType")) or "primary",
                text(role.get("role")) or "",
                ref(role.get("org")) or "",
            )
        )
        for role in value
        if isinstance(role, dict)
    )
    return ROLE_SEPARATOR.join(roles) or None


def agents(row: Record) -> str | None:
    """The guardians that a person's record names, between field separators."""
    value = next((row[name] for name in AGENT_NAMES if row.get(name) is not None), None)
    if value is None:
        return None
    if isinstance(value, str):
        return FIELD_SEPARATOR.join(sorted(part for part in value.split(",") if part))
    if not isinstance(value, list):
        return None
    ids = (ref(one) if isinstance(one, dict) else text(one) for one in value)
    return FIELD_SEPARATOR.join(sorted({one for one in ids if one}))


def rest(row: Record) -> str | None:
    """What a replacing write must repeat, as JSON; null for nothing."""
    kept = {name: row[name] for name in CARRIED if row.get(name) not in (None, {}, [])}
    if not kept:
        return None
    return _whole(json.dumps(kept, sort_keys=True, ensure_ascii=False))
