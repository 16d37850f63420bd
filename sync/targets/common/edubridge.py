"""EduBridge: enrollments by user, course and school, without classes.

What the kinds that write through it have in common: the identity of an enrollment, the
requests, the order of sending, and which ends would end more than they should. Sources:
TimeBack enrollments guide, EduBridge reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from sync.model.entities import METADATA_PREFIX, Entity
from sync.model.mirror import REMOTE_ID
from sync.model.operation import Operation
from sync.model.request import Json, Request
from sync.model.roster import KEY
from sync.shelf import in_ranges, in_slices
from sync.targets.common.answers import segment
from sync.targets.common.projecting import Context

EDUBRIDGE = "/edubridge/enrollments"
IDENTITY = ("userSourcedId", "courseSourcedId", "schoolSourcedId", "role")
ENDS_ALL = "EduBridge would end every role of this user in this course and school"


def cannot_end(joined: pl.DataFrame) -> pl.Series:
    """Booleans: its unenroll names no role, so an end is sent only when no other role
    of that user, course and school stays."""
    group = pl.col(KEY).str.replace(r"/[^/]*$", "")
    going = (pl.col("fate") == "remove").fill_null(value=False) | pl.col("ends")
    lives = pl.col("was_active") | pl.col("decision").is_in(
        ["create", "reactivate"]
    ).fill_null(value=False)
    groups = joined.filter(going).select(group.unique().implode()).to_series()
    near = in_slices(
        joined.select(KEY), lambda rows: rows.select(near=group.is_in(groups))
    )
    # Few are going, and only who stays beside them matters.
    few = joined.with_row_index("_place").filter(near["near"])
    stays = few.filter(going & (lives & ~going).any().over(group))["_place"]
    places = pl.int_range(joined.height, dtype=pl.UInt32, eager=True)
    return places.is_in(stays.implode()).alias("stays")


def waves(operations: pl.DataFrame) -> pl.Series:
    """The first enrollment of each course and school makes its default class; two at
    once would race, so the others wait for it."""
    new = (pl.col("entity") == Entity.ENROLLMENTS.value) & ~pl.col("ends")
    place = [
        pl.col("after").str.json_path_match(f"$.{name}")
        for name in ("courseSourcedId", "schoolSourcedId")
    ]
    rank = pl.col("id").cum_count().over(new, *place)
    later = (new & (rank > 1)).cast(pl.UInt8)
    return operations.select(later.alias("wave")).to_series()


def request(service: str, operation: Operation, ids: Mapping[str, str]) -> Request:
    """The request of one enrollment: enroll, or unenroll where it ends."""
    values = operation.after or operation.before or {}
    user = ids.get(values["userSourcedId"], values["userSourcedId"])
    named = (user, values["courseSourcedId"], values["schoolSourcedId"])
    place = "/".join(segment(one) for one in named)
    done = (operation.id,)
    if operation.ends:
        path = f"{EDUBRIDGE}/unenroll/{place}"
        return Request(service, "DELETE", path, operations=done)
    path = f"{EDUBRIDGE}/enroll/{place}"
    return Request(
        service, "POST", path, body(values), repeatable=False, operations=done
    )


def body(after: Mapping[str, Any]) -> Json:
    """What enroll takes beside the three ids of the path (all of it optional)."""
    found: dict[str, Json] = {"sourcedId": after["sourcedId"], "role": after["role"]}
    if after.get("beginDate"):
        found["beginDate"] = f"{after['beginDate']}T00:00:00Z"
    metadata = {
        name.removeprefix(METADATA_PREFIX): value
        for name, value in after.items()
        if name.startswith(METADATA_PREFIX) and value is not None
    }
    if metadata:
        found["metadata"] = metadata
    return found


def _unlike(ours: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    return ours.join(held, on=["sourcedId", KEY], how="anti", maintain_order="left")


def with_free_ids(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """An id that the target holds for another enrollment (of somebody who changed
    course under the same id) is made one that is free."""
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return frame
    held = remote.select(pl.col(REMOTE_ID).alias("sourcedId"), KEY)
    # Most are held for themselves; only the others need be looked up.
    odd = in_ranges(frame.select("sourcedId", KEY), held, KEY, _unlike)
    taken = odd.join(held, on="sourcedId", how="semi").select(KEY)
    if taken.is_empty():
        return frame
    another = pl.concat_str(
        *("sourcedId", "courseSourcedId", "schoolSourcedId", "role"), separator="."
    )
    marked = frame.select(KEY).join(
        taken.unique().with_columns(_taken=pl.lit(value=True)),
        on=KEY,
        how="left",
        maintain_order="left",
    )
    return frame.with_columns(
        pl.when(marked["_taken"].fill_null(value=False) & another.is_not_null())
        .then(another)
        .otherwise("sourcedId")
        .alias("sourcedId")
    )
