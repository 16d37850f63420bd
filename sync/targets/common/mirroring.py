"""Tables of OneRoster's lists as they were read -> the mirror's frames.

In: one table per list (see ``records``). Out: canonical columns, normalised, under the
record's own identifier or under the identity that EduBridge gives an enrollment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from sync.model import normalise
from sync.model.entities import METADATA_PREFIX, PEOPLE, Entity
from sync.model.mirror import REMOTE_ID, REST
from sync.model.normalise import FIELD_SEPARATOR
from sync.model.roster import KEY
from sync.shelf import in_order, in_slices, rows_at
from sync.targets.base import ID, Wants
from sync.targets.common.distinct import by_value

Tables = Mapping[str, pl.DataFrame]


STUDENT_ROLE = f"{FIELD_SEPARATOR}student{FIELD_SEPARATOR}"


_API_GRADES = {"-1": "PK", "0": "KG"}
"""The api's own codes of the newer OpenAPI copy: -1 Pre-K, 0 Kindergarten."""


def is_student() -> pl.Expr:
    """Whether one of the roles of a person is that of a student."""
    return (
        pl.col("roles").str.contains(STUDENT_ROLE, literal=True).fill_null(value=False)
    )


def reference(table: pl.DataFrame) -> pl.DataFrame:
    """A table of orgs, sessions, courses or classes under its own identifiers."""
    texts = [name for name in table.columns if not name.startswith("_")]
    return keyed(table.with_columns(normalise.text(pl.col(*texts))))


def keyed(table: pl.DataFrame) -> pl.DataFrame:
    """``_key`` and ``_remote_id`` from the record's own identifier."""
    named = table.with_columns(
        pl.col(ID).alias(KEY),
        pl.col(ID).alias("sourcedId"),
        pl.col(ID).alias(REMOTE_ID),
    ).drop(ID)
    # Most servers were asked for that order, and to look is cheaper than to sort.
    if table[ID].is_sorted():
        return named.with_columns(pl.col(KEY).set_sorted())
    return in_order(named, KEY)


def people(wants: Wants, table: pl.DataFrame) -> pl.DataFrame:
    """A table of users, with the ``metadata.*`` columns that the drop has."""
    extra = metadata(wants, PEOPLE)
    clean = in_slices(table, lambda rows: _plain(rows).with_columns(extra))
    if clean["birthDate"].null_count() == clean.height:
        clean = clean.drop("birthDate")  # this read side does not show it
    return keyed(clean)


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    texts = ("username", "givenName", "familyName", "middleName", "email", "phone")
    return table.with_columns(
        *(by_value(table[name], normalise.text) for name in (*texts, "identifier")),
        by_value(table["status"], normalise.status),
        by_value(table["enabledUser"], normalise.boolean),
        by_value(table["birthDate"], normalise.date),
        by_value(table["grades"], _grades),
    )


def _grades(column: pl.Expr) -> pl.Expr:
    codes = column.str.split(",").list.eval(pl.element().replace(_API_GRADES))
    joined = codes.list.join(",")
    return pl.coalesce(normalise.grades(joined), normalise.text(joined)).alias("grades")


def metadata(wants: Wants, entities: Sequence[Entity]) -> list[pl.Expr]:
    """The ``metadata.*`` columns that the drop has, out of what is carried along."""
    delivered = (
        set()
        if wants.roster is None
        else {
            name
            for entity in entities
            for name in wants.roster.delivered(entity)
            if name.startswith(METADATA_PREFIX) and "'" not in name
        }
    )
    return [
        normalise.text(
            pl.col(REST).str.json_path_match(
                f"$.metadata['{name.removeprefix(METADATA_PREFIX)}']"
            )
        ).alias(name)
        for name in sorted(delivered)
    ]


def _enrollments(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(
        by_value(table["role"], normalise.enrollment_role),
        by_value(table["status"], normalise.status),
        by_value(table["primary"], normalise.boolean),
        by_value(table["beginDate"], normalise.date),
        by_value(table["endDate"], normalise.date),
    )


def by_id(wants: Wants, tables: Tables) -> pl.DataFrame:
    """Enrollments under their own identifiers."""
    extra = metadata(wants, (Entity.ENROLLMENTS,))
    return keyed(
        in_slices(
            tables["enrollments"], lambda rows: _enrollments(rows).with_columns(*extra)
        )
    )


def by_course(tables: Tables) -> pl.DataFrame:
    """One row for each user, course, school and role, active if one of them is.

    Course and school are the record's own, or else those of its class.
    """
    classes = _places(tables)
    frame = in_slices(tables["enrollments"], lambda rows: _identified(rows, classes))
    first = (
        frame.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("_place"),
            KEY,
            REMOTE_ID,
            # Ended ones are history: they stand behind an active one of the same key.
            _rank=(pl.col("status") != "active").cast(pl.UInt8),
        )
        .sort(KEY, "_rank", REMOTE_ID)
        .unique(KEY, keep="first", maintain_order=True)
    )
    return rows_at(frame, first["_place"]).with_columns(pl.col(KEY).set_sorted())


def _places(tables: Tables) -> pl.DataFrame | None:
    """Course and school of the classes."""
    if "classes" not in tables:
        return None
    return tables["classes"].select(
        pl.col(ID).alias("classSourcedId"),
        pl.col("courseSourcedId").alias("_course"),
        pl.col("schoolSourcedId").alias("_school"),
    )


def _identified(rows: pl.DataFrame, classes: pl.DataFrame | None) -> pl.DataFrame:
    """Enrollments under the identity that EduBridge gives them."""
    # No request here writes what is carried along, and it changes with every lesson.
    frame = keyed(_enrollments(rows)).drop(REST)
    if classes is not None:
        found = frame.select("classSourcedId").join(
            classes, on="classSourcedId", how="left", maintain_order="left"
        )
        frame = frame.with_columns(
            pl.coalesce("courseSourcedId", found["_course"]).alias("courseSourcedId"),
            pl.coalesce("schoolSourcedId", found["_school"]).alias("schoolSourcedId"),
        )
    identity = ("userSourcedId", "courseSourcedId", "schoolSourcedId", "role")
    whole = pl.all_horizontal(pl.col(*identity).is_not_null())
    return frame.with_columns(
        pl.when(whole)
        .then(normalise.key(*identity))
        .otherwise(pl.concat_str(pl.lit("?"), REMOTE_ID))
        .alias(KEY),
    )
