"""What an LMS of Open edX would hold before a sync: accounts and courses.

Tables come in, the object for the sandbox's key ``openedx`` goes out. Its courses are
those that rows name by a course key; `with_course_keys` gives a district such keys.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import polars as pl

from sync.samples.tables import Tables

OpenedxDocument = dict[str, dict[str, list[dict[str, Any]]]]
"""Lists of records by the name of their collection, under ``openedx``."""

_KEY = r"^course-v1:[\w.~-]+\+[\w.~-]+\+[\w.~-]+$"
_USERNAME = r"^[0-9A-Za-z_.-]+$"
_UNSAFE = re.compile(r"[^0-9A-Za-z._-]")


def course_key(identifier: str) -> str:
    """Return ``course-v1:District+IDENTIFIER+2026``; a course key stays what it is.

    Other characters than letters, digits, ``.``, ``_`` and ``-`` are written as ``~``
    and the hexadecimal digits of their UTF-8, so that no two identifiers get one key.
    Raises ValueError for an empty identifier.
    """
    if not identifier:
        message = "a course key cannot be made of nothing"
        raise ValueError(message)
    if re.fullmatch(_KEY[1:-1], identifier):
        return identifier
    code = _UNSAFE.sub(lambda found: _hexadecimal(found[0]), identifier)
    return f"course-v1:District+{code}+2026"


def _hexadecimal(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode())


def with_course_keys(tables: Tables) -> Tables:
    """Return the district with a course key as the sourcedId of every course."""
    named = pl.concat(
        [
            tables.courses["sourcedId"],
            tables.classes["courseSourcedId"],
            tables.enrollments["courseSourcedId"],
        ]
    ).unique()
    keys = {name: course_key(name) for name in named.sort() if name}

    def rewritten(frame: pl.DataFrame, column: str) -> pl.DataFrame:
        return frame.with_columns(pl.col(column).replace(keys))

    return replace(
        tables,
        courses=rewritten(tables.courses, "sourcedId"),
        classes=rewritten(tables.classes, "courseSourcedId"),
        enrollments=rewritten(tables.enrollments, "courseSourcedId"),
    )


def openedx_document(tables: Tables) -> OpenedxDocument:
    """Return accounts for all who have an address, and the courses that rows name.

    The username is the row's own, else the local part of the address; where that cannot
    be or is not the only one, it is made of sourcedId and place. Of several people
    with one address the first by sourcedId has it.
    """
    return {"openedx": {"users": _users(tables), "courses": _courses(tables)}}


def _users(tables: Tables) -> list[dict[str, Any]]:
    columns = ["sourcedId", "username", "email"]
    people = pl.concat([tables.students.select(columns), tables.users.select(columns)])
    address = pl.col("email").str.to_lowercase()
    accounts = (
        people.filter(pl.col("email") != "")
        .sort("sourcedId", "email")
        .unique("sourcedId", keep="first", maintain_order=True)
        .unique(address, keep="first", maintain_order=True)
    )
    names = (pl.col("username"), pl.col("email").str.split("@").list.first())
    fitting = [_fitting(name) for name in names]
    wished = accounts.with_columns(username=pl.coalesce(*fitting))
    folded = pl.col("username").str.to_lowercase()
    alone = pl.when(folded.is_unique()).then("username")
    own = pl.format("{}.{}", _safe(pl.col("sourcedId")), pl.int_range(pl.len()))
    return wished.select(pl.coalesce(alone, own).alias("username"), "email").to_dicts()


def _fitting(name: pl.Expr) -> pl.Expr:
    """The name where an account may have it, otherwise null."""
    return pl.when(name.str.contains(_USERNAME)).then(name)


def _safe(name: pl.Expr) -> pl.Expr:
    return name.str.replace_all("[^0-9A-Za-z_.-]", "_")


def _courses(tables: Tables) -> list[dict[str, Any]]:
    named = pl.concat(
        [
            tables.courses["sourcedId"],
            tables.classes["sourcedId"],
            tables.enrollments["courseSourcedId"],
            tables.enrollments["classSourcedId"],
        ]
    ).unique()
    keys = named.filter(named.str.contains(_KEY)).sort()
    return pl.DataFrame({"id": keys}).to_dicts()
