"""The smallest district in which everything happens, and the night after."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import polars as pl

from sync.samples import Tables
from tests.contract.timeback import PHONE
from tests.support.districts import slim, with_cell, without_students


@cache
def tiny() -> Tables:
    """Two students with their guardians, and some who teach."""
    tables = slim()
    keys = tables.students["sourcedId"].to_list()
    fewer = without_students(tables, *keys[2:])
    rows = fewer.enrollments
    known = {*fewer.agents["agentSourcedId"], *rows["userSourcedId"].head(5)}
    users = fewer.users.filter(pl.col("sourcedId").is_in(sorted(known)))
    people = [*users["sourcedId"], *fewer.students["sourcedId"]]
    enrollments = rows.filter(pl.col("userSourcedId").is_in(people))
    return replace(fewer, users=users, enrollments=enrollments)


@cache
def changed() -> Tables:
    """The night after: somebody's number is another, somebody left a course, somebody
    joined one."""
    tables = tiny()
    rows = tables.enrollments
    left = rows.filter(role="student").head(1)
    teacher = rows.filter(role="teacher").head(1)
    joined = teacher.with_columns(
        sourcedId=pl.lit("enr-new"),
        userSourcedId=left["userSourcedId"],
        role=pl.lit("student"),
    )
    stayed = rows.join(left, on="sourcedId", how="anti")
    other = with_cell(tables, "students", tables.students["sourcedId"][0], phone=PHONE)
    return replace(other, enrollments=pl.concat([stayed, joined]))
